// execve and execveat: what is run, what is refused, what stays and what goes.
#include "p.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

static char own_path[256];
static char *const no_env[] = {0};

// Runs this program again in a child, with a mode and arguments; how that ends.
#define AGAIN(...)                                                       \
  ({                                                                     \
    char *const t_words[] = {"name", __VA_ARGS__, 0};                    \
    ended(CHILD(execve(SELF, t_words, environ); _exit(126)));            \
  })

static int script(const char *path, const char *text, int mode) {
  unlink(path);
  int fd = t_file(path, text);
  if (fd < 0) return -1;
  close(fd);
  return chmod(path, (mode_t)mode);
}

// The program's own file under another name in the working folder.
static int copy_self(const char *path) {
  static char bytes[1 << 16];
  ssize_t n;
  int in = open(SELF, O_RDONLY), out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
  if (in < 0 || out < 0) return -1;
  while ((n = read(in, bytes, sizeof bytes)) > 0)
    if (write(out, bytes, (size_t)n) != n) return -1;
  return close(in) | close(out);
}

static void refused(void) {
  char *const words[] = {"x", 0};
  FAIL(execve("missing", words, no_env), ENOENT);
  FAIL(execve("", words, no_env), ENOENT);
  FAIL(execve("/", words, no_env), EACCES);
  FAIL(execve("/dev/null", words, no_env), EACCES);
  EQ(script("plain", "neither ELF nor script\n", 0644), 0);
  FAIL(execve("plain", words, no_env), EACCES);  // root too needs one execute bit
  EQ(chmod("plain", 0755), 0);
  FAIL(execve("plain", words, no_env), ENOEXEC);
  EQ(script("nothing", "", 0755), 0);
  FAIL(execve("nothing", words, no_env), ENOEXEC);
  FAIL(execve("plain/more", words, no_env), ENOTDIR);
  EQ(symlink("loop", "loop"), 0);
  FAIL(execve("loop", words, no_env), ELOOP);
  static char name[PATH_MAX + 10];
  memset(name, 'n', 300);
  FAIL(execve(name, words, no_env), ENAMETOOLONG);
  for (int i = 0; i < PATH_MAX; i += 2) memcpy(name + i, "./", 2);
  FAIL(execve(name, words, no_env), ENAMETOOLONG);
  FAIL(syscall(SYS_execve, (char *)8, words, no_env), EFAULT);
  FAIL(syscall(SYS_execve, SELF, (void *)8, no_env), EFAULT);
  FAIL(syscall(SYS_execve, SELF, words, (void *)8), EFAULT);
  char *const bad_word[] = {"x", (char *)8, 0};
  FAIL(syscall(SYS_execve, SELF, bad_word, no_env), EFAULT);
  // A folder that may not be searched, a file that others may not run.
  EQ(mkdir("closed", 0700), 0);
  EQ(script("closed/in", "#!/nothing\n", 0755), 0);
  EQ(script("mine", "#!/nothing\n", 0700), 0);
  EQ(chmod(".", 0755), 0);
  if (geteuid() == 0)
    CHILD_OK(NEED(!setresuid(NOBODY, NOBODY, NOBODY)); NEED_FAIL(execve("closed/in", words, no_env), EACCES);
             NEED_FAIL(execve("mine", words, no_env), EACCES));
  unlink("closed/in"), rmdir("closed"), unlink("mine"), unlink("plain"), unlink("nothing"), unlink("loop");
}

static void busy(void) {
  char *const words[] = {"name", "--status", "5", 0};
  EQ(copy_self("copy"), 0);
  EQ(ended(CHILD(execve("copy", words, environ); _exit(126))), 5);
  int fd = GOOD(open("copy", O_WRONLY));
  FAIL(execve("copy", words, environ), ETXTBSY);
  close(fd);
  // While it runs it cannot be opened for writing, but it can be removed.
  int p[2];
  EQ(pipe(p), 0);
  char number[12];
  sprintf(number, "%d", p[P_OUT]);
  char *const wait_words[] = {"name", "--wait", number, 0};
  pid_t child = CHILD(execve("copy", wait_words, environ));
  YES(UNTIL((fd = open("copy", O_WRONLY)) < 0 || close(fd)));
  FAIL(open("copy", O_WRONLY), ETXTBSY);
  FAIL(open("copy", O_RDONLY | O_TRUNC), ETXTBSY);
  FAIL(truncate("copy", 10), ETXTBSY);
  EQ(unlink("copy"), 0);
  char link[64], path[128], got[300];
  sprintf(link, "/proc/%d/exe", child);
  sprintf(path, "%s/copy (deleted)", t_folder);
  ssize_t n = readlink(link, got, sizeof got - 1);
  got[n > 0 ? n : 0] = 0;
  TEXT(got, path);
  p_tell(p);
  EQ(ended(child), 0);
  p_close(p);
}

