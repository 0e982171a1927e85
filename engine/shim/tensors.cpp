// Memory formats and inference mode.
#include "guard.h"

#include <ATen/core/Tensor.h>
#include <c10/core/InferenceMode.h>

using at::Tensor;
using segc::guarded;

extern "C" {

// A new handle on `tensor` with channels innermost; shares memory where it lies so already.
char* segc_channels_last(const Tensor* tensor, Tensor** out) {
  return guarded([&] { *out = new Tensor(tensor->contiguous(at::MemoryFormat::ChannelsLast)); });
}

char* segc_is_channels_last(const Tensor* tensor, bool* out) {
  return guarded([&] { *out = tensor->is_contiguous(at::MemoryFormat::ChannelsLast); });
}

// Inference mode lasts, on this thread, until the guard is left. Guards are left in reverse order.
char* segc_inference_mode_enter(c10::InferenceMode** out) {
  return guarded([&] { *out = new c10::InferenceMode(true); });
}

void segc_inference_mode_leave(c10::InferenceMode* guard) { delete guard; }
}
