// Job control: process groups, sessions, controlling terminals, stops (credentials(7), wait(2), signal(7), tty_ioctl(2)).
#include "p.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>

static volatile sig_atomic_t hups, conts, ints, chlds, winches, last_code, last_status;
static volatile pid_t last_pid;

static void count(int signal) {
  if (signal == SIGHUP) hups++;
  if (signal == SIGCONT) conts++;
  if (signal == SIGINT) ints++;
  if (signal == SIGWINCH) winches++;
}
static void on(int signal) {
  struct sigaction a = {.sa_handler = count, .sa_flags = SA_RESTART};
  sigaction(signal, &a, 0);
}
static void child_changed(int signal, siginfo_t *info, void *frame) {
  (void)signal, (void)frame;
  chlds++;
  last_pid = info->si_pid, last_code = info->si_code, last_status = info->si_status;
}

static int stopped(pid_t pid) {
  int status = 0;
  return waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) ? WSTOPSIG(status) : -1;
}
static int continued(pid_t pid) {
  int status = 0;
  return waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status);
}
static void wait_forever(void) {
  for (;;) pause();
}

static void process_groups(void) {
  pid_t me = getpid(), a, b;
  EQ(getpgid(0), getpgrp());
  EQ(getpgid(me), getpgrp());
  EQ(getsid(me), getsid(0));
  FAIL(getpgid(99999999), ESRCH);
  FAIL(getsid(99999999), ESRCH);
  FAIL(setpgid(0, -1), EINVAL);
  FAIL(setpgid(99999999, 0), ESRCH);
  FAIL(setpgid(-1, 0), EINVAL);
  FAIL(setpgid(-1, 5), ESRCH);
  a = CHILD(wait_forever());
  b = CHILD(wait_forever());
  EQ(getpgid(a), getpgrp());
  EQ(getsid(a), getsid(0));
  EQ(setpgid(a, 0), 0);
  EQ(getpgid(a), a);
  EQ(setpgid(b, a), 0);
  EQ(getpgid(b), a);
  FAIL(setpgid(b, me + 100000), EPERM);
  EQ(kill(-a, SIGTERM), 0);
  EQ(ended(a), KILLED(SIGTERM));
  // The group lives on with its last member.
  EQ(ended(b), KILLED(SIGTERM));
  FAIL(kill(-a, SIGTERM), ESRCH);
  CHILD_OK({
    pid_t own = getpid();
    NEED(setsid() == own);
    NEED(getsid(0) == own && getpgrp() == own);
    NEED_FAIL(setsid(), EPERM);
    NEED_FAIL(setpgid(0, 0), EPERM);
    pid_t other = CHILD(wait_forever());
    NEED(setpgid(other, other) == 0);
    pid_t leader = CHILD({ setsid(); wait_forever(); });
    NEED(UNTIL(getsid(leader) == leader));
    NEED_FAIL(setpgid(leader, leader), EPERM);
    NEED_FAIL(setpgid(other, leader), EPERM);
    NEED(kill(leader, SIGKILL) == 0 && kill(other, SIGKILL) == 0);
    NEED(ended(leader) == KILLED(SIGKILL) && ended(other) == KILLED(SIGKILL));
  });
  CHILD_OK({
    setpgid(0, 0);
    NEED_FAIL(setsid(), EPERM);
    pid_t grandchild, child = CHILD({
      grandchild = CHILD(wait_forever());
      dup2(grandchild, 0);
      wait_forever();
    });
    NEED_FAIL(setpgid(getppid(), 0), ESRCH);
    kill(-getpgrp(), 0);
    kill(child, SIGKILL), ended(child);
    signal(SIGTERM, SIG_IGN);
    kill(-getpgrp(), SIGTERM);
  });
  // After execve a child cannot be moved any more.
  int p[2];
  pipe2(p, O_CLOEXEC);
  a = CHILD(execl(SELF, "jobs", "--wait", NULL));
  close(p[1]);
  EQ(p_hear(p), 0);
  FAIL(setpgid(a, a), EACCES);
  close(p[0]);
  kill(a, SIGKILL);
  EQ(ended(a), KILLED(SIGKILL));
}

