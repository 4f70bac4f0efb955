#include <mujoco/mujoco.h>

// Swift may not touch C globals, hence these two lines.
static inline void mujoco_set_handlers(void (*error)(const char *), void (*warning)(const char *)) {
  mju_user_error = error;
  mju_user_warning = warning;
}
