// MuJoCo's functions as this program calls them: each looks the library up first.

#include "include/lazy_mujoco.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

// result, name, parameters, arguments
#define FUNCTIONS(FUNCTION)                                                                                            \
  FUNCTION(mjModel *, mj_loadXML, (const char *file, const mjVFS *files, char *error, int size),                       \
           (file, files, error, size))                                                                                 \
  FUNCTION(mjModel *, mj_copyModel, (mjModel * to, const mjModel *from), (to, from))                                   \
  FUNCTION(void, mj_deleteModel, (mjModel * model), (model))                                                           \
  FUNCTION(mjData *, mj_makeData, (const mjModel *model), (model))                                                     \
  FUNCTION(void, mj_deleteData, (mjData * data), (data))                                                               \
  FUNCTION(void, mj_resetData, (const mjModel *model, mjData *data), (model, data))                                    \
  FUNCTION(void, mj_forward, (const mjModel *model, mjData *data), (model, data))                                      \
  FUNCTION(void, mj_step, (const mjModel *model, mjData *data), (model, data))                                         \
  FUNCTION(int, mj_name2id, (const mjModel *model, int type, const char *name), (model, type, name))                   \
  FUNCTION(const char *, mj_versionString, (void), ())                                                                 \
  FUNCTION(int, mj_version, (void), ())                                                                                \
  FUNCTION(void, mju_rotVecQuat, (mjtNum to[3], const mjtNum from[3], const mjtNum turn[4]), (to, from, turn))         \
  FUNCTION(void, mj_setConst, (mjModel * model, mjData *data), (model, data))                                          \
  FUNCTION(const char *, mj_id2name, (const mjModel *model, int type, int id), (model, type, id))                      \
  FUNCTION(void, mj_objectVelocity,                                                                                    \
           (const mjModel *model, const mjData *data, int type, int id, mjtNum velocity[6], int is_local),             \
           (model, data, type, id, velocity, is_local))

#define FIELD(result, name, parameters, arguments) result(*name) parameters;
static struct {
  FUNCTIONS(FIELD)
  void (**error)(const char *);
  void (**warning)(const char *);
} mujoco;

static char missing[600];
static pthread_once_t once = PTHREAD_ONCE_INIT;

// The name under which a release is installed; MUJOCO_LIBRARY names the file of a library chosen at build time.
static void name_library(char *name, size_t size) {
#ifdef MUJOCO_LIBRARY
  snprintf(name, size, "%s", MUJOCO_LIBRARY);
#else
  // 222 is 2.2.2; from 3.10 on 3017000 is 3.17.0.
  const int version = mjVERSION_HEADER, base = version < 1000 ? 10 : 1000;
  snprintf(name, size, "libmujoco.so.%d.%d.%d", version / base / base, version / base % base, version % base);
#endif
}

static void load(void) {
  char name[400];
  name_library(name, sizeof name);
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(
        missing, sizeof missing, "MuJoCo cannot be loaded (%s); Debian's package libmujoco2.2.2 holds it", dlerror());
    return;
  }
#define LOOK_UP(result, name, parameters, arguments)                                                                   \
  if (!(mujoco.name = (result(*) parameters)dlsym(library, #name))) goto incomplete;
  FUNCTIONS(LOOK_UP)
  mujoco.error = dlsym(library, "mju_user_error");
  mujoco.warning = dlsym(library, "mju_user_warning");
  if (!mujoco.error || !mujoco.warning || mujoco.mj_version() != mjVERSION_HEADER) goto incomplete;
  return;
incomplete:
  snprintf(missing, sizeof missing, "%s is not the MuJoCo that this program was built for (version %d)", name,
           mjVERSION_HEADER);
}

const char *mujoco_missing(void) {
  pthread_once(&once, load);
  return missing[0] ? missing : NULL;
}

static void require(void) {
  if (!mujoco_missing()) return;
  fprintf(stderr, "%s\n", missing);
  abort();
}

void mujoco_set_handlers(void (*error)(const char *), void (*warning)(const char *)) {
  require();
  *mujoco.error = error;
  *mujoco.warning = warning;
}

#define DEFINE(result, name, parameters, arguments)                                                                    \
  result name parameters {                                                                                             \
    require();                                                                                                         \
    return mujoco.name arguments;                                                                                      \
  }
FUNCTIONS(DEFINE)
