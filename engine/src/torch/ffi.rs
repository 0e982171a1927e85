//! The border to the C++ shim and to the C library: the only module with unsafe code. Everything
//! that leaves it is safe to call with any arguments.
//!
//! INVARIANT: a shim function returns null or a message from `strdup`, throws nothing, and writes
//! its results only on success (`engine/shim/guard.h`). A `tch::Tensor` is a pointer to an
//! `at::Tensor` made by `new`, so that tensors cross the border as they are.

use super::TorchError;
use libc::{c_char, c_double, c_int, c_void};
use std::ffi::{CStr, CString};
use std::marker::PhantomData;
use std::path::Path;
use std::ptr::{null, null_mut};
use tch::Tensor;

/// An `at::Tensor`; only its address is known here.
#[repr(C)]
struct RawTensor {
    opaque: [u8; 0],
}

/// A convolution's arguments, the same in both directions; mirrored in `shim/conv.cpp`.
#[repr(C)]
pub(super) struct ConvGeometry {
    pub(super) stride: i64,
    pub(super) pad: i64,
    pub(super) dilation: i64,
    pub(super) groups: i64,
}

/// What oneDNN applies to a convolution's result: its name for it, and the bounds where it has some.
pub(super) struct Unary {
    pub(super) name: &'static CStr,
    pub(super) bounds: Option<(f64, f64)>,
}

type Message = *mut c_char;
type Out = *mut *mut RawTensor;

unsafe extern "C" {
    fn segc_channels_last(tensor: *const RawTensor, out: Out) -> Message;
    fn segc_is_channels_last(tensor: *const RawTensor, out: *mut bool) -> Message;
    fn segc_inference_mode_enter(out: *mut *mut c_void) -> Message;
    fn segc_inference_mode_leave(guard: *mut c_void);
    fn segc_conv_prepack(
        weight: *const RawTensor,
        at: *const ConvGeometry,
        input: *const i64,
        out: Out,
    ) -> Message;
    fn segc_conv(
        x: *const RawTensor,
        weight: *const RawTensor,
        bias: *const RawTensor,
        at: *const ConvGeometry,
        activation: *const c_char,
        low: c_double,
        high: c_double,
        out: Out,
    ) -> Message;
    fn segc_conv_add(
        x: *const RawTensor,
        other: *const RawTensor,
        weight: *const RawTensor,
        bias: *const RawTensor,
        at: *const ConvGeometry,
        activation: *const c_char,
        low: c_double,
        high: c_double,
        in_place: bool,
        out: Out,
    ) -> Message;
    fn segc_memory_count_cpu() -> Message;
    fn segc_memory_cpu(now: *mut i64, most: *mut i64);
    fn segc_memory_keep_all(all: bool);
    fn segc_memory_cpu_reset_peak();
    fn segc_memory_cuda(device: i8, now: *mut i64, most: *mut i64) -> Message;
    fn segc_memory_cuda_reset_peak(device: i8) -> Message;
    fn segc_version() -> *const c_char;
    fn segc_describe(out: *mut *mut c_char) -> Message;
    fn segc_set_threads(within: c_int, between: c_int) -> Message;
    fn segc_threads() -> c_int;
    fn segc_set_deterministic(on: bool, warn: bool) -> Message;
    fn segc_set_tf32(on: bool) -> Message;
}

/// The text of a `strdup`ed string, which is freed.
///
/// # Safety
/// `text` is a C string from `malloc` that nobody else frees.
unsafe fn take(text: *mut c_char) -> String {
    // SAFETY: by this function's contract.
    unsafe {
        let owned = CStr::from_ptr(text).to_string_lossy().trim_end().to_owned();
        libc::free(text.cast());
        owned
    }
}

/// Turns the shim's answer into a result.
fn answer(message: Message) -> Result<(), TorchError> {
    if message.is_null() {
        return Ok(());
    }
    // SAFETY: by the shim's invariant.
    Err(TorchError(unsafe { take(message) }))
}

fn raw(tensor: &Tensor) -> *const RawTensor {
    tensor.as_ptr().cast()
}

fn raw_or_null(tensor: Option<&Tensor>) -> *const RawTensor {
    tensor.map_or(null(), raw)
}

/// The tensor that `call` writes.
fn tensor(call: impl FnOnce(Out) -> Message) -> Result<Tensor, TorchError> {
    let mut out = null_mut();
    answer(call(&mut out))?;
    // SAFETY: on success the shim wrote an `at::Tensor` made by `new`, now ours.
    Ok(unsafe { Tensor::from_ptr(out.cast()) })
}

pub(super) fn channels_last(x: &Tensor) -> Result<Tensor, TorchError> {
    // SAFETY: `x` lives through the call.
    tensor(|out| unsafe { segc_channels_last(raw(x), out) })
}

pub(super) fn is_channels_last(x: &Tensor) -> Result<bool, TorchError> {
    let mut is = false;
    // SAFETY: `x` and `is` live through the call.
    answer(unsafe { segc_is_channels_last(raw(x), &mut is) })?;
    Ok(is)
}

/// Inference mode on this thread, until dropped. It must not leave its thread, nor be dropped out
/// of order; `format::inference` sees to the second.
pub(super) struct InferenceGuard {
    guard: *mut c_void,
    thread_bound: PhantomData<*mut ()>,
}

impl InferenceGuard {
    pub(super) fn enter() -> Result<Self, TorchError> {
        let mut guard = null_mut();
        // SAFETY: `guard` lives through the call.
        answer(unsafe { segc_inference_mode_enter(&mut guard) })?;
        Ok(InferenceGuard { guard, thread_bound: PhantomData })
    }
}

