#include "core/relocation/resolver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>

#include "core/btf/load.h"
#include "tests/core/support/libbpf_resolve.h"
#include "tests/core/support/object_sets.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

// What a loader would do with a relocation's instruction: "-> 24", "poisoned", "refused".
std::string patch_of(RelocationKind kind, const Resolution& resolution) {
  switch (resolution.state) {
    case Resolution::State::kResolved:
      return "-> " + std::to_string(resolution.value.value);
    case Resolution::State::kAbsent: {
      const bool is_zero = kind == RelocationKind::kFieldExists ||
                           kind == RelocationKind::kEnumvalExists || is_type_based(kind);
      return is_zero ? "-> 0" : "poisoned";
    }
    case Resolution::State::kAmbiguous:
    case Resolution::State::kRefused:
      return "refused";
  }
  return "unknown";
}

std::string patch_of(const test::LibbpfAnswer& answer) {
  // Behind a semicolon: the new size of a load.
  static const std::regex patched("[^;]* (-> \\d+)(;.*)?");
  std::smatch match;
  if (answer.answer.contains("failed to relocate")) return "refused";
  if (answer.answer.starts_with("poisoned")) return "poisoned";
  return std::regex_match(answer.answer, match, patched) ? match[1].str() : answer.answer;
}

// The value of a type ID is compared by libbpf_test.cpp, by what it names. And libbpf shifts to the
// left as the machine does that it runs on, we as the one does that the BTF is of.
bool has_comparable_value(RelocationKind kind, const BtfView& kernel) {
  return kind != RelocationKind::kTypeIdTarget &&
         !(kind == RelocationKind::kFieldLshiftU64 && kernel.was_big_endian());
}

class ResolverOn : public testing::TestWithParam<std::string> {};

TEST_P(ResolverOn, GivesTheValuesThatLibbpfPatchesIn) {
  const auto bytes = test::read_bytes(test::kernel_path(GetParam()));
  const auto kernel = load_kernel_btf(bytes);
  ASSERT_TRUE(kernel) << kernel.error().message;
  for (const auto& name : test::object_names()) {
    const std::string path = test::object_path(name);
    const auto loaded = test::load_objects(std::span(&path, 1));
    if (!loaded.set) continue;  // the one without BTF
    const auto libbpf = test::resolve_with_libbpf(path, test::kernel_path(GetParam()));
    if (!libbpf.opened) continue;  // big-endian, or legacy maps

    // By the number of the relocation, as libbpf goes.
    const auto relocations = loaded.set->objects()[0].relocations;
    std::map<std::size_t, std::string> ours;
    Resolver resolver(*kernel, loaded.set->plan());
    for (const RelocationSequence& sequence : loaded.set->plan().sequences) {
      const auto& asked = sequence.askers.front().relocations;
      resolver.resolve(sequence, nullptr, [&](std::size_t position, const Resolution& r) {
        ours[asked[position]] = patch_of(relocations[asked[position]].kind, r);
      });
    }
    ASSERT_LE(libbpf.answers.size(), relocations.size());
    for (std::size_t i = 0; i < libbpf.answers.size(); ++i) {
      if (!ours.contains(i)) {
        EXPECT_EQ(relocations[i].kind, RelocationKind::kTypeIdLocal);
        continue;
      }
      if (!has_comparable_value(relocations[i].kind, *kernel)) continue;
      // The value is there, but the instruction cannot take it: for verify() and reports to say.
      if (libbpf.answers[i].answer.contains("accesses field incorrectly")) continue;
      EXPECT_EQ(ours[i], patch_of(libbpf.answers[i]))
          << name << ", relocation " << i << ": " << libbpf.answers[i].question;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(TestData, ResolverOn, testing::ValuesIn(test::kernel_names()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace btfbatch
