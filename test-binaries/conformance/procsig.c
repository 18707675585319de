// Signals between processes: who may send what to whom, what comes along, what a child inherits, limits of
// CPU time and file size, and futexes in memory that processes share.
#include "t.h"
#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

static volatile int seen, last, order[64];
static siginfo_t info;
static void note(int signo, siginfo_t *i, void *context) {
  (void)context;
  info = *i;
  last = signo;
  if (seen < 64) order[seen] = i->si_value.sival_int;
  seen++;
}
static void handle(int signo, int flags) {
  struct sigaction a = {.sa_sigaction = note, .sa_flags = flags | SA_SIGINFO};
  sigaction(signo, &a, 0);
  seen = last = 0;
}
static sigset_t set_of(int a, int b) {
  sigset_t s;
  sigemptyset(&s);
  if (a) sigaddset(&s, a);
  if (b) sigaddset(&s, b);
  return s;
}
static void await_signals(int n) {
  sigset_t all, old;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &old);
  while (seen < n) sigsuspend(&old);
  sigprocmask(SIG_SETMASK, &old, 0);
}
static int pending(int signo) {
  sigset_t s;
  sigpending(&s);
  return sigismember(&s, signo);
}

// Memory that all our children share with us.
static struct shared {
  volatile int ready, go, value, word, other, count;
  volatile long tid;
  pthread_mutex_t mutex;
} *shared;
static void new_shared(void) {
  if (!shared) shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  memset(shared, 0, sizeof *shared);
}

// A child that runs `f`, whose value is its exit status.
static pid_t child(int (*f)(void)) {
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    alarm(60);
    _exit(f());
  }
  return pid;
}
static int status_of(pid_t pid) {
  int status = -1;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  return status;
}
static int ends_with(pid_t pid) {
  int status = status_of(pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int wait_for_ever(void) {
  shared->ready = 1;
  for (;;) pause();
  return 0;
}

static int leave_with_7(void) { return 7; }
static int tell_parent(void) {
  kill(getppid(), SIGUSR1);
  return 0;
}
static int queue_for_parent(void) {
  for (int i = 0; i < 5; i++)
    if (sigqueue(getppid(), SIGRTMIN + 1, (union sigval){.sival_int = i})) return 1;
  return 0;
}
static void sending(void) {
  new_shared();
  handle(SIGUSR1, 0);
  pid_t pid = child(tell_parent);
  await_signals(1);
  EQ(last, SIGUSR1);
  EQ(info.si_code, SI_USER);
  EQ(info.si_pid, pid);
  EQ(info.si_uid, getuid());
  EQ(ends_with(pid), 0);
  handle(SIGRTMIN + 1, 0);
  pid = child(queue_for_parent);
  await_signals(5);
  EQ(info.si_code, SI_QUEUE);
  EQ(info.si_pid, pid);
  for (int i = 0; i < 5; i++) EQ(order[i], i);
  EQ(ends_with(pid), 0);
  signal(SIGUSR1, SIG_DFL);
  // A process that has ended and was not waited for is still there.
  pid = child(leave_with_7);
  siginfo_t ended;
  EQ(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT), 0);
  EQ(kill(pid, 0), 0);
  EQ(kill(pid, SIGKILL), 0);
  EQ(ends_with(pid), 7);
  FAIL(kill(pid, 0), ESRCH);
  FAIL(kill(pid, 200), ESRCH);
  FAIL(kill(getpid(), 200), EINVAL);
  FAIL(kill((pid_t)0x80000000, SIGTERM), ESRCH);
  FAIL(kill(-999999, SIGTERM), ESRCH);
  FAIL(syscall(SYS_tkill, 0, SIGTERM), EINVAL);
  FAIL(syscall(SYS_tgkill, getpid(), 0, SIGTERM), EINVAL);
  FAIL(syscall(SYS_tgkill, 999999, syscall(SYS_gettid), SIGTERM), ESRCH);
  siginfo_t forged = {.si_code = SI_USER};
  pid = child(wait_for_ever);
  FAIL(syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, &forged), EPERM);
  FAIL(syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGUSR1, &forged), EPERM);
  forged.si_code = SI_TKILL;
  FAIL(syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, &forged), EPERM);
  forged.si_code = -60;
  EQ(syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGTERM, &forged), 0);
  EQ(ends_with(pid), -SIGTERM);
}

