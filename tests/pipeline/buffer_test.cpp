#include "pipeline/buffer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

Buffer buffer_with(std::string_view text) {
  Buffer buffer;
  buffer.append(test::as_byte_span(text));
  return buffer;
}

TEST(Buffer, GrowsAndKeepsWhatItHas) {
  Buffer buffer = buffer_with("ab");
  buffer.append_zeros(2);
  buffer.append(test::as_byte_span(std::string(100'000, 'x')));
  buffer.append({});
  EXPECT_EQ(test::text_of(buffer.bytes()), std::string("ab\0\0", 4) + std::string(100'000, 'x'));
}

TEST(Buffer, KeepsAPartBehindItsBeginning) {
  Buffer buffer = buffer_with("0123456789");
  buffer.keep_behind(2, 5, 3);
  EXPECT_EQ(test::text_of(buffer.bytes()), "01567");
  buffer.keep_behind(0, 1, 2);
  EXPECT_EQ(test::text_of(buffer.bytes()), "15");
  buffer.shorten(1);
  EXPECT_EQ(test::text_of(buffer.bytes()), "1");
}

TEST(Buffer, IsEmptyOnceMovedFrom) {
  Buffer from = buffer_with("x");
  const Buffer to = std::move(from);
  EXPECT_EQ(test::text_of(to.bytes()), "x");
  EXPECT_EQ(from.size(), 0U);  // NOLINT(bugprone-use-after-move): what is tested
  from.append(test::as_byte_span("y"));
  EXPECT_EQ(test::text_of(from.bytes()), "y");
}

TEST(Buffer, BorrowsUntilItIsCleared) {
  const auto lender = std::make_shared<std::string>("lent");
  Buffer buffer;
  buffer.append(test::as_byte_span("own"));
  buffer.borrow(test::as_byte_span(*lender), lender);
  EXPECT_EQ(test::text_of(buffer.bytes()), "lent");
  EXPECT_EQ(buffer.size(), 4U);
  Buffer moved = std::move(buffer);
  EXPECT_EQ(test::text_of(moved.bytes()), "lent");
  EXPECT_EQ(lender.use_count(), 2);
  moved.clear();
  EXPECT_EQ(lender.use_count(), 1);
  moved.append(test::as_byte_span("mine"));
  EXPECT_EQ(test::text_of(moved.bytes()), "mine");
}

TEST(BufferPool, LetsGoOfWhatWasBorrowed) {
  const auto lender = std::make_shared<std::string>("lent");
  BufferPool pool;
  Buffer buffer = pool.take();
  buffer.borrow(test::as_byte_span(*lender), lender);
  pool.give_back(std::move(buffer));
  EXPECT_EQ(lender.use_count(), 1);
}

TEST(BufferPool, HandsOutTheSameMemoryAgain) {
  BufferPool pool;
  Buffer first = pool.take();
  first.append_zeros(1000);
  const std::byte* const memory = first.bytes().data();
  pool.give_back(std::move(first));
  Buffer again = pool.take();
  EXPECT_EQ(again.size(), 0U);
  again.append_zeros(1000);
  EXPECT_EQ(again.bytes().data(), memory);
  EXPECT_EQ(pool.take().capacity(), 0U);
}

TEST(BufferPool, DoesNotHoldOnToRareLargeOnes) {
  BufferPool pool;
  Buffer large = pool.take();
  large.reserve(27U << 20);
  pool.give_back(std::move(large));
  EXPECT_EQ(pool.take().capacity(), 0U);
}

}  // namespace
}  // namespace btfbatch
