// Files: opening, reading and writing, names, metadata, descriptors, locks, directories.
#include "t.h"
#include <dirent.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

static void opening(void) {
  int fd = GOOD(open("a", O_RDWR | O_CREAT | O_EXCL, 0640));
  FAIL(open("a", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST);
  FAIL(open("missing", O_RDONLY), ENOENT);
  FAIL(open("", O_RDONLY), ENOENT);
  FAIL(open("a/b", O_RDONLY), ENOTDIR);
  FAIL(open("missing/b", O_RDONLY | O_CREAT, 0600), ENOENT);
  FAIL(open(".", O_WRONLY), EISDIR);
  FAIL(open(".", O_RDWR), EISDIR);
  FAIL(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR);
  FAIL(open("/", O_RDWR | O_CREAT, 0600), EISDIR);
  FAIL(open((char *)8, O_RDONLY), EFAULT);
  FAIL(openat(-5, "a", O_RDONLY), EBADF);
  FAIL(openat(fd, "b", O_RDONLY), ENOTDIR);
  int dir = GOOD(open(".", O_RDONLY | O_DIRECTORY));
  int in = GOOD(openat(dir, "a", O_RDONLY));
  EQ(close(in), 0);
  in = GOOD(openat(-5, t_folder, O_RDONLY));  // an absolute path needs no folder
  EQ(close(in), 0);
  EQ(close(in) == -1 && errno == EBADF, 1);
  FAIL(close(-1), EBADF);
  FAIL(close(100000), EBADF);
  EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
  EQ(write(fd, "hello", 5), 5);
  int ro = GOOD(open("a", O_RDONLY));
  int wo = GOOD(open("a", O_WRONLY));
  char c[16];
  FAIL(write(ro, "x", 1), EBADF);
  FAIL(read(wo, c, 1), EBADF);
  FAIL(read(dir, c, 1), EISDIR);
  FAIL(write(dir, c, 1), EBADF);
  EQ(read(ro, c, 16), 5);
  SAME(c, "hello", 5);
  EQ(read(ro, c, 16), 0);
  EQ(close(open("a", O_WRONLY | O_TRUNC)), 0);
  struct stat s;
  EQ(fstat(fd, &s), 0);
  EQ(s.st_size, 0);
  EQ(read(fd, c, 1), 0);
  // The lowest free number is given.
  int low = GOOD(open("a", O_RDONLY));
  close(low);
  EQ(open("a", O_RDONLY), low);
  close(low);
  close(ro), close(wo), close(dir), close(fd);
  EQ(unlink("a"), 0);
  // Flags that stay and flags that do not show in F_GETFL.
  fd = GOOD(open("f", O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0600));
  EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_CREAT | O_TRUNC), O_RDWR | O_APPEND | O_NONBLOCK);
  EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EQ(fcntl(fd, F_SETFL, O_RDONLY), 0);  // access mode cannot change
  EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_RDWR);
  close(fd);
  EQ(creat("f", 0600), fd);
  EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_WRONLY);
  close(fd);
  unlink("f");
}

static void append(void) {
  char c[32] = {0};
  int a = GOOD(open("f", O_RDWR | O_CREAT | O_APPEND, 0600)), b = GOOD(open("f", O_RDWR));
  EQ(write(a, "one", 3), 3);
  EQ(lseek(a, 0, SEEK_SET), 0);
  EQ(write(a, "two", 3), 3);
  EQ(lseek(a, 0, SEEK_CUR), 6);
  EQ(write(b, "ONE", 3), 3);
  EQ(write(a, "six", 3), 3);
  EQ(pread(a, c, 32, 0), 9);
  SAME(c, "ONEtwosix", 9);
  EQ(pwrite(a, "!", 1, 0), 1);  // Linux: O_APPEND makes pwrite append
  EQ(pread(a, c, 32, 0), 10);
  SAME(c, "ONEtwosix!", 10);
  close(a), close(b);
  unlink("f");
}

static void reading(void) {
  char c[64];
  int fd = GOOD(t_file("r", "0123456789"));
  EQ(pread(fd, c, 4, 3), 4);
  SAME(c, "3456", 4);
  EQ(lseek(fd, 0, SEEK_CUR), 0);
  EQ(pread(fd, c, 10, 8), 2);
  EQ(pread(fd, c, 10, 10), 0);
  EQ(pread(fd, c, 10, 1000), 0);
  FAIL(pread(fd, c, 1, -1), EINVAL);
  FAIL(pwrite(fd, c, 1, -1), EINVAL);
  FAIL(pread(-1, c, 1, 0), EBADF);
  EQ(read(fd, c, 0), 0);
  EQ(write(fd, c, 0), 0);
  FAIL(read(fd, (void *)8, 4), EFAULT);
  FAIL(write(fd, (void *)8, 4), EFAULT);
  EQ(lseek(fd, 0, SEEK_CUR), 0);
  EQ(pwrite(fd, "AB", 2, 4), 2);
  EQ(pread(fd, c, 10, 0), 10);
  SAME(c, "0123AB6789", 10);
  // A write beyond the end leaves a hole of zeros.
  EQ(pwrite(fd, "Z", 1, 20), 1);
  memset(c, 7, sizeof c);
  EQ(pread(fd, c, 64, 0), 21);
  SAME(c + 10, "\0\0\0\0\0\0\0\0\0\0Z", 11);
  close(fd);
  // A buffer of which the first page is good and the second is not.
  char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(p + 4096, 4096);
  fd = GOOD(t_file("r", "abcdef"));
  FAIL(read(fd, p + 4096, 6), EFAULT);
  ssize_t n = read(fd, p + 4094, 6);
  YES(n == 2 || (n == -1 && errno == EFAULT));
  close(fd);
  fd = GOOD(open("/dev/null", O_WRONLY));
  EQ(write(fd, p, 4096), 4096);
  close(fd);
  munmap(p, 4096);
  unlink("r");
}

static void vectors(void) {
  char a[4], b[4], c[8];
  int fd = GOOD(open("v", O_RDWR | O_CREAT | O_TRUNC, 0600));
  struct iovec w[4] = {{"one", 3}, {"", 0}, {"two", 3}, {"four", 4}};
  EQ(writev(fd, w, 4), 10);  // every vector, the first too
  EQ(lseek(fd, 0, SEEK_SET), 0);
  struct iovec r[4] = {{a, 3}, {b, 0}, {b, 3}, {c, 8}};
  EQ(readv(fd, r, 4), 10);
  SAME(a, "one", 3);
  SAME(b, "two", 3);
  SAME(c, "four", 4);
  struct iovec none[2] = {{0, 0}, {0, 0}};
  EQ(writev(fd, none, 2), 0);
  EQ(readv(fd, none, 2), 0);
  EQ(writev(fd, w, 0), 0);
  EQ(readv(fd, r, 0), 0);
  FAIL(writev(fd, w, -1), EINVAL);
  FAIL(writev(fd, w, IOV_MAX + 1), EINVAL);
  FAIL(writev(fd, (void *)8, 1), EFAULT);
  FAIL(writev(-1, w, 1), EBADF);
  struct iovec bad[2] = {{"x", 1}, {(void *)8, 4}};
  ssize_t n = pwritev(fd, bad, 2, 0);
  YES(n == 1 || (n == -1 && errno == EFAULT));
  struct iovec huge[1] = {{a, SIZE_MAX}};
  FAIL(readv(fd, huge, 1), EINVAL);
  EQ(pwritev(fd, w, 4, 2), 10);
  EQ(lseek(fd, 0, SEEK_CUR), 10);
  EQ(preadv(fd, r, 4, 2), 10);
  SAME(a, "one", 3);
  FAIL(preadv(fd, r, 4, -1), EINVAL);
  EQ(syscall(SYS_preadv2, fd, r, 1, 2L, 0L, 0), 3);
  EQ(syscall(SYS_pwritev2, fd, w, 1, 0L, 0L, 0), 3);
  FAIL(syscall(SYS_pwritev2, fd, w, 1, 0L, 0L, 0x10000), EOPNOTSUPP);
  struct iovec many[IOV_MAX];
  for (int i = 0; i < IOV_MAX; i++) many[i] = (struct iovec){"ab", 2};
  EQ(pwritev(fd, many, IOV_MAX, 0), 2 * IOV_MAX);
  close(fd);
  unlink("v");
}