static int group_member(void) {
  setpgid(0, shared->value);
  __atomic_add_fetch(&shared->ready, 1, __ATOMIC_SEQ_CST);
  for (;;) pause();
  return 0;
}
static int kill_own_group(void) {
  setpgid(0, 0);
  signal(SIGTERM, SIG_IGN);
  pid_t pid = child(wait_for_ever);
  int good = kill(0, SIGUSR2);  // both
  pause();
  return good + (int)pid;
}
static void to_groups(void) {
  new_shared();
  pid_t pids[3];
  pids[0] = child(group_member);
  YES(UNTIL(shared->ready == 1));
  shared->value = pids[0];
  for (int i = 1; i < 3; i++) pids[i] = child(group_member);
  YES(UNTIL(shared->ready == 3));
  EQ(kill(-pids[0], 0), 0);
  EQ(kill(-pids[0], SIGUSR1), 0);
  for (int i = 0; i < 3; i++) EQ(ends_with(pids[i]), -SIGUSR1);
  FAIL(kill(-pids[0], 0), ESRCH);
  new_shared();
  EQ(ends_with(child(kill_own_group)), -SIGUSR2);
  if (getpid() == 1) {
    // All but the first process and the caller.
    new_shared();
    for (int i = 0; i < 3; i++) pids[i] = child(group_member);
    YES(UNTIL(shared->ready == 3));
    EQ(kill(-1, SIGUSR1), 0);
    for (int i = 0; i < 3; i++) EQ(ends_with(pids[i]), -SIGUSR1);
    while (wait(0) > 0) {}
    FAIL(kill(-1, SIGUSR1), ESRCH);
  } else SKIP("kill(-1) is only for the first process of a machine");
}

static int as_somebody(void) {
  pid_t parent = getppid();
  if (setresuid(1000, 1000, 1000)) return 1;
  if (kill(parent, 0) == 0 || errno != EPERM) return 2;
  if (kill(parent, SIGCONT)) return 3;  // in the same session
  if (sigqueue(parent, SIGUSR1, (union sigval){0}) == 0 || errno != EPERM) return 4;
  if (syscall(SYS_tgkill, parent, parent, SIGUSR1) == 0 || errno != EPERM) return 5;
  if (kill(parent, 200) == 0 || errno != EINVAL) return 6;
  pid_t pid = fork();
  if (pid == 0) for (;;) pause();
  if (kill(pid, SIGTERM)) return 7;
  if (waitpid(pid, 0, 0) != pid) return 8;
  setsid();
  if (kill(parent, SIGCONT) == 0 || errno != EPERM) return 9;
  return 0;
}
static int with_saved_id(void) {
  // The sender's real or effective id against the target's real or saved one.
  if (setresuid(1000, 2000, 3000)) return 1;
  shared->ready = 1;
  for (;;) pause();
  return 0;
}
static int try_to_kill(void) {
  pid_t target = shared->value;
  uid_t to_try[] = {2000, 1000, 3000};
  for (int i = 0; i < 3; i++) {
    pid_t pid = fork();
    if (pid == 0) {
      setresuid(to_try[i], to_try[i], to_try[i]);
      _exit(kill(target, 0) == 0 ? 0 : errno);
    }
    int status;
    waitpid(pid, &status, 0);
    if (WEXITSTATUS(status) != (i == 0 ? EPERM : 0)) return i + 1;
  }
  return 0;
}
static void permission(void) {
  if (getuid() != 0) {
    SKIP("only root can become others");
    return;
  }
  EQ(ends_with(child(as_somebody)), 0);
  new_shared();
  pid_t pid = child(with_saved_id);
  YES(UNTIL(shared->ready));
  shared->value = pid;
  EQ(ends_with(child(try_to_kill)), 0);
  kill(pid, SIGKILL);
  EQ(ends_with(pid), -SIGKILL);
}

