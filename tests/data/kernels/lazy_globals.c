// A kernel that verifies global functions only when they are called: it shows by this struct. Other
// than that, it has little.
struct bpf_func_info_aux {
  unsigned short linkage;
  _Bool unreliable : 1;
  _Bool called : 1;
} an_aux;

struct person {
  int age;
  int nor_that;
} a_person;

enum color { kRed, kGreen, kBlue } a_color;