static void stops(void) {
  int status;
  siginfo_t info;
  pid_t pid = CHILD(wait_forever());
  EQ(waitpid(pid, &status, WUNTRACED | WCONTINUED | WNOHANG), 0);
  EQ(kill(pid, SIGSTOP), 0);
  EQ(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT), 0);
  EQ(info.si_code, CLD_STOPPED);
  EQ(info.si_status, SIGSTOP);
  EQ(info.si_pid, pid);
  EQ(info.si_uid, getuid());
  EQ(info.si_signo, SIGCHLD);
  EQ(p_state(pid), 'T');
  EQ(waitpid(pid, &status, WCONTINUED | WNOHANG), 0);
  EQ(waitpid(pid, &status, WNOHANG), 0);
  EQ(waitpid(pid, &status, WUNTRACED), pid);
  EQ(status, 0x137f);
  EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
  // Once more changes nothing; a signal waits.
  EQ(kill(pid, SIGSTOP), 0);
  EQ(kill(pid, SIGUSR1), 0);
  t_sleep_ms(50);
  EQ(p_state(pid), 'T');
  EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
  EQ(kill(pid, SIGKILL), 0);
  EQ(ended(pid), KILLED(SIGKILL));

  pid = CHILD(wait_forever());
  kill(pid, SIGSTOP);
  EQ(stopped(pid), SIGSTOP);
  EQ(kill(pid, SIGCONT), 0);
  EQ(waitid(P_PID, (id_t)pid, &info, WCONTINUED), 0);
  EQ(info.si_code, CLD_CONTINUED);
  EQ(info.si_status, SIGCONT);
  EQ(waitpid(pid, &status, WCONTINUED | WUNTRACED | WNOHANG), 0);
  YES(UNTIL(p_state(pid) == 'S'));
  kill(pid, SIGSTOP);
  EQ(stopped(pid), SIGSTOP);
  kill(pid, SIGCONT);
  EQ(continued(pid), 1);
  // A stop that goes on before anybody waits is seen as going on.
  kill(pid, SIGSTOP);
  YES(UNTIL(p_state(pid) == 'T'));
  kill(pid, SIGCONT);
  EQ(waitpid(pid, &status, WUNTRACED | WCONTINUED), pid);
  EQ(status, 0xffff);
  kill(pid, SIGKILL);
  EQ(ended(pid), KILLED(SIGKILL));

  // The others stop as well, unless caught or ignored.
  int signals[] = {SIGTSTP, SIGTTIN, SIGTTOU};
  for (int i = 0; i < 3; i++) {
    pid = CHILD({ setpgid(0, 0); wait_forever(); });
    setpgid(pid, pid);
    kill(pid, signals[i]);
    EQ(stopped(pid), signals[i]);
    // SIGCONT takes back a stop that is pending, and works where it is blocked.
    kill(pid, SIGCONT);
    EQ(continued(pid), 1);
    kill(pid, SIGTERM);
    EQ(ended(pid), KILLED(SIGTERM));
  }
  CHILD_OK({
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP), sigaddset(&set, SIGCONT);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGTSTP);
    NEED((sigpending(&set), sigismember(&set, SIGTSTP)));
    on(SIGCONT);
    raise(SIGCONT);
    NEED((sigpending(&set), !sigismember(&set, SIGTSTP) && sigismember(&set, SIGCONT)));
    raise(SIGTSTP);
    NEED((sigpending(&set), sigismember(&set, SIGTSTP) && !sigismember(&set, SIGCONT)));
    signal(SIGTSTP, SIG_IGN);
    sigprocmask(SIG_UNBLOCK, &set, 0);
    NEED(conts == 0);
  });
  pid = CHILD({
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, 0);
    wait_forever();
  });
  t_sleep_ms(30);
  kill(pid, SIGSTOP);
  EQ(stopped(pid), SIGSTOP);
  kill(pid, SIGCONT);
  EQ(continued(pid), 1);
  kill(pid, SIGKILL);
  ended(pid);
  // A handler for SIGCONT runs once it goes on; what came meanwhile as well.
  int p[2];
  pipe(p);
  pid = CHILD({
    on(SIGCONT);
    on(SIGINT);
    p_tell(p);
    while (!conts || !ints) t_sleep_ms(5);
    _exit(conts * 10 + ints);
  });
  p_hear(p);
  kill(pid, SIGSTOP);
  EQ(stopped(pid), SIGSTOP);
  kill(pid, SIGINT);
  t_sleep_ms(30);
  EQ(p_state(pid), 'T');
  kill(pid, SIGCONT);
  EQ(ended(pid), 11);
  p_close(p);
}

