// Users, groups and capabilities, and what they allow: credentials(7), capabilities(7). Each group of
// checks runs in a child, so that the rights it drops are its own.
#include "t.h"
int setgroups(size_t, const gid_t *);
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>

struct cap_header { uint32_t version; int pid; };
struct cap_data { uint32_t effective, permitted, inheritable; };
enum { CHOWN = 0, DAC_OVERRIDE = 1, FOWNER = 3, FSETID = 4, KILL = 5, SETGID = 6, SETUID = 7, SETPCAP = 8, NET_BIND = 10, MKNOD = 27, SETFCAP = 31 };
#define BIT(cap) (1ull << (cap))

static uint64_t effective, permitted, inheritable;

static int get_caps(int pid) {
  struct cap_header h = {0x20080522, pid};
  struct cap_data d[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capget, &h, d)) return -1;
  effective = d[0].effective | (uint64_t)d[1].effective << 32;
  permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
  inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
  return 0;
}
static int set_caps(uint64_t e, uint64_t p, uint64_t i) {
  struct cap_header h = {0x20080522, 0};
  struct cap_data d[2] = {{e, p, i}, {e >> 32, p >> 32, i >> 32}};
  return syscall(SYS_capset, &h, d);
}

static int *shared;

// Runs checks in a child and adds up what they found.
static void in_child(void (*checks)(void)) {
  if (!shared) shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  fflush(stdout);
  shared[0] = shared[1] = 0;
  pid_t pid = fork();
  if (!pid) {
    t_passed = t_failed = 0;
    checks();
    fflush(stdout);
    shared[0] = t_passed, shared[1] = t_failed;
    _exit(0);
  }
  int status = -1;
  EQ(waitpid(pid, &status, 0), pid);
  EQ(status, 0);
  t_passed += shared[0], t_failed += shared[1];
}

