// `btfbatch pack` and `btfbatch unpack` from the outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/cli/program.h"
#include "tests/support/btf_bytes.h"

namespace btfbatch::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Pack : public ProgramTest {
 protected:
  Pack() { add_good_kernels(); }

  [[nodiscard]] std::string file() const { return (dir_ / "hub.btfpack").string(); }
  [[nodiscard]] ProgramResult make(const Arguments& more = {}) const {
    Arguments arguments = {"pack", "--archive", archive().string(), "--out", file()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return btfbatch(arguments);
  }
  static std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) {
      ++count;
    }
    return count;
  }
  void break_last_blob() const {
    std::string bytes = read_file(file());
    // Behind the last blob come the second index and header, as long as the first ones.
    std::uint64_t index_size = 0;
    std::memcpy(&index_size, bytes.data() + 24, sizeof index_size);
    bytes[bytes.size() - 80 - index_size - 20] ^= 1;
    dir_.write("hub.btfpack", bytes);
  }
};

TEST_F(Pack, SaysWhatItDidAndWhatIsInIt) {
  dir_.write("archive/README", "x");
  const ProgramResult made = make({"-j2"});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("  packed       5\n"));
  EXPECT_THAT(made.out, HasSubstr("  unique       3\n"));
  EXPECT_THAT(made.out, HasSubstr("  ignored      1 file that hold no kernel\n"));
  EXPECT_THAT(made.err, HasSubstr("progress: coding 3/3 kernels"));

  const ProgramResult list = btfbatch({"pack", "--list", file()});
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_THAT(list.out, HasSubstr("ignored  README\n"));
  const nlohmann::json json =
      nlohmann::json::parse(btfbatch({"pack", "--list", file(), "--json"}).out);
  ASSERT_EQ(json["kernels"].size(), 5U);
  EXPECT_EQ(json["format_version"], 1);
  EXPECT_EQ(json["kernels"][0]["content_id"].get<std::string>().size(), 32U);

  const ProgramResult stats = btfbatch({"pack", "--stats", file()});
  EXPECT_EQ(stats.exit_code, 0);
  EXPECT_THAT(stats.out, StartsWith("kernels  unique"));
  EXPECT_THAT(stats.out, HasSubstr("%  all\n"));
  const nlohmann::json total =
      nlohmann::json::parse(btfbatch({"pack", "--stats", file(), "--json"}).out)["total"];
  EXPECT_EQ(total["kernels"], 5);
  EXPECT_EQ(total["unique"], 3);
}

TEST_F(Pack, CheckSaysWhetherItIsWhole) {
  ASSERT_EQ(make().exit_code, 0);
  const ProgramResult whole = btfbatch({"pack", "--check", file()});
  EXPECT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_THAT(whole.out, HasSubstr("  result       whole\n"));
  break_last_blob();
  const ProgramResult broken = btfbatch({"pack", "--check", file()});
  EXPECT_EQ(broken.exit_code, 2);
  EXPECT_THAT(broken.err, HasSubstr("damaged in the pack: its checksum is wrong"));
  EXPECT_THAT(broken.out, HasSubstr("  result       damaged\n"));
  const nlohmann::json json =
      nlohmann::json::parse(btfbatch({"pack", "--check", file(), "--json", "-q"}).out);
  EXPECT_EQ(json["whole"], false);
  EXPECT_GE(json["damaged"].size(), 1U);

  // A run names what is damaged, and goes on with the rest.
  Arguments arguments = job();
  arguments[1] = file();
  ASSERT_EQ(arguments[0], "--archive");
  const ProgramResult run = btfbatch(arguments);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("damaged in the pack"));
  EXPECT_THAT(run.out, HasSubstr("  failed       " + std::to_string(json["damaged"].size())));
}

