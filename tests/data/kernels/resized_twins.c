// Two types that agree on where a field lies, but not on its size.
struct twin {
  int agreed;
  long resized;
} a_twin;
struct twin___2 {
  int agreed;
  int unused;
  int resized;
} another_twin;
