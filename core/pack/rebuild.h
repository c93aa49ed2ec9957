// Decoding what encode.h wrote.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "core/error.h"
#include "core/pack/plain_btf.h"
#include "core/pack/word_kinds.h"

namespace btfbatch::pack {

// A BTF with all that rebuilding another one from it takes.
struct RebuildBase {
  PlainBtf btf;
  WordKinds kinds;

  // Nothing where PlainBtf has nothing.
  [[nodiscard]] static std::optional<RebuildBase> open(std::span<const std::byte> btf);
};

// Fills `out`, which is 4-byte aligned and must outlive the result. See decode_delta() for what may
// be hostile. Whatever comes out is a BTF that BtfView::open() takes, since all of it is the base's
// or was checked; so the result is not opened again.
[[nodiscard]] Result<RebuildBase> rebuild(const RebuildBase& base, std::span<const std::byte> coded,
                                          std::span<std::byte> out);

}  // namespace btfbatch::pack