static void child_signals(void) {
  int status;
  struct sigaction a = {.sa_sigaction = child_changed, .sa_flags = SA_SIGINFO | SA_RESTART}, old;
  sigaction(SIGCHLD, &a, &old);
  chlds = 0;
  pid_t pid = CHILD(wait_forever());
  kill(pid, SIGSTOP);
  YES(UNTIL(chlds == 1));
  EQ(last_code, CLD_STOPPED);
  EQ(last_status, SIGSTOP);
  EQ(last_pid, pid);
  kill(pid, SIGCONT);
  YES(UNTIL(chlds == 2));
  EQ(last_code, CLD_CONTINUED);
  EQ(last_status, SIGCONT);
  a.sa_flags |= SA_NOCLDSTOP;
  sigaction(SIGCHLD, &a, 0);
  kill(pid, SIGSTOP);
  EQ(stopped(pid), SIGSTOP);
  kill(pid, SIGCONT);
  EQ(continued(pid), 1);
  t_sleep_ms(20);
  EQ(chlds, 2);
  kill(pid, SIGKILL);
  YES(UNTIL(chlds == 3));
  EQ(last_code, CLD_KILLED);
  EQ(ended(pid), KILLED(SIGKILL));
  // Ignored: no zombie, but stops can be waited for.
  signal(SIGCHLD, SIG_IGN);
  pid = CHILD(wait_forever());
  kill(pid, SIGSTOP);
  EQ(stopped(pid), SIGSTOP);
  kill(pid, SIGKILL);
  FAIL(waitpid(pid, &status, 0), ECHILD);
  sigaction(SIGCHLD, &old, 0);
}

struct shared {
  volatile unsigned counters[4];
  volatile int done;
};

static struct shared *shared;
static void *busy(void *index) {
  for (;;) shared->counters[(long)index]++;
  return 0;
}
static void *lazy(void *index) {
  for (;;) {
    shared->counters[(long)index]++;
    t_sleep_ms(1);
  }
  return 0;
}

static void threads(void) {
  struct shared before;
  shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t pid = CHILD({
    pthread_t t;
    pthread_create(&t, 0, busy, (void *)1);
    pthread_create(&t, 0, lazy, (void *)2);
    lazy((void *)3);
  });
  YES(UNTIL(shared->counters[1] && shared->counters[2] && shared->counters[3]));
  for (int round = 0; round < 3; round++) {
    kill(pid, SIGSTOP);
    EQ(stopped(pid), SIGSTOP);
    before = *shared;
    t_sleep_ms(50);
    EQ(shared->counters[1], before.counters[1]);
    EQ(shared->counters[2], before.counters[2]);
    EQ(shared->counters[3], before.counters[3]);
    kill(pid, SIGCONT);
    YES(UNTIL(shared->counters[1] != before.counters[1] && shared->counters[2] != before.counters[2] &&
              shared->counters[3] != before.counters[3]));
    EQ(continued(pid), 1);
  }
  // One thread is told alone: all stop.
  kill(pid, SIGSTOP);
  EQ(stopped(pid), SIGSTOP);
  kill(pid, SIGKILL);
  EQ(ended(pid), KILLED(SIGKILL));
  munmap(shared, 4096);
}

