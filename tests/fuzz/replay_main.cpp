// Runs a fuzz target over files instead of under libFuzzer: the crashes of the past, and the seeds,
// as a test that any compiler can build.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// Targets bring a mutator along, which calls libFuzzer's; nothing is mutated here.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t*, std::size_t size, std::size_t) {
  return size;
}

namespace {

std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER...\n", argv[0]);
    return 1;
  }
  for (int i = 1; i < argc; ++i) {
    const auto files = files_of(argv[i]);
    if (files.empty()) {
      std::fprintf(stderr, "%s holds no file to replay\n", argv[i]);
      return 1;
    }
    for (const std::string& file : files) {
      std::printf("%s\n", file.c_str());
      std::fflush(stdout);  // the last one said is the one that crashed
      const auto bytes = btfbatch::test::read_bytes(file);
      // Without room behind the end, so that AddressSanitizer sees who reads there.
      const auto exact = std::make_unique<std::uint8_t[]>(bytes.size());
      std::ranges::transform(bytes, exact.get(), std::to_integer<std::uint8_t>);
      LLVMFuzzerTestOneInput(exact.get(), bytes.size());
    }
  }
  return 0;
}
