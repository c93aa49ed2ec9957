#include "pipeline/source.h"

#include <gtest/gtest.h>

#include <mutex>

#include "tests/support/archive_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

constexpr UnpackLimits kLimits{.max_btf_size = 64U << 20};

std::string reference() {
  return test::read_file(test::kernel_path("reference"));
}

class SourceTest : public ::testing::Test {
 protected:
  [[nodiscard]] Entry entry_of(std::string_view content) const {
    Entry entry;
    entry.archive_path = "5.4.btf.tar.xz";
    entry.file = dir_.write("5.4.btf.tar.xz", content);
    return entry;
  }

  test::TempDir dir_;
};

TEST_F(SourceTest, OfAFileIsHashedAndUnpacked) {
  const std::string content = test::make_kernel_tar("5.4.btf", reference());
  const Entry entry = entry_of(content);
  const Result<Source> source = Source::open(entry, nullptr);
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(source->hash(), content_id_of(test::as_byte_span(content)));
  Buffer btf;
  ASSERT_TRUE(source->unpack(kLimits, btf));
  EXPECT_EQ(test::text_of(btf.bytes()), reference());
}

TEST_F(SourceTest, OfManyPiecesHasOneHash) {
  const std::string content = reference() + std::string(1'000'000, 'x');
  const Entry entry = entry_of(content);
  const Result<Source> source = Source::open(entry, nullptr);
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(source->hash(), content_id_of(test::as_byte_span(content)));
}

TEST_F(SourceTest, OfATarsEntryIsItsContent) {
  const std::string content = test::make_kernel_tar("5.4.btf", reference());
  Entry entry;
  entry.archive_path = "5.4.btf.tar.xz";
  entry.content.append(test::as_byte_span(content));
  const Result<Source> source = Source::open(entry, nullptr);
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(source->hash(), content_id_of(test::as_byte_span(content)));
  Buffer btf;
  ASSERT_TRUE(source->unpack(kLimits, btf));
  EXPECT_EQ(test::text_of(btf.bytes()), reference());
}

// Else the new file's result would be kept under the old one's hash.
TEST_F(SourceTest, MustNotChangeBeforeItIsUnpacked) {
  const Entry entry = entry_of(reference());
  const Result<Source> source = Source::open(entry, nullptr);
  ASSERT_TRUE(source);
  dir_.write("5.4.btf.tar.xz", reference() + "x");
  Buffer btf;
  const auto longer = source->unpack(kLimits, btf);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().message, "changed while it was read");

  std::filesystem::remove(entry.file);
  EXPECT_FALSE(source->unpack(kLimits, btf));
}

TEST_F(SourceTest, ThatCannotBeReadSaysWhy) {
  Entry entry;
  entry.file = dir_ / "missing";
  const Result<Source> missing = Source::open(entry, nullptr);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "cannot be opened: No such file or directory");
  entry.file = dir_.path();
  EXPECT_FALSE(Source::open(entry, nullptr));
}

TEST_F(SourceTest, EndsWithTheRun) {
  const Entry entry = entry_of(reference());
  std::mutex mutex;
  StopSignal stop({}, mutex);
  stop.stop();
  const Result<Source> source = Source::open(entry, &stop);
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().message, "stopped");
}

}  // namespace
}  // namespace btfbatch
