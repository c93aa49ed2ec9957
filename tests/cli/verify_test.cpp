// btfbatch verify, and --verify on a run: what is right is proved, and whatever is not is told.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include "tests/cli/program.h"

namespace btfbatch::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Verify : public ProgramTest {
 protected:
  void SetUp() override {
    add_good_kernels();
    dir_.link("archive/ubuntu/focal", "20.04");
    dir_.link("archive/debian/12/x86_64/again.btf.tar.xz", "6.1.0-1-amd64.btf.tar.xz");
  }

  void run_well(const Arguments& more = {},
                const std::vector<std::string>& objects = {"field_kinds"}) const {
    const ProgramResult result = btfbatch(job(more, objects));
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }

  [[nodiscard]] ProgramResult verify(const Arguments& more = {},
                                     const std::vector<std::string>& objects = {
                                         "field_kinds"}) const {
    Arguments arguments = job(more, objects);
    arguments.insert(arguments.begin(), "verify");
    return btfbatch(arguments);
  }

  // The summary of a verification, which must end with this code, and must not change the output.
  [[nodiscard]] json report(int exit_code, const Arguments& more = {},
                            const std::vector<std::string>& objects = {"field_kinds"}) const {
    const Tree before = tree_of(out());
    Arguments options = {"--log-format", "json"};
    options.insert(options.end(), more.begin(), more.end());
    const ProgramResult result = verify(options, objects);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_EQ(tree_of(out()), before);
    for (const json& line : json_lines(result.err)) {
      if (line.contains("summary")) {
        EXPECT_EQ(line["summary"]["proved"], exit_code == 0);
        return line["summary"];
      }
    }
    ADD_FAILURE() << "no summary: " << result.err;
    return {};
  }

  // "missing debian/12/…: reason" for each kernel that is not proved.
  static std::vector<std::string> kernels_of(const json& report) {
    std::vector<std::string> lines;
    for (const json& kernel : report.at("kernels").at("list")) {
      lines.push_back(kernel["verdict"].get<std::string>() + " " +
                      kernel["archive_path"].get<std::string>() + ": " +
                      kernel["reasons"][0].get<std::string>());
    }
    return lines;
  }
  // "extra: reason" for each problem of the output as a whole.
  static std::vector<std::string> problems_of(const json& report) {
    std::vector<std::string> lines;
    for (const json& problem : report.at("problems")) {
      lines.push_back(problem["kind"].get<std::string>() + ": " +
                      problem["reason"].get<std::string>());
    }
    return lines;
  }

  [[nodiscard]] fs::path btf(const std::string& kernel) const { return out() / (kernel + ".btf"); }

  void change_manifest(const std::function<void(json&)>& change) const {
    json changed = manifest();
    change(changed);
    dir_.write("out/btfbatch.json", changed.dump());
  }
};

TEST_F(Verify, WhatARunMadeIsProvedInEveryLayout) {
  for (const char* layout : {"symlink", "hardlink", "copy", "indexed"}) {
    SCOPED_TRACE(layout);
    run_well({"--layout", layout});
    const json proved = report(0);
    EXPECT_EQ(proved["kernels"]["proved"], 5);
    EXPECT_THAT(problems_of(proved), IsEmpty());
    EXPECT_GT(proved["relocations_replayed"], 5);
  }
  const ProgramResult text = verify();
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.out, HasSubstr("  proved       5\n"));
  EXPECT_THAT(text.out, testing::EndsWith("  result       proved\n"));
}

TEST_F(Verify, OneTarAndAnyNumberOfThreadsAreTheSame) {
  run_well();
  EXPECT_EQ(report(0, {"-j", "1"})["kernels"], report(0, {"-j", "7"})["kernels"]);
}

TEST_F(Verify, AMissingKernelIsNamed) {
  run_well({"--layout", "copy"});
  fs::remove(btf(kGeneric1));
  const json found = report(2);
  EXPECT_THAT(kernels_of(found),
              ElementsAre(HasSubstr("missing " + std::string(kGeneric1) + ".btf.tar.xz: ")));
  EXPECT_THAT(problems_of(found), IsEmpty()) << "told once";
}

TEST_F(Verify, AKernelThatCameLaterIsMissing) {
  for (const char* layout : {"symlink", "indexed"}) {
    fs::remove_all(archive());
    SetUp();
    run_well({"--layout", layout});
    add_kernel("debian/12/x86_64/6.1.0-9-amd64", "reference");
    EXPECT_THAT(kernels_of(report(2)), ElementsAre(HasSubstr("missing debian/12/x86_64/6.1.0-9")));
  }
}

