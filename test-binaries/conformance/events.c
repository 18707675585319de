// Events: pipes, eventfd, timerfd, signalfd, epoll, poll and select, socket pairs and UNIX sockets.
#include "t.h"
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

static int available(int fd) {
  int n = -1;
  ioctl(fd, FIONREAD, &n);
  return n;
}
static int ready(int fd, short events) {
  struct pollfd p = {fd, events, 0};
  poll(&p, 1, 0);
  return p.revents;
}

struct later { int fd, ms; const char *text; };
static void *write_later(void *arg) {
  struct later *l = arg;
  t_sleep_ms(l->ms);
  write(l->fd, l->text, strlen(l->text));
  return 0;
}
static void *close_later(void *arg) {
  struct later *l = arg;
  t_sleep_ms(l->ms);
  close(l->fd);
  return 0;
}
static void *drain_later(void *arg) {
  struct later *l = arg;
  char c[65536];
  t_sleep_ms(l->ms);
  return (void *)(long)read(l->fd, c, sizeof c);
}

static void pipes(void) {
  int p[2];
  char c[16];
  static char big[200000];
  EQ(pipe(p), 0);
  EQ(fcntl(p[0], F_GETFL) & O_ACCMODE, O_RDONLY);
  EQ(fcntl(p[1], F_GETFL) & O_ACCMODE, O_WRONLY);
  FAIL(write(p[0], "x", 1), EBADF);
  FAIL(read(p[1], c, 1), EBADF);
  EQ(write(p[1], "hello", 5), 5);
  EQ(available(p[0]), 5);
  EQ(read(p[0], c, 2), 2);
  SAME(c, "he", 2);
  EQ(write(p[1], "!", 1), 1);
  EQ(read(p[0], c, 16), 4);
  SAME(c, "llo!", 4);
  EQ(write(p[1], "", 0), 0);
  EQ(available(p[0]), 0);
  EQ(fcntl(p[0], F_SETFL, O_NONBLOCK), 0);
  FAIL(read(p[0], c, 1), EAGAIN);
  EQ(read(p[0], c, 0), 0);
  EQ(ready(p[0], POLLIN), 0);
  EQ(ready(p[1], POLLOUT), POLLOUT);
  // Full: 65,536 bytes, then no more.
  EQ(fcntl(p[1], F_GETPIPE_SZ), 65536);
  EQ(fcntl(p[1], F_SETFL, O_NONBLOCK), 0);
  EQ(write(p[1], big, sizeof big), 65536);
  FAIL(write(p[1], big, 1), EAGAIN);
  EQ(ready(p[1], POLLOUT), 0);
  EQ(available(p[0]), 65536);
  EQ(read(p[0], big, 4096), 4096);
  EQ(ready(p[1], POLLOUT), POLLOUT);
  // A write of at most PIPE_BUF is whole or not at all.
  EQ(write(p[1], big, 4000), 4000);
  FAIL(write(p[1], big, 4096), EAGAIN);
  while (read(p[0], big, sizeof big) > 0) {}
  EQ(fcntl(p[1], F_SETPIPE_SZ, 5000), 8192);
  EQ(fcntl(p[0], F_GETPIPE_SZ), 8192);
  EQ(write(p[1], big, sizeof big), 8192);
  FAIL(fcntl(p[1], F_SETPIPE_SZ, 4096), EBUSY);
  FAIL(fcntl(p[1], F_SETPIPE_SZ, -1), EINVAL);
  close(p[1]);
  EQ(ready(p[0], POLLIN), POLLIN | POLLHUP);
  EQ(read(p[0], big, sizeof big), 8192);
  EQ(read(p[0], c, 1), 0);
  EQ(ready(p[0], POLLIN), POLLHUP);
  close(p[0]);
  EQ(pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
  EQ(fcntl(p[0], F_GETFD), FD_CLOEXEC);
  EQ(!!(fcntl(p[1], F_GETFL) & O_NONBLOCK), 1);
  signal(SIGPIPE, SIG_IGN);
  close(p[0]);
  EQ(ready(p[1], POLLOUT), POLLOUT | POLLERR);
  FAIL(write(p[1], "x", 1), EPIPE);
  close(p[1]);
  FAIL(pipe2(p, 0x10), EINVAL);
  FAIL(syscall(SYS_pipe2, (void *)8, 0), EFAULT);
  FAIL(fcntl(0x7fff, F_GETPIPE_SZ), EBADF);
}

static void pipe_blocking(void) {
  int p[2];
  char c[16];
  static char big[100000];
  pthread_t t;
  EQ(pipe(p), 0);
  struct later l = {p[1], 20, "late"};
  pthread_create(&t, 0, write_later, &l);
  uint64_t start = t_now();
  EQ(read(p[0], c, 16), 4);
  LEAST(t_now() - start, 10 * MS);
  pthread_join(t, 0);
  // A reader waits for the end, too.
  pthread_create(&t, 0, close_later, &l);
  EQ(read(p[0], c, 16), 0);
  pthread_join(t, 0);
  close(p[0]);
  // A big write waits for the reader and is complete.
  EQ(pipe(p), 0);
  struct later d = {p[0], 20, 0};
  pthread_create(&t, 0, drain_later, &d);
  EQ(write(p[1], big, sizeof big), sizeof big);
  void *n;
  pthread_join(t, &n);
  EQ((long)n + available(p[0]), sizeof big);
  close(p[0]), close(p[1]);
  // Two writers of small records never mix within one.
  EQ(pipe(p), 0);
  struct later a = {p[1], 0, "aaaaaaaaaaaaaaaa"}, b = {p[1], 0, "bbbbbbbbbbbbbbbb"};
  int good = 0;
  for (int i = 0; i < 50; i++) {
    pthread_t u;
    char r[32];
    pthread_create(&t, 0, write_later, &a), pthread_create(&u, 0, write_later, &b);
    pthread_join(t, 0), pthread_join(u, 0);
    if (read(p[0], r, 32) != 32) break;
    int whole = 1;
    for (int k = 1; k < 16; k++) whole &= r[k] == r[0] && r[16 + k] == r[16];
    good += whole && r[0] != r[16];
  }
  EQ(good, 50);
  close(p[0]), close(p[1]);
}

static void pipe_moving(void) {
  int a[2], b[2];
  char c[32];
  EQ(pipe(a), 0);
  EQ(pipe(b), 0);
  EQ(write(a[1], "0123456789", 10), 10);
  long n = syscall(SYS_tee, a[0], b[1], 4L, 0);
  if (n == -1 && errno == ENOSYS) { SKIP("no splice, tee, vmsplice: callers copy"); goto end; }
  EQ(n, 4);
  EQ(available(a[0]), 10);
  EQ(read(b[0], c, 32), 4);
  EQ(syscall(SYS_splice, a[0], 0, b[1], 0, 6L, 0), 6);
  EQ(available(a[0]), 4);
  EQ(read(b[0], c, 32), 6);
  SAME(c, "012345", 6);
  int fd = GOOD(t_file("f", "from a file"));
  EQ(syscall(SYS_splice, fd, 0, b[1], 0, 100L, 0), 11);
  EQ(read(b[0], c, 32), 11);
  SAME(c, "from a file", 11);
  EQ(syscall(SYS_splice, fd, 0, b[1], 0, 100L, 0), 0);
  off64_t at = 5;
  EQ(syscall(SYS_splice, a[0], 0, fd, &at, 4L, 0), 4);
  EQ(at, 9);
  EQ(pread(fd, c, 32, 0), 11);
  SAME(c, "from 6789le", 11);
  FAIL(syscall(SYS_splice, a[0], &at, b[1], 0, 1L, 0), ESPIPE);
  FAIL(syscall(SYS_splice, fd, 0, fd, 0, 1L, 0), EINVAL);
  FAIL(syscall(SYS_splice, a[0], 0, b[1], 0, 1L, 2), EAGAIN);
  struct iovec v = {"vm", 2};
  EQ(syscall(SYS_vmsplice, b[1], &v, 1L, 0), 2);
  EQ(read(b[0], c, 32), 2);
  close(fd);
  unlink("f");
end:
  close(a[0]), close(a[1]), close(b[0]), close(b[1]);
}

static void event_counters(void) {
  uint64_t v = 0;
  int fd = GOOD(eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC));
  EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EQ(ready(fd, POLLIN | POLLOUT), POLLIN | POLLOUT);
  EQ(read(fd, &v, 8), 8);
  EQ(v, 3);
  FAIL(read(fd, &v, 8), EAGAIN);
  EQ(ready(fd, POLLIN | POLLOUT), POLLOUT);
  v = 5, write(fd, &v, 8);
  v = 6, EQ(write(fd, &v, 8), 8);
  EQ(read(fd, &v, 8), 8);
  EQ(v, 11);
  FAIL(read(fd, &v, 4), EINVAL);
  FAIL(write(fd, &v, 4), EINVAL);
  v = UINT64_MAX;
  FAIL(write(fd, &v, 8), EINVAL);
  v = UINT64_MAX - 1;
  EQ(write(fd, &v, 8), 8);
  EQ(ready(fd, POLLIN | POLLOUT), POLLIN);
  v = 1;
  FAIL(write(fd, &v, 8), EAGAIN);
  v = 0;
  EQ(write(fd, &v, 8), 8);
  close(fd);
  fd = GOOD(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
  EQ(read(fd, &v, 8), 8);
  EQ(v, 1);
  EQ(read(fd, &v, 8), 8);
  FAIL(read(fd, &v, 8), EAGAIN);
  close(fd);
  FAIL(eventfd(0, 0x100), EINVAL);
  fd = GOOD(eventfd(0, 0));
  pthread_t t;
  struct later w = {fd, 20, "\1\1\1\1\1\1\1\1"};
  pthread_create(&t, 0, write_later, &w);
  EQ(read(fd, &v, 8), 8);
  EQ(v, 0x0101010101010101);
  pthread_join(t, 0);
  close(fd);
}

static void timers(void) {
  uint64_t n = 0;
  struct itimerspec t = {{0, 0}, {0, 20000000}}, left, off = {{0, 0}, {0, 0}};
  int fd = GOOD(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  FAIL(read(fd, &n, 8), EAGAIN);
  uint64_t start = t_now();
  EQ(timerfd_settime(fd, 0, &t, 0), 0);
  EQ(timerfd_gettime(fd, &left), 0);
  YES(left.it_value.tv_nsec > 0 && left.it_value.tv_nsec <= 20000000);
  FAIL(read(fd, &n, 8), EAGAIN);
  struct pollfd p = {fd, POLLIN, 0};
  EQ(poll(&p, 1, 10000), 1);
  LEAST(t_now() - start, 20 * MS);
  EQ(read(fd, &n, 8), 8);
  EQ(n, 1);
  FAIL(read(fd, &n, 8), EAGAIN);
  EQ(timerfd_gettime(fd, &left), 0);
  EQ(left.it_value.tv_nsec, 0);
  t.it_interval.tv_nsec = t.it_value.tv_nsec = 5000000;
  EQ(timerfd_settime(fd, 0, &t, 0), 0);
  t_sleep_ms(32);
  EQ(read(fd, &n, 8), 8);
  LEAST(n, 6);
  EQ(timerfd_settime(fd, 0, &off, &left), 0);
  EQ(left.it_interval.tv_nsec, 5000000);
  t_sleep_ms(10);
  FAIL(read(fd, &n, 8), EAGAIN);
  FAIL(read(fd, &n, 4), EINVAL);
  close(fd);
  // Absolute, on either clock; a time long past comes at once; a blocking read waits.
  for (int i = 0; i < 2; i++) {
    clockid_t clock = i ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    fd = GOOD(timerfd_create(clock, 0));
    EQ(clock_gettime(clock, &t.it_value), 0);
    t.it_interval = (struct timespec){0, 0};
    t.it_value.tv_nsec += 20000000;
    if (t.it_value.tv_nsec >= 1000000000) t.it_value.tv_sec++, t.it_value.tv_nsec -= 1000000000;
    start = t_now();
    EQ(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, 0), 0);
    EQ(read(fd, &n, 8), 8);
    LEAST(t_now() - start, 15 * MS);
    EQ(n, 1);
    t.it_value = (struct timespec){0, 1};
    EQ(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, 0), 0);
    EQ(read(fd, &n, 8), 8);
    EQ(n, 1);
    t.it_value = (struct timespec){0, 1000000000};
    FAIL(timerfd_settime(fd, 0, &t, 0), EINVAL);
    t.it_value = (struct timespec){0, 1};
    FAIL(timerfd_settime(fd, 0x100, &t, 0), EINVAL);
    FAIL(syscall(SYS_timerfd_settime, fd, 0, (void *)8, 0), EFAULT);
    close(fd);
  }
  FAIL(timerfd_create(12345, 0), EINVAL);
  FAIL(timerfd_create(CLOCK_MONOTONIC, 0x100), EINVAL);
  FAIL(timerfd_gettime(0x7fff, &left), EBADF);
  fd = GOOD(eventfd(0, 0));
  FAIL(timerfd_gettime(fd, &left), EINVAL);
  close(fd);
}

