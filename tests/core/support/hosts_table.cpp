#include "tests/core/support/hosts_table.h"

#include <sstream>
#include <stdexcept>

#include "test_paths.h"
#include "tests/support/temp_dir.h"

namespace btfbatch::test {
namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    words.push_back(word);
  }
  return words;
}

}  // namespace

HostsTable read_hosts_table() {
  HostsTable table;
  std::map<std::string, std::string> os_releases;
  std::istringstream text(read_file(BTFBATCH_SOURCE_DIR "/tests/data/hosts.txt"));
  std::vector<std::string> section = {""};
  int number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    if (line.starts_with('[')) {
      section = words_of(line.substr(1, line.find(']') - 1));
      if (section.at(0) == "os-release") {
        os_releases[section.at(1)];
      }
      continue;
    }
    if (section[0] == "os-release") {
      os_releases[section[1]] += line + (section.size() > 2 ? "\r\n" : "\n");
      continue;
    }
    const std::vector<std::string> words = words_of(line);
    if (words.empty() || words[0] == "#" || words[0].starts_with('#')) {
      continue;
    }
    if (section[0] == "archive") {
      table.archives[section[1]].push_back({.path = words.at(0), .content = words.at(2)});
    } else if (section[0] == "hosts") {
      HostRow row = {.line = number,
                     .archive = section[1],
                     .os_release = std::nullopt,
                     .machine = words.at(1),
                     .kernel_release = words.at(2) == "-" ? "" : words.at(2),
                     .nearest = words.at(3) == "nearest",
                     .result = words.at(4),
                     .keys = {}};
      if (words[0] != "-") {
        row.os_release = os_releases.at(words[0]);
      }
      row.keys.assign(words.begin() + 5, words.end());
      table.hosts.push_back(std::move(row));
    } else {
      throw std::runtime_error("hosts.txt: line " + std::to_string(number) + " is in no section");
    }
  }
  return table;
}

}  // namespace btfbatch::test
