// The network, over loopback alone: TCP, UDP, options, errors.
#include "t.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

static struct sockaddr_in at(int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}
#define ADDR(a) ((struct sockaddr *)&(a)), sizeof(a)
static int port_of(int fd) {
  struct sockaddr_in a;
  socklen_t n = sizeof a;
  return getsockname(fd, (void *)&a, &n) ? -1 : ntohs(a.sin_port);
}
static int ready(int fd, short events, int ms) {
  struct pollfd p = {fd, events, 0};
  poll(&p, 1, ms);
  return p.revents;
}
static int option(int fd, int level, int name) {
  int v = -1;
  socklen_t n = sizeof v;
  return getsockopt(fd, level, name, &v, &n) ? -errno : v;
}
static int set(int fd, int level, int name, int v) { return setsockopt(fd, level, name, &v, sizeof v); }

// A listening socket on a free port of 127.0.0.1.
static int listener(int type, int backlog) {
  struct sockaddr_in a = at(0);
  int l = socket(AF_INET, SOCK_STREAM | type, 0);
  if (bind(l, ADDR(a)) || listen(l, backlog)) return -1;
  return l;
}
// A connected pair: s[0] the one that connected, s[1] the one accepted.
static int pair(int s[2]) {
  int l = listener(0, 4);
  struct sockaddr_in a = at(port_of(l));
  s[0] = socket(AF_INET, SOCK_STREAM, 0);
  int r = connect(s[0], ADDR(a));
  s[1] = accept(l, 0, 0);
  close(l);
  return r || s[1] < 0 ? -1 : 0;
}
static void both(int s[2]) { close(s[0]), close(s[1]); }

