//! Settings of the whole process: what is done before the first tensor, and how it ends.

use super::{TorchError, device, ffi, memory};
use std::io::Write;
use std::num::NonZeroU16;

/// How much speed is given for the same bits each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Determinism {
    /// The fastest algorithms.
    Fast,
    /// Deterministic algorithms where there are some, a warning elsewhere.
    Preferred,
    /// Deterministic algorithms, or an error.
    Required,
}

/// Prepares the process; to be called once, before the first tensor is made.
pub fn start() -> Result<(), TorchError> {
    memory::keep_freed();
    // A CUDA part that cannot be opened is no hindrance on the CPU; `device` speaks of it to those
    // who ask for CUDA.
    let _ = device::load_cuda();
    memory::count_cpu()
}

/// Sets how many threads one operator uses, and how many run operators beside each other. The
/// second can be set once, before any work is done.
pub fn set_threads(within: NonZeroU16, between: NonZeroU16) -> Result<(), TorchError> {
    ffi::set_threads(within.get().into(), between.get().into())
}

/// How many threads one operator uses.
pub fn threads() -> usize {
    ffi::threads()
}

/// Chooses between speed and the same bits each time.
pub fn set_determinism(wanted: Determinism) -> Result<(), TorchError> {
    match wanted {
        Determinism::Fast => ffi::set_deterministic(false, false),
        Determinism::Preferred => ffi::set_deterministic(true, true),
        Determinism::Required => ffi::set_deterministic(true, false),
    }
}

/// Keeps fp32 products exact on CUDA, where they may be rounded to 10 bits of mantissa by default.
pub fn forbid_tf32() -> Result<(), TorchError> {
    ffi::set_tf32(false)
}

/// Lets fp32 products be rounded to 10 bits of mantissa on CUDA, which is several times faster.
pub fn allow_tf32() -> Result<(), TorchError> {
    ffi::set_tf32(true)
}

/// Seconds of processors that this process has used, in all its threads.
pub fn processor_s() -> f64 {
    ffi::processor_s()
}

/// The version of libtorch that this was built for.
pub fn version() -> String {
    ffi::version()
}

/// How the libtorch in use was built, in several lines for people.
pub fn describe() -> Result<String, TorchError> {
    ffi::describe()
}

/// Ends the process. Nothing is left to do after the work, and libtorch's static destructors take
/// longer than small commands do.
pub fn exit(code: i32) -> ! {
    // A reader that went away is no reason not to end.
    let _ = std::io::stdout().flush();
    let _ = std::io::stderr().flush();
    ffi::exit_now(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_is_pinned() {
        assert_eq!(version(), "2.11.0");
        assert!(describe().expect("no error").contains("PyTorch built with"));
    }

    #[test]
    fn determinism_and_products_can_be_set() {
        for wanted in [Determinism::Required, Determinism::Preferred, Determinism::Fast] {
            set_determinism(wanted).expect("no error");
        }
        allow_tf32().expect("no error");
        forbid_tf32().expect("no error");
        assert!(threads() >= 1);
    }
}
