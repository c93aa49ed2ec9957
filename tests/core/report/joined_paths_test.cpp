#include "core/report/joined_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <vector>

#include "core/report/needs.h"
#include "tests/core/support/object_sets.h"
#include "tests/support/libbpf_tools.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

ObjectNeeds needs_of_file(const std::string& path) {
  const std::string paths[] = {path};
  const auto loaded = test::load_objects(paths);
  if (!loaded.set) {
    ADD_FAILURE() << loaded.set.error().message;
    return {};
  }
  return needs_of(*loaded.set).front();
}

// "a, b" → {"a", "b"}; commas within brackets do not count.
std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : list) {
    depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else if (c != ' ' || !parts.back().empty()) {
      parts.back() += c;
    }
  }
  return parts;
}

// By what C means by the source.
TEST(JoinedPaths, FollowThePointersOfAProgram) {
  std::map<std::string, std::set<std::string>> shown;  // by function
  for (const RelocationNeed& need : needs_of_file(test::object_path("joined")).relocations) {
    shown[need.function].insert(need.shown_path());
  }
  const std::map<std::string, std::set<std::string>> expected = {
      {"loads",
       {"node.age", "node.up", "node.up->age", "node.up->branch", "node.up->branch->leaves",
        "node.core.inner", "node.core.inner->age", "node.branches[2]", "node.branches[2]->leaves",
        "node.first", "node.first->age", "node.up[3].age"}},
      {"probe_reads",
       {"node.age", "node.up", "node.up->age", "node.up->branch", "node.up->branch->leaves",
        "node.branch", "node.branch->owner", "node.branch->owner->up"}},
      {"later", {"node.up", "node.up->age", "node.up->branch"}},
      {"either", {"node.up", "node.down", "node.age"}},
      {"either_or_any", {"node.up", "node.age"}},
      {"again_and_again", {"node.up", "node.up->age"}},
      {"cast", {"node.up", "node.hidden", "node.second", "branch.leaves", "node.age"}},
      {"other_flavors",
       {"node___old.up", "node___old.up->age", "((node___old *)node___old.up)->years",
        "((node___old *)node___old.up)->up", "((node___old *)node___old.up)->up->branch"}},
      {"overwritten", {"node.up", "node.age"}},
      {"half_read", {"node.up", "node.age"}},
      {"masked", {"node.up", "node.age"}},
      {"age_of", {"node.up->age"}},
      {"age_of_any", {"node.age"}},
      {"up_of", {"node.up"}},
      {"calls", {"node.up", "node.up->age"}},
  };
  EXPECT_EQ(shown, expected);
}

TEST(JoinedPaths, AreTakenByNothingButOffsets) {
  for (const std::string& name : test::object_names()) {
    if (name == "without_btf.nodebug") continue;
    for (const RelocationNeed& need : needs_of_file(test::object_path(name)).relocations) {
      if (need.joined_path.empty()) continue;
      EXPECT_EQ(need.kind, RelocationKind::kFieldByteOffset) << name;
      EXPECT_NE(need.joined_path, need.path) << name;
    }
  }
}

// The members that a BPF_CORE_READ in a line of C goes through; empty where there is none.
std::vector<std::string> members_read_in(const std::string& text) {
  static const std::regex macro(R"(BPF_CORE_READ(?:_USER)?\(((?:[^()]|\([^()]*\))*)\))");
  std::smatch match;
  if (!std::regex_search(text, match, macro)) return {};
  std::vector<std::string> parts = split(match[1]);
  parts.erase(parts.begin());
  return parts;
}

// BPF_CORE_READ(task, real_parent, tgid) says what its second relocation is to be joined to.
TEST(JoinedPaths, AreThoseOfBpfCoreReadInRealObjects) {
  const auto objects = test::libbpf_tools_objects();
  if (objects.empty()) GTEST_SKIP() << "Debian's package libbpf-tools is not installed";
  std::size_t joined = 0;
  std::size_t confirmed = 0;
  std::vector<std::string> missed;
  std::vector<std::string> contradicted;
  for (const test::RealObject& object : objects) {
    for (const RelocationNeed& need : needs_of_file(object.file.path()).relocations) {
      joined += need.joined_path.empty() ? 0 : 1;
      if (need.kind != RelocationKind::kFieldByteOffset) continue;
      const std::string own =
          need.path.substr(std::min(need.path.find_first_of(".[") + 1, need.path.size()));
      const std::vector<std::string> members = members_read_in(need.source.text);
      std::string way;
      bool is_told = false;
      bool is_so = false;
      for (std::size_t i = 0; i < members.size(); ++i) {
        way += i == 0 ? members[i] : "->" + members[i];
        if (i == 0 || members[i] != own) continue;
        is_told = true;
        is_so =
            is_so || need.joined_path.ends_with("." + way) || need.joined_path.ends_with(">" + way);
      }
      if (!is_told) continue;
      const std::string place = object.name + ": " + need.function + ": '" + need.shown_path() +
                                "' for " + need.source.text;
      if (is_so) {
        ++confirmed;
      } else {
        (need.joined_path.empty() ? missed : contradicted).push_back(place);
      }
    }
  }
  RecordProperty("joined", static_cast<int>(joined));
  RecordProperty("confirmed", static_cast<int>(confirmed));
  EXPECT_THAT(contradicted, testing::IsEmpty());
  EXPECT_THAT(missed, testing::IsEmpty());
  EXPECT_GT(confirmed, 20U);
}

}  // namespace
}  // namespace btfbatch
