// System calls with chance arguments: whatever a program passes, the kernel answers, and nothing else changes.
//
//   fuzz                    a fixed, small round of calls that do no harm on any Linux, even as root
//   fuzz calls SEED COUNT   the same calls, another round
//   fuzz wild SEED COUNT    any number with any arguments: only for a machine of its own
#include "t.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <poll.h>

#ifndef __x86_64__
// Calls of old that other architectures never had: numbers below all there are, so that nothing answers.
enum { SYS_poll = -1000, SYS_select, SYS_epoll_wait, SYS_fork, SYS_vfork, SYS_pause, SYS_alarm, SYS_arch_prctl };
#endif

// What an argument is.
enum kind { NO, FD, BUF, LEN, OFF, PATH, FLAGS, SMALL, SIGSET, TIME, IOV, ADDR, ADDRLEN, POLLS, MEM, ANY, DIR, TYPE, DOMAIN, EVENT, ADVICE, COMMAND, CONTROL, WORD };

struct call {
  int number;
  enum kind args[6];
};

// Calls that touch nothing but this process and its working folder.
static const struct call calls[] = {
  {SYS_read, {FD, BUF, LEN}}, {SYS_write, {FD, BUF, LEN}}, {SYS_pread64, {FD, BUF, LEN, OFF}}, {SYS_pwrite64, {FD, BUF, LEN, OFF}},
  {SYS_readv, {FD, IOV, SMALL}}, {SYS_writev, {FD, IOV, SMALL}}, {SYS_preadv2, {FD, IOV, SMALL, OFF, OFF, SMALL}},
  {SYS_pwritev2, {FD, IOV, SMALL, OFF, OFF, SMALL}}, {SYS_openat, {DIR, PATH, FLAGS, SMALL}}, {SYS_close, {FD}}, {SYS_lseek, {FD, OFF, SMALL}},
  {SYS_fstat, {FD, BUF}}, {SYS_newfstatat, {DIR, PATH, BUF, FLAGS}}, {SYS_statx, {DIR, PATH, FLAGS, SMALL, BUF}}, {SYS_ftruncate, {FD, OFF}},
  {SYS_fallocate, {FD, SMALL, OFF, OFF}}, {SYS_unlinkat, {DIR, PATH, FLAGS}}, {SYS_mkdirat, {DIR, PATH, SMALL}},
  {SYS_linkat, {DIR, PATH, DIR, PATH, FLAGS}}, {SYS_symlinkat, {PATH, DIR, PATH}}, {SYS_renameat2, {DIR, PATH, DIR, PATH, SMALL}},
  {SYS_readlinkat, {DIR, PATH, BUF, LEN}}, {SYS_getdents64, {FD, BUF, LEN}}, {SYS_faccessat2, {DIR, PATH, SMALL, FLAGS}},
  {SYS_fchmod, {FD, SMALL}}, {SYS_utimensat, {DIR, PATH, TIME, FLAGS}}, {SYS_getcwd, {BUF, LEN}}, {SYS_statfs, {PATH, BUF}}, {SYS_fstatfs, {FD, BUF}},
  {SYS_fsync, {FD}}, {SYS_flock, {FD, SMALL}}, {SYS_dup, {FD}}, {SYS_dup3, {FD, FD, FLAGS}}, {SYS_fcntl, {FD, CONTROL, SMALL}}, {SYS_pipe2, {BUF, FLAGS}},
  {SYS_splice, {FD, BUF, FD, BUF, LEN, SMALL}}, {SYS_tee, {FD, FD, LEN, SMALL}}, {SYS_sendfile, {FD, FD, BUF, LEN}},
  {SYS_copy_file_range, {FD, BUF, FD, BUF, LEN, SMALL}}, {SYS_memfd_create, {PATH, SMALL}}, {SYS_ioctl, {FD, COMMAND, BUF}},
  {SYS_setxattr, {PATH, PATH, BUF, LEN, SMALL}}, {SYS_getxattr, {PATH, PATH, BUF, LEN}}, {SYS_listxattr, {PATH, BUF, LEN}},
  {SYS_poll, {POLLS, SMALL, SMALL}}, {SYS_ppoll, {POLLS, SMALL, TIME, SIGSET, LEN}}, {SYS_select, {SMALL, BUF, BUF, BUF, TIME}},
  {SYS_pselect6, {SMALL, BUF, BUF, BUF, TIME, BUF}}, {SYS_epoll_create1, {FLAGS}}, {SYS_epoll_ctl, {FD, SMALL, FD, EVENT}},
  {SYS_epoll_wait, {FD, BUF, SMALL, SMALL}}, {SYS_eventfd2, {SMALL, FLAGS}}, {SYS_timerfd_create, {SMALL, FLAGS}},
  {SYS_timerfd_settime, {FD, SMALL, TIME, BUF}}, {SYS_timerfd_gettime, {FD, BUF}}, {SYS_signalfd4, {FD, SIGSET, LEN, FLAGS}},
  {SYS_inotify_init1, {FLAGS}}, {SYS_inotify_add_watch, {FD, PATH, SMALL}}, {SYS_inotify_rm_watch, {FD, SMALL}},
  {SYS_socket, {DOMAIN, TYPE, SMALL}}, {SYS_socketpair, {DOMAIN, TYPE, SMALL, BUF}}, {SYS_bind, {FD, ADDR, ADDRLEN}}, {SYS_listen, {FD, SMALL}},
  {SYS_accept4, {FD, BUF, BUF, FLAGS}}, {SYS_connect, {FD, ADDR, ADDRLEN}}, {SYS_getsockname, {FD, BUF, BUF}}, {SYS_getpeername, {FD, BUF, BUF}},
  {SYS_sendto, {FD, BUF, LEN, SMALL, ADDR, ADDRLEN}}, {SYS_recvfrom, {FD, BUF, LEN, SMALL, BUF, BUF}}, {SYS_shutdown, {FD, SMALL}},
  {SYS_setsockopt, {FD, SMALL, SMALL, BUF, LEN}}, {SYS_getsockopt, {FD, SMALL, SMALL, BUF, BUF}},
  {SYS_mmap, {NO, LEN, SMALL, TYPE, FD, OFF}}, {SYS_munmap, {MEM, LEN}}, {SYS_mprotect, {MEM, LEN, SMALL}}, {SYS_madvise, {MEM, LEN, ADVICE}},
  {SYS_msync, {MEM, LEN, SMALL}}, {SYS_mincore, {MEM, LEN, BUF}}, {SYS_mlock, {MEM, LEN}}, {SYS_munlock, {MEM, LEN}},
  {SYS_futex, {WORD, SMALL, SMALL, TIME, WORD, SMALL}}, {SYS_nanosleep, {TIME, BUF}}, {SYS_clock_nanosleep, {SMALL, SMALL, TIME, BUF}},
  {SYS_clock_gettime, {SMALL, BUF}}, {SYS_clock_getres, {SMALL, BUF}}, {SYS_gettimeofday, {BUF, BUF}}, {SYS_times, {BUF}}, {SYS_getrusage, {SMALL, BUF}},
  {SYS_rt_sigprocmask, {SMALL, SIGSET, BUF, LEN}}, {SYS_rt_sigpending, {BUF, LEN}}, {SYS_rt_sigtimedwait, {SIGSET, BUF, TIME, LEN}},
  {SYS_rt_sigsuspend, {SIGSET, LEN}}, {SYS_sigaltstack, {BUF, BUF}}, {SYS_timer_gettime, {SMALL, BUF}}, {SYS_timer_delete, {SMALL}},
  {SYS_sched_yield, {NO}}, {SYS_sched_getaffinity, {NO, LEN, BUF}}, {SYS_sched_getparam, {NO, BUF}}, {SYS_getrandom, {BUF, LEN, SMALL}},
  {SYS_getrlimit, {SMALL, BUF}}, {SYS_uname, {BUF}}, {SYS_sysinfo, {BUF}}, {SYS_getgroups, {SMALL, BUF}}, {SYS_getcpu, {BUF, BUF}},
  {SYS_process_vm_readv, {SMALL, IOV, SMALL, IOV, SMALL, SMALL}}, {SYS_get_robust_list, {SMALL, BUF, BUF}}, {SYS_membarrier, {SMALL, SMALL, SMALL}},
  {SYS_wait4, {SMALL, BUF, SMALL, BUF}}, {SYS_waitid, {SMALL, SMALL, BUF, SMALL, BUF}}, {SYS_getitimer, {SMALL, BUF}},
};

