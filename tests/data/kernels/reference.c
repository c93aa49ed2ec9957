// A kernel that has everything the objects ask for, mostly as they imagine it.
struct address {
  int street;
  short number;
};
struct person {
  char name[16];
  int age;
  unsigned long long salary;
  signed char mood;
  struct person* friend;
  struct address home;
  enum { kSmall, kLarge } size;
  const unsigned char* volatile note;
} a_person;

union number {
  int whole;
  float broken;
} a_number;
enum color { kRed, kGreen, kBlue = 7 } a_color;
typedef enum { kNorth, kSouth } direction_t;
direction_t a_direction;
enum big { kBigOne = 0x100000000ULL, kBigTwo, kBigNegative = -1LL } a_big;

typedef int count_t;
typedef struct {
  int left, right;
} pair_t;
typedef pair_t couple_t;
typedef const char* text_t;
typedef int row_t[4];
count_t a_count;
pair_t a_pair;
couple_t a_couple;
text_t a_text;
row_t a_row;

struct room {
  struct address* where;
  struct {
    int width;
    int depth;
  } floor;
  int (*enter)(struct room*, int);
} a_room;

struct parcel {
  int weight;
  union {
    int price;
    struct {
      short width;
      union {
        short height;
        char label[2];
      };
    };
  };
  struct {
    int to;
    int from;
  } route;
} a_parcel;

struct flags {
  unsigned int ready : 1;
  unsigned int level : 3;
  int delta : 12;
  unsigned long long stamp : 40;
  unsigned int plain;
  unsigned char last : 2;
} some_flags;

typedef struct cell {
  int row;
  int column;
} cell_t;
cell_t a_cell;
struct table {
  int sums[8];
  struct cell cells[4];
  short grid[3][5];
  struct cell tail[];
} a_table;

typedef const volatile int shy_t;
typedef shy_t* const* chain_t;
struct cupboard {
  const int fixed;
  volatile const unsigned char* const volatile shaky;
  shy_t shy;
  chain_t chain;
  void* const anything;
} a_cupboard = {0};

typedef int (*enter_t)(struct address*, int);
typedef void visit_t(struct address*);
typedef int (*variadic_t)(int, ...);
enter_t an_enter;
visit_t* a_visit;
variadic_t a_variadic;

struct secret;
typedef struct secret* handle_t;
handle_t a_handle;
struct holder {
  struct secret* inside;
} a_holder;

struct tagged {
  int plain;
  int* text;
} a_tagged;
typedef int* user_text_t;
user_text_t a_user_text;

struct twin {
  int agreed;
  int first_only;
  int shifted;
  long resized;
} a_twin;
enum coin { kPenny, kDime } a_coin;
