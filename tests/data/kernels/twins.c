// Several types of one name. A flavored name makes a second candidate; so do local types of
// functions, which share the very name.
struct twin {
  int agreed;
  int first_only;
  int shifted;
  long resized;
} a_twin;
struct twin___2 {
  int agreed;
  int unused[5];
  int shifted;
  int second_only;
} another_twin;
struct cell {
  int row;
  int column;
} a_cell;

enum coin { kPenny, kDime } a_coin;
enum coin___2 { kDime___2 = 1, kPenny___2 } another_coin;

void* first(void) {
  static struct person {
    int age;
    unsigned long long salary;
  } local;
  return &local;
}
void* second(void) {
  static struct person {
    int age;
    unsigned long long salary;
    int years;
  } local;
  return &local;
}
