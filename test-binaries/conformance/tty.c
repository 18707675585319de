// Terminals: pseudoterminals and the line discipline (pty(7), termios(3), tty_ioctl(2)).
#include "t.h"
#include <dirent.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <termios.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif
#ifndef TIOCGPTLCK
#define TIOCGPTLCK 0x80045439
#define TIOCGPKT 0x80045438
#define TIOCGEXCL 0x80045440
#endif

static int master, slave;
static char slave_name[64];

// A new pair, with the slave open and not controlling.
static void pair(void) {
  int n = -1, zero = 0;
  master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  ioctl(master, TIOCSPTLCK, &zero);
  ioctl(master, TIOCGPTN, &n);
  snprintf(slave_name, sizeof slave_name, "/dev/pts/%d", n);
  slave = open(slave_name, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static void unpair(void) {
  if (slave >= 0) close(slave);
  if (master >= 0) close(master);
}

static void nonblocking(int fd, int on) {
  int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

// Changes flags of the slave.
static void flags(tcflag_t set, tcflag_t clear, tcflag_t iset, tcflag_t iclear, tcflag_t oset, tcflag_t oclear) {
  struct termios t;
  tcgetattr(slave, &t);
  t.c_lflag = (t.c_lflag | set) & ~clear;
  t.c_iflag = (t.c_iflag | iset) & ~iclear;
  t.c_oflag = (t.c_oflag | oset) & ~oclear;
  tcsetattr(slave, TCSANOW, &t);
}

static void raw(int min, int time) {
  struct termios t;
  tcgetattr(slave, &t);
  cfmakeraw(&t);
  t.c_cc[VMIN] = (cc_t)min, t.c_cc[VTIME] = (cc_t)time;
  tcsetattr(slave, TCSANOW, &t);
}

// What is there to read, as text. Linux carries bytes over in the background: a little patience.
static const char *got(int fd) {
  static char text[4][20000];
  static int turn;
  char *at = text[turn++ % 4];
  ssize_t n, all = 0;
  struct pollfd p = {fd, POLLIN, 0};
  nonblocking(fd, 1);
  do
    while (all < 19999 && (n = read(fd, at + all, (size_t)(19999 - all))) > 0) all += n;
  while (poll(&p, 1, 50) == 1 && p.revents & POLLIN && all < 19999);
  nonblocking(fd, 0);
  at[all] = 0;
  return at;
}

static void type(const char *text) {
  write(master, text, strlen(text));
  t_sleep_ms(20);
}

static short ready(int fd, short want) {
  struct pollfd p = {fd, want, 0};
  poll(&p, 1, 0);
  return p.revents;
}

static void opening(void) {
  int n = -1, one = 1, zero = 0, locked = -1, fd;
  struct stat st;
  struct statfs fs;
  master = GOOD(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
  EQ(ioctl(master, TIOCGPTN, &n), 0);
  LEAST(n, 0);
  snprintf(slave_name, sizeof slave_name, "/dev/pts/%d", n);
  EQ(stat(slave_name, &st), 0);
  YES(S_ISCHR(st.st_mode));
  EQ(major(st.st_rdev), 136);
  EQ(minor(st.st_rdev), n);
  EQ(st.st_uid, geteuid());
  EQ(statfs("/dev/pts", &fs), 0);
  EQ(fs.f_type, 0x1cd1);
  EQ(ioctl(master, TIOCGPTLCK, &locked), 0);
  EQ(locked, 1);
  FAIL(open(slave_name, O_RDWR | O_NOCTTY), EIO);
  FAIL(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY), EIO);
  EQ(ioctl(master, TIOCSPTLCK, &zero), 0);
  EQ(ioctl(master, TIOCGPTLCK, &locked), 0);
  EQ(locked, 0);
  slave = GOOD(open(slave_name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  fd = GOOD(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  EQ(fstat(fd, &st), 0);
  EQ(minor(st.st_rdev), n);
  TEXT(ttyname(fd), slave_name);
  TEXT(ttyname(slave), slave_name);
  EQ(isatty(fd), 1);
  EQ(isatty(master), 1);
  close(fd);
  EQ(ioctl(master, TIOCSPTLCK, &one), 0);
  FAIL(open(slave_name, O_RDWR | O_NOCTTY), EIO);
  EQ(ioctl(master, TIOCSPTLCK, &zero), 0);
  FAIL(ioctl(slave, TIOCGPTN, &n), ENOTTY);
  FAIL(ioctl(slave, TIOCSPTLCK, &n), ENOTTY);
  FAIL(ioctl(slave, 0x54fe, &n), ENOTTY);
  FAIL(ioctl(master, TIOCGPTN, (void *)8), EFAULT);
  FAIL(lseek(slave, 0, SEEK_SET), ESPIPE);

  // The name is in the folder as long as the master is open, and its number is used again.
  int second = GOOD(open("/dev/ptmx", O_RDWR | O_NOCTTY)), m = -1;
  EQ(ioctl(second, TIOCGPTN, &m), 0);
  YES(m != n);
  int seen = 0;
  DIR *folder = opendir("/dev/pts");
  for (struct dirent *e; folder && (e = readdir(folder));)
    if (atoi(e->d_name) == n || atoi(e->d_name) == m) seen += strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && strcmp(e->d_name, "ptmx");
  if (folder) closedir(folder);
  EQ(seen, 2);
  close(second);
  snprintf(slave_name, sizeof slave_name, "/dev/pts/%d", m);
  FAIL(stat(slave_name, &st), ENOENT);
  second = GOOD(open("/dev/ptmx", O_RDWR | O_NOCTTY));
  EQ((ioctl(second, TIOCGPTN, &n), n), m);
  close(second);
  unpair();
}

static void settings(void) {
  struct termios t, u;
  struct winsize size = {1, 2, 3, 4}, asked = {0};
  int n;
  pair();
  EQ(tcgetattr(slave, &t), 0);
  EQ(t.c_iflag, ICRNL | IXON);
  EQ(t.c_oflag, OPOST | ONLCR);
  EQ(t.c_cflag, B38400 | CS8 | CREAD);
  EQ(t.c_lflag, ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN);
  EQ(t.c_cc[VINTR], 3);
  EQ(t.c_cc[VERASE], 0x7f);
  EQ(t.c_cc[VMIN], 1);
  EQ(cfgetospeed(&t), B38400);
  // The master shows and changes the same settings.
  EQ(tcgetattr(master, &u), 0);
  EQ(u.c_lflag, t.c_lflag);
  u.c_lflag &= ~(tcflag_t)ECHO;
  u.c_cc[VEOF] = 1;
  EQ(tcsetattr(master, TCSADRAIN, &u), 0);
  EQ(tcgetattr(slave, &t), 0);
  EQ(t.c_lflag & ECHO, 0);
  EQ(t.c_cc[VEOF], 1);
  cfsetspeed(&t, B115200);
  EQ(tcsetattr(slave, TCSAFLUSH, &t), 0);
  struct {
    unsigned flags[4];
    unsigned char line, cc[19];
    unsigned in, out;
  } t2;
  EQ(ioctl(slave, 0x802c542a, &t2), 0);
  EQ(t2.out, 115200);
  EQ(t2.in, 115200);
  t2.flags[2] = (t2.flags[2] & ~0x100fu) | 0x1000;
  t2.out = 12345;
  EQ(ioctl(slave, 0x402c542b, &t2), 0);
  EQ(ioctl(slave, 0x802c542a, &t2), 0);
  EQ(t2.out, 12345);
  FAIL(ioctl(slave, TCGETS, (void *)8), EFAULT);
  FAIL(ioctl(slave, TCSETS, (void *)8), EFAULT);

  EQ(ioctl(slave, TIOCGWINSZ, &asked), 0);
  EQ(asked.ws_row, 0);
  EQ(ioctl(master, TIOCSWINSZ, &size), 0);
  EQ(ioctl(slave, TIOCGWINSZ, &asked), 0);
  SAME(&asked, &size, sizeof size);

  EQ(ioctl(slave, TIOCGETD, &n), 0);
  EQ(n, 0);
  EQ(ioctl(slave, TIOCEXCL), 0);
  EQ(ioctl(slave, TIOCGEXCL, &n), 0);
  EQ(n, 1);
  if (!geteuid()) close(GOOD(open(slave_name, O_RDWR | O_NOCTTY)));
  EQ(ioctl(slave, TIOCNXCL), 0);
  EQ(tcsendbreak(slave, 0), 0);
  EQ(tcdrain(slave), 0);
  unpair();
}

static void lines(void) {
  char text[8192];
  int n = -1;
  pair();
  type("helo\177lo you\027wor\177");
  EQ(ready(slave, POLLIN), 0);
  EQ((ioctl(slave, FIONREAD, &n), n), 0);
  TEXT(got(master), "helo\b \blo you\b \b\b \b\b \bwor\b \b");
  type("!\r");
  EQ(ready(slave, POLLIN), POLLIN);
  EQ((ioctl(slave, FIONREAD, &n), n), 10);
  TEXT(got(master), "!\r\n");
  EQ(read(slave, text, sizeof text), 10);
  SAME(text, "hello wo!\n", 10);
  // One line a read, long ones in pieces.
  type("one\ntwo three\nrest");
  EQ((ioctl(slave, FIONREAD, &n), n), 14);
  EQ(read(slave, text, sizeof text), 4);
  EQ(read(slave, text, 3), 3);
  EQ(read(slave, text, sizeof text), 7);
  SAME(text, " three\n", 7);
  EQ(ready(slave, POLLIN), 0);
  nonblocking(slave, 1);
  FAIL(read(slave, text, sizeof text), EAGAIN);
  nonblocking(slave, 0);
  // End of file: what is there, and then nothing.
  type("\004");
  EQ(read(slave, text, sizeof text), 4);
  type("\004");
  EQ(ready(slave, POLLIN), POLLIN);
  EQ((ioctl(slave, FIONREAD, &n), n), 0);
  EQ(read(slave, text, sizeof text), 0);
  type("abc\004");
  EQ(read(slave, text, 3), 3);
  EQ(ready(slave, POLLIN), 0);
  // Taken literally; erasing a whole line; printing it anew.
  got(master);
  type("a\026\003b\n");
  TEXT(got(master), "a^\b^Cb\r\n");
  EQ(read(slave, text, sizeof text), 4);
  SAME(text, "a\003b\n", 4);
  type("a\tb\025c\022\n");
  TEXT(got(master), "a\tb\b \b\b\b\b\b\b\b\b\b \bc^R\r\nc\r\n");
  TEXT(got(slave), "c\n");
  // Other ends of lines.
  struct termios t;
  tcgetattr(slave, &t);
  t.c_cc[VEOL] = ';', t.c_cc[VEOL2] = ',';
  tcsetattr(slave, TCSANOW, &t);
  type("a;b,");
  EQ(read(slave, text, sizeof text), 2);
  EQ(read(slave, text, sizeof text), 2);
  SAME(text, "b,", 2);
  unpair();
}

// A line is 4096 bytes at most; what is too long is lost, but never its end.
static void limits(void) {
  static char text[20000];
  int n;
  pair();
  flags(0, ECHO, 0, 0, 0, 0);
  memset(text, 'x', sizeof text);
  for (int i = 0; i < 5; i++) EQ(write(master, text, 4000), 4000);
  EQ(ready(slave, POLLIN), 0);
  type("\n");
  YES(UNTIL((ioctl(slave, FIONREAD, &n), n) == 4096));
  EQ(read(slave, text, sizeof text), 4096);
  EQ(text[4095], '\n');
  // Where lines wait to be read nothing is lost: the writer waits.
  nonblocking(master, 1);
  int written = 0, seen = 0;
  ssize_t got_now;
  while (written < 100000 && (got_now = write(master, "l\n", 2)) > 0) written += got_now;
  YES(written > 4096 && written < 100000);
  nonblocking(slave, 1);
  while ((got_now = read(slave, text, sizeof text)) > 0) seen += got_now;
  EQ(seen, written - written % 2);
  EQ(ready(master, POLLOUT), POLLOUT);
  // The other way.
  memset(text, 'y', sizeof text);
  written = seen = 0;
  while (written < 100000 && (got_now = write(slave, text, 1000)) > 0) written += got_now;
  YES(written > 4096 && written < 100000);
  EQ(ready(slave, POLLOUT), 0);
  while ((got_now = read(master, text, sizeof text)) > 0) seen += got_now;
  EQ(seen, written);
  EQ(ready(slave, POLLOUT), POLLOUT);
  unpair();
}

static void echo(void) {
  pair();
  flags(0, ECHOCTL, 0, 0, 0, 0);
  type("\001b\n");
  TEXT(got(master), "\001b\r\n");
  got(slave);
  flags(ECHOCTL, ECHOE | ECHOKE, 0, 0, 0, 0);
  type("ab\177\025x\n");
  TEXT(got(master), "ab^?^U\r\nx\r\n");
  flags(ECHONL, ECHO, 0, 0, 0, 0);
  type("secret\n");
  TEXT(got(master), "\r\n");
  got(slave);
  flags(ECHO | ECHOE | ECHOKE | ECHOPRT, ECHONL, 0, 0, 0, 0);
  type("abc\177\177d\n");
  TEXT(got(master), "abc\\cb/d\r\n");
  TEXT(got(slave), "ad\n");
  unpair();
  pair();
  flags(0, 0, INLCR, ICRNL, 0, 0);
  type("a\n");
  TEXT(got(master), "a^M");
  flags(0, 0, IGNCR, INLCR, 0, 0);
  type("\rb\n");
  TEXT(got(master), "b\r\n");
  TEXT(got(slave), "a\rb\n");
  flags(0, 0, IUTF8, 0, 0, 0);
  type("\303\251\177z\n");
  TEXT(got(master), "\303\251\b \bz\r\n");
  TEXT(got(slave), "z\n");
  flags(0, ICANON, 0, 0, 0, 0);
  type("a\n\r");
  TEXT(got(master), "a^J");
  flags(ICANON, 0, ICRNL, IGNCR, 0, 0);
  unpair();
}

static void output(void) {
  pair();
  EQ(write(slave, "a\tb\nc\r\n", 7), 7);
  TEXT(got(master), "a\tb\r\nc\r\r\n");
  flags(0, 0, 0, 0, TAB3, 0);
  EQ(write(slave, "ab\tc\n", 5), 5);
  TEXT(got(master), "ab      c\r\n");
  flags(0, 0, 0, 0, OLCUC | OCRNL, ONLCR | TABDLY);
  EQ(write(slave, "x\ty\r", 4), 4);
  TEXT(got(master), "X\tY\n");
  flags(0, 0, 0, 0, ONOCR, OLCUC | OCRNL);
  EQ(write(slave, "\n\r\rab\r\r", 7), 7);
  LEAST(strlen(got(master)), 4);
  flags(0, 0, 0, 0, 0, OPOST);
  EQ(write(slave, "a\nb", 3), 3);
  TEXT(got(master), "a\nb");
  unpair();
}

static void *late(void *text) {
  for (const char *at = text; *at; at++) {
    t_sleep_ms(100);
    write(master, at, 1);
  }
  return 0;
}

static uint64_t ms_since(uint64_t start) { return (t_now() - start) / MS; }

static void raw_mode(void) {
  char text[100];
  int n;
  pthread_t thread;
  uint64_t start;
  pair();
  type("part");
  raw(1, 0);
  EQ(ready(slave, POLLIN), POLLIN);
  type("\003\004\r\n\021");
  EQ((ioctl(slave, FIONREAD, &n), n), 9);
  EQ(read(slave, text, sizeof text), 9);
  SAME(text, "part\003\004\r\n\021", 9);
  nonblocking(slave, 1);
  FAIL(read(slave, text, sizeof text), EAGAIN);
  nonblocking(slave, 0);
  // A number of bytes.
  raw(3, 0);
  type("ab");
  EQ(ready(slave, POLLIN), 0);
  pthread_create(&thread, 0, late, "c");
  EQ(read(slave, text, sizeof text), 3);
  pthread_join(thread, 0);
  type("abcde");
  EQ(ready(slave, POLLIN), POLLIN);
  EQ(read(slave, text, 2), 2);
  EQ(read(slave, text, sizeof text), 3);
  // None: what is there, at once.
  raw(0, 0);
  EQ(read(slave, text, sizeof text), 0);
  nonblocking(slave, 1);
  EQ(read(slave, text, sizeof text), 0);
  nonblocking(slave, 0);
  type("xy");
  EQ(read(slave, text, sizeof text), 2);
  // A time for the first byte.
  raw(0, 3);
  start = t_now();
  EQ(read(slave, text, sizeof text), 0);
  LEAST(ms_since(start), 290);
  pthread_create(&thread, 0, late, "q");
  EQ(read(slave, text, sizeof text), 1);
  pthread_join(thread, 0);
  // A time between bytes.
  raw(9, 5);
  pthread_create(&thread, 0, late, "abc");
  start = t_now();
  EQ(read(slave, text, sizeof text), 3);
  LEAST(ms_since(start), 650);
  pthread_join(thread, 0);
  // What came raw is a line afterwards.
  type("left");
  flags(ICANON, 0, 0, 0, 0, 0);
  EQ(read(slave, text, sizeof text), 4);
  unpair();
}

static void flow(void) {
  int n;
  pair();
  nonblocking(slave, 1);
  type("\023");
  EQ(ready(slave, POLLOUT), 0);
  FAIL(write(slave, "held", 4), EAGAIN);
  type("\021");
  EQ(ready(slave, POLLOUT), POLLOUT);
  EQ(write(slave, "go", 2), 2);
  TEXT(got(master), "go");
  EQ(tcflow(slave, TCOOFF), 0);
  FAIL(write(slave, "held", 4), EAGAIN);
  EQ(tcflow(slave, TCOON), 0);
  EQ(write(slave, "on", 2), 2);
  TEXT(got(master), "on");
  EQ(tcflow(slave, TCIOFF), 0);
  EQ(tcflow(slave, TCION), 0);
  TEXT(got(master), "\023\021");
  FAIL(ioctl(slave, TCXONC, 9), EINVAL);
  // Forgetting what was typed.
  type("one\ntwo");
  EQ(tcflush(slave, TCIFLUSH), 0);
  EQ(ready(slave, POLLIN), 0);
  type("x\n");
  TEXT(got(slave), "x\n");
  FAIL(ioctl(slave, TCFLSH, 9), EINVAL);
  struct termios t;
  type("gone\n");
  tcgetattr(slave, &t);
  EQ(tcsetattr(slave, TCSAFLUSH, &t), 0);
  EQ(ready(slave, POLLIN), 0);
  type("kept\n");
  EQ(tcsetattr(slave, TCSANOW, &t), 0);
  TEXT(got(slave), "kept\n");
  got(master);
  EQ(write(slave, "abc", 3), 3);
  EQ((ioctl(slave, TIOCOUTQ, &n), n), 0);
  UNTIL((ioctl(master, FIONREAD, &n), n) == 3);
  EQ(n, 3);
  if (!geteuid()) {
    EQ(ioctl(slave, TIOCSTI, "s"), 0);
    EQ(ioctl(slave, TIOCSTI, "\n"), 0);
    TEXT(got(slave), "s\n");
  }
  unpair();
}

static void packets(void) {
  int on = 1, n;
  char text[100];
  pair();
  EQ(ioctl(master, TIOCPKT, &on), 0);
  EQ((ioctl(master, TIOCGPKT, &n), n), 1);
  EQ(write(slave, "abc", 3), 3);
  EQ(read(master, text, sizeof text), 4);
  SAME(text, "\0abc", 4);
  EQ(tcflush(slave, TCIFLUSH), 0);
  EQ(ready(master, POLLIN | POLLPRI), POLLIN | POLLPRI);
  EQ(read(master, text, sizeof text), 1);
  EQ(text[0], TIOCPKT_FLUSHREAD);
  EQ(tcflow(slave, TCOOFF), 0);
  EQ(read(master, text, sizeof text), 1);
  EQ(text[0], TIOCPKT_STOP);
  EQ(tcflow(slave, TCOON), 0);
  EQ(read(master, text, sizeof text), 1);
  EQ(text[0], TIOCPKT_START);
  EQ(ready(master, POLLIN | POLLPRI), 0);
  on = 0;
  EQ(ioctl(master, TIOCPKT, &on), 0);
  unpair();
}

static void *reader(void *unused) {
  static char text[10];
  (void)unused;
  ssize_t n = read(slave, text, sizeof text);
  return (void *)(n < 0 ? -(long)errno : n);
}

static void *master_reader(void *unused) {
  static char text[10];
  (void)unused;
  ssize_t n = read(master, text, sizeof text);
  return (void *)(n < 0 ? -(long)errno : n);
}

static void ends(void) {
  char text[100];
  pthread_t thread;
  void *result;
  struct stat st;
  pair();
  // The slave's last file: the master reads what is there, and then nothing more comes.
  EQ(ready(master, POLLIN | POLLOUT), POLLOUT);
  EQ(write(slave, "bye", 3), 3);
  close(slave);
  YES(UNTIL(ready(master, POLLIN) == (POLLIN | POLLHUP)));
  EQ(read(master, text, sizeof text), 3);
  EQ(ready(master, POLLIN), POLLHUP);
  FAIL(read(master, text, sizeof text), EIO);
  EQ(write(master, "x\n", 2), 2);
  // Open again: it goes on.
  slave = GOOD(open(slave_name, O_RDWR | O_NOCTTY));
  EQ(ready(master, POLLIN) & POLLHUP, 0);
  EQ(read(slave, text, sizeof text), 2);
  got(master);
  pthread_create(&thread, 0, master_reader, 0);
  t_sleep_ms(100);
  close(slave);
  pthread_join(thread, &result);
  EQ((long)result, -EIO);
  slave = GOOD(open(slave_name, O_RDWR | O_NOCTTY));
  // The master: a hangup.
  pthread_create(&thread, 0, reader, 0);
  t_sleep_ms(100);
  close(master);
  pthread_join(thread, &result);
  YES((long)result == -EIO || (long)result == 0);
  FAIL(stat(slave_name, &st), ENOENT);
  EQ(read(slave, text, sizeof text), 0);
  FAIL(write(slave, "x", 1), EIO);
  EQ(ready(slave, POLLIN | POLLOUT), POLLIN | POLLOUT | POLLERR | POLLHUP);
  FAIL(ioctl(slave, TCGETS, text), EIO);
  FAIL(ioctl(slave, TIOCSPGRP, text), ENOTTY);
  EQ(fstat(slave, &st), 0);
  close(slave);
  // A master whose slave was never open waits.
  master = GOOD(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK));
  EQ(ready(master, POLLIN | POLLOUT), POLLOUT);
  FAIL(read(master, text, sizeof text), EAGAIN);
  close(master);
}

static void readiness(void) {
  struct epoll_event e = {EPOLLIN | EPOLLET, {0}}, seen;
  pair();
  int epoll = GOOD(epoll_create1(0));
  EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, slave, &e), 0);
  EQ(epoll_wait(epoll, &seen, 1, 0), 0);
  type("ab");
  EQ(epoll_wait(epoll, &seen, 1, 0), 0);
  type("\n");
  EQ(epoll_wait(epoll, &seen, 1, 1000), 1);
  EQ(epoll_wait(epoll, &seen, 1, 0), 0);
  e.events = EPOLLIN;
  got(master);
  EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, master, &e), 0);
  got(slave);
  EQ(epoll_wait(epoll, &seen, 1, 0), 0);
  EQ(write(slave, "x", 1), 1);
  EQ(epoll_wait(epoll, &seen, 1, 1000), 1);
  EQ(seen.events, EPOLLIN);
  close(slave), slave = -1;
  YES(UNTIL(epoll_wait(epoll, &seen, 1, 0) == 1 && seen.events & EPOLLHUP));
  close(epoll);
  unpair();
}

// A pipe of a megabyte through a raw terminal, both ways at once, without a byte lost.
static unsigned char pattern(size_t at) { return (unsigned char)(at * 7 + at / 251); }
#define BULK 200000

static void *pour(void *fd) {
  static char buffers[2][1000];
  int to = (int)(long)fd;
  char *text = buffers[to == master];
  for (size_t at = 0; at < BULK;) {
    size_t n = BULK - at < 1000 ? BULK - at : 1000;
    for (size_t i = 0; i < n; i++) text[i] = (char)pattern(at + i);
    ssize_t done = write(to, text, n);
    if (done <= 0) break;
    at += (size_t)done;
  }
  return 0;
}

static void *drain(void *fd) {
  static char buffers[2][3000];
  int from = (int)(long)fd;
  char *text = buffers[from == master];
  size_t at = 0;
  while (at < BULK) {
    ssize_t n = read(from, text, 3000);
    if (n <= 0) return (void *)1;
    for (ssize_t i = 0; i < n; i++)
      if ((unsigned char)text[i] != pattern(at++)) return (void *)2;
  }
  return 0;
}

static void bulk(void) {
  pthread_t threads[4];
  void *result;
  pair();
  raw(1, 0);
  pthread_create(&threads[0], 0, pour, (void *)(long)master);
  pthread_create(&threads[1], 0, drain, (void *)(long)slave);
  pthread_create(&threads[2], 0, pour, (void *)(long)slave);
  pthread_create(&threads[3], 0, drain, (void *)(long)master);
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], &result);
    EQ((long)result, 0);
  }
  unpair();
}

MAIN(G(opening), G(settings), G(lines), G(limits), G(echo), G(output), G(raw_mode), G(flow), G(packets), G(ends), G(readiness), G(bulk))
