// clone and clone3: which flags go together, what is shared and what is copied; vfork; pidfds.
#include "p.h"
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ull
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ull
#endif

// As in <linux/sched.h>.
struct arguments {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};
static pid_t clone3_(struct arguments *a, size_t size) { return (pid_t)syscall(SYS_clone3, a, size); }
static pid_t clone_(unsigned long flags, void *stack, void *parent_tid, void *child_tid) {
  return (pid_t)syscall(SYS_clone, flags, stack, parent_tid, child_tid, 0);
}
static int pidfd_of(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

// A child on a stack of its own, by the C library: for all that shares memory.
static char stack[256 << 10] __attribute__((aligned(64)));
static int shared_with(int flags, int (*run)(void *), void *argument) {
  return ended(clone(run, stack + sizeof stack, flags | SIGCHLD, argument));
}

static void refused(void) {
  // What needs another flag beside it.
  FAIL(clone_(CLONE_SIGHAND | SIGCHLD, 0, 0, 0), EINVAL);
  FAIL(clone_(CLONE_THREAD | SIGCHLD, 0, 0, 0), EINVAL);
  FAIL(clone_(CLONE_THREAD | CLONE_VM, 0, 0, 0), EINVAL);
  FAIL(clone_(CLONE_NEWNS | CLONE_FS | SIGCHLD, 0, 0, 0), EINVAL);
  FAIL(clone_(CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, stack, 0), EINVAL);
  FAIL(clone_(CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, 0, stack, 0), EINVAL);
  FAIL(clone_(CLONE_PIDFD | SIGCHLD, 0, (void *)8, 0), EFAULT);
  struct arguments a = {.exit_signal = SIGCHLD};
  FAIL(clone3_(&a, 63), EINVAL);
  FAIL(clone3_(&a, 5000), E2BIG);
  FAIL(clone3_((void *)8, sizeof a), EFAULT);
  a.exit_signal = 65;
  FAIL(clone3_(&a, sizeof a), EINVAL);
  a = (struct arguments){.flags = SIGCHLD};  // the signal has a field of its own here
  FAIL(clone3_(&a, sizeof a), EINVAL);
  a = (struct arguments){.flags = CLONE_DETACHED, .exit_signal = SIGCHLD};
  FAIL(clone3_(&a, sizeof a), EINVAL);
  a = (struct arguments){.flags = 1ull << 60, .exit_signal = SIGCHLD};
  FAIL(clone3_(&a, sizeof a), EINVAL);
  a = (struct arguments){.exit_signal = SIGCHLD, .stack = (uintptr_t)stack};  // a stack without its size
  FAIL(clone3_(&a, sizeof a), EINVAL);
  a = (struct arguments){.exit_signal = SIGCHLD, .stack_size = 4096};
  FAIL(clone3_(&a, sizeof a), EINVAL);
  a = (struct arguments){.flags = CLONE_SIGHAND | CLONE_VM | CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD};
  FAIL(clone3_(&a, sizeof a), EINVAL);
  a = (struct arguments){.flags = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, .exit_signal = SIGCHLD};
  FAIL(clone3_(&a, sizeof a), EINVAL);
  a = (struct arguments){.exit_signal = SIGCHLD, .set_tid_size = 1};
  FAIL(clone3_(&a, sizeof a), EINVAL);
  // A longer structure is fine where what is unknown is nought.
  struct { struct arguments known; uint64_t unknown; } longer = {.known = {.exit_signal = SIGCHLD}};
  pid_t child = clone3_(&longer.known, sizeof longer);
  if (!child) _exit(3);
  EQ(ended(child), 3);
  longer.unknown = 1;
  FAIL(clone3_(&longer.known, sizeof longer), E2BIG);
  // The first form, of 64 bytes, still works.
  a = (struct arguments){.exit_signal = SIGCHLD};
  child = clone3_(&a, 64);
  if (!child) _exit(4);
  EQ(ended(child), 4);
}

static int sleep_and_end(void *status) { return t_sleep_ms(20), (int)(intptr_t)status; }

static void numbers(void) {
  static pid_t from_parent, from_child;
  pid_t child = clone_(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, &from_parent, &from_child);
  if (!child) _exit(from_child == getpid() && from_child == syscall(SYS_gettid) && getppid() > 0 ? 0 : 1);
  EQ(ended(child), 0);
  EQ(from_parent, child);
  EQ(from_child, 0);  // written in the child's memory only
  // Another stack, with memory of its own.
  EQ(shared_with(0, sleep_and_end, (void *)7), 7);
  // CLONE_CHILD_CLEARTID: zero and a wake at the end, where the memory is still another's too.
  static volatile int word = 5;
  child = clone(sleep_and_end, stack + sizeof stack, CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD, (void *)8, 0, 0, &word);
  while (word) syscall(SYS_futex, &word, 0, 5, &(struct timespec){10, 0}, 0, 0);
  EQ(word, 0);
  EQ(ended(child), 8);
  volatile int *alone = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  *alone = 5;
  EQ(ended(clone(sleep_and_end, stack + sizeof stack, CLONE_CHILD_CLEARTID | SIGCHLD, (void *)9, 0, 0, alone)), 9);
  EQ(*alone, 5);
  munmap((void *)alone, 4096);
  // A sibling: its parent is ours.
  CHILD_OK({
    pid_t mine = getppid(), sibling = clone_(CLONE_PARENT | SIGCHLD, 0, 0, 0);
    if (!sibling) _exit(getppid() == mine ? 0 : 1);
    NEED(sibling > 0);
    NEED_FAIL(waitpid(sibling, 0, 0), ECHILD);
  });
  int status = -1;
  LEAST(wait(&status), 1);
  EQ(status, 0);
  // Its group and session are its parent's.
  pid_t group = getpgrp(), session = getsid(0);
  CHILD_OK(NEED(getpgrp() == group && getsid(0) == session && getpid() != group));
}

static int value;
static int fd_there;
static int set_value(void *v) { return value = *(int *)v, 0; }
static int open_file(void *unused) { return (void)unused, fd_there = open("/dev/null", O_RDONLY), fd_there < 0; }
static int change_folder(void *path) { return umask(0124), chdir(path) != 0; }
static void handler(int s) { (void)s; }
static int set_handler(void *unused) { return (void)unused, signal(SIGUSR1, handler) == SIG_ERR; }
static int child_mask(void *unused) {
  sigset_t set;
  (void)unused, sigemptyset(&set), sigaddset(&set, SIGUSR2);
  return sigprocmask(SIG_BLOCK, &set, 0);
}

static void shared(void) {
  int seven = 7;
  char folder[300], now[300];
  // Memory.
  value = 1;
  EQ(shared_with(0, set_value, &seven), 0), EQ(value, 1);
  EQ(shared_with(CLONE_VM, set_value, &seven), 0), EQ(value, 7);
  // Descriptors.
  fd_there = -1;
  EQ(shared_with(CLONE_VM, open_file, 0), 0);
  FAIL(fcntl(fd_there, F_GETFD), EBADF);
  EQ(shared_with(CLONE_VM | CLONE_FILES, open_file, 0), 0);
  EQ(fcntl(fd_there, F_GETFD), 0);
  close(fd_there);
  // Folder and mask of modes.
  umask(022);
  EQ(mkdir("below", 0755), 0);
  getcwd(folder, sizeof folder);
  EQ(shared_with(CLONE_VM, change_folder, "below"), 0);
  TEXT(getcwd(now, sizeof now), folder);
  EQ(shared_with(CLONE_FS, change_folder, "below"), 0);
  EQ(umask(022), 0124);
  strcat(folder, "/below");
  TEXT(getcwd(now, sizeof now), folder);
  chdir(".."), rmdir("below");
  // Signal actions; never the mask.
  signal(SIGUSR1, SIG_DFL);
  EQ(shared_with(CLONE_VM, set_handler, 0), 0);
  YES(signal(SIGUSR1, SIG_DFL) == SIG_DFL);
  EQ(shared_with(CLONE_VM | CLONE_SIGHAND, set_handler, 0), 0);
  YES(signal(SIGUSR1, SIG_DFL) == handler);
  sigset_t set;
  EQ(shared_with(CLONE_VM | CLONE_SIGHAND | CLONE_FS | CLONE_FILES, child_mask, 0), 0);
  sigprocmask(SIG_BLOCK, 0, &set);
  EQ(sigismember(&set, SIGUSR2), 0);
  // An exec of one that shares: its descriptors become its own, the folder stays shared.
  getcwd(folder, sizeof folder);
  int fd = GOOD(open("/dev/null", O_RDONLY | O_CLOEXEC));
  struct arguments a = {.flags = CLONE_FILES | CLONE_FS, .exit_signal = SIGCHLD};
  pid_t child = clone3_(&a, sizeof a);
  if (!child) execve(SELF, (char *const[]){"name", "--folder", 0}, environ), _exit(126);
  EQ(ended(child), 0);
  EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  TEXT(getcwd(now, sizeof now), "/");
  EQ(chdir(folder), 0);
  close(fd);
  // CLONE_CLEAR_SIGHAND: handlers go, what is ignored stays.
  signal(SIGUSR1, handler), signal(SIGUSR2, SIG_IGN);
  a = (struct arguments){.flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD};
  child = clone3_(&a, sizeof a);
  if (!child) _exit(signal(SIGUSR1, SIG_DFL) == SIG_DFL && signal(SIGUSR2, SIG_DFL) == SIG_IGN ? 0 : 1);
  EQ(ended(child), 0);
  CHILD_OK(NEED(signal(SIGUSR1, SIG_DFL) == handler && signal(SIGUSR2, SIG_DFL) == SIG_IGN));
  signal(SIGUSR1, SIG_DFL), signal(SIGUSR2, SIG_DFL);
}

static void unshared(void) {
  // A thread that unshares its descriptors and its folder, then another does not see its changes.
  CHILD_OK({
    int fd = open("/dev/null", O_RDONLY);
    pid_t peer = clone_(CLONE_FILES | CLONE_FS | SIGCHLD, 0, 0, 0);
    if (!peer) {
      NEED(!syscall(SYS_unshare, CLONE_FILES | CLONE_FS));
      NEED(!close(fd) && !chdir("/"));
      umask(0777);
      _exit(0);
    }
    NEED(ended(peer) == 0 && fcntl(fd, F_GETFD) == 0 && umask(0) != 0777);
    char folder[300];
    NEED(getcwd(folder, sizeof folder) && strcmp(folder, "/"));
    NEED(!syscall(SYS_unshare, 0));
    NEED_FAIL(syscall(SYS_unshare, CLONE_PIDFD), EINVAL);
  });
}

static void vforked(void) {
  // The parent waits until the child ends or executes; the memory is the same.
  volatile int mine = 1;
  uint64_t start = t_now();
  pid_t child = vfork();
  if (!child) mine = 2, t_sleep_ms(30), _exit(5);
  YES(t_now() - start >= 30 * MS);
  EQ(mine, 2);
  EQ(ended(child), 5);
  start = t_now();
  child = vfork();
  if (!child) execve(SELF, (char *const[]){"name", "--sleep", "300", 0}, environ), _exit(126);
  YES(t_now() - start < 290 * MS);
  EQ(ended(child), 0);
  // A failed exec in the child, told by a variable of the parent.
  volatile int why = 0;
  child = vfork();
  if (!child) execve("missing", (char *const[]){"x", 0}, environ), why = errno, _exit(127);
  EQ(why, ENOENT), EQ(ended(child), 127);
  // A child that is killed wakes its parent too; descriptors are the child's own.
  int fd = GOOD(open("/dev/null", O_RDONLY));
  child = vfork();
  if (!child) close(fd), kill(getpid(), SIGKILL), _exit(1);
  EQ(fcntl(fd, F_GETFD), 0);
  EQ(ended(child), KILLED(SIGKILL));
  close(fd);
  // A parent that is killed while it waits goes at once.
  int p[2];
  pipe(p);
  pid_t parent = CHILD({
    pid_t grandchild = vfork();
    if (!grandchild) p_tell(p), t_sleep_ms(400), _exit(0);
  });
  p_hear(p);
  start = t_now();
  kill(parent, SIGKILL);
  EQ(ended(parent), KILLED(SIGKILL));
  YES(t_now() - start < 390 * MS);
  p_close(p);
}

static int readable(int fd) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}
static void pidfds(void) {
  int fd = -1, p[2];
  pipe(p);
  pid_t child = clone_(CLONE_PIDFD | SIGCHLD, 0, &fd, 0);
  if (!child) p_hear(p), _exit(6);
  GOOD(fd);
  EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EQ(readable(fd), 0);
  char path[40], want[40];
  sprintf(path, "/proc/self/fdinfo/%d", fd), sprintf(want, "\nPid:\t%d\n", child);
  YES(strstr(t_slurp(path), want));
  int epoll = GOOD(epoll_create1(0));
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = 9};
  EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
  EQ(epoll_wait(epoll, &event, 1, 0), 0);
  p_tell(p);
  EQ(epoll_wait(epoll, &event, 1, 10000), 1);
  EQ(event.data.u32, 9);
  EQ(readable(fd), 1);
  EQ(ended(child), 6);
  EQ(readable(fd), 1);
  close(fd), close(epoll);
  struct arguments a = {.flags = CLONE_PIDFD | CLONE_PARENT_SETTID, .pidfd = (uintptr_t)&fd, .exit_signal = SIGCHLD};
  pid_t number = 0;
  a.parent_tid = (uintptr_t)&number;
  child = clone3_(&a, sizeof a);
  if (!child) for (;;) pause();
  EQ(number, child);
  // Signals by pidfd.
  EQ(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0), 0);
  FAIL(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0x100), EINVAL);
  FAIL(syscall(SYS_pidfd_send_signal, fd, 65, 0, 0), EINVAL);
  FAIL(syscall(SYS_pidfd_send_signal, 0, SIGTERM, 0, 0), EBADF);
  EQ(syscall(SYS_pidfd_send_signal, fd, SIGTERM, 0, 0), 0);
  EQ(ended(child), KILLED(SIGTERM));
  FAIL(syscall(SYS_pidfd_send_signal, fd, SIGTERM, 0, 0), ESRCH);
  close(fd);
  // pidfd_open.
  FAIL(pidfd_of(0), EINVAL);
  FAIL(pidfd_of(-1), EINVAL);
  FAIL(pidfd_of(INT_MAX), ESRCH);
  FAIL(syscall(SYS_pidfd_open, getpid(), 0x100), EINVAL);
  fd = GOOD(pidfd_of(getpid()));
  EQ(readable(fd), 0);
  char c;
  FAIL(read(fd, &c, 1), EINVAL);
  close(fd);
  fd = GOOD(syscall(SYS_pidfd_open, getpid(), O_NONBLOCK));
  EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  close(fd);
  // A descriptor out of another process.
  child = CHILD({
    int own = open("/proc/self/comm", O_RDONLY);
    NEED(dup2(own, 50) == 50);
    p_tell(p);
    for (;;) pause();
  });
  p_hear(p);
  fd = GOOD(pidfd_of(child));
  int got = GOOD(syscall(SYS_pidfd_getfd, fd, 50, 0));
  EQ(fcntl(got, F_GETFD), FD_CLOEXEC);
  EQ(read(got, &c, 1), 1);
  EQ(c, 'p');
  FAIL(syscall(SYS_pidfd_getfd, fd, 51, 0), EBADF);
  FAIL(syscall(SYS_pidfd_getfd, fd, 50, 1), EINVAL);
  FAIL(syscall(SYS_pidfd_getfd, 0, 50, 0), EBADF);
  kill(child, SIGKILL);
  EQ(ended(child), KILLED(SIGKILL));
  FAIL(syscall(SYS_pidfd_getfd, fd, 50, 0), ESRCH);
  close(fd), close(got), p_close(p);
}

