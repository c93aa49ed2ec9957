// A field that is smaller than the object imagines, but unsigned.
struct counter {
  unsigned int events;
  unsigned int* places;
} a_counter;