// Calls about what a whole machine shares: only where it is ours.
static const struct call shared_calls[] = {
  {SYS_shmget, {SMALL, LEN, FLAGS}}, {SYS_shmat, {SMALL, NO, SMALL}}, {SYS_shmctl, {SMALL, SMALL, BUF}},
  {SYS_semget, {SMALL, SMALL, FLAGS}}, {SYS_semop, {SMALL, BUF, SMALL}}, {SYS_semtimedop, {SMALL, BUF, SMALL, TIME}},
  {SYS_semctl, {SMALL, SMALL, SMALL, BUF}}, {SYS_msgget, {SMALL, FLAGS}}, {SYS_msgsnd, {SMALL, BUF, LEN, SMALL}},
  {SYS_msgrcv, {SMALL, BUF, LEN, SMALL, SMALL}}, {SYS_msgctl, {SMALL, SMALL, BUF}}, {SYS_mq_open, {PATH, FLAGS, SMALL, BUF}},
  {SYS_mq_unlink, {PATH}}, {SYS_mq_timedsend, {FD, BUF, LEN, SMALL, TIME}}, {SYS_mq_timedreceive, {FD, BUF, LEN, BUF, TIME}},
  {SYS_mq_getsetattr, {FD, BUF, BUF}}, {SYS_io_submit, {NO, SMALL, BUF}}, {SYS_io_getevents, {NO, SMALL, SMALL, BUF, TIME}},
  {SYS_io_cancel, {NO, BUF, BUF}}, {SYS_io_setup, {SMALL, BUF}},
};
static unsigned long operations; // a context for io_submit

