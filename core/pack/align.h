// Which type of a kernel is which type of its base.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/pack/plain_btf.h"
#include "core/pack/rebuild.h"

namespace btfbatch::pack {

// What types are told apart by, the same in every kernel: no type IDs, no string offsets.
struct Shapes {
  // By type ID: of kind and name; of a type without a name, of all that it says.
  std::vector<std::uint64_t> names;
  // By type ID: of all that a type says, the types it refers to taken by `names`.
  std::vector<std::uint64_t> whole;

  [[nodiscard]] static Shapes of(const PlainBtf& btf, const StringStarts& starts);
};

// Finds the places at which hashes stood in a list. Immutable, thread-safe.
class HashIndex {
 public:
  explicit HashIndex(std::span<const std::uint64_t> hashes);

  // A number of its own for each distinct hash, less than size(); size() for one that is not there.
  [[nodiscard]] std::size_t find(std::uint64_t hash) const;
  [[nodiscard]] std::size_t size() const { return begins_.size() - 1; }

  // Where the hash of this number stood, ascending.
  [[nodiscard]] std::span<const std::uint32_t> places(std::size_t number) const {
    return std::span(places_).subspan(begins_[number], begins_[number + 1] - begins_[number]);
  }

 private:
  std::vector<std::uint64_t> keys_;     // by number
  std::vector<std::uint32_t> numbers_;  // open addressing; kFree where none
  std::vector<std::uint32_t> begins_;   // by number, of its places, and one end
  std::vector<std::uint32_t> places_;
};

// A kernel with all that encoding needs of it.
struct Analyzed {
  PlainBtf btf;
  StringStarts strings;
  Shapes shapes;

  // Nothing where the typed coding does not take it.
  [[nodiscard]] static std::optional<Analyzed> of(std::optional<PlainBtf> btf);
};

// A base: what is in it can be found.
struct AnalyzedBase {
  Analyzed kernel;
  RebuildBase below;  // the same, for the way back
  HashIndex strings;
  HashIndex names;
  HashIndex whole;

  explicit AnalyzedBase(Analyzed analyzed);
};

// By type ID of the kernel, the base's type that it is most like, 0 where none; no type of the base
// occurs twice. Partners are of one kind.
[[nodiscard]] std::vector<std::uint32_t> align(const AnalyzedBase& base, const Analyzed& kernel);

}  // namespace btfbatch::pack
