// oneDNN convolutions whose weight lies in the order the processor reads it, with the activation and
// a sum fused in. The operators are internal to ATen and are reached by name through the dispatcher.
#include "guard.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <limits>
#include <optional>
#include <string>

using at::Tensor;
using c10::IValue;
using segc::guarded;
using Stack = torch::jit::Stack;

namespace {

// What oneDNN applies to the result: an operator's name and its two bounds, where it has some.
struct Unary {
  std::string name;
  c10::List<std::optional<at::Scalar>> scalars;
};

Unary unary(const char* name, double low, double high) {
  Unary result{name, c10::List<std::optional<at::Scalar>>()};
  if (low < high) {
    result.scalars.push_back(at::Scalar(low));
    result.scalars.push_back(at::Scalar(high));
  }
  return result;
}

IValue optional(const Tensor* tensor) { return tensor ? IValue(*tensor) : IValue(); }

IValue square(int64_t side) { return std::vector<int64_t>{side, side}; }

Tensor call(const char* name, const char* overload, Stack stack) {
  auto op = c10::Dispatcher::singleton().findSchemaOrThrow(name, overload);
  op.callBoxed(&stack);
  return stack.at(0).toTensor();
}

}  // namespace

extern "C" {

// The same in both directions; mirrored in src/torch/ffi.rs.
struct SegcConvGeometry {
  int64_t stride;
  int64_t pad;
  int64_t dilation;
  int64_t groups;
};

// `input` is the shape that the order is chosen for; other shapes work, less well.
char* segc_conv_prepack(const Tensor* weight, const SegcConvGeometry* at, const int64_t input[4], Tensor** out) {
  return guarded([&] {
    *out = new Tensor(call("mkldnn::_reorder_convolution_weight", "",
                           {*weight, square(at->pad), square(at->stride), square(at->dilation), at->groups,
                            IValue(std::vector<int64_t>(input, input + 4))}));
  });
}

// activation(conv(x))
char* segc_conv(const Tensor* x, const Tensor* weight, const Tensor* bias, const SegcConvGeometry* at,
                const char* activation, double low, double high, Tensor** out) {
  return guarded([&] {
    auto fused = unary(activation, low, high);
    *out = new Tensor(call("mkldnn::_convolution_pointwise", "",
                           {*x, *weight, optional(bias), square(at->pad), square(at->stride), square(at->dilation),
                            at->groups, fused.name, fused.scalars, IValue()}));
  });
}

// activation(conv(x) + other); with `in_place`, written over `other`.
char* segc_conv_add(const Tensor* x, const Tensor* other, const Tensor* weight, const Tensor* bias,
                    const SegcConvGeometry* at, const char* activation, double low, double high, bool in_place,
                    Tensor** out) {
  return guarded([&] {
    auto fused = unary(activation, low, high);
    Stack stack = in_place ? Stack{*other, *x} : Stack{*x, *other};
    IValue after = fused.name == "none" ? IValue() : IValue(fused.name);
    for (IValue argument : {IValue(*weight), optional(bias), square(at->pad), square(at->stride),
                            square(at->dilation), IValue(at->groups), IValue("add"), IValue(1.0), after,
                            IValue(fused.scalars), IValue()})
      stack.push_back(std::move(argument));
    const char* name = in_place ? "mkldnn::_convolution_pointwise_" : "mkldnn::_convolution_pointwise";
    *out = new Tensor(call(name, "binary", std::move(stack)));
  });
}
}
