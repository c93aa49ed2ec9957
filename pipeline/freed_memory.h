// What becomes of memory that is freed. Both change how the whole process allocates, from then on.
#pragma once

namespace btfbatch {

// For many kernels that each take the same few pieces of some megabytes. By default these go back
// to the system each time, and come again page by page, zeroed: a third of the time that a run from
// a pack takes. Some 64 MB of what is free are kept.
void keep_freed_memory();

// For work that takes much more for some kernels than for others: what only a rare one of 27 MB
// takes, pieces of more than 8 MB, goes back to the system as soon as it is free. By default the
// largest piece that was ever freed says what is large.
void return_freed_memory();

// Gives back at once all that is free. A millisecond or more.
void trim_freed_memory();

}  // namespace btfbatch
