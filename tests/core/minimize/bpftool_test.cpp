// minimize() against its peer: byte for byte what `bpftool gen min_core_btf` writes, for every
// "kernel" and object of the test data, alone and in sets. Where bpftool fails, the reason must be
// one that the tables below expect, and says what our result must be instead.
#include "tests/support/bpftool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "tests/core/support/object_sets.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

enum class Reason {
  kBigEndianObject,  // bpftool reads .BTF.ext of its own byte order only
  kNoBtfExt,         // bpftool wants every object to have one
  kUnanswerable,     // ambiguous, or too wide a bitfield: a loader fails, too
  kForward,          // "unsupported kind: fwd", where a loader has no trouble
  kTypeTag,          // "unsupported kind: type_tag", likewise
};

struct ExpectedFailure {
  std::string_view kernel;
  std::string_view object;
  Reason reason;
};

constexpr ExpectedFailure kExpectedFailures[] = {
    {"bitfield_too_wide", "bitfields", Reason::kUnanswerable},
    {"reference", "forward_declared", Reason::kForward},
    {"reference.be", "forward_declared", Reason::kForward},
    {"resized_twins", "ambiguous_element_type", Reason::kUnanswerable},
    {"resized_twins", "ambiguous_size", Reason::kUnanswerable},
    {"resized_twins", "ambiguous_type_id", Reason::kUnanswerable},
    {"tagged", "forward_declared", Reason::kForward},
    {"tagged", "forward_matches", Reason::kTypeTag},
    {"tagged", "type_matches", Reason::kTypeTag},
    {"tagged", "type_tags", Reason::kTypeTag},
    {"tagged", "type_tags_match", Reason::kTypeTag},
    {"twins", "ambiguous_enum_value", Reason::kUnanswerable},
    {"twins", "ambiguous_field", Reason::kUnanswerable},
    {"twins", "ambiguous_size", Reason::kUnanswerable},
    {"twins", "ambiguous_type_id", Reason::kUnanswerable},
    {"twins", "field_kinds", Reason::kUnanswerable},
    {"twins", "narrowing_too_late", Reason::kUnanswerable},
};

std::optional<Reason> expected_failure(std::string_view kernel, std::string_view object) {
  if (object.ends_with(".be")) return Reason::kBigEndianObject;
  if (object == "maps_only") return Reason::kNoBtfExt;
  for (const auto& f : kExpectedFailures) {
    if (f.kernel == kernel && f.object == object) return f.reason;
  }
  return std::nullopt;
}

std::string_view expected_words(Reason reason) {
  switch (reason) {
    case Reason::kBigEndianObject:
      return "failed to parse BPF object";
    case Reason::kNoBtfExt:
      return "section .BTF.ext not found";
    case Reason::kUnanswerable:
      return "error recording relocations";
    case Reason::kForward:
      return "unsupported kind: fwd";
    case Reason::kTypeTag:
      return "unsupported kind: type_tag";
  }
  return "";
}

std::string little_twin(std::string name) {
  name.resize(name.size() - std::string_view(".be").size());
  return name;
}

// Every object that can be in a set at all.
std::vector<std::string> objects_with_btf() {
  auto names = test::object_names();
  std::erase(names, "without_btf.nodebug");
  return names;
}

std::vector<std::string> paths_of(std::span<const std::string> names) {
  std::vector<std::string> paths;
  for (const auto& name : names) paths.push_back(test::object_path(name));
  return paths;
}

