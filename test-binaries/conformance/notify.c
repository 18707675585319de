// Being told: signals about files that become ready (O_ASYNC), what happens to files (inotify),
// what asynchronous operations came to (io_submit).
#include "t.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <dirent.h>
#include <poll.h>
#include <linux/aio_abi.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sys/xattr.h>

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


// Everything that waits, as text: `WD:EVENT+EVENT[:NAME] …`; cookies are checked to come in pairs.
static const char *seen(int fd) {
  static const char *names[] = {"ACCESS", "MODIFY", "ATTRIB", "CLOSE_WRITE", "CLOSE_NOWRITE", "OPEN", "MOVED_FROM", "MOVED_TO",
    "CREATE", "DELETE", "DELETE_SELF", "MOVE_SELF", "?", "UNMOUNT", "Q_OVERFLOW", "IGNORED"};
  static char text[4096];
  _Alignas(8) char buffer[4096];
  unsigned cookie = 0;
  size_t n = 0;
  ssize_t got = read(fd, buffer, sizeof buffer);
  text[0] = 0;
  for (ssize_t at = 0; at < got;) {
    struct inotify_event *e = (void *)(buffer + at);
    n += (size_t)sprintf(text + n, "%s%d:", n ? " " : "", e->wd);
    for (int i = 0, first = 1; i < 16; i++)
      if (e->mask & 1u << i) n += (size_t)sprintf(text + n, "%s%s", first ? "" : "+", names[i]), first = 0;
    if (e->mask & IN_ISDIR) n += (size_t)sprintf(text + n, "/");
    if (e->len) n += (size_t)sprintf(text + n, ":%s", e->name);
    if (e->mask & IN_MOVED_FROM) cookie = e->cookie;
    if (e->mask & IN_MOVED_TO && cookie && e->cookie != cookie) n += (size_t)sprintf(text + n, "(cookie)");
    if (!(e->mask & IN_MOVE) && e->cookie) n += (size_t)sprintf(text + n, "(cookie)");
    if (e->len % 16) n += (size_t)sprintf(text + n, "(length)");
    at += (ssize_t)sizeof *e + e->len;
  }
  return text;
}

