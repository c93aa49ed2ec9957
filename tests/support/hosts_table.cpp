#include "tests/support/hosts_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
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

void print_trial(void* context, const btfbatch_trial* trial) {
  auto& text = *static_cast<std::string*>(context);
  if (trial->distro == nullptr) {
    text += std::string("  ") + trial->why + "\n";
    return;
  }
  text += std::string("    ") + trial->distro + "/" + trial->release + "/" + trial->arch + "/" +
          trial->kernel_release + ": " + trial->why + "\n";
}

}  // namespace

btfbatch_host host_of(const HostRow& row) {
  btfbatch_host host{};
  if (row.os_release) {
    EXPECT_EQ(btfbatch_host_parse(&host, row.os_release->data(), row.os_release->size()),
              BTFBATCH_OK);
  }
  std::snprintf(host.machine, sizeof host.machine, "%s", row.machine.c_str());
  std::snprintf(host.kernel_release, sizeof host.kernel_release, "%s", row.kernel_release.c_str());
  return host;
}

HostAnswer answer_of(const HostRow& row, const Find& find, btfbatch_result& found) {
  HostAnswer answer;
  const btfbatch_options options = {
      .nearest = row.nearest, .explain = print_trial, .context = &answer.explained};
  const btfbatch_host host = host_of(row);
  switch (find(host, options, found)) {
    case BTFBATCH_OK:
      answer.result = btfbatch_how_text(found.how);
      answer.keys = {std::string(found.distro) + "/" + found.release + "/" + found.arch + "/" +
                     found.kernel_release};
      break;
    case BTFBATCH_NOT_FOUND:
      answer.result = "none";
      break;
    case BTFBATCH_AMBIGUOUS:
      answer.result = "refused";
      for (std::size_t i = 0; i < std::min<std::size_t>(found.choice_count, BTFBATCH_MAX_CHOICES);
           ++i) {
        answer.keys.emplace_back(found.choices[i]);
      }
      break;
    case BTFBATCH_INVALID:
      answer.result = "invalid";
      break;
    default:
      answer.result = "error";
  }
  return answer;
}

void expect_answer(const HostRow& row, const HostAnswer& answer) {
  if (row.result != "any") {
    EXPECT_EQ(answer.result, row.result) << answer.explained;
  }
  EXPECT_EQ(answer.keys, row.keys) << answer.explained;
}

HostsTable read_hosts_table() {
  HostsTable table;
  std::map<std::string, std::string> os_releases;
  std::istringstream text(read_file(BTFBATCH_SOURCE_DIR "/tests/data/hosts.txt"));
  std::vector<std::string> section = {""};
  std::size_t rows = 0;
  int number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    if (line.starts_with('[')) {
      section = words_of(line.substr(1, line.find(']') - 1));
      if (section.at(0) == "os-release") {
        os_releases[section.at(1)];
      } else if (section.at(0) == "rows") {
        rows = std::stoul(section.at(1));
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
  if (rows == 0 || table.hosts.size() != rows) {
    throw std::runtime_error("hosts.txt: it says that it has " + std::to_string(rows) +
                             " rows, and has " + std::to_string(table.hosts.size()));
  }
  return table;
}

}  // namespace btfbatch::test
