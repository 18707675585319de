// Being told: signals about files that become ready (O_ASYNC).
#include "t.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static volatile int told, told_code, told_fd;
static volatile long told_band;
static void on_ready(int sig, siginfo_t *info, void *context) {
  told_code = info->si_code, told_fd = info->si_fd, told_band = info->si_band;
  told = sig;
}
static int heard(int sig) {
  int yes = UNTIL(told == sig);
  told = 0;
  return yes;
}
static void listen_for(int sig) {
  struct sigaction act = {.sa_sigaction = on_ready, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(sig, &act, 0);
}

static void sigio_pipes(void) {
  int p[2];
  char c[8];
  setpgid(0, 0);
  listen_for(SIGIO), listen_for(SIGUSR1);
  EQ(pipe(p), 0);
  EQ(fcntl(p[0], F_GETOWN), 0);
  EQ(fcntl(p[0], F_GETSIG), 0);
  EQ(fcntl(p[0], F_SETOWN, getpid()), 0);
  EQ(fcntl(p[0], F_GETOWN), getpid());
  EQ(write(p[1], "a", 1), 1);
  EQ(told, 0);
  EQ(fcntl(p[0], F_SETFL, O_ASYNC), 0);
  EQ(fcntl(p[0], F_GETFL) & O_ASYNC, O_ASYNC);
  EQ(write(p[1], "b", 1), 1);
  YES(heard(SIGIO));
  EQ(told_code, SI_KERNEL);
  EQ(fcntl(p[0], F_SETSIG, SIGUSR1), 0);
  EQ(fcntl(p[0], F_GETSIG), SIGUSR1);
  EQ(write(p[1], "c", 1), 1);
  YES(heard(SIGUSR1));
  EQ(told_code, POLL_IN);
  EQ(told_fd, p[0]);
  EQ(told_band, POLLIN | POLLRDNORM);
  FAIL(fcntl(p[0], F_SETSIG, 65), EINVAL);
  FAIL(fcntl(p[0], F_SETSIG, -1), EINVAL);
  FAIL(fcntl(p[0], F_SETOWN, 4194303), ESRCH);
  struct f_owner_ex { int type; pid_t pid; } ex = {0, gettid()};
  EQ(fcntl(p[0], 15, &ex), 0);
  EQ(fcntl(p[0], 16, &ex), 0);
  EQ(ex.type, 0);
  EQ(ex.pid, gettid());
  ex.type = 9;
  FAIL(fcntl(p[0], 15, &ex), EINVAL);
  EQ(write(p[1], "d", 1), 1);
  YES(heard(SIGUSR1));
  ex.type = 2, ex.pid = getpgrp();
  EQ(fcntl(p[0], 15, &ex), 0);
  EQ(fcntl(p[0], F_GETOWN) == -getpgrp() || errno == 0, 1);
  EQ(write(p[1], "d", 1), 1);
  YES(heard(SIGUSR1));
  EQ(fcntl(p[0], F_SETOWN, 0), 0);
  EQ(write(p[1], "e", 1), 1);
  t_sleep_ms(5);
  EQ(told, 0);
  EQ(fcntl(p[0], F_SETOWN, getpid()), 0);
  EQ(fcntl(p[0], F_SETFL, 0), 0);
  EQ(write(p[1], "f", 1), 1);
  t_sleep_ms(5);
  EQ(told, 0);
  int on = 1;
  EQ(ioctl(p[0], FIOASYNC, &on), 0);
  EQ(fcntl(p[0], F_GETFL) & O_ASYNC, O_ASYNC);
  close(p[1]);
  YES(heard(SIGUSR1));
  close(p[0]);
  // What never becomes ready has no such flag.
  int fd = t_file("plain", "text");
  EQ(fcntl(fd, F_SETFL, O_ASYNC), 0);
  EQ(fcntl(fd, F_GETFL) & O_ASYNC, 0);
  close(fd), unlink("plain");
}

static int child_hears(void *arg) {
  int *s = arg;
  listen_for(SIGUSR1);
  fcntl(s[1], F_SETOWN, getpid()), fcntl(s[1], F_SETSIG, SIGUSR1), fcntl(s[1], F_SETFL, O_ASYNC);
  write(s[1], "!", 1);
  if (!heard(SIGUSR1)) return 1;
  if (told_code != POLL_IN) return 2;
  return told_fd == s[1] ? 0 : 3;
}
static void sigio_sockets(void) {
  int s[2], status = -1;
  char c;
  EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) _exit(child_hears(s));
  EQ(read(s[0], &c, 1), 1);
  EQ(write(s[0], "x", 1), 1);
  EQ(waitpid(pid, &status, 0), pid);
  EQ(status, 0);
  close(s[0]), close(s[1]);
  listen_for(SIGIO);
  told = 0;
  EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, s), 0);
  EQ(fcntl(s[0], F_SETOWN, getpid()), 0);
  EQ(fcntl(s[0], F_SETFL, O_ASYNC | O_NONBLOCK), 0);
  EQ(write(s[1], "x", 1), 1);
  YES(heard(SIGIO));
  EQ(read(s[0], &c, 1), 1);
  EQ(told, 0);
  close(s[0]), close(s[1]);
}

MAIN(G(sigio_pipes), G(sigio_sockets))
