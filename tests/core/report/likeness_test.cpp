#include "core/report/likeness.h"

#include <gtest/gtest.h>

namespace btfbatch {
namespace {

TEST(Likeness, OfRenamedMembersOfTheKernel) {
  EXPECT_GE(likeness("state", "__state"), 0.9);
  EXPECT_GE(likeness("kmem_alloc", "kmem_alloc_node"), kAlike);
  EXPECT_GE(likeness("nr_iowait", "nr_iowaits"), kAlike);
}

TEST(Likeness, OfStrangers) {
  EXPECT_LT(likeness("pid", "comm"), kAlike);
  EXPECT_LT(likeness("state", "flags"), kAlike);
  EXPECT_EQ(likeness("", "flags"), 0);
  EXPECT_EQ(likeness("___", "flags"), 0);
}

TEST(Likeness, IsTheSameBothWays) {
  for (const char* a : {"state", "__state", "a_b_c", "c", "", "_"}) {
    for (const char* b : {"state", "b", "a_c", "statement"}) {
      EXPECT_EQ(likeness(a, b), likeness(b, a)) << a << " " << b;
    }
  }
}

}  // namespace
}  // namespace btfbatch