static void scripts(void) {
  char line[PATH_MAX + 400], *const words[] = {"zero", "one", 0};
  // The interpreter gets its one argument, the script's path, and the rest; argv[0] is lost.
  sprintf(line, "#! %s --echo \t\nrest\n", own_path);
  EQ(script("s", line, 0755), 0);
  int p[2];
  EQ(pipe(p), 0);
  pid_t child = CHILD(dup2(p[P_IN], 1); execve("./s", words, no_env); _exit(126));
  EQ(ended(child), 0);
  char got[1000];
  ssize_t n = read(p[P_OUT], got, sizeof got - 1);
  got[n > 0 ? n : 0] = 0;
  sprintf(line, "%s|--echo|./s|one|", own_path);
  TEXT(got, line);
  // All of the rest of the line is one argument, spaces in it stay.
  sprintf(line, "#!%s --echo a  b", own_path);  // no newline at the end
  EQ(script("s", line, 0755), 0);
  child = CHILD(dup2(p[P_IN], 1); execve("s", words, no_env); _exit(126));
  EQ(ended(child), 0);
  n = read(p[P_OUT], got, sizeof got - 1);
  got[n > 0 ? n : 0] = 0;
  sprintf(line, "%s|--echo a  b|s|one|", own_path);
  TEXT(got, line);
  // A script that names a script: five levels are allowed.
  sprintf(line, "#!%s --echo\n", own_path);
  EQ(script("n0", line, 0755), 0);
  for (int i = 1; i <= 5; i++) {
    char name[8];
    sprintf(name, "n%d", i), sprintf(line, "#!n%d\n", i - 1);
    EQ(script(name, line, 0755), 0);
  }
  child = CHILD(dup2(p[P_IN], 1); execve("n4", words, no_env); _exit(126));
  EQ(ended(child), 0);
  n = read(p[P_OUT], got, sizeof got - 1);
  got[n > 0 ? n : 0] = 0;
  sprintf(line, "%s|--echo|n0|n1|n2|n3|n4|one|", own_path);
  TEXT(got, line);
  FAIL(execve("n5", words, no_env), ELOOP);
  EQ(script("s", "#!\n", 0755), 0);
  FAIL(execve("s", words, no_env), ENOEXEC);
  EQ(script("s", "#!  \n", 0755), 0);
  FAIL(execve("s", words, no_env), ENOEXEC);
  EQ(script("s", "#!missing\n", 0755), 0);
  FAIL(execve("s", words, no_env), ENOENT);
  EQ(script("s", "#!/\n", 0755), 0);
  FAIL(execve("s", words, no_env), EACCES);
  // The first line is looked at for 256 bytes; an interpreter's path that is cut is refused.
  memset(line, 'x', 400), memcpy(line, "#!/", 3), line[400] = 0;
  EQ(script("s", line, 0755), 0);
  FAIL(execve("s", words, no_env), ENOEXEC);
  // execvp falls back on the shell for a file of no known kind; execve does not.
  p_close(p);
  for (int i = 0; i <= 5; i++) {
    char name[8];
    sprintf(name, "n%d", i), unlink(name);
  }
  unlink("s");
}

