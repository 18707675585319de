// System V shared memory, semaphores and message queues; POSIX message queues, shared memory and
// semaphores.
#include "t.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <mqueue.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>

#define PAGE 4096
#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif
#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY 20
#endif
#ifndef MSG_COPY
#define MSG_COPY 040000
#endif
#ifndef MSG_EXCEPT
#define MSG_EXCEPT 020000
#endif
#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY 13
#endif
#define NOBODY 65534

union semun {
  int val;
  struct semid_ds *buf;
  unsigned short *array;
  struct seminfo *info;
};

static key_t some_key(void) {
  static int n;
  return (key_t)(0x5a000000 + (getpid() & 0xffff) * 64 + ++n);
}

// The exit status of a child that ran f; -1 where it was killed.
static int in_child(int (*f)(void *), void *arg) {
  int status;
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) _exit(f(arg));
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return -2;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Whether a table of /proc/sysvipc has a line with this id in its second column.
static int listed(const char *table, int id, char *line, size_t room) {
  char path[64];
  snprintf(path, sizeof path, "/proc/sysvipc/%s", table);
  const char *at = t_slurp(path);
  while ((at = strchr(at, '\n')) && *++at) {
    int key, found;
    if (sscanf(at, "%d %d", &key, &found) == 2 && found == id) {
      size_t n = strcspn(at, "\n");
      if (n >= room) n = room - 1;
      memcpy(line, at, n), line[n] = 0;
      return 1;
    }
  }
  return 0;
}

static long attached(int id) {
  struct shmid_ds ds;
  return shmctl(id, IPC_STAT, &ds) ? -1 : (long)ds.shm_nattch;
}

