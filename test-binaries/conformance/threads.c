// Threads: creation and end, the pthread family over futex, futex itself, robust lists, scheduling.
#include "t.h"
#include <linux/futex.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/resource.h>

static long futex(void *word, int op, unsigned value, const void *timeout, void *word2, unsigned value3) {
  return syscall(SYS_futex, word, op, value, timeout, word2, value3);
}

static void *count(void *arg) {
  __atomic_add_fetch((int *)arg, 1, __ATOMIC_SEQ_CST);
  return arg;
}

static void creation(void) {
  pthread_t t[200];
  int n = 0, created = 0, joined = 0;
  for (int i = 0; i < 200; i++) created += pthread_create(&t[i], 0, count, &n) == 0;
  for (int i = 0; i < 200; i++) {
    void *result = 0;
    joined += pthread_join(t[i], &result) == 0 && result == &n;
  }
  EQ(created, 200);
  EQ(joined, 200);
  EQ(n, 200);
  for (int i = 0; i < 300; i++) pthread_create(&t[0], 0, count, &n), pthread_join(t[0], 0);
  EQ(n, 500);
  // Detached ones end by themselves.
  int d = 0;
  pthread_attr_t a;
  pthread_attr_init(&a);
  pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&a, 65536);
  for (int i = 0; i < 100; i++) pthread_create(&t[i], &a, count, &d);
  YES(UNTIL(__atomic_load_n(&d, __ATOMIC_SEQ_CST) == 100));
  pthread_attr_destroy(&a);
  pthread_create(&t[0], 0, count, &d);
  EQ(pthread_detach(t[0]), 0);
  YES(UNTIL(__atomic_load_n(&d, __ATOMIC_SEQ_CST) == 101));
}

static int gate;
static void *wait_gate(void *arg) {
  while (!__atomic_load_n(&gate, __ATOMIC_ACQUIRE)) futex(&gate, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, 0, 0, 0);
  return count(arg);
}

static void many_at_once(void) {
  pthread_t t[200];
  int n = 0, created = 0;
  gate = 0;
  for (int i = 0; i < 200; i++) created += pthread_create(&t[i], 0, wait_gate, &n) == 0;
  EQ(created, 200);
  EQ(n, 0);
  __atomic_store_n(&gate, 1, __ATOMIC_RELEASE);
  LEAST(futex(&gate, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX, 0, 0, 0), 0);
  for (int i = 0; i < 200; i++) pthread_join(t[i], 0);
  EQ(n, 200);
}

static void *own_id(void *arg) {
  *(long *)arg = syscall(SYS_gettid);
  return (void *)(long)getpid();
}

static void identity(void) {
  long id = 0;
  void *pid;
  pthread_t t;
  EQ(syscall(SYS_gettid), getpid());
  pthread_create(&t, 0, own_id, &id);
  pthread_join(t, &pid);
  EQ((long)pid, getpid());
  YES(id > 0 && id != getpid());
  int clear = 7;
  EQ(syscall(SYS_set_tid_address, &clear), syscall(SYS_gettid));
  EQ(clear, 7);
  YES(UNTIL(syscall(SYS_tgkill, getpid(), id, 0) == -1 && errno == ESRCH));  // once it has wholly ended
  EQ(syscall(SYS_tgkill, getpid(), getpid(), 0), 0);
  FAIL(syscall(SYS_tgkill, getpid(), -1, 0), EINVAL);
  FAIL(syscall(SYS_tgkill, getpid(), getpid(), 100), EINVAL);
  FAIL(syscall(SYS_tgkill, getpid() + 12345, getpid(), 0), ESRCH);
  EQ(syscall(SYS_tkill, getpid(), 0), 0);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long shared;
static void *add_locked(void *arg) {
  for (long i = 0; i < (long)arg; i++) {
    pthread_mutex_lock(&mutex);
    shared++;
    pthread_mutex_unlock(&mutex);
  }
  return 0;
}

static void mutexes(void) {
  pthread_t t[8];
  shared = 0;
  for (int i = 0; i < 8; i++) pthread_create(&t[i], 0, add_locked, (void *)2000l);
  for (int i = 0; i < 8; i++) pthread_join(t[i], 0);
  EQ(shared, 16000);
  pthread_mutexattr_t a;
  pthread_mutex_t m;
  pthread_mutexattr_init(&a);
  pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&m, &a);
  EQ(pthread_mutex_lock(&m), 0);
  EQ(pthread_mutex_lock(&m), 0);
  EQ(pthread_mutex_unlock(&m), 0);
  EQ(pthread_mutex_unlock(&m), 0);
  EQ(pthread_mutex_unlock(&m), EPERM);
  pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&m, &a);
  EQ(pthread_mutex_lock(&m), 0);
  EQ(pthread_mutex_lock(&m), EDEADLK);
  EQ(pthread_mutex_trylock(&m), EBUSY);
  EQ(pthread_mutex_unlock(&m), 0);
  pthread_mutex_t n = PTHREAD_MUTEX_INITIALIZER;
  EQ(pthread_mutex_lock(&n), 0);
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  at.tv_nsec += 20000000;
  if (at.tv_nsec >= 1000000000) at.tv_sec++, at.tv_nsec -= 1000000000;
  uint64_t start = t_now();
  EQ(pthread_mutex_timedlock(&n, &at), ETIMEDOUT);
  LEAST(t_now() - start, 15 * MS);
  EQ(pthread_mutex_unlock(&n), 0);
}