static void signals(void) {
  sigset_t s, none;
  sigemptyset(&s), sigemptyset(&none);
  sigaddset(&s, SIGUSR1), sigaddset(&s, SIGRTMIN + 1);
  sigprocmask(SIG_BLOCK, &s, 0);
  int fd = GOOD(signalfd(-1, &s, SFD_NONBLOCK | SFD_CLOEXEC));
  struct signalfd_siginfo i[4];
  EQ(sizeof i[0], 128);
  FAIL(read(fd, i, sizeof i), EAGAIN);
  EQ(ready(fd, POLLIN), 0);
  kill(getpid(), SIGUSR1);
  sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 55});
  sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 56});
  EQ(ready(fd, POLLIN), POLLIN);
  EQ(read(fd, i, sizeof i), 3 * 128);
  EQ(i[0].ssi_signo, SIGUSR1);
  EQ(i[0].ssi_code, SI_USER);
  EQ(i[0].ssi_pid, getpid());
  EQ(i[1].ssi_signo, SIGRTMIN + 1);
  EQ(i[1].ssi_int, 55);
  EQ(i[2].ssi_int, 56);
  FAIL(read(fd, i, sizeof i), EAGAIN);
  FAIL(read(fd, i, 100), EINVAL);
  sigdelset(&s, SIGUSR1);
  EQ(signalfd(fd, &s, 0), fd);  // another set
  raise(SIGUSR1);
  EQ(ready(fd, POLLIN), 0);
  struct timespec zero = {0, 0};
  sigaddset(&s, SIGUSR1);
  EQ(sigtimedwait(&s, 0, &zero), SIGUSR1);
  FAIL(signalfd(0x7fff, &s, 0), EBADF);
  int p = GOOD(eventfd(0, 0));
  FAIL(signalfd(p, &s, 0), EINVAL);
  close(p), close(fd);
  sigprocmask(SIG_SETMASK, &none, 0);
}

