#include "pipeline/result_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <fstream>
#include <thread>
#include <vector>

#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

namespace fs = std::filesystem;

constexpr ContentId kCachedSource{.high = 0x5a, .low = 1};
constexpr ResultRules kCacheRules{
    .fingerprint = {.high = 7, .low = 8}, .max_btf_size = 1000, .output_version = 2};
constexpr const char* kFile =
    "000000000000005a0000000000000001-00000000000000070000000000000008-2.btfresult";

MinimizedBtf result(std::string_view bytes) {
  MinimizedBtf minimized;
  const auto span = test::as_byte_span(bytes);
  minimized.bytes.assign(span.begin(), span.end());
  minimized.id = content_id_of(span);
  minimized.type_count = 12;
  return minimized;
}

std::string minimized_text(const std::optional<PastResult>& found) {
  return found ? std::string(reinterpret_cast<const char*>(found->minimized.bytes.data()),
                             found->minimized.bytes.size())
               : "nothing";
}

class ResultCacheTest : public ::testing::Test {
 protected:
  [[nodiscard]] ResultCache open(const ResultRules& rules = kCacheRules) const {
    return ResultCache::open(dir_ / "cache", dir_ / "archive", rules).value();
  }
  [[nodiscard]] fs::path file() const { return dir_ / "cache" / kFile; }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_ / "cache")) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  test::TempDir dir_;
};

TEST_F(ResultCacheTest, GivesBackWhatItKeeps) {
  const ResultCache cache = open();
  EXPECT_FALSE(cache.find(kCachedSource));
  cache.keep(kCachedSource, result("minimized"), {}, 500);
  const auto found = cache.find(kCachedSource);
  EXPECT_EQ(minimized_text(found), "minimized");
  EXPECT_EQ(found->minimized.id, content_id_of(test::as_byte_span("minimized")));
  EXPECT_EQ(found->minimized.type_count, 12U);
  EXPECT_EQ(found->btf_size, 500U);
  EXPECT_TRUE(found->file.empty());
  EXPECT_THAT(names(), ::testing::ElementsAre(kFile));
  EXPECT_EQ(minimized_text(open().find(kCachedSource)), "minimized");
}

TEST_F(ResultCacheTest, ItsFilesAreAsTheHeaderDescribesThem) {
  open().keep(kCachedSource, result("minimized"), {}, 500);
  const std::string content = test::read_file(file());
  const auto number = [&](std::size_t offset) {
    std::uint64_t value = 0;
    for (std::size_t i = 8; i-- > 0;) {
      value = value << 8 | static_cast<unsigned char>(content.at(offset + i));
    }
    return value;
  };
  EXPECT_EQ(content.substr(0, 16), "btfbatch result2");
  const ContentId checksum = content_id_of(test::as_byte_span(content).subspan(32));
  EXPECT_EQ(number(16), checksum.high);
  EXPECT_EQ(number(24), checksum.low);
  EXPECT_EQ(number(32), 0x5aU);
  EXPECT_EQ(number(40), 1U);
  EXPECT_EQ(number(48), 7U);
  EXPECT_EQ(number(56), 8U);
  EXPECT_EQ(number(64), 2U);
  EXPECT_EQ(number(72), 1000U);
  EXPECT_EQ(number(80), 500U);
  EXPECT_EQ(number(88), 12U);
  EXPECT_EQ(number(96), 9U);
  EXPECT_EQ(content.substr(104, 9), "minimized");
  EXPECT_EQ(content.substr(113), write_notes({}));
}

TEST_F(ResultCacheTest, KeepsWhatTheMinimizedBtfDoesNotTell) {
  KernelNotes notes;
  notes.machine = {.pointer_size = 4, .big_endian = true};
  notes.troubles = {{.object = "a.bpf.o",
                     .kind = RelocationKind::kFieldByteSize,
                     .path = "task_struct.state",
                     .reason = "no member",
                     .instead = {.kind = Instead::Kind::kRenamedMember,
                                 .path = "task_struct.__state",
                                 .type = "unsigned int",
                                 .text = "task_struct has __state (unsigned int)"}}};
  open().keep(kCachedSource, result("minimized"), notes, 500);
  const auto found = open().find(kCachedSource);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->notes.machine.pointer_size, 4U);
  EXPECT_TRUE(found->notes.machine.big_endian);
  ASSERT_EQ(found->notes.troubles.size(), 1U);
  EXPECT_EQ(found->notes.troubles[0].object, "a.bpf.o");
  EXPECT_EQ(found->notes.troubles[0].kind, RelocationKind::kFieldByteSize);
  EXPECT_EQ(found->notes.troubles[0].path, "task_struct.state");
  EXPECT_EQ(found->notes.troubles[0].reason, "no member");
  EXPECT_EQ(found->notes.troubles[0].instead, notes.troubles[0].instead);
}

