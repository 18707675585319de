// Several CPUs: threads on all of them, affinity, memory that changes under others, clocks, forks.
// Also holds with one CPU, where much of it is easy.
#include "t.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wunused-value"
#include <sched.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <linux/futex.h>
#include <linux/membarrier.h>

#define PAGE 4096
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define MOST 16

static int cpus[MOST], cpu_count;
static cpu_set_t allowed;

__attribute__((constructor)) static void look_at_cpus(void) {
  if (sched_getaffinity(0, sizeof allowed, &allowed)) return;
  for (int i = 0; i < CPU_SETSIZE && cpu_count < MOST; i++)
    if (CPU_ISSET(i, &allowed)) cpus[cpu_count++] = i;
}

static int pin(pid_t tid, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return sched_setaffinity(tid, sizeof set, &set);
}
static void unpin(pid_t tid) { sched_setaffinity(tid, sizeof allowed, &allowed); }

static pthread_t start(void *(*run)(void *), void *argument) {
  pthread_t thread;
  int error = pthread_create(&thread, 0, run, argument);
  if (error) {
    t_result(0, __LINE__, "pthread_create", "error %d", error);
    exit(1);
  }
  return thread;
}

static int lines(const char *path, const char *prefix) {
  char line[4096];
  int n = 0;
  FILE *file = fopen(path, "r");
  if (!file) return -1;
  while (fgets(line, sizeof line, file)) n += !strncmp(line, prefix, strlen(prefix));
  fclose(file);
  return n;
}

static void machine(void) {
  cpu_set_t set;
  char online[64] = "", want[64];
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  LEAST(cpu_count, 1);
  LEAST(count, cpu_count);
  EQ(sysconf(_SC_NPROCESSORS_CONF) >= count, 1);
  EQ(lines("/proc/cpuinfo", "processor\t"), count);
  EQ(lines("/proc/stat", "cpu"), count + 1);
  int fd = open("/sys/devices/system/cpu/online", O_RDONLY);
  LEAST(fd, 0);
  LEAST(read(fd, online, sizeof online - 1), 1);
  close(fd);
  snprintf(want, sizeof want, count > 1 ? "0-%ld\n" : "%ld\n", count - 1);
  TEXT(online, want);
  FAIL(sched_getaffinity(0, 1, &set), EINVAL);
  FAIL(sched_getaffinity(999999, sizeof set, &set), ESRCH);
  LEAST(syscall(SYS_sched_getaffinity, 0, sizeof set, &set), 8);
}

static atomic_int stop, where = -1, moved_tid;
static void *tell_where(void *unused) {
  moved_tid = syscall(SYS_gettid);
  while (!stop) where = sched_getcpu();
  return 0;
}

static void affinity(void) {
  cpu_set_t set;
  for (int round = 0; round < 20; round++)
    for (int i = 0; i < cpu_count; i++)
      if (pin(0, cpus[i]) || sched_getcpu() != cpus[i]) EQ(sched_getcpu(), cpus[i]);
  EQ(sched_getcpu(), cpus[cpu_count - 1]);
  EQ(sched_getaffinity(0, sizeof set, &set), 0);
  EQ(CPU_COUNT(&set), 1);
  unpin(0);
  CPU_ZERO(&set);
  FAIL(sched_setaffinity(0, sizeof set, &set), EINVAL);
  FAIL(sched_setaffinity(999999, sizeof set, &allowed), ESRCH);
  FAIL(syscall(SYS_sched_setaffinity, 0, sizeof set, 8), EFAULT);

  // A thread that runs is moved at once; one that is made inherits.
  stop = 0;
  moved_tid = 0;
  pthread_t thread = start(tell_where, 0);
  YES(UNTIL(moved_tid));
  for (int round = 0; round < 5; round++)
    for (int i = 0; i < cpu_count; i++) {
      pin(moved_tid, cpus[i]);
      where = -1;
      if (!UNTIL(where != -1) || where != cpus[i]) EQ(where, cpus[i]);
    }
  EQ(where, cpus[cpu_count - 1]);
  stop = 1;
  pthread_join(thread, 0);
  pin(0, cpus[0]);
  stop = 0, where = -1;
  thread = start(tell_where, 0);
  YES(UNTIL(where != -1));
  EQ(where, cpus[0]);
  stop = 1;
  pthread_join(thread, 0);
  pid_t child = fork();
  if (!child) {
    EQ(sched_getaffinity(0, sizeof set, &set), 0);
    _exit(CPU_COUNT(&set) == 1 && sched_getcpu() == cpus[0] ? 0 : 1);
  }
  int status;
  EQ(waitpid(child, &status, 0), child);
  EQ(status, 0);
  unpin(0);
  unsigned cpu = 99, node = 99;
  EQ(syscall(SYS_getcpu, &cpu, &node, 0), 0);
  YES(cpu < 1024 && node == 0);
}