static int inherited(void) {
  sigset_t now;
  sigprocmask(SIG_BLOCK, 0, &now);
  struct sigaction a, b;
  sigaction(SIGUSR1, 0, &a), sigaction(SIGUSR2, 0, &b);
  if (!sigismember(&now, SIGUSR1) || sigismember(&now, SIGUSR2)) return 1;
  if (pending(SIGUSR1)) return 2;
  if (a.sa_sigaction != note || b.sa_handler != SIG_IGN) return 3;
  struct itimerval t;
  getitimer(ITIMER_REAL, &t);
  alarm(0);
  getitimer(ITIMER_VIRTUAL, &t);
  if (t.it_value.tv_sec || t.it_value.tv_usec) return 4;
  stack_t stack;
  sigaltstack(0, &stack);
  if (stack.ss_flags != 0 || stack.ss_size != 16384) return 5;
  signal(SIGUSR1, SIG_DFL);  // our own, not our parent's
  return 0;
}
static int timer_is_gone(void) {
  struct itimerspec t;
  return timer_gettime((timer_t)(intptr_t)shared->value, &t) == 0;
}
static void inheriting(void) {
  handle(SIGUSR1, 0);
  signal(SIGUSR2, SIG_IGN);
  sigset_t s = set_of(SIGUSR1, 0), none = set_of(0, 0);
  sigprocmask(SIG_BLOCK, &s, 0);
  raise(SIGUSR1);
  struct itimerval t = {{0, 0}, {100, 0}}, off = {{0, 0}, {0, 0}};
  setitimer(ITIMER_VIRTUAL, &t, 0);
  static char room[16384];
  stack_t stack = {.ss_sp = room, .ss_size = sizeof room}, disabled = {.ss_flags = SS_DISABLE};
  sigaltstack(&stack, 0);
  EQ(ends_with(child(inherited)), 0);
  sigaltstack(&disabled, 0);
  setitimer(ITIMER_VIRTUAL, &off, 0);
  EQ(pending(SIGUSR1), 1);
  sigprocmask(SIG_SETMASK, &none, 0);
  EQ(seen, 1);
  signal(SIGUSR1, SIG_DFL), signal(SIGUSR2, SIG_DFL);
  timer_t id;
  new_shared();
  EQ(timer_create(CLOCK_MONOTONIC, 0, &id), 0);
  shared->value = (int)(intptr_t)id;
  EQ(ends_with(child(timer_is_gone)), 0);
  timer_delete(id);
}

static int raise_it(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  signal(shared->value, SIG_DFL);
  raise(shared->value);
  return 0;
}
static int load_kernel(void) { return *(volatile int *)0xffffffff80000000; }
static int load_odd(void) { return *(volatile int *)0x8000000000000000; }
static int load_null(void) { return *(volatile int *)8; }
static int divide(void) {
  volatile int seven = 7, zero = 0;
  return seven / zero;
}
static int past_end(void) {
  int fd = t_file("short", "x");
  volatile char *p = mmap(0, 8192, PROT_READ, MAP_SHARED, fd, 0);
  return p[4096];
}
static int write_read_only(void) {
  volatile char *p = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  p[0] = 1;
  return 0;
}
static int into_broken_pipe(void) {
  int p[2];
  pipe(p);
  close(p[0]);
  write(p[1], "x", 1);
  return 0;
}
#ifdef __x86_64__
static int undefined(void) {
  __asm__ volatile("ud2");
  return 0;
}
static int breakpoint(void) {
  __asm__ volatile("int3");
  return 0;
}
static int step(void) {
  __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop; nop" ::: "memory", "cc");
  return 0;
}
static int halt(void) {
  __asm__ volatile("hlt");
  return 0;
}
#endif
static void by_default(void) {
  new_shared();
  for (int signo = 1; signo < 65; signo++) {
    if (signo == SIGKILL || signo == SIGSTOP || signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU) continue;
    if (signo >= 32 && signo < SIGRTMIN) continue;  // the C library's
    shared->value = signo;
    int ignored = signo == SIGCHLD || signo == SIGCONT || signo == SIGURG || signo == SIGWINCH;
    EQ(ends_with(child(raise_it)), ignored ? 0 : -signo);
  }
  struct rlimit before, none = {0, 0};
  getrlimit(RLIMIT_CORE, &before);
  none.rlim_max = before.rlim_max;
  setrlimit(RLIMIT_CORE, &none);
  EQ(ends_with(child(load_kernel)), -SIGSEGV);
  EQ(ends_with(child(load_odd)), -SIGSEGV);
  EQ(ends_with(child(load_null)), -SIGSEGV);
  EQ(ends_with(child(write_read_only)), -SIGSEGV);
  EQ(ends_with(child(past_end)), -SIGBUS);
  unlink("short");
  EQ(ends_with(child(into_broken_pipe)), -SIGPIPE);
#ifdef __x86_64__
  EQ(ends_with(child(divide)), -SIGFPE);
  EQ(ends_with(child(undefined)), -SIGILL);
  EQ(ends_with(child(breakpoint)), -SIGTRAP);
  EQ(ends_with(child(step)), -SIGTRAP);
  EQ(ends_with(child(halt)), -SIGSEGV);
#endif
  setrlimit(RLIMIT_CORE, &before);
}

