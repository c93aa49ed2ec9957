// Flexible arrays that are one only at the end of their struct.
struct cell {
  int column;
  int row;
};
struct table {
  short grid[3][5];
  struct cell cells[0];
  int sums[];
} a_table;
