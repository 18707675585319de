// A mix of all that processes and threads do, which checks itself: forks, execs, signals, mappings,
// threads, pipes, sockets, futexes, files, terminals and killings, side by side.
//
//     stress SECONDS [PHASES [SEED [KIND…]]]
//
// The time is divided into phases. At the end of each everything ends, and the free memory is told:
// what one phase leaves behind shows as a difference to the next. Status 0 and a closing line if
// every check held; the first that did not is named.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define COUNT(a) (sizeof(a) / sizeof *(a))
#define CHECK(c) do { if (!(c)) failed(#c, __LINE__); } while (0)

static struct shared {
  atomic_int stop, failures;
  atomic_ullong operations[16];
  atomic_int counter;
  pthread_mutex_t robust;
  atomic_long guarded[2];
} *shared;
static const char *self;
static __thread uint64_t state;

static void failed(const char *what, int line) {
  fprintf(stderr, "stress: line %d, process %d: %s (errno %d %s)\n", line, getpid(), what, errno, strerror(errno));
  atomic_fetch_add(&shared->failures, 1);
  atomic_store(&shared->stop, 1);
  _exit(99);
}

static uint32_t draw(uint32_t below) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return (uint32_t)(state >> 32) % below;
}
static void seed(uint64_t with) { state = with * 0x9e3779b97f4a7c15 + 0x1234567; draw(2), draw(2); }
static int stopping(void) { return atomic_load(&shared->stop); }
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static void nap(long microseconds) { nanosleep(&(struct timespec){microseconds / 1000000, microseconds % 1000000 * 1000}, 0); }
static int reap(pid_t child) {
  int status;
  pid_t got;
  while ((got = waitpid(child, &status, 0)) < 0 && errno == EINTR) {}
  CHECK(got == child);
  return status;
}
static void all_out(int fd, const void *from, size_t len) {
  while (len > 0) {
    ssize_t n = write(fd, from, len);
    if (n < 0 && errno == EINTR) continue;
    CHECK(n > 0);
    from = (const char *)from + n, len -= (size_t)n;
  }
}
static size_t all_in(int fd, void *to, size_t len) {
  size_t done = 0;
  while (done < len) {
    ssize_t n = read(fd, (char *)to + done, len - done);
    if (n < 0 && errno == EINTR) continue;
    CHECK(n >= 0);
    if (n == 0) break;
    done += (size_t)n;
  }
  return done;
}
static void fill(uint32_t *words, size_t count, uint32_t key) {
  for (size_t i = 0; i < count; i++) words[i] = key + (uint32_t)i * 2654435761u;
}
static int filled(const uint32_t *words, size_t count, uint32_t key) {
  for (size_t i = 0; i < count; i++) if (words[i] != key + (uint32_t)i * 2654435761u) return 0;
  return 1;
}

// ---- forks: trees of processes whose memory is their own
static void forks(void) {
  size_t pages = 1 + draw(40), words = pages * PAGE / 4;
  uint32_t key = draw(1u << 30), *memory = mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  fill(memory, words, key);
  pid_t children[4];
  int count = 1 + (int)draw(4);
  for (int i = 0; i < count; i++) {
    CHECK((children[i] = fork()) >= 0);
    if (!children[i]) {
      CHECK(filled(memory, words, key));
      fill(memory, words, key + 1 + (uint32_t)i);
      pid_t grand = fork();
      CHECK(grand >= 0);
      if (!grand) _exit(filled(memory, words, key + 1 + (uint32_t)i) ? 7 : 8);
      memory[draw((uint32_t)words)]++;
      CHECK(WEXITSTATUS(reap(grand)) == 7);
      _exit(20 + i);
    }
  }
  memory[0]++, memory[0]--;
  for (int i = 0; i < count; i++) {
    int status = reap(children[i]);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 20 + i);
  }
  CHECK(filled(memory, words, key));
  CHECK(munmap(memory, pages * PAGE) == 0);
}

// ---- execs: itself with an argument, by exec, by vfork
static void execs(void) {
  char number[16];
  int status = (int)draw(100);
  sprintf(number, "%d", status);
  char *const words[] = {"stress", "--status", number, 0};
  char *const none[] = {0};
  pid_t child = draw(2) ? fork() : vfork();
  CHECK(child >= 0);
  if (!child) execve(self, words, none), _exit(126);
  int got = reap(child);
  CHECK(WIFEXITED(got) && WEXITSTATUS(got) == status);
}