static int add(int e, int fd, uint32_t events, uint64_t data) {
  struct epoll_event v = {.events = events, .data.u64 = data};
  return epoll_ctl(e, EPOLL_CTL_ADD, fd, &v);
}
static int change(int e, int fd, uint32_t events, uint64_t data) {
  struct epoll_event v = {.events = events, .data.u64 = data};
  return epoll_ctl(e, EPOLL_CTL_MOD, fd, &v);
}

static void epoll_basics(void) {
  int p[2];
  char c[8];
  struct epoll_event v[8], one = {.events = EPOLLIN};
#ifdef __x86_64__
  EQ(sizeof v[0], 12);
#else
  EQ(sizeof v[0], 16);
#endif
  int e = GOOD(epoll_create1(EPOLL_CLOEXEC));
  EQ(fcntl(e, F_GETFD), FD_CLOEXEC);
  EQ(pipe(p), 0);
  EQ(epoll_wait(e, v, 8, 0), 0);
  EQ(add(e, p[0], EPOLLIN, 0x1122334455667788), 0);
  FAIL(add(e, p[0], EPOLLIN, 1), EEXIST);
  EQ(epoll_wait(e, v, 8, 0), 0);
  write(p[1], "xy", 2);
  EQ(epoll_wait(e, v, 8, -1), 1);
  EQ(v[0].events, EPOLLIN);
  EQ(v[0].data.u64, 0x1122334455667788);
  EQ(epoll_wait(e, v, 8, 0), 1);  // level: again and again
  read(p[0], c, 1);
  EQ(epoll_wait(e, v, 8, 0), 1);
  read(p[0], c, 1);
  EQ(epoll_wait(e, v, 8, 0), 0);
  EQ(change(e, p[0], 0, 5), 0);
  write(p[1], "x", 1);
  EQ(epoll_wait(e, v, 8, 0), 0);
  EQ(change(e, p[0], EPOLLIN, 6), 0);  // a change looks again
  EQ(epoll_wait(e, v, 8, 0), 1);
  EQ(v[0].data.u64, 6);
  EQ(add(e, p[1], EPOLLOUT, 7), 0);
  EQ(epoll_wait(e, v, 8, 0), 2);
  EQ(epoll_wait(e, v, 1, 0), 1);
  uint64_t first = v[0].data.u64;
  EQ(epoll_wait(e, v, 1, 0), 1);
  YES(v[0].data.u64 != first);  // with room for one they take turns
  EQ(epoll_ctl(e, EPOLL_CTL_DEL, p[1], 0), 0);
  FAIL(epoll_ctl(e, EPOLL_CTL_DEL, p[1], 0), ENOENT);
  FAIL(change(e, p[1], EPOLLIN, 0), ENOENT);
  close(p[1]);
  read(p[0], c, 8);
  EQ(epoll_wait(e, v, 8, 0), 1);
  EQ(v[0].events, EPOLLHUP);  // comes unasked
  close(p[0]);
  EQ(epoll_wait(e, v, 8, 0), 0);  // closing takes it out
  uint64_t start = t_now();
  EQ(epoll_wait(e, v, 8, 20), 0);
  LEAST(t_now() - start, 20 * MS);
  FAIL(epoll_wait(e, v, 0, 0), EINVAL);
  FAIL(epoll_wait(e, v, -1, 0), EINVAL);
  FAIL(epoll_wait(0x7fff, v, 8, 0), EBADF);
  FAIL(syscall(SYS_epoll_ctl, e, EPOLL_CTL_ADD, 0x7fff, &one), EBADF);
  FAIL(syscall(SYS_epoll_ctl, e, EPOLL_CTL_ADD, e, &one), EINVAL);
  int fd = GOOD(t_file("f", "x"));
  FAIL(add(e, fd, EPOLLIN, 0), EPERM);  // a plain file
  FAIL(epoll_wait(fd, v, 8, 0), EINVAL);
  FAIL(epoll_ctl(fd, EPOLL_CTL_ADD, e, &one), EINVAL);
  int ev = GOOD(eventfd(1, 0));
  FAIL(epoll_ctl(e, 99, ev, &one), EINVAL);
  FAIL(syscall(SYS_epoll_ctl, e, EPOLL_CTL_ADD, ev, (void *)8), EFAULT);
  EQ(add(e, ev, EPOLLIN, 0), 0);
  FAIL(syscall(SYS_epoll_pwait, e, (void *)8, 8, 0, 0, 8L), EFAULT);
  close(ev), close(fd), close(e);
  unlink("f");
  FAIL(epoll_create1(0x100), EINVAL);
#ifdef SYS_epoll_create
  FAIL(syscall(SYS_epoll_create, 0), EINVAL);
#endif
}