// Calls that would end the process, or the means by which it watches itself, even in a machine of its own.
static const int deadly[] = {
  SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_fork, SYS_vfork, SYS_clone, 435 /* clone3 */, SYS_execve, SYS_execveat, SYS_kill, SYS_tkill,
  SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_pidfd_send_signal, SYS_arch_prctl, SYS_reboot, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_mmap,
  SYS_brk, SYS_madvise, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_alarm, SYS_setitimer, SYS_timer_create, SYS_prctl, SYS_setrlimit, SYS_prlimit64, SYS_pause,
  SYS_seccomp, SYS_ptrace, SYS_chroot, SYS_chdir, SYS_fchdir, SYS_pkey_mprotect, SYS_shmat, SYS_shmdt, SYS_remap_file_pages, SYS_clock_settime,
  SYS_settimeofday, SYS_close_range, SYS_process_madvise, SYS_rseq, SYS_umount2, SYS_rt_sigsuspend,
};

#define ARENA (64 * 1024)
#define FIRST_KEPT 200 // the first of three descriptors that no call gets
static char *arena; // what calls may write to, with nothing mapped around it
static char *region; // what may be unmapped and protected
static int is_wild;
static uint64_t state;

static uint64_t draw(void) { // xorshift64*
  state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
  return state * 2685821657736338717ull;
}
static uint64_t below(uint64_t n) { return draw() % n; }

static const char *const paths[] = {"a", "b", "d", "d/e", "d/f/g", "link", "loop", "", ".", "./d//e/.", "a/x", "fifo", "user.x", "d/"};
static char long_path[8192];