static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int ready, woken;
static void *wait_ready(void *arg) {
  (void)arg;
  pthread_mutex_lock(&mutex);
  while (!ready) pthread_cond_wait(&cond, &mutex);
  woken++;
  pthread_mutex_unlock(&mutex);
  return 0;
}

static void conditions(void) {
  pthread_t t[20];
  ready = woken = 0;
  for (int i = 0; i < 20; i++) pthread_create(&t[i], 0, wait_ready, 0);
  t_sleep_ms(20);
  pthread_mutex_lock(&mutex);
  EQ(woken, 0);
  ready = 1;
  pthread_cond_broadcast(&cond);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < 20; i++) pthread_join(t[i], 0);
  EQ(woken, 20);
  ready = woken = 0;
  pthread_create(&t[0], 0, wait_ready, 0);
  t_sleep_ms(10);
  pthread_mutex_lock(&mutex);
  ready = 1;
  pthread_mutex_unlock(&mutex);
  pthread_cond_signal(&cond);
  pthread_join(t[0], 0);
  EQ(woken, 1);
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  at.tv_nsec += 20000000;
  if (at.tv_nsec >= 1000000000) at.tv_sec++, at.tv_nsec -= 1000000000;
  pthread_mutex_lock(&mutex);
  uint64_t start = t_now();
  EQ(pthread_cond_timedwait(&cond, &mutex, &at), ETIMEDOUT);
  LEAST(t_now() - start, 15 * MS);
  at.tv_sec -= 100;
  EQ(pthread_cond_timedwait(&cond, &mutex, &at), ETIMEDOUT);
  pthread_mutex_unlock(&mutex);
  // By the monotonic clock.
  pthread_condattr_t a;
  pthread_cond_t c;
  pthread_condattr_init(&a);
  EQ(pthread_condattr_setclock(&a, CLOCK_MONOTONIC), 0);
  pthread_cond_init(&c, &a);
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_nsec += 20000000;
  if (at.tv_nsec >= 1000000000) at.tv_sec++, at.tv_nsec -= 1000000000;
  pthread_mutex_lock(&mutex);
  start = t_now();
  EQ(pthread_cond_timedwait(&c, &mutex, &at), ETIMEDOUT);
  LEAST(t_now() - start, 15 * MS);
  pthread_mutex_unlock(&mutex);
}

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static int readers, most, writers, clash;
static void *read_locked(void *arg) {
  (void)arg;
  for (int i = 0; i < 50; i++) {
    pthread_rwlock_rdlock(&rw);
    int now = __atomic_add_fetch(&readers, 1, __ATOMIC_SEQ_CST);
    if (now > most) most = now;
    if (__atomic_load_n(&writers, __ATOMIC_SEQ_CST)) clash = 1;
    sched_yield();
    __atomic_sub_fetch(&readers, 1, __ATOMIC_SEQ_CST);
    pthread_rwlock_unlock(&rw);
  }
  return 0;
}
static void *write_locked(void *arg) {
  (void)arg;
  for (int i = 0; i < 50; i++) {
    pthread_rwlock_wrlock(&rw);
    if (__atomic_add_fetch(&writers, 1, __ATOMIC_SEQ_CST) != 1 || __atomic_load_n(&readers, __ATOMIC_SEQ_CST)) clash = 1;
    sched_yield();
    __atomic_sub_fetch(&writers, 1, __ATOMIC_SEQ_CST);
    pthread_rwlock_unlock(&rw);
  }
  return 0;
}