static atomic_ulong seen;
static void *see(void *unused) {
  while (!stop) seen |= 1ul << sched_getcpu();
  return 0;
}

// As many threads as CPUs: each CPU gets work, and new ones get idle CPUs.
static void spread(void) {
  pthread_t threads[MOST];
  unsigned long all = 0;
  for (int i = 0; i < cpu_count; i++) all |= 1ul << cpus[i];
  stop = 0;
  seen = 0;
  for (int i = 0; i < cpu_count; i++) threads[i] = start(see, 0);
  YES(UNTIL((seen & all) == all));
  stop = 1;
  for (int i = 0; i < cpu_count; i++) pthread_join(threads[i], 0);
  EQ(seen & ~all, 0);
}

static atomic_int runs;
static void *note_run(void *unused) {
  runs++;
  return 0;
}
static void spin_ms(int ms) {
  for (uint64_t end = t_now() + ms * MS; t_now() < end;) {}
}
static atomic_long counts[2];
static void *count_up(void *which) {
  while (!stop) counts[(long)which]++;
  return 0;
}

static int real_time(int policy, int priority) {
  struct sched_param param = {priority};
  return syscall(SYS_sched_setscheduler, 0, policy, &param);
}

static void real_time_order(void) {
  pthread_t threads[2];
  if (real_time(SCHED_FIFO, 50)) {
    SKIP("no right to real-time priorities");
    return;
  }
  pin(0, cpus[0]);
  // A new thread of the same priority waits; one that is made less urgent does, too.
  runs = 0;
  threads[0] = start(note_run, 0);
  spin_ms(20);
  EQ(runs, 0);
  pthread_join(threads[0], 0);
  EQ(runs, 1);
  struct sched_param param = {60};
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } set = {.size = sizeof set, .policy = SCHED_FIFO, .priority = 40};
  EQ(syscall(SYS_sched_setattr, 0, &set, 0), 0);
  memset(&set, 0, sizeof set);
  EQ(syscall(SYS_sched_getattr, 0, &set, sizeof set, 0), 0);
  EQ(set.policy, SCHED_FIFO);
  EQ(set.priority, 40);
  struct timespec slice = {9, 9};
  EQ(syscall(SYS_sched_rr_get_interval, 0, &slice), 0);
  EQ(slice.tv_sec + slice.tv_nsec, 0);
  // Equals take turns by their slices.
  EQ(real_time(SCHED_RR, 10), 0);
  EQ(syscall(SYS_sched_rr_get_interval, 0, &slice), 0);
  YES(slice.tv_sec == 0 && slice.tv_nsec >= 1000000);
  EQ(sched_get_priority_max(SCHED_RR), 99);
  stop = 0, counts[0] = counts[1] = 0;
  for (long i = 0; i < 2; i++) threads[i] = start(count_up, (void *)i);
  uint64_t began = t_now();
  t_sleep_ms(700);
  stop = 1;
  for (int i = 0; i < 2; i++) pthread_join(threads[i], 0);
  YES(counts[0] > 0 && counts[1] > 0);
  YES(t_now() - began < 5000 * MS);
  // Reset on fork.
  param.sched_priority = 10;
  EQ(syscall(SYS_sched_setscheduler, 0, SCHED_RR | SCHED_RESET_ON_FORK, &param), 0);
  EQ(syscall(SYS_sched_getscheduler, 0), SCHED_RR | SCHED_RESET_ON_FORK);
  pid_t child = fork();
  if (!child) _exit(syscall(SYS_sched_getscheduler, 0));
  int status;
  waitpid(child, &status, 0);
  EQ(status, 0);
  param.sched_priority = 0;
  EQ(syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &param), 0);
  EQ(syscall(SYS_sched_getscheduler, 0), SCHED_BATCH);
  FAIL(real_time(SCHED_FIFO, 0), EINVAL);
  FAIL(real_time(SCHED_FIFO, 100), EINVAL);
  FAIL(real_time(SCHED_OTHER, 1), EINVAL);
  FAIL(real_time(77, 0), EINVAL);
  EQ(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &param), 0);
  unpin(0);
}