static void shm_get(void) {
  struct shmid_ds ds, ds2;
  key_t key = some_key();
  FAIL(shmget(key, 100, 0600), ENOENT);
  FAIL(shmget(key, 0, IPC_CREAT | 0600), EINVAL);
  int id = GOOD(shmget(key, 100, IPC_CREAT | IPC_EXCL | 0640));
  EQ(shmget(key, 100, 0600), id);
  EQ(shmget(key, 0, 0), id);
  EQ(shmget(key, 50, IPC_CREAT | 0600), id);
  FAIL(shmget(key, 101, 0600), EINVAL);
  FAIL(shmget(key, 100, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
  time_t now = time(0);
  EQ(shmctl(id, IPC_STAT, &ds), 0);
  EQ(ds.shm_segsz, 100);
  EQ(ds.shm_perm.__key, key);
  EQ(ds.shm_perm.mode, 0640);
  EQ(ds.shm_perm.uid, geteuid());
  EQ(ds.shm_perm.cgid, getegid());
  EQ(ds.shm_cpid, getpid());
  EQ(ds.shm_lpid, 0);
  EQ(ds.shm_nattch, 0);
  EQ(ds.shm_atime, 0);
  EQ(ds.shm_dtime, 0);
  YES(ds.shm_ctime >= now - 2 && ds.shm_ctime <= now + 1);
  ds.shm_perm.mode = 0604;
  EQ(shmctl(id, IPC_SET, &ds), 0);
  EQ(shmctl(id, IPC_STAT, &ds2), 0);
  EQ(ds2.shm_perm.mode, 0604);
  FAIL(shmctl(id, 99, &ds), EINVAL);
  FAIL(shmctl(-1, IPC_STAT, &ds), EINVAL);
  FAIL(syscall(SYS_shmctl, id, IPC_STAT, (void *)8), EFAULT);
  FAIL(syscall(SYS_shmctl, id, IPC_SET, (void *)8), EFAULT);
  EQ(shmctl(id, SHM_LOCK, 0), 0);
  EQ(shmctl(id, IPC_STAT, &ds), 0);
  EQ(ds.shm_perm.mode, 02604);
  EQ(shmctl(id, SHM_UNLOCK, 0), 0);
  struct shm_info info;
  LEAST(shmctl(0, SHM_INFO, (void *)&info), 0);
  LEAST(info.used_ids, 1);
  LEAST(info.shm_tot, 1);
  struct shminfo limits;
  LEAST(shmctl(0, IPC_INFO, (void *)&limits), 0);
  EQ(limits.shmmin, 1);
  EQ(limits.shmmni, 4096);
  EQ(limits.shmseg, 4096);
  int highest = shmctl(0, SHM_INFO, (void *)&info), found = 0;
  for (int i = 0; i <= highest; i++) found |= shmctl(i, SHM_STAT, &ds) == id && ds.shm_segsz == 100;
  EQ(found, 1);
  for (int i = found = 0; i <= highest; i++) found |= shmctl(i, SHM_STAT_ANY, &ds) == id;
  EQ(found, 1);
  char line[512], want[512];
  EQ(listed("shm", id, line, sizeof line), 1);
  snprintf(want, sizeof want, "%10d %10d   604 %21d %5d %5d  %5d ", key, id, 100, getpid(), 0, 0);
  EQ(strncmp(line, want, strlen(want)), 0);
  EQ(shmctl(id, IPC_RMID, 0), 0);
  FAIL(shmctl(id, IPC_STAT, &ds), EINVAL);
  FAIL(shmctl(id, IPC_RMID, 0), EINVAL);
  FAIL(shmget(key, 100, 0600), ENOENT);
  EQ(listed("shm", id, line, sizeof line), 0);
  int a = GOOD(shmget(IPC_PRIVATE, 1, 0600)), b = GOOD(shmget(IPC_PRIVATE, 1, 0600));
  YES(a != b);
  shmctl(a, IPC_RMID, 0), shmctl(b, IPC_RMID, 0);
  FAIL(shmget(IPC_PRIVATE, (size_t)-1, 0600), EINVAL);
  YES(strstr(t_slurp("/proc/sysvipc/shm"), "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n") == t_slurp("/proc/sysvipc/shm"));
}

static void shm_attach(void) {
  struct shmid_ds ds;
  int id = GOOD(shmget(IPC_PRIVATE, 3 * PAGE - 10, 0600));
  FAIL((long)shmat(id, (void *)(PAGE + 1), 0), EINVAL);
  FAIL((long)shmat(-1, 0, 0), EINVAL);
  FAIL((long)shmat(id, 0, SHM_REMAP), EINVAL);
  FAIL((long)shmat(id, (void *)10, SHM_RND | SHM_REMAP), EINVAL);
  FAIL(shmdt((void *)(PAGE + 1)), EINVAL);
  FAIL(shmdt((void *)(64 * PAGE)), EINVAL);
  char *p = shmat(id, 0, 0);
  YES(p != (void *)-1 && !((uintptr_t)p & (PAGE - 1)));
  EQ(p[0], 0);
  EQ(p[3 * PAGE - 1], 0);
  strcpy(p, "shared");
  strcpy(p + 2 * PAGE, "third");
  char *q = shmat(id, 0, SHM_RDONLY);
  YES(q != (void *)-1 && q != p);
  TEXT(q, "shared");
  EQ(attached(id), 2);
  FAIL(mprotect(q, PAGE, PROT_READ | PROT_WRITE), EACCES);
  EQ(shmctl(id, IPC_STAT, &ds), 0);
  EQ(ds.shm_lpid, getpid());
  YES(ds.shm_atime >= ds.shm_ctime);
  FAIL((long)shmat(id, p, 0), EINVAL);
  FAIL((long)shmat(id, p + 3 * PAGE - PAGE, 0), EINVAL);
  EQ((long)shmat(id, q + 5, SHM_RND | SHM_REMAP), (long)q);
  EQ(attached(id), 2);
  q[1] = 'H';
  EQ(p[1], 'H');
  // The name in the list of mappings.
  char want[64], key[32];
  snprintf(want, sizeof want, "%08lx-%08lx rw-s 00000000 ", (long)p, (long)p + 3 * PAGE);
  const char *maps = t_slurp("/proc/self/maps"), *at = strstr(maps, want);
  YES(at != 0);
  if (at) {
    char dev[16], name[64];
    unsigned long ino;
    EQ(sscanf(at + strlen(want), "%15s %lu %63[^\n]", dev, &ino, name), 3);
    EQ(ino, id);
    TEXT(name, "/SYSV00000000 (deleted)");
  }
  // Parts count on their own.
  EQ(munmap(p + PAGE, PAGE), 0);
  EQ(attached(id), 3);
  EQ(mprotect(q, PAGE, PROT_READ), 0);
  EQ(attached(id), 4);
  // They stay apart.
  EQ(mprotect(q, PAGE, PROT_READ | PROT_WRITE), 0);
  EQ(attached(id), 4);
  FAIL(shmdt(p + 2 * PAGE), EINVAL);
  EQ(shmdt(p), 0);
  EQ(attached(id), 2);
  FAIL(shmdt(p), EINVAL);
  EQ(shmctl(id, IPC_STAT, &ds), 0);
  YES(ds.shm_dtime >= ds.shm_ctime);
  // Removed while attached.
  EQ(shmctl(id, IPC_RMID, 0), 0);
  EQ(shmctl(id, IPC_STAT, &ds), 0);
  EQ(ds.shm_perm.mode, 01600);
  EQ(ds.shm_perm.__key, 0);
  p = shmat(id, 0, 0);
  YES(p != (void *)-1);
  TEXT(p + 2 * PAGE, "third");
  EQ(shmdt(q), 0);
  EQ(shmctl(id, IPC_RMID, 0), 0);
  EQ(attached(id), 1);
  EQ(shmdt(p), 0);
  FAIL(shmctl(id, IPC_STAT, &ds), EINVAL);
  // By a key: shown with it; exactly at an address; for running what is in it.
  key_t k = some_key();
  id = GOOD(shmget(k, PAGE, IPC_CREAT | 0700));
  void *place = mmap(0, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(place, 4 * PAGE);
  EQ((long)shmat(id, place, SHM_EXEC), (long)place);
  snprintf(key, sizeof key, "/SYSV%08x", k);
  YES(strstr(t_slurp("/proc/self/maps"), key) != 0);
  snprintf(want, sizeof want, "%08lx-%08lx rwxs ", (long)place, (long)place + PAGE);
  YES(strstr(t_slurp("/proc/self/maps"), want) != 0);
  EQ(munmap(place, PAGE), 0);
  EQ(attached(id), 0);
  EQ(shmctl(id, IPC_RMID, 0), 0);
}

struct shm_case { int id; char *p; };
static int shm_child(void *arg) {
  struct shm_case *c = arg;
  if (attached(c->id) != 2) return 1;
  struct shmid_ds ds;
  shmctl(c->id, IPC_STAT, &ds);
  if (ds.shm_lpid != getppid()) return 2;
  if (strcmp(c->p, "parent")) return 3;
  strcpy(c->p, "child");
  if (shmdt(c->p)) return 4;
  if (attached(c->id) != 1) return 5;
  char *q = shmat(c->id, 0, 0);
  if (strcmp(q, "child") || attached(c->id) != 2) return 6;
  return 0;
}
static int shm_user(void *arg) {
  struct shm_case *c = arg;
  struct shmid_ds ds;
  if (setgid(NOBODY) || setuid(NOBODY)) return 1;
  if (shmat(c->id, 0, 0) != (void *)-1 || errno != EACCES) return 2;
  if (shmat(c->id, 0, SHM_RDONLY) == (void *)-1) return 3;
  if (shmctl(c->id, IPC_STAT, &ds)) return 4;
  if (shmctl(c->id, IPC_RMID, 0) != -1 || errno != EPERM) return 5;
  if (shmctl(c->id, IPC_SET, &ds) != -1 || errno != EPERM) return 6;
  if (shmget(ds.shm_perm.__key, 0, 0444) != c->id) return 7;
  if (shmget(ds.shm_perm.__key, 0, 0666) != -1 || errno != EACCES) return 8;
  return 0;
}
static void shm_processes(void) {
  struct shm_case c;
  c.id = GOOD(shmget(some_key(), PAGE, IPC_CREAT | 0604));
  c.p = shmat(c.id, 0, 0);
  strcpy(c.p, "parent");
  EQ(in_child(shm_child, &c), 0);
  EQ(attached(c.id), 1);
  TEXT(c.p, "child");
  if (geteuid() == 0) EQ(in_child(shm_user, &c), 0);
  EQ(attached(c.id), 1);
  EQ(shmctl(c.id, IPC_RMID, 0), 0);
  EQ(in_child(shm_child, &c), 3);
  strcpy(c.p, "parent");
  EQ(in_child(shm_child, &c), 0);
  EQ(shmdt(c.p), 0);
  EQ(attached(c.id), -1);
}

static int do_sem(int id, int num, int op, int flags) {
  struct sembuf b = {(unsigned short)num, (short)op, (short)flags};
  return semop(id, &b, 1);
}
static int sem_value(int id, int num) { return semctl(id, num, GETVAL); }

static void sem_basics(void) {
  struct semid_ds ds;
  union semun u = {.buf = &ds};
  key_t key = some_key();
  FAIL(semget(key, 3, 0600), ENOENT);
  FAIL(semget(key, 0, IPC_CREAT | 0600), EINVAL);
  FAIL(semget(key, -1, IPC_CREAT | 0600), EINVAL);
  FAIL(semget(key, 32001, IPC_CREAT | 0600), EINVAL);
  int id = GOOD(semget(key, 3, IPC_CREAT | IPC_EXCL | 0600));
  EQ(semget(key, 0, 0), id);
  EQ(semget(key, 3, IPC_CREAT), id);
  FAIL(semget(key, 4, 0), EINVAL);
  FAIL(semget(key, 3, IPC_CREAT | IPC_EXCL), EEXIST);
  EQ(semctl(id, 0, IPC_STAT, u), 0);
  EQ(ds.sem_nsems, 3);
  EQ(ds.sem_otime, 0);
  YES(ds.sem_ctime != 0);
  EQ(ds.sem_perm.mode, 0600);
  u.val = 7;
  EQ(semctl(id, 1, SETVAL, u), 0);
  EQ(sem_value(id, 1), 7);
  EQ(semctl(id, 1, GETPID), getpid());
  EQ(semctl(id, 0, GETPID), 0);
  u.val = 32768;
  FAIL(semctl(id, 1, SETVAL, u), ERANGE);
  u.val = -1;
  FAIL(semctl(id, 1, SETVAL, u), ERANGE);
  FAIL(semctl(id, 3, GETVAL), EINVAL);
  FAIL(semctl(id, -1, GETVAL), EINVAL);
  FAIL(semctl(id, 0, 77), EINVAL);
  FAIL(semctl(-1, 0, GETVAL), EINVAL);
  unsigned short values[3] = {1, 2, 3}, got[3];
  u.array = values;
  EQ(semctl(id, 0, SETALL, u), 0);
  u.array = got;
  EQ(semctl(id, 0, GETALL, u), 0);
  SAME(got, values, sizeof got);
  values[2] = 40000, u.array = values;
  FAIL(semctl(id, 0, SETALL, u), ERANGE);
  u.array = (void *)8;
  FAIL(semctl(id, 0, GETALL, u), EFAULT);
  FAIL(semctl(id, 0, SETALL, u), EFAULT);
  EQ(do_sem(id, 0, -1, 0), 0);
  EQ(sem_value(id, 0), 0);
  EQ(semctl(id, 0, GETPID), getpid());
  EQ(do_sem(id, 0, 0, IPC_NOWAIT), 0);
  FAIL(do_sem(id, 0, -1, IPC_NOWAIT), EAGAIN);
  FAIL(do_sem(id, 1, 0, IPC_NOWAIT), EAGAIN);
  FAIL(do_sem(id, 1, 32767, 0), ERANGE);
  FAIL(do_sem(id, 3, 1, 0), EFBIG);
  FAIL(semop(id, (void *)8, 1), EFAULT);
  FAIL(semop(-1, (void *)8, 1), EFAULT);
  struct sembuf many[501] = {{0, 0, 0}};
  FAIL(semop(-1, many, 1), EINVAL);
  FAIL(semop(id, many, 0), EINVAL);
  FAIL(semop(id, many, 501), E2BIG);
  EQ(semop(id, many, 500), 0);
  // All or nothing.
  struct sembuf two[2] = {{1, -2, 0}, {0, -1, IPC_NOWAIT}};
  FAIL(semop(id, two, 2), EAGAIN);
  EQ(sem_value(id, 1), 2);
  struct sembuf move[3] = {{1, -2, 0}, {0, 2, 0}, {1, 0, 0}};
  EQ(semop(id, move, 3), 0);
  EQ(sem_value(id, 0), 2);
  u.buf = &ds;
  EQ(semctl(id, 0, IPC_STAT, u), 0);
  YES(ds.sem_otime >= ds.sem_ctime - 1 && ds.sem_otime != 0);
  ds.sem_perm.mode = 0606;
  EQ(semctl(id, 0, IPC_SET, u), 0);
  char line[256], want[256];
  EQ(listed("sem", id, line, sizeof line), 1);
  snprintf(want, sizeof want, "%10d %10d   606 %10d ", key, id, 3);
  EQ(strncmp(line, want, strlen(want)), 0);
  struct seminfo info;
  u.info = &info;
  int highest = GOOD(semctl(0, 0, SEM_INFO, u)), found = 0;
  LEAST(info.semusz, 1);
  LEAST(info.semaem, 3);
  GOOD(semctl(0, 0, IPC_INFO, u));
  EQ(info.semmni, 32000);
  EQ(info.semmsl, 32000);
  EQ(info.semopm, 500);
  EQ(info.semvmx, 32767);
  EQ(info.semaem, 32767);
  EQ(info.semmns, 1024000000);
  u.buf = &ds;
  for (int i = 0; i <= highest; i++) found |= semctl(i, 0, SEM_STAT, u) == id;
  EQ(found, 1);
  for (int i = found = 0; i <= highest; i++) found |= semctl(i, 0, SEM_STAT_ANY, u) == id;
  EQ(found, 1);
  EQ(semctl(id, 0, IPC_RMID), 0);
  FAIL(do_sem(id, 0, 0, 0), EINVAL);
  FAIL(semctl(id, 0, GETVAL), EINVAL);
  TEXT(t_slurp("/proc/sys/kernel/sem"), "32000\t1024000000\t500\t32000\n");
}

struct sem_case { int id, num, op, result, error; struct sembuf ops[3]; int count; volatile int done; };
static void *sem_thread(void *arg) {
  struct sem_case *c = arg;
  c->result = semop(c->id, c->ops, (size_t)c->count);
  c->error = errno;
  c->done = 1;
  return 0;
}
static pthread_t sem_start(struct sem_case *c, int id, int num, int op) {
  pthread_t t;
  *c = (struct sem_case){.id = id, .ops = {{(unsigned short)num, (short)op, 0}}, .count = 1};
  pthread_create(&t, 0, sem_thread, c);
  return t;
}
static void on_signal(int sig) {}

static void sem_waiting(void) {
  struct sem_case a, b;
  int id = GOOD(semget(IPC_PRIVATE, 2, 0600));
  struct timespec t = {0, 30 * (long)MS};
  struct sembuf down = {0, -1, 0};
  uint64_t start = t_now();
  FAIL(semtimedop(id, &down, 1, &t), EAGAIN);
  LEAST(t_now() - start, 30 * MS);
  t.tv_nsec = 1000000000;
  FAIL(semtimedop(id, &down, 1, &t), EINVAL);
  t.tv_sec = -1, t.tv_nsec = 0;
  FAIL(semtimedop(id, &down, 1, &t), EINVAL);
  FAIL(semtimedop(id, &down, 1, (void *)8), EFAULT);
  t.tv_sec = 0;
  FAIL(semtimedop(id, &down, 1, &t), EAGAIN);
  // Who waits, and for what.
  pthread_t ta = sem_start(&a, id, 0, -2);
  YES(UNTIL(semctl(id, 0, GETNCNT) == 1));
  pthread_t tb = sem_start(&b, id, 0, -1);
  YES(UNTIL(semctl(id, 0, GETNCNT) == 2));
  EQ(semctl(id, 0, GETZCNT), 0);
  EQ(do_sem(id, 0, 1, 0), 0);
  pthread_join(tb, 0);
  EQ(b.result, 0);
  EQ(a.done, 0);
  EQ(do_sem(id, 0, 2, 0), 0);
  pthread_join(ta, 0);
  EQ(a.result, 0);
  EQ(sem_value(id, 0), 0);
  // Waiting for zero.
  EQ(do_sem(id, 1, 2, 0), 0);
  ta = sem_start(&a, id, 1, 0);
  YES(UNTIL(semctl(id, 1, GETZCNT) == 1));
  EQ(do_sem(id, 1, -1, 0), 0);
  t_sleep_ms(5);
  EQ(a.done, 0);
  EQ(do_sem(id, 1, -1, 0), 0);
  pthread_join(ta, 0);
  EQ(a.result, 0);
  // Several at once; the one that frees another.
  pthread_t t1, t2;
  a = (struct sem_case){.id = id, .ops = {{0, -1, 0}, {1, 1, 0}}, .count = 2};
  b = (struct sem_case){.id = id, .ops = {{1, -1, 0}}, .count = 1};
  pthread_create(&t2, 0, sem_thread, &b);
  YES(UNTIL(semctl(id, 1, GETNCNT) == 1));
  pthread_create(&t1, 0, sem_thread, &a);
  YES(UNTIL(semctl(id, 0, GETNCNT) == 1));
  union semun u = {.val = 1};
  EQ(semctl(id, 0, SETVAL, u), 0);
  pthread_join(t1, 0), pthread_join(t2, 0);
  EQ(a.result, 0);
  EQ(b.result, 0);
  EQ(sem_value(id, 0) + sem_value(id, 1), 0);
  // A signal always ends it.
  struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &act, 0);
  ta = sem_start(&a, id, 0, -1);
  YES(UNTIL(semctl(id, 0, GETNCNT) == 1));
  pthread_kill(ta, SIGUSR1);
  pthread_join(ta, 0);
  EQ(a.result, -1);
  EQ(a.error, EINTR);
  EQ(semctl(id, 0, GETNCNT), 0);
  // The set goes.
  ta = sem_start(&a, id, 0, -1);
  tb = sem_start(&b, id, 1, -1);
  YES(UNTIL(semctl(id, 0, GETNCNT) == 1 && semctl(id, 1, GETNCNT) == 1));
  EQ(semctl(id, 0, IPC_RMID), 0);
  pthread_join(ta, 0), pthread_join(tb, 0);
  EQ(a.error, EIDRM);
  EQ(b.error, EIDRM);
}

static int undo_child(void *arg) {
  int id = *(int *)arg;
  if (do_sem(id, 0, 3, SEM_UNDO) || do_sem(id, 1, -2, SEM_UNDO)) return 1;
  if (do_sem(id, 0, -1, SEM_UNDO)) return 2;
  return sem_value(id, 0) == 12 && sem_value(id, 1) == 3 ? 0 : 3;
}
static int inherit_child(void *arg) {
  // What the parent has to undo is not the child's.
  return sem_value(*(int *)arg, 0) == 15 ? 0 : 1;
}
static int kill_child(void *arg) {
  int id = *(int *)arg;
  do_sem(id, 1, -1, SEM_UNDO);
  do_sem(id, 0, -10, SEM_UNDO);
  raise(SIGKILL);
  return 0;
}
static int reset_child(void *arg) {
  int id = *(int *)arg;
  do_sem(id, 0, 5, SEM_UNDO);
  union semun u = {.val = 2};
  semctl(id, 0, SETVAL, u);
  return 0;
}
static void *undo_thread(void *arg) {
  do_sem(*(int *)arg, 0, 5, SEM_UNDO);
  return 0;
}
static int user_child(void *arg) {
  int id = *(int *)arg;
  union semun u = {.val = 1};
  if (setgid(NOBODY) || setuid(NOBODY)) return 1;
  if (sem_value(id, 0) < 0) return 2;
  if (do_sem(id, 0, 1, 0) != -1 || errno != EACCES) return 3;
  if (semctl(id, 0, SETVAL, u) != -1 || errno != EACCES) return 4;
  if (semctl(id, 0, IPC_RMID) != -1 || errno != EPERM) return 5;
  if (do_sem(id, 0, 0, IPC_NOWAIT) != -1 || errno != EAGAIN) return 6;
  return 0;
}
static void sem_undo(void) {
  int id = GOOD(semget(IPC_PRIVATE, 2, 0604));
  unsigned short values[2] = {10, 5};
  union semun u = {.array = values};
  EQ(semctl(id, 0, SETALL, u), 0);
  EQ(in_child(undo_child, &id), 0);
  EQ(sem_value(id, 0), 10);
  EQ(sem_value(id, 1), 5);
  EQ(in_child(kill_child, &id), -1);
  EQ(sem_value(id, 0), 10);
  EQ(sem_value(id, 1), 5);
  EQ(in_child(reset_child, &id), 0);
  EQ(sem_value(id, 0), 2);
  EQ(semctl(id, 0, SETALL, u), 0);
  // Threads share what is to be undone, and their end undoes nothing.
  pthread_t t;
  pthread_create(&t, 0, undo_thread, &id);
  pthread_join(t, 0);
  EQ(sem_value(id, 0), 15);
  EQ(in_child(inherit_child, &id), 0);
  EQ(sem_value(id, 0), 15);
  FAIL(do_sem(id, 0, 32768 - 15, SEM_UNDO), ERANGE);
  // Somebody who waits gets what a child's end gives back.
  struct sem_case a;
  u.val = 0;
  EQ(semctl(id, 1, SETVAL, u), 0);
  EQ(semctl(id, 0, SETVAL, (union semun){.val = 10}), 0);
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    do_sem(id, 0, -10, SEM_UNDO);
    do_sem(id, 1, -1, 0);
    _exit(0);
  }
  YES(UNTIL(semctl(id, 1, GETNCNT) == 1));
  pthread_t ta = sem_start(&a, id, 0, -4);
  YES(UNTIL(semctl(id, 0, GETNCNT) == 1));
  EQ(do_sem(id, 1, 1, 0), 0);
  pthread_join(ta, 0);
  EQ(a.result, 0);
  EQ(waitpid(pid, 0, 0), pid);
  EQ(sem_value(id, 0), 6);
  EQ(semctl(id, 0, GETPID), getpid());
  if (geteuid() == 0) EQ(in_child(user_child, &id), 0);
  EQ(semctl(id, 0, IPC_RMID), 0);
}

struct text { long type; char text[9000]; };

static int send_text(int id, long type, const char *text, int flags) {
  struct text m = {.type = type};
  strcpy(m.text, text);
  return msgsnd(id, &m, strlen(text), flags);
}
// What was received, or the name of the error.
static const char *take_text(int id, long type, int flags) {
  static struct text m;
  memset(&m, 0, sizeof m);
  ssize_t n = msgrcv(id, &m, 20, type, flags);
  if (n >= 0) return m.text[n] = 0, m.text;
  return errno == ENOMSG ? "ENOMSG" : errno == E2BIG ? "E2BIG" : errno == EINVAL ? "EINVAL" : errno == EIDRM ? "EIDRM" : "?";
}

static void msg_basics(void) {
  struct msqid_ds ds;
  struct text m = {.type = 1};
  key_t key = some_key();
  FAIL(msgget(key, 0600), ENOENT);
  int id = GOOD(msgget(key, IPC_CREAT | IPC_EXCL | 0600));
  EQ(msgget(key, 0), id);
  FAIL(msgget(key, IPC_CREAT | IPC_EXCL), EEXIST);
  EQ(msgctl(id, IPC_STAT, &ds), 0);
  EQ(ds.msg_qbytes, 16384);
  EQ(ds.msg_qnum, 0);
  EQ(ds.msg_stime, 0);
  EQ(ds.msg_lspid, 0);
  EQ(ds.msg_perm.mode, 0600);
  FAIL(send_text(id, 0, "x", 0), EINVAL);
  FAIL(send_text(id, -1, "x", 0), EINVAL);
  FAIL(msgsnd(id, &m, 8193, 0), EINVAL);
  FAIL(msgsnd(-1, &m, 1, 0), EINVAL);
  FAIL(msgsnd(id, (void *)8, 1, 0), EFAULT);
  FAIL(msgrcv(id, &m, (size_t)-1, 0, IPC_NOWAIT), EINVAL);
  TEXT(take_text(id, 0, IPC_NOWAIT), "ENOMSG");
  EQ(send_text(id, 5, "five", 0), 0);
  EQ(send_text(id, 3, "three", 0), 0);
  EQ(send_text(id, 7, "seven", 0), 0);
  EQ(send_text(id, 3, "three again", 0), 0);
  EQ(send_text(id, 2, "", 0), 0);
  EQ(msgctl(id, IPC_STAT, &ds), 0);
  EQ(ds.msg_qnum, 5);
  EQ(ds.msg_cbytes, 25);
  EQ(ds.msg_lspid, getpid());
  YES(ds.msg_stime != 0 && ds.msg_rtime == 0);
  char line[256], want[256];
  EQ(listed("msg", id, line, sizeof line), 1);
  snprintf(want, sizeof want, "%10d %10d   600  %10d %10d %5d %5d ", key, id, 25, 5, getpid(), 0);
  EQ(strncmp(line, want, strlen(want)), 0);
  int copies = msgrcv(id, &m, 100, 1, IPC_NOWAIT | MSG_COPY) == 5;
  if (copies) {
    EQ(m.type, 3);
    FAIL(msgrcv(id, &m, 100, 9, IPC_NOWAIT | MSG_COPY), ENOMSG);
    FAIL(msgrcv(id, &m, 100, 1, MSG_COPY), EINVAL);
    FAIL(msgrcv(id, &m, 100, 1, IPC_NOWAIT | MSG_COPY | MSG_EXCEPT), EINVAL);
    FAIL(msgrcv(id, &m, 2, 1, IPC_NOWAIT | MSG_COPY), E2BIG);
  }
  TEXT(take_text(id, 3, 0), "three");
  TEXT(take_text(id, 5, MSG_EXCEPT), "seven");
  TEXT(take_text(id, -4, 0), "");
  TEXT(take_text(id, -2, IPC_NOWAIT), "ENOMSG");
  TEXT(take_text(id, 9, IPC_NOWAIT), "ENOMSG");
  TEXT(take_text(id, -9, 0), "three again");
  TEXT(take_text(id, 0, 0), "five");
  EQ(msgctl(id, IPC_STAT, &ds), 0);
  EQ(ds.msg_qnum, 0);
  EQ(ds.msg_cbytes, 0);
  EQ(ds.msg_lrpid, getpid());
  YES(ds.msg_rtime != 0);
  EQ(send_text(id, 1, "a text that is longer than twenty", 0), 0);
  TEXT(take_text(id, 0, IPC_NOWAIT), "E2BIG");
  EQ(msgrcv(id, &m, 0, 0, MSG_NOERROR), 0);
  TEXT(take_text(id, 0, IPC_NOWAIT), "ENOMSG");
  // The queue fills up: bytes, and empty messages.
  EQ(msgsnd(id, &m, 8192, IPC_NOWAIT), 0);
  EQ(msgsnd(id, &m, 8192, IPC_NOWAIT), 0);
  FAIL(msgsnd(id, &m, 1, IPC_NOWAIT), EAGAIN);
  EQ(msgsnd(id, &m, 0, IPC_NOWAIT), 0);
  EQ(msgrcv(id, &m, 9000, 0, 0), 8192);
  EQ(msgctl(id, IPC_STAT, &ds), 0);
  ds.msg_qbytes = 3;
  ds.msg_perm.mode = 0666;
  EQ(msgctl(id, IPC_SET, &ds), 0);
  FAIL(msgsnd(id, &m, 1, IPC_NOWAIT), EAGAIN);
  EQ(msgrcv(id, &m, 9000, 0, 0), 8192);
  EQ(msgsnd(id, &m, 0, IPC_NOWAIT), 0);
  EQ(msgsnd(id, &m, 3, IPC_NOWAIT), 0);
  FAIL(msgsnd(id, &m, 0, IPC_NOWAIT), EAGAIN);
  struct msginfo info;
  int highest = GOOD(msgctl(0, MSG_INFO, (void *)&info)), found = 0;
  LEAST(info.msgpool, 1);
  LEAST(info.msgmap, 3);
  LEAST(info.msgtql, 3);
  GOOD(msgctl(0, IPC_INFO, (void *)&info));
  EQ(info.msgmax, 8192);
  EQ(info.msgmnb, 16384);
  EQ(info.msgmni, 32000);
  EQ(info.msgpool, 512000);
  EQ(info.msgmap, 16384);
  EQ(info.msgssz, 16);
  EQ(info.msgtql, 16384);
  EQ(info.msgseg, 0xffff);
  for (int i = 0; i <= highest; i++) found |= msgctl(i, MSG_STAT, &ds) == id && ds.msg_qnum == 3;
  EQ(found, 1);
  for (int i = found = 0; i <= highest; i++) found |= msgctl(i, MSG_STAT_ANY, &ds) == id;
  EQ(found, 1);
  FAIL(msgctl(id, 55, &ds), EINVAL);
  EQ(msgctl(id, IPC_RMID, 0), 0);
  FAIL(msgctl(id, IPC_RMID, 0), EINVAL);
  FAIL(msgsnd(id, &m, 0, 0), EINVAL);
  FAIL(msgrcv(id, &m, 0, 0, 0), EINVAL);
}

struct msg_case { int id; long type; size_t size; int flags, error, done; ssize_t result; struct text m; };
static void *receive_thread(void *arg) {
  struct msg_case *c = arg;
  c->result = msgrcv(c->id, &c->m, c->size, c->type, c->flags);
  c->error = errno;
  return c->done = 1, (void *)0;
}
static void *send_thread(void *arg) {
  struct msg_case *c = arg;
  c->m.type = c->type;
  c->result = msgsnd(c->id, &c->m, c->size, c->flags);
  c->error = errno;
  return c->done = 1, (void *)0;
}
static int msg_child(void *arg) {
  struct text m;
  int id = *(int *)arg;
  if (msgrcv(id, &m, 100, 4, 0) != 2) return 1;
  m.type = 6;
  return msgsnd(id, &m, 2, 0) ? 2 : 0;
}

static void msg_waiting(void) {
  static struct msg_case a, b;
  pthread_t t, t2;
  struct text m = {.type = 1};
  int id = GOOD(msgget(IPC_PRIVATE, 0600));
  a = (struct msg_case){.id = id, .type = 2, .size = 100};
  b = (struct msg_case){.id = id, .type = 0, .size = 1};
  pthread_create(&t, 0, receive_thread, &a);
  t_sleep_ms(10);
  EQ(send_text(id, 1, "one", 0), 0);
  t_sleep_ms(10);
  EQ(a.done, 0);
  EQ(send_text(id, 2, "two", 0), 0);
  pthread_join(t, 0);
  EQ(a.result, 3);
  SAME(a.m.text, "two", 3);
  TEXT(take_text(id, 0, 0), "one");
  // Too long for who waits: it hears of that, and the message stays.
  pthread_create(&t, 0, receive_thread, &b);
  t_sleep_ms(20);
  EQ(send_text(id, 1, "long", 0), 0);
  pthread_join(t, 0);
  EQ(b.result, -1);
  EQ(b.error, E2BIG);
  TEXT(take_text(id, 0, IPC_NOWAIT), "long");
  // Waiting for room.
  EQ(msgsnd(id, &m, 8192, 0), 0);
  EQ(msgsnd(id, &m, 8000, 0), 0);
  a = (struct msg_case){.id = id, .type = 9, .size = 500};
  pthread_create(&t, 0, send_thread, &a);
  t_sleep_ms(20);
  EQ(a.done, 0);
  EQ(msgrcv(id, &m, 9000, 0, 0), 8192);
  pthread_join(t, 0);
  EQ(a.result, 0);
  EQ(msgrcv(id, &m, 9000, 9, 0), 500);
  EQ(msgrcv(id, &m, 9000, 0, 0), 8000);
  // Signals end both.
  struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &act, 0);
  a = (struct msg_case){.id = id, .size = 1};
  pthread_create(&t, 0, receive_thread, &a);
  t_sleep_ms(20);
  pthread_kill(t, SIGUSR1);
  pthread_join(t, 0);
  EQ(a.error, EINTR);
  m.type = 1;
  EQ(msgsnd(id, &m, 8192, 0), 0);
  EQ(msgsnd(id, &m, 8192, 0), 0);
  a = (struct msg_case){.id = id, .type = 1, .size = 1};
  pthread_create(&t, 0, send_thread, &a);
  t_sleep_ms(20);
  pthread_kill(t, SIGUSR1);
  pthread_join(t, 0);
  EQ(a.error, EINTR);
  // The queue goes.
  b = (struct msg_case){.id = id, .type = 5, .size = 1};
  pthread_create(&t, 0, send_thread, &a);
  pthread_create(&t2, 0, receive_thread, &b);
  t_sleep_ms(20);
  EQ(msgctl(id, IPC_RMID, 0), 0);
  pthread_join(t, 0), pthread_join(t2, 0);
  EQ(a.error, EIDRM);
  EQ(b.error, EIDRM);
  id = GOOD(msgget(IPC_PRIVATE, 0600));
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) _exit(msg_child(&id));
  EQ(send_text(id, 4, "ab", 0), 0);
  TEXT(take_text(id, 6, 0), "ab");
  int status;
  EQ(waitpid(pid, &status, 0), pid);
  EQ(status, 0);
  EQ(msgctl(id, IPC_RMID, 0), 0);
}

