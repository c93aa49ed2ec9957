// llvm-objdump is the judge of how instructions are read.
#include "core/program/code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <regex>
#include <set>

#include "core/program/opcode.h"
#include "test_paths.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

struct Listing {
  std::map<std::string, std::vector<std::string>> instructions;  // section → text of each
  std::set<std::string> functions;                               // "section: name at number"
};

// What `llvm-objdump -d` prints of an object.
Listing list_instructions(const std::string& path) {
  static const std::regex section("Disassembly of section (.*):\n");
  static const std::regex line("\\s*(\\d+):\t([0-9a-f ]+)\t(.*)\n");
  static const std::regex label("([0-9a-f]+) <(.*)>:\n");
  Listing listing;
  FILE* pipe = popen((BTFBATCH_OBJDUMP " -d '" + path + "'").c_str(), "r");
  if (pipe == nullptr) return listing;
  std::string current;
  std::array<char, 4096> buffer;
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) {
    const std::string text = buffer.data();
    std::smatch match;
    if (std::regex_match(text, match, section)) {
      current = match[1];
    } else if (std::regex_match(text, match, label)) {
      const auto number = std::stoul(match[1], nullptr, 16) / kInstructionSize;
      listing.functions.insert(current + ": " + match[2].str() + " at " + std::to_string(number));
    } else if (std::regex_match(text, match, line)) {
      auto& instructions = listing.instructions[current];
      const auto number = std::stoul(match[1]);
      instructions.resize(number + 1);
      instructions[number] = match[3];
    }
  }
  pclose(pipe);
  return listing;
}

// Registers that the text names where one is written: "r1 = r2" → 1.
int written_register(const std::string& text) {
  static const std::regex assignment("[rw](\\d+) [-+*/|&^<>s]*= .*");
  std::smatch match;
  return std::regex_match(text, match, assignment) ? std::stoi(match[1]) : -1;
}

class ReadCode : public testing::TestWithParam<std::string> {};

TEST_P(ReadCode, AsLlvmObjdumpDoes) {
  const auto bytes = test::read_bytes(test::object_path(GetParam()));
  const auto code = ObjectCode::read(bytes);
  ASSERT_TRUE(code) << code.error().message;
  const Listing listing = list_instructions(test::object_path(GetParam()));
  std::size_t compared = 0;
  for (const auto& [index, section] : code->sections()) {
    const auto listed = listing.instructions.find(section.name);
    ASSERT_NE(listed, listing.instructions.end()) << section.name;
    ASSERT_LE(listed->second.size(), section.instructions.size());
    for (std::size_t i = 0; i < listed->second.size(); ++i) {
      const Instruction& instruction = section.instructions[i];
      const std::string& text = listed->second[i];
      if (text.empty()) continue;  // the second half of a wide one
      SCOPED_TRACE(section.name + " " + std::to_string(i) + ": " + text);
      EXPECT_EQ(text == "exit", instruction.opcode == (opcode::kJmp | opcode::kExit));
      EXPECT_EQ(text.ends_with(" ll"), instruction.is_wide());
      EXPECT_EQ(text.starts_with("call "), instruction.opcode == (opcode::kJmp | opcode::kCall));
      if (const int written = written_register(text); written >= 0) {
        EXPECT_EQ(instruction.dst, written);
      }
      ++compared;
    }
  }
  for (const Function& function : code->functions()) {
    EXPECT_TRUE(listing.functions.contains(code->section_of(function).name + ": " + function.name +
                                           " at " + std::to_string(function.begin)))
        << function.name;
  }
  EXPECT_EQ(compared > 0, !code->functions().empty());
}

INSTANTIATE_TEST_SUITE_P(TestData, ReadCode, testing::ValuesIn(test::object_names()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

std::set<std::string> called_by(const ObjectCode& code, const std::string& name) {
  std::set<std::string> names;
  for (const std::uint32_t f : code.call_tree(code.find_function("raw_tp/x", name).value())) {
    names.insert(code.functions()[f].name);
  }
  return names;
}

TEST(ObjectCode, FollowsCallsAndCallbacks) {
  const auto bytes = test::read_bytes(test::object_path("guards"));
  const auto code = ObjectCode::read(bytes);
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(called_by(*code, "unguarded"), std::set<std::string>({"unguarded"}));
  EXPECT_EQ(called_by(*code, "guarded_in_caller"),
            std::set<std::string>({"guarded_in_caller", "reads"}));
  EXPECT_EQ(called_by(*code, "guarded_callback"),
            std::set<std::string>({"each", "guarded_callback"}));
}

// Whatever a symbol or a relocation says, nothing is read outside of the file.
TEST(ObjectCode, SurvivesEveryDamagedByte) {
  auto bytes = test::read_bytes(test::object_path("global_guards"));
  std::size_t read = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::byte before = bytes[at];
    for (const std::byte value : {std::byte{0}, std::byte{0xff}, before ^ std::byte{0x10}}) {
      bytes[at] = value;
      const auto code = ObjectCode::read(bytes);
      if (!code) continue;
      ++read;
      for (std::uint32_t f = 0; f < code->functions().size(); ++f) (void)code->call_tree(f);
    }
    bytes[at] = before;
  }
  EXPECT_GT(read, bytes.size());
}

}  // namespace
}  // namespace btfbatch
