// The judges are real tar and Python's tarfile, and the C library that reads .btfs files.
#include "pipeline/bundle/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "core/find/btfbatch_find.h"
#include "pipeline/bundle/btfs_compression.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"
#include "tests/support/tree.h"

namespace btfbatch {
namespace {

using test::Tree;
using testing::HasSubstr;

constexpr ContentId kFingerprint{.high = 1, .low = 2};

class Bundles : public testing::Test {
 protected:
  Bundles() {
    std::filesystem::create_directory(dir_ / "blobs");
    std::filesystem::create_directory(dir_ / "made");
    add("c/8/arm64/4.18.btf", "one");
    add("c/8/x86_64/4.18.btf", "two");
    add("c/8/x86_64/4.19.btf", "one");
    add("u/20/x86_64/5.4.btf", "one");
  }

  void add(const std::string& path, const std::string& content) {
    const auto blob =
        blobs_.add(content_id_of(test::as_byte_span(content)), test::as_byte_span(content));
    entries_.push_back({.path = path, .identity = identify_kernel(path), .blob = blob.value()});
    tree_[path] = content;
  }
  [[nodiscard]] std::filesystem::path made(std::string_view name) const {
    return dir_ / "made" / name;
  }
  std::vector<BundleSummary> make() {
    Result<StagedBundles> staged =
        StagedBundles::make(options_, entries_, blobs_, kFingerprint, stop_);
    EXPECT_TRUE(staged) << staged.error().message;
    if (!staged) {
      return {};
    }
    const Result<void> placed = staged->place();
    EXPECT_TRUE(placed) << placed.error().message;
    return staged->summaries();
  }
  BundleSummary make(const std::string& name) {
    options_.files = {made(name)};
    const std::vector<BundleSummary> summaries = make();
    EXPECT_EQ(summaries.size(), 1U);
    return summaries.empty() ? BundleSummary() : summaries.front();
  }
  // Unpacks with tar. Path → what a reader sees there.
  [[nodiscard]] Tree unpacked(const std::string& name) const {
    const std::filesystem::path folder = dir_ / ("from-" + name);
    std::filesystem::create_directory(folder);
    run({"/usr/bin/tar", "-xf", made(name).string(), "-C", folder.string()});
    return test::read_tree(folder);
  }
  static std::string run(const std::vector<std::string>& command,
                         const std::filesystem::path& folder = {}) {
    const test::ProgramResult result = test::run_program(command, folder);
    EXPECT_EQ(result.exit_code, 0) << command.front() << ": " << result.err;
    EXPECT_EQ(result.err, "");
    return result.out;
  }
  [[nodiscard]] Tree plain_tree() const {
    Tree tree = {{"c", "folder"},          {"c/8", "folder"}, {"c/8/arm64", "folder"},
                 {"c/8/x86_64", "folder"}, {"u", "folder"},   {"u/20", "folder"},
                 {"u/20/x86_64", "folder"}};
    for (const auto& [path, content] : tree_) {
      tree[path] = "file " + content;
    }
    return tree;
  }

