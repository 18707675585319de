// A program of many threads: mutexes, conditions, rwlocks, barriers, semaphores, cancellation, thread-local
// data with destructors, threads that come and go. Checks its own sums; status 0 and a line where all is right.
//   threads [THREADS [ROUNDS]]
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 256, ACCOUNTS = 16, SLOTS = 8 };

static int threads = 64, rounds = 200;
#define NEED(condition)                                                                    \
  do {                                                                                     \
    if (!(condition)) printf("line %d: not %s (%s)\n", __LINE__, #condition, strerror(errno)), exit(1); \
  } while (0)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, account_lock[ACCOUNTS];
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t table_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_key_t key;
static sem_t permits;
static long accounts[ACCOUNTS], table[2], produced, consumed;
static int queue[SLOTS], used, passes;
static _Atomic int destroyed, inside, cleaned;
static _Thread_local long own;

static unsigned next(unsigned *seed) { return *seed = *seed * 1103515245 + 12345, *seed >> 16; }
static void destroy(void *value) { destroyed += value != 0; }

static void transfer(unsigned *seed) {
  unsigned a = next(seed) % ACCOUNTS, b = next(seed) % ACCOUNTS, amount = next(seed) % 100;
  if (a == b) return;
  pthread_mutex_lock(&account_lock[a < b ? a : b]);
  pthread_mutex_lock(&account_lock[a < b ? b : a]);
  accounts[a] -= amount, accounts[b] += amount;
  if (amount < 3) sched_yield();
  pthread_mutex_unlock(&account_lock[a]), pthread_mutex_unlock(&account_lock[b]);
}

static void *work(void *number) {
  unsigned seed = (unsigned)(intptr_t)number + 1;
  int even = (intptr_t)number % 2 == 0;
  pthread_setspecific(key, calloc(1, 16));
  for (int i = 0; i < rounds; i++) {
    transfer(&seed);
    // A queue of few places: half put, half take.
    pthread_mutex_lock(&lock);
    if (even) {
      while (used == SLOTS) pthread_cond_wait(&emptied, &lock);
      queue[used++] = i, produced += i;
      pthread_cond_signal(&filled);
    } else {
      while (!used) pthread_cond_wait(&filled, &lock);
      consumed += queue[--used];
      pthread_cond_signal(&emptied);
    }
    pthread_mutex_unlock(&lock);
    if (next(&seed) % 8) {
      pthread_rwlock_rdlock(&table_lock);
      NEED(table[0] == table[1]);
      pthread_rwlock_unlock(&table_lock);
    } else {
      pthread_rwlock_wrlock(&table_lock);
      table[0]++;
      if (i % 16 == 0) sched_yield();
      table[1]++;
      pthread_rwlock_unlock(&table_lock);
    }
    if (i % 10 == 0) {
      sem_wait(&permits);
      NEED(++inside <= 4);
      inside--;
      sem_post(&permits);
    }
    own++;
    if (i % 50 == 49 && pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) passes++;
  }
  NEED(own == rounds);
  free(pthread_getspecific(key));
  return number;
}

static void cleanup(void *unused) { (void)unused, cleaned++; }
static void *cancelled(void *how) {
  pthread_cleanup_push(cleanup, 0);
  if (how) pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, 0);
  if (how) for (;;) {}
  for (;;) pause();
  pthread_cleanup_pop(0);
  return 0;
}

static void *brief(void *number) {
  own = (intptr_t)number;
  char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  NEED(page != MAP_FAILED);
  *page = 1;
  munmap(page, 4096);
  return (void *)(intptr_t)own;
}

static _Atomic int signalled;
static void on_signal(int s) { (void)s, signalled++; }

int main(int argc, char **argv) {
  pthread_t all[MOST];
  void *result;
  if (argc > 1) threads = atoi(argv[1]);
  if (argc > 2) rounds = atoi(argv[2]) / 50 * 50;
  NEED(threads <= MOST && threads % 2 == 0 && rounds > 0);
  for (int i = 0; i < ACCOUNTS; i++) pthread_mutex_init(&account_lock[i], 0), accounts[i] = 1000;
  pthread_barrier_init(&barrier, 0, (unsigned)threads);
  pthread_key_create(&key, destroy);
  sem_init(&permits, 0, 4);
  for (intptr_t i = 0; i < threads; i++) NEED(!pthread_create(&all[i], 0, work, (void *)i));
  for (intptr_t i = 0; i < threads; i++) NEED(!pthread_join(all[i], &result) && result == (void *)i);
  long sum = 0;
  for (int i = 0; i < ACCOUNTS; i++) sum += accounts[i];
  NEED(sum == ACCOUNTS * 1000 && produced == consumed && !used && table[0] == table[1]);
  NEED(destroyed == threads && passes == rounds / 50 && !inside);
  for (int i = 0; i < 16; i++) NEED(!pthread_create(&all[i], 0, cancelled, (void *)(intptr_t)(i % 2)));
  usleep(20000);
  for (int i = 0; i < 16; i++) NEED(!pthread_cancel(all[i]));
  for (int i = 0; i < 16; i++) NEED(!pthread_join(all[i], &result) && result == PTHREAD_CANCELED);
  NEED(cleaned == 16);
  for (int batch = 0; batch < rounds / 10; batch++) {
    for (intptr_t i = 0; i < 16; i++) NEED(!pthread_create(&all[i], 0, brief, (void *)i));
    for (intptr_t i = 0; i < 16; i++) NEED(!pthread_join(all[i], &result) && result == (void *)i);
  }
  // Signals to threads while they wait.
  signal(SIGUSR1, on_signal);
  for (int i = 0; i < 8; i++) NEED(!pthread_create(&all[i], 0, cancelled, 0));
  for (int n = 0; n < 50; n++) {
    int before = signalled;
    NEED(!pthread_kill(all[n % 8], SIGUSR1));
    while (signalled == before) sched_yield();
  }
  for (int i = 0; i < 8; i++) NEED(!pthread_cancel(all[i]) && !pthread_join(all[i], &result));
  printf("%d threads, %d rounds: right\n", threads, rounds);
  return 0;
}
