// Fixed objects and kernels, for targets that fuzz the other side.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/object/object_set.h"

namespace btfbatch::fuzz {

// One object as a set of its own.
struct FixedObject {
  std::string path;
  ObjectSet set;
};

// Every object of the test data that can be loaded, each alone, sorted by path. Loaded once, never
// freed.
[[nodiscard]] const std::vector<FixedObject>& each_object();

// All of them as one set, and with them those of libbpf-tools, where the machine has these: real
// questions about real types. Loaded once, never freed.
[[nodiscard]] const ObjectSet& all_objects();

// The BTF of the running kernel, minimized for all_objects(): small and real. Empty where the
// machine tells none.
[[nodiscard]] const std::vector<std::byte>& real_kernel();

}  // namespace btfbatch::fuzz
