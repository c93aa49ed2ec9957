#include "pipeline/cores.h"

#include <gtest/gtest.h>
#include <sched.h>

namespace btfbatch {
namespace {

TEST(CoresOfQuota, RoundsUp) {
  EXPECT_EQ(cores_of_quota("200000 100000\n"), 2U);
  EXPECT_EQ(cores_of_quota("150000 100000"), 2U);
  EXPECT_EQ(cores_of_quota("1000 100000"), 1U);
  EXPECT_EQ(cores_of_quota("0 100000"), 1U);
}

TEST(CoresOfQuota, SetsNoLimitWhereThereIsNone) {
  for (const char* text : {"max 100000", "", "100000", "100000 ", "100000 0", "x y", "-1 100000"}) {
    EXPECT_EQ(cores_of_quota(text), std::nullopt) << text;
  }
}

TEST(AvailableCores, KeepsToTheAffinityMask) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_GE(available_cores(), 1U);
  EXPECT_LE(available_cores(), static_cast<unsigned>(CPU_COUNT(&before)));

  cpu_set_t one;
  CPU_ZERO(&one);
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &before)) {
      CPU_SET(core, &one);
      break;
    }
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(available_cores(), 1U);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

}  // namespace
}  // namespace btfbatch