class AgainstBpftool : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto found = test::find_bpftool();
    if (!found) GTEST_SKIP() << "bpftool is not installed: nothing to compare with";
    bpftool_ = *found;
    kernel_path_ = test::kernel_path(GetParam());
    kernel_ = test::read_bytes(kernel_path_);
  }

  MinimizedBtf minimized(std::span<const std::string> names) {
    const auto loaded = test::load_objects(paths_of(names));
    const auto view = load_kernel_btf(kernel_);
    if (!loaded.set || !view) {
      ADD_FAILURE() << (loaded.set ? view.error().message : loaded.set.error().message);
      return {};
    }
    auto result = minimize(*view, *loaded.set);
    if (!result) {
      ADD_FAILURE() << result.error().message;
      return {};
    }
    return *std::move(result);
  }

  test::BpftoolResult peer(std::span<const std::string> names) {
    return test::bpftool_min_core_btf(bpftool_, kernel_path_, paths_of(names));
  }

  void expect_same(std::span<const std::string> names) {
    const auto theirs = peer(names);
    ASSERT_TRUE(theirs.succeeded) << theirs.errors;
    const auto ours = minimized(names);
    // Not EXPECT_EQ, whose message would be thousands of bytes.
    EXPECT_TRUE(ours.bytes == theirs.bytes)
        << ours.bytes.size() << " bytes of ours, " << theirs.bytes.size() << " of bpftool's";
    EXPECT_THAT(ours.unanswerable, IsEmpty());
  }

  // The objects for which bpftool succeeds on this kernel.
  static std::vector<std::string> good_objects() {
    auto names = objects_with_btf();
    std::erase_if(names, [](auto& name) { return expected_failure(GetParam(), name).has_value(); });
    return names;
  }

  std::string bpftool_;
  std::string kernel_path_;
  std::vector<std::byte> kernel_;
};

TEST_P(AgainstBpftool, EachObjectAlone) {
  for (const auto& name : objects_with_btf()) {
    SCOPED_TRACE(name);
    const std::string names[] = {name};
    const auto theirs = peer(names);
    const auto reason = expected_failure(GetParam(), name);
    if (theirs.succeeded) {  // also where a newer bpftool knows more than the table
      expect_same(names);
      continue;
    }
    ASSERT_TRUE(reason) << "bpftool fails unexpectedly: " << theirs.errors;
    EXPECT_THAT(theirs.errors, HasSubstr(expected_words(*reason)));
    const auto ours = minimized(names);
    if (*reason == Reason::kBigEndianObject) {
      const std::string twin[] = {little_twin(name)};
      EXPECT_TRUE(ours.bytes == minimized(twin).bytes);
      continue;
    }
    // That these bytes are what a loader needs is libbpf_test.cpp's to say.
    EXPECT_EQ(ours.unanswerable.empty(), *reason != Reason::kUnanswerable);
    EXPECT_EQ(ours.type_count == 0, *reason == Reason::kNoBtfExt);
  }
}

TEST_P(AgainstBpftool, AllGoodObjectsInOneSet) {
  auto names = good_objects();
  ASSERT_GT(names.size(), 10U);
  expect_same(names);
  std::ranges::reverse(names);
  expect_same(names);
}

// bpftool knows no set with these; without them it says what the rest must come to.
TEST_P(AgainstBpftool, ObjectsThatAskNothingChangeNothing) {
  auto names = good_objects();
  const auto theirs = peer(names);
  ASSERT_TRUE(theirs.succeeded) << theirs.errors;
  names.push_back("maps_only");
  for (const std::string twin : {"field_kinds", "type_kinds", "enum_values"}) {
    if (std::ranges::find(names, twin) != names.end()) names.push_back(twin + ".be");
  }
  EXPECT_TRUE(minimized(names).bytes == theirs.bytes);
}

TEST_P(AgainstBpftool, RandomSubsets) {
  const auto all = good_objects();
  std::mt19937 random(20);  // the same subsets in every run
  for (int round = 0; round < 20; ++round) {
    std::vector<std::string> names;
    std::ranges::sample(all, std::back_inserter(names), 1 + round % 8, random);
    std::ranges::shuffle(names, random);
    SCOPED_TRACE(testing::PrintToString(names));
    expect_same(names);
  }
}

TEST_P(AgainstBpftool, AnElfAsMuchAsRawBtf) {
  std::string elf = kernel_path_;
  elf.replace(elf.rfind(".btf"), 4, ".elf");
  const auto names = good_objects();
  const auto theirs = test::bpftool_min_core_btf(bpftool_, elf, paths_of(names));
  ASSERT_TRUE(theirs.succeeded) << theirs.errors;
  EXPECT_TRUE(minimized(names).bytes == theirs.bytes);
}

INSTANTIATE_TEST_SUITE_P(TestData, AgainstBpftool, testing::ValuesIn(test::kernel_names()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace btfbatch
