// ptrace(2): a small debugger and a small strace.
#include "t.h"
#include <elf.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#ifndef PTRACE_GET_SYSCALL_INFO
#define PTRACE_GET_SYSCALL_INFO 0x420e
#endif
struct call_info {
  uint8_t op, pad[3];
  uint32_t arch;
  uint64_t ip, sp, words[7];
};
enum { INFO_ENTRY = 1, INFO_EXIT = 2 };
#define P(request, pid, addr, data) syscall(SYS_ptrace, request, pid, addr, data)
#define EVENT(status) ((status) >> 16)

static long word;
static volatile int counter;
static volatile int got_signal;

static void handler(int sig) { got_signal = sig; }

static pid_t start(void (*child)(void)) {
  fflush(stdout);
  pid_t pid = fork();
  if (!pid) {
    child();
    _exit(7);
  }
  return pid;
}
// Waits for this thread; its status.
static int status_of(pid_t pid) {
  int status = -1;
  errno = 0;
  pid_t got = waitpid(pid, &status, __WALL);
  return got == pid ? status : -errno - 1;
}
#define STOPPED(status, sig) EQ(status, (sig) << 8 | 0x7f)
#define STOP_EVENT(status, event) EQ(status, (event) << 16 | SIGTRAP << 8 | 0x7f)

static void end(pid_t pid) {
  kill(pid, SIGKILL);
  for (int i = 0; i < 10; i++) {
    int status;
    if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status)) break;
  }
}

// ---- memory and registers ------------------------------------------------------------------------

static void traced_stop(void) {
  P(PTRACE_TRACEME, 0, 0, 0);
  word = 0x1122334455667788;
  raise(SIGSTOP);
  _exit(word == 5 ? 55 : 1);
}
static const char constant[16] = "read only text";

