#include "tests/core/support/relocation_listing.h"

#include <array>
#include <cstdio>
#include <memory>
#include <regex>
#include <stdexcept>

#include "test_paths.h"

namespace btfbatch::test {

std::vector<ListedRelocation> list_relocations(const std::string& object_path) {
  static const std::regex section("Disassembly of section (.*):\n");
  static const std::regex relocation("\\s*([0-9a-f]+):\\s+CO-RE <(.*)> \\[(\\d+)\\] (.*)\n");

  const std::string command = BTFBATCH_OBJDUMP " -d -r '" + object_path + "'";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  std::vector<ListedRelocation> listed;
  std::string current;
  std::array<char, 4096> buffer;
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) {
    const std::string line = buffer.data();
    std::smatch match;
    if (std::regex_match(line, match, section)) {
      current = match[1];
    } else if (std::regex_match(line, match, relocation)) {
      listed.push_back({current, static_cast<unsigned>(std::stoul(match[1], nullptr, 16)), match[2],
                        static_cast<unsigned>(std::stoul(match[3])), match[4]});
    }
  }
  if (pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
  return listed;
}

}  // namespace btfbatch::test