static void limits(void) {
  // One string: at most 32 pages with its end.
  size_t most = 32 * 4096;
  char *big = malloc(most + 1);
  memset(big, 'b', most), big[most] = 0;
  char *const one[] = {"name", "--status", "4", big, 0};
  FAIL(execve(SELF, one, environ), E2BIG);
  char *const variables[] = {big, 0}, *const short_words[] = {"name", "--status", "4", 0};
  FAIL(execve(SELF, short_words, variables), E2BIG);
  big[most - 1] = 0;
  EQ(ended(CHILD(execve(SELF, one, environ); _exit(126))), 4);
  // All strings and their pointers: a quarter of the stack's limit.
  struct rlimit stack = {2 << 20, RLIM_INFINITY};
  char **many = calloc(6, sizeof *many);
  many[0] = "name", many[1] = "--status", many[2] = "4";
  many[3] = many[4] = big;
  big[most / 2] = 0;
  pid_t child = CHILD(NEED(!setrlimit(RLIMIT_STACK, &stack)); execve(SELF, many, no_env); _exit(126));
  EQ(ended(child), 4);
  big[most / 2] = 'b';
  char *lots[16] = {"name", "--status", "4"};
  for (int i = 3; i < 15; i++) lots[i] = big;
  CHILD_OK(NEED(!setrlimit(RLIMIT_STACK, &stack)); NEED_FAIL(execve(SELF, lots, no_env), E2BIG));
  EQ(ended(CHILD(execve(SELF, lots, no_env); _exit(126))), 4);
  // Many small ones: the pointers count too.
  size_t count = 60000;
  char **small = calloc(count + 1, sizeof *small);
  for (size_t i = 3; i < count; i++) small[i] = "";
  small[0] = "name", small[1] = "--status", small[2] = "4";
  EQ(ended(CHILD(execve(SELF, small, no_env); _exit(126))), 4);
  CHILD_OK(NEED(!setrlimit(RLIMIT_STACK, &stack)); NEED_FAIL(execve(SELF, small, no_env), E2BIG));
  free(big), free(many), free(small);
  // No words at all: Linux makes one of them, empty.
  char *const none[] = {0};
  pid_t pid = CHILD(execve(SELF, none, (char *const[]){"EMPTY=1", 0}); _exit(126));
  EQ(ended(pid), 77);
}

static volatile int handled;
static void handler(int signal) { handled = signal; }

// What stays and what goes is told by the new program: it gets numbers and looks for itself.
static void kept(void) {
  char words[2][12];
  int keep = GOOD(open("/dev/null", O_RDONLY)), drop = GOOD(open("/dev/null", O_RDONLY | O_CLOEXEC));
  sprintf(words[0], "%d", keep), sprintf(words[1], "%d", drop);
  EQ(AGAIN("--descriptors", words[0], words[1]), 0);
  close(keep), close(drop);
  // Handlers become the default, ignoring stays; mask and pending signals stay.
  pid_t child = CHILD({
    struct sigaction a = {.sa_handler = handler};
    sigset_t set;
    sigaction(SIGUSR1, &a, 0);
    signal(SIGUSR2, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    sigemptyset(&set), sigaddset(&set, SIGTERM), sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_SETMASK, &set, 0);
    raise(SIGTERM);
    union sigval value = {.sival_int = 1234};
    sigqueue(getpid(), SIGRTMIN, value);
    char *const w[] = {"name", "--signals", 0};
    execve(SELF, w, environ);
    _exit(126);
  });
  EQ(ended(child), 0);
  // The alternative stack goes, the interval timer and the alarm stay, POSIX timers go.
  child = CHILD({
    static char room[16384];
    stack_t alternative = {.ss_sp = room, .ss_size = sizeof room};
    NEED(!sigaltstack(&alternative, 0));
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec soon = {.it_value = {0, 50000000}};
    NEED(!timer_create(CLOCK_MONOTONIC, &event, &timer));
    NEED(!timer_settime(timer, 0, &soon, 0));
    alarm(100);
    char *const w[] = {"name", "--timers", 0};
    execve(SELF, w, environ);
    _exit(126);
  });
  EQ(ended(child), 0);
  // Working folder, mask of modes, niceness, limits, process group and session, name by prctl goes.
  EQ(mkdir("below", 0755), 0);
  child = CHILD({
    NEED(!chdir("below"));
    umask(0123);
    setpgid(0, 0);
    struct rlimit files = {77, 88};
    NEED(!setrlimit(RLIMIT_NOFILE, &files));
    prctl(PR_SET_NAME, "elsewhere");
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    prctl(PR_SET_KEEPCAPS, 1);
    char me[12];
    sprintf(me, "%d", getpid());
    char *const w[] = {"name", "--state", me, 0};
    execve(own_path, w, environ);
    _exit(126);
  });
  EQ(ended(child), 0);
  rmdir("below");
  // Memory goes, locked or shared.
  void *at = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char address[32];
  sprintf(address, "%p", at);
  EQ(AGAIN("--mapped", address), 0);
  munmap(at, 4096);
}