static pthread_barrier_t barrier;
static int serial;
static void *at_barrier(void *arg) {
  for (int i = 0; i < 20; i++) {
    count(arg);
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) __atomic_add_fetch(&serial, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n((int *)arg, __ATOMIC_SEQ_CST) < 5 * (i + 1)) clash = 1;
    pthread_barrier_wait(&barrier);
  }
  return 0;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int initialised;
static void initialise(void) { t_sleep_ms(5), initialised++; }
static void *run_once(void *arg) { pthread_once(&once, initialise); return (void *)(long)(initialised == 1 ? 1 + !arg : 0); }

static void locks(void) {
  pthread_t t[8];
  for (int i = 0; i < 8; i++) pthread_create(&t[i], 0, i % 3 ? read_locked : write_locked, 0);
  for (int i = 0; i < 8; i++) pthread_join(t[i], 0);
  EQ(clash, 0);
  EQ(pthread_rwlock_rdlock(&rw), 0);
  EQ(pthread_rwlock_tryrdlock(&rw), 0);
  EQ(pthread_rwlock_trywrlock(&rw), EBUSY);
  EQ(pthread_rwlock_unlock(&rw), 0);
  EQ(pthread_rwlock_unlock(&rw), 0);
  EQ(pthread_rwlock_trywrlock(&rw), 0);
  EQ(pthread_rwlock_unlock(&rw), 0);
  int n = 0;
  clash = serial = 0;
  pthread_barrier_init(&barrier, 0, 5);
  for (int i = 0; i < 5; i++) pthread_create(&t[i], 0, at_barrier, &n);
  for (int i = 0; i < 5; i++) pthread_join(t[i], 0);
  EQ(clash, 0);
  EQ(serial, 20);
  EQ(n, 100);
  int saw = 0;
  for (int i = 0; i < 8; i++) pthread_create(&t[i], 0, run_once, 0);
  for (int i = 0; i < 8; i++) {
    void *v;
    pthread_join(t[i], &v);
    saw += (long)v == 2;
  }
  EQ(saw, 8);
  sem_t s;
  sem_init(&s, 0, 2);
  EQ(sem_wait(&s), 0);
  EQ(sem_trywait(&s), 0);
  FAIL(sem_trywait(&s), EAGAIN);
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  FAIL(sem_timedwait(&s, &at), ETIMEDOUT);
  EQ(sem_post(&s), 0);
  EQ(sem_wait(&s), 0);
}

static __thread int local = 5;
static __thread char big[4096];
static pthread_key_t key;
static int destroyed;
static void destroy(void *v) { destroyed += (int)(long)v; }
static void *use_local(void *arg) {
  long good = local == 5 && big[0] == 0 && big[4095] == 0 && pthread_getspecific(key) == 0;
  local = (int)(long)arg;
  memset(big, (int)(long)arg, sizeof big);
  pthread_setspecific(key, arg);
  for (int i = 0; i < 20; i++) {
    sched_yield();
    good &= local == (int)(long)arg && big[4095] == (char)(long)arg && pthread_getspecific(key) == arg;
  }
  errno = (int)(long)arg;
  sched_yield();
  good &= errno == (int)(long)arg;
  return (void *)good;
}

static void thread_local(void) {
  pthread_t t[10];
  EQ(pthread_key_create(&key, destroy), 0);
  for (long i = 0; i < 10; i++) pthread_create(&t[i], 0, use_local, (void *)(i + 1));
  int good = 0;
  for (int i = 0; i < 10; i++) {
    void *v;
    pthread_join(t[i], &v);
    good += (long)v == 1;
  }
  EQ(good, 10);
  EQ(destroyed, 55);
  EQ(local, 5);
}

