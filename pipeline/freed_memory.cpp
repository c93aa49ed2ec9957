#include "pipeline/freed_memory.h"

#include <malloc.h>

namespace btfbatch {
namespace {

// Of glibc alone; elsewhere, things are as they are.
void set_thresholds([[maybe_unused]] int mmap_bytes, [[maybe_unused]] int trim_bytes) {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, mmap_bytes);
  mallopt(M_TRIM_THRESHOLD, trim_bytes);
#endif
}

}  // namespace

void keep_freed_memory() {
  set_thresholds(32 << 20, 64 << 20);
}

void trim_freed_memory() {
#ifdef M_MMAP_THRESHOLD
  malloc_trim(0);
#endif
}

void return_freed_memory() {
  set_thresholds(8 << 20, 16 << 20);
}

}  // namespace btfbatch
