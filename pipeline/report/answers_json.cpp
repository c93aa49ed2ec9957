#include "pipeline/report/answers_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace btfbatch {
namespace {

constexpr std::string_view kLetters = "ragpbm";
static_assert(kLetters.size() == kRelocationStateCount);
constexpr std::uint32_t kInsteadKinds = 8;

// Writes numbers, or pairs, with spaces between them.
class Row {
 public:
  void add(std::string_view text) {
    if (!text_.empty()) {
      text_ += ' ';
    }
    text_ += text;
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

// Takes the words of a row apart.
std::vector<std::string_view> words_of(std::string_view row) {
  std::vector<std::string_view> words;
  while (!row.empty()) {
    const std::size_t end = std::min(row.find(' '), row.size());
    words.push_back(row.substr(0, end));
    row.remove_prefix(std::min(end + 1, row.size()));
  }
  return words;
}

template <std::unsigned_integral Number>
Number number_of(std::string_view word) {
  Number number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) {
    throw NotADocument{fmt::format("answers: '{}' is no number in its range", word)};
  }
  return number;
}

std::uint32_t index_of(std::string_view word, std::size_t count) {
  const auto index = number_of<std::uint32_t>(word);
  if (index >= count) {
    throw NotADocument{fmt::format("answers: {} is none of {}", index, count)};
  }
  return index;
}

void check_count(std::size_t found, std::size_t expected, std::string_view what) {
  if (found != expected) {
    throw NotADocument{fmt::format("answers: {} of {} {}", found, expected, what)};
  }
}

void put(Json& json, const char* field, const std::string& text) {
  if (!text.empty()) {
    json[field] = text;
  }
}

Json json_of(const ProgramNeed& program) {
  Json json = {{"name", program.name}, {"section", program.section}, {"type", program.type}};
  put(json, "kernel_btf", program.kernel_btf);
  return json;
}

ProgramNeed program_from(const Json& json) {
  return {.name = json.at("name").get<std::string>(),
          .section = json.at("section").get<std::string>(),
          .type = json.at("type").get<std::string>(),
          .kernel_btf = json.value("kernel_btf", "")};
}

Json json_of(const RelocationNeed& relocation, SourceLines lines) {
  Json json = {{"kind", relocation_kind_name(relocation.kind)},
               {"path", relocation.path},
               {"section", relocation.section},
               {"instruction", relocation.instruction}};
  put(json, "joined_path", relocation.joined_path);
  put(json, "function", relocation.function);
  put(json, "file", relocation.source.file);
  if (relocation.source.line != 0) {
    json["line"] = relocation.source.line;
  }
  if (lines == SourceLines::kIncluded) {
    put(json, "source", relocation.source.text);
  }
  return json;
}

RelocationNeed relocation_from(const Json& json) {
  RelocationNeed relocation;
  relocation.kind = relocation_kind_from(json.at("kind").get<std::string>());
  relocation.path = json.at("path").get<std::string>();
  relocation.joined_path = json.value("joined_path", "");
  relocation.section = json.at("section").get<std::string>();
  relocation.instruction = number_from<std::uint32_t>(json, "instruction");
  relocation.function = json.value("function", "");
  relocation.source.file = json.value("file", "");
  relocation.source.line = json.contains("line") ? number_from<std::uint32_t>(json, "line") : 0;
  relocation.source.text = json.value("source", "");
  return relocation;
}

std::string row_of(std::span<const RelocationSite> sites) {
  Row row;
  for (const RelocationSite& site : sites) {
    row.add(site.program == RelocationSite::kNoProgram
                ? fmt::format("-/{}", site.relocation)
                : fmt::format("{}/{}", site.program, site.relocation));
  }
  return std::move(row).text();
}

std::vector<RelocationSite> sites_from(std::string_view row, const ObjectNeeds& object) {
  std::vector<RelocationSite> sites;
  for (const std::string_view word : words_of(row)) {
    const std::size_t slash = std::min(word.find('/'), word.size());
    const std::string_view program = word.substr(0, slash);
    sites.push_back({.program = program == "-" ? RelocationSite::kNoProgram
                                               : index_of(program, object.programs.size()),
                     .relocation = index_of(word.substr(std::min(slash + 1, word.size())),
                                            object.relocations.size())});
  }
  return sites;
}

Json json_of(const Trouble& trouble) {
  Json json = {{"relocation", trouble.relocation}, {"reason", trouble.reason}};
  put_instead(json, trouble.instead);
  return json;
}

Instead::Kind instead_kind_from(const std::string& name) {
  for (std::uint32_t i = 0; i < kInsteadKinds; ++i) {
    if (instead_kind_name(static_cast<Instead::Kind>(i)) == name) {
      return static_cast<Instead::Kind>(i);
    }
  }
  // A later version knows more; its words are as good.
  return Instead::Kind::kNothing;
}

Trouble trouble_from(const Json& json, std::size_t relocations) {
  Trouble trouble;
  trouble.relocation = number_from<std::uint32_t>(json, "relocation");
  if (trouble.relocation >= relocations) {
    throw NotADocument{fmt::format("answers: {} is none of {}", trouble.relocation, relocations)};
  }
  trouble.reason = json.at("reason").get<std::string>();
  trouble.instead = instead_from(json);
  return trouble;
}

Json json_of(const ObjectReport& report) {
  std::string sites;
  for (const RelocationState state : report.sites) {
    sites += letter_of(state);
  }
  Row values;
  for (const std::uint64_t value : report.values) {
    values.add(std::to_string(value));
  }
  Json json = {{"sites", sites}, {"values", std::move(values).text()}};
  for (const Trouble& trouble : report.troubles) {
    json["troubles"].push_back(json_of(trouble));
  }
  return json;
}

ObjectReport report_from(const Json& json, const ObjectNeeds& object) {
  ObjectReport report;
  const auto sites = json.at("sites").get<std::string>();
  check_count(sites.size(), object.sites.size(), "sites");
  for (const char letter : sites) {
    const std::size_t state = kLetters.find(letter);
    if (state == kLetters.npos) {
      throw NotADocument{"answers: a letter that is no state"};
    }
    report.sites.push_back(static_cast<RelocationState>(state));
  }
  const auto values = json.at("values").get<std::string>();
  for (const std::string_view word : words_of(values)) {
    report.values.push_back(number_of<std::uint64_t>(word));
  }
  check_count(report.values.size(), object.relocations.size(), "values");
  if (json.contains("troubles")) {
    for (const Json& trouble : json.at("troubles")) {
      report.troubles.push_back(trouble_from(trouble, object.relocations.size()));
    }
  }
  return report;
}

Json json_of(const ObjectNeeds& object,
             std::span<const std::shared_ptr<const ObjectReport>> reports, SourceLines lines) {
  Json json = {{"name", object.name}};
  put(json, "architecture", object.architecture);
  json["programs"] = Json::array();
  for (const ProgramNeed& program : object.programs) {
    json["programs"].push_back(json_of(program));
  }
  json["relocations"] = Json::array();
  for (const RelocationNeed& relocation : object.relocations) {
    json["relocations"].push_back(json_of(relocation, lines));
  }
  json["sites"] = row_of(object.sites);
  json["answers"] = Json::array();
  for (const auto& report : reports) {
    json["answers"].push_back(json_of(*report));
  }
  return json;
}

void object_from(const Json& json, AnswerTable& table) {
  ObjectNeeds object;
  object.name = json.at("name").get<std::string>();
  object.architecture = json.value("architecture", "");
  for (const Json& program : json.at("programs")) {
    object.programs.push_back(program_from(program));
  }
  for (const Json& relocation : json.at("relocations")) {
    object.relocations.push_back(relocation_from(relocation));
  }
  object.sites = sites_from(json.at("sites").get<std::string>(), object);
  auto& reports = table.reports.emplace_back();
  for (const Json& report : json.at("answers")) {
    reports.push_back(std::make_shared<const ObjectReport>(report_from(report, object)));
  }
  table.objects.push_back(std::move(object));
}

}  // namespace

RelocationKind relocation_kind_from(const std::string& name) {
  for (std::uint32_t i = 0; i < kRelocationKindCount; ++i) {
    if (relocation_kind_name(static_cast<RelocationKind>(i)) == name) {
      return static_cast<RelocationKind>(i);
    }
  }
  throw NotADocument{fmt::format("answers: '{}' is no kind of relocation", name)};
}

void put_instead(Json& json, const Instead& instead) {
  if (instead.kind != Instead::Kind::kNothing) {
    json["instead"] = {{"kind", instead_kind_name(instead.kind)},
                       {"path", instead.path},
                       {"type", instead.type},
                       {"text", instead.text}};
  }
}

Instead instead_from(const Json& json) {
  if (!json.contains("instead")) {
    return {};
  }
  const Json& instead = json.at("instead");
  return {.kind = instead_kind_from(instead.at("kind").get<std::string>()),
          .path = instead.at("path").get<std::string>(),
          .type = instead.at("type").get<std::string>(),
          .text = instead.at("text").get<std::string>()};
}

char letter_of(RelocationState state) {
  return kLetters[static_cast<std::size_t>(state)];
}

Json json_of(const AnswerTable& table, SourceLines lines) {
  Json json;
  json["objects"] = Json::array();
  for (std::size_t i = 0; i < table.objects.size(); ++i) {
    json["objects"].push_back(json_of(table.objects[i], table.reports[i], lines));
  }
  json["results"] = Json::array();
  for (const ResultNumbers& result : table.results) {
    Row row;
    for (const std::uint32_t number : result) {
      row.add(number == kNotJudged ? "-" : std::to_string(number));
    }
    json["results"].push_back(std::move(row).text());
  }
  return json;
}

AnswerTable answers_from(const Json& json) {
  AnswerTable table;
  for (const Json& object : json.at("objects")) {
    object_from(object, table);
  }
  for (const Json& result : json.at("results")) {
    const auto row = result.get<std::string>();
    const std::vector<std::string_view> words = words_of(row);
    check_count(words.size(), table.objects.size(), "objects of a result");
    ResultNumbers& numbers = table.results.emplace_back();
    for (std::size_t object = 0; object < words.size(); ++object) {
      numbers.push_back(words[object] == "-"
                            ? kNotJudged
                            : index_of(words[object], table.reports[object].size()));
    }
  }
  return table;
}

}  // namespace btfbatch
