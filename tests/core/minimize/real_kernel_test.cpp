// The same two judges as bpftool_test.cpp and libbpf_test.cpp, over a real kernel and the real
// objects of libbpf-tools. The kernels are those in the folder $BTFBATCH_TEST_KERNELS (raw *.btf),
// or else the one that runs here, where its BTF can be read.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "tests/core/support/libbpf_resolve.h"
#include "tests/core/support/object_sets.h"
#include "tests/support/bpftool.h"
#include "tests/support/libbpf_tools.h"

namespace btfbatch {
namespace {

constexpr const char* kRunningKernel = "/sys/kernel/btf/vmlinux";

std::vector<std::string> find_kernels() {
  std::vector<std::string> kernels;
  if (const char* folder = std::getenv("BTFBATCH_TEST_KERNELS")) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".btf") kernels.push_back(entry.path());
    }
    std::ranges::sort(kernels);
  } else if (access(kRunningKernel, R_OK) == 0) {
    kernels.emplace_back(kRunningKernel);
  }
  return kernels;
}

class RealKernel : public testing::Test {
 protected:
  void SetUp() override {
    kernels_ = find_kernels();
    if (kernels_.empty()) {
      GTEST_SKIP() << "no kernel: " << kRunningKernel
                   << " cannot be read, and BTFBATCH_TEST_KERNELS names no folder with *.btf";
    }
    objects_ = test::libbpf_tools_objects();
    if (objects_.empty()) GTEST_SKIP() << "no objects: libbpf-tools is not installed";
    for (const auto& object : objects_) paths_.push_back(object.file.path());
  }

  static MinimizedBtf minimized(std::span<const std::byte> kernel,
                                std::span<const std::string> objects) {
    const auto view = load_kernel_btf(kernel);
    const auto loaded = test::load_objects(objects);
    if (!view || !loaded.set) {
      ADD_FAILURE() << (view ? loaded.set.error().message : view.error().message);
      return {};
    }
    auto result = minimize(*view, *loaded.set);
    if (!result) {
      ADD_FAILURE() << result.error().message;
      return {};
    }
    return *std::move(result);
  }

  std::vector<std::string> kernels_;
  std::vector<test::RealObject> objects_;
  std::vector<std::string> paths_;
};

class RealKernelAgainstBpftool : public RealKernel {
 protected:
  void SetUp() override {
    RealKernel::SetUp();
    if (IsSkipped()) return;
    const auto found = test::find_bpftool();
    if (!found) GTEST_SKIP() << "bpftool is not installed: nothing to compare with";
    bpftool_ = *found;
  }

  void expect_same(const std::string& kernel, std::span<const std::byte> kernel_bytes,
                   std::span<const std::string> objects) {
    const auto theirs = test::bpftool_min_core_btf(bpftool_, kernel, objects);
    const auto ours = minimized(kernel_bytes, objects);
    if (theirs.succeeded) {
      EXPECT_TRUE(ours.unanswerable.empty()) << ours.unanswerable.front().reason;
      EXPECT_TRUE(ours.bytes == theirs.bytes)
          << ours.bytes.size() << " bytes of ours, " << theirs.bytes.size() << " of bpftool's";
    } else if (!theirs.errors.contains("unsupported kind")) {
      EXPECT_FALSE(ours.unanswerable.empty()) << theirs.errors;
    }
  }

  std::string bpftool_;
};

TEST_F(RealKernelAgainstBpftool, AllObjectsInOneSet) {
  for (const auto& kernel : kernels_) {
    SCOPED_TRACE(kernel);
    expect_same(kernel, test::read_bytes(kernel), paths_);
  }
}

TEST_F(RealKernelAgainstBpftool, EachObjectAlone) {
  for (const auto& kernel : kernels_) {
    const auto bytes = test::read_bytes(kernel);
    for (const auto& object : objects_) {
      SCOPED_TRACE(object.name + " on " + kernel);
      expect_same(kernel, bytes, std::span(&object.file.path(), 1));
    }
  }
}

TEST_F(RealKernelAgainstBpftool, RandomSubsets) {
  std::mt19937 random(52);  // the same subsets in every run
  for (const auto& kernel : kernels_) {
    const auto bytes = test::read_bytes(kernel);
    for (const int size : {2, 3, 5, 8, 13, 21, 34}) {
      std::vector<std::string> subset;
      std::ranges::sample(paths_, std::back_inserter(subset), size, random);
      std::ranges::shuffle(subset, random);
      SCOPED_TRACE(testing::Message() << size << " objects on " << kernel);
      expect_same(kernel, bytes, subset);
    }
  }
}

TEST_F(RealKernel, LeavesLibbpfsLoaderItsAnswers) {
  for (const auto& kernel : kernels_) {
    const test::MemoryFile ours(minimized(test::read_bytes(kernel), paths_).bytes);
    std::size_t answers = 0;
    for (const auto& object : objects_) {
      SCOPED_TRACE(object.name + " on " + kernel);
      const auto full = test::resolve_with_libbpf(object.file.path(), kernel);
      ASSERT_TRUE(full.opened);
      EXPECT_EQ(to_text(test::resolve_with_libbpf(object.file.path(), ours.path())), to_text(full));
      answers += full.answers.size();
    }
    // Some loaders stop before relocation, where what they attach to is not in the running kernel.
    EXPECT_GT(answers, 500U) << "too few relocations were compared";
  }
}

}  // namespace
}  // namespace btfbatch
