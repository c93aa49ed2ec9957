// The same kernel on a big-endian machine.
#include "reference.c"
