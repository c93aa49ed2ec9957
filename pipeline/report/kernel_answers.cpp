#include "pipeline/report/kernel_answers.h"

#include <fmt/format.h>

#include <memory>
#include <set>
#include <utility>

#include "core/btf/load.h"
#include "core/relocation/plan.h"
#include "core/relocation/resolver.h"
#include "pipeline/report/answers_json.h"

namespace btfbatch {
namespace {

// The same trouble, as an earlier run has known it; nullptr where it has not. The same object may
// lie elsewhere now: then that of others serves, as long as they agree.
const KnownTrouble* find(const std::vector<KnownTrouble>& known, const ObjectNeeds& object,
                         std::uint32_t relocation) {
  const RelocationNeed& need = object.relocations[relocation];
  const KnownTrouble* of_others = nullptr;
  bool agree = true;
  for (const KnownTrouble& trouble : known) {
    if (trouble.kind != need.kind || trouble.path != need.path) {
      continue;
    }
    if (trouble.object == object.name) {
      return &trouble;
    }
    agree = agree && (of_others == nullptr || (of_others->reason == trouble.reason &&
                                               of_others->instead == trouble.instead));
    of_others = &trouble;
  }
  return agree ? of_others : nullptr;
}

}  // namespace

std::string write_notes(const KernelNotes& notes) {
  Json json;
  json["pointer_size"] = notes.machine.pointer_size;
  json["big_endian"] = notes.machine.big_endian;
  json["troubles"] = Json::array();
  for (const KnownTrouble& trouble : notes.troubles) {
    Json row = {{"object", trouble.object},
                {"kind", relocation_kind_name(trouble.kind)},
                {"path", trouble.path},
                {"reason", trouble.reason}};
    put_instead(row, trouble.instead);
    json["troubles"].push_back(std::move(row));
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<KernelNotes> read_notes(std::string_view text) {
  return read_document(text, [](const Json& json) {
    KernelNotes notes;
    notes.machine = {.pointer_size = number_from<std::uint32_t>(json, "pointer_size"),
                     .big_endian = json.at("big_endian").get<bool>()};
    for (const Json& row : json.at("troubles")) {
      notes.troubles.push_back({.object = row.at("object").get<std::string>(),
                                .kind = relocation_kind_from(row.at("kind").get<std::string>()),
                                .path = row.at("path").get<std::string>(),
                                .reason = row.at("reason").get<std::string>(),
                                .instead = instead_from(row)});
    }
    return notes;
  });
}

std::vector<KnownTrouble> troubles_of(std::span<const ObjectNeeds> objects,
                                      const KernelReport& report) {
  std::vector<KnownTrouble> known;
  for (std::size_t i = 0; i < report.size(); ++i) {
    if (report[i] == nullptr) {
      continue;
    }
    for (const Trouble& trouble : report[i]->troubles) {
      const RelocationNeed& need = objects[i].relocations[trouble.relocation];
      known.push_back({.object = objects[i].name,
                       .kind = need.kind,
                       .path = need.path,
                       .reason = trouble.reason,
                       .instead = trouble.instead});
    }
  }
  return known;
}

std::optional<KernelReport> KernelAnswers::replay(std::span<const std::byte> minimized,
                                                  const ContentId& id, const Machine& machine,
                                                  const KernelIdentity& identity) {
  const Key key{id.high, id.low, machine.pointer_size, machine.big_endian,
                std::string(canonical_arch(identity.arch))};
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = replayed_.find(key); known != replayed_.end()) {
      return known->second;
    }
  }
  const Result<BtfView> view = load_kernel_btf(minimized);
  if (!view) {
    return std::nullopt;
  }
  Resolver resolver(*view, objects_.plan(), machine);
  const Answers answers = answer_all(resolver, objects_.plan());
  if (resolver.gave_up()) {
    return std::nullopt;
  }
  KernelReport report = reporter_.report(*view, answers, identity);
  const std::lock_guard lock(mutex_);
  return replayed_.emplace(key, std::move(report)).first->second;
}

std::optional<KernelReport> KernelAnswers::of_minimized(std::span<const std::byte> minimized,
                                                        const ContentId& id,
                                                        const KernelNotes& notes,
                                                        const KernelIdentity& identity) {
  std::optional<KernelReport> report = replay(minimized, id, notes.machine, identity);
  if (!report) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < report->size(); ++i) {
    std::shared_ptr<const ObjectReport>& object = (*report)[i];
    if (object == nullptr || object->troubles.empty()) {
      continue;
    }
    auto told = std::make_shared<ObjectReport>(*object);
    for (Trouble& trouble : told->troubles) {
      const KnownTrouble* const known = find(notes.troubles, needs_[i], trouble.relocation);
      if (known == nullptr) {
        return std::nullopt;
      }
      trouble.reason = known->reason;
      trouble.instead = known->instead;
    }
    object = std::move(told);
  }
  return report;
}

std::vector<UnanswerableRelocation> KernelAnswers::unanswerable(const KernelReport& report) const {
  std::vector<UnanswerableRelocation> found;
  for (std::uint32_t object = 0; object < report.size(); ++object) {
    if (report[object] == nullptr) {
      continue;
    }
    std::set<std::uint32_t> relocations;  // several programs may come to the same one
    for (std::size_t site = 0; site < report[object]->sites.size(); ++site) {
      if (report[object]->sites[site] == RelocationState::kAmbiguous) {
        relocations.insert(needs_[object].sites[site].relocation);
      }
    }
    for (const std::uint32_t relocation : relocations) {
      const RelocationNeed& need = needs_[object].relocations[relocation];
      found.push_back({object, relocation,
                       fmt::format("{} ({}): ", need.path, relocation_kind_name(need.kind))});
    }
  }
  return found;
}

}  // namespace btfbatch
