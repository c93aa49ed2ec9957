#include "cli/verify_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/page.h"
#include "cli/progress.h"
#include "cli/run_error.h"
#include "cli/text.h"
#include "cli/units.h"
#include "cli/verify_summary.h"

namespace btfbatch::cli {
namespace {

// What is not proved is told at once, since the job may take long.
void log_kernel(Log& log, const VerifiedKernel& kernel) {
  const std::string_view verdict = verdict_name(kernel.verdict);
  nlohmann::ordered_json fields = {{"kernel", kernel.archive_path}, {"verdict", verdict}};
  if (kernel.verdict == Verdict::kProved) {
    log.write(spdlog::level::debug,
              fmt::format("{}: proved, {}", kernel.archive_path,
                          format_count(kernel.relocations, "relocation")),
              fields);
    return;
  }
  fields["reasons"] = kernel.reasons;
  log.write(
      spdlog::level::err,
      fmt::format("{}: {}: {}", kernel.archive_path, verdict, reasons_in_one_line(kernel.reasons)),
      fields);
}

VerifyObserver observe(Log& log, Progress& progress) {
  VerifyObserver observer;
  observer.scanned = [&progress](std::size_t kernels) {
    progress.begin(kernels, Progress::Clock::now());
  };
  observer.kernel_done = [&log, &progress](const VerifiedKernel& kernel) {
    log_kernel(log, kernel);
    const bool is_proved = kernel.verdict == Verdict::kProved;
    progress.kernel_done(is_proved ? Outcome::kMinimized : Outcome::kFailed,
                         Progress::Clock::now());
  };
  observer.should_stop = [] { return stop_signal() != 0; };
  return observer;
}

VerifyOptions options_of(const RunOptions& run) {
  return {.archive = run.archive,
          .objects = run.objects,
          .out = run.out,
          .filter = run.filter,
          .jobs = run.jobs,
          .max_btf_size = run.max_btf_size};
}

}  // namespace

int verify_command(std::span<const std::string> arguments) {
  const auto settings = parse_options(arguments, Command::kVerify);
  if (!settings) {
    return print_answer(settings.error());
  }
  catch_stop_signals();
  Log log(*settings);
  if (auto there = check_inputs(settings->run); !there) {
    log.error(there.error().message);
    return kWrongUsage;
  }

  Progress progress(*settings, ::isatty(STDERR_FILENO) != 0, log);
  const auto summary = verify_output(options_of(settings->run), observe(log, progress));
  progress.end(Progress::Clock::now());

  if (!summary) {
    return tell(log, summary.error());
  }
  if (summary->stopped_early) {
    log.error(stopped_by_signal(progress.tally()));
    return kSignalBase + stop_signal();
  }
  for (const OutputProblem& problem : summary->problems) {
    log.error(fmt::format("{}: {}", settings->run.out.string(), problem.reason));
  }
  if (log.is_json()) {
    log.write(spdlog::level::info, "summary", {{"summary", verify_summary_json(*summary)}});
  } else if (!settings->quiet) {
    print(stdout, verify_summary_text(*summary));
  }
  return summary->is_proved() ? kAllWell : kSomeKernels;
}

}  // namespace btfbatch::cli
