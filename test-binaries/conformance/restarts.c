// Blocking calls that a signal with a handler interrupts: which go on with SA_RESTART, and which fail with
// EINTR all the same (signal(7), "Interruption of system calls and library functions by signal handlers").
#include "t.h"
#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#define ENOUGH 8  // signals, and then what the call waits for
static volatile int seen, done, helped;
static void note(int signo) { (void)signo, seen++; }

static int p[2], sock[2], fd, listener, queue, semaphore;
static volatile int word;
static pid_t child;
static char big[1 << 16];

struct call {
  const char *name;
  long (*run)(void);
  void (*help)(void);  // ends the wait as the call wants it
  int restarts;
};

static long do_read(void) { char c; return read(p[0], &c, 1); }
static long do_readv(void) {
  char c;
  struct iovec v = {&c, 1};
  return readv(p[0], &v, 1);
}
static void help_write(void) { write(p[1], "x", 1); }
static long do_write(void) { return write(p[1], big, sizeof big); }
static void help_drain(void) {
  size_t n = 0;
  ssize_t got;
  while (n < 2 * sizeof big && (got = read(p[0], big, sizeof big)) > 0) n += (size_t)got;
}
static long do_open(void) {
  int f = open("fifo", O_RDONLY);
  if (f >= 0) close(f);
  return f;
}
static void help_open(void) { close(open("fifo", O_WRONLY)); }
static long do_wait4(void) { return waitpid(child, 0, 0); }
static long do_waitid(void) { return waitid(P_PID, (id_t)child, 0, WEXITED); }
static void help_child(void) { kill(child, SIGKILL); }
static long do_accept(void) {
  int f = accept(listener, 0, 0);
  if (f >= 0) close(f);
  return f;
}
static void help_connect(void) {
  struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "listener"};
  int f = socket(AF_UNIX, SOCK_STREAM, 0);
  connect(f, (struct sockaddr *)&at, sizeof at);
  close(f);
}
static long do_recv(void) { char c; return recv(sock[0], &c, 1, 0); }
static long do_recvmsg(void) {
  char c;
  struct iovec v = {&c, 1};
  struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
  return recvmsg(sock[0], &m, 0);
}
static void help_send(void) { send(sock[1], "x", 1, 0); }
static long do_recv_timeout(void) {
  struct timeval ten = {10, 0};
  setsockopt(sock[0], SOL_SOCKET, SO_RCVTIMEO, &ten, sizeof ten);
  return do_recv();
}
static long do_accept_timeout(void) {
  struct timeval ten = {10, 0};
  setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &ten, sizeof ten);
  return do_accept();
}
static long do_flock(void) { return flock(fd, LOCK_EX); }
static void help_unlock(void) { flock(queue, LOCK_UN); }
static long do_setlkw(void) {
  struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_SETLKW, &l);
}
static long do_futex(void) { return syscall(SYS_futex, &word, FUTEX_WAIT, 0, 0, 0, 0); }
static long do_futex_timeout(void) {
  struct timespec ten = {10, 0};
  return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &ten, 0, 0);
}
static void help_futex(void) {
  word = 1;
  syscall(SYS_futex, &word, FUTEX_WAKE, 1, 0, 0, 0);
}
static long do_counter(void) { uint64_t n; return read(fd, &n, 8); }
static void help_counter(void) { uint64_t one = 1; write(fd, &one, 8); }
static void help_timer(void) {
  struct itimerspec t = {{0, 0}, {0, 1}};
  timerfd_settime(fd, 0, &t, 0);
}
static long do_signalfd(void) { struct signalfd_siginfo s; return read(fd, &s, sizeof s); }
static void help_signal(void) { kill(getpid(), SIGUSR2); }
static long do_inotify(void) { char e[512]; return read(fd, e, sizeof e); }
static void help_inotify(void) { close(open("new", O_CREAT | O_RDWR, 0600)), unlink("new"); }
static long do_poll(void) {
  struct pollfd f = {p[0], POLLIN, 0};
  return poll(&f, 1, -1);
}
static long do_poll_timeout(void) {
  struct pollfd f = {p[0], POLLIN, 0};
  return poll(&f, 1, 10000);
}
static long do_ppoll(void) {
  struct pollfd f = {p[0], POLLIN, 0};
  return ppoll(&f, 1, 0, 0);
}
static long do_select(void) {
  fd_set s;
  FD_ZERO(&s);
  FD_SET(p[0], &s);
  return select(p[0] + 1, &s, 0, 0, 0);
}
static long do_pselect(void) {
  fd_set s;
  struct timespec ten = {10, 0};
  FD_ZERO(&s);
  FD_SET(p[0], &s);
  return pselect(p[0] + 1, &s, 0, 0, &ten, 0);
}
static long do_epoll(void) { struct epoll_event e; return epoll_wait(fd, &e, 1, -1); }
static long do_epoll_timeout(void) { struct epoll_event e; return epoll_wait(fd, &e, 1, 10000); }
static long do_sigwaitinfo(void) {
  sigset_t s;
  sigemptyset(&s), sigaddset(&s, SIGUSR2);
  return syscall(SYS_rt_sigtimedwait, &s, 0, 0, 8L);
}
static long do_nanosleep(void) { struct timespec ten = {10, 0}; return nanosleep(&ten, 0); }
static long do_clock_nanosleep(void) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  at.tv_sec += 10;
  int error = clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, 0);
  errno = error;
  return error ? -1 : 0;
}
static void no_help(void) {}
static long do_msgrcv(void) { struct { long type; char c; } m; return msgrcv(queue, &m, 1, 0, 0); }
static void help_msgsnd(void) { struct { long type; char c; } m = {1, 'x'}; msgsnd(queue, &m, 1, 0); }
static long do_semop(void) { struct sembuf b = {0, -1, 0}; return semop(semaphore, &b, 1); }
static void help_semop(void) { struct sembuf b = {0, 1, 0}; semop(semaphore, &b, 1); }

