// libbpf is the judge of what a loader patches and poisons: its log, for every object of the test
// data on every "kernel". What the verifier makes of poisoned instructions is judged by the running
// kernel's own (tests/judges/reach_judge.cpp); here stands what the test data was written to be.
#include "core/report/kernel_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "tests/core/support/libbpf_resolve.h"
#include "tests/core/support/object_sets.h"
#include "tests/core/support/reports.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using State = RelocationState;
using test::ReportedObject;
using testing::ElementsAre;
using testing::HasSubstr;

class ReportAgainstLibbpf : public testing::TestWithParam<std::string> {};

TEST_P(ReportAgainstLibbpf, SaysWhatALoaderPatches) {
  for (const std::string& name : test::object_names()) {
    if (!test::libbpf_opens(name)) continue;
    SCOPED_TRACE(name);
    const auto reported =
        ReportedObject::make(test::object_path(name), test::kernel_path(GetParam()));
    const auto libbpf =
        test::resolve_with_libbpf(test::object_path(name), test::kernel_path(GetParam()));
    EXPECT_EQ(test::disagreement(reported.needs(), reported.report(), libbpf), "");
  }
}

INSTANTIATE_TEST_SUITE_P(TestData, ReportAgainstLibbpf, testing::ValuesIn(test::kernel_names()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

std::map<std::string, State> program_states(const std::string& object, const std::string& kernel) {
  const auto reported = ReportedObject::make(test::object_path(object), test::kernel_path(kernel));
  std::map<std::string, State> states;
  for (std::uint32_t i = 0; i < reported.needs().programs.size(); ++i) {
    states[reported.needs().programs[i].name] = reported.report().worst_of(reported.needs(), i);
  }
  return states;
}

TEST(KernelReport, FollowsTheBranches) {
  const std::map<std::string, State> expected = {
      {"asked_but_not_heeded", State::kBroken},
      {"guard_overwritten_by_callback", State::kBroken},
      {"guard_overwritten_by_helper", State::kBroken},
      {"guarded_by_argument", State::kGuarded},
      {"guarded_by_early_return", State::kGuarded},
      {"guarded_by_enumerator", State::kGuarded},
      {"guarded_by_flavor", State::kGuarded},
      {"guarded_by_half", State::kGuarded},
      {"guarded_by_if", State::kGuarded},
      {"guarded_by_result", State::kGuarded},
      {"guarded_by_spilled_answer", State::kGuarded},
      {"guarded_by_switch", State::kGuarded},
      {"guarded_by_the_wrong_field", State::kBroken},
      {"guarded_by_type", State::kGuarded},
      {"guarded_callback", State::kGuarded},
      {"guarded_in_caller", State::kGuarded},
      {"guarded_in_loop", State::kGuarded},
      {"guarded_in_source_only", State::kBroken},
      {"guarded_the_wrong_way_round", State::kBroken},
      {"unguarded", State::kBroken},
      {"unguarded_by_argument", State::kBroken},
      {"unguarded_callback", State::kBroken},
      {"unguarded_in_caller", State::kBroken},
      {"unguarded_twice", State::kBroken},
  };
  EXPECT_EQ(program_states("guards", "reference"), expected);
  EXPECT_EQ(program_states("guards", "lazy_globals"), expected);
}

// Without the type, even its size is 0, and every field of it is absent.
TEST(KernelReport, AnswersOfAKernelDecide) {
  auto states = program_states("guards", "empty");
  EXPECT_EQ(states["guarded_by_the_wrong_field"], State::kGuarded);
  EXPECT_EQ(states["guarded_by_switch"], State::kBroken) << "its size is poisoned, too";
  EXPECT_EQ(states["guarded_by_if"], State::kGuarded);
}

TEST(KernelReport, NamesAllThatIsBrokenAtOnce) {
  const auto reported =
      ReportedObject::make(test::object_path("guards"), test::kernel_path("reference"));
  std::size_t broken = 0;
  const auto& sites = reported.needs().sites;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const bool is_it = reported.needs().programs[sites[i].program].name == "unguarded_twice";
    broken += is_it && reported.report().sites[i] == State::kBroken;
  }
  EXPECT_EQ(broken, 2U);
}

TEST(KernelReport, GlobalFunctionsAreVerifiedAloneUntilTheKernelIsLazy) {
  EXPECT_EQ(program_states("global_guards", "reference")["guarded_in_caller"], State::kBroken);
  EXPECT_EQ(program_states("global_guards", "lazy_globals")["guarded_in_caller"], State::kGuarded);
}

TEST(KernelReport, WhatTheApplicationSetsIsNotKnown) {
  auto states = program_states("set_by_application", "reference");
  EXPECT_EQ(states["guarded_by_rodata"], State::kBroken);
  EXPECT_EQ(states["guarded_by_version"], State::kBroken);
}

TEST(KernelReport, ALoadOfAnotherSizeIsPoisonedUnlessItCanBeFitted) {
  auto states = program_states("resized_loads", "moved_fields");
  EXPECT_EQ(states["loads_unsigned"], State::kResolved);
  EXPECT_EQ(states["loads_pointer"], State::kResolved);
  EXPECT_EQ(states["loads_signed"], State::kBroken);
}

TEST(KernelReport, SharesWhatIsTheSame) {
  const std::string paths[] = {test::object_path("guards"), test::object_path("flavors")};
  const auto loaded = test::load_objects(paths);
  ASSERT_TRUE(loaded.set) << loaded.set.error().message;
  const auto needs = needs_of(*loaded.set);
  KernelReporter reporter(*loaded.set, needs);
  std::vector<KernelReport> reports;
  for (const std::string kernel : {"reference", "moved_fields", "reference"}) {
    const auto bytes = test::read_bytes(test::kernel_path(kernel));
    const auto view = load_kernel_btf(bytes);
    ASSERT_TRUE(view) << view.error().message;
    Answers answers;
    ASSERT_TRUE(minimize(*view, *loaded.set, &answers));
    reports.push_back(reporter.report(*view, answers));
  }
  EXPECT_EQ(reports[0], reports[2]) << "the same pointers";
  EXPECT_NE(reports[0][1], reports[1][1]);
}

// The minimized BTF answers as the full one does, so its states are the same.
TEST(KernelReport, TheMinimizedBtfComesToTheSameStates) {
  for (const std::string& kernel : test::kernel_names()) {
    for (const std::string& name : test::object_names()) {
      if (name == "without_btf.nodebug" || name == "narrowed_apart" || name == "global_guards") {
        continue;
      }
      SCOPED_TRACE(name + " on " + kernel);
      const std::string paths[] = {test::object_path(name)};
      const auto loaded = test::load_objects(paths);
      ASSERT_TRUE(loaded.set) << loaded.set.error().message;
      const auto needs = needs_of(*loaded.set);
      KernelReporter reporter(*loaded.set, needs);
      const auto bytes = test::read_bytes(test::kernel_path(kernel));
      const auto full = load_kernel_btf(bytes);
      ASSERT_TRUE(full);
      Answers answers;
      const auto minimized = minimize(*full, *loaded.set, &answers);
      ASSERT_TRUE(minimized);
      const auto small = load_kernel_btf(minimized->bytes);
      ASSERT_TRUE(small) << small.error().message;
      Resolver resolver(*small, loaded.set->plan(), machine_of(*full));
      const Answers again = answer_all(resolver, loaded.set->plan());
      EXPECT_EQ(reporter.report(*full, answers)[0]->sites,
                reporter.report(*small, again)[0]->sites);
    }
  }
}

TEST(KernelReport, SaysWhyAndWhatIsThereInstead) {
  const auto reported =
      ReportedObject::make(test::object_path("guards"), test::kernel_path("lazy_globals"));
  ASSERT_FALSE(reported.report().troubles.empty());
  for (const Trouble& trouble : reported.report().troubles) {
    const std::string path = reported.needs().relocations[trouble.relocation].path;
    if (path == "person.no_such_field") {
      EXPECT_EQ(trouble.reason, "person has no member no_such_field");
    }
    if (path != "person.nor_this") continue;
    EXPECT_EQ(trouble.instead.kind, Instead::Kind::kRenamedMember);
    EXPECT_EQ(trouble.instead.path, "person.nor_that");
    EXPECT_EQ(trouble.instead.text, "person has nor_that (int)");
  }
  EXPECT_THAT(test::troubles_of("resized_loads", "moved_fields"),
              ElementsAre(HasSubstr("person.age: 8 bytes (long), the program reads or writes 4 "
                                    "(int)")));
}

}  // namespace
}  // namespace btfbatch
