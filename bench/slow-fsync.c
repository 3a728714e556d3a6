// A disk whose fsync takes 2 ms, for BENCHMARKS.md: sleeps before each fsync and fdatasync of the program that loads it.
//
//   cc -O2 -shared -fPIC -o slow-fsync.so bench/slow-fsync.c -ldl
//   SLOW_FSYNC_MICROSECONDS=2000 LD_PRELOAD=$PWD/slow-fsync.so rollcalld serve …
//
// Every thread sleeps by itself, as with a disk that takes several flushes at once.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void pause_before(void) {
  static long microseconds = -1;
  if (microseconds < 0) {
    const char *text = getenv("SLOW_FSYNC_MICROSECONDS");
    microseconds = text ? atol(text) : 2000;
  }
  struct timespec rest = {microseconds / 1000000, microseconds % 1000000 * 1000};
  while (nanosleep(&rest, &rest) != 0) continue;
}

int fsync(int file) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  pause_before();
  return real(file);
}

int fdatasync(int file) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  pause_before();
  return real(file);
}