static int cleaned;
static void clean(void *arg) { cleaned += (int)(long)arg; }
static void *sleep_long(void *arg) {
  pthread_cleanup_push(clean, arg);
  for (;;) pause();
  pthread_cleanup_pop(0);
  return 0;
}
static void *read_long(void *arg) {
  char c;
  pthread_cleanup_push(clean, (void *)2);
  read(*(int *)arg, &c, 1);
  pthread_cleanup_pop(0);
  return 0;
}

static void cancellation(void) {
  pthread_t t;
  void *result;
  pthread_create(&t, 0, sleep_long, (void *)1);
  t_sleep_ms(10);
  EQ(pthread_cancel(t), 0);
  EQ(pthread_join(t, &result), 0);
  YES(result == PTHREAD_CANCELED);
  EQ(cleaned, 1);
  int p[2];
  EQ(pipe(p), 0);
  pthread_create(&t, 0, read_long, &p[0]);
  t_sleep_ms(10);
  EQ(pthread_cancel(t), 0);
  EQ(pthread_join(t, &result), 0);
  YES(result == PTHREAD_CANCELED);
  EQ(cleaned, 3);
  close(p[0]), close(p[1]);
}

static struct timespec in_ms(clockid_t clock, long ms) {
  struct timespec t;
  clock_gettime(clock, &t);
  t.tv_sec += ms / 1000, t.tv_nsec += ms % 1000 * 1000000;
  if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
  return t;
}

static void futex_waits(void) {
  int word = 5;
  struct timespec zero = {0, 0}, some = {0, 20000000}, bad = {0, 1000000000}, negative = {-1, 0};
  for (int private = 0; private <= FUTEX_PRIVATE_FLAG; private += FUTEX_PRIVATE_FLAG) {
    FAIL(futex(&word, FUTEX_WAIT | private, 4, 0, 0, 0), EAGAIN);
    FAIL(futex(&word, FUTEX_WAIT | private, 5, &zero, 0, 0), ETIMEDOUT);  // zero is no wait, not for ever
    uint64_t start = t_now();
    FAIL(futex(&word, FUTEX_WAIT | private, 5, &some, 0, 0), ETIMEDOUT);
    LEAST(t_now() - start, 20 * MS);
    EQ(futex(&word, FUTEX_WAKE | private, 1, 0, 0, 0), 0);
  }
  FAIL(futex(&word, FUTEX_WAIT, 5, &bad, 0, 0), EINVAL);
  FAIL(futex(&word, FUTEX_WAIT, 5, &negative, 0, 0), EINVAL);
  FAIL(futex(&word, FUTEX_WAIT, 5, (void *)8, 0, 0), EFAULT);
  FAIL(futex((void *)8, FUTEX_WAIT, 5, &zero, 0, 0), EFAULT);
  FAIL(futex((char *)&word + 1, FUTEX_WAIT, 5, &zero, 0, 0), EINVAL);
  FAIL(futex((char *)&word + 1, FUTEX_WAKE, 5, 0, 0, 0), EINVAL);
  FAIL(futex(&word, 77, 5, 0, 0, 0), ENOSYS);
  FAIL(futex((void *)0xffffffff80000000ul, FUTEX_WAIT, 5, &zero, 0, 0), EFAULT);
  // Absolute times, on either clock.
  struct timespec at = in_ms(CLOCK_MONOTONIC, 20);
  uint64_t start = t_now();
  FAIL(futex(&word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 5, &at, 0, FUTEX_BITSET_MATCH_ANY), ETIMEDOUT);
  LEAST(t_now() - start, 15 * MS);
  at = in_ms(CLOCK_REALTIME, 20);
  start = t_now();
  FAIL(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &at, 0, FUTEX_BITSET_MATCH_ANY), ETIMEDOUT);
  LEAST(t_now() - start, 15 * MS);
  at = (struct timespec){0, 1};
  FAIL(futex(&word, FUTEX_WAIT_BITSET, 5, &at, 0, FUTEX_BITSET_MATCH_ANY), ETIMEDOUT);  // long past
  FAIL(futex(&word, FUTEX_WAIT_BITSET, 5, &at, 0, 0), EINVAL);
  FAIL(futex(&word, FUTEX_WAKE_BITSET, 1, 0, 0, 0), EINVAL);
  FAIL(futex(&word, FUTEX_WAIT_BITSET, 4, &at, 0, FUTEX_BITSET_MATCH_ANY), EAGAIN);
}