// A stop in the middle of a call that sleeps: it goes on as if nothing had been.
static void sleeping(void) {
  uint64_t start = t_now();
  int p[2], q[2];
  pipe(p), pipe(q);
  pid_t pid = CHILD({
    struct timespec t = {0, 300 * 1000000};
    p_tell(q);
    NEED(nanosleep(&t, &t) == 0);
    NEED(t_now() - start >= 290 * MS);
  });
  p_hear(q);
  t_sleep_ms(50);
  kill(pid, SIGSTOP);
  EQ(stopped(pid), SIGSTOP);
  kill(pid, SIGCONT);
  EQ(ended(pid), 0);
  pid = CHILD({
    p_tell(q);
    NEED(p_hear(p));
  });
  p_hear(q);
  t_sleep_ms(50);
  kill(pid, SIGSTOP);
  EQ(stopped(pid), SIGSTOP);
  p_tell(p);
  t_sleep_ms(30);
  EQ(p_state(pid), 'T');
  kill(pid, SIGCONT);
  EQ(ended(pid), 0);
  pid = CHILD({
    struct pollfd f = {p[0], POLLIN, 0};
    pid_t child = CHILD({ t_sleep_ms(200); _exit(7); });
    p_tell(q);
    NEED(ended(child) == 7);
    NEED(poll(&f, 1, 20) == 0);
  });
  p_hear(q);
  t_sleep_ms(50);
  kill(pid, SIGSTOP);
  EQ(stopped(pid), SIGSTOP);
  kill(pid, SIGCONT);
  EQ(ended(pid), 0);
  p_close(p), p_close(q);
}

// An orphaned group: its stopped members are told and go on; the terminal's stops do nothing there.
static void orphans(void) {
  int p[2], q[2];
  pipe(p), pipe(q);
  CHILD_OK({
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setsid();
    pid_t pid = 0;
    pid_t parent = CHILD({
      pid_t child = CHILD({
        setpgid(0, 0);
        on(SIGHUP);
        on(SIGCONT);
        p_tell(p);
        raise(SIGSTOP);
        while (!hups || !conts) t_sleep_ms(5);
        // The group is an orphan now.
        raise(SIGTSTP);
        raise(SIGTTIN);
        _exit(hups * 10 + conts);
      });
      setpgid(child, child);
      p_hear(p);
      NEED(stopped(child) == SIGSTOP);
      write(q[1], &child, sizeof child);
      // Moves to a group of its own: a subreaper in the same group would hold the child's group.
    });
    read(q[0], &pid, sizeof pid);
    NEED(ended(parent) == 0);
    // We are in the session, and in another group: the group is none of orphans.
    t_sleep_ms(50);
    NEED(p_state(pid) == 'T');
    kill(pid, SIGKILL);
    NEED(ended(pid) == KILLED(SIGKILL));
  });
  // The reaper is of another session: nobody is left to let the group go on.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t pid = 0;
  pid_t leader = CHILD({
    setsid();
    pid_t child = CHILD({
      setpgid(0, 0);
      on(SIGHUP);
      on(SIGCONT);
      p_tell(p);
      raise(SIGSTOP);
      while (!hups || !conts) t_sleep_ms(5);
      raise(SIGTSTP);
      raise(SIGTTIN);
      _exit(hups * 10 + conts);
    });
    setpgid(child, child);
    p_hear(p);
    NEED(stopped(child) == SIGSTOP);
    write(q[1], &child, sizeof child);
  });
  read(q[0], &pid, sizeof pid);
  EQ(ended(leader), 0);
  EQ(ended(pid), 11);
  // Its own end can make a group an orphan: that of the last one whose parent is outside.
  leader = CHILD({
    setsid();
    pid_t middle = CHILD({
      setpgid(0, 0);
      pid_t child = CHILD({
        on(SIGHUP);
        on(SIGCONT);
        p_tell(p);
        raise(SIGSTOP);
        while (!hups || !conts) t_sleep_ms(5);
        _exit(hups * 10 + conts);
      });
      p_hear(p);
      NEED(stopped(child) == SIGSTOP);
      write(q[1], &child, sizeof child);
    });
    NEED(ended(middle) == 0);
    t_sleep_ms(100);
  });
  read(q[0], &pid, sizeof pid);
  EQ(ended(leader), 0);
  EQ(ended(pid), 11);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
  p_close(p), p_close(q);
}

