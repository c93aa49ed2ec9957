#include "core/relocation/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/relocation/names.h"
#include "core/relocation/value.h"

namespace btfbatch {
namespace {

constexpr int kMaxKeyDepth = 40;  // deeper than libbpf compares

// Writes down all that libbpf's comparisons see of a local type. A type that is too deep to be
// written down gets a key of its own, and so is never taken for another.
class TypeKey {
 public:
  TypeKey(const TypeSpace& space, std::uint32_t object) : space_(space), object_(object) {}

  // All that fields_are_compatible sees.
  std::string of_field(std::uint32_t id) {
    std::string key;
    for (int depth = 0; depth < kMaxKeyDepth; ++depth) {
      const auto behind = skip_modifiers_and_typedefs(*space_.btf, id);
      if (!behind) break;
      const btf::Type& t = space_.type(*behind);
      switch (t.kind()) {
        case btf::Kind::kStruct:
        case btf::Kind::kUnion:
          return key + 'S';
        case btf::Kind::kFwd:
        case btf::Kind::kEnum:
        case btf::Kind::kEnum64:
          return key + kind_letter(t.kind()) + std::string(essential_name(space_.name_of(t)));
        case btf::Kind::kInt:
          return key + int_letter(t);
        case btf::Kind::kArray:
          key += 'A';
          id = BtfView::array(t).type;
          continue;
        default:
          return key + kind_letter(t.kind());
      }
    }
    return unique(id);
  }

  // All that types_are_compatible sees.
  std::string of_type(std::uint32_t id, int depth = 0) {
    const auto behind = skip_modifiers_and_typedefs(*space_.btf, id);
    if (!behind || depth == kMaxKeyDepth) return unique(id);
    const btf::Type& t = space_.type(*behind);
    switch (t.kind()) {
      case btf::Kind::kInt:
        return int_letter(t);
      case btf::Kind::kPtr:
        return 'P' + of_type(t.size_or_type, depth + 1);
      case btf::Kind::kArray:
        return 'A' + of_type(BtfView::array(t).type, depth + 1);
      case btf::Kind::kFuncProto: {
        std::string key = "(";
        for (const btf::Parameter& parameter : BtfView::parameters(t)) {
          key += of_type(parameter.type, depth + 1) + ',';
        }
        return key + ')' + of_type(t.size_or_type, depth + 1);
      }
      default:
        return kind_letter(t.kind());
    }
  }

  std::string unique(std::uint32_t id) const { return fmt::format("#{}:{}", object_, id); }

 private:
  static std::string kind_letter(btf::Kind kind) {
    return std::string(1, static_cast<char>('a' + static_cast<int>(kind_class(kind))));
  }
  static std::string int_letter(const btf::Type& t) {
    return btf::int_offset(BtfView::int_word(t)) == 0 ? "I" : "i";
  }

  const TypeSpace& space_;
  std::uint32_t object_;
};

std::string question_key(const TypeSpace& space, std::uint32_t object, const LocalSpec& spec,
                         std::uint32_t wanted) {
  TypeKey types(space, object);
  std::string key = fmt::format("{}|{}|", static_cast<int>(spec.kind), wanted);
  if (spec.kind == RelocationKind::kTypeMatches) return key + types.unique(spec.root_type);
  if (is_type_based(spec.kind)) return key + types.of_type(spec.root_type);
  if (is_enumval_based(spec.kind)) {
    return key + std::string(essential_name(spec.accessors.front().name));
  }
  for (const Accessor& accessor : spec.accessors) {
    if (accessor.name) {
      const btf::Type& composite = space.type(accessor.type_id);
      const btf::Member& member = BtfView::members(composite)[accessor.index];
      key += fmt::format(".{} {}", accessor.name, types.of_field(member.type));
    } else {
      key += fmt::format("[{}]", accessor.index);
    }
  }
  return key;
}

// Understands one relocation, or says why no kernel could ever answer it.
Result<LocalSpec> read_question(const TypeSpace& space, const Relocation& relocation) {
  auto spec = parse_local_spec(space, relocation);
  if (!spec) return spec;
  if (spec->kind == RelocationKind::kTypeIdLocal) return spec;
  if (*space.name_of(space.type(spec->root_type)) == '\0') {
    return fail("its type has no name, so that no candidate can be found");
  }
  const Accessor* last = spec->accessors.empty() ? nullptr : &spec->accessors.back();
  if (!relocation_value(space, spec->kind, spec->root_type, last, spec->bit_offset,
                        space.btf->was_big_endian())) {
    return fail(fmt::format("{} cannot be asked of {}", relocation_kind_name(spec->kind),
                            format_local_spec(space, *spec)));
  }
  return spec;
}

// Collects one object's sequences, by root type.
class ObjectReader {
 public:
  ObjectReader(RelocationPlan& plan, std::map<std::string, std::uint32_t>& known,
               std::uint32_t index)
      : plan_(plan), known_(known), index_(index) {}

  Result<std::map<std::uint32_t, RelocationSequence>> read(const Object& object) {
    const TypeSpace& space = plan_.spaces[index_];
    for (std::uint32_t i = 0; i < object.relocations.size(); ++i) {
      const Relocation& relocation = object.relocations[i];
      auto spec = read_question(space, relocation);
      if (!spec) {
        return fail_within(
            fmt::format("{}: section {}: relocation #{} ({})", object.name, relocation.section, i,
                        relocation_kind_name(relocation.kind)),
            std::move(spec).error());
      }
      if (spec->kind == RelocationKind::kTypeIdLocal) continue;  // asks nothing of a kernel
      add(*std::move(spec), space, i);
    }
    return std::move(sequences_);
  }

 private:
  void add(LocalSpec spec, const TypeSpace& space, std::uint32_t relocation) {
    const std::uint32_t root = spec.root_type;
    const btf::Type& root_type = space.type(root);
    const std::uint32_t wanted = plan_.wanted.add(space.name_of(root_type), root_type.kind());
    const auto [known, is_new] =
        known_.try_emplace(question_key(space, index_, spec, wanted),
                           static_cast<std::uint32_t>(plan_.distinct.size()));
    if (is_new) plan_.distinct.push_back({index_, wanted, std::move(spec)});

    RelocationSequence& sequence = sequences_[root];
    if (sequence.askers.empty()) sequence = {wanted, {}, {{index_, {}}}};
    sequence.relocations.push_back(known->second);
    sequence.askers.front().relocations.push_back(relocation);
  }

  RelocationPlan& plan_;
  std::map<std::string, std::uint32_t>& known_;
  std::uint32_t index_;
  std::map<std::uint32_t, RelocationSequence> sequences_;
};

}  // namespace

Result<RelocationPlan> RelocationPlan::make(std::span<const Object> objects) {
  RelocationPlan plan;
  std::map<std::string, std::uint32_t> known;
  std::map<std::vector<std::uint32_t>, std::size_t> known_sequences;
  for (const Object& object : objects) plan.spaces.push_back({.btf = &object.btf});
  for (std::uint32_t i = 0; i < objects.size(); ++i) {
    auto sequences = ObjectReader(plan, known, i).read(objects[i]);
    if (!sequences) return std::unexpected(std::move(sequences).error());
    for (auto& [root, sequence] : *sequences) {
      const auto [place, is_new] =
          known_sequences.try_emplace(sequence.relocations, plan.sequences.size());
      if (is_new) {
        plan.sequences.push_back(std::move(sequence));
      } else {
        plan.sequences[place->second].askers.push_back(std::move(sequence.askers.front()));
      }
    }
  }
  return plan;
}

}  // namespace btfbatch
