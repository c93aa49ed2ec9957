#include "cli/interrupt.h"

#include <atomic>
#include <csignal>

namespace btfbatch::cli {
namespace {

// A signal handler has nothing but globals to speak through, and only lock-free ones are safe.
std::atomic<int> caught{0};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void remember_signal(int signal) {
  caught.store(signal, std::memory_order_relaxed);
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action{};
  action.sa_handler = remember_signal;
  // Reads and writes that the signal falls into go on; the run asks between kernels.
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM}) {
    // Who starts us in the background may have had it ignored; that stays so.
    struct sigaction before{};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) {
      sigaction(signal, &action, nullptr);
    }
  }
}

int stop_signal() {
  return caught.load(std::memory_order_relaxed);
}

}  // namespace btfbatch::cli
