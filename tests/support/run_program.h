// Runs a program as its user would, and reads what it says.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace btfbatch::test {

struct ProgramResult {
  int exit_code = -1;  // -1 where a signal ended the program
  int signal = 0;      // the one that did
  std::string out;
  std::string err;
  std::uint64_t peak_memory = 0;  // bytes that were resident at once
};

// A program that runs while the test goes on. Ended by force where the test forgets it.
class RunningProgram {
 public:
  // `arguments` begin with the path of the executable. `folder`: where it starts; empty for the
  // test's own. Its standard input is empty; its standard error is a pipe of `error_pipe_size`
  // bytes (0: as usual), so that a program that says more waits until it is read.
  // Throws std::system_error where it cannot be started.
  RunningProgram(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                 int error_pipe_size = 0);
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  // Waits until standard error holds `text`, or has ended.
  void wait_for_error(const std::string& text);

  void send(int signal) const;

  // Reads all that is left to read and waits for the end.
  [[nodiscard]] ProgramResult finish();

 private:
  void close_all();

  pid_t process_ = -1;
  int out_ = -1;
  int err_ = -1;
  ProgramResult result_;
};

// Runs the program from beginning to end.
[[nodiscard]] ProgramResult run_program(const std::vector<std::string>& arguments,
                                        const std::filesystem::path& folder = {});

}  // namespace btfbatch::test
