// A member that is gone is rarely gone altogether: it was renamed (task_struct.state → __state),
// moved into a struct within (or out of it), or its type is another. So: walk the path as the
// matching did, to the step that fails. Then look for the very name in all structs that are
// embedded in the root (moved); for the one member that stands between the same neighbours, that is
// alone of its type, whose name is most alike, or that has taken the very place (renamed). Where
// the root itself is unknown: for a type of its name and another kind, then for the name most alike
// among those that begin like it. It is help for people, and says nothing where nothing is near.
#include "core/report/instead.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "core/btf/type_text.h"
#include "core/relocation/compare.h"
#include "core/relocation/names.h"
#include "core/report/likeness.h"

namespace btfbatch {
namespace {

constexpr std::size_t kMaxMembers = 1U << 13;  // looked at for one explanation
constexpr std::size_t kMaxEnumerators = 1U << 13;
constexpr std::size_t kMaxNames = 1U << 12;  // of types that begin like the one wanted
constexpr int kMaxEmbedded = 3;              // structs within structs
constexpr std::size_t kMaxName = 80;         // bytes of a name that are shown
constexpr double kSameType = 0.1;            // what type adds to the likeness of names
constexpr double kOtherType = -0.1;

std::string shown(std::string_view name) {
  return std::string(name.substr(0, kMaxName));
}

// One member of the kernel's type, and how C gets to it.
struct Place {
  std::string path;  // from the root: "thread.sp"
  std::string_view name;
  std::uint32_t type = 0;
  bool is_embedded = false;  // within another struct that has a name
};

class Explainer {
 public:
  Explainer(const TypeSpace& local, const LocalSpec& spec, const TypeSpace& kernel)
      : local_(local), spec_(spec), kernel_(kernel) {}

  Explanation missing_type() {
    const btf::Type& root = local_.type(spec_.root_type);
    const std::string name(essential_name(local_.name_of(root)));
    const std::string word(btf::kind_name(root.kind()));
    Explanation found{fmt::format("no {} {}", word, shown(name)), {}};
    std::string_view best;
    double best_likeness = kAlike;
    std::size_t asked = 0;
    for (std::uint32_t id = 1; id < kernel_.btf->type_count(); ++id) {
      const btf::Type& t = kernel_.type(id);
      const bool has_name_space =
          is_composite(t.kind()) || is_any_enum(t.kind()) || t.kind() == btf::Kind::kTypedef;
      if (!has_name_space || t.name == 0) continue;
      const char* other = kernel_.name_of(t);
      // Nearly all are told apart by how they begin.
      if (std::strncmp(other, name.data(), (name.size() + 1) / 2) != 0) continue;
      const std::string_view other_name(other, strnlen(other, kMaxName));
      if (essential_name(other_name) == name && kind_class(t.kind()) != kind_class(root.kind())) {
        const std::string kind(btf::kind_name(t.kind()));
        found.instead = {Instead::Kind::kChangedKind, shown(name), kind,
                         fmt::format("{} is a {}", shown(name), kind)};
        return found;
      }
      if (kind_class(t.kind()) != kind_class(root.kind()) || ++asked > kMaxNames) continue;
      const double alike = likeness(name, other_name);
      if (alike > best_likeness) {
        best_likeness = alike;
        best = other_name;
      }
    }
    if (!best.empty()) {
      found.instead = {Instead::Kind::kRenamedType, std::string(best), word,
                       fmt::format("there is {} {}", word, best)};
    }
    return found;
  }

  Explanation missing_enumerator(std::uint32_t candidate) {
    const std::string root = shown(kernel_.name_of(kernel_.type(candidate)));
    const std::string_view wanted = essential_name(spec_.accessors.front().name);
    Explanation found{fmt::format("{} has no enumerator {}", root, shown(wanted)), {}};
    const auto id = skip_modifiers_and_typedefs(*kernel_.btf, candidate);
    if (!id) return found;
    const btf::Type& t = kernel_.type(*id);
    std::string_view best;
    double best_likeness = kAlike;
    const auto look = [&](const auto& enumerators) {
      for (const auto& each : enumerators.first(std::min(enumerators.size(), kMaxEnumerators))) {
        const std::string_view name = kernel_.btf->string(each.name);
        const double alike = likeness(wanted, name);
        if (alike > best_likeness) {
          best_likeness = alike;
          best = name;
        }
      }
    };
    if (t.kind() == btf::Kind::kEnum) look(BtfView::enumerators(t));
    if (t.kind() == btf::Kind::kEnum64) look(BtfView::enumerators64(t));
    if (!best.empty()) {
      found.instead = {Instead::Kind::kRenamedEnumerator, fmt::format("{}::{}", root, best), "",
                       fmt::format("{} has {}", root, best)};
    }
    return found;
  }

