#include "pipeline/bundle/btfs_compression.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <memory>

#include "core/bytes/reader.h"
#include "core/find/btfbatch_find.h"
#include "core/find/btfs_writer.h"

namespace btfbatch {
namespace {

// Decompressors take windows up to 128 MiB (2^27) without being asked to.
constexpr int kSmallestWindow = 10;
constexpr int kLargestWindow = 27;

constexpr std::size_t kStep = 256 << 10;  // bytes compressed between two questions whether to stop

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

Result<void> set(ZSTD_CCtx* context, ZSTD_cParameter parameter, int value) {
  const std::size_t result = ZSTD_CCtx_setParameter(context, parameter, value);
  if (ZSTD_isError(result) != 0) {
    return fail(fmt::format("zstd: {}", ZSTD_getErrorName(result)));
  }
  return {};
}

Result<std::size_t> compress(std::span<const std::byte> payload, std::span<std::byte> frame,
                             const std::function<bool()>& should_stop) {
  const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (!context) {
    throw std::bad_alloc();
  }
  // The whole payload in the window: kernels of one series can lie far apart.
  const int window =
      std::clamp(static_cast<int>(std::bit_width(payload.size())), kSmallestWindow, kLargestWindow);
  for (const auto& [parameter, value] :
       {std::pair{ZSTD_c_compressionLevel, ZSTD_maxCLevel()}, std::pair{ZSTD_c_windowLog, window},
        std::pair{ZSTD_c_contentSizeFlag, 1}, std::pair{ZSTD_c_checksumFlag, 0}}) {
    if (auto done = set(context.get(), parameter, value); !done) {
      return std::unexpected(done.error());
    }
  }
  std::size_t left = ZSTD_CCtx_setPledgedSrcSize(context.get(), payload.size());
  ZSTD_inBuffer in{.src = payload.data(), .size = 0, .pos = 0};
  ZSTD_outBuffer out{.dst = frame.data(), .size = frame.size(), .pos = 0};
  do {
    if (ZSTD_isError(left) != 0) {
      return fail(fmt::format("zstd: {}", ZSTD_getErrorName(left)));
    }
    if (should_stop && should_stop()) {
      return fail("stopped");
    }
    in.size = std::min(in.size + kStep, payload.size());
    left = ZSTD_compressStream2(context.get(), &out, &in,
                                in.size == payload.size() ? ZSTD_e_end : ZSTD_e_continue);
  } while (left != 0 || in.pos < payload.size());
  return out.pos;
}

// What the header says of the payload. Only of a file that btfbatch_open has checked.
struct Payload {
  std::size_t offset = 0;
  std::uint64_t size = 0;
};

Payload payload_of(std::span<const std::byte> file) {
  const ByteReader reader(file, false);
  return {.offset = reader.read<std::uint32_t>(12).value(),
          .size = reader.read<std::uint64_t>(24).value()};
}

Result<void> check(std::span<const std::byte> file, btfbatch_status wanted) {
  btfbatch_btfs btfs;
  const btfbatch_status status = btfbatch_open(&btfs, file.data(), file.size());
  if (status != wanted) {
    return fail(status == BTFBATCH_OK ? "the .btfs file is not compressed"
                                      : btfbatch_status_text(status));
  }
  return {};
}

}  // namespace

Result<std::vector<std::byte>> compress_btfs(std::span<const std::byte> stored,
                                             const std::function<bool()>& should_stop) {
  if (auto checked = check(stored, BTFBATCH_OK); !checked) {
    return std::unexpected(checked.error());
  }
  const Payload payload = payload_of(stored);
  std::vector<std::byte> file(stored.begin(),
                              stored.begin() + static_cast<std::ptrdiff_t>(payload.offset));
  file.resize(payload.offset + ZSTD_compressBound(payload.size));
  const auto size = compress(stored.subspan(payload.offset),
                             std::span(file).subspan(payload.offset), should_stop);
  if (!size) {
    return std::unexpected(size.error());
  }
  file.resize(payload.offset + *size);
  seal_btfs(file, {.compression = BTFBATCH_ZSTD, .payload_size = payload.size});
  return file;
}

Result<std::vector<std::byte>> expand_btfs(std::span<const std::byte> file,
                                           std::uint64_t max_size) {
  if (check(file, BTFBATCH_OK)) {
    return std::vector<std::byte>(file.begin(), file.end());
  }
  if (auto checked = check(file, BTFBATCH_COMPRESSED); !checked) {
    return std::unexpected(checked.error());
  }
  const Payload payload = payload_of(file);
  const std::span<const std::byte> frame = file.subspan(payload.offset);
  // Both sizes are only claims, but they have to agree, and zstd writes no more than there is room.
  if (payload.size > max_size ||
      ZSTD_getFrameContentSize(frame.data(), frame.size()) != payload.size) {
    return fail(
        fmt::format("the .btfs file claims to hold {} bytes, more than {} or than are there",
                    payload.size, max_size));
  }
  std::vector<std::byte> stored(file.begin(),
                                file.begin() + static_cast<std::ptrdiff_t>(payload.offset));
  stored.resize(payload.offset + payload.size);
  const std::size_t size =
      ZSTD_decompress(stored.data() + payload.offset, payload.size, frame.data(), frame.size());
  if (ZSTD_isError(size) != 0 || size != payload.size) {
    return fail("the compressed part of the .btfs file is damaged");
  }
  seal_btfs(stored, {.compression = BTFBATCH_STORED, .payload_size = payload.size});
  if (auto checked = check(stored, BTFBATCH_OK); !checked) {
    return std::unexpected(checked.error());
  }
  return stored;
}

}  // namespace btfbatch
