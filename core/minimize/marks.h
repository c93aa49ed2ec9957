// Which types and members of a kernel the relocations touch.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/btf/view.h"
#include "core/relocation/access_spec.h"

namespace btfbatch {

// The rules by which bpftool decides what a relocation needs are odd in places and are kept, since
// its bytes are our measure: a field needs its root, each struct on its way with the one member
// taken, and the types of these members; types reached through a pointer only where a type is asked
// for as a whole.
//
// Not thread-safe; one per kernel. After btfgen_record_reloc of bpftool, but for the kinds at which
// it gives up (fwd, type_tag, decl_tag and what cannot be in a candidate).
class Marks {
 public:
  // `kernel` must outlive the marks.
  explicit Marks(const BtfView& kernel) : kernel_(kernel), states_(kernel.type_count()) {}

  // Marks what a loader needs to find `place` again. False where the place does not lie within its
  // own types, as hostile BTF can make it (a name twice in one struct).
  [[nodiscard]] bool keep(RelocationKind kind, const TargetSpec& place);

  // The kept types, and (type ID, member index) of the kept members; sorted, each once.
  [[nodiscard]] std::vector<std::uint32_t> types() const;
  [[nodiscard]] std::vector<std::pair<std::uint32_t, std::uint32_t>> members() const;

 private:
  // How a type has been marked so far; each way goes on to other types, and is gone once.
  enum Way : std::uint8_t {
    kPlain = 1,              // itself, and what its layout needs
    kThroughPointers = 2,    // and what its pointers lead to
    kMatch = 4,              // whole: all members, for "type matches"
    kMatchBehindPointer = 8  // the same, reached through a pointer: composites without members
  };

  [[nodiscard]] bool keep_field(const TargetSpec& place);
  // Marks a type and all that it leads to by this way.
  void mark(std::uint32_t type_id, Way way);
  void mark_next(const btf::Type& t, Way way);
  void mark_match_next(const btf::Type& t, std::uint32_t type_id, Way way);
  void push(std::uint32_t type_id, Way way);
  void keep_member(std::uint32_t type_id, std::uint32_t index);

  const BtfView& kernel_;
  std::vector<std::uint8_t> states_;  // by type ID: the ways gone
  std::vector<std::uint32_t> types_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> members_;  // some of them twice
  std::size_t distinct_members_ = 0;                              // when they were last sorted
  std::vector<std::pair<std::uint32_t, Way>>
      pending_;  // a list, not recursion: depth is the file's
};

}  // namespace btfbatch