static void *new_child(void *unused) { return (void *)(intptr_t)CHILD((void)unused; _exit(strstr(t_slurp("/proc/self/status"), "\nThreads:\t1\n") ? 0 : 1)); }
static void *sleeper(void *p) { return (void)p_hear(p), p; }
static void of_threads(void) {
  // A fork in a process of many threads: the child has the one that called.
  pthread_t many[8], t;
  int p[2];
  void *child;
  pipe(p);
  for (int i = 0; i < 8; i++) pthread_create(&many[i], 0, sleeper, p);
  CHILD_OK(NEED(strstr(t_slurp("/proc/self/status"), "\nThreads:\t1\n") && syscall(SYS_gettid) == getpid()));
  pthread_create(&t, 0, new_child, 0), pthread_join(t, &child);
  EQ(ended((pid_t)(intptr_t)child), 0);
  for (int i = 0; i < 8; i++) p_tell(p);
  for (int i = 0; i < 8; i++) pthread_join(many[i], 0);
  p_close(p);
}

static void not_inherited(void) {
  sigset_t set;
  struct itimerval timer = {.it_value = {100, 0}};
  sigemptyset(&set), sigaddset(&set, SIGUSR1), sigprocmask(SIG_BLOCK, &set, 0);
  raise(SIGUSR1);
  setitimer(ITIMER_REAL, &timer, 0);
  char *locked = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *gone = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *wiped = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *wiped = *gone = *locked = 7;
  mlock(locked, 4096);
  EQ(madvise(gone, 4096, MADV_DONTFORK), 0);
  EQ(madvise(wiped, 4096, MADV_WIPEONFORK), 0);
  CHILD_OK({
    sigset_t now;
    struct itimerval left;
    unsigned char core;
    sigpending(&now);
    NEED(!sigismember(&now, SIGUSR1));
    sigprocmask(SIG_BLOCK, 0, &now);
    NEED(sigismember(&now, SIGUSR1));
    NEED(!getitimer(ITIMER_REAL, &left) && !left.it_value.tv_sec && !left.it_value.tv_usec);
    NEED(strstr(t_slurp("/proc/self/status"), "VmLck:\t       0 kB"));
    NEED_FAIL(mincore(gone, 4096, &core), ENOMEM);
    NEED(*wiped == 0 && *locked == 7);
  });
  setitimer(ITIMER_REAL, &(struct itimerval){0}, 0);
  sigtimedwait(&set, 0, &(struct timespec){0, 0});
  sigprocmask(SIG_UNBLOCK, &set, 0);
  munmap(locked, 4096), munmap(gone, 4096), munmap(wiped, 4096);
}