static int leave_later(void) {
  t_sleep_ms(30);
  return 3;
}
static void children(void) {
  handle(SIGCHLD, 0);
  pid_t pid = child(leave_with_7);
  await_signals(1);
  EQ(info.si_code, CLD_EXITED);
  EQ(info.si_pid, pid);
  EQ(info.si_status, 7);
  EQ(info.si_uid, getuid());
  EQ(ends_with(pid), 7);
  new_shared();
  handle(SIGCHLD, 0);
  pid = child(wait_for_ever);
  YES(UNTIL(shared->ready));
  kill(pid, SIGSTOP);
  await_signals(1);
  EQ(info.si_code, CLD_STOPPED);
  EQ(info.si_status, SIGSTOP);
  int status;
  EQ(waitpid(pid, &status, WUNTRACED), pid);
  YES(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  // While it is stopped only SIGKILL and SIGCONT act.
  kill(pid, SIGTERM);
  t_sleep_ms(20);
  EQ(waitpid(pid, &status, WNOHANG), 0);
  kill(pid, SIGCONT);
  EQ(ends_with(pid), -SIGTERM);
  new_shared();
  handle(SIGCHLD, SA_NOCLDSTOP);
  pid = child(wait_for_ever);
  YES(UNTIL(shared->ready));
  kill(pid, SIGSTOP);
  EQ(waitpid(pid, &status, WUNTRACED), pid);
  EQ(seen, 0);
  kill(pid, SIGCONT);
  EQ(waitpid(pid, &status, WCONTINUED), pid);
  YES(WIFCONTINUED(status));
  EQ(seen, 0);
  kill(pid, SIGSTOP);
  EQ(waitpid(pid, &status, WUNTRACED), pid);
  kill(pid, SIGKILL);
  EQ(ends_with(pid), -SIGKILL);
  LEAST(seen, 1);
  EQ(info.si_code, CLD_KILLED);
  EQ(info.si_status, SIGKILL);
  // Children of somebody who does not want to know leave nothing.
  signal(SIGCHLD, SIG_IGN);
  pid = child(leave_later);
  FAIL(waitpid(pid, &status, 0), ECHILD);
  handle(SIGCHLD, SA_NOCLDWAIT);
  pid = child(leave_later);
  FAIL(waitpid(pid, &status, 0), ECHILD);
  // It may be told all the same.
  YES(UNTIL(seen == 1));
  signal(SIGCHLD, SIG_DFL);
  // wait() goes on after a handler with SA_RESTART, and not without.
  handle(SIGALRM, SA_RESTART);
  pid = child(leave_later);
  struct itimerval often = {{0, 3000}, {0, 3000}}, off = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, 0);
  EQ(waitpid(pid, &status, 0), pid);
  EQ(WEXITSTATUS(status), 3);
  handle(SIGALRM, 0);
  new_shared();
  pid = child(wait_for_ever);
  FAIL(waitpid(pid, &status, 0), EINTR);
  setitimer(ITIMER_REAL, &off, 0);
  kill(pid, SIGKILL);
  EQ(ends_with(pid), -SIGKILL);
}

// Two processes that wake each other by signals alone.
static int ping(void) {
  sigset_t s = set_of(SIGUSR1, 0);
  int signo;
  for (int i = 0; i < 300; i++) {
    sigwait(&s, &signo);
    if (kill(getppid(), SIGUSR2)) return 1;
  }
  return 0;
}
static int queue_many(void) {
  sigset_t s = set_of(SIGRTMIN + 2, 0);
  for (int i = 0; i < 200; i++) {
    union sigval v = {.sival_int = i};
    while (sigqueue(getppid(), SIGRTMIN + 2, v))
      if (errno != EAGAIN) return 1;
      else sched_yield();
  }
  (void)s;
  return 0;
}
static void traffic(void) {
  sigset_t s = set_of(SIGUSR1, SIGUSR2), none = set_of(0, 0);
  sigprocmask(SIG_BLOCK, &s, 0);
  pid_t pid = child(ping);
  int signo, good = 0;
  sigset_t back = set_of(SIGUSR2, 0);
  for (int i = 0; i < 300; i++) {
    kill(pid, SIGUSR1);
    sigwait(&back, &signo);
    good += signo == SIGUSR2;
  }
  EQ(good, 300);
  EQ(ends_with(pid), 0);
  // From several at once: nothing is lost, and each one's come in its order.
  s = set_of(SIGRTMIN + 2, 0);
  sigprocmask(SIG_BLOCK, &s, 0);
  pid_t pids[4];
  int next[4] = {0};
  for (int i = 0; i < 4; i++) pids[i] = child(queue_many);
  int in_order = 1;
  for (int n = 0; n < 800; n++) {
    siginfo_t got;
    struct timespec ten = {10, 0};
    if (sigtimedwait(&s, &got, &ten) < 0) break;
    for (int i = 0; i < 4; i++)
      if (got.si_pid == pids[i]) in_order &= got.si_value.sival_int == next[i], next[i]++;
  }
  EQ(in_order, 1);
  for (int i = 0; i < 4; i++) EQ(next[i], 200), EQ(ends_with(pids[i]), 0);
  sigprocmask(SIG_SETMASK, &none, 0);
}

