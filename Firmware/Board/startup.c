// From reset to main: vector table, memory, and what the compiled code expects of a C library and has no other source
// for.
#include <stddef.h>
#include <stdint.h>

#include "mps2_an386.h"

extern uint32_t stack_top[], data_source[], data_start[], data_end[], bss_start[], bss_end[];
int main(int, char **);
void board_paint_stack(void);
void board_reset(void);
void uart0_receive_handler(void);
void uart0_transmit_handler(void);
void uart1_receive_handler(void);
void uart1_transmit_handler(void);
void timer0_handler(void);
void timer1_handler(void);

void reset_handler(void) {
  COPROCESSOR_ACCESS |= FLOATING_POINT_ACCESS;
  __asm__ volatile("dsb\nisb");
  const uint32_t *source = data_source;
  for (uint32_t *word = data_start; word < data_end; word++) *word = *source++;
  for (uint32_t *word = bss_start; word < bss_end; word++) *word = 0;
  board_paint_stack();
  main(0, NULL);
  board_reset();
}

// A fault, or a watchdog that was not fed: start over, with the safe command.
static void fault_handler(void) { board_reset(); }
static void unused_handler(void) {}

__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {
    (void (*)(void))stack_top,
    reset_handler,
    fault_handler,  // NMI: the watchdog
    fault_handler,  // hard fault
    fault_handler,
    fault_handler,
    fault_handler,
    [7 ... 15] = unused_handler,
    [16] = uart0_receive_handler,
    uart0_transmit_handler,
    uart1_receive_handler,
    uart1_transmit_handler,
    [20 ... 23] = unused_handler,
    [24] = timer0_handler,
    timer1_handler,
    [26 ... 47] = unused_handler,
};

// The stack protector of Swift's code.
uintptr_t __stack_chk_guard = 0x7A3C59E1;
void __stack_chk_fail(void) { board_reset(); }

// protobuf-c's standard allocator, which nothing here uses, with its malloc and free renamed to these.
void *no_heap_malloc(size_t size) {
  (void)size;
  return NULL;
}
void no_heap_free(void *memory) { (void)memory; }