static int master, slave;
static char slave_name[64];

static void pair(void) {
  int n = -1, zero = 0;
  master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  ioctl(master, TIOCSPTLCK, &zero);
  ioctl(master, TIOCGPTN, &n);
  snprintf(slave_name, sizeof slave_name, "/dev/pts/%d", n);
}
// A session of its own, with the terminal.
static void lead(void) {
  NEED(setsid() == getpid());
  slave = open(slave_name, O_RDWR);
  NEED(slave >= 0);
}

// Of /proc/PID/stat: the number of the field after the name, the state being 3.
static long field(pid_t pid, int number) {
  char path[40], *at;
  sprintf(path, "/proc/%d/stat", pid);
  at = strrchr(t_slurp(path), ')');
  for (int i = 2; at && i < number; i++) at = strchr(at + 1, ' ');
  return at ? atol(at + 1) : -12345;
}

static void controlling(void) {
  pair();
  CHILD_OK({
    NEED(setsid() == getpid());
    NEED_FAIL(open("/dev/tty", O_RDWR), ENXIO);
    NEED(field(getpid(), 7) == 0 && field(getpid(), 8) == -1);
    int fd = open(slave_name, O_RDWR | O_NOCTTY);
    NEED(fd >= 0);
    NEED_FAIL(open("/dev/tty", O_RDWR), ENXIO);
    NEED_FAIL(tcgetpgrp(fd), ENOTTY);
    NEED_FAIL(tcgetsid(fd), ENOTTY);
    NEED_FAIL(tcsetpgrp(fd, getpgrp()), ENOTTY);
    NEED_FAIL(ioctl(fd, TIOCNOTTY), ENOTTY);
    // Neither for writing alone, nor the master.
    int out = open(slave_name, O_WRONLY);
    NEED(out >= 0);
    NEED_FAIL(open("/dev/tty", O_RDWR), ENXIO);
    close(out);
    int both = open(slave_name, O_RDWR);
    NEED(both >= 0);
    int tty = open("/dev/tty", O_RDWR);
    NEED(tty >= 0);
    NEED(tcgetsid(fd) == getpid() && tcgetpgrp(tty) == getpid());
    struct stat st;
    NEED(!fstat(fd, &st));
    NEED(field(getpid(), 7) == (long)(int)st.st_rdev && field(getpid(), 8) == getpid());
    NEED(ioctl(fd, TIOCSCTTY, 0) == 0);
    // From the master's side it can be seen.
    int seen = -1;
    NEED(ioctl(master, TIOCGPGRP, &seen) == 0 && seen == getpid());
    NEED(ioctl(master, TIOCGSID, &seen) == 0 && seen == getpid());
    // A child has it too, a session of its own has not.
    NEED(ended(CHILD(NEED(open("/dev/tty", O_RDWR) >= 0); NEED_FAIL(ioctl(fd, TIOCSCTTY, 0), EPERM);
                     NEED(tcgetpgrp(fd) == getppid()))) == 0);
    NEED(ended(CHILD(setsid(); NEED_FAIL(open("/dev/tty", O_RDWR), ENXIO);
                     NEED(open(slave_name, O_RDWR) >= 0); NEED_FAIL(open("/dev/tty", O_RDWR), ENXIO);
                     NEED_FAIL(ioctl(fd, TIOCSCTTY, 0), EPERM); NEED_FAIL(tcgetsid(fd), ENOTTY))) == 0);
    // A member gives it up for itself.
    NEED(ended(CHILD(NEED(ioctl(fd, TIOCNOTTY) == 0); NEED_FAIL(open("/dev/tty", O_RDWR), ENXIO))) == 0);
    NEED(tcgetsid(fd) == getpid());
    // The leader gives it up for all, and the foreground is told.
    on(SIGHUP);
    on(SIGCONT);
    NEED(ioctl(fd, TIOCNOTTY) == 0);
    NEED(hups == 1 && conts == 1);
    NEED_FAIL(open("/dev/tty", O_RDWR), ENXIO);
    NEED_FAIL(tcgetsid(fd), ENOTTY);
    NEED(ioctl(master, TIOCGPGRP, &seen) == 0 && seen == 0);
    NEED(ioctl(fd, TIOCSCTTY, 0) == 0);
    NEED(tcgetsid(fd) == getpid());
  });
  if (!geteuid()) {
    // Stolen.
    int p[2];
    pipe(p);
    pid_t holder = CHILD({
      lead();
      p_tell(p);
      while (open("/dev/tty", O_RDWR) >= 0) t_sleep_ms(5);
    });
    p_hear(p);
    CHILD_OK({
      setsid();
      int fd = open(slave_name, O_RDWR);
      NEED_FAIL(ioctl(fd, TIOCSCTTY, 0), EPERM);
      NEED(ioctl(fd, TIOCSCTTY, 1) == 0);
      NEED(tcgetsid(fd) == getpid());
      NEED(ended(holder) == -1);
    });
    EQ(ended(holder), 0);
    p_close(p);
  }
  close(master);
}