static char mq_name[32];
static mqd_t mq_make(int flags, long messages, long size) {
  struct mq_attr attr = {.mq_maxmsg = messages, .mq_msgsize = size};
  snprintf(mq_name, sizeof mq_name, "/elfin-%d", getpid());
  mq_unlink(mq_name);
  return mq_open(mq_name, O_CREAT | O_RDWR | flags, 0600, &attr);
}
static struct timespec after_ms(long ms) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += ms * 1000000;
  t.tv_sec += t.tv_nsec / 1000000000, t.tv_nsec %= 1000000000;
  return t;
}

static void mq_names(void) {
  struct mq_attr attr;
  char name[400];
  mqd_t q = GOOD(mq_make(O_EXCL, 4, 32));
  FAIL(mq_open(mq_name, O_CREAT | O_EXCL | O_RDWR, 0600, 0), EEXIST);
  EQ(mq_getattr(q, &attr), 0);
  EQ(attr.mq_maxmsg, 4);
  EQ(attr.mq_msgsize, 32);
  EQ(attr.mq_flags, 0);
  EQ(attr.mq_curmsgs, 0);
  EQ(fcntl(q, F_GETFD), FD_CLOEXEC);
  mqd_t r = GOOD(mq_open(mq_name, O_RDONLY | O_NONBLOCK));
  EQ(mq_getattr(r, &attr), 0);
  EQ(attr.mq_flags, O_NONBLOCK);
  EQ(attr.mq_maxmsg, 4);
  attr.mq_flags = 0;
  EQ(mq_setattr(r, &attr, 0), 0);
  EQ(fcntl(r, F_GETFL) & O_NONBLOCK, 0);
  attr.mq_flags = O_APPEND;
  FAIL(mq_setattr(r, &attr, 0), EINVAL);
  FAIL(mq_send(r, "x", 1, 0), EBADF);
  EQ(mq_close(r), 0);
  FAIL(mq_close(r), EBADF);
  FAIL(mq_send(0, "x", 1, 0), EBADF);
  FAIL(mq_send(999, "x", 1, 0), EBADF);
  FAIL(mq_open("/elfin-not-there", O_RDWR), ENOENT);
  FAIL(mq_unlink("/elfin-not-there"), ENOENT);
  FAIL(mq_open("/", O_RDWR), ENOENT);
  FAIL(mq_open("/a/b", O_CREAT | O_RDWR, 0600, 0), EACCES);
  FAIL(mq_open("/.", O_RDWR), EACCES);
  FAIL(mq_open(mq_name, O_RDWR | O_WRONLY), EINVAL);
  memset(name, 'n', sizeof name), name[0] = '/', name[257] = 0;
  FAIL(mq_open(name, O_CREAT | O_RDWR, 0600, 0), ENAMETOOLONG);
  FAIL(mq_unlink(name), ENAMETOOLONG);
  name[256] = 0;
  r = GOOD(mq_open(name, O_CREAT | O_RDWR, 0600, 0));
  EQ(mq_getattr(r, &attr), 0);
  EQ(attr.mq_maxmsg, 10);
  EQ(attr.mq_msgsize, 8192);
  EQ(mq_unlink(name), 0);
  EQ(mq_close(r), 0);
  struct mq_attr bad[] = {{.mq_maxmsg = 0, .mq_msgsize = 1}, {.mq_maxmsg = 1, .mq_msgsize = 0},
    {.mq_maxmsg = -1, .mq_msgsize = 1}, {.mq_maxmsg = 65537, .mq_msgsize = 1}, {.mq_maxmsg = 1, .mq_msgsize = 16777217}};
  for (int i = 0; i < 5; i++) FAIL(mq_open("/elfin-bad", O_CREAT | O_RDWR, 0600, &bad[i]), EINVAL);
  struct mq_attr large = {.mq_maxmsg = 65536, .mq_msgsize = 8192};
  // Those who may not have so many at all are told so first.
  FAIL2(mq_open("/elfin-large", O_CREAT | O_RDWR, 0600, &large), EMFILE, EINVAL);
  // A queue without a name works on.
  EQ(mq_send(q, "still", 5, 0), 0);
  EQ(mq_unlink(mq_name), 0);
  FAIL(mq_open(mq_name, O_RDWR), ENOENT);
  char text[32];
  EQ(mq_receive(q, text, 32, 0), 5);
  EQ(mq_close(q), 0);
  TEXT(t_slurp("/proc/sys/fs/mqueue/queues_max"), "256\n");
  TEXT(t_slurp("/proc/sys/fs/mqueue/msg_max"), "10\n");
}

