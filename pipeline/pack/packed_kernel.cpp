#include "pipeline/pack/packed_kernel.h"

#include <fmt/format.h>

#include <utility>

namespace btfbatch {
namespace {

Result<DecoderBase> decode_against(const PackFile& pack, std::uint32_t blob, SharedBlob* base,
                                   Buffer& btf) {
  if (base == nullptr) {
    return pack.decode(blob, nullptr, btf);
  }
  const Result<const DecoderBase*> decoder = base->decoded();
  if (!decoder) {
    return fail_within("what it is coded against", decoder.error());
  }
  return pack.decode(blob, *decoder, btf);
}

}  // namespace

Result<const DecoderBase*> SharedBlob::decoded() {
  const std::lock_guard lock(mutex_);
  if (!decoded_) {
    decoded_ = decode_against(*pack_, blob_, base_.get(), btf_);
    base_.reset();
  }
  if (!*decoded_) {
    return std::unexpected(decoded_->error());
  }
  return &**decoded_;
}

Result<SharedView> PackedKernel::unpack(const UnpackLimits& limits, Buffer& btf) const {
  btf.clear();
  const std::uint64_t size = pack_->index().blobs[kernel().blob].btf_size;
  if (size > limits.max_btf_size) {
    return fail(fmt::format("too large: has {} bytes, more than the {} allowed", size,
                            limits.max_btf_size));
  }
  Result<SharedView> unpacked = own_ != nullptr ? borrow_shared(btf) : decode(btf);
  if (!unpacked) {
    return fail_within("damaged in the pack", std::move(unpacked).error());
  }
  return unpacked;
}

Result<SharedView> PackedKernel::borrow_shared(Buffer& btf) const {
  const Result<const DecoderBase*> shared = own_->decoded();
  if (!shared) {
    return std::unexpected(shared.error());
  }
  btf.borrow(own_->btf(), own_);
  return SharedView(own_, (*shared)->view());
}

Result<SharedView> PackedKernel::decode(Buffer& btf) const {
  Result<DecoderBase> decoded = decode_against(*pack_, kernel().blob, base_.get(), btf);
  if (!decoded) {
    return std::unexpected(std::move(decoded).error());
  }
  const auto owner = std::make_shared<const DecoderBase>(*std::move(decoded));
  return SharedView(owner, owner->view());
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