// The child's value of an expression-like function, as its exit status.
static int value_in_child(int (*f)(void)) {
  fflush(stdout);
  pid_t pid = fork();
  if (!pid) _exit(f());
  int status = -1;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int ids_are(uid_t r, uid_t e, uid_t s) {
  uid_t a, b, c;
  return !getresuid(&a, &b, &c) && a == r && b == e && c == s;
}
static int gids_are(gid_t r, gid_t e, gid_t s) {
  gid_t a, b, c;
  return !getresgid(&a, &b, &c) && a == r && b == e && c == s;
}
// The raw calls: for this thread alone.
#define SETRESUID(r, e, s) syscall(SYS_setresuid, r, e, s)
#define SETRESGID(r, e, s) syscall(SYS_setresgid, r, e, s)

static void become(uid_t uid, gid_t gid) {
  EQ(setgroups(0, 0), 0);
  EQ(SETRESGID(gid, gid, gid), 0);
  EQ(SETRESUID(uid, uid, uid), 0);
}

// ---- ids -----------------------------------------------------------------------------------------

static void user_ids_in(void) {
  YES(ids_are(0, 0, 0));
  EQ(SETRESUID(-1, 1000, -1), 0);
  YES(ids_are(0, 1000, 0));
  get_caps(0);
  EQ(effective, 0);
  YES(permitted != 0);
  EQ(setfsuid(-1), 1000);
  EQ(SETRESUID(-1, 0, -1), 0);
  get_caps(0);
  EQ(effective, permitted);
  EQ(setreuid(1001, 1000), 0);
  YES(ids_are(1001, 1000, 1000));
  FAIL(setreuid(0, -1), EPERM);
  FAIL(setuid(0), EPERM);
  FAIL(SETRESUID(0, -1, -1), EPERM);
  FAIL(SETRESUID(-1, 1002, -1), EPERM);
  EQ(setreuid(-1, 1001), 0);
  YES(ids_are(1001, 1001, 1000));
  EQ(setuid(1001), 0);
  get_caps(0);
  EQ(permitted, 0);
  FAIL(setgroups(0, 0), EPERM);
  FAIL(setgid(7), EPERM);
  FAIL(syscall(SYS_setuid, -1), EINVAL);
}
static void saved_id_in(void) {
  EQ(SETRESUID(1000, 1000, 0), 0);
  get_caps(0);
  EQ(effective, 0);
  YES(permitted != 0);
  EQ(setuid(0), 0);
  YES(ids_are(1000, 0, 0));
  EQ(seteuid(1000), 0);
  EQ(setuid(1000), 0);
  YES(ids_are(1000, 1000, 0));
}
static void group_ids_in(void) {
  EQ(SETRESGID(5, 6, 7), 0);
  YES(gids_are(5, 6, 7));
  EQ(setfsgid(9), 6);
  EQ(setfsgid(-1), 9);
  gid_t groups[3] = {30, 10, 20}, got[4];
  EQ(setgroups(3, groups), 0);
  EQ(getgroups(0, 0), 3);
  EQ(getgroups(4, got), 3);
  FAIL(getgroups(2, got), EINVAL);
  FAIL(syscall(SYS_setgroups, 65537, groups), EINVAL);
  EQ(SETRESUID(1000, 1000, 1000), 0);
  EQ(setregid(6, 5), 0);
  YES(gids_are(6, 5, 5));
  FAIL(setregid(7, -1), EPERM);
  FAIL(SETRESGID(-1, -1, 9), EPERM);
  FAIL(setgid(30), EPERM);
  FAIL(setgroups(3, groups), EPERM);
  EQ(getgroups(4, got), 3);
}
static void fs_ids_in(void) {
  EQ(setfsuid(1000), 0);
  EQ(setfsuid(1000), 1000);
  get_caps(0);
  EQ(effective & BIT(DAC_OVERRIDE), 0);
  YES(effective & BIT(SETUID));
  int fd = t_file("root-only", "x");
  EQ(fd, -1);
  EQ(setfsuid(0), 1000);
  get_caps(0);
  YES(effective & BIT(DAC_OVERRIDE));
  EQ(SETRESUID(1000, 1000, 1000), 0);
  EQ(setfsuid(0), 1000);
  EQ(setfsuid(0), 1000);
}
static void ids(void) {
  in_child(user_ids_in);
  in_child(saved_id_in);
  in_child(group_ids_in);
  in_child(fs_ids_in);
}

// ---- capabilities --------------------------------------------------------------------------------

static void keep_caps_in(void) {
  EQ(prctl(PR_GET_KEEPCAPS), 0);
  EQ(prctl(PR_SET_KEEPCAPS, 1), 0);
  EQ(prctl(PR_GET_KEEPCAPS), 1);
  FAIL(prctl(PR_SET_KEEPCAPS, 2), EINVAL);
  get_caps(0);
  uint64_t had = permitted;
  become(1000, 1000);
  get_caps(0);
  EQ(permitted, had);
  EQ(effective, 0);
  FAIL(chown(".", 0, 0), EPERM);
  EQ(set_caps(BIT(CHOWN), BIT(CHOWN) | BIT(KILL), 0), 0);
  EQ(chown(".", 0, 0), 0);
  FAIL(set_caps(BIT(FOWNER), BIT(FOWNER), 0), EPERM);
  FAIL(set_caps(BIT(KILL), BIT(CHOWN), 0), EPERM);
  FAIL(set_caps(0, 0, BIT(FOWNER)), EPERM);
  EQ(set_caps(0, BIT(KILL), BIT(KILL)), 0);
  get_caps(0);
  EQ(inheritable, BIT(KILL));
  EQ(permitted, BIT(KILL));
}
static void ambient_in(void) {
  EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, KILL, 0, 0), 0);
  FAIL(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, KILL, 0, 0), EPERM);
  get_caps(0);
  EQ(set_caps(effective, permitted, BIT(KILL) | BIT(NET_BIND)), 0);
  EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, KILL, 0, 0), 0);
  EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, KILL, 0, 0), 1);
  FAIL(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 99, 0, 0), EINVAL);
  FAIL(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, KILL, 0, 0), EINVAL);
  FAIL(prctl(PR_CAP_AMBIENT, 77, KILL, 0, 0), EINVAL);
  EQ(set_caps(effective, permitted, BIT(NET_BIND)), 0);
  EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, KILL, 0, 0), 0);
  EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, NET_BIND, 0, 0), 0);
  EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), 0);
  EQ(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, NET_BIND, 0, 0), 0);
  EQ(prctl(PR_SET_SECUREBITS, 1 << 6), 0);
  FAIL(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, NET_BIND, 0, 0), EPERM);
}
static void bounding_in(void) {
  EQ(prctl(PR_CAPBSET_READ, KILL), 1);
  EQ(prctl(PR_CAPBSET_DROP, KILL), 0);
  EQ(prctl(PR_CAPBSET_READ, KILL), 0);
  FAIL(prctl(PR_CAPBSET_READ, 64), EINVAL);
  FAIL(prctl(PR_CAPBSET_DROP, 64), EINVAL);
  get_caps(0);
  YES(permitted & BIT(KILL));
  FAIL(set_caps(effective, permitted, BIT(KILL)), EPERM);
  EQ(set_caps(effective & ~BIT(SETPCAP), permitted, 0), 0);
  FAIL(prctl(PR_CAPBSET_DROP, CHOWN), EPERM);
  FAIL(prctl(PR_CAPBSET_DROP, 64), EPERM);
}
static void secure_bits_in(void) {
  EQ(prctl(PR_GET_SECUREBITS), 0);
  FAIL(prctl(PR_SET_SECUREBITS, 1 << 20), EPERM);
  EQ(prctl(PR_SET_SECUREBITS, 0x4), 0);
  EQ(prctl(PR_GET_SECUREBITS), 0x4);
  EQ(SETRESUID(1000, 1000, 1000), 0);
  get_caps(0);
  YES(effective & BIT(SETPCAP));
  EQ(SETRESUID(0, 0, 0), 0);
  EQ(prctl(PR_SET_SECUREBITS, 0x23), 0);
  FAIL(prctl(PR_SET_SECUREBITS, 0x22), EPERM);
  FAIL(prctl(PR_SET_SECUREBITS, 0x3), EPERM);
  FAIL(prctl(PR_SET_KEEPCAPS, 1), EPERM);
}
static void interface_in(void) {
  struct cap_header h = {0, 0};
  struct cap_data d[2];
  EQ(syscall(SYS_capget, &h, 0), 0);
  EQ(h.version, 0x20080522);
  h.version = 7;
  FAIL(syscall(SYS_capget, &h, d), EINVAL);
  EQ(h.version, 0x20080522);
  h.pid = -1;
  FAIL(syscall(SYS_capget, &h, d), EINVAL);
  h.pid = 4000000;
  FAIL2(syscall(SYS_capget, &h, d), ESRCH, EINVAL);
  h.pid = getppid();
  EQ(syscall(SYS_capget, &h, d), 0);
  FAIL(syscall(SYS_capset, &h, d), EPERM);
  EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
  FAIL(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
  FAIL(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0), EINVAL);
  EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
  YES(strstr(t_slurp("/proc/self/status"), "NoNewPrivs:\t1\n"));
}
static void dumpable_in(void) {
  EQ(prctl(PR_GET_DUMPABLE), 1);
  FAIL(prctl(PR_SET_DUMPABLE, 2), EINVAL);
  EQ(prctl(PR_SET_PDEATHSIG, SIGTERM), 0);
  EQ(SETRESUID(-1, 1000, -1), 0);
  EQ(prctl(PR_GET_DUMPABLE), 0);
  int sig = -1;
  EQ(prctl(PR_GET_PDEATHSIG, &sig), 0);
  EQ(sig, 0);
  EQ(prctl(PR_SET_DUMPABLE, 1), 0);
  EQ(SETRESUID(-1, 1000, -1), 0);
  EQ(prctl(PR_GET_DUMPABLE), 1);
}
static void capabilities(void) {
  EQ(chmod(".", 0755), 0);
  in_child(keep_caps_in);
  EQ(chown(".", 0, 0), 0);
  in_child(ambient_in);
  in_child(bounding_in);
  in_child(secure_bits_in);
  in_child(interface_in);
  in_child(dumpable_in);
}