// An address that no call can use.
static uint64_t bad_address(void) {
  static const uint64_t bad[] = {0, 1, 8, 0x1000, 0x7ffffffff000, 0x800000000000, 0xffff800000000000, 0xffffffff80000000, 0xfffffffffffff000, UINT64_MAX};
  return bad[below(sizeof bad / sizeof *bad)];
}
// Room for a result or for chance bytes, now and then across the end of what is mapped.
static uint64_t buffer(void) {
  if (below(8) == 0) return bad_address();
  if (below(8) == 0) return (uint64_t)(uintptr_t)(arena + ARENA - below(64));
  uint64_t at = below(ARENA - 4096);
  for (int i = 0; i < 4; i++) memcpy(arena + at + 8 * (uint64_t)i, &(uint64_t){below(3) ? below(100) : draw()}, 8);
  return (uint64_t)(uintptr_t)(arena + at);
}
// A place in the arena with this content.
static uint64_t put(const void *bytes, size_t n) {
  char *at = arena + below((ARENA - 16384) / 16) * 16;
  memcpy(at, bytes, n);
  return (uint64_t)(uintptr_t)at;
}

static uint64_t address(void) {
  union {
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
  } a = {0};
  switch (below(3)) {
    case 0:
      a.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
      if (is_wild) a.in.sin_port = (in_port_t)draw(), a.in.sin_addr.s_addr = below(2) ? (in_addr_t)draw() : a.in.sin_addr.s_addr;
      break;
    case 1: a.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT}; break;
    default: a.un.sun_family = AF_UNIX, strcpy(a.un.sun_path, below(2) ? "socket" : "socket2");
  }
  return put(&a, sizeof a);
}

static uint64_t argument(enum kind kind) {
  static const uint64_t commands[] = {FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, FIOASYNC, 0x5401 /* TCGETS */, 0x5413 /* TIOCGWINSZ */};
  static const int domains[] = {AF_UNIX, AF_INET, AF_INET6, AF_UNIX, AF_INET, 0, -1, 99};
  static const uint64_t advice[] = {0, 1, 2, 3, 4, 8, 9, 10, 11, 14, 15, 16, 17, 18, 20, 22, 23, 999};
  struct iovec vec[8];
  struct pollfd polls[16];
  if (is_wild && below(16) == 0 && kind != NO && kind != MEM && kind != SIGSET) kind = ANY;
  switch (kind) {
    case NO: return 0;
    case FD: return below(10) ? 3 + below(28) : below(2) ? (uint64_t)-1 : 1000;
    case DIR: return below(5) ? (uint64_t)AT_FDCWD : argument(FD);
    case BUF: return buffer();
    case LEN: return below(8) ? below(3) ? below(512) : below(ARENA) : below(2) ? 8 : draw() >> below(64);
    case OFF: return is_wild && below(4) == 0 ? draw() >> below(64) : below(8) ? below(1 << 20) : (uint64_t)-1;
    case PATH:
      if (below(8) == 0) return bad_address();
      if (below(16) == 0) return (uint64_t)(uintptr_t)(long_path + below(sizeof long_path));
      const char *path = paths[below(sizeof paths / sizeof *paths)];
      return put(path, strlen(path) + 1);
    case FLAGS: return below(3) ? below(2) ? 0 : 1ull << below(24) : draw() & draw() & 0xffffff;
    case SMALL: return below(12) ? below(2) ? below(4) : below(64) : below(2) ? (uint64_t)-1 : 1ull << below(32);
    // Empty always: a wait that nothing ends would be no error of the kernel.
    case SIGSET: return below(8) ? put(&(uint64_t[16]){0}, 128) : bad_address();
    case TIME: return below(8) ? put(&(uint64_t[4]){0, below(5 * MS), below(2), below(5 * MS)}, 32) : below(2) ? buffer() : bad_address();
    case IOV:
      for (int i = 0; i < 8; i++) vec[i] = (struct iovec){(void *)(uintptr_t)buffer(), below(16) ? below(4096) : draw()};
      return below(8) ? put(vec, sizeof vec) : bad_address();
    case ADDR: return below(8) ? address() : bad_address();
    case ADDRLEN: return below(8) ? below(2) ? 16 : 110 : below(200);
    case POLLS:
      for (int i = 0; i < 16; i++) polls[i] = (struct pollfd){.fd = (int)argument(FD), .events = (short)draw()};
      return below(8) ? put(polls, sizeof polls) : bad_address();
    case MEM: return below(8) ? (uint64_t)(uintptr_t)region + below(16) * 4096 : bad_address() | 0x800000000000;
    case TYPE: return is_wild && !below(4) ? draw() & 0xfffff : (1 + below(2)) | (below(3) ? 0 : (uint64_t)SOCK_NONBLOCK) | (below(3) ? 0 : 0x20);
    case DOMAIN: return (uint64_t)domains[below(is_wild ? 8 : 5)];
    case EVENT: return below(8) ? put(&(struct epoll_event){.events = (uint32_t)draw()}, sizeof(struct epoll_event)) : bad_address();
    case ADVICE: return advice[below(sizeof advice / sizeof *advice)];
    case COMMAND: return is_wild && below(2) ? 0x5400 + below(0x100) : commands[below(7)];
    // Not F_SETOWN and F_SETSIG: they could mean somebody else.
    case CONTROL: return (uint64_t[]){0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 1024, 1026, 1030, 1031, 1032, 1033, 1034, 99}[below(18)];
    case WORD: return below(8) ? (uint64_t)(uintptr_t)arena + below(64) * 4 : bad_address();
    case ANY: return below(2) ? argument((enum kind)below(ANY)) : draw() >> below(64);
  }
  return 0;
}

