// Time: the clocks, sleeping, and how much of it was used.
#include "t.h"
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>

static int64_t ns(struct timespec t) { return t.tv_sec * 1000000000ll + t.tv_nsec; }
static int64_t now(clockid_t clock) {
  struct timespec t = {-1, -1};
  if (clock_gettime(clock, &t)) return -1;
  return t.tv_nsec < 0 || t.tv_nsec > 999999999 ? -2 : ns(t);
}
static int64_t now_call(clockid_t clock) {
  struct timespec t = {-1, -1};
  if (syscall(SYS_clock_gettime, clock, &t)) return -1;
  return ns(t);
}
static void burn(int64_t amount) {
  int64_t end = now(CLOCK_THREAD_CPUTIME_ID) + amount;
  while (now(CLOCK_THREAD_CPUTIME_ID) < end) {}
}

static void clocks(void) {
  static const clockid_t all[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW,
                                  CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    int64_t a = now(all[i]), b = now_call(all[i]);
    LEAST(a, 0);
    LEAST(b, a);
    struct timespec r = {-1, -1};
    EQ(clock_getres(all[i], &r), 0);
    YES(r.tv_sec == 0 && r.tv_nsec >= 1 && r.tv_nsec <= 20000000);
  }
  LEAST(now(CLOCK_REALTIME), 1600000000ll * 1000000000);  // after 2020
  LEAST(now(CLOCK_MONOTONIC), 1);
  LEAST(now(CLOCK_BOOTTIME), now(CLOCK_MONOTONIC) - 1000 * (int64_t)MS);
  struct timespec t;
  FAIL(syscall(SYS_clock_gettime, 12345, &t), EINVAL);
  FAIL(syscall(SYS_clock_getres, 12345, &t), EINVAL);
  FAIL(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (void *)8), EFAULT);
  EQ(syscall(SYS_clock_getres, CLOCK_MONOTONIC, 0), 0);
  FAIL(syscall(SYS_clock_settime, CLOCK_MONOTONIC, &t), EINVAL);
}

static void order(void) {
  // Never back, by the vDSO and by the system call, mixed.
  int back = 0, wrong = 0;
  int64_t last = now(CLOCK_MONOTONIC);
  for (int i = 0; i < 20000; i++) {
    int64_t t = i % 3 ? now(CLOCK_MONOTONIC) : now_call(CLOCK_MONOTONIC);
    back += t < last;
    last = t;
  }
  EQ(back, 0);
  last = now(CLOCK_REALTIME);
  for (int i = 0; i < 5000; i++) {
    int64_t t = i % 2 ? now(CLOCK_REALTIME) : now_call(CLOCK_REALTIME);
    back += t < last;
    last = t;
  }
  EQ(back, 0);
  // It moves.
  int64_t start = now(CLOCK_MONOTONIC);
  long n = 0;
  while (now(CLOCK_MONOTONIC) == start && n < 100000000) n++;
  YES(n < 100000000);
  // The two clocks go at one speed (within a tenth; both over the same 50 ms and more).
  int64_t m = now(CLOCK_MONOTONIC), r = now(CLOCK_REALTIME);
  t_sleep_ms(50);
  int64_t dm = now(CLOCK_MONOTONIC) - m;
  int64_t dr = now(CLOCK_REALTIME) - r;
  LEAST(dm, 50 * MS);
  LEAST(dr, 45 * MS);
  for (int i = 0; i < 1000; i++) {
    int64_t a = now(CLOCK_MONOTONIC), b = now_call(CLOCK_MONOTONIC), c = now(CLOCK_MONOTONIC);
    wrong += b < a || c < b;
  }
  EQ(wrong, 0);
}

static void of_day(void) {
  struct timeval v = {-1, -1};
  struct timezone z;
  int64_t before = now(CLOCK_REALTIME) / 1000;
  EQ(gettimeofday(&v, 0), 0);
  int64_t here = v.tv_sec * 1000000ll + v.tv_usec;
  LEAST(here, before);
  LEAST(now(CLOCK_REALTIME) / 1000, here);
  YES(v.tv_usec >= 0 && v.tv_usec < 1000000);
  EQ(syscall(SYS_gettimeofday, &v, &z), 0);
  FAIL(syscall(SYS_gettimeofday, (void *)8, 0), EFAULT);
  time_t t = time(0);
  LEAST(t, v.tv_sec - 1);
#ifdef SYS_time
  LEAST(syscall(SYS_time, 0), v.tv_sec);
#endif
}