// ---- mappings: several threads map, fill, check, protect, move and unmap
static void *maps_thread(void *argument) {
  seed((uintptr_t)argument);
  for (int i = 0; i < 30; i++) {
    size_t pages = 1 + draw(24), words = pages * PAGE / 4;
    uint32_t key = draw(1u << 30);
    uint32_t *at = mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(at != MAP_FAILED);
    CHECK(at[draw((uint32_t)words)] == 0);
    fill(at, words, key);
    switch (draw(4)) {
      case 0:
        CHECK(mprotect(at, pages * PAGE, PROT_READ) == 0);
        CHECK(filled(at, words, key));
        CHECK(mprotect(at, pages * PAGE, PROT_READ | PROT_WRITE) == 0);
        break;
      case 1: {
        size_t more = pages + 1 + draw(16);
        uint32_t *moved = mremap(at, pages * PAGE, more * PAGE, MREMAP_MAYMOVE);
        CHECK(moved != MAP_FAILED);
        CHECK(filled(moved, words, key) && moved[more * PAGE / 4 - 1] == 0);
        at = moved, pages = more;
        break;
      }
      case 2:
        CHECK(madvise(at, pages * PAGE, MADV_DONTNEED) == 0);
        CHECK(at[0] == 0);
        fill(at, words, key);
        break;
      default: break;
    }
    CHECK(filled(at, words, key));
    CHECK(munmap(at, pages * PAGE) == 0);
  }
  return 0;
}
static void maps(void) {
  pthread_t threads[4];
  for (size_t i = 0; i < COUNT(threads); i++) CHECK(!pthread_create(&threads[i], 0, maps_thread, (void *)(uintptr_t)(draw(1u << 30) | 1)));
  for (size_t i = 0; i < COUNT(threads); i++) CHECK(!pthread_join(threads[i], 0));
}

// ---- threads: mutexes, conditions, barriers, cancellation
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn, sum;
static void *turns_thread(void *argument) {
  int mine = (int)(intptr_t)argument;
  for (int i = 0; i < 20; i++) {
    pthread_mutex_lock(&mutex);
    while (turn != mine) pthread_cond_wait(&turned, &mutex);
    sum++, turn = (turn + 1) % 6;
    pthread_cond_broadcast(&turned);
    pthread_mutex_unlock(&mutex);
  }
  return argument;
}
static void *forever(void *argument) {
  for (;;) pause();
  return argument;
}
static void threads(void) {
  pthread_t all[6], idle;
  turn = sum = 0;
  CHECK(!pthread_create(&idle, 0, forever, 0));
  for (intptr_t i = 0; i < 6; i++) CHECK(!pthread_create(&all[i], 0, turns_thread, (void *)i));
  for (intptr_t i = 0; i < 6; i++) {
    void *got;
    CHECK(!pthread_join(all[i], &got) && got == (void *)i);
  }
  CHECK(sum == 120);
  void *got;
  CHECK(!pthread_cancel(idle) && !pthread_join(idle, &got) && got == PTHREAD_CANCELED);
}

// ---- signals: real-time signals with values come all and in order
static void signals(void) {
  sigset_t set, old;
  sigemptyset(&set), sigaddset(&set, SIGRTMIN + 1), sigaddset(&set, SIGCHLD);
  CHECK(!sigprocmask(SIG_BLOCK, &set, &old));
  pid_t parent = getpid(), child = fork();
  CHECK(child >= 0);
  int count = 1 + (int)draw(60);
  if (!child) {
    for (int i = 0; i < count; i++) {
      while (sigqueue(parent, SIGRTMIN + 1, (union sigval){.sival_int = i})) {
        CHECK(errno == EAGAIN);
        sched_yield();
      }
    }
    _exit(0);
  }
  int next = 0, ended = 0;
  while (next < count || !ended) {
    siginfo_t info;
    int signal = sigwaitinfo(&set, &info);
    if (signal < 0 && errno == EINTR) continue;
    CHECK(signal > 0);
    if (signal == SIGCHLD) {
      CHECK(info.si_pid == child && info.si_code == CLD_EXITED);
      ended = 1;
    } else {
      CHECK(info.si_value.sival_int == next && info.si_pid == child);
      next++;
    }
  }
  CHECK(reap(child) == 0);
  CHECK(!sigprocmask(SIG_SETMASK, &old, 0));
}

