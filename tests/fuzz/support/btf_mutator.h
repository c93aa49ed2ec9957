// Changes a BTF in ways that leave it a BTF: a generic mutator hardly ever gets past the header's
// sizes and the type IDs, this one never breaks them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "core/btf/view.h"

namespace btfbatch::fuzz {

using Random = std::minstd_rand;

// A BTF taken apart: its types as their words (see btf::Type), its strings as they lay. Type IDs
// and string offsets within are always valid.
class EditableBtf {
 public:
  // Nothing where `bytes` cannot be opened.
  [[nodiscard]] static std::optional<EditableBtf> read(std::span<const std::byte> bytes);

  // Raw little-endian BTF.
  [[nodiscard]] std::vector<std::byte> bytes() const;

  // Makes one small change, or none where the dice fell on something that does not apply. Cycles of
  // all sorts may come of it, and nonsense such as a function as a member.
  void change(Random& random);

 private:
  using Type = std::vector<std::uint32_t>;

  // The changes, all of type `id`.
  void retarget(std::uint32_t id, Random& random);
  void rename(std::uint32_t id, Random& random);
  void change_kind(std::uint32_t id, Random& random);
  void change_size(std::uint32_t id, Random& random);
  void change_detail(std::uint32_t id, Random& random);
  void change_elements(std::uint32_t id, Random& random);
  void add_flavor(std::uint32_t id, Random& random);
  void duplicate(std::uint32_t id, Random& random);
  void put_in_between(std::uint32_t id, Random& random);
  void nest_members(std::uint32_t id, Random& random);
  void swap_with_other(std::uint32_t id, Random& random);

  [[nodiscard]] std::uint32_t any_id(Random& random) const;
  [[nodiscard]] std::uint32_t any_name(Random& random) const;

  std::vector<Type> types_;  // by type ID; void has no words
  std::string strings_;
};

// Whether no type contains itself, directly, through typedefs and modifiers, or as a member or an
// element, whether bitfields are ints or enums of a size, and forward declarations refer to
// nothing: what holds for all BTF that compilers make, and what libbpf takes for granted.
[[nodiscard]] bool is_sound(const BtfView& btf);

}  // namespace btfbatch::fuzz
