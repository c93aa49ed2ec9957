// Kernels of a pack on their way through the graph: each base is decoded once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/content_id.h"
#include "core/error.h"
#include "core/pack/delta.h"
#include "pipeline/buffer.h"
#include "pipeline/pack/pack_file.h"
#include "pipeline/unpack.h"

namespace btfbatch {

// The BTF of a blob that several need: kernels with the same BTF, or others coded against it.
// Decoded when the first of them asks, and freed with the last one that holds the SharedBlob.
// Thread-safe; who asks while it is being decoded waits.
class SharedBlob {
 public:
  // `base` is that of the blob's base; nullptr where it has none.
  SharedBlob(std::shared_ptr<const PackFile> pack, std::uint32_t blob,
             std::shared_ptr<SharedBlob> base)
      : pack_(std::move(pack)), blob_(blob), base_(std::move(base)) {}

  // Decoded; what it points to is valid as long as the SharedBlob is.
  [[nodiscard]] Result<const DecoderBase*> decoded();

  // The bytes, once decoded() has succeeded; as long as the SharedBlob is.
  [[nodiscard]] std::span<const std::byte> btf() const { return btf_.bytes(); }

 private:
  std::shared_ptr<const PackFile> pack_;
  std::uint32_t blob_;
  std::shared_ptr<SharedBlob> base_;  // let go once this one is decoded
  std::mutex mutex_;
  Buffer btf_;
  std::optional<Result<DecoderBase>> decoded_;
};

// One kernel of a pack, still to be decoded, or not. Thread-safe.
class PackedKernel {
 public:
  // `own` is the kernel's blob where it is shared, `base` that of its base otherwise; either may be
  // nullptr.
  PackedKernel(std::shared_ptr<const PackFile> pack, std::uint32_t number,
               std::shared_ptr<SharedBlob> own, std::shared_ptr<SharedBlob> base)
      : pack_(std::move(pack)), number_(number), own_(std::move(own)), base_(std::move(base)) {}

  // XXH3-128 of the file that was packed.
  [[nodiscard]] const ContentId& source_hash() const { return kernel().source_hash; }

  // As Source::unpack().
  [[nodiscard]] Result<SharedView> unpack(const UnpackLimits& limits, Buffer& btf) const;

 private:
  [[nodiscard]] Result<SharedView> borrow_shared(Buffer& btf) const;
  [[nodiscard]] Result<SharedView> decode(Buffer& btf) const;
  [[nodiscard]] const PackKernel& kernel() const { return pack_->index().kernels[number_]; }

  std::shared_ptr<const PackFile> pack_;
  std::uint32_t number_;  // among the pack's kernels
  std::shared_ptr<SharedBlob> own_;
  std::shared_ptr<SharedBlob> base_;
};

// The kernels of `pack` with these numbers, in the same order, with what they share.
[[nodiscard]] std::vector<std::shared_ptr<const PackedKernel>> share_blobs(
    const std::shared_ptr<const PackFile>& pack, std::span<const std::uint32_t> numbers);

}  // namespace btfbatch
