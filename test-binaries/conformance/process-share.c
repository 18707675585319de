// What a parent and its child share and what each has alone: descriptors and their positions, locks,
// event descriptors, sockets, memory, and the synchronization in it.
#include "p.h"
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#ifndef F_OFD_SETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#endif

static int readable(int fd) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

static void positions(void) {
  char c[8] = "";
  int fd = GOOD(t_file("f", "0123456789")), other = GOOD(open("f", O_RDWR));
  CHILD_OK({
    NEED(read(fd, c, 4) == 4 && lseek(other, 2, SEEK_SET) == 2);
    NEED(!fcntl(fd, F_SETFL, O_APPEND));
    NEED(!fcntl(fd, F_SETFD, FD_CLOEXEC));
    NEED(!close(other) && dup2(fd, 90) == 90);
  });
  EQ(lseek(fd, 0, SEEK_CUR), 4), EQ(lseek(other, 0, SEEK_CUR), 2);
  EQ(fcntl(fd, F_GETFL) & O_APPEND, O_APPEND);  // of the open file
  EQ(fcntl(fd, F_GETFD), 0);                    // of the descriptor
  FAIL(fcntl(90, F_GETFD), EBADF);
  EQ(fcntl(other, F_GETFD), 0);
  // Many writers through one open file: nothing is lost, no line is broken.
  fcntl(fd, F_SETFL, 0);
  EQ(ftruncate(fd, 0), 0), EQ(lseek(fd, 0, SEEK_SET), 0);
  for (int i = 0; i < 8; i++) CHILD(for (int n = 0; n < 100; n++) NEED(write(fd, "abcdefgh\n", 9) == 9));
  for (int i = 0; i < 8; i++) EQ(wait(&(int){0}) > 0, 1);
  EQ(lseek(fd, 0, SEEK_END), 7200);
  lseek(fd, 0, SEEK_SET);
  int good = 0;
  char line[9];
  while (read(fd, line, 9) == 9) good += !memcmp(line, "abcdefgh\n", 9);
  EQ(good, 800);
  close(fd), close(other), unlink("f");
}

