// The running kernel's verifier as the judge of which poisoned instructions a program comes to.
//
// Every program of the objects that were written to ask, rightly and wrongly, before they read is
// loaded through libbpf against the BTF of "kernels" that lack what it asks for
// (`btf_custom_path`). It reads nothing that the running kernel does not have; so the verifier
// takes it exactly where nothing poisoned is reached, which is where the report must not say
// "broken".

#include <fmt/format.h>

#include <array>
#include <set>
#include <string>
#include <utility>

#include "tests/core/support/reports.h"
#include "tests/judges/loading.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch::test {
namespace {

constexpr int kSkipped = 77;

constexpr std::array<const char*, 4> kObjects = {"guards", "global_guards", "set_by_application",
                                                 "resized_loads"};
constexpr std::array<const char*, 4> kKernels = {"reference", "moved_fields", "empty",
                                                 "lazy_globals"};

// Where the report errs to the safe side, as its essay says: it calls broken what this verifier
// takes. What the application sets is not known to it, and a kernel older than 6.8 would refuse.
bool may_be_too_strict(const std::string& object, const std::string& kernel) {
  return object == "set_by_application" || (object == "global_guards" && kernel != "lazy_globals");
}

struct Tally {
  int programs = 0;
  int taken = 0;
  int wrong = 0;
  int too_strict = 0;
};

void judge(const std::string& object, const std::string& kernel, Tally& tally) {
  const auto elf = read_bytes(object_path(object));
  const auto reported = ReportedObject::make(object_path(object), kernel_path(kernel));
  const int count = count_programs(elf);
  for (int index = 0; index < count; ++index) {
    const LoadVerdict verdict = load_program(elf, index, kernel_path(kernel).c_str());
    const RelocationState state =
        reported.report().worst_of(reported.needs(), static_cast<std::uint32_t>(index));
    const bool is_taken = verdict.error == 0;
    const bool is_called_good = state < RelocationState::kProbablyGuarded;
    ++tally.programs;
    tally.taken += is_taken ? 1 : 0;
    if (is_taken == is_called_good) continue;
    if (is_taken && may_be_too_strict(object, kernel)) {
      ++tally.too_strict;
      continue;
    }
    ++tally.wrong;
    fmt::print("WRONG: {}: {} on {}: we say {}, the verifier {} it {}\n", object,
               reported.needs().programs[static_cast<std::size_t>(index)].name, kernel,
               relocation_state_name(state), is_taken ? "takes" : "refuses", verdict.reason);
  }
}

int run() {
  if (const std::string reason = why_nothing_loads(); !reason.empty()) {
    fmt::print("skipped: {}\n", reason);
    return kSkipped;
  }
  Tally tally;
  for (const char* object : kObjects) {
    for (const char* kernel : kKernels) judge(object, kernel, tally);
  }
  fmt::print("{} programs judged, {} taken by the verifier: {} wrong, {} on the safe side\n",
             tally.programs, tally.taken, tally.wrong, tally.too_strict);
  return tally.wrong == 0 && tally.taken > 0 && tally.taken < tally.programs ? 0 : 1;
}

}  // namespace
}  // namespace btfbatch::test

int main() {
  return btfbatch::test::run();
}
