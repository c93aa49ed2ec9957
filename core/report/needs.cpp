#include "core/report/needs.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/elf/sections.h"
#include "core/object/btf_ext.h"
#include "core/program/code.h"
#include "core/relocation/plan.h"
#include "core/report/externs.h"
#include "core/report/joined_paths.h"
#include "core/report/kernel_btf.h"

namespace btfbatch {
namespace {

constexpr std::size_t kMaxFile = 255;  // bytes that are kept of a file's name
constexpr std::size_t kMaxText = 255;  // and of a line
// Of an object; real ones have some hundred. One function of many relocations that is called by
// many programs could have billions.
constexpr std::size_t kMaxSites = 1U << 20;

std::string_view cut(const char* text, std::size_t max) {
  std::string_view line(text, strnlen(text, max));
  const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  line.remove_prefix(begin);
  const std::size_t end = line.find_last_not_of(" \t\r\n");
  return line.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

// Line info, sorted to be searched.
class SourceLines {
 public:
  explicit SourceLines(const Object& object) {
    const auto elf = read_elf(object.bytes);
    const ElfSection* section = elf ? elf->find(".BTF.ext") : nullptr;
    if (section == nullptr) return;
    auto lines = read_line_info(section->bytes, object.btf);
    if (!lines) return;  // broken line info costs the places, and nothing else
    lines_ = *std::move(lines);
    std::ranges::stable_sort(lines_, {}, key_of);
  }

  // `begin`: of the function that holds the instruction; both are byte offsets.
  [[nodiscard]] SourcePlace find(std::string_view section, std::uint32_t begin,
                                 std::uint32_t instruction) const {
    const auto behind =
        std::ranges::upper_bound(lines_, std::pair(section, instruction), {}, key_of);
    if (behind == lines_.begin()) return {};
    const SourceLine& line = *std::prev(behind);
    if (line.section != section || line.instruction < begin) return {};
    return {.file = std::string(cut(line.file, kMaxFile)),
            .line = line.line,
            .column = line.column,
            .text = std::string(cut(line.text, kMaxText))};
  }

 private:
  static std::pair<std::string_view, std::uint32_t> key_of(const SourceLine& line) {
    return {line.section, line.instruction};
  }

  std::vector<SourceLine> lines_;
};

// Names of undefined symbols that some functions refer to.
std::vector<std::string_view> names_in(const ObjectCode& code,
                                       const std::vector<std::uint32_t>& functions) {
  std::vector<std::string_view> names;
  for (const std::uint32_t index : functions) {
    const Function& f = code.functions()[index];
    const auto& references = code.section_of(f).references;
    for (auto at = references.lower_bound(f.begin); at != references.end() && at->first < f.end;
         ++at) {
      if (!at->second.name.empty()) names.push_back(at->second.name);
    }
  }
  return names;
}

// An object's programs, and which functions each of them is made of.
class ProgramReader {
 public:
  // `code` may be nullptr: then nothing is known of what they call.
  ProgramReader(const Object& object, const ObjectCode* code, const std::vector<Extern>& externs)
      : code_(code) {
    if (code != nullptr) by_function_.resize(code->functions().size());
    for (const Program& program : object.programs) add(program, externs);
  }

  [[nodiscard]] std::vector<ProgramNeed> take() { return std::move(programs_); }
  // Indices of the programs that hold each function.
  [[nodiscard]] const std::vector<std::vector<std::uint32_t>>& by_function() const {
    return by_function_;
  }

 private:
  void add(const Program& program, const std::vector<Extern>& externs) {
    const auto index = static_cast<std::uint32_t>(programs_.size());
    std::vector<std::string_view> names;
    const auto entry =
        code_ != nullptr ? code_->find_function(program.section, program.name) : std::nullopt;
    if (entry) {
      const auto functions = code_->call_tree(*entry);
      names = names_in(*code_, functions);
      for (const std::uint32_t f : functions) by_function_[f].push_back(index);
    }
    programs_.push_back({.name = program.name,
                         .section = program.section,
                         .type = program.type,
                         .kernel_btf = kernel_btf_need(program, names, externs)});
  }

  const ObjectCode* code_;
  std::vector<ProgramNeed> programs_;
  std::vector<std::vector<std::uint32_t>> by_function_;
};

// Works out one object's needs.
class NeedsReader {
 public:
  NeedsReader(const Object& object, const TypeSpace& space)
      : object_(object), space_(space), code_(ObjectCode::read(object.bytes)), lines_(object) {}

  ObjectNeeds read() && {
    const ObjectCode* code = code_ ? &*code_ : nullptr;
    needs_.name = object_.name;
    needs_.architecture = object_.architecture;
    needs_.externs = externs_of(object_, code);
    ProgramReader programs(object_, code, needs_.externs);
    needs_.programs = programs.take();
    for (const Relocation& relocation : object_.relocations) {
      add_relocation(relocation, programs.by_function());
    }
    if (code != nullptr) join_paths(*code);
    std::ranges::sort(needs_.sites);
    return std::move(needs_);
  }

 private:
  void add_relocation(const Relocation& relocation,
                      const std::vector<std::vector<std::uint32_t>>& programs_by_function) {
    const auto index = static_cast<std::uint32_t>(needs_.relocations.size());
    RelocationNeed need{.kind = relocation.kind,
                        .path = {},
                        .joined_path = {},
                        .section = std::string(relocation.section),
                        .instruction = relocation.instruction,
                        .function = {},
                        .source = {}};
    // ObjectSet::make has understood it before.
    if (const auto spec = parse_local_spec(space_, relocation)) {
      need.path = format_local_spec(space_, *spec);
    }
    std::uint32_t begin = 0;
    std::vector<std::uint32_t> programs;
    const auto function =
        code_ ? code_->function_at(relocation.section, relocation.instruction / kInstructionSize)
              : std::nullopt;
    if (function) {
      need.function = code_->functions()[*function].name;
      begin = code_->functions()[*function].begin * kInstructionSize;
      programs = programs_by_function[*function];
    }
    need.source = lines_.find(relocation.section, begin, relocation.instruction);
    needs_.relocations.push_back(std::move(need));
    if (programs.empty() || needs_.sites.size() + programs.size() > kMaxSites) {
      programs = {RelocationSite::kNoProgram};
    }
    for (const std::uint32_t program : programs) needs_.sites.push_back({program, index});
  }

  void join_paths(const ObjectCode& code) {
    std::vector<std::string> joined = joined_paths(code, object_.relocations, space_);
    for (std::size_t i = 0; i < joined.size(); ++i) {
      needs_.relocations[i].joined_path = std::move(joined[i]);
    }
  }

  const Object& object_;
  const TypeSpace& space_;
  Result<ObjectCode> code_;
  SourceLines lines_;
  ObjectNeeds needs_;
};

}  // namespace

std::vector<ProgramNeed> program_needs_of(const Object& object) {
  const auto code = ObjectCode::read(object.bytes);
  const ObjectCode* known = code ? &*code : nullptr;
  return ProgramReader(object, known, externs_of(object, known)).take();
}

std::vector<ObjectNeeds> needs_of(const ObjectSet& objects) {
  std::vector<ObjectNeeds> all;
  for (std::size_t i = 0; i < objects.objects().size(); ++i) {
    all.push_back(NeedsReader(objects.objects()[i], objects.plan().spaces[i]).read());
  }
  return all;
}

}  // namespace btfbatch