static void at(void) {
  char *const words[] = {"name", "--status", "6", 0}, *const echo[] = {"zero", "one", 0};
  int folder = GOOD(open(".", O_PATH | O_DIRECTORY)), fd;
  EQ(copy_self("copy"), 0);
  EQ(ended(CHILD(syscall(SYS_execveat, folder, "copy", words, environ, 0); _exit(126))), 6);
  EQ(ended(CHILD(syscall(SYS_execveat, AT_FDCWD, "copy", words, environ, 0); _exit(126))), 6);
  EQ(ended(CHILD(syscall(SYS_execveat, -7, own_path, words, environ, 0); _exit(126))), 6);
  fd = GOOD(open("copy", O_RDONLY | O_CLOEXEC));
  EQ(ended(CHILD(syscall(SYS_execveat, fd, "", words, environ, AT_EMPTY_PATH); _exit(126))), 6);
  EQ(ended(CHILD(fexecve(fd, words, environ); _exit(126))), 6);
  int path = GOOD(open("copy", O_PATH | O_CLOEXEC));
  EQ(ended(CHILD(syscall(SYS_execveat, path, "", words, environ, AT_EMPTY_PATH); _exit(126))), 6);
  FAIL(syscall(SYS_execveat, fd, "", words, environ, 0), ENOENT);
  FAIL(syscall(SYS_execveat, fd, "x", words, environ, 0), ENOTDIR);
  FAIL(syscall(SYS_execveat, -7, "copy", words, environ, 0), EBADF);
  FAIL(syscall(SYS_execveat, folder, "copy", words, environ, 0x8000), EINVAL);
  FAIL(syscall(SYS_execveat, folder, "", words, environ, AT_EMPTY_PATH), EACCES);
  EQ(symlink("copy", "link"), 0);
  EQ(ended(CHILD(syscall(SYS_execveat, folder, "link", words, environ, 0); _exit(126))), 6);
  FAIL(syscall(SYS_execveat, folder, "link", words, environ, AT_SYMLINK_NOFOLLOW), ELOOP);
  close(fd), close(path);
  // A script by descriptor: its interpreter opens it as /dev/fd/N, which it cannot where it is closed.
  char line[400], want[400], got[400] = "";
  sprintf(line, "#!%s --echo\n", own_path);
  EQ(script("s", line, 0755), 0);
  fd = GOOD(open("s", O_RDONLY));
  int p[2];
  EQ(pipe(p), 0);
  EQ(ended(CHILD(dup2(p[P_IN], 1); syscall(SYS_execveat, fd, "", echo, no_env, AT_EMPTY_PATH); _exit(126))), 0);
  ssize_t n = read(p[P_OUT], got, sizeof got - 1);
  got[n > 0 ? n : 0] = 0;
  sprintf(want, "%s|--echo|/dev/fd/%d|one|", own_path, fd);
  TEXT(got, want);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  FAIL(syscall(SYS_execveat, fd, "", echo, no_env, AT_EMPTY_PATH), ENOENT);
  close(fd), close(folder), p_close(p);
  unlink("copy"), unlink("link"), unlink("s");
}

static void told(void) {
  char *const words[] = {"name", "--told", "copy", 0};
  EQ(copy_self("copy"), 0);
  EQ(ended(CHILD(execve("copy", words, environ); _exit(126))), 0);
  char *const dotted[] = {"name", "--told", "./copy", 0};
  EQ(ended(CHILD(execve("./copy", dotted, environ); _exit(126))), 0);
  unlink("copy");
  // The environment is what was given, and only that.
  char *const one[] = {"ONLY=this", "TWO=", 0}, *const look[] = {"name", "--environment", 0};
  EQ(ended(CHILD(execve(SELF, look, one); _exit(126))), 0);
}