static int fill_queue(void) {
  struct rlimit few = {8, 8};
  if (getuid() == 0 && setresuid(1234, 1234, 1234)) return 1;
  if (setrlimit(RLIMIT_SIGPENDING, &few)) return 2;
  sigset_t s = set_of(SIGRTMIN, SIGUSR1);
  sigprocmask(SIG_BLOCK, &s, 0);
  int n = 0;
  while (n < 100 && sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = n}) == 0) n++;
  if (errno != EAGAIN) return 3;
  if (n != 8) return 4;
  // Standard ones always find a place, and kill() does.
  if (kill(getpid(), SIGUSR1)) return 5;
  if (kill(getpid(), SIGRTMIN)) return 6;
  siginfo_t got;
  struct timespec zero = {0, 0};
  if (sigtimedwait(&s, &got, &zero) != SIGUSR1) return 7;
  for (int i = 0; i < 8; i++)
    if (sigtimedwait(&s, &got, &zero) != SIGRTMIN || got.si_value.sival_int != i) return 10 + i;
  return 0;
}
static void queue_limit(void) { EQ(ends_with(child(fill_queue)), 0); }

static int burn(void) {
  struct rlimit limit = {1, 2};
  setrlimit(RLIMIT_CPU, &limit);
  handle(SIGXCPU, 0);
  while (!seen) {}
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  // Linux counts ticks against the limit, which on a busy host are less than the time used, or more.
  if (used.tv_sec * 10 + used.tv_nsec / 100000000 < 2) return 1;
  shared->value = 1;
  for (;;) {}
  return 0;
}
static int burn_by_default(void) {
  struct rlimit limit = {1, RLIM_INFINITY}, none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_CPU, &limit);
  for (;;) {}
  return 0;
}
static int write_too_much(void) {
  struct rlimit limit = {4096, 4096};
  setrlimit(RLIMIT_FSIZE, &limit);
  int fd = open("big", O_RDWR | O_CREAT | O_TRUNC, 0644);
  char block[4000] = {0};
  handle(SIGXFSZ, 0);
  if (write(fd, block, sizeof block) != sizeof block) return 1;
  if (write(fd, block, sizeof block) != 96) return 2;  // what still fits
  if (seen) return 3;
  if (write(fd, block, 1) != -1 || errno != EFBIG) return 4;
  if (seen != 1 || last != SIGXFSZ) return 5;
  if (ftruncate(fd, 5000) != -1 || errno != EFBIG || seen != 2) return 6;
  signal(SIGXFSZ, SIG_DFL);
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  write(fd, block, 1);
  return 7;
}
static void limits(void) {
  new_shared();
  EQ(ends_with(child(burn)), -SIGKILL);
  EQ(shared->value, 1);
  EQ(ends_with(child(burn_by_default)), -SIGXCPU);
  EQ(ends_with(child(write_too_much)), -SIGXFSZ);
  unlink("big");
}

static int spin(void) {
  shared->ready = 1;
  while (!shared->go) {}
  shared->ready = 2;
  for (;;) pause();
  return 0;
}
static int with_timers(void) {
  // By our own CPU time: it does not fire while we sleep, and does while we work.
  struct itimerval t = {{0, 0}, {0, 20000}};
  handle(SIGVTALRM, 0);
  setitimer(ITIMER_VIRTUAL, &t, 0);
  t_sleep_ms(60);
  if (seen) return 1;
  while (!seen) {}
  handle(SIGPROF, 0);
  setitimer(ITIMER_PROF, &t, 0);
  while (!seen) {}
  if (last != SIGPROF) return 2;
  handle(SIGUSR1, 0);
  struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  e.sigev_value.sival_int = 5;
  struct itimerspec spec = {{0, 0}, {0, 10000000}};
  static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
  for (int i = 0; i < 5; i++)
    for (int absolute = 0; absolute < 2; absolute++) {
      timer_t id;
      if (timer_create(clocks[i], &e, &id)) return 10 + i;
      seen = 0;
      struct itimerspec new = spec;
      if (absolute) {
        clock_gettime(clocks[i], &new.it_value);
        new.it_value.tv_nsec += 10000000;
        if (new.it_value.tv_nsec >= 1000000000) new.it_value.tv_sec++, new.it_value.tv_nsec -= 1000000000;
      }
      if (timer_settime(id, absolute ? TIMER_ABSTIME : 0, &new, 0)) return 20 + i;
      while (!seen) getpid();
      if (info.si_code != SI_TIMER || info.si_value.sival_int != 5) return 30 + i;
      if (timer_delete(id)) return 40 + i;
    }
  return 0;
}
static void clocks(void) {
  new_shared();
  pid_t pid = child(spin);
  YES(UNTIL(shared->ready == 1));
  clockid_t clock;
  struct timespec first, second;
  EQ(clock_getcpuclockid(pid, &clock), 0);
  t_sleep_ms(60);
  EQ(clock_gettime(clock, &first), 0);
  LEAST(first.tv_sec * 1000 + first.tv_nsec / 1000000, 10);
  shared->go = 1;
  YES(UNTIL(shared->ready == 2));
  t_sleep_ms(20);
  clock_gettime(clock, &first);
  t_sleep_ms(50);
  clock_gettime(clock, &second);
  YES(second.tv_sec == first.tv_sec && second.tv_nsec - first.tv_nsec < 20000000);
  // A thread's clock is its own process's affair.
  struct timespec t;
  FAIL(clock_gettime((clockid_t)(~(unsigned)pid << 3 | 6), &t), EINVAL);
  kill(pid, SIGKILL);
  EQ(ends_with(pid), -SIGKILL);
  FAIL(clock_gettime(clock, &t), EINVAL);
  YES(clock_getcpuclockid(999999, &clock) != 0);
  EQ(ends_with(child(with_timers)), 0);
}