static void foreground(void) {
  int p[2];
  pipe(p);
  pair();
  CHILD_OK({
    lead();
    pid_t one = CHILD({ setpgid(0, 0); on(SIGINT); on(SIGWINCH); p_tell(p); while (!ints || !winches) t_sleep_ms(5); _exit(ints * 10 + winches); });
    pid_t two = CHILD({ setpgid(0, 0); on(SIGINT); p_tell(p); wait_forever(); });
    setpgid(one, one), setpgid(two, two);
    p_hear(p), p_hear(p);
    NEED_FAIL(tcsetpgrp(slave, -1), EINVAL);
    NEED_FAIL(tcsetpgrp(slave, 99999999), ESRCH);
    NEED_FAIL(tcsetpgrp(slave, getppid()), EPERM);
    NEED_FAIL(ioctl(slave, TIOCSPGRP, (void *)8), EFAULT);
    NEED(tcsetpgrp(slave, one) == 0);
    NEED(tcgetpgrp(slave) == one);
    NEED(field(two, 8) == one);
    // Keys and size reach the foreground alone.
    NEED(write(master, "\003", 1) == 1);
    struct winsize size = {30, 90, 0, 0};
    NEED(ioctl(master, TIOCSWINSZ, &size) == 0);
    NEED(ended(one) == 11);
    NEED(kill(two, 0) == 0);
    // The foreground group is gone: a key signals nobody.
    NEED(write(master, "\003", 1) == 1);
    t_sleep_ms(50);
    // To bring oneself back from the background one must not heed SIGTTOU.
    signal(SIGTTOU, SIG_IGN);
    NEED(tcsetpgrp(slave, getpgrp()) == 0);
    signal(SIGTTOU, SIG_DFL);
    // Ctrl-Z and Ctrl-backslash.
    pid_t three = CHILD({ setpgid(0, 0); p_tell(p); wait_forever(); });
    setpgid(three, three);
    p_hear(p);
    NEED(tcsetpgrp(slave, three) == 0);
    NEED(write(master, "\032", 1) == 1);
    NEED(stopped(three) == SIGTSTP);
    NEED(kill(three, SIGCONT) == 0 && continued(three));
    NEED(write(master, "\034", 1) == 1);
    int status;
    NEED(waitpid(three, &status, 0) == three && WIFSIGNALED(status) && WTERMSIG(status) == SIGQUIT);
    kill(two, SIGKILL);
    NEED(ended(two) == KILLED(SIGKILL));
  });
  close(master);
  p_close(p);
}