static void inotify_calls(void) {
  struct pollfd p;
  char small[20];
  int n = -1;
  FAIL(inotify_init1(1), EINVAL);
  int fd = GOOD(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  mkdir("d", 0755);
  close(t_file("d/file", "text"));
  FAIL(inotify_add_watch(fd, "d", 0), EINVAL);
  FAIL(inotify_add_watch(fd, "d", 0x1000), EINVAL);
  FAIL(inotify_add_watch(fd, "not-there", IN_OPEN), ENOENT);
  FAIL(inotify_add_watch(fd, "d/file", IN_OPEN | IN_ONLYDIR), ENOTDIR);
  FAIL(inotify_add_watch(0, "d", IN_OPEN), EINVAL);
  FAIL(inotify_add_watch(99, "d", IN_OPEN), EBADF);
  FAIL(inotify_add_watch(fd, (void *)8, IN_OPEN), EFAULT);
  EQ(inotify_add_watch(fd, "d", IN_CREATE), 1);
  EQ(inotify_add_watch(fd, "d/file", IN_OPEN), 2);
  EQ(inotify_add_watch(fd, "d/../d", IN_DELETE), 1);
  FAIL(inotify_add_watch(fd, "d", IN_OPEN | IN_MASK_CREATE), EEXIST);
  FAIL(inotify_add_watch(fd, "d", IN_OPEN | IN_MASK_CREATE | IN_MASK_ADD), EINVAL);
  FAIL(inotify_rm_watch(fd, 3), EINVAL);
  FAIL(inotify_rm_watch(0, 1), EINVAL);
  FAIL(inotify_rm_watch(99, 1), EBADF);
  FAIL(read(fd, small, 20), EAGAIN);
  p = (struct pollfd){fd, POLLIN | POLLOUT, 0};
  EQ(poll(&p, 1, 0), 0);
  close(open("d/file", O_RDONLY));
  EQ(poll(&p, 1, 0), 1);
  EQ(p.revents, POLLIN);
  EQ(ioctl(fd, FIONREAD, &n), 0);
  EQ(n, 16);
  FAIL(read(fd, small, 15), EINVAL);
  TEXT(seen(fd), "2:OPEN");
  EQ(ioctl(fd, FIONREAD, &n), 0);
  EQ(n, 0);
  EQ(inotify_rm_watch(fd, 2), 0);
  TEXT(seen(fd), "2:IGNORED");
  // The mask was replaced.
  close(t_file("d/new", ""));
  TEXT(seen(fd), "");
  EQ(inotify_add_watch(fd, "d", IN_CREATE | IN_MASK_ADD), 1);
  close(t_file("d/newer", ""));
  unlink("d/new");
  TEXT(seen(fd), "1:CREATE:newer 1:DELETE:new");
  unlink("d/newer"), unlink("d/file");
  seen(fd);
  FAIL(write(fd, "x", 1), EBADF);
  EQ(rmdir("d"), 0);
  TEXT(seen(fd), "1:IGNORED");
  FAIL(inotify_rm_watch(fd, 1), EINVAL);
  close(fd);
}

static void inotify_files(void) {
  int fd = GOOD(inotify_init1(IN_NONBLOCK)), f;
  char c[8], link[32];
  mkdir("d", 0755);
  EQ(inotify_add_watch(fd, "d", IN_ALL_EVENTS), 1);
  f = t_file("d/f", "text");
  TEXT(seen(fd), "1:CREATE:f 1:OPEN:f 1:MODIFY:f");
  EQ(read(f, c, 8), 4);
  EQ(read(f, c, 8), 0);
  EQ(pread(f, c, 2, 1), 2);
  EQ(pwrite(f, "x", 1, 0), 1);
  EQ(ftruncate(f, 2), 0);
  TEXT(seen(fd), "1:ACCESS:f 1:MODIFY:f");
  EQ(close(f), 0);
  TEXT(seen(fd), "1:CLOSE_WRITE:f");
  f = open("d/f", O_RDONLY);
  close(dup(f));
  TEXT(seen(fd), "1:OPEN:f");
  close(f);
  TEXT(seen(fd), "1:CLOSE_NOWRITE:f");
  close(open("d/f", O_WRONLY | O_TRUNC));
  TEXT(seen(fd), "1:OPEN:f 1:MODIFY:f 1:CLOSE_WRITE:f");
  close(open("d/f", O_PATH));
  TEXT(seen(fd), "");
  EQ(truncate("d/f", 10), 0);
  TEXT(seen(fd), "1:MODIFY:f");
  EQ(chmod("d/f", 0600), 0);
  TEXT(seen(fd), "1:ATTRIB:f");
  EQ(utimensat(AT_FDCWD, "d/f", 0, 0), 0);
  TEXT(seen(fd), "1:ATTRIB:f");
  struct timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
  EQ(utimensat(AT_FDCWD, "d/f", times, 0), 0);
  TEXT(seen(fd), "1:ACCESS:f");
  times[0].tv_nsec = UTIME_OMIT, times[1].tv_nsec = UTIME_NOW;
  EQ(utimensat(AT_FDCWD, "d/f", times, 0), 0);
  TEXT(seen(fd), "1:MODIFY:f");
  if (chown("d/f", getuid(), getgid()) == 0) TEXT(seen(fd), "1:ATTRIB:f");
  if (setxattr("d/f", "user.x", "1", 1, 0) == 0) TEXT(seen(fd), "1:ATTRIB:f");
  // The file itself, too.
  EQ(inotify_add_watch(fd, "d/f", IN_ALL_EVENTS), 2);
  close(open("d/f", O_RDONLY));
  TEXT(seen(fd), "1:OPEN:f 2:OPEN 1:CLOSE_NOWRITE:f 2:CLOSE_NOWRITE");
  EQ(rename("d/f", "d/g"), 0);
  TEXT(seen(fd), "1:MOVED_FROM:f 1:MOVED_TO:g 2:MOVE_SELF");
  EQ(rename("d/g", "out"), 0);
  TEXT(seen(fd), "1:MOVED_FROM:g 2:MOVE_SELF");
  EQ(rename("out", "d/in"), 0);
  TEXT(seen(fd), "1:MOVED_TO:in 2:MOVE_SELF");
  // A further name.
  if (syscall(SYS_link, "d/in", "d/second") == 0) {
    TEXT(seen(fd), "2:ATTRIB 1:CREATE:second");
    EQ(unlink("d/second"), 0);
    TEXT(seen(fd), "2:ATTRIB 1:DELETE:second");
  }
  EQ(mkdir("d/sub", 0755), 0);
  TEXT(seen(fd), "1:CREATE/:sub");
  DIR *dir = opendir("d/sub");
  readdir(dir);
  closedir(dir);
  TEXT(seen(fd), "1:OPEN/:sub 1:ACCESS/:sub 1:CLOSE_NOWRITE/:sub");
  EQ(rename("d/sub", "d/sub2"), 0);
  TEXT(seen(fd), "1:MOVED_FROM/:sub 1:MOVED_TO/:sub2");
  EQ(rmdir("d/sub2"), 0);
  TEXT(seen(fd), "1:DELETE/:sub2");
  EQ(symlink("in", "d/link"), 0);
  EQ(mkfifo("d/fifo", 0600), 0);
  TEXT(seen(fd), "1:CREATE:link 1:CREATE:fifo");
  EQ(readlink("d/link", link, sizeof link), 2);
  EQ(unlink("d/fifo"), 0);
  TEXT(seen(fd), "1:DELETE:fifo");
  close(open("d/link", O_RDONLY));
  TEXT(seen(fd), "1:OPEN:in 2:OPEN 1:CLOSE_NOWRITE:in 2:CLOSE_NOWRITE");
  EQ(inotify_add_watch(fd, "d/link", IN_ATTRIB | IN_DELETE_SELF | IN_DONT_FOLLOW), 3);
  EQ(unlink("d/link"), 0);
  TEXT(seen(fd), "3:ATTRIB 3:DELETE_SELF 3:IGNORED 1:DELETE:link");
  // Replaced by a rename.
  f = t_file("new", "");
  close(f);
  EQ(rename("new", "d/in"), 0);
  TEXT(seen(fd), "1:MOVED_TO:in 2:ATTRIB 2:DELETE_SELF 2:IGNORED");
  // Removed while open: gone with the last descriptor.
  EQ(inotify_add_watch(fd, "d/in", IN_ALL_EVENTS), 4);
  f = open("d/in", O_RDWR);
  seen(fd);
  EQ(unlink("d/in"), 0);
  TEXT(seen(fd), "4:ATTRIB 1:DELETE:in");
  EQ(write(f, "x", 1), 1);
  TEXT(seen(fd), "1:MODIFY:in 4:MODIFY");
  close(f);
  TEXT(seen(fd), "1:CLOSE_WRITE:in 4:CLOSE_WRITE 4:DELETE_SELF 4:IGNORED");
  EQ(rmdir("d"), 0);
  TEXT(seen(fd), "1:DELETE_SELF 1:IGNORED");
  close(fd);
}

static void copy_file(const char *from, const char *to) {
  char buffer[4096];
  ssize_t n;
  int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0755);
  while ((n = read(in, buffer, sizeof buffer)) > 0) write(out, buffer, (size_t)n);
  close(in), close(out);
}
// What runs is opened and read, and closed at its end.
static void inotify_exec(void) {
  int fd = GOOD(inotify_init1(IN_NONBLOCK)), status = -1;
  mkdir("d", 0755);
  copy_file("/proc/self/exe", "d/program");
  EQ(inotify_add_watch(fd, "d", IN_ALL_EVENTS), 1);
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    dup2(open("/dev/null", O_WRONLY), 1);
    execl("d/program", "program", "none", (char *)0);
    _exit(99);
  }
  EQ(waitpid(pid, &status, 0), pid);
  EQ(status, 0);
  TEXT(seen(fd), "1:OPEN:program 1:ACCESS:program 1:CLOSE_NOWRITE:program");
  unlink("d/program"), rmdir("d"), close(fd);
}