static pthread_t caller;
static void *interrupt(void *arg) {
  const struct call *call = arg;
  for (int i = 0; i < 1000 && !done && seen < ENOUGH; i++) {
    t_sleep_ms(5);
    if (!done) pthread_kill(caller, SIGUSR1);
  }
  if (!done) helped = 1, call->help();
  return 0;
}

static void set_up(const char *name) {
  pipe(p);
  socketpair(AF_UNIX, SOCK_STREAM, 0, sock);
  fd = -1;
  word = 0;
  if (!strcmp(name, "write")) {
    fcntl(p[1], F_SETFL, O_NONBLOCK);
    while (write(p[1], big, sizeof big) > 0) {}
    fcntl(p[1], F_SETFL, 0);
  }
  if (!strncmp(name, "wait", 4)) {
    child = fork();
    if (!child) for (;;) pause();
  }
  if (!strcmp(name, "eventfd")) fd = eventfd(0, 0);
  if (!strcmp(name, "timerfd")) fd = timerfd_create(CLOCK_MONOTONIC, 0);
  if (!strcmp(name, "signalfd")) {
    sigset_t s;
    sigemptyset(&s), sigaddset(&s, SIGUSR2);
    fd = signalfd(-1, &s, 0);
  }
  if (!strcmp(name, "inotify")) fd = inotify_init1(0), inotify_add_watch(fd, ".", IN_CREATE);
  if (!strncmp(name, "epoll", 5)) {
    struct epoll_event e = {.events = EPOLLIN};
    fd = epoll_create1(0);
    epoll_ctl(fd, EPOLL_CTL_ADD, p[0], &e);
  }
  if (!strcmp(name, "flock")) {
    fd = open("lock", O_RDWR | O_CREAT, 0600), queue = open("lock", O_RDWR);
    flock(queue, LOCK_EX);
  }
  if (!strcmp(name, "setlkw")) {
    int ready[2];
    pipe(ready);
    fd = open("lock", O_RDWR | O_CREAT, 0600);
    child = fork();
    if (!child) {
      struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
      fcntl(fd, F_SETLK, &l);
      write(ready[1], "x", 1);
      for (;;) pause();
    }
    char c;
    read(ready[0], &c, 1);
    close(ready[0]), close(ready[1]);
  }
  if (!strncmp(name, "accept", 6)) {
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "listener"};
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&at, sizeof at);
    listen(listener, 4);
  }
  if (!strcmp(name, "msgrcv")) queue = msgget(IPC_PRIVATE, 0600);
  if (!strcmp(name, "semop")) semaphore = semget(IPC_PRIVATE, 1, 0600);
}