static void sleeping(void) {
  static const long amounts[] = {0, 1, 1000, 1000000, 20000000};
  for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
    struct timespec t = {0, amounts[i]}, left = {77, 77};
    int64_t start = now(CLOCK_MONOTONIC);
    EQ(nanosleep(&t, &left), 0);
    LEAST(now(CLOCK_MONOTONIC) - start, amounts[i]);
    EQ(left.tv_sec, 77);  // nothing is told where nothing is left
  }
  struct timespec bad = {0, 1000000000}, negative = {-1, 0}, t;
  FAIL(nanosleep(&bad, 0), EINVAL);
  FAIL(nanosleep(&negative, 0), EINVAL);
  FAIL(syscall(SYS_nanosleep, (void *)8, 0), EFAULT);
  static const clockid_t both[] = {CLOCK_MONOTONIC, CLOCK_REALTIME};
  for (int i = 0; i < 2; i++) {
    clock_gettime(both[i], &t);
    t.tv_nsec += 20000000;
    if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
    EQ(clock_nanosleep(both[i], TIMER_ABSTIME, &t, 0), 0);
    LEAST(now(both[i]), ns(t));
    t = (struct timespec){0, 1};
    EQ(clock_nanosleep(both[i], TIMER_ABSTIME, &t, 0), 0);
    t = (struct timespec){0, 5000000};
    int64_t start = now(CLOCK_MONOTONIC);
    EQ(clock_nanosleep(both[i], 0, &t, 0), 0);
    LEAST(now(CLOCK_MONOTONIC) - start, 5000000);
  }
  EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &bad, 0), EINVAL);
  EQ(clock_nanosleep(12345, 0, &t, 0), EINVAL);
  EQ(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &t, 0), EINVAL);
  int64_t start = now(CLOCK_MONOTONIC);
  EQ(usleep(3000), 0);
  LEAST(now(CLOCK_MONOTONIC) - start, 3000000);
  // A boot-time sleep, with raised resolution the same.
  t = (struct timespec){0, 2000000};
  EQ(clock_nanosleep(CLOCK_BOOTTIME, 0, &t, 0), 0);
}

static void *spend(void *arg) {
  burn(20 * MS);
  *(int64_t *)arg = now(CLOCK_THREAD_CPUTIME_ID);
  return 0;
}

static void used(void) {
  int64_t p = now(CLOCK_PROCESS_CPUTIME_ID), t = now(CLOCK_THREAD_CPUTIME_ID), other = 0;
  burn(20 * MS);
  LEAST(now(CLOCK_PROCESS_CPUTIME_ID) - p, 20 * MS);
  LEAST(now(CLOCK_THREAD_CPUTIME_ID) - t, 20 * MS);
  // Sleeping uses none to speak of: less than it lasts.
  t = now(CLOCK_THREAD_CPUTIME_ID);
  int64_t start = now(CLOCK_MONOTONIC);
  t_sleep_ms(60);
  YES(now(CLOCK_THREAD_CPUTIME_ID) - t < now(CLOCK_MONOTONIC) - start);
  // Another thread's is its own, and the process's.
  p = now(CLOCK_PROCESS_CPUTIME_ID), t = now(CLOCK_THREAD_CPUTIME_ID);
  pthread_t thread;
  pthread_create(&thread, 0, spend, &other);
  pthread_join(thread, 0);
  LEAST(other, 20 * MS);
  LEAST(now(CLOCK_PROCESS_CPUTIME_ID) - p, 20 * MS);
  clockid_t id;
  EQ(pthread_getcpuclockid(pthread_self(), &id), 0);
  LEAST(now(id), t);
  EQ(clock_getcpuclockid(0, &id), 0);
  LEAST(now(id), p);
  struct rusage u, v;
  EQ(getrusage(RUSAGE_SELF, &u), 0);
  LEAST(u.ru_utime.tv_sec * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_sec * 1000000 + u.ru_stime.tv_usec, 20000);
  LEAST(u.ru_maxrss, 4);
  burn(20 * MS);
  EQ(getrusage(RUSAGE_SELF, &v), 0);
  LEAST(v.ru_utime.tv_sec * 1000000 + v.ru_utime.tv_usec + v.ru_stime.tv_sec * 1000000 + v.ru_stime.tv_usec,
        u.ru_utime.tv_sec * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_sec * 1000000 + u.ru_stime.tv_usec + 1);
  EQ(getrusage(RUSAGE_THREAD, &u), 0);
  EQ(getrusage(RUSAGE_CHILDREN, &u), 0);
  FAIL(getrusage(99, &u), EINVAL);
  FAIL(syscall(SYS_getrusage, RUSAGE_SELF, (void *)8), EFAULT);
  struct tms m;
  clock_t ticks = times(&m);
  LEAST(ticks, 1);
  LEAST(m.tms_utime + m.tms_stime, 2);
  t_sleep_ms(30);
  LEAST(times(&m) - ticks, 2);
  EQ(sysconf(_SC_CLK_TCK), 100);
  LEAST(clock(), 20000);
}

// Several threads asleep at once wake in the order of their times.
static int64_t woke[4];
static void *sleep_for(void *arg) {
  t_sleep_ms(20 + (long)arg * 30);
  woke[(long)arg] = now(CLOCK_MONOTONIC);
  return 0;
}
static void together(void) {
  pthread_t t[4];
  int64_t start = now(CLOCK_MONOTONIC);
  for (long i = 3; i >= 0; i--) pthread_create(&t[i], 0, sleep_for, (void *)i);
  for (int i = 0; i < 4; i++) pthread_join(t[i], 0);
  for (int i = 0; i < 4; i++) LEAST(woke[i] - start, (20 + i * 30) * (int64_t)MS);
  // Many short ones: no timer is lost.
  int n = 0;
  for (int i = 0; i < 200; i++) {
    struct timespec s = {0, 50000};
    n += nanosleep(&s, 0) == 0;
  }
  EQ(n, 200);
}

