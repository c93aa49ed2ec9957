#include "cli/find_summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/text.h"

namespace btfbatch::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kJsonVersion = 1;

// The names and values of what os-release tells.
std::vector<std::pair<std::string_view, std::string_view>> os_release_of(
    const btfbatch_host& host) {
  std::vector<std::pair<std::string_view, std::string_view>> fields = {
      {"ID", host.id},
      {"ID_LIKE", host.id_like},
      {"VERSION_ID", host.version_id},
      {"VERSION_CODENAME", host.version_codename},
      {"UBUNTU_CODENAME", host.ubuntu_codename}};
  std::erase_if(fields, [](const auto& field) { return field.second.empty(); });
  return fields;
}

std::string_view how_in_words(btfbatch_how how) {
  switch (how) {
    case BTFBATCH_BY_OS_RELEASE:
      return "as os-release says";
    case BTFBATCH_BY_KERNEL_RELEASE:
      return "as the kernel release says";
    case BTFBATCH_BY_DISTRO:
      return "the only one of this kernel release that the distro has";
    case BTFBATCH_BY_KERNEL_ALONE:
      return "the only one of this kernel release at all";
    case BTFBATCH_BY_NEIGHBORS:
      return "of its neighbors, which have the same";
  }
  return "";
}

std::string_view status_name(btfbatch_status status) {
  return status == BTFBATCH_OK ? "found" : status == BTFBATCH_AMBIGUOUS ? "ambiguous" : "not-found";
}

}  // namespace

std::vector<std::string> Finding::choices() const {
  const std::size_t count = std::min<std::size_t>(found->choice_count, BTFBATCH_MAX_CHOICES);
  return {found->choices, found->choices + count};
}

std::string find_explanation(const Finding& finding) {
  std::vector<std::string> known;
  for (const auto& [name, value] : os_release_of(finding.host)) {
    known.push_back(fmt::format("{}={}", name, value));
  }
  std::string text = fmt::format(
      "Host\n  os-release  {}\n  kernel      {}\n  machine     {}\nTried\n",
      known.empty() ? "nothing is known" : printable(fmt::format("{}", fmt::join(known, " "))),
      printable(finding.host.kernel_release), printable(finding.host.machine));
  std::size_t width = 0;
  for (const Trial& trial : finding.trials) {
    width = std::max(width, printable(trial.key).size());
  }
  for (const Trial& trial : finding.trials) {
    text += trial.key.empty()
                ? fmt::format("  {}\n", trial.why)
                : fmt::format("    {:<{}}  {}\n", printable(trial.key), width, trial.why);
  }
  if (finding.is_found()) {
    text +=
        fmt::format("Found, {}\n  {}\n", how_in_words(finding.found->how), printable(finding.name));
  }
  return text;
}

nlohmann::ordered_json find_json(const Finding& finding, const FindPlace& place, bool explain) {
  Json json = {{"format_version", kJsonVersion}, {"result", status_name(finding.status)}};
  if (finding.is_found()) {
    const btfbatch_result& found = *finding.found;
    json[place.has_files() ? "path" : "entry"] = finding.name;
    json["how"] = btfbatch_how_text(found.how);
    json["distro"] = found.distro;
    json["release"] = found.release;
    json["arch"] = found.arch;
    json["kernel"] = found.kernel_release;
    if (found.how == BTFBATCH_BY_NEIGHBORS) {
      json["newer"] = found.newer;
    }
  }
  if (finding.status == BTFBATCH_AMBIGUOUS) {
    json["choices"] = finding.choices();
    json["choice_count"] = finding.found->choice_count;
  }
  json["host"] = {{"os_release", Json::object()},
                  {"kernel", finding.host.kernel_release},
                  {"machine", finding.host.machine}};
  for (const auto& [name, value] : os_release_of(finding.host)) {
    json["host"]["os_release"][name] = value;
  }
  if (explain) {
    json["trials"] = Json::array();
    for (const Trial& trial : finding.trials) {
      json["trials"].push_back(
          trial.key.empty() ? Json{{"remark", trial.why}}
                            : Json{{"key", trial.key}, {"hit", trial.hit}, {"why", trial.why}});
    }
  }
  return json;
}

std::string neighbors_warning(const Finding& finding) {
  return fmt::format(
      "{} is not there; the next older and the next newer one of its series, {} and {}, have the "
      "same minimized BTF, which is taken",
      finding.host.kernel_release, finding.found->kernel_release, finding.found->newer);
}

std::string find_failure(const Finding& finding, const FindSettings& settings) {
  const std::string who = fmt::format("{} ({})", finding.host.kernel_release, finding.host.machine);
  if (finding.status == BTFBATCH_AMBIGUOUS) {
    const std::vector<std::string> choices = finding.choices();
    const std::size_t left_out = finding.found->choice_count - choices.size();
    if (finding.found->kernel_release[0] != 0) {
      return fmt::format("several entries of {} are for {}, with different BTF: {}{}",
                         settings.from.string(), who, fmt::join(choices, ", "),
                         left_out == 0 ? "" : fmt::format(" and {} more", left_out));
    }
    return fmt::format(
        "several kernels in {} fit {}, with different BTF, and nothing says which is right: {}{}; "
        "tell the host's own os-release with --root or --os-release",
        settings.from.string(), who, fmt::join(choices, ", "),
        left_out == 0 ? "" : fmt::format(" and {} more", left_out));
  }
  return fmt::format("no BTF for {} in {}{}", who, settings.from.string(),
                     settings.explain ? "" : "; --explain shows what was tried");
}

}  // namespace btfbatch::cli
