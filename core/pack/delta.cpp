#include "core/pack/delta.h"

#include "core/pack/zstd_frame.h"

namespace btfbatch {

struct EncoderBase::Parts {
  std::span<const std::byte> btf;
};

struct DecoderBase::Parts {
  std::span<const std::byte> btf;
};

EncoderBase EncoderBase::make(std::span<const std::byte> btf) {
  return EncoderBase(std::make_unique<const Parts>(btf));
}
EncoderBase::EncoderBase(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
EncoderBase::EncoderBase(EncoderBase&&) noexcept = default;
EncoderBase& EncoderBase::operator=(EncoderBase&&) noexcept = default;
EncoderBase::~EncoderBase() = default;

DecoderBase DecoderBase::make(std::span<const std::byte> btf) {
  return DecoderBase(std::make_unique<const Parts>(btf));
}
DecoderBase::DecoderBase(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
DecoderBase::DecoderBase(DecoderBase&&) noexcept = default;
DecoderBase& DecoderBase::operator=(DecoderBase&&) noexcept = default;
DecoderBase::~DecoderBase() = default;

Result<std::vector<std::byte>> encode_whole(std::span<const std::byte> btf) {
  if (btf.size() > kMaxPackedBtf) return fail("more than 1 GiB of BTF");
  return compress_frame(btf, {}, 19);
}

Result<void> decode_whole(std::span<const std::byte> coded, std::span<std::byte> out) {
  return expand_frame(coded, {}, out);
}

Result<std::vector<std::byte>> encode_delta(const EncoderBase& base,
                                            std::span<const std::byte> btf) {
  if (btf.size() > kMaxPackedBtf) return fail("more than 1 GiB of BTF");
  return compress_frame(btf, base.parts().btf, 6);
}

Result<void> decode_delta(const DecoderBase& base, std::span<const std::byte> coded,
                          std::span<std::byte> out) {
  return expand_frame(coded, base.parts().btf, out);
}

}  // namespace btfbatch
