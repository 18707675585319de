// Processes: fork, exec, wait, groups, what is shared and what is not.
#include "p.h"
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>

static const char *self = "/proc/self/exe";

static void ending(void) {
  int status = -1;
  pid_t child = fork();
  if (!child) _exit(7);
  LEAST(child, 2);
  EQ(waitpid(child, &status, 0), child);
  YES(WIFEXITED(status) && WEXITSTATUS(status) == 7);
  FAIL(waitpid(child, &status, 0), ECHILD);
  FAIL(wait(&status), ECHILD);
  child = fork();
  if (!child) _exit(0x1234);
  EQ(wait(&status), child);
  EQ(WEXITSTATUS(status), 0x34);
  static const int signals[] = {SIGTERM, SIGKILL, SIGUSR1, SIGABRT, SIGSEGV};
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  for (int i = 0; i < 5; i++) {
    child = fork();
    if (!child) {
      signal(signals[i], SIG_DFL);
      raise(signals[i]);
      _exit(0);
    }
    EQ(waitpid(child, &status, 0), child);
    YES(WIFSIGNALED(status) && WTERMSIG(status) == signals[i]);
  }
  child = fork();
  if (!child) for (;;) pause();
  EQ(waitpid(child, &status, WNOHANG), 0);
  EQ(kill(child, SIGKILL), 0);
  EQ(waitpid(child, &status, 0), child);
  EQ(WTERMSIG(status), SIGKILL);
  FAIL(kill(child, 0), ESRCH);
  FAIL(waitpid(-1, &status, 0x10000000 | 0x100), EINVAL);
  siginfo_t info = {0};
  child = fork();
  if (!child) _exit(9);
  EQ(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
  EQ(info.si_pid, child);
  EQ(info.si_code, CLD_EXITED);
  EQ(info.si_status, 9);
  EQ(waitpid(child, &status, 0), child);
}

static void memory(void) {
  static int value = 1;
  int *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int *private = mmap(0, 4096 * 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 64; i++) private[i * 1024] = i;
  int status;
  pid_t child = fork();
  if (!child) {
    value = 2, *shared = 42;
    int good = 1;
    for (int i = 0; i < 64; i++) good &= private[i * 1024] == i, private[i * 1024] = -1;
    _exit(good && getppid() > 0 ? 0 : 1);
  }
  waitpid(child, &status, 0);
  EQ(WEXITSTATUS(status), 0);
  EQ(value, 1);
  EQ(*shared, 42);
  int good = 1;
  for (int i = 0; i < 64; i++) good &= private[i * 1024] == i;
  EQ(good, 1);
}

static void descriptors(void) {
  int p[2], status;
  char c[8];
  int fd = GOOD(t_file("f", "0123456789"));
  EQ(pipe(p), 0);
  pid_t child = fork();
  if (!child) {
    close(p[0]);
    read(fd, c, 4);
    write(p[1], "hello", 5);
    _exit(0);
  }
  close(p[1]);
  EQ(read(p[0], c, 8), 5);
  EQ(read(p[0], c, 8), 0);  // the last writer is gone
  waitpid(child, &status, 0);
  EQ(lseek(fd, 0, SEEK_CUR), 4);  // one offset for both
  close(fd), close(p[0]);
  unlink("f");
}

static void executing(void) {
  int status;
  char *const again[] = {"process", "--child", "an argument", "", 0};
  char *const env[] = {"ONLY=this", 0};
  pid_t child = fork();
  if (!child) {
    execve(self, again, env);
    _exit(127);
  }
  waitpid(child, &status, 0);
  EQ(WEXITSTATUS(status), 33);
  FAIL(execve("missing", again, env), ENOENT);
  FAIL(execve(".", again, env), EACCES);
  close(t_file("plain", "no program"));
  FAIL(execve("plain", again, env), EACCES);
  chmod("plain", 0755);
  FAIL(execve("plain", again, env), ENOEXEC);
  FAIL(syscall(SYS_execve, (char *)8, again, env), EFAULT);
  FAIL(syscall(SYS_execve, self, (void *)8, env), EFAULT);
  unlink("plain");
  // Marked descriptors are closed, the others stay.
  int keep = GOOD(open("/dev/null", O_RDONLY)), drop = GOOD(open("/dev/null", O_RDONLY | O_CLOEXEC));
  char a[12], b[12];
  sprintf(a, "%d", keep), sprintf(b, "%d", drop);
  child = vfork();
  if (!child) {
    char *const args[] = {"process", "--descriptors", a, b, 0};
    execve(self, args, env);
    _exit(127);
  }
  waitpid(child, &status, 0);
  EQ(WEXITSTATUS(status), 44);
  close(keep), close(drop);
}

static volatile int children;
static void on_child(int s) { (void)s, children++; }
static void signals(void) {
  int status;
  struct sigaction a = {.sa_handler = on_child, .sa_flags = SA_RESTART};
  sigaction(SIGCHLD, &a, 0);
  pid_t child = fork();
  if (!child) _exit(0);
  EQ(waitpid(child, &status, 0), child);
  YES(UNTIL(children == 1));
  // Ignored: no zombies.
  signal(SIGCHLD, SIG_IGN);
  child = fork();
  if (!child) _exit(0);
  FAIL(waitpid(child, &status, 0), ECHILD);
  signal(SIGCHLD, SIG_DFL);
  // Stopped and continued.
  child = fork();
  if (!child) for (;;) pause();
  kill(child, SIGSTOP);
  EQ(waitpid(child, &status, WUNTRACED), child);
  YES(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  kill(child, SIGCONT);
  EQ(waitpid(child, &status, WCONTINUED), child);
  YES(WIFCONTINUED(status));
  kill(child, SIGTERM);
  EQ(waitpid(child, &status, 0), child);
}

static void groups(void) {
  int status, p[2];
  EQ(pipe(p), 0);
  pid_t child = fork();
  if (!child) {
    int good = setsid() == getpid() && getsid(0) == getpid() && getpgrp() == getpid() && setsid() == -1 && errno == EPERM;
    _exit(good ? 0 : 1);
  }
  waitpid(child, &status, 0);
  EQ(WEXITSTATUS(status), 0);
  pid_t a = fork();
  if (!a) for (;;) pause();
  EQ(setpgid(a, a), 0);
  pid_t b = fork();
  if (!b) for (;;) pause();
  EQ(setpgid(b, a), 0);
  EQ(getpgid(b), a);
  EQ(kill(-a, SIGTERM), 0);
  EQ(waitpid(-a, &status, 0) > 0, 1);
  EQ(waitpid(-a, &status, 0) > 0, 1);
  FAIL(waitpid(-a, &status, 0), ECHILD);
  FAIL(kill(-a, 0), ESRCH);
  // An orphan gets another parent.
  child = fork();
  if (!child) {
    pid_t mine = getpid(), grandchild = fork();
    if (!grandchild) {
      while (getppid() == mine) t_sleep_ms(1);
      write(p[1], "o", 1);
      _exit(0);
    }
    _exit(0);
  }
  waitpid(child, &status, 0);
  char c = 0;
  EQ(read(p[0], &c, 1), 1);
  EQ(c, 'o');
  close(p[0]), close(p[1]);
}

static void many(void) {
  int good = 0, status;
  for (int i = 0; i < 100; i++) {
    pid_t child = fork();
    if (!child) _exit(i);
    good += waitpid(child, &status, 0) == child && WEXITSTATUS(status) == i;
  }
  EQ(good, 100);
  pid_t all[50];
  for (int i = 0; i < 50; i++) {
    all[i] = fork();
    if (!all[i]) _exit(3);
  }
  good = 0;
  for (int i = 0; i < 50; i++) good += wait(&status) > 0 && WEXITSTATUS(status) == 3;
  EQ(good, 50);
  FAIL(wait(&status), ECHILD);
}

static const struct group groups_of[] = {G(ending), G(memory), G(descriptors), G(executing), G(signals), G(groups), G(many), {0, 0}};

int main(int argc, char **argv) {
  if (argc == 4 && !strcmp(argv[1], "--child"))
    return !strcmp(argv[2], "an argument") && !argv[3][0] && environ[0] && !strcmp(environ[0], "ONLY=this") && !environ[1] ? 33 : 1;
  if (argc == 4 && !strcmp(argv[1], "--descriptors"))
    return fcntl(atoi(argv[2]), F_GETFD) == 0 && fcntl(atoi(argv[3]), F_GETFD) == -1 && errno == EBADF ? 44 : 1;
  return p_main(argc, argv, groups_of);
}
