#include "cli/progress.h"

#include <fmt/format.h>

#include <csignal>

#include "cli/interrupt.h"
#include "cli/units.h"

namespace btfbatch::cli {
namespace {

constexpr std::chrono::milliseconds kLivePeriod{100};
constexpr std::chrono::seconds kLogPeriod{10};

double rate(const Tally& tally, std::chrono::nanoseconds elapsed) {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  return seconds > 0 ? static_cast<double>(tally.done) / seconds : 0;
}

}  // namespace

std::string progress_line(const Tally& tally, std::chrono::nanoseconds elapsed) {
  std::string line = tally.total > 0 ? fmt::format("{}/{} kernels", tally.done, tally.total)
                                     : format_count(tally.done, "kernel");
  if (!tally.phase.empty()) {
    line.insert(0, tally.phase + " ");
  }
  const double per_second = rate(tally, elapsed);
  if (per_second > 0) {
    line += fmt::format(", {:.1f}/s", per_second);
    if (tally.total > tally.done) {
      const std::chrono::duration<double> left(static_cast<double>(tally.total - tally.done) /
                                               per_second);
      line += fmt::format(
          ", {} left", format_duration(std::chrono::duration_cast<std::chrono::nanoseconds>(left)));
    }
  }
  if (tally.degraded > 0) {
    line += fmt::format(", {} degraded", tally.degraded);
  }
  if (tally.failed > 0) {
    line += fmt::format(", {} failed", tally.failed);
  }
  return line;
}

std::string stopped_by_signal(const Tally& tally) {
  const std::string done = tally.total > 0 ? fmt::format("{} of {}", tally.done, tally.total)
                                           : std::to_string(tally.done);
  return fmt::format("stopped by {} after {} kernels",
                     stop_signal() == SIGINT ? "SIGINT" : "SIGTERM", done);
}

Progress::Progress(const Settings& settings, bool is_terminal, Log& log)
    : form_(Form::kLog), log_(log) {
  if (settings.quiet || settings.progress == ProgressMode::kNever) {
    form_ = Form::kNone;
  } else if (!log.is_json() && (settings.progress == ProgressMode::kAlways || is_terminal)) {
    form_ = Form::kLive;
  }
}

void Progress::begin(std::size_t total, Clock::time_point now, std::string_view phase) {
  tally_ = {.total = total, .phase = std::string(phase)};
  begun_ = now;
  shown_ = now;
  if (form_ == Form::kLive) {
    show(now);
  }
}

void Progress::kernel_done(Outcome outcome, Clock::time_point now) {
  ++tally_.done;
  tally_.degraded += outcome == Outcome::kDegraded ? 1 : 0;
  tally_.failed += outcome == Outcome::kFailed ? 1 : 0;
  const auto since = now - shown_;
  if ((form_ == Form::kLive && since >= kLivePeriod) ||
      (form_ == Form::kLog && since >= kLogPeriod)) {
    show(now);
  }
}

void Progress::end(Clock::time_point now) {
  if (form_ == Form::kLive) {
    log_.show_live({});
  } else if (form_ == Form::kLog && tally_.done > 0) {
    show(now);
  }
}

void Progress::show(Clock::time_point now) {
  shown_ = now;
  const std::string line = progress_line(tally_, now - begun_);
  if (form_ == Form::kLive) {
    log_.show_live(line);
    return;
  }
  log_.write(spdlog::level::info, "progress: " + line,
             {{"progress",
               {{"done", tally_.done},
                {"total", tally_.total},
                {"degraded", tally_.degraded},
                {"failed", tally_.failed},
                {"seconds", std::chrono::duration<double>(now - begun_).count()}}}});
}

}  // namespace btfbatch::cli
