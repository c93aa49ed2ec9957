#include "core/pack/zstd_frame.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <new>

namespace btfbatch {
namespace {

constexpr int kSmallestWindow = 10;
constexpr int kLargestWindow = 31;
// Of what is larger, a level of 19 would fill tables of 50 MB; with those of this much, it
// takes 18.
constexpr std::size_t kMostForOwnTables = 1U << 20;
constexpr int kTableOfMost = 21;  // log2 of entries

struct Free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

Result<std::size_t> check(std::size_t result) {
  if (ZSTD_isError(result) != 0) return fail(fmt::format("zstd: {}", ZSTD_getErrorName(result)));
  return result;
}

}  // namespace

Result<std::vector<std::byte>> compress_frame(std::span<const std::byte> bytes,
                                              std::span<const std::byte> prefix, int level) {
  const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  if (!context) throw std::bad_alloc();
  // All of the prefix can be referred to from the last byte.
  const int window = std::clamp(static_cast<int>(std::bit_width(prefix.size() + bytes.size())),
                                kSmallestWindow, kLargestWindow);
  for (const auto& [parameter, value] :
       {std::pair{ZSTD_c_compressionLevel, level}, std::pair{ZSTD_c_windowLog, window},
        std::pair{ZSTD_c_contentSizeFlag, 0},
        std::pair{ZSTD_c_enableLongDistanceMatching, prefix.empty() ? 0 : 1}}) {
    if (auto done = check(ZSTD_CCtx_setParameter(context.get(), parameter, value)); !done) {
      return std::unexpected(done.error());
    }
  }
  if (bytes.size() > kMostForOwnTables) {
    for (const auto parameter : {ZSTD_c_hashLog, ZSTD_c_chainLog}) {
      if (auto done = check(ZSTD_CCtx_setParameter(context.get(), parameter, kTableOfMost));
          !done) {
        return std::unexpected(done.error());
      }
    }
  }
  if (auto done = check(ZSTD_CCtx_refPrefix(context.get(), prefix.data(), prefix.size())); !done) {
    return std::unexpected(done.error());
  }
  std::vector<std::byte> frame(ZSTD_compressBound(bytes.size()));
  const auto size =
      check(ZSTD_compress2(context.get(), frame.data(), frame.size(), bytes.data(), bytes.size()));
  if (!size) return std::unexpected(size.error());
  frame.resize(*size);
  frame.shrink_to_fit();
  return frame;
}

void FrameExpander::Free::operator()(ZSTD_DCtx* context) const {
  ZSTD_freeDCtx(context);
}

FrameExpander::FrameExpander() : context_(ZSTD_createDCtx()) {
  if (!context_) throw std::bad_alloc();
}

Result<void> FrameExpander::expand(std::span<const std::byte> frame,
                                   std::span<const std::byte> prefix, std::span<std::byte> out) {
  // In one call nothing is allocated for the window, however large the frame says it is.
  if (auto done =
          check(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kLargestWindow));
      !done) {
    return std::unexpected(done.error());
  }
  if (auto done = check(ZSTD_DCtx_refPrefix(context_.get(), prefix.data(), prefix.size())); !done) {
    return std::unexpected(done.error());
  }
  const auto size = check(
      ZSTD_decompressDCtx(context_.get(), out.data(), out.size(), frame.data(), frame.size()));
  if (!size) return std::unexpected(size.error());
  if (*size != out.size()) {
    return fail(fmt::format("decodes to {} bytes instead of {}", *size, out.size()));
  }
  return {};
}

}  // namespace btfbatch
