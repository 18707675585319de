// Runs programs one after the other, each in a process of its own with a time limit, and prints how
// each one ended: `driver SECONDS LIST FOLDER`, where LIST names a file with a program's name a line.
// As the first process of a machine it also waits for what its programs leave behind.
//   NAME: exit N | signal N | timeout, MS ms | the end of what it printed, unless it passed
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif

static const char *folder;

// A case gets its own session, so that what it sends to its group reaches only itself, and a folder to
// itself, which most look for in the current one.
static void run(const char *name, int output) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  setsid();
  int null = open("/dev/null", O_RDONLY);
  dup2(null, 0), dup2(output, 1), dup2(output, 2);
  for (int fd = 3; fd < 16; fd++) close(fd);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, 0);
  signal(SIGCHLD, SIG_DFL);
  execl(path, path, (char *)0);
  _exit(126);
}

// Waits for `pid` at most `seconds`; whether it ended in time.
static int wait_for(pid_t pid, int seconds, int *status) {
  struct timespec now, end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += seconds;
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  for (;;) {
    pid_t ended;
    while ((ended = waitpid(-1, status, WNOHANG)) > 0)
      if (ended == pid) return 1;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec >= end.tv_sec) return 0;
    struct timespec step = {1, 0};
    sigtimedwait(&child, 0, &step);
  }
}

// The end of what a case printed, on one line.
static void tail(int output) {
  char text[4096];
  struct stat stat;
  fstat(output, &stat);
  off_t from = stat.st_size > (off_t)sizeof text ? stat.st_size - (off_t)sizeof text : 0;
  ssize_t n = pread(output, text, sizeof text - 1, from);
  if (n < 0) n = 0;
  while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' ')) n--;
  text[n] = 0;
  char *start = n > 160 ? text + n - 160 : text;
  for (char *c = start; *c; c++)
    if (*c < ' ' || *c > '~') *c = ' ';
  if (*start) printf(" | %s", start);
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: driver SECONDS LIST FOLDER\n"), 2;
  int seconds = atoi(argv[1]);
  FILE *list = fopen(argv[2], "re");
  folder = argv[3];
  if (!list) return perror(argv[2]), 2;
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, 0);
  umask(022);
  mkdir("/tmp", 01777), mkdir("/dev", 0755), mkdir("/dev/shm", 01777);
  setvbuf(stdout, 0, _IOLBF, BUFSIZ);
  // Cases with real-time threads must not keep us from looking at the clock.
  struct sched_param highest = {.sched_priority = sched_get_priority_max(SCHED_FIFO)};
  sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &highest);
  char name[128];
  while (fgets(name, sizeof name, list)) {
    name[strcspn(name, "\n")] = 0;
    if (!*name) continue;
    int output = open("/tmp/posix-case-output", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    unlink("/tmp/posix-case-output");
    printf("%s: ", name);
    fflush(stdout);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t pid = fork();
    if (pid < 0) return perror("fork"), 2;
    if (pid == 0) run(name, output);
    int status = 0;
    int ended = wait_for(pid, seconds, &status);
    if (!ended) kill(pid, SIGKILL), waitpid(pid, &status, 0);
    kill(-pid, SIGKILL);
    while (waitpid(-1, 0, WNOHANG) > 0) {}
    clock_gettime(CLOCK_MONOTONIC, &end);
    if (!ended) printf("timeout");
    else if (WIFSIGNALED(status)) printf("signal %d", WTERMSIG(status));
    else printf("exit %d", WEXITSTATUS(status));
    printf(", %ld ms", (long)(end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000);
    if (!ended || status) tail(output);
    printf("\n");
    close(output);
  }
  printf("driver: done\n");
  return 0;
}