// The thread that is woken is more urgent than the one that runs: it comes first, on any CPU.
static atomic_int order;
static int word;
static void *urgent(void *unused) {
  if (real_time(SCHED_FIFO, 30)) return 0;
  runs = 1;
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
  order = 1;
  return 0;
}
static void preemption(void) {
  if (real_time(SCHED_FIFO, 20)) {
    SKIP("no right to real-time priorities");
    return;
  }
  for (int i = 0; i < cpu_count; i++) {
    pin(0, cpus[i]);
    order = 0;
    runs = 0;
    word = 0;
    pthread_t thread = start(urgent, 0);
    YES(UNTIL(runs));
    t_sleep_ms(2);
    word = 1;
    EQ(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0), 1);
    EQ(order, 1);
    pthread_join(thread, 0);
  }
  real_time(SCHED_OTHER, 0);
  unpin(0);
}

static int raw_priority(int which, int who) { return syscall(SYS_getpriority, which, who); }
static void nice_values(void) {
  pid_t child = fork();
  if (child) {
    int status;
    EQ(waitpid(child, &status, 0), child);
    EQ(status, 0);
    return;
  }
  int base = raw_priority(0, 0);
  EQ(base, 20);
  EQ(syscall(SYS_setpriority, 0, 0, 5), 0);
  EQ(raw_priority(0, 0), 15);
  EQ(raw_priority(0, getpid()), 15);
  setpgid(0, 0);
  EQ(raw_priority(1, 0), 15);
  EQ(syscall(SYS_setpriority, 1, 0, 7), 0);
  EQ(raw_priority(1, getpgrp()), 13);
  LEAST(raw_priority(2, 0), 13);
  EQ(syscall(SYS_setpriority, 0, 0, 100), 0);
  EQ(raw_priority(0, 0), 1);
  FAIL(raw_priority(3, 0), EINVAL);
  FAIL(raw_priority(0, 999999), ESRCH);
  FAIL(raw_priority(1, 999999), ESRCH);
  FAIL(syscall(SYS_setpriority, 3, 0, 0), EINVAL);
  FAIL(syscall(SYS_setpriority, 0, 999999, 0), ESRCH);
  fflush(stdout);
  _exit(t_failed != 0);
}

static atomic_int turn_a, turn_b;
static volatile int x, y, r1, r2;
static void *store_and_load(void *unused) {
  for (int round = 1; round <= 1000; round++) {
    while (turn_a != round)
      if (cpu_count == 1) sched_yield();
    x = 1;
    atomic_signal_fence(memory_order_seq_cst);
    r1 = y;
    turn_b = round;
  }
  return 0;
}
static void barriers(void) {
  int can = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  if (can < 0) {
    SKIP("no membarrier");
    return;
  }
  YES(can & MEMBARRIER_CMD_PRIVATE_EXPEDITED);
  FAIL(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), EPERM);
  FAIL(syscall(SYS_membarrier, 3, 0, 0), EINVAL);
  FAIL(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 2, 0), EINVAL);
  EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0), 0);
  EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), 0);
  EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0), 0);
  // One side's barrier serves both.
  int both_missed = 0;
  turn_a = turn_b = 0;
  pthread_t thread = start(store_and_load, 0);
  for (int round = 1; round <= 1000; round++) {
    x = y = 0;
    atomic_thread_fence(memory_order_seq_cst);
    turn_a = round;
    y = 1;
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    r2 = x;
    while (turn_b != round) sched_yield();
    both_missed += !r1 && !r2;
  }
  pthread_join(thread, 0);
  EQ(both_missed, 0);
}

