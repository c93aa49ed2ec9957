// Writes a report over an archive that is made up: for the browser test, and to look at by hand.
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "pipeline/report/report_json.h"
#include "pipeline/report/report_page.h"
#include "tests/report/synthetic.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    (void)std::fprintf(stderr, "usage: make_synthetic_page KERNELS OBJECTS FILE.html\n");
    return 1;
  }
  const auto run = btfbatch::test::synthetic_run(std::strtoul(argv[1], nullptr, 10),
                                                 std::strtoul(argv[2], nullptr, 10));
  std::ofstream page(argv[3], std::ios::binary);
  page << btfbatch::write_report_page(btfbatch::write_report_json(run));
  return page.good() ? 0 : 1;
}