static void on_signal(int number) { (void)number; }

static int is_deadly(int number) {
  for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
    if (deadly[i] == number) return 1;
  return 0;
}

static int watch_pipe[2], watch_file;
static char watched[4096];

// What no call may have changed.
static int all_is_well(void) {
  char bytes[64];
  for (size_t i = 0; i < sizeof watched; i++)
    if (watched[i] != (char)(i * 7)) return 0;
  if (write(watch_pipe[1], "well", 4) != 4 || read(watch_pipe[0], bytes, sizeof bytes) != 4 || memcmp(bytes, "well", 4)) return 0;
  return pread(watch_file, bytes, sizeof bytes, 4000) == 64 && !memcmp(bytes, watched + 4000, 64);
}

static void prepare(void) {
  struct sigaction action = {.sa_handler = on_signal};
  for (int s = 1; s < 65; s++)
    if (s != SIGSEGV && s != SIGBUS && s != SIGILL && s != SIGFPE && s != SIGTRAP && s != SIGINT && s != SIGTERM && s != SIGABRT) sigaction(s, &action, 0);
  // What blocks is interrupted.
  setitimer(ITIMER_REAL, &(struct itimerval){{0, 2000}, {0, 2000}}, 0);
  char *all = mmap(0, ARENA * 4 + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  arena = all + ARENA, region = all + 3 * ARENA;
  mprotect(arena, ARENA, PROT_READ | PROT_WRITE);
  mprotect(region, ARENA, PROT_READ | PROT_WRITE);
  memset(long_path, 'x', sizeof long_path - 1);
  for (size_t i = 100; i < sizeof long_path; i += 100) long_path[i] = '/';
  for (size_t i = 0; i < sizeof watched; i++) watched[i] = (char)(i * 7);
  for (int fd = 3; fd < 64; fd++) close(fd);
  // Out of the calls' reach.
  int pair[2], file = open("watched", O_RDWR | O_CREAT | O_EXCL, 0600);
  pipe(pair);
  write(file, watched, sizeof watched);
  watch_file = fcntl(file, F_DUPFD_CLOEXEC, FIRST_KEPT), watch_pipe[0] = fcntl(pair[0], F_DUPFD_CLOEXEC, FIRST_KEPT), watch_pipe[1] = fcntl(pair[1], F_DUPFD_CLOEXEC, FIRST_KEPT);
  close(file), close(pair[0]), close(pair[1]), unlink("watched");
  mkdir("d", 0700), mkdir("d/f", 0700), mkfifo("fifo", 0600), symlink("a", "link"), symlink("loop", "loop");
  close(open("a", O_RDWR | O_CREAT, 0600));
}

// Something of each kind to call upon.
static void open_some(void) {
  pipe2((int[2]){0}, O_NONBLOCK), eventfd(1, EFD_NONBLOCK), timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), epoll_create1(0);
  open("a", O_RDWR | O_CREAT, 0600), open("d", O_RDONLY), open("fifo", O_RDWR | O_NONBLOCK), memfd_create("m", MFD_ALLOW_SEALING);
  socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){0}), socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), socket(AF_INET, SOCK_DGRAM, 0);
  syscall(SYS_inotify_init1, O_NONBLOCK);
  if (!is_wild) return;
  syscall(SYS_shmget, 1, 8192, 01600), syscall(SYS_semget, 1, 8, 01600), syscall(SYS_msgget, 1, 01600);
  syscall(SYS_mq_open, "a", O_RDWR | O_CREAT | O_NONBLOCK, 0600, 0);
  if (!operations) syscall(SYS_io_setup, 8, &operations);
}

