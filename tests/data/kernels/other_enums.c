// Other values, 64-bit where the objects have 32-bit enums and the other way round, signed ones.
enum color { kCrimson = -3, kBlue, kRed = 0x7000000000000000LL, kGreen___new } a_color;
enum big { kBigTwo = 2, kBigOne = 1 } a_big;
typedef enum { kSouth = 5, kWest } direction_t;
direction_t a_direction;
struct person {
  enum { kLarge = -1, kSmall } size;
} a_person;