static void epoll_edge(void) {
  int p[2];
  char c[8];
  struct epoll_event v[8];
  int e = GOOD(epoll_create1(0));
  EQ(pipe2(p, O_NONBLOCK), 0);
  EQ(add(e, p[0], EPOLLIN | EPOLLET, 1), 0);
  write(p[1], "ab", 2);
  EQ(epoll_wait(e, v, 8, 0), 1);
  EQ(epoll_wait(e, v, 8, 0), 0);  // told once
  read(p[0], c, 1);
  EQ(epoll_wait(e, v, 8, 0), 0);
  write(p[1], "c", 1);
  EQ(epoll_wait(e, v, 8, 0), 1);  // told again of more
  EQ(change(e, p[0], EPOLLIN | EPOLLET, 2), 0);
  EQ(epoll_wait(e, v, 8, 0), 1);
  EQ(v[0].data.u64, 2);
  EQ(epoll_wait(e, v, 8, 0), 0);
  // Once, then only after a change.
  EQ(change(e, p[0], EPOLLIN | EPOLLONESHOT, 3), 0);
  EQ(epoll_wait(e, v, 8, 0), 1);
  EQ(epoll_wait(e, v, 8, 0), 0);
  write(p[1], "d", 1);
  EQ(epoll_wait(e, v, 8, 0), 0);
  EQ(change(e, p[0], EPOLLIN | EPOLLONESHOT, 4), 0);
  EQ(epoll_wait(e, v, 8, 0), 1);
  EQ(v[0].data.u64, 4);
  // Something that is ready when it is added.
  int ev = GOOD(eventfd(1, EFD_NONBLOCK));
  EQ(add(e, ev, EPOLLIN | EPOLLET, 9), 0);
  EQ(epoll_wait(e, v, 8, 0), 1);
  EQ(v[0].data.u64, 9);
  EQ(epoll_wait(e, v, 8, 0), 0);
  uint64_t n = 1;
  write(ev, &n, 8);
  EQ(epoll_wait(e, v, 8, 0), 1);  // each write is an edge, unread or not
  // Exclusive may not be changed and not go with ONESHOT.
  int x = GOOD(eventfd(0, 0));
  FAIL(add(e, x, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT, 1), EINVAL);
  EQ(add(e, x, EPOLLIN | EPOLLEXCLUSIVE, 1), 0);
  FAIL(change(e, x, EPOLLIN, 1), EINVAL);
  FAIL(change(e, x, EPOLLIN | EPOLLEXCLUSIVE, 1), EINVAL);
  write(x, &n, 8);
  EQ(epoll_wait(e, v, 8, 0), 1);
  close(x), close(ev), close(p[0]), close(p[1]), close(e);
  // Edges of a socket: both ways, hang-up.
  int s[2];
  e = GOOD(epoll_create1(0));
  EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
  EQ(add(e, s[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 1), 0);
  EQ(epoll_wait(e, v, 8, 0), 1);
  EQ(v[0].events, EPOLLOUT);
  EQ(epoll_wait(e, v, 8, 0), 0);
  write(s[1], "x", 1);
  EQ(epoll_wait(e, v, 8, 0), 1);
  EQ(v[0].events, EPOLLIN | EPOLLOUT);
  shutdown(s[1], SHUT_WR);
  EQ(epoll_wait(e, v, 8, 0), 1);
  EQ(v[0].events, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
  close(s[1]);
  EQ(epoll_wait(e, v, 8, 0), 1);
  EQ(v[0].events, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
  close(s[0]), close(e);
}

static void *wait_exclusive(void *arg) {
  struct epoll_event v;
  return (void *)(long)epoll_wait(*(int *)arg, &v, 1, 1500);
}
static void epoll_waiting(void) {
  int ev = GOOD(eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK)), e = GOOD(epoll_create1(0));
  struct epoll_event v[8];
  pthread_t t[3];
  EQ(add(e, ev, EPOLLIN, 3), 0);
  struct later l = {ev, 20, "\1\1\1\1\1\1\1\1"};
  pthread_create(&t[0], 0, write_later, &l);
  uint64_t start = t_now();
  EQ(epoll_wait(e, v, 8, -1), 1);
  LEAST(t_now() - start, 10 * MS);
  pthread_join(t[0], 0);
  close(ev), close(e);
  // Added while another waits.
  int p[2];
  EQ(pipe(p), 0);
  e = GOOD(epoll_create1(0));
  pthread_create(&t[0], 0, wait_exclusive, &e);
  t_sleep_ms(20);
  write(p[1], "x", 1);
  EQ(add(e, p[0], EPOLLIN, 1), 0);
  void *n;
  pthread_join(t[0], &n);
  EQ((long)n, 1);
  // All that wait on one exclusively: at least one wakes, and what is left can be waited for.
  close(e), close(p[0]), close(p[1]);
  EQ(pipe(p), 0);
  int set[3];
  for (int i = 0; i < 3; i++) {
    set[i] = epoll_create1(0);
    EQ(add(set[i], p[0], EPOLLIN | EPOLLEXCLUSIVE, 1), 0);
    pthread_create(&t[i], 0, wait_exclusive, &set[i]);
  }
  t_sleep_ms(20);
  write(p[1], "x", 1);
  long woken = 0;
  for (int i = 0; i < 3; i++) pthread_join(t[i], &n), woken += (long)n;
  LEAST(woken, 1);
  for (int i = 0; i < 3; i++) close(set[i]);
  close(p[0]), close(p[1]);
}

static void epoll_nested(void) {
  struct epoll_event v[4];
  int outer = GOOD(epoll_create1(0)), inner = GOOD(epoll_create1(0)), ev = GOOD(eventfd(0, EFD_NONBLOCK));
  uint64_t n = 1;
  EQ(add(outer, inner, EPOLLIN, 1), 0);
  EQ(add(inner, ev, EPOLLIN, 2), 0);
  EQ(epoll_wait(outer, v, 4, 0), 0);
  EQ(ready(inner, POLLIN), 0);
  write(ev, &n, 8);
  EQ(ready(inner, POLLIN), POLLIN);
  EQ(ready(outer, POLLIN), POLLIN);
  EQ(epoll_wait(outer, v, 4, 0), 1);
  EQ(v[0].data.u64, 1);
  EQ(epoll_wait(inner, v, 4, 0), 1);
  EQ(v[0].data.u64, 2);
  read(ev, &n, 8);
  EQ(epoll_wait(outer, v, 4, 0), 0);
  FAIL(add(inner, outer, EPOLLIN, 3), ELOOP);
  // A duplicate keeps what was added alive; only the last close takes it out.
  int twin = GOOD(dup(ev));
  close(ev);
  n = 1;
  write(twin, &n, 8);
  EQ(epoll_wait(inner, v, 4, 0), 1);
  close(twin);
  EQ(epoll_wait(inner, v, 4, 0), 0);
  close(inner), close(outer);
  // Many at once.
  int e = GOOD(epoll_create1(0));
  static int fds[300];
  static struct epoll_event many[300];
  int made = 0;
  for (int i = 0; i < 300; i++) {
    fds[i] = eventfd(i % 3 == 0, EFD_NONBLOCK);
    made += fds[i] >= 0 && add(e, fds[i], EPOLLIN, (uint64_t)i) == 0;
  }
  EQ(made, 300);
  EQ(epoll_wait(e, many, 300, 0), 100);
  int right = 0;
  for (int i = 0; i < 100; i++) right += many[i].data.u64 % 3 == 0;
  EQ(right, 100);
  for (int i = 0; i < 300; i++) close(fds[i]);
  EQ(epoll_wait(e, many, 300, 0), 0);
  close(e);
}

static volatile int seen;
static void on_signal(int s) { (void)s, seen++; }

static void masks(void) {
  sigset_t block, none;
  sigemptyset(&block), sigemptyset(&none);
  sigaddset(&block, SIGUSR1);
  struct sigaction a = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &a, 0);
  sigprocmask(SIG_BLOCK, &block, 0);
  int ev = GOOD(eventfd(0, 0)), e = GOOD(epoll_create1(0));
  add(e, ev, EPOLLIN, 1);
  struct pollfd p = {ev, POLLIN, 0};
  struct epoll_event v;
  struct timespec ten = {10, 0}, zero = {0, 0};
  fd_set set;
  sigset_t now;
  // A pending signal that the mask lets through interrupts each of them, SA_RESTART or not.
  seen = 0;
  raise(SIGUSR1);
  EQ(poll(&p, 1, 0), 0);
  EQ(seen, 0);
  FAIL(ppoll(&p, 1, &ten, &none), EINTR);
  EQ(seen, 1);
  raise(SIGUSR1);
  FAIL(epoll_pwait(e, &v, 1, 10000, &none), EINTR);
  EQ(seen, 2);
  raise(SIGUSR1);
  FD_ZERO(&set); FD_SET(ev, &set);
  FAIL(pselect(ev + 1, &set, 0, 0, &ten, &none), EINTR);
  EQ(seen, 3);
  sigprocmask(SIG_BLOCK, 0, &now);
  EQ(sigismember(&now, SIGUSR1), 1);  // and the mask is put back
  // With the old mask nothing comes through.
  raise(SIGUSR1);
  EQ(ppoll(&p, 1, &zero, &block), 0);
  EQ(epoll_pwait(e, &v, 1, 0, &block), 0);
  EQ(seen, 3);
  long r = syscall(SYS_epoll_pwait2, e, &v, 1, &ten, &none, 8L);
  YES(r == -1 && (errno == EINTR || errno == ENOSYS));
  sigprocmask(SIG_SETMASK, &none, 0);
  EQ(seen, 4);
  FAIL(syscall(SYS_ppoll, &p, 1L, &zero, &none, 4L), EINVAL);
  FAIL(syscall(SYS_epoll_pwait, e, &v, 1, 0, &none, 4L), EINVAL);
  // Readiness wins over nothing: with data there, no EINTR and no wait.
  uint64_t n = 1;
  write(ev, &n, 8);
  EQ(ppoll(&p, 1, &ten, &none), 1);
  EQ(p.revents, POLLIN);
  close(e), close(ev);
}

static void polling(void) {
  int p[2];
  EQ(pipe(p), 0);
  struct pollfd v[4] = {{p[0], POLLIN, 9}, {p[1], POLLOUT, 9}, {-1, POLLIN, 9}, {0x7fff, POLLIN, 9}};
  EQ(poll(v, 4, -1), 2);
  EQ(v[0].revents, 0);
  EQ(v[1].revents, POLLOUT);
  EQ(v[2].revents, 0);
  EQ(v[3].revents, POLLNVAL);
  write(p[1], "x", 1);
  EQ(poll(v, 1, -1), 1);
  EQ(v[0].revents, POLLIN);
  EQ(poll(0, 0, 0), 0);
  uint64_t start = t_now();
  EQ(poll(0, 0, 20), 0);
  LEAST(t_now() - start, 20 * MS);
  v[0].events = 0;
  EQ(poll(v, 1, 0), 0);
  FAIL(syscall(SYS_ppoll, (void *)8, 1L, 0, 0, 8L), EFAULT);
  struct timespec bad = {0, -1}, zero = {0, 0}, some = {0, 20000000};
  FAIL(ppoll(v, 1, &bad, 0), EINVAL);
  EQ(ppoll(v, 1, &zero, 0), 0);
  start = t_now();
  EQ(ppoll(v, 1, &some, 0), 0);
  LEAST(t_now() - start, 20 * MS);
  int fd = GOOD(t_file("f", ""));
  v[0] = (struct pollfd){fd, POLLIN | POLLOUT, 0};
  EQ(poll(v, 1, 0), 1);
  EQ(v[0].revents, POLLIN | POLLOUT);  // files always are
  close(fd);
  unlink("f");
  int c[2];
  EQ(pipe(c), 0);
  v[0] = (struct pollfd){c[0], POLLIN, 0};
  struct later l = {c[1], 20, "x"};
  pthread_t t;
  pthread_create(&t, 0, write_later, &l);
  EQ(poll(v, 1, 10000), 1);
  EQ(v[0].revents, POLLIN);
  pthread_join(t, 0);
  char byte;
  EQ(read(c[0], &byte, 1), 1);
  pthread_create(&t, 0, close_later, &l);
  EQ(poll(v, 1, 10000), 1);
  EQ(v[0].revents, POLLHUP);
  pthread_join(t, 0);
  close(c[0]), close(p[0]), close(p[1]);
}

static void selecting(void) {
  int p[2];
  fd_set r, w, x;
  EQ(pipe(p), 0);
  FD_ZERO(&r); FD_ZERO(&w); FD_ZERO(&x);
  FD_SET(p[0], &r), FD_SET(p[1], &w), FD_SET(p[0], &x);
  struct timeval t = {5, 0};
  EQ(select(p[1] + 1, &r, &w, &x, &t), 1);
  EQ(FD_ISSET(p[0], &r), 0);
  EQ(!!FD_ISSET(p[1], &w), 1);
  EQ(FD_ISSET(p[0], &x), 0);
  write(p[1], "x", 1);
  FD_ZERO(&r); FD_SET(p[0], &r);
  EQ(select(p[1] + 1, &r, 0, 0, 0), 1);
  EQ(!!FD_ISSET(p[0], &r), 1);
  char c;
  read(p[0], &c, 1);
  t = (struct timeval){0, 20000};
  uint64_t start = t_now();
  EQ(select(p[1] + 1, &r, 0, 0, &t), 0);
  LEAST(t_now() - start, 20 * MS);
  EQ(FD_ISSET(p[0], &r), 0);
  t = (struct timeval){0, 10000};
  EQ(select(0, 0, 0, 0, &t), 0);
  FAIL(select(-1, 0, 0, 0, &t), EINVAL);
  int closed = GOOD(dup(p[0]));
  close(closed);
  FD_ZERO(&r); FD_SET(closed, &r);
  t = (struct timeval){0, 0};
  FAIL(select(closed + 1, &r, 0, 0, &t), EBADF);
  t = (struct timeval){-1, 0};
  FAIL(select(1, 0, 0, 0, &t), EINVAL);
  // Only what lies below the count is looked at.
  FD_ZERO(&r); FD_SET(p[0], &r);
  t = (struct timeval){0, 0};
  EQ(select(p[0], &r, 0, 0, &t), 0);
  close(p[0]), close(p[1]);
}

static void pairs(void) {
  int s[2];
  char c[64];
  EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
  EQ(fcntl(s[0], F_GETFD), FD_CLOEXEC);
  EQ(write(s[0], "one", 3), 3);
  EQ(write(s[0], "two", 3), 3);
  EQ(available(s[1]), 6);
  EQ(recv(s[1], c, 64, MSG_PEEK), 6);
  EQ(read(s[1], c, 64), 6);  // a stream has no borders
  EQ(send(s[1], "back", 4, 0), 4);
  EQ(recv(s[0], c, 2, 0), 2);
  EQ(recv(s[0], c, 64, MSG_DONTWAIT), 2);
  FAIL(recv(s[0], c, 64, MSG_DONTWAIT), EAGAIN);
  EQ(shutdown(s[0], SHUT_WR), 0);
  EQ(read(s[1], c, 1), 0);
  FAIL(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
  EQ(write(s[1], "still", 5), 5);
  EQ(read(s[0], c, 64), 5);
  close(s[1]);
  EQ(read(s[0], c, 1), 0);
  FAIL(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
  EQ(ready(s[0], POLLIN | POLLOUT), POLLIN | POLLOUT | POLLHUP);
  close(s[0]);
  // Closed with bytes unread: the other side is told.
  EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
  write(s[0], "x", 1);
  close(s[1]);
  FAIL(read(s[0], c, 1), ECONNRESET);
  close(s[0]);
  EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, s), 0);
  EQ(send(s[0], "one", 3, 0), 3);
  EQ(send(s[0], "", 0, 0), 0);
  EQ(send(s[0], "three", 5, 0), 5);
  EQ(recv(s[1], c, 64, 0), 3);
  EQ(recv(s[1], c, 64, 0), 0);
  EQ(recv(s[1], c, 2, MSG_TRUNC), 5);  // the rest is gone, its length is told
  FAIL(recv(s[1], c, 64, MSG_DONTWAIT), EAGAIN);
  close(s[1]);
  FAIL(send(s[0], "x", 1, MSG_NOSIGNAL), ECONNREFUSED);
  close(s[0]);
  EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s), 0);
  EQ(write(s[0], "one", 3), 3);
  EQ(write(s[0], "two", 3), 3);
  EQ(read(s[1], c, 64), 3);
  EQ(read(s[1], c, 1), 1);
  FAIL(recv(s[1], c, 64, MSG_DONTWAIT), EAGAIN);
  close(s[0]);
  EQ(read(s[1], c, 64), 0);
  close(s[1]);
  FAIL(socketpair(AF_UNIX, 99, 0, s), EINVAL);
  FAIL2(socketpair(AF_UNIX, SOCK_RAW, 99, s), EPROTONOSUPPORT, ESOCKTNOSUPPORT);
  FAIL2(socketpair(AF_INET, SOCK_STREAM, 0, s), EOPNOTSUPP, EAFNOSUPPORT);
  FAIL(socketpair(12345, SOCK_STREAM, 0, s), EAFNOSUPPORT);
  FAIL(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, (void *)8), EFAULT);
  // Much, with a reader that is slower.
  EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
  fcntl(s[0], F_SETFL, O_NONBLOCK);
  static char big[16384];
  long total = 0, n;
  while ((n = write(s[0], big, sizeof big)) > 0) total += n;
  YES(n == -1 && errno == EAGAIN);
  LEAST(total, 65536);
  EQ(ready(s[0], POLLOUT), 0);
  while (total > 0 && (n = read(s[1], big, sizeof big)) > 0) total -= n;
  EQ(total, 0);
  EQ(ready(s[0], POLLOUT), POLLOUT);
  close(s[0]), close(s[1]);
}

