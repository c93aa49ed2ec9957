#include "core/verify/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "tests/core/support/libbpf_resolve.h"
#include "tests/core/support/object_sets.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A kernel of the test data, opened.
struct Kernel {
  explicit Kernel(std::vector<std::byte> content)
      : bytes(std::move(content)), view(load_kernel_btf(bytes)) {}
  explicit Kernel(const std::string& name) : Kernel(test::read_bytes(test::kernel_path(name))) {}

  std::vector<std::byte> bytes;
  Result<BtfView> view;
};

// What libbpf answered, without the numbers between which it could not decide.
std::string decisions(const test::LibbpfResolution& resolution) {
  test::LibbpfResolution without_numbers = resolution;
  for (test::LibbpfAnswer& a : without_numbers.answers) {
    if (a.answer.contains("ambigu")) a.answer = "ambiguous";
  }
  return to_text(without_numbers);
}

VerifyResult verify_on(const std::string& full, const std::string& other,
                       std::initializer_list<std::string> objects) {
  const Kernel a(full);
  const Kernel b(other);
  const auto loaded = test::load_test_objects(objects);
  return verify(*a.view, *b.view, *loaded.set);
}

TEST(Verify, FindsNothingBetweenABtfAndItself) {
  const auto result = verify_on("reference", "reference", {"field_kinds", "arrays", "maps_only"});
  EXPECT_THAT(result.differences, IsEmpty());
  EXPECT_EQ(result.relocations, 36U + 8U);
}

TEST(Verify, NamesWhatChanges) {
  const auto result = verify_on("reference", "empty", {"maps_only", "narrowing"});
  // narrowing asks three things that the full BTF has, and one that neither has.
  ASSERT_THAT(result.differences, SizeIs(3));
  EXPECT_EQ(result.relocations, 4U);
  EXPECT_EQ(result.differences[0].object, 1U);
  EXPECT_EQ(result.differences[0].relocation, 0U);
  EXPECT_EQ(result.differences[1].relocation, 1U);
  EXPECT_EQ(result.differences[2].relocation, 3U);
  EXPECT_THAT(result.differences[0].reason,
              AllOf(HasSubstr("twin.first_only"), HasSubstr("byte_off"), HasSubstr("4"),
                    HasSubstr("absent")));
}

TEST(Verify, SeesValuesSizesAndAmbiguity) {
  EXPECT_THAT(verify_on("reference", "moved_fields", {"typedef_roots"}).differences,
              testing::Not(IsEmpty()));
  EXPECT_THAT(verify_on("reference", "twins", {"ambiguous_field"}).differences, SizeIs(1));
  EXPECT_THAT(verify_on("reference", "twins", {"ambiguous_field"}).differences[0].reason,
              HasSubstr("ambiguous"));
  EXPECT_THAT(verify_on("twins", "twins", {"ambiguous_field"}).differences, IsEmpty())
      << "the same ambiguity is no difference";
}

// A load of 8 bytes fits a smaller field where that is unsigned, and is poisoned where it is
// signed.
TEST(Verify, SeesWhetherALoadMayBeMadeToFit) {
  const auto result = verify_on("unsigned_counter", "signed_counter", {"larger_loads"});
  ASSERT_THAT(result.differences, SizeIs(1));
  EXPECT_THAT(result.differences[0].reason,
              HasSubstr("full BTF: 0 (4 bytes, unsigned), minimized BTF: 0 (4 bytes)"));
}

TEST(Verify, ComparesTypeIdsByWhatTheyName) {
  const Kernel full("reference");
  const auto loaded = test::load_test_objects({"type_kinds"});
  const auto minimized = minimize(*full.view, *loaded.set);
  ASSERT_TRUE(minimized);
  const Kernel small(minimized->bytes);
  EXPECT_THAT(verify(*full.view, *small.view, *loaded.set).differences, IsEmpty());
}

TEST(Verify, TellsWhoAsksForTypeIds) {
  const auto loaded =
      test::load_test_objects({"arrays", "type_kinds", "maps_only", "ambiguous_type_id"});
  ASSERT_TRUE(loaded.set);
  EXPECT_THAT(objects_with_target_type_ids(*loaded.set), ElementsAre(1U, 3U));
}

// libbpf's loader as the judge over verify(): with any BTF in the place of any other, also one of
// another kernel, where libbpf answers otherwise, verify() must see it.
TEST(Verify, SeesWhateverLibbpfAnswersOtherwise) {
  std::vector<std::string> kernels = test::kernel_names();
  std::erase(kernels,
             "reference.be");  // libbpf shifts bitfields as the machine does that it runs on
  std::map<std::string, Kernel> opened;
  for (const auto& kernel : kernels) opened.try_emplace(kernel, kernel);

  std::size_t same = 0;
  std::size_t different = 0;
  for (const auto& object : test::object_names()) {
    const auto path = test::object_path(object);
    const auto loaded = test::load_test_objects({object});
    if (!loaded.set) continue;  // the one without BTF
    std::map<std::string, test::LibbpfResolution> answers;
    for (const auto& kernel : kernels) {
      answers[kernel] = test::resolve_with_libbpf(path, test::kernel_path(kernel));
    }
    if (!answers[kernels[0]].opened) continue;  // big-endian, or legacy maps
    for (const auto& full : kernels) {
      for (const auto& other : kernels) {
        SCOPED_TRACE(testing::Message() << object << ": " << full << " and " << other);
        const auto result = verify(*opened.at(full).view, *opened.at(other).view, *loaded.set);
        const bool libbpf_sees = decisions(answers[full]) != decisions(answers[other]);
        EXPECT_TRUE(!libbpf_sees || !result.differences.empty())
            << to_text(answers[full]) << to_text(answers[other]);
        ++(libbpf_sees ? different : same);
      }
    }
  }
  EXPECT_GT(same, 1000U);
  EXPECT_GT(different, 500U);
}

// And where libbpf sees no difference between a kernel's full BTF and its minimized one, neither
// does verify().
TEST(Verify, RaisesNoFalseAlarm) {
  for (const auto& name : test::kernel_names()) {
    const Kernel full(name);
    for (const auto& object : test::object_names()) {
      SCOPED_TRACE(object + " on " + name);
      const auto loaded = test::load_test_objects({object});
      if (!loaded.set) continue;
      const auto minimized = minimize(*full.view, *loaded.set);
      ASSERT_TRUE(minimized);
      const Kernel small(minimized->bytes);
      const auto path = test::object_path(object);
      const test::MemoryFile file(minimized->bytes);
      const auto expected = test::resolve_with_libbpf(path, test::kernel_path(name));
      if (!expected.opened) continue;
      const bool libbpf_sees =
          to_text(expected) != to_text(test::resolve_with_libbpf(path, file.path()));
      EXPECT_EQ(verify(*full.view, *small.view, *loaded.set).differences.empty(), !libbpf_sees);
    }
  }
}

}  // namespace
}  // namespace btfbatch
