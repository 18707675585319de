// The memory of processes: what fork copies and what it shares, what a child inherits of locks, advice and
// limits, and how one process reads and writes the memory of another.
#include "p.h"
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>

#define PAGE 4096l
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static char *map(long pages, int prot) { return mmap(0, (size_t)(pages * PAGE), prot, ANON, -1, 0); }
static char *shared(long pages) { return mmap(0, (size_t)(pages * PAGE), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0); }

// A number from a line of a file of /proc; -1 where there is none.
static long proc_number(const char *path, const char *name) {
  const char *at = strstr(t_slurp(path), name);
  return at ? strtol(at + strlen(name), 0, 10) : -1;
}
static long of(pid_t pid, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  return proc_number(path, name);
}
// The heap's end, after it was asked to be at this address.
static char *heap_end(char *at) { return (char *)syscall(SYS_brk, at); }
// Whether each page of a range begins with what it should.
static int all(const char *p, long pages, int value) {
  for (long i = 0; i < pages; i++)
    if (p[i * PAGE] != (char)(value + i)) return 0;
  return 1;
}
static void fill(char *p, long pages, int value) {
  for (long i = 0; i < pages; i++) p[i * PAGE] = (char)(value + i);
}

// Writes of either side stay its own, over many pages, in memory of every kind.
static int data = 1, zeroed[5000];
static void isolation(void) {
  enum { N = 2000 };
  char *p = map(N, RW);
  char *heap = malloc(300000), local[3 * 4096];
  fill(p, N, 1), memset(heap, 2, 300000), memset(local, 3, sizeof local);
  zeroed[4999] = 4;
  int to[2], back[2];
  EQ(pipe(to), 0), EQ(pipe(back), 0);
  pid_t child = CHILD({
    NEED(all(p, N, 1));
    fill(p, N / 2, 50);
    data = 10, heap[299999] = 20, local[5000] = 30, zeroed[4999] = 40;
    p_tell(back);
    NEED(p_hear(to));
    NEED(all(p, N / 2, 50) && p[(N - 1) * PAGE] == (char)N);
    NEED(data == 10 && heap[299999] == 20 && local[5000] == 30 && zeroed[4999] == 40 && heap[0] == 2);
  });
  EQ(p_hear(back), 1);
  EQ(all(p, N, 1), 1);
  EQ(data == 1 && heap[299999] == 2 && local[5000] == 3 && zeroed[4999] == 4, 1);
  fill(p, N, 90), data = 5, heap[0] = 6;
  p_tell(to);
  EQ(ended(child), 0);
  EQ(all(p, N, 90), 1);
  fill(p, N, 7);  // all ours again
  EQ(all(p, N, 7), 1);
  data = 1;
  free(heap), munmap(p, N * PAGE), p_close(to), p_close(back);
}

// Forks of forks: each generation sees what was there when it was made.
static void generations(void) {
  char *p = map(64, RW);
  fill(p, 64, 1);
  pid_t child = CHILD({
    NEED(all(p, 64, 1));
    fill(p, 32, 2);
    pid_t grandchild = CHILD({
      NEED(all(p, 32, 2) && p[40 * PAGE] == 41);
      fill(p, 64, 3);
      pid_t last = CHILD(NEED(all(p, 64, 3)); fill(p, 64, 4));
      NEED(ended(last) == 0);
      NEED(all(p, 64, 3));
    });
    NEED(ended(grandchild) == 0);
    NEED(all(p, 32, 2) && p[40 * PAGE] == 41);
  });
  EQ(ended(child), 0);
  EQ(all(p, 64, 1), 1);
  // Many children at once, each with its own copy.
  pid_t pids[20];
  for (int i = 0; i < 20; i++) pids[i] = CHILD(fill(p, 64, i); NEED(all(p, 64, i)));
  int good = 0;
  for (int i = 0; i < 20; i++) good += ended(pids[i]) == 0;
  EQ(good, 20);
  EQ(all(p, 64, 1), 1);
  munmap(p, 64 * PAGE);
}