TEST_F(Verify, WhatTheArchiveHasNoMoreIsExtra) {
  run_well();
  fs::remove(archive() / (std::string(kGeneric1) + ".btf.tar.xz"));
  const json found = report(2);
  EXPECT_THAT(kernels_of(found), IsEmpty());
  EXPECT_THAT(problems_of(found), ElementsAre(HasSubstr("extra: " + std::string(kGeneric1) +
                                                        ".btf: the archive has no")));
}

TEST_F(Verify, WhatBelongsToNoKernelIsExtra) {
  for (const char* layout : {"symlink", "indexed"}) {
    run_well({"--layout", layout});
    dir_.write("out/blobs/other.btf", "?");
    EXPECT_THAT(problems_of(report(2)),
                ElementsAre("extra: blobs/other.btf: belongs to no kernel of the archive"));
    fs::remove(out() / "blobs/other.btf");
  }
}

TEST_F(Verify, FilteredKernelsAreNeitherMissingNorExtra) {
  run_well();
  const json found = report(0, {"--distro", "ubuntu"});
  EXPECT_EQ(found["kernels"]["read"], 2);
  EXPECT_EQ(found["kernels"]["left_out"], 3);
  run_well({"--distro", "ubuntu"});
  EXPECT_EQ(report(0, {"--distro", "ubuntu"})["kernels"]["read"], 2);
  EXPECT_EQ(report(2)["kernels"]["missing"], 3);
}

TEST_F(Verify, OtherContentOfTheArchiveIsStaleEvenWhereItAnswersAlike) {
  run_well();
  dir_.write("archive/" + std::string(kAmd1) + ".btf.tar.xz",
             make_kernel_tar("other-name", read_file(kernel_path("reference"))));
  EXPECT_THAT(kernels_of(report(2)),
              ElementsAre(AllOf(HasSubstr("stale " + std::string(kAmd1)),
                                HasSubstr("made from another file than the archive has now"))));
}

TEST_F(Verify, OtherContentThatAnswersOtherwiseDiffers) {
  run_well();
  add_kernel(kAmd1, "moved_fields");
  EXPECT_THAT(kernels_of(report(2)),
              ElementsAre(AllOf(HasSubstr("differs " + std::string(kAmd1)),
                                HasSubstr(object_path("field_kinds") + ": "),
                                HasSubstr("full BTF: "), HasSubstr("minimized BTF: "))));
}

TEST_F(Verify, OtherObjectsAreTold) {
  run_well({}, {"field_kinds", "enum_values"});
  // All that one of them asks is there; still the output is not what these objects come to.
  const json fewer = report(2);
  EXPECT_EQ(fewer["kernels"]["proved"], 5);
  EXPECT_THAT(problems_of(fewer), ElementsAre(HasSubstr("objects: made from other objects")));
  const json more = report(2, {}, {"field_kinds", "enum_values", "type_kinds"});
  EXPECT_GT(more["kernels"]["differs"], 0);
}

