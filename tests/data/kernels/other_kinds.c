// The names that the objects ask for, on types of another kind.
typedef struct {
  int street;
  short number;
} address;
address an_address;
union person {
  int age;
  struct {
    int street;
  } home;
} a_person;
struct number {
  int whole;
} a_number;
struct color {
  int kRed;
} a_color;
typedef long* count_t;
count_t a_count;
typedef int pair_t;
pair_t a_pair;
typedef char text_t;
text_t a_text;
struct parcel {
  struct {
    int unused;
  } weight;
  int* price;
  float width;
  int route;
} a_parcel;
struct table {
  struct {
    int row;
  } sums;
  int cells[4];
  int* tail;
} a_table;
struct room;
typedef int (*enter_t)(struct room*);
typedef long visit_t;
enter_t an_enter;
visit_t a_visit;