static void mq_messages(void) {
  char text[64];
  unsigned prio;
  struct mq_attr attr;
  mqd_t q = GOOD(mq_make(O_NONBLOCK, 3, 16));
  struct pollfd p = {q, POLLIN | POLLOUT, 0};
  EQ(poll(&p, 1, 0), 1);
  EQ(p.revents, POLLOUT);
  FAIL(mq_receive(q, text, 16, &prio), EAGAIN);
  FAIL(mq_receive(q, text, 15, &prio), EMSGSIZE);
  FAIL(mq_send(q, text, 17, 0), EMSGSIZE);
  FAIL(mq_send(q, text, 1, 32768), EINVAL);
  FAIL(mq_send(q, (void *)8, 1, 0), EFAULT);
  EQ(mq_send(q, "low", 3, 1), 0);
  EQ(mq_send(q, "high", 4, 32767), 0);
  EQ(poll(&p, 1, 0), 1);
  EQ(p.revents, POLLIN | POLLOUT);
  EQ(mq_send(q, "low too", 7, 1), 0);
  FAIL(mq_send(q, "x", 1, 0), EAGAIN);
  EQ(poll(&p, 1, 0), 1);
  EQ(p.revents, POLLIN);
  EQ(mq_getattr(q, &attr), 0);
  EQ(attr.mq_curmsgs, 3);
  // As a file.
  struct stat st;
  EQ(fstat(q, &st), 0);
  EQ(st.st_mode, S_IFREG | 0600);
  EQ(st.st_size, 80);
  EQ(st.st_nlink, 1);
  memset(text, 0, sizeof text);
  char state[128] = {0};
  EQ(pread(q, state, sizeof state, 0), 60);
  TEXT(state, "QSIZE:14         NOTIFY:0     SIGNO:0     NOTIFY_PID:0     \n");
  FAIL(write(q, "x", 1), EINVAL);
  EQ(mq_receive(q, text, 16, &prio), 4);
  EQ(prio, 32767);
  SAME(text, "high", 4);
  EQ(mq_receive(q, text, 16, &prio), 3);
  EQ(prio, 1);
  EQ(mq_receive(q, text, 16, 0), 7);
  SAME(text, "low too", 7);
  EQ(mq_send(q, "", 0, 0), 0);
  EQ(mq_receive(q, text, 16, 0), 0);
  // Where it is shown.
  if (access("/dev/mqueue/", F_OK) == 0 && access("/dev/mqueue/", W_OK) == 0) {
    char path[64];
    snprintf(path, sizeof path, "/dev/mqueue%s", mq_name);
    if (access(path, F_OK) == 0) {
      EQ(mq_send(q, "seen", 4, 0), 0);
      TEXT(t_slurp(path), "QSIZE:4          NOTIFY:0     SIGNO:0     NOTIFY_PID:0     \n");
      EQ(unlink(path), 0);
      FAIL(mq_unlink(mq_name), ENOENT);
    }
  }
  EQ(mq_close(q), 0);
  mq_unlink(mq_name);
}