static void *make_file(void *arg) {
  t_sleep_ms(20);
  close(t_file("d/late", ""));
  return 0;
}
static void inotify_queue(void) {
  pthread_t t;
  int fd = GOOD(inotify_init1(0)), n;
  char c[64];
  mkdir("d", 0755);
  EQ(inotify_add_watch(fd, "d", IN_CREATE | IN_ONESHOT), 1);
  pthread_create(&t, 0, make_file, 0);
  EQ(read(fd, c, 32), 32);
  pthread_join(t, 0);
  TEXT(seen(fd), "1:IGNORED");
  // The same again and again is told once.
  EQ(inotify_add_watch(fd, "d/late", IN_MODIFY | IN_EXCL_UNLINK), 2);
  int f = open("d/late", O_RDWR);
  for (int i = 0; i < 5; i++) write(f, "x", 1);
  TEXT(seen(fd), "2:MODIFY");
  // Too many.
  EQ(inotify_add_watch(fd, "d/late", IN_MODIFY | IN_ACCESS), 2);
  for (int i = 0; i < 8200; i++) pwrite(f, "x", 1, 0), pread(f, c, 1, 0);
  EQ(ioctl(fd, FIONREAD, &n), 0);
  EQ(n, 16385 * 16);
  struct inotify_event e;
  for (int i = 0; i < 16384; i++)
    if (read(fd, &e, sizeof e) != sizeof e || e.wd != 2) break;
  EQ(read(fd, &e, sizeof e), 16);
  EQ(e.wd, -1);
  EQ(e.mask, IN_Q_OVERFLOW);
  // Signals, and the descriptor's end.
  listen_for(SIGIO);
  told = 0;
  EQ(fcntl(fd, F_SETOWN, getpid()), 0);
  EQ(fcntl(fd, F_SETFL, O_ASYNC), 0);
  write(f, "x", 1);
  YES(heard(SIGIO));
  close(fd), close(f);
  unlink("d/late"), rmdir("d");
  TEXT(t_slurp("/proc/sys/fs/inotify/max_queued_events"), "16384\n");
}


