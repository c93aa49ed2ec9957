#include "core/minimize/minimize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/btf/load.h"
#include "tests/core/support/btf_text.h"
#include "tests/core/support/object_sets.h"
#include "tests/support/btf_bytes.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using btf::Kind;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

MinimizedBtf minimize_bytes(std::span<const std::byte> kernel,
                            std::initializer_list<std::string> objects) {
  std::vector<std::string> paths;
  for (const std::string& name : objects) paths.push_back(test::object_path(name));
  const auto loaded = test::load_objects(paths);
  const auto view = load_kernel_btf(kernel);
  if (!loaded.set || !view) {
    ADD_FAILURE() << (loaded.set ? view.error().message : loaded.set.error().message);
    return {};
  }
  auto minimized = minimize(*view, *loaded.set);
  if (!minimized) {
    ADD_FAILURE() << minimized.error().message;
    return {};
  }
  return *std::move(minimized);
}

MinimizedBtf minimize_for(std::string_view kernel, std::initializer_list<std::string> objects) {
  return minimize_bytes(test::read_bytes(test::kernel_path(kernel)), objects);
}

std::vector<std::string> lines_for(std::string_view kernel,
                                   std::initializer_list<std::string> objects) {
  return test::to_lines(minimize_for(kernel, objects).bytes);
}

TEST(Minimize, KeepsTheAskedMembersAndTheirTypes) {
  EXPECT_THAT(
      lines_for("reference", {"narrowing"}),
      UnorderedElementsAre("int int", "struct twin { int first_only @32; int shifted @64; }"));
}

TEST(Minimize, KeepsAnonymousMembersOnTheWay) {
  EXPECT_THAT(
      lines_for("moved_fields", {"nested_anonymous"}),
      UnorderedElementsAre("struct parcel { struct @0; short width @128; short height @144; "
                           "struct route @160; }",
                           "struct { union @0; }", "union { struct @0; long price @0; }",
                           "struct { array label @64; int weight @96; }", "int long", "int int",
                           "array of 2 char", "int char", "int short", "int __ARRAY_SIZE_TYPE__",
                           "struct { struct @0; }", "struct { int from @0; }"))
      << "the kernel nests other than the object";
}

TEST(Minimize, KeepsBitfieldsWhereTheyAre) {
  EXPECT_THAT(
      lines_for("moved_bitfields", {"bitfields"}),
      UnorderedElementsAre(
          "struct flags { unsigned char last @0:5; unsigned long long level @64:60; int ready "
          "@128; short delta @160:7; unsigned long long stamp @192; unsigned int plain @256:9; }",
          "int unsigned char", "int unsigned long long", "int int", "int short",
          "int unsigned int"));
}

TEST(Minimize, KeepsNothingOfWhatIsMissing) {
  EXPECT_THAT(lines_for("empty", {"field_kinds", "type_kinds", "enum_values"}), IsEmpty());
  EXPECT_THAT(minimize_for("empty", {"field_kinds"}).unanswerable, IsEmpty());
}

TEST(Minimize, KeepsWholeEnums) {
  EXPECT_THAT(lines_for("twins", {"agreeing"}),
              UnorderedElementsAre("int int", "struct twin { int agreed @0; }",
                                   "enum coin { kPenny=0 kDime=1 }"))
      << "of several types with the same answer, the first one is enough";
}

TEST(Minimize, NarrowsCandidatesByEarlierQuestions) {
  const auto minimized = minimize_for("twins", {"narrowing"});
  EXPECT_THAT(minimized.unanswerable, IsEmpty());
  EXPECT_THAT(
      test::to_lines(minimized.bytes),
      UnorderedElementsAre("int int", "struct twin { int first_only @32; int shifted @64; }"));

  const auto by_flavor = minimize_for("twins", {"narrowing_by_flavor"});
  EXPECT_THAT(by_flavor.unanswerable, IsEmpty());
  EXPECT_THAT(
      test::to_lines(by_flavor.bytes),
      UnorderedElementsAre("int int", "struct twin { int first_only @32; int shifted @64; }",
                           "struct twin___2 { int shifted @192; int second_only @224; }"));
}

TEST(Minimize, NamesAnAmbiguousRelocationAndKeepsTheRest) {
  const auto minimized = minimize_for("twins", {"agreeing", "ambiguous_field"});
  ASSERT_THAT(minimized.unanswerable, SizeIs(1));
  EXPECT_EQ(minimized.unanswerable[0].object, 1U);
  EXPECT_EQ(minimized.unanswerable[0].relocation, 0U);
  EXPECT_THAT(minimized.unanswerable[0].reason,
              AllOf(HasSubstr("twin.shifted"), HasSubstr("byte_off"), HasSubstr("ambiguous")));
  // All that make it ambiguous, the object's other question, and the other object's.
  EXPECT_THAT(
      test::to_lines(minimized.bytes),
      UnorderedElementsAre("int int", "struct twin { int agreed @0; int shifted @64; }",
                           "struct twin___2 { int shifted @192; }",
                           "struct cell { int column @32; }", "enum coin { kPenny=0 kDime=1 }"));
}

