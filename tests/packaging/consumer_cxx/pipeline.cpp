// pipeline ARCHIVE OBJECT OUT: runs the whole job.
#include "pipeline/run.h"

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 4) {
    return 1;
  }
  btfbatch::RunOptions options;
  options.archive = argv[1];
  options.objects = {argv[2]};
  options.out = argv[3];
  const auto summary = btfbatch::run(options, {});
  if (!summary) {
    std::puts(summary.error().error.message.c_str());
    return 1;
  }
  return summary->kernels.size() == 1 ? 0 : 1;
}