static int rounds(uint64_t seed, long count) {
  state = seed * 0x9e3779b97f4a7c15ull + 1;
  for (long n = 0; n < count; n++) {
    if (n % 512 == 0) {
      for (int fd = 3; fd < 64; fd++) close(fd);
      open_some();
      mmap(region, ARENA, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    sigset_t none;
    sigemptyset(&none), sigprocmask(SIG_SETMASK, &none, 0);
    const struct call *call = &calls[below(sizeof calls / sizeof *calls)];
    struct call any = {(int)below(470), {ANY, ANY, ANY, ANY, ANY, ANY}};
    if (is_wild && below(3) == 0 && !is_deadly(any.number)) call = &any;
    if (is_wild && below(8) == 0) call = &shared_calls[below(sizeof shared_calls / sizeof *shared_calls)];
    uint64_t a[6];
    for (int i = 0; i < 6; i++) {
      a[i] = argument(call->args[i]);
      if (a[i] >= FIRST_KEPT && a[i] < FIRST_KEPT + 3) a[i] = 0;
    }
    // Within the region, or round the end of all addresses.
    uint64_t room = (uint64_t)(uintptr_t)region + ARENA - a[0];
    if (call->args[0] == MEM && room <= ARENA && a[1] > room) a[1] = below(4) ? room : 0 - (1 + below(8)) * 4096;
    if (call->number == SYS_mmap) a[3] &= ~(uint64_t)MAP_FIXED;
    if (call->number == SYS_io_submit || call->number == SYS_io_getevents || call->number == SYS_io_cancel) a[0] = operations;
    long result = syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    // Its own mappings are not kept.
    if (call->number == SYS_mmap && result != -1) munmap((void *)result, a[1]);
    if (call->number == SYS_shmat && result != -1) syscall(SYS_shmdt, result);
    if (n % 256 == 0 && !all_is_well()) {
      printf("# after call %ld of seed %llu: number %d\n", n, (unsigned long long)seed, call->number);
      return 0;
    }
  }
  return all_is_well();
}

static void clean(void) {
  setitimer(ITIMER_REAL, &(struct itimerval){0}, 0);
  for (int fd = 3; fd < 64; fd++) close(fd);
  for (int pass = 0; pass < 4; pass++)
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) unlink(paths[i]), rmdir(paths[i]);
  unlink("socket"), unlink("socket2"), rmdir("d/f"), rmdir("d");
}

static void chance(void) {
  prepare();
  for (uint64_t seed = 1; seed <= 3; seed++) YES(rounds(seed, 3000));
  clean();
}

int main(int argc, char **argv) {
  static const struct group groups[] = {G(chance), {0, 0}};
  if (argc < 4) return t_main(argc, argv, groups);
  is_wild = !strcmp(argv[1], "wild");
  mkdir("/tmp", 01777);
  strcpy(t_folder, "/tmp/fuzz.XXXXXX");
  if (!mkdtemp(t_folder) || chdir(t_folder)) return 2;
  prepare();
  int good = rounds(strtoull(argv[2], 0, 0), atol(argv[3]));
  printf("%s\n", good ? "well" : "not well");
  return !good;
}
