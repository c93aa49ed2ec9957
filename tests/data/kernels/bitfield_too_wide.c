// A packed bitfield across more than 8 bytes, which no single load can read: a loader refuses it.
struct __attribute__((packed)) flags {
  unsigned int ready : 7;
  unsigned long long stamp : 64;
  unsigned int level : 3;
} some_flags;
