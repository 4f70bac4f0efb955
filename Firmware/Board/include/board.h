// The board as the application's main loop sees it: a clock, two serial lines, memory, a watchdog. Two boards implement
// it: the Cortex-M machine (Firmware/Board) and a Linux process (Firmware/Host).
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#define BOARD_REALTIME __attribute__((swift_attr("@_noAllocation"), swift_attr("@_noLocks")))
#else
#define BOARD_REALTIME
#endif

// The lines: to the controller, and to drives and sensors.
typedef enum { BOARD_LINK, BOARD_BUS } board_line;

// Starts clock, lines and watchdog.
void board_start(void);

// Nanoseconds since the start.
BOARD_REALTIME uint64_t board_now(void);

// Takes up to `capacity` bytes that `line` has received; their number.
BOARD_REALTIME size_t board_read(board_line line, void *bytes, size_t capacity);

// Hands up to `count` bytes to `line`; the number it has room for.
BOARD_REALTIME size_t board_write(board_line line, const void *bytes, size_t count);

// Sleeps until a byte has come, at most a millisecond.
BOARD_REALTIME void board_wait(void);

// Restarts the watchdog: without this for 200 ms the processor resets.
BOARD_REALTIME void board_feed_watchdog(void);

// Most bytes of stack used so far; 0 where that is not known.
BOARD_REALTIME uint32_t board_stack_bytes(void);

// Keeps `word` over resets, until the power goes.
BOARD_REALTIME void board_remember(uint32_t word);

// What was remembered before this start; 0 if it is the first since the power came.
uint32_t board_recall(void);

// `size` bytes aligned to 16, forever. There is no heap; when this is used up the processor stops.
BOARD_REALTIME void *board_take(size_t size);
