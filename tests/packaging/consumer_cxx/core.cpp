// core KERNEL.btf OBJECT OUT.btf: minimizes one kernel for one object.
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"

namespace {

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    return 1;
  }
  const std::string kernel_file = read_file(argv[1]);
  const std::string object_file = read_file(argv[2]);
  const auto kernel = btfbatch::load_kernel_btf(std::as_bytes(std::span(kernel_file)));
  auto object = btfbatch::parse_object(argv[2], std::as_bytes(std::span(object_file)));
  if (!kernel || !object) {
    std::puts((kernel ? object.error() : kernel.error()).message.c_str());
    return 1;
  }
  std::vector<btfbatch::Object> objects;
  objects.push_back(*std::move(object));
  const auto set = btfbatch::ObjectSet::make(std::move(objects));
  if (!set) {
    return 1;
  }
  const auto minimized = btfbatch::minimize(*kernel, *set);
  if (!minimized) {
    return 1;
  }
  std::ofstream(argv[3], std::ios::binary)
      .write(reinterpret_cast<const char*>(minimized->bytes.data()),
             static_cast<std::streamsize>(minimized->bytes.size()));
}
