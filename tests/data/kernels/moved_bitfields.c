// Bitfields at other bits, of other widths, or no longer bitfields.
struct flags {
  unsigned char last : 5;
  unsigned long long unused : 20;
  unsigned long long level : 60;
  int ready;
  short delta : 7;
  unsigned long long stamp;
  unsigned int plain : 9;
} some_flags;