TEST_F(ResultCacheTest, GivesNothingUnderOtherRules) {
  open().keep(kCachedSource, result("minimized"), {}, 500);
  EXPECT_FALSE(open().find({.high = 0x5a, .low = 2}));
  ResultRules other = kCacheRules;
  other.fingerprint.low = 9;
  EXPECT_FALSE(open(other).find(kCachedSource));
  other = kCacheRules;
  other.output_version = 3;
  EXPECT_FALSE(open(other).find(kCachedSource));
  // Under a smaller limit the kernel might fail; under a larger one it does not.
  other = kCacheRules;
  other.max_btf_size = 999;
  EXPECT_FALSE(open(other).find(kCachedSource));
  other.max_btf_size = 1001;
  EXPECT_EQ(minimized_text(open(other).find(kCachedSource)), "minimized");
}

TEST_F(ResultCacheTest, PassesOverEveryFileThatHasOneByteChangedOrIsCutOff) {
  const ResultCache cache = open();
  cache.keep(kCachedSource, result("minimized"), {}, 500);
  const std::string good = test::read_file(file());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    dir_.write(std::string("cache/") + kFile, bad);
    EXPECT_FALSE(cache.find(kCachedSource)) << i;
    dir_.write(std::string("cache/") + kFile, good.substr(0, i));
    EXPECT_FALSE(cache.find(kCachedSource)) << i;
  }
  dir_.write(std::string("cache/") + kFile, good + "x");
  EXPECT_FALSE(cache.find(kCachedSource));
  cache.keep(kCachedSource, result("minimized"), {}, 500);
  EXPECT_EQ(test::read_file(file()), good);
}

TEST_F(ResultCacheTest, PassesOverAnotherResultUnderTheName) {
  const ResultCache cache = open();
  const ContentId other{.high = 1, .low = 1};
  cache.keep(other, result("other"), {}, 500);
  for (const std::string& name : names()) {
    fs::rename(dir_ / "cache" / name, file());
  }
  EXPECT_FALSE(cache.find(kCachedSource));
}

TEST_F(ResultCacheTest, PassesOverWhatIsNoFile) {
  const ResultCache cache = open();
  fs::create_directories(file() / "inner");
  EXPECT_FALSE(cache.find(kCachedSource));
  cache.keep(kCachedSource, result("minimized"), {}, 500);
  EXPECT_FALSE(cache.find(kCachedSource));
  fs::remove_all(file());
  ASSERT_EQ(mkfifo(file().c_str(), 0600), 0);
  EXPECT_FALSE(cache.find(kCachedSource));
  EXPECT_THAT(names(), ::testing::ElementsAre(kFile));  // and nothing temporary
}

TEST_F(ResultCacheTest, TheTimeOfChangeIsThatOfTheLastUse) {
  const ResultCache cache = open();
  EXPECT_FALSE(cache.mark_used(kCachedSource));
  cache.keep(kCachedSource, result("minimized"), {}, 500);
  const auto make_old = [&] {
    const utimbuf old{.actime = 1000, .modtime = 1000};
    ASSERT_EQ(utime(file().c_str(), &old), 0);
  };
  const auto age = [&] {
    struct stat status{};
    EXPECT_EQ(stat(file().c_str(), &status), 0);
    return std::time(nullptr) - status.st_mtim.tv_sec;
  };
  make_old();
  EXPECT_TRUE(cache.find(kCachedSource));
  EXPECT_LT(age(), 600);
  make_old();
  EXPECT_TRUE(cache.mark_used(kCachedSource));
  EXPECT_LT(age(), 600);
}

TEST_F(ResultCacheTest, AFolderThatCannotServeIsRefused) {
  const auto refused = [&](std::string_view folder) {
    const auto opened = ResultCache::open(dir_ / folder, dir_ / "archive", kCacheRules);
    return opened ? std::string() : opened.error().message;
  };
  dir_.write("file", "x");
  fs::create_directory(dir_ / "archive");
  EXPECT_THAT(refused("file"), ::testing::HasSubstr("cannot be created"));
  EXPECT_THAT(refused("file/inner"), ::testing::HasSubstr("cannot be created"));
  EXPECT_THAT(refused("archive"), ::testing::HasSubstr("lies inside of the archive"));
  EXPECT_THAT(refused("archive/../archive/deep"),
              ::testing::HasSubstr("lies inside of the archive"));
  EXPECT_FALSE(fs::exists(dir_ / "archive/deep"));
  EXPECT_EQ(refused("archive-beside"), "");
}

TEST_F(ResultCacheTest, AFolderThatVanishesIsNoError) {
  const ResultCache cache = open();
  fs::remove_all(dir_ / "cache");
  cache.keep(kCachedSource, result("minimized"), {}, 500);
  EXPECT_FALSE(cache.find(kCachedSource));
  EXPECT_FALSE(fs::exists(dir_ / "cache"));
}

TEST_F(ResultCacheTest, ManyMayWriteAndReadAtOnce) {
  const ResultCache cache = open();
  const std::string bytes(100'000, 'x');
  cache.keep(kCachedSource, result(bytes), {}, 500);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        cache.keep(kCachedSource, result(bytes), {}, 500);
        EXPECT_EQ(minimized_text(cache.find(kCachedSource)), bytes);
      }
    });
  }
  threads.clear();
  EXPECT_THAT(names(), ::testing::ElementsAre(kFile));
}

}  // namespace
}  // namespace btfbatch
