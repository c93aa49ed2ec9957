// tests/data/hosts.txt: archives, hosts, and what each host must get.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/find/btfbatch_find.h"

namespace btfbatch::test {

struct ArchivedKernel {
  std::string path;     // without ".btf"
  std::string content;  // stands for the BTF
};

struct HostRow {
  int line = 0;
  std::string archive;
  std::optional<std::string> os_release;  // the text of the file
  std::string machine;
  std::string kernel_release;
  bool nearest = false;
  std::string result;
  std::vector<std::string> keys;
};

struct HostsTable {
  std::map<std::string, std::vector<ArchivedKernel>> archives;
  std::vector<HostRow> hosts;
};

[[nodiscard]] btfbatch_host host_of(const HostRow& row);

// What became of a host, in the table's words.
struct HostAnswer {
  std::string result;
  std::vector<std::string> keys;
  std::string explained;
};

// One of the library's two functions for finding, its place given already.
using Find =
    std::function<btfbatch_status(const btfbatch_host&, const btfbatch_options&, btfbatch_result&)>;
[[nodiscard]] HostAnswer answer_of(const HostRow& row, const Find& find, btfbatch_result& found);

// Fails the test where the answer is not the row's.
void expect_answer(const HostRow& row, const HostAnswer& answer);

// Throws where the table is not as it says that it is.
[[nodiscard]] HostsTable read_hosts_table();

}  // namespace btfbatch::test
