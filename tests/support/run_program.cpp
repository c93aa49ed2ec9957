#include "tests/support/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace btfbatch::test {
namespace {

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// Appends what there is to read; false at the end of the stream, which is closed then.
bool read_some(int& fd, std::string& text) {
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  if (count > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }
  if (count < 0 && errno == EINTR) {
    return true;
  }
  ::close(fd);
  fd = -1;
  return false;
}

}  // namespace

RunningProgram::RunningProgram(const std::vector<std::string>& arguments,
                               const std::filesystem::path& folder, int error_pipe_size) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) {
    throw_errno("pipe2");
  }
  if (error_pipe_size > 0 && ::fcntl(err[1], F_SETPIPE_SZ, error_pipe_size) < 0) {
    throw_errno("F_SETPIPE_SZ");
  }
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);

  process_ = ::fork();
  if (process_ < 0) {
    throw_errno("fork");
  }
  if (process_ == 0) {
    // A test that itself runs in the background may have had this ignored.
    ::signal(SIGINT, SIG_DFL);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (::dup2(nothing, STDIN_FILENO) < 0 || ::dup2(out[1], STDOUT_FILENO) < 0 ||
        ::dup2(err[1], STDERR_FILENO) < 0 || (!folder.empty() && ::chdir(folder.c_str()) != 0)) {
      ::_exit(127);
    }
    ::execv(pointers.front(), pointers.data());
    ::_exit(127);
  }
  ::close(out[1]);
  ::close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

RunningProgram::~RunningProgram() {
  close_all();
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
}

void RunningProgram::close_all() {
  for (int* fd : {&out_, &err_}) {
    if (*fd >= 0) {
      ::close(*fd);
      *fd = -1;
    }
  }
}

void RunningProgram::wait_for_error(const std::string& text) {
  while (err_ >= 0 && result_.err.find(text) == std::string::npos) {
    read_some(err_, result_.err);
  }
}

void RunningProgram::send(int signal) const {
  ::kill(process_, signal);
}

ProgramResult RunningProgram::finish() {
  // poll() passes over negative descriptors.
  while (out_ >= 0 || err_ >= 0) {
    std::array<pollfd, 2> streams{{{out_, POLLIN, 0}, {err_, POLLIN, 0}}};
    if (::poll(streams.data(), streams.size(), -1) < 0 && errno != EINTR) {
      throw_errno("poll");
    }
    if (streams[0].revents != 0) {
      read_some(out_, result_.out);
    }
    if (streams[1].revents != 0) {
      read_some(err_, result_.err);
    }
  }
  int status = 0;
  struct rusage usage{};
  ::wait4(process_, &status, 0, &usage);
  result_.peak_memory = static_cast<std::uint64_t>(usage.ru_maxrss) << 10;
  process_ = -1;
  result_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return result_;
}

ProgramResult run_program(const std::vector<std::string>& arguments,
                          const std::filesystem::path& folder) {
  RunningProgram program(arguments, folder);
  return program.finish();
}

}  // namespace btfbatch::test
