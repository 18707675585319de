// Memory: mappings of every kind, protection, faults, growing and shrinking.
#include "t.h"
#include <sched.h>
#include <setjmp.h>
#include <sys/resource.h>
#include <sys/uio.h>

#define PAGE 4096l
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static char *map(long pages, int prot) { return mmap(0, (size_t)(pages * PAGE), prot, ANON, -1, 0); }

// A touch that may fault: gives the signal's number (0 for none); what it was lands in fault.
static sigjmp_buf back;
static volatile int armed;
static siginfo_t fault;
static void on_fault(int signo, siginfo_t *info, void *context) {
  (void)context;
  fault = *info;
  if (!armed) _exit(100 + signo);
  siglongjmp(back, signo);
}
static void catch_faults(void) {
  struct sigaction a = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &a, 0);
  sigaction(SIGBUS, &a, 0);
}
static int reads(volatile char *at) {
  int signo = sigsetjmp(back, 1);
  armed = 1;
  if (!signo) (void)*at;
  armed = 0;
  return signo;
}
static int writes(volatile char *at) {
  int signo = sigsetjmp(back, 1);
  armed = 1;
  if (!signo) *at = 1;
  armed = 0;
  return signo;
}
static int runs(char *at) {
  int signo = sigsetjmp(back, 1);
  armed = 1;
  if (!signo) ((void (*)(void))(uintptr_t)at)();
  armed = 0;
  return signo;
}
#ifdef __x86_64__
static const unsigned char just_return[] = {0xc3};
#else
static const unsigned char just_return[] = {0xc0, 0x03, 0x5f, 0xd6};
#endif

static void plain(void) {
  char *p = map(4, RW);
  YES(p != MAP_FAILED);
  EQ((uintptr_t)p % PAGE, 0);
  int zero = 1;
  for (long i = 0; i < 4 * PAGE; i++) zero &= !p[i];
  EQ(zero, 1);
  memset(p, 0x5a, 4 * PAGE);
  EQ(munmap(p, 4 * PAGE), 0);
  char *q = map(4, RW);
  zero = 1;
  for (long i = 0; i < 4 * PAGE; i++) zero &= !q[i];
  EQ(zero, 1);  // a page given again is clean
  EQ(munmap(q, 4 * PAGE), 0);
  EQ(munmap(q, 4 * PAGE), 0);  // nothing there is no error
  p = mmap(0, 100, RW, ANON, -1, 0);  // the length is rounded up
  p[PAGE - 1] = 1;
  EQ(munmap(p, 1), 0);
  EQ(reads(p), SIGSEGV);
  // Two mappings do not overlap.
  p = map(16, RW), q = map(16, RW);
  YES(p + 16 * PAGE <= q || q + 16 * PAGE <= p);
  munmap(p, 16 * PAGE), munmap(q, 16 * PAGE);
}