static void seeking(void) {
  int fd = GOOD(t_file("s", "0123456789"));
  EQ(lseek(fd, 4, SEEK_SET), 4);
  EQ(lseek(fd, 3, SEEK_CUR), 7);
  EQ(lseek(fd, -2, SEEK_CUR), 5);
  EQ(lseek(fd, 0, SEEK_END), 10);
  EQ(lseek(fd, 100, SEEK_END), 110);
  FAIL(lseek(fd, -1, SEEK_SET), EINVAL);
  FAIL(lseek(fd, -11, SEEK_END), EINVAL);
  EQ(lseek(fd, 0, SEEK_CUR), 110);
  FAIL(lseek(fd, 0, 99), EINVAL);
  FAIL(lseek(-1, 0, SEEK_SET), EBADF);
  EQ(lseek(fd, 0, SEEK_DATA), 0);
  EQ(lseek(fd, 0, SEEK_HOLE), 10);
  FAIL(lseek(fd, 11, SEEK_DATA), ENXIO);
  FAIL(lseek(fd, 10, SEEK_HOLE), ENXIO);
  int p[2];
  EQ(pipe(p), 0);
  FAIL(lseek(p[0], 0, SEEK_CUR), ESPIPE);
  FAIL(lseek(p[1], 0, SEEK_SET), ESPIPE);
  char c;
  FAIL(pread(p[0], &c, 1, 0), ESPIPE);
  FAIL(pwrite(p[1], &c, 1, 0), ESPIPE);
  close(p[0]), close(p[1]), close(fd);
  unlink("s");
}

static void truncating(void) {
  char c[32];
  struct stat s;
  int fd = GOOD(t_file("t", "0123456789"));
  EQ(ftruncate(fd, 4), 0);
  EQ(fstat(fd, &s), 0);
  EQ(s.st_size, 4);
  EQ(ftruncate(fd, 8), 0);
  EQ(pread(fd, c, 32, 0), 8);
  SAME(c, "0123\0\0\0\0", 8);  // old bytes do not come back
  EQ(truncate("t", 2), 0);
  EQ(stat("t", &s), 0);
  EQ(s.st_size, 2);
  FAIL(truncate("t", -1), EINVAL);
  FAIL(ftruncate(fd, -1), EINVAL);
  FAIL(truncate("missing", 0), ENOENT);
  FAIL(truncate(".", 0), EISDIR);
  FAIL(ftruncate(-1, 0), EBADF);
  int ro = GOOD(open("t", O_RDONLY));
  FAIL(ftruncate(ro, 0), EINVAL);
  int p[2];
  EQ(pipe(p), 0);
  FAIL(ftruncate(p[1], 0), EINVAL);
  close(p[0]), close(p[1]), close(ro);
  EQ(posix_fallocate(fd, 0, 100), 0);
  EQ(fstat(fd, &s), 0);
  EQ(s.st_size, 100);
  EQ(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 5000), 0);
  EQ(fstat(fd, &s), 0);
  EQ(s.st_size, 100);
  FAIL(fallocate(fd, 0, 0, 0), EINVAL);
  FAIL(fallocate(fd, 0, -1, 10), EINVAL);
  FAIL(fallocate(-1, 0, 0, 10), EBADF);
  EQ(pwrite(fd, "abcdefgh", 8, 0), 8);
  EQ(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2, 3), 0);
  EQ(pread(fd, c, 8, 0), 8);
  SAME(c, "ab\0\0\0fgh", 8);
  FAIL(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 4096), EOPNOTSUPP);
  close(fd);
  unlink("t");
}

static void status(void) {
  struct stat s, l;
  umask(022);
  int fd = GOOD(t_file("f", "hello"));
  EQ(fchmod(fd, 0640), 0);
  EQ(fstat(fd, &s), 0);
  EQ(s.st_mode, S_IFREG | 0640);
  EQ(s.st_nlink, 1);
  EQ(s.st_size, 5);
  EQ(s.st_uid, geteuid());
  EQ(s.st_gid, getegid());
  LEAST(s.st_blksize, 512);
  LEAST(s.st_blocks, 0);
  LEAST(s.st_ino, 1);
  LEAST(s.st_mtime, 1);
  EQ(stat("f", &l), 0);
  EQ(l.st_ino, s.st_ino);
  EQ(l.st_dev, s.st_dev);
  EQ(stat(".", &s), 0);
  EQ(s.st_mode & S_IFMT, S_IFDIR);
  LEAST(s.st_nlink, 1);
  EQ(symlink("f", "ln"), 0);
  EQ(lstat("ln", &l), 0);
  EQ(l.st_mode, S_IFLNK | 0777);
  EQ(l.st_size, 1);
  EQ(stat("ln", &l), 0);
  EQ(l.st_mode & S_IFMT, S_IFREG);
  EQ(fstatat(AT_FDCWD, "ln", &l, AT_SYMLINK_NOFOLLOW), 0);
  EQ(l.st_mode & S_IFMT, S_IFLNK);
  EQ(fstatat(fd, "", &l, AT_EMPTY_PATH), 0);
  EQ(l.st_size, 5);
  FAIL(fstatat(fd, "", &l, 0), ENOENT);
  FAIL(fstatat(AT_FDCWD, "f", &l, 0x40000000), EINVAL);
  FAIL(stat("missing", &s), ENOENT);
  FAIL(stat("f/x", &s), ENOTDIR);
  FAIL(stat("", &s), ENOENT);
  FAIL(fstat(-1, &s), EBADF);
  FAIL(syscall(SYS_newfstatat, AT_FDCWD, "f", (void *)8, 0), EFAULT);
  FAIL(syscall(SYS_newfstatat, AT_FDCWD, (void *)8, &s, 0), EFAULT);
  int p[2];
  EQ(pipe(p), 0);
  EQ(fstat(p[0], &s), 0);
  EQ(s.st_mode & S_IFMT, S_IFIFO);
  close(p[0]), close(p[1]);
  EQ(stat("/dev/null", &s), 0);
  EQ(s.st_mode & S_IFMT, S_IFCHR);
  EQ(s.st_rdev, 0x103);
  EQ(stat("/dev/zero", &s), 0);
  EQ(s.st_rdev, 0x105);
  // mtime moves with a write, ctime with a chmod.
  struct stat before, after;
  EQ(fstat(fd, &before), 0);
  t_sleep_ms(30);
  EQ(write(fd, "x", 1), 1);
  EQ(fstat(fd, &after), 0);
  YES(after.st_mtim.tv_sec > before.st_mtim.tv_sec || after.st_mtim.tv_nsec > before.st_mtim.tv_nsec);
  before = after;
  t_sleep_ms(30);
  EQ(fchmod(fd, 0600), 0);
  EQ(fstat(fd, &after), 0);
  YES(after.st_ctim.tv_sec > before.st_ctim.tv_sec || after.st_ctim.tv_nsec > before.st_ctim.tv_nsec);
  EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
  struct statvfs v;
  EQ(statvfs(".", &v), 0);
  LEAST(v.f_bsize, 512);
  LEAST(v.f_blocks, 1);
  EQ(v.f_namemax, 255);
  EQ(fstatvfs(fd, &v), 0);
  FAIL(statvfs("missing", &v), ENOENT);
  close(fd);
  unlink("f"), unlink("ln");
}

struct my_statx {
  uint32_t mask, blksize;
  uint64_t attributes;
  uint32_t nlink, uid, gid;
  uint16_t mode, spare0;
  uint64_t ino, size, blocks, attributes_mask;
  struct { int64_t sec; uint32_t nsec; int32_t reserved; } atime, btime, ctime, mtime;
  uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
  uint64_t spare[14];
};
#define STATX_BASIC 0x7ffu

