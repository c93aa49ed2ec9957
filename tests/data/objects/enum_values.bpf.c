// Enumerators by name: that they exist, their value, flavored enums, 64-bit ones.
#include "core.h"

enum color { kRed, kGreen, kBlue = 7, kNoSuchColor };

enum color___old { kRed___old = 1, kCrimson };

enum big { kBigOne = 0x100000000ULL, kBigTwo, kBigNegative = -1LL };

typedef enum { kNorth, kSouth } direction_t;

SEC("raw_tp/enums")
int enum_values(void* context) {
  ASK(bpf_core_enum_value(enum color, kRed));
  ASK(bpf_core_enum_value(enum color, kBlue));
  ASK(bpf_core_enum_value_exists(enum color, kGreen));
  ASK(bpf_core_enum_value_exists(enum color, kNoSuchColor));
  ASK(bpf_core_enum_value_exists(enum color___old, kRed___old));
  ASK(bpf_core_enum_value_exists(enum color___old, kCrimson));
  ASK(bpf_core_enum_value(enum big, kBigOne));
  ASK(bpf_core_enum_value(enum big, kBigNegative));
  ASK(bpf_core_enum_value_exists(enum big, kBigTwo));
  ASK(bpf_core_enum_value(direction_t, kSouth));
  return 0;
}
