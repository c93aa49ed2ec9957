#include "core/report/joined_paths.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "core/program/origins.h"
#include "core/relocation/access_spec.h"
#include "core/relocation/names.h"

namespace btfbatch {
namespace {

// Real paths go through six pointers and have a hundred bytes.
constexpr std::size_t kMostPointers = 16;
constexpr std::size_t kLongest = 1024;  // bytes

// The struct or union to which a field points; 0 where it is no such pointer. A field that lies in
// an anonymous member is none either: the accessor is that of a struct then.
std::uint32_t pointee_of(const TypeSpace& space, const LocalSpec& spec) {
  if (spec.accessors.empty()) return 0;
  const Accessor& last = spec.accessors.back();
  std::uint32_t id = last.type_id;
  if (last.name != nullptr) id = BtfView::members(space.type(id))[last.index].type;
  const auto pointer = skip_modifiers_and_typedefs(*space.btf, id);
  if (!pointer || space.type(*pointer).kind() != btf::Kind::kPtr) return 0;
  return skip_modifiers_and_typedefs(*space.btf, space.type(*pointer).size_or_type).value_or(0);
}

// A forward declaration stands for what it declares.
std::optional<btf::Kind> composite_kind_of(const btf::Type& t) {
  if (is_composite(t.kind())) return t.kind();
  if (t.kind() != btf::Kind::kFwd) return std::nullopt;
  return t.kind_flag() ? btf::Kind::kUnion : btf::Kind::kStruct;
}

// Joins the paths of one object, each once.
class Joiner {
 public:
  Joiner(std::span<const Relocation> relocations, const TypeSpace& space,
         const std::vector<std::uint32_t>& origins)
      : relocations_(relocations), space_(space), origins_(origins), paths_(relocations.size()) {}

  std::vector<std::string> join_all() {
    std::vector<std::string> joined(relocations_.size());
    for (std::uint32_t i = 0; i < joined.size(); ++i) {
      if (origins_[i] == kNoOrigin) continue;
      const Path& path = path_of(i);
      if (path.pointers > 0) joined[i] = path.text;
    }
    return joined;
  }

 private:
  struct Path {
    bool is_known = false;
    std::string text;          // as far back as it goes
    std::size_t pointers = 0;  // that it goes through
    std::uint32_t pointee = 0;
  };

  // Origins are in no circle, and end before the stack does.
  const Path& path_of(std::uint32_t relocation) {
    std::vector<std::uint32_t> chain;
    for (std::uint32_t at = relocation; at != kNoOrigin && !paths_[at].is_known;
         at = origins_[at]) {
      chain.push_back(at);
    }
    for (; !chain.empty(); chain.pop_back()) find_path(chain.back());
    return paths_[relocation];
  }

  void find_path(std::uint32_t relocation) {
    Path& path = paths_[relocation];
    path.is_known = true;
    const auto spec = parse_local_spec(space_, relocations_[relocation]);
    if (!spec) return;
    path.text = format_local_spec(space_, *spec);
    path.pointee = pointee_of(space_, *spec);
    if (origins_[relocation] == kNoOrigin) return;
    const Path& before = paths_[origins_[relocation]];
    const auto base = as_base_of(before, *spec);
    std::string steps = format_steps(*spec);
    if (!base || steps.empty() || before.pointers == kMostPointers) return;
    if (steps.front() == '.') steps.replace(0, 1, "->");
    if (base->size() + steps.size() > kLongest) return;
    path.text = *base + steps;
    path.pointers = before.pointers + 1;
  }

  // The pointer, cast where it points to another flavor of what the next path starts from; nothing
  // where it points to anything else.
  [[nodiscard]] std::optional<std::string> as_base_of(const Path& pointer,
                                                      const LocalSpec& next) const {
    const auto root = skip_modifiers_and_typedefs(*space_.btf, next.root_type);
    if (!root || pointer.pointee == 0) return std::nullopt;
    if (*root == pointer.pointee) return pointer.text;
    const btf::Type& wanted = space_.type(*root);
    const btf::Type& pointee = space_.type(pointer.pointee);
    const std::string_view name = space_.name_of(wanted);
    const std::string_view pointee_name = space_.name_of(pointee);
    const auto kind = composite_kind_of(wanted);
    if (!kind || kind != composite_kind_of(pointee) || name.empty() ||
        essential_name(name) != essential_name(pointee_name)) {
      return std::nullopt;
    }
    return name == pointee_name ? pointer.text : fmt::format("(({} *){})", name, pointer.text);
  }

  std::span<const Relocation> relocations_;
  const TypeSpace& space_;
  const std::vector<std::uint32_t>& origins_;
  std::vector<Path> paths_;
};

}  // namespace

std::vector<std::string> joined_paths(const ObjectCode& code,
                                      std::span<const Relocation> relocations,
                                      const TypeSpace& space) {
  const std::vector<std::uint32_t> origins = find_origins(code, relocations);
  return Joiner(relocations, space, origins).join_all();
}

}  // namespace btfbatch
