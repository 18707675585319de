// Says hello, and what it was given.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  printf("Hello from %s\n", argv[0]);
  for (int i = 1; i < argc; i++) printf("argument %d: %s\n", i, argv[i]);
  const char *name = getenv("HELLO");
  if (name) printf("HELLO=%s\n", name);
  return 0;
}
