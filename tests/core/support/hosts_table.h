// tests/data/hosts.txt: archives, hosts, and what each host must get.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

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

// Throws where the table is not as it says that it is.
[[nodiscard]] HostsTable read_hosts_table();

}  // namespace btfbatch::test
