// Shorter arrays, a row less, and no longer a flexible array.
struct cell {
  long column;
  int row;
};
struct table {
  struct cell tail[2];
  struct cell cells[3];
  int sums[4];
  short grid[2][9];
} a_table;
typedef int row_t[5];
row_t a_row;
