#include "core/object/object_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "tests/core/support/object_sets.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(ObjectSet, CountsRelocations) {
  const auto [bytes, set] = test::load_test_objects({"narrowing", "maps_only", "arrays"});
  ASSERT_TRUE(set) << set.error().message;
  ASSERT_EQ(set->objects().size(), 3U);
  EXPECT_EQ(set->objects()[1].relocations.size(), 0U);
  EXPECT_EQ(set->relocation_count(), 4U + 8U);
  EXPECT_EQ(set->distinct_relocation_count(), 4U + 8U);
}

TEST(ObjectSet, AsksOnceWhatSeveralObjectsAsk) {
  const auto [bytes, one] = test::load_test_objects({"field_kinds"});
  const auto [more_bytes, three] =
      test::load_test_objects({"field_kinds", "field_kinds.be", "field_kinds"});
  ASSERT_TRUE(one) << one.error().message;
  ASSERT_TRUE(three) << three.error().message;
  EXPECT_EQ(three->relocation_count(), 3 * one->relocation_count());
  EXPECT_EQ(three->distinct_relocation_count(), one->distinct_relocation_count());
}

TEST(ObjectSet, TakesNoObjects) {
  const auto set = ObjectSet::make({});
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->relocation_count(), 0U);
  EXPECT_EQ(set->distinct_relocation_count(), 0U);
}

TEST(Fingerprint, IsOfTheQuestionsAlone) {
  const auto [bytes, set] = test::load_test_objects({"field_kinds", "type_kinds"});
  const auto [more_bytes, reordered] = test::load_test_objects(
      {"type_kinds", "maps_only", "field_kinds.be", "no_relocations", "type_kinds.be"});
  ASSERT_TRUE(set) << set.error().message;
  ASSERT_TRUE(reordered) << reordered.error().message;
  EXPECT_EQ(set->fingerprint(), reordered->fingerprint())
      << "the same questions, with other type IDs, from other objects in another order";
}

TEST(Fingerprint, IsOfAllTheQuestions) {
  std::set<std::string> seen;
  std::size_t sets = 0;
  const auto see = [&](std::initializer_list<std::string> names) {
    const auto [bytes, set] = test::load_test_objects(names);
    ASSERT_TRUE(set) << set.error().message;
    seen.insert(set->fingerprint().hex());
    ++sets;
  };
  see({"maps_only"});
  see({"narrowing"});           // the same questions as the next one, and more
  see({"narrowing_too_late"});  // two questions in the order that makes them ambiguous
  see({"arrays"});
  see({"arrays", "narrowing"});
  see({"type_kinds"});
  see({"type_matches"});
  see({"ambiguous_size"});
  see({"ambiguous_type_id"});
  EXPECT_EQ(seen.size(), sets);
}

// What no kernel could ever answer is refused before any kernel is read, with object and relocation
// named.
class UnaskableQuestion : public testing::Test {
 protected:
  std::string error_of(std::string_view name, std::size_t relocation, void (*change)(Relocation&)) {
    const auto bytes = test::read_bytes(test::object_path(name));
    auto object = parse_object("my.bpf.o", bytes);
    if (!object) return "not parsed: " + object.error().message;
    change(object->relocations.at(relocation));
    std::vector<Object> objects;
    objects.push_back(*std::move(object));
    const auto set = ObjectSet::make(std::move(objects));
    return set ? "no error" : set.error().message;
  }
};

TEST_F(UnaskableQuestion, OfAMalformedAccessString) {
  EXPECT_EQ(error_of("narrowing", 1, [](Relocation&) {}), "no error");
  for (const char* access : {"", ":", "0:", ":0", "0::1", "x", "0:x", "0:1x", "0:-1", " 0", "+0"}) {
    const auto bytes = test::read_bytes(test::object_path("narrowing"));
    auto object = parse_object("my.bpf.o", bytes);
    ASSERT_TRUE(object);
    object->relocations[1].access = access;
    std::vector<Object> objects;
    objects.push_back(*std::move(object));
    const auto set = ObjectSet::make(std::move(objects));
    ASSERT_FALSE(set) << "'" << access << "'";
    EXPECT_THAT(set.error().message, AllOf(HasSubstr("my.bpf.o"), HasSubstr("raw_tp/twin"),
                                           HasSubstr("#1"), HasSubstr("access string")));
  }
}