static void connecting(void) {
  struct sockaddr_in a = at(0), b;
  socklen_t n = sizeof b;
  char c[64];
  int l = GOOD(socket(AF_INET, SOCK_STREAM, 0));
  EQ(bind(l, ADDR(a)), 0);
  EQ(getsockname(l, (void *)&b, &n), 0);
  EQ(n, sizeof b);
  EQ(b.sin_family, AF_INET);
  EQ(b.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  YES(b.sin_port != 0);
  EQ(listen(l, 8), 0);
  int k = GOOD(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EQ(fcntl(k, F_GETFD), FD_CLOEXEC);
  EQ(connect(k, ADDR(b)), 0);
  n = sizeof a;
  int s = GOOD(accept4(l, (void *)&a, &n, SOCK_NONBLOCK | SOCK_CLOEXEC));
  EQ(n, sizeof a);
  EQ(ntohs(a.sin_port), port_of(k));
  EQ(a.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  EQ(fcntl(s, F_GETFD), FD_CLOEXEC);
  EQ(!!(fcntl(s, F_GETFL) & O_NONBLOCK), 1);
  EQ(port_of(s), ntohs(b.sin_port));
  n = sizeof a;
  EQ(getpeername(k, (void *)&a, &n), 0);
  EQ(a.sin_port, b.sin_port);
  FAIL(recv(s, c, 1, 0), EAGAIN);
  EQ(ready(s, POLLIN | POLLOUT, 0), POLLOUT);
  EQ(write(k, "hello", 5), 5);
  EQ(ready(s, POLLIN, 10000), POLLIN);
  EQ(read(s, c, 64), 5);
  SAME(c, "hello", 5);
  EQ(write(s, "there", 5), 5);
  EQ(read(k, c, 64), 5);
  SAME(c, "there", 5);
  FAIL(connect(k, ADDR(b)), EISCONN);
  FAIL(bind(k, ADDR(a)), EINVAL);
  FAIL(listen(k, 1), EINVAL);
  FAIL(lseek(k, 0, SEEK_CUR), ESPIPE);
  // A short buffer for the address: cut, with the true length.
  n = 4;
  EQ(getpeername(k, (void *)&a, &n), 0);
  EQ(n, sizeof a);
  FAIL(getpeername(l, (void *)&a, &n), ENOTCONN);
  close(k);
  EQ(ready(s, POLLIN, 10000), POLLIN);
  EQ(read(s, c, 64), 0);
  close(s), close(l);
  struct stat st;
  s = GOOD(socket(AF_INET, SOCK_STREAM, 0));
  EQ(fstat(s, &st), 0);
  EQ(st.st_mode & S_IFMT, S_IFSOCK);
  close(s);
}

static void errors(void) {
  struct sockaddr_in a = at(1), b;
  socklen_t n = sizeof b;
  char c[16];
  int s = GOOD(socket(AF_INET, SOCK_STREAM, 0));
  FAIL(connect(s, ADDR(a)), ECONNREFUSED);  // nobody is there
  close(s);
  s = GOOD(socket(AF_INET, SOCK_STREAM, 0));
  signal(SIGPIPE, SIG_IGN);
  EQ(ready(s, POLLIN | POLLOUT, 0), POLLOUT | POLLHUP);
  FAIL(recv(s, c, 1, 0), ENOTCONN);
  FAIL(send(s, c, 1, MSG_NOSIGNAL), EPIPE);
  FAIL(getpeername(s, (void *)&b, &n), ENOTCONN);
  FAIL(shutdown(s, SHUT_RDWR), ENOTCONN);
  FAIL(accept(s, 0, 0), EINVAL);
  FAIL(bind(s, (void *)&a, 4), EINVAL);
  FAIL(connect(s, (void *)&a, 4), EINVAL);
  b = a, b.sin_family = 12345;
  FAIL(connect(s, ADDR(b)), EAFNOSUPPORT);
  FAIL(bind(s, ADDR(b)), EAFNOSUPPORT);
  b = at(0), b.sin_addr.s_addr = inet_addr("192.0.2.77");
  FAIL(bind(s, ADDR(b)), EADDRNOTAVAIL);  // not an address of ours
  FAIL(syscall(SYS_bind, s, (void *)8, 16), EFAULT);
  FAIL(syscall(SYS_connect, s, (void *)8, 16), EFAULT);
  FAIL(bind(0x7fff, ADDR(a)), EBADF);
  int f = GOOD(open("/dev/null", O_RDWR));
  FAIL(bind(f, ADDR(a)), ENOTSOCK);
  FAIL(connect(f, ADDR(a)), ENOTSOCK);
  FAIL(listen(f, 1), ENOTSOCK);
  FAIL(accept(f, 0, 0), ENOTSOCK);
  FAIL(send(f, c, 1, 0), ENOTSOCK);
  FAIL(recv(f, c, 1, 0), ENOTSOCK);
  FAIL(shutdown(f, 0), ENOTSOCK);
  FAIL(getsockname(f, (void *)&b, &n), ENOTSOCK);
  FAIL(set(f, SOL_SOCKET, SO_REUSEADDR, 1), ENOTSOCK);
  close(f), close(s);
  FAIL(socket(AF_INET, 99, 0), EINVAL);
  FAIL(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
  FAIL(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP), EPROTONOSUPPORT);
  FAIL(socket(12345, SOCK_STREAM, 0), EAFNOSUPPORT);
  FAIL(socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
  // The address is in use by a listener; two cannot bind it.
  int l = GOOD(listener(0, 4));
  a = at(port_of(l));
  s = GOOD(socket(AF_INET, SOCK_STREAM, 0));
  FAIL(bind(s, ADDR(a)), EADDRINUSE);
  EQ(set(s, SOL_SOCKET, SO_REUSEADDR, 1), 0);
  FAIL(bind(s, ADDR(a)), EADDRINUSE);  // not even with this, while it listens
  close(s);
  FAIL(syscall(SYS_accept4, l, 0, 0, 0x10), EINVAL);
  FAIL(connect(l, ADDR(a)), EISCONN);
  FAIL(recv(l, c, 1, 0), ENOTCONN);
  close(l);
  int p[2];
  EQ(pair(p), 0);
  FAIL(shutdown(p[0], 99), EINVAL);
  FAIL(syscall(SYS_sendto, p[0], (void *)8, 10L, MSG_NOSIGNAL, 0, 0), EFAULT);
  EQ(write(p[0], "x", 1), 1);
  FAIL(syscall(SYS_recvfrom, p[1], (void *)8, 1L, 0, 0, 0), EFAULT);
  both(p);
}

static void reuse(void) {
  // A server that ended with connections open starts again at once.
  struct sockaddr_in a;
  char c;
  int l = GOOD(socket(AF_INET, SOCK_STREAM, 0)), k = GOOD(socket(AF_INET, SOCK_STREAM, 0));
  a = at(0);
  EQ(set(l, SOL_SOCKET, SO_REUSEADDR, 1), 0);
  EQ(bind(l, ADDR(a)), 0);
  EQ(listen(l, 4), 0);
  a = at(port_of(l));
  EQ(connect(k, ADDR(a)), 0);
  int s = GOOD(accept(l, 0, 0));
  close(s);  // this end closes first and waits out its time
  EQ(read(k, &c, 1), 0);
  close(k), close(l);
  l = GOOD(socket(AF_INET, SOCK_STREAM, 0));
  EQ(set(l, SOL_SOCKET, SO_REUSEADDR, 1), 0);
  EQ(bind(l, ADDR(a)), 0);
  EQ(listen(l, 4), 0);
  close(l);
  // Two listeners that both ask for it share a port.
  l = GOOD(socket(AF_INET, SOCK_STREAM, 0)), s = GOOD(socket(AF_INET, SOCK_STREAM, 0));
  EQ(set(l, SOL_SOCKET, SO_REUSEPORT, 1), 0);
  EQ(set(s, SOL_SOCKET, SO_REUSEPORT, 1), 0);
  a = at(0);
  EQ(bind(l, ADDR(a)), 0);
  a = at(port_of(l));
  EQ(bind(s, ADDR(a)), 0);
  close(l), close(s);
  // Any address means every one.
  l = GOOD(socket(AF_INET, SOCK_STREAM, 0));
  a = at(0), a.sin_addr.s_addr = htonl(INADDR_ANY);
  EQ(bind(l, ADDR(a)), 0);
  EQ(listen(l, 4), 0);
  a = at(port_of(l));
  k = GOOD(socket(AF_INET, SOCK_STREAM, 0));
  EQ(connect(k, ADDR(a)), 0);
  s = GOOD(accept(l, 0, 0));
  struct sockaddr_in mine;
  socklen_t n = sizeof mine;
  EQ(getsockname(s, (void *)&mine, &n), 0);
  EQ(mine.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  close(s), close(k), close(l);
  // listen without bind finds a port; so does connect.
  l = GOOD(socket(AF_INET, SOCK_STREAM, 0));
  EQ(listen(l, 4), 0);
  YES(port_of(l) > 0);
  EQ(listen(l, 9), 0);  // again, with another backlog
  close(l);
}

static void closing(void) {
  int s[2];
  char c[16];
  signal(SIGPIPE, SIG_IGN);
  EQ(pair(s), 0);
  // Half closed: one way ends, the other goes on.
  EQ(write(s[0], "last", 4), 4);
  EQ(shutdown(s[0], SHUT_WR), 0);
  EQ(read(s[1], c, 16), 4);
  EQ(read(s[1], c, 16), 0);
  EQ(ready(s[1], POLLIN | POLLRDHUP, 0), POLLIN | POLLRDHUP);
  EQ(write(s[1], "answer", 6), 6);
  EQ(read(s[0], c, 16), 6);
  FAIL(write(s[0], "x", 1), EPIPE);
  EQ(shutdown(s[1], SHUT_WR), 0);
  EQ(read(s[0], c, 16), 0);
  EQ(ready(s[1], POLLIN, 0), POLLIN | POLLHUP);
  both(s);
  EQ(pair(s), 0);
  EQ(shutdown(s[0], SHUT_RD), 0);
  EQ(read(s[0], c, 16), 0);
  both(s);
  // Closed with bytes unread: a reset.
  EQ(pair(s), 0);
  EQ(write(s[0], "unread", 6), 6);
  EQ(ready(s[1], POLLIN, 10000), POLLIN);
  close(s[1]);
  YES(UNTIL(ready(s[0], POLLIN, 0) & POLLERR));
  FAIL(read(s[0], c, 16), ECONNRESET);
  EQ(read(s[0], c, 16), 0);  // told once
  FAIL(write(s[0], "x", 1), EPIPE);
  close(s[0]);
  // Lingering for no time: a reset, too.
  EQ(pair(s), 0);
  struct linger g = {1, 0};
  EQ(setsockopt(s[1], SOL_SOCKET, SO_LINGER, &g, sizeof g), 0);
  close(s[1]);
  YES(UNTIL(ready(s[0], POLLIN, 0) & POLLHUP));
  EQ(option(s[0], SOL_SOCKET, SO_ERROR), ECONNRESET);
  EQ(option(s[0], SOL_SOCKET, SO_ERROR), 0);
  close(s[0]);
  // Written to after the other end is gone: first accepted, then a reset, then a broken pipe.
  EQ(pair(s), 0);
  close(s[1]);
  EQ(write(s[0], "x", 1), 1);
  YES(UNTIL(ready(s[0], POLLIN, 0) & POLLHUP));
  FAIL2(write(s[0], "x", 1), EPIPE, ECONNRESET);
  FAIL(write(s[0], "x", 1), EPIPE);
  close(s[0]);
}

static volatile int piped;
static void on_pipe(int s) { (void)s, piped++; }

static void flags(void) {
  int s[2];
  char c[16];
  EQ(pair(s), 0);
  EQ(send(s[0], "0123456789", 10, 0), 10);
  EQ(ready(s[1], POLLIN, 10000), POLLIN);
  EQ(recv(s[1], c, 4, MSG_PEEK), 4);
  SAME(c, "0123", 4);
  EQ(recv(s[1], c, 4, 0), 4);
  SAME(c, "0123", 4);
  int n = -1;
  EQ(ioctl(s[1], FIONREAD, &n), 0);
  EQ(n, 6);
  EQ(recv(s[1], c, 16, MSG_DONTWAIT), 6);
  FAIL(recv(s[1], c, 16, MSG_DONTWAIT), EAGAIN);
  // MSG_WAITALL waits for all of it.
  EQ(send(s[0], "abc", 3, MSG_MORE), 3);
  EQ(send(s[0], "def", 3, 0), 3);
  EQ(recv(s[1], c, 6, MSG_WAITALL), 6);
  SAME(c, "abcdef", 6);
  EQ(recv(s[1], c, 0, MSG_DONTWAIT) <= 0, 1);
  EQ(send(s[0], "", 0, 0), 0);
  // MSG_NOSIGNAL: the error without the signal.
  signal(SIGPIPE, on_pipe);
  shutdown(s[0], SHUT_WR);
  FAIL(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
  EQ(piped, 0);
  FAIL(send(s[0], "x", 1, 0), EPIPE);
  EQ(piped, 1);
  signal(SIGPIPE, SIG_IGN);
  both(s);
  // Truncation asked for: bytes are dropped, not copied.
  EQ(pair(s), 0);
  EQ(send(s[0], "0123456789", 10, 0), 10);
  EQ(ready(s[1], POLLIN, 10000), POLLIN);
  FAIL(recv(s[1], c, 10, MSG_OOB), EINVAL);
  EQ(recv(s[1], c, 10, MSG_WAITALL), 10);
  // A time limit on reading.
  struct timeval t = {0, 20000};
  EQ(setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t), 0);
  uint64_t start = t_now();
  FAIL(recv(s[1], c, 1, 0), EAGAIN);
  LEAST(t_now() - start, 20 * MS);
  // Urgent matters aside, FIONBIO and O_NONBLOCK are one.
  int on = 1;
  EQ(ioctl(s[0], FIONBIO, &on), 0);
  FAIL(read(s[0], c, 1), EAGAIN);
  both(s);
}

static void options(void) {
  int s[2];
  EQ(pair(s), 0);
  EQ(option(s[0], SOL_SOCKET, SO_TYPE), SOCK_STREAM);
  EQ(option(s[0], SOL_SOCKET, SO_DOMAIN), AF_INET);
  EQ(option(s[0], SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
  EQ(option(s[0], SOL_SOCKET, SO_ERROR), 0);
  EQ(option(s[0], SOL_SOCKET, SO_ACCEPTCONN), 0);
  EQ(option(s[0], SOL_SOCKET, SO_REUSEADDR), 0);
  EQ(set(s[0], SOL_SOCKET, SO_REUSEADDR, 1), 0);
  EQ(option(s[0], SOL_SOCKET, SO_REUSEADDR), 1);
  EQ(option(s[0], SOL_SOCKET, SO_KEEPALIVE), 0);
  EQ(set(s[0], SOL_SOCKET, SO_KEEPALIVE, 1), 0);
  EQ(option(s[0], SOL_SOCKET, SO_KEEPALIVE), 1);
  EQ(set(s[0], IPPROTO_TCP, TCP_KEEPIDLE, 300), 0);
  EQ(option(s[0], IPPROTO_TCP, TCP_KEEPIDLE), 300);
  EQ(set(s[0], IPPROTO_TCP, TCP_KEEPINTVL, 100), 0);
  EQ(option(s[0], IPPROTO_TCP, TCP_KEEPINTVL), 100);
  EQ(set(s[0], IPPROTO_TCP, TCP_KEEPCNT, 3), 0);
  EQ(option(s[0], IPPROTO_TCP, TCP_KEEPCNT), 3);
  EQ(option(s[0], IPPROTO_TCP, TCP_NODELAY), 0);
  EQ(set(s[0], IPPROTO_TCP, TCP_NODELAY, 1), 0);
  EQ(option(s[0], IPPROTO_TCP, TCP_NODELAY), 1);
  EQ(set(s[0], IPPROTO_TCP, TCP_CORK, 1), 0);
  EQ(option(s[0], IPPROTO_TCP, TCP_CORK), 1);
  EQ(set(s[0], IPPROTO_TCP, TCP_CORK, 0), 0);
  LEAST(option(s[0], SOL_SOCKET, SO_RCVBUF), 2048);
  LEAST(option(s[0], SOL_SOCKET, SO_SNDBUF), 2048);
  EQ(set(s[0], SOL_SOCKET, SO_RCVBUF, 20000), 0);
  EQ(option(s[0], SOL_SOCKET, SO_RCVBUF), 40000);  // Linux doubles it
  EQ(set(s[0], SOL_SOCKET, SO_SNDBUF, 20000), 0);
  EQ(option(s[0], SOL_SOCKET, SO_SNDBUF), 40000);
  struct linger g = {1, 5};
  socklen_t n = sizeof g;
  EQ(setsockopt(s[0], SOL_SOCKET, SO_LINGER, &g, n), 0);
  g = (struct linger){0, 0};
  EQ(getsockopt(s[0], SOL_SOCKET, SO_LINGER, &g, &n), 0);
  EQ(g.l_onoff, 1);
  EQ(g.l_linger, 5);
  g = (struct linger){0, 0};
  setsockopt(s[0], SOL_SOCKET, SO_LINGER, &g, n);
  EQ(option(s[0], IPPROTO_TCP, TCP_MAXSEG) > 500, 1);
  struct tcp_info info;
  n = sizeof info;
  EQ(getsockopt(s[0], IPPROTO_TCP, TCP_INFO, &info, &n), 0);
  EQ(info.tcpi_state, 1);  // established
  EQ(set(s[0], IPPROTO_IP, IP_TOS, 0x10), 0);
  EQ(option(s[0], IPPROTO_IP, IP_TOS), 0x10);
  EQ(option(s[0], IPPROTO_IP, IP_TTL), 64);
  FAIL(set(s[0], SOL_SOCKET, 12345, 1), ENOPROTOOPT);
  EQ(option(s[0], SOL_SOCKET, 12345), -ENOPROTOOPT);
  FAIL(set(s[0], IPPROTO_TCP, 12345, 1), ENOPROTOOPT);
  FAIL(set(s[0], 12345, 1, 1), ENOPROTOOPT);
  char small = 1;
  FAIL(setsockopt(s[0], SOL_SOCKET, SO_REUSEADDR, &small, 1), EINVAL);
  FAIL(syscall(SYS_setsockopt, s[0], SOL_SOCKET, SO_REUSEADDR, (void *)8, 4), EFAULT);
  n = 4;
  FAIL(syscall(SYS_getsockopt, s[0], SOL_SOCKET, SO_TYPE, (void *)8, &n), EFAULT);
  int v = -1;
  n = 2;
  EQ(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &v, &n), 0);
  EQ(n, 2);
  EQ(v & 0xffff, SOCK_STREAM);
  FAIL(set(s[0], SOL_SOCKET, SO_TYPE, 1), ENOPROTOOPT);
  both(s);
  int u = GOOD(socket(AF_INET, SOCK_DGRAM, 0));
  EQ(option(u, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
  EQ(option(u, SOL_SOCKET, SO_PROTOCOL), IPPROTO_UDP);
  EQ(set(u, SOL_SOCKET, SO_BROADCAST, 1), 0);
  EQ(option(u, SOL_SOCKET, SO_BROADCAST), 1);
  close(u);
}

static void nonblocking(void) {
  struct sockaddr_in a;
  int l = GOOD(listener(SOCK_NONBLOCK, 16));
  FAIL(accept(l, 0, 0), EAGAIN);
  EQ(ready(l, POLLIN, 0), 0);
  a = at(port_of(l));
  int k = GOOD(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  int r = connect(k, ADDR(a));
  YES(r == 0 || errno == EINPROGRESS);
  EQ(ready(k, POLLOUT, 10000), POLLOUT);
  EQ(option(k, SOL_SOCKET, SO_ERROR), 0);
  EQ(ready(l, POLLIN, 10000), POLLIN);
  int s = GOOD(accept(l, 0, 0));
  EQ(fcntl(s, F_GETFL) & O_NONBLOCK, 0);  // not inherited
  close(s), close(k);
  // To where nobody listens.
  int port = port_of(l);
  close(l);
  a = at(port);
  k = GOOD(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  r = connect(k, ADDR(a));
  YES(r == -1 && (errno == EINPROGRESS || errno == ECONNREFUSED));
  if (errno == EINPROGRESS) {
    EQ(ready(k, POLLOUT, 10000) & (POLLERR | POLLHUP), POLLERR | POLLHUP);
    EQ(option(k, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
  }
  close(k);
  // With edges: writable once connected, readable once there is something.
  l = GOOD(listener(0, 16));
  a = at(port_of(l));
  int e = GOOD(epoll_create1(0));
  struct epoll_event v = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET}, got[4];
  k = GOOD(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  connect(k, ADDR(a));
  EQ(epoll_ctl(e, EPOLL_CTL_ADD, k, &v), 0);
  EQ(epoll_wait(e, got, 4, 10000), 1);
  EQ(got[0].events & EPOLLOUT, EPOLLOUT);
  s = GOOD(accept(l, 0, 0));
  EQ(epoll_wait(e, got, 4, 20), 0);
  EQ(write(s, "x", 1), 1);
  EQ(epoll_wait(e, got, 4, 10000), 1);
  EQ(got[0].events & EPOLLIN, EPOLLIN);
  EQ(epoll_wait(e, got, 4, 20), 0);
  close(s);
  EQ(epoll_wait(e, got, 4, 10000), 1);
  EQ(got[0].events & (EPOLLIN | EPOLLRDHUP), EPOLLIN | EPOLLRDHUP);
  close(k), close(e), close(l);
}

static void many(void) {
  struct sockaddr_in a;
  char c;
  int l = GOOD(listener(0, 128)), good = 0;
  a = at(port_of(l));
  // Two hundred, one after the other: each is accepted, serves and ends.
  for (int i = 0; i < 200; i++) {
    int k = socket(AF_INET, SOCK_STREAM, 0), s = -1;
    good += connect(k, ADDR(a)) == 0 && (s = accept(l, 0, 0)) >= 0 && write(k, "q", 1) == 1 && read(s, &c, 1) == 1 && write(s, "a", 1) == 1 &&
            read(k, &c, 1) == 1 && c == 'a';
    if (i & 1) close(k), close(s);
    else close(s), close(k);
  }
  EQ(good, 200);
  // A hundred at once, accepted late.
  int k[100];
  good = 0;
  for (int i = 0; i < 100; i++) k[i] = socket(AF_INET, SOCK_STREAM, 0), good += connect(k[i], ADDR(a)) == 0;
  EQ(good, 100);
  good = 0;
  for (int i = 0; i < 100; i++) {
    int s = accept(l, 0, 0);
    good += s >= 0 && write(s, "x", 1) == 1;
    close(s);
  }
  EQ(good, 100);
  good = 0;
  for (int i = 0; i < 100; i++) good += read(k[i], &c, 1) == 1, close(k[i]);
  EQ(good, 100);
  // The one that connected goes away before it is accepted.
  int g = socket(AF_INET, SOCK_STREAM, 0);
  EQ(connect(g, ADDR(a)), 0);
  EQ(write(g, "bye", 3), 3);
  close(g);
  int s = GOOD(accept(l, 0, 0));
  char buffer[8];
  EQ(read(s, buffer, 8), 3);
  EQ(read(s, buffer, 8), 0);
  close(s), close(l);
}

enum { BULK = 4 << 20 };
static unsigned char byte_at(size_t i) { return (unsigned char)(i * 31 + (i >> 8) * 7 + (i >> 16)); }
struct bulk { int fd; size_t step; int good; };
static void *send_bulk(void *arg) {
  struct bulk *b = arg;
  unsigned char *text = malloc(b->step);
  size_t done = 0;
  while (done < BULK) {
    size_t n = b->step > BULK - done ? BULK - done : b->step;
    for (size_t i = 0; i < n; i++) text[i] = byte_at(done + i);
    for (size_t sent = 0; sent < n;) {
      ssize_t k = write(b->fd, text + sent, n - sent);
      if (k <= 0) { free(text); return 0; }
      sent += (size_t)k;
    }
    done += n;
  }
  shutdown(b->fd, SHUT_WR);
  b->good = 1;
  free(text);
  return 0;
}
static void bulk(void) {
  static unsigned char text[65536];
  static const size_t sizes[][2] = {{1000, 65536}, {65536, 700}, {200000, 30000}};
  for (int way = 0; way < 3; way++) {
    int s[2];
    EQ(pair(s), 0);
    if (way == 1) set(s[0], SOL_SOCKET, SO_SNDBUF, 4096), set(s[1], SOL_SOCKET, SO_RCVBUF, 4096);
    struct bulk b = {s[way & 1], sizes[way][0], 0};
    pthread_t t;
    pthread_create(&t, 0, send_bulk, &b);
    size_t done = 0, wrong = 0;
    ssize_t n;
    while ((n = read(s[!(way & 1)], text, sizes[way][1])) > 0) {
      for (ssize_t i = 0; i < n; i++) wrong += text[i] != byte_at(done + (size_t)i);
      done += (size_t)n;
    }
    pthread_join(t, 0);
    EQ(b.good, 1);
    EQ(done, BULK);
    EQ(wrong, 0);
    both(s);
  }
  // A file sent whole.
  int s[2], f = GOOD(open("big", O_CREAT | O_RDWR | O_TRUNC, 0600));
  for (size_t i = 0; i < sizeof text; i++) text[i] = byte_at(i);
  for (int i = 0; i < 16; i++) write(f, text, sizeof text);
  EQ(pair(s), 0);
  off_t offset = 0;
  size_t done = 0, wrong = 0;
  static unsigned char got[65536];
  while (offset < 1 << 20) {
    if (sendfile(s[0], f, &offset, 50000) <= 0) break;
    ssize_t n;
    while ((n = recv(s[1], got, sizeof got, MSG_DONTWAIT)) > 0)
      for (ssize_t i = 0; i < n; i++) wrong += got[i] != byte_at((done++) % sizeof text);
  }
  EQ(offset, 1 << 20);
  shutdown(s[0], SHUT_WR);
  ssize_t n;
  while ((n = read(s[1], got, sizeof got)) > 0)
    for (ssize_t i = 0; i < n; i++) wrong += got[i] != byte_at((done++) % sizeof text);
  EQ(done, 1 << 20);
  EQ(wrong, 0);
  both(s), close(f);
  unlink("big");
}

// A sender that is not read from is stopped, and goes on when there is room.
static void pressure(void) {
  int s[2];
  static char text[65536];
  EQ(pair(s), 0);
  fcntl(s[0], F_SETFL, O_NONBLOCK);
  long total = 0, n, got = 0;
  while ((n = write(s[0], text, sizeof text)) > 0 && total < 64 << 20) total += n;
  // What is on its way may still make room: until nothing moves.
  for (int i = 0; i < 20; i++) {
    t_sleep_ms(5);
    while ((n = write(s[0], text, sizeof text)) > 0) total += n, i = 0;
  }
  YES(n == -1 && errno == EAGAIN);
  EQ(ready(s[0], POLLOUT, 0), 0);
  while (got < total && (n = read(s[1], text, sizeof text)) > 0) got += n;
  EQ(got, total);
  EQ(ready(s[0], POLLOUT, 10000), POLLOUT);
  EQ(write(s[0], "more", 4), 4);
  EQ(read(s[1], text, 16), 4);
  both(s);
}

static void messages(void) {
  int s[2];
  char a[4], b[16];
  EQ(pair(s), 0);
  struct iovec w[3] = {{"one", 3}, {"", 0}, {"three", 5}}, r[2] = {{a, 4}, {b, 16}};
  struct msghdr m = {.msg_iov = w, .msg_iovlen = 3};
  EQ(sendmsg(s[0], &m, 0), 8);
  EQ(ready(s[1], POLLIN, 10000), POLLIN);
  m = (struct msghdr){.msg_iov = r, .msg_iovlen = 2};
  EQ(recvmsg(s[1], &m, 0), 8);
  SAME(a, "onet", 4);
  SAME(b, "hree", 4);
  EQ(m.msg_flags, 0);
  EQ(writev(s[0], w, 3), 8);
  EQ(ready(s[1], POLLIN, 10000), POLLIN);
  EQ(readv(s[1], r, 2), 8);
  m.msg_iovlen = 0;
  EQ(sendmsg(s[0], &m, 0), 0);
  struct { void *name; int namelen; void *iov; size_t iovlen; void *control; size_t controllen; int flags; } raw = {0};
  raw.iov = w, raw.iovlen = 2000;
  FAIL(syscall(SYS_sendmsg, s[0], &raw, 0), EMSGSIZE);
  FAIL(syscall(SYS_sendmsg, s[0], (void *)8, 0), EFAULT);
  both(s);
  // Several datagrams in one call.
  int x = GOOD(socket(AF_INET, SOCK_DGRAM, 0)), y = GOOD(socket(AF_INET, SOCK_DGRAM, 0));
  struct sockaddr_in to = at(0), from[3];
  EQ(bind(y, ADDR(to)), 0);
  to = at(port_of(y));
  struct iovec v[3] = {{"a", 1}, {"bb", 2}, {"ccc", 3}};
  struct mmsghdr out[3], in[3];
  char text[3][8];
  struct iovec rv[3];
  memset(out, 0, sizeof out), memset(in, 0, sizeof in);
  for (int i = 0; i < 3; i++) {
    out[i].msg_hdr = (struct msghdr){.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &v[i], .msg_iovlen = 1};
    rv[i] = (struct iovec){text[i], 8};
    in[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &rv[i], .msg_iovlen = 1};
  }
  EQ(sendmmsg(x, out, 3, 0), 3);
  EQ(out[1].msg_len, 2);
  EQ(recvmmsg(y, in, 3, 0, 0), 3);
  EQ(in[0].msg_len, 1);
  EQ(in[2].msg_len, 3);
  SAME(text[2], "ccc", 3);
  EQ(ntohs(from[2].sin_port), port_of(x));
  EQ(in[0].msg_hdr.msg_namelen, sizeof to);
  FAIL(recvmmsg(y, in, 3, MSG_DONTWAIT, 0), EAGAIN);
  close(x), close(y);
}

static void datagrams(void) {
  char c[2048];
  struct sockaddr_in a = at(0), b, from;
  socklen_t n = sizeof from;
  int x = GOOD(socket(AF_INET, SOCK_DGRAM, 0)), y = GOOD(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  EQ(bind(y, ADDR(a)), 0);
  b = at(port_of(y));
  FAIL(recv(y, c, 1, 0), EAGAIN);
  EQ(ready(y, POLLIN | POLLOUT, 0), POLLOUT);
  EQ(sendto(x, "hello", 5, 0, ADDR(b)), 5);
  EQ(ready(y, POLLIN, 10000), POLLIN);
  EQ(recvfrom(y, c, sizeof c, 0, (void *)&from, &n), 5);
  SAME(c, "hello", 5);
  EQ(n, sizeof from);
  EQ(ntohs(from.sin_port), port_of(x));  // sending found a port
  EQ(from.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  EQ(sendto(y, "back", 4, 0, ADDR(from)), 4);
  EQ(recv(x, c, sizeof c, 0), 4);
  // Borders stay; what does not fit is lost, and told.
  EQ(sendto(x, "0123456789", 10, 0, ADDR(b)), 10);
  EQ(sendto(x, "", 0, 0, ADDR(b)), 0);
  EQ(sendto(x, "next", 4, 0, ADDR(b)), 4);
  int queued = -1;
  EQ(ready(y, POLLIN, 10000), POLLIN);
  EQ(ioctl(y, FIONREAD, &queued), 0);
  EQ(queued, 10);  // the first one's size
  struct iovec v = {c, 4};
  struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
  EQ(recvmsg(y, &m, MSG_PEEK), 4);
  EQ(m.msg_flags, MSG_TRUNC);
  EQ(recv(y, c, 4, MSG_TRUNC | MSG_PEEK), 10);
  EQ(recvmsg(y, &m, 0), 4);
  EQ(m.msg_flags, MSG_TRUNC);
  EQ(recv(y, c, sizeof c, 0), 0);
  EQ(recv(y, c, sizeof c, 0), 4);
  FAIL(send(x, "x", 1, 0), EDESTADDRREQ);
  FAIL(getpeername(x, (void *)&from, &n), ENOTCONN);
  FAIL(sendto(x, "x", 1, 0, (void *)&b, 4), EINVAL);
  static char big[70000];
  FAIL(sendto(x, big, sizeof big, 0, ADDR(b)), EMSGSIZE);
  EQ(sendto(x, big, 1400, 0, ADDR(b)), 1400);
  EQ(ready(y, POLLIN, 10000), POLLIN);
  EQ(recv(y, c, sizeof c, 0), 1400);
  FAIL(listen(x, 1), EOPNOTSUPP);
  FAIL(accept(x, 0, 0), EOPNOTSUPP);
  // Connected: one to talk to, and only its words are heard.
  EQ(connect(x, ADDR(b)), 0);
  n = sizeof from;
  EQ(getpeername(x, (void *)&from, &n), 0);
  EQ(from.sin_port, b.sin_port);
  EQ(send(x, "x", 1, 0), 1);
  EQ(write(x, "y", 1), 1);
  EQ(ready(y, POLLIN, 10000), POLLIN);
  EQ(recv(y, c, 16, 0), 1);
  EQ(UNTIL(recv(y, c, 16, 0) == 1), 1);
  struct sockaddr_in mine = at(port_of(x));
  int z = GOOD(socket(AF_INET, SOCK_DGRAM, 0));
  EQ(sendto(z, "stranger", 8, 0, ADDR(mine)), 8);
  EQ(sendto(y, "friend", 6, 0, ADDR(mine)), 6);
  EQ(recv(x, c, 16, 0), 6);
  FAIL(recv(x, c, 16, MSG_DONTWAIT), EAGAIN);
  struct sockaddr none = {.sa_family = AF_UNSPEC};
  EQ(connect(x, &none, sizeof none), 0);  // let go
  FAIL(send(x, "x", 1, 0), EDESTADDRREQ);
  // A connected one hears that nobody is there.
  int port = port_of(z);
  close(z);
  b = at(port);
  EQ(connect(x, ADDR(b)), 0);
  EQ(send(x, "x", 1, 0), 1);
  FAIL(recv(x, c, 1, 0), ECONNREFUSED);
  // The same port for two: not without asking.
  z = GOOD(socket(AF_INET, SOCK_DGRAM, 0));
  b = at(port_of(y));
  FAIL(bind(z, ADDR(b)), EADDRINUSE);
  close(x), close(y), close(z);
  // TCP and UDP have ports of their own.
  int l = GOOD(listener(0, 1));
  b = at(port_of(l));
  x = GOOD(socket(AF_INET, SOCK_DGRAM, 0));
  EQ(bind(x, ADDR(b)), 0);
  close(x), close(l);
}

static void *accept_in(void *arg) { return (void *)(long)accept(*(int *)arg, 0, 0); }
static void *read_in(void *arg) {
  char c;
  return (void *)(long)(read(*(int *)arg, &c, 1) == 1 ? c : -1);
}
static volatile int caught;
static void on_signal(int s) { (void)s, caught++; }

static void waiting(void) {
  int l = GOOD(listener(0, 4)), k = GOOD(socket(AF_INET, SOCK_STREAM, 0));
  struct sockaddr_in a = at(port_of(l));
  pthread_t t;
  void *r;
  pthread_create(&t, 0, accept_in, &l);
  t_sleep_ms(20);
  EQ(connect(k, ADDR(a)), 0);
  pthread_join(t, &r);
  int s = (int)(long)r;
  YES(s >= 0);
  pthread_create(&t, 0, read_in, &s);
  t_sleep_ms(20);
  EQ(write(k, "w", 1), 1);
  pthread_join(t, &r);
  EQ((long)r, 'w');
  // A signal interrupts accept and recv; shutdown wakes a reader.
  struct sigaction act = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &act, 0);
  pthread_create(&t, 0, accept_in, &l);
  t_sleep_ms(30);
  pthread_kill(t, SIGUSR1);
  pthread_join(t, &r);
  EQ((long)r, -1);
  EQ(caught, 1);
  pthread_create(&t, 0, read_in, &s);
  t_sleep_ms(30);
  EQ(shutdown(s, SHUT_RD), 0);
  pthread_join(t, &r);
  EQ((long)r, -1);
  pthread_create(&t, 0, accept_in, &l);
  t_sleep_ms(30);
  EQ(shutdown(l, SHUT_RDWR), 0);  // a listener stopped from another thread
  pthread_join(t, &r);
  EQ((long)r, -1);
  close(s), close(k), close(l);
}

static void ipv6(void) {
  int s = socket(AF_INET6, SOCK_STREAM, 0);
  if (s < 0) {
    YES(errno == EAFNOSUPPORT);
    SKIP("no IPv6: AF_INET6 is refused by the right name");
    return;
  }
  struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  if (bind(s, ADDR(a))) {
    YES(errno == EADDRNOTAVAIL);
    close(s);
    return;
  }
  EQ(listen(s, 4), 0);
  socklen_t n = sizeof a;
  EQ(getsockname(s, (void *)&a, &n), 0);
  int k = GOOD(socket(AF_INET6, SOCK_STREAM, 0));
  EQ(connect(k, ADDR(a)), 0);
  int g = GOOD(accept(s, 0, 0));
  char c[4];
  EQ(write(k, "six", 3), 3);
  EQ(read(g, c, 4), 3);
  close(g), close(k), close(s);
  // One socket for both families.
  s = GOOD(socket(AF_INET6, SOCK_STREAM, 0));
  EQ(set(s, IPPROTO_IPV6, IPV6_V6ONLY, 0), 0);
  a = (struct sockaddr_in6){.sin6_family = AF_INET6};
  EQ(bind(s, ADDR(a)), 0);
  EQ(listen(s, 4), 0);
  n = sizeof a;
  EQ(getsockname(s, (void *)&a, &n), 0);
  struct sockaddr_in four = at(ntohs(a.sin6_port));
  k = GOOD(socket(AF_INET, SOCK_STREAM, 0));
  EQ(connect(k, ADDR(four)), 0);
  n = sizeof a;
  g = GOOD(accept(s, (void *)&a, &n));
  EQ(IN6_IS_ADDR_V4MAPPED(&a.sin6_addr), 1);
  close(g), close(k), close(s);
}

static void interfaces(void) {
  int s = GOOD(socket(AF_INET, SOCK_DGRAM, 0));
  struct ifreq r = {0};
  strcpy(r.ifr_name, "lo");
  EQ(ioctl(s, SIOCGIFFLAGS, &r), 0);
  EQ(r.ifr_flags & (IFF_UP | IFF_LOOPBACK), IFF_UP | IFF_LOOPBACK);
  EQ(ioctl(s, SIOCGIFADDR, &r), 0);
  EQ(((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  EQ(ioctl(s, SIOCGIFINDEX, &r), 0);
  LEAST(r.ifr_ifindex, 1);
  EQ(ioctl(s, SIOCGIFMTU, &r), 0);
  LEAST(r.ifr_mtu, 1500);
  strcpy(r.ifr_name, "missing0");
  FAIL(ioctl(s, SIOCGIFFLAGS, &r), ENODEV);
  struct ifconf f = {.ifc_len = 0};
  char room[4096];
  f.ifc_len = sizeof room, f.ifc_buf = room;
  EQ(ioctl(s, SIOCGIFCONF, &f), 0);
  LEAST(f.ifc_len, (int)sizeof(struct ifreq));
  close(s);
  char name[256];
  EQ(gethostname(name, sizeof name), 0);
  YES(name[0]);
}

MAIN(G(connecting), G(errors), G(reuse), G(closing), G(flags), G(options), G(nonblocking), G(many), G(bulk), G(pressure),
     G(messages), G(datagrams), G(waiting), G(ipv6), G(interfaces))
