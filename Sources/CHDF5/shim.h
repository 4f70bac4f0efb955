#include <hdf5.h>

// HDF5's constants are macros that call functions, which Swift cannot import; each gets a function here.
static inline hid_t hdf5_float32(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t hdf5_float64(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t hdf5_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t hdf5_int8(void) { return H5T_NATIVE_INT8; }
static inline hid_t hdf5_c_string(void) { return H5T_C_S1; }
static inline size_t hdf5_variable_length(void) { return H5T_VARIABLE; }
static inline hid_t hdf5_file_creation_class(void) { return H5P_FILE_CREATE; }
static inline hid_t hdf5_open_file(const char *path) { return H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT); }
static inline hid_t hdf5_create_file(const char *path, hid_t creation) {
  return H5Fcreate(path, H5F_ACC_TRUNC, creation, H5P_DEFAULT);
}
// The library otherwise prints a stack of its own internals for every error.
static inline void hdf5_silence(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }
