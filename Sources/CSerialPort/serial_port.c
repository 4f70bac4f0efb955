#define _GNU_SOURCE
#include "serial_port.h"

// Not <termios.h>: its struct knows no rate but the old fixed ones, and the kernel's own header clashes with it.
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000 };

static int make_raw(int port, uint32_t baud) {
  struct termios2 line;
  if (ioctl(port, TCGETS2, &line)) return -errno;
  line.c_iflag = 0;
  line.c_oflag = 0;
  line.c_lflag = 0;
  line.c_cflag = CS8 | CREAD | CLOCAL | BOTHER | BOTHER << IBSHIFT;
  line.c_ispeed = line.c_ospeed = baud;
  line.c_cc[VMIN] = 1;
  line.c_cc[VTIME] = 0;
  return ioctl(port, TCSETS2, &line) ? -errno : 0;
}

int sp_open(const char *path, uint32_t baud) {
  const int port = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (port < 0) return -errno;
  // Given back by the system however this process ends, unlike the tty's own exclusive mode.
  int result = flock(port, LOCK_EX | LOCK_NB) ? -errno : make_raw(port, baud);
  if (result) {
    close(port);
    return result;
  }
  struct serial_struct settings;
  if (!ioctl(port, TIOCGSERIAL, &settings)) {
    settings.flags |= ASYNC_LOW_LATENCY;
    // A driver that has no such flag refuses, and nothing is lost.
    ioctl(port, TIOCSSERIAL, &settings);
  }
  ioctl(port, TCFLSH, TCIFLUSH);
  return port;
}

// A symbolic link to `target` at `link`, in place of an older one and of nothing else.
static int point(const char *link, const char *target) {
  struct stat status;
  if (!lstat(link, &status) && !S_ISLNK(status.st_mode)) return -EEXIST;
  char fresh[4096];
  if (snprintf(fresh, sizeof fresh, "%s.%d", link, (int)getpid()) >= (int)sizeof fresh) return -ENAMETOOLONG;
  unlink(fresh);
  if (symlink(target, fresh)) return -errno;
  if (!rename(fresh, link)) return 0;
  const int code = -errno;
  unlink(fresh);
  return code;
}

int sp_open_pty(const char *link, int *far) {
  const int near = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (near < 0) return -errno;
  const int unlocked = 0;
  unsigned number;
  int result = 0;
  *far = -1;
  if (ioctl(near, TIOCSPTLCK, &unlocked) || ioctl(near, TIOCGPTN, &number)) {
    result = -errno;
  } else {
    char name[32];
    snprintf(name, sizeof name, "/dev/pts/%u", number);
    *far = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    result = *far < 0 ? -errno : make_raw(*far, 115200);
    if (!result) result = point(link, name);
  }
  if (!result) return near;
  if (*far >= 0) close(*far);
  close(near);
  return result;
}

int sp_wait(int port, uint64_t nanoseconds) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  const uint64_t now = (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
  const uint64_t left = nanoseconds > now ? nanoseconds - now : 0;
  time = (struct timespec){(time_t)(left / SECOND), (long)(left % SECOND)};
  struct pollfd entry = {.fd = port, .events = POLLIN};
  const int count = ppoll(&entry, 1, &time, NULL);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  if (entry.revents & POLLIN) return 1;
  return entry.revents ? -EIO : 0;
}

long sp_read(int port, void *bytes, size_t capacity) {
  const ssize_t count = read(port, bytes, capacity);
  if (count > 0) return count;
  if (count == 0) return -EIO;
  return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

int sp_write(int port, const void *bytes, size_t count) {
  const ssize_t written = write(port, bytes, count);
  if (written < 0) return -errno;
  return (size_t)written == count ? 0 : -EAGAIN;
}

void sp_close(int port) { close(port); }