static long futex(volatile int *word, int op, int value, const struct timespec *timeout, volatile int *other, int third) {
  return syscall(SYS_futex, word, op, value, timeout, other, third);
}
static int wait_for_word(void) {
  shared->ready = 1;
  struct timespec ten = {10, 0};
  return futex(&shared->word, FUTEX_WAIT, 0, &ten, 0, 0) == 0 ? 0 : errno;
}
static volatile int *mapped;
static int wait_in_file(void) {
  int fd = open("words", O_RDWR);
  mmap(0, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  volatile int *at = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  shared->ready = at != mapped;
  struct timespec ten = {10, 0};
  return futex(at + 1025, FUTEX_WAIT, 7, &ten, 0, 0) == 0 ? 0 : errno;
}
static int own_copy;
static int wait_in_copy(void) {
  shared->ready = 1;
  struct timespec some = {0, 100000000};
  return futex(&own_copy, FUTEX_WAIT, 0, &some, 0, 0) == -1 && errno == ETIMEDOUT ? 0 : 1;
}
static int lock_and_die(void) {
  pthread_mutex_lock(&shared->mutex);
  shared->ready = 1;
  t_sleep_ms(30);
  kill(getpid(), SIGKILL);
  return 1;
}
static int lock_pi_and_hold(void) {
  if (futex(&shared->word, FUTEX_LOCK_PI, 0, 0, 0, 0)) return 1;
  shared->ready = 1;
  t_sleep_ms(50);
  shared->value = 1;
  return futex(&shared->word, FUTEX_UNLOCK_PI, 0, 0, 0, 0) ? 2 : 0;
}
static void futexes(void) {
  new_shared();
  pid_t pid = child(wait_for_word);
  YES(UNTIL(shared->ready));
  EQ(futex(&shared->word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0), 0);
  YES(UNTIL(futex(&shared->word, FUTEX_WAKE, 1, 0, 0, 0) == 1));
  EQ(ends_with(pid), 0);
  // Moved to another word.
  new_shared();
  pid = child(wait_for_word);
  YES(UNTIL(shared->ready));
  YES(UNTIL(futex(&shared->word, FUTEX_CMP_REQUEUE, 0, (void *)1, &shared->other, 0) == 1));
  EQ(futex(&shared->word, FUTEX_WAKE, 1, 0, 0, 0), 0);
  EQ(futex(&shared->other, FUTEX_WAKE, 1, 0, 0, 0), 1);
  EQ(ends_with(pid), 0);
  // The same word of a file at another address.
  int fd = open("words", O_RDWR | O_CREAT | O_TRUNC, 0644);
  ftruncate(fd, 8192);
  mapped = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  mapped[1025] = 7;
  new_shared();
  pid = child(wait_in_file);
  YES(UNTIL(shared->ready));
  YES(UNTIL(futex(mapped + 1025, FUTEX_WAKE, 1, 0, 0, 0) == 1));
  EQ(ends_with(pid), 0);
  munmap((void *)mapped, 8192);
  close(fd);
  unlink("words");
  // A child's copy of a private page is another word.
  new_shared();
  own_copy = 0;
  pid = child(wait_in_copy);
  YES(UNTIL(shared->ready));
  t_sleep_ms(20);
  EQ(futex(&own_copy, FUTEX_WAKE, 1, 0, 0, 0), 0);
  EQ(ends_with(pid), 0);
  // A lock whose owner was killed.
  new_shared();
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&shared->mutex, &attributes);
  pid = child(lock_and_die);
  YES(UNTIL(shared->ready));
  EQ(pthread_mutex_lock(&shared->mutex), EOWNERDEAD);
  EQ(pthread_mutex_consistent(&shared->mutex), 0);
  EQ(pthread_mutex_unlock(&shared->mutex), 0);
  EQ(ends_with(pid), -SIGKILL);
  EQ(pthread_mutex_lock(&shared->mutex), 0);
  EQ(pthread_mutex_unlock(&shared->mutex), 0);
  // The same with an owner that the kernel knows.
  new_shared();
  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  EQ(pthread_mutex_init(&shared->mutex, &attributes), 0);
  pid = child(lock_and_die);
  YES(UNTIL(shared->ready));
  EQ(pthread_mutex_lock(&shared->mutex), EOWNERDEAD);
  EQ(pthread_mutex_consistent(&shared->mutex), 0);
  EQ(pthread_mutex_unlock(&shared->mutex), 0);
  EQ(ends_with(pid), -SIGKILL);
  EQ(pthread_mutex_lock(&shared->mutex), 0);
  EQ(pthread_mutex_unlock(&shared->mutex), 0);
  // A lock with an owner, handed over between processes.
  new_shared();
  pid = child(lock_pi_and_hold);
  YES(UNTIL(shared->ready));
  EQ(shared->word & FUTEX_TID_MASK, pid);
  EQ(futex(&shared->word, FUTEX_LOCK_PI, 0, 0, 0, 0), 0);
  EQ(shared->value, 1);
  EQ(shared->word & FUTEX_TID_MASK, syscall(SYS_gettid));
  EQ(futex(&shared->word, FUTEX_UNLOCK_PI, 0, 0, 0, 0), 0);
  EQ(ends_with(pid), 0);
}

