// SIGINT and SIGTERM as a request that the run polls.
#pragma once

namespace btfbatch::cli {

// From now on the first SIGINT or SIGTERM is remembered; a second one of the same kind ends the
// process at once.
void catch_stop_signals();

// The signal that asked to stop, or 0. Thread-safe.
[[nodiscard]] int stop_signal();

}  // namespace btfbatch::cli
