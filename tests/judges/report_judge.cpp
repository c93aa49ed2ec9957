// libbpf as the judge of a report: what its loader patches, answers with 0 and poisons, by its own
// log, on real kernels and for the real objects of libbpf-tools.
//
// The kernels are those of $BTFBATCH_TEST_ARCHIVE (*.btf.tar.xz; of each folder the first and the
// last), or else the one that runs here. Named at the end: what breaks between them, which is what
// people ask a report for.

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
#include "tests/core/support/object_sets.h"
#include "tests/core/support/reports.h"
#include "tests/support/libbpf_tools.h"
#include "tests/support/memory_file.h"

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
        kernels.push_back({fs::relative(file, root), unpack(file)});
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

  Tally tally;

 private:
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
};

int run() {
  const std::vector<Kernel> kernels = find_kernels();
  if (kernels.empty()) {
    fmt::print("skipped: BTFBATCH_TEST_ARCHIVE names no archive, and {} cannot be read\n",
               kRunningKernel);
    return kSkipped;
  }
  const std::vector<RealObject> objects = libbpf_tools_objects();
  if (objects.empty()) {
    fmt::print("skipped: Debian's package libbpf-tools is not installed\n");
    return kSkipped;
  }
  Judge judge(objects);
  for (const Kernel& kernel : kernels) judge.judge(kernel);
  const Tally& tally = judge.tally;
  fmt::print(
      "{} kernels, {} objects: {} pairs and {} relocations compared, {} of them poisoned; {} pairs "
      "not compared, since libbpf gave up before; {} disagreements\n",
      kernels.size(), objects.size(), tally.pairs, tally.relocations, tally.poisoned,
      tally.not_compared, tally.disagreements);
  return tally.disagreements == 0 && tally.relocations > 500 ? 0 : 1;
}

}  // namespace
}  // namespace btfbatch::test

int main() {
  return btfbatch::test::run();
}
