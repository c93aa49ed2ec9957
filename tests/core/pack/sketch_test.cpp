#include <gtest/gtest.h>

#include "core/pack/delta.h"
#include "tests/support/memory_file.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

Sketch of(const char* kernel) {
  return Sketch::of(test::read_bytes(test::kernel_path(kernel)));
}

TEST(Sketch, AKernelIsMostLikeItself) {
  EXPECT_EQ(of("reference").likeness(of("reference")), 1.0);
  EXPECT_LT(of("reference").likeness(of("moved_fields")), 1.0);
  EXPECT_GT(of("reference").likeness(of("moved_fields")), of("reference").likeness(of("twins")));
  EXPECT_EQ(of("reference").likeness(of("twins")), of("twins").likeness(of("reference")));
}

TEST(Sketch, WhatIsNoBtfIsLikeNothing) {
  const Sketch nothing = Sketch::of(test::as_byte_span("no BTF"));
  EXPECT_EQ(nothing.likeness(nothing), 0.0);
  EXPECT_EQ(nothing.likeness(of("reference")), 0.0);
  EXPECT_EQ(of("reference").likeness(nothing), 0.0);
}

}  // namespace
}  // namespace btfbatch