static int locked(int fd, short type) {
  struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
  return fcntl(fd, F_SETLK, &l);
}
static void locks(void) {
  int fd = GOOD(t_file("f", "0123456789")), p[2];
  pid_t us = getpid();
  EQ(pipe(p), 0);
  // POSIX locks are the process's: a child has none of them, and its end frees but its own.
  EQ(locked(fd, F_WRLCK), 0);
  CHILD_OK({
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    NEED_FAIL(locked(fd, F_RDLCK), EAGAIN);
    NEED(!fcntl(fd, F_GETLK, &l) && l.l_type == F_WRLCK && l.l_pid == us);
    NEED(!locked(fd, F_UNLCK));
    close(fd);
  });
  CHILD_OK(NEED_FAIL(locked(fd, F_RDLCK), EAGAIN));
  // Waited for: given when the parent lets go.
  pid_t child = CHILD({
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
    p_tell(p);
    NEED(!fcntl(fd, F_SETLKW, &l));
    NEED(!locked(fd, F_UNLCK));
  });
  p_hear(p), t_sleep_ms(20);
  EQ(waitpid(child, 0, WNOHANG), 0);
  EQ(locked(fd, F_UNLCK), 0);
  EQ(ended(child), 0);
  // A lock of a process that is killed is free; an exec keeps it.
  child = CHILD(NEED(!locked(fd, F_WRLCK)); p_tell(p); for (;;) pause());
  p_hear(p);
  FAIL(locked(fd, F_WRLCK), EAGAIN);
  kill(child, SIGKILL), ended(child);
  EQ(locked(fd, F_WRLCK), 0);
  EQ(locked(fd, F_UNLCK), 0);
  int q[2];
  EQ(pipe(q), 0);
  child = CHILD({
    char in[12];
    char out[12];
    NEED(!locked(fd, F_WRLCK));
    sprintf(in, "%d", p[P_IN]), sprintf(out, "%d", q[P_OUT]);
    execve(SELF, (char *const[]){"name", "--hold", in, out, 0}, environ);
  });
  p_hear(p);
  FAIL(locked(fd, F_WRLCK), EAGAIN);
  p_tell(q);
  EQ(ended(child), 0);
  // A deadlock is seen.
  struct flock low = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1}, high = low;
  high.l_start = 1;
  EQ(fcntl(fd, F_SETLK, &low), 0);
  child = CHILD({
    NEED(!fcntl(fd, F_SETLK, &high));
    p_tell(p);
    NEED(!fcntl(fd, F_SETLKW, &low));
  });
  p_hear(p), t_sleep_ms(50);
  FAIL(fcntl(fd, F_SETLKW, &high), EDEADLK);
  EQ(locked(fd, F_UNLCK), 0);
  EQ(ended(child), 0);
  // flock and open-file locks are the open file's: shared with a child, freed by either or by the last close.
  EQ(flock(fd, LOCK_EX), 0);
  CHILD_OK({
    NEED(!flock(fd, LOCK_EX | LOCK_NB));
    int own = open("f", O_RDWR);
    NEED_FAIL(flock(own, LOCK_EX | LOCK_NB), EAGAIN);
    close(fd);
  });
  int own = GOOD(open("f", O_RDWR));
  FAIL(flock(own, LOCK_SH | LOCK_NB), EAGAIN);
  CHILD_OK(NEED(!flock(fd, LOCK_UN)));
  EQ(flock(own, LOCK_SH | LOCK_NB), 0);
  EQ(flock(own, LOCK_UN), 0);
  struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  EQ(fcntl(fd, F_OFD_SETLK, &l), 0);
  CHILD_OK({
    struct flock mine = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    NEED(!fcntl(fd, F_OFD_SETLK, &mine));
    NEED_FAIL(fcntl(own, F_OFD_SETLK, &mine), EAGAIN);
    mine = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
    NEED(!fcntl(own, F_OFD_GETLK, &mine) && mine.l_type == F_WRLCK && mine.l_pid == -1);
  });
  close(fd);
  EQ(fcntl(own, F_OFD_SETLK, &l), 0);
  close(own), p_close(p), p_close(q), unlink("f");
}

static void events(void) {
  uint64_t n = 0;
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = 1};
  int counter = GOOD(eventfd(0, EFD_NONBLOCK)), epoll = GOOD(epoll_create1(0));
  EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event), 0);
  // A counter, written by a child, and waited for in the epoll of both.
  pid_t child = CHILD(n = 5; NEED(write(counter, &n, 8) == 8); NEED(epoll_wait(epoll, &event, 1, 0) == 1));
  EQ(epoll_wait(epoll, &event, 1, 10000), 1);
  EQ(ended(child), 0);
  EQ(read(counter, &n, 8), 8), EQ(n, 5);
  // What a child adds is there for the parent as well; a close in one does not take it out.
  int p[2];
  EQ(pipe(p), 0);
  CHILD_OK(event.data.u32 = 2; NEED(!epoll_ctl(epoll, EPOLL_CTL_ADD, p[P_OUT], &event)); close(p[P_OUT]); close(counter));
  p_tell(p);
  EQ(epoll_wait(epoll, &event, 1, 1000), 1), EQ(event.data.u32, 2);
  p_hear(p);
  close(epoll), close(counter);
  // A timer: its expirations are read by whoever is first.
  int timer = GOOD(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
  CHILD_OK(struct itimerspec soon = {.it_value = {0, 1000000}}; NEED(!timerfd_settime(timer, 0, &soon, 0)));
  YES(UNTIL(readable(timer)));
  CHILD_OK(NEED(read(timer, &n, 8) == 8 && n == 1));
  FAIL(read(timer, &n, 8), EAGAIN);
  close(timer);
  // A signalfd gives its reader's own signals.
  sigset_t set;
  sigemptyset(&set), sigaddset(&set, SIGUSR1), sigprocmask(SIG_BLOCK, &set, 0);
  int fd = GOOD(signalfd(-1, &set, SFD_NONBLOCK));
  raise(SIGUSR1);
  CHILD_OK({
    struct signalfd_siginfo info;
    NEED_FAIL(read(fd, &info, sizeof info), EAGAIN);
    raise(SIGUSR1);
    NEED(read(fd, &info, sizeof info) == sizeof info && info.ssi_pid == (uint32_t)getpid());
  });
  struct signalfd_siginfo info;
  EQ(read(fd, &info, sizeof info), sizeof info);
  EQ(info.ssi_pid, getpid());
  sigprocmask(SIG_UNBLOCK, &set, 0), close(fd), p_close(p);
}