// ---- files ---------------------------------------------------------------------------------------

static void make_tree(void) {
  EQ(chmod(".", 0755), 0);
  EQ(mkdir("closed", 0700), 0), EQ(close(t_file("closed/inside", "x")), 0), EQ(chmod("closed/inside", 0666), 0);
  EQ(mkdir("listed", 0), 0), EQ(chmod("listed", 0744), 0), EQ(close(t_file("listed/f", "x")), 0);
  EQ(mkdir("searched", 0), 0), EQ(chmod("searched", 0711), 0), EQ(close(t_file("searched/f", "x")), 0);
  EQ(mkdir("free", 0), 0), EQ(chmod("free", 0777), 0);
  EQ(mkdir("sticky", 0), 0), EQ(chmod("sticky", 01777), 0);
  EQ(mkdir("group", 0), 0), EQ(chown("group", 0, 50), 0), EQ(chmod("group", 02777), 0);
  EQ(close(t_file("sticky/root", "x")), 0), EQ(chmod("sticky/root", 0666), 0);
  EQ(close(t_file("free/root", "x")), 0);
  EQ(close(t_file("secret", "x")), 0), EQ(chmod("secret", 0600), 0);
  EQ(close(t_file("public", "x")), 0), EQ(chmod("public", 0644), 0);
  EQ(close(t_file("theirs", "x")), 0), EQ(chown("theirs", 1000, 1000), 0), EQ(chmod("theirs", 0644), 0);
  EQ(close(t_file("forgroup", "x")), 0), EQ(chown("forgroup", 0, 50), 0), EQ(chmod("forgroup", 0660), 0);
  EQ(close(t_file("notowner", "x")), 0), EQ(chown("notowner", 1000, 50), 0), EQ(chmod("notowner", 0066), 0);
}
static mode_t mode_of(const char *path) {
  struct stat s;
  return lstat(path, &s) ? (mode_t)-1 : s.st_mode & 07777;
}
static gid_t group_of(const char *path) {
  struct stat s;
  return lstat(path, &s) ? (gid_t)-1 : s.st_gid;
}
static void as_user_in(void) {
  gid_t fifty = 50;
  EQ(setgroups(1, &fifty), 0);
  EQ(SETRESGID(1000, 1000, 1000), 0);
  EQ(SETRESUID(1000, 1000, 1000), 0);
  struct stat s;
  // Path walk.
  FAIL(stat("closed/inside", &s), EACCES);
  FAIL(open("closed/inside", O_RDONLY), EACCES);
  FAIL(open("closed/none", O_RDONLY), EACCES);
  FAIL(open("closed", O_RDONLY), EACCES);
  FAIL(chdir("closed"), EACCES);
  FAIL(stat("listed/f", &s), EACCES);
  int fd = GOOD(open("listed", O_RDONLY | O_DIRECTORY));
  close(fd);
  EQ(stat("searched/f", &s), 0);
  FAIL(open("searched", O_RDONLY), EACCES);
  fd = GOOD(open("searched", O_PATH));
  FAIL(fchdir(GOOD(open("listed", O_RDONLY))), EACCES);
  EQ(faccessat(fd, "f", R_OK, 0), 0);
  // Opening.
  FAIL(open("secret", O_RDONLY), EACCES);
  FAIL(open("secret", O_RDONLY | O_TRUNC), EACCES);
  FAIL(open("public", O_WRONLY), EACCES);
  FAIL(open("public", O_RDONLY | O_TRUNC), EACCES);
  FAIL(open("public", O_RDONLY | O_NOATIME), EPERM);
  FAIL(truncate("public", 0), EACCES);
  close(GOOD(open("public", O_RDONLY)));
  close(GOOD(open("theirs", O_RDWR | O_NOATIME)));
  close(GOOD(open("forgroup", O_RDWR)));
  // The owner's class alone counts for the owner.
  FAIL(open("notowner", O_RDONLY), EACCES);
  // Making and removing.
  FAIL(open("new", O_WRONLY | O_CREAT, 0600), EACCES);
  FAIL(mkdir("new", 0700), EACCES);
  FAIL(symlink("x", "new"), EACCES);
  FAIL(link("theirs", "new"), EACCES);
  FAIL(unlink("theirs"), EACCES);
  FAIL(rename("theirs", "free/theirs"), EACCES);
  FAIL(rmdir("free"), EACCES);
  EQ(close(t_file("free/mine", "x")), 0);
  EQ(unlink("free/root"), 0);
  FAIL(unlink("sticky/root"), EPERM);
  FAIL(rename("sticky/root", "sticky/other"), EPERM);
  EQ(close(t_file("sticky/mine", "x")), 0);
  FAIL(rename("sticky/mine", "sticky/root"), EPERM);
  EQ(rename("sticky/mine", "sticky/mine2"), 0);
  EQ(unlink("sticky/mine2"), 0);
  FAIL(mknod("free/dev", S_IFCHR | 0600, 0x103), EPERM);
  EQ(mknod("free/fifo", S_IFIFO | 0600, 0), 0);
  EQ(unlink("free/fifo"), 0);
  // Modes.
  FAIL(chmod("public", 0666), EPERM);
  EQ(chmod("theirs", 06755), 0);
  EQ(mode_of("theirs"), 06755);
  // Writing clears the set-id bits.
  fd = GOOD(open("theirs", O_WRONLY));
  EQ(write(fd, "y", 1), 1);
  EQ(mode_of("theirs"), 0755);
  close(fd);
  EQ(chmod("theirs", 02644), 0);
  EQ(mode_of("theirs"), 02644);
  EQ(truncate("theirs", 0), 0);
  EQ(mode_of("theirs"), 02644);
  // Not one of its groups: no set-group-ID bit.
  EQ(chmod("free/mine", 0644), 0);
  // Owners.
  FAIL(chown("theirs", 0, -1), EPERM);
  FAIL(chown("theirs", -1, 0), EPERM);
  FAIL(chown("public", -1, 1000), EPERM);
  EQ(chmod("theirs", 06755), 0);
  EQ(chown("theirs", -1, 50), 0);
  EQ(group_of("theirs"), 50);
  EQ(mode_of("theirs"), 0755);
  EQ(chown("theirs", 1000, 1000), 0);
  EQ(chown("theirs", -1, -1), 0);
  // Set-group-ID directories.
  EQ(close(t_file("group/f", "x")), 0);
  EQ(group_of("group/f"), 50);
  EQ(mkdir("group/d", 0755), 0);
  EQ(group_of("group/d"), 50);
  EQ(mode_of("group/d"), 02755);
  EQ(rmdir("group/d"), 0);
  EQ(unlink("group/f"), 0);
  EQ(mkdir("free/plain", 06755), 0);
  EQ(mode_of("free/plain"), 0755);
  EQ(rmdir("free/plain"), 0);
  // Times.
  struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}}, set[2] = {{5, 0}, {6, 0}}, half[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
  FAIL(utimensat(AT_FDCWD, "public", 0, 0), EACCES);
  FAIL(utimensat(AT_FDCWD, "public", now, 0), EACCES);
  FAIL(utimensat(AT_FDCWD, "public", set, 0), EPERM);
  FAIL(utimensat(AT_FDCWD, "forgroup", set, 0), EPERM);
  FAIL(utimensat(AT_FDCWD, "forgroup", half, 0), EPERM);
  EQ(utimensat(AT_FDCWD, "forgroup", now, 0), 0);
  EQ(utimensat(AT_FDCWD, "forgroup", 0, 0), 0);
  EQ(utimensat(AT_FDCWD, "theirs", set, 0), 0);
  // access(2).
  EQ(access("public", R_OK), 0);
  FAIL(access("public", W_OK), EACCES);
  FAIL(access("public", X_OK), EACCES);
  FAIL(access("closed/inside", F_OK), EACCES);
  EQ(faccessat(AT_FDCWD, "forgroup", R_OK | W_OK, AT_EACCESS), 0);
  // Programs.
  char *argv[] = {"x", 0}, *envp[] = {0};
  FAIL(execve("public", argv, envp), EACCES);
  FAIL(execve("closed/inside", argv, envp), EACCES);
  FAIL(execve("free", argv, envp), EACCES);
}
static void other_group_in(void) {
  become(1000, 1000);
  FAIL(open("forgroup", O_RDONLY), EACCES);
  EQ(close(t_file("group/g", "x")), 0);
  EQ(chmod("group/g", 02755), 0);
  EQ(mode_of("group/g"), 0755);
  int fd = GOOD(open("group/h", O_WRONLY | O_CREAT | O_EXCL, 02755));
  close(fd);
  EQ(mode_of("group/h") & 02000, 0);
  EQ(unlink("group/g"), 0);
  EQ(unlink("group/h"), 0);
}
static void real_ids_in(void) {
  EQ(SETRESUID(1000, 0, 0), 0);
  EQ(close(GOOD(open("secret", O_RDONLY))), 0);
  FAIL(access("secret", R_OK), EACCES);
  FAIL(syscall(SYS_faccessat2, AT_FDCWD, "closed/inside", R_OK, 0), EACCES);
  EQ(syscall(SYS_faccessat2, AT_FDCWD, "secret", R_OK, AT_EACCESS), 0);
  EQ(SETRESUID(0, 1000, 0), 0);
  EQ(access("secret", R_OK), 0);
  FAIL(open("secret", O_RDONLY), EACCES);
}
static void root_in(void) {
  // Root reads and writes everything, and executes what anybody may execute.
  EQ(chmod("secret", 0), 0);
  close(GOOD(open("secret", O_RDWR)));
  EQ(access("secret", R_OK | W_OK), 0);
  FAIL(access("secret", X_OK), EACCES);
  char *argv[] = {"x", 0}, *envp[] = {0};
  FAIL(execve("secret", argv, envp), EACCES);
  EQ(chmod("secret", 01), 0);
  EQ(access("secret", X_OK), 0);
  // Writing as root keeps the set-id bits, a change of owner does not.
  EQ(chmod("public", 06755), 0);
  int fd = GOOD(open("public", O_WRONLY));
  EQ(write(fd, "y", 1), 1);
  close(fd);
  EQ(mode_of("public"), 06755);
  EQ(chown("public", 0, 0), 0);
  EQ(mode_of("public"), 0755);
  EQ(chmod("public", 0644), 0);
  get_caps(0);
  EQ(set_caps(effective & ~BIT(DAC_OVERRIDE) & ~BIT(2), permitted, 0), 0);
  EQ(chmod("secret", 0077), 0);
  FAIL(open("secret", O_RDONLY), EACCES);
  EQ(set_caps(BIT(2), permitted, 0), 0);
  close(GOOD(open("secret", O_RDONLY)));
  FAIL(open("secret", O_WRONLY), EACCES);
  EQ(chmod("secret", 0600), 0);
}
static void attributes_in(void) {
  if (setxattr("theirs", "user.a", "1", 1, 0)) {
    SKIP("no extended attributes here");
    return;
  }
  EQ(setxattr("public", "user.a", "1", 1, 0), 0);
  EQ(setxattr("secret", "user.a", "1", 1, 0), 0);
  EQ(setxattr("theirs", "trusted.t", "1", 1, 0), 0);
  char caps[20] = {1, 0, 0, 2, 0, 4};
  EQ(setxattr("theirs", "security.capability", caps, sizeof caps, 0), 0);
  FAIL(setxattr("theirs", "security.capability", caps, 19, 0), EINVAL);
  int fd = GOOD(open("theirs", O_WRONLY));
  EQ(write(fd, "y", 1), 1);
  close(fd);
  char value[32];
  FAIL(getxattr("theirs", "security.capability", value, sizeof value), ENODATA);
  EQ(setxattr("theirs", "security.capability", caps, sizeof caps, 0), 0);
  become(1000, 1000);
  EQ(getxattr("theirs", "user.a", value, sizeof value), 1);
  EQ(getxattr("theirs", "security.capability", value, sizeof value), 20);
  FAIL(setxattr("theirs", "security.capability", caps, sizeof caps, 0), EPERM);
  FAIL(removexattr("theirs", "security.capability"), EPERM);
  FAIL(getxattr("theirs", "trusted.t", value, sizeof value), ENODATA);
  FAIL(setxattr("theirs", "trusted.t", "1", 1, 0), EPERM);
  EQ(setxattr("theirs", "user.b", "1", 1, 0), 0);
  EQ(getxattr("public", "user.a", value, sizeof value), 1);
  FAIL(setxattr("public", "user.b", "1", 1, 0), EACCES);
  FAIL(getxattr("secret", "user.a", value, sizeof value), EACCES);
  FAIL(setxattr("sticky", "user.b", "1", 1, 0), EPERM);
}
static void files(void) {
  umask(022);
  make_tree();
  in_child(as_user_in);
  in_child(other_group_in);
  in_child(real_ids_in);
  in_child(root_in);
  in_child(attributes_in);
  unlink("closed/inside"), unlink("listed/f"), unlink("searched/f"), unlink("free/mine"), unlink("free/root"), unlink("sticky/root");
  unlink("secret"), unlink("public"), unlink("theirs"), unlink("forgroup"), unlink("notowner"), unlink("root-only");
  rmdir("closed"), rmdir("listed"), rmdir("searched"), rmdir("free"), rmdir("sticky"), rmdir("group");
}