static struct sockaddr_un path_of(const char *path, socklen_t *length) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  size_t n = path[0] ? strlen(path) + 1 : 1 + strlen(path + 1);  // an abstract name begins with a zero
  memcpy(a.sun_path, path, n);
  *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
  return a;
}

static void local_sockets(void) {
  char c[64];
  socklen_t n, got;
  struct sockaddr_un a = path_of("sock", &n), b;
  int l = GOOD(socket(AF_UNIX, SOCK_STREAM, 0)), k = GOOD(socket(AF_UNIX, SOCK_STREAM, 0));
  FAIL(connect(k, (void *)&a, n), ENOENT);
  EQ(bind(l, (void *)&a, n), 0);
  FAIL2(bind(l, (void *)&a, n), EINVAL, EADDRINUSE);
  struct stat st;
  EQ(stat("sock", &st), 0);
  EQ(st.st_mode & S_IFMT, S_IFSOCK);
  FAIL(open("sock", O_RDONLY), ENXIO);
  FAIL(connect(k, (void *)&a, n), ECONNREFUSED);  // nobody listens yet
  FAIL(accept(l, 0, 0), EINVAL);
  EQ(listen(l, 5), 0);
  EQ(connect(k, (void *)&a, n), 0);
  FAIL(connect(k, (void *)&a, n), EISCONN);
  got = sizeof b;
  int s = GOOD(accept4(l, (void *)&b, &got, SOCK_CLOEXEC | SOCK_NONBLOCK));
  EQ(got, 2);  // the one that connects has no name
  EQ(b.sun_family, AF_UNIX);
  EQ(fcntl(s, F_GETFD), FD_CLOEXEC);
  FAIL(read(s, c, 1), EAGAIN);
  EQ(write(k, "hi", 2), 2);
  EQ(read(s, c, 64), 2);
  got = sizeof b;
  EQ(getsockname(s, (void *)&b, &got), 0);
  EQ(got, n);
  TEXT(b.sun_path, "sock");
  got = sizeof b;
  EQ(getpeername(k, (void *)&b, &got), 0);
  TEXT(b.sun_path, "sock");
  struct { int pid, uid, gid; } peer;
  got = sizeof peer;
  EQ(getsockopt(k, SOL_SOCKET, SO_PEERCRED, &peer, &got), 0);
  EQ(peer.pid, getpid());
  EQ(peer.uid, geteuid());
  int value = -1;
  got = sizeof value;
  EQ(getsockopt(l, SOL_SOCKET, SO_ACCEPTCONN, &value, &got), 0);
  EQ(value, 1);
  EQ(getsockopt(k, SOL_SOCKET, SO_TYPE, &value, &got), 0);
  EQ(value, SOCK_STREAM);
  EQ(getsockopt(k, SOL_SOCKET, SO_DOMAIN, &value, &got), 0);
  EQ(value, AF_UNIX);
  close(s), close(k), close(l);
  k = GOOD(socket(AF_UNIX, SOCK_STREAM, 0));
  FAIL(connect(k, (void *)&a, n), ECONNREFUSED);
  int again = GOOD(socket(AF_UNIX, SOCK_STREAM, 0));
  FAIL(bind(again, (void *)&a, n), EADDRINUSE);  // the name stays till it is removed
  EQ(unlink("sock"), 0);
  EQ(bind(again, (void *)&a, n), 0);
  unlink("sock");
  FAIL(bind(k, (void *)&a, 1), EINVAL);
  FAIL(listen(k, 5), EINVAL);
  FAIL(connect(k, (void *)&a, 200), EINVAL);
  close(again), close(k);
  // Abstract names: no file, gone with the socket.
  a = path_of("\0elfin-conformance", &n);
  l = GOOD(socket(AF_UNIX, SOCK_STREAM, 0)), k = GOOD(socket(AF_UNIX, SOCK_STREAM, 0));
  EQ(bind(l, (void *)&a, n), 0);
  EQ(listen(l, 1), 0);
  EQ(connect(k, (void *)&a, n), 0);
  FAIL(bind(k, (void *)&a, n), EADDRINUSE);
  s = GOOD(accept(l, 0, 0));
  got = sizeof b;
  EQ(getpeername(k, (void *)&b, &got), 0);
  EQ(got, n);
  SAME(b.sun_path, a.sun_path, n - 2);
  close(l), close(s), close(k);
  k = GOOD(socket(AF_UNIX, SOCK_STREAM, 0));
  FAIL(connect(k, (void *)&a, n), ECONNREFUSED);
  close(k);
  // Datagrams by name.
  l = GOOD(socket(AF_UNIX, SOCK_DGRAM, 0)), k = GOOD(socket(AF_UNIX, SOCK_DGRAM, 0));
  EQ(bind(l, (void *)&a, n), 0);
  EQ(sendto(k, "dgram", 5, 0, (void *)&a, n), 5);
  got = sizeof b;
  EQ(recvfrom(l, c, 64, 0, (void *)&b, &got), 5);
  FAIL(send(k, "x", 1, 0), ENOTCONN);
  EQ(connect(k, (void *)&a, n), 0);
  EQ(send(k, "x", 1, 0), 1);
  EQ(recv(l, c, 64, 0), 1);
  FAIL(listen(k, 1), EOPNOTSUPP);
  FAIL(accept(k, 0, 0), EOPNOTSUPP);
  close(l), close(k);
}