TEST_F(UnaskableQuestion, OfAMemberThatItsOwnTypeHasNot) {
  EXPECT_THAT(error_of("narrowing", 1, [](Relocation& r) { r.access = "0:3"; }),
              AllOf(HasSubstr("my.bpf.o"), HasSubstr("#1"), HasSubstr("twin")));
  EXPECT_THAT(error_of("narrowing", 1, [](Relocation& r) { r.access = "0:2147483647"; }),
              HasSubstr("my.bpf.o"));
  EXPECT_THAT(error_of("narrowing", 1, [](Relocation& r) { r.access = "0:4294967296"; }),
              HasSubstr("my.bpf.o"));
  // Into an int, as if it had members.
  EXPECT_THAT(error_of("narrowing", 1, [](Relocation& r) { r.access = "0:1:0"; }),
              HasSubstr("my.bpf.o"));
}

TEST_F(UnaskableQuestion, OfAnElementOutsideOfItsOwnArray) {
  EXPECT_EQ(error_of("arrays", 1, [](Relocation& r) { r.access = "0:0:7"; }), "no error");
  EXPECT_THAT(error_of("arrays", 1, [](Relocation& r) { r.access = "0:0:8"; }),
              HasSubstr("my.bpf.o"));
  // The flexible array at the end has no end itself.
  EXPECT_EQ(error_of("arrays", 7, [](Relocation& r) { r.access = "0:3:99999:1"; }), "no error");
}

TEST_F(UnaskableQuestion, OfTooLongAnAccessString) {
  EXPECT_THAT(error_of("arrays", 1,
                       [](Relocation& r) {
                         r.access = "0";
                         for (int i = 0; i < 64; ++i) r.access += ":0";
                       }),
              AllOf(HasSubstr("my.bpf.o"), HasSubstr("64")));
}

TEST_F(UnaskableQuestion, OfAnEnumeratorThatItsOwnEnumHasNot) {
  EXPECT_THAT(error_of("enum_values", 0, [](Relocation& r) { r.access = "4"; }),
              HasSubstr("my.bpf.o"));
  EXPECT_THAT(error_of("enum_values", 0, [](Relocation& r) { r.access = "0:0"; }),
              HasSubstr("my.bpf.o"));
}

TEST_F(UnaskableQuestion, OfAnotherSortThanItsType) {
  EXPECT_THAT(
      error_of("narrowing", 0, [](Relocation& r) { r.kind = RelocationKind::kEnumvalValue; }),
      HasSubstr("my.bpf.o"));
  EXPECT_THAT(error_of("type_kinds", 3, [](Relocation& r) { r.access = "0:0"; }),
              HasSubstr("my.bpf.o"));
  // A field question other than offset and size, of an array element.
  EXPECT_THAT(error_of("arrays", 1, [](Relocation& r) { r.kind = RelocationKind::kFieldSigned; }),
              AllOf(HasSubstr("my.bpf.o"), HasSubstr("signed")));
}

TEST(ObjectSet, StaysValidWhenMoved) {
  auto [bytes, set] = test::load_test_objects({"narrowing", "arrays"});
  ASSERT_TRUE(set) << set.error().message;
  const RelocationPlan* plan = &set->plan();
  const ObjectSet moved = *std::move(set);
  EXPECT_EQ(&moved.plan(), plan);
  EXPECT_EQ(moved.objects().size(), 2U);
  EXPECT_EQ(moved.relocation_count(), 12U);
}

}  // namespace
}  // namespace btfbatch
