// wait4 and waitid in all their options, zombies, orphans, what a parent is told and when.
#include "p.h"
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>

#ifndef __WNOTHREAD
#define __WNOTHREAD 0x20000000
#endif
#ifndef __WCLONE
#define __WCLONE 0x80000000
#endif

static int wait4_(pid_t pid, int *status, int options) { return (int)syscall(SYS_wait4, pid, status, options, 0); }
static int waitid_(int kind, int id, siginfo_t *info, int options) { return (int)syscall(SYS_waitid, kind, id, info, options, 0); }
static int pidfd_of(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
// A child whose end is told by another signal than SIGCHLD (0: by none).
static pid_t fork_with(int signal) { return (pid_t)syscall(SYS_clone, (long)signal, 0, 0, 0, 0); }

static void arguments(void) {
  int status = 77;
  siginfo_t info;
  FAIL(wait4_(-1, &status, 0), ECHILD);
  FAIL(wait4_(-1, &status, WNOHANG), ECHILD);
  FAIL(wait4_(getpid(), &status, 0), ECHILD);
  FAIL(wait4_(getppid(), &status, 0), ECHILD);
  FAIL(wait4_(INT_MIN, &status, 0), ESRCH);
  FAIL(wait4_(-1, &status, 0x100), EINVAL);
  FAIL(wait4_(-1, &status, WEXITED), EINVAL);
  FAIL(wait4_(-1, &status, WNOWAIT), EINVAL);
  EQ(status, 77);
  FAIL(waitid_(P_ALL, 0, &info, WEXITED), ECHILD);
  FAIL(waitid_(P_ALL, 0, &info, 0), EINVAL);
  FAIL(waitid_(P_ALL, 0, &info, WNOHANG), EINVAL);
  FAIL(waitid_(P_ALL, 0, &info, WEXITED | 0x100), EINVAL);
  FAIL(waitid_(4, 0, &info, WEXITED), EINVAL);
  FAIL(waitid_(P_PID, 0, &info, WEXITED), EINVAL);
  FAIL(waitid_(P_PID, -1, &info, WEXITED), EINVAL);
  FAIL(waitid_(P_PGID, -1, &info, WEXITED), EINVAL);
  FAIL(waitid_(P_PIDFD, -1, &info, WEXITED), EINVAL);
  FAIL(waitid_(P_PIDFD, 1000, &info, WEXITED), EBADF);
  FAIL(waitid_(P_PIDFD, 0, &info, WEXITED), EBADF);
  pid_t child = CHILD();
  // A status that cannot be written: the child is gone all the same.
  FAIL(wait4_(child, (int *)8, 0), EFAULT);
  FAIL(wait4_(child, &status, 0), ECHILD);
  child = CHILD();
  EQ(wait4_(child, 0, 0), child);
}

static void statuses(void) {
  int status;
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  for (int code = 0; code < 512; code += 85) {
    pid_t child = CHILD(_exit(code));
    EQ(wait4_(child, &status, 0), child);
    EQ(status, (code & 255) << 8);
  }
  for (int s = 1; s <= 64; s++) {
    if (s == SIGCHLD || s == SIGURG || s == SIGWINCH || s == SIGCONT || s == SIGSTOP || s == SIGTSTP || s == SIGTTIN || s == SIGTTOU) continue;
    pid_t child = CHILD({
      struct { uintptr_t handler, flags, restorer; uint64_t mask; } a = {0};
      uint64_t open_mask = 0;
      syscall(SYS_rt_sigaction, s, &a, 0, 8);
      syscall(SYS_rt_sigprocmask, SIG_SETMASK, &open_mask, 0, 8);
      syscall(SYS_kill, getpid(), s);
    });
    wait4_(child, &status, 0);
    EQ(status, s);
  }
  // All threads' ends: the group's status is what the last or exit_group said.
  EQ(ended(CHILD(syscall(SYS_exit, 5))), 5);
  EQ(ended(CHILD(syscall(SYS_exit_group, 300))), 44);
}

static void info_told(void) {
  siginfo_t info;
  pid_t child = CHILD(_exit(9));
  memset(&info, 1, sizeof info);
  EQ(waitid_(P_PID, child, &info, WEXITED | WNOWAIT), 0);
  EQ(info.si_signo, SIGCHLD), EQ(info.si_errno, 0), EQ(info.si_code, CLD_EXITED);
  EQ(info.si_pid, child), EQ(info.si_uid, getuid()), EQ(info.si_status, 9);
  // It is still there.
  EQ(p_state(child), 'Z');
  EQ(kill(child, 0), 0);
  EQ(waitid_(P_PID, child, &info, WEXITED | WNOWAIT | WNOHANG), 0);
  EQ(info.si_pid, child);
  EQ(waitid_(P_PID, child, 0, WEXITED), 0);
  FAIL(waitid_(P_PID, child, &info, WEXITED), ECHILD);
  FAIL(kill(child, 0), ESRCH);
  child = CHILD(pause());
  memset(&info, 1, sizeof info);
  EQ(waitid_(P_PID, child, &info, WEXITED | WNOHANG), 0);
  EQ(info.si_pid, 0), EQ(info.si_signo, 0);
  EQ(kill(child, SIGSTOP), 0);
  EQ(waitid_(P_PID, child, &info, WSTOPPED | WNOWAIT), 0);
  EQ(info.si_code, CLD_STOPPED), EQ(info.si_status, SIGSTOP), EQ(info.si_pid, child);
  EQ(waitid_(P_PID, child, &info, WSTOPPED), 0);
  EQ(info.si_code, CLD_STOPPED);
  EQ(waitid_(P_PID, child, &info, WSTOPPED | WNOHANG), 0);
  EQ(info.si_pid, 0);
  EQ(p_state(child), 'T');
  EQ(kill(child, SIGCONT), 0);
  EQ(waitid_(P_PID, child, &info, WCONTINUED), 0);
  EQ(info.si_code, CLD_CONTINUED), EQ(info.si_status, SIGCONT);
  EQ(waitid_(P_PID, child, &info, WCONTINUED | WNOHANG), 0);
  EQ(info.si_pid, 0);
  EQ(kill(child, SIGKILL), 0);
  EQ(waitid_(P_ALL, 0, &info, WEXITED), 0);
  EQ(info.si_code, CLD_KILLED), EQ(info.si_status, SIGKILL);
  // A plain wait does not see a stop; a stopped child can be killed.
  child = CHILD(for (;;) pause());
  EQ(kill(child, SIGSTOP), 0);
  YES(UNTIL(p_state(child) == 'T'));
  EQ(wait4_(child, 0, WNOHANG), 0);
  int status;
  EQ(wait4_(child, &status, WNOHANG | WUNTRACED), child);
  EQ(status, SIGSTOP << 8 | 0x7f);
  EQ(wait4_(child, &status, WNOHANG | WUNTRACED), 0);
  EQ(kill(child, SIGCONT), 0);
  EQ(wait4_(child, &status, WCONTINUED), child);
  EQ(status, 0xffff);
  EQ(kill(child, SIGSTOP), 0);
  EQ(wait4_(child, &status, WUNTRACED), child);
  EQ(kill(child, SIGKILL), 0);
  EQ(ended(child), KILLED(SIGKILL));
}

static void choice(void) {
  siginfo_t info = {0};
  int status, p[2];
  EQ(pipe(p), 0);
  pid_t a = CHILD(setpgid(0, 0); p_hear(p); _exit(1)), b = CHILD(_exit(2));
  EQ(setpgid(a, a), 0);
  EQ(waitid_(P_PGID, a, &info, WEXITED | WNOHANG), 0);
  EQ(info.si_pid, 0);
  EQ(wait4_(0, &status, 0), b);  // of our own group there is but the other
  EQ(WEXITSTATUS(status), 2);
  FAIL(wait4_(0, &status, 0), ECHILD);
  FAIL(waitid_(P_PGID, 0, &info, WEXITED), ECHILD);
  EQ(wait4_(-a, &status, WNOHANG), 0);
  p_tell(p);
  EQ(wait4_(-a, &status, 0), a);
  EQ(WEXITSTATUS(status), 1);
  FAIL(wait4_(-a, &status, 0), ECHILD);
  // By pidfd: readable at the end; what does not block says EAGAIN.
  a = CHILD(p_hear(p); _exit(3));
  int fd = GOOD(pidfd_of(a));
  EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EQ(waitid_(P_PIDFD, fd, &info, WEXITED | WNOHANG), 0);
  EQ(info.si_pid, 0);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  FAIL(waitid_(P_PIDFD, fd, &info, WEXITED), EAGAIN);
  fcntl(fd, F_SETFL, 0);
  p_tell(p);
  EQ(waitid_(P_PIDFD, fd, &info, WEXITED), 0);
  EQ(info.si_pid, a), EQ(info.si_status, 3);
  FAIL(waitid_(P_PIDFD, fd, &info, WEXITED), ECHILD);
  close(fd);
  // The wait of one child is not ended by another's end.
  a = CHILD(t_sleep_ms(30); _exit(4)), b = CHILD(_exit(5));
  EQ(wait4_(a, &status, 0), a);
  EQ(WEXITSTATUS(status), 4);
  EQ(wait4_(b, &status, 0), b);
  EQ(WEXITSTATUS(status), 5);
  p_close(p);
}

static void clone_children(void) {
  int status;
  // Another exit signal: a plain wait does not see it, __WCLONE sees only it, __WALL sees all.
  signal(SIGUSR1, SIG_IGN);
  pid_t child = fork_with(SIGUSR1);
  if (!child) _exit(1);
  FAIL(wait4_(child, &status, 0), ECHILD);
  EQ(wait4_(child, &status, __WCLONE), child);
  signal(SIGUSR1, SIG_DFL);
  child = fork_with(0);
  if (!child) _exit(2);
  FAIL(wait4_(-1, &status, 0), ECHILD);
  EQ(wait4_(-1, &status, __WALL), child);
  EQ(WEXITSTATUS(status), 2);
  child = CHILD(_exit(3));
  FAIL(wait4_(child, &status, __WCLONE), ECHILD);
  EQ(wait4_(child, &status, __WALL), child);
  child = CHILD(_exit(3));
  EQ(wait4_(child, &status, __WALL | __WCLONE), child);
  // After an exec its end is told by SIGCHLD.
  child = fork_with(0);
  if (!child) execve(SELF, (char *const[]){"name", "--status", 0}, environ), _exit(126);
  YES(UNTIL(p_state(child) == 'Z'));
  EQ(wait4_(child, &status, 0), child);
  EQ(WEXITSTATUS(status), 6);
}

static void *waiter(void *child) {
  int status, options = *(pid_t *)child < 0 ? __WNOTHREAD : 0;
  pid_t pid = abs(*(pid_t *)child);
  pid_t got = wait4_(pid, &status, options);
  return (void *)(intptr_t)(got == pid ? WEXITSTATUS(status) : -errno);
}
static void *forker(void *unused) { return (void *)(intptr_t)CHILD((void)unused; _exit(8)); }
static void of_threads(void) {
  pthread_t t;
  void *got;
  // Any thread may wait for a child of the process, unless it says __WNOTHREAD.
  pid_t child = CHILD(_exit(7)), other = -child;
  pthread_create(&t, 0, waiter, &other), pthread_join(t, &got);
  EQ((intptr_t)got, -ECHILD);
  pthread_create(&t, 0, waiter, &child), pthread_join(t, &got);
  EQ((intptr_t)got, 7);
  // A thread's child stays when the thread ends.
  pthread_create(&t, 0, forker, 0), pthread_join(t, &got);
  child = (pid_t)(intptr_t)got;
  EQ(ended(child), 8);
  // Two threads that wait for one child: one gets it, the other ECHILD.
  int p[2];
  pipe(p);
  child = CHILD(p_hear(p); _exit(9));
  pthread_t both[2];
  for (int i = 0; i < 2; i++) pthread_create(&both[i], 0, waiter, &child);
  t_sleep_ms(20), p_tell(p);
  intptr_t sum = 0;
  for (int i = 0; i < 2; i++) pthread_join(both[i], &got), sum += (intptr_t)got;
  EQ(sum, 9 - ECHILD);
  p_close(p);
}

static volatile int calls, last_code, last_status, last_pid;
static void on_child(int s, siginfo_t *info, void *context) {
  (void)s, (void)context;
  last_code = info->si_code, last_status = info->si_status, last_pid = info->si_pid, calls++;
}
static void signal_told(void) {
  struct sigaction a = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART};
  int status;
  calls = 0;
  sigaction(SIGCHLD, &a, 0);
  pid_t child = CHILD(_exit(5));
  EQ(ended(child), 5);
  EQ(calls, 1), EQ(last_code, CLD_EXITED), EQ(last_status, 5), EQ(last_pid, child);
  child = CHILD(for (;;) pause());
  kill(child, SIGSTOP);
  YES(UNTIL(calls == 2));
  EQ(last_code, CLD_STOPPED), EQ(last_status, SIGSTOP), EQ(last_pid, child);
  kill(child, SIGCONT);
  YES(UNTIL(calls == 3));
  EQ(last_code, CLD_CONTINUED), EQ(last_status, SIGCONT);
  kill(child, SIGTERM);
  EQ(ended(child), KILLED(SIGTERM));
  EQ(calls, 4), EQ(last_code, CLD_KILLED), EQ(last_status, SIGTERM);
  // SA_NOCLDSTOP: only the end is told.
  a.sa_flags |= SA_NOCLDSTOP, calls = 0;
  sigaction(SIGCHLD, &a, 0);
  child = CHILD(for (;;) pause());
  kill(child, SIGSTOP);
  EQ(wait4_(child, &status, WUNTRACED), child);
  kill(child, SIGCONT);
  EQ(wait4_(child, &status, WCONTINUED), child);
  EQ(calls, 0);
  kill(child, SIGKILL);
  EQ(ended(child), KILLED(SIGKILL));
  EQ(calls, 1);
  // Without SA_RESTART a wait for another child is interrupted.
  a.sa_flags = SA_SIGINFO, calls = 0;
  sigaction(SIGCHLD, &a, 0);
  pid_t slow = CHILD(pause());
  child = CHILD(t_sleep_ms(20));
  FAIL(wait4_(slow, &status, 0), EINTR);
  kill(slow, SIGKILL);
  EQ(ended(slow), KILLED(SIGKILL)), EQ(ended(child), 0);
  // SA_NOCLDWAIT: the signal comes, no zombie stays; the wait lasts until all are gone.
  a.sa_flags = SA_SIGINFO | SA_NOCLDWAIT | SA_RESTART, calls = 0;
  sigaction(SIGCHLD, &a, 0);
  child = CHILD(t_sleep_ms(20));
  FAIL(wait4_(child, &status, 0), ECHILD);
  EQ(calls, 1);
  FAIL(kill(child, 0), ESRCH);
  // Ignored: the same without the signal. Set to default: zombies again.
  signal(SIGCHLD, SIG_IGN);
  child = CHILD(t_sleep_ms(20)), slow = CHILD(t_sleep_ms(40));
  FAIL(wait4_(-1, &status, 0), ECHILD);
  FAIL(kill(child, 0), ESRCH);
  FAIL(kill(slow, 0), ESRCH);
  signal(SIGCHLD, SIG_DFL);
  child = CHILD();
  YES(UNTIL(p_state(child) == 'Z'));
  EQ(ended(child), 0);
  // A zombie from before is collected, though the signal is ignored by now.
  child = CHILD(_exit(3));
  YES(UNTIL(p_state(child) == 'Z'));
  signal(SIGCHLD, SIG_IGN);
  EQ(wait4_(child, &status, 0), child);
  signal(SIGCHLD, SIG_DFL);
  // Blocked: it stays pending, once for many.
  sigset_t set;
  siginfo_t info;
  sigemptyset(&set), sigaddset(&set, SIGCHLD), sigprocmask(SIG_BLOCK, &set, 0);
  child = CHILD(_exit(3)), slow = CHILD(_exit(3));
  EQ(ended(child), 3), EQ(ended(slow), 3);
  EQ(sigwaitinfo(&set, &info), SIGCHLD);
  YES(info.si_pid == child || info.si_pid == slow);
  struct timespec now = {0, 0};
  FAIL(sigtimedwait(&set, &info, &now), EAGAIN);
  sigprocmask(SIG_UNBLOCK, &set, 0);
  // Another exit signal comes as that signal.
  a.sa_flags = SA_SIGINFO | SA_RESTART, calls = 0;
  sigaction(SIGUSR2, &a, 0);
  child = fork_with(SIGUSR2);
  if (!child) _exit(4);
  EQ(ended(child), 4);
  EQ(calls, 1), EQ(last_code, CLD_EXITED), EQ(last_pid, child);
  signal(SIGUSR2, SIG_DFL);
}

