// What ThreadSanitizer cannot see: that oneTBB, whose library is not instrumented, passes work from
// one thread to another in order. Said only where the graph promises it, so that races in what its
// bodies do are still found. Elsewhere than under ThreadSanitizer all of this is nothing.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define BTFBATCH_TSAN
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BTFBATCH_TSAN
#endif
#endif

#ifdef BTFBATCH_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace btfbatch {

// All that a thread has done before give() has happened for those that take() later. Thread-safe.
class HandOver {
 public:
#ifdef BTFBATCH_TSAN
  void give() {
    __tsan_release(&token_);
  }
  void take() {
    __tsan_acquire(&token_);
  }

 private:
  char token_ = 0;
#else
  void give() {}
  void take() {}
#endif
};

}  // namespace btfbatch
