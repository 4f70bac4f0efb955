// MuJoCo's interface. The library behind it is loaded at the first call, so that a program that only reads logs and
// trains on them needs none.

#pragma once

#include <mujoco/mujoco.h>
#include <stdbool.h>

#if mjVERSION_HEADER == 4000000
#error "MuJoCo 4.0.0 has a wrong sparse factorisation: take 4.0.1 or 3.17.0"
#endif

// NULL once the library is loaded; else why it cannot be, for people. Any other function of it ends the program then.
const char *mujoco_missing(void);

// Truth is a byte in older releases and a boolean in newer ones.
static inline bool mujoco_is_joint_limited(const mjModel *model, int joint) { return model->jnt_limited[joint]; }
static inline bool mujoco_is_command_limited(const mjModel *model, int actuator) {
  return model->actuator_ctrllimited[actuator];
}

// Both get MuJoCo's text. MuJoCo ends the program after `error`.
void mujoco_set_handlers(void (*error)(const char *), void (*warning)(const char *));
