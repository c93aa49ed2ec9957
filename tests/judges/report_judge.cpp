// libbpf as the judge of a report: what its loader patches, answers with 0 and poisons, by its own
// log, on real kernels and for the real objects of libbpf-tools.
//
// The kernels are those of $BTFBATCH_TEST_ARCHIVE (*.btf.tar.xz; of each folder the first and the
// last), or else the one that runs here. On Debian's kernels, what is known to break between them
// (known_breaks.h) is looked for by name, in what libbpf says and in what we say.

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "core/report/patches.h"
#include "tests/core/support/object_sets.h"
#include "tests/core/support/reports.h"
#include "tests/judges/known_breaks.h"
#include "tests/support/libbpf_tools.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch::test {
namespace {

namespace fs = std::filesystem;

constexpr int kSkipped = 77;
constexpr const char* kRunningKernel = "/sys/kernel/btf/vmlinux";

struct FreeArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

// The first member that is BTF.
std::vector<std::byte> unpack(const fs::path& path) {
  const std::unique_ptr<archive, FreeArchive> reader(archive_read_new());
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_tar(reader.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_filename(reader.get(), path.c_str(), 1U << 20) != ARCHIVE_OK) return {};
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    std::vector<std::byte> content(static_cast<std::size_t>(archive_entry_size(entry)));
    const auto size = archive_read_data(reader.get(), content.data(), content.size());
    if (size == static_cast<la_ssize_t>(content.size()) && has_btf_magic(content)) return content;
  }
  return {};
}

struct Kernel {
  std::string name;
  std::vector<std::byte> btf;
};

std::vector<Kernel> find_kernels() {
  std::vector<Kernel> kernels;
  if (const char* root = std::getenv("BTFBATCH_TEST_ARCHIVE")) {
    std::map<fs::path, std::vector<fs::path>> by_folder;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (entry.path().string().ends_with(".btf.tar.xz")) {
        by_folder[entry.path().parent_path()].push_back(entry.path());
      }
    }
    for (auto& [folder, files] : by_folder) {
      std::ranges::sort(files);
      for (const auto& file : std::set{files.front(), files.back()}) {
        kernels.push_back({file.lexically_relative(root), unpack(file)});
      }
    }
  } else if (access(kRunningKernel, R_OK) == 0) {
    kernels.push_back({kRunningKernel, read_bytes(kRunningKernel)});
  }
  return kernels;
}

struct Tally {
  std::size_t pairs = 0;
  std::size_t relocations = 0;
  std::size_t poisoned = 0;
  std::size_t disagreements = 0;
  std::size_t not_compared = 0;  // libbpf gave up before relocation
};

// One set of all objects, as a run has it.
class Judge {
 public:
  explicit Judge(const std::vector<RealObject>& objects) : objects_(objects) {
    std::vector<std::string> paths;
    for (const RealObject& object : objects) paths.push_back(object.file.path());
    loaded_.emplace(load_objects(paths));
    if (!loaded_->set) {
      fmt::print("{}\n", loaded_->set.error().message);
      std::exit(1);
    }
    needs_ = needs_of(*loaded_->set);
    reporter_.emplace(*loaded_->set, needs_);
  }

