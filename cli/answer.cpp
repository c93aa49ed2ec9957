#include "cli/answer.h"

#include <cstdio>

#include "cli/text.h"

namespace btfbatch::cli {

int print_answer(const Answer& answer) {
  print(answer.code == kAllWell ? stdout : stderr, answer.text);
  return answer.code;
}

}  // namespace btfbatch::cli
