// The board on the Cortex-M machine: UARTs behind rings that interrupts feed, a 64-bit clock, the watchdog.
#include "board.h"

#include "mps2_an386.h"
#include "ring.h"

enum { LINES = 2, BAUD = 921600, POOL_BYTES = 160 * 1024 };

static ring received[LINES], transmitted[LINES];
static volatile uint32_t clock_wraps;
static uint8_t pool[POOL_BYTES] __attribute__((aligned(16)));
static size_t pool_used;

extern uint32_t stack_bottom[], stack_top[];
enum { STACK_PAINT = 0x5AFEC0DE };

// One byte per interrupt: in an emulator each access to a register costs as much as a thousand instructions.
static void receive(int line) {
  UART(line)->interrupts = UART_RECEIVED;
  const uint8_t byte = (uint8_t)UART(line)->data;
  // What has no room is a damaged frame, which the checksum finds.
  if (ring_count(&received[line]) < RING_BYTES) ring_put(&received[line], byte);
}

static void transmit(int line) {
  UART(line)->interrupts = UART_TRANSMITTED;
  while (ring_count(&transmitted[line]) && !(UART(line)->state & UART_TRANSMIT_FULL))
    UART(line)->data = ring_get(&transmitted[line]);
}

void uart0_receive_handler(void) { receive(0); }
void uart0_transmit_handler(void) { transmit(0); }
void uart1_receive_handler(void) { receive(1); }
void uart1_transmit_handler(void) { transmit(1); }

// The clock's lower half has run through.
void timer0_handler(void) {
  TIMER(0)->interrupts = 1;
  clock_wraps += 1;
}

// Wakes the main loop every millisecond.
void timer1_handler(void) { TIMER(1)->interrupts = 1; }

void board_start(void) {
  TIMER(0)->reload = TIMER(0)->value = 0xFFFFFFFFu;
  TIMER(0)->control = TIMER_ENABLE | TIMER_INTERRUPT;
  TIMER(1)->reload = TIMER(1)->value = CLOCK_HZ / 1000 - 1;
  TIMER(1)->control = TIMER_ENABLE | TIMER_INTERRUPT;
  for (int line = 0; line < LINES; line++) {
    UART(line)->divider = CLOCK_HZ / BAUD;
    UART(line)->control = UART_ENABLE_ALL;
  }
  INTERRUPT_ENABLE = 0xF | 1u << IRQ_TIMER0 | 1u << IRQ_TIMER1;
  WATCHDOG_LOCK = WATCHDOG_UNLOCKED;
  board_feed_watchdog();
  WATCHDOG->control = WATCHDOG_INTERRUPT | WATCHDOG_RESET;
}

// In 25 MHz ticks, from two halves that must belong together.
static uint64_t ticks(void) {
  for (;;) {
    const uint32_t wraps = clock_wraps;
    const uint32_t value = 0xFFFFFFFFu - TIMER(0)->value;
    // A wrap whose interrupt has not been served yet, the main loop having switched interrupts off, is seen in the
    // timer.
    const uint32_t pending = value < CLOCK_HZ ? TIMER(0)->interrupts & 1 : 0;
    if (wraps == clock_wraps) return (uint64_t)(wraps + pending) << 32 | value;
  }
}

uint64_t board_now(void) { return ticks() * (1000000000u / CLOCK_HZ); }

size_t board_read(board_line line, void *bytes, size_t capacity) {
  size_t count = 0;
  while (count < capacity && ring_count(&received[line])) ((uint8_t *)bytes)[count++] = ring_get(&received[line]);
  return count;
}

size_t board_write(board_line line, const void *bytes, size_t count) {
  size_t taken = 0;
  while (taken < count && ring_count(&transmitted[line]) < RING_BYTES)
    ring_put(&transmitted[line], ((const uint8_t *)bytes)[taken++]);
  // Starts the interrupts' chain where it stands still.
  __asm__ volatile("cpsid i" ::: "memory");
  transmit(line);
  __asm__ volatile("cpsie i" ::: "memory");
  return taken;
}

void board_wait(void) {
  // Interrupts are off while we look, so that none comes between looking and sleeping; wfi wakes for them all the same.
  __asm__ volatile("cpsid i" ::: "memory");
  if (!ring_count(&received[BOARD_LINK]) && !ring_count(&received[BOARD_BUS])) __asm__ volatile("wfi");
  __asm__ volatile("cpsie i" ::: "memory");
}

// The interrupt (NMI), which resets, comes after 200 ms; should that fail too, the watchdog resets by itself after 400.
void board_feed_watchdog(void) { WATCHDOG->load = CLOCK_HZ / 5; }

void board_paint_stack(void) {
  const uint32_t *here = __builtin_frame_address(0);
  for (uint32_t *word = stack_bottom; word < here - 16; word++) *word = STACK_PAINT;
}

uint32_t board_stack_bytes(void) {
  // Looks at a few words per call, from the bottom up to the lowest that was ever seen used.
  static uint32_t *mark, *at;
  if (!mark) mark = at = stack_top;
  for (int count = 0; count < 32; count++) {
    if (at >= mark) at = stack_bottom;
    if (*at != STACK_PAINT) mark = at;
    at += 1;
  }
  return (uint32_t)((uint8_t *)stack_top - (uint8_t *)mark);
}

void board_reset(void) {
  RESET_CONTROL = RESET_REQUEST;
  for (;;) {
  }
}

// Beside its complement: memory holds anything when the power comes.
extern volatile uint32_t kept_words[2];

void board_remember(uint32_t word) {
  kept_words[0] = word;
  kept_words[1] = ~word;
}

uint32_t board_recall(void) { return kept_words[0] == ~kept_words[1] ? kept_words[0] : 0; }

void *board_take(size_t size) {
  const size_t start = pool_used;
  if (size > POOL_BYTES - start) board_reset();
  pool_used = (start + size + 15) & ~(size_t)15;
  return pool + start;
}
