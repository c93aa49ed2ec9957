#include "core/relocation/question_key.h"

#include <fmt/format.h>

#include "core/relocation/names.h"

namespace btfbatch {
namespace {

constexpr int kMaxDepth = 64;                    // a little more than libbpf's rules go
constexpr std::size_t kMaxKeySize = 256U << 10;  // bytes; structs within each other can grow fast

// Names go in with their length, so that no name can be taken for structure.
void append_name(std::string& key, std::string_view name) {
  const auto essential = essential_name(name);
  key += fmt::format("{}:{}", essential.size(), essential);
}

void append_kind(std::string& key, btf::Kind kind) {
  key += static_cast<char>('a' + static_cast<int>(kind_class(kind)));
}

// Appends what one of the comparisons sees of a type. `failed` is set for good where that is too
// much.
class KeyWriter {
 public:
  KeyWriter(const TypeSpace& space, std::string& key) : space_(space), key_(key) {}

  [[nodiscard]] bool failed() const { return failed_; }

  // Whether nothing more can be appended; a key that grew too large has failed.
  [[nodiscard]] bool is_full() {
    failed_ = failed_ || key_.size() > kMaxKeySize;
    return failed_;
  }

  // What fields_are_compatible sees.
  void append_field(std::uint32_t id) {
    for (int depth = 0; depth < kMaxDepth; ++depth) {
      const btf::Type* t = behind_modifiers(id);
      if (t == nullptr) return;
      if (is_composite(t->kind())) {
        key_ += 'S';
        return;
      }
      append_kind(key_, t->kind());
      switch (t->kind()) {
        case btf::Kind::kFwd:
        case btf::Kind::kEnum:
        case btf::Kind::kEnum64:
          append_name(key_, space_.name_of(*t));
          return;
        case btf::Kind::kInt:
          append_int_offset(*t);
          return;
        case btf::Kind::kArray:
          id = BtfView::array(*t).type;
          continue;
        default:
          return;
      }
    }
    failed_ = true;
  }

  // What types_are_compatible sees.
  void append_type(std::uint32_t id, int depth = 0) {
    const btf::Type* t = enter(id, depth);
    if (t == nullptr) return;
    append_kind(key_, t->kind());
    switch (t->kind()) {
      case btf::Kind::kInt:
        append_int_offset(*t);
        break;
      case btf::Kind::kPtr:
        append_type(t->size_or_type, depth + 1);
        break;
      case btf::Kind::kArray:
        append_type(BtfView::array(*t).type, depth + 1);
        break;
      case btf::Kind::kFuncProto:
        key_ += fmt::format("{}", t->vlen());
        for (const btf::Parameter& p : BtfView::parameters(*t)) append_type(p.type, depth + 1);
        append_type(t->size_or_type, depth + 1);
        break;
      default:
        break;
    }
  }

  // What types_match sees.
  void append_match(std::uint32_t id, bool behind_pointer, int depth = 0) {
    const btf::Type* t = enter(id, depth);
    if (t == nullptr) return;
    append_kind(key_, t->kind());
    append_name(key_, space_.name_of(*t));
    switch (t->kind()) {
      case btf::Kind::kFwd:
        key_ += t->kind_flag() ? 'u' : 's';
        break;
      case btf::Kind::kEnum:
        append_enumerators(*t, BtfView::enumerators(*t));
        break;
      case btf::Kind::kEnum64:
        append_enumerators(*t, BtfView::enumerators64(*t));
        break;
      case btf::Kind::kStruct:
      case btf::Kind::kUnion:
        if (behind_pointer) break;
        key_ += fmt::format("{}", t->vlen());
        for (const btf::Member& member : BtfView::members(*t)) {
          if (is_full()) return;
          append_name(key_, space_.btf->string(member.name));
          append_match(member.type, false, depth + 1);
        }
        break;
      case btf::Kind::kInt:
        key_ += fmt::format("{}{}", t->size_or_type,
                            btf::int_is_signed(BtfView::int_word(*t)) ? 's' : 'u');
        break;
      case btf::Kind::kPtr:
        append_match(t->size_or_type, true, depth + 1);
        break;
      case btf::Kind::kArray:
        key_ += fmt::format("{}", BtfView::array(*t).element_count);
        append_match(BtfView::array(*t).type, behind_pointer, depth + 1);
        break;
      case btf::Kind::kFuncProto:
        key_ += fmt::format("{}", t->vlen());
        for (const btf::Parameter& p : BtfView::parameters(*t)) {
          append_match(p.type, behind_pointer, depth + 1);
        }
        append_match(t->size_or_type, behind_pointer, depth + 1);
        break;
      default:
        break;
    }
  }

 private:
  const btf::Type* behind_modifiers(std::uint32_t id) {
    const auto behind = skip_modifiers_and_typedefs(*space_.btf, id);
    if (!behind) failed_ = true;
    return behind ? &space_.type(*behind) : nullptr;
  }

  const btf::Type* enter(std::uint32_t id, int depth) {
    if (depth == kMaxDepth) failed_ = true;
    return is_full() ? nullptr : behind_modifiers(id);
  }

  void append_int_offset(const btf::Type& t) {
    key_ += btf::int_offset(BtfView::int_word(t)) == 0 ? '0' : '1';
  }

  template <class Enumerator>
  void append_enumerators(const btf::Type& t, std::span<const Enumerator> enumerators) {
    key_ += fmt::format("{}/{}", t.size_or_type, enumerators.size());
    for (const Enumerator& e : enumerators) {
      if (is_full()) return;
      append_name(key_, space_.btf->string(e.name));
    }
  }

  const TypeSpace& space_;
  std::string& key_;
  bool failed_ = false;
};

}  // namespace

Result<std::string> question_key(const TypeSpace& space, const LocalSpec& spec) {
  std::string key = fmt::format("{}|", relocation_kind_name(spec.kind));
  const btf::Type& root = space.type(spec.root_type);
  append_kind(key, root.kind());
  append_name(key, space.name_of(root));
  key += '|';

  KeyWriter writer(space, key);
  if (spec.kind == RelocationKind::kTypeMatches) {
    writer.append_match(spec.root_type, false);
  } else if (is_type_based(spec.kind)) {
    writer.append_type(spec.root_type);
  } else if (is_enumval_based(spec.kind)) {
    append_name(key, spec.accessors.front().name);
  } else {
    for (const Accessor& accessor : spec.accessors) {
      if (writer.is_full()) break;
      if (accessor.name) {
        const btf::Type& composite = space.type(accessor.type_id);
        key += fmt::format(".{}:{} ", std::string_view(accessor.name).size(), accessor.name);
        writer.append_field(BtfView::members(composite)[accessor.index].type);
      } else {
        key += fmt::format("[{}]", accessor.index);
      }
    }
  }
  if (writer.failed()) return fail("its types nest deeper than libbpf follows");
  return key;
}

}  // namespace btfbatch
