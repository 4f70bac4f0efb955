#include <hdf5.h>
#include <stdio.h>
#include <string.h>

// HDF5's constants are macros that call functions, which Swift cannot import; each gets a function here.
static inline hid_t hdf5_float32(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t hdf5_float64(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t hdf5_uint64(void) { return H5T_NATIVE_UINT64; }
static inline hid_t hdf5_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t hdf5_int8(void) { return H5T_NATIVE_INT8; }
static inline hid_t hdf5_dataset_creation_class(void) { return H5P_DATASET_CREATE; }
static inline hid_t hdf5_file_access_class(void) { return H5P_FILE_ACCESS; }
static inline hid_t hdf5_c_string(void) { return H5T_C_S1; }
static inline size_t hdf5_variable_length(void) { return H5T_VARIABLE; }
static inline hid_t hdf5_file_creation_class(void) { return H5P_FILE_CREATE; }
static inline hid_t hdf5_open_file(const char *path) { return H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT); }
static inline hid_t hdf5_create_file(const char *path, hid_t creation, hid_t access) {
  return H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
}
// The library otherwise prints a stack of its own internals for every error, and where it has failed to open a file it
// finds no end of closing itself when the program ends. Nothing is left to close then: no file stays open.
static inline void hdf5_silence(void) {
  H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

struct hdf5_text {
  char *text;
  size_t size;
};

static inline herr_t hdf5_add_cause(unsigned number, const H5E_error2_t *error, void *target) {
  struct hdf5_text *const all = (struct hdf5_text *)target;
  const size_t used = strlen(all->text);
  snprintf(all->text + used, all->size - used, "%s%s", number ? "; " : "", error->desc ? error->desc : "");
  return 0;
}

// Why the last call failed, innermost cause first, cut to `size` bytes; empty where nothing is known.
static inline void hdf5_cause(char *text, size_t size) {
  struct hdf5_text all = {text, size};
  text[0] = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, hdf5_add_cause, &all);
}