// What waits for a time on the wall when the clock is set: absolute waits end, relative ones do not notice.
static volatile int fired, relative_fired, ended;
static void count_timer(int signo, siginfo_t *i, void *context) {
  (void)signo, (void)context;
  if (i->si_value.sival_int == 1) fired++;
  else relative_fired++;
}
static struct timespec at_wall(long seconds) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_sec += seconds;
  return t;
}
static void *sleep_to_wall(void *arg) {
  struct timespec at = at_wall(1000);
  long good = clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, 0) == 0;
  __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
  return (void *)(arg ? good : good);
}
static void *wait_to_wall(void *arg) {
  static int word;
  struct timespec at = at_wall(1000);
  const int wait_bitset = 9 | 128 | 256;  // private, by CLOCK_REALTIME
  long good = syscall(SYS_futex, &word, wait_bitset, 0, &at, 0, ~0u) == -1 && errno == ETIMEDOUT;
  __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
  return (void *)(arg ? good : good);
}
static void setting(void) {
  if (getpid() != 1) {
    SKIP("only a machine's clock may be set");
    return;
  }
  struct sigaction a = {.sa_sigaction = count_timer, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGUSR1, &a, 0);
  struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  timer_t absolute, relative;
  e.sigev_value.sival_int = 1;
  EQ(timer_create(CLOCK_REALTIME, &e, &absolute), 0);
  e.sigev_value.sival_int = 2;
  EQ(timer_create(CLOCK_REALTIME, &e, &relative), 0);
  struct itimerspec t = {{0, 0}, at_wall(1000)}, left;
  EQ(timer_settime(absolute, TIMER_ABSTIME, &t, 0), 0);
  t.it_value = (struct timespec){1000, 0};
  EQ(timer_settime(relative, 0, &t, 0), 0);
  pthread_t sleeper, waiter;
  sigset_t s;
  sigemptyset(&s), sigaddset(&s, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &s, 0);
  pthread_create(&sleeper, 0, sleep_to_wall, 0);
  pthread_create(&waiter, 0, wait_to_wall, 0);
  pthread_sigmask(SIG_UNBLOCK, &s, 0);
  int plain = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK), cancelled = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
  t.it_value = at_wall(1000);
  EQ(timerfd_settime(plain, TFD_TIMER_ABSTIME, &t, 0), 0);
  EQ(timerfd_settime(cancelled, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &t, 0), 0);
  t_sleep_ms(50);
  EQ(fired + relative_fired + ended, 0);
  struct timespec before = at_wall(0), later = at_wall(500);
  int64_t steady = now(CLOCK_MONOTONIC);
  EQ(clock_settime(CLOCK_REALTIME, &later), 0);
  LEAST(now(CLOCK_REALTIME), ns(later));
  YES(now(CLOCK_MONOTONIC) - steady < 10000000000);
  uint64_t ticks;
  FAIL(read(cancelled, &ticks, 8), ECANCELED);
  FAIL(read(plain, &ticks, 8), EAGAIN);
  t_sleep_ms(30);
  EQ(fired + relative_fired + ended, 0);
  EQ(timer_gettime(absolute, &left), 0);
  YES(left.it_value.tv_sec > 400 && left.it_value.tv_sec <= 500);
  later = at_wall(600);
  EQ(clock_settime(CLOCK_REALTIME, &later), 0);
  YES(UNTIL(fired == 1));
  YES(UNTIL(ended == 2));
  EQ(read(plain, &ticks, 8), 8);
  EQ(ticks, 1);
  void *good;
  pthread_join(sleeper, &good);
  EQ((long)good, 1);
  pthread_join(waiter, &good);
  EQ((long)good, 1);
  EQ(relative_fired, 0);
  EQ(timer_gettime(relative, &left), 0);
  YES(left.it_value.tv_sec > 900);
  // Back: what was over stays over.
  before.tv_sec += 1;
  EQ(clock_settime(CLOCK_REALTIME, &before), 0);
  YES(now(CLOCK_REALTIME) - ns(before) < 10000000000);
  EQ(fired, 1);
  struct timespec bad = {0, 1000000000}, negative = {-1, 0}, epoch = {0, 0};
  FAIL(clock_settime(CLOCK_REALTIME, &bad), EINVAL);
  FAIL(clock_settime(CLOCK_REALTIME, &negative), EINVAL);
  FAIL(clock_settime(CLOCK_REALTIME, &epoch), EINVAL);  // before the machine was started
  FAIL(clock_settime(CLOCK_MONOTONIC, &before), EINVAL);
  timer_delete(absolute), timer_delete(relative), close(plain), close(cancelled);
}

MAIN(G(clocks), G(order), G(of_day), G(sleeping), G(used), G(together), G(setting))