// ---- programs ------------------------------------------------------------------------------------

// What a program that was started says of itself.
static int report(void) {
  uid_t r, e, s;
  gid_t gr, ge, gs;
  int sig = 0;
  getresuid(&r, &e, &s), getresgid(&gr, &ge, &gs);
  get_caps(0);
  prctl(PR_GET_PDEATHSIG, &sig);
  printf("%d %d %d %d %d %d caps %d %d secure %lu dumpable %d death %d keep %d", r, e, s, gr, ge, gs, !!(effective & BIT(KILL)),
         !!(permitted & BIT(KILL)), getauxval(AT_SECURE), prctl(PR_GET_DUMPABLE), sig, prctl(PR_GET_KEEPCAPS));
  return 0;
}

// Starts `program` after `prepare` and gives what it says.
static const char *says(const char *program, void (*prepare)(void)) {
  static char text[512];
  int pipes[2], status;
  fflush(stdout);
  if (pipe(pipes)) return "no pipe";
  pid_t pid = fork();
  if (!pid) {
    char *argv[] = {"creds", "--report", 0}, *envp[] = {0};
    dup2(pipes[1], 1), close(pipes[0]), close(pipes[1]);
    if (prepare) prepare();
    execve(program, argv, envp);
    dprintf(1, "%s", strerror(errno));
    _exit(1);
  }
  close(pipes[1]);
  size_t n = 0;
  ssize_t got;
  while ((got = read(pipes[0], text + n, sizeof text - 1 - n)) > 0) n += (size_t)got;
  text[n] = 0;
  close(pipes[0]);
  waitpid(pid, &status, 0);
  return text;
}
static void copy_self(const char *path, uid_t uid, gid_t gid, mode_t mode) {
  static char buffer[65536];
  int from = open("/proc/self/exe", O_RDONLY), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
  ssize_t n;
  while ((n = read(from, buffer, sizeof buffer)) > 0) write(to, buffer, (size_t)n);
  close(from), close(to);
  EQ(chown(path, uid, gid), 0);
  EQ(chmod(path, mode), 0);
}
static void quietly(uid_t uid, gid_t gid) {
  setgroups(0, 0), SETRESGID(gid, gid, gid), SETRESUID(uid, uid, uid);
  prctl(PR_SET_PDEATHSIG, SIGURG);
}
static void user(void) { quietly(1000, 1000); }
static void user_no_new_privs(void) { quietly(1000, 1000), prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
static void real_root(void) { SETRESUID(0, 1000, 1000); }
static void saved_root(void) { SETRESUID(1000, 1000, 0); }
static void keeping(void) {
  prctl(PR_SET_KEEPCAPS, 1);
  quietly(1000, 1000);
  set_caps(BIT(KILL), BIT(KILL), BIT(KILL));
}
static void with_ambient(void) { keeping(), prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, KILL, 0, 0); }
static void unprivileged_root(void) { prctl(PR_SET_SECUREBITS, 3); }
static void bounded(void) { prctl(PR_CAPBSET_DROP, KILL); }
static void bounded_user(void) { bounded(), user(); }