// Several words at once.
struct waiter { uint64_t value, word; uint32_t flags, reserved; };
static long waitv(struct waiter *w, unsigned count, unsigned flags, const struct timespec *until, clockid_t clock) {
  return syscall(449, w, count, flags, until, clock);
}
static int own_word;
static int wake_other(void) {
  while (futex(&shared->other, FUTEX_WAKE, 1, 0, 0, 0) != 1) t_sleep_ms(1);
  return 0;
}
static void several_words(void) {
  new_shared();
  enum { U32 = 2, PRIVATE = 128 };
  struct waiter w[] = {{0, (uintptr_t)&own_word, U32 | PRIVATE, 0},
                       {0, (uintptr_t)&shared->word, U32, 0},
                       {0, (uintptr_t)&shared->other, U32, 0}};
  struct timespec soon;
  clock_gettime(CLOCK_MONOTONIC, &soon);
  soon.tv_nsec += 20000000;
  if (soon.tv_nsec >= 1000000000) soon.tv_sec++, soon.tv_nsec -= 1000000000;
  FAIL(waitv(w, 3, 0, &soon, CLOCK_MONOTONIC), ETIMEDOUT);
  EQ(futex(&shared->other, FUTEX_WAKE, 9, 0, 0, 0), 0);
  pid_t pid = child(wake_other);
  EQ(waitv(w, 3, 0, 0, 0), 2);
  EQ(ends_with(pid), 0);
  EQ(futex(&shared->word, FUTEX_WAKE, 9, 0, 0, 0), 0);
  shared->word = 1;
  FAIL(waitv(w, 3, 0, 0, 0), EAGAIN);
  shared->word = 0;
  FAIL(waitv(w, 0, 0, 0, 0), EINVAL);
  FAIL(waitv(w, 129, 0, 0, 0), EINVAL);
  FAIL(waitv(w, 3, 1, 0, 0), EINVAL);
  FAIL(waitv(w, 3, 0, &soon, CLOCK_BOOTTIME), EINVAL);
  FAIL(waitv(0, 3, 0, 0, 0), EINVAL);
  FAIL(waitv((struct waiter *)8, 3, 0, 0, 0), EFAULT);
  w[1].flags = 1;
  FAIL(waitv(w, 3, 0, 0, 0), EINVAL);
  w[1].flags = U32, w[1].reserved = 1;
  FAIL(waitv(w, 3, 0, 0, 0), EINVAL);
  w[1].reserved = 0, w[1].word += 2;
  FAIL(waitv(w, 3, 0, 0, 0), EINVAL);
  w[1].word = 8;
  FAIL(waitv(w, 3, 0, 0, 0), EFAULT);
  EQ(futex(&own_word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 9, 0, 0, 0), 0);
}