static void pipes(void) {
  int p[2], q[2];
  char c;
  // The end of a pipe is seen when the last of all processes closes it.
  EQ(pipe(p), 0);
  pid_t child = CHILD(close(p[P_OUT]); t_sleep_ms(30); NEED(write(p[P_IN], "x", 1) == 1));
  close(p[P_IN]);
  EQ(read(p[P_OUT], &c, 1), 1);
  EQ(read(p[P_OUT], &c, 1), 0);
  EQ(ended(child), 0);
  close(p[P_OUT]);
  EQ(pipe(p), 0);
  child = CHILD(close(p[P_IN]); t_sleep_ms(20));
  close(p[P_OUT]);
  YES(UNTIL(kill(child, 0) || p_state(child) == 'Z'));
  signal(SIGPIPE, SIG_IGN);
  FAIL(write(p[P_IN], "x", 1), EPIPE);
  signal(SIGPIPE, SIG_DFL);
  close(p[P_IN]), ended(child);
  // A writer that nobody reads is killed.
  child = CHILD(pipe(q); close(q[P_OUT]); write(q[P_IN], "x", 1));
  EQ(ended(child), KILLED(SIGPIPE));
  // A pipeline of ten processes moves a megabyte.
  enum { STAGES = 10, TOTAL = 1 << 20 };
  int from = -1;
  static char block[10000];
  pid_t stages[STAGES];
  for (int i = 0; i < STAGES; i++) {
    EQ(pipe(q), 0);
    stages[i] = CHILD({
      ssize_t n = 0;
      long sent = 0;
      close(q[P_OUT]);
      if (i == 0)
        for (; sent < TOTAL; sent += n) NEED((n = write(q[P_IN], block, TOTAL - sent < (long)sizeof block ? (size_t)(TOTAL - sent) : sizeof block)) > 0);
      else
        while ((n = read(from, block, sizeof block)) > 0)
          for (ssize_t at = 0, m; at < n; at += m) NEED((m = write(q[P_IN], block + at, (size_t)(n - at))) > 0);
    });
    close(q[P_IN]);
    if (from >= 0) close(from);
    from = q[P_OUT];
  }
  long total = 0;
  for (ssize_t n; (n = read(from, block, sizeof block)) > 0;) total += n;
  EQ(total, TOTAL);
  close(from);
  int good = 0;
  for (int i = 0; i < STAGES; i++) good += ended(stages[i]) == 0;
  EQ(good, STAGES);
}

