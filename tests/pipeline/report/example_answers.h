// A run over two objects and five kernels, small enough to be seen through.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/run.h"

namespace btfbatch::test {

inline ObjectNeeds example_object(const std::string& name) {
  ObjectNeeds object;
  object.name = name;
  object.programs = {
      {.name = "trace", .section = "kprobe/f", .type = "kprobe", .kernel_btf = ""},
      {.name = "enter", .section = "fentry/f", .type = "tracing", .kernel_btf = "fentry needs it"}};
  object.relocations = {{.kind = RelocationKind::kFieldByteOffset,
                         .path = "task_struct.pid",
                         .section = "kprobe/f",
                         .instruction = 8,
                         .function = "trace",
                         .source = {.file = "a.bpf.c", .line = 3, .column = 1, .text = "p->pid"}},
                        {.kind = RelocationKind::kFieldByteOffset,
                         .path = "task_struct.state",
                         .section = "kprobe/f",
                         .instruction = 16,
                         .function = "",
                         .source = {}}};
  object.sites = {{.program = 0, .relocation = 0},
                  {.program = 0, .relocation = 1},
                  {.program = RelocationSite::kNoProgram, .relocation = 1}};
  return object;
}

inline std::shared_ptr<const ObjectReport> good_report(std::uint64_t offset) {
  return std::make_shared<const ObjectReport>(
      ObjectReport{.sites = std::vector(3, RelocationState::kResolved),
                   .values = {offset, offset + 8},
                   .troubles = {}});
}

inline std::shared_ptr<const ObjectReport> broken_report() {
  using enum RelocationState;
  return std::make_shared<const ObjectReport>(
      ObjectReport{.sites = {kResolved, kBroken, kProbablyGuarded},
                   .values = {16, 0},
                   .troubles = {{.relocation = 1,
                                 .reason = "task_struct has no member state",
                                 .instead = {.kind = Instead::Kind::kRenamedMember,
                                             .path = "task_struct.__state",
                                             .type = "unsigned int",
                                             .text = "task_struct has __state (unsigned int)"}}}});
}

inline KernelOutcome example_kernel(const std::string& release, const std::string& kernel,
                                    std::size_t result) {
  KernelOutcome outcome;
  outcome.identity = {
      .distro = "debian", .release = release, .arch = "x86_64", .kernel_release = kernel};
  outcome.output_path = "debian/" + release + "/x86_64/" + kernel + ".btf";
  outcome.archive_path = outcome.output_path + ".tar.xz";
  outcome.outcome = Outcome::kMinimized;
  outcome.content_id = {.high = 1, .low = result};
  outcome.minimized_size = 100;
  outcome.btf_size = 1000;
  outcome.compressed_size = 300;
  outcome.result = result;
  return outcome;
}

// "a.bpf.o" breaks on the last two of debian's kernels by version; "b.bpf.o" does not.
inline RunSummary example_run() {
  const std::vector<ObjectNeeds> objects = {example_object("a.bpf.o"), example_object("b.bpf.o")};
  AnswerCollector collector(objects);
  const std::size_t good = collector.add({good_report(16), good_report(32)});
  const std::size_t broken = collector.add({broken_report(), good_report(32)});
  RunSummary run;
  run.kernels = {example_kernel("10", "4.19.0-2", good), example_kernel("11", "5.10.0-3", good),
                 example_kernel("12", "6.1.0-10", broken), example_kernel("12", "6.1.0-9", broken)};
  KernelOutcome failed = example_kernel("9", "4.9.0-1", AnswerTable::kNoResult);
  failed.outcome = Outcome::kFailed;
  failed.reasons = {"not xz"};
  run.kernels.push_back(std::move(failed));
  std::vector<std::size_t> results;
  for (const KernelOutcome& kernel : run.kernels) {
    results.push_back(kernel.result);
  }
  run.answers = collector.finish(results);
  for (const ObjectNeeds& object : objects) {
    ObjectSummary summary;
    summary.name = object.name;
    run.objects.push_back(summary);
  }
  run.unique = 2;
  return run;
}

}  // namespace btfbatch::test