static void statx_call(void) {
  struct my_statx x;
  struct stat s;
  int fd = GOOD(t_file("f", "hello"));
  EQ(sizeof x, 256);
  EQ(syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_BASIC, &x), 0);
  EQ(x.mask & STATX_BASIC, STATX_BASIC);
  EQ(stat("f", &s), 0);
  EQ(x.size, 5);
  EQ(x.mode, s.st_mode);
  EQ(x.ino, s.st_ino);
  EQ(x.nlink, 1);
  EQ(x.uid, s.st_uid);
  EQ(x.mtime.sec, s.st_mtim.tv_sec);
  EQ(x.mtime.nsec, s.st_mtim.tv_nsec);
  EQ(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC, &x), 0);
  EQ(x.size, 5);
  EQ(syscall(SYS_statx, AT_FDCWD, "/dev/null", 0, STATX_BASIC, &x), 0);
  EQ(x.rdev_major, 1);
  EQ(x.rdev_minor, 3);
  FAIL(syscall(SYS_statx, AT_FDCWD, "missing", 0, STATX_BASIC, &x), ENOENT);
  FAIL(syscall(SYS_statx, AT_FDCWD, "f", 0x40000000, STATX_BASIC, &x), EINVAL);
  FAIL(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x80000000u, &x), EINVAL);
  FAIL(syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_BASIC, (void *)8), EFAULT);
  FAIL(syscall(SYS_statx, -1, "f", 0, STATX_BASIC, &x), EBADF);
  close(fd);
  unlink("f");
}

struct dirent64_raw { uint64_t ino; int64_t off; uint16_t reclen; uint8_t type; char name[]; };

static void directories(void) {
  EQ(mkdir("d", 0755), 0);
  FAIL(mkdir("d", 0755), EEXIST);
  FAIL(mkdir("x/y", 0755), ENOENT);
  FAIL(mkdir("", 0755), ENOENT);
  FAIL(mkdir("/", 0755), EEXIST);
  EQ(mkdir("d2/", 0755), 0);
  EQ(rmdir("d2/"), 0);
  char name[16];
  for (int i = 0; i < 100; i++) {
    sprintf(name, "d/file%d", i);
    close(open(name, O_CREAT | O_WRONLY, 0600));
  }
  EQ(mkdir("d/sub", 0700), 0);
  EQ(symlink("sub", "d/link"), 0);
  int fd = GOOD(open("d", O_RDONLY | O_DIRECTORY));
  char buffer[512];  // small, so that it takes many calls
  int seen[100] = {0}, dot = 0, dotdot = 0, sub = 0, lnk = 0, others = 0, calls = 0, order = 1;
  long n;
  int position = 0;
  while ((n = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0) {
    calls++;
    for (long at = 0; at < n;) {
      struct dirent64_raw *e = (void *)(buffer + at);
      int k;
      if (!strcmp(e->name, ".")) dot++, order &= position == 0 || 1;
      else if (!strcmp(e->name, "..")) dotdot++;
      else if (!strcmp(e->name, "sub")) sub += e->type == DT_DIR || e->type == DT_UNKNOWN;
      else if (!strcmp(e->name, "link")) lnk += e->type == DT_LNK || e->type == DT_UNKNOWN;
      else if (sscanf(e->name, "file%d", &k) == 1 && k >= 0 && k < 100) seen[k]++;
      else others++;
      if (e->reclen % 8 || e->reclen < 24 || !e->ino) others++;
      at += e->reclen;
      position++;
    }
  }
  EQ(n, 0);
  LEAST(calls, 2);
  EQ(dot, 1);
  EQ(dotdot, 1);
  EQ(sub, 1);
  EQ(lnk, 1);
  EQ(others, 0);
  int once = 1;
  for (int i = 0; i < 100; i++) once &= seen[i] == 1;
  EQ(once, 1);
  EQ(syscall(SYS_getdents64, fd, buffer, sizeof buffer), 0);
  EQ(lseek(fd, 0, SEEK_SET), 0);
  LEAST(syscall(SYS_getdents64, fd, buffer, sizeof buffer), 24);
  EQ(lseek(fd, 0, SEEK_SET), 0);
  FAIL(syscall(SYS_getdents64, fd, buffer, 8), EINVAL);
  FAIL(syscall(SYS_getdents64, fd, (void *)8, 512), EFAULT);
  int file = GOOD(open("d/file0", O_RDONLY));
  FAIL(syscall(SYS_getdents64, file, buffer, 512), ENOTDIR);
  close(file);
  FAIL(syscall(SYS_getdents64, -1, buffer, 512), EBADF);
  // Files removed while the folder is read: the rest still comes, once each.
  EQ(lseek(fd, 0, SEEK_SET), 0);
  int total = 0, removed = 0;
  while ((n = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0)
    for (long at = 0; at < n;) {
      struct dirent64_raw *e = (void *)(buffer + at);
      total++;
      if (!strncmp(e->name, "file", 4)) removed += unlinkat(fd, e->name, 0) == 0;
      at += e->reclen;
    }
  EQ(total, 104);
  EQ(removed, 100);
  FAIL(rmdir("d"), ENOTEMPTY);
  EQ(rmdir("d/sub"), 0);
  FAIL(rmdir("d/link"), ENOTDIR);
  EQ(unlink("d/link"), 0);
  FAIL(unlink("d"), EISDIR);
  FAIL(rmdir("d/."), EINVAL);
  FAIL(rmdir("d/.."), ENOTEMPTY);
  FAIL(rmdir("missing"), ENOENT);
  FAIL2(rmdir("/"), EBUSY, ENOTEMPTY);
  EQ(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR), 0);
  EQ(syscall(SYS_getdents64, fd, buffer, 512) <= 0, 1);
  FAIL(openat(fd, "new", O_CREAT | O_WRONLY, 0600), ENOENT);
  close(fd);
  // Link counts of folders on file systems that keep them.
  struct stat s;
  EQ(mkdir("n", 0755), 0);
  EQ(stat("n", &s), 0);
  int first = (int)s.st_nlink;
  EQ(mkdir("n/m", 0755), 0);
  EQ(stat("n", &s), 0);
  YES((int)s.st_nlink == first + 1 || first == 1);
  EQ(rmdir("n/m"), 0);
  EQ(rmdir("n"), 0);
}

static void renaming(void) {
  char c[8];
  close(t_file("a", "A"));
  close(t_file("b", "B"));
  struct stat s, t;
  stat("a", &s);
  int held = GOOD(open("b", O_RDONLY));
  EQ(rename("a", "b"), 0);
  FAIL(stat("a", &t), ENOENT);
  EQ(stat("b", &t), 0);
  EQ(s.st_ino, t.st_ino);
  EQ(read(held, c, 1), 1);
  EQ(c[0], 'B');  // the replaced file lives on while open
  EQ(fstat(held, &t), 0);
  EQ(t.st_nlink, 0);
  close(held);
  FAIL(rename("missing", "b"), ENOENT);
  FAIL(rename("b", "missing/b"), ENOENT);
  FAIL(rename("b", ""), ENOENT);
  FAIL(rename("b", "b/c"), ENOTDIR);
  EQ(rename("b", "b"), 0);
  EQ(mkdir("d", 0755), 0);
  EQ(mkdir("e", 0755), 0);
  FAIL(rename("b", "d"), EISDIR);
  FAIL(rename("d", "b"), ENOTDIR);
  FAIL(rename("d", "d/sub"), EINVAL);
  EQ(rename("d", "e"), 0);  // an empty folder is replaced
  EQ(mkdir("d", 0755), 0);
  close(t_file("e/f", "F"));
  FAIL(rename("d", "e"), ENOTEMPTY);
  EQ(rename("e/f", "d/f"), 0);
  EQ(rename("d/", "d3/"), 0);
  EQ(rename("d3", "d"), 0);
  FAIL(rename("d/.", "x"), EBUSY);
  FAIL(rename("..", "x"), EBUSY);
  // renameat2
  close(t_file("a", "A"));
  FAIL(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 1), EEXIST);
  EQ(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 2), 0);
  TEXT(t_slurp("b"), "A");
  TEXT(t_slurp("a"), "A");
  FAIL(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "missing", 2), ENOENT);
  FAIL(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 3), EINVAL);
  FAIL(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 0x100), EINVAL);
  EQ(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "c", 1), 0);
  // Two names of one file: nothing happens, both stay.
  EQ(link("c", "h"), 0);
  EQ(rename("c", "h"), 0);
  EQ(access("c", F_OK), 0);
  EQ(access("h", F_OK), 0);
  // A symbolic link is renamed itself.
  EQ(symlink("c", "s"), 0);
  EQ(rename("s", "s2"), 0);
  EQ(readlink("s2", c, 8), 1);
  int dir = GOOD(open("d", O_RDONLY | O_DIRECTORY));
  EQ(renameat(dir, "f", AT_FDCWD, "out"), 0);
  TEXT(t_slurp("out"), "F");
  close(dir);
  unlink("b"), unlink("c"), unlink("h"), unlink("s2"), unlink("out");
  rmdir("d"), rmdir("e");
}