TEST_F(Pack, ATruncatedOneIsToldAtOnce) {
  ASSERT_EQ(make().exit_code, 0);
  const std::string bytes = read_file(file());
  dir_.write("hub.btfpack", bytes.substr(0, bytes.size() - 1));
  Arguments arguments = job();
  arguments[1] = file();
  const ProgramResult run = btfbatch(arguments);
  EXPECT_EQ(run.exit_code, 0);  // nothing but the spare index is hit
  EXPECT_EQ(count_of(run.err, "hub.btfpack: is truncated: has "), 1U) << run.err;

  // By a check as well, which opens the file once.
  const ProgramResult checked = btfbatch({"pack", "--check", file()});
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_EQ(count_of(checked.err, "is truncated: has "), 1U) << checked.err;
}

TEST_F(Pack, ADamagedCopyOfTheIndexIsToldByAllThatReadIt) {
  ASSERT_EQ(make().exit_code, 0);
  const std::string whole = read_file(file());
  for (const auto& [at, name] :
       {std::pair(whole.size() - 10, "header"), std::pair(whole.size() - 100, "index")}) {
    std::string bytes = whole;
    bytes[at] ^= 1;
    dir_.write("hub.btfpack", bytes);
    Arguments run = job();
    run[1] = file();
    for (const Arguments& arguments :
         {run,
          {"report", "--archive", file(), "--objs", object_path("field_kinds")},
          {"unpack", "--archive", file(), "--out", (dir_ / "all").string()},
          {"pack", "--archive", file(), "--out", (dir_ / "new.btfpack").string()},
          {"pack", "--archive", archive().string(), "--out", (dir_ / "new.btfpack").string(),
           "--base", file()},
          {"pack", "--list", file()},
          {"pack", "--stats", file()}}) {
      const ProgramResult result = btfbatch(arguments);
      EXPECT_EQ(result.exit_code, 0) << result.err;
      EXPECT_EQ(count_of(result.err, std::string("hub.btfpack: the ") + name +
                                         " at its end is damaged: its checksum is wrong"),
                1U)
          << arguments[0] << ": " << result.err;
    }
  }
}

TEST_F(Pack, NamesWhatIsDamagedInTheBase) {
  ASSERT_EQ(make().exit_code, 0);
  const std::string whole = read_file(file());
  std::uint64_t index_size = 0;
  std::memcpy(&index_size, whole.data() + 24, sizeof index_size);
  dir_.write("hub.btfpack", whole.substr(0, 80 + index_size));
  const ProgramResult all = make({"--base", file()});
  EXPECT_EQ(all.exit_code, 0);
  EXPECT_THAT(all.err,
              HasSubstr(std::string("5 of its 5 kernels are damaged, and are packed anew: ") +
                        kArm + ".btf.tar.xz, " + kAmd1 + ".btf.tar.xz, "));
  EXPECT_THAT(all.err, HasSubstr(" and 1 more\n"));
  break_last_blob();
  EXPECT_THAT(make({"--base", file()}).err,
              ContainsRegex(" of its 5 kernels are damaged, and are packed anew: [^ ]+\n"));
}

TEST_F(Pack, UnpackGivesTheArchiveBack) {
  dir_.write("archive/debian/12/x86_64/9.9-broken.btf.tar.xz", "no");
  const ProgramResult made = make();
  EXPECT_EQ(made.exit_code, 2);
  EXPECT_THAT(made.err, HasSubstr("9.9-broken.btf.tar.xz: not xz, though its name says so"));
  const ProgramResult unpacked =
      btfbatch({"unpack", "--archive", file(), "--out", out().string(), "-j2"});
  EXPECT_EQ(unpacked.exit_code, 2);
  EXPECT_THAT(unpacked.out, HasSubstr("  written      5\n"));
  EXPECT_THAT(unpacked.out, Not(HasSubstr("Objects")));
  std::size_t kernels = 0;
  const nlohmann::json whole = manifest();
  for (const nlohmann::json& kernel : whole.at("kernels")) {
    if (kernel["outcome"] == "failed") {
      EXPECT_THAT(kernel["archive_path"], HasSubstr("9.9-broken"));
      continue;
    }
    ++kernels;
    EXPECT_EQ(read_file(out() / kernel["path"].get<std::string>()).size(), kernel["btf_size"]);
  }
  EXPECT_EQ(kernels, 5U);
}