struct mq_case { mqd_t q; char text[16]; ssize_t result; int error, done, ms, nice; };
static void *mq_receive_thread(void *arg) {
  struct mq_case *c = arg;
  struct timespec t = after_ms(c->ms);
  if (c->nice) setpriority(PRIO_PROCESS, (id_t)gettid(), c->nice);
  c->result = c->ms ? mq_timedreceive(c->q, c->text, 16, 0, &t) : mq_receive(c->q, c->text, 16, 0);
  c->error = errno;
  return c->done = 1, (void *)0;
}
static void *mq_send_thread(void *arg) {
  struct mq_case *c = arg;
  c->result = mq_send(c->q, "late", 4, 5);
  c->error = errno;
  return c->done = 1, (void *)0;
}

static void mq_waiting(void) {
  struct mq_case a, b;
  pthread_t t, t2;
  char text[16];
  unsigned prio;
  mqd_t q = GOOD(mq_make(0, 1, 16));
  struct timespec when = after_ms(30);
  uint64_t start = t_now();
  FAIL(mq_timedreceive(q, text, 16, 0, &when), ETIMEDOUT);
  LEAST(t_now() - start, 25 * MS);
  when.tv_sec = 1;
  FAIL(mq_timedreceive(q, text, 16, 0, &when), ETIMEDOUT);
  when.tv_nsec = 1000000000;
  FAIL(mq_timedreceive(q, text, 16, 0, &when), EINVAL);
  when.tv_nsec = -1;
  FAIL(mq_timedsend(q, "x", 1, 0, &when), EINVAL);
  when = (struct timespec){1, 0};
  EQ(mq_timedsend(q, "x", 1, 0, &when), 0);
  FAIL(mq_timedsend(q, "x", 1, 0, &when), ETIMEDOUT);
  EQ(mq_timedreceive(q, text, 16, 0, &when), 1);
  // The first who waits gets the first.
  a = b = (struct mq_case){.q = q};
  pthread_create(&t, 0, mq_receive_thread, &a);
  t_sleep_ms(20);
  pthread_create(&t2, 0, mq_receive_thread, &b);
  t_sleep_ms(20);
  EQ(mq_send(q, "1", 1, 0), 0);
  pthread_join(t, 0);
  EQ(a.result, 1);
  EQ(b.done, 0);
  EQ(mq_send(q, "2", 1, 0), 0);
  pthread_join(t2, 0);
  EQ(b.text[0], '2');
  // The more urgent one first.
  a = (struct mq_case){.q = q, .nice = 10}, b = (struct mq_case){.q = q};
  pthread_create(&t, 0, mq_receive_thread, &a);
  t_sleep_ms(20);
  pthread_create(&t2, 0, mq_receive_thread, &b);
  t_sleep_ms(20);
  EQ(mq_send(q, "1", 1, 0), 0);
  pthread_join(t2, 0);
  EQ(b.text[0], '1');
  EQ(a.done, 0);
  EQ(mq_send(q, "2", 1, 0), 0);
  pthread_join(t, 0);
  EQ(a.text[0], '2');
  // Waiting for room: the message goes in at its place.
  EQ(mq_send(q, "1", 1, 3), 0);
  a = (struct mq_case){.q = q};
  pthread_create(&t, 0, mq_send_thread, &a);
  t_sleep_ms(20);
  EQ(a.done, 0);
  EQ(mq_receive(q, text, 16, &prio), 1);
  pthread_join(t, 0);
  EQ(a.result, 0);
  EQ(mq_receive(q, text, 16, &prio), 4);
  EQ(prio, 5);
  // Restarted after a signal, if that is wanted.
  struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &act, 0);
  a = (struct mq_case){.q = q};
  pthread_create(&t, 0, mq_receive_thread, &a);
  t_sleep_ms(20);
  pthread_kill(t, SIGUSR1);
  t_sleep_ms(20);
  EQ(a.done, 0);
  act.sa_flags = 0;
  sigaction(SIGUSR1, &act, 0);
  pthread_kill(t, SIGUSR1);
  pthread_join(t, 0);
  EQ(a.result, -1);
  EQ(a.error, EINTR);
  // A poll that waits.
  struct pollfd p = {q, POLLIN, 0};
  EQ(poll(&p, 1, 1), 0);
  a = (struct mq_case){.q = q};
  pthread_create(&t, 0, mq_send_thread, &a);
  EQ(poll(&p, 1, 5000), 1);
  pthread_join(t, 0);
  EQ(mq_receive(q, text, 16, 0), 4);
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) _exit(mq_receive(q, text, 16, 0) == 3 && mq_send(q, "from", 4, 0) == 0 ? 0 : 1);
  EQ(mq_send(q, "for", 3, 0), 0);
  int status = -1;
  EQ(waitpid(pid, &status, 0), pid);
  EQ(status, 0);
  EQ(mq_receive(q, text, 16, 0), 4);
  EQ(mq_close(q), 0);
  EQ(mq_unlink(mq_name), 0);
}

