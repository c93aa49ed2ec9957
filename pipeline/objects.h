// From what the user names as objects to the set that all kernels are minimized for.
#pragma once

#include <deque>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/object/object_set.h"
#include "pipeline/run.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {

// The objects of a run, together with their bytes, which they refer to. Immutable once loaded; may
// be shared between threads.
struct LoadedObjects {
  std::deque<std::string> images;        // each object's ELF image, which no longer moves
  ObjectSet set;                         // refers to `images`
  std::vector<ObjectSummary> summaries;  // for each object of the set, in its order
};

// Reads each path: an eBPF ELF, any file that embeds some, or a folder, whose *.o files are taken
// (by name, not those of folders in it). An object is named after its file; the second one embedded
// in a file is named "FILE#2", and so on.
//
// Fails, naming the file or object, where one cannot be read, holds no eBPF object, or cannot be
// parsed, and where `stop`, if given, says so. Files are read by `jobs` threads, at least one; what
// comes out does not depend on how many.
[[nodiscard]] Result<LoadedObjects> load_objects(std::span<const std::filesystem::path> paths,
                                                 unsigned jobs = 1, StopSignal* stop = nullptr);

// What asks nothing of a kernel.
[[nodiscard]] Result<LoadedObjects> no_objects();

}  // namespace btfbatch