TEST_F(Pack, OneGiantIsDecodedAtATime) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer keeps what is freed";
#endif
  // More than 16 MiB each.
  for (std::uint32_t number = 1; number <= 6; ++number) {
    BtfBytes btf;
    btf.add_int();
    for (std::uint32_t i = 0; i < 720'000; ++i) {
      btf.add(4, 0, 1, 4 + i * number % 64, {0, 1, 0});
    }
    dir_.write("giants/a/1/x86_64/5." + std::to_string(number) + ".btf", text_of(btf.bytes()));
  }
  ASSERT_EQ(btfbatch({"pack", "--archive", (dir_ / "giants").string(), "--out", file()}).exit_code,
            0);
  const ProgramResult alone = btfbatch({"pack", "--check", file(), "-j1"});
  const ProgramResult together = btfbatch({"pack", "--check", file(), "-j4"});
  EXPECT_EQ(together.exit_code, 0) << together.err;
  // What is decoded may lie there, three at a time; what decoding takes beside it, once.
  EXPECT_LT(together.peak_memory, 2 * alone.peak_memory);
}

TEST_F(Pack, WrongUsageNamesTheRemedy) {
  const auto error_of = [this](const Arguments& arguments) {
    const ProgramResult result = btfbatch(arguments);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  EXPECT_THAT(error_of({"pack"}), HasSubstr("--archive is missing"));
  EXPECT_THAT(error_of({"pack", "--archive", "x"}), HasSubstr("--out is missing"));
  EXPECT_THAT(error_of({"pack", "--archive", "x", "--out", "y"}),
              HasSubstr("--archive: 'x' does not exist"));
  EXPECT_THAT(error_of({"pack", "--list", "x", "--check", "x"}), HasSubstr("give one of them"));
  for (const char* action : {"--list", "--stats", "--check"}) {
    for (const char* option : {"--arch", "--distro", "--release", "--kernel", "--include",
                               "--exclude", "--max-btf-size"}) {
      EXPECT_THAT(error_of({"pack", action, "x", option, "1"}),
                  HasSubstr(std::string(option) +
                            " has no effect on --list, --stats and --check: leave it out"));
    }
    EXPECT_THAT(error_of({"pack", action, "x", "--progress", "never", "-j2"}),
                HasSubstr(action == std::string_view("--check")
                              ? "cannot be opened"
                              : "--jobs has no effect on --list and --stats: leave it out"));
  }
  EXPECT_THAT(error_of({"pack", "--check", "x"}), HasSubstr("x: cannot be opened: No such file"));
  EXPECT_THAT(error_of({"pack", "--list", archive().string()}), HasSubstr("is a folder"));
  EXPECT_THAT(error_of({"pack", "--archive", archive().string(), "--out", file(), "--base", "z"}),
              HasSubstr("--base z: cannot be opened"));
  EXPECT_THAT(error_of({"unpack", "--out", "y"}), HasSubstr("--archive is missing"));
  EXPECT_THAT(error_of({"unpack", "--archive", "x"}), HasSubstr("--out is missing"));
  dir_.write("hub.btfpack", "something else");
  EXPECT_THAT(error_of({"unpack", "--archive", file(), "--out", out().string()}),
              HasSubstr("hub.btfpack: not a pack"));
  const ProgramResult nowhere = btfbatch(
      {"pack", "--archive", archive().string(), "--out", (dir_ / "no/hub.btfpack").string()});
  EXPECT_EQ(nowhere.exit_code, 3);
  EXPECT_THAT(nowhere.err, HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace btfbatch::test
