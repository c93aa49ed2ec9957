#include "pipeline/report/kernel_answers.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "pipeline/objects.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

const std::vector<std::string> kKernelNames = {"reference",   "moved_fields", "empty",
                                               "other_kinds", "other_enums",  "moved_bitfields"};

class KernelAnswersTest : public testing::Test {
 protected:
  static LoadedObjects load() {
    std::vector<std::filesystem::path> paths;
    for (const char* name : {"field_kinds", "enum_values", "type_kinds", "bitfields", "flavors"}) {
      paths.emplace_back(test::object_path(name));
    }
    return *load_objects(paths);
  }

  LoadedObjects objects_ = load();
  std::vector<ObjectNeeds> needs_ = needs_of(objects_.set);
};

void expect_equal(const KernelReport& a, const KernelReport& b, const std::string& kernel) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(*a[i], *b[i]) << kernel << ", object " << i;
  }
}

TEST_F(KernelAnswersTest, TheMinimizedBtfGivesTheSameReport) {
  std::size_t troubles = 0;
  for (const std::string& name : kKernelNames) {
    const std::string bytes = test::read_file(test::kernel_path(name));
    const BtfView kernel = load_kernel_btf(test::as_byte_span(bytes)).value();
    Answers found;
    const MinimizedBtf minimized = minimize(kernel, objects_.set, &found).value();
    if (!minimized.unanswerable.empty()) {
      continue;  // such a result is never taken over
    }
    KernelAnswers answers(objects_.set, needs_);
    const KernelReport report = answers.of_kernel(kernel, found, {});
    const KernelNotes notes = answers.notes(kernel, report);
    troubles += notes.troubles.size();
    const auto again = answers.of_minimized(minimized.bytes, minimized.id, notes, {});
    ASSERT_TRUE(again) << name;
    expect_equal(*again, report, name);
    // So it does where nothing has seen the full BTF, and by notes that were written down.
    KernelAnswers others(objects_.set, needs_);
    const auto later = others.of_minimized(minimized.bytes, minimized.id,
                                           read_notes(write_notes(notes)).value(), {});
    ASSERT_TRUE(later) << name;
    expect_equal(*later, report, name);
  }
  EXPECT_GT(troubles, 0U) << "the kernels must be such that something breaks";
}

TEST_F(KernelAnswersTest, ATroubleThatTheNotesDoNotKnowIsNotMadeUp) {
  const std::string bytes = test::read_file(test::kernel_path("empty"));
  const BtfView kernel = load_kernel_btf(test::as_byte_span(bytes)).value();
  const MinimizedBtf minimized = minimize(kernel, objects_.set).value();
  KernelAnswers answers(objects_.set, needs_);
  EXPECT_FALSE(answers.of_minimized(minimized.bytes, minimized.id, {}, {}));
}

// An executable's object: judged on kernels of its own machines alone, and anew where it is found
// elsewhere later.
TEST(KernelAnswersOfAnObjectForOneMachine, AreForItsKernelsAlone) {
  const std::vector<std::filesystem::path> paths = {test::object_path("registers_x86_64"),
                                                    test::object_path("field_kinds")};
  const LoadedObjects objects = load_objects(paths).value();
  const std::vector<ObjectNeeds> needs = needs_of(objects.set);
  EXPECT_EQ(needs[0].architecture, "x86_64");
  const std::string bytes = test::read_file(test::kernel_path("reference"));
  const BtfView kernel = load_kernel_btf(test::as_byte_span(bytes)).value();
  Answers found;
  const MinimizedBtf minimized = minimize(kernel, objects.set, &found).value();
  KernelAnswers answers(objects.set, needs);
  const KernelIdentity own{.distro = "", .release = "", .arch = "amd64", .kernel_release = ""};
  const KernelIdentity other{.distro = "", .release = "", .arch = "arm64", .kernel_release = ""};

  const KernelReport on_own = answers.of_kernel(kernel, found, own);
  ASSERT_NE(on_own[0], nullptr);
  EXPECT_EQ(on_own[0]->worst(), RelocationState::kBroken);
  const KernelReport on_other = answers.of_kernel(kernel, found, other);
  EXPECT_EQ(on_other[0], nullptr);
  EXPECT_NE(on_other[1], nullptr);

  const KernelNotes notes = answers.notes(kernel, on_other);
  const auto again = answers.of_minimized(minimized.bytes, minimized.id, notes, other);
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)[0], nullptr);
  EXPECT_FALSE(answers.of_minimized(minimized.bytes, minimized.id, notes, own))
      << "why it is broken was not noted";
}

TEST_F(KernelAnswersTest, WhatIsNoBtfHasNoReport) {
  KernelAnswers answers(objects_.set, needs_);
  EXPECT_FALSE(answers.of_minimized(test::as_byte_span("no BTF"), {}, {}, {}));
}

TEST(KernelNotes, TextsThatAreNoneAreRefused) {
  EXPECT_FALSE(read_notes(""));
  EXPECT_FALSE(read_notes("{}"));
  EXPECT_FALSE(read_notes(R"({"pointer_size":-1,"big_endian":false,"troubles":[]})"));
  EXPECT_FALSE(read_notes(R"({"pointer_size":8,"big_endian":false,"troubles":[{}]})"));
  EXPECT_TRUE(read_notes(R"({"pointer_size":8,"big_endian":false,"troubles":[]})"));
}

}  // namespace
}  // namespace btfbatch
