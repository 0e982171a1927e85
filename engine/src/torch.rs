//! What tch lacks, made safe: memory formats, inference mode, fused convolutions, memory counts,
//! CUDA on demand, settings of the process. The C++ behind it is in `engine/shim`; the only unsafe
//! code of the project is in [`ffi`].

pub mod conv;
pub mod device;
#[expect(unsafe_code, reason = "the border to C++ and C; nothing else needs it")]
mod ffi;
pub mod format;
pub mod memory;
pub mod process;
pub mod warm;

pub use conv::{FusedAct, Geometry, PackedConv};
pub use device::{DeviceError, device, load_cuda};
pub use format::{channels_last, inference, is_channels_last};
pub use process::{Determinism, exit, start};

/// What libtorch reports when an operation cannot be done.
#[derive(Debug, thiserror::Error)]
#[error("libtorch: {0}")]
pub struct TorchError(String);

impl From<tch::TchError> for TorchError {
    fn from(error: tch::TchError) -> Self {
        TorchError(error.to_string())
    }
}
