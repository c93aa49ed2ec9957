#include "cli/unpack_command.h"

#include "cli/pack_options.h"
#include "cli/run_command.h"

namespace btfbatch::cli {

int unpack_command(std::span<const std::string> arguments) {
  const auto settings = parse_unpack_options(arguments);
  return settings ? run_job(*settings) : print_answer(settings.error());
}

}  // namespace btfbatch::cli
