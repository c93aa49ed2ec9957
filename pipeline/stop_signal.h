// The one way to end a run early.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>

namespace btfbatch {

// Once stopped, it stays so. Thread-safe.
class StopSignal {
 public:
  // `ask` may be empty. It is called with `observer_mutex` held, which whoever calls another
  // function of the same observer holds too, so that an observer is never called from two threads
  // at once.
  StopSignal(std::function<bool()> ask, std::mutex& observer_mutex)
      : ask_(std::move(ask)), observer_mutex_(observer_mutex) {}

  // Asks whether to stop. Where another thread is just talking to the observer, the next call asks.
  [[nodiscard]] bool stopped() {
    if (!stopped_.load(std::memory_order_relaxed) && ask_) {
      const std::unique_lock lock(observer_mutex_, std::try_to_lock);
      if (lock.owns_lock() && ask_()) {
        stop();
      }
    }
    return stopped_.load(std::memory_order_relaxed);
  }

  void stop() { stopped_.store(true, std::memory_order_relaxed); }

 private:
  std::atomic<bool> stopped_ = false;
  std::function<bool()> ask_;
  std::mutex& observer_mutex_;
};

}  // namespace btfbatch
