// The first program of the Linux guest that Elfin is measured against: does what Elfin's kernel does
// for a program (see docs/src/host-protocol.md) with a Linux below it, and ends the machine as it does.
//   modules from /modules in the order of their names, /proc, /sys, /dev, network from ip=,
//   program, arguments, environment from /.elfin/args, then events and exit status by the debug ports.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { EVENT_PORT = 0xe9, EXIT_PORT = 0x501, EXIT_VALUE = 0x10, MAX_WORDS = 256 };

static char cmdline[8192], arguments[65536];

static void event(const char *text) {
  for (; *text; text++) outb((unsigned char)*text, EVENT_PORT);
  outb('\n', EVENT_PORT);
}

static void leave(int status) {
  char line[64];
  tcdrain(1);
  snprintf(line, sizeof line, "elfin-exit: %d", status);
  event(line);
  outw(EXIT_VALUE, EXIT_PORT);
  reboot(RB_POWER_OFF);
  for (;;) pause();
}

static void fail(const char *what) {
  dprintf(2, "guest init: %s: %s\n", what, strerror(errno));
  leave(125);
}

static size_t slurp(const char *path, char *text, size_t room) {
  int fd = open(path, O_RDONLY);
  size_t n = 0;
  ssize_t got;
  if (fd < 0) return 0;
  while (n < room - 1 && (got = read(fd, text + n, room - 1 - n)) > 0) n += (size_t)got;
  text[n] = 0;
  close(fd);
  return n;
}

// The value of a kernel parameter, in a buffer of its own; 0 where it is not given.
static char *parameter(const char *name) {
  size_t n = strlen(name);
  for (char *p = cmdline; (p = strstr(p, name)); p += n)
    if ((p == cmdline || p[-1] == ' ') && p[n] == '=') return strndup(p + n + 1, strcspn(p + n + 1, " \n"));
  return 0;
}
static int is(const char *name, const char *value) {
  char *v = parameter(name);
  return v && !strcmp(v, value);
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void load_modules(void) {
  struct dirent **list;
  int n = scandir("/modules", &list, 0, by_name);
  for (int i = 0; i < n; i++) {
    char path[300];
    if (list[i]->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/modules/%s", list[i]->d_name);
    int fd = open(path, O_RDONLY);
    if (fd < 0 || syscall(SYS_finit_module, fd, "", 0)) fail(path);
    close(fd);
    unlink(path);
  }
}

static void set_address(int s, struct ifreq *r, unsigned long request, const char *text) {
  struct sockaddr_in a = {.sin_family = AF_INET};
  if (!inet_aton(text, &a.sin_addr)) fail(text);
  memcpy(&r->ifr_addr, &a, sizeof a);
  if (ioctl(s, request, r)) fail("cannot set the network address");
}

static void up(int s, const char *name) {
  struct ifreq r = {0};
  strcpy(r.ifr_name, name);
  if (ioctl(s, SIOCGIFFLAGS, &r)) fail(name);
  r.ifr_flags |= IFF_UP;
  if (ioctl(s, SIOCSIFFLAGS, &r)) fail(name);
}

// ip=<address>::<gateway>:<netmask>:<host>:eth0:off
static void network(void) {
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  char *ip = parameter("ip"), *field[7] = {0};
  up(s, "lo");
  if (!ip) return;
  for (int i = 0; i < 7 && ip; i++) field[i] = strsep(&ip, ":");
  struct ifreq r = {0};
  strcpy(r.ifr_name, "eth0");
  set_address(s, &r, SIOCSIFADDR, field[0]);
  if (field[3] && field[3][0]) set_address(s, &r, SIOCSIFNETMASK, field[3]);
  up(s, "eth0");
  if (field[2] && field[2][0]) {
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
    struct sockaddr_in any = {.sin_family = AF_INET}, gateway = any;
    inet_aton(field[2], &gateway.sin_addr);
    memcpy(&route.rt_dst, &any, sizeof any);
    memcpy(&route.rt_genmask, &any, sizeof any);
    memcpy(&route.rt_gateway, &gateway, sizeof gateway);
    if (ioctl(s, SIOCADDRT, &route)) fail("cannot set the gateway");
  }
  close(s);
  char line[80];
  snprintf(line, sizeof line, "elfin-event: net %s/24", field[0]);
  event(line);
}

static void terminal(void) {
  int fd = open("/dev/ttyS0", O_RDWR | O_NOCTTY);
  if (fd < 0) fail("/dev/ttyS0");
  for (int i = 0; i < 3; i++) dup2(fd, i);
  if (fd > 2) close(fd);
  if (!is("elfin.stdin", "tty")) {
    struct termios t;
    tcgetattr(0, &t);
    cfmakeraw(&t);
    tcsetattr(0, TCSANOW, &t);
  }
}

static void standard_input(void) {
  const char *path = is("elfin.stdin", "file") ? "/.elfin/stdin" : is("elfin.stdin", "null") ? "/dev/null" : 0;
  if (!path) return;
  int fd = open(path, O_RDONLY);
  if (fd < 0) fail(path);
  dup2(fd, 0);
  close(fd);
}

static void statistics(void) {
  static char text[4096];
  char line[128], *p;
  slurp("/proc/meminfo", text, sizeof text);
  long total = 0, available = 0, kib = 1024;
  if ((p = strstr(text, "MemTotal:"))) total = atol(p + 9) * kib;
  if ((p = strstr(text, "MemAvailable:"))) available = atol(p + 13) * kib;
  snprintf(line, sizeof line, "elfin-event: memory total=%ld free=%ld used_peak=%ld", total, available, total - available);
  event(line);
}

int main(void) {
  char *args[MAX_WORDS], *env[MAX_WORDS], *program = 0;
  int n = 0, m = 0, status = 0;
  if (ioperm(EVENT_PORT, 1, 1) || ioperm(EXIT_PORT, 2, 1)) return 1;
  mkdir("/proc", 0755), mkdir("/sys", 0755), mkdir("/dev", 0755);
  mount("proc", "/proc", "proc", 0, 0);
  mount("sys", "/sys", "sysfs", 0, 0);
  mount("dev", "/dev", "devtmpfs", 0, 0);
  mkdir("/dev/shm", 01777);
  mount("shm", "/dev/shm", "tmpfs", 0, 0);
  symlink("/proc/self/fd", "/dev/fd"), symlink("fd/0", "/dev/stdin");
  slurp("/proc/cmdline", cmdline, sizeof cmdline);
  terminal();
  load_modules();
  char *host = parameter("hostname");
  if (host) sethostname(host, strlen(host));
  network();
  size_t length = slurp("/.elfin/args", arguments, sizeof arguments);
  if (!length) fail("/.elfin/args");
  for (char *p = arguments; p < arguments + length; p += strlen(p) + 1) {
    if (!strncmp(p, "program=", 8)) program = p + 8;
    if (!strncmp(p, "directory=", 10) && chdir(p + 10)) fail(p);
    if (!strncmp(p, "arg=", 4) && n < MAX_WORDS - 1) args[n++] = p + 4;
    if (!strncmp(p, "env=", 4) && m < MAX_WORDS - 1) env[m++] = p + 4;
  }
  args[n] = env[m] = 0;
  if (!program) fail("no program in /.elfin/args");
  standard_input();
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (!child) {
    event("elfin-event: user");
    ioperm(EVENT_PORT, 1, 0), ioperm(EXIT_PORT, 2, 0);
    execve(program, args, env);
    dprintf(2, "%s: %s\n", program, strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
  }
  while (waitpid(-1, &status, 0) != child) {}
  if (is("elfin.stats", "1")) statistics();
  leave(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}