// A system call that writes to a shared page copies it first, too.
static void by_the_kernel(void) {
  char *p = map(8, RW);
  fill(p, 8, 1);
  int to[2];
  EQ(pipe(to), 0);
  pid_t child = CHILD({
    NEED(p_hear(to));
    NEED(all(p, 8, 1));
    struct timespec *t = (void *)p;
    NEED(!clock_gettime(CLOCK_MONOTONIC, t));
  });
  int fd = GOOD(open("/dev/zero", O_RDONLY));
  EQ(read(fd, p, 8 * PAGE), 8 * PAGE);
  p_tell(to);
  EQ(ended(child), 0);
  int zero = 1;
  for (long i = 0; i < 8 * PAGE; i++) zero &= !p[i];
  EQ(zero, 1);
  close(fd), p_close(to), munmap(p, 8 * PAGE);
}

// Shared memory stays shared, whether it was touched before the fork or is touched after it.
static void sharing(void) {
  char *p = shared(1000);
  fill(p, 500, 1);
  CHILD_OK({
    NEED(all(p, 500, 1));
    fill(p, 1000, 2);
  });
  EQ(all(p, 1000, 2), 1);
  pid_t child = CHILD(NEED(UNTIL(__atomic_load_n(&p[10 * PAGE], __ATOMIC_SEQ_CST) == 77)); p[999 * PAGE] = 78);
  __atomic_store_n(&p[10 * PAGE], 77, __ATOMIC_SEQ_CST);
  EQ(ended(child), 0);
  EQ(p[999 * PAGE], 78);
  munmap(p, 1000 * PAGE);
  int fd = GOOD(open("f", O_RDWR | O_CREAT | O_TRUNC, 0600));
  EQ(ftruncate(fd, 4 * PAGE), 0);
  char *file = mmap(0, 4 * PAGE, RW, MAP_SHARED, fd, 0), *own = mmap(0, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);
  strcpy(own, "own");
  CHILD_OK({
    strcpy(file, "from the child");
    NEED(!strcmp(own, "own"));
    strcpy(own, "child's");
    strcpy(own + PAGE, "child's");
    NEED(!strcmp(file, "from the child") && !file[PAGE]);
  });
  TEXT(file, "from the child");
  TEXT(own, "own");
  TEXT(own + PAGE, "");
  char c[15];
  EQ(pread(fd, c, 15, 0), 15);
  TEXT(c, "from the child");
  // The file is cut by the child: the parent's pages are gone.
  CHILD_OK(NEED(!ftruncate(fd, 0)); NEED(!ftruncate(fd, 4 * PAGE)));
  EQ(file[0], 0);
  munmap(file, 4 * PAGE), munmap(own, 4 * PAGE), close(fd), unlink("f");
}

// What madvise and mlock said.
static void inheritance(void) {
  char *gone = map(2, RW), *wiped = map(2, RW), *locked = map(2, RW), *read_only = map(1, RW);
  fill(gone, 2, 1), fill(wiped, 2, 1), fill(locked, 2, 1), fill(read_only, 1, 1);
  EQ(madvise(gone + PAGE, PAGE, MADV_DONTFORK), 0);
  EQ(madvise(wiped, 2 * PAGE, MADV_WIPEONFORK), 0);
  EQ(mlock(locked, 2 * PAGE), 0);
  EQ(mprotect(read_only, PAGE, PROT_READ), 0);
  LEAST(proc_number("/proc/self/status", "VmLck:"), 8);
  CHILD_OK({
    unsigned char seen[2];
    NEED(gone[0] == 1);
    NEED_FAIL(mincore(gone + PAGE, PAGE, seen), ENOMEM);
    NEED(!wiped[0] && !wiped[PAGE]);
    wiped[0] = 5;
    NEED(ended(CHILD(NEED(!wiped[0]))) == 0);  // and so on
    NEED(locked[0] == 1);
    NEED(proc_number("/proc/self/status", "VmLck:") == 0);
    NEED(!madvise(locked, PAGE, MADV_DONTNEED) && !locked[0]);
    NEED(read_only[0] == 1 && !mprotect(read_only, PAGE, RW));
    read_only[0] = 9;
  });
  EQ(gone[PAGE], 2), EQ(wiped[0], 1), EQ(locked[0], 1), EQ(read_only[0], 1);
  EQ(mlockall(MCL_FUTURE), 0);
  CHILD_OK({
    char *p = map(2, RW);
    unsigned char seen[2];
    NEED(!mincore(p, 2 * PAGE, seen) && !(seen[0] & 1));
  });
  EQ(munlockall(), 0);
  munmap(gone, 2 * PAGE), munmap(wiped, 2 * PAGE), munmap(locked, 2 * PAGE), munmap(read_only, PAGE);
  // The heap goes on where it was.
  char *end = heap_end(0);
  CHILD_OK(NEED(heap_end(0) == end); NEED(heap_end(end + 3 * PAGE) == end + 3 * PAGE); memset(end, 1, 3 * PAGE));
  YES(heap_end(0) == end);
}

