#include "core/minimize/marks.h"

#include <algorithm>

#include "core/relocation/types.h"

namespace btfbatch {

using btf::Kind;

namespace {

// Real kernels keep some hundred members; so many that duplicates are worth removing on the way are
// only had by hostile ones, whose types match each question anew.
constexpr std::size_t kMinMembersToSort = 1U << 20;

void sort_members(std::vector<std::pair<std::uint32_t, std::uint32_t>>& members) {
  std::ranges::sort(members);
  members.erase(std::ranges::unique(members).begin(), members.end());
}

}  // namespace

bool Marks::keep(RelocationKind kind, const TargetSpec& place) {
  if (is_field_based(kind)) return keep_field(place);
  switch (kind) {
    case RelocationKind::kTypeMatches:
      mark(place.root_type, kMatch);
      break;
    case RelocationKind::kEnumvalExists:
    case RelocationKind::kEnumvalValue:
      mark(place.root_type, kPlain);
      break;
    default:
      mark(place.root_type, kThroughPointers);
  }
  return true;
}

bool Marks::keep_field(const TargetSpec& place) {
  std::uint32_t type_id = place.root_type;
  mark(type_id, kPlain);
  for (std::uint32_t i = 1; i < place.raw_length; ++i) {
    const auto behind = skip_modifiers_and_typedefs(kernel_, type_id);
    if (!behind) return false;
    type_id = *behind;
    const btf::Type& t = kernel_.type(type_id);
    if (is_composite(t.kind())) {
      const std::uint32_t index = place.raw[i];
      if (index >= t.vlen()) return false;
      keep_member(type_id, index);
      type_id = BtfView::members(t)[index].type;
      mark(type_id, kPlain);
    } else if (t.kind() == Kind::kArray) {
      type_id = BtfView::array(t).type;
    } else {
      return false;
    }
  }
  return true;
}

void Marks::push(std::uint32_t type_id, Way way) {
  std::uint8_t& state = states_[type_id];
  if (type_id == 0 || (state & way) != 0) return;
  if (state == 0) types_.push_back(type_id);
  state |= way;
  pending_.emplace_back(type_id, way);
}

void Marks::mark(std::uint32_t type_id, Way way) {
  push(type_id, way);
  while (!pending_.empty()) {
    const auto [id, how] = pending_.back();
    pending_.pop_back();
    if (how == kMatch || how == kMatchBehindPointer) {
      mark_match_next(kernel_.type(id), id, how);
    } else {
      mark_next(kernel_.type(id), how);
    }
  }
}

void Marks::mark_next(const btf::Type& t, Way way) {
  switch (t.kind()) {
    case Kind::kPtr:
      if (way == kThroughPointers) push(t.size_or_type, way);
      break;
    case Kind::kConst:
    case Kind::kRestrict:
    case Kind::kVolatile:
    case Kind::kTypedef:
    case Kind::kTypeTag:
    case Kind::kDeclTag:
    case Kind::kVar:
    case Kind::kFunc:
      push(t.size_or_type, way);
      break;
    case Kind::kArray:
      push(BtfView::array(t).type, way);
      push(BtfView::array(t).index_type, way);
      break;
    case Kind::kFuncProto:
      push(t.size_or_type, way);
      for (const btf::Parameter& parameter : BtfView::parameters(t)) push(parameter.type, way);
      break;
    default:
      break;
  }
}

void Marks::mark_match_next(const btf::Type& t, std::uint32_t type_id, Way way) {
  switch (t.kind()) {
    case Kind::kStruct:
    case Kind::kUnion:
      if (way == kMatchBehindPointer) break;
      for (std::uint32_t i = 0; i < t.vlen(); ++i) {
        keep_member(type_id, i);
        push(BtfView::members(t)[i].type, kMatch);
      }
      break;
    case Kind::kConst:
    case Kind::kRestrict:
    case Kind::kVolatile:
    case Kind::kTypedef:
    case Kind::kTypeTag:
      push(t.size_or_type, way);
      break;
    case Kind::kPtr:
      push(t.size_or_type, kMatchBehindPointer);
      break;
    case Kind::kArray:
      push(BtfView::array(t).type, kMatch);
      push(BtfView::array(t).index_type, kMatch);
      break;
    case Kind::kFuncProto:
      push(t.size_or_type, kMatch);
      for (const btf::Parameter& parameter : BtfView::parameters(t)) push(parameter.type, kMatch);
      break;
    default:
      break;
  }
}

void Marks::keep_member(std::uint32_t type_id, std::uint32_t index) {
  members_.emplace_back(type_id, index);
  if (members_.size() < 2 * distinct_members_ + kMinMembersToSort) return;
  sort_members(members_);
  distinct_members_ = members_.size();
}

std::vector<std::uint32_t> Marks::types() const {
  auto sorted = types_;
  std::ranges::sort(sorted);
  return sorted;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> Marks::members() const {
  auto sorted = members_;
  sort_members(sorted);
  return sorted;
}

}  // namespace btfbatch
