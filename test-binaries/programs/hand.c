// A first process for tests of programs of many processes: starts a program and does to it what it is told
// over TCP, a line a connection. What is left of the line's processes becomes its child, and is collected.
//   hand PORT PROGRAM [ARGUMENTS…]
//   signal N       sends a signal to the program           start    starts it (again)
//   wait           answers when it has ended               quit     ends everything, with the status of the last end
//   processes      a line for each process: id, parent, effective user, threads, state, name
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char **program;
static pid_t child;
static int last;

static void fail(const char *what) {
  fprintf(stderr, "hand: %s: %s\n", what, strerror(errno));
  exit(125);
}

static void start(void) {
  child = fork();
  if (child < 0) fail("fork");
  if (!child) {
    execv(program[0], program);
    fail(program[0]);
  }
}

static void ended(pid_t pid, int status) {
  if (pid != child) return;
  child = 0;
  last = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void collect(int wait_for_program) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, wait_for_program && child ? 0 : WNOHANG)) > 0) ended(pid, status);
}

static void processes(FILE *out) {
  DIR *folder = opendir("/proc");
  struct dirent *entry;
  if (!folder) fail("/proc");
  while ((entry = readdir(folder))) {
    char path[300], line[200], name[64] = "", state = '?';
    int pid = atoi(entry->d_name), parent = -1, user = -1, threads = 0;
    if (pid <= 0) continue;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *in = fopen(path, "r");
    if (!in) continue;
    while (fgets(line, sizeof line, in)) {
      sscanf(line, "Name:\t%63[^\n]", name), sscanf(line, "State:\t%c", &state), sscanf(line, "PPid:\t%d", &parent);
      sscanf(line, "Uid:\t%*d\t%d", &user), sscanf(line, "Threads:\t%d", &threads);
    }
    fclose(in);
    fprintf(out, "%d %d %d %d %c %s\n", pid, parent, user, threads, state, name);
  }
  closedir(folder);
}

// Does what one line says; whether to go on.
static int obey(const char *line, FILE *out) {
  int number;
  collect(0);
  if (sscanf(line, "signal %d", &number) == 1) {
    fprintf(out, child && !kill(child, number) ? "ok\n" : "no process\n");
  } else if (!strncmp(line, "processes", 9)) {
    processes(out);
  } else if (!strncmp(line, "wait", 4)) {
    collect(1);
    fprintf(out, "status %d\n", last);
  } else if (!strncmp(line, "start", 5)) {
    if (!child) start();
    fprintf(out, "ok\n");
  } else if (!strncmp(line, "quit", 4)) {
    fprintf(out, "bye\n");
    return 0;
  } else {
    fprintf(out, "what?\n");
  }
  return 1;
}

int main(int argc, char **argv) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  char line[256];
  int go_on = 1;
  if (argc < 3) return fprintf(stderr, "usage: hand PORT PROGRAM [ARGUMENTS…]\n"), 2;
  program = argv + 2;
  address.sin_port = htons((uint16_t)atoi(argv[1]));
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8)) fail("listen");
  start();
  while (go_on) {
    int fd = accept4(listener, 0, 0, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ssize_t n = read(fd, line, sizeof line - 1);
    line[n > 0 ? n : 0] = 0;
    FILE *out = fdopen(fd, "w");
    go_on = obey(line, out);
    fclose(out);
  }
  return last;
}
