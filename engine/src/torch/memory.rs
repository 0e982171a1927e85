//! Memory: how much live tensors take, and keeping what was freed for the next ones.

use super::{TorchError, ffi};
use libc::c_int;
use tch::Device;

/// Bytes that live tensors take on one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Now.
    pub live: u64,
    /// At most, since the start or the last [`reset_peak`].
    pub peak: u64,
}

/// Memory that is asked for at once when more is needed.
const TOP_PAD: c_int = 64 << 20;

/// Keeps freed memory in the process. By default glibc gives every block over 128 KiB back to the
/// kernel, and the page faults of taking it again cost a quarter to half of an inference.
pub fn keep_freed() {
    // Only glibc has these settings; elsewhere nothing is lost but time.
    ffi::mallopt(libc::M_MMAP_MAX, 0);
    ffi::mallopt(libc::M_TRIM_THRESHOLD, -1);
    ffi::mallopt(libc::M_TOP_PAD, TOP_PAD);
}

/// Counts CPU tensors from now on; [`usage`] is zero before. Tensors on CUDA are always counted.
pub fn count_cpu() -> Result<(), TorchError> {
    ffi::count_cpu_memory()
}

/// Whether all large blocks that are freed on the CPU are kept: for inference, which asks for the same
/// ones again and again. Otherwise what is kept stays a small share of what was in use at most, as
/// the prediction of a training step's memory has it.
pub fn keep_all(all: bool) {
    ffi::keep_all_memory(all);
}

/// What live tensors take on `device`; zero for a kind of device that is not counted.
pub fn usage(device: Device) -> Result<Usage, TorchError> {
    let (live, peak) = match device {
        Device::Cpu => ffi::cpu_memory(),
        Device::Cuda(index) => ffi::cuda_memory(small(index)?)?,
        Device::Mps | Device::Vulkan => (0, 0),
    };
    let bytes = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok(Usage { live: bytes(live), peak: bytes(peak) })
}

/// Starts a new peak from what is live now.
pub fn reset_peak(device: Device) -> Result<(), TorchError> {
    match device {
        Device::Cpu => ffi::reset_cpu_peak(),
        Device::Cuda(index) => ffi::reset_cuda_peak(small(index)?)?,
        Device::Mps | Device::Vulkan => {}
    }
    Ok(())
}

fn small(index: usize) -> Result<i8, TorchError> {
    i8::try_from(index).map_err(|_| TorchError(format!("there is no CUDA device {index}")))
}
