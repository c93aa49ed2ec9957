#include "core/relocation/compare.h"

#include <algorithm>
#include <string_view>

#include "core/relocation/names.h"

namespace btfbatch {
namespace {

constexpr int kMaxDepth = 32;   // steps through pointers and arrays in a row
constexpr int kMaxLevels = 32;  // function prototypes and structs within each other

using btf::Kind;

// Both sides behind their typedefs and modifiers.
struct Pair {
  std::uint32_t local_id;
  std::uint32_t target_id;
  const btf::Type* local;
  const btf::Type* target;
};

std::optional<Pair> skip_both(const TypeSpace& local, std::uint32_t local_id,
                              const TypeSpace& target, std::uint32_t target_id) {
  const auto l = skip_modifiers_and_typedefs(*local.btf, local_id);
  const auto t = skip_modifiers_and_typedefs(*target.btf, target_id);
  if (!l || !t) return std::nullopt;
  return Pair{*l, *t, &local.type(*l), &target.type(*t)};
}

Compared to_compared(bool yes) {
  return yes ? Compared::kYes : Compared::kNo;
}

// Integers with an offset are bitfields of long ago.
Compared ints_are_plain(const Pair& pair) {
  return to_compared(btf::int_offset(BtfView::int_word(*pair.local)) == 0 &&
                     btf::int_offset(BtfView::int_word(*pair.target)) == 0);
}

Compared are_compatible(const TypeSpace& local, std::uint32_t local_id, const TypeSpace& target,
                        std::uint32_t target_id, int level, Steps& steps) {
  if (kind_class(local.type(local_id).kind()) != kind_class(target.type(target_id).kind())) {
    return Compared::kNo;
  }
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const auto pair = skip_both(local, local_id, target, target_id);
    if (!pair) return Compared::kRefused;
    if (kind_class(pair->local->kind()) != kind_class(pair->target->kind())) return Compared::kNo;
    switch (pair->local->kind()) {
      case Kind::kVoid:
      case Kind::kStruct:
      case Kind::kUnion:
      case Kind::kEnum:
      case Kind::kEnum64:
      case Kind::kFwd:
        return Compared::kYes;
      case Kind::kInt:
        return ints_are_plain(*pair);
      case Kind::kPtr:
        local_id = pair->local->size_or_type;
        target_id = pair->target->size_or_type;
        continue;
      case Kind::kArray:
        local_id = BtfView::array(*pair->local).type;
        target_id = BtfView::array(*pair->target).type;
        continue;
      case Kind::kFuncProto: {
        const auto local_parameters = BtfView::parameters(*pair->local);
        const auto target_parameters = BtfView::parameters(*pair->target);
        if (local_parameters.size() != target_parameters.size()) return Compared::kNo;
        for (std::size_t i = 0; i < local_parameters.size(); ++i) {
          if (level <= 0 || !steps.take()) return Compared::kRefused;
          const auto parameter =
              skip_both(local, local_parameters[i].type, target, target_parameters[i].type);
          if (!parameter) return Compared::kRefused;
          const Compared compared = are_compatible(local, parameter->local_id, target,
                                                   parameter->target_id, level - 1, steps);
          if (compared != Compared::kYes) return compared;
        }
        local_id = pair->local->size_or_type;
        target_id = pair->target->size_or_type;
        continue;
      }
      default:
        return Compared::kNo;
    }
  }
  return Compared::kRefused;
}

bool names_match(std::string_view local, std::string_view target) {
  if (target.empty()) return local.empty();
  return essential_name(local) == essential_name(target);
}

// Enumerators by name, not by value.
template <class Local, class Target>
Compared enumerators_match(const TypeSpace& local, std::span<const Local> wanted,
                           const TypeSpace& target, std::span<const Target> given, Steps& steps) {
  for (const Local& w : wanted) {
    bool found = false;
    for (const Target& g : given) {
      if (!steps.take()) return Compared::kRefused;
      found = names_match(local.btf->string(w.name), target.btf->string(g.name));
      if (found) break;
    }
    if (!found) return Compared::kNo;
  }
  return Compared::kYes;
}

Compared enums_match(const TypeSpace& local, const btf::Type& l, const TypeSpace& target,
                     const btf::Type& t, Steps& steps) {
  if (l.size_or_type != t.size_or_type || l.vlen() > t.vlen()) return Compared::kNo;
  const auto against = [&](auto wanted) {
    return t.kind() == Kind::kEnum
               ? enumerators_match(local, wanted, target, BtfView::enumerators(t), steps)
               : enumerators_match(local, wanted, target, BtfView::enumerators64(t), steps);
  };
  return l.kind() == Kind::kEnum ? against(BtfView::enumerators(l))
                                 : against(BtfView::enumerators64(l));
}

// A forward declaration's kind_flag says what it declares: 0 a struct, 1 a union.
bool declares(const btf::Type& forward, Kind composite) {
  return (forward.kind_flag() ? Kind::kUnion : Kind::kStruct) == composite;
}

Compared match(const TypeSpace& local, std::uint32_t local_id, const TypeSpace& target,
               std::uint32_t target_id, bool behind_pointer, int level, Steps& steps);

Compared composites_match(const TypeSpace& local, const btf::Type& l, const TypeSpace& target,
                          const btf::Type& t, int level, Steps& steps) {
  if (l.vlen() > t.vlen()) return Compared::kNo;
  for (const btf::Member& wanted : BtfView::members(l)) {
    bool found = false;
    for (const btf::Member& given : BtfView::members(t)) {
      if (!steps.take()) return Compared::kRefused;
      if (!names_match(local.btf->string(wanted.name), target.btf->string(given.name))) continue;
      const Compared compared =
          match(local, wanted.type, target, given.type, false, level - 1, steps);
      if (compared == Compared::kRefused) return compared;
      if (compared == Compared::kYes) {
        found = true;
        break;
      }
    }
    if (!found) return Compared::kNo;
  }
  return Compared::kYes;
}

Compared match(const TypeSpace& local, std::uint32_t local_id, const TypeSpace& target,
               std::uint32_t target_id, bool behind_pointer, int level, Steps& steps) {
  if (level <= 0) return Compared::kRefused;
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const auto pair = skip_both(local, local_id, target, target_id);
    if (!pair) return Compared::kRefused;
    const btf::Type& l = *pair->local;
    const btf::Type& t = *pair->target;
    if (!names_match(local.name_of(l), target.name_of(t))) return Compared::kNo;
    switch (l.kind()) {
      case Kind::kVoid:
        return to_compared(t.kind() == Kind::kVoid);
      case Kind::kFwd:
        if (t.kind() == Kind::kFwd) return to_compared(l.kind_flag() == t.kind_flag());
        return to_compared(behind_pointer && declares(l, t.kind()));
      case Kind::kEnum:
      case Kind::kEnum64:
        if (!is_any_enum(t.kind())) return Compared::kNo;
        return enums_match(local, l, target, t, steps);
      case Kind::kStruct:
      case Kind::kUnion:
        if (behind_pointer) {
          return to_compared(l.kind() == t.kind() ||
                             (t.kind() == Kind::kFwd && declares(t, l.kind())));
        }
        if (l.kind() != t.kind()) return Compared::kNo;
        return composites_match(local, l, target, t, level, steps);
      case Kind::kInt:
        return to_compared(t.kind() == Kind::kInt && l.size_or_type == t.size_or_type &&
                           btf::int_is_signed(BtfView::int_word(l)) ==
                               btf::int_is_signed(BtfView::int_word(t)));
      case Kind::kPtr:
        if (t.kind() != Kind::kPtr) return Compared::kNo;
        behind_pointer = true;
        local_id = l.size_or_type;
        target_id = t.size_or_type;
        continue;
      case Kind::kArray:
        if (t.kind() != Kind::kArray ||
            BtfView::array(l).element_count != BtfView::array(t).element_count) {
          return Compared::kNo;
        }
        local_id = BtfView::array(l).type;
        target_id = BtfView::array(t).type;
        continue;
      case Kind::kFuncProto: {
        if (t.kind() != Kind::kFuncProto || l.vlen() != t.vlen()) return Compared::kNo;
        for (std::uint32_t i = 0; i < l.vlen(); ++i) {
          if (!steps.take()) return Compared::kRefused;
          const Compared compared =
              match(local, BtfView::parameters(l)[i].type, target, BtfView::parameters(t)[i].type,
                    behind_pointer, level - 1, steps);
          if (compared != Compared::kYes) return compared;
        }
        local_id = l.size_or_type;
        target_id = t.size_or_type;
        continue;
      }
      default:
        return Compared::kNo;
    }
  }
  return Compared::kRefused;
}

}  // namespace