static void registers(void) {
  pid_t pid = start(traced_stop);
  STOPPED(status_of(pid), SIGSTOP);
  struct user_regs_struct r, again;
  EQ(P(PTRACE_GETREGS, pid, 0, &r), 0);
  YES(r.rip > 4096 && r.rsp > 4096 && r.fs_base > 4096);
  EQ(r.cs, 0x33);
  EQ(r.ss, 0x2b);
  unsigned long value = 0;
  EQ(P(PTRACE_PEEKUSER, pid, offsetof(struct user, regs.rip), &value), 0);
  EQ(value, r.rip);
  EQ(P(PTRACE_PEEKUSER, pid, offsetof(struct user, regs.fs_base), &value), 0);
  EQ(value, r.fs_base);
  EQ(P(PTRACE_PEEKUSER, pid, offsetof(struct user, u_debugreg), &value), 0);
  EQ(value, 0);
  FAIL(P(PTRACE_PEEKUSER, pid, 1, &value), EIO);
  FAIL(P(PTRACE_PEEKUSER, pid, 4096, &value), EIO);
  EQ(P(PTRACE_POKEUSER, pid, offsetof(struct user, regs.r15), 0x4711), 0);
  EQ(P(PTRACE_PEEKUSER, pid, offsetof(struct user, regs.r15), &value), 0);
  EQ(value, 0x4711);
  EQ(P(PTRACE_POKEUSER, pid, offsetof(struct user, regs.r15), r.r15), 0);
  struct iovec v = {&again, sizeof again};
  EQ(P(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v), 0);
  EQ(v.iov_len, sizeof again);
  SAME(&r, &again, sizeof r);
  v.iov_len = 16;
  EQ(P(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v), 0);
  EQ(v.iov_len, 16);
  FAIL(P(PTRACE_GETREGSET, pid, 0x9999, &v), EINVAL);
  v.iov_len = sizeof again;
  EQ(P(PTRACE_SETREGSET, pid, NT_PRSTATUS, &v), 0);
  // Vector registers.
  struct user_fpregs_struct f;
  EQ(P(PTRACE_GETFPREGS, pid, 0, &f), 0);
  EQ(f.cwd, 0x37f);
  EQ(P(PTRACE_SETFPREGS, pid, 0, &f), 0);
  static unsigned char x[16384];
  struct iovec xv = {x, sizeof x};
  if (!P(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &xv)) {
    YES(xv.iov_len >= 576 && xv.iov_len < sizeof x);
    EQ(x[464] & 3, 3);
    EQ(P(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &xv), 0);
  }
  // Memory.
  EQ(P(PTRACE_PEEKDATA, pid, &word, &value), 0);
  EQ(value, 0x1122334455667788);
  EQ(P(PTRACE_PEEKTEXT, pid, (char *)&word + 1, &value), 0);
  EQ(value & 0xff, 0x77);
  FAIL(P(PTRACE_PEEKDATA, pid, 8, &value), EIO);
  FAIL(P(PTRACE_POKEDATA, pid, 8, 0), EIO);
  // Also where the program itself may not write; our own copy stays as it is.
  EQ(P(PTRACE_POKEDATA, pid, constant, 0x4141414141414141), 0);
  EQ(P(PTRACE_PEEKDATA, pid, constant, &value), 0);
  EQ(value, 0x4141414141414141);
  TEXT(constant, "read only text");
  EQ(P(PTRACE_POKEDATA, pid, &word, 5), 0);
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  int fd = GOOD(open(path, O_RDWR));
  EQ(pread(fd, &value, 8, (off_t)(uintptr_t)&word), 8);
  EQ(value, 5);
  EQ(pwrite(fd, &value, 8, (off_t)(uintptr_t)constant), 8);
  close(fd);
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  char want[64];
  snprintf(want, sizeof want, "TracerPid:\t%d\n", getpid());
  YES(strstr(t_slurp(path), want));
  YES(strstr(t_slurp(path), "State:\tt (tracing stop)"));
  siginfo_t info;
  EQ(P(PTRACE_GETSIGINFO, pid, 0, &info), 0);
  EQ(info.si_signo, SIGSTOP);
  EQ(info.si_pid, pid);
  uint64_t mask = 0;
  EQ(P(PTRACE_GETSIGMASK, pid, 8, &mask), 0);
  FAIL(P(PTRACE_GETSIGMASK, pid, 4, &mask), EINVAL);
  FAIL(P(PTRACE_SETOPTIONS, pid, 0, 1 << 30), EINVAL);
  FAIL(P(PTRACE_CONT, pid, 0, 99), EIO);
  FAIL(P(12345, pid, 0, 0), EIO);
  EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  EQ(status_of(pid), 55 << 8);
}

// ---- signals -------------------------------------------------------------------------------------

static void traced_signals(void) {
  P(PTRACE_TRACEME, 0, 0, 0);
  signal(SIGUSR1, handler);
  signal(SIGUSR2, handler);
  signal(SIGURG, SIG_IGN);
  raise(SIGUSR1);
  if (got_signal) _exit(1);
  raise(SIGUSR1);
  if (got_signal != SIGUSR1) _exit(2);
  raise(SIGUSR1);
  if (got_signal != SIGUSR2) _exit(3);
  raise(SIGURG);
  raise(SIGTERM);
  _exit(66);
}
static void signals(void) {
  pid_t pid = start(traced_signals);
  STOPPED(status_of(pid), SIGUSR1);
  EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  STOPPED(status_of(pid), SIGUSR1);
  EQ(P(PTRACE_CONT, pid, 0, SIGUSR1), 0);
  STOPPED(status_of(pid), SIGUSR1);
  EQ(P(PTRACE_CONT, pid, 0, SIGUSR2), 0);
  STOPPED(status_of(pid), SIGURG);
  EQ(P(PTRACE_CONT, pid, 0, SIGURG), 0);
  STOPPED(status_of(pid), SIGTERM);
  EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  EQ(status_of(pid), 66 << 8);
  pid = start(traced_signals);
  STOPPED(status_of(pid), SIGUSR1);
  siginfo_t info;
  EQ(waitid(P_PID, pid, &info, WEXITED | WSTOPPED | WNOHANG), 0);
  EQ(info.si_pid, 0);
  FAIL(P(PTRACE_CONT, getpid(), 0, 0), ESRCH);
  FAIL(P(PTRACE_CONT, 4000000, 0, 0), ESRCH);
  EQ(P(PTRACE_CONT, pid, 0, SIGKILL), 0);
  EQ(status_of(pid), SIGKILL);
  pid = start(traced_signals);
  STOPPED(status_of(pid), SIGUSR1);
  EQ(kill(pid, SIGKILL), 0);
  EQ(status_of(pid), SIGKILL);
}

