// How jemalloc, which allocates for the whole executable, is to do so; it reads this when it
// starts.
//
// Kernels by the hundred each take and give back some megabytes, and memory that comes fresh from
// the system comes page by page, each page by a fault: on a virtual machine that cost a third of a
// run from a pack. Huge pages make it one fault for 2 MB, and jemalloc keeps what is freed for some
// seconds. Where the system has no huge pages to give, it is an ordinary allocator.
//
// One arena: what one thread has freed serves the next. With an arena for each thread or two, a run
// with two threads holds 20 MB more and is no faster; small pieces come from a thread's own cache
// either way.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "thp:always,narenas:1";
}