static volatile int noted_code, noted_value, noted_pid;
static void on_message(int sig, siginfo_t *info, void *context) {
  noted_code = info->si_code, noted_value = info->si_value.sival_int, noted_pid = info->si_pid;
}
static volatile int thread_value;
static void in_thread(union sigval value) { thread_value = value.sival_int; }

static void mq_notices(void) {
  char text[16], state[128] = {0};
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 42};
  struct sigaction act = {.sa_sigaction = on_message, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR2, &act, 0);
  mqd_t q = GOOD(mq_make(0, 3, 16));
  EQ(mq_notify(q, &event), 0);
  FAIL(mq_notify(q, &event), EBUSY);
  LEAST(pread(q, state, sizeof state - 1, 0), 60);
  snprintf(text, sizeof text, "%d", SIGUSR2);
  char want[128];
  snprintf(want, sizeof want, "QSIZE:0          NOTIFY:0     SIGNO:%-5d NOTIFY_PID:%-6d\n", SIGUSR2, getpid());
  TEXT(state, want);
  EQ(mq_send(q, "x", 1, 0), 0);
  YES(UNTIL(noted_code));
  EQ(noted_code, SI_MESGQ);
  EQ(noted_value, 42);
  EQ(noted_pid, getpid());
  // Once, and only for the first message.
  noted_code = 0;
  EQ(mq_notify(q, &event), 0);
  EQ(mq_send(q, "y", 1, 0), 0);
  EQ(noted_code, 0);
  EQ(mq_notify(q, 0), 0);
  EQ(mq_notify(q, 0), 0);
  event.sigev_notify = 77;
  FAIL(mq_notify(q, &event), EINVAL);
  event.sigev_notify = SIGEV_SIGNAL, event.sigev_signo = 65;
  FAIL(mq_notify(q, &event), EINVAL);
  FAIL(mq_notify(999, 0), EBADF);
  FAIL(mq_notify(1, 0), EBADF);
  event.sigev_notify = SIGEV_NONE;
  EQ(mq_notify(q, &event), 0);
  event.sigev_notify = SIGEV_SIGNAL, event.sigev_signo = SIGUSR2;
  FAIL(mq_notify(q, &event), EBUSY);
  // Closing any descriptor of the queue takes it back.
  close(dup(q));
  EQ(mq_notify(q, &event), 0);
  EQ(mq_notify(q, 0), 0);
  mq_receive(q, text, 16, 0), mq_receive(q, text, 16, 0);
  // By a thread.
  event = (struct sigevent){.sigev_notify = SIGEV_THREAD, .sigev_notify_function = in_thread, .sigev_value.sival_int = 7};
  EQ(mq_notify(q, &event), 0);
  EQ(mq_send(q, "z", 1, 0), 0);
  YES(UNTIL(thread_value == 7));
  mq_receive(q, text, 16, 0);
  event.sigev_value.sival_int = 9;
  EQ(mq_notify(q, &event), 0);
  EQ(mq_notify(q, 0), 0);
  EQ(mq_send(q, "z", 1, 0), 0);
  t_sleep_ms(20);
  EQ(thread_value, 7);
  mq_receive(q, text, 16, 0);
  // The end of a process, too.
  fflush(stdout);
  pid_t pid = fork();
  event = (struct sigevent){.sigev_notify = SIGEV_NONE};
  if (pid == 0) _exit(mq_notify(q, &event));
  int status = -1;
  EQ(waitpid(pid, &status, 0), pid);
  EQ(status, 0);
  EQ(mq_notify(q, &event), 0);
  EQ(mq_close(q), 0);
  EQ(mq_unlink(mq_name), 0);
}