// ---- steps and breakpoints -----------------------------------------------------------------------

__attribute__((noinline)) static int counts(int n) {
  counter += n;
  __asm__ volatile("" ::: "memory");
  return counter;
}
static void traced_counting(void) {
  P(PTRACE_TRACEME, 0, 0, 0);
  raise(SIGSTOP);
  for (int i = 1; i <= 3; i++) counts(i);
  _exit(counter);
}
static void breakpoints(void) {
  pid_t pid = start(traced_counting);
  STOPPED(status_of(pid), SIGSTOP);
  unsigned long old = 0, at = (unsigned long)counts;
  EQ(P(PTRACE_PEEKTEXT, pid, at, &old), 0);
  unsigned long trap = (old & ~0xffUL) | 0xcc;
  EQ(P(PTRACE_POKETEXT, pid, at, trap), 0);
  EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  struct user_regs_struct r;
  for (int i = 1; i <= 3; i++) {
    STOPPED(status_of(pid), SIGTRAP);
    EQ(P(PTRACE_GETREGS, pid, 0, &r), 0);
    EQ(r.rip, at + 1);
    EQ(r.rdi, i);
    // Over it: one step with what was there.
    r.rip = at;
    if (i == 3) r.rdi = 30;
    EQ(P(PTRACE_SETREGS, pid, 0, &r), 0);
    EQ(P(PTRACE_POKETEXT, pid, at, old), 0);
    EQ(P(PTRACE_SINGLESTEP, pid, 0, 0), 0);
    STOPPED(status_of(pid), SIGTRAP);
    siginfo_t info;
    EQ(P(PTRACE_GETSIGINFO, pid, 0, &info), 0);
    EQ(info.si_code, TRAP_TRACE);
    EQ(P(PTRACE_GETREGS, pid, 0, &r), 0);
    YES(r.rip > at && r.rip < at + 16);
    EQ(r.eflags & 0x100, 0);
    EQ(P(PTRACE_POKETEXT, pid, at, trap), 0);
    EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  }
  EQ(status_of(pid), 33 << 8);
}

