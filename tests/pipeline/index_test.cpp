#include "pipeline/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace btfbatch {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

constexpr const char* kId = "000000000000000100000000000000ab";

KernelOutcome kernel(const std::string& name) {
  KernelOutcome outcome;
  outcome.archive_path = "ubuntu/20.04/x86_64/" + name + ".btf.tar.xz";
  outcome.output_path = "ubuntu/20.04/x86_64/" + name + ".btf";
  outcome.identity = {
      .distro = "ubuntu", .release = "20.04", .arch = "x86_64", .kernel_release = name};
  outcome.outcome = Outcome::kMinimized;
  outcome.content_id = {.high = 1, .low = 0xab};
  return outcome;
}

// Not in path order, and the second content has the first one's id.
Manifest indexed_example() {
  Manifest manifest;
  KernelOutcome failed = kernel("5.6");
  failed.outcome = Outcome::kFailed;
  manifest.run.kernels = {kernel("5.5"), failed, kernel("5.4")};
  manifest.blob_names = {std::string(kId) + "-2", "", kId};
  manifest.run.aliases = {{.path = "ubuntu/focal", .target = "ubuntu/20.04", .is_directory = true},
                          {.path = "ubuntu/20.04/x86_64/again.btf.tar.xz",
                           .target = "ubuntu/20.04/x86_64/5.4.btf.tar.xz",
                           .is_directory = false}};
  return manifest;
}

TEST(Index, ListsKernelsByPathWithTheirBlobs) {
  EXPECT_EQ(json::parse(write_index(indexed_example())), json::parse(R"({
    "format_version": 1,
    "kernels": [
      {"path": "ubuntu/20.04/x86_64/5.4.btf", "distro": "ubuntu", "release": "20.04",
       "arch": "x86_64", "kernel": "5.4", "content_id": "000000000000000100000000000000ab",
       "blob": "blobs/000000000000000100000000000000ab.btf"},
      {"path": "ubuntu/20.04/x86_64/5.5.btf", "distro": "ubuntu", "release": "20.04",
       "arch": "x86_64", "kernel": "5.5", "content_id": "000000000000000100000000000000ab",
       "blob": "blobs/000000000000000100000000000000ab-2.btf"}],
    "aliases": [
      {"path": "ubuntu/focal", "target": "ubuntu/20.04", "is_directory": true},
      {"path": "ubuntu/20.04/x86_64/again.btf", "target": "ubuntu/20.04/x86_64/5.4.btf",
       "is_directory": false}]
  })"));
}

TEST(Index, IsReadAsItWasWritten) {
  const Result<Index> index = read_index(write_index(indexed_example()));
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_THAT(index->kernels,
              ElementsAre(Field(&IndexedKernel::path, "ubuntu/20.04/x86_64/5.4.btf"),
                          Field(&IndexedKernel::path, "ubuntu/20.04/x86_64/5.5.btf")));
  const IndexedKernel& last = index->kernels.back();
  EXPECT_EQ(last.blob, "blobs/" + std::string(kId) + "-2.btf");
  EXPECT_EQ(last.content_id, (ContentId{.high = 1, .low = 0xab}));
  EXPECT_EQ(last.identity.kernel_release, "5.5");
  EXPECT_THAT(index->aliases, ElementsAre(Field(&Alias::path, "ubuntu/focal"),
                                          Field(&Alias::path, "ubuntu/20.04/x86_64/again.btf")));
}

TEST(Index, WhatIsNoIndexIsRefused) {
  const json good = json::parse(write_index(indexed_example()));
  EXPECT_FALSE(read_index("{"));
  EXPECT_FALSE(read_index("[]"));
  json bad = good;
  bad["format_version"] = 2;
  EXPECT_THAT(read_index(bad.dump()).error().message, HasSubstr("format version"));
  for (const char* field : {"path", "blob"}) {
    for (const char* path : {"/etc/passwd", "../x", "", "a//b"}) {
      bad = good;
      bad["kernels"][0][field] = path;
      EXPECT_FALSE(read_index(bad.dump())) << field << " " << path;
    }
  }
  bad = good;
  bad["kernels"][0]["content_id"] = "ab";
  EXPECT_THAT(read_index(bad.dump()).error().message, HasSubstr("is no hash"));
}

}  // namespace
}  // namespace btfbatch
