#include "pipeline/pack/packed_kernel.h"

#include <fmt/format.h>

#include <utility>

namespace btfbatch {
namespace {

Result<void> decode_against(const PackFile& pack, std::uint32_t blob, SharedBlob* base,
                            Buffer& btf) {
  if (base == nullptr) {
    return pack.decode(blob, nullptr, btf);
  }
  const Result<const DecoderBase*> decoder = base->decoder_base();
  if (!decoder) {
    return fail_within("what it is coded against", decoder.error());
  }
  return pack.decode(blob, *decoder, btf);
}

}  // namespace

Result<void> SharedBlob::decode() {
  if (!decoded_) {
    decoded_ = decode_against(*pack_, blob_, base_.get(), btf_);
    base_.reset();
  }
  return *decoded_;
}

Result<std::span<const std::byte>> SharedBlob::btf() {
  const std::lock_guard lock(mutex_);
  if (Result<void> decoded = decode(); !decoded) {
    return std::unexpected(std::move(decoded).error());
  }
  return btf_.bytes();
}

Result<const DecoderBase*> SharedBlob::decoder_base() {
  const std::lock_guard lock(mutex_);
  if (Result<void> decoded = decode(); !decoded) {
    return std::unexpected(std::move(decoded).error());
  }
  if (!decoder_base_) {
    decoder_base_ = DecoderBase::make(btf_.bytes());
  }
  return &*decoder_base_;
}

Result<void> PackedKernel::unpack(const UnpackLimits& limits, Buffer& btf) const {
  btf.clear();
  const std::uint64_t size = pack_->index().blobs[kernel().blob].btf_size;
  if (size > limits.max_btf_size) {
    return fail(fmt::format("too large: has {} bytes, more than the {} allowed", size,
                            limits.max_btf_size));
  }
  Result<void> unpacked = [&]() -> Result<void> {
    if (own_ == nullptr) {
      return decode_against(*pack_, kernel().blob, base_.get(), btf);
    }
    const Result<std::span<const std::byte>> shared = own_->btf();
    if (!shared) {
      return std::unexpected(shared.error());
    }
    btf.append(*shared);
    return {};
  }();
  if (!unpacked) {
    return fail_within("damaged in the pack", std::move(unpacked).error());
  }
  return unpacked;
}

std::vector<std::shared_ptr<const PackedKernel>> share_blobs(
    const std::shared_ptr<const PackFile>& pack, std::span<const std::uint32_t> numbers) {
  const PackIndex& index = pack->index();
  // How many need each blob: those kernels themselves, and what is coded against it and needed.
  std::vector<std::size_t> users(index.blobs.size());
  std::vector<bool> is_base(index.blobs.size());
  for (const std::uint32_t number : numbers) {
    ++users[index.kernels[number].blob];
  }
  for (std::size_t blob = index.blobs.size(); blob-- > 0;) {
    if (users[blob] > 0 && index.blobs[blob].base) {
      ++users[*index.blobs[blob].base];
      is_base[*index.blobs[blob].base] = true;
    }
  }
  std::vector<std::shared_ptr<SharedBlob>> shared(index.blobs.size());
  const auto base_of = [&](std::uint32_t blob) {
    return index.blobs[blob].base ? shared[*index.blobs[blob].base] : nullptr;
  };
  for (std::uint32_t blob = 0; blob < index.blobs.size(); ++blob) {
    if (is_base[blob] || users[blob] > 1) {
      shared[blob] = std::make_shared<SharedBlob>(pack, blob, base_of(blob));
    }
  }
  std::vector<std::shared_ptr<const PackedKernel>> kernels;
  for (const std::uint32_t number : numbers) {
    const std::uint32_t blob = index.kernels[number].blob;
    kernels.push_back(std::make_shared<PackedKernel>(
        pack, number, shared[blob], shared[blob] != nullptr ? nullptr : base_of(blob)));
  }
  return kernels;
}

}  // namespace btfbatch