// A failed exec leaves everything as it was: memory, threads, handlers, descriptors.
static void *idle(void *stop) {
  while (!*(volatile int *)stop) t_sleep_ms(1);
  return stop;
}
static void whole(void) {
  volatile int stop = 0;
  pthread_t thread;
  void *result = 0;
  struct sigaction a = {.sa_handler = handler}, after;
  sigaction(SIGUSR1, &a, 0);
  EQ(pthread_create(&thread, 0, idle, (void *)&stop), 0);
  int fd = GOOD(open("/dev/null", O_RDONLY | O_CLOEXEC));
  char *const words[] = {"x", 0};
  EQ(script("plain", "no program", 0755), 0);
  // An ELF head with nothing behind it is refused before anything is lost.
  FAIL(execve("plain", words, no_env), ENOEXEC);
  EQ(script("plain", "\177ELF\2\1\1", 0755), 0);
  FAIL(execve("plain", words, no_env), ENOEXEC);
  FAIL(execve("missing", words, no_env), ENOENT);
  sigaction(SIGUSR1, 0, &after);
  YES(after.sa_handler == handler);
  GOOD(fcntl(fd, F_GETFD));
  stop = 1;
  EQ(pthread_join(thread, &result), 0);
  YES(result == &stop);
  close(fd), unlink("plain");
  signal(SIGUSR1, SIG_DFL);
}

// exec with many threads: the others end, the process keeps its number whoever calls.
static void *try_exec(void *word) {
  char me[12];
  sprintf(me, "%d", getpid());
  char *const words[] = {"name", "--alone", me, word, 0};
  execve(own_path, words, environ);  // where the leader has ended, /proc/self/exe leads nowhere
  return word;
}
static void *call_exec(void *word) {
  try_exec(word);
  _exit(126);
}
static void *forever(void *unused) {
  for (;;) pause();
  return unused;
}
static void *spin(void *unused) {
  for (volatile int i = 0;; i++) {}
  return unused;
}
static void threads(void) {
  pthread_t t;
  // The leader calls while others sleep and spin.
  pid_t child = CHILD(for (int i = 0; i < 8; i++) pthread_create(&t, 0, i & 1 ? spin : forever, 0); t_sleep_ms(10); call_exec("a"));
  EQ(ended(child), 0);
  // Another thread calls; the leader sleeps, spins, or has ended already.
  child = CHILD(pthread_create(&t, 0, call_exec, "b"); forever(0));
  EQ(ended(child), 0);
  child = CHILD(pthread_create(&t, 0, call_exec, "c"); spin(0));
  EQ(ended(child), 0);
  child = CHILD(pthread_create(&t, 0, call_exec, "d"); syscall(SYS_exit, 0));
  EQ(ended(child), 0);
  // All call at once: one of them wins, the others may see their call fail before they end.
  child = CHILD(for (int i = 0; i < 8; i++) pthread_create(&t, 0, try_exec, "e"); forever(0));
  EQ(ended(child), 0);
  // Where one ends the process at the same time, it may win; nothing hangs.
  for (int i = 0; i < 10; i++) {
    child = CHILD(pthread_create(&t, 0, call_exec, "f"); _exit(0));
    EQ(ended(child), 0);
  }
}

static void again(void) {
  // A program that executes itself a hundred times, with one number, one parent.
  EQ(AGAIN("--count", "100"), 42);
}

