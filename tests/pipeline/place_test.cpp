#include "pipeline/place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "pipeline/file.h"
#include "pipeline/index.h"
#include "pipeline/manifest.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tree.h"

namespace btfbatch {
namespace {

using test::Tree;
using testing::HasSubstr;

// What a run would have made of an archive: output path → content, and aliases.
struct Made {
  std::map<std::string, std::string> kernels;
  std::vector<Alias> aliases;
};

Alias alias_of(std::string path, std::string target) {
  return {.path = std::move(path), .target = std::move(target), .is_directory = true};
}

// Does what a run does once all kernels are minimized. Returns the error, or "".
std::string place(const std::filesystem::path& out, Layout layout, const Made& made,
                  bool complete = true) {
  auto folder = OutputFolder::open(out, "/archive-elsewhere");
  if (!folder) {
    return folder.error().error.message;
  }
  BlobStore blobs(folder->blob_folder());
  Manifest manifest{.tool_version = "1", .layout = layout, .run = {}, .blob_names = {}};
  for (const auto& [path, content] : made.kernels) {
    const ContentId id = content_id_of(test::as_byte_span(content));
    if (!blobs.add(id, test::as_byte_span(content))) {
      return "blob not written";
    }
    KernelOutcome kernel;
    kernel.archive_path = path + ".tar.xz";
    kernel.output_path = path;
    kernel.outcome = Outcome::kMinimized;
    kernel.content_id = id;
    manifest.run.kernels.push_back(kernel);
    manifest.blob_names.push_back(id.hex());
  }
  manifest.run.aliases = made.aliases;
  std::vector<WrittenKernel> written = manifest.written_kernels();
  for (WrittenKernel& kernel : written) {
    const std::string& content = made.kernels.at(kernel.output_path);
    kernel.blob =
        *blobs.add(content_id_of(test::as_byte_span(content)), test::as_byte_span(content));
  }
  const Documents documents{
      .manifest = write_manifest(manifest),
      .index = layout == Layout::kIndexed ? std::optional(write_index(manifest)) : std::nullopt};
  const Result<void> placed =
      place_output(*folder, plan_output(layout, written, made.aliases), blobs, layout, documents);
  if (placed && complete) {
    folder->complete();
  }
  return placed ? "" : placed.error().message;
}

Tree fresh(Layout layout, const Made& made) {
  const test::TempDir dir;
  EXPECT_EQ(place(dir / "out", layout, made), "");
  return test::read_tree(dir / "out");
}

// Without the manifest, which other tests look at.
Tree without_manifest(Tree tree) {
  tree.erase("btfbatch.json");
  return tree;
}

const Made kFirst = {.kernels = {{"a/1.btf", "same"}, {"a/2.btf", "same"}, {"b/c/3.btf", "other"}},
                     .aliases = {alias_of("z", "a")}};

TEST(Place, Symlinks) {
  EXPECT_EQ(without_manifest(fresh(Layout::kSymlink, kFirst)), (Tree{{"a", "folder"},
                                                                     {"a/1.btf", "file same"},
                                                                     {"a/2.btf", "link 1.btf"},
                                                                     {"b", "folder"},
                                                                     {"b/c", "folder"},
                                                                     {"b/c/3.btf", "file other"},
                                                                     {"z", "link a"}}));
}

TEST(Place, HardlinksShareAnInodeAndCopiesDoNot) {
  const Tree expected{{"a", "folder"}, {"a/1.btf", "file same"}, {"a/2.btf", "file same"},
                      {"b", "folder"}, {"b/c", "folder"},        {"b/c/3.btf", "file other"},
                      {"z", "folder"}, {"z/1.btf", "file same"}, {"z/2.btf", "file same"}};
  for (const Layout layout : {Layout::kHardlink, Layout::kCopy}) {
    const test::TempDir dir;
    ASSERT_EQ(place(dir.path(), layout, kFirst), "");
    EXPECT_EQ(without_manifest(test::read_tree(dir.path())), expected);
    // No link is left over from staging.
    const std::uintmax_t links = layout == Layout::kHardlink ? 4 : 1;
    EXPECT_EQ(std::filesystem::hard_link_count(dir / "a/1.btf"), links);
    EXPECT_EQ(std::filesystem::hard_link_count(dir / "z/2.btf"), links);
    EXPECT_EQ(std::filesystem::hard_link_count(dir / "b/c/3.btf"), 1U);
  }
}

TEST(Place, IndexedHasNoLinksAtAll) {
  const Tree tree = without_manifest(fresh(Layout::kIndexed, kFirst));
  const auto blob = [](std::string_view content) {
    return "blobs/" + content_id_of(test::as_byte_span(content)).hex() + ".btf";
  };
  ASSERT_EQ(tree.size(), 4U);
  EXPECT_EQ(tree.at("blobs"), "folder");
  EXPECT_EQ(tree.at(blob("same")), "file same");
  EXPECT_EQ(tree.at(blob("other")), "file other");
  EXPECT_THAT(tree.at("index.json"), HasSubstr(blob("other")));
}

TEST(Place, ModesFollowTheUmask) {
  const test::TempDir dir;
  const mode_t before = umask(022);
  EXPECT_EQ(place(dir / "out", Layout::kSymlink, kFirst), "");
  umask(before);
  struct stat status {};
  ASSERT_EQ(stat((dir / "out/a/1.btf").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644U);
  ASSERT_EQ(stat((dir / "out/btfbatch.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644U);
  ASSERT_EQ(stat((dir / "out/a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755U);
}

// Whatever lay there before: afterwards it is what a fresh run gives.
TEST(Place, AnyStateTurnsIntoAnyOther) {
  const std::vector<Made> states = {
      kFirst,
      // 1 changes under a link that stays the old content; a kernel vanishes, one comes.
      {.kernels = {{"a/1.btf", "new"}, {"a/2.btf", "same"}, {"d/4.btf", "new"}}, .aliases = {}},
      // The alias turns round: what was a link is a folder, and the other way round.
      {.kernels = {{"z/1.btf", "same"}, {"z/2.btf", "other"}},
       .aliases = {alias_of("a", "z"), alias_of("b/c", "z")}},
      // Files where there were folders, and folders where there were files.
      {.kernels = {{"a", "same"}, {"b", "same"}, {"z/1.btf/deep/x.btf", "third"}}, .aliases = {}},
      {.kernels = {{"a/1.btf/y.btf", "same"}, {"b/c/3.btf", "x"}, {"z/1.btf", "x"}},
       .aliases = {alias_of("b/d", "b/c")}},
      {.kernels = {{"b/d/3.btf", "x"}, {"b/d/4.btf", "x"}}, .aliases = {alias_of("b/c", "b/d")}},
  };
  using enum Layout;
  constexpr std::pair<Layout, Layout> kChanges[] = {{kSymlink, kSymlink},
                                                    {kSymlink, kCopy},
                                                    {kCopy, kSymlink},
                                                    {kHardlink, kIndexed},
                                                    {kIndexed, kHardlink}};
  for (const auto& [old_layout, new_layout] : kChanges) {
    for (std::size_t from = 0; from < states.size(); ++from) {
      for (std::size_t to = 0; to < states.size(); ++to) {
        const test::TempDir dir;
        ASSERT_EQ(place(dir.path(), old_layout, states[from]), "");
        ASSERT_EQ(place(dir.path(), new_layout, states[to]), "");
        ASSERT_EQ(test::read_tree(dir.path()), fresh(new_layout, states[to]))
            << from << " as " << layout_name(old_layout) << " to " << to << " as "
            << layout_name(new_layout);
      }
    }
  }
}

TEST(Place, ForeignFilesStay) {
  const test::TempDir dir;
  dir.write("notes.txt", "mine");
  dir.write("a/notes.txt", "mine");
  dir.write("b/c/old.btf", "mine");
  ASSERT_EQ(place(dir.path(), Layout::kSymlink, kFirst), "");
  ASSERT_EQ(place(dir.path(), Layout::kSymlink, {.kernels = {{"q.btf", "x"}}, .aliases = {}}), "");
  EXPECT_EQ(without_manifest(test::read_tree(dir.path())), (Tree{{"notes.txt", "file mine"},
                                                                 {"a", "folder"},
                                                                 {"a/notes.txt", "file mine"},
                                                                 {"b", "folder"},
                                                                 {"b/c", "folder"},
                                                                 {"b/c/old.btf", "file mine"},
                                                                 {"q.btf", "file x"}}));
}

TEST(Place, WhatIsForeignAndInTheWayIsRefusedBeforeAnythingChanges) {
  const auto refused = [](const auto& prepare, const std::string& because) {
    const test::TempDir dir;
    prepare(dir);
    const Tree before = test::read_tree(dir.path());
    EXPECT_THAT(place(dir.path(), Layout::kSymlink, kFirst), HasSubstr(because));
    EXPECT_EQ(test::read_tree(dir.path()), before);
  };
  refused([](const test::TempDir& dir) { dir.write("a", "a file"); }, "a is in the way");
  refused([](const test::TempDir& dir) { dir.link("a", "/tmp"); }, "it is a symbolic link that no");
  refused([](const test::TempDir& dir) { dir.write("a/1.btf/notes.txt", "mine"); },
          "a/1.btf/notes.txt, which no earlier run made");
  refused([](const test::TempDir& dir) { dir.write("btfbatch.json/x", "mine"); },
          "btfbatch.json is a folder");
}

TEST(Place, AForeignFileAtAPlannedPathGivesWay) {
  const test::TempDir dir;
  dir.write("a/1.btf", "mine");
  dir.link("a/2.btf", "/nowhere");
  ASSERT_EQ(place(dir.path(), Layout::kSymlink, kFirst), "");
  EXPECT_EQ(test::read_tree(dir.path()), fresh(Layout::kSymlink, kFirst));
}

TEST(Place, ABrokenManifestIsForeign) {
  const test::TempDir dir;
  ASSERT_EQ(place(dir.path(), Layout::kSymlink, kFirst), "");
  dir.write("btfbatch.json", "{\"broken\"");
  ASSERT_EQ(place(dir.path(), Layout::kSymlink, {.kernels = {{"q.btf", "x"}}, .aliases = {}}), "");
  // What it made cannot be known, so it stays.
  EXPECT_EQ(test::read_file(dir / "a/1.btf"), "same");
  EXPECT_EQ(test::read_file(dir / "q.btf"), "x");
}

// A manifest that lists what it did not make, by way of a link that is not ours.
TEST(Place, NothingIsRemovedThroughALink) {
  const test::TempDir elsewhere;
  elsewhere.write("1.btf", "mine");
  const test::TempDir dir;
  ASSERT_EQ(place(dir.path(), Layout::kSymlink, kFirst), "");
  std::filesystem::remove_all(dir / "a");
  std::filesystem::create_symlink(elsewhere.path(), dir / "a");
  ASSERT_EQ(place(dir.path(), Layout::kSymlink, {.kernels = {{"q.btf", "x"}}, .aliases = {}}), "");
  EXPECT_EQ(test::read_file(elsewhere / "1.btf"), "mine");
}

// Killed after all was placed and before staging was removed; the manifest of the run before it is
// put back, as if it had been killed a little earlier.
TEST(Place, AnInterruptedPlacementIsCompletedByTheNextOne) {
  const Made second{.kernels = {{"a/1.btf", "new"}, {"n/5.btf", "new"}}, .aliases = {}};
  const Made third{.kernels = {{"a/1.btf", "third"}}, .aliases = {}};
  const test::TempDir dir;
  ASSERT_EQ(place(dir.path(), Layout::kSymlink, kFirst), "");
  const std::string old_manifest = test::read_file(dir / "btfbatch.json");
  ASSERT_EQ(place(dir.path(), Layout::kSymlink, second, /*complete=*/false), "");
  dir.write("btfbatch.json", old_manifest);
  // Only the journal knows that n/5.btf is ours.
  ASSERT_TRUE(std::filesystem::exists(dir / ".btfbatch-staging/journal.json"));
  ASSERT_EQ(place(dir.path(), Layout::kSymlink, third), "");
  EXPECT_EQ(test::read_tree(dir.path()), fresh(Layout::kSymlink, third));
}

}  // namespace
}  // namespace btfbatch