  Explanation missing_field(std::uint32_t candidate) {
    root_ = candidate;
    path_ = shown(kernel_.name_of(kernel_.type(candidate)));
    std::uint32_t at = candidate;
    for (std::size_t i = 1; i < spec_.accessors.size(); ++i) {
      const Accessor& accessor = spec_.accessors[i];
      const auto behind = skip_modifiers_and_typedefs(*kernel_.btf, at);
      if (!behind) break;
      const btf::Type& t = kernel_.type(*behind);
      if (accessor.name == nullptr) {
        if (t.kind() != btf::Kind::kArray) return changed(at, local_.type(accessor.type_id));
        const btf::Array& array = BtfView::array(t);
        if (accessor.index >= array.element_count) return too_few_elements(array);
        at = array.type;
        path_ += fmt::format("[{}]", accessor.index);
        continue;
      }
      if (!is_composite(t.kind())) return changed(at, local_.type(accessor.type_id));
      const auto places = members_within(*behind);
      const auto same = std::ranges::find_if(places, [&](const Place& place) {
        return !place.is_embedded && place.name == accessor.name;
      });
      if (same == places.end()) return missing_member(*behind, accessor, places);
      if (!is_compatible(accessor, same->type)) return changed_type(accessor, *same);
      at = same->type;
      path_.append(".").append(shown(same->name));
    }
    return {"its path could not be followed", {}};
  }

 private:
  [[nodiscard]] const btf::Member& wanted_member(const Accessor& accessor) const {
    return BtfView::members(local_.type(accessor.type_id))[accessor.index];
  }

  [[nodiscard]] bool is_compatible(const Accessor& accessor, std::uint32_t type) const {
    return fields_are_compatible(local_, wanted_member(accessor).type, kernel_, type) ==
           Compared::kYes;
  }

  // All members of a composite, those of anonymous and embedded ones included.
  std::vector<Place> members_within(std::uint32_t id) const {
    std::vector<Place> places;
    std::size_t visited = 0;
    collect(id, "", false, 0, places, visited);
    return places;
  }

  void collect(std::uint32_t id, const std::string& before, bool is_embedded, int depth,
               std::vector<Place>& places, std::size_t& visited) const {
    const auto behind = skip_modifiers_and_typedefs(*kernel_.btf, id);
    if (!behind || depth > kMaxEmbedded || !is_composite(kernel_.type(*behind).kind())) return;
    for (const btf::Member& member : BtfView::members(kernel_.type(*behind))) {
      if (++visited > kMaxMembers) return;
      const std::string_view name = kernel_.btf->string(member.name);
      if (name.empty()) {
        collect(member.type, before, is_embedded, depth + 1, places, visited);
        continue;
      }
      const std::string path = before + shown(name);
      places.push_back({path, name, member.type, is_embedded});
      collect(member.type, path + ".", true, depth + 1, places, visited);
    }
  }

  Explanation changed(std::uint32_t type, const btf::Type& wanted) const {
    const std::string text = type_text(*kernel_.btf, type);
    return {fmt::format("{} is no {}", path_, btf::kind_name(wanted.kind())),
            {Instead::Kind::kChangedType, path_, text, fmt::format("{} is {}", path_, text)}};
  }

  Explanation too_few_elements(const btf::Array& array) const {
    return {fmt::format("{} has only {} elements", path_, array.element_count),
            {Instead::Kind::kChangedType, path_,
             fmt::format("{}[{}]", type_text(*kernel_.btf, array.type), array.element_count),
             fmt::format("{} has {} elements", path_, array.element_count)}};
  }

