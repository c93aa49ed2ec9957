#include "tests/fuzz/support/objects.h"

#include <deque>
#include <filesystem>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "tests/support/libbpf_tools.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch::fuzz {
namespace {

// The bytes stay for as long as the process does: objects refer to them.
Result<Object> parse_forever(const std::string& path) {
  static auto* const kept = new std::deque<std::vector<std::byte>>;
  return parse_object(path, kept->emplace_back(test::read_bytes(path)));
}

std::vector<FixedObject> load_each() {
  std::vector<FixedObject> loaded;
  for (const std::string& name : test::object_names()) {
    const std::string path = test::object_path(name);
    auto object = parse_forever(path);
    if (!object) continue;  // some of the test data is meant to be refused
    std::vector<Object> one;
    one.push_back(*std::move(object));
    auto set = ObjectSet::make(std::move(one));
    if (set) loaded.push_back({path, *std::move(set)});
  }
  return loaded;
}

ObjectSet load_all() {
  std::vector<Object> objects;
  for (const FixedObject& fixed : each_object()) objects.push_back(*parse_forever(fixed.path));
  for (const auto& real : test::libbpf_tools_objects()) {
    if (auto object = parse_forever(real.file.path())) objects.push_back(*std::move(object));
  }
  return ObjectSet::make(std::move(objects)).value();
}

std::vector<std::byte> minimize_running_kernel() {
  const char* path = "/sys/kernel/btf/vmlinux";
  if (!std::filesystem::exists(path)) return {};
  const auto bytes = test::read_bytes(path);
  const auto view = load_kernel_btf(bytes);
  if (!view) return {};
  auto minimized = minimize(*view, all_objects());
  if (!minimized) return {};
  return std::move(minimized->bytes);
}

}  // namespace

const std::vector<FixedObject>& each_object() {
  static const auto* const loaded = new std::vector<FixedObject>(load_each());
  return *loaded;
}

const ObjectSet& all_objects() {
  static const auto* const loaded = new ObjectSet(load_all());
  return *loaded;
}

const std::vector<std::byte>& real_kernel() {
  static const auto* const bytes = new std::vector<std::byte>(minimize_running_kernel());
  return *bytes;
}

}  // namespace btfbatch::fuzz