TEST(Minimize, NamesEveryRelocationThatIsAmbiguous) {
  for (const std::string object :
       {"ambiguous_size", "ambiguous_type_id", "ambiguous_enum_value", "narrowing_too_late"}) {
    const auto minimized = minimize_for("twins", {object});
    ASSERT_THAT(minimized.unanswerable, SizeIs(1)) << object;
    EXPECT_EQ(minimized.unanswerable[0].relocation, 0U);
  }
  const auto second = minimize_for("resized_twins", {"ambiguous_element_type"});
  ASSERT_THAT(second.unanswerable, SizeIs(1));
  EXPECT_EQ(second.unanswerable[0].relocation, 1U);

  // The same question of two objects is named for both.
  const auto both = minimize_for("twins", {"ambiguous_field", "agreeing", "narrowing_too_late"});
  ASSERT_THAT(both.unanswerable, SizeIs(2));
  EXPECT_EQ(both.unanswerable[0].object, 0U);
  EXPECT_EQ(both.unanswerable[1].object, 2U);
}

TEST(Minimize, NamesABitfieldThatNoLoadCanRead) {
  const auto minimized = minimize_for("bitfield_too_wide", {"bitfields"});
  EXPECT_THAT(minimized.unanswerable, testing::Not(IsEmpty()));
  for (const auto& u : minimized.unanswerable) EXPECT_THAT(u.reason, HasSubstr("flags.stamp"));
}

TEST(Minimize, KeepsForwardDeclarationsAndTags) {
  EXPECT_THAT(lines_for("reference", {"forward_declared"}),
              UnorderedElementsAre("typedef handle_t = ptr", "ptr = secret", "fwd secret"));
  EXPECT_THAT(lines_for("tagged", {"type_tags"}),
              UnorderedElementsAre("typedef user_text_t = ptr", "ptr = percpu",
                                   "type_tag percpu = user", "type_tag user = int", "int int"));
  EXPECT_THAT(lines_for("tagged", {"type_tags_match"}),
              UnorderedElementsAre("struct tagged { ptr text @0; int plain @64; }", "ptr = user",
                                   "type_tag user = int", "int int"));
  EXPECT_THAT(lines_for("tagged", {"type_tags_field"}),
              UnorderedElementsAre("struct tagged { ptr text @0; int plain @64; }", "ptr = void",
                                   "int int"));
}

TEST(Minimize, GivesAnEmptyBtfWhereNothingIsAsked) {
  for (const auto objects :
       {std::initializer_list<std::string>{}, std::initializer_list<std::string>{"maps_only"},
        std::initializer_list<std::string>{"no_relocations"}}) {
    const auto minimized = minimize_for("reference", objects);
    EXPECT_EQ(minimized.bytes.size(), btf::kHeaderSize + 1U);
    EXPECT_EQ(minimized.type_count, 0U);
    EXPECT_THAT(test::to_lines(minimized.bytes), IsEmpty());
  }
}

TEST(Minimize, TellsTheCountAndTheContentIdOfItsBytes) {
  const auto minimized = minimize_for("reference", {"field_kinds"});
  EXPECT_EQ(minimized.type_count, test::to_lines(minimized.bytes).size());
  EXPECT_EQ(minimized.id, content_id_of(minimized.bytes));
  EXPECT_NE(minimized.id, minimize_for("reference", {"arrays"}).id);
}

TEST(Minimize, DependsNeitherOnTheOrderNorTheNumberOfObjects) {
  for (const char* kernel : {"reference", "twins", "tagged"}) {
    const auto once =
        minimize_for(kernel, {"field_kinds", "type_kinds", "ambiguous_field", "flavors"});
    const auto again = minimize_for(kernel, {"flavors", "ambiguous_field", "type_kinds",
                                             "field_kinds", "type_kinds", "ambiguous_field"});
    EXPECT_EQ(once.bytes, again.bytes) << kernel;
  }
}

TEST(Minimize, AnswersABigEndianObjectAsItsTwin) {
  for (const auto& kernel : test::kernel_names()) {
    for (const std::string object : {"field_kinds", "type_kinds", "enum_values"}) {
      EXPECT_EQ(minimize_for(kernel, {object}).bytes, minimize_for(kernel, {object + ".be"}).bytes)
          << kernel << ", " << object;
    }
  }
}

TEST(Minimize, ReadsWhatItWrote) {
  for (const auto& kernel : test::kernel_names()) {
    const auto once = minimize_for(kernel, {"field_kinds", "type_matches", "bitfields"});
    EXPECT_EQ(minimize_bytes(once.bytes, {"field_kinds", "type_matches", "bitfields"}).bytes,
              once.bytes)
        << kernel;
  }
}