static void *accept_one(void *arg) {
  t_sleep_ms(10);
  return (void *)(long)accept(*(int *)arg, 0, 0);
}

static void backlog(void) {
  socklen_t n;
  struct sockaddr_un a = path_of("\0elfin-backlog", &n);
  int l = GOOD(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)), made = 0, taken = 0, k[200];
  EQ(bind(l, (void *)&a, n), 0);
  EQ(listen(l, 4), 0);
  FAIL(accept(l, 0, 0), EAGAIN);
  EQ(ready(l, POLLIN), 0);
  for (int i = 0; i < 20; i++) {
    k[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (connect(k[i], (void *)&a, n)) break;
    made++;
  }
  YES(errno == EAGAIN);  // full
  LEAST(made, 4);
  EQ(ready(l, POLLIN), POLLIN);
  for (int s; (s = accept(l, 0, 0)) >= 0; taken++) close(s);
  EQ(taken, made);
  for (int i = 0; i <= made; i++) close(k[i]);
  fcntl(l, F_SETFL, 0);
  // Many, one after the other.
  made = 0;
  for (int i = 0; i < 200; i++) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), s = -1;
    made += connect(fd, (void *)&a, n) == 0 && (s = accept(l, 0, 0)) >= 0;
    close(fd), close(s);
  }
  EQ(made, 200);
  close(l);
}