static void *hear(void *p) { return p_hear(p) ? p : 0; }
static void zombies(void) {
  char path[40];
  pid_t child = CHILD(_exit(1));
  YES(UNTIL(p_state(child) == 'Z'));
  // It can be looked at, signalled without effect, and its group still holds it.
  EQ(kill(child, SIGKILL), 0);
  EQ(getpgid(child), getpgrp()), EQ(getsid(child), getsid(0));
  sprintf(path, "/proc/%d/status", child);
  YES(strstr(t_slurp(path), "State:\tZ (zombie)"));
  sprintf(path, "/proc/%d/cmdline", child);
  TEXT(t_slurp(path), "");
  sprintf(path, "/proc/%d/exe", child);
  char c;
  FAIL(readlink(path, &c, 1), ENOENT);
  int fd = GOOD(pidfd_of(child));
  EQ(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0), 0);
  EQ(ended(child), 1);
  FAIL(syscall(SYS_pidfd_send_signal, fd, 0, 0, 0), ESRCH);
  FAIL(pidfd_of(child), ESRCH);
  FAIL(getpgid(child), ESRCH);
  sprintf(path, "/proc/%d", child);
  FAIL(access(path, F_OK), ENOENT);
  close(fd);
  // The leader's end leaves a process whose other threads live: not to be collected yet.
  int p[2];
  pipe(p);
  child = CHILD({
    pthread_t t;
    pthread_create(&t, 0, hear, p);
    syscall(SYS_exit, 6);
  });
  YES(UNTIL(p_state(child) == 'Z'));
  EQ(wait4_(child, 0, WNOHANG), 0);
  p_tell(p);
  int status;
  EQ(wait4_(child, &status, 0), child);
  EQ(WIFEXITED(status), 1);
  p_close(p);
}

