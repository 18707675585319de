// What the C library builds on fork and exec: posix_spawn with its attributes and file actions; system and
// popen, for which this program is the shell where there is none.
#include "p.h"
#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>

static int spawned(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, const char *mode, const char *word) {
  pid_t pid = -1;
  int error = posix_spawn(&pid, SELF, actions, attributes, (char *const[]){"name", (char *)mode, (char *)word, 0}, environ);
  return error ? -error : ended(pid);
}

static void plain(void) {
  EQ(spawned(0, 0, "--status", "12"), 12);
  pid_t pid = -1;
  EQ(posix_spawn(&pid, "missing", 0, 0, (char *const[]){"x", 0}, environ), ENOENT);
  EQ(posix_spawn(&pid, ".", 0, 0, (char *const[]){"x", 0}, environ), EACCES);
  FAIL(waitpid(-1, 0, 0), ECHILD);  // nothing is left of those
  EQ(posix_spawnp(&pid, "no-such-program-anywhere", 0, 0, (char *const[]){"x", 0}, environ), ENOENT);
  int good = 0;
  for (int i = 0; i < 50; i++) good += spawned(0, 0, "--status", "3") == 3;
  EQ(good, 50);
}

static void actions(void) {
  posix_spawn_file_actions_t a;
  char text[64] = "";
  posix_spawn_file_actions_init(&a);
  posix_spawn_file_actions_addopen(&a, 7, "out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&a, 7, 1);
  posix_spawn_file_actions_addclose(&a, 7);
  EQ(spawned(&a, 0, "--print", "to the file"), 0);
  TEXT(t_slurp("out"), "to the file");
  FAIL(fcntl(7, F_GETFD), EBADF);
  posix_spawn_file_actions_destroy(&a);
  // A failing action fails the whole.
  posix_spawn_file_actions_init(&a);
  posix_spawn_file_actions_addopen(&a, 7, "missing/out", O_RDONLY, 0);
  EQ(spawned(&a, 0, "--status", "1"), -ENOENT);
  posix_spawn_file_actions_destroy(&a);
  posix_spawn_file_actions_init(&a);
  posix_spawn_file_actions_adddup2(&a, 500, 1);
  EQ(spawned(&a, 0, "--status", "1"), -EBADF);
  posix_spawn_file_actions_destroy(&a);
  // dup2 onto itself takes the mark of closing away; a folder to start in.
  int fd = GOOD(open("out", O_RDONLY | O_CLOEXEC));
  mkdir("below", 0755);
  posix_spawn_file_actions_init(&a);
  posix_spawn_file_actions_adddup2(&a, fd, fd);
  posix_spawn_file_actions_addchdir_np(&a, "below");
  sprintf(text, "%d", fd);
  EQ(spawned(&a, 0, "--open", text), 0);
  EQ(spawned(0, 0, "--open", text), 1);
  EQ(spawned(&a, 0, "--below", ""), 0);
  posix_spawn_file_actions_destroy(&a);
  close(fd), unlink("out"), rmdir("below");
}

static void handler(int s) { (void)s; }
static void attributes(void) {
  posix_spawnattr_t a;
  sigset_t mask, fallback;
  pid_t pid;
  sigemptyset(&mask), sigaddset(&mask, SIGUSR1);
  sigemptyset(&fallback), sigaddset(&fallback, SIGUSR2);
  signal(SIGUSR2, SIG_IGN), signal(SIGHUP, SIG_IGN), signal(SIGINT, handler);
  posix_spawnattr_init(&a);
  posix_spawnattr_setflags(&a, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setsigmask(&a, &mask), posix_spawnattr_setsigdefault(&a, &fallback);
  EQ(spawned(0, &a, "--signals", ""), 0);
  posix_spawnattr_destroy(&a);
  signal(SIGUSR2, SIG_DFL), signal(SIGHUP, SIG_DFL), signal(SIGINT, SIG_DFL);
  posix_spawnattr_init(&a);
  posix_spawnattr_setflags(&a, POSIX_SPAWN_SETSID);
  EQ(spawned(0, &a, "--session", ""), 0);
  posix_spawnattr_destroy(&a);
  // Into the group of another.
  int p[2];
  pipe(p);
  pid_t leader = CHILD(setpgid(0, 0); p_hear(p));
  setpgid(leader, leader);
  posix_spawnattr_init(&a);
  posix_spawnattr_setflags(&a, POSIX_SPAWN_SETPGROUP), posix_spawnattr_setpgroup(&a, leader);
  EQ(posix_spawn(&pid, SELF, 0, &a, (char *const[]){"name", "--status", "2", 0}, environ), 0);
  EQ(getpgid(pid), leader);
  EQ(ended(pid), 2);
  p_tell(p);
  EQ(ended(leader), 0);
  posix_spawnattr_destroy(&a), p_close(p);
}

// There is a shell on a usual Linux, and in a machine only where it was put: this program then stands in.
static int shell(void) {
  static char path[256];
  if (!access("/bin/sh", X_OK)) return 1;
  ssize_t n = readlink(SELF, path, sizeof path - 1);
  return n > 0 && !symlink(path, "/bin/sh");
}
static void shells(void) {
  if (!shell()) {
    SKIP("no shell");
    return;
  }
  int status;
  char text[64] = "";
  YES(system(0) == 1);
  status = system("exit 7");
  YES(WIFEXITED(status) && WEXITSTATUS(status) == 7);
  status = system("kill -TERM $$");
  YES(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  // SIGINT and SIGQUIT are ignored meanwhile, SIGCHLD is blocked; all is as before afterwards.
  struct sigaction a = {.sa_handler = handler}, after;
  sigaction(SIGINT, &a, 0);
  system("exit 0");
  sigaction(SIGINT, 0, &after);
  YES(after.sa_handler == handler);
  signal(SIGINT, SIG_DFL);
  FILE *f = popen("echo words", "r");
  YES(f && fgets(text, sizeof text, f));
  TEXT(text, "words\n");
  EQ(pclose(f), 0);
  f = popen("read line; test \"$line\" = given", "w");
  YES(f && fputs("given\n", f) >= 0);
  EQ(pclose(f), 0);
  f = popen("exit 5", "r");
  EQ(WEXITSTATUS(pclose(f)), 5);
  // Two at once: the second does not hold the first one's pipe open.
  FILE *g = popen("cat >/dev/null", "w"), *h = popen("echo x", "r");
  EQ(pclose(g), 0);
  YES(fgets(text, sizeof text, h));
  EQ(pclose(h), 0);
}

static int little_shell(const char *line) {
  char text[64];
  if (!strncmp(line, "exit ", 5)) return atoi(line + 5);
  if (!strcmp(line, "kill -TERM $$")) return raise(SIGTERM);
  if (!strncmp(line, "echo ", 5)) return puts(line + 5) < 0;
  if (!strncmp(line, "read ", 5)) return !fgets(text, sizeof text, stdin) || strcmp(text, "given\n");
  if (!strncmp(line, "cat ", 4)) {
    while (fgets(text, sizeof text, stdin)) {}
    return 0;
  }
  return 127;
}

static int helper(int argc, char **argv) {
  const char *mode = argv[1];
  struct sigaction a;
  sigset_t set;
  (void)argc;
  t_group = mode;
  if (!strcmp(mode, "--status")) return atoi(argv[2]);
  if (!strcmp(mode, "--print")) return write(1, argv[2], strlen(argv[2])) < 0;
  if (!strcmp(mode, "--open")) return fcntl(atoi(argv[2]), F_GETFD) != 0;
  if (!strcmp(mode, "--below")) {
    char folder[300];
    NEED(getcwd(folder, sizeof folder) && !strcmp(strrchr(folder, '/'), "/below"));
  } else if (!strcmp(mode, "--signals")) {
    sigprocmask(SIG_BLOCK, 0, &set);
    NEED(sigismember(&set, SIGUSR1) && !sigismember(&set, SIGUSR2));
    NEED(!sigaction(SIGUSR2, 0, &a) && a.sa_handler == SIG_DFL);
    NEED(!sigaction(SIGHUP, 0, &a) && a.sa_handler == SIG_IGN);
    NEED(!sigaction(SIGINT, 0, &a) && a.sa_handler == SIG_DFL);
    NEED(getpgrp() == getpid());
  } else if (!strcmp(mode, "--session")) {
    NEED(getsid(0) == getpid() && getpgrp() == getpid());
  } else {
    return 1;
  }
  return 0;
}

int main(int argc, char **argv) {
  static const struct group groups[] = {G(plain), G(actions), G(attributes), G(shells), {0, 0}};
  if (argc >= 3 && !strcmp(argv[1], "-c")) return little_shell(argv[argc - 1]);
  if (argc > 1 && !strncmp(argv[1], "--", 2)) return helper(argc, argv);
  return p_main(argc, argv, groups);
}