struct waiter {
  pthread_t thread;
  int *word;
  unsigned mask;
  int op;
  volatile long result;
  volatile int done;
  volatile long tid;
};
static int sleeping(long tid) {
  char path[64], *p;
  sprintf(path, "/proc/self/task/%ld/stat", tid);
  int fd = open(path, O_RDONLY);
  if (fd < 0) return t_sleep_ms(20), 1;  // no such file here: give it time instead
  char text[512];
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  if (n <= 0) return 0;
  text[n] = 0;
  return (p = strrchr(text, ')')) && p[2] == 'S';
}
static void *wait_word(void *arg) {
  struct waiter *w = arg;
  w->tid = syscall(SYS_gettid);
  long r = futex(w->word, w->op | FUTEX_PRIVATE_FLAG, 0, 0, 0, w->mask);
  w->result = r < 0 ? -errno : r;
  __atomic_store_n(&w->done, 1, __ATOMIC_SEQ_CST);
  return 0;
}
static void start_waiter(struct waiter *w, int *word, unsigned mask) {
  *w = (struct waiter){.word = word, .mask = mask, .op = mask ? FUTEX_WAIT_BITSET : FUTEX_WAIT};
  pthread_create(&w->thread, 0, wait_word, w);
  UNTIL(w->tid && sleeping(w->tid));
}
static int done_of(struct waiter *w, int n) {
  int k = 0;
  for (int i = 0; i < n; i++) k += __atomic_load_n(&w[i].done, __ATOMIC_SEQ_CST);
  return k;
}

static void futex_wakes(void) {
  struct waiter w[6];
  int word = 0, other = 0;
  const int wake = FUTEX_WAKE | FUTEX_PRIVATE_FLAG;
  for (int i = 0; i < 6; i++) start_waiter(&w[i], &word, 0);
  EQ(done_of(w, 6), 0);
  EQ(futex(&word, wake, 2, 0, 0, 0), 2);
  YES(UNTIL(done_of(w, 6) == 2));
  t_sleep_ms(10);
  EQ(done_of(w, 6), 2);
  EQ(futex(&other, wake, INT_MAX, 0, 0, 0), 0);
  EQ(futex(&word, wake, INT_MAX, 0, 0, 0), 4);
  for (int i = 0; i < 6; i++) pthread_join(w[i].thread, 0);
  int zero = 1;
  for (int i = 0; i < 6; i++) zero &= w[i].result == 0;
  EQ(zero, 1);
  // Bit masks choose who wakes.
  start_waiter(&w[0], &word, 1), start_waiter(&w[1], &word, 2), start_waiter(&w[2], &word, 3);
  EQ(futex(&word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, INT_MAX, 0, 0, 4), 0);
  EQ(futex(&word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, INT_MAX, 0, 0, 2), 2);
  YES(UNTIL(done_of(w + 1, 2) == 2));
  EQ(w[0].done, 0);
  EQ(futex(&word, wake, INT_MAX, 0, 0, 0), 1);
  for (int i = 0; i < 3; i++) pthread_join(w[i].thread, 0);
  // Requeue: some wake, the rest waits elsewhere.
  for (int i = 0; i < 5; i++) start_waiter(&w[i], &word, 0);
  const int requeue = FUTEX_REQUEUE | FUTEX_PRIVATE_FLAG, compare = FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG;
  FAIL(futex(&word, compare, 1, (void *)2l, &other, 9), EAGAIN);
  EQ(futex(&word, compare, 1, (void *)2l, &other, 0), 3);  // one woken, two moved
  YES(UNTIL(done_of(w, 5) == 1));
  EQ(futex(&other, wake, INT_MAX, 0, 0, 0), 2);
  YES(UNTIL(done_of(w, 5) == 3));
  EQ(futex(&word, requeue, 0, (void *)(long)INT_MAX, &other, 0), 2);
  EQ(futex(&word, wake, INT_MAX, 0, 0, 0), 0);
  EQ(futex(&other, wake, INT_MAX, 0, 0, 0), 2);
  for (int i = 0; i < 5; i++) pthread_join(w[i].thread, 0);
  // Wake-op: changes the second word, and wakes there where its old value compares.
  start_waiter(&w[0], &word, 0), start_waiter(&w[1], &other, 0);
  EQ(futex(&word, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, (void *)1l, &other, FUTEX_OP(FUTEX_OP_SET, 7, FUTEX_OP_CMP_EQ, 1)), 1);
  EQ(other, 7);
  YES(UNTIL(w[0].done));
  EQ(w[1].done, 0);
  EQ(futex(&word, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, (void *)1l, &other, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 7)), 1);
  EQ(other, 10);
  YES(UNTIL(w[1].done));
  pthread_join(w[0].thread, 0), pthread_join(w[1].thread, 0);
  EQ(futex(&word, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, (void *)1l, &other, FUTEX_OP(FUTEX_OP_ANDN, 2, FUTEX_OP_CMP_GT, 0)), 0);
  EQ(other, 8);
  EQ(futex(&word, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, (void *)1l, &other, FUTEX_OP(FUTEX_OP_XOR, 1, FUTEX_OP_CMP_GT, 0)), 0);
  EQ(other, 9);
}