// ---- timers: interval timers and handlers interrupt what goes on
static volatile sig_atomic_t ticks;
static void on_tick(int signal) { (void)signal, ticks++; }
static void timers(void) {
  struct sigaction action = {.sa_handler = on_tick, .sa_flags = draw(2) ? SA_RESTART : 0}, before;
  CHECK(!sigaction(SIGALRM, &action, &before));
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
  CHECK(!timer_create(CLOCK_MONOTONIC, &event, &timer));
  ticks = 0;
  struct itimerspec every = {{0, 1000000 + (long)draw(2000000)}, {0, 1000000}};
  CHECK(!timer_settime(timer, 0, &every, 0));
  double start = now();
  while (ticks < 5) {
    nap(20000);
    CHECK(now() - start < 60);
  }
  CHECK(!timer_delete(timer));
  CHECK(!sigaction(SIGALRM, &before, 0));
}

// ---- pipes: bytes through a chain of processes
static void pipes(void) {
  int first[2], last[2];
  CHECK(!pipe(first) && !pipe(last));
  pid_t child = fork();
  CHECK(child >= 0);
  if (!child) {
    close(first[1]), close(last[0]);
    char buffer[3000];
    ssize_t n;
    while ((n = read(first[0], buffer, 1 + draw(sizeof buffer))) > 0) all_out(last[1], buffer, (size_t)n);
    _exit(n == 0 ? 3 : 4);
  }
  close(first[0]), close(last[1]);
  size_t words = 1 + draw(40000);
  uint32_t key = draw(1u << 30), *out = malloc(words * 4), *in = malloc(words * 4);
  CHECK(out && in);
  fill(out, words, key);
  pid_t writer = fork();
  CHECK(writer >= 0);
  if (!writer) close(last[0]), all_out(first[1], out, words * 4), _exit(0);
  close(first[1]);
  CHECK(all_in(last[0], in, words * 4) == words * 4);
  char more;
  CHECK(read(last[0], &more, 1) == 0);
  close(last[0]);
  CHECK(filled(in, words, key));
  CHECK(reap(writer) == 0 && WEXITSTATUS(reap(child)) == 3);
  free(out), free(in);
}

