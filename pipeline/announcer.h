// Telling an observer what is done, from many threads.
#pragma once

#include <mutex>

namespace btfbatch {

// Calls the functions of one observer, one at a time. Thread-safe.
class Announcer {
 public:
  template <class Function, class... Arguments>
  void tell(const Function& function, const Arguments&... arguments) {
    if (function) {
      const std::lock_guard lock(mutex_);
      function(arguments...);
    }
  }

  std::mutex& mutex() { return mutex_; }

 private:
  std::mutex mutex_;
};

}  // namespace btfbatch
