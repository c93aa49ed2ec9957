#include "pipeline/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names_of(const LoadedObjects& objects) {
  std::vector<std::string> names;
  for (const ObjectSummary& summary : objects.summaries) {
    names.push_back(summary.name);
  }
  return names;
}

std::string error_of(const std::vector<std::filesystem::path>& paths) {
  const Result<LoadedObjects> objects = load_objects(paths);
  return objects ? std::string() : objects.error().message;
}

TEST(Objects, AreNamedAfterTheirFiles) {
  const std::vector<std::filesystem::path> paths = {test::object_path("field_kinds"),
                                                    test::object_path("maps_only")};
  const Result<LoadedObjects> objects = load_objects(paths);
  ASSERT_TRUE(objects) << objects.error().message;
  EXPECT_THAT(names_of(*objects), ElementsAre(paths[0].string(), paths[1].string()));
  EXPECT_EQ(objects->summaries[0].found_in, "");
  EXPECT_GT(objects->summaries[0].relocations, 0U);
  EXPECT_EQ(objects->summaries[0].programs, objects->set.objects()[0].programs.size());
  EXPECT_GT(objects->summaries[0].programs, 0U);
  EXPECT_FALSE(objects->summaries[1].has_btf_ext);
  EXPECT_EQ(objects->set.objects().size(), 2U);
}

TEST(Objects, AreFoundInsideOfOtherFiles) {
  const test::TempDir dir;
  const std::string object = test::read_file(test::object_path("field_kinds"));
  const auto tool = dir.write("tool", "#!/bin/sh\n" + object + "between" + object);
  const std::vector<std::filesystem::path> paths = {tool};
  const Result<LoadedObjects> objects = load_objects(paths);
  ASSERT_TRUE(objects) << objects.error().message;
  EXPECT_THAT(names_of(*objects), ElementsAre(tool.string(), tool.string() + "#2"));
  EXPECT_EQ(objects->summaries[1].found_in, tool.string());
  // The same questions twice are asked once.
  EXPECT_EQ(objects->set.relocation_count(), 2 * objects->summaries[0].relocations);
  EXPECT_LE(objects->set.distinct_relocation_count(), objects->summaries[0].relocations);
}

TEST(Objects, AreTheSameHoweverManyThreadsReadThem) {
  const test::TempDir dir;
  std::vector<std::filesystem::path> paths;
  for (const char* name : {"arrays", "legacy_maps", "field_kinds.be", "externs", "type_kinds"}) {
    paths.emplace_back(test::object_path(name));
  }
  const Result<LoadedObjects> alone = load_objects(paths, 1);
  const Result<LoadedObjects> together = load_objects(paths, 4);
  ASSERT_TRUE(alone) << alone.error().message;
  ASSERT_TRUE(together) << together.error().message;
  EXPECT_EQ(names_of(*together), names_of(*alone));
  EXPECT_EQ(together->set.fingerprint(), alone->set.fingerprint());
  for (std::size_t i = 0; i < alone->summaries.size(); ++i) {
    EXPECT_EQ(together->summaries[i].programs, alone->summaries[i].programs) << paths[i];
    EXPECT_EQ(together->summaries[i].warnings, alone->summaries[i].warnings) << paths[i];
  }
  EXPECT_FALSE(alone->summaries[1].warnings.empty());  // that libbpf refuses legacy maps, and why
  // Of several broken files, the first is named.
  paths.insert(paths.begin() + 2, dir.write("second", "broken"));
  paths.insert(paths.begin() + 1, dir.write("first", "broken"));
  const Result<LoadedObjects> broken = load_objects(paths, 4);
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, HasSubstr("first: neither an eBPF object"));
}

TEST(Objects, AFolderStandsForItsObjectFiles) {
  const test::TempDir dir;
  const std::string object = test::read_file(test::object_path("arrays"));
  dir.write("b.bpf.o", object);
  dir.write("a.o", object);
  dir.write("notes.txt", "hello");
  const std::vector<std::filesystem::path> paths = {dir.path()};
  const Result<LoadedObjects> objects = load_objects(paths);
  ASSERT_TRUE(objects) << objects.error().message;
  EXPECT_THAT(names_of(*objects), ElementsAre((dir / "a.o").string(), (dir / "b.bpf.o").string()));
}

TEST(Objects, AreReadNoFurtherOnceTheRunIsStopped) {
  std::mutex mutex;
  int asked = 0;
  StopSignal stop([&] { return ++asked > 1; }, mutex);
  const auto stopped =
      load_objects(std::vector<std::filesystem::path>{test::object_path("arrays"),
                                                      test::object_path("narrowing")},
                   1, &stop);
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().message, testing::HasSubstr("stopped"));
}

TEST(Objects, ErrorsNameTheFile) {
  const test::TempDir dir;
  EXPECT_EQ(error_of({}), "no objects given");
  EXPECT_EQ(error_of({dir / "missing.o"}),
            (dir / "missing.o").string() + ": cannot be opened: No such file or directory");
  EXPECT_EQ(error_of({dir.path()}), dir.path().string() + ": no *.o file in this folder");
  const auto text = dir.write("text", "hello");
  EXPECT_EQ(error_of({text}),
            text.string() + ": neither an eBPF object nor a file that embeds one");
  const std::string without_btf = test::object_path("without_btf.nodebug");
  EXPECT_THAT(error_of({test::object_path("arrays"), without_btf}),
              testing::AllOf(testing::StartsWith(without_btf + ": "), HasSubstr(".BTF")));
}

}  // namespace
}  // namespace btfbatch