impl Drop for InferenceGuard {
    fn drop(&mut self) {
        // SAFETY: made by `enter` on this thread, and left once.
        unsafe { segc_inference_mode_leave(self.guard) }
    }
}

pub(super) fn conv_prepack(
    weight: &Tensor,
    at: &ConvGeometry,
    input: [i64; 4],
) -> Result<Tensor, TorchError> {
    // SAFETY: all arguments live through the call, and `input` has the four values that are read.
    tensor(|out| unsafe { segc_conv_prepack(raw(weight), at, input.as_ptr(), out) })
}

pub(super) fn conv(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    at: &ConvGeometry,
    then: &Unary,
) -> Result<Tensor, TorchError> {
    let (low, high) = then.bounds.unwrap_or_default();
    let (bias, name) = (raw_or_null(bias), then.name.as_ptr());
    // SAFETY: all arguments live through the call.
    tensor(|out| unsafe { segc_conv(raw(x), raw(weight), bias, at, name, low, high, out) })
}

/// `other` is where the sum's second term is, and with `over` where the result goes.
pub(super) fn conv_add(
    x: &Tensor,
    other: (&Tensor, bool),
    weight: &Tensor,
    bias: Option<&Tensor>,
    at: &ConvGeometry,
    then: &Unary,
) -> Result<Tensor, TorchError> {
    let (low, high) = then.bounds.unwrap_or_default();
    let (bias, name, (other, over)) = (raw_or_null(bias), then.name.as_ptr(), other);
    // SAFETY: all arguments live through the call.
    tensor(|out| unsafe {
        segc_conv_add(raw(x), raw(other), raw(weight), bias, at, name, low, high, over, out)
    })
}

pub(super) fn count_cpu_memory() -> Result<(), TorchError> {
    // SAFETY: the allocator it installs is static.
    answer(unsafe { segc_memory_count_cpu() })
}

/// Bytes of live tensors on the CPU: now and at most.
pub(super) fn cpu_memory() -> (i64, i64) {
    let (mut now, mut most) = (0, 0);
    // SAFETY: both live through the call.
    unsafe { segc_memory_cpu(&mut now, &mut most) };
    (now, most)
}

pub(super) fn keep_all_memory(all: bool) {
    // SAFETY: the shim locks what it changes.
    unsafe { segc_memory_keep_all(all) }
}

pub(super) fn reset_cpu_peak() {
    // SAFETY: touches one atomic.
    unsafe { segc_memory_cpu_reset_peak() }
}

/// Bytes of live tensors on a CUDA device: now and at most.
pub(super) fn cuda_memory(device: i8) -> Result<(i64, i64), TorchError> {
    let (mut now, mut most) = (0, 0);
    // SAFETY: both live through the call.
    answer(unsafe { segc_memory_cuda(device, &mut now, &mut most) })?;
    Ok((now, most))
}

pub(super) fn reset_cuda_peak(device: i8) -> Result<(), TorchError> {
    // SAFETY: no pointers.
    answer(unsafe { segc_memory_cuda_reset_peak(device) })
}

pub(super) fn version() -> String {
    // SAFETY: a static C string.
    unsafe { CStr::from_ptr(segc_version()) }.to_string_lossy().into_owned()
}

pub(super) fn describe() -> Result<String, TorchError> {
    let mut text = null_mut();
    // SAFETY: `text` lives through the call; on success it is a string for us to free.
    unsafe {
        answer(segc_describe(&mut text))?;
        Ok(take(text))
    }
}

pub(super) fn set_threads(within: c_int, between: c_int) -> Result<(), TorchError> {
    // SAFETY: no pointers.
    answer(unsafe { segc_set_threads(within, between) })
}

pub(super) fn threads() -> usize {
    // SAFETY: no arguments.
    usize::try_from(unsafe { segc_threads() }).unwrap_or(1)
}

pub(super) fn set_deterministic(on: bool, warn: bool) -> Result<(), TorchError> {
    // SAFETY: no pointers.
    answer(unsafe { segc_set_deterministic(on, warn) })
}

pub(super) fn set_tf32(on: bool) -> Result<(), TorchError> {
    // SAFETY: no pointers.
    answer(unsafe { segc_set_tf32(on) })
}

/// Opens a library for the rest of the process, its symbols for all; the loader's words on failure.
pub(super) fn open_library(path: &Path) -> Result<(), String> {
    let path = CString::new(path.as_os_str().as_encoded_bytes()).map_err(|e| e.to_string())?;
    // SAFETY: the path is a C string. That the library's initialisers are sound is libtorch's part.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_LAZY | libc::RTLD_GLOBAL) };
    if !handle.is_null() {
        return Ok(());
    }
    // SAFETY: after a failure `dlerror` gives a C string that is valid until the next such call.
    let reason = unsafe { libc::dlerror().as_ref().map(|text| CStr::from_ptr(text)) };
    Err(reason.map_or_else(|| "no reason given".into(), |text| text.to_string_lossy().into_owned()))
}

/// Sets glibc's allocator; whether it took the value.
pub(super) fn mallopt(parameter: c_int, value: c_int) -> bool {
    // SAFETY: no pointers.
    unsafe { libc::mallopt(parameter, value) == 1 }
}

/// Seconds of processors that this process has used.
pub(super) fn processor_s() -> f64 {
    let mut spent = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock is one of every process, and `spent` is written to during the call only.
    match unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut spent) } {
        0 => spent.tv_sec as f64 + spent.tv_nsec as f64 * 1e-9,
        _ => 0.0,
    }
}

/// Ends the process without running static destructors.
pub(super) fn exit_now(code: c_int) -> ! {
    // SAFETY: does not return.
    unsafe { libc::_exit(code) }
}
