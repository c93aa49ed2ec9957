// Kernels and objects made to take forever, or all memory. What is held: an answer that says what
// is wrong, soon. A test that does not end fails by ctest's time limit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "tests/support/btf_bytes.h"

namespace btfbatch {
namespace {

using btf::Kind;
using testing::HasSubstr;

// An object without an ELF file around it, and what it asks.
class HostileObject {
 public:
  test::BtfBytes types;

  void ask(RelocationKind kind, std::uint32_t local_type, std::string access) {
    relocations_.push_back({.kind = kind,
                            .local_type = local_type,
                            .access = std::move(access),
                            .section = "test",
                            .instruction = 0});
  }

  Result<ObjectSet> make() {
    bytes_ = types.bytes();
    std::vector<Object> objects;
    objects.push_back({.name = "hostile",
                       .btf = BtfView::open(bytes_).value(),
                       .relocations = relocations_,
                       .programs = {},
                       .has_btf_ext = true,
                       .warnings = {},
                       .bytes = {}});
    return ObjectSet::make(std::move(objects));
  }

 private:
  std::vector<Relocation> relocations_;
  std::vector<std::byte> bytes_;
};

// What minimizing `kernel` for a set says: the error, what is unanswerable, or "minimized".
std::string minimize_for(const test::BtfBytes& kernel, const Result<ObjectSet>& objects) {
  if (!objects) return "object: " + objects.error().message;
  const auto bytes = kernel.bytes();
  const auto view = load_kernel_btf(bytes);
  if (!view) return "kernel: " + view.error().message;
  const auto minimized = minimize(*view, *objects);
  if (!minimized) return "error: " + minimized.error().message;
  if (!minimized->unanswerable.empty()) return "unanswerable: " + minimized->unanswerable[0].reason;
  return "minimized";
}

// struct asked { int wanted; }, and whether it has the field.
void ask_for_a_field(HostileObject& object) {
  const auto integer = object.types.add_int();
  const auto asked =
      object.types.add(Kind::kStruct, "asked", 1, 4, {object.types.string("wanted"), integer, 0});
  object.ask(RelocationKind::kFieldExists, asked, "0:0");
}

TEST(HostileKernel, WithTensOfThousandsOfTypesOfOneName) {
  HostileObject object;
  ask_for_a_field(object);
  test::BtfBytes kernel;
  const auto name = kernel.string("asked");
  for (int i = 0; i < 200'000; ++i)
    kernel.add(static_cast<std::uint32_t>(Kind::kStruct), name, 0, 4);
  EXPECT_THAT(minimize_for(kernel, object.make()), HasSubstr("more than could be searched"));
}

TEST(HostileKernel, WithThousandsOfTypesThatEachTakeLong) {
  HostileObject object;
  ask_for_a_field(object);
  test::BtfBytes kernel;
  auto inner = kernel.add_int();
  for (int depth = 0; depth < 16; ++depth) {
    inner = kernel.add(Kind::kStruct, "", 2, 8, {0, inner, 0, 0, inner, 32});
  }
  const auto name = kernel.string("asked");
  for (int i = 0; i < 30'000; ++i) {
    kernel.add(static_cast<std::uint32_t>(Kind::kStruct), name, 1, 8, {0, inner, 0});
  }
  EXPECT_THAT(minimize_for(kernel, object.make()), HasSubstr("more than could be searched"));
}

TEST(HostileKernel, WithANameOfMegabytes) {
  HostileObject object;
  ask_for_a_field(object);
  test::BtfBytes kernel;
  const auto name = kernel.string("asked___" + std::string(1U << 20, 'x'));
  for (int i = 0; i < 30'000; ++i)
    kernel.add(static_cast<std::uint32_t>(Kind::kStruct), name, 0, 4);
  EXPECT_THAT(minimize_for(kernel, object.make()), HasSubstr("a name is longer than 1024 bytes"));
}

TEST(HostileKernel, WithTheLongestNamesAllowed) {
  HostileObject object;
  ask_for_a_field(object);
  for (const std::size_t length : {1023U, 1024U, 1025U}) {
    test::BtfBytes kernel;
    kernel.string("before");
    kernel.add(Kind::kFwd, std::string(length, 'x'), 0, 0);
    kernel.string("after");
    const std::string said = minimize_for(kernel, object.make());
    EXPECT_EQ(said == "minimized", length <= 1024) << length << ": " << said;
  }
}

TEST(HostileKernel, WithNamesWithinNames) {
  HostileObject object;
  const auto asked = object.types.add(Kind::kEnum, "asked", 1, 4, {object.types.string("kOne"), 1});
  object.ask(RelocationKind::kEnumvalValue, asked, "0");

  // 60 enums whose enumerators are called by the 1000 different ends of one name each: 30 MB of
  // names that stand alone, from 60 KB.
  test::BtfBytes kernel;
  const auto one = kernel.string("kOne");
  const auto name = kernel.string("asked");
  for (int i = 0; i < 60; ++i) {
    const auto names = kernel.string(std::string(1000, static_cast<char>('A' + i)));
    // The value of kOne differs, and all candidates of an ambiguous relocation are kept.
    std::vector<std::uint32_t> words = {one, static_cast<std::uint32_t>(i)};
    for (std::uint32_t at = 0; at < 1000; ++at) words.insert(words.end(), {names + at, 0});
    kernel.add(static_cast<std::uint32_t>(Kind::kEnum), name, 1001, 4, words);
  }
  EXPECT_THAT(minimize_for(kernel, object.make()), HasSubstr("names within names"));
}

TEST(HostileKernel, WithAnEnumAsLargeAsTheObjects) {
  HostileObject object;
  test::BtfBytes kernel;
  std::vector<std::uint32_t> local_words;
  std::vector<std::uint32_t> words;
  const auto local_name = object.types.string("x");
  const auto other_name = kernel.string("y");
  const auto same_name = kernel.string("x");
  for (int i = 0; i < 20'000; ++i) local_words.insert(local_words.end(), {local_name, 0});
  for (int i = 0; i < 60'000; ++i) words.insert(words.end(), {other_name, 0});
  words[2 * 59'999] = same_name;  // found by each of the 20,000, at the very end
  const auto asked = object.types.add(static_cast<std::uint32_t>(Kind::kEnum),
                                      object.types.string("asked"), 20'000, 4, local_words);
  object.ask(RelocationKind::kTypeMatches, asked, "0");
  kernel.add(static_cast<std::uint32_t>(Kind::kEnum), kernel.string("asked"), 60'000, 4, words);
  EXPECT_THAT(minimize_for(kernel, object.make()), HasSubstr("cannot be followed"));
}

// Functions that take two functions that take two functions …: 2^n paths through n types.
std::uint32_t add_functions(test::BtfBytes& types, int depth) {
  auto inner = types.add_int();
  for (int i = 0; i < depth; ++i) {
    const auto prototype = types.add(Kind::kFuncProto, "", 2, 0, {0, inner, 0, inner});
    inner = types.add(Kind::kPtr, "", 0, prototype);
  }
  return types.add(Kind::kTypedef, "asked", 0, inner);
}

TEST(HostileObject, WithFunctionsOfFunctions) {
  for (const auto kind : {RelocationKind::kTypeExists, RelocationKind::kTypeMatches}) {
    for (const int depth : {12, 24, 60}) {
      HostileObject object;
      object.ask(kind, add_functions(object.types, depth), "0");
      test::BtfBytes kernel;
      add_functions(kernel, depth);
      const std::string said = minimize_for(kernel, object.make());
      EXPECT_EQ(said == "minimized", depth == 12) << depth << ": " << said;
    }
  }
}

TEST(HostileObject, WithManyQuestionsAboutOneHugeType) {
  HostileObject object;
  const auto integer = object.types.add_int();
  const auto member = object.types.string("x");
  std::vector<std::uint32_t> words;
  for (int i = 0; i < 20'000; ++i) words.insert(words.end(), {member, integer, 0});
  const auto huge = object.types.add(static_cast<std::uint32_t>(Kind::kStruct),
                                     object.types.string("huge"), 20'000, 4, words);
  // Each by a name of its own, so that no two are the same question.
  for (int i = 0; i < 1000; ++i) {
    const auto alias = object.types.add(Kind::kTypedef, "t" + std::to_string(i), 0, huge);
    object.ask(RelocationKind::kTypeMatches, alias, "0");
  }
  EXPECT_THAT(minimize_for({}, object.make()), HasSubstr("is too much"));
}

}  // namespace
}  // namespace btfbatch