static int quota_child(void *arg) {
  struct mq_attr attr = {.mq_maxmsg = 10, .mq_msgsize = 1000};
  struct rlimit limit = {25000, 25000};
  if (setrlimit(RLIMIT_MSGQUEUE, &limit) || setgid(NOBODY) || setuid(NOBODY)) return 1;
  mqd_t a = mq_open("/elfin-quota-a", O_CREAT | O_RDWR, 0600, &attr);
  if (a < 0) return 2;
  mqd_t b = mq_open("/elfin-quota-b", O_CREAT | O_RDWR, 0600, &attr);
  if (b < 0) return 3;
  if (mq_open("/elfin-quota-c", O_CREAT | O_RDWR, 0600, &attr) != -1 || errno != EMFILE) return 4;
  mq_unlink("/elfin-quota-a");
  // It counts until it is closed.
  if (mq_open("/elfin-quota-c", O_CREAT | O_RDWR, 0600, &attr) != -1 || errno != EMFILE) return 5;
  mq_close(a);
  if (mq_open("/elfin-quota-c", O_CREAT | O_RDWR, 0600, &attr) < 0) return 6;
  mq_unlink("/elfin-quota-b"), mq_unlink("/elfin-quota-c");
  attr.mq_maxmsg = 11;
  if (mq_open("/elfin-quota-d", O_CREAT | O_RDWR, 0600, &attr) != -1 || errno != EINVAL) return 7;
  if (mq_open(mq_name, O_RDWR) != -1 || errno != EACCES) return 8;
  if (mq_unlink(mq_name) != -1 || (errno != EPERM && errno != EACCES)) return 9;
  return 0;
}
static void mq_quota(void) {
  if (geteuid()) return;
  mqd_t q = GOOD(mq_make(0, 3, 16));
  EQ(in_child(quota_child, 0), 0);
  EQ(mq_close(q), 0);
  EQ(mq_unlink(mq_name), 0);
}

