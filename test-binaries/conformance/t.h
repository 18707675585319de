// The frame of every conformance program: checks that print `ok NAME` or `not ok NAME: got … want …`,
// groups of checks, and a closing `N passed, N failed` with exit status 1 where anything failed.
// With arguments, only the groups named run.
#ifndef T_H
#define T_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"

struct group {
  const char *name;
  void (*run)(void);
};

static const char *t_group = "";
static int t_passed, t_failed;
static pthread_mutex_t t_lock = PTHREAD_MUTEX_INITIALIZER;

static void t_result(int good, int line, const char *what, const char *format, ...) {
  va_list list;
  pthread_mutex_lock(&t_lock);
  if (good) {
    t_passed++;
    printf("ok %s:%d %s\n", t_group, line, what);
  } else {
    t_failed++;
    printf("not ok %s:%d %s: ", t_group, line, what);
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    putchar('\n');
  }
  pthread_mutex_unlock(&t_lock);
}

static long long t_eq(int line, const char *what, long long got, long long want) {
  int e = errno;
  t_result(got == want, line, what, "got %lld (errno %d %s) want %lld", got, e, strerror(e), want);
  return got;
}
static long long t_least(int line, const char *what, long long got, long long want) {
  int e = errno;
  t_result(got >= want, line, what, "got %lld (errno %d %s) want at least %lld", got, e, strerror(e), want);
  return got;
}
static void t_true(int line, const char *what, int good) {
  int e = errno;
  t_result(good, line, what, "got false (errno %d %s) want true", e, strerror(e));
}
static void t_error(int line, const char *what, long long got, int e, int want) {
  t_result(got == -1 && e == want, line, what, "got %lld, errno %d %s want -1, errno %d %s", got, e, strerror(e), want, strerror(want));
}
static void t_text(int line, const char *what, const char *got, const char *want) {
  t_result(got && !strcmp(got, want), line, what, "got \"%s\" want \"%s\"", got ? got : "(null)", want);
}

// EQ: the value is this. LEAST: at least this. YES: the condition holds (it may look at errno).
#define EQ(expr, want) t_eq(__LINE__, #expr " == " #want, (errno = 0, (long long)(expr)), (long long)(want))
#define LEAST(expr, want) t_least(__LINE__, #expr " >= " #want, (errno = 0, (long long)(expr)), (long long)(want))
#define YES(condition) t_true(__LINE__, #condition, !!(condition))
#define TEXT(expr, want) t_text(__LINE__, #expr " is " #want, (expr), (want))
// GOOD: not negative; gives the value. FAIL: -1 with this errno.
#define GOOD(expr) t_least(__LINE__, #expr, (errno = 0, (long long)(expr)), 0)
#define FAIL(expr, want)                            \
  do {                                              \
    errno = 0;                                      \
    long long t_got = (long long)(expr);            \
    t_error(__LINE__, #expr " fails with " #want, t_got, errno, want); \
  } while (0)
// FAIL2: -1 with one of two values of errno.
#define FAIL2(expr, a, b)                           \
  do {                                              \
    errno = 0;                                      \
    long long t_got = (long long)(expr);            \
    int t_errno = errno;                            \
    t_error(__LINE__, #expr " fails with " #a " or " #b, t_got, t_errno, t_errno == (b) ? (b) : (a)); \
  } while (0)
#define SAME(a, b, n) t_true(__LINE__, #a " has the bytes of " #b, !memcmp((a), (b), (n)))
#define SKIP(why) printf("# skip %s: %s\n", t_group, why)

static uint64_t t_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
#define MS 1000000ull

static void t_sleep_ms(long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&t, &t) && errno == EINTR) {}
}

// Waits (up to ten seconds) until the condition holds; false where it never does.
#define UNTIL(condition)                                                   \
  ({                                                                       \
    uint64_t t_end = t_now() + 10000 * MS;                                 \
    int t_yes;                                                             \
    while (!(t_yes = !!(condition)) && t_now() < t_end) t_sleep_ms(1);     \
    t_yes;                                                                 \
  })

// A file with this content in the working folder.
static int t_file(const char *path, const char *text) {
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return fd;
  if (write(fd, text, strlen(text)) != (ssize_t)strlen(text)) return -1;
  lseek(fd, 0, SEEK_SET);
  return fd;
}

// The text of a (small) file, in a static buffer; empty where it cannot be read.
static const char *t_slurp(const char *path) {
  static char text[65536];
  size_t n = 0;
  ssize_t got;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  text[0] = 0;
  if (fd < 0) return text;
  while (n < sizeof text - 1 && (got = read(fd, text + n, sizeof text - 1 - n)) > 0) n += (size_t)got;
  text[n] = 0;
  close(fd);
  return text;
}

static char t_folder[64];

static int t_main(int argc, char **argv, const struct group *groups) {
  setvbuf(stdout, 0, _IOLBF, 4096);
  mkdir("/tmp", 01777);
  strcpy(t_folder, "/tmp/conformance.XXXXXX");
  if (!mkdtemp(t_folder) || chdir(t_folder)) {
    printf("not ok setup: no working folder %s: %s\n0 passed, 1 failed\n", t_folder, strerror(errno));
    return 1;
  }
  for (const struct group *g = groups; g->name; g++) {
    int wanted = argc < 2;
    for (int i = 1; i < argc; i++) wanted |= !strcmp(argv[i], g->name);
    if (!wanted) continue;
    t_group = g->name;
    printf("# %s\n", g->name);
    g->run();
  }
  chdir("/"), rmdir(t_folder);
  printf("%d passed, %d failed\n", t_passed, t_failed);
  return t_failed != 0;
}

#define G(name) {#name, name}
#define MAIN(...)                                   \
  int main(int argc, char **argv) {                 \
    static const struct group groups[] = {__VA_ARGS__, {0, 0}}; \
    return t_main(argc, argv, groups);              \
  }
#endif
