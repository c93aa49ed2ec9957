// How jemalloc, which allocates for the whole executable, is to do so.
//
// Kernels by the hundred each take and give back some megabytes, and memory that comes fresh from
// the system comes page by page, each page by a fault: on a virtual machine that cost a third of a
// run from a pack. Huge pages make it one fault for 2 MB, and jemalloc keeps what is freed for some
// seconds. Where the system has no huge pages to give, it is an ordinary allocator.
#include <cstddef>
#include <cstdlib>

extern "C" {
// jemalloc reads this when it starts. One arena: what one thread has freed serves the next. With an
// arena for each thread or two, a run with two threads holds 20 MB more and is no faster; small
// pieces come from a thread's own cache either way. Only pieces of 32 MB and more have an arena of
// their own, which gives them back to the system as soon as they are free.
extern const char* malloc_conf;
const char* malloc_conf = "thp:always,narenas:1,oversize_threshold:33554432";
}

namespace {

// The arena begins with one piece in which many huge pages fit, of which nothing is touched.
// Growing from nothing, it would take pieces smaller than one, and be served page by page.
[[maybe_unused]] const bool has_room = [] {
  constexpr std::size_t kRoom = 16 << 20;
  void* volatile room = std::malloc(kRoom);  // volatile: the compiler would leave the pair out
  std::free(room);
  return true;
}();

}  // namespace
