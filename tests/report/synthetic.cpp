#include "tests/report/synthetic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/content_id.h"
#include "pipeline/file.h"

namespace btfbatch::test {
namespace {

// A number that depends on the text alone.
std::uint64_t hash_of(std::string_view text) {
  return content_id_of(bytes_of(text)).low;
}

struct Release {
  std::string_view distro;
  std::string_view release;
  unsigned major;
  unsigned minor;
  std::string_view suffix;
};
constexpr std::array<Release, 22> kReleases = {{
    {"amzn", "2", 4, 14, "amzn2"},         {"amzn", "2018", 4, 14, "amzn1"},
    {"centos", "7", 3, 10, "el7"},         {"centos", "8", 4, 18, "el8"},
    {"debian", "9", 4, 9, "amd64"},        {"debian", "10", 4, 19, "amd64"},
    {"debian", "11", 5, 10, "amd64"},      {"debian", "12", 6, 1, "amd64"},
    {"fedora", "29", 5, 0, "fc29"},        {"fedora", "30", 5, 6, "fc30"},
    {"fedora", "31", 5, 8, "fc31"},        {"fedora", "38", 6, 5, "fc38"},
    {"ol", "7", 5, 4, "el7uek"},           {"ol", "8", 5, 15, "el8uek"},
    {"rhel", "7", 3, 10, "el7"},           {"rhel", "8", 4, 18, "el8"},
    {"sles", "15.1", 4, 12, "default"},    {"sles", "15.3", 5, 3, "default"},
    {"ubuntu", "16.04", 4, 15, "generic"}, {"ubuntu", "18.04", 5, 4, "generic"},
    {"ubuntu", "20.04", 5, 15, "generic"}, {"ubuntu", "22.04", 6, 8, "generic"},
}};

constexpr std::array<std::string_view, 20> kTools = {
    "bashreadline", "bindsnoop",      "biolatency", "biosnoop",   "cachestat",
    "capable",      "cpudist",        "execsnoop",  "exitsnoop",  "filelife",
    "fsslower",     "gethostlatency", "hardirqs",   "mountsnoop", "opensnoop",
    "runqlat",      "sigsnoop",       "syscount",   "tcpconnect", "vfsstat"};

struct Field {
  std::string_view path;
  std::string_view renamed;  // what the kernel has where it is missing
  unsigned missing_from;     // version * 100, such as 514 for 5.14; 0: never
  unsigned missing_to;
};
constexpr std::array<Field, 14> kFields = {{
    {"task_struct.pid", "", 0, 0},
    {"task_struct.tgid", "", 0, 0},
    {"task_struct.real_parent", "", 0, 0},
    {"task_struct.state", "__state", 514, 999},
    {"task_struct.comm", "", 0, 0},
    {"nsproxy.net_ns", "", 0, 0},
    {"request.rq_disk", "q", 517, 999},
    {"sock.__sk_common.skc_family", "", 0, 0},
    {"sock.sk_protocol", "", 0, 0},
    {"dentry.d_name.name", "", 0, 0},
    {"file.f_path.dentry", "", 0, 0},
    {"inode.i_ctime", "__i_ctime", 606, 999},
    {"kernfs_node.parent", "", 300, 409},
    {"trace_event_raw_sched_switch.prev_state", "", 0, 0},
}};

std::vector<ObjectNeeds> make_objects(std::size_t count) {
  std::vector<ObjectNeeds> objects;
  for (std::size_t i = 0; i < count; ++i) {
    ObjectNeeds object;
    object.name = fmt::format("{}{}.bpf.o", kTools[i % kTools.size()],
                              i < kTools.size() ? "" : fmt::format("-{}", i / kTools.size() + 1));
    if (i == 3) {
      object.name = "</script><img src=x onerror=document.title='broken'>&\"'.bpf.o";
    }
    // Some objects are those of executables, which run on one kind of machine.
    object.architecture = i % 10 == 5 ? "x86_64" : "";
    const std::size_t programs = 1 + hash_of(object.name) % 4;
    for (std::size_t p = 0; p < programs; ++p) {
      const bool is_fentry = i % 7 == 2 && p == 0;
      object.programs.push_back(
          {.name = fmt::format("trace_{}_{}", kTools[i % kTools.size()], p),
           .section = fmt::format("{}/vfs_{}", is_fentry ? "fentry" : "kprobe", p),
           .type = is_fentry ? "tracing" : "kprobe",
           .kernel_btf = is_fentry ? "fentry attaches by the kernel's BTF" : ""});
      const std::size_t relocations = 2 + hash_of(object.programs.back().name) % 10;
      for (std::size_t r = 0; r < relocations; ++r) {
        const std::size_t field = hash_of(fmt::format("{} {} {}", i, p, r)) % kFields.size();
        const bool is_exists = r % 5 == 4;
        object.sites.push_back(
            {.program = static_cast<std::uint32_t>(p),
             .relocation = static_cast<std::uint32_t>(object.relocations.size())});
        object.relocations.push_back(
            {.kind = is_exists ? RelocationKind::kFieldExists : RelocationKind::kFieldByteOffset,
             .path = std::string(kFields[field].path),
             .joined_path = !is_exists && kFields[field].path == "inode.i_ctime"
                                ? "file.f_inode->i_ctime"
                                : "",
             .section = object.programs.back().section,
             .instruction = static_cast<std::uint32_t>(24 * r),
             .function = object.programs.back().name,
             .source = {.file = fmt::format("{}.bpf.c", kTools[i % kTools.size()]),
                        .line = static_cast<std::uint32_t>(30 + 7 * r + 50 * p),
                        .column = 3,
                        .text = fmt::format("x = BPF_CORE_READ(p, {});", kFields[field].path)}});
      }
    }
    objects.push_back(std::move(object));
  }
  return objects;
}

const Field& field_of(const RelocationNeed& relocation) {
  return *std::ranges::find(kFields, relocation.path, &Field::path);
}

// One object's report on kernels of one version.
std::shared_ptr<const ObjectReport> make_report(const ObjectNeeds& object, unsigned version,
                                                std::string_view distro) {
  auto report = std::make_shared<ObjectReport>();
  std::vector<RelocationState> states;
  for (std::size_t i = 0; i < object.relocations.size(); ++i) {
    const RelocationNeed& relocation = object.relocations[i];
    const Field& field = field_of(relocation);
    const bool is_missing =
        field.missing_from != 0 && version >= field.missing_from && version <= field.missing_to;
    const std::uint64_t dice = hash_of(fmt::format("{} {}", object.name, i));
    RelocationState state = RelocationState::kResolved;
    if (is_missing && relocation.kind == RelocationKind::kFieldExists) {
      state = RelocationState::kAbsent;
    } else if (is_missing) {
      constexpr std::array<RelocationState, 3> kMissing = {
          RelocationState::kGuarded, RelocationState::kProbablyGuarded, RelocationState::kBroken};
      state = kMissing[dice % kMissing.size()];
    } else if (distro == "sles" && dice % 31 == 0) {
      state = RelocationState::kAmbiguous;
    }
    const bool has_value = state == RelocationState::kResolved;
    report->values.push_back(
        has_value ? (relocation.kind == RelocationKind::kFieldExists
                         ? 1
                         : 16 + 8 * (hash_of(relocation.path) % 40) + version / 100 * 16)
                  : 0);
    if (state == RelocationState::kBroken || state == RelocationState::kAmbiguous) {
      Trouble trouble{.relocation = static_cast<std::uint32_t>(i), .reason = {}, .instead = {}};
      const std::string_view path = field.path;
      const std::string type(path.substr(0, path.find('.')));
      trouble.reason =
          state == RelocationState::kAmbiguous
              ? fmt::format("ambiguous: {} types of this name disagree", type)
              : fmt::format("{} has no member {}", type, path.substr(path.rfind('.') + 1));
      if (!field.renamed.empty() && state == RelocationState::kBroken) {
        trouble.instead = {.kind = Instead::Kind::kRenamedMember,
                           .path = fmt::format("{}.{}", type, field.renamed),
                           .type = "unsigned int",
                           .text = fmt::format("{} has {} (unsigned int)", type, field.renamed)};
      }
      report->troubles.push_back(std::move(trouble));
    }
    states.push_back(state);
  }
  for (const RelocationSite& site : object.sites) {
    report->sites.push_back(states[site.relocation]);
  }
  return report;
}

KernelOutcome make_kernel(const Release& release, std::string_view arch, std::size_t build) {
  KernelOutcome kernel;
  kernel.identity = {.distro = std::string(release.distro),
                     .release = std::string(release.release),
                     .arch = std::string(arch),
                     .kernel_release = fmt::format("{}.{}.{}-{}-{}", release.major, release.minor,
                                                   build / 3, build, release.suffix)};
  kernel.output_path = fmt::format("{}/{}/{}/{}.btf", release.distro, release.release, arch,
                                   kernel.identity.kernel_release);
  kernel.archive_path = kernel.output_path + ".tar.xz";
  const std::uint64_t dice = hash_of(kernel.archive_path);
  kernel.compressed_size = 700'000 + dice % 600'000;
  if (dice % 211 == 0) {
    kernel.reasons = {"BTF member ends in the middle: the file is cut off"};
    return kernel;
  }
  kernel.outcome = Outcome::kMinimized;
  kernel.btf_size = 3'000'000 + dice % 3'000'000;
  const std::uint64_t content =
      hash_of(fmt::format("{} {} {}", release.distro, release.release, build / 9));
  kernel.content_id = {.high = content, .low = content};
  kernel.minimized_size = 3'000 + content % 2'000;
  kernel.type_count = 100;
  return kernel;
}

}  // namespace

RunSummary synthetic_run(std::size_t kernels, std::size_t objects) {
  RunSummary run;
  const std::vector<ObjectNeeds> needs = make_objects(objects);
  AnswerCollector collector(needs);
  std::vector<KernelReport> by_release;
  for (const Release& release : kReleases) {
    KernelReport& report = by_release.emplace_back();
    for (const ObjectNeeds& object : needs) {
      report.push_back(make_report(object, release.major * 100 + release.minor, release.distro));
    }
  }
  for (std::size_t i = 0; i < kernels; ++i) {
    const std::size_t release = i % kReleases.size();
    const std::size_t build = i / kReleases.size();
    const bool is_arm = build % 3 == 2 && kReleases[release].major >= 4;
    KernelOutcome kernel = make_kernel(kReleases[release], is_arm ? "arm64" : "x86_64", build);
    if (kernel.outcome != Outcome::kFailed) {
      KernelReport report = by_release[release];
      for (std::size_t object = 0; object < report.size(); ++object) {
        if (is_arm && !needs[object].architecture.empty()) {
          report[object] = nullptr;
        }
      }
      kernel.result = collector.add(report);
    }
    run.kernels.push_back(std::move(kernel));
  }
  std::ranges::sort(run.kernels, {}, &KernelOutcome::archive_path);
  std::vector<std::size_t> results;
  std::vector<ContentId> contents;
  for (const KernelOutcome& kernel : run.kernels) {
    results.push_back(kernel.result);
    if (kernel.outcome != Outcome::kFailed) {
      contents.push_back(kernel.content_id);
    }
  }
  run.answers = collector.finish(results);
  for (std::size_t i = 0; i < run.kernels.size(); ++i) {
    run.kernels[i].result = results[i];
  }
  std::ranges::sort(contents, {}, &ContentId::low);
  const auto repeated = std::ranges::unique(contents);
  run.unique = contents.size() - repeated.size();
  for (const ObjectNeeds& object : run.answers.objects) {
    run.objects.push_back({.name = object.name,
                           .found_in = {},
                           .relocations = object.relocations.size(),
                           .programs = object.programs.size(),
                           .has_btf_ext = true,
                           .warnings = {}});
    run.relocations += object.relocations.size();
  }
  run.distinct_relocations = 2 * kFields.size();
  return run;
}

}  // namespace btfbatch::test
