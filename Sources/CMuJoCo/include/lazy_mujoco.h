// MuJoCo's interface. The library behind it is loaded at the first call, so that a program that only reads logs and
// trains on them needs none.

#pragma once

#include <mujoco/mujoco.h>

#if mjVERSION_HEADER == 4000000
#error "MuJoCo 4.0.0 has a wrong sparse factorisation: take 4.0.1 or 3.17.0"
#endif

// NULL once the library is loaded; else why it cannot be, for people. Any other function of it ends the program then.
const char *mujoco_missing(void);

// Both get MuJoCo's text. MuJoCo ends the program after `error`.
void mujoco_set_handlers(void (*error)(const char *), void (*warning)(const char *));