static void passing(void) {
  int s[2], p[2];
  char c[16], room[CMSG_SPACE(sizeof(int) * 2)];
  EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
  EQ(pipe(p), 0);
  struct iovec v = {"fd", 2};
  struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  memset(room, 0, sizeof room);
  struct cmsghdr *h = CMSG_FIRSTHDR(&m);
  h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(sizeof p);
  memcpy(CMSG_DATA(h), p, sizeof p);
  EQ(sendmsg(s[0], &m, 0), 2);
  close(p[0]), close(p[1]);  // on its way they live
  memset(room, 0, sizeof room);
  v = (struct iovec){c, sizeof c};
  m = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  EQ(recvmsg(s[1], &m, MSG_CMSG_CLOEXEC), 2);
  h = CMSG_FIRSTHDR(&m);
  YES(h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS);
  EQ(h ? h->cmsg_len : 0, CMSG_LEN(sizeof p));
  if (h) memcpy(p, CMSG_DATA(h), sizeof p);
  EQ(fcntl(p[0], F_GETFD), FD_CLOEXEC);
  EQ(write(p[1], "through", 7), 7);
  EQ(read(p[0], c, 16), 7);
  // No room for them: cut, and told.
  v = (struct iovec){"x", 1};
  m = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  h = CMSG_FIRSTHDR(&m);
  h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(sizeof p);
  memcpy(CMSG_DATA(h), p, sizeof p);
  EQ(sendmsg(s[0], &m, 0), 1);
  v = (struct iovec){c, sizeof c};
  m = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1};
  EQ(recvmsg(s[1], &m, 0), 1);
  EQ(m.msg_flags & MSG_CTRUNC, MSG_CTRUNC);
  // Descriptors that are none.
  int bad = 0x7fff;
  v = (struct iovec){"x", 1};
  m = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = CMSG_LEN(sizeof bad)};
  h = CMSG_FIRSTHDR(&m);
  h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(sizeof bad);
  memcpy(CMSG_DATA(h), &bad, sizeof bad);
  FAIL(sendmsg(s[0], &m, 0), EBADF);
  // Credentials, where they are asked for.
  int on = 1;
  EQ(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
  EQ(send(s[0], "c", 1, 0), 1);
  memset(room, 0, sizeof room);
  char wide[CMSG_SPACE(sizeof(struct ucred))];
  v = (struct iovec){c, sizeof c};
  m = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1, .msg_control = wide, .msg_controllen = sizeof wide};
  EQ(recvmsg(s[1], &m, 0), 1);
  h = CMSG_FIRSTHDR(&m);
  YES(h && h->cmsg_type == SCM_CREDENTIALS);
  struct ucred u = {0};
  if (h) memcpy(&u, CMSG_DATA(h), sizeof u);
  EQ(u.pid, getpid());
  close(p[0]), close(p[1]), close(s[0]), close(s[1]);
}

// inotify may be missing (then callers poll); where it is there, it must tell the truth.
static void watching(void) {
  long fd = syscall(SYS_inotify_init1, O_NONBLOCK);
  if (fd < 0) {
    YES(errno == ENOSYS);
    return;
  }
  EQ(syscall(SYS_inotify_add_watch, fd, ".", 0x100), 1);  // IN_CREATE
  close(t_file("watched", ""));
  struct { int wd; uint32_t mask, cookie, length; char name[240]; } e;
  LEAST(read((int)fd, &e, sizeof e), 16 + 8);
  EQ(e.wd, 1);
  EQ(e.mask, 0x100);
  TEXT(e.name, "watched");
  FAIL(read((int)fd, &e, sizeof e), EAGAIN);
  close((int)fd);
  unlink("watched");
}

MAIN(G(pipes), G(pipe_blocking), G(pipe_moving), G(event_counters), G(timers), G(signals), G(epoll_basics), G(epoll_edge),
     G(epoll_waiting), G(epoll_nested), G(masks), G(polling), G(selecting), G(pairs), G(local_sockets), G(backlog), G(passing),
     G(watching))