static void sockets(void) {
  char c[20] = "";
  int s[2];
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, "listener");
  EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
  pid_t child = CHILD(close(s[0]); NEED(read(s[1], c, 4) == 4); NEED(write(s[1], c, 4) == 4));
  close(s[1]);
  EQ(write(s[0], "ping", 4), 4);
  EQ(read(s[0], c, 20), 4);
  EQ(read(s[0], c, 20), 0);
  EQ(ended(child), 0);
  close(s[0]);
  // Prefork: children that accept from one listener.
  int listener = GOOD(socket(AF_UNIX, SOCK_STREAM, 0));
  EQ(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  EQ(listen(listener, 16), 0);
  enum { WORKERS = 4, CALLS = 40 };
  pid_t workers[WORKERS];
  for (int i = 0; i < WORKERS; i++)
    workers[i] = CHILD({
      for (;;) {
        int fd = accept(listener, 0, 0);
        pid_t me = getpid();
        NEED(fd >= 0 && read(fd, c, 1) == 1 && write(fd, &me, sizeof me) == sizeof me);
        if (c[0] == 'q') _exit(0);
        close(fd);
      }
    });
  int good = 0;
  for (int i = 0; i < CALLS; i++) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    pid_t who = 0;
    good += !connect(fd, (struct sockaddr *)&address, sizeof address) && write(fd, i < CALLS - WORKERS ? "r" : "q", 1) == 1 &&
            read(fd, &who, sizeof who) == sizeof who;
    int known = 0;
    for (int k = 0; k < WORKERS; k++) known |= workers[k] == who;
    good += known;
    close(fd);
  }
  EQ(good, 2 * CALLS);
  for (int i = 0; i < WORKERS; i++) EQ(ended(workers[i]), 0);
  close(listener), unlink("listener");
  // A descriptor handed over, and who handed it.
  EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
  child = CHILD({
    int fd = t_file("given", "contents"), on = 1;
    char room[CMSG_SPACE(sizeof fd)] = "";
    struct iovec v = {"m", 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    (void)on;
    h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(h), &fd, sizeof fd);
    NEED(sendmsg(s[1], &m, 0) == 1);
  });
  EQ(ended(child), 0);
  char room[CMSG_SPACE(sizeof(int))];
  struct iovec v = {c, 1};
  struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  EQ(recvmsg(s[0], &m, 0), 1);
  int fd = -1;
  if (m.msg_controllen) memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
  EQ(read(fd, c, 20), 8);
  SAME(c, "contents", 8);
  close(fd), unlink("given");
  // SO_PEERCRED of a pair is who made it; SCM_CREDENTIALS is who sends.
  struct { pid_t pid; uid_t uid; gid_t gid; } peer = {0}, sender = {0};
  socklen_t length = sizeof peer;
  EQ(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &peer, &length), 0);
  EQ(peer.pid, getpid());
  EQ(setsockopt(s[0], SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int)), 0);
  child = CHILD(NEED(write(s[1], "w", 1) == 1));
  char creds[CMSG_SPACE(sizeof sender)];
  m = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1, .msg_control = creds, .msg_controllen = sizeof creds};
  EQ(recvmsg(s[0], &m, 0), 1);
  if (m.msg_controllen) memcpy(&sender, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof sender);
  EQ(sender.pid, child);
  EQ(ended(child), 0);
  close(s[0]), close(s[1]);
}

