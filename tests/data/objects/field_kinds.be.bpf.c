// The same questions from an object for a big-endian machine.
#include "field_kinds.bpf.c"