TEST_F(Verify, ARebuildThatAsksTheSameChangesNothing) {
  run_well();
  const fs::path rebuilt =
      dir_.write("rebuilt/field_kinds.bpf.o", read_file(object_path("field_kinds")) + "more bytes");
  const ProgramResult result =
      btfbatch({"verify", "--archive", "archive", "--out", "out", "--objs", rebuilt.string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST_F(Verify, ADamagedFileIsNamed) {
  run_well({"--layout", "copy"});
  std::string bytes = read_file(btf(kAmd1));
  dir_.write("out/" + std::string(kAmd1) + ".btf", bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(kernels_of(report(2)), ElementsAre(AllOf(HasSubstr("damaged " + std::string(kAmd1)),
                                                       HasSubstr(std::string(kAmd1) + ".btf: "))));
  // Sound BTF, and every answer is right, but it is not what the run has written.
  dir_.write("out/" + std::string(kAmd1) + ".btf", read_file(kernel_path("reference")));
  const json found = report(2);
  EXPECT_THAT(kernels_of(found), IsEmpty());
  EXPECT_THAT(problems_of(found),
              ElementsAre(AllOf(HasSubstr("damaged: " + std::string(kAmd1)), HasSubstr("bytes"))));
}

TEST_F(Verify, AllKernelsThatShareADamagedFileAreNamed) {
  run_well({"--layout", "indexed"});
  const json kernels = manifest()["kernels"];
  const std::string shared = kernels[1]["content_id"];
  ASSERT_EQ(shared, kernels[2]["content_id"]);
  dir_.write("out/blobs/" + shared + ".btf", "not BTF");
  EXPECT_EQ(report(2)["kernels"]["damaged"], 2);
}

TEST_F(Verify, AnIndexThatIsNotTheManifestsIsNamed) {
  run_well({"--layout", "indexed"});
  const std::string whole = read_file(out() / "index.json");
  json index = json::parse(whole);
  ASSERT_FALSE(index["aliases"].empty());
  for (const char* changed : {"/kernels/0/distro", "/kernels/0/kernel", "/aliases/0/path"}) {
    SCOPED_TRACE(changed);
    json other = index;
    other[json::json_pointer(changed)] = "other";
    dir_.write("out/index.json", other.dump());
    EXPECT_THAT(problems_of(report(2)),
                ElementsAre(HasSubstr("damaged: index.json: does not say")));
  }
  dir_.write("out/index.json", "not JSON");
  EXPECT_THAT(problems_of(report(2)), ElementsAre(HasSubstr("damaged: index.json: ")));
  fs::remove(out() / "index.json");
  const json found = report(2);
  EXPECT_EQ(found["kernels"]["missing"], 5);
  EXPECT_THAT(problems_of(found),
              ElementsAre(AllOf(HasSubstr("damaged: index.json: "), HasSubstr("No such file"))));
  // Without a manifest, too.
  dir_.write("out/index.json", "not JSON");
  fs::remove(out() / "btfbatch.json");
  EXPECT_THAT(problems_of(report(2)), testing::Contains(HasSubstr("damaged: index.json: ")));
}

TEST_F(Verify, AnIndexOfSomebodyElseIsNoneOfOurs) {
  run_well();
  dir_.write("out/index.json", R"({"mine": 1})");
  EXPECT_THAT(problems_of(report(0)), IsEmpty());
}

TEST_F(Verify, AManifestWhosePathsContradictEachOtherIsToldNotTrusted) {
  run_well({"--layout", "copy"});
  change_manifest([](json& manifest) {
    for (json& kernel : manifest["kernels"]) kernel["path"] = "x";
  });
  EXPECT_THAT(problems_of(report(2)), Not(IsEmpty()));
  run_well({"--layout", "copy"});
  EXPECT_THAT(problems_of(report(0)), IsEmpty());
}

TEST_F(Verify, AliasesAreLookedAtToo) {
  run_well();
  fs::remove(out() / "ubuntu/focal");
  EXPECT_THAT(problems_of(report(2)), ElementsAre("damaged: ubuntu/focal: is missing"));
  run_well();
  fs::remove(archive() / "ubuntu/focal");
  EXPECT_THAT(problems_of(report(2)), ElementsAre(AllOf(HasSubstr("extra: ubuntu/focal: "))));
  dir_.link("archive/ubuntu/focal", "20.04");
  dir_.link("archive/ubuntu/fossa", "20.04");
  EXPECT_THAT(problems_of(report(2)), ElementsAre(AllOf(HasSubstr("missing: ubuntu/fossa: "))));
}

TEST_F(Verify, WithoutAManifestNothingSaysWhatTheOutputIsOf) {
  run_well();
  fs::remove(out() / "btfbatch.json");
  const json found = report(2);
  EXPECT_EQ(found["kernels"]["proved"], 5);
  EXPECT_THAT(problems_of(found), ElementsAre(HasSubstr("manifest: btfbatch.json: ")));
}

TEST_F(Verify, OtherVersionsAreTold) {
  run_well();
  change_manifest([](json& manifest) { manifest["output_version"] = 77; });
  EXPECT_THAT(problems_of(report(2)),
              ElementsAre(HasSubstr("version: made by version 77 of the minimizer")));
  change_manifest([](json& manifest) { manifest["format_version"] = 77; });
  EXPECT_THAT(problems_of(report(2)),
              ElementsAre(AllOf(HasSubstr("manifest: "), HasSubstr("format version"))));
}

TEST_F(Verify, AKernelThatTheManifestDoesNotListIsStale) {
  run_well();
  change_manifest([](json& manifest) { manifest["kernels"].erase(4); });
  const json found = report(2);
  EXPECT_THAT(kernels_of(found), ElementsAre(HasSubstr("stale ubuntu/20.04/x86_64/5.4.0-2")));
}

TEST_F(Verify, AnInterruptedRunIsTold) {
  run_well();
  dir_.write("out/.btfbatch-staging/journal.json", "[]");
  EXPECT_THAT(problems_of(report(2)),
              ElementsAre(HasSubstr("manifest: a run into it was interrup")));
}

TEST_F(Verify, AKernelThatCannotBeReadIsNotProved) {
  run_well();
  dir_.write("archive/" + std::string(kGeneric1) + ".btf.tar.xz", "no xz");
  EXPECT_THAT(kernels_of(report(2)),
              ElementsAre(HasSubstr("unreadable " + std::string(kGeneric1))));
}

TEST_F(Verify, AnAmbiguityThatIsTheSameIsProved) {
  add_kernel("debian/12/x86_64/6.1.0-3-amd64", "twins");
  EXPECT_EQ(btfbatch(job({}, {"ambiguous_field"})).exit_code, 2) << "degraded";
  EXPECT_EQ(report(0, {}, {"ambiguous_field"})["kernels"]["proved"], 6);
}

// bpftool's own gap, see README: what it leaves out, and so we do, is not passed over in silence.
TEST_F(Verify, WhatBpftoolLeavesOutIsFound) {
  add_kernel("debian/12/x86_64/6.1.0-3-amd64", "twins");
  ASSERT_EQ(btfbatch(job({}, {"narrowed_apart"})).exit_code, 0);
  EXPECT_THAT(kernels_of(report(2, {}, {"narrowed_apart"})),
              ElementsAre(AllOf(HasSubstr("differs debian/12/x86_64/6.1.0-3-amd64"),
                                HasSubstr("minimized BTF: absent"))));
  const ProgramResult result = btfbatch(job({"--verify"}, {"narrowed_apart"}));
  EXPECT_EQ(result.exit_code, 2);
  const json kernel = manifest()["kernels"][3];
  EXPECT_EQ(kernel["outcome"], "degraded");
  EXPECT_THAT(kernel["reasons"][0],
              AllOf(HasSubstr("verify: "), HasSubstr("minimized BTF: absent")));
}

TEST_F(Verify, TargetTypeIdsAreWarnedAbout) {
  run_well({}, {"type_kinds", "field_kinds"});
  const json objects = report(0, {}, {"type_kinds", "field_kinds"})["objects"]["list"];
  EXPECT_THAT(objects[0]["warnings"][0], HasSubstr("bpf_core_type_id_kernel"));
  EXPECT_THAT(objects[1]["warnings"], IsEmpty());
}

TEST_F(Verify, OnARunIsToldFromARunByNothingElse) {
  run_well();
  const Tree without = tree_of(out());
  for (const char* layout : {"hardlink", "copy", "indexed", "symlink"}) {
    run_well({"--verify", "--layout", layout});
  }
  EXPECT_EQ(tree_of(out()), without);
}

TEST_F(Verify, OnARunTakesNothingOver) {
  run_well();
  const ProgramResult result = btfbatch(job({"--verify", "--log-format", "json"}));
  EXPECT_THAT(result.err, HasSubstr("\"reused\":0"));
}

TEST_F(Verify, ARunThatIsWritingIsNotDisturbed) {
  run_well();
  const int folder = open(out().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(flock(folder, LOCK_EX | LOCK_NB), 0);
  const ProgramResult busy = verify();
  EXPECT_EQ(busy.exit_code, 3);
  EXPECT_THAT(busy.err, HasSubstr("a run is just writing into it"));
  ASSERT_EQ(flock(folder, LOCK_SH | LOCK_NB), 0);
  EXPECT_EQ(verify().exit_code, 0) << "two may read at once";
  EXPECT_EQ(btfbatch(job()).exit_code, 3) << "and none may write meanwhile";
  close(folder);
}

TEST_F(Verify, WhatIsNotThereIsWrongUsage) {
  const ProgramResult nothing = verify();
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_THAT(nothing.err, HasSubstr("--out out: No such file or directory"));
  EXPECT_FALSE(fs::exists(out()));
  run_well();
  EXPECT_EQ(verify({"--arch", "riscv64"}).exit_code, 1);
  EXPECT_EQ(verify({"--kernel", ">="}).exit_code, 1);
}

TEST_F(Verify, HasItsOwnOptionsAndHelp) {
  const ProgramResult help = btfbatch({"verify", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("Usage: btfbatch verify"), Not(HasSubstr("--layout"))));
  const ProgramResult layout = verify({"--layout", "copy"});
  EXPECT_EQ(layout.exit_code, 1);
  EXPECT_THAT(layout.err, AllOf(HasSubstr("--layout is an option of 'btfbatch run'"),
                                HasSubstr("See 'btfbatch verify --help'")));
  // One configuration file serves both commands.
  dir_.write("both.toml", "archive = 'archive'\nobjs = ['" + object_path("field_kinds") +
                              "']\nout = 'out'\nlayout = 'indexed'\nstrict = true\n");
  EXPECT_EQ(btfbatch({"--config", "both.toml"}).exit_code, 0);
  EXPECT_EQ(btfbatch({"verify", "--config", "both.toml"}).exit_code, 0);
}

}  // namespace
}  // namespace btfbatch::test
