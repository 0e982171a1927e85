// Settings of the whole process, and what this libtorch is.
#include "guard.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/headeronly/version.h>

#include <cstring>

using segc::guarded;

extern "C" {

// The version of the headers; static.
const char* segc_version() { return TORCH_VERSION; }

// How the libtorch in use was built, for people; the caller frees it.
char* segc_describe(char** out) {
  return guarded([&] { *out = strdup(at::show_config().c_str()); });
}

char* segc_set_threads(int within, int between) {
  return guarded([&] {
    at::set_num_threads(within);
    at::set_num_interop_threads(between);
  });
}

int segc_threads() { return at::get_num_threads(); }

// Whether operators must give the same bits each time; with `warn`, one that cannot only says so.
char* segc_set_deterministic(bool on, bool warn) {
  return guarded([&] {
    at::globalContext().setDeterministicAlgorithms(on, warn);
    at::globalContext().setDeterministicCuDNN(on);
    at::globalContext().setBenchmarkCuDNN(!on);
  });
}

// Whether fp32 products may be rounded to 10 bits of mantissa on CUDA.
char* segc_set_tf32(bool on) {
  return guarded([&] {
    at::globalContext().setAllowTF32CuDNN(on);
    at::globalContext().setAllowTF32CuBLAS(on);
  });
}
}