static void traced_stepping(void) {
  P(PTRACE_TRACEME, 0, 0, 0);
  signal(SIGUSR1, handler);
  raise(SIGSTOP);
  __asm__ volatile("nop\n nop\n mov $39, %%eax\n syscall\n nop\n nop" ::: "rax", "rcx", "r11", "memory");
  raise(SIGUSR1);
  _exit(got_signal == SIGUSR1 ? 77 : 1);
}
static void steps(void) {
  pid_t pid = start(traced_stepping);
  STOPPED(status_of(pid), SIGSTOP);
  struct user_regs_struct r;
  unsigned long code, last = 0;
  int calls = 0, nops = 0, good = 1;
  // On to the getpid between the nops, and past it.
  for (int i = 0; i < 3000 && good; i++) {
    good &= !P(PTRACE_GETREGS, pid, 0, &r) && !P(PTRACE_PEEKTEXT, pid, r.rip, &code);
    good &= r.rip != last;
    last = r.rip;
    if ((code & 0xffffff) == 0x9090 + ((code >> 16 & 0xff) << 16)) nops++;
    if ((code & 0xffff) == 0x050f && r.rax == 39) {
      calls++;
      good &= !P(PTRACE_SINGLESTEP, pid, 0, 0) && status_of(pid) == (SIGTRAP << 8 | 0x7f);
      P(PTRACE_GETREGS, pid, 0, &r);
      EQ(r.rip, last + 2);
      EQ(r.rax, pid);
      break;
    }
    good &= !P(PTRACE_SINGLESTEP, pid, 0, 0) && status_of(pid) == (SIGTRAP << 8 | 0x7f);
  }
  YES(good);
  EQ(calls, 1);
  YES(nops >= 1);
  EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  STOPPED(status_of(pid), SIGUSR1);
  // A step with a signal ends at the handler's first instruction.
  EQ(P(PTRACE_SINGLESTEP, pid, 0, SIGUSR1), 0);
  STOPPED(status_of(pid), SIGTRAP);
  EQ(P(PTRACE_GETREGS, pid, 0, &r), 0);
  EQ(r.rip, (unsigned long)handler);
  EQ(r.rdi, SIGUSR1);
  EQ(P(PTRACE_SINGLESTEP, pid, 0, 0), 0);
  STOPPED(status_of(pid), SIGTRAP);
  EQ(P(PTRACE_GETREGS, pid, 0, &r), 0);
  YES(r.rip > (unsigned long)handler && r.rip < (unsigned long)handler + 16);
  EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  EQ(status_of(pid), 77 << 8);
}

static void traced_vectors(void) {
  P(PTRACE_TRACEME, 0, 0, 0);
  unsigned long value = 0x1234567, out = 0;
  double half = 0.5, result = 0;
  __asm__ volatile("movq %2, %%xmm7\n fldl %3\n int3\n fstpl %1\n movq %%xmm7, %0" : "=r"(out), "=m"(result) : "r"(value), "m"(half) : "xmm7", "memory");
  _exit(out == 0x7654321 && result == 0.5 ? 79 : 1);
}
static void vectors(void) {
  pid_t pid = start(traced_vectors);
  STOPPED(status_of(pid), SIGTRAP);
  struct user_fpregs_struct f;
  EQ(P(PTRACE_GETFPREGS, pid, 0, &f), 0);
  EQ(f.xmm_space[28], 0x1234567);
  EQ(f.swd >> 11 & 7, 7);
  f.xmm_space[28] = 0x7654321;
  EQ(P(PTRACE_SETFPREGS, pid, 0, &f), 0);
  f.mxcsr = ~0u;
  FAIL(P(PTRACE_SETFPREGS, pid, 0, &f), EINVAL);
  EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  EQ(status_of(pid), 79 << 8);
}

// ---- system calls --------------------------------------------------------------------------------