// ---- sockets: pairs, and connections over the loopback interface
static void sockets(void) {
  int pair[2];
  if (draw(2)) {
    CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  } else {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(listener >= 0 && !bind(listener, (void *)&address, len) && !listen(listener, 5));
    CHECK(!getsockname(listener, (void *)&address, &len));
    CHECK((pair[0] = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
    CHECK(!connect(pair[0], (void *)&address, len));
    CHECK((pair[1] = accept(listener, 0, 0)) >= 0);
    close(listener);
  }
  size_t words = 1 + draw(30000);
  uint32_t key = draw(1u << 30);
  pid_t child = fork();
  CHECK(child >= 0);
  if (!child) {
    close(pair[0]);
    uint32_t *in = malloc(words * 4);
    CHECK(in && all_in(pair[1], in, words * 4) == words * 4);
    CHECK(filled(in, words, key));
    all_out(pair[1], "done", 4);
    _exit(0);
  }
  close(pair[1]);
  uint32_t *out = malloc(words * 4);
  CHECK(out);
  fill(out, words, key);
  all_out(pair[0], out, words * 4);
  char answer[8];
  CHECK(all_in(pair[0], answer, 8) == 4 && !memcmp(answer, "done", 4));
  close(pair[0]), free(out);
  CHECK(reap(child) == 0);
}

// ---- files: written, read, mapped, renamed, removed
static void files(void) {
  char name[64], other[80];
  sprintf(name, "/tmp/stress.%d.%u", getpid(), draw(1000)), sprintf(other, "%s.new", name);
  int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  CHECK(fd >= 0);
  size_t words = 1 + draw(30000), pages = (words * 4 + PAGE - 1) / PAGE;
  uint32_t key = draw(1u << 30), *out = malloc(words * 4);
  CHECK(out);
  fill(out, words, key);
  all_out(fd, out, words * 4);
  uint32_t *mapped = mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(mapped != MAP_FAILED && filled(mapped, words, key));
  pid_t child = fork();
  CHECK(child >= 0);
  if (!child) fill(mapped, words, key + 9), _exit(0);
  CHECK(reap(child) == 0);
  CHECK(pread(fd, out, words * 4, 0) == (ssize_t)(words * 4) && filled(out, words, key + 9));
  CHECK(!rename(name, other) && access(name, F_OK) && !ftruncate(fd, 0));
  struct stat s;
  CHECK(!stat(other, &s) && s.st_size == 0);
  CHECK(!munmap(mapped, pages * PAGE) && !close(fd) && !unlink(other));
  free(out);
}

// ---- a robust mutex in memory of all processes, whose holders are killed
static void robust(void) {
  int got = pthread_mutex_lock(&shared->robust);
  if (got == EOWNERDEAD) {
    shared->guarded[1] = shared->guarded[0];
    CHECK(!pthread_mutex_consistent(&shared->robust));
  } else {
    CHECK(got == 0);
  }
  CHECK(shared->guarded[0] == shared->guarded[1]);
  shared->guarded[0]++;
  if (draw(4) == 0) nap(draw(2000));
  shared->guarded[1]++;
  CHECK(!pthread_mutex_unlock(&shared->robust));
}

// ---- killings: children are killed whatever they do
static void killings(void) {
  static void (*const what[])(void) = {forks, maps, pipes, threads, robust, sockets};
  pid_t child = fork();
  CHECK(child >= 0);
  if (!child) {
    CHECK(!setpgid(0, 0));
    seed(draw(1u << 30));
    for (;;) what[draw(COUNT(what))]();
  }
  setpgid(child, child);
  nap(draw(30000));
  if (draw(3) == 0) {
    int status;
    CHECK(!kill(child, SIGSTOP));
    CHECK(waitpid(child, &status, WUNTRACED) == child);
    if (WIFSTOPPED(status)) CHECK(!kill(child, SIGCONT));
    else CHECK(0);
  }
  CHECK(!kill(-child, SIGKILL));
  int status = reap(child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

// ---- epoll and eventfds between threads
static int event_out;
static void *events_thread(void *argument) {
  for (uintptr_t i = 0; i < (uintptr_t)argument; i++) all_out(event_out, &(uint64_t){1}, 8);
  return 0;
}
static void events(void) {
  int fd = eventfd(0, EFD_NONBLOCK), epoll = epoll_create1(0);
  CHECK(fd >= 0 && epoll >= 0);
  CHECK(!epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN | (draw(2) ? EPOLLET : 0u)}));
  event_out = fd;
  pthread_t all[3];
  uint64_t each = 1 + draw(100), got = 0;
  for (int i = 0; i < 3; i++) CHECK(!pthread_create(&all[i], 0, events_thread, (void *)(uintptr_t)each));
  while (got < each * 3) {
    struct epoll_event event;
    int n = epoll_wait(epoll, &event, 1, 30000);
    if (n < 0 && errno == EINTR) continue;
    CHECK(n == 1);
    uint64_t value;
    if (read(fd, &value, 8) == 8) got += value;
    else CHECK(errno == EAGAIN);
  }
  CHECK(got == each * 3);
  for (int i = 0; i < 3; i++) CHECK(!pthread_join(all[i], 0));
  close(fd), close(epoll);
}

// ---- terminals: lines through a pseudoterminal
static void terminals(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  CHECK(master >= 0 && !unlockpt(master));
  char name[64];
  CHECK(!ptsname_r(master, name, sizeof name));
  pid_t child = fork();
  CHECK(child >= 0);
  if (!child) {
    CHECK(setsid() > 0);
    int slave = open(name, O_RDWR);
    CHECK(slave >= 0);
    close(master);
    char line[64];
    all_out(slave, "?", 1);
    ssize_t n = read(slave, line, sizeof line);
    CHECK(n == 6 && !memcmp(line, "hello\n", 6));
    _exit(5);
  }
  char c;
  CHECK(all_in(master, &c, 1) == 1 && c == '?');
  all_out(master, "hello\n", 6);
  int status = reap(child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5);
  close(master);
}

// ---- futexes of all processes: a counter that everyone adds to
static void counters(void) {
  int before = atomic_load(&shared->counter);
  for (int i = 0; i < 200; i++) {
    atomic_fetch_add(&shared->counter, 1);
    if (i % 50 == 0) {
      syscall(SYS_futex, &shared->counter, 1 /* WAKE */, 1, 0, 0, 0);
      struct timespec soon = {0, 100000};
      syscall(SYS_futex, &shared->counter, 0 /* WAIT */, atomic_load(&shared->counter), &soon, 0, 0);
    }
  }
  CHECK(atomic_load(&shared->counter) - before >= 200);
}

static const struct kind { const char *name; void (*run)(void); } kinds[] = {
  {"forks", forks}, {"execs", execs}, {"maps", maps}, {"threads", threads}, {"signals", signals}, {"timers", timers},
  {"pipes", pipes}, {"sockets", sockets}, {"files", files}, {"robust", robust}, {"killings", killings}, {"events", events},
  {"terminals", terminals}, {"counters", counters},
};

static long free_kib(void) {
  char text[2048], *at;
  int fd = open("/proc/meminfo", O_RDONLY);
  if (fd < 0) return 0;
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  text[n > 0 ? n : 0] = 0;
  return (at = strstr(text, "MemFree:")) ? atol(at + 8) : 0;
}

static int wanted(const struct kind *kind, int argc, char **argv) {
  if (argc <= 4) return 1;
  for (int i = 4; i < argc; i++) if (!strcmp(argv[i], kind->name)) return 1;
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && !strcmp(argv[1], "--status")) return atoi(argv[2]);
  double seconds = argc > 1 ? atof(argv[1]) : 10;
  int phases = argc > 2 ? atoi(argv[2]) : 2;
  uint64_t with = argc > 3 ? strtoull(argv[3], 0, 10) : 1;
  if (seconds <= 0 || phases <= 0) {
    fprintf(stderr, "usage: stress SECONDS [PHASES [SEED [KIND...]]]\n");
    return 2;
  }
  self = "/proc/self/exe";
  setvbuf(stdout, 0, _IOLBF, 0);
  mkdir("/tmp", 01777);
  signal(SIGPIPE, SIG_IGN);
  shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return perror("mmap"), 1;
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  for (int phase = 1; phase <= phases; phase++) {
    pthread_mutex_init(&shared->robust, &attributes);
    shared->guarded[0] = shared->guarded[1] = 0;
    atomic_store(&shared->stop, 0);
    pid_t workers[COUNT(kinds)];
    int count = 0;
    for (size_t k = 0; k < COUNT(kinds); k++) {
      if (!wanted(&kinds[k], argc, argv)) continue;
      pid_t worker = fork();
      if (worker < 0) return perror("fork"), 1;
      if (!worker) {
        seed(with * 1000003 + (uint64_t)phase * 101 + k);
        while (!stopping()) {
          kinds[k].run();
          atomic_fetch_add(&shared->operations[k], 1);
        }
        _exit(0);
      }
      workers[count++] = worker;
    }
    double end = now() + seconds / phases;
    while (now() < end && !stopping()) nap(200000);
    atomic_store(&shared->stop, 1);
    // Orphans of those that were killed are ours, too, where we are the first process.
    int status, left = count, bad = 0;
    pid_t got;
    double patience = now() + 120;
    while (left > 0) {
      got = waitpid(-1, &status, WNOHANG);
      if (got <= 0) {
        if (now() > patience) {
          for (int i = 0; i < count; i++) {
            if (workers[i]) fprintf(stderr, "stress: worker %d does not end\n", workers[i]);
          }
          return 1;
        }
        nap(10000);
        continue;
      }
      for (int i = 0; i < count; i++) {
        if (workers[i] == got) workers[i] = 0, left--, bad |= status;
      }
    }
    for (patience = now() + 5; now() < patience; nap(1000)) {
      if ((got = waitpid(-1, 0, WNOHANG)) < 0) break;
    }
    unsigned long long total = 0;
    for (size_t k = 0; k < COUNT(kinds); k++) total += atomic_load(&shared->operations[k]);
    printf("stress: phase %d of %d, %llu operations, %ld KiB free\n", phase, phases, total, free_kib());
    if (bad || atomic_load(&shared->failures)) {
      printf("stress: FAILED in phase %d (status %#x)\n", phase, (unsigned)bad);
      return 1;
    }
  }
  for (size_t k = 0; k < COUNT(kinds); k++) printf("stress: %-10s %12llu\n", kinds[k].name, (unsigned long long)atomic_load(&shared->operations[k]));
  printf("stress: every check held\n");
  return 0;
}
