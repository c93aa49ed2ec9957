#include "tests/core/support/object_sets.h"

#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch::test {

LoadedObjects load_objects(std::span<const std::string> paths) {
  LoadedObjects loaded{.bytes = {}, .set = fail("not made")};
  std::vector<Object> objects;
  for (const std::string& path : paths) {
    loaded.bytes.push_back(read_bytes(path));
    auto object = parse_object(path, loaded.bytes.back());
    if (!object) {
      loaded.set = fail_within(path, std::move(object).error());
      return loaded;
    }
    objects.push_back(*std::move(object));
  }
  loaded.set = ObjectSet::make(std::move(objects));
  return loaded;
}

LoadedObjects load_test_objects(std::initializer_list<std::string> names) {
  std::vector<std::string> paths;
  for (const std::string& name : names) {
    paths.push_back(object_path(name));
  }
  return load_objects(paths);
}

}  // namespace btfbatch::test
