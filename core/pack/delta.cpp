#include "core/pack/delta.h"

#include <algorithm>
#include <optional>

#include "core/pack/align.h"
#include "core/pack/encode.h"
#include "core/pack/rebuild.h"
#include "core/pack/zstd_frame.h"

namespace btfbatch {
namespace {

// The first byte of what is coded.
enum class Method : std::uint8_t {
  kBytes = 0,  // one zstd frame of the bytes as they are, the base's bytes before them
  kTypes = 1,  // see pack/encode.h
};

constexpr int kLevelWithBase = 9;
constexpr int kLevelAlone = 19;

std::vector<std::byte> begin_with(Method method) {
  return {static_cast<std::byte>(method)};
}

Result<std::vector<std::byte>> encode_bytes(std::span<const std::byte> base,
                                            std::span<const std::byte> btf) {
  auto frame = compress_frame(btf, base, base.empty() ? kLevelAlone : kLevelWithBase);
  if (!frame) return frame;
  auto coded = begin_with(Method::kBytes);
  coded.insert(coded.end(), frame->begin(), frame->end());
  return coded;
}

// Nothing where the bytes have to be coded as they are.
Result<std::optional<std::vector<std::byte>>> encode_types(const pack::AnalyzedBase& base,
                                                           std::span<const std::byte> btf) {
  const auto kernel = pack::Analyzed::of(pack::PlainBtf::open(btf));
  if (!kernel) return std::nullopt;
  auto coded = begin_with(Method::kTypes);
  if (auto done = pack::encode_typed(base, *kernel, coded); !done) {
    return std::unexpected(std::move(done).error());
  }
  // Whatever was not thought of in a strange BTF, it comes back.
  std::vector<std::byte> again(btf.size());
  if (!pack::rebuild(base.kernel.btf, std::span(coded).subspan(1), again) ||
      !std::ranges::equal(again, btf)) {
    return std::nullopt;
  }
  return coded;
}

Result<std::vector<std::byte>> encode(const std::optional<pack::AnalyzedBase>& base,
                                      std::span<const std::byte> base_bytes,
                                      std::span<const std::byte> btf) {
  if (btf.size() > kMaxPackedBtf || base_bytes.size() > kMaxPackedBtf) {
    return fail("more than 1 GiB of BTF");
  }
  if (base) {
    auto coded = encode_types(*base, btf);
    if (!coded) return std::unexpected(std::move(coded).error());
    if (*coded) return **std::move(coded);
  }
  return encode_bytes(base_bytes, btf);
}

Result<void> decode(const std::optional<pack::PlainBtf>& base,
                    std::span<const std::byte> base_bytes, std::span<const std::byte> coded,
                    std::span<std::byte> out) {
  if (out.size() > kMaxPackedBtf) return fail("more than 1 GiB of BTF");
  if (coded.empty()) return fail("nothing there");
  switch (static_cast<Method>(coded[0])) {
    case Method::kBytes:
      return Expander().expand(coded.subspan(1), base_bytes, out);
    case Method::kTypes:
      if (!base) return fail("the base is not of the kind that this was coded against");
      return pack::rebuild(*base, coded.subspan(1), out);
  }
  return fail("coded in a way that this version does not know");
}

// The base of what has none.
const std::optional<pack::AnalyzedBase>& no_base() {
  static const std::optional<pack::AnalyzedBase> base(
      pack::Analyzed::of(pack::PlainBtf::empty()).value());
  return base;
}

}  // namespace

struct EncoderBase::Parts {
  std::span<const std::byte> bytes;
  std::optional<pack::AnalyzedBase> analyzed;
};

struct DecoderBase::Parts {
  std::span<const std::byte> bytes;
  std::optional<pack::PlainBtf> btf;
};

EncoderBase EncoderBase::make(std::span<const std::byte> btf) {
  auto parts = std::make_unique<Parts>();
  parts->bytes = btf;
  if (auto analyzed = pack::Analyzed::of(pack::PlainBtf::open(btf))) {
    parts->analyzed.emplace(*std::move(analyzed));
  }
  return EncoderBase(std::move(parts));
}
EncoderBase::EncoderBase(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
EncoderBase::EncoderBase(EncoderBase&&) noexcept = default;
EncoderBase& EncoderBase::operator=(EncoderBase&&) noexcept = default;
EncoderBase::~EncoderBase() = default;

DecoderBase DecoderBase::make(std::span<const std::byte> btf) {
  return DecoderBase(std::make_unique<const Parts>(btf, pack::PlainBtf::open(btf)));
}
DecoderBase::DecoderBase(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
DecoderBase::DecoderBase(DecoderBase&&) noexcept = default;
DecoderBase& DecoderBase::operator=(DecoderBase&&) noexcept = default;
DecoderBase::~DecoderBase() = default;

Result<std::vector<std::byte>> encode_whole(std::span<const std::byte> btf) {
  return encode(no_base(), {}, btf);
}

Result<void> decode_whole(std::span<const std::byte> coded, std::span<std::byte> out) {
  return decode(no_base()->kernel.btf, {}, coded, out);
}

Result<std::vector<std::byte>> encode_delta(const EncoderBase& base,
                                            std::span<const std::byte> btf) {
  return encode(base.parts().analyzed, base.parts().bytes, btf);
}

Result<void> decode_delta(const DecoderBase& base, std::span<const std::byte> coded,
                          std::span<std::byte> out) {
  return decode(base.parts().btf, base.parts().bytes, coded, out);
}

}  // namespace btfbatch