static void take_down(const char *name) {
  close(p[0]), close(p[1]), close(sock[0]), close(sock[1]);
  if (fd >= 0) close(fd);
  if (!strcmp(name, "flock")) close(queue);
  if (!strncmp(name, "wait", 4) || !strcmp(name, "setlkw")) kill(child, SIGKILL), waitpid(child, 0, 0);
  if (!strncmp(name, "accept", 6)) close(listener), unlink("listener");
  if (!strcmp(name, "msgrcv")) msgctl(queue, IPC_RMID, 0);
  if (!strcmp(name, "semop")) semctl(semaphore, 0, IPC_RMID);
}

// Whether the kernel has no such thing at all.
static int is_missing(const char *name) {
  errno = 0;
  int id = -1;
  if (!strcmp(name, "inotify")) close(inotify_init1(0));
  if (!strcmp(name, "msgrcv")) id = msgget(IPC_PRIVATE, 0600), msgctl(id, IPC_RMID, 0);
  if (!strcmp(name, "semop")) id = semget(IPC_PRIVATE, 1, 0600), semctl(id, 0, IPC_RMID);
  return errno == ENOSYS || errno == EBADF;
}

// The call's result with a handler for SIGUSR1 with these flags: 0, or its errno.
static int outcome(const struct call *call, int flags) {
  struct sigaction a = {.sa_handler = note, .sa_flags = flags};
  set_up(call->name);
  caller = pthread_self();
  seen = done = helped = 0;
  sigaction(SIGUSR1, &a, 0);
  pthread_t t;
  sigset_t both;
  sigemptyset(&both), sigaddset(&both, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &both, 0);
  pthread_create(&t, 0, interrupt, (void *)call);
  pthread_sigmask(SIG_UNBLOCK, &both, 0);
  errno = 0;
  int result = call->run() >= 0 ? 0 : errno;
  done = 1;
  pthread_join(t, 0);
  take_down(call->name);
  return result;
}

static const struct call calls[] = {
    {"read", do_read, help_write, 1},
    {"readv", do_readv, help_write, 1},
    {"write", do_write, help_drain, 1},
    {"open", do_open, help_open, 1},
    {"wait4", do_wait4, help_child, 1},
    {"waitid", do_waitid, help_child, 1},
    {"accept", do_accept, help_connect, 1},
    {"recv", do_recv, help_send, 1},
    {"recvmsg", do_recvmsg, help_send, 1},
    {"flock", do_flock, help_unlock, 1},
    {"setlkw", do_setlkw, help_child, 1},
    {"futex", do_futex, help_futex, 1},
    {"eventfd", do_counter, help_counter, 1},
    {"timerfd", do_counter, help_timer, 1},
    {"signalfd", do_signalfd, help_signal, 1},
    {"inotify", do_inotify, help_inotify, 1},
    {"recv with a timeout", do_recv_timeout, help_send, 0},
    {"accept with a timeout", do_accept_timeout, help_connect, 0},
    {"futex with a timeout", do_futex_timeout, help_futex, 0},
    {"poll", do_poll, help_write, 0},
    {"poll with a timeout", do_poll_timeout, help_write, 0},
    {"ppoll", do_ppoll, help_write, 0},
    {"select", do_select, help_write, 0},
    {"pselect", do_pselect, help_write, 0},
    {"epoll_wait", do_epoll, help_write, 0},
    {"epoll_wait with a timeout", do_epoll_timeout, help_write, 0},
    {"sigwaitinfo", do_sigwaitinfo, help_signal, 0},
    {"nanosleep", do_nanosleep, no_help, 0},
    {"clock_nanosleep", do_clock_nanosleep, no_help, 0},
    {"msgrcv", do_msgrcv, help_msgsnd, 0},
    {"semop", do_semop, help_semop, 0},
};

static void each(int flags) {
  sigset_t s;
  sigemptyset(&s), sigaddset(&s, SIGUSR2);
  sigprocmask(SIG_BLOCK, &s, 0);
  mkfifo("fifo", 0600);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    if (is_missing(calls[i].name)) {
      SKIP(calls[i].name);
      continue;
    }
    int got = outcome(&calls[i], flags), want = flags && calls[i].restarts ? 0 : EINTR;
    t_result(got == want, __LINE__, calls[i].name, "got %d %s want %d %s", got, strerror(got), want, strerror(want));
    if (want == 0) t_true(__LINE__, "the signals came while it waited", helped);
  }
  unlink("fifo"), unlink("lock");
}
static void with_restart(void) { each(SA_RESTART); }
static void without(void) { each(0); }

MAIN(G(with_restart), G(without))
