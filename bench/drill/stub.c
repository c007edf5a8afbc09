/* A plugin that announces an address where nobody listens, and crashes. */
#include <stdlib.h>
#include <unistd.h>

int main(void) {
  static const char line[] = "1|1|tcp|127.0.0.1:1|jsonrpc|\n";
  if (write(1, line, sizeof line - 1) < 0) return 1;
  abort();
}