static long aio_setup(unsigned n, aio_context_t *ctx) { return syscall(SYS_io_setup, n, ctx); }
static long aio_destroy(aio_context_t ctx) { return syscall(SYS_io_destroy, ctx); }
static long aio_submit(aio_context_t ctx, long n, struct iocb **blocks) { return syscall(SYS_io_submit, ctx, n, blocks); }
static long aio_one(aio_context_t ctx, struct iocb *block) { return aio_submit(ctx, 1, &block); }
static long aio_get(aio_context_t ctx, long min, long max, struct io_event *events, struct timespec *timeout) {
  return syscall(SYS_io_getevents, ctx, min, max, events, timeout);
}
static struct iocb aio_block(int op, int fd, void *buffer, size_t n, long long offset) {
  struct iocb b = {.aio_lio_opcode = (uint16_t)op, .aio_fildes = (uint32_t)fd, .aio_buf = (uint64_t)(uintptr_t)buffer,
    .aio_nbytes = n, .aio_offset = offset, .aio_data = 1000 + (unsigned)op};
  return b;
}

static void aio_files(void) {
  aio_context_t ctx = 0, other = 7;
  struct io_event e[8];
  struct timespec now = {0, 0}, soon = {0, 20 * (long)MS};
  char text[64] = {0}, more[64] = {0};
  uint64_t count = 0;
  FAIL(aio_setup(0, &ctx), EINVAL);
  FAIL(aio_setup(8, &other), EINVAL);
  FAIL(aio_setup(8, (void *)8), EFAULT);
  FAIL(aio_destroy(0), EINVAL);
  FAIL(aio_get(0, 0, 1, e, &now), EINVAL);
  FAIL(aio_submit(0, 0, 0), EINVAL);
  EQ(aio_setup(16, &ctx), 0);
  YES(ctx != 0);
  int fd = t_file("f", "some text in a file");
  EQ(aio_get(ctx, 0, 8, e, &now), 0);
  uint64_t start = t_now();
  EQ(aio_get(ctx, 1, 8, e, &soon), 0);
  LEAST(t_now() - start, 19 * MS);
  FAIL(aio_get(ctx, 2, 1, e, &now), EINVAL);
  FAIL(aio_get(ctx, -1, 1, e, &now), EINVAL);
  FAIL(aio_get(ctx, 1, 1, e, (void *)8), EFAULT);
  FAIL(aio_submit(ctx, -1, 0), EINVAL);
  EQ(aio_submit(ctx, 0, 0), 0);
  FAIL(aio_submit(ctx, 1, (void *)8), EFAULT);
  struct iocb read5 = aio_block(IOCB_CMD_PREAD, fd, text, 4, 5);
  EQ(aio_one(ctx, &read5), 1);
  EQ(aio_get(ctx, 1, 8, e, 0), 1);
  EQ(e[0].data, 1000);
  EQ(e[0].obj, (uintptr_t)&read5);
  EQ(e[0].res, 4);
  EQ(e[0].res2, 0);
  TEXT(text, "text");
  EQ(lseek(fd, 0, SEEK_CUR), 0);
  // Several, with a counter; those after a bad one do not begin.
  int efd = eventfd(0, EFD_NONBLOCK);
  struct iocb w = aio_block(IOCB_CMD_PWRITE, fd, "SOME", 4, 0), r = aio_block(IOCB_CMD_PREAD, fd, more, 64, 0);
  struct iocb end = aio_block(IOCB_CMD_PREAD, fd, more, 64, 1000), bad = aio_block(99, fd, 0, 0, 0);
  w.aio_flags = r.aio_flags = end.aio_flags = IOCB_FLAG_RESFD;
  w.aio_resfd = r.aio_resfd = end.aio_resfd = (uint32_t)efd;
  struct iocb *list[] = {&w, &r, &end, &bad, &w};
  EQ(aio_submit(ctx, 5, list), 3);
  EQ(read(efd, &count, 8), 8);
  EQ(count, 3);
  EQ(aio_get(ctx, 3, 8, e, 0), 3);
  EQ(e[0].res, 4);
  EQ(e[1].res, 19);
  EQ(e[2].res, 0);
  TEXT(more, "SOME text in a file");
  FAIL(aio_one(ctx, &bad), EINVAL);
  // Vectors, and what cannot be done.
  char a[3] = {0}, b[8] = {0};
  struct iovec { void *base; size_t len; } v[2] = {{a, 2}, {b, 5}};
  struct iocb rv = aio_block(IOCB_CMD_PREADV, fd, v, 2, 0);
  EQ(aio_one(ctx, &rv), 1);
  EQ(aio_get(ctx, 1, 1, e, 0), 1);
  EQ(e[0].res, 7);
  TEXT(a, "SO");
  TEXT(b, "ME te");
  rv.aio_lio_opcode = IOCB_CMD_PWRITEV, rv.aio_offset = 1;
  EQ(aio_one(ctx, &rv), 1);
  EQ(aio_get(ctx, 1, 1, e, 0), 1);
  EQ(e[0].res, 7);
  struct iocb s = aio_block(IOCB_CMD_FSYNC, fd, 0, 0, 0);
  EQ(aio_one(ctx, &s), 1);
  EQ(aio_get(ctx, 1, 1, e, 0), 1);
  EQ(e[0].res, 0);
  s.aio_nbytes = 1;
  FAIL(aio_one(ctx, &s), EINVAL);
  struct iocb x = aio_block(IOCB_CMD_PREAD, 99, text, 1, 0);
  FAIL(aio_one(ctx, &x), EBADF);
  x.aio_fildes = (uint32_t)fd, x.aio_offset = -1;
  FAIL(aio_one(ctx, &x), EINVAL);
  x.aio_offset = 0, x.aio_nbytes = (uint64_t)-1;
  FAIL(aio_one(ctx, &x), EINVAL);
  x.aio_nbytes = 1, x.aio_reserved2 = 1;
  FAIL(aio_one(ctx, &x), EINVAL);
  x.aio_reserved2 = 0, x.aio_flags = IOCB_FLAG_RESFD, x.aio_resfd = (uint32_t)fd;
  FAIL(aio_one(ctx, &x), EINVAL);
  x.aio_resfd = 99;
  FAIL(aio_one(ctx, &x), EBADF);
  x.aio_flags = 0, x.aio_buf = 8;
  EQ(aio_one(ctx, &x), 1);
  EQ(aio_get(ctx, 1, 1, e, 0), 1);
  EQ(e[0].res, -EFAULT);
  int ro = open("f", O_RDONLY);
  x = aio_block(IOCB_CMD_PWRITE, ro, text, 1, 0);
  FAIL(aio_one(ctx, &x), EBADF);
  EQ(aio_destroy(ctx), 0);
  FAIL(aio_destroy(ctx), EINVAL);
  FAIL(aio_get(ctx, 0, 1, e, &now), EINVAL);
  close(fd), close(ro), close(efd), unlink("f");
}