static int helper(int argc, char **argv) {
  const char *mode = argv[1];
  if (!strcmp(mode, "--status")) return atoi(argv[2]);
  if (!strcmp(mode, "--wait")) return read(atoi(argv[2]), (char[1]){0}, 1) == 1 ? 0 : 1;
  if (!strncmp(mode, "--echo", 6)) {
    static char all[4096];
    for (int i = 0; i < argc; i++) strcat(strcat(all, argv[i]), "|");
    return write(1, all, strlen(all)) < 0;
  }
  if (!strcmp(mode, "--count")) {
    int left = atoi(argv[2]);
    char text[12];
    if (!left) return 42;
    sprintf(text, "%d", left - 1);
    char *const words[] = {"name", "--count", text, 0};
    execve(SELF, words, environ);
    return 1;
  }
  t_group = mode;
  if (!strcmp(mode, "--descriptors")) {
    NEED(fcntl(atoi(argv[2]), F_GETFD) == 0);
    NEED_FAIL(fcntl(atoi(argv[3]), F_GETFD), EBADF);
  } else if (!strcmp(mode, "--signals")) {
    struct sigaction a;
    sigset_t set;
    siginfo_t info;
    NEED(!sigaction(SIGUSR1, 0, &a) && a.sa_handler == SIG_DFL);
    NEED(!sigaction(SIGUSR2, 0, &a) && a.sa_handler == SIG_IGN);
    NEED(!sigaction(SIGCHLD, 0, &a) && a.sa_handler == SIG_IGN);
    sigprocmask(SIG_BLOCK, 0, &set);
    NEED(sigismember(&set, SIGTERM) && sigismember(&set, SIGRTMIN) && !sigismember(&set, SIGUSR1));
    sigpending(&set);
    NEED(sigismember(&set, SIGTERM) && sigismember(&set, SIGRTMIN));
    NEED(sigwaitinfo(&set, &info) == SIGTERM);
    NEED(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == 1234);
  } else if (!strcmp(mode, "--timers")) {
    stack_t alternative;
    NEED(!sigaltstack(0, &alternative) && alternative.ss_flags & SS_DISABLE);
    t_sleep_ms(150);  // the timer would have killed us
    unsigned left = alarm(0);
    NEED(left > 90 && left <= 100);
  } else if (!strcmp(mode, "--state")) {
    char folder[300], name[16];
    int signal = -1;
    struct rlimit files;
    NEED(getcwd(folder, sizeof folder) && strlen(folder) > 6 && !strcmp(folder + strlen(folder) - 6, "/below"));
    NEED(umask(0) == 0123);
    NEED(getpid() == atoi(argv[2]) && getpgrp() == getpid());
    NEED(!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur == 77 && files.rlim_max == 88);
    prctl(PR_GET_NAME, name);
    NEED(!strncmp(name, "process-exec", 12));
    NEED(prctl(PR_GET_DUMPABLE) == 1);
    NEED(!prctl(PR_GET_PDEATHSIG, &signal) && signal == SIGUSR1);
    NEED(prctl(PR_GET_KEEPCAPS) == 0);
  } else if (!strcmp(mode, "--mapped")) {
    void *place = (void *)strtoul(argv[2], 0, 16);
    unsigned char core;
    NEED(mincore(place, 4096, &core) == -1 || *(char *)place == 0);
  } else if (!strcmp(mode, "--alone")) {
    NEED(getpid() == atoi(argv[2]) && syscall(SYS_gettid) == getpid());
    NEED(strstr(t_slurp("/proc/self/status"), "\nThreads:\t1\n"));
    pthread_t t;
    volatile int stop = 1;
    NEED(!pthread_create(&t, 0, idle, (void *)&stop) && !pthread_join(t, 0));
  } else if (!strcmp(mode, "--told")) {
    char path[300], want[400], folder[300];
    TEXT((char *)getauxval(AT_EXECFN), argv[2]);
    NEED(!t_failed);
    ssize_t n = readlink(SELF, path, sizeof path - 1);
    NEED(n > 0);
    path[n] = 0;
    sprintf(want, "%s/copy", getcwd(folder, sizeof folder));
    NEED(!strcmp(path, want));
    NEED(!memcmp(t_slurp("/proc/self/comm"), "copy\n", 6));
    NEED(!memcmp(t_slurp("/proc/self/cmdline"), "name\0--told", 12));
    NEED(getauxval(AT_SECURE) == 0 && getauxval(AT_PAGESZ) == 4096 && getauxval(AT_RANDOM));
  } else if (!strcmp(mode, "--environment")) {
    NEED(environ[0] && !strcmp(environ[0], "ONLY=this") && !strcmp(environ[1], "TWO=") && !environ[2]);
    NEED(!memcmp(t_slurp("/proc/self/environ"), "ONLY=this\0TWO=", 15));
  } else {
    return 1;
  }
  return 0;
}

int main(int argc, char **argv) {
  static const struct group groups[] = {G(refused), G(busy), G(scripts), G(limits), G(kept), G(at), G(told), G(whole), G(threads), G(again), {0, 0}};
  if (argc == 1 && getenv("EMPTY")) return !argv[0][0] ? 77 : 78;
  if (argc > 1 && !strncmp(argv[1], "--", 2)) return helper(argc, argv);
  ssize_t n = readlink(SELF, own_path, sizeof own_path - 1);
  if (n > 0) own_path[n] = 0;
  return p_main(argc, argv, groups);
}