static void background(void) {
  int p[2], q[2];
  pipe(p), pipe(q);
  pair();
  CHILD_OK({
    char text[100];
    lead();
    struct termios t;
    NEED(!tcgetattr(slave, &t));
    // Reads stop it; it reads once it is in the foreground.
    pid_t pid = CHILD({ setpgid(0, 0); p_hear(p); NEED(read(slave, text, sizeof text) == 3); });
    setpgid(pid, pid);
    p_tell(p);
    NEED(stopped(pid) == SIGTTIN);
    NEED(tcsetpgrp(slave, pid) == 0);
    NEED(write(master, "hi\n", 3) == 3);
    NEED(kill(-pid, SIGCONT) == 0);
    NEED(ended(pid) == 0);
    signal(SIGTTOU, SIG_IGN);
    NEED(tcsetpgrp(slave, getpgrp()) == 0);
    signal(SIGTTOU, SIG_DFL);
    // Unless it does not heed the signal.
    pid = CHILD({ setpgid(0, 0); signal(SIGTTIN, SIG_IGN); NEED_FAIL(read(slave, text, 9), EIO);
      signal(SIGTTIN, SIG_DFL);
      sigset_t set;
      sigemptyset(&set), sigaddset(&set, SIGTTIN), sigprocmask(SIG_BLOCK, &set, 0);
      NEED_FAIL(read(slave, text, 9), EIO); });
    NEED(ended(pid) == 0);
    // A handler runs, and the call is interrupted.
    pid = CHILD({ setpgid(0, 0); struct sigaction a = {.sa_handler = count}; sigaction(SIGTTIN, &a, 0);
      NEED_FAIL(read(slave, text, 9), EINTR); });
    NEED(ended(pid) == 0);
    // Writes go through, unless the terminal says otherwise.
    pid = CHILD({ setpgid(0, 0); NEED(write(slave, "x", 1) == 1); });
    NEED(ended(pid) == 0);
    t.c_lflag |= TOSTOP;
    NEED(!tcsetattr(slave, TCSANOW, &t));
    pid = CHILD({ setpgid(0, 0); NEED(write(slave, "y", 1) == 1); });
    NEED(stopped(pid) == SIGTTOU);
    NEED(kill(pid, SIGCONT) == 0);
    // Still in the background: it stops again.
    NEED(stopped(pid) == SIGTTOU);
    kill(pid, SIGKILL), ended(pid);
    pid = CHILD({ setpgid(0, 0); signal(SIGTTOU, SIG_IGN); NEED(write(slave, "z", 1) == 1); });
    NEED(ended(pid) == 0);
    // Settings, flushing and the foreground count as writing.
    t.c_lflag &= ~(tcflag_t)TOSTOP;
    NEED(!tcsetattr(slave, TCSANOW, &t));
    pid = CHILD({ setpgid(0, 0); NEED(!tcsetattr(slave, TCSANOW, &t)); });
    NEED(stopped(pid) == SIGTTOU);
    kill(pid, SIGKILL), ended(pid);
    pid = CHILD({ setpgid(0, 0); NEED(!tcflush(slave, TCIFLUSH)); });
    NEED(stopped(pid) == SIGTTOU);
    kill(pid, SIGKILL), ended(pid);
    pid = CHILD({ setpgid(0, 0); NEED(!tcsetpgrp(slave, getpgrp())); });
    NEED(stopped(pid) == SIGTTOU);
    kill(pid, SIGKILL), ended(pid);
    // Asking does not.
    pid = CHILD({ setpgid(0, 0); NEED(!tcgetattr(slave, &t)); NEED(tcgetpgrp(slave) == getppid()); });
    NEED(ended(pid) == 0);
  });
  close(master);
  pair();
  // In an orphaned group both fail.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t orphan = 0;
  pid_t leader = CHILD({
    lead();
    pid_t middle = CHILD({
      pid_t last = CHILD({
        char text[10];
        setpgid(0, 0);
        pid_t before = getppid();
        p_tell(p);
        NEED(UNTIL(getppid() != before));
        NEED_FAIL(read(slave, text, 9), EIO);
        struct termios t;
        tcgetattr(slave, &t);
        NEED_FAIL(tcsetattr(slave, TCSANOW, &t), EIO);
        NEED_FAIL(tcsetpgrp(slave, getpgrp()), ENOTTY);
      });
      p_hear(p);
      write(q[1], &last, sizeof last);
    });
    NEED(ended(middle) == 0);
    t_sleep_ms(300);
  });
  read(q[0], &orphan, sizeof orphan);
  // It is our child only once its parent has ended.
  siginfo_t info;
  YES(UNTIL(!waitid(P_PID, (id_t)orphan, &info, WEXITED | WNOHANG | WNOWAIT)));
  EQ(ended(orphan), 0);
  EQ(ended(leader), 0);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
  close(master);
  p_close(p), p_close(q);
}