Compared fields_are_compatible(const TypeSpace& local, std::uint32_t local_id,
                               const TypeSpace& target, std::uint32_t target_id) {
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const auto pair = skip_both(local, local_id, target, target_id);
    if (!pair) return Compared::kRefused;
    const Kind local_kind = pair->local->kind();
    const Kind target_kind = pair->target->kind();
    if (is_composite(local_kind) && is_composite(target_kind)) return Compared::kYes;
    if (kind_class(local_kind) != kind_class(target_kind)) return Compared::kNo;
    switch (local_kind) {
      case Kind::kPtr:
      case Kind::kFloat:
        return Compared::kYes;
      case Kind::kFwd:
      case Kind::kEnum:
      case Kind::kEnum64: {
        const auto local_name = essential_name(local.name_of(*pair->local));
        const auto target_name = essential_name(target.name_of(*pair->target));
        return to_compared(local_name.empty() || target_name.empty() || local_name == target_name);
      }
      case Kind::kInt:
        return ints_are_plain(*pair);
      case Kind::kArray:
        local_id = BtfView::array(*pair->local).type;
        target_id = BtfView::array(*pair->target).type;
        continue;
      default:
        return Compared::kNo;
    }
  }
  return Compared::kRefused;
}

Compared types_are_compatible(const TypeSpace& local, std::uint32_t local_id,
                              const TypeSpace& target, std::uint32_t target_id, Steps& steps) {
  return are_compatible(local, local_id, target, target_id, kMaxLevels, steps);
}

Compared types_match(const TypeSpace& local, std::uint32_t local_id, const TypeSpace& target,
                     std::uint32_t target_id, Steps& steps) {
  return match(local, local_id, target, target_id, false, kMaxLevels, steps);
}

}  // namespace btfbatch
