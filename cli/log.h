// Messages on standard error, as text or as JSON, and the live line beneath them.
#pragma once

#include <spdlog/common.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cli/options.h"

namespace btfbatch::cli {

class StderrSink;

// Where all messages of the process go while it lives: it is spdlog's default logger, too. There is
// one at a time. Thread-safe.
class Log {
 public:
  // Quiet lets errors through, verbose also details (debug); otherwise from information on.
  explicit Log(const Settings& settings);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // One message, without a newline. As JSON, `fields` (an object) stand beside "message"; as text
  // they are left out.
  void write(spdlog::level::level_enum level, std::string_view message,
             const nlohmann::ordered_json& fields = nlohmann::ordered_json::object());

  void error(std::string_view message) { write(spdlog::level::err, message); }
  void warn(std::string_view message) { write(spdlog::level::warn, message); }

  [[nodiscard]] bool is_json() const { return is_json_; }

  // Puts `line` beneath all messages, in place of the one before; empty takes it away.
  void show_live(std::string_view line);

 private:
  bool is_json_;
  std::shared_ptr<StderrSink> sink_;
};

}  // namespace btfbatch::cli
