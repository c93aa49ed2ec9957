// How a fuzz target says that something is wrong: it says so and aborts, which libFuzzer and the
// replaying test both count as a crash.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace btfbatch::fuzz {

inline void require(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: %s\n", what.c_str());
  std::abort();
}

}  // namespace btfbatch::fuzz