  Explanation changed_type(const Accessor& accessor, const Place& place) const {
    const std::string is = type_text(*kernel_.btf, place.type);
    const std::string was = type_text(*local_.btf, wanted_member(accessor).type);
    const std::string path = path_ + "." + place.path;
    return {
        fmt::format("{} has another type", path),
        {Instead::Kind::kChangedType, path, is, fmt::format("{} is {}, not {}", path, is, was)}};
  }

  Explanation missing_member(std::uint32_t composite, const Accessor& accessor,
                             const std::vector<Place>& places) {
    Explanation found{fmt::format("{} has no member {}", path_, shown(accessor.name)), {}};
    // "__state" in the same struct is nearer than some "state" of a struct within.
    if (const Place* respelled = respelled_member(accessor, places)) {
      found.instead = renamed(*respelled);
    } else if (const auto moved = moved_member(accessor, places)) {
      found.instead = *moved;
    } else if (const Place* other = renamed_member(composite, accessor, places)) {
      found.instead = renamed(*other);
    }
    return found;
  }

  // The very name elsewhere within the struct, or within the root around it.
  std::optional<Instead> moved_member(const Accessor& accessor,
                                      const std::vector<Place>& places) const {
    const auto is_it = [&](const Place& place) {
      return place.name == accessor.name && is_compatible(accessor, place.type);
    };
    const auto tell = [&](const std::string& path, const Place& place) {
      const std::string type = type_text(*kernel_.btf, place.type);
      return Instead{Instead::Kind::kMovedMember, path, type,
                     fmt::format("it is at {} ({})", path, type)};
    };
    const auto within = std::ranges::find_if(places, is_it);
    if (within != places.end()) return tell(path_ + "." + within->path, *within);
    const auto all = members_within(root_);
    const auto around = std::ranges::find_if(all, is_it);
    if (around == all.end()) return std::nullopt;
    return tell(shown(kernel_.name_of(kernel_.type(root_))) + "." + around->path, *around);
  }

  [[nodiscard]] Instead renamed(const Place& place) const {
    const std::string type = type_text(*kernel_.btf, place.type);
    return {Instead::Kind::kRenamedMember, path_ + "." + place.path, type,
            fmt::format("{} has {} ({})", path_, place.path, type)};
  }

  // The same name but for underscores around it.
  static const Place* respelled_member(const Accessor& accessor, const std::vector<Place>& places) {
    const auto found = std::ranges::find_if(places, [&](const Place& place) {
      return !place.is_embedded && likeness(accessor.name, place.name) >= kRespelled;
    });
    return found == places.end() ? nullptr : &*found;
  }

  [[nodiscard]] const Place* renamed_member(std::uint32_t composite, const Accessor& accessor,
                                            const std::vector<Place>& places) const {
    const Place* best = between_neighbours(composite, accessor, places);
    if (best == nullptr) best = only_one_of_type(accessor, places);
    if (best == nullptr) best = most_alike(accessor, places);
    if (best == nullptr) best = at_same_place(composite, accessor, places);
    return best;
  }

  // The only member of the very type, a struct or union, that has a word of its name: mmap_sem →
  // mmap_lock, both a struct rw_semaphore.
  [[nodiscard]] const Place* only_one_of_type(const Accessor& accessor,
                                              const std::vector<Place>& places) const {
    const std::uint32_t wanted = wanted_member(accessor).type;
    const auto behind = skip_modifiers_and_typedefs(*local_.btf, wanted);
    if (!behind || !is_composite(local_.type(*behind).kind())) return nullptr;
    const std::string text = type_text(*local_.btf, wanted);
    const Place* found = nullptr;
    for (const Place& place : places) {
      if (place.is_embedded || !share_a_word(accessor.name, place.name) ||
          is_in_local_type(accessor, place.name) || type_text(*kernel_.btf, place.type) != text) {
        continue;
      }
      if (found != nullptr) return nullptr;
      found = &place;
    }
    return found;
  }

