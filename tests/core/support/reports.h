// One object on one kernel, reported on, and held against what libbpf says.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/report/kernel_report.h"
#include "tests/core/support/libbpf_resolve.h"

namespace btfbatch::test {

// Keeps all that its report refers to.
class ReportedObject {
 public:
  // Throws where a file cannot be read or used.
  [[nodiscard]] static ReportedObject make(const std::string& object_path,
                                           const std::string& btf_path);

  [[nodiscard]] const ObjectNeeds& needs() const { return needs_; }
  [[nodiscard]] const ObjectReport& report() const { return *report_; }

 private:
  ObjectNeeds needs_;
  std::shared_ptr<const ObjectReport> report_;
};

// Whether libbpf opens the object of the test data: not those of the other byte order, with maps in
// the way of old libbpf, and without BTF.
[[nodiscard]] bool libbpf_opens(std::string_view name);

// Where report and libbpf do not agree on what is patched in, answered with 0 or poisoned; empty
// where they do. libbpf stops at the first relocation that has no answer.
[[nodiscard]] std::string disagreement(const ObjectNeeds& needs, const ObjectReport& report,
                                       const LibbpfResolution& libbpf);

// The reasons for all that is broken or ambiguous, of an object and a kernel of the test data.
[[nodiscard]] std::vector<std::string> troubles_of(std::string_view object,
                                                   std::string_view kernel);

}  // namespace btfbatch::test
