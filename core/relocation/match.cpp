#include "core/relocation/match.h"

#include <cstring>
#include <limits>

#include "core/relocation/compare.h"
#include "core/relocation/names.h"

namespace btfbatch {
namespace {

class Matcher {
 public:
  Matcher(const TypeSpace& local, const LocalSpec& spec, const TypeSpace& target, TargetSpec& found,
          Steps& steps)
      : local_(local), spec_(spec), target_(target), found_(found), steps_(steps) {}

  Compared match_enumerator(std::uint32_t target_id) {
    const auto id = skip_modifiers_and_typedefs(*target_.btf, target_id);
    if (!id) return Compared::kRefused;
    const btf::Type& t = target_.type(*id);
    if (t.kind() == btf::Kind::kEnum) return find_enumerator(*id, BtfView::enumerators(t));
    if (t.kind() == btf::Kind::kEnum64) return find_enumerator(*id, BtfView::enumerators64(t));
    return Compared::kNo;
  }

  Compared match_field(std::uint32_t target_id) {
    id_ = target_id;
    for (std::size_t i = 0; i < spec_.accessors.size(); ++i) {
      const Accessor& accessor = spec_.accessors[i];
      const auto id = skip_modifiers_and_typedefs(*target_.btf, id_);
      if (!id) return Compared::kRefused;
      id_ = *id;
      const Compared step = accessor.name ? match_member(accessor, id_)
                            : i == 0      ? take_element(accessor.index)
                                          : match_element(accessor.index);
      if (step != Compared::kYes) return step;
    }
    return Compared::kYes;
  }

 private:
  template <class Enumerator>
  Compared find_enumerator(std::uint32_t id, std::span<const Enumerator> enumerators) {
    const auto wanted = essential_name(spec_.accessors.front().name);
    for (std::uint32_t i = 0; i < enumerators.size(); ++i) {
      if (!steps_.take()) return Compared::kRefused;
      const char* name = target_.btf->string(enumerators[i].name);
      if (essential_name(name) != wanted) continue;
      found_.accessors[found_.length++] = {id, i, name};
      found_.raw[found_.raw_length++] = i;
      return Compared::kYes;
    }
    return Compared::kNo;
  }

  // Searches a composite, and the anonymous ones within it, for the member of the accessor's name.
  // Leaves what lies behind the member in id_. As in libbpf, a member of the right name and a wrong
  // type ends the search of its composite with its place still on the books.
  Compared match_member(const Accessor& accessor, std::uint32_t composite_id) {
    const auto id = skip_modifiers_and_typedefs(*target_.btf, composite_id);
    if (!id) return Compared::kRefused;
    const btf::Type& t = target_.type(*id);
    if (!is_composite(t.kind())) return Compared::kNo;
    const auto members = BtfView::members(t);
    for (std::uint32_t i = 0; i < members.size(); ++i) {
      const btf::Member& member = members[i];
      if (found_.raw_length == kMaxSpecLength || !steps_.take()) return Compared::kRefused;
      const char* name = target_.btf->string(member.name);
      const bool anonymous = *name == '\0';
      if (!anonymous && std::strcmp(accessor.name, name) != 0) continue;

      const std::uint32_t bit_offset = place_of(t, member).bit_offset;
      found_.bit_offset += bit_offset;
      found_.raw[found_.raw_length++] = i;
      if (!anonymous) return take_member(accessor, *id, i, member, name);
      const Compared inside = match_member(accessor, member.type);
      if (inside != Compared::kNo) return inside;
      found_.bit_offset -= bit_offset;
      found_.raw_length--;
    }
    return Compared::kNo;
  }

  Compared take_member(const Accessor& accessor, std::uint32_t composite_id, std::uint32_t index,
                       const btf::Member& member, const char* name) {
    if (found_.length == kMaxSpecLength) return Compared::kRefused;
    const btf::Member& wanted = BtfView::members(local_.type(accessor.type_id))[accessor.index];
    const Compared compared = fields_are_compatible(local_, wanted.type, target_, member.type);
    if (compared == Compared::kYes) {
      found_.accessors[found_.length++] = {composite_id, index, name};
      id_ = member.type;
    }
    return compared;
  }

  Compared match_element(std::uint32_t index) {
    const btf::Type& t = target_.type(id_);
    if (t.kind() != btf::Kind::kArray) return Compared::kNo;
    const btf::Array& array = BtfView::array(t);
    const Accessor& before = found_.last();
    const auto enclosing = before.name ? std::optional(before.type_id) : std::nullopt;
    if (!index_is_valid(target_, array, index, enclosing, before.index)) return Compared::kNo;
    const auto element = skip_modifiers_and_typedefs(*target_.btf, array.type);
    if (!element) return Compared::kRefused;
    id_ = *element;
    return take_element(index);
  }

  Compared take_element(std::uint32_t index) {
    if (found_.raw_length == kMaxSpecLength || found_.length == kMaxSpecLength) {
      return Compared::kRefused;
    }
    const auto size = resolve_size(target_, id_);
    // libbpf keeps it in an int here, and takes a negative one for an error.
    if (!size || *size > std::numeric_limits<std::int32_t>::max()) return Compared::kRefused;
    found_.accessors[found_.length++] = {id_, index, nullptr};
    found_.raw[found_.raw_length++] = index;
    found_.bit_offset += index * *size * 8;
    return Compared::kYes;
  }

  const TypeSpace& local_;
  const LocalSpec& spec_;
  const TypeSpace& target_;
  TargetSpec& found_;
  Steps& steps_;
  std::uint32_t id_ = 0;  // where in the target we stand
};

}  // namespace

Compared match_spec(const TypeSpace& local, const LocalSpec& spec, const TypeSpace& target,
                    std::uint32_t target_id, TargetSpec& found, Steps& steps) {
  found.reset(target_id);
  if (spec.kind == RelocationKind::kTypeMatches) {
    return types_match(local, spec.root_type, target, target_id, steps);
  }
  if (is_type_based(spec.kind)) {
    return types_are_compatible(local, spec.root_type, target, target_id, steps);
  }
  Matcher matcher(local, spec, target, found, steps);
  return is_enumval_based(spec.kind) ? matcher.match_enumerator(target_id)
                                     : matcher.match_field(target_id);
}

}  // namespace btfbatch