static volatile long *page;
static __thread sigjmp_buf fault;
static __thread volatile int may_fault;
static void on_fault(int signal) {
  if (!may_fault) _exit(99);
  siglongjmp(fault, 1);
}
static atomic_long faults, writes;
static void *write_on(void *unused) {
  may_fault = 1;
  while (!stop) {
    if (sigsetjmp(fault, 1)) faults++;
    while (!stop) {
      __atomic_fetch_add(page, 1, __ATOMIC_RELAXED);
      writes++;
    }
  }
  return 0;
}

// A page that was made read-only is not written to any more when the call has returned.
static void protect(void) {
  pthread_t threads[3];
  int late = 0;
  struct sigaction action = {.sa_handler = on_fault}, old;
  sigaction(SIGSEGV, &action, &old);
  page = mmap(0, PAGE, RW, ANON, -1, 0);
  stop = 0;
  writes = 0;
  faults = 0;
  for (int i = 0; i < 3; i++) threads[i] = start(write_on, 0);
  YES(UNTIL(writes > 1000));
  for (int round = 0; round < 150; round++) {
    if (mprotect((void *)page, PAGE, PROT_READ)) EQ(errno, 0);
    long before = *page;
    for (int i = 0; i < 2000; i++) late += *page != before;
    if (mprotect((void *)page, PAGE, RW)) EQ(errno, 0);
    long had = writes;
    for (uint64_t end = t_now() + 20 * MS; writes == had && t_now() < end;) sched_yield();
  }
  EQ(late, 0);
  stop = 1;
  for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
  if (cpu_count > 1) LEAST(faults, 1);
  EQ(*page <= writes + 3 && *page + 3 >= writes, 1);
  munmap((void *)page, PAGE);
  sigaction(SIGSEGV, &old, 0);
}

static atomic_long generation, stale;
static void *read_on(void *unused) {
  while (!stop) {
    long least = generation;
    long got = *page;
    stale += got != 0 && got < least;
  }
  return 0;
}

// What replaces a mapping is what everybody sees when the call has returned.
static void replace(void) {
  pthread_t threads[3];
  long filled[PAGE / sizeof(long)];
  int file = memfd_create("pages", 0);
  page = mmap(0, PAGE, RW, ANON, -1, 0);
  *page = 1;
  stop = 0;
  stale = 0;
  generation = 1;
  for (int i = 0; i < 3; i++) threads[i] = start(read_on, 0);
  for (long round = 2; round < 200; round++) {
    switch (round % 3) {
      case 0:  // a new anonymous page reads as zero until it is filled
        mmap((void *)page, PAGE, RW, ANON | MAP_FIXED, -1, 0);
        *page = round;
        break;
      case 1:  // a page dropped
        madvise((void *)page, PAGE, MADV_DONTNEED);
        *page = round;
        break;
      default:
        for (unsigned i = 0; i < PAGE / sizeof(long); i++) filled[i] = round;
        pwrite(file, filled, PAGE, (round % 8) * PAGE);
        mmap((void *)page, PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, (round % 8) * PAGE);
    }
    generation = round;
  }
  stop = 1;
  for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
  EQ(stale, 0);
  munmap((void *)page, PAGE);
  close(file);
}

