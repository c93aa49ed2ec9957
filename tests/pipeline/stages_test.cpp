#include "pipeline/stages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "pipeline/objects.h"
#include "tests/support/archive_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Stages : public testing::Test {
 protected:
  // A kernel that has passed the stages before the writer.
  KernelWork pass(std::size_t sequence, const std::string& path, const std::string& content) {
    Entry entry;
    entry.archive_path = path;
    entry.output_path = output_path_of(path);
    entry.compressed_size = content.size();
    entry.content.append(test::as_byte_span(content));
    KernelWork work = start_work(sequence, std::move(entry));
    unpack_kernel(work, {.max_btf_size = 1 << 20}, past_, buffers_);
    minimize_kernel(work, objects_.set, past_, buffers_);
    return work;
  }

  static LoadedObjects load() {
    const std::vector<std::filesystem::path> paths = {test::object_path("field_kinds"),
                                                      test::object_path("ambiguous_field")};
    return *load_objects(paths);
  }

  static std::string kernel(std::string_view name) {
    return test::make_kernel_tar("k.btf", test::read_file(test::kernel_path(name)));
  }

  LoadedObjects objects_ = load();
  PastResults past_{ResultRules{}};
  BufferPool buffers_;
  test::TempDir dir_;
  BlobStore blobs_{dir_.path()};
  std::mutex mutex_;
  StopSignal stop_{{}, mutex_};
  std::vector<std::string> told_;
  const std::function<void(const KernelOutcome&)> kernel_done_ = [this](const KernelOutcome& k) {
    told_.push_back(k.archive_path);
  };
};

TEST_F(Stages, AGoodKernelIsMinimized) {
  const std::string content = kernel("reference");
  const KernelWork work = pass(0, "a/5.4.btf.tar.xz", content);
  EXPECT_EQ(work.outcome.outcome, Outcome::kMinimized);
  EXPECT_THAT(work.outcome.reasons, IsEmpty());
  EXPECT_EQ(work.outcome.output_path, "a/5.4.btf");
  EXPECT_EQ(work.outcome.compressed_size, content.size());
  EXPECT_EQ(work.outcome.btf_size, test::read_file(test::kernel_path("reference")).size());
  ASSERT_TRUE(work.minimized);
  EXPECT_EQ(work.outcome.minimized_size, work.minimized->bytes.size());
  EXPECT_EQ(work.outcome.content_id, content_id_of(work.minimized->bytes));
  // Its buffer and its content are free for the next one.
  EXPECT_EQ(work.btf.capacity(), 0U);
  EXPECT_EQ(work.entry.content.capacity(), 0U);
  EXPECT_GT(buffers_.take().capacity(), 0U);
}

TEST_F(Stages, APastResultIsTakenOver) {
  const std::string content = kernel("reference");
  const KernelWork first = pass(0, "a/5.4.btf.tar.xz", content);
  const ResultCache cache =
      ResultCache::open(dir_ / "cache", "/archive-elsewhere", ResultRules{}).value();
  past_.use_cache(cache, false);
  EXPECT_FALSE(pass(1, "a/5.4.btf.tar.xz", content).outcome.reused);  // and is kept
  const KernelWork again = pass(2, "b/5.4.btf.tar.xz", content);
  EXPECT_TRUE(again.outcome.reused);
  EXPECT_EQ(again.outcome.source_hash, content_id_of(test::as_byte_span(content)));
  EXPECT_EQ(again.outcome.outcome, Outcome::kMinimized);
  EXPECT_EQ(again.outcome.content_id, first.outcome.content_id);
  EXPECT_EQ(again.outcome.btf_size, first.outcome.btf_size);
  EXPECT_EQ(again.outcome.minimized_size, first.outcome.minimized_size);
  EXPECT_EQ(again.outcome.type_count, first.outcome.type_count);
  EXPECT_EQ(again.minimized->bytes, first.minimized->bytes);
  EXPECT_EQ(again.entry.content.capacity(), 0U);
  // Degraded kernels are not kept.
  EXPECT_FALSE(pass(3, "a/5.5.btf.tar.xz", kernel("twins")).outcome.reused);
  EXPECT_FALSE(pass(4, "a/5.5.btf.tar.xz", kernel("twins")).outcome.reused);
}