static void limited(int resource, rlim_t soft, rlim_t hard) {
  struct rlimit l = {soft, hard};
  NEED(!setrlimit(resource, &l));
}

static int deep(int n) {
  volatile char frame[4096];
  frame[0] = (char)n;
  return n == 0 ? frame[0] : deep(n - 1) + frame[0] * 0;
}

static void limits(void) {
  CHILD_OK({
    long size = proc_number("/proc/self/status", "VmSize:") << 10;
    limited(RLIMIT_AS, (rlim_t)(size + (8 << 20)), RLIM_INFINITY);
    NEED_FAIL((long)map(4096, PROT_NONE), ENOMEM);
    char *p = map(1024, RW);
    NEED(p != MAP_FAILED);
    NEED_FAIL((long)mremap(p, 1024 * PAGE, 4096 * PAGE, MREMAP_MAYMOVE), ENOMEM);
    // In place of what is there: nothing is added.
    NEED(mmap(p, 1024 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == p);
    char *end = heap_end(0);
    NEED(heap_end(end + (16 << 20)) == end);
    // Already beyond it: what is there stays.
    limited(RLIMIT_AS, PAGE, RLIM_INFINITY);
    NEED_FAIL((long)map(1, RW), ENOMEM);
    p[0] = 1;
    NEED(!munmap(p, 1024 * PAGE));
  });
  CHILD_OK({
    long used = proc_number("/proc/self/status", "VmData:") << 10;
    limited(RLIMIT_DATA, (rlim_t)(used + (1 << 20)), RLIM_INFINITY);
    NEED_FAIL((long)map(512, RW), ENOMEM);
    NEED(map(512, PROT_READ) != MAP_FAILED);  // what is not written to is no data
    NEED(shared(512) != MAP_FAILED);
    char *p = map(512, PROT_NONE);
    NEED_FAIL(mprotect(p, 512 * PAGE, RW), ENOMEM);
    NEED(!mprotect(p, 16 * PAGE, RW));
    char *end = heap_end(0);
    NEED(heap_end(end + (4 << 20)) == end);
  });
  CHILD_OK({
    NEED(!setuid(NOBODY));
    limited(RLIMIT_MEMLOCK, 4 * PAGE, 4 * PAGE);
    char *p = map(16, RW);
    NEED_FAIL(mlock(p, 5 * PAGE), ENOMEM);
    NEED(!mlock(p, 3 * PAGE));
    NEED(!mlock(p, 4 * PAGE));  // three of them are already
    NEED_FAIL(mlock(p + 8 * PAGE, PAGE), ENOMEM);
    NEED_FAIL((long)mmap(0, PAGE, RW, ANON | MAP_LOCKED, -1, 0), EAGAIN);
    NEED_FAIL(mlockall(MCL_CURRENT), ENOMEM);
    NEED_FAIL((long)mremap(p, 4 * PAGE, 5 * PAGE, MREMAP_MAYMOVE), EAGAIN);
    NEED(!munlock(p, 4 * PAGE));
    NEED(!mlockall(MCL_FUTURE));
    NEED(map(4, RW) != MAP_FAILED);
    NEED_FAIL((long)map(1, RW), EAGAIN);
    NEED(!munlockall());
    limited(RLIMIT_MEMLOCK, 0, 0);
    NEED_FAIL(mlock(p, PAGE), EPERM);
    NEED_FAIL(mlockall(MCL_CURRENT), EPERM);
    NEED_FAIL(syscall(SYS_mmap, 0L, PAGE, (long)RW, (long)ANON | MAP_LOCKED, -1L, 0L), EPERM);
    NEED(!munlock(p, PAGE));
  });
  CHILD_OK(NEED(deep(1000) == 0));
  EQ(ended(CHILD(limited(RLIMIT_STACK, 1 << 20, RLIM_INFINITY); limited(RLIMIT_CORE, 0, 0); deep(1000))), KILLED(SIGSEGV));
}

// vm.overcommit_memory: what may be promised.
static int set_mode(const char *mode) {
  int fd = open("/proc/sys/vm/overcommit_memory", O_WRONLY);
  if (fd < 0) return -1;
  int good = write(fd, mode, strlen(mode)) == (ssize_t)strlen(mode);
  close(fd);
  return good ? 0 : -1;
}
static void promises(void) {
  long before = strtol(t_slurp("/proc/sys/vm/overcommit_memory"), 0, 10);
  YES(before >= 0 && before <= 2);
  if (before != 0) {
    SKIP("overcommit is not at its default");
    return;
  }
  size_t huge = 1ul << 45;
  FAIL((long)mmap(0, huge, RW, ANON, -1, 0), ENOMEM);
  char *p = mmap(0, huge, RW, ANON | MAP_NORESERVE, -1, 0);
  YES(p != MAP_FAILED);
  if (p != MAP_FAILED) munmap(p, huge);
  p = mmap(0, huge, PROT_NONE, ANON, -1, 0);
  YES(p != MAP_FAILED);
  FAIL(mprotect(p, huge, RW), ENOMEM);
  EQ(mprotect(p, PAGE, RW), 0);
  munmap(p, huge);
  FAIL(set_mode("3"), EINVAL);
  FAIL(set_mode("x"), EINVAL);
  // What is promised is counted, written to or not, and given back by an end, too.
  long promised = proc_number("/proc/meminfo", "Committed_AS:");
  pid_t child = CHILD(NEED(map(2048, RW) != MAP_FAILED); pause());
  YES(UNTIL(proc_number("/proc/meminfo", "Committed_AS:") >= promised + 7 * 1024));
  kill(child, SIGKILL);
  EQ(ended(child), KILLED(SIGKILL));
  YES(UNTIL(proc_number("/proc/meminfo", "Committed_AS:") <= promised + 6 * 1024));
}

// Another process's memory, with its rights and ours.
static ssize_t vm_read(pid_t pid, void *to, const void *from, size_t len) {
  struct iovec local = {to, len}, remote = {(void *)(uintptr_t)from, len};
  return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}
static ssize_t vm_write(pid_t pid, void *to, const void *from, size_t len) {
  struct iovec local = {(void *)(uintptr_t)from, len}, remote = {to, len};
  return process_vm_writev(pid, &local, 1, &remote, 1, 0);
}
static void across(void) {
  char *p = map(8, RW), copy[3 * 4096];
  memset(p, 'p', 8 * PAGE);
  EQ(mprotect(p + 6 * PAGE, PAGE, PROT_READ), 0);
  EQ(mprotect(p + 7 * PAGE, PAGE, PROT_NONE), 0);
  int to[2], back[2];
  EQ(pipe(to), 0), EQ(pipe(back), 0);
  pid_t child = CHILD({
    memset(p, 'c', 3 * PAGE);
    p_tell(back);
    NEED(p_hear(to));
    NEED(!memcmp(p + 100, "written", 7) && p[5 * PAGE] == 'w' && p[6 * PAGE] == 'p');
  });
  EQ(p_hear(back), 1);
  EQ(vm_read(child, copy, p + 10, 2 * PAGE), 2 * PAGE);
  EQ(copy[0] == 'c' && copy[2 * PAGE - 1] == 'c', 1);
  EQ(p[0], 'p');
  EQ(vm_write(child, p + 100, "written", 7), 7);
  // Pages that both still shared: the copy is the child's.
  EQ(vm_write(child, p + 5 * PAGE, "w", 1), 1);
  EQ(p[100], 'p'), EQ(p[5 * PAGE], 'p');
  // As far as its rights go.
  FAIL(vm_write(child, p + 6 * PAGE, "x", 1), EFAULT);
  FAIL(vm_read(child, copy, p + 7 * PAGE, 1), EFAULT);
  EQ(vm_read(child, copy, p + 6 * PAGE + 4090, 20), 6);
  FAIL(vm_read(child, copy, (void *)8, 1), EFAULT);
  // Several pieces.
  struct iovec local[2] = {{copy, 3}, {copy + 10, 5}}, remote[3] = {{p, 1}, {p + 101, 4}, {p + 4 * PAGE, 3}};
  EQ(process_vm_readv(child, local, 2, remote, 3, 0), 8);
  SAME(copy, "cri", 3);
  SAME(copy + 10, "ttppp", 5);
  FAIL(process_vm_readv(child, local, 2, remote, 3, 1), EINVAL);
  FAIL(vm_read(999999, copy, p, 1), ESRCH);
  CHILD_OK(NEED(!setuid(NOBODY)); NEED_FAIL(vm_read(child, copy, p, 1), EPERM); NEED_FAIL(vm_write(child, p, copy, 1), EPERM));
  p_tell(to);
  EQ(ended(child), 0);
  FAIL(vm_read(child, copy, p, 1), ESRCH);
  munmap(p, 8 * PAGE), p_close(to), p_close(back);
}

// Advice about another process's memory, and its end.
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif
static long advise(long pidfd, void *at, size_t len, long advice, long flags) {
  struct iovec range = {at, len};
  return syscall(SYS_process_madvise, pidfd, &range, 1L, advice, flags);
}
static void advice_to_others(void) {
  enum { COLD = 20 };
  char *p = map(8, RW);
  fill(p, 8, 1);
  pid_t child = CHILD(pause());
  long pidfd = GOOD(syscall(SYS_pidfd_open, child, 0L));
  EQ(advise(pidfd, p, 4 * PAGE, COLD, 0), 4 * PAGE);
  EQ(advise(pidfd, p, 8 * PAGE, MADV_WILLNEED, 0), 8 * PAGE);
  FAIL(advise(pidfd, p, PAGE, MADV_DONTNEED, 0), EINVAL);
  FAIL(advise(pidfd, p, PAGE, COLD, 1), EINVAL);
  FAIL(advise(pidfd, (void *)PAGE, PAGE, COLD, 0), ENOMEM);
  FAIL(advise(1, p, PAGE, COLD, 0), EBADF);
  CHILD_OK(NEED(!setuid(NOBODY)); NEED_FAIL(advise(pidfd, p, PAGE, COLD, 0), EACCES));
  EQ(p[0], 1);
  FAIL(syscall(SYS_process_mrelease, pidfd, 0L), EINVAL);  // it is alive
  FAIL(syscall(SYS_process_mrelease, pidfd, 1L), EINVAL);
  kill(child, SIGKILL);
  EQ(ended(child), KILLED(SIGKILL));
  FAIL(syscall(SYS_process_mrelease, pidfd, 0L), ESRCH);
  FAIL(advise(pidfd, p, PAGE, COLD, 0), ESRCH);
  close((int)pidfd), munmap(p, 8 * PAGE);
}

// What /proc says of another process's memory.
static void seen_from_outside(void) {
  int to[2], back[2];
  EQ(pipe(to), 0), EQ(pipe(back), 0);
  pid_t child = CHILD({
    char *p = map(1000, RW);
    fill(p, 1000, 1);
    NEED(!mlock(p, 10 * PAGE));
    p_tell(back);
    NEED(p_hear(to));
  });
  EQ(p_hear(back), 1);
  LEAST(of(child, "VmRSS:"), 3600);  // Linux counts in batches
  LEAST(of(child, "VmSize:"), 4000);
  LEAST(of(child, "VmData:"), 4000);
  EQ(of(child, "VmLck:"), 40);
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/maps", child);
  YES(strstr(t_slurp(path), "[stack]"));
  snprintf(path, sizeof path, "/proc/%d/statm", child);
  long size = 0, resident = 0;
  EQ(sscanf(t_slurp(path), "%ld %ld", &size, &resident), 2);
  LEAST(size, resident);
  LEAST(resident, 900);
  snprintf(path, sizeof path, "/proc/%d/smaps", child);
  YES(strstr(t_slurp(path), "Locked:               40 kB"));
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", child);
  long pss = proc_number(path, "Pss:"), rss = proc_number(path, "Rss:");
  LEAST(rss, pss);
  LEAST(pss, 4000);
  LEAST(proc_number(path, "Private_Dirty:"), 4000);
  LEAST(proc_number(path, "Anonymous:"), 4000);
  p_tell(to);
  EQ(ended(child), 0);
  struct rusage usage;
  EQ(getrusage(RUSAGE_CHILDREN, &usage), 0);
  LEAST(usage.ru_maxrss, 3600);
  LEAST(usage.ru_minflt, 1000);
  p_close(to), p_close(back);
}

// Who ends when memory is out: its settings.
static void out_of_memory(void) {
  EQ(strtol(t_slurp("/proc/self/oom_score_adj"), 0, 10), 0);
  CHILD_OK({
    int fd = open("/proc/self/oom_score_adj", O_RDWR);
    NEED(write(fd, "500", 3) == 3);
    NEED(strtol(t_slurp("/proc/self/oom_score_adj"), 0, 10) == 500);
    long score = strtol(t_slurp("/proc/self/oom_score"), 0, 10);
    NEED(score >= 900 && score <= 2000);
    NEED_FAIL(write(fd, "1001", 4), EINVAL);
    NEED_FAIL(write(fd, "-1001", 5), EINVAL);
    NEED(ended(CHILD(NEED(strtol(t_slurp("/proc/self/oom_score_adj"), 0, 10) == 500))) == 0);
    NEED(write(fd, "0", 1) == 1);
    int spared = write(fd, "-1000", 5) == 5;
    NEED(spared || access("/proc/self/oom_score_adj", W_OK) == 0);  // without CAP_SYS_RESOURCE it is refused
    NEED(!spared || strtol(t_slurp("/proc/self/oom_score"), 0, 10) == 0);
    close(fd);
  });
}

// Threads that write while the process forks: each child is a picture of one moment.
static volatile int stop;
static void *counting(void *at) {
  volatile long *p = at;
  while (!stop)
    for (long i = 0; i < 64; i++) p[i * PAGE / 8]++;
  return 0;
}
static void under_threads(void) {
  char *p = map(64, RW);
  pthread_t t[2];
  stop = 0;
  pthread_create(&t[0], 0, counting, p), pthread_create(&t[1], 0, counting, p + 64);
  int good = 0;
  for (int i = 0; i < 30; i++) {
    good += ended(CHILD({
              long before[64];
              for (long n = 0; n < 64; n++) before[n] = *(volatile long *)(p + n * PAGE);
              for (int again = 0; again < 50; again++)
                for (long n = 0; n < 64; n++) NEED(*(volatile long *)(p + n * PAGE) == before[n]);
              memset(p, 0xff, 64 * PAGE);
            })) == 0;
  }
  stop = 1;
  pthread_join(t[0], 0), pthread_join(t[1], 0);
  EQ(good, 30);
  int sane = 1;
  for (long n = 0; n < 64; n++) sane &= *(long *)(p + n * PAGE) >= 0;
  EQ(sane, 1);
  munmap(p, 64 * PAGE);
}

P_MAIN(p_no_helper, G(isolation), G(generations), G(by_the_kernel), G(sharing), G(inheritance), G(limits), G(promises), G(across), G(advice_to_others),
       G(seen_from_outside), G(out_of_memory), G(under_threads))
