// Objects of the test data as a set, with the bytes that they refer to.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "core/object/object_set.h"

namespace btfbatch::test {

struct LoadedObjects {
  std::vector<std::vector<std::byte>> bytes;
  Result<ObjectSet> set;
};

// Parses the files and makes a set of them, in this order. The name of each object is its path.
[[nodiscard]] LoadedObjects load_objects(std::span<const std::string> paths);

// The same for objects of the test data, by their names: {"arrays", "flavors"}.
[[nodiscard]] LoadedObjects load_test_objects(std::initializer_list<std::string> names);

}  // namespace btfbatch::test
