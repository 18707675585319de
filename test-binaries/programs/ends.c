// Ends as told: `ends exit N`, `ends raise N` (dies of signal N), segv, fpe, ill, trap, abort, ….
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *leave(void *status) {
  syscall(SYS_exit_group, (int)(long)status);
  return 0;
}

static void *leave_later(void *status) {
  usleep(50000);
  return leave(status);
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "exit";
  int n = argc > 2 ? atoi(argv[2]) : 0;
  printf("ending by %s %d\n", how, n);
  fflush(stdout);
  if (!strcmp(how, "exit")) exit(n);
  if (!strcmp(how, "raise")) raise(n);
  if (!strcmp(how, "segv")) *(volatile int *)(unsigned long)(unsigned)(n + 8) = 1;
  if (!strcmp(how, "ill")) __builtin_trap();
  if (!strcmp(how, "abort")) abort();
#ifdef __x86_64__
  if (!strcmp(how, "fpe")) __asm__ volatile("xor %%edx, %%edx; mov $1, %%eax; xor %%ecx, %%ecx; div %%ecx" ::: "eax", "ecx", "edx");
  if (!strcmp(how, "trap")) __asm__ volatile("int3");
  if (!strcmp(how, "hlt")) __asm__ volatile("hlt");  // privileged: SIGSEGV
#endif
  pthread_t t;
  if (!strcmp(how, "thread")) {  // a thread other than the first ends the program
    pthread_create(&t, 0, leave, (void *)(long)n);
    for (;;) pause();
  }
  if (!strcmp(how, "main-exits")) {  // the first thread ends; the program goes on until the second says so
    pthread_create(&t, 0, leave_later, (void *)(long)n);
    syscall(SYS_exit, 99);
  }
  if (!strcmp(how, "eat")) {
    for (long mib = 0; mib < n; mib++) {
      char *p = malloc(1 << 20);
      if (!p) return 97;
      memset(p, 1, 1 << 20);
    }
  }
  if (!strcmp(how, "forever")) for (;;) __asm__ volatile("" ::: "memory");
  printf("still here\n");
  return 98;
}
