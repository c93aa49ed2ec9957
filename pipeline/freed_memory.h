// What becomes of memory that is freed.
#pragma once

namespace btfbatch {

// Gives all that is free back to the system at once, which an allocator otherwise does after some
// time or never. For work of which a rare piece takes most of the memory there is. Takes a
// millisecond or more. Thread-safe.
void trim_freed_memory();

}  // namespace btfbatch
