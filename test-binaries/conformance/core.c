// Core files: core(5). A child with threads crashes; its parent reads what is left of it. With --give the
// program crashes such a child and prints its core file in base64, for a debugger elsewhere.
#include "t.h"
#include <elf.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/user.h>
#include <sys/wait.h>

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE 0x202
#endif
enum { WAITERS = 3, FILE_NOTE = 0x46494c45, SIGNAL_NOTE = 0x53494749 };

static char secret[64] = "the memory of a program that is gone";
static char *hidden, *plain, *holes, *shared;
static _Atomic int ready;
// Some threads sleep, others run.
__attribute__((noinline)) static void waits_here(volatile long number) {
  ready++;
  for (;;)
    if (number == 0) pause();
    else __asm__ volatile("pause");
}
static void *waiter(void *at) {
  waits_here((long)at);
  return 0;
}
__attribute__((noinline)) static void crashes_here(volatile int *where) {
  *where = 42;
}
__attribute__((noinline)) static void leads_there(int depth) {
  if (depth > 0) leads_there(depth - 1);
  else crashes_here((int *)8);
  __asm__ volatile("" ::: "memory");
}

static void allow_core(rlim_t size) {
  struct rlimit limit;
  getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
  setrlimit(RLIMIT_CORE, &limit);
}
static void crash_with_threads(void) {
  pthread_t thread;
  allow_core(RLIM_INFINITY);
  strcat(secret, ", changed");
  plain = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  hidden = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  holes = mmap(0, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  strcpy(plain + 4096, "plain memory");
  strcpy(hidden, "must not be seen");
  strcpy(holes + (32 << 20), "amid holes");
  strcpy(shared, "shared memory");
  madvise(hidden, 1 << 20, MADV_DONTDUMP);
  for (long i = 0; i < WAITERS; i++) pthread_create(&thread, 0, waiter, (void *)i);
  while (ready < WAITERS) sched_yield();
  leads_there(3);
}

static int status_of(void (*child)(void), pid_t *pid) {
  fflush(stdout);
  *pid = fork();
  if (!*pid) {
    child();
    _exit(99);
  }
  int status = -1;
  waitpid(*pid, &status, 0);
  return status;
}

// ---- reading it ----------------------------------------------------------------------------------

static unsigned char *core;
static size_t core_size;

static int load(const char *path) {
  struct stat s;
  int fd = open(path, O_RDONLY);
  if (fd < 0 || fstat(fd, &s)) return -1;
  core_size = (size_t)s.st_size;
  core = mmap(0, core_size, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  return core == MAP_FAILED ? -1 : 0;
}
static const void *at_address(const void *address) {
  const Elf64_Ehdr *e = (void *)core;
  const Elf64_Phdr *p = (void *)(core + e->e_phoff);
  for (int i = 0; i < e->e_phnum; i++)
    if (p[i].p_type == PT_LOAD && (uintptr_t)address >= p[i].p_vaddr && (uintptr_t)address < p[i].p_vaddr + p[i].p_filesz)
      return core + p[i].p_offset + ((uintptr_t)address - p[i].p_vaddr);
  return 0;
}
// The note of this kind with this number among those of the kind.
static const void *note(unsigned kind, int number, size_t *size) {
  const Elf64_Ehdr *e = (void *)core;
  const Elf64_Phdr *p = (void *)(core + e->e_phoff);
  for (int i = 0; i < e->e_phnum; i++) {
    if (p[i].p_type != PT_NOTE) continue;
    for (size_t at = p[i].p_offset, end = at + p[i].p_filesz; at + 12 <= end;) {
      const Elf64_Nhdr *n = (void *)(core + at);
      size_t content = at + 12 + ((n->n_namesz + 3) & ~3u);
      if (n->n_type == kind && number-- == 0) {
        if (size) *size = n->n_descsz;
        return core + content;
      }
      at = content + ((n->n_descsz + 3) & ~3u);
    }
  }
  return 0;
}
static int notes(unsigned kind) {
  int n = 0;
  while (note(kind, n, 0)) n++;
  return n;
}

static int own_pattern(void) { return !strcmp(t_slurp("/proc/sys/kernel/core_pattern"), "core\n"); }

static void contents(void) {
  pid_t pid;
  if (!own_pattern()) {
    SKIP("core files go elsewhere here");
    return;
  }
  int status = status_of(crash_with_threads, &pid);
  YES(WIFSIGNALED(status));
  EQ(WTERMSIG(status), SIGSEGV);
  YES(WCOREDUMP(status));
  struct stat s;
  EQ(stat("core", &s), 0);
  EQ(s.st_mode, S_IFREG | 0600);
  EQ(s.st_uid, getuid());
  YES(s.st_size > 64 << 20);
  // Holes take no memory.
  YES(s.st_blocks * 512 < 4 << 20);
  EQ(load("core"), 0);
  const Elf64_Ehdr *e = (void *)core;
  YES(!memcmp(e->e_ident, ELFMAG, 4));
  EQ(e->e_type, ET_CORE);
  EQ(e->e_machine, EM_X86_64);
  EQ(e->e_phentsize, sizeof(Elf64_Phdr));
  size_t size;
  EQ(notes(NT_PRSTATUS), WAITERS + 1);
  EQ(notes(NT_PRPSINFO), 1);
  EQ(notes(SIGNAL_NOTE), 1);
  EQ(notes(NT_AUXV), 1);
  EQ(notes(FILE_NOTE), 1);
  EQ(notes(NT_FPREGSET), WAITERS + 1);
  const struct elf_prstatus *status1 = note(NT_PRSTATUS, 0, &size);
  EQ(size, sizeof *status1);
  EQ(status1->pr_pid, pid);
  EQ(status1->pr_ppid, getpid());
  EQ(status1->pr_cursig, SIGSEGV);
  EQ(status1->pr_info.si_signo, SIGSEGV);
  const struct user_regs_struct *r = (void *)&status1->pr_reg;
  uintptr_t f = (uintptr_t)crashes_here;
  YES(r->rip >= f && r->rip < f + 64);
  YES(r->rsp > 4096 && at_address((void *)r->rsp));
  YES(r->fs_base != 0 && at_address((void *)r->fs_base));
  int threads = 0;
  for (int i = 1; i <= WAITERS; i++) {
    const struct elf_prstatus *other = note(NT_PRSTATUS, i, 0);
    const struct user_regs_struct *o = (void *)&other->pr_reg;
    threads += other->pr_pid > pid && o->orig_rax != 0 && o->rsp != r->rsp && o->fs_base != r->fs_base && at_address((void *)o->rsp);
  }
  EQ(threads, WAITERS);
  const struct elf_prpsinfo *info = note(NT_PRPSINFO, 0, &size);
  EQ(size, sizeof *info);
  EQ(info->pr_pid, pid);
  EQ(info->pr_ppid, getpid());
  YES(!strncmp(info->pr_fname, "core", 4));
  YES(strstr(info->pr_psargs, "core"));
  const siginfo_t *sig = note(SIGNAL_NOTE, 0, &size);
  EQ(size, sizeof *sig);
  EQ(sig->si_signo, SIGSEGV);
  EQ(sig->si_code, SEGV_MAPERR);
  EQ((uintptr_t)sig->si_addr, 8);
  const unsigned long *files = note(FILE_NOTE, 0, &size);
  YES(files[0] >= 1 && files[1] == 4096);
  const char *name = (const char *)(files + 2 + 3 * files[0]);
  char self[256] = "";
  readlink("/proc/self/exe", self, sizeof self - 1);
  int named = 0;
  for (unsigned long i = 0; i < files[0]; i++, name += strlen(name) + 1) named += !strcmp(name, self);
  YES(named);
  const unsigned long *auxv = note(NT_AUXV, 0, &size);
  unsigned long entry = 0;
  for (; auxv[0]; auxv += 2)
    if (auxv[0] == AT_ENTRY) entry = auxv[1];
  YES(entry != 0);
  note(NT_FPREGSET, 0, &size);
  EQ(size, 512);
  if (notes(NT_X86_XSTATE)) {
    const unsigned char *x = note(NT_X86_XSTATE, 0, &size);
    YES(size >= 576);
    YES((x[464] & 3) == 3);
  }
  // Memory.
  const char *text = at_address(secret);
  TEXT(text, "the memory of a program that is gone, changed");
  // What the child has mapped is where its own variables say.
  char *const *place = at_address(&plain);
  TEXT((const char *)at_address(*place + 4096), "plain memory");
  place = at_address(&holes);
  TEXT((const char *)at_address(*place + (32 << 20)), "amid holes");
  YES(*(const char *)at_address(*place + (16 << 20)) == 0);
  place = at_address(&shared);
  TEXT((const char *)at_address(*place), "shared memory");
  place = at_address(&hidden);
  YES(!at_address(*place));
  munmap(core, core_size);
  EQ(unlink("core"), 0);
}

// ---- when there is none --------------------------------------------------------------------------

static void abort_without_core(void) { allow_core(0), abort(); }
static void abort_undumpable(void) { allow_core(RLIM_INFINITY), prctl(PR_SET_DUMPABLE, 0), abort(); }
static void abort_limited(void) {
  allow_core(16384);
  abort();
}
static void abort_plainly(void) { allow_core(RLIM_INFINITY), abort(); }
static void end_by_term(void) { allow_core(RLIM_INFINITY), raise(SIGTERM); }
static void quit(void) { allow_core(RLIM_INFINITY), raise(SIGQUIT); }
static void abort_elsewhere(void) { allow_core(RLIM_INFINITY), chdir("sub"), abort(); }
static void abort_dropped(void) { allow_core(RLIM_INFINITY), setresgid(1000, 1000, 1000), setresuid(1000, 1000, 1000), abort(); }

static void refusals(void) {
  pid_t pid;
  if (!own_pattern()) {
    SKIP("core files go elsewhere here");
    return;
  }
  int status = status_of(abort_without_core, &pid);
  EQ(status, SIGABRT);
  FAIL(access("core", F_OK), ENOENT);
  EQ(status_of(abort_undumpable, &pid), SIGABRT);
  FAIL(access("core", F_OK), ENOENT);
  EQ(status_of(end_by_term, &pid), SIGTERM);
  EQ(status_of(abort_dropped, &pid), SIGABRT);
  FAIL(access("core", F_OK), ENOENT);
  EQ(status_of(abort_limited, &pid), SIGABRT | 0x80);
  struct stat s;
  EQ(stat("core", &s), 0);
  YES(s.st_blocks * 512 <= 16384 + 4096);
  // What is there makes way, and is not written to.
  EQ(close(t_file("target", "old")), 0);
  EQ(link("target", "core2"), 0);
  EQ(rename("core2", "core"), 0);
  EQ(status_of(abort_plainly, &pid), SIGABRT | 0x80);
  EQ(unlink("core"), 0);
  EQ(symlink("target", "core"), 0);
  EQ(status_of(abort_plainly, &pid), SIGABRT | 0x80);
  EQ(lstat("core", &s), 0);
  YES(S_ISREG(s.st_mode));
  EQ(unlink("core"), 0);
  TEXT(t_slurp("target"), "old");
  EQ(unlink("target"), 0);
  EQ(mkdir("core", 0755), 0);
  EQ(status_of(abort_plainly, &pid), SIGABRT);
  EQ(rmdir("core"), 0);
  // An old one is replaced.
  EQ(close(t_file("core", "old")), 0);
  EQ(status_of(quit, &pid), SIGQUIT | 0x80);
  EQ(load("core"), 0);
  YES(!memcmp(core, ELFMAG, 4));
  EQ(notes(NT_PRSTATUS), 1);
  munmap(core, core_size);
  EQ(unlink("core"), 0);
  EQ(mkdir("sub", 0755), 0);
  EQ(status_of(abort_elsewhere, &pid), SIGABRT | 0x80);
  EQ(unlink("sub/core"), 0);
  EQ(rmdir("sub"), 0);
  // waitid says the same.
  fflush(stdout);
  if (!(pid = fork())) quit(), _exit(99);
  siginfo_t info;
  EQ(waitid(P_PID, pid, &info, WEXITED), 0);
  EQ(info.si_code, CLD_DUMPED);
  EQ(info.si_status, SIGQUIT);
  EQ(unlink("core"), 0);
}

static void settings(void) {
  YES(strstr(t_slurp("/proc/self/coredump_filter"), "00000033"));
  int fd = GOOD(open("/proc/self/coredump_filter", O_RDWR));
  EQ(write(fd, "0x23", 4), 4);
  TEXT(t_slurp("/proc/self/coredump_filter"), "00000023\n");
  fflush(stdout);
  pid_t pid = fork();
  if (!pid) _exit(strcmp(t_slurp("/proc/self/coredump_filter"), "00000023\n") ? 1 : 0);
  int status = -1;
  waitpid(pid, &status, 0);
  EQ(status, 0);
  EQ(pwrite(fd, "0x33", 4, 0), 4);
  close(fd);
  // What follows changes settings of the whole machine.
  if (!strstr(t_slurp("/proc/version"), "elfin@elfin")) {
    SKIP("settings of the machine");
    return;
  }
  fd = GOOD(open("/proc/sys/kernel/core_pattern", O_RDWR));
  EQ(write(fd, "%e.%p.%s.%u.%%", 14), 14);
  TEXT(t_slurp("/proc/sys/kernel/core_pattern"), "%e.%p.%s.%u.%%\n");
  EQ(status_of(abort_plainly, &pid), SIGABRT | 0x80);
  char name[64], comm[16];
  prctl(PR_GET_NAME, comm);
  snprintf(name, sizeof name, "%s.%d.6.0.%%", comm, pid);
  EQ(unlink(name), 0);
  EQ(pwrite(fd, "core\n", 5, 0), 5);
  FAIL2(pwrite(fd, "|/bin/true", 10, 0), EOPNOTSUPP, EINVAL);
  TEXT(t_slurp("/proc/sys/kernel/core_pattern"), "core\n");
  close(fd);
  fd = GOOD(open("/proc/sys/kernel/core_uses_pid", O_RDWR));
  EQ(write(fd, "1\n", 2), 2);
  EQ(status_of(abort_plainly, &pid), SIGABRT | 0x80);
  snprintf(name, sizeof name, "core.%d", pid);
  EQ(unlink(name), 0);
  EQ(pwrite(fd, "0\n", 2, 0), 2);
  close(fd);
}

static int give(void) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  pid_t pid;
  chdir("/tmp");
  int status = status_of(crash_with_threads, &pid);
  if (!WCOREDUMP(status) || load("core")) return 1;
  unlink("core");
  // Runs of zeroes are told by their lengths.
  for (size_t at = 0; at < core_size;) {
    size_t zeroes = 0;
    while (at + zeroes < core_size && !core[at + zeroes]) zeroes++;
    if (zeroes >= 48) {
      printf("core: *%zu\n", zeroes);
      at += zeroes;
      continue;
    }
    char line[80];
    size_t n = core_size - at < 48 ? core_size - at : 48, out = 0;
    for (size_t i = 0; i < n; i += 3) {
      unsigned word = core[at + i] << 16 | (i + 1 < n ? core[at + i + 1] : 0) << 8 | (i + 2 < n ? core[at + i + 2] : 0);
      for (int k = 0; k < 4; k++) line[out++] = (size_t)k > n - i ? '=' : digits[word >> (18 - 6 * k) & 63];
    }
    line[out] = 0;
    printf("core: %s\n", line);
    at += n;
  }
  return 0;
}

int main(int argc, char **argv) {
  static const struct group groups[] = {G(contents), G(refusals), G(settings), {0, 0}};
  if (argc == 2 && !strcmp(argv[1], "--give")) return give();
  return t_main(argc, argv, groups);
}