static void inherited(void) {
  struct rlimit files = {70, 80}, before;
  getrlimit(RLIMIT_NOFILE, &before);
  char folder[300];
  getcwd(folder, sizeof folder);
  umask(0137), nice(3), prctl(PR_SET_NAME, "renamed");
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){70, before.rlim_max});
  static char room[16384];
  stack_t alternative = {.ss_sp = room, .ss_size = sizeof room}, none = {.ss_flags = SS_DISABLE};
  sigaltstack(&alternative, 0);
  CHILD_OK({
    char now[300];
    char name[16];
    stack_t mine;
    NEED(umask(0) == 0137 && getpriority(PRIO_PROCESS, 0) == 3);
    NEED(!prctl(PR_GET_NAME, name) && !strcmp(name, "renamed"));
    NEED(!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur == 70);
    NEED(!strcmp(getcwd(now, sizeof now), folder));
    NEED(!sigaltstack(0, &mine) && mine.ss_sp == room && mine.ss_size == sizeof room);
  });
  sigaltstack(&none, 0), umask(022), setpriority(PRIO_PROCESS, 0, 0), setrlimit(RLIMIT_NOFILE, &before);
}

static void limit_of_processes(void) {
  if (geteuid()) {
    SKIP("needs root");
    return;
  }
  // The limit counts a user's processes and does not bind root.
  CHILD_OK({
    NEED(!setrlimit(RLIMIT_NPROC, &(struct rlimit){1, 1}));
    NEED(ended(CHILD()) == 0);
    NEED(!setresuid(61234, 61234, 61234));
    NEED_FAIL(fork(), EAGAIN);
    pthread_t t;
    NEED(pthread_create(&t, 0, new_child, 0) == EAGAIN);
  });
}

static int helper(int argc, char **argv) {
  if (argc == 3 && !strcmp(argv[1], "--sleep")) return t_sleep_ms(atoi(argv[2])), 0;
  if (argc == 2 && !strcmp(argv[1], "--folder")) return chdir("/");
  return 1;
}

P_MAIN(helper, G(refused), G(numbers), G(shared), G(unshared), G(vforked), G(pidfds), G(of_threads), G(not_inherited), G(inherited),
       G(limit_of_processes))