// The leader's end takes the terminal away, and tells the foreground.
static void leader_ends(void) {
  int p[2], q[2];
  pid_t pid = 0;
  pipe(p), pipe(q);
  pair();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t leader = CHILD({
    lead();
    pid_t child = CHILD({
      setpgid(0, 0);
      on(SIGHUP);
      p_tell(p);
      while (!hups) t_sleep_ms(5);
      NEED_FAIL(open("/dev/tty", O_RDWR), ENXIO);
      NEED(getsid(0) == getppid() || 1);
      _exit(7);
    });
    setpgid(child, child);
    p_hear(p);
    NEED(tcsetpgrp(slave, child) == 0);
    write(q[1], &child, sizeof child);
  });
  read(q[0], &pid, sizeof pid);
  EQ(ended(leader), 0);
  EQ(ended(pid), 7);
  // Free for the next.
  CHILD_OK(lead(); NEED(tcgetsid(slave) == getpid()));
  prctl(PR_SET_CHILD_SUBREAPER, 0);
  close(master);
  p_close(p), p_close(q);
}

// The master's end: a hangup for the leader, and the terminal is gone for all.
static void hangup(void) {
  int p[2], q[2];
  pipe(p), pipe(q);
  pair();
  pid_t leader = CHILD({
    char text[10];
    close(master);
    lead();
    on(SIGHUP);
    on(SIGCONT);
    pid_t child = CHILD({ on(SIGHUP); p_tell(q); while (open("/dev/tty", O_RDWR) >= 0) t_sleep_ms(5); _exit(10 + hups); });
    p_hear(q);
    p_tell(p);
    while (!hups) t_sleep_ms(5);
    NEED(conts == 1);
    NEED(read(slave, text, sizeof text) == 0);
    NEED_FAIL(write(slave, "x", 1), EIO);
    NEED_FAIL(open("/dev/tty", O_RDWR), ENXIO);
    NEED(field(getpid(), 7) == 0);
    NEED(ended(child) == 10);
  });
  p_hear(p);
  close(master);
  EQ(ended(leader), 0);
  if (!geteuid()) {
    pair();
    CHILD_OK({
      lead();
      signal(SIGHUP, SIG_IGN);
      NEED(syscall(SYS_vhangup) == 0);
      NEED_FAIL(open("/dev/tty", O_RDWR), ENXIO);
      NEED_FAIL(write(slave, "x", 1), EIO);
      NEED(open(slave_name, O_RDWR) >= 0);
    });
    close(master);
  }
  p_close(p), p_close(q);
}

static int helper(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "--wait")) wait_forever();
  return 1;
}

P_MAIN(helper, G(process_groups), G(stops), G(child_signals), G(threads), G(sleeping), G(orphans), G(controlling), G(foreground), G(background), G(leader_ends), G(hangup))