TEST_F(Stages, AnAmbiguousRelocationDegradesAndIsNamed) {
  const KernelWork work = pass(0, "a/5.4.btf.tar.xz", kernel("twins"));
  EXPECT_EQ(work.outcome.outcome, Outcome::kDegraded);
  EXPECT_TRUE(work.minimized);
  EXPECT_THAT(work.outcome.reasons,
              Contains(AllOf(StartsWith(test::object_path("ambiguous_field") + ": raw_tp/twin+0x"),
                             HasSubstr("twin.shifted"))));
}

TEST_F(Stages, WhatFailsHasAReasonAndNoOutput) {
  const KernelWork broken = pass(0, "a/5.4.btf.tar.xz", "not xz at all");
  EXPECT_EQ(broken.outcome.outcome, Outcome::kFailed);
  EXPECT_THAT(broken.outcome.reasons, ElementsAre("not xz, though its name says so"));
  EXPECT_EQ(broken.outcome.output_path, "");
  EXPECT_FALSE(broken.minimized);

  std::string content = test::read_file(test::kernel_path("reference"));
  content.resize(content.size() / 2);
  const KernelWork cut = pass(0, "a/5.4.btf", content);
  EXPECT_EQ(cut.outcome.outcome, Outcome::kFailed);
  EXPECT_THAT(cut.outcome.reasons, ElementsAre(HasSubstr("not a valid BTF: ")));

  Entry entry;
  entry.failure = Error{"known before"};
  EXPECT_THAT(start_work(0, std::move(entry)).outcome.reasons, ElementsAre("known before"));
}

TEST_F(Stages, TheWriterStoresEachContentOnceAndTellsOfEachKernel) {
  KernelWriter writer(blobs_, false, stop_, kernel_done_);
  std::size_t sequence = 0;
  for (const char* name : {"reference", "moved_fields", "reference"}) {
    KernelWork work = pass(sequence, "a/" + std::to_string(sequence) + ".btf.tar.xz", kernel(name));
    ++sequence;
    writer.write(work);
  }
  KernelWork broken = pass(sequence, "a/broken.btf", "x");
  writer.write(broken);
  const Result<ProcessedKernels> processed = writer.finish();
  ASSERT_TRUE(processed);
  EXPECT_THAT(processed->blobs, ElementsAre(0, 1, 0, ProcessedKernels::kNoBlob));
  EXPECT_EQ(blobs_.size(), 2U);
  EXPECT_THAT(told_,
              ElementsAre("a/0.btf.tar.xz", "a/1.btf.tar.xz", "a/2.btf.tar.xz", "a/broken.btf"));
}

TEST_F(Stages, StrictStopsBehindTheFirstThatIsNotAllRight) {
  KernelWriter writer(blobs_, true, stop_, kernel_done_);
  std::size_t sequence = 0;
  for (const char* name : {"reference", "twins", "reference"}) {
    KernelWork work = pass(sequence, "a/" + std::to_string(sequence) + ".btf.tar.xz", kernel(name));
    ++sequence;
    writer.write(work);
  }
  EXPECT_TRUE(stop_.stopped());
  EXPECT_EQ(writer.finish()->outcomes.size(), 2U);
  EXPECT_THAT(told_, ElementsAre("a/0.btf.tar.xz", "a/1.btf.tar.xz"));
}

TEST_F(Stages, AFullDiskStopsTheRunWithAnError) {
  BlobStore nowhere(dir_ / "missing");
  KernelWriter writer(nowhere, false, stop_, kernel_done_);
  KernelWork work = pass(0, "a/5.4.btf.tar.xz", kernel("reference"));
  writer.write(work);
  EXPECT_TRUE(stop_.stopped());
  EXPECT_FALSE(writer.finish());
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace btfbatch