// Shared futexes are known by what is mapped, not by the address.
static void *wait_shared(void *arg) {
  long r = futex(arg, FUTEX_WAIT, 0, 0, 0, 0);
  return (void *)(r < 0 ? (long)-errno : r);
}
static void futex_shared(void) {
  int fd = GOOD(syscall(SYS_memfd_create, "f", 0));
  EQ(ftruncate(fd, 4096), 0);
  int *a = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *b = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  YES(a != b);
  pthread_t t;
  pthread_create(&t, 0, wait_shared, a);
  YES(UNTIL(futex(b, FUTEX_WAKE, 1, 0, 0, 0) == 1));
  void *result;
  pthread_join(t, &result);
  EQ((long)result, 0);
  munmap(a, 4096), munmap(b, 4096), close(fd);
}

static void on_signal(int s) { (void)s; }
static void *futex_forever(void *arg) {
  struct waiter *w = arg;
  w->tid = syscall(SYS_gettid);
  long r = futex(w->word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, 0, 0, 0);
  w->result = r < 0 ? -errno : r;
  w->done = 1;
  return 0;
}
static void futex_interrupted(void) {
  struct sigaction a = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &a, 0);
  int word = 0;
  struct waiter w = {.word = &word};
  pthread_create(&w.thread, 0, futex_forever, &w);
  UNTIL(w.tid && sleeping(w.tid));
  EQ(pthread_kill(w.thread, SIGUSR1), 0);
  YES(UNTIL(w.done));
  EQ(w.result, -EINTR);
  pthread_join(w.thread, 0);
  // With SA_RESTART it goes on waiting.
  a.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &a, 0);
  w = (struct waiter){.word = &word};
  pthread_create(&w.thread, 0, futex_forever, &w);
  UNTIL(w.tid && sleeping(w.tid));
  EQ(pthread_kill(w.thread, SIGUSR1), 0);
  t_sleep_ms(20);
  EQ(w.done, 0);
  YES(UNTIL(futex(&word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0) == 1));
  pthread_join(w.thread, 0);
  EQ(w.result, 0);
}

static void *die_with(void *m) {
  pthread_mutex_lock(m);
  return 0;
}
static void robust(void) {
  pthread_mutexattr_t a;
  pthread_mutex_t m;
  pthread_t t;
  pthread_mutexattr_init(&a);
  EQ(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST), 0);
  pthread_mutex_init(&m, &a);
  pthread_create(&t, 0, die_with, &m);
  pthread_join(t, 0);
  EQ(pthread_mutex_lock(&m), EOWNERDEAD);
  EQ(pthread_mutex_consistent(&m), 0);
  EQ(pthread_mutex_unlock(&m), 0);
  EQ(pthread_mutex_lock(&m), 0);
  EQ(pthread_mutex_unlock(&m), 0);
  // Not made consistent: not to be had any more.
  pthread_mutex_init(&m, &a);
  pthread_create(&t, 0, die_with, &m);
  pthread_join(t, 0);
  EQ(pthread_mutex_trylock(&m), EOWNERDEAD);
  EQ(pthread_mutex_unlock(&m), 0);
  EQ(pthread_mutex_lock(&m), ENOTRECOVERABLE);
  void *head = 0;
  size_t length = 0;
  EQ(syscall(SYS_get_robust_list, 0, &head, &length), 0);
  EQ(length, 24);
  FAIL(syscall(SYS_set_robust_list, head, 23L), EINVAL);
  FAIL(syscall(SYS_get_robust_list, 0, (void *)8, &length), EFAULT);
}