  test::TempDir dir_;
  BlobStore blobs_{dir_ / "blobs"};
  std::vector<BundleEntry> entries_;
  std::map<std::string, std::string> tree_;  // what they come to
  BundleOptions options_;
  StopSignal* stop_ = nullptr;
};

TEST_F(Bundles, EveryTarHoldsTheTree) {
  for (const char* name : {"a.tar.gz", "a.tgz", "a.tar.xz", "a.txz", "a.tar.zst"}) {
    const BundleSummary summary = make(name);
    EXPECT_EQ(summary.path, made(name).string());
    EXPECT_EQ(summary.size, std::filesystem::file_size(made(name)));
    EXPECT_EQ(unpacked(name), plain_tree()) << name;
    EXPECT_EQ(
        run({"/usr/bin/tar", "-tf", made(name).string()}),
        "c/8/arm64/4.18.btf\nc/8/x86_64/4.18.btf\nc/8/x86_64/4.19.btf\nu/20/x86_64/5.4.btf\n");
  }
}

TEST_F(Bundles, LinksLeadToTheFirstOfEqualOnes) {
  options_.dedup = BundleDedup::kSymlink;
  make("a.tar.gz");
  Tree expected = plain_tree();
  expected["c/8/x86_64/4.19.btf"] = "link ../arm64/4.18.btf";
  expected["u/20/x86_64/5.4.btf"] = "link ../../../c/8/arm64/4.18.btf";
  EXPECT_EQ(unpacked("a.tar.gz"), expected);

  options_.dedup = BundleDedup::kHardlink;
  make("b.tar.gz");
  EXPECT_EQ(unpacked("b.tar.gz"), plain_tree());
  const auto in_b = [&](const char* path) { return dir_ / "from-b.tar.gz" / path; };
  EXPECT_TRUE(std::filesystem::equivalent(in_b("c/8/arm64/4.18.btf"), in_b("u/20/x86_64/5.4.btf")));
  EXPECT_EQ(std::filesystem::hard_link_count(in_b("c/8/arm64/4.18.btf")), 3U);
}

// A tar of each kernel bears the kernel's name inside, so that not all of one BTF are equal.
TEST_F(Bundles, LinksBetweenPackedEntriesLeadToTheSameMember) {
  options_.paths = {"u={distro}/{kernel}.btf", "{distro}/{arch}/{kernel}.btf.tar.xz"};
  for (const BundleDedup dedup :
       {BundleDedup::kNone, BundleDedup::kHardlink, BundleDedup::kSymlink}) {
    options_.dedup = dedup;
    const std::string name = "a" + std::to_string(static_cast<int>(dedup)) + ".tar.xz";
    make(name);
    const Tree tree = unpacked(name);
    const std::filesystem::path folder = dir_ / ("from-" + name);
    EXPECT_EQ(test::read_file(folder / "u/5.4.btf"), "one");
    for (const auto& [path, content] : std::map<std::string, std::string>{
             {"c/arm64/4.18", "one"}, {"c/x86_64/4.18", "two"}, {"c/x86_64/4.19", "one"}}) {
      const std::string packed = (folder / (path + ".btf.tar.xz")).string();
      const std::string member = path.substr(path.rfind('/') + 1) + ".btf";
      EXPECT_EQ(run({"/usr/bin/tar", "-tf", packed}), member + "\n") << path;
      EXPECT_EQ(run({"/usr/bin/tar", "-xOf", packed, member}), content) << path;
    }
  }
}

TEST_F(Bundles, ABtfsIsFoundInByTheCLibrary) {
  options_.btfs_compression = BtfsCompression::kStored;
  make("a.btfs");
  const std::string file = test::read_file(made("a.btfs"));
  btfbatch_btfs btfs;
  ASSERT_EQ(btfbatch_open(&btfs, file.data(), file.size()), BTFBATCH_OK);
  ASSERT_EQ(btfbatch_kernel_count(&btfs), 4U);
  std::map<std::string, std::string> seen;
  for (std::size_t i = 0; i < 4; ++i) {
    btfbatch_kernel kernel;
    ASSERT_EQ(btfbatch_kernel_at(&btfs, i, &kernel), BTFBATCH_OK);
    seen[std::string(kernel.distro) + "/" + kernel.release + "/" + kernel.arch + "/" +
         kernel.kernel_release + ".btf"] = {static_cast<const char*>(kernel.data), kernel.size};
  }
  EXPECT_EQ(seen, tree_);
  EXPECT_EQ(btfbatch_fingerprint(&btfs)[7], 1);
  EXPECT_EQ(btfbatch_fingerprint(&btfs)[15], 2);

  options_.btfs_compression = BtfsCompression::kZstd;
  make("b.btfs");
  const std::string packed = test::read_file(made("b.btfs"));
  EXPECT_EQ(btfbatch_open(&btfs, packed.data(), packed.size()), BTFBATCH_COMPRESSED);
  const auto expanded = expand_btfs(test::as_byte_span(packed));
  ASSERT_TRUE(expanded);
  EXPECT_TRUE(std::ranges::equal(*expanded, test::as_byte_span(file)));
}

TEST_F(Bundles, ABtfsLeavesOutWhatItCannotHold) {
  add("u/20/x86_64/nobpf/5.4.btf", "three");
  options_.btfs_compression = BtfsCompression::kStored;
  make("a.btfs");
  const std::string file = test::read_file(made("a.btfs"));
  btfbatch_btfs btfs;
  ASSERT_EQ(btfbatch_open(&btfs, file.data(), file.size()), BTFBATCH_OK);
  EXPECT_EQ(btfbatch_kernel_count(&btfs), 4U);
  EXPECT_EQ(file.find("three"), std::string::npos);
}

// The test data's own BTFs are real ones, if small; how real kernels fare is told by
// scripts/compare.sh.
TEST_F(Bundles, AreNeverLargerThanAPlainTar) {
  for (int copy = 0; copy < 20; ++copy) {
    for (const std::string& name : test::kernel_names()) {
      add("many/" + std::to_string(copy) + "/x86_64/6.1.0-" + name + ".btf",
          test::read_file(test::kernel_path(name)));
    }
  }
  for (const auto& [path, content] : tree_) {
    dir_.write("tree/" + path, content);
  }
  const std::map<std::string, std::string> by_compressor = {
      {"a.tar.xz", "xz"}, {"a.tar.gz", "gzip -9"}, {"a.tar.zst", "zstd -q -19"}};
  for (const auto& [name, compressor] : by_compressor) {
    const BundleSummary ours = make(name);
    run({"/usr/bin/tar", "-I", compressor, "-cf", (dir_ / name).string(), "."}, dir_ / "tree");
    EXPECT_LE(ours.size, std::filesystem::file_size(dir_ / name)) << name;
  }
  // What is said of a plain tar is what tar comes to.
  const BundleSummary btfs = make("a.btfs");
  run({"/usr/bin/tar", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner",
       "--mode=u+rw,go=rX", "-cJf", (dir_ / "exact.tar.xz").string(), "."},
      dir_ / "tree");
  const auto exact = static_cast<double>(std::filesystem::file_size(dir_ / "exact.tar.xz"));
  EXPECT_NEAR(static_cast<double>(btfs.plain_tar_xz_size.value()), exact, exact * 0.04);
  EXPECT_LE(static_cast<double>(btfs.size), exact * 1.15);
}

TEST_F(Bundles, OneKernelIsNoLargerThanAPlainTarOfIt) {
  entries_.resize(1);
  dir_.write("tree/c/8/arm64/4.18.btf", "one");
  run({"/usr/bin/tar", "-cJf", (dir_ / "a.tar.xz").string(), "."}, dir_ / "tree");
  EXPECT_LE(make("a.tar.xz").size, std::filesystem::file_size(dir_ / "a.tar.xz"));
}

TEST_F(Bundles, ReplaceEarlierOnesTogetherAndOnlyWhenPlaced) {
  dir_.write("made/a.tar.xz", "old");
  options_.files = {made("a.tar.xz"), made("a.btfs")};
  options_.object_file = made("a.o");
  options_.object_machine = ElfMachine::kX86_64;
  options_.header_file = made("a.h");
  {
    const Result<StagedBundles> staged =
        StagedBundles::make(options_, entries_, blobs_, kFingerprint);
    ASSERT_TRUE(staged) << staged.error().message;
    EXPECT_EQ(test::read_file(made("a.tar.xz")), "old");
    EXPECT_FALSE(std::filesystem::exists(made("a.btfs")));
  }
  EXPECT_EQ(test::read_tree(dir_ / "made"), (Tree{{"a.tar.xz", "file old"}}));
  const std::vector<BundleSummary> summaries = make();
  ASSERT_EQ(summaries.size(), 4U);
  EXPECT_EQ(test::read_tree(dir_ / "made").size(), 4U);
  EXPECT_EQ(summaries[1].path, made("a.btfs").string());
  EXPECT_TRUE(summaries[1].plain_tar_xz_size);
  EXPECT_EQ(summaries[2].path, made("a.o").string());
  EXPECT_FALSE(summaries[2].plain_tar_xz_size);
  EXPECT_EQ(summaries[3].path, made("a.h").string());
}

// Every form is read back before it replaces anything; what is cut, changed, or holds something
// else is told.
TEST_F(Bundles, AreReadBack) {
  struct Form {
    const char* name;
    BundleDedup dedup;
    BtfsCompression compression;
    std::vector<std::string> paths;
  };
  const Form forms[] = {
      {"a.tar.gz", BundleDedup::kNone, BtfsCompression::kZstd, {}},
      {"a.tar.xz", BundleDedup::kHardlink, BtfsCompression::kZstd, {}},
      {"a.tar.zst", BundleDedup::kSymlink, BtfsCompression::kZstd, {}},
      {"b.tar.xz", BundleDedup::kNone, BtfsCompression::kZstd, {"{arch}/{kernel}.btf.tar.xz"}},
      {"c.tar.xz", BundleDedup::kSymlink, BtfsCompression::kZstd, {"{distro}/{arch}/{kernel}.btf"}},
      {"a.btfs", BundleDedup::kNone, BtfsCompression::kZstd, {}},
      {"b.btfs", BundleDedup::kNone, BtfsCompression::kStored, {}},
      {"a.o", BundleDedup::kNone, BtfsCompression::kZstd, {}},
      {"a.h", BundleDedup::kNone, BtfsCompression::kZstd, {}}};
  for (const Form& form : forms) {
    SCOPED_TRACE(form.name);
    options_ = {};
    options_.dedup = form.dedup;
    options_.btfs_compression = form.compression;
    options_.paths = form.paths;
    const std::filesystem::path path = made(form.name);
    if (path.extension() == ".o") {
      options_.object_file = path;
      options_.object_machine = ElfMachine::kX86_64;
    } else if (path.extension() == ".h") {
      options_.header_file = path;
    } else {
      options_.files = {path};
    }
    const auto staged = StagedBundles::make(options_, entries_, blobs_, kFingerprint);
    ASSERT_TRUE(staged) << staged.error().message;
    const auto refusal = [&](const std::vector<BundleEntry>& entries) {
      const Result<void> checked = staged->read_back(options_, entries, blobs_);
      return checked ? std::string() : checked.error().message;
    };
    EXPECT_EQ(refusal(entries_), "");

    const std::string staging = std::string("made/.") + form.name + ".btfbatch-staging";
    const std::string bytes = test::read_file(dir_ / staging);
    std::string changed = bytes;
    changed[bytes.size() / 2] = static_cast<char>(changed[bytes.size() / 2] ^ 1);
    for (const std::string& wrong :
         {changed, bytes.substr(0, bytes.size() - 9), bytes.substr(0, 10), std::string()}) {
      dir_.write(staging, wrong);
      EXPECT_THAT(refusal(entries_), HasSubstr("--verify: " + path.string() + ", read back: "));
    }
    dir_.write(staging, bytes);
    EXPECT_EQ(refusal(entries_), "");
    if (options_.files.empty()) {
      continue;  // these are compared as they are
    }
    std::vector<BundleEntry> others = entries_;
    others[1].blob = others[0].blob;
    EXPECT_NE(refusal(others), "");
    others = entries_;
    others.pop_back();
    EXPECT_NE(refusal(others), "");
    others = entries_;
    others[3].path = "u/20/x86_64/5.5.btf";
    others[3].identity.kernel_release = "5.5";
    EXPECT_NE(refusal(others), "");
  }
}

TEST_F(Bundles, FailTogether) {
  options_.files = {made("a.tar.xz"), dir_ / "none/a.btfs"};
  const Result<StagedBundles> staged =
      StagedBundles::make(options_, entries_, blobs_, kFingerprint);
  ASSERT_FALSE(staged);
  EXPECT_THAT(staged.error().message, HasSubstr("--bundle: " + (dir_ / "none/a.btfs").string()));
  EXPECT_EQ(test::read_tree(dir_ / "made"), Tree());
}

TEST_F(Bundles, StopWhenAsked) {
  std::mutex mutex;
  StopSignal stop([] { return true; }, mutex);
  for (const char* name : {"a.tar.gz", "a.btfs"}) {
    options_.files = {made(name)};
    EXPECT_FALSE(StagedBundles::make(options_, entries_, blobs_, kFingerprint, &stop));
  }
  EXPECT_EQ(test::read_tree(dir_ / "made"), Tree());
}

}  // namespace
}  // namespace btfbatch
