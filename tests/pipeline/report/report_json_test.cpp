#include "pipeline/report/report_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/pipeline/report/example_answers.h"

namespace btfbatch {
namespace {

using nlohmann::json;

TEST(ReportJson, SaysWhatItsHeaderPromises) {
  RunSummary run = test::example_run();
  run.objects[0].found_in = "/usr/sbin/a";
  const json report = json::parse(write_report_json(run));
  EXPECT_EQ(report["format_version"], 1);
  EXPECT_EQ(report["objects"][0]["found_in"], "/usr/sbin/a");
  EXPECT_EQ(report["objects"][0]["relocations"][0]["source"], "p->pid");
  EXPECT_EQ(report["kernels"][0], json::parse(R"({
    "path": "debian/9/x86_64/4.9.0-1.btf.tar.xz", "distro": "debian", "release": "9",
    "arch": "x86_64", "kernel": "4.9.0-1", "outcome": "failed", "reasons": ["not xz"],
    "compressed_size": 300, "btf_size": 1000, "minimized_size": 100})"));
  EXPECT_EQ(report["kernels"][4]["kernel"], "6.1.0-10");
  EXPECT_EQ(report["kernels"][4]["result"], 1);
  EXPECT_EQ(report["kernels"][4]["content"], 1);
  EXPECT_EQ(report["broken"], json::parse(R"json([
    {"object": 0, "relocation": 1, "state": "broken", "programs": [0], "kernels": 2,
     "missing": [{"distro": "debian", "arch": "x86_64", "from": "6.1.0-9", "to": "6.1.0-10",
                  "kernels": 2, "all": false, "reason": "task_struct has no member state",
                  "instead": "task_struct has __state (unsigned int)"}]}])json"));
  EXPECT_EQ(report["totals"], json::parse(R"({
    "kernels": 5, "minimized": 4, "degraded": 0, "failed": 1, "broken_kernels": 2,
    "broken_relocations": 1, "unique": 2, "archive_bytes": 1500, "btf_bytes": 4000,
    "minimized_bytes": 400, "unique_bytes": 200})"));
}

}  // namespace
}  // namespace btfbatch