static void links(void) {
  char c[64];
  struct stat s;
  close(t_file("f", "text"));
  EQ(link("f", "g"), 0);
  EQ(stat("f", &s), 0);
  EQ(s.st_nlink, 2);
  FAIL(link("f", "g"), EEXIST);
  FAIL(link("missing", "h"), ENOENT);
  FAIL(link(".", "h"), EPERM);
  FAIL(link("f", "f/x"), ENOTDIR);
  EQ(unlink("f"), 0);
  EQ(stat("g", &s), 0);
  EQ(s.st_nlink, 1);
  EQ(symlink("g", "l"), 0);
  FAIL(symlink("g", "l"), EEXIST);
  FAIL(symlink("", "e"), ENOENT);
  FAIL(symlink("g", "missing/l"), ENOENT);
  EQ(readlink("l", c, 64), 1);
  EQ(c[0], 'g');
  EQ(symlink("0123456789", "long"), 0);
  EQ(readlink("long", c, 4), 4);
  SAME(c, "0123", 4);
  FAIL(syscall(SYS_readlinkat, AT_FDCWD, "long", c, 0), EINVAL);
  FAIL(readlink("g", c, 64), EINVAL);
  FAIL(readlink("missing", c, 64), ENOENT);
  FAIL(readlink("g/x", c, 64), ENOTDIR);
  TEXT(t_slurp("l"), "text");
  FAIL(open("long", O_RDONLY), ENOENT);  // dangling
  FAIL(open("long", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
  FAIL(open("l", O_RDONLY | O_NOFOLLOW), ELOOP);
  int fd = GOOD(open("long", O_RDWR | O_CREAT, 0600));  // makes the target
  close(fd);
  EQ(access("0123456789", F_OK), 0);
  // A hard link of a link is a link; AT_SYMLINK_FOLLOW follows.
  EQ(link("l", "l2"), 0);
  EQ(lstat("l2", &s), 0);
  EQ(s.st_mode & S_IFMT, S_IFLNK);
  EQ(linkat(AT_FDCWD, "l", AT_FDCWD, "l3", AT_SYMLINK_FOLLOW), 0);
  EQ(lstat("l3", &s), 0);
  EQ(s.st_mode & S_IFMT, S_IFREG);
  FAIL(linkat(AT_FDCWD, "l", AT_FDCWD, "l4", 0x40000000), EINVAL);
  EQ(unlink("l"), 0);
  EQ(access("g", F_OK), 0);
  FAIL(unlink("missing"), ENOENT);
  FAIL(unlink("g/x"), ENOTDIR);
  FAIL(unlink(""), ENOENT);
  FAIL(unlinkat(AT_FDCWD, "g", 0x40000000), EINVAL);
  // A loop; a chain of 40 works, of 41 does not.
  EQ(symlink("loop", "loop"), 0);
  FAIL(open("loop", O_RDONLY), ELOOP);
  FAIL(stat("loop", &s), ELOOP);
  char from[8], to[8];
  EQ(symlink("g", "c1"), 0);
  for (int i = 2; i <= 41; i++) {
    sprintf(from, "c%d", i - 1), sprintf(to, "c%d", i);
    symlink(from, to);
  }
  EQ(stat("c40", &s), 0);
  FAIL(stat("c41", &s), ELOOP);
  for (int i = 1; i <= 41; i++) sprintf(to, "c%d", i), unlink(to);
  // Through a link to a folder, and .. after it.
  EQ(mkdir("d", 0755), 0);
  EQ(mkdir("d/e", 0755), 0);
  close(t_file("d/x", "X"));
  EQ(symlink("d/e", "de"), 0);
  TEXT(t_slurp("de/../x"), "X");
  EQ(symlink(t_folder, "abs"), 0);
  TEXT(t_slurp("abs/d/x"), "X");
  EQ(symlink("../../d/x", "d/e/up"), 0);
  TEXT(t_slurp("d/e/up"), "X");
  unlink("de"), unlink("abs"), unlink("d/e/up"), unlink("d/x"), unlink("loop"), unlink("long");
  unlink("0123456789"), unlink("g"), unlink("l2"), unlink("l3");
  rmdir("d/e"), rmdir("d");
}

static void names(void) {
  struct stat s;
  char name[300];
  memset(name, 'n', 300);
  name[255] = 0;
  int fd = GOOD(open(name, O_CREAT | O_WRONLY, 0600));
  close(fd);
  EQ(unlink(name), 0);
  name[255] = 'n', name[256] = 0;
  FAIL(open(name, O_CREAT | O_WRONLY, 0600), ENAMETOOLONG);
  FAIL(mkdir(name, 0700), ENAMETOOLONG);
  FAIL(stat(name, &s), ENAMETOOLONG);
  char path[5000];
  path[0] = 0;
  for (int i = 0; i < 2047; i++) strcat(path, "./");
  EQ(strlen(path), 4094);
  EQ(stat(path, &s), 0);  // 4095 characters with the one that follows; 4096 with the end
  strcat(path, ".");
  EQ(stat(path, &s), 0);
  strcat(path, "/");
  FAIL(stat(path, &s), ENAMETOOLONG);
  close(t_file("f", "x"));
  FAIL(stat("f/", &s), ENOTDIR);
  FAIL(open("f/", O_RDONLY), ENOTDIR);
  FAIL(stat("f/.", &s), ENOTDIR);
  FAIL(stat("f/..", &s), ENOTDIR);
  FAIL(open("new/", O_CREAT | O_WRONLY, 0600), EISDIR);
  FAIL(unlink("f/"), ENOTDIR);
  FAIL(rename("f", "g/"), ENOTDIR);
  EQ(stat(".//././/f", &s), 0);
  EQ(stat("/../../tmp", &s), 0);
  EQ(mkdir("d", 0755), 0);
  EQ(symlink("d", "ld"), 0);
  EQ(lstat("ld", &s), 0);
  EQ(s.st_mode & S_IFMT, S_IFLNK);
  EQ(lstat("ld/", &s), 0);
  EQ(s.st_mode & S_IFMT, S_IFDIR);
  FAIL(rmdir("ld/"), ENOTDIR);
  EQ(symlink("f", "lf"), 0);
  FAIL(stat("lf/", &s), ENOTDIR);
  // Any byte but / and 0 may be in a name.
  fd = GOOD(open("\x01 \xff\n*", O_CREAT | O_WRONLY, 0600));
  close(fd);
  EQ(unlink("\x01 \xff\n*"), 0);
  unlink("f"), unlink("lf"), unlink("ld"), rmdir("d");
}

static void working_folder(void) {
  char c[4096], want[4200];
  EQ(mkdir("d", 0755), 0);
  EQ(mkdir("d/e", 0755), 0);
  EQ(chdir("d/e"), 0);
  sprintf(want, "%s/d/e", t_folder);
  TEXT(getcwd(c, sizeof c), want);
  EQ(syscall(SYS_getcwd, c, sizeof c), (long)strlen(want) + 1);
  FAIL(syscall(SYS_getcwd, c, 4), ERANGE);
  FAIL(syscall(SYS_getcwd, (void *)8, 4096), EFAULT);
  EQ(chdir(".."), 0);
  sprintf(want, "%s/d", t_folder);
  TEXT(getcwd(c, sizeof c), want);
  int fd = GOOD(open("e", O_RDONLY));
  EQ(fchdir(fd), 0);
  sprintf(want, "%s/d/e", t_folder);
  TEXT(getcwd(c, sizeof c), want);
  close(fd);
  // A folder that is renamed or removed beneath us.
  sprintf(want, "%s/d/e2", t_folder);
  EQ(rename("../e", "../e2"), 0);
  TEXT(getcwd(c, sizeof c), want);
  EQ(rmdir("../e2"), 0);
  FAIL(syscall(SYS_getcwd, c, 4096), ENOENT);
  FAIL(open("x", O_CREAT | O_WRONLY, 0600), ENOENT);
  EQ(chdir(t_folder), 0);
  FAIL(chdir("missing"), ENOENT);
  FAIL(chdir(""), ENOENT);
  close(t_file("f", "x"));
  FAIL(chdir("f"), ENOTDIR);
  fd = GOOD(open("f", O_RDONLY));
  FAIL(fchdir(fd), ENOTDIR);
  FAIL(fchdir(-1), EBADF);
  close(fd);
  EQ(chdir("/"), 0);
  TEXT(getcwd(c, sizeof c), "/");
  EQ(chdir(".."), 0);
  TEXT(getcwd(c, sizeof c), "/");
  EQ(chdir(t_folder), 0);
  unlink("f"), rmdir("d");
}

static void duplicates(void) {
  char c[8];
  int fd = GOOD(t_file("f", "0123456789"));
  int two = GOOD(dup(fd));
  EQ(read(fd, c, 3), 3);
  EQ(lseek(two, 0, SEEK_CUR), 3);  // one offset for both
  EQ(fcntl(fd, F_GETFD), 0);
  EQ(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
  EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);  // 1, not O_CLOEXEC
  EQ(fcntl(two, F_GETFD), 0);
  EQ(fcntl(two, F_SETFL, O_NONBLOCK), 0);
  EQ(!!(fcntl(fd, F_GETFL) & O_NONBLOCK), 1);  // status flags are the file's
  EQ(dup2(fd, 50), 50);
  EQ(fcntl(50, F_GETFD), 0);
  EQ(dup2(fd, fd), fd);
  FAIL(dup2(-1, 50), EBADF);
  FAIL(dup2(fd, -1), EBADF);
  FAIL(dup2(fd, 1 << 30), EBADF);
  EQ(read(50, c, 1), 1);
  EQ(dup3(fd, 51, O_CLOEXEC), 51);
  EQ(fcntl(51, F_GETFD), FD_CLOEXEC);
  FAIL(dup3(fd, fd, 0), EINVAL);
  FAIL(syscall(SYS_dup3, fd, 52, O_APPEND), EINVAL);
  FAIL(dup3(-1, 52, 0), EBADF);
  FAIL(dup3(fd, 1 << 30, 0), EBADF);
  EQ(fcntl(fd, F_DUPFD, 60), 60);
  EQ(fcntl(fd, F_DUPFD, 60), 61);
  EQ(fcntl(fd, F_DUPFD_CLOEXEC, 60), 62);
  EQ(fcntl(60, F_GETFD), 0);
  EQ(fcntl(62, F_GETFD), FD_CLOEXEC);
  FAIL(fcntl(fd, F_DUPFD, -1), EINVAL);
  FAIL(fcntl(fd, F_DUPFD, 1 << 30), EINVAL);
  FAIL(fcntl(-1, F_GETFD), EBADF);
  FAIL(fcntl(fd, 12345), EINVAL);
  FAIL(dup(-1), EBADF);
  EQ(syscall(SYS_close_range, 60, 62, 0), 0);
  FAIL(fcntl(60, F_GETFD), EBADF);
  FAIL(fcntl(62, F_GETFD), EBADF);
  EQ(syscall(SYS_close_range, 50, 50, 4), 0);  // CLOSE_RANGE_CLOEXEC
  EQ(fcntl(50, F_GETFD), FD_CLOEXEC);
  FAIL(syscall(SYS_close_range, 10, 5, 0), EINVAL);
  FAIL(syscall(SYS_close_range, 70, 80, 0x100), EINVAL);
  close(50), close(51), close(two);
  // What is left of the offset after the others are closed.
  EQ(lseek(fd, 0, SEEK_CUR), 4);
  close(fd);
  unlink("f");
}

static struct flock range(short type, off_t start, off_t length) {
  return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static void locks(void) {
  int fd = GOOD(t_file("f", "0123456789")), other = GOOD(open("f", O_RDWR));
  struct flock l = range(F_WRLCK, 0, 5);
  EQ(fcntl(fd, F_SETLK, &l), 0);
  l = range(F_WRLCK, 0, 5);
  EQ(fcntl(other, F_SETLK, &l), 0);  // a process does not stand in its own way
  l = range(F_RDLCK, 0, 0);
  EQ(fcntl(other, F_GETLK, &l), 0);
  EQ(l.l_type, F_UNLCK);
  l = range(F_UNLCK, 0, 0);
  EQ(fcntl(fd, F_SETLK, &l), 0);
  l = range(99, 0, 0);
  FAIL(fcntl(fd, F_SETLK, &l), EINVAL);
  l = range(F_WRLCK, -1, 1);
  FAIL(fcntl(fd, F_SETLK, &l), EINVAL);
  FAIL(fcntl(fd, F_SETLK, (void *)8), EFAULT);
  int ro = GOOD(open("f", O_RDONLY));
  l = range(F_WRLCK, 0, 1);
  FAIL(fcntl(ro, F_SETLK, &l), EBADF);
  // Locks of an open file description do conflict.
  l = range(F_WRLCK, 0, 5);
  EQ(fcntl(fd, F_OFD_SETLK, &l), 0);
  l = range(F_WRLCK, 4, 5);
  FAIL(fcntl(other, F_OFD_SETLK, &l), EAGAIN);
  l = range(F_WRLCK, 4, 5);
  EQ(fcntl(other, F_OFD_GETLK, &l), 0);
  EQ(l.l_type, F_WRLCK);
  EQ(l.l_start, 0);
  EQ(l.l_len, 5);
  EQ(l.l_pid, -1);
  l = range(F_WRLCK, 5, 5);
  EQ(fcntl(other, F_OFD_SETLK, &l), 0);
  l = range(F_UNLCK, 0, 2);
  EQ(fcntl(fd, F_OFD_SETLK, &l), 0);
  l = range(F_RDLCK, 0, 2);
  EQ(fcntl(other, F_OFD_SETLK, &l), 0);
  l = range(F_RDLCK, 2, 1);
  FAIL(fcntl(other, F_OFD_SETLK, &l), EAGAIN);
  l = range(F_WRLCK, 0, 0);
  l.l_pid = 1;
  FAIL(fcntl(other, F_OFD_SETLK, &l), EINVAL);
  close(other);
  l = range(F_WRLCK, 5, 5);
  EQ(fcntl(fd, F_OFD_SETLK, &l), 0);  // closing gave up the other's
  // Whole-file locks.
  other = GOOD(open("f", O_RDWR));
  EQ(flock(fd, LOCK_SH), 0);
  EQ(flock(other, LOCK_SH), 0);
  FAIL(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
  EQ(flock(fd, LOCK_UN), 0);
  EQ(flock(other, LOCK_EX | LOCK_NB), 0);
  FAIL(flock(fd, LOCK_SH | LOCK_NB), EWOULDBLOCK);
  int twin = GOOD(dup(other));
  EQ(close(other), 0);
  FAIL(flock(fd, LOCK_SH | LOCK_NB), EWOULDBLOCK);
  EQ(close(twin), 0);
  EQ(flock(fd, LOCK_SH | LOCK_NB), 0);
  FAIL(flock(fd, 0x100), EINVAL);
  FAIL(flock(-1, LOCK_SH), EBADF);
  close(fd), close(ro);
  unlink("f");
}

static void *lock_later(void *fd) {
  struct flock l = range(F_WRLCK, 0, 1);
  return (void *)(long)fcntl((int)(long)fd, F_OFD_SETLKW, &l);
}

static void lock_waiting(void) {
  int a = GOOD(t_file("f", "x")), b = GOOD(open("f", O_RDWR));
  struct flock l = range(F_WRLCK, 0, 1);
  EQ(fcntl(a, F_OFD_SETLK, &l), 0);
  pthread_t t;
  pthread_create(&t, 0, lock_later, (void *)(long)b);
  t_sleep_ms(30);
  l = range(F_UNLCK, 0, 1);
  EQ(fcntl(a, F_OFD_SETLK, &l), 0);
  void *result;
  pthread_join(t, &result);
  EQ((long)result, 0);
  l = range(F_RDLCK, 0, 1);
  FAIL(fcntl(a, F_OFD_SETLK, &l), EAGAIN);
  close(a), close(b);
  unlink("f");
}

static void permissions(void) {
  struct stat s;
  EQ(umask(027), 022);
  EQ(umask(027), 027);
  close(open("f", O_CREAT | O_WRONLY, 0666));
  EQ(stat("f", &s), 0);
  EQ(s.st_mode & 07777, 0640);
  EQ(mkdir("d", 0777), 0);
  EQ(stat("d", &s), 0);
  EQ(s.st_mode & 07777, 0750);
  umask(022);
  EQ(chmod("f", 04755), 0);
  EQ(stat("f", &s), 0);
  EQ(s.st_mode, S_IFREG | 04755);
  EQ(fchmodat(AT_FDCWD, "f", 0600, 0), 0);
  FAIL(chmod("missing", 0600), ENOENT);
  FAIL(fchmod(-1, 0600), EBADF);
  EQ(access("f", F_OK), 0);
  EQ(access("f", R_OK | W_OK), 0);
  FAIL(access("f", X_OK), EACCES);  // not even root executes what nobody may
  EQ(chmod("f", 0100), 0);
  EQ(access("f", X_OK), 0);
  FAIL(access("missing", F_OK), ENOENT);
  FAIL(access("f", 0x100), EINVAL);
  FAIL(access("f/x", F_OK), ENOTDIR);
  EQ(access("d", X_OK), 0);
  EQ(syscall(SYS_faccessat2, AT_FDCWD, "f", F_OK, AT_EACCESS), 0);
  EQ(symlink("missing", "l"), 0);
  FAIL(syscall(SYS_faccessat2, AT_FDCWD, "l", F_OK, 0), ENOENT);
  EQ(syscall(SYS_faccessat2, AT_FDCWD, "l", F_OK, AT_SYMLINK_NOFOLLOW), 0);
  FAIL(syscall(SYS_faccessat2, AT_FDCWD, "f", F_OK, 0x40000000), EINVAL);
  unlink("l");
  if (geteuid() == 0) {
    EQ(chown("f", 12, 34), 0);
    EQ(stat("f", &s), 0);
    EQ(s.st_uid, 12);
    EQ(s.st_gid, 34);
    EQ(chown("f", -1, 56), 0);
    EQ(stat("f", &s), 0);
    EQ(s.st_uid, 12);
    EQ(s.st_gid, 56);
    EQ(symlink("f", "l"), 0);
    EQ(lchown("l", 7, 8), 0);
    EQ(lstat("l", &s), 0);
    EQ(s.st_uid, 7);
    EQ(stat("f", &s), 0);
    EQ(s.st_uid, 12);
    int fd = GOOD(open("f", O_RDONLY));
    EQ(fchown(fd, 0, 0), 0);
    EQ(fchownat(fd, "", 1, 1, AT_EMPTY_PATH), 0);
    // A change of owner takes away set-user-id.
    EQ(chmod("f", 04755), 0);
    EQ(chown("f", 5, 5), 0);
    EQ(stat("f", &s), 0);
    EQ(s.st_mode & 07777, 0755);
    close(fd);
    unlink("l");
  } else SKIP("chown needs root");
  FAIL(chown("missing", 0, 0), ENOENT);
  unlink("f"), rmdir("d");
}

static void times(void) {
  struct stat s;
  int fd = GOOD(t_file("f", "x"));
  struct timespec t[2] = {{100, 200}, {300, 400}};
  EQ(utimensat(AT_FDCWD, "f", t, 0), 0);
  EQ(stat("f", &s), 0);
  EQ(s.st_atim.tv_sec, 100);
  EQ(s.st_atim.tv_nsec, 200);
  EQ(s.st_mtim.tv_sec, 300);
  EQ(s.st_mtim.tv_nsec, 400);
  LEAST(s.st_ctim.tv_sec, 1000);
  t[0] = (struct timespec){0, UTIME_OMIT};
  t[1] = (struct timespec){500, 0};
  EQ(futimens(fd, t), 0);
  EQ(stat("f", &s), 0);
  EQ(s.st_atim.tv_sec, 100);
  EQ(s.st_mtim.tv_sec, 500);
  t[0] = (struct timespec){0, UTIME_NOW};
  t[1] = (struct timespec){0, UTIME_OMIT};
  EQ(utimensat(AT_FDCWD, "f", t, 0), 0);
  EQ(stat("f", &s), 0);
  LEAST(s.st_atim.tv_sec, 1000);
  EQ(s.st_mtim.tv_sec, 500);
  EQ(utimensat(AT_FDCWD, "f", 0, 0), 0);
  EQ(stat("f", &s), 0);
  LEAST(s.st_mtim.tv_sec, 1000);
  t[0] = (struct timespec){0, 1000000000};
  FAIL(utimensat(AT_FDCWD, "f", t, 0), EINVAL);
  FAIL(utimensat(AT_FDCWD, "missing", 0, 0), ENOENT);
  FAIL(utimensat(AT_FDCWD, "f", 0, 0x40000000), EINVAL);
  EQ(symlink("missing", "l"), 0);
  t[0] = t[1] = (struct timespec){7, 8};
  EQ(utimensat(AT_FDCWD, "l", t, AT_SYMLINK_NOFOLLOW), 0);
  EQ(lstat("l", &s), 0);
  EQ(s.st_mtim.tv_sec, 7);
  FAIL(utimensat(AT_FDCWD, "l", t, 0), ENOENT);
  close(fd);
  unlink("f"), unlink("l");
}

static void copying(void) {
  char c[64];
  int from = GOOD(t_file("from", "0123456789")), to = GOOD(open("to", O_RDWR | O_CREAT | O_TRUNC, 0600));
  EQ(sendfile(to, from, 0, 4), 4);
  EQ(lseek(from, 0, SEEK_CUR), 4);
  off_t at = 2;
  EQ(sendfile(to, from, &at, 100), 8);
  EQ(at, 10);
  EQ(lseek(from, 0, SEEK_CUR), 4);
  EQ(sendfile(to, from, &at, 100), 0);
  EQ(pread(to, c, 64, 0), 12);
  SAME(c, "012323456789", 12);
  at = -1;
  FAIL(sendfile(to, from, &at, 1), EINVAL);
  FAIL(sendfile(to, -1, 0, 1), EBADF);
  FAIL(sendfile(-1, from, 0, 1), EBADF);
  int p[2], ro = GOOD(open("from", O_RDONLY));
  FAIL(sendfile(ro, from, 0, 1), EBADF);
  EQ(pipe(p), 0);
  at = 0;
  EQ(sendfile(p[1], from, &at, 10), 10);
  EQ(read(p[0], c, 64), 10);
  SAME(c, "0123456789", 10);
  close(p[0]), close(p[1]);
  EQ(ftruncate(to, 0), 0);
  off64_t in = 3, out = 1;
  EQ(syscall(SYS_copy_file_range, from, &in, to, &out, 4L, 0), 4);
  EQ(in, 7);
  EQ(out, 5);
  EQ(pread(to, c, 64, 0), 5);
  SAME(c, "\0003456", 5);
  in = 10;
  EQ(syscall(SYS_copy_file_range, from, &in, to, &out, 4L, 0), 0);
  FAIL(syscall(SYS_copy_file_range, from, &in, to, &out, 4L, 1), EINVAL);
  FAIL(syscall(SYS_copy_file_range, from, 0, ro, 0, 4L, 0), EBADF);
  FAIL(syscall(SYS_copy_file_range, -1, 0, to, 0, 4L, 0), EBADF);
  // Onto itself, overlapping.
  in = 0, out = 2;
  FAIL(syscall(SYS_copy_file_range, from, &in, from, &out, 4L, 0), EINVAL);
  EQ(fsync(to), 0);
  EQ(fdatasync(to), 0);
  EQ(posix_fadvise(to, 0, 0, POSIX_FADV_DONTNEED), 0);
  EQ(posix_fadvise(to, 0, 0, 99), EINVAL);
  EQ(syscall(SYS_sync_file_range, to, 0L, 0L, 2), 0);
  FAIL(fsync(-1), EBADF);
  sync();
  close(from), close(to), close(ro);
  unlink("from"), unlink("to");
}

static void unnamed(void) {
  char c[32], path[64];
  struct stat s;
  // Removed while open: still there for its holder.
  int fd = GOOD(t_file("gone", "text"));
  EQ(unlink("gone"), 0);
  FAIL(access("gone", F_OK), ENOENT);
  EQ(fstat(fd, &s), 0);
  EQ(s.st_nlink, 0);
  EQ(write(fd, "TEXT+", 5), 5);
  EQ(pread(fd, c, 32, 0), 5);
  SAME(c, "TEXT+", 5);
  sprintf(path, "/proc/self/fd/%d", fd);
  ssize_t n = GOOD(readlink(path, c, 31));
  (void)n;
  close(fd);
  fd = open(".", O_TMPFILE | O_RDWR, 0600);
  if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) SKIP("no O_TMPFILE on this file system");
  else {
    YES(fd >= 0);
    EQ(fstat(fd, &s), 0);
    EQ(s.st_nlink, 0);
    EQ(write(fd, "tmp", 3), 3);
    sprintf(path, "/proc/self/fd/%d", fd);
    EQ(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW), 0);
    TEXT(t_slurp("named"), "tmp");
    close(fd);
    unlink("named");
    FAIL(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL);
  }
  fd = GOOD(syscall(SYS_memfd_create, "mem", 1));
  EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EQ(write(fd, "abc", 3), 3);
  EQ(ftruncate(fd, 4096), 0);
  EQ(fstat(fd, &s), 0);
  EQ(s.st_size, 4096);
  EQ(s.st_mode & S_IFMT, S_IFREG);
  close(fd);
  FAIL(syscall(SYS_memfd_create, "mem", 0x1000), EINVAL);
  fd = GOOD(syscall(SYS_memfd_create, "seal", 2));
  EQ(ftruncate(fd, 100), 0);
  EQ(fcntl(fd, 1033, 2), 0);  // F_ADD_SEALS, F_SEAL_SHRINK
  FAIL(ftruncate(fd, 50), EPERM);
  EQ(fcntl(fd, 1034), 2);
  close(fd);
}

static void path_only(void) {
  char c[8];
  struct stat s;
  close(t_file("f", "text"));
  EQ(mkdir("d", 0755), 0);
  int fd = GOOD(open("f", O_PATH));
  FAIL(read(fd, c, 1), EBADF);
  FAIL(write(fd, c, 1), EBADF);
  FAIL(lseek(fd, 0, SEEK_SET), EBADF);
  FAIL(syscall(SYS_fchmod, fd, 0600), EBADF);
  FAIL(mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0, EBADF);
  EQ(fstat(fd, &s), 0);
  EQ(s.st_size, 4);
  EQ(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
  int twin = GOOD(dup(fd));
  close(twin), close(fd);
  fd = GOOD(open("d", O_PATH | O_DIRECTORY));
  close(openat(fd, "in", O_CREAT | O_WRONLY, 0600));
  EQ(access("d/in", F_OK), 0);
  EQ(fchdir(fd), 0);
  EQ(chdir(".."), 0);
  close(fd);
  EQ(symlink("f", "l"), 0);
  fd = GOOD(open("l", O_PATH | O_NOFOLLOW));
  EQ(fstat(fd, &s), 0);
  EQ(s.st_mode & S_IFMT, S_IFLNK);
  EQ(readlinkat(fd, "", c, 8), 1);
  close(fd);
  unlink("l"), unlink("f"), unlink("d/in"), rmdir("d");
}

static void devices(void) {
  char c[4096];
  int fd = GOOD(open("/dev/null", O_RDWR));
  EQ(read(fd, c, 16), 0);
  EQ(write(fd, c, 4096), 4096);
  EQ(lseek(fd, 100, SEEK_SET), 0);
  close(fd);
  fd = GOOD(open("/dev/zero", O_RDWR));
  memset(c, 1, sizeof c);
  EQ(read(fd, c, 4096), 4096);
  int zeros = 1;
  for (int i = 0; i < 4096; i++) zeros &= !c[i];
  EQ(zeros, 1);
  EQ(write(fd, c, 10), 10);
  close(fd);
  fd = GOOD(open("/dev/full", O_RDWR));
  FAIL(write(fd, c, 1), ENOSPC);
  EQ(read(fd, c, 10), 10);
  close(fd);
  char other[64];
  for (int i = 0; i < 2; i++) {
    fd = GOOD(open(i ? "/dev/random" : "/dev/urandom", O_RDONLY));
    EQ(read(fd, c, 64), 64);
    EQ(read(fd, other, 64), 64);
    YES(memcmp(c, other, 64));
    close(fd);
  }
  fd = open("/dev/tty", O_RDWR);
  YES(fd >= 0 || errno == ENXIO || errno == EIO);
  if (fd >= 0) close(fd);
  fd = GOOD(open("/dev/null", O_RDWR));
  FAIL(ioctl(fd, TIOCGWINSZ, c), ENOTTY);
  EQ(isatty(fd), 0);
  FAIL(ioctl(-1, TIOCGWINSZ, c), EBADF);
  close(fd);
  fd = GOOD(t_file("f", "x"));
  FAIL(ioctl(fd, TCGETS, c), ENOTTY);
  int n = -1;
  EQ(ioctl(fd, FIONREAD, &n), 0);
  EQ(n, 1);
  int on = 1;
  EQ(ioctl(fd, FIONBIO, &on), 0);
  EQ(!!(fcntl(fd, F_GETFL) & O_NONBLOCK), 1);
  EQ(ioctl(fd, FIOCLEX), 0);
  EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EQ(ioctl(fd, FIONCLEX), 0);
  EQ(fcntl(fd, F_GETFD), 0);
  close(fd);
  unlink("f");
}

static void proc(void) {
  char c[4096], path[64];
  ssize_t n = GOOD(readlink("/proc/self/exe", c, sizeof c - 1));
  c[n] = 0;
  EQ(c[0], '/');
  YES(strstr(c, "files"));
  EQ(access("/proc/self/exe", F_OK), 0);
  unsigned char magic[4];
  int fd = GOOD(open("/proc/self/exe", O_RDONLY));
  EQ(read(fd, magic, 4), 4);
  SAME(magic, "\x7f" "ELF", 4);
  close(fd);
  YES(strstr(t_slurp("/proc/self/maps"), "[stack]"));
  YES(strstr(t_slurp("/proc/self/maps"), "r-xp"));
  // Our own code lies in a mapping that maps names.
  unsigned long at = (unsigned long)proc, low, high;
  int found = 0;
  const char *line = t_slurp("/proc/self/maps");
  while (line && sscanf(line, "%lx-%lx", &low, &high) == 2) {
    found += at >= low && at < high;
    line = strchr(line, '\n');
    if (line) line++;
  }
  EQ(found, 1);
  const char *s = t_slurp("/proc/self/stat");
  EQ(atoi(s), getpid());
  YES(strchr(s, '(') && strrchr(s, ')'));
  int fields = 0;
  for (const char *p = strrchr(s, ')'); p && *p; p++) fields += *p == ' ';
  LEAST(fields, 42);
  s = t_slurp("/proc/self/status");
  YES(strstr(s, "\nPid:"));
  YES(strstr(s, "VmRSS:"));
  YES(strstr(s, "Threads:\t1\n"));
  YES(!strncmp(s, "Name:\tfiles", 11));
  fd = open("/proc/self/cmdline", O_RDONLY);
  n = read(fd, c, sizeof c);
  LEAST(n, 6);
  EQ(c[n - 1], 0);
  YES(strstr(c, "files"));
  close(fd);
  fd = GOOD(t_file("f", "x"));
  sprintf(path, "/proc/self/fd/%d", fd);
  n = GOOD(readlink(path, c, sizeof c - 1));
  c[n] = 0;
  char want[128];
  sprintf(want, "%s/f", t_folder);
  TEXT(c, want);
  int again = GOOD(open(path, O_RDONLY));
  close(again);
  close(fd);
  FAIL(readlink(path, c, sizeof c), ENOENT);
  unlink("f");
  DIR *d = opendir("/proc/self/fd");
  YES(d);
  int zero = 0, count = 0;
  for (struct dirent *e; d && (e = readdir(d));) zero += !strcmp(e->d_name, "1"), count++;
  if (d) closedir(d);
  EQ(zero, 1);
  LEAST(count, 4);
  sprintf(path, "/proc/%d/stat", getpid());
  EQ(atoi(t_slurp(path)), getpid());
  YES(!strncmp(t_slurp("/proc/meminfo"), "MemTotal:", 9));
  YES(strstr(t_slurp("/proc/meminfo"), "MemAvailable:"));
  YES(strstr(t_slurp("/proc/cpuinfo"), "processor\t: 0"));
  YES(!strncmp(t_slurp("/proc/stat"), "cpu ", 4));
  YES(strstr(t_slurp("/proc/stat"), "btime "));
  YES(strstr(t_slurp("/proc/mounts"), " / "));
  double up = -1, idle = -1;
  EQ(sscanf(t_slurp("/proc/uptime"), "%lf %lf", &up, &idle), 2);
  YES(up > 0);
  float l1, l2, l3;
  EQ(sscanf(t_slurp("/proc/loadavg"), "%f %f %f", &l1, &l2, &l3), 3);
  YES(atoi(t_slurp("/proc/sys/net/core/somaxconn")) > 0);
  YES(strlen(t_slurp("/proc/sys/vm/overcommit_memory")) > 0);
  YES(strlen(t_slurp("/proc/sys/kernel/osrelease")) > 2);
  YES(strlen(t_slurp("/proc/version")) > 5);
  YES(strlen(t_slurp("/proc/self/comm")) > 1);
  YES(strstr(t_slurp("/proc/self/limits"), "Max open files"));
  long pages = 0;
  EQ(sscanf(t_slurp("/proc/self/statm"), "%ld", &pages), 1);
  LEAST(pages, 1);
  FAIL(open("/proc/self/missing", O_RDONLY), ENOENT);
  FAIL(open("/proc/self/fd/999", O_RDONLY), ENOENT);
  YES(t_slurp("/sys/devices/system/cpu/online")[0] == '0');
  YES(t_slurp("/sys/devices/system/cpu/possible")[0] == '0');
}

static void limits(void) {
  struct rlimit old, low;
  EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
  low = old;
  low.rlim_cur = 20;
  EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  int held[32], n = 0;
  while (n < 32 && (held[n] = open("/dev/null", O_RDONLY)) >= 0) n++;
  int why = errno;
  EQ(why, EMFILE);
  LEAST(n, 1);
  EQ(held[n - 1], 19);
  FAIL(dup(held[0]), EMFILE);
  FAIL(dup3(held[0], 20, 0), EBADF);
  FAIL(dup2(held[0], 20), EBADF);
  FAIL(fcntl(held[0], F_DUPFD, 20), EINVAL);
  FAIL(fcntl(held[0], F_DUPFD, 19), EMFILE);
  int p[2];
  FAIL(pipe(p), EMFILE);
  close(held[n - 1]);
  FAIL(pipe(p), EMFILE);  // one is not enough, and none stays behind
  EQ(open("/dev/null", O_RDONLY), 19);
  while (n-- > 0) close(held[n]);
  EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
  // A file size limit.
  struct rlimit size, small;
  EQ(getrlimit(RLIMIT_FSIZE, &size), 0);
  small = size;
  small.rlim_cur = 100;
  signal(SIGXFSZ, SIG_IGN);
  int fd = GOOD(open("big", O_CREAT | O_RDWR | O_TRUNC, 0600));
  EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  char c[200] = {0};
  ssize_t w = write(fd, c, 200), x = write(fd, c, 200);
  int e = errno, f = ftruncate(fd, 200), g = errno;
  EQ(setrlimit(RLIMIT_FSIZE, &size), 0);
  EQ(w, 100);
  EQ(x, -1);
  EQ(e, EFBIG);
  EQ(f, -1);
  EQ(g, EFBIG);
  close(fd);
  unlink("big");
}

// What one writes, another that opened it sees at once; many files and big ones keep their bytes.
static void content(void) {
  enum { SIZE = 1 << 20 };
  unsigned char *a = malloc(SIZE), *b = malloc(SIZE);
  uint32_t x = 12345;
  for (int i = 0; i < SIZE; i++) x = x * 1664525 + 1013904223, a[i] = (unsigned char)(x >> 24);
  int fd = GOOD(open("big", O_CREAT | O_RDWR | O_TRUNC, 0600)), other = GOOD(open("big", O_RDONLY));
  size_t at = 0;
  for (size_t step = 1; at < SIZE; step = step * 3 % 70001 + 1) {
    size_t n = step > SIZE - at ? SIZE - at : step;
    if (write(fd, a + at, n) != (ssize_t)n) break;
    at += n;
  }
  EQ(at, SIZE);
  at = 0;
  ssize_t n;
  while ((n = read(other, b + at, 4097)) > 0) at += (size_t)n;
  EQ(at, SIZE);
  SAME(a, b, SIZE);
  for (int i = 0; i < 200; i++) {
    x = x * 1664525 + 1013904223;
    size_t where = x % (SIZE - 5000), length = x >> 8 & 4095;
    memset(a + where, i, length);
    if (pwrite(fd, a + where, length, (off_t)where) != (ssize_t)length) t_failed++;
  }
  EQ(pread(other, b, SIZE, 0), SIZE);
  SAME(a, b, SIZE);
  close(fd), close(other);
  unlink("big");
  char name[16];
  int good = 0;
  for (int i = 0; i < 500; i++) {
    sprintf(name, "n%d", i);
    fd = open(name, O_CREAT | O_WRONLY, 0600);
    good += write(fd, &i, sizeof i) == sizeof i;
    close(fd);
  }
  for (int i = 0; i < 500; i++) {
    int v = -1;
    sprintf(name, "n%d", i);
    fd = open(name, O_RDONLY);
    good += read(fd, &v, sizeof v) == sizeof v && v == i;
    close(fd);
    good += unlink(name) == 0;
  }
  EQ(good, 1500);
  free(a), free(b);
}

static void nodes(void) {
  struct stat s;
  EQ(mkfifo("fifo", 0600), 0);
  EQ(stat("fifo", &s), 0);
  EQ(s.st_mode, S_IFIFO | 0600);
  FAIL(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
  int r = GOOD(open("fifo", O_RDONLY | O_NONBLOCK)), w = GOOD(open("fifo", O_WRONLY | O_NONBLOCK));
  char c[4];
  EQ(write(w, "abc", 3), 3);
  EQ(read(r, c, 4), 3);
  FAIL(read(r, c, 4), EAGAIN);
  EQ(close(w), 0);
  EQ(read(r, c, 4), 0);
  close(r);
  FAIL(mkfifo("fifo", 0600), EEXIST);
  EQ(unlink("fifo"), 0);
  EQ(mknod("plain", S_IFREG | 0640, 0), 0);
  EQ(stat("plain", &s), 0);
  EQ(s.st_mode, S_IFREG | 0640);
  FAIL(mknod("plain", S_IFREG | 0640, 0), EEXIST);
  FAIL2(mknod("odd", S_IFDIR | 0700, 0), EPERM, EINVAL);
  unlink("plain");
}

MAIN(G(opening), G(append), G(reading), G(vectors), G(seeking), G(truncating), G(status), G(statx_call), G(directories),
     G(renaming), G(links), G(names), G(working_folder), G(duplicates), G(locks), G(lock_waiting), G(permissions), G(times),
     G(copying), G(unnamed), G(path_only), G(devices), G(proc), G(limits), G(content), G(nodes))
