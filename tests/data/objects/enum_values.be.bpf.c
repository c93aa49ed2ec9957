// The same questions from an object for a big-endian machine.
#include "enum_values.bpf.c"
