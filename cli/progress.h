// How far a run has come: a live line, or log lines, or nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cli/log.h"
#include "cli/options.h"

namespace btfbatch::cli {

// What the line is made of.
struct Tally {
  std::size_t total = 0;  // 0: not known
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t degraded = 0;
  std::string phase{};  // "reading", where a job has several; what is done with the kernels
};

// "120/2000 kernels, 45.0/s, 41.8 s left, 1 failed"; without the total, without the time left.
[[nodiscard]] std::string progress_line(const Tally& tally, std::chrono::nanoseconds elapsed);

// "stopped by SIGINT after 120 of 2000 kernels", once a signal has asked to stop.
[[nodiscard]] std::string stopped_by_signal(const Tally& tally);

// Shows progress while a run lasts. It has no thread: it is moved by the kernels that get done,
// and shows no more than one line in a tenth of a second (log lines: in ten seconds). Not to be
// called from two threads at once.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  // `log` must outlive it. `is_terminal` says whether standard error is one.
  Progress(const Settings& settings, bool is_terminal, Log& log);

  // `total` as in RunObserver::scanned. A job of several phases begins anew with each.
  void begin(std::size_t total, Clock::time_point now, std::string_view phase = {});
  void kernel_done(Outcome outcome, Clock::time_point now);
  // Takes the live line away, or logs where the run ended.
  void end(Clock::time_point now);

  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  enum class Form : std::uint8_t { kNone, kLive, kLog };

  void show(Clock::time_point now);

  Form form_;
  Log& log_;
  Tally tally_;
  Clock::time_point begun_;
  Clock::time_point shown_;
};

}  // namespace btfbatch::cli
