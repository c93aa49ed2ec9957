#include "pipeline/pack/decode_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <optional>

namespace btfbatch {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAreArray;

constexpr std::uint64_t kSize = 5 << 20;

std::vector<PackBlob> blobs_with_bases(const std::vector<std::optional<std::uint32_t>>& bases) {
  std::vector<PackBlob> blobs;
  for (const auto& base : bases) {
    blobs.push_back({.btf_size = kSize, .base = base});
  }
  return blobs;
}

// `series` of them, each with a root, `branches` on it, and `leaves` on each branch.
std::vector<PackBlob> a_forest(std::uint32_t series, std::uint32_t branches, std::uint32_t leaves) {
  std::vector<std::optional<std::uint32_t>> bases;
  for (std::uint32_t i = 0; i < series; ++i) {
    const auto root = static_cast<std::uint32_t>(bases.size());
    bases.emplace_back();
    for (std::uint32_t k = 0; k < branches; ++k) {
      const auto branch = static_cast<std::uint32_t>(bases.size());
      bases.emplace_back(root);
      bases.insert(bases.end(), leaves, branch);
    }
  }
  return blobs_with_bases(bases);
}

TEST(DecodeOrder, TakesEachOnceAndBasesFirst) {
  const std::vector<PackBlob> blobs = a_forest(5, 4, 6);
  std::vector<std::uint32_t> wanted(blobs.size());
  std::iota(wanted.begin(), wanted.end(), 0U);
  std::ranges::reverse(wanted);
  wanted.push_back(3);  // two kernels with one BTF
  const std::vector<std::size_t> order = decode_order(blobs, wanted);
  std::vector<std::size_t> all(wanted.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  EXPECT_THAT(order, UnorderedElementsAreArray(all));
  std::vector<bool> is_done(blobs.size());
  for (const std::size_t i : order) {
    const std::optional<std::uint32_t> base = blobs[wanted[i]].base;
    EXPECT_TRUE(!base || is_done[*base]);
    is_done[wanted[i]] = true;
  }
}

TEST(DecodeOrder, BasesComeAheadAndFewLieReadyAtOnce) {
  const std::vector<PackBlob> blobs = a_forest(20, 3, 10);
  std::vector<std::uint32_t> wanted(blobs.size());
  std::iota(wanted.begin(), wanted.end(), 0U);
  const std::vector<std::size_t> order = decode_order(blobs, wanted);
  std::vector<std::size_t> place(blobs.size());
  for (std::size_t at = 0; at < order.size(); ++at) {
    place[order[at]] = at;
  }
  std::vector<std::size_t> last_use(blobs.size());
  std::size_t too_near = 0;
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    if (blobs[i].base) {
      last_use[*blobs[i].base] = std::max(last_use[*blobs[i].base], place[i]);
      too_near += place[i] < place[*blobs[i].base] + 4 ? 1 : 0;
    }
  }
  // In such a forest one in 15 has to be with kMostReady, one in eight with two bases less.
  EXPECT_LT(too_near, blobs.size() / 12);
  for (std::size_t at = 0; at < order.size(); ++at) {
    std::uint64_t ready = 0;
    for (std::size_t i = 0; i < blobs.size(); ++i) {
      ready += place[i] < at && last_use[i] > at ? kSize : 0;
    }
    EXPECT_LE(ready, kMostReady) << at;
  }
}

// A chain that is long, and what else is coded against its beginning, go side by side.
TEST(DecodeOrder, TakesWhatDoesNotWaitForEachOtherInTurn) {
  const std::vector<PackBlob> blobs = blobs_with_bases({std::nullopt, 0U, 1U, 2U, 0U, 4U, 5U});
  std::vector<std::uint32_t> wanted(blobs.size());
  std::iota(wanted.begin(), wanted.end(), 0U);
  EXPECT_THAT(decode_order(blobs, wanted), ElementsAre(0, 1, 4, 2, 5, 3, 6));
}

// So that a base is done with when the heaviest of what is coded against it is walked.
TEST(DecodeOrder, TakesTheLightestFirst) {
  const std::vector<PackBlob> blobs =
      blobs_with_bases({std::nullopt, 0U, 1U, 1U, 1U, 1U, 1U, 0U, 0U, 0U, 0U});
  std::vector<std::uint32_t> wanted(blobs.size());
  std::iota(wanted.begin(), wanted.end(), 0U);
  EXPECT_THAT(decode_order(blobs, wanted), ElementsAre(0, 7, 8, 9, 10, 1, 2, 3, 4, 5, 6));
}

// While few bases lie ready.
TEST(DecodeOrder, TakesTheSeriesWithTheLargestKernelFirst) {
  std::vector<PackBlob> blobs = blobs_with_bases({std::nullopt, 0U, std::nullopt, 2U});
  blobs[3].btf_size *= 5;
  EXPECT_THAT(decode_order(blobs, std::vector<std::uint32_t>{0, 1, 2, 3}), ElementsAre(2, 0, 3, 1));
}

TEST(DecodeOrder, PassesOverWhatIsNotWanted) {
  const std::vector<PackBlob> blobs =
      blobs_with_bases({std::nullopt, 0U, 1U, 2U, std::nullopt, 4U});
  EXPECT_THAT(decode_order(blobs, std::vector<std::uint32_t>{3}), ElementsAre(0));
  EXPECT_THAT(decode_order(blobs, std::vector<std::uint32_t>{}), ElementsAre());
  EXPECT_THAT(decode_order(blobs, std::vector<std::uint32_t>{3, 1}), ElementsAre(1, 0));
}

}  // namespace
}  // namespace btfbatch