static void *write_soon(void *arg) {
  t_sleep_ms(20);
  write(*(int *)arg, "x", 1);
  return 0;
}
static void aio_polls(void) {
  aio_context_t ctx = 0;
  struct io_event e[4];
  struct timespec now = {0, 0};
  int p[2];
  pthread_t t;
  EQ(aio_setup(4, &ctx), 0);
  EQ(pipe(p), 0);
  struct iocb out = aio_block(IOCB_CMD_POLL, p[1], (void *)POLLOUT, 0, 0), in = aio_block(IOCB_CMD_POLL, p[0], (void *)POLLIN, 0, 0);
  EQ(aio_one(ctx, &out), 1);
  EQ(aio_get(ctx, 1, 4, e, 0), 1);
  EQ(e[0].res & POLLOUT, POLLOUT);
  EQ(aio_one(ctx, &in), 1);
  EQ(aio_get(ctx, 0, 4, e, &now), 0);
  pthread_create(&t, 0, write_soon, &p[1]);
  EQ(aio_get(ctx, 1, 4, e, 0), 1);
  pthread_join(t, 0);
  EQ(e[0].obj, (uintptr_t)&in);
  EQ(e[0].res & POLLIN, POLLIN);
  char c;
  read(p[0], &c, 1);
  // Taken back.
  EQ(aio_one(ctx, &in), 1);
  FAIL(syscall(SYS_io_cancel, ctx, &in, e), EINPROGRESS);
  EQ(aio_get(ctx, 1, 4, e, 0), 1);
  FAIL(syscall(SYS_io_cancel, ctx, &in, e), EINVAL);
  EQ(aio_one(ctx, &in), 1);
  struct sigaction act = {.sa_sigaction = on_ready, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGALRM, &act, 0);
  struct timespec longer = {5, 0};
  alarm(1);
  FAIL(aio_get(ctx, 1, 4, e, &longer), EINTR);
  EQ(aio_destroy(ctx), 0);
  close(p[0]), close(p[1]);
}

MAIN(G(sigio_pipes), G(sigio_sockets), G(inotify_calls), G(inotify_files), G(inotify_exec), G(inotify_queue), G(aio_files), G(aio_polls))