// Each thread maps, fills, checks and unmaps its own memory: frames freed under others' feet show.
static atomic_long wrong;
static void *churn(void *number) {
  unsigned long seed = (unsigned long)number * 77 + 5;
  for (int round = 0; round < 40; round++) {
    seed = seed * 6364136223846793005ul + 1442695040888963407ul;
    size_t pages = 1 + (seed >> 33) % 40;
    long *at = mmap(0, pages * PAGE, RW, ANON, -1, 0);
    if (at == MAP_FAILED) {
      wrong++;
      continue;
    }
    for (size_t i = 0; i < pages; i++) wrong += at[i * 512] != 0;
    for (size_t i = 0; i < pages; i++) at[i * 512] = at[i * 512 + 511] = (long)(seed ^ i);
    if (round % 4 == 0) sched_yield();
    if (round % 5 == 0) {
      mprotect(at, pages * PAGE, PROT_READ);
      mprotect(at, pages * PAGE, RW);
    }
    if (round % 7 == 0) {
      long *new = mremap(at, pages * PAGE, (pages + 3) * PAGE, MREMAP_MAYMOVE);
      if (new == MAP_FAILED) {
        wrong++;
      } else {
        munmap(new + pages * 512, 3 * PAGE);
        at = new;
      }
    }
    for (size_t i = 0; i < pages; i++) wrong += at[i * 512] != (long)(seed ^ i) || at[i * 512 + 511] != (long)(seed ^ i);
    munmap(at, pages * PAGE);
  }
  return 0;
}
static void storms(void) {
  pthread_t threads[6];
  wrong = 0;
  for (long i = 0; i < 6; i++) threads[i] = start(churn, (void *)i);
  for (int i = 0; i < 6; i++) pthread_join(threads[i], 0);
  EQ(wrong, 0);
}