static void orphans(void) {
  int p[2], q[2];
  char c;
  EQ(pipe(p), 0), EQ(pipe(q), 0);
  // To the nearest subreaper, who gets the signal and may wait.
  EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  int is = 0;
  EQ(prctl(PR_GET_CHILD_SUBREAPER, &is), 0), EQ(is, 1);
  pid_t child = CHILD({
    int mine = 5;
    NEED(!prctl(PR_GET_CHILD_SUBREAPER, &mine) && mine == 0);  // not inherited
    pid_t grandchild = CHILD(p_hear(p); _exit(23));
    NEED(write(q[P_IN], &grandchild, sizeof grandchild) == sizeof grandchild);
  });
  pid_t grandchild = 0;
  EQ(ended(child), 0);
  EQ(read(q[P_OUT], &grandchild, sizeof grandchild), sizeof grandchild);
  char path[40], want[40];
  sprintf(path, "/proc/%d/status", grandchild), sprintf(want, "\nPPid:\t%d\n", getpid());
  YES(strstr(t_slurp(path), want));
  EQ(wait4_(-1, 0, WNOHANG), 0);
  p_tell(p);
  EQ(ended(grandchild), 23);
  // A zombie too changes its parent.
  child = CHILD({
    pid_t dead = CHILD(_exit(24));
    while (p_state(dead) != 'Z') t_sleep_ms(1);
    NEED(write(q[P_IN], &dead, sizeof dead) == sizeof dead);
  });
  EQ(ended(child), 0);
  EQ(read(q[P_OUT], &grandchild, sizeof grandchild), sizeof grandchild);
  EQ(ended(grandchild), 24);
  EQ(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
  // Without a subreaper to a process that is not ours; the child sees its parent change.
  pid_t us = getpid();
  child = CHILD({
    pid_t mine = getpid();
    CHILD({
      p_hear(p);
      while (getppid() == mine) t_sleep_ms(1);
      c = getppid() == us ? 'b' : 'g';
      write(q[P_IN], &c, 1);
    });
  });
  EQ(ended(child), 0);
  p_tell(p);
  EQ(read(q[P_OUT], &c, 1), 1);
  EQ(c, 'g');
  FAIL(wait4_(-1, 0, WNOHANG), ECHILD);
  p_close(p), p_close(q);
}

static void parent_dies(void) {
  int p[2], signal = -1;
  EQ(pipe(p), 0);
  EQ(prctl(PR_GET_PDEATHSIG, &signal), 0), EQ(signal, 0);
  FAIL(prctl(PR_SET_PDEATHSIG, 65), EINVAL);
  EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  pid_t grandchild = 0, child = CHILD({
    pid_t own = CHILD({
      NEED(!prctl(PR_SET_PDEATHSIG, SIGTERM));
      p_tell(p);
      for (;;) pause();
    });
    NEED(p_hear(p));
    NEED(write(p[P_IN], &own, sizeof own) == sizeof own);
  });
  EQ(ended(child), 0);
  EQ(read(p[P_OUT], &grandchild, sizeof grandchild), sizeof grandchild);
  EQ(ended(grandchild), KILLED(SIGTERM));
  // fork clears it.
  CHILD_OK(prctl(PR_SET_PDEATHSIG, SIGTERM); NEED(ended(CHILD(int s = 1; NEED(!prctl(PR_GET_PDEATHSIG, &s) && !s))) == 0));
  EQ(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
  p_close(p);
}

static void burn(int ms) {
  struct rusage u;
  do getrusage(RUSAGE_SELF, &u);
  while (u.ru_utime.tv_sec * 1000 + u.ru_utime.tv_usec / 1000 + u.ru_stime.tv_sec * 1000 + u.ru_stime.tv_usec / 1000 < ms);
}
static long cpu_ms(const struct rusage *u) { return u->ru_utime.tv_sec * 1000 + u->ru_utime.tv_usec / 1000 + u->ru_stime.tv_sec * 1000 + u->ru_stime.tv_usec / 1000; }
static void usage(void) {
  struct rusage before, after, own;
  struct tms t, u;
  int status;
  getrusage(RUSAGE_CHILDREN, &before);
  times(&t);
  pid_t child = CHILD(NEED(ended(CHILD(burn(40))) == 0); burn(30); mmap(0, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
  EQ(wait4(child, &status, 0, &own), child);
  // The child's own and its children's: what wait4 tells is all of both.
  LEAST(cpu_ms(&own), 65);
  LEAST(own.ru_maxrss, 4 << 10);
  getrusage(RUSAGE_CHILDREN, &after);
  LEAST(cpu_ms(&after) - cpu_ms(&before), 65);
  LEAST(after.ru_maxrss, own.ru_maxrss);
  GOOD(times(&u));
  LEAST((u.tms_cutime + u.tms_cstime) - (t.tms_cutime + t.tms_cstime), 5);
  // A child that nobody waited for does not count.
  signal(SIGCHLD, SIG_IGN);
  child = CHILD(burn(50));
  FAIL(waitpid(child, &status, 0), ECHILD);
  signal(SIGCHLD, SIG_DFL);
  struct rusage last;
  getrusage(RUSAGE_CHILDREN, &last);
  YES(cpu_ms(&last) - cpu_ms(&after) < 40);
  // A new process starts at nought.
  burn(20);
  CHILD_OK(struct rusage mine, theirs; getrusage(RUSAGE_SELF, &mine); getrusage(RUSAGE_CHILDREN, &theirs); NEED(cpu_ms(&mine) < 20);
           NEED(cpu_ms(&theirs) == 0));
  siginfo_t info;
  child = CHILD(burn(20));
  memset(&own, 0, sizeof own);
  EQ(syscall(SYS_waitid, P_PID, child, &info, WEXITED, &own), 0);
  LEAST(cpu_ms(&own), 15);
  // RLIMIT_CPU tells the process that takes too long.
  child = CHILD(struct rlimit one = {1, 2}; setrlimit(RLIMIT_CPU, &one); for (volatile int i = 0;; i++) {});
  EQ(ended(child), KILLED(SIGXCPU));
}

static void many(void) {
  int good = 0, status;
  for (int i = 0; i < 200; i++) {
    pid_t child = CHILD(_exit(i));
    good += wait4_(child, &status, 0) == child && WEXITSTATUS(status) == i;
  }
  EQ(good, 200);
  // A chain: each the child of the one before; the ends travel back.
  pid_t first = fork();
  if (!first) {
    int depth = 1;
    pid_t next;
    while (depth < 50 && !(next = fork())) depth++;
    if (depth == 50) _exit(50);
    _exit(ended(next) == depth + 1 || ended(next) == 50 ? depth : 99);
  }
  EQ(ended(first), 1);
  // A hundred at once.
  for (int i = 0; i < 100; i++) CHILD(_exit(3));
  good = 0;
  for (int i = 0; i < 100; i++) good += wait(&status) > 0 && WEXITSTATUS(status) == 3;
  EQ(good, 100);
  FAIL(wait(&status), ECHILD);
}

static int helper(int argc, char **argv) { return (void)argc, !strcmp(argv[1], "--status") ? 6 : 1; }

P_MAIN(helper, G(arguments), G(statuses), G(info_told), G(choice), G(clone_children), G(of_threads), G(signal_told), G(zombies), G(orphans),
       G(parent_dies), G(usage), G(many))