  [[nodiscard]] const Place* most_alike(const Accessor& accessor,
                                        const std::vector<Place>& places) const {
    const Place* best = nullptr;
    double best_likeness = kAlike;
    for (const Place& place : places) {
      if (place.is_embedded || is_in_local_type(accessor, place.name)) continue;
      const double by_name = likeness(accessor.name, place.name);
      if (by_name < kAlike) continue;
      const double alike = by_name + (is_compatible(accessor, place.type) ? kSameType : kOtherType);
      if (alike > best_likeness) {
        best_likeness = alike;
        best = &place;
      }
    }
    return best;
  }

  [[nodiscard]] bool is_in_local_type(const Accessor& accessor, std::string_view name) const {
    return std::ranges::any_of(
        BtfView::members(local_.type(accessor.type_id)),
        [&](const btf::Member& member) { return local_.btf->string(member.name) == name; });
  }

  // The only new member between those that the object knows before and behind the one it misses.
  const Place* between_neighbours(std::uint32_t composite, const Accessor& accessor,
                                  const std::vector<Place>& places) const {
    const auto members = BtfView::members(local_.type(accessor.type_id));
    if (accessor.index == 0 || accessor.index + 1 >= members.size()) return nullptr;
    const std::string_view before = local_.btf->string(members[accessor.index - 1].name);
    const std::string_view behind = local_.btf->string(members[accessor.index + 1].name);
    if (before.empty() || behind.empty()) return nullptr;
    const auto there = BtfView::members(kernel_.type(composite));
    const auto name_is = [&](std::string_view name) {
      return [this, name](const btf::Member& m) { return kernel_.btf->string(m.name) == name; };
    };
    const auto first = std::ranges::find_if(there, name_is(before));
    const auto last = std::ranges::find_if(there, name_is(behind));
    if (first == there.end() || last == there.end() || last - first != 2) return nullptr;
    return new_member(*(first + 1), accessor, places);
  }

  // A new member right behind the one that the object knows before the missing one, at the very
  // offset, of the same type, and with a word of its name: nr_running → nr_queued.
  const Place* at_same_place(std::uint32_t composite, const Accessor& accessor,
                             const std::vector<Place>& places) const {
    const btf::Type& local = local_.type(accessor.type_id);
    const auto members = BtfView::members(local);
    if (accessor.index == 0) return nullptr;
    const std::string_view before = local_.btf->string(members[accessor.index - 1].name);
    const btf::Type& t = kernel_.type(composite);
    const auto there = BtfView::members(t);
    const auto first = std::ranges::find_if(there, [&](const btf::Member& member) {
      return !before.empty() && kernel_.btf->string(member.name) == before;
    });
    if (first == there.end() || first + 1 == there.end()) return nullptr;
    const MemberPlace wanted = place_of(local, members[accessor.index]);
    const MemberPlace found = place_of(t, *(first + 1));
    if (wanted.bit_offset != found.bit_offset || wanted.bitfield_size != found.bitfield_size ||
        !is_compatible(accessor, (first + 1)->type) ||
        !share_a_word(accessor.name, kernel_.btf->string((first + 1)->name))) {
      return nullptr;
    }
    return new_member(*(first + 1), accessor, places);
  }

  // The place of a member, unless the object knows it too.
  const Place* new_member(const btf::Member& member, const Accessor& accessor,
                          const std::vector<Place>& places) const {
    const std::string_view name = kernel_.btf->string(member.name);
    if (name.empty() || is_in_local_type(accessor, name)) return nullptr;
    const auto place = std::ranges::find_if(
        places, [&](const Place& p) { return !p.is_embedded && p.name == name; });
    return place == places.end() ? nullptr : &*place;
  }

  const TypeSpace& local_;
  const LocalSpec& spec_;
  const TypeSpace& kernel_;
  std::uint32_t root_ = 0;
  std::string path_;  // as far as it could be followed
};

}  // namespace

Explanation explain_missing(const TypeSpace& local, const DistinctRelocation& relocation,
                            const TypeSpace& kernel, std::span<const std::uint32_t> candidates) {
  Explainer explainer(local, relocation.spec, kernel);
  if (candidates.empty()) return explainer.missing_type();
  return is_enumval_based(relocation.spec.kind) ? explainer.missing_enumerator(candidates.front())
                                                : explainer.missing_field(candidates.front());
}

}  // namespace btfbatch
