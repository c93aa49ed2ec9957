// Fields at other places, of other sizes and signs, in other nests than the objects imagine.
struct address {
  long zip;
  unsigned short number;
  int street;
};
struct person {
  struct person* friend;
  struct {
    struct address home;
    long age;
  };
  enum { kSmall = -1, kLarge } size;
  unsigned char mood;
  unsigned int salary;
  char name[32];
  unsigned char* note;
} a_person;

struct parcel {
  struct {
    union {
      struct {
        long label_length;
        char label[2];
        int weight;
      };
      long price;
    };
  };
  short width;
  short height;
  struct {
    struct {
      int from;
    };
    int to;
  } route;
} a_parcel;

struct room {
  struct address* where;
  int number;
  struct {
    long depth;
    int width;
  } floor;
  int (*enter)(struct room*, int);
} a_room;

struct cupboard {
  int fixed;
  int unused;
  unsigned char* shaky;
  int shy;
  int*** chain;
  struct address* anything;
} a_cupboard;

typedef struct {
  long middle;
  int left, right;
} pair_t;
typedef pair_t couple_t;
couple_t a_couple;
typedef struct cell {
  long column;
  long row;
} cell_t;
cell_t a_cell;
