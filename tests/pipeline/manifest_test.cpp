#include "pipeline/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pipeline/index.h"
#include "pipeline/report/report_json.h"
#include "tests/pipeline/report/example_answers.h"

namespace btfbatch {
namespace {

using nlohmann::json;
using testing::HasSubstr;

Manifest manifest_example() {
  Manifest manifest;
  manifest.tool_version = "1.2.3";
  manifest.layout = Layout::kHardlink;
  manifest.output_version = 3;
  manifest.fingerprint = {.high = 2, .low = 0xcd};
  manifest.max_btf_size = 9000;
  RunSummary& run = manifest.run;
  run.objects = {{.name = "a.bpf.o",
                  .found_in = {},
                  .relocations = 5,
                  .programs = 2,
                  .has_btf_ext = true,
                  .warnings = {}},
                 {.name = "/usr/sbin/tool#2",
                  .found_in = "/usr/sbin/tool",
                  .relocations = 0,
                  .programs = 0,
                  .has_btf_ext = false,
                  .warnings = {"libbpf refuses it"}}};
  run.relocations = 5;
  run.distinct_relocations = 4;
  const KernelIdentity identity{
      .distro = "ubuntu", .release = "20.04", .arch = "x86_64", .kernel_release = "5.4"};
  run.kernels = {{.archive_path = "ubuntu/20.04/x86_64/5.4.btf.tar.xz",
                  .output_path = "ubuntu/20.04/x86_64/5.4.btf",
                  .identity = identity,
                  .outcome = Outcome::kMinimized,
                  .reasons = {},
                  .content_id = {.high = 1, .low = 0xab},
                  .compressed_size = 100,
                  .btf_size = 5000,
                  .minimized_size = 300,
                  .type_count = 12,
                  .source_hash = ContentId{.high = 3, .low = 0xef}},
                 {.archive_path = "ubuntu/20.04/x86_64/5.5.btf.tar.xz",
                  .output_path = "ubuntu/20.04/x86_64/5.5.btf",
                  .identity = identity,
                  .outcome = Outcome::kDegraded,
                  .reasons = {"a.bpf.o: ambiguous"},
                  .content_id = {.high = 1, .low = 0xab},
                  .compressed_size = 101,
                  .btf_size = 6000,
                  .minimized_size = 301,
                  .type_count = 13,
                  .source_hash = {},
                  .reused = false},
                 {.archive_path = "x/\"quoted\"\n.btf",
                  .output_path = {},
                  .identity = {},
                  .outcome = Outcome::kFailed,
                  .reasons = {"empty: nothing in it"},
                  .content_id = {},
                  .compressed_size = 0,
                  .btf_size = 0,
                  .minimized_size = 0,
                  .type_count = 0,
                  .source_hash = {},
                  .reused = false}};
  run.aliases = {{.path = "ubuntu/focal", .target = "ubuntu/20.04", .is_directory = true}};
  run.ignored = {"README.md"};
  run.filtered_out = 7;
  run.unique = 2;
  // The second content has the first one's id.
  const std::string id = "000000000000000100000000000000ab";
  manifest.blob_names = {id, id + "-2", ""};
  return manifest;
}

TEST(Manifest, SaysWhatItsHeaderPromises) {
  const json written = json::parse(write_manifest(manifest_example()));
  EXPECT_EQ(written, json::parse(R"({
    "format_version": 1,
    "tool": {"name": "btfbatch", "version": "1.2.3"},
    "layout": "hardlink",
    "output_version": 3,
    "fingerprint": "000000000000000200000000000000cd",
    "max_btf_size": 9000,
    "objects": [
      {"name": "a.bpf.o", "relocations": 5, "programs": 2, "has_btf_ext": true},
      {"name": "/usr/sbin/tool#2", "found_in": "/usr/sbin/tool", "relocations": 0, "programs": 0,
       "has_btf_ext": false, "warnings": ["libbpf refuses it"]}],
    "relocations": 5,
    "distinct_relocations": 4,
    "kernels": [
      {"archive_path": "ubuntu/20.04/x86_64/5.4.btf.tar.xz", "path": "ubuntu/20.04/x86_64/5.4.btf",
       "distro": "ubuntu", "release": "20.04", "arch": "x86_64", "kernel": "5.4",
       "outcome": "minimized", "content_id": "000000000000000100000000000000ab",
       "source_hash": "000000000000000300000000000000ef",
       "compressed_size": 100, "btf_size": 5000, "minimized_size": 300, "types": 12},
      {"archive_path": "ubuntu/20.04/x86_64/5.5.btf.tar.xz", "path": "ubuntu/20.04/x86_64/5.5.btf",
       "distro": "ubuntu", "release": "20.04", "arch": "x86_64", "kernel": "5.4",
       "outcome": "degraded", "reasons": ["a.bpf.o: ambiguous"],
       "content_id": "000000000000000100000000000000ab",
       "blob": "000000000000000100000000000000ab-2",
       "compressed_size": 101, "btf_size": 6000, "minimized_size": 301, "types": 13},
      {"archive_path": "x/\"quoted\"\n.btf", "distro": "", "release": "", "arch": "", "kernel": "",
       "outcome": "failed", "reasons": ["empty: nothing in it"], "compressed_size": 0,
       "btf_size": 0}],
    "aliases": [{"path": "ubuntu/focal", "target": "ubuntu/20.04", "is_directory": true}],
    "ignored": ["README.md"],
    "totals": {"kernels": 3, "minimized": 1, "degraded": 1, "failed": 1, "unique": 2,
               "duplicate": 0, "filtered_out": 7, "btf_bytes": 11000, "minimized_bytes": 601},
    "answers": {"objects": [], "results": []}
  })"));
}

TEST(Manifest, KernelsHaveTheNumberOfTheirResultAndWhatIsUnusualOfTheirMachine) {
  Manifest manifest = manifest_example();
  manifest.run.answers.results = {{}, {}};
  manifest.run.kernels[0].result = 1;
  manifest.run.kernels[0].machine = {.pointer_size = 4, .big_endian = true};
  const std::string text = write_manifest(manifest);
  EXPECT_EQ(std::ranges::count(text.substr(text.find("\"answers\"")), '\n'), 2) << "on one line";
  json written = json::parse(text);
  EXPECT_EQ(written["kernels"][0]["result"], 1);
  EXPECT_FALSE(written["kernels"][1].contains("result"));
  EXPECT_FALSE(written["kernels"][1].contains("pointer_size"));
  const Result<Manifest> read = read_manifest(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->run.kernels[0].result, 1U);
  EXPECT_EQ(read->run.kernels[1].result, AnswerTable::kNoResult);
  EXPECT_EQ(read->run.kernels[0].machine.pointer_size, 4U);
  EXPECT_TRUE(read->run.kernels[0].machine.big_endian);
  EXPECT_EQ(write_manifest(*read), text);
  written["kernels"][0]["result"] = 2;
  EXPECT_FALSE(read_manifest(written.dump()));
}

TEST(Manifest, ReadingGivesWhatWasWritten) {
  const std::string text = write_manifest(manifest_example());
  const Result<Manifest> read = read_manifest(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(write_manifest(*read), text);
  EXPECT_EQ(read->layout, Layout::kHardlink);
  EXPECT_EQ(read->run.kernels[1].reasons, manifest_example().run.kernels[1].reasons);
}

TEST(Manifest, AnOlderOneSaysNothingOfWhatMadeTheResults) {
  json older = json::parse(write_manifest(manifest_example()));
  for (const char* field : {"output_version", "fingerprint", "max_btf_size", "answers"}) {
    older.erase(field);
  }
  older["kernels"][0].erase("source_hash");
  const Result<Manifest> read = read_manifest(older.dump());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->output_version, 0U);
  EXPECT_EQ(read->run.kernels[0].source_hash, std::nullopt);
}

TEST(Manifest, WrittenKernelsShareBlobsByName) {
  Manifest manifest = manifest_example();
  manifest.run.kernels.push_back(manifest.run.kernels[0]);
  manifest.blob_names.push_back(manifest.blob_names[0]);
  const std::vector<WrittenKernel> written = manifest.written_kernels();
  ASSERT_EQ(written.size(), 3U);
  EXPECT_NE(written[0].blob, written[1].blob);
  EXPECT_EQ(written[0].blob, written[2].blob);
}

TEST(Manifest, NamesThatAreNotUtf8DoNotBreakIt) {
  Manifest manifest = manifest_example();
  manifest.run.ignored = {"a\xff"};
  EXPECT_EQ(json::parse(write_manifest(manifest))["ignored"][0], "a\xef\xbf\xbd");
}

std::string refusal_of(const json& manifest) {
  const Result<Manifest> read = read_manifest(manifest.dump());
  return read ? std::string() : read.error().message;
}

TEST(Manifest, WhatIsNoManifestIsRefusedWithAReason) {
  for (const char* text : {"", "{", "null", "[]", "{}", "\"btfbatch\"", "\xff", "{\"layout\":1}"}) {
    EXPECT_FALSE(read_manifest(text)) << text;
  }
  EXPECT_FALSE(read_manifest(std::string(1'000'000, '[')));

  const json good = json::parse(write_manifest(manifest_example()));
  ASSERT_EQ(refusal_of(good), "");
  json bad = good;
  bad["format_version"] = 2;
  EXPECT_THAT(refusal_of(bad), HasSubstr("format version"));
  bad = good;
  bad["layout"] = "zip";
  EXPECT_THAT(refusal_of(bad), HasSubstr("layout"));
  bad = good;
  bad["kernels"][0]["outcome"] = "great";
  EXPECT_THAT(refusal_of(bad), HasSubstr("'great' is no outcome"));
  bad = good;
  bad["kernels"][0]["content_id"] = std::string(31, 'a') + "x";
  EXPECT_THAT(refusal_of(bad), HasSubstr("is no hash"));
  bad = good;
  bad["fingerprint"] = "ab";
  EXPECT_THAT(refusal_of(bad), HasSubstr("'ab' is no hash"));
  bad = good;
  bad["kernels"][0]["source_hash"] = "";
  EXPECT_THAT(refusal_of(bad), HasSubstr("'' is no hash"));
  bad = good;
  bad.erase("max_btf_size");
  EXPECT_THAT(refusal_of(bad), HasSubstr("max_btf_size"));
  bad = good;
  bad["kernels"][0].erase("path");
  EXPECT_THAT(refusal_of(bad), HasSubstr("path"));
  bad = good;
  bad["kernels"][0]["btf_size"] = "many";
  EXPECT_NE(refusal_of(bad), "");
  bad = good;
  bad["kernels"] = json::object({{"a", 1}});
  EXPECT_NE(refusal_of(bad), "");
}

TEST(Manifest, WhatIsNoneIsRefusedInPlainWords) {
  const auto reason = [](std::string_view text) { return read_manifest(text).error().message; };
  EXPECT_EQ(reason(""), "it is empty");
  EXPECT_EQ(reason("root:x:0"), "it is not JSON, from byte 1 on");
  EXPECT_EQ(reason("[]"), "it is no JSON object");
  EXPECT_EQ(reason("{}"), "its field 'format_version' is missing");
  EXPECT_EQ(reason(write_report_json(test::example_run())), "it is a report");
  EXPECT_EQ(reason(write_index(manifest_example())), "it is an index.json");
  json bad = json::parse(write_manifest(manifest_example()));
  bad["layout"] = 1;
  EXPECT_EQ(refusal_of(bad),
            "a field is not what it has to be: type must be string, but is number");
  bad.erase("layout");
  EXPECT_EQ(refusal_of(bad), "its field 'layout' is missing");
}

TEST(Manifest, NumbersMustBeOnesThatTheirFieldsHold) {
  const json good = json::parse(write_manifest(manifest_example()));
  for (const json& value : {json(-1), json(1.5), json(1e119), json("7"), json(nullptr)}) {
    json bad = good;
    bad["kernels"][0]["btf_size"] = value;
    EXPECT_NE(refusal_of(bad), "") << value;
    bad = good;
    bad["format_version"] = value;
    EXPECT_NE(refusal_of(bad), "") << value;
  }
  json bad = good;
  bad["kernels"][0]["types"] = 1ULL << 32;
  EXPECT_THAT(refusal_of(bad), HasSubstr("types: not a number in its range"));
}

// The next run removes what a manifest lists: it must not be led astray.
TEST(Manifest, PathsThatLeadOutsideAreRefused) {
  const json good = json::parse(write_manifest(manifest_example()));
  for (const char* path : {"/etc/passwd", "../x.btf", "a/../../x.btf", "", "a//b"}) {
    json bad = good;
    bad["kernels"][0]["path"] = path;
    EXPECT_NE(refusal_of(bad), "") << path;
    bad = good;
    bad["kernels"][1]["blob"] = path;
    EXPECT_NE(refusal_of(bad), "") << path;
    bad = good;
    bad["aliases"][0]["path"] = path;
    EXPECT_NE(refusal_of(bad), "") << path;
    bad = good;
    bad["aliases"][0]["target"] = path;
    EXPECT_NE(refusal_of(bad), "") << path;
  }
}

}  // namespace
}  // namespace btfbatch
