#include "core/relocation/wanted_names.h"

#include <algorithm>

#include "core/relocation/names.h"
#include "core/relocation/types.h"

namespace btfbatch {

std::uint32_t WantedNames::add(std::string_view name, btf::Kind kind) {
  const std::string essential(essential_name(name));
  const btf::Kind compared_as = kind_class(kind);
  kinds_ |= 1U << static_cast<unsigned>(kind);
  if (is_any_enum(kind)) {
    kinds_ |= 1U << static_cast<unsigned>(btf::Kind::kEnum);
    kinds_ |= 1U << static_cast<unsigned>(btf::Kind::kEnum64);
  }
  // A kernel's name may go on with a flavor, which a short essential name shows within four bytes.
  for (const std::string& seen : {essential, essential + "___"}) {
    char four[4] = {};
    std::copy_n(seen.begin(), std::min<std::size_t>(seen.size(), sizeof four), four);
    prefixes_.set(prefix_hash(four));
  }
  return names_.try_emplace({essential, compared_as}, size()).first->second;
}

std::optional<std::uint32_t> WantedNames::find_name(std::string_view name, btf::Kind kind) const {
  const auto found = names_.find(std::pair(std::string(essential_name(name)), kind_class(kind)));
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

}  // namespace btfbatch
