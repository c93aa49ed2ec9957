#include "core/report/likeness.h"

#include <gtest/gtest.h>

namespace btfbatch {
namespace {

TEST(Likeness, OfRenamedMembersOfTheKernel) {
  EXPECT_GE(likeness("state", "__state"), kRespelled);
  EXPECT_GE(likeness("kmem_alloc", "kmem_alloc_node"), kAlike);
  EXPECT_GE(likeness("nr_iowait", "nr_iowaits"), kAlike);
}

TEST(Likeness, OfStrangers) {
  EXPECT_LT(likeness("pid", "comm"), kAlike);
  EXPECT_LT(likeness("state", "flags"), kAlike);
  EXPECT_EQ(likeness("", "flags"), 0);
  EXPECT_EQ(likeness("___", "flags"), 0);
}

TEST(Likeness, WordsInCommon) {
  EXPECT_TRUE(share_a_word("nr_running", "nr_queued"));
  EXPECT_TRUE(share_a_word("h_nr_running", "nr_queued"));
  EXPECT_FALSE(share_a_word("rq_disk", "mq_ctx"));
  EXPECT_FALSE(share_a_word("a_disk", "a_queue"));
  EXPECT_FALSE(share_a_word("", ""));
  EXPECT_FALSE(share_a_word("_", "__"));
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