static void programs(void) {
  struct statvfs fs;
  if (!statvfs(".", &fs) && fs.f_flag & (ST_NOSUID | ST_NOEXEC)) {
    SKIP("the folder's mount gives no rights");
    return;
  }
  EQ(chmod(".", 0755), 0);
  copy_self("plain", 0, 0, 0755);
  copy_self("suid", 0, 0, 04755);
  copy_self("suid-other", 1001, 1001, 04755);
  copy_self("sgid", 0, 50, 02755);
  copy_self("sgid-locks", 0, 50, 02745);
  copy_self("unreadable", 0, 0, 0711);
  copy_self("capable", 0, 0, 0755);
  TEXT(says("plain", 0), "0 0 0 0 0 0 caps 1 1 secure 0 dumpable 1 death 0 keep 0");
  TEXT(says("plain", user), "1000 1000 1000 1000 1000 1000 caps 0 0 secure 0 dumpable 1 death 23 keep 0");
  TEXT(says("suid", user), "1000 0 0 1000 1000 1000 caps 1 1 secure 1 dumpable 0 death 0 keep 0");
  TEXT(says("suid", user_no_new_privs), "1000 1000 1000 1000 1000 1000 caps 0 0 secure 0 dumpable 1 death 23 keep 0");
  TEXT(says("suid-other", user), "1000 1001 1001 1000 1000 1000 caps 0 0 secure 1 dumpable 0 death 0 keep 0");
  TEXT(says("suid-other", 0), "0 1001 1001 0 0 0 caps 0 1 secure 1 dumpable 0 death 0 keep 0");
  TEXT(says("sgid", user), "1000 1000 1000 1000 50 50 caps 0 0 secure 1 dumpable 0 death 0 keep 0");
  TEXT(says("unreadable", user), "1000 1000 1000 1000 1000 1000 caps 0 0 secure 0 dumpable 0 death 23 keep 0");
  // Only the real id is root: permitted, not in force.
  TEXT(says("plain", real_root), "0 1000 1000 0 0 0 caps 0 1 secure 1 dumpable 0 death 0 keep 0");
  TEXT(says("plain", saved_root), "1000 1000 1000 0 0 0 caps 0 0 secure 0 dumpable 1 death 0 keep 0");
  TEXT(says("plain", keeping), "1000 1000 1000 1000 1000 1000 caps 0 0 secure 0 dumpable 1 death 23 keep 0");
  TEXT(says("plain", with_ambient), "1000 1000 1000 1000 1000 1000 caps 1 1 secure 0 dumpable 1 death 23 keep 0");
  TEXT(says("suid-other", with_ambient), "1000 1001 1001 1000 1000 1000 caps 0 0 secure 1 dumpable 0 death 0 keep 0");
  TEXT(says("plain", unprivileged_root), "0 0 0 0 0 0 caps 0 0 secure 0 dumpable 1 death 0 keep 0");
  TEXT(says("plain", bounded), "0 0 0 0 0 0 caps 0 0 secure 0 dumpable 1 death 0 keep 0");
  // struct vfs_cap_data, version 2: CAP_KILL permitted, in force.
  unsigned char caps[20] = {1, 0, 0, 2, 1 << KILL};
  if (setxattr("capable", "security.capability", caps, sizeof caps, 0)) {
    SKIP("no capabilities of files here");
  } else {
    TEXT(says("capable", user), "1000 1000 1000 1000 1000 1000 caps 1 1 secure 1 dumpable 0 death 0 keep 0");
    TEXT(says("capable", user_no_new_privs), "1000 1000 1000 1000 1000 1000 caps 0 0 secure 1 dumpable 1 death 0 keep 0");
    TEXT(says("capable", bounded_user), "Operation not permitted");
  }
  EQ(chmod("plain", 0644), 0);
  TEXT(says("plain", 0), "Permission denied");
  EQ(chmod("plain", 0700), 0);
  TEXT(says("plain", user), "Permission denied");
  unlink("plain"), unlink("suid"), unlink("suid-other"), unlink("sgid"), unlink("sgid-locks"), unlink("unreadable"), unlink("capable");
}