// BTF that no compiler makes. What is held: an answer in reasonable time, and no wrong one.
class StrangeKernel : public testing::Test {
 protected:
  // Whether the object's questions were refused, by an error or as unanswerable.
  static bool refuses(const test::BtfBytes& kernel, const std::string& object) {
    const std::string path = test::object_path(object);
    const auto loaded = test::load_objects(std::span(&path, 1));
    const auto bytes = kernel.bytes();
    const auto view = load_kernel_btf(bytes);
    if (!loaded.set || !view) {
      ADD_FAILURE() << (loaded.set ? view.error().message : loaded.set.error().message);
      return false;
    }
    const auto minimized = minimize(*view, *loaded.set);
    return !minimized || !minimized->unanswerable.empty();
  }
};

TEST_F(StrangeKernel, WithATypedefOfItself) {
  test::BtfBytes b;
  b.add(Kind::kTypedef, "pair_t", 0, 1);
  EXPECT_TRUE(refuses(b, "typedef_roots"));
}

TEST_F(StrangeKernel, WithModifiersInACircle) {
  test::BtfBytes b;
  b.add(Kind::kTypedef, "pair_t", 0, 2);
  b.add(Kind::kConst, "", 0, 3);
  b.add(Kind::kVolatile, "", 0, 2);
  EXPECT_TRUE(refuses(b, "typedef_roots"));
}

TEST_F(StrangeKernel, WithAnArrayOfItself) {
  test::BtfBytes b;
  b.add(Kind::kArray, "", 0, 0, {1, 1, 2});
  b.add(Kind::kStruct, "table", 1, 8, {b.string("sums"), 1, 0});
  EXPECT_FALSE(refuses(b, "arrays")) << "the object's own arrays have an end, so none is like it";
}

TEST_F(StrangeKernel, WithAStructInsideItself) {
  test::BtfBytes b;
  const auto integer = b.add_int();
  b.add(Kind::kStruct, "twin", 2, 8, {0, 2, 0, b.string("first_only"), integer, 32});
  EXPECT_TRUE(refuses(b, "narrowing"));
}

TEST_F(StrangeKernel, WithTwoPathsAtEveryLevel) {
  test::BtfBytes b;
  auto inner = b.add_int();
  for (int depth = 0; depth < 60; ++depth) {
    inner = b.add(Kind::kStruct, depth == 59 ? "twin" : "", 2, 8, {0, inner, 0, 0, inner, 32});
  }
  EXPECT_TRUE(refuses(b, "narrowing")) << "2^60 paths must not be walked";
}

TEST_F(StrangeKernel, WithAnArrayThatIsItsOwnIndex) {
  test::BtfBytes b;
  const auto integer = b.add_int();
  b.add(Kind::kArray, "", 0, 0, {integer, 2, 4});
  b.add(Kind::kTypedef, "row_t", 0, 2);
  EXPECT_FALSE(refuses(b, "type_kinds")) << "nobody asks for an array's index type";
}

TEST_F(StrangeKernel, WithAnArrayLargerThanMemory) {
  test::BtfBytes b;
  const auto integer = b.add_int();
  const auto row = b.add(Kind::kArray, "", 0, 0, {integer, integer, 0xffffffff});
  b.add(Kind::kTypedef, "row_t", 0, row);
  EXPECT_TRUE(refuses(b, "type_kinds")) << "a size beyond 32 bits has no answer";
}

TEST_F(StrangeKernel, WithABitfieldOfNoSize) {
  test::BtfBytes b;
  const auto empty = b.add(Kind::kInt, "int", 0, 0, {32});
  b.add(Kind::kStruct, "flags", 1, 4, {b.string("ready"), empty, 3U << 24}, true);
  EXPECT_TRUE(refuses(b, "bitfields"));
}

TEST_F(StrangeKernel, WithCountlessTypesOfOneName) {
  test::BtfBytes b;
  const auto integer = b.add_int();
  const auto name = b.string("twin");
  const auto field = b.string("first_only");
  for (int i = 0; i < 100'000; ++i) {
    b.add(static_cast<std::uint32_t>(Kind::kStruct), name, 1, 4, {field, integer, 0});
  }
  EXPECT_TRUE(refuses(b, "narrowing"));
}

TEST_F(StrangeKernel, WithNamesWithinNames) {
  // The members' names all end alike: stored once here, they would each be stored whole.
  test::BtfBytes b;
  const auto integer = b.add_int();
  const auto names = b.string(std::string(1000, 'a'));
  std::vector<std::uint32_t> members;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    members.insert(members.end(), {names + i, integer, 0});
  }
  b.add(Kind::kUnion, "number", 1000, 4, members);
  EXPECT_FALSE(refuses(b, "type_kinds")) << "members that nobody asks for cost nothing";

  std::vector<std::uint32_t> asked = {b.string("whole"), integer, 0};
  asked.insert(asked.end(), members.begin(), members.end());
  test::BtfBytes c = b;
  c.add(Kind::kUnion, "number", 1001, 4, asked);
  EXPECT_TRUE(refuses(c, "type_matches")) << "a match keeps all members";
}

TEST_F(StrangeKernel, WithAnEnumWithoutEnumerators) {
  test::BtfBytes b;
  b.add(Kind::kEnum, "color", 0, 4);
  EXPECT_FALSE(refuses(b, "enum_values"));
}

}  // namespace
}  // namespace btfbatch