static void traced_calls(void) {
  P(PTRACE_TRACEME, 0, 0, 0);
  raise(SIGSTOP);
  long pid = syscall(SYS_getppid);
  long changed = syscall(SYS_getuid);
  long skipped = syscall(SYS_close, 1);
  int still_open = fcntl(1, F_GETFD) >= 0;
  long moved = syscall(SYS_getgid);
  _exit(pid > 0 && changed == 4711 && skipped == -1 && errno == EPERM && still_open && moved == syscall(SYS_getpid) ? 88 : 1);
}
static void calls(void) {
  pid_t pid = start(traced_calls);
  STOPPED(status_of(pid), SIGSTOP);
  EQ(P(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
  struct call_info info;
  struct user_regs_struct r;
  unsigned long message;
  int entries = 0, exits = 0, good = 1, status;
  EQ(P(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info), 24);
  EQ(info.op, 0);
  EQ(info.arch, 0xc000003e);
  for (;;) {
    EQ(P(PTRACE_SYSCALL, pid, 0, 0), 0);
    status = status_of(pid);
    if (!WIFSTOPPED(status)) break;
    if (status != ((SIGTRAP | 0x80) << 8 | 0x7f)) {
      EQ(status, (SIGTRAP | 0x80) << 8 | 0x7f);
      break;
    }
    P(PTRACE_GETREGS, pid, 0, &r);
    long size = P(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
    P(PTRACE_GETEVENTMSG, pid, 0, &message);
    if (info.op == INFO_ENTRY) {
      entries++;
      good &= size == 80 && info.words[0] == r.orig_rax && (long)r.rax == -ENOSYS && info.ip == r.rip && info.words[1] == r.rdi && message == 1;
      if (r.orig_rax == SYS_close) r.orig_rax = -1, good &= !P(PTRACE_SETREGS, pid, 0, &r);
      if (r.orig_rax == SYS_getgid) r.orig_rax = SYS_getpid, good &= !P(PTRACE_SETREGS, pid, 0, &r);
    } else {
      exits++;
      good &= info.op == INFO_EXIT && size == 33 && (long)info.words[0] == (long)r.rax && message == 2;
      if (r.orig_rax == SYS_getuid) r.rax = 4711, good &= !P(PTRACE_SETREGS, pid, 0, &r);
      if (r.orig_rax == (unsigned long)-1) r.rax = -EPERM, good &= !P(PTRACE_SETREGS, pid, 0, &r);
    }
  }
  YES(good);
  // The rest of raise, and seven of its own; the last never ends.
  LEAST(entries, 7);
  EQ(exits + 1 - entries, exits > entries ? 2 : exits == entries ? 1 : 0);
  EQ(status, 88 << 8);
}

static void traced_restart(void) {
  P(PTRACE_TRACEME, 0, 0, 0);
  int p[2];
  pipe(p);
  raise(SIGSTOP);
  char c;
  long n = syscall(SYS_read, p[0], &c, 1);
  _exit(n == -1 && errno == EINTR && got_signal == SIGUSR1 ? 91 : 1);
}
// A call that a signal interrupts shows it.
static void restarting(void) {
  struct sigaction plain = {.sa_handler = handler};
  sigaction(SIGUSR1, &plain, 0);
  pid_t pid = start(traced_restart);
  signal(SIGUSR1, SIG_DFL);
  STOPPED(status_of(pid), SIGSTOP);
  EQ(P(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
  struct user_regs_struct r;
  do {
    P(PTRACE_SYSCALL, pid, 0, 0), status_of(pid);
    P(PTRACE_GETREGS, pid, 0, &r);
  } while (r.orig_rax != SYS_read);
  EQ(P(PTRACE_SYSCALL, pid, 0, 0), 0);
  t_sleep_ms(20);
  // Ignored: the call is made again.
  EQ(kill(pid, SIGWINCH), 0);
  EQ(status_of(pid), (SIGTRAP | 0x80) << 8 | 0x7f);
  EQ(P(PTRACE_GETREGS, pid, 0, &r), 0);
  EQ((long)r.rax, -512);
  EQ(P(PTRACE_SYSCALL, pid, 0, 0), 0);
  STOPPED(status_of(pid), SIGWINCH);
  EQ(P(PTRACE_SYSCALL, pid, 0, SIGWINCH), 0);
  EQ(status_of(pid), (SIGTRAP | 0x80) << 8 | 0x7f);
  EQ(P(PTRACE_GETREGS, pid, 0, &r), 0);
  EQ(r.orig_rax, SYS_read);
  EQ((long)r.rax, -ENOSYS);
  EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  t_sleep_ms(20);
  EQ(kill(pid, SIGUSR1), 0);
  STOPPED(status_of(pid), SIGUSR1);
  EQ(P(PTRACE_GETREGS, pid, 0, &r), 0);
  EQ((long)r.rax, -512);
  EQ(P(PTRACE_CONT, pid, 0, SIGUSR1), 0);
  EQ(status_of(pid), 91 << 8);
}

// ---- events --------------------------------------------------------------------------------------

static void *thread(void *unused) { return syscall(SYS_gettid), unused; }
static char self[256];
static void traced_events(void) {
  P(PTRACE_TRACEME, 0, 0, 0);
  raise(SIGSTOP);
  pid_t pid = fork();
  if (!pid) _exit(3);
  waitpid(pid, 0, 0);
  pthread_t other;
  pthread_create(&other, 0, thread, 0);
  pthread_join(other, 0);
  pid = vfork();
  if (!pid) _exit(4);
  waitpid(pid, 0, 0);
  char *argv[] = {"ptrace", "--exit", 0}, *envp[] = {0};
  execve(self, argv, envp);
  _exit(1);
}
static void events(void) {
  pid_t pid = start(traced_events), child[8];
  STOPPED(status_of(pid), SIGSTOP);
  long all = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_TRACEVFORKDONE | PTRACE_O_EXITKILL;
  EQ(P(PTRACE_SETOPTIONS, pid, 0, all), 0);
  EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  int seen[200] = {0}, ends = 0, stops = 0, last = 0, children = 0;
  unsigned long message = 0, exit_message = 0;
  for (int i = 0; i < 60; i++) {
    int status;
    pid_t who = waitpid(-1, &status, __WALL);
    if (who < 0) break;
    if (WIFSTOPPED(status)) {
      int event = EVENT(status);
      seen[event]++;
      P(PTRACE_GETEVENTMSG, who, 0, &message);
      if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) child[children++ & 7] = (pid_t)message;
      if (event == PTRACE_EVENT_EXIT && who == pid) exit_message = message;
      int sig = WSTOPSIG(status);
      if (!event && sig == SIGSTOP) stops++, sig = 0;
      if (event) sig = 0;
      P(PTRACE_CONT, who, 0, sig);
    } else {
      ends++;
      if (who == pid) last = status;
    }
  }
  EQ(children, 3);
  YES(child[0] > pid && child[1] > child[0] && child[2] > child[1]);
  EQ(seen[PTRACE_EVENT_FORK], 1);
  EQ(seen[PTRACE_EVENT_CLONE], 1);
  EQ(seen[PTRACE_EVENT_VFORK], 1);
  EQ(seen[PTRACE_EVENT_VFORK_DONE], 1);
  EQ(seen[PTRACE_EVENT_EXEC], 1);
  EQ(seen[PTRACE_EVENT_EXIT], 4);
  EQ(stops, 3);
  EQ(ends, 4);
  EQ(last, 99 << 8);
  EQ(exit_message, 99 << 8);
  FAIL(waitpid(-1, 0, __WALL), ECHILD);
}

static void traced_exec(void) {
  P(PTRACE_TRACEME, 0, 0, 0);
  char *argv[] = {"ptrace", "--exit", 0}, *envp[] = {0};
  execve(self, argv, envp);
}
// Without options a new program starts with a SIGTRAP.
static void execs(void) {
  pid_t pid = start(traced_exec);
  STOPPED(status_of(pid), SIGTRAP);
  struct user_regs_struct r;
  EQ(P(PTRACE_GETREGS, pid, 0, &r), 0);
  unsigned long argc = 0;
  EQ(P(PTRACE_PEEKDATA, pid, r.rsp, &argc), 0);
  EQ(argc, 2);
  EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  EQ(status_of(pid), 99 << 8);
}

// ---- attaching -----------------------------------------------------------------------------------

static void runs(void) {
  for (;;) counter++;
}
static void sleeps(void) {
  for (;;) pause();
}
static void attaching(void) {
  struct user_regs_struct r;
  for (int i = 0; i < 2; i++) {
    pid_t pid = start(i ? sleeps : runs);
    t_sleep_ms(20);
    EQ(P(PTRACE_ATTACH, pid, 0, 0), 0);
    STOPPED(status_of(pid), SIGSTOP);
    FAIL(P(PTRACE_ATTACH, pid, 0, 0), EPERM);
    EQ(P(PTRACE_GETREGS, pid, 0, &r), 0);
    unsigned long before = 0, after = 0;
    P(PTRACE_PEEKDATA, pid, &counter, &before);
    YES((unsigned)before > 0 || i);
    EQ(P(PTRACE_DETACH, pid, 0, 0), 0);
    FAIL(P(PTRACE_GETREGS, pid, 0, &r), ESRCH);
    EQ(kill(pid, SIGTERM), 0);
    EQ(status_of(pid), SIGTERM);
  }
  FAIL(P(PTRACE_ATTACH, getpid(), 0, 0), EPERM);
  FAIL(P(PTRACE_SEIZE, 4000000, 0, 0), ESRCH);
}
static void seizing(void) {
  pid_t pid = start(sleeps);
  t_sleep_ms(20);
  EQ(P(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
  int status;
  EQ(waitpid(pid, &status, WNOHANG | __WALL), 0);
  FAIL(P(PTRACE_CONT, pid, 0, 0), ESRCH);
  EQ(P(PTRACE_INTERRUPT, pid, 0, 0), 0);
  STOP_EVENT(status_of(pid), PTRACE_EVENT_STOP);
  EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  // A stop of the whole process.
  EQ(kill(pid, SIGSTOP), 0);
  STOPPED(status_of(pid), SIGSTOP);
  EQ(P(PTRACE_CONT, pid, 0, SIGSTOP), 0);
  EQ(status_of(pid), PTRACE_EVENT_STOP << 16 | SIGSTOP << 8 | 0x7f);
  siginfo_t info;
  EQ(P(PTRACE_LISTEN, pid, 0, 0), 0);
  EQ(waitpid(pid, &status, WNOHANG | __WALL), 0);
  EQ(kill(pid, SIGCONT), 0);
  STOP_EVENT(status_of(pid), PTRACE_EVENT_STOP);
  EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  STOPPED(status_of(pid), SIGCONT);
  EQ(P(PTRACE_CONT, pid, 0, SIGCONT), 0);
  end(pid);
}
static void group_stops(void) {
  pid_t pid = start(traced_stop);
  STOPPED(status_of(pid), SIGSTOP);
  siginfo_t info;
  EQ(P(PTRACE_CONT, pid, 0, SIGSTOP), 0);
  STOPPED(status_of(pid), SIGSTOP);
  FAIL(P(PTRACE_GETSIGINFO, pid, 0, &info), EINVAL);
  // It goes on for its tracer.
  EQ(P(PTRACE_CONT, pid, 0, 0), 0);
  EQ(status_of(pid), 1 << 8);
}

// A tracer that ends lets go of its threads, or takes them along.
static void leaving(void) {
  for (int kills = 0; kills < 2; kills++) {
    pid_t pid = start(sleeps);
    t_sleep_ms(10);
    fflush(stdout);
    pid_t tracer = fork();
    if (!tracer) {
      long done = P(PTRACE_SEIZE, pid, 0, kills ? PTRACE_O_EXITKILL : 0);
      _exit(done ? 1 : 0);
    }
    int status;
    EQ(waitpid(tracer, &status, 0), tracer);
    EQ(status, 0);
    if (kills) {
      EQ(status_of(pid), SIGKILL);
    } else {
      EQ(waitpid(pid, &status, WNOHANG), 0);
      kill(pid, SIGTERM);
      EQ(status_of(pid), SIGTERM);
    }
  }
}

static void others_in(void) {
  pid_t target = getppid();
  if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000)) _exit(1);
  _exit(P(PTRACE_ATTACH, target, 0, 0) == -1 && errno == EPERM ? 0 : 2);
}
static void refusals(void) {
  if (getuid()) {
    SKIP("needs root");
    return;
  }
  pid_t pid = start(others_in);
  EQ(status_of(pid), 0);
}

int main(int argc, char **argv) {
  static const struct group groups[] = {G(registers), G(signals), G(breakpoints), G(steps), G(vectors), G(calls), G(restarting), G(events), G(execs),
                                        G(attaching), G(seizing), G(group_stops), G(leaving), G(refusals), {0, 0}};
  if (argc == 2 && !strcmp(argv[1], "--exit")) return 99;
  readlink("/proc/self/exe", self, sizeof self - 1);
  return t_main(argc, argv, groups);
}