static int shm_open_child(void *arg) {
  char *p = arg;
  if (strcmp(p, "parent")) return 1;
  strcpy(p, "child");
  return 0;
}
static void posix_shm(void) {
  char name[64];
  snprintf(name, sizeof name, "/elfin-shm-%d", getpid());
  struct stat st;
  shm_unlink(name);
  FAIL(shm_open(name, O_RDWR, 0), ENOENT);
  int fd = GOOD(shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600));
  FAIL(shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
  EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EQ(fstat(fd, &st), 0);
  EQ(st.st_size, 0);
  EQ(st.st_mode, S_IFREG | 0600);
  EQ(ftruncate(fd, 2 * PAGE), 0);
  char *p = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  YES(p != MAP_FAILED);
  strcpy(p, "parent");
  int ro = GOOD(shm_open(name, O_RDONLY, 0));
  FAIL((long)mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0), EACCES);
  char *q = mmap(0, PAGE, PROT_READ, MAP_SHARED, ro, 0);
  TEXT(q, "parent");
  EQ(in_child(shm_open_child, p), 0);
  TEXT(q, "child");
  char path[80];
  snprintf(path, sizeof path, "/dev/shm%s", name);
  EQ(access(path, F_OK), 0);
  EQ(shm_unlink(name), 0);
  FAIL(shm_unlink(name), ENOENT);
  FAIL(access(path, F_OK), ENOENT);
  TEXT(p, "child");
  close(fd), close(ro), munmap(p, 2 * PAGE), munmap(q, PAGE);
  fd = GOOD(memfd_create("shared", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EQ(ftruncate(fd, PAGE), 0);
  p = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  FAIL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
  // However often the mapping is cut and joined.
  EQ(mprotect(p, PAGE, PROT_READ), 0);
  FAIL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
  EQ(munmap(p, PAGE), 0);
  EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), 0);
  FAIL((long)mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EPERM);
  FAIL(ftruncate(fd, 0), EPERM);
  FAIL(ftruncate(fd, 2 * PAGE), EPERM);
  FAIL(write(fd, "x", 1), EPERM);
  EQ(fcntl(fd, F_GET_SEALS), F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
  EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0);
  FAIL(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), EPERM);
  close(fd);
  fd = GOOD(memfd_create("cut", MFD_ALLOW_SEALING));
  EQ(ftruncate(fd, 3 * PAGE), 0);
  p = mmap(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  EQ(munmap(p + PAGE, PAGE), 0);
  FAIL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
  EQ(munmap(p, PAGE), 0);
  FAIL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
  EQ(munmap(p + 2 * PAGE, PAGE), 0);
  EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
  close(fd);
}

static int sem_child(void *arg) {
  sem_t *s = arg;
  if (sem_post(s)) return 1;
  return sem_wait(s + 1);
}
static void posix_sem(void) {
  char name[64];
  snprintf(name, sizeof name, "/elfin-sem-%d", getpid());
  int value;
  sem_unlink(name);
  FAIL((long)(sem_open(name, 0) == SEM_FAILED ? -1 : 0), ENOENT);
  sem_t *s = sem_open(name, O_CREAT | O_EXCL, 0600, 2);
  YES(s != SEM_FAILED);
  EQ(sem_getvalue(s, &value), 0);
  EQ(value, 2);
  EQ(sem_wait(s), 0);
  EQ(sem_trywait(s), 0);
  FAIL(sem_trywait(s), EAGAIN);
  struct timespec t = after_ms(20);
  FAIL(sem_timedwait(s, &t), ETIMEDOUT);
  EQ(sem_close(s), 0);
  EQ(sem_unlink(name), 0);
  FAIL(sem_unlink(name), ENOENT);
  s = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EQ(sem_init(s, 1, 0), 0);
  EQ(sem_init(s + 1, 1, 0), 0);
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) _exit(sem_child(s));
  EQ(sem_wait(s), 0);
  EQ(sem_post(s + 1), 0);
  int status = -1;
  EQ(waitpid(pid, &status, 0), pid);
  EQ(status, 0);
}

enum { WORKERS = 4, ROUNDS = 200 };
struct stress { int sem, msg; mqd_t mq; volatile long *count; };
static int stress_child(const struct stress *s, int me) {
  struct text m = {.type = 1 + me};
  char text[16];
  for (int i = 0; i < ROUNDS; i++) {
    if (do_sem(s->sem, 0, -1, SEM_UNDO)) return 1;
    s->count[0]++;
    if (do_sem(s->sem, 0, 1, SEM_UNDO)) return 2;
    // A message to the next in the ring, and one from the one before.
    m.type = 1 + (me + 1) % WORKERS;
    memcpy(m.text, &i, sizeof i);
    if (msgsnd(s->msg, &m, sizeof i, 0)) return 3;
    if (msgrcv(s->msg, &m, sizeof i, 1 + me, 0) != sizeof i) return 4;
    if (memcmp(m.text, &i, sizeof i)) return 5;
    if (mq_send(s->mq, "x", 1, (unsigned)me)) return 6;
    if (mq_receive(s->mq, text, 16, 0) != 1) return 7;
    __atomic_fetch_add(&s->count[1], 1, __ATOMIC_RELAXED);
  }
  return 0;
}
// Several processes at once: nothing is lost, and nobody sleeps for ever.
static void stress(void) {
  int shm = GOOD(shmget(IPC_PRIVATE, PAGE, 0600)), failed = 0;
  struct stress s = {GOOD(semget(IPC_PRIVATE, 1, 0600)), GOOD(msgget(IPC_PRIVATE, 0600)), GOOD(mq_make(0, 2, 16)), shmat(shm, 0, 0)};
  pid_t pids[WORKERS];
  EQ(do_sem(s.sem, 0, 1, 0), 0);
  fflush(stdout);
  for (int i = 0; i < WORKERS; i++) {
    pids[i] = fork();
    if (pids[i] == 0) _exit(stress_child(&s, i));
  }
  for (int i = 0; i < WORKERS; i++) {
    int status = -1;
    waitpid(pids[i], &status, 0);
    failed |= status;
  }
  EQ(failed, 0);
  EQ(s.count[0], WORKERS * ROUNDS);
  EQ(s.count[1], WORKERS * ROUNDS);
  EQ(sem_value(s.sem, 0), 1);
  EQ(attached(shm), 1);
  struct mq_attr attr;
  EQ(mq_getattr(s.mq, &attr), 0);
  EQ(attr.mq_curmsgs, 0);
  semctl(s.sem, 0, IPC_RMID), msgctl(s.msg, IPC_RMID, 0), shmctl(shm, IPC_RMID, 0), shmdt((void *)s.count);
  mq_close(s.mq), mq_unlink(mq_name);
}

MAIN(G(shm_get), G(shm_attach), G(shm_processes), G(sem_basics), G(sem_waiting), G(sem_undo), G(msg_basics), G(msg_waiting), G(mq_names), G(mq_messages), G(mq_waiting), G(mq_notices), G(mq_quota), G(posix_shm), G(posix_sem), G(stress))
