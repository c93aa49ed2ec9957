#include "cli/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <utility>

#include "cli/text.h"

namespace btfbatch::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string_view level_name(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
    case spdlog::level::err:
      return "error";
    case spdlog::level::warn:
      return "warning";
    case spdlog::level::info:
      return "info";
    default:
      return "debug";
  }
}

// Information and details are plain lines; only what went wrong says who speaks.
std::string text_line(spdlog::level::level_enum level, std::string_view message) {
  if (level < spdlog::level::warn) {
    return printable(message);
  }
  return fmt::format("btfbatch: {}: {}", level_name(level), printable(message));
}

std::string json_line(spdlog::log_clock::time_point time, spdlog::level::level_enum level,
                      std::string_view message, const Json& fields) {
  using std::chrono::floor;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  const auto thousandths = floor<milliseconds>(time - floor<seconds>(time)).count();
  Json line = {{"time", fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                                    fmt::gmtime(floor<seconds>(time)), thousandths)},
               {"level", level_name(level)},
               {"message", message}};
  line.update(fields);
  // Paths may hold any bytes; JSON is UTF-8.
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::size_t terminal_columns() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit StderrSink(LogFormat format) : format_(format) {}

  void write(spdlog::level::level_enum level, std::string_view message, const Json& fields) {
    const std::lock_guard lock(mutex_);
    put_message(spdlog::log_clock::now(), level, message, fields);
  }

  void show_live(std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (live_.empty() && line.empty()) {
      return;
    }
    live_ = line.substr(0, terminal_columns() - 1);
    put(kClearLine + live_);
  }

 protected:
  // What comes through spdlog itself, from the pipeline; base_sink holds the mutex.
  void sink_it_(const spdlog::details::log_msg& message) override {
    put_message(message.time, message.level, {message.payload.data(), message.payload.size()},
                Json::object());
  }
  void flush_() override { (void)std::fflush(stderr); }

 private:
  static constexpr const char* kClearLine = "\r\x1b[K";

  void put_message(spdlog::log_clock::time_point time, spdlog::level::level_enum level,
                   std::string_view message, const Json& fields) {
    std::string line = format_ == LogFormat::kJson ? json_line(time, level, message, fields)
                                                   : text_line(level, message);
    line += '\n';
    put(live_.empty() ? line : kClearLine + line + live_);
  }

  // One call for one line, so that another process on the same terminal does not come between.
  // Where standard error cannot be written, nobody is left to tell.
  static void put(const std::string& text) {
    (void)std::fwrite(text.data(), 1, text.size(), stderr);
    (void)std::fflush(stderr);
  }

  LogFormat format_;
  std::string live_;
};

Log::Log(const Settings& settings)
    : is_json_(settings.log_format == LogFormat::kJson),
      sink_(std::make_shared<StderrSink>(settings.log_format)) {
  auto logger = std::make_shared<spdlog::logger>("btfbatch", sink_);
  logger->set_level(settings.quiet     ? spdlog::level::err
                    : settings.verbose ? spdlog::level::debug
                                       : spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

Log::~Log() {
  sink_->show_live({});
}

void Log::write(spdlog::level::level_enum level, std::string_view message, const Json& fields) {
  if (spdlog::should_log(level)) {
    sink_->write(level, message, fields);
  }
}

void Log::show_live(std::string_view line) {
  sink_->show_live(line);
}

}  // namespace btfbatch::cli
