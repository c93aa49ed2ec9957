#include "cli/run_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/log.h"
#include "cli/options.h"
#include "cli/page.h"
#include "cli/progress.h"
#include "cli/run_error.h"
#include "cli/summary.h"
#include "cli/text.h"
#include "cli/units.h"
#include "pipeline/report/broken.h"

namespace btfbatch::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kMinimized:
      return "minimized";
    case Outcome::kDegraded:
      return "degraded";
    case Outcome::kFailed:
      return "failed";
  }
  return "";
}

// A failure is told at once, since a run may take long; of the rest, the closing summary tells what
// is worth knowing, and --verbose all.
void log_kernel(Log& log, const KernelOutcome& kernel) {
  Json fields = {{"kernel", kernel.archive_path}, {"outcome", outcome_name(kernel.outcome)}};
  if (kernel.outcome == Outcome::kFailed) {
    fields["reasons"] = kernel.reasons;
    log.write(spdlog::level::err, kernel.archive_path + ": " + reasons_in_one_line(kernel.reasons),
              fields);
    return;
  }
  fields["reused"] = kernel.reused;
  fields["btf_size"] = kernel.btf_size;
  fields["minimized_size"] = kernel.minimized_size;
  std::string message =
      fmt::format("{}: {} -> {}, {}", kernel.archive_path, format_size(kernel.btf_size),
                  format_size(kernel.minimized_size), format_count(kernel.type_count, "type"));
  if (kernel.reused) {
    message += ", of an earlier run";
  }
  auto level = spdlog::level::debug;
  if (kernel.outcome == Outcome::kDegraded) {
    fields["reasons"] = kernel.reasons;
    message += "; degraded: " + reasons_in_one_line(kernel.reasons);
    level = log.is_json() ? spdlog::level::warn : spdlog::level::debug;
  }
  log.write(level, message, fields);
}

RunObserver observe(Log& log, Progress& progress) {
  RunObserver observer;
  observer.scanned = [&progress](std::size_t kernels) {
    progress.begin(kernels, Progress::Clock::now());
  };
  observer.kernel_done = [&log, &progress](const KernelOutcome& kernel) {
    log_kernel(log, kernel);
    progress.kernel_done(kernel.outcome, Progress::Clock::now());
  };
  observer.should_stop = [] { return stop_signal() != 0; };
  return observer;
}

// Ends a run that was stopped before all kernels were done.
int report_stop(Log& log, const Settings& settings, const RunSummary& summary, const Tally& tally) {
  const std::string left = settings.run.out.empty()
                               ? std::string("no file is made")
                               : fmt::format("'{}' is left as it was", settings.run.out.string());
  if (const int signal = stop_signal(); signal != 0) {
    log.error(fmt::format("{}; {}", stopped_by_signal(tally), left));
    return kSignalBase + signal;
  }
  const auto bad = std::ranges::find_if(summary.kernels, [](const KernelOutcome& kernel) {
    return kernel.outcome != Outcome::kMinimized;
  });
  const std::string why =
      bad == summary.kernels.end()
          ? "a kernel failed"
          : fmt::format("{} {}: {}", bad->archive_path,
                        bad->outcome == Outcome::kFailed ? "failed" : "is degraded",
                        reasons_in_one_line(bad->reasons));
  log.error(fmt::format("stopped by --strict: {}; {}", why, left));
  return kSomeKernels;
}

// Whether the answers are such as --fail-on names. If so, it says which, but for kernels that the
// summary on standard output names, or a message of JSON before.
bool fails(Log& log, const Settings& settings, const RunSummary& summary) {
  const bool is_degraded = summary.count(Outcome::kDegraded) > 0;
  if (settings.fail_on == FailOn::kNone) {
    return false;
  }
  if (is_degraded && settings.fail_on != FailOn::kAmbiguous && settings.quiet && !log.is_json()) {
    for (const KernelOutcome& kernel : summary.kernels) {
      if (kernel.outcome == Outcome::kDegraded) {
        log.error(fmt::format("{} is degraded: {}", kernel.archive_path,
                              reasons_in_one_line(kernel.reasons)));
      }
    }
  }
  if (settings.fail_on == FailOn::kDegraded) {
    return is_degraded;
  }
  const auto is_meant = [&](const BrokenRelocation& broken) {
    return settings.fail_on == FailOn::kBroken || broken.state == RelocationState::kAmbiguous;
  };
  bool any = settings.fail_on == FailOn::kBroken && is_degraded;
  for (const BrokenAccess& access : group_by_access(summary.answers, find_broken(summary))) {
    const BrokenRelocation& broken = access.front();
    if (!is_meant(broken)) {
      continue;
    }
    any = true;
    const std::string_view state = relocation_state_name(broken.state);
    const std::string place = describe_place(summary.answers, access);
    std::vector<std::string> spans;
    for (const BrokenSpan& span : broken.spans) {
      spans.push_back(describe_span(span));
    }
    log.write(spdlog::level::err, fmt::format("{}: {}: {}", state, place, fmt::join(spans, "; ")),
              {{"state", state}, {"relocation", place}, {"missing", spans}});
  }
  return any;
}

}  // namespace

int run_command(std::span<const std::string> arguments) {
  const auto settings = parse_options(arguments);
  return settings ? run_job(*settings) : print_answer(settings.error());
}

int report_command(std::span<const std::string> arguments) {
  const auto settings = parse_options(arguments, Command::kReport);
  return settings ? run_job(*settings) : print_answer(settings.error());
}

int run_job(const Settings& settings) {
  catch_stop_signals();
  Log log(settings);
  if (auto there = check_inputs(settings.run); !there) {
    log.error(there.error().message);
    return kWrongUsage;
  }

  Progress progress(settings, ::isatty(STDERR_FILENO) != 0, log);
  const auto summary = run(settings.run, observe(log, progress));
  progress.end(Progress::Clock::now());

  if (!summary) {
    return tell(log, summary.error());
  }
  if (summary->stopped_early) {
    return report_stop(log, settings, *summary, progress.tally());
  }
  if (log.is_json()) {
    log.write(spdlog::level::info, "summary", {{"summary", summary_json(*summary, settings.run)}});
  } else if (!settings.quiet) {
    print(stdout, settings.run.report.only ? report_text(*summary, settings.run)
                                           : summary_text(*summary, settings.run));
  }
  const std::size_t failed = summary->count(Outcome::kFailed);
  if (failed == summary->kernels.size()) {
    log.error(fmt::format("nothing was written: {} failed", format_count(failed, "kernel")));
    return kNothingWritten;
  }
  return fails(log, settings, *summary) || failed > 0 ? kSomeKernels : kAllWell;
}

}  // namespace btfbatch::cli