static void *sleep_blocked(void *arg) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, 0);
  shared->tid = syscall(SYS_gettid);
  for (;;) t_sleep_ms(1000);
  return arg;
}
static void *spin_thread(void *arg) {
  for (;;) shared->count++;
  return arg;
}
static int many_threads(void) {
  pthread_t t;
  for (int i = 0; i < 3; i++) pthread_create(&t, 0, sleep_blocked, 0), pthread_create(&t, 0, spin_thread, 0);
  while (!shared->tid) t_sleep_ms(1);
  shared->ready = 1;
  for (;;) pause();
  return 0;
}
static void threads(void) {
  static const int how[] = {SIGKILL, SIGTERM, SIGSEGV};
  for (int i = 0; i < 3; i++) {
    new_shared();
    pid_t pid = child(many_threads);
    YES(UNTIL(shared->ready));
    // By any thread's id it is the process.
    EQ(kill((pid_t)shared->tid, 0), 0);
    EQ(syscall(SYS_tgkill, pid, shared->tid, 0), 0);
    FAIL(syscall(SYS_tgkill, getpid(), shared->tid, 0), ESRCH);
    if (i == 0) EQ(syscall(SYS_tgkill, pid, shared->tid, SIGKILL), 0);
    else EQ(kill(pid, how[i]), 0);
    EQ(ends_with(pid), -how[i]);
  }
}

static int die_after_child(void) {
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    handle(SIGUSR1, 0);
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    shared->ready = 1;
    await_signals(1);
    shared->value = last;
    _exit(0);
  }
  while (!shared->ready) t_sleep_ms(1);
  return 0;
}
static void death_signal(void) {
  new_shared();
  EQ(ends_with(child(die_after_child)), 0);
  YES(UNTIL(shared->value == SIGUSR1));
}

// Threads that compute, make calls and sleep, under signals from several others: each real-time signal is
// handled once, and no register is lost.
enum { TARGETS = 4, SENDERS = 3, EACH = 400 };
static volatile int crowd_handled, crowd_stop;
static volatile long target_tids[TARGETS];
static void count_crowd(int signo) { (void)signo, __atomic_add_fetch(&crowd_handled, 1, __ATOMIC_SEQ_CST); }
static void *crowd_target(void *arg) {
  long me = (long)arg, wrong = 0;
  target_tids[me] = syscall(SYS_gettid);
  for (int round = 0; !crowd_stop; round++) {
    uint32_t x = 1, y = 0;
    for (int i = 0; i < 2000; i++) x = x * 1664525 + 1013904223, y ^= x;
    static uint32_t want;
    if (!want) want = y;
    wrong += y != want;
    if (round % 4 == me) {
      struct timespec t = {0, 200000};
      nanosleep(&t, 0);
    }
    wrong += getppid() < 0;
  }
  return (void *)wrong;
}
static void *crowd_sender(void *arg) {
  long me = (long)arg, sent = 0;
  siginfo_t i = {.si_code = SI_QUEUE};
  while (sent < EACH) {
    // To a thread, or to whoever of the process takes it.
    long done = (sent + me) % 2 ? syscall(SYS_rt_tgsigqueueinfo, getpid(), target_tids[sent % TARGETS], SIGRTMIN + 3, &i)
                                : syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN + 3, &i);
    if (done == 0) sent++;
    else if (errno != EAGAIN) break;
    else sched_yield();
  }
  return (void *)sent;
}
static void crowd(void) {
  struct sigaction a = {.sa_handler = count_crowd, .sa_flags = SA_RESTART};
  sigset_t s = set_of(SIGRTMIN + 3, 0), none = set_of(0, 0);
  sigaction(SIGRTMIN + 3, &a, 0);
  pthread_t targets[TARGETS], senders[SENDERS];
  void *result;
  for (long i = 0; i < TARGETS; i++) pthread_create(&targets[i], 0, crowd_target, (void *)i);
  for (int i = 0; i < TARGETS; i++) YES(UNTIL(target_tids[i]));
  pthread_sigmask(SIG_BLOCK, &s, 0);
  for (long i = 0; i < SENDERS; i++) pthread_create(&senders[i], 0, crowd_sender, (void *)i);
  for (int i = 0; i < SENDERS; i++) pthread_join(senders[i], &result), EQ((long)result, EACH);
  YES(UNTIL(crowd_handled >= SENDERS * EACH));
  crowd_stop = 1;
  for (int i = 0; i < TARGETS; i++) pthread_join(targets[i], &result), EQ((long)result, 0);
  EQ(crowd_handled, SENDERS * EACH);
  pthread_sigmask(SIG_SETMASK, &none, 0);
}

MAIN(G(sending), G(to_groups), G(permission), G(inheriting), G(by_default), G(children), G(traffic), G(queue_limit), G(limits), G(clocks),
     G(futexes), G(several_words), G(threads), G(death_signal), G(crowd))
