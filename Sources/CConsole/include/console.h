// What a program says to people, in a way that can neither stop, kill nor mislead it. Nothing in a text can steer the
// terminal: names come from files and peers. Control characters are shown as \uXXXX (JSON's way, so that JSON stays
// what it means).
#pragma once
#include <stdint.h>

// Puts /dev/null where descriptors 0 to 2 are closed, so that no file opened later becomes standard error; ignores
// SIGPIPE and SIGXFSZ. A closed standard output still refuses what is written to it. First thing in main, before any
// file is opened.
void console_hold_descriptors(void);

// The same, and starts the thread that writes. The program's end then waits up to a second for what was said, and is no
// success (status 1 for 0) if standard output could not be written.
void console_open(void);

// Says `text` on standard error: hands it to the thread that writes, and never waits. What finds the queue (32 KiB)
// full is dropped. From any thread; Real-time: no (a lock).
void console_say(const char *text);

// The same as a line of its own, in which an end of line is shown like any other control character: for what has names
// in it.
void console_say_line(const char *text);

// The same as a line that takes the place of what stands in the terminal's last one, and that the next replaces.
void console_redraw(const char *text);

// Waits up to `milliseconds` until all that was said is written.
void console_settle(int milliseconds);

// Messages that were said and not written: dropped, refused by the system, or still waiting.
uint64_t console_dropped(void);

// Writes `text` to standard output, and waits for a reader who takes some of it at least once per second. 0, or an
// errno (ETIMEDOUT: nobody reads), which also makes the program's end a failure.
int console_report(const char *text);

// Prints `text` through the C library.
void console_print(const char *text);
