// Decoding what encode.h wrote.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/error.h"
#include "core/pack/plain_btf.h"
#include "core/pack/word_kinds.h"

namespace btfbatch::pack {

// A BTF with all that rebuilding another one from it takes. Its strings are known by their
// ordinals, the place that each has among them: a table by ordinals is an eighth of one by offsets,
// and stays in the processor's nearer caches.
struct RebuildBase {
  PlainBtf btf;
  WordKinds kinds;
  std::vector<std::uint32_t> names_before;   // kinds.names.counts()
  std::vector<std::uint32_t> names;          // of each bit of kinds.names: its string's ordinal
  std::vector<std::uint32_t> string_starts;  // by ordinal, and the end of the last one

  // Nothing where a name is not a whole string.
  [[nodiscard]] static std::optional<RebuildBase> of(PlainBtf btf);
  // Nothing either where PlainBtf has nothing.
  [[nodiscard]] static std::optional<RebuildBase> open(std::span<const std::byte> btf);

  // The empty one among them.
  [[nodiscard]] std::uint32_t string_count() const {
    return static_cast<std::uint32_t>(string_starts.size()) - 1;
  }
  // The index into `names` of the first name from word `at` of the type section on.
  [[nodiscard]] std::size_t name_index(std::size_t at) const {
    return kinds.names.count_before(at, names_before);
  }
};

// Fills `out`, which is 4-byte aligned and must outlive the result. See decode_delta() for what may
// be hostile. Whatever comes out is a BTF that BtfView::open() takes, since all of it is the base's
// or was checked; so the result is not opened again.
[[nodiscard]] Result<RebuildBase> rebuild(const RebuildBase& base, std::span<const std::byte> coded,
                                          std::span<std::byte> out);

}  // namespace btfbatch::pack
