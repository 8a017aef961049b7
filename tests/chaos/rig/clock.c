/* A wall clock that is wrong by as many seconds as a file says: LD_PRELOAD it, name the file in ARGUS_CHAOS_CLOCK.
   Only the real time is bent. What measures spans (CLOCK_MONOTONIC) and what sleeps is left alone, as when an
   administrator or NTP sets a machine's clock. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile double *wrong_by;

__attribute__((constructor)) static void open_file(void) {
  const char *path = getenv("ARGUS_CHAOS_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *seen = mmap(NULL, sizeof(double), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (seen != MAP_FAILED) wrong_by = seen;
}

static void bend(struct timespec *at) {
  double seconds = wrong_by ? *wrong_by : 0.0;
  long long nanos = at->tv_nsec + (long long)(seconds * 1e9);
  at->tv_sec += nanos / 1000000000;
  at->tv_nsec = nanos % 1000000000;
  if (at->tv_nsec < 0) {
    at->tv_nsec += 1000000000;
    at->tv_sec -= 1;
  }
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, at);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) bend(at);
  return result;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  struct timespec now;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return result;
}

time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
