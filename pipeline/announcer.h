// Telling an observer what is done, from many threads.
#pragma once

#include <mutex>

namespace btfbatch {

// Calls the functions of one observer, one at a time. Thread-safe.
class Announcer {
 public:
  template <class Function, class Argument>
  void tell(const Function& function, const Argument& argument) {
    if (function) {
      const std::lock_guard lock(mutex_);
      function(argument);
    }
  }

  std::mutex& mutex() { return mutex_; }

 private:
  std::mutex mutex_;
};

}  // namespace btfbatch
