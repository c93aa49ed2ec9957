// As unsigned_counter, but that no loader may make the load of another size fit.
struct counter {
  int events;
  int* places;
} a_counter;
