// Which relocations break where: from which kernel release to which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/report/kernel_report.h"
#include "pipeline/run.h"

namespace btfbatch {

// Kernels of one distro and arch that follow each other by version, and on all of which a
// relocation breaks in the same way.
struct BrokenSpan {
  std::string distro;
  std::string arch;
  std::string from;  // kernel releases; the same where it is one kernel
  std::string to;
  std::size_t kernels = 0;
  bool has_first = false;  // there is no older kernel of the distro and arch in the archive
  bool has_last = false;   // no newer one
  std::string reason;
  Instead instead;

  // Whether it is all kernels of the distro and arch.
  [[nodiscard]] bool is_everywhere() const { return has_first && has_last; }

  bool operator==(const BrokenSpan&) const = default;
};

// A relocation that is broken or ambiguous on some kernel.
struct BrokenRelocation {
  std::uint32_t object = 0;             // index into AnswerTable::objects
  std::uint32_t relocation = 0;         // index into that object's relocations
  RelocationState state{};              // the worst of all kernels: kBroken or kAmbiguous
  std::vector<std::uint32_t> programs;  // in which it is, sorted; kNoProgram: in none
  std::size_t kernels = 0;
  std::vector<BrokenSpan> spans;  // by distro, arch and version
};

// All of them, by object and relocation. Pure.
[[nodiscard]] std::vector<BrokenRelocation> find_broken(const RunSummary& run);

// How many kernels have at least one of them.
[[nodiscard]] std::size_t count_broken_kernels(const RunSummary& run);

// Objects that are for other machines than some kernels, on which they are not judged; and these
// kernels.
struct NotJudged {
  std::size_t objects = 0;
  std::size_t kernels = 0;
};
[[nodiscard]] NotJudged count_not_judged(const RunSummary& run);

// Relocations of an object that ask for the same in the same programs, and are broken in the same
// way: to read one bitfield takes six.
using BrokenAccess = std::vector<BrokenRelocation>;
[[nodiscard]] std::vector<BrokenAccess> group_by_access(const AnswerTable& answers,
                                                        std::vector<BrokenRelocation> broken);

// "opensnoop.bpf.o: trace_open: task_struct.state (byte_off), opensnoop.bpf.c:25": where it stands,
// by the first of its relocations, with the kinds of all. The path is the joined one where all that
// have an offset agree on it.
[[nodiscard]] std::string describe_place(const AnswerTable& answers, const BrokenAccess& access);

// "debian x86_64 5.14.0-1 to 6.1.0-47 (12 kernels): task_struct has __state (unsigned int)".
[[nodiscard]] std::string describe_span(const BrokenSpan& span);

// The kernels in the order of people: by distro, release and kernel release as versions, and arch.
// Indices into run.kernels.
[[nodiscard]] std::vector<std::size_t> kernels_by_version(const RunSummary& run);

}  // namespace btfbatch
