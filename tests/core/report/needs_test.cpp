#include "core/report/needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "test_paths.h"
#include "tests/core/support/object_sets.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

ObjectNeeds needs_of_object(const std::string& name) {
  const std::string paths[] = {test::object_path(name)};
  const auto loaded = test::load_objects(paths);
  if (!loaded.set) {
    ADD_FAILURE() << loaded.set.error().message;
    return {};
  }
  return needs_of(*loaded.set).front();
}

// What the compiler wrote down is the judge. It gives the first instruction of a function the line
// of its head, even where that is a relocation.
TEST(Needs, NamesThePlaceInTheSource) {
  const ObjectNeeds needs = needs_of_object("guards");
  std::ifstream source(BTFBATCH_SOURCE_DIR "/tests/data/objects/guards.bpf.c");
  std::vector<std::string> lines(1);  // lines are counted from 1
  for (std::string line; std::getline(source, line);) lines.push_back(line);
  ASSERT_FALSE(needs.relocations.empty());
  for (const RelocationNeed& need : needs.relocations) {
    EXPECT_THAT(need.source.file, EndsWith("guards.bpf.c"));
    ASSERT_LT(need.source.line, lines.size());
    EXPECT_THAT(lines[need.source.line], HasSubstr(need.source.text)) << need.path;
    EXPECT_NE(need.source.text, "");
  }
}

TEST(Needs, SitesAreThoseOfTheProgramsThatHoldTheInstruction) {
  const ObjectNeeds needs = needs_of_object("guards");
  std::map<std::string, std::vector<std::string>> programs;  // by function
  for (const RelocationSite& site : needs.sites) {
    ASSERT_NE(site.program, RelocationSite::kNoProgram);
    auto& names = programs[needs.relocations[site.relocation].function];
    const std::string& name = needs.programs[site.program].name;
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  EXPECT_THAT(programs["unguarded"], ElementsAre("unguarded"));
  EXPECT_THAT(programs["reads"],
              testing::UnorderedElementsAre("guarded_in_caller", "unguarded_in_caller"));
  EXPECT_THAT(programs["each"],
              testing::UnorderedElementsAre("guarded_callback", "unguarded_callback"));
}

TEST(Needs, FlavorsAreShown) {
  std::vector<std::string> paths;
  for (const RelocationNeed& need : needs_of_object("flavors").relocations) {
    paths.push_back(need.path);
  }
  EXPECT_THAT(paths, testing::Contains("person___long_ago.years"));
  EXPECT_THAT(paths, testing::Contains("person___here___too.age"));
}

// libbpf reads .kconfig and .ksyms by the same rules; what it would say stands in the source.
TEST(Needs, ListsWhatIsTakenFromTheKernel) {
  std::vector<std::string> found;
  for (const Extern& e : needs_of_object("externs").externs) {
    found.push_back(e.name + ": " + e.type + (e.is_weak ? ", weak" : ""));
  }
  EXPECT_THAT(found, ElementsAre("CONFIG_BPF_SYSCALL: _Bool, weak", "LINUX_KERNEL_VERSION: int",
                                 "typed_variable: const int",
                                 "kernel_function: void "
                                 "kernel_function(int), weak",
                                 "untyped_variable: const void, weak"));
}

TEST(Needs, NamesProgramsThatNeedBtfInsideOfTheKernel) {
  std::map<std::string, std::string> reasons;
  for (const ProgramNeed& program : needs_of_object("externs").programs) {
    reasons[program.name] = program.kernel_btf;
  }
  const std::map<std::string, std::string> expected = {
      {"with_config", ""},           {"with_typed_variable", "ksym typed_variable"},
      {"with_untyped_variable", ""}, {"with_kernel_function", "kfunc kernel_function"},
      {"on_entry", "fentry"},        {"on_exit", "fexit"},
      {"on_return", "fmod_ret"},     {"on_hook", "lsm"},
      {"on_tracepoint", "tp_btf"},   {"on_each", "iter"},
      {"in_place_of", "freplace"},   {"on_probe", ""},
      {"in_table", "struct_ops"},    {"in_table_sleeping", "struct_ops"},
  };
  EXPECT_EQ(reasons, expected);
}

// Line info that leads nowhere costs the places, and nothing else.
TEST(Needs, EveryObjectHasItsSites) {
  for (const std::string& name : test::object_names()) {
    if (name == "without_btf.nodebug") continue;
    SCOPED_TRACE(name);
    const ObjectNeeds needs = needs_of_object(name);
    EXPECT_TRUE(std::ranges::is_sorted(needs.sites));
    std::vector<bool> has_site(needs.relocations.size());
    for (const RelocationSite& site : needs.sites) has_site[site.relocation] = true;
    EXPECT_EQ(std::ranges::count(has_site, false), 0);
  }
}

}  // namespace
}  // namespace btfbatch