// The kernel itself walks the list of a thread that ends by the bare system call.
struct robust_head { void *next; long offset; void *pending; };
static struct { void *next; unsigned word; } entry;
static struct robust_head list_head;
static int raw_futex_word;
static void *die_raw(void *arg) {
  (void)arg;
  entry.word = (unsigned)syscall(SYS_gettid);
  list_head = (struct robust_head){&entry, (char *)&entry.word - (char *)&entry.next, 0};
  entry.next = &list_head;
  long r = syscall(SYS_set_robust_list, &list_head, sizeof list_head);
  raw_futex_word = r == 0;
  return 0;  // musl's own end of a thread keeps the list it was given by the kernel
}
static void robust_raw(void) {
  pthread_t t;
  pthread_create(&t, 0, die_raw, 0);
  pthread_join(t, 0);
  EQ(raw_futex_word, 1);
  YES(UNTIL(entry.word & FUTEX_OWNER_DIED));
  EQ(entry.word & FUTEX_TID_MASK, 0);
}

static volatile int stop;
static void *spin(void *arg) {
  (void)arg;
  while (!stop) {}
  return 0;
}
static volatile long spun[3];
static void *spin_count(void *arg) {
  while (!stop) spun[(long)arg]++;
  return 0;
}
static void preemption(void) {
  pthread_t t[6];
  int n = 0;
  stop = 0;
  // More spinners than processors, and still the others get on.
  for (int i = 0; i < 4; i++) pthread_create(&t[i], 0, spin, 0);
  pthread_create(&t[4], 0, count, &n);
  pthread_join(t[4], 0);
  EQ(n, 1);
  uint64_t start = t_now();
  t_sleep_ms(30);  // a sleeper among spinners wakes
  LEAST(t_now() - start, 30 * MS);
  stop = 1;
  for (int i = 0; i < 4; i++) pthread_join(t[i], 0);
  // Every spinner gets its share.
  stop = 0;
  for (long i = 0; i < 3; i++) spun[i] = 0, pthread_create(&t[i], 0, spin_count, (void *)i);
  YES(UNTIL(spun[0] > 1000 && spun[1] > 1000 && spun[2] > 1000));
  stop = 1;
  for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
}

static void scheduling(void) {
  EQ(sched_yield(), 0);
  cpu_set_t set;
  CPU_ZERO(&set);
  LEAST(syscall(SYS_sched_getaffinity, 0, sizeof set, &set), 8);
  LEAST(CPU_COUNT(&set), 1);
  EQ(sched_getaffinity(0, sizeof set, &set), 0);
  EQ(sched_setaffinity(0, sizeof set, &set), 0);
  FAIL(syscall(SYS_sched_getaffinity, 0, 3L, &set), EINVAL);
  FAIL(syscall(SYS_sched_getaffinity, 0, sizeof set, (void *)8), EFAULT);
  FAIL(syscall(SYS_sched_getaffinity, 999999, sizeof set, &set), ESRCH);
  cpu_set_t none;
  CPU_ZERO(&none);
  FAIL(sched_setaffinity(0, sizeof none, &none), EINVAL);
  LEAST(sysconf(_SC_NPROCESSORS_ONLN), 1);
  unsigned cpu = 999, node = 999;
  EQ(syscall(SYS_getcpu, &cpu, &node, 0), 0);
  YES(CPU_ISSET(cpu, &set));
  EQ(syscall(SYS_sched_getscheduler, 0), SCHED_OTHER);
  struct sched_param p = {.sched_priority = 9};
  EQ(syscall(SYS_sched_getparam, 0, &p), 0);
  EQ(p.sched_priority, 0);
  EQ(syscall(SYS_sched_get_priority_max, SCHED_FIFO), 99);
  EQ(syscall(SYS_sched_get_priority_min, SCHED_FIFO), 1);
  EQ(syscall(SYS_sched_get_priority_max, SCHED_OTHER), 0);
  FAIL(syscall(SYS_sched_get_priority_max, 99), EINVAL);
  EQ(getpriority(PRIO_PROCESS, 0), 0);
}

