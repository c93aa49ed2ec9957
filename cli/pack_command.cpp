#include "cli/pack_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/log.h"
#include "cli/pack_options.h"
#include "cli/pack_summary.h"
#include "cli/progress.h"
#include "cli/run_error.h"
#include "cli/text.h"
#include "cli/units.h"
#include "pipeline/pack/pack_file.h"

namespace btfbatch::cli {
namespace {

using Json = nlohmann::ordered_json;

// What cannot be read is told at once, since the job may take long.
void log_kernel(Log& log, const std::string& path, std::string_view failure) {
  if (failure.empty()) {
    log.write(spdlog::level::debug, path, {{"kernel", path}});
  } else {
    log.write(spdlog::level::err, fmt::format("{}: {}", path, failure),
              {{"kernel", path}, {"outcome", "failed"}, {"reasons", {failure}}});
  }
}

void count_kernel(Progress& progress, std::string_view failure) {
  progress.kernel_done(failure.empty() ? Outcome::kMinimized : Outcome::kFailed,
                       Progress::Clock::now());
}

void print_json(const Json& json) {
  print(stdout, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

int make(const PackSettings& settings, Log& log) {
  if (auto there = check_inputs(settings.common.run); !there) {
    log.error(there.error().message);
    return kWrongUsage;
  }
  const RunOptions& run = settings.common.run;
  const PackOptions options{.archive = run.archive,
                            .out = settings.pack,
                            .base = settings.base,
                            .filter = run.filter,
                            .jobs = run.jobs,
                            .max_btf_size = run.max_btf_size};
  Progress progress(settings.common, ::isatty(STDERR_FILENO) != 0, log);
  PackObserver observer;
  observer.begin = [&](std::string_view phase, std::size_t total) {
    progress.end(Progress::Clock::now());
    progress.begin(total, Progress::Clock::now(), phase);
  };
  observer.kernel_done = [&](const std::string& path, std::string_view failure) {
    log_kernel(log, path, failure);
    count_kernel(progress, failure);
  };
  observer.should_stop = [] { return stop_signal() != 0; };
  const auto summary = make_pack(options, observer);
  progress.end(Progress::Clock::now());

  if (!summary) {
    return tell(log, summary.error());
  }
  if (summary->stopped_early) {
    log.error(fmt::format("{}; '{}' is left as it was", stopped_by_signal(progress.tally()),
                          options.out.string()));
    return kSignalBase + stop_signal();
  }
  if (summary->kernels == 0) {
    log.error(fmt::format("nothing was written: {} failed",
                          format_count(summary->failures.size(), "kernel")));
    return kNothingWritten;
  }
  if (log.is_json()) {
    log.write(spdlog::level::info, "summary", {{"summary", pack_summary_json(*summary, options)}});
  } else if (!settings.common.quiet) {
    print(stdout, pack_summary_text(*summary, options));
  }
  return summary->failures.empty() ? kAllWell : kSomeKernels;
}

int check(const PackSettings& settings, Log& log) {
  Progress progress(settings.common, ::isatty(STDERR_FILENO) != 0, log);
  PackCheckObserver observer;
  observer.begin = [&](std::size_t kernels) {
    progress.begin(kernels, Progress::Clock::now(), "checking");
  };
  observer.kernel_done = [&](const std::string& path, std::string_view failure) {
    log_kernel(log, path, failure);
    count_kernel(progress, failure);
  };
  observer.should_stop = [] { return stop_signal() != 0; };
  const Result<PackCheck> checked = check_pack(settings.pack, settings.common.run.jobs, observer);
  progress.end(Progress::Clock::now());
  if (!checked) {
    log.error(fmt::format("{}: {}", settings.pack.string(), checked.error().message));
    return kWrongUsage;
  }
  if (checked->stopped_early) {
    log.error(stopped_by_signal(progress.tally()));
    return kSignalBase + stop_signal();
  }
  for (const std::string& problem : checked->problems) {
    log.error(fmt::format("{}: {}", settings.pack.string(), problem));
  }
  if (settings.json) {
    print_json(pack_check_json(*checked));
  } else if (!settings.common.quiet) {
    print(stdout, pack_check_text(*checked));
  }
  return checked->is_whole() ? kAllWell : kSomeKernels;
}

int show(const PackSettings& settings, Log& log) {
  const Result<PackFile> pack = PackFile::open(settings.pack);
  if (!pack) {
    log.error(fmt::format("{}: {}", settings.pack.string(), pack.error().message));
    return kWrongUsage;
  }
  for (const std::string& damage : pack->damage()) {
    log.warn(fmt::format("{}: {}", settings.pack.string(), damage));
  }
  const bool lists = settings.action == PackAction::kList;
  const PackIndex& index = pack->index();
  if (settings.json) {
    print_json(lists ? pack_list_json(index) : pack_stats_json(index));
  } else {
    print(stdout, lists ? pack_list_text(index) : pack_stats_text(index));
  }
  return kAllWell;
}

}  // namespace

int pack_command(std::span<const std::string> arguments) {
  const auto settings = parse_pack_options(arguments);
  if (!settings) {
    return print_answer(settings.error());
  }
  catch_stop_signals();
  Log log(settings->common);
  switch (settings->action) {
    case PackAction::kMake:
      return make(*settings, log);
    case PackAction::kCheck:
      return check(*settings, log);
    case PackAction::kList:
    case PackAction::kStats:
      break;
  }
  return show(*settings, log);
}

}  // namespace btfbatch::cli