// Mutexes, conditions, barriers, semaphores, rwlocks in memory that processes share.
struct shared {
  pthread_mutex_t mutex, robust;
  pthread_cond_t condition;
  pthread_barrier_t barrier;
  pthread_rwlock_t rwlock;
  sem_t semaphore;
  int counter, ready, turns;
};
static void synchronization(void) {
  enum { WORKERS = 4, ROUNDS = 500 };
  struct shared *m = mmap(0, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t ma;
  pthread_condattr_t ca;
  pthread_barrierattr_t ba;
  pthread_rwlockattr_t ra;
  pthread_mutexattr_init(&ma), pthread_mutexattr_setpshared(&ma, 1), pthread_mutex_init(&m->mutex, &ma);
  pthread_mutexattr_setrobust(&ma, PTHREAD_MUTEX_ROBUST), pthread_mutex_init(&m->robust, &ma);
  pthread_condattr_init(&ca), pthread_condattr_setpshared(&ca, 1), pthread_cond_init(&m->condition, &ca);
  pthread_barrierattr_init(&ba), pthread_barrierattr_setpshared(&ba, 1), pthread_barrier_init(&m->barrier, &ba, WORKERS + 1);
  pthread_rwlockattr_init(&ra), pthread_rwlockattr_setpshared(&ra, 1), pthread_rwlock_init(&m->rwlock, &ra);
  sem_init(&m->semaphore, 1, 0);
  pid_t workers[WORKERS];
  for (int i = 0; i < WORKERS; i++)
    workers[i] = CHILD({
      pthread_barrier_wait(&m->barrier);
      for (int n = 0; n < ROUNDS; n++) {
        pthread_mutex_lock(&m->mutex);
        int old = m->counter;
        if (n % 50 == 0) sched_yield();
        m->counter = old + 1;
        pthread_mutex_unlock(&m->mutex);
        pthread_rwlock_rdlock(&m->rwlock), pthread_rwlock_unlock(&m->rwlock);
      }
      // In turns, each woken by the one before.
      pthread_mutex_lock(&m->mutex);
      for (int n = 0; n < 20; n++) {
        while (m->turns % WORKERS != i) pthread_cond_wait(&m->condition, &m->mutex);
        m->turns++;
        pthread_cond_broadcast(&m->condition);
      }
      pthread_mutex_unlock(&m->mutex);
      sem_post(&m->semaphore);
    });
  pthread_barrier_wait(&m->barrier);
  for (int i = 0; i < 50; i++) pthread_rwlock_wrlock(&m->rwlock), sched_yield(), pthread_rwlock_unlock(&m->rwlock);
  for (int i = 0; i < WORKERS; i++) sem_wait(&m->semaphore);
  for (int i = 0; i < WORKERS; i++) EQ(ended(workers[i]), 0);
  EQ(m->counter, WORKERS * ROUNDS);
  EQ(m->turns, WORKERS * 20);
  // The owner of a robust mutex dies: the next one is told.
  CHILD_OK(NEED(!pthread_mutex_lock(&m->robust)));
  EQ(pthread_mutex_lock(&m->robust), EOWNERDEAD);
  EQ(pthread_mutex_consistent(&m->robust), 0);
  EQ(pthread_mutex_unlock(&m->robust), 0);
  EQ(pthread_mutex_lock(&m->robust), 0);
  pid_t child = CHILD(NEED(pthread_mutex_trylock(&m->robust) == EBUSY));
  EQ(ended(child), 0);
  pthread_mutex_unlock(&m->robust);
  // The owner is killed while another waits.
  int p[2];
  pipe(p);
  child = CHILD(pthread_mutex_lock(&m->robust); p_tell(p); for (;;) pause());
  p_hear(p);
  pid_t next = CHILD(NEED(pthread_mutex_lock(&m->robust) == EOWNERDEAD));
  t_sleep_ms(20), kill(child, SIGKILL);
  EQ(ended(child), KILLED(SIGKILL)), EQ(ended(next), 0);
  // A private futex in memory that was copied is another one: a wake there wakes nobody here.
  static int word = 1;
  child = CHILD(t_sleep_ms(10); NEED(syscall(SYS_futex, &word, 1 | 128, 10, 0, 0, 0) == 0));
  FAIL(syscall(SYS_futex, &word, 0 | 128, 1, &(struct timespec){0, 50000000}, 0, 0), ETIMEDOUT);
  EQ(ended(child), 0);
  p_close(p), munmap(m, sizeof *m);
}

static void memory(void) {
  enum { PAGES = 256 };
  int fd = GOOD(t_file("f", "")), status;
  EQ(ftruncate(fd, PAGES * 4096), 0);
  char *private = mmap(0, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *file = mmap(0, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char *copy = mmap(0, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  for (int i = 0; i < PAGES; i++) private[i * 4096] = (char)i;
  copy[0] = 'p';
  // Both write their own copy of every page, in either order.
  for (int first = 0; first < 2; first++) {
    pid_t child = CHILD({
      if (first) t_sleep_ms(10);
      for (int i = 0; i < PAGES; i++) {
        NEED(private[i * 4096] == (char)i);
        private[i * 4096] = (char)~i;
      }
      for (int i = 0; i < PAGES; i++) {
        NEED(private[i * 4096] == (char)~i);
        file[i * 4096] = (char)(i + 1);
      }
      NEED(copy[0] == 'p' && copy[4096] == 2);
      copy[0] = 'c';
    });
    if (first) for (int i = 0; i < PAGES; i++) private[i * 4096 + 1] = (char)(i + 3);
    EQ(ended(child), 0);
    int good = 0;
    for (int i = 0; i < PAGES; i++) good += private[i * 4096] == (char)i && file[i * 4096] == (char)(i + 1);
    EQ(good, PAGES);
    EQ(copy[0], 'p');
  }
  // Generations: each writes, none sees another's.
  private[0] = 0;
  pid_t child = fork();
  if (!child) {
    for (int depth = 1; depth < 20; depth++) {
      private[0] = (char)depth;
      pid_t next = fork();
      if (next) _exit(ended(next) == 0 && private[0] == (char)depth ? 0 : 1);
    }
    _exit(0);
  }
  waitpid(child, &status, 0);
  EQ(status, 0), EQ(private[0], 0);
  // A change of protection or a mapping taken away is the child's alone.
  CHILD_OK(munmap(private, PAGES * 4096); mprotect(file, 4096, PROT_NONE));
  private[0] = file[0] = 1;
  // A write where only reading is allowed kills the child alone.
  pid_t bad = CHILD(mprotect(private, 4096, PROT_READ); *(volatile char *)private = 1);
  EQ(ended(bad), KILLED(SIGSEGV));
  // The kernel's own writes make a copy too.
  int zero = GOOD(open("/dev/zero", O_RDONLY));
  private[0] = 5;
  CHILD_OK(NEED(read(zero, private, 4096 * 4) == 4096 * 4 && private[0] == 0));
  EQ(private[0], 5);
  close(zero), close(fd), unlink("f");
  munmap(private, PAGES * 4096), munmap(file, PAGES * 4096), munmap(copy, PAGES * 4096);
}

static int before, in_parent, in_child;
static void on_before(void) { before++; }
static void on_parent(void) { in_parent++; }
static void on_in_child(void) { in_child++; }
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static void take(void) { pthread_mutex_lock(&held); }
static void give(void) { pthread_mutex_unlock(&held); }
static void *busy(void *stop) {
  while (!*(volatile int *)stop) pthread_mutex_lock(&held), pthread_mutex_unlock(&held);
  return 0;
}
static void at_fork(void) {
  EQ(pthread_atfork(on_before, on_parent, on_in_child), 0);
  CHILD_OK(NEED(before == 1 && in_child == 1 && in_parent == 0));
  EQ(before, 1), EQ(in_parent, 1), EQ(in_child, 0);
  // A mutex that other threads use all the time is free in every child.
  volatile int stop = 0;
  pthread_t threads[3];
  EQ(pthread_atfork(take, give, give), 0);
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], 0, busy, (void *)&stop);
  int good = 0;
  for (int i = 0; i < 50; i++) good += ended(CHILD(pthread_mutex_lock(&held); free(malloc(1000)); printf("%s", ""))) == 0;
  EQ(good, 50);
  stop = 1;
  for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
}

static int helper(int argc, char **argv) {
  if (argc != 4 || strcmp(argv[1], "--hold")) return 1;
  char c;
  write(atoi(argv[2]), "!", 1);
  return read(atoi(argv[3]), &c, 1) != 1;
}

P_MAIN(helper, G(positions), G(locks), G(events), G(pipes), G(sockets), G(synchronization), G(memory), G(at_fork))
