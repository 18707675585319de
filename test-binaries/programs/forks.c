// A program of many processes: trees of forks, pipes between them, execs of itself, thousands in sum. Every
// process tells how many there are in its part of the tree; the sums must be right.
//   forks [ROUNDS]
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WIDTH = 3, DEPTH = 4, TREE = 1 + 3 + 9 + 27 + 81 };
#define NEED(condition)                                                                    \
  do {                                                                                     \
    if (!(condition)) dprintf(1, "forks, line %d: not %s (%s)\n", __LINE__, #condition, strerror(errno)), _exit(1); \
  } while (0)

static char memory[64 << 10];
static int status_of(pid_t pid) {
  int status;
  NEED(waitpid(pid, &status, 0) == pid);
  return status;
}

// A process with its children below it, each an own copy of the memory; the number of processes, by a pipe.
static int tree(int depth, int out) {
  int p[2], count = 1;
  pid_t children[WIDTH];
  memset(memory, depth, sizeof memory);
  if (depth) {
    NEED(!pipe(p));
    for (int i = 0; i < WIDTH; i++) {
      children[i] = fork();
      NEED(children[i] >= 0);
      if (!children[i]) close(p[0]), _exit(tree(depth - 1, p[1]));
    }
    close(p[1]);
    int got, part, seen = 0;
    while ((got = (int)read(p[0], &part, sizeof part)) == sizeof part) count += part, seen++;
    NEED(got == 0 && seen == WIDTH);
    close(p[0]);
    for (int i = 0; i < WIDTH; i++) NEED(status_of(children[i]) == 0);
  }
  for (size_t i = 0; i < sizeof memory; i++) NEED(memory[i] == depth);
  NEED(write(out, &count, sizeof count) == sizeof count);
  return 0;
}

static int grow(void) {
  int p[2], count = 0;
  NEED(!pipe(p));
  pid_t root = fork();
  NEED(root >= 0);
  if (!root) close(p[0]), _exit(tree(DEPTH, p[1]));
  close(p[1]);
  NEED(read(p[0], &count, sizeof count) == sizeof count && count == TREE);
  close(p[0]);
  NEED(status_of(root) == 0);
  return count;
}

// Each executes itself with a smaller number, half by fork, half by vfork, until none is left.
static int chain(const char *self, int length) {
  char number[12];
  snprintf(number, sizeof number, "%d", length);
  char *const words[] = {"forks", "--chain", number, 0};
  pid_t child = length % 2 ? fork() : vfork();
  if (!child) execv(self, words), _exit(127);
  NEED(child > 0);
  int status = status_of(child);
  NEED(WIFEXITED(status) && WEXITSTATUS(status) == 17);
  return length;
}

// A pipeline whose stages add one to each number that comes through.
static int pipeline(int stages) {
  int from[2], to[2], first;
  NEED(!pipe2(from, O_CLOEXEC));
  first = from[1];
  for (int i = 0; i < stages; i++) {
    NEED(!pipe2(to, O_CLOEXEC));
    pid_t child = fork();
    NEED(child >= 0);
    if (!child) {
      int n;
      close(first), close(to[0]);
      while (read(from[0], &n, sizeof n) == sizeof n) {
        n++;
        NEED(write(to[1], &n, sizeof n) == sizeof n);
      }
      _exit(0);
    }
    close(from[0]), close(to[1]);
    from[0] = to[0];
  }
  for (int n = 0; n < 100; n++) NEED(write(first, &n, sizeof n) == sizeof n);
  close(first);
  for (int n = 0, got; n < 100; n++) NEED(read(from[0], &got, sizeof got) == sizeof got && got == n + stages);
  NEED(read(from[0], memory, 1) == 0);
  close(from[0]);
  for (int i = 0; i < stages; i++) NEED(wait(0) > 0);
  return stages;
}

// Children that are killed at any time, some stopped before, some with children of their own that become orphans.
static int killed(int many) {
  pid_t children[64];
  NEED(many <= 64);
  for (int i = 0; i < many; i++) {
    children[i] = fork();
    NEED(children[i] >= 0);
    while (!children[i]) {
      if (i % 3) usleep(1000);
      memset(memory, i, sizeof memory);
    }
  }
  for (int i = 0; i < many; i++) {
    if (i % 4 == 0) kill(children[i], SIGSTOP);
    NEED(!kill(children[i], i % 4 == 1 ? SIGTERM : SIGKILL));
  }
  for (int i = 0; i < many; i++) {
    int status = status_of(children[i]);
    NEED(WIFSIGNALED(status) && WTERMSIG(status) == (i % 4 == 1 ? SIGTERM : SIGKILL));
  }
  return many;
}

int main(int argc, char **argv) {
  if (argc == 3 && !strcmp(argv[1], "--chain")) {
    int left = atoi(argv[2]);
    if (left > 1) chain("/proc/self/exe", left - 1);
    return 17;
  }
  int rounds = argc > 1 ? atoi(argv[1]) : 5, sum = 0;
  for (int i = 0; i < rounds; i++) sum += grow() + chain("/proc/self/exe", 20) + pipeline(20) + killed(30);
  NEED(waitpid(-1, 0, WNOHANG) == -1 && errno == ECHILD);
  printf("%d processes: right\n", sum);
  return 0;
}