static void errors(void) {
  FAIL((long)mmap(0, 0, RW, ANON, -1, 0), EINVAL);
  FAIL((long)mmap(0, PAGE, RW, MAP_ANONYMOUS, -1, 0), EINVAL);  // neither shared nor private
  FAIL((long)mmap(0, PAGE, RW, MAP_PRIVATE, -1, 0), EBADF);
  FAIL(syscall(SYS_mmap, 0, PAGE, RW, ANON, -1, 100), EINVAL);
  FAIL((long)mmap((void *)100, PAGE, RW, ANON | MAP_FIXED, -1, 0), EINVAL);
  FAIL(syscall(SYS_mmap, 0, 1L << 62, RW, ANON, -1, 0), ENOMEM);
  FAIL(syscall(SYS_mmap, 0, -1L, RW, ANON, -1, 0), ENOMEM);
  FAIL((long)mmap((void *)(1L << 60), PAGE, RW, ANON | MAP_FIXED, -1, 0), ENOMEM);
  FAIL(munmap((void *)100, PAGE), EINVAL);
  FAIL(munmap((void *)PAGE, 0), EINVAL);
  FAIL(syscall(SYS_munmap, 1L << 60, PAGE), EINVAL);
  FAIL(syscall(SYS_munmap, PAGE, -1L), EINVAL);
  FAIL(syscall(SYS_mprotect, 100L, PAGE, RW), EINVAL);
  char *p = map(1, RW);
  FAIL(syscall(SYS_mprotect, p, PAGE, 0x40), EINVAL);
  EQ(syscall(SYS_mprotect, p, 0L, PROT_NONE), 0);
  munmap(p, PAGE);
  FAIL(syscall(SYS_mprotect, p, PAGE, RW), ENOMEM);
  FAIL(syscall(SYS_madvise, 100L, PAGE, MADV_DONTNEED), EINVAL);
  FAIL(syscall(SYS_madvise, p, PAGE, 12345), EINVAL);
  FAIL(syscall(SYS_madvise, p, PAGE, MADV_DONTNEED), ENOMEM);
  FAIL(syscall(SYS_mremap, p, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
  FAIL(syscall(SYS_msync, 100L, PAGE, MS_SYNC), EINVAL);
  FAIL(syscall(SYS_msync, p, PAGE, MS_SYNC), ENOMEM);
  FAIL(syscall(SYS_msync, p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
  int fd = GOOD(t_file("f", "text"));
  int ro = GOOD(open("f", O_RDONLY)), wo = GOOD(open("f", O_WRONLY));
  FAIL((long)mmap(0, PAGE, RW, MAP_SHARED, ro, 0), EACCES);
  FAIL((long)mmap(0, PAGE, PROT_READ, MAP_SHARED, wo, 0), EACCES);
  FAIL((long)mmap(0, PAGE, PROT_READ, MAP_PRIVATE, wo, 0), EACCES);
  p = mmap(0, PAGE, RW, MAP_PRIVATE, ro, 0);  // private may be written
  YES(p != MAP_FAILED);
  munmap(p, PAGE);
  p = mmap(0, PAGE, PROT_READ, MAP_SHARED, ro, 0);
  YES(p != MAP_FAILED);
  FAIL(mprotect(p, PAGE, RW), EACCES);
  munmap(p, PAGE);
  int pair[2];
  EQ(pipe(pair), 0);
  FAIL((long)mmap(0, PAGE, PROT_READ, MAP_PRIVATE, pair[0], 0), ENODEV);
  close(pair[0]), close(pair[1]);
  int dir = GOOD(open(".", O_RDONLY));
  FAIL((long)mmap(0, PAGE, PROT_READ, MAP_PRIVATE, dir, 0), ENODEV);
  close(dir), close(fd), close(ro), close(wo);
  unlink("f");
}

static void fixed(void) {
  char *p = map(4, RW);
  memset(p, 1, 4 * PAGE);
  char *q = mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
  YES(q == p + PAGE);
  EQ(p[PAGE], 0);
  EQ(p[PAGE - 1], 1);
  EQ(p[2 * PAGE], 1);
  FAIL((long)mmap(p, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
  EQ(p[0], 1);
  EQ(munmap(p + PAGE, PAGE), 0);
  q = mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
  YES(q == p + PAGE);
  FAIL((long)mmap(p + PAGE, 10 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
  // A hint is taken where it is free, and is no order where it is not.
  EQ(munmap(p + PAGE, PAGE), 0);
  q = mmap(p + PAGE, PAGE, RW, ANON, -1, 0);
  YES(q == p + PAGE);
  char *r = mmap(p + PAGE, PAGE, RW, ANON, -1, 0);
  YES(r != MAP_FAILED && r != q);
  munmap(r, PAGE);
  // PROT_NONE over pages gives their bytes up.
  q = mmap(p, 4 * PAGE, PROT_NONE, ANON | MAP_FIXED, -1, 0);
  YES(q == p);
  EQ(reads(p), SIGSEGV);
  EQ(mprotect(p, 4 * PAGE, PROT_READ), 0);
  EQ(p[0], 0);
  munmap(p, 4 * PAGE);
  q = mmap(0, PAGE, RW, ANON | MAP_FIXED, -1, 0);  // the zero page is not to be had
  YES(q == MAP_FAILED || q == 0);
  if (!q) munmap(0, PAGE);
}

static void faults(void) {
  char *p = map(2, PROT_NONE);
  EQ(reads(p + 5), SIGSEGV);
  EQ(fault.si_code, SEGV_ACCERR);
  YES(fault.si_addr == p + 5);
  EQ(writes(p + PAGE + 7), SIGSEGV);
  EQ(fault.si_code, SEGV_ACCERR);
  YES(fault.si_addr == p + PAGE + 7);
  EQ(mprotect(p, PAGE, PROT_READ), 0);
  EQ(reads(p), 0);
  EQ(writes(p), SIGSEGV);
  EQ(fault.si_code, SEGV_ACCERR);
  EQ(mprotect(p, PAGE, RW), 0);
  EQ(writes(p), 0);
  EQ(munmap(p, 2 * PAGE), 0);
  EQ(reads(p), SIGSEGV);
  EQ(fault.si_code, SEGV_MAPERR);
  YES(fault.si_addr == p);
  EQ(fault.si_signo, SIGSEGV);
  EQ(reads((char *)16), SIGSEGV);
  EQ(fault.si_code, SEGV_MAPERR);
  YES(fault.si_addr == (void *)16);
  EQ(writes((char *)16), SIGSEGV);
  static const char constant[] = "constant";
  EQ(writes((char *)(uintptr_t)constant), SIGSEGV);
  EQ(fault.si_code, SEGV_ACCERR);
  EQ(writes((char *)(uintptr_t)faults), SIGSEGV);  // code is not written
  // The kernel's half of the address space.
  EQ(reads((char *)0xffffffff80000000ul), SIGSEGV);
#ifdef __x86_64__
  EQ(reads((char *)0x8000000000000000ul), SIGSEGV);  // not canonical
  EQ(fault.si_code, 0x80);                           // SI_KERNEL: the address is not known
#endif
  // Data does not run; with PROT_EXEC it does.
  p = map(1, RW);
  memcpy(p, just_return, sizeof just_return);
  __builtin___clear_cache(p, p + 16);
  EQ(runs(p), SIGSEGV);
  EQ(fault.si_code, SEGV_ACCERR);
  YES(fault.si_addr == p);
  EQ(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
  EQ(runs(p), 0);
  EQ(writes(p), SIGSEGV);
  EQ(mprotect(p, PAGE, RW), 0);
  EQ(runs(p), SIGSEGV);
  munmap(p, PAGE);
  EQ(runs(p), SIGSEGV);
  EQ(fault.si_code, SEGV_MAPERR);
  char local[64];
  EQ(runs(local), SIGSEGV);  // nor does the stack
}

static void protection(void) {
  char *p = map(8, RW);
  memset(p, 1, 8 * PAGE);
  EQ(mprotect(p + 2 * PAGE, PAGE, PROT_READ), 0);
  EQ(mprotect(p + 4 * PAGE, 2 * PAGE, PROT_NONE), 0);
  static const int writable[8] = {1, 1, 0, 1, 0, 0, 1, 1}, readable[8] = {1, 1, 1, 1, 0, 0, 1, 1};
  for (int i = 0; i < 8; i++) {
    EQ(reads(p + i * PAGE), readable[i] ? 0 : SIGSEGV);
    EQ(writes(p + i * PAGE), writable[i] ? 0 : SIGSEGV);
  }
  EQ(mprotect(p, 8 * PAGE, RW), 0);
  int good = 1;
  for (int i = 0; i < 8; i++) good &= p[i * PAGE + 1] == 1;
  EQ(good, 1);  // the bytes are still there
  // A hole in the range: what is before it has changed, and the call fails.
  EQ(munmap(p + 4 * PAGE, PAGE), 0);
  FAIL(mprotect(p, 8 * PAGE, PROT_READ), ENOMEM);
  EQ(writes(p), SIGSEGV);
  munmap(p, 8 * PAGE);
  // Many splits, then one whole again.
  p = map(256, RW);
  good = 0;
  for (int i = 0; i < 256; i += 2) good += mprotect(p + i * PAGE, PAGE, PROT_READ) == 0;
  EQ(good, 128);
  EQ(writes(p + 254 * PAGE), SIGSEGV);
  EQ(writes(p + 255 * PAGE), 0);
  EQ(mprotect(p, 256 * PAGE, RW), 0);
  good = 0;
  for (int i = 0; i < 256; i++) good += writes(p + i * PAGE) == 0;
  EQ(good, 256);
  munmap(p, 256 * PAGE);
}

static void holes(void) {
  char *p = map(10, RW);
  for (int i = 0; i < 10; i++) p[i * PAGE] = (char)(i + 1);
  EQ(munmap(p + 3 * PAGE, 2 * PAGE), 0);
  EQ(munmap(p + 7 * PAGE, PAGE), 0);
  static const int there[10] = {1, 1, 1, 0, 0, 1, 1, 0, 1, 1};
  for (int i = 0; i < 10; i++) EQ(reads(p + i * PAGE), there[i] ? 0 : SIGSEGV);
  EQ(p[8 * PAGE], 9);
  EQ(munmap(p, 10 * PAGE), 0);  // over holes
  EQ(reads(p), SIGSEGV);
  EQ(reads(p + 9 * PAGE), SIGSEGV);
}

static void remapping(void) {
  char *p = map(16, RW);  // with room behind that is nobody else's
  EQ(munmap(p + 4 * PAGE, 12 * PAGE), 0);
  for (int i = 0; i < 4; i++) p[i * PAGE] = (char)(i + 1);
  EQ(mremap(p, 4 * PAGE, 2 * PAGE, 0) == p, 1);
  EQ(p[PAGE], 2);
  EQ(reads(p + 2 * PAGE), SIGSEGV);
  EQ(mremap(p, 2 * PAGE, 4 * PAGE, 0) == p, 1);  // room behind: in place
  EQ(p[0], 1);
  EQ(p[2 * PAGE], 0);
  // No room behind: refused, or moved with its bytes.
  char *wall = mmap(p + 4 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
  YES(wall == p + 4 * PAGE);
  FAIL((long)mremap(p, 4 * PAGE, 8 * PAGE, 0), ENOMEM);
  wall[0] = 77;
  // Another kind of mapping behind, so that it cannot be taken for one with ours.
  EQ(mprotect(wall, PAGE, PROT_READ), 0);
  char *q = mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
  YES(q != MAP_FAILED && q != p);
  EQ(q[0], 1);
  EQ(q[PAGE], 2);
  EQ(q[7 * PAGE], 0);
  EQ(reads(p), SIGSEGV);
  EQ(wall[0], 77);
  munmap(wall, PAGE);
  // To a place of our choice; what was there is gone.
  char *target = map(8, RW);
  memset(target, 9, 8 * PAGE);
  char *r = mremap(q, 8 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
  YES(r == target);
  EQ(r[0], 1);
  EQ(r[5 * PAGE], 0);
  EQ(r[6 * PAGE], 9);
  EQ(reads(q), SIGSEGV);
  EQ(reads(q + 7 * PAGE), SIGSEGV);
  FAIL((long)mremap(r, PAGE, PAGE, MREMAP_FIXED, target), EINVAL);
  FAIL((long)mremap(r, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, r + PAGE), EINVAL);  // overlaps
  FAIL(syscall(SYS_mremap, r + 1, PAGE, PAGE, 0), EINVAL);
  FAIL(syscall(SYS_mremap, r, PAGE, 0L, 0), EINVAL);
  FAIL(syscall(SYS_mremap, r, PAGE, PAGE, 0x100), EINVAL);
  // In the middle of a mapping.
  char *m = mremap(r + 2 * PAGE, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
  YES(m != MAP_FAILED);
  EQ(reads(r + 2 * PAGE), SIGSEGV);
  EQ(reads(r + 3 * PAGE), 0);
  munmap(m, 3 * PAGE), munmap(target, 8 * PAGE);
  // Past the end of the mapping: a fault, as Linux says it.
  p = map(2, RW);
  munmap(p + PAGE, PAGE);
  FAIL(syscall(SYS_mremap, p, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE), EFAULT);
  munmap(p, PAGE);
  // A big one keeps every page.
  p = map(1024, RW);
  for (int i = 0; i < 1024; i++) *(int *)(p + i * PAGE) = i;
  q = mremap(p, 1024 * PAGE, 4096 * PAGE, MREMAP_MAYMOVE);
  int good = 1;
  for (int i = 0; i < 1024; i++) good &= *(int *)(q + i * PAGE) == i;
  EQ(good, 1);
  EQ(*(int *)(q + 4095 * PAGE), 0);
  munmap(q, 4096 * PAGE);
}

static void advice(void) {
  char *p = map(4, RW);
  memset(p, 3, 4 * PAGE);
  EQ(madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED), 0);
  EQ(p[0], 3);
  EQ(p[PAGE], 0);
  EQ(p[3 * PAGE - 1], 0);
  EQ(p[3 * PAGE], 3);
  p[PAGE] = 4;
  EQ(p[PAGE], 4);
  EQ(madvise(p, 4 * PAGE, MADV_FREE), 0);
  YES(p[0] == 3 || p[0] == 0);
  p[0] = 5;
  EQ(p[0], 5);
  EQ(madvise(p, 4 * PAGE, MADV_WILLNEED), 0);
  EQ(madvise(p, 4 * PAGE, MADV_NORMAL), 0);
  EQ(madvise(p, 4 * PAGE, MADV_SEQUENTIAL), 0);
  EQ(madvise(p, 4 * PAGE, MADV_RANDOM), 0);
  EQ(madvise(p, 4 * PAGE, MADV_DONTFORK), 0);
  EQ(madvise(p, 4 * PAGE, MADV_DOFORK), 0);
  YES(madvise(p, 4 * PAGE, MADV_NOHUGEPAGE) == 0 || errno == EINVAL);
  EQ(madvise(p, 0, MADV_DONTNEED), 0);
  munmap(p, 4 * PAGE);
}

static void private_file(void) {
  char c[8];
  int fd = GOOD(open("f", O_RDWR | O_CREAT | O_TRUNC, 0600));
  char text[PAGE];
  for (int i = 0; i < 3; i++) {
    memset(text, 'a' + i, sizeof text);
    write(fd, text, sizeof text);
  }
  write(fd, "tail", 4);
  char *p = mmap(0, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);
  YES(p != MAP_FAILED);
  close(fd);  // the mapping stays
  EQ(p[0], 'a');
  EQ(p[2 * PAGE], 'c');
  SAME(p + 3 * PAGE, "tail\0\0\0", 7);
  EQ(p[4 * PAGE - 1], 0);
  p[0] = 'X';
  p[3 * PAGE + 4] = 'Y';
  fd = GOOD(open("f", O_RDWR));
  EQ(pread(fd, c, 1, 0), 1);
  EQ(c[0], 'a');  // a private write is not the file's
  EQ(pread(fd, c, 8, 3 * PAGE), 4);
  char *q = mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
  EQ(q[0], 'b');
  munmap(q, PAGE);
  EQ(pwrite(fd, "Z", 1, 0), 1);
  EQ(p[0], 'X');  // nor is the file's ours, once written
  EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
  EQ(p[0], 'Z');  // the copy was given up
  munmap(p, 4 * PAGE);
  // Past the end of the file: SIGBUS.
  p = mmap(0, 8 * PAGE, RW, MAP_PRIVATE, fd, 0);
  EQ(reads(p + 3 * PAGE + 100), 0);
  EQ(reads(p + 4 * PAGE), SIGBUS);
  EQ(fault.si_code, BUS_ADRERR);
  YES(fault.si_addr == p + 4 * PAGE);
  EQ(writes(p + 7 * PAGE), SIGBUS);
  // The file grows: the page is there.
  EQ(ftruncate(fd, 5 * PAGE), 0);
  EQ(reads(p + 4 * PAGE), 0);
  EQ(ftruncate(fd, PAGE), 0);
  EQ(reads(p + 2 * PAGE), SIGBUS);
  EQ(reads(p), 0);
  munmap(p, 8 * PAGE);
  close(fd);
  unlink("f");
}

static void shared_file(void) {
  char c[16];
  int fd = GOOD(open("f", O_RDWR | O_CREAT | O_TRUNC, 0600));
  EQ(ftruncate(fd, 2 * PAGE), 0);
  char *p = mmap(0, 2 * PAGE, RW, MAP_SHARED, fd, 0), *q = mmap(0, 2 * PAGE, RW, MAP_SHARED, fd, 0);
  YES(p != MAP_FAILED && q != MAP_FAILED && p != q);
  strcpy(p, "mapped");
  TEXT(q, "mapped");
  EQ(pread(fd, c, 7, 0), 7);
  TEXT(c, "mapped");
  EQ(pwrite(fd, "written", 8, PAGE), 8);
  TEXT(p + PAGE, "written");
  TEXT(q + PAGE, "written");
  char *private = mmap(0, PAGE, RW, MAP_PRIVATE, fd, 0);
  TEXT(private, "mapped");
  strcpy(private, "mine");
  TEXT(p, "mapped");
  strcpy(p, "again");
  TEXT(private, "mine");
  EQ(msync(p, 2 * PAGE, MS_SYNC), 0);
  EQ(msync(p, 2 * PAGE, MS_ASYNC), 0);
  EQ(munmap(p, 2 * PAGE), 0);
  TEXT(q, "again");
  EQ(munmap(q, 2 * PAGE), 0);
  EQ(pread(fd, c, 6, 0), 6);
  TEXT(c, "again");
  munmap(private, PAGE);
  // It outlives the name and the descriptor.
  p = mmap(0, PAGE, RW, MAP_SHARED, fd, 0);
  close(fd);
  unlink("f");
  TEXT(p, "again");
  strcpy(p, "after");
  TEXT(p, "after");
  munmap(p, PAGE);
  // At an offset; a partial page at the end reads as zeros and does not lengthen the file.
  fd = GOOD(t_file("g", "0123456789"));
  p = mmap(0, PAGE, RW, MAP_SHARED, fd, 0);
  EQ(p[10], 0);
  p[10] = 'x';
  struct stat s;
  EQ(fstat(fd, &s), 0);
  EQ(s.st_size, 10);
  p[9] = 'Z';
  EQ(pread(fd, c, 16, 0), 10);
  EQ(c[9], 'Z');
  // Bytes from a mapping written to its own file, as a copy does.
  EQ(pwrite(fd, p, 10, PAGE), 10);
  EQ(pread(fd, c, 10, PAGE), 10);
  SAME(c, "012345678Z", 10);
  FAIL(syscall(SYS_mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, 100), EINVAL);
  munmap(p, PAGE);
  p = mmap(0, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
  SAME(p, "012345678Z", 10);
  munmap(p, PAGE);
  close(fd);
  unlink("g");
  int mem = GOOD(syscall(SYS_memfd_create, "m", 0));
  EQ(ftruncate(mem, PAGE), 0);
  p = mmap(0, PAGE, RW, MAP_SHARED, mem, 0);
  strcpy(p, "memfd");
  EQ(pread(mem, c, 6, 0), 6);
  TEXT(c, "memfd");
  munmap(p, PAGE);
  close(mem);
}

static void *set_word(void *at) {
  __atomic_store_n((int *)at, 42, __ATOMIC_SEQ_CST);
  return 0;
}

static void shared_anonymous(void) {
  int *p = mmap(0, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  YES(p != MAP_FAILED);
  EQ(*p, 0);
  pthread_t t;
  pthread_create(&t, 0, set_word, p);
  pthread_join(t, 0);
  EQ(*p, 42);
  EQ(mprotect(p, PAGE, PROT_READ), 0);
  EQ(writes((char *)p), SIGSEGV);
  EQ(*p, 42);
  EQ(mprotect(p, PAGE, RW), 0);
  // Shared memory keeps its bytes over DONTNEED.
  EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
  EQ(*p, 42);
  int *q = mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE);
  EQ(*q, 42);
  munmap(q, 2 * PAGE);
  int fd = GOOD(open("/dev/zero", O_RDWR));
  char *z = mmap(0, PAGE, RW, MAP_PRIVATE, fd, 0);
  YES(z != MAP_FAILED);
  EQ(z[0], 0);
  z[0] = 1;
  EQ(z[0], 1);
  munmap(z, PAGE);
  close(fd);
}

static void break_end(void) {
  char *start = (char *)syscall(SYS_brk, 0L);
  YES(start != 0);
  char *want = start + 10 * PAGE;
  EQ(syscall(SYS_brk, want), (long)want);
  int zero = 1;
  for (char *p = start; p < want; p += 512) zero &= !*p;
  EQ(zero, 1);
  memset(start, 7, 10 * PAGE);
  EQ(syscall(SYS_brk, start + 5 * PAGE), (long)(start + 5 * PAGE));
  EQ(start[5 * PAGE - 1], 7);
  char *edge = (char *)(((uintptr_t)start + 5 * PAGE + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
  EQ(reads(edge + PAGE), SIGSEGV);
  EQ(syscall(SYS_brk, want), (long)want);
  EQ(edge[PAGE], 0);  // clean when it comes again
  EQ(syscall(SYS_brk, 1L), (long)want);  // refused: the old end is the answer
  EQ(syscall(SYS_brk, -1L), (long)want);
  EQ(syscall(SYS_brk, start), (long)start);
  // A byte is enough to ask for.
  EQ(syscall(SYS_brk, start + 1), (long)(start + 1));
  EQ(syscall(SYS_brk, start), (long)start);
}

static int deep(int n) {
  volatile char frame[4096];
  frame[0] = (char)n;
  frame[4095] = (char)n;
  return n == 0 ? frame[0] : deep(n - 1) + (frame[4095] != (char)n);
}

static void stack(void) {
  EQ(deep(1500), 0);  // 6 MiB of the usual 8
  struct rlimit l;
  EQ(getrlimit(RLIMIT_STACK, &l), 0);
  LEAST(l.rlim_cur, 1 << 20);
  // Far below the stack there is nothing.
  volatile char here;
  char *below = (char *)&here - (512l << 20);
  YES(reads(below) == SIGSEGV || l.rlim_cur == RLIM_INFINITY);
  // A thread's stack has a guard.
  pthread_attr_t a;
  pthread_getattr_np(pthread_self(), &a);
  void *low;
  size_t size;
  EQ(pthread_attr_getstack(&a, &low, &size), 0);
  YES((char *)&here > (char *)low && (char *)&here < (char *)low + size);
  pthread_attr_destroy(&a);
}

static int overflow(int n) {
  volatile char frame[8192];
  frame[0] = (char)n;
  return n < INT_MAX ? overflow(n + 1) + frame[0] : 0;
}

static void stack_overflow(void) {
  static char alternate[16384];
  stack_t ss = {.ss_sp = alternate, .ss_size = sizeof alternate}, off = {.ss_flags = SS_DISABLE};
  EQ(sigaltstack(&ss, 0), 0);
  struct sigaction a = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGSEGV, &a, 0);
  int signo = sigsetjmp(back, 1);
  armed = 1;
  if (!signo) overflow(0);
  armed = 0;
  EQ(signo, SIGSEGV);
  EQ(sigaltstack(&off, 0), 0);
  catch_faults();
}

static void reserve(void) {
  char *p = mmap(0, 1l << 30, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
  YES(p != MAP_FAILED);
  EQ(mprotect(p + (512l << 20), PAGE, RW), 0);
  p[512l << 20] = 1;
  EQ(p[512l << 20], 1);
  EQ(reads(p), SIGSEGV);
  EQ(munmap(p, 1l << 30), 0);
  p = mmap(0, 64l << 30, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
  YES(p != MAP_FAILED);
  EQ(munmap(p, 64l << 30), 0);
  // Written far apart in a big mapping: only what is touched costs.
  p = mmap(0, 1l << 30, RW, ANON | MAP_NORESERVE, -1, 0);
  YES(p != MAP_FAILED);
  for (long at = 0; at < 1l << 30; at += 64l << 20) p[at] = (char)(at >> 26);
  int good = 1;
  for (long at = 0; at < 1l << 30; at += 64l << 20) good &= p[at] == (char)(at >> 26);
  EQ(good, 1);
  EQ(munmap(p, 1l << 30), 0);
}

static void residence(void) {
  unsigned char seen[4];
  char *p = map(4, RW);
  EQ(mincore(p, 4 * PAGE, seen), 0);
  p[0] = 1, p[2 * PAGE] = 1;
  EQ(mincore(p, 4 * PAGE, seen), 0);
  EQ(seen[0] & 1, 1);
  EQ(seen[2] & 1, 1);
  FAIL(mincore(p + 1, PAGE, seen), EINVAL);
  FAIL(syscall(SYS_mincore, p, PAGE, (void *)8), EFAULT);
  munmap(p, 4 * PAGE);
  FAIL(mincore(p, PAGE, seen), ENOMEM);
  p = mmap(0, 4 * PAGE, RW, ANON | MAP_POPULATE, -1, 0);
  EQ(mincore(p, 4 * PAGE, seen), 0);
  EQ(seen[3] & 1, 1);
  YES(mlock(p, PAGE) == 0 || errno == ENOMEM || errno == EPERM);
  EQ(munlock(p, PAGE), 0);
  munmap(p, 4 * PAGE);
}

// Mapping and unmapping for long leaves no trace.
static void churn(void) {
  int good = 0;
  for (int i = 0; i < 2000; i++) {
    long pages = 1 + i % 64;
    char *p = map(pages, RW);
    if (p == MAP_FAILED) break;
    p[0] = 1, p[pages * PAGE - 1] = 1;
    good += munmap(p, (size_t)(pages * PAGE)) == 0;
  }
  EQ(good, 2000);
  // Heaps of every size, written whole and looked at again.
  enum { N = 300 };
  static unsigned char *block[N];
  static size_t length[N];
  uint32_t x = 1;
  good = 1;
  for (int round = 0; round < 3000; round++) {
    x = x * 1664525 + 1013904223;
    int i = (int)(x >> 8) % N;
    if (block[i]) {
      good &= block[i][0] == (unsigned char)i && block[i][length[i] - 1] == (unsigned char)i;
      free(block[i]);
    }
    length[i] = 1 + (x >> 4) % (round % 10 ? 3000 : 200000);
    block[i] = malloc(length[i]);
    if (!block[i]) { good = 0; break; }
    memset(block[i], i, length[i]);
  }
  EQ(good, 1);
  for (int i = 0; i < N; i++) free(block[i]), block[i] = 0;
  EQ(reads((char *)0), SIGSEGV);
}

static void *touch_all(void *at) {
  char *p = at;
  long sum = 0;
  for (long i = 0; i < 256; i++) sum += __atomic_add_fetch((int *)(p + i * PAGE), 1, __ATOMIC_RELAXED) > 0;
  return (void *)sum;
}

// Threads that fault on the same pages at once.
static void racing_faults(void) {
  for (int round = 0; round < 4; round++) {
    char *p = map(256, RW);
    pthread_t t[4];
    for (int i = 0; i < 4; i++) pthread_create(&t[i], 0, touch_all, p);
    for (int i = 0; i < 4; i++) pthread_join(t[i], 0);
    int good = 1;
    for (long i = 0; i < 256; i++) good &= *(int *)(p + i * PAGE) == 4;
    EQ(good, 1);
    munmap(p, 256 * PAGE);
  }
}

// A system call fills pages that were never touched, and is refused where it may not write.
static void kernel_access(void) {
  char *p = map(4, RW);
  int fd = GOOD(open("/dev/zero", O_RDONLY));
  EQ(read(fd, p, 4 * PAGE), 4 * PAGE);
  EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
  FAIL(read(fd, p + PAGE, 10), EFAULT);
  EQ(mprotect(p + PAGE, PAGE, PROT_NONE), 0);
  int null = GOOD(open("/dev/null", O_WRONLY));
  int pipe_end[2];
  EQ(pipe(pipe_end), 0);
  FAIL(write(pipe_end[1], p + PAGE, 10), EFAULT);
  FAIL(read(fd, (char *)0xffffffff80000000ul, 10), EFAULT);
  FAIL(write(pipe_end[1], (char *)0xffffffff80000000ul, 10), EFAULT);
  FAIL(read(fd, (char *)0x00007ffffffff000ul, 8192), EFAULT);
  // Copy on write by the kernel's own hand.
  int f = GOOD(t_file("f", "original"));
  char *q = mmap(0, PAGE, RW, MAP_PRIVATE, f, 0);
  EQ(read(fd, q, 4), 4);
  SAME(q, "\0\0\0\0inal", 8);
  char c[8];
  EQ(pread(f, c, 8, 0), 8);
  SAME(c, "original", 8);
  munmap(q, PAGE);
  EQ(munmap(p, 4 * PAGE), 0);
  struct iovec local = {c, 8}, remote = {p, 8};
  FAIL(syscall(SYS_process_vm_readv, getpid(), &local, 1L, &remote, 1L, 0L), EFAULT);
  static char source[8] = "sourced";
  remote.iov_base = source;
  EQ(syscall(SYS_process_vm_readv, getpid(), &local, 1L, &remote, 1L, 0L), 8);
  SAME(c, "sourced", 8);
  close(fd), close(null), close(f), close(pipe_end[0]), close(pipe_end[1]);
  unlink("f");
}

// A number from a line of a file of /proc, as "VmLck:      12 kB"; -1 where there is none.
static long proc_number(const char *path, const char *name) {
  const char *at = strstr(t_slurp(path), name);
  return at ? strtol(at + strlen(name), 0, 10) : -1;
}
static long locked_kb(void) { return proc_number("/proc/self/status", "VmLck:"); }
// Pages of a range that are in memory.
static int present(char *at, int pages) {
  static unsigned char seen[1024];
  int there = 0;
  if (mincore(at, (size_t)(pages * PAGE), seen)) return -1;
  for (int i = 0; i < pages; i++) there += seen[i] & 1;
  return there;
}
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#define MADV_KEEPONFORK 19
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static void locking(void) {
  long before = locked_kb();
  char *p = map(8, RW);
  EQ(mlock(p + 100, 2 * PAGE), 0);  // three pages are touched
  EQ(locked_kb() - before, 12);
  EQ(present(p, 8), 3);
  EQ(mlock(p + PAGE, PAGE), 0);  // once more is once
  EQ(locked_kb() - before, 12);
  FAIL(madvise(p, PAGE, MADV_DONTNEED), EINVAL);
  FAIL(madvise(p, PAGE, MADV_FREE), EINVAL);
  FAIL(madvise(p, PAGE, MADV_COLD), EINVAL);
  FAIL(msync(p, PAGE, MS_INVALIDATE), EBUSY);
  p[0] = 1;
  EQ(madvise(p, PAGE, MADV_DONTNEED_LOCKED), 0);
  EQ(p[0], 0);
  EQ(munlock(p + PAGE, PAGE), 0);
  EQ(locked_kb() - before, 8);
  EQ(madvise(p + PAGE, PAGE, MADV_DONTNEED), 0);
  EQ(mremap(p, PAGE, PAGE, 0) == p, 1);
  EQ(munmap(p, PAGE), 0);
  EQ(locked_kb() - before, 4);
  EQ(munmap(p + PAGE, 7 * PAGE), 0);
  EQ(locked_kb(), before);
  FAIL(mlock(p, PAGE), ENOMEM);
  FAIL(munlock(p, PAGE), ENOMEM);
  EQ(mlock(p, 0), 0);
  EQ(munlock(p, 0), 0);
  p = map(3, RW);
  munmap(p + PAGE, PAGE);
  FAIL(mlock(p, 3 * PAGE), ENOMEM);  // a hole
  munmap(p, 3 * PAGE);
  p = map(2, PROT_NONE);
  FAIL(mlock(p, PAGE), ENOMEM);  // locked, but not there
  EQ(munlock(p, PAGE), 0);
  munmap(p, 2 * PAGE);
  p = map(4, RW);
  FAIL(syscall(SYS_mlock2, p, PAGE, 2), EINVAL);
  EQ(syscall(SYS_mlock2, p, 4 * PAGE, MLOCK_ONFAULT), 0);
  EQ(present(p, 4), 0);
  EQ(locked_kb() - before, 16);
  p[PAGE] = 1;
  EQ(present(p, 4), 1);
  munmap(p, 4 * PAGE);
  p = mmap(0, 4 * PAGE, RW, ANON | MAP_LOCKED, -1, 0);
  YES(p != MAP_FAILED);
  EQ(present(p, 4), 4);
  EQ(locked_kb() - before, 16);
  char *q = mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);  // grows locked, and filled
  YES(q != MAP_FAILED);
  EQ(present(q, 8), 8);
  EQ(locked_kb() - before, 32);
  EQ(munmap(q, 8 * PAGE), 0);
  FAIL(mlockall(0), EINVAL);
  FAIL(mlockall(MCL_ONFAULT), EINVAL);
  FAIL(mlockall(8), EINVAL);
  p = map(4, RW);
  EQ(mlockall(MCL_FUTURE), 0);
  EQ(present(p, 4), 0);
  q = map(4, RW);
  EQ(present(q, 4), 4);
  EQ(locked_kb() - before, 16);
  EQ(mlockall(MCL_CURRENT), 0);  // ends MCL_FUTURE, too
  EQ(present(p, 4), 4);
  YES(locked_kb() - before > 32);
  munmap(q, 4 * PAGE);
  q = map(4, RW);
  EQ(present(q, 4), 0);
  EQ(munlockall(), 0);
  EQ(locked_kb(), 0);
  munmap(p, 4 * PAGE), munmap(q, 4 * PAGE);
}

static void more_advice(void) {
  char *p = map(4, RW);
  EQ(madvise(p, 4 * PAGE, MADV_POPULATE_READ), 0);
  EQ(present(p, 4), 4);
  EQ(madvise(p, 4 * PAGE, MADV_DONTNEED), 0);
  EQ(present(p, 4), 0);
  EQ(madvise(p, 2 * PAGE, MADV_POPULATE_WRITE), 0);
  EQ(present(p, 4), 2);
  EQ(mprotect(p, PAGE, PROT_READ), 0);
  FAIL(madvise(p, 4 * PAGE, MADV_POPULATE_WRITE), EINVAL);
  EQ(mprotect(p, PAGE, PROT_NONE), 0);
  FAIL(madvise(p, PAGE, MADV_POPULATE_READ), EINVAL);
  EQ(mprotect(p, PAGE, RW), 0);
  EQ(madvise(p, PAGE, MADV_COLD), 0);
  EQ(madvise(p, PAGE, MADV_PAGEOUT), 0);
  EQ(madvise(p, 4 * PAGE, MADV_WIPEONFORK), 0);
  EQ(madvise(p, 4 * PAGE, MADV_KEEPONFORK), 0);
  EQ(madvise(p, 4 * PAGE, MADV_DONTDUMP), 0);
  EQ(madvise(p, 4 * PAGE, MADV_DODUMP), 0);
  // A hole: the rest is done.
  memset(p, 7, 4 * PAGE);
  munmap(p + PAGE, PAGE);
  FAIL(madvise(p, 4 * PAGE, MADV_DONTNEED), ENOMEM);
  EQ(p[0], 0);
  EQ(p[3 * PAGE], 0);
  FAIL(madvise(p, 4 * PAGE, MADV_WILLNEED), ENOMEM);
  FAIL(madvise(p, 4 * PAGE, MADV_POPULATE_READ), ENOMEM);
  munmap(p, 4 * PAGE);
  p = mmap(0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  FAIL(madvise(p, PAGE, MADV_WIPEONFORK), EINVAL);
  FAIL(madvise(p, PAGE, MADV_FREE), EINVAL);
  p[0] = 1;
  munmap(p, PAGE);
  int fd = GOOD(open("f", O_RDWR | O_CREAT | O_TRUNC, 0600));
  EQ(ftruncate(fd, 2 * PAGE), 0);
  p = mmap(0, 4 * PAGE, RW, MAP_SHARED, fd, 0);
  memset(p, 5, 2 * PAGE);
  EQ(madvise(p, PAGE, MADV_REMOVE), 0);
  EQ(p[0], 0);
  EQ(p[PAGE], 5);
  FAIL(madvise(p, 4 * PAGE, MADV_POPULATE_READ), EFAULT);  // past the end
  munmap(p, 4 * PAGE);
  p = mmap(0, PAGE, RW, MAP_PRIVATE, fd, 0);
  FAIL(madvise(p, PAGE, MADV_REMOVE), EACCES);
  FAIL(madvise(p, PAGE, MADV_WIPEONFORK), EINVAL);
  munmap(p, PAGE);
  p = map(1, RW);
  FAIL(madvise(p, PAGE, MADV_REMOVE), EINVAL);
  munmap(p, PAGE);
  close(fd);
  unlink("f");
}

// mremap that leaves the old range behind, empty.
static void left_behind(void) {
  char *p = map(4, RW);
  memset(p, 3, 4 * PAGE);
  FAIL((long)mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP), EINVAL);
  FAIL((long)mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_DONTUNMAP), EINVAL);
  char *q = mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
  YES(q != MAP_FAILED && q != p);
  EQ(q[0], 3);
  EQ(q[4 * PAGE - 1], 3);
  EQ(present(p, 4), 0);
  EQ(p[0], 0);
  p[0] = 4;
  EQ(q[0], 3);
  munmap(p, 4 * PAGE), munmap(q, 4 * PAGE);
  // Length 0: a shared mapping is doubled.
  p = mmap(0, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  p[PAGE] = 6;
  q = mremap(p, 0, 2 * PAGE, MREMAP_MAYMOVE);
  YES(q != MAP_FAILED && q != p);
  EQ(q[PAGE], 6);
  q[0] = 7;
  EQ(p[0], 7);
  munmap(p, 2 * PAGE), munmap(q, 2 * PAGE);
  p = map(1, RW);
  FAIL(syscall(SYS_mremap, p, 0L, PAGE, MREMAP_MAYMOVE), EINVAL);
  munmap(p, PAGE);
}

// A mapping that grows downwards when it is touched below.
static void downwards(void) {
  char *room = map(2048, PROT_NONE);
  EQ(munmap(room, 2048 * PAGE), 0);
  char *p = mmap(room + 2000 * PAGE, 8 * PAGE, RW, ANON | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
  YES(p != MAP_FAILED);
  EQ(writes(p), 0);
  EQ(writes(p - PAGE), 0);
  EQ(writes(p - 100 * PAGE), 0);
  EQ(reads(p - 50 * PAGE), 0);
  // Not into what is below: it keeps its distance.
  char *below = mmap(p - 200 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
  YES(below != MAP_FAILED);
  EQ(reads(p - 101 * PAGE), SIGSEGV);
  EQ(munmap(below, PAGE), 0);
  EQ(munmap(p - 100 * PAGE, 108 * PAGE), 0);
  EQ(reads(p), SIGSEGV);
}

// Pages of a nonlinear mapping, out of order.
static void nonlinear(void) {
  int fd = GOOD(open("f", O_RDWR | O_CREAT | O_TRUNC, 0600));
  EQ(ftruncate(fd, 4 * PAGE), 0);
  char *p = mmap(0, 4 * PAGE, RW, MAP_SHARED, fd, 0);
  for (int i = 0; i < 4; i++) p[i * PAGE] = (char)('a' + i);
  EQ(syscall(SYS_remap_file_pages, p, PAGE, 0L, 3L, 0L), 0);
  EQ(syscall(SYS_remap_file_pages, p + PAGE, PAGE, 0L, 0L, 0L), 0);
  EQ(p[0], 'd');
  EQ(p[PAGE], 'a');
  EQ(p[2 * PAGE], 'c');
  p[PAGE] = 'A';
  char c;
  EQ(pread(fd, &c, 1, 0), 1);
  EQ(c, 'A');
  FAIL(syscall(SYS_remap_file_pages, p, PAGE, (long)PROT_READ, 0L, 0L), EINVAL);
  munmap(p, 4 * PAGE);
  FAIL(syscall(SYS_remap_file_pages, p, PAGE, 0L, 0L, 0L), EINVAL);
  p = map(1, RW);
  FAIL(syscall(SYS_remap_file_pages, p, PAGE, 0L, 0L, 0L), EINVAL);
  munmap(p, PAGE);
  close(fd);
  unlink("f");
}

static void counters(void) {
  struct rusage u, v;
  EQ(getrusage(RUSAGE_SELF, &u), 0);
  char *p = map(2000, RW);
  for (long i = 0; i < 2000; i++) p[i * PAGE] = 1;
  EQ(getrusage(RUSAGE_SELF, &v), 0);
  LEAST(v.ru_minflt - u.ru_minflt, 2000);
  EQ(v.ru_majflt - u.ru_majflt, 0);
  LEAST(v.ru_maxrss, 7600);  // Linux counts in batches
  long now = proc_number("/proc/self/status", "VmRSS:"), most = proc_number("/proc/self/status", "VmHWM:");
  LEAST(now, 7600);
  EQ(munmap(p, 2000 * PAGE), 0);
  LEAST(now - proc_number("/proc/self/status", "VmRSS:"), 7000);
  LEAST(proc_number("/proc/self/status", "VmHWM:"), most - 1024);  // Linux counts in batches
  EQ(getrusage(RUSAGE_SELF, &u), 0);
  LEAST(u.ru_maxrss, v.ru_maxrss);
  EQ(getrusage(RUSAGE_THREAD, &u), 0);
  LEAST(u.ru_minflt, 2000);
  // What is promised counts, touched or not.
  long before = proc_number("/proc/meminfo", "Committed_AS:");
  LEAST(before, 1);
  LEAST(proc_number("/proc/meminfo", "CommitLimit:"), before > 0);
}

// Rights that are taken away are gone on every CPU when the call returns, pages that are unmapped, too.
static char *contested;
static volatile int revoked, over;
static void on_revoked(int signo) {
  (void)signo;
  while (revoked) sched_yield();
}
static void *keeps_writing(void *none) {
  for (volatile long *p = (long *)contested; !over;) (*p)++;
  return none;
}
static void revocation(void) {
  contested = map(1, RW);
  signal(SIGSEGV, on_revoked);
  pthread_t t;
  over = 0;
  pthread_create(&t, 0, keeps_writing, 0);
  volatile long *p = (long *)contested;
  int good = 0;
  for (int i = 0; i < 200; i++) {
    revoked = 1;
    good += mprotect(contested, PAGE, PROT_READ) == 0;
    long before = *p;
    for (volatile int n = 0; n < 20000; n++) {}
    good += *p == before;
    good += mprotect(contested, PAGE, RW) == 0;
    revoked = 0;
    if (i % 16 == 0) t_sleep_ms(1);
  }
  EQ(good, 600);
  // A page in its place: nothing is written to the old one, nothing of the new one is lost.
  good = 0;
  for (int i = 0; i < 200; i++) {
    long before = *p;
    good += mmap(contested, PAGE, RW, ANON | MAP_FIXED, -1, 0) == contested;
    good += *p <= before + 100000000;
    if (i % 16 == 0) t_sleep_ms(1);
  }
  EQ(good, 400);
  over = 1;
  pthread_join(t, 0);
  catch_faults();
  munmap(contested, PAGE);
}

// Thousands of mappings that cannot be one: mapping and unmapping does not become slower and slower.
static void many(void) {
  enum { N = 20000 };
  static char *at[N];
  int good = 0;
  for (int i = 0; i < N; i++) good += (at[i] = map(1, i & 1 ? PROT_READ : RW)) != MAP_FAILED;
  EQ(good, N);
  for (int i = 0; i < N; i += 2) at[i][0] = (char)i;
  good = 0;
  for (int i = 0; i < N; i += 2) good += at[i][0] == (char)i;
  EQ(good, N / 2);
  good = 0;
  for (int i = 0; i < N; i += 4) good += munmap(at[i], PAGE) == 0;
  for (int i = 0; i < N; i += 4) good += (at[i] = map(1, RW)) != MAP_FAILED;
  EQ(good, N / 2);
  good = 0;
  for (int i = N; i-- > N / 2;) good += munmap(at[i], PAGE) == 0;
  for (int i = 0; i < N / 2; i++) good += munmap(at[i], PAGE) == 0;
  EQ(good, N);
}

__attribute__((constructor)) static void begin(void) { catch_faults(); }

MAIN(G(plain), G(errors), G(fixed), G(faults), G(protection), G(holes), G(remapping), G(advice), G(private_file),
     G(shared_file), G(shared_anonymous), G(break_end), G(stack), G(stack_overflow), G(reserve), G(residence), G(churn),
     G(racing_faults), G(kernel_access), G(locking), G(more_advice), G(left_behind), G(downwards), G(nonlinear),
     G(counters), G(revocation), G(many))
