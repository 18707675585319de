// Runs a command on a pseudoterminal and talks with it as a script says; prints all that it says.
//   dialogue SCRIPT COMMAND [ARGUMENT…]
// A line of the script begins with what is to be done:
//   > TEXT   types the text and the return key; \NNN is a byte in octal
//   ! TEXT   types the text alone
//   < TEXT   waits until the command has said this, after what was waited for before
//   = WORD   waits until another than the command is in the foreground ("other"), or it itself ("shell")
//   @ R C    makes the terminal R rows high and C columns wide
//   ~ MS      listens for so many milliseconds: for what nothing tells of
//   # …      means nothing
// Ends with the command's status, or with 99 where it did not say what it should.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 40000, TURN = 10 };

static char said[1 << 20];
static size_t length, at;
static int master, line_number;
static pid_t command;

static void fail(const char *what) {
  fwrite(said, 1, length, stdout);
  printf("\n*** line %d: never %s\n", line_number, what);
  fflush(stdout);
  kill(-command, SIGKILL), kill(command, SIGKILL);
  _exit(99);
}

// Takes in what the command says within so many milliseconds; 0 at its end. What a line editor asks a
// terminal, or clears, depends on how fast the two are: it is left out.
static int listen_for(int ms) {
  struct pollfd p = {master, POLLIN, 0};
  if (poll(&p, 1, ms) <= 0) return 1;
  ssize_t n = read(master, said + length, sizeof said - 1 - length);
  if (n <= 0) return 0;
  length += (size_t)n, said[length] = 0;
  for (const char **left = (const char *[]){"\033[6n", "\033[J", 0}; *left; left++)
    for (char *found; (found = strstr(said, *left));) {
      size_t size = strlen(*left);
      memmove(found, found + size, length - (size_t)(found - said) - size + 1);
      length -= size;
    }
  return 1;
}

static void hear(const char *text) {
  for (int waited = 0;; waited += TURN) {
    char *found = strstr(said + at, text);
    if (found) {
      at = (size_t)(found - said) + strlen(text);
      return;
    }
    if (waited > PATIENCE || !listen_for(TURN)) fail(text);
  }
}

static void foreground(int wants_shell) {
  for (int waited = 0;; waited += TURN) {
    pid_t group = tcgetpgrp(master);
    if (group > 0 && (group == command) == wants_shell) return;
    if (waited > PATIENCE || !listen_for(TURN)) fail("in the foreground");
  }
}

static void type(char *text, int enter) {
  char *to = text, *from = text;
  while (*from) {
    if (*from == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
      *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
      from += 4;
    } else
      *to++ = *from++;
  }
  if (enter) *to++ = '\r';
  if (write(master, text, (size_t)(to - text)) != to - text) fail("took what was typed");
}

static void start(char **argv) {
  int zero = 0, number;
  struct winsize size = {24, 80, 0, 0};
  char name[32];
  master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ioctl(master, TIOCSPTLCK, &zero) || ioctl(master, TIOCGPTN, &number)) {
    perror("dialogue: /dev/ptmx");
    exit(98);
  }
  ioctl(master, TIOCSWINSZ, &size);
  snprintf(name, sizeof name, "/dev/pts/%d", number);
  command = fork();
  if (command) return;
  // As a shell started by hand: what is ignored at its start it can never trap.
  for (int each = 1; each < 32; each++) signal(each, SIG_DFL);
  setsid();
  int slave = open(name, O_RDWR);
  if (slave < 0) _exit(98);
  for (int fd = 0; fd < 3; fd++) dup2(slave, fd);
  if (slave > 2) close(slave);
  execvp(argv[0], argv);
  perror(argv[0]);
  _exit(127);
}

int main(int argc, char **argv) {
  char line[1024];
  FILE *script = argc > 2 ? fopen(argv[1], "r") : 0;
  if (!script) return fputs("dialogue SCRIPT COMMAND [ARGUMENT…]\n", stderr), 2;
  start(argv + 2);
  while (fgets(line, sizeof line, script)) {
    line_number++;
    line[strcspn(line, "\n")] = 0;
    char *text = line[0] && line[1] == ' ' ? line + 2 : "";
    switch (line[0]) {
      case '>': type(text, 1); break;
      case '!': type(text, 0); break;
      case '<': hear(text); break;
      case '=': foreground(!strcmp(text, "shell")); break;
      case '@': {
        struct winsize size = {0};
        sscanf(text, "%hu %hu", &size.ws_row, &size.ws_col);
        if (ioctl(master, TIOCSWINSZ, &size)) fail("resized");
        break;
      }
      case '~':
        for (int left = atoi(text); left > 0 && listen_for(TURN); left -= TURN) nanosleep(&(struct timespec){0, TURN * 1000000}, 0);
        break;
      case '#': case 0: break;
      default: fail("understood");
    }
  }
  for (int waited = 0; listen_for(TURN); waited += TURN)
    if (waited > PATIENCE) fail("ended");
  int status;
  waitpid(command, &status, 0);
  fwrite(said, 1, length, stdout);
  printf("*** ended with status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  fflush(stdout);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