  void judge(const Kernel& kernel) {
    const auto view = load_kernel_btf(kernel.btf);
    Answers answers;
    if (!view || !minimize(*view, *loaded_->set, &answers)) {
      fmt::print("{}: cannot be minimized\n", kernel.name);
      ++tally.disagreements;
      return;
    }
    const auto begin = std::chrono::steady_clock::now();
    const KernelReport report = reporter_->report(*view, answers);
    const auto time = std::chrono::steady_clock::now() - begin;
    const MemoryFile file(kernel.btf);
    std::map<std::string_view, std::size_t> states;
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      for (const RelocationState state : report[i]->sites) ++states[relocation_state_name(state)];
      const auto libbpf = resolve_with_libbpf(objects_[i].file.path(), file.path());
      if (libbpf.answers.empty() && !needs_[i].relocations.empty()) {
        ++tally.not_compared;
        continue;
      }
      ++tally.pairs;
      judge_known_breaks(kernel, i, *report[i], libbpf);
      tally.relocations += libbpf.answers.size();
      for (const LibbpfAnswer& each : libbpf.answers) {
        tally.poisoned += each.answer.contains("poisoned");
      }
      const std::string wrong = disagreement(needs_[i], *report[i], libbpf);
      if (wrong.empty()) continue;
      ++tally.disagreements;
      fmt::print("DISAGREEMENT: {} on {}:\n{}", objects_[i].name, kernel.name, wrong);
    }
    fmt::print("{}:", kernel.name);
    for (const auto& [state, count] : states) fmt::print(" {} {},", count, state);
    fmt::print(" reported in {} us\n",
               std::chrono::duration_cast<std::chrono::microseconds>(time).count());
    print_troubles(report);
  }

  // What is known to break, and whether it did.
  bool print_known_breaks() const {
    if (seen_.empty()) {
      fmt::print("known breaks: not judged, no kernel is Debian's (or CentOS 8's)\n");
      return true;
    }
    fmt::print("known breaks, on how many kernels there and missing:\n");
    std::size_t from_both_sides = 0;
    for (const auto& [known, seen] : seen_) {
      fmt::print("  {}: {}, {}{}{}: {} there, {} missing\n", known->object, known->path,
                 known->came == LinuxVersion{} ? "" : version_text("since", known->came),
                 known->came != LinuxVersion{} && known->went != LinuxVersion{} ? ", " : "",
                 known->went == LinuxVersion{} ? "" : version_text("before", known->went),
                 seen.there, seen.missing);
      from_both_sides += seen.there > 0 && seen.missing > 0 ? 1 : 0;
    }
    fmt::print("{} of {} seen from both sides\n", from_both_sides, seen_.size());
    const bool were_seen = from_both_sides > 0 || versions_.size() == 1;
    if (!were_seen) fmt::print("WRONG: no break was seen to happen\n");
    for (const std::string& wrong : wrong_) fmt::print("WRONG: {}\n", wrong);
    return wrong_.empty() && were_seen;
  }

  Tally tally;

 private:
  struct Seen {
    std::size_t there = 0;
    std::size_t missing = 0;
  };

  static std::string version_text(std::string_view word, LinuxVersion version) {
    return fmt::format("{} {}.{}", word, version.major, version.minor);
  }

  // libbpf answers in the order of the object's relocations.
  void judge_known_breaks(const Kernel& kernel, std::size_t object, const ObjectReport& report,
                          const LibbpfResolution& libbpf) {
    const auto version = linux_version_of(kernel.name);
    if (!version) return;
    versions_.insert(*version);
    const ObjectNeeds& needs = needs_[object];
    for (const KnownBreak& known : known_breaks()) {
      if (fs::path(objects_[object].name).filename() != known.object) continue;
      bool any = false;
      for (std::size_t site = 0; site < needs.sites.size(); ++site) {
        const std::uint32_t relocation = needs.sites[site].relocation;
        const RelocationNeed& need = needs.relocations[relocation];
        if (need.path != known.path || relocation >= libbpf.answers.size()) continue;
        any = true;
        const bool is_missing = known.is_missing_in(*version);
        const auto wanted = !is_missing              ? RelocationState::kResolved
                            : may_be_zero(need.kind) ? RelocationState::kAbsent
                            : known.is_guarded       ? RelocationState::kGuarded
                                                     : RelocationState::kBroken;
        const std::string place =
            fmt::format("{}: {} on {}", known.object, known.path, kernel.name);
        const std::string& answer = libbpf.answers[relocation].answer;
        const bool is_zero = may_be_zero(need.kind) && answer.ends_with("-> 0");
        if ((answer.contains("poisoned") || is_zero) != is_missing) {
          wrong_.push_back(fmt::format("{}: libbpf says '{}'", place, answer));
        }
        if (report.sites[site] != wanted) {
          wrong_.push_back(
              fmt::format("{}: we say {}", place, relocation_state_name(report.sites[site])));
        }
        if (wanted == RelocationState::kBroken) judge_instead(known, place, relocation, report);
      }
      if (!any) wrong_.push_back(fmt::format("{} does not ask for {}", known.object, known.path));
      ++(known.is_missing_in(*version) ? seen_[&known].missing : seen_[&known].there);
    }
  }

  void judge_instead(const KnownBreak& known, const std::string& place, std::uint32_t relocation,
                     const ObjectReport& report) {
    const auto trouble = std::ranges::find(report.troubles, relocation, &Trouble::relocation);
    if (trouble == report.troubles.end()) {
      wrong_.push_back(fmt::format("{}: we do not say why", place));
    } else if (trouble->instead.path != known.later) {
      wrong_.push_back(fmt::format("{}: we name '{}' in its place, not '{}'", place,
                                   trouble->instead.path, known.later));
    }
  }

  void print_troubles(const KernelReport& report) {
    std::set<std::string> lines;
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      for (const Trouble& trouble : report[i]->troubles) {
        const RelocationNeed& need = needs_[i].relocations[trouble.relocation];
        lines.insert(fmt::format("  {}: {} in {}: {}{}{}",
                                 fs::path(objects_[i].name).filename().string(), need.path,
                                 need.function, trouble.reason,
                                 trouble.instead.text.empty() ? "" : "; ", trouble.instead.text));
      }
    }
    for (const std::string& line : lines) fmt::print("{}\n", line);
  }

  const std::vector<RealObject>& objects_;
  std::optional<LoadedObjects> loaded_;
  std::vector<ObjectNeeds> needs_;
  std::optional<KernelReporter> reporter_;
  std::map<const KnownBreak*, Seen> seen_;  // in the order of the table
  std::set<LinuxVersion> versions_;         // that known breaks were judged on
  std::vector<std::string> wrong_;
};

int run() {
  const std::vector<Kernel> kernels = find_kernels();
  if (kernels.empty()) {
    fmt::print("skipped: BTFBATCH_TEST_ARCHIVE names no archive, and {} cannot be read\n",
               kRunningKernel);
    return kSkipped;
  }
  std::vector<RealObject> objects = libbpf_tools_objects();
  if (objects.empty()) {
    fmt::print("skipped: Debian's package libbpf-tools is not installed\n");
    return kSkipped;
  }
  objects.push_back({"known_breaks", MemoryFile(read_bytes(object_path("known_breaks")))});
  Judge judge(objects);
  for (const Kernel& kernel : kernels) judge.judge(kernel);
  const Tally& tally = judge.tally;
  fmt::print(
      "{} kernels, {} objects: {} pairs and {} relocations compared, {} of them poisoned; {} pairs "
      "not compared, since libbpf gave up before; {} disagreements\n",
      kernels.size(), objects.size(), tally.pairs, tally.relocations, tally.poisoned,
      tally.not_compared, tally.disagreements);
  const bool breaks_are_known = judge.print_known_breaks();
  return breaks_are_known && tally.disagreements == 0 && tally.relocations > 500 ? 0 : 1;
}

}  // namespace
}  // namespace btfbatch::test

int main() {
  return btfbatch::test::run();
}
