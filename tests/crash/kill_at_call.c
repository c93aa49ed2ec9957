// Preloaded into a run: kills it, as SIGKILL does, at a given one of its calls that change files.
//
// Between two such calls the file system does not change, so a kill before each of them stands for
// all kills by the clock; and it hits as well where a call takes microseconds or the machine is
// busy. A write() is cut in half first, so that half files are met too.
//
//   BTFBATCH_TEST_KILL_AT=N   die at the Nth call (from 1 on)
//   BTFBATCH_TEST_CALLS=FILE  list the calls, one per line: name and path
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long calls;
static long kill_at;
static FILE* list;

__attribute__((constructor)) static void begin(void) {
  const char* number = getenv("BTFBATCH_TEST_KILL_AT");
  const char* file = getenv("BTFBATCH_TEST_CALLS");
  kill_at = number ? atol(number) : 0;
  list = file ? fopen(file, "we") : NULL;
}

__attribute__((destructor)) static void end(void) {
  if (list) fclose(list);
}

static int is_the_last(const char* call, const char* path) {
  const long number = atomic_fetch_add(&calls, 1) + 1;
  if (list) fprintf(list, "%s %s\n", call, path);
  return number == kill_at;
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static void count(const char* call, const char* path) {
  if (is_the_last(call, path)) die();
}

#define REAL(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

int rename(const char* from, const char* to) {
  count("rename", to);
  return REAL(rename)(from, to);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to,
              unsigned int flags) {
  count("renameat2", to);
  return REAL(renameat2)(from_folder, from, to_folder, to, flags);
}

int link(const char* from, const char* to) {
  count("link", to);
  return REAL(link)(from, to);
}

int symlink(const char* target, const char* path) {
  count("symlink", path);
  return REAL(symlink)(target, path);
}

int unlink(const char* path) {
  count("unlink", path);
  return REAL(unlink)(path);
}

int unlinkat(int folder, const char* path, int flags) {
  count("unlinkat", path);
  return REAL(unlinkat)(folder, path, flags);
}

int remove(const char* path) {
  count("remove", path);
  return REAL(remove)(path);
}

int rmdir(const char* path) {
  count("rmdir", path);
  return REAL(rmdir)(path);
}

int mkdir(const char* path, mode_t mode) {
  count("mkdir", path);
  return REAL(mkdir)(path, mode);
}

int fsync(int fd) {
  count("fsync", "");
  return REAL(fsync)(fd);
}

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    count("open", path);
  }
  return REAL(open)(path, flags, mode);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  if (fd > STDERR_FILENO && is_the_last("write", "")) {
    if (REAL(write)(fd, bytes, size / 2) >= 0) die();
  }
  return REAL(write)(fd, bytes, size);
}