// ---- signals and other processes -----------------------------------------------------------------

static pid_t root_child, user_child;

static void others_in(void) {
  become(1000, 1000);
  FAIL(kill(root_child, 0), EPERM);
  FAIL(kill(root_child, SIGCONT), EPERM);
  EQ(kill(user_child, 0), 0);
  FAIL(kill(1, SIGTERM), EPERM);
  FAIL(syscall(SYS_tgkill, root_child, root_child, SIGTERM), EPERM);
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/environ", root_child);
  FAIL(open(path, O_RDONLY), EACCES);
  snprintf(path, sizeof path, "/proc/%d/fd", root_child);
  FAIL(open(path, O_RDONLY | O_DIRECTORY), EACCES);
  snprintf(path, sizeof path, "/proc/%d/exe", root_child);
  char link[256];
  FAIL(readlink(path, link, sizeof link), EACCES);
  snprintf(path, sizeof path, "/proc/%d/cwd", root_child);
  FAIL(open(path, O_PATH | O_DIRECTORY), EACCES);
  snprintf(path, sizeof path, "/proc/%d/stat", root_child);
  close(GOOD(open(path, O_RDONLY)));
  snprintf(path, sizeof path, "/proc/%d/cmdline", root_child);
  YES(*t_slurp(path));
  struct rlimit limit;
  FAIL(syscall(SYS_prlimit64, root_child, RLIMIT_NOFILE, 0, &limit), EPERM);
  FAIL(setpriority(PRIO_PROCESS, root_child, 5), EPERM);
  struct stat s;
  snprintf(path, sizeof path, "/proc/%d", user_child);
  EQ(stat(path, &s), 0);
  EQ(s.st_uid, 1000);
  EQ(s.st_gid, 1000);
}
static pid_t waiting_child(uid_t uid) {
  fflush(stdout);
  int pipes[2];
  if (pipe(pipes)) return -1;
  pid_t pid = fork();
  if (!pid) {
    setsid();
    if (uid) setgroups(0, 0), SETRESGID(uid, uid, uid), SETRESUID(uid, uid, uid);
    prctl(PR_SET_DUMPABLE, 1);
    write(pipes[1], "r", 1);
    for (;;) pause();
  }
  char ready;
  read(pipes[0], &ready, 1);
  close(pipes[0]), close(pipes[1]);
  return pid;
}
static void others(void) {
  root_child = waiting_child(0);
  user_child = waiting_child(1000);
  in_child(others_in);
  EQ(kill(root_child, SIGKILL), 0);
  EQ(kill(user_child, SIGKILL), 0);
  int status;
  EQ(waitpid(root_child, &status, 0), root_child);
  EQ(waitpid(user_child, &status, 0), user_child);
}

