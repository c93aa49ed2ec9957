// The same questions from an object for a big-endian machine.
#include "type_kinds.bpf.c"
