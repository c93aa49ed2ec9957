/* Uses libbtfbatch-find as a C program does: the header's example, on the file that is given. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "btfbatch_find.h"

static unsigned char file[4096];

static int fail(const char* what) {
  fprintf(stderr, "find_c99: %s\n", what);
  return 1;
}

int main(int argc, char** argv) {
  struct btfbatch_btfs btfs;
  struct btfbatch_host host;
  struct btfbatch_result found;
  char path[BTFBATCH_FD_PATH_SIZE];
  char content[64] = "";
  FILE* in;
  size_t size;
  int fd;
  if (argc != 2) return fail("needs a .btfs file");
  in = fopen(argv[1], "rb");
  if (in == NULL) return fail("cannot open the file");
  size = fread(file, 1, sizeof file, in);
  (void)fclose(in);
  if (btfbatch_open(&btfs, file, size) != BTFBATCH_OK) return fail("cannot read the file");
  if (btfbatch_host_read(&host, NULL) != BTFBATCH_OK) return fail("cannot read the host");
  strcpy(host.id, "ubuntu");
  strcpy(host.version_id, "20.04");
  strcpy(host.machine, "x86_64");
  strcpy(host.kernel_release, "5.4.0-58-generic");
  if (btfbatch_find(&btfs, &host, NULL, &found) != BTFBATCH_OK) return fail("found nothing");
  fd = btfbatch_memfd(found.data, found.size, path);
  if (fd < 0) return fail("no file in memory");
  in = fopen(path, "rb");
  if (in == NULL) return fail("cannot open the file in memory");
  size = fread(content, 1, sizeof content - 1, in);
  (void)fclose(in);
  (void)close(fd);
  if (strcmp(content, "shared by two") != 0) return fail("found something else");
  return 0;
}