// ---- threads -------------------------------------------------------------------------------------

enum { THREADS = 20 };
static pthread_barrier_t changed;
static uid_t seen[THREADS];

static void *watcher(void *at) {
  pthread_barrier_wait(&changed);
  pthread_barrier_wait(&changed);
  *(uid_t *)at = syscall(SYS_geteuid);
  return 0;
}
static void *loner(void *at) {
  SETRESUID(-1, 1000, -1);
  *(uid_t *)at = syscall(SYS_geteuid);
  return 0;
}
static void threads_in(void) {
  pthread_t alone, all[THREADS];
  uid_t its = 0;
  // The kernel's call changes the calling thread alone.
  EQ(pthread_create(&alone, 0, loner, &its), 0);
  EQ(pthread_join(alone, 0), 0);
  EQ(its, 1000);
  EQ(syscall(SYS_geteuid), 0);
  // The C library's changes all.
  pthread_barrier_init(&changed, 0, THREADS + 1);
  for (int i = 0; i < THREADS; i++) EQ(pthread_create(&all[i], 0, watcher, &seen[i]), 0);
  pthread_barrier_wait(&changed);
  EQ(setresuid(1000, 1000, 1000), 0);
  pthread_barrier_wait(&changed);
  int good = 0;
  for (int i = 0; i < THREADS; i++) pthread_join(all[i], 0), good += seen[i] == 1000;
  EQ(good, THREADS);
}
static void threads(void) { in_child(threads_in); }