static int ball[2];
static void hit(int side) {
  __atomic_store_n(&ball[side], 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &ball[side], FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}
static void wait_for_ball(int side) {
  while (!__atomic_load_n(&ball[side], __ATOMIC_SEQ_CST)) syscall(SYS_futex, &ball[side], FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
  __atomic_store_n(&ball[side], 0, __ATOMIC_SEQ_CST);
}
static void *return_ball(void *rounds) {
  pin(0, cpus[cpu_count - 1]);
  for (long i = 0; i < (long)rounds; i++) {
    wait_for_ball(1);
    hit(0);
  }
  return 0;
}
static void *return_byte(void *ends) {
  int *fds = ends;
  char byte;
  pin(0, cpus[cpu_count - 1]);
  while (read(fds[0], &byte, 1) == 1) write(fds[3], &byte, 1);
  return 0;
}
static void ping_pong(void) {
  pin(0, cpus[0]);
  pthread_t thread = start(return_ball, (void *)150l);
  for (int i = 0; i < 150; i++) {
    hit(1);
    wait_for_ball(0);
  }
  pthread_join(thread, 0);
  int fds[4], good = 0;
  EQ(pipe(fds), 0);
  EQ(pipe(fds + 2), 0);
  thread = start(return_byte, fds);
  for (int i = 0; i < 150; i++) {
    char byte = i, back = ~i;
    write(fds[1], &byte, 1);
    good += read(fds[2], &back, 1) == 1 && back == byte;
  }
  EQ(good, 150);
  close(fds[1]);
  pthread_join(thread, 0);
  close(fds[0]), close(fds[2]), close(fds[3]);
  unpin(0);
}

// The clock does not go backwards from one CPU to the next, nor does a thread's clock for another.
static atomic_ulong token, backwards;
static void *pass_time(void *number) {
  pin(0, cpus[(long)number % cpu_count]);
  for (int i = 0; i < 20000; i++) {
    unsigned long before = token, now = t_now();
    backwards += now < before;
    unsigned long last = token;
    while (now > last && !atomic_compare_exchange_weak(&token, &last, now)) {}
  }
  return 0;
}
static void clocks(void) {
  pthread_t threads[4];
  clockid_t clock;
  token = backwards = 0;
  for (long i = 0; i < 4; i++) threads[i] = start(pass_time, (void *)i);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
  EQ(backwards, 0);
  stop = 0;
  pthread_t thread = start(count_up, (void *)0);
  EQ(pthread_getcpuclockid(thread, &clock), 0);
  uint64_t last = 0;
  int back = 0;
  struct timespec t;
  for (int i = 0; i < 3000; i++) {
    clock_gettime(clock, &t);
    uint64_t now = t.tv_sec * 1000000000ull + t.tv_nsec;
    back += now < last;
    last = now;
    if (i % 100 == 0) sched_yield();
  }
  EQ(back, 0);
  uint64_t used = t_now();
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  stop = 1;
  pthread_join(thread, 0);
  LEAST(t.tv_sec * 1000000000ull + t.tv_nsec, last);
}

static volatile long *pair;
static void *write_pair(void *unused) {
  while (!stop) {
    pair[0]++;
    pair[512]++;
  }
  return 0;
}
// What a child has copied stays as it was, although its parent's threads go on writing.
static void fork_storm(void) {
  pthread_t threads[2];
  pair = mmap(0, 2 * PAGE, RW, ANON, -1, 0);
  stop = 0;
  int bad = 0, lost = 0;
  for (int i = 0; i < 2; i++) threads[i] = start(write_pair, 0);
  for (int round = 0; round < 30; round++) {
    pid_t child = fork();
    if (child < 0) {
      lost++;
      continue;
    }
    if (!child) {
      long first = pair[0], second = pair[512];
      for (int i = 0; i < 20000; i++)
        if (pair[0] != first || pair[512] != second) _exit(1);
      pair[0] = -1;
      _exit(pair[512] == second ? 0 : 2);
    }
    int status = -1;
    lost += waitpid(child, &status, 0) != child;
    bad += status != 0;
  }
  stop = 1;
  for (int i = 0; i < 2; i++) pthread_join(threads[i], 0);
  EQ(bad, 0);
  EQ(lost, 0);
  YES(pair[0] > 0);
  munmap((void *)pair, 2 * PAGE);
}
static void *fork_some(void *unused) {
  for (int i = 0; i < 12; i++) {
    pid_t child = fork();
    if (!child) _exit(7);
    int status = 0;
    wrong += child < 0 || waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7;
  }
  return 0;
}
static void forks_at_once(void) {
  pthread_t threads[4];
  wrong = 0;
  for (int i = 0; i < 4; i++) threads[i] = start(fork_some, 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
  EQ(wrong, 0);
}

static atomic_int handled;
static void note_signal(int signal) { handled++; }
static void *spin_on(void *cpu) {
  pin(0, (int)(long)cpu);
  runs = 1;
  while (!stop) {}
  return 0;
}
// A signal reaches a thread that computes, on whatever CPU.
static void signals(void) {
  struct sigaction action = {.sa_handler = note_signal}, old;
  sigaction(SIGUSR1, &action, &old);
  for (int i = 0; i < cpu_count; i++) {
    stop = 0;
    runs = 0;
    handled = 0;
    pthread_t thread = start(spin_on, (void *)(long)cpus[i]);
    YES(UNTIL(runs));
    int sent = 0;
    for (; sent < 50; sent++) {
      int before = handled;
      pthread_kill(thread, SIGUSR1);
      if (!UNTIL(handled > before)) break;
    }
    EQ(sent, 50);
    stop = 1;
    pthread_join(thread, 0);
  }
  sigaction(SIGUSR1, &old, 0);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long shared;
static void *add(void *unused) {
  for (int i = 0; i < 5000; i++) {
    pthread_mutex_lock(&mutex);
    shared++;
    if (shared % 1000 == 0) pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
  }
  return 0;
}
static void *come_and_go(void *unused) { return 0; }
static void *make_threads(void *unused) {
  for (int i = 0; i < 60; i++) pthread_join(start(come_and_go, 0), 0);
  return 0;
}
static void locks(void) {
  pthread_t threads[6];
  shared = 0;
  for (int i = 0; i < 6; i++) threads[i] = start(add, 0);
  pthread_mutex_lock(&mutex);
  while (shared < 30000) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < 6; i++) pthread_join(threads[i], 0);
  EQ(shared, 30000);
  for (int i = 0; i < 4; i++) threads[i] = start(make_threads, 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
}

MAIN(G(machine), G(affinity), G(spread), G(real_time_order), G(preemption), G(nice_values), G(barriers), G(protect), G(replace), G(storms),
     G(ping_pong), G(clocks), G(fork_storm), G(forks_at_once), G(signals), G(locks))
