#include "pipeline/freed_memory.h"

#include <malloc.h>

#include <cstddef>

// jemalloc's, where the executable is linked with it.
extern "C" __attribute__((weak)) int mallctl(const char* name, void* old_value,
                                             std::size_t* old_size, void* new_value,
                                             std::size_t new_size);

namespace btfbatch {

void trim_freed_memory() {
  if (mallctl != nullptr) {
    (void)mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // 4096: all arenas
    return;
  }
#ifdef M_MMAP_THRESHOLD  // glibc's malloc
  malloc_trim(0);
#endif
}

}  // namespace btfbatch