static void *exit_raw(void *arg) {
  (void)arg;
  pthread_exit((void *)77);
}
// Thread stacks come back: many more threads, one after the other, than memory would hold at once.
static void turnover(void) {
  pthread_t t;
  void *v;
  pthread_create(&t, 0, exit_raw, 0);
  pthread_join(t, &v);
  EQ((long)v, 77);
  pthread_attr_t a;
  pthread_attr_init(&a);
  pthread_attr_setstacksize(&a, 1 << 20);
  int n = 0, good = 0;
  for (int i = 0; i < 500; i++) good += pthread_create(&t, &a, count, &n) == 0 && pthread_join(t, 0) == 0;
  EQ(good, 500);
  EQ(n, 500);
}

static void *ping(void *arg) {
  int *turn = arg;
  for (int i = 0; i < 500; i++) {
    int v;
    while ((v = __atomic_load_n(turn, __ATOMIC_ACQUIRE)) != 1) futex(turn, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, (unsigned)v, 0, 0, 0);
    __atomic_store_n(turn, 0, __ATOMIC_RELEASE);
    futex(turn, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0);
  }
  return 0;
}
static void ping_pong(void) {
  pthread_t t;
  int turn = 0, n = 0;
  pthread_create(&t, 0, ping, &turn);
  for (; n < 500; n++) {
    int v;
    while ((v = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) != 0) futex(&turn, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, (unsigned)v, 0, 0, 0);
    __atomic_store_n(&turn, 1, __ATOMIC_RELEASE);
    futex(&turn, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0);
  }
  pthread_join(t, 0);
  EQ(n, 500);
}

// Real-time threads of one priority on one CPU take turns with SCHED_RR, also once they have run for long.
static volatile uint64_t rounds[2], seen_of_other[2];
static void *count_rounds(void *arg) {
  long me = (long)arg;
  uint64_t end = t_now() + 300 * MS;
  while (t_now() < end) rounds[me]++;
  seen_of_other[me] = rounds[!me];
  return 0;
}
static void real_time(void) {
  struct sched_param lowest = {.sched_priority = 1};
  pthread_attr_t a;
  cpu_set_t before, first;
  pthread_attr_init(&a);
  pthread_attr_setinheritsched(&a, PTHREAD_EXPLICIT_SCHED);
  pthread_attr_setschedpolicy(&a, SCHED_RR);
  pthread_attr_setschedparam(&a, &lowest);
  sched_getaffinity(0, sizeof before, &before);
  CPU_ZERO(&first);
  for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&first); i++)
    if (CPU_ISSET(i, &before)) CPU_SET(i, &first);
  sched_setaffinity(0, sizeof first, &first);
  pthread_t t[2];
  int error = 0;
  for (long i = 0; i < 2; i++) error |= pthread_create(&t[i], &a, count_rounds, (void *)i);
  sched_setaffinity(0, sizeof before, &before);
  pthread_attr_destroy(&a);
  if (error) {
    SKIP("not allowed here");
    return;
  }
  pthread_join(t[0], 0), pthread_join(t[1], 0);
  LEAST(rounds[0], 10);
  LEAST(rounds[1], 10);
  YES(seen_of_other[0] > 0 || seen_of_other[1] > 0);
}

MAIN(G(creation), G(many_at_once), G(identity), G(mutexes), G(conditions), G(locks), G(thread_local), G(cancellation),
     G(futex_waits), G(futex_wakes), G(futex_shared), G(futex_interrupted), G(robust), G(robust_raw), G(preemption),
     G(scheduling), G(turnover), G(ping_pong), G(real_time))
