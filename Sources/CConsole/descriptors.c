#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "console.h"

void console_hold_descriptors(void) {
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // Open for reading, standard output refuses to be written: results that go nowhere are no success. What is said
    // may.
    const int mode = descriptor == 2 ? O_WRONLY : O_RDONLY;
    // The lowest free descriptor is the one that is closed. Anything is better there than a file of ours.
    if (open("/dev/null", mode) < 0 && open("/", O_RDONLY) < 0) _exit(71);
  }
  signal(SIGPIPE, SIG_IGN);
  // A file that may grow no further is an error of its write, like a full disk.
  signal(SIGXFSZ, SIG_IGN);
}
