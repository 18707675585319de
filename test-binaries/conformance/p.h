// For the conformance programs about processes: children that judge themselves, and ends told as one number.
// The groups run in a child of the first process, which does nothing but collect orphans: what a parent's
// parent would see is the same natively and in a machine, where the program is the first process.
#ifndef P_H
#define P_H
#include "t.h"
#include <sys/prctl.h>
#include <sys/wait.h>

extern char **environ;
#define SELF "/proc/self/exe"
#define NOBODY 65534

// A child that runs these statements and ends with status 0; its process id.
#define CHILD(...)                 \
  ({                               \
    pid_t t_pid = fork();          \
    if (!t_pid) {                  \
      __VA_ARGS__;                 \
      _exit(0);                    \
    }                              \
    t_pid;                         \
  })

// In a child: the condition holds, or it says so and ends with status 99.
#define NEED(condition)                                                                                        \
  do {                                                                                                         \
    errno = 0;                                                                                                 \
    if (!(condition)) {                                                                                        \
      dprintf(1, "# child of %s:%d needs %s (errno %d %s)\n", t_group, __LINE__, #condition, errno, strerror(errno)); \
      _exit(99);                                                                                               \
    }                                                                                                          \
  } while (0)
// In a child: -1 with this errno.
#define NEED_FAIL(expr, want) NEED((expr) == -1 && errno == (want))

// How a process ends: its exit status, or 1000 plus the signal; negative where it cannot be waited for.
static int ended(pid_t pid) {
  int status;
  pid_t got;
  while ((got = waitpid(pid, &status, __WALL)) < 0 && errno == EINTR) {}
  if (got != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : -2;
}
#define KILLED(signal) (1000 + (signal))
// A child with these statements comes to a good end.
#define CHILD_OK(...) t_eq(__LINE__, "a child that checks itself", ended(CHILD(__VA_ARGS__)), 0)

// A byte through a pipe: what one process does, another can wait for. P_IN and P_OUT are its ends.
enum { P_OUT, P_IN };
static void p_tell(int *p) { write(p[P_IN], "!", 1); }
static int p_hear(int *p) {
  char c;
  ssize_t n;
  while ((n = read(p[P_OUT], &c, 1)) < 0 && errno == EINTR) {}
  return n == 1;
}
static void p_close(int *p) { close(p[0]), close(p[1]); }

// Whether a process is a zombie, sleeps, …: the letter of its state, or 0.
static char p_state(pid_t pid) {
  char path[40], text[512], *end;
  sprintf(path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  if (n <= 0) return 0;
  text[n] = 0;
  end = strrchr(text, ')');
  return end ? end[2] : 0;
}

static int p_main(int argc, char **argv, const struct group *groups) {
  int status = 1;
  if (getpid() != 1) return t_main(argc, argv, groups);
  pid_t tests = fork(), got;
  if (tests < 0) {
    printf("not ok setup: fork: %s\n0 passed, 1 failed\n", strerror(errno));
    return 1;
  }
  if (!tests) exit(t_main(argc, argv, groups));
  while ((got = waitpid(-1, &status, __WALL)) != tests)
    if (got < 0 && errno != EINTR) return 1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The groups, and what runs instead when the first argument begins with two dashes (after an exec).
#define P_MAIN(helper, ...)                                                 \
  int main(int argc, char **argv) {                                         \
    static const struct group groups[] = {__VA_ARGS__, {0, 0}};             \
    if (argc > 1 && !strncmp(argv[1], "--", 2)) return helper(argc, argv);  \
    return p_main(argc, argv, groups);                                      \
  }
static int p_no_helper(int argc, char **argv) { return (void)argc, (void)argv, 1; }
#endif
