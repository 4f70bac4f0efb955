// Registers of the Arm MPS2 board with a Cortex-M4 (AN386) that the firmware uses; QEMU's machine mps2-an386.
#pragma once
#include <stdint.h>

#define CLOCK_HZ 25000000u

// CMSDK UART.
typedef struct {
  volatile uint32_t data, state, control, interrupts, divider;
} uart_registers;
#define UART(n) ((uart_registers *)(0x40004000u + 0x1000u * (n)))
enum {
  UART_TRANSMIT_FULL = 1,
  UART_RECEIVE_FULL = 2,
  UART_ENABLE_ALL = 0xF,  // transmitter, receiver and the interrupts of both
  UART_TRANSMITTED = 1,
  UART_RECEIVED = 2,
};

// CMSDK timer, counting down.
typedef struct {
  volatile uint32_t control, value, reload, interrupts;
} timer_registers;
#define TIMER(n) ((timer_registers *)(0x40000000u + 0x1000u * (n)))
enum { TIMER_ENABLE = 1, TIMER_INTERRUPT = 8 };

// CMSDK watchdog, counting down: an interrupt (NMI) at the first zero, a reset at the second.
typedef struct {
  volatile uint32_t load, value, control, clear;
} watchdog_registers;
#define WATCHDOG ((watchdog_registers *)0x40008000u)
#define WATCHDOG_LOCK (*(volatile uint32_t *)0x40008C00u)
enum { WATCHDOG_INTERRUPT = 1, WATCHDOG_RESET = 2 };
#define WATCHDOG_UNLOCKED 0x1ACCE551u

// Interrupts: a receiving and a transmitting one for each UART, then the timers.
enum { IRQ_TIMER0 = 8, IRQ_TIMER1 = 9 };
#define INTERRUPT_ENABLE (*(volatile uint32_t *)0xE000E100u)
#define COPROCESSOR_ACCESS (*(volatile uint32_t *)0xE000ED88u)
#define FLOATING_POINT_ACCESS (0xFu << 20)
#define RESET_CONTROL (*(volatile uint32_t *)0xE000ED0Cu)
#define RESET_REQUEST 0x05FA0004u