// A server that drops its rights cannot get them back.
static void dropped_in(void) {
  int fd = GOOD(open("/", O_RDONLY));
  EQ(setgid(65534), 0);
  EQ(setgroups(0, 0), 0);
  EQ(setuid(65534), 0);
  FAIL(setuid(0), EPERM);
  FAIL(seteuid(0), EPERM);
  FAIL(open("mine", O_RDWR), EACCES);
  FAIL(unlink("mine"), EACCES);
  FAIL(chroot("/"), EPERM);
  FAIL(syscall(SYS_sethostname, "x", 1), EPERM);
  FAIL(syscall(SYS_settimeofday, (&(struct timeval){1, 0}), 0), EPERM);
  FAIL(setpriority(PRIO_PROCESS, 0, -5), EACCES);
  struct rlimit limit = {10, 10};
  EQ(setrlimit(RLIMIT_CORE, &limit), 0);
  limit.rlim_max = 20;
  FAIL(setrlimit(RLIMIT_CORE, &limit), EPERM);
  close(fd);
}
static void dropped(void) {
  EQ(chmod(".", 0755), 0);
  EQ(close(t_file("mine", "x")), 0);
  EQ(chmod("mine", 0600), 0);
  in_child(dropped_in);
  EQ(unlink("mine"), 0);
}

int main(int argc, char **argv) {
  static const struct group groups[] = {G(ids), G(capabilities), G(files), G(programs), G(others), G(threads), G(dropped), {0, 0}};
  if (argc == 2 && !strcmp(argv[1], "--report")) return report();
  if (getuid()) {
    printf("# skip all: needs root\n0 passed, 0 failed\n");
    return 0;
  }
  return t_main(argc, argv, groups);
}
