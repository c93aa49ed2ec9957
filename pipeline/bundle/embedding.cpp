#include "pipeline/bundle/embedding.h"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <iterator>

namespace btfbatch {
namespace {

constexpr std::size_t kAlignment = 8;  // at which btfbatch_find.h gives aligned BTFs

constexpr std::string_view kOpening =
    R"(/* Made by btfbatch: minimized BTF of many kernels, a .btfs file as btfbatch_find.h describes it.
 *
 *     #include "btfbatch_find.h"
 *
 *     struct btfbatch_btfs btfs;
 *     struct btfbatch_host host;
 *     struct btfbatch_result found;
 *     if (btfbatch_open(&btfs, btfbatch_btfs, btfbatch_btfs_size) == BTFBATCH_OK &&
 *         btfbatch_host_read(&host, NULL) == BTFBATCH_OK &&
 *         btfbatch_find(&btfs, &host, NULL, &found) == BTFBATCH_OK)
 *       ... found.data, found.size ...
 */
#ifndef BTFBATCH_BTFS_H
#define BTFBATCH_BTFS_H

#include <stdint.h>

)";
constexpr std::string_view kClosing = "\n#endif\n";

}  // namespace

Result<std::vector<std::byte>> embedding_object(ElfMachine machine,
                                                std::span<const std::byte> btfs) {
  const std::uint64_t size = btfs.size();
  const std::uint64_t size_there = is_big_endian(machine) ? std::byteswap(size) : size;
  std::vector<std::byte> data(btfs.begin(), btfs.end());
  data.resize((data.size() + kAlignment - 1) / kAlignment * kAlignment);
  const std::uint64_t size_offset = data.size();
  const auto size_bytes = std::as_bytes(std::span(&size_there, 1));
  data.insert(data.end(), size_bytes.begin(), size_bytes.end());
  const DataSection sections[] = {
      {.name = ".rodata", .bytes = data, .alignment = kAlignment, .is_loaded = true}};
  const DataSymbol symbols[] = {
      {.name = "btfbatch_btfs", .section = 0, .offset = 0, .size = size},
      {.name = "btfbatch_btfs_size", .section = 0, .offset = size_offset, .size = sizeof size}};
  return write_relocatable(machine, sections, symbols);
}

std::string embedding_header() {
  return fmt::format(
      "{}#ifdef __cplusplus\nextern \"C\" {{\n#endif\n"
      "extern const unsigned char btfbatch_btfs[] __attribute__((visibility(\"hidden\")));\n"
      "extern const uint64_t btfbatch_btfs_size __attribute__((visibility(\"hidden\")));\n"
      "#ifdef __cplusplus\n}}\n#endif\n{}",
      kOpening, kClosing);
}

std::string embedding_header_with_bytes(std::span<const std::byte> btfs) {
  constexpr std::size_t kBytesInALine = 20;
  std::string text(kOpening);
  auto out = std::back_inserter(text);
  fmt::format_to(out, "static const uint64_t btfbatch_btfs_size = {};\n", btfs.size());
  fmt::format_to(out,
                 "static const unsigned char btfbatch_btfs[{}] __attribute__((aligned({}))) = {{",
                 btfs.size(), kAlignment);
  for (std::size_t i = 0; i < btfs.size(); ++i) {
    fmt::format_to(out, "{}{},", i % kBytesInALine == 0 ? "\n" : "",
                   std::to_integer<unsigned>(btfs[i]));
  }
  text += "\n};\n";
  text += kClosing;
  return text;
}

}  // namespace btfbatch
