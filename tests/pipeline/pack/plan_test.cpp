#include "pipeline/pack/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

std::vector<PlannedBtf> test_kernels() {
  std::vector<PlannedBtf> btfs;
  int number = 0;
  for (const std::string& name : test::kernel_names()) {
    const std::string bytes = test::read_file(test::kernel_path(name));
    PlannedBtf& btf = btfs.emplace_back();
    btf.path = "debian/12/x86_64/6." + std::to_string(number++) + ".btf";
    btf.btf_size = bytes.size();
    btf.sketch = Sketch::of(test::as_byte_span(bytes));
  }
  return btfs;
}

std::uint32_t depth_of(const std::vector<std::optional<std::size_t>>& bases, std::size_t i) {
  std::uint32_t depth = 0;
  for (; bases[i]; i = *bases[i]) {
    ++depth;
  }
  return depth;
}

TEST(PlanBases, TheSameWhateverTheOrder) {
  std::vector<PlannedBtf> btfs = test_kernels();
  std::map<std::string, std::string> of;
  const auto bases = plan_bases(btfs);
  for (std::size_t i = 0; i < btfs.size(); ++i) {
    of[btfs[i].path] = bases[i] ? btfs[*bases[i]].path : "";
  }
  std::ranges::reverse(btfs);
  const auto again = plan_bases(btfs);
  for (std::size_t i = 0; i < btfs.size(); ++i) {
    EXPECT_EQ(again[i] ? btfs[*again[i]].path : "", of[btfs[i].path]);
  }
}

TEST(PlanBases, DepthIsBoundedHoweverLongTheSeries) {
  std::vector<PlannedBtf> btfs = test_kernels();
  const PlannedBtf reference = btfs.front();
  btfs.clear();
  for (int i = 0; i < 200; ++i) {
    btfs.push_back(reference);
    btfs.back().path = "debian/12/x86_64/6.1." + std::to_string(i) + ".btf";
  }
  const auto bases = plan_bases(btfs);
  EXPECT_EQ(std::count(bases.begin(), bases.end(), std::nullopt), 1);
  for (std::size_t i = 0; i < bases.size(); ++i) {
    EXPECT_LE(depth_of(bases, i), kDeepestPlanned);
  }
}

TEST(PlanBases, StrangersAndGiantsAreNoBases) {
  std::vector<PlannedBtf> btfs = test_kernels();
  PlannedBtf stranger;
  stranger.path = "odd/1/x86_64/1.0.btf";  // a sketch of nothing: no BTF
  btfs.push_back(stranger);
  PlannedBtf giant = btfs.front();
  giant.path = "odd/1/x86_64/2.0.btf";
  giant.btf_size = kLargestPlannedBase + 1;
  btfs.push_back(giant);
  const auto bases = plan_bases(btfs);
  EXPECT_FALSE(bases[btfs.size() - 2]);
  EXPECT_TRUE(bases[btfs.size() - 1]);
  for (const auto& base : bases) {
    EXPECT_TRUE(!base || *base < btfs.size() - 2);
  }
}

TEST(PlanBases, KeptOnesServeAsBasesAsFarAsTheirDepthAllows) {
  std::vector<PlannedBtf> btfs = test_kernels();
  btfs.resize(2);
  btfs[1].sketch = btfs[0].sketch;
  btfs[0].fixed_depth = kDeepestPlanned - 1;
  EXPECT_EQ(plan_bases(btfs)[1], 0U);
  EXPECT_FALSE(plan_bases(btfs)[0]);
  btfs[0].fixed_depth = kDeepestPlanned;
  EXPECT_FALSE(plan_bases(btfs)[1]);
}

}  // namespace
}  // namespace btfbatch
