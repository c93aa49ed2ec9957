#include "core/relocation/access_spec.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>

namespace btfbatch {
namespace {

// "0:1:2" → {0, 1, 2}
Result<std::vector<std::uint32_t>> parse_access_string(const std::string& access) {
  std::vector<std::uint32_t> raw;
  const char* at = access.data();
  const char* const end = at + access.size();
  while (true) {
    std::uint32_t number = 0;
    const auto [behind, error] = std::from_chars(at, end, number);
    if (error != std::errc{} || number > std::numeric_limits<std::int32_t>::max()) {
      return fail(fmt::format("access string '{}' is not a list of numbers like 0:1:2", access));
    }
    if (raw.size() == kMaxSpecLength) {
      return fail(fmt::format("access string '{}' has more than {} parts", access, kMaxSpecLength));
    }
    raw.push_back(number);
    if (behind == end) return raw;
    if (*behind != ':') {
      return fail(fmt::format("access string '{}' is not a list of numbers like 0:1:2", access));
    }
    at = behind + 1;
  }
}

// Builds a LocalSpec step by step, keeping the type ID at which it stands.
class SpecParser {
 public:
  SpecParser(const TypeSpace& local, const Relocation& relocation, LocalSpec& spec)
      : local_(local), relocation_(relocation), spec_(spec) {}

  Result<void> parse(const std::vector<std::uint32_t>& raw) {
    const auto root = skip_modifiers_and_typedefs(*local_.btf, relocation_.local_type);
    if (!root) return refuse("its typedefs lead nowhere");
    id_ = *root;
    if (is_enumval_based(spec_.kind)) return take_enumerator(raw);
    if (auto ok = take_element(raw[0]); !ok) return ok;
    for (std::size_t i = 1; i < raw.size(); ++i) {
      if (auto ok = take_step(raw[i]); !ok) return ok;
    }
    return {};
  }

 private:
  [[nodiscard]] std::unexpected<Error> refuse(std::string_view reason) const {
    return fail(fmt::format("access string '{}': {}", relocation_.access, reason));
  }

  Result<void> take_enumerator(const std::vector<std::uint32_t>& raw) {
    const btf::Type& t = local_.type(id_);
    if (!is_any_enum(t.kind())) return refuse("does not name an enumerator of an enum");
    if (raw.size() != 1 || raw[0] >= t.vlen()) return refuse("names no enumerator of its enum");
    const std::uint32_t name = t.kind() == btf::Kind::kEnum
                                   ? BtfView::enumerators(t)[raw[0]].name
                                   : BtfView::enumerators64(t)[raw[0]].name;
    spec_.accessors.push_back({id_, raw[0], local_.btf->string(name)});
    return {};
  }

  // Element `index` of an array whose elements are of the type at which we stand; also the first
  // step of every field access, since &s->a is &s[0].a.
  Result<void> take_element(std::uint32_t index) {
    const auto size = resolve_size(local_, id_);
    if (!size) return refuse("its type has no size");
    spec_.accessors.push_back({id_, index, nullptr});
    spec_.bit_offset += index * *size * 8;
    return {};
  }

  Result<void> take_step(std::uint32_t index) {
    const auto id = skip_modifiers_and_typedefs(*local_.btf, id_);
    if (!id) return refuse("its typedefs lead nowhere");
    id_ = *id;
    const btf::Type& t = local_.type(id_);
    if (is_composite(t.kind())) return take_member(t, index);
    if (t.kind() != btf::Kind::kArray) {
      return refuse(fmt::format("steps into a {}", btf::kind_name(t.kind())));
    }
    const btf::Array& array = BtfView::array(t);
    const Accessor& before = spec_.accessors.back();
    const auto enclosing = before.name ? std::optional(before.type_id) : std::nullopt;
    if (!index_is_valid(local_, array, index, enclosing, before.index)) {
      return refuse(fmt::format("element {} of an array of {}", index, array.element_count));
    }
    const auto element = skip_modifiers_and_typedefs(*local_.btf, array.type);
    if (!element) return refuse("its typedefs lead nowhere");
    id_ = *element;
    return take_element(index);
  }

  Result<void> take_member(const btf::Type& t, std::uint32_t index) {
    if (index >= t.vlen()) {
      return refuse(
          fmt::format("member {} of a {} with {}", index, btf::kind_name(t.kind()), t.vlen()));
    }
    const btf::Member& member = BtfView::members(t)[index];
    spec_.bit_offset += place_of(t, member).bit_offset;
    const char* name = local_.btf->string(member.name);
    if (*name != '\0') spec_.accessors.push_back({id_, index, name});
    id_ = member.type;
    return {};
  }

  const TypeSpace& local_;
  const Relocation& relocation_;
  LocalSpec& spec_;
  std::uint32_t id_ = 0;
};

}  // namespace

void TargetSpec::reset(std::uint32_t root) {
  root_type = root;
  bit_offset = 0;
  length = 0;
  raw_length = 0;
}

Result<LocalSpec> parse_local_spec(const TypeSpace& local, const Relocation& relocation) {
  LocalSpec spec{.kind = relocation.kind,
                 .root_type = relocation.local_type,
                 .accessors = {},
                 .bit_offset = 0};
  if (is_type_based(relocation.kind)) {
    if (relocation.access != "0") {
      return fail(fmt::format("access string '{}' of a type is not '0'", relocation.access));
    }
    return spec;
  }
  const auto raw = parse_access_string(relocation.access);
  if (!raw) return std::unexpected(raw.error());
  if (auto ok = SpecParser(local, relocation, spec).parse(*raw); !ok) {
    return std::unexpected(std::move(ok).error());
  }
  return spec;
}

std::string format_local_spec(const TypeSpace& local, const LocalSpec& spec) {
  std::string text = local.name_of(local.type(spec.root_type));
  if (text.empty()) text = "(anonymous)";
  if (is_enumval_based(spec.kind)) return text + "::" + spec.accessors.front().name;
  return text + format_steps(spec);
}

std::string format_steps(const LocalSpec& spec) {
  std::string text;
  for (std::size_t i = 0; i < spec.accessors.size(); ++i) {
    const Accessor& accessor = spec.accessors[i];
    if (accessor.name) {
      text += '.';
      text += accessor.name;
    } else if (i > 0 || accessor.index > 0) {
      text += fmt::format("[{}]", accessor.index);
    }
  }
  return text;
}

}  // namespace btfbatch
