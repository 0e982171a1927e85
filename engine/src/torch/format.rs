//! Memory formats and inference mode.

use super::{TorchError, ffi};
use tch::Tensor;

/// The tensor with its channels innermost, which is what convolutions on the CPU and half-precision
/// ones on CUDA are fastest with. Shares memory where it lies so already; keeps gradients.
pub fn channels_last(x: &Tensor) -> Result<Tensor, TorchError> {
    ffi::channels_last(x)
}

/// Whether its channels are innermost.
pub fn is_channels_last(x: &Tensor) -> Result<bool, TorchError> {
    ffi::is_channels_last(x)
}

/// Runs `body` in inference mode: no gradients, and no bookkeeping that they would need. Tensors
/// made in it can never take part in a computation with gradients.
pub fn inference<T>(body: impl FnOnce() -> T) -> Result<T, TorchError> {
    let _guard = ffi::InferenceGuard::enter()?;
    Ok(body())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    fn random(dims: [i64; 4]) -> Tensor {
        Tensor::randn(dims, (Kind::Float, Device::Cpu))
    }

    #[test]
    fn channels_last_changes_the_strides_alone() {
        let x = random([2, 3, 5, 7]);
        let y = channels_last(&x).expect("no error");
        assert_eq!(y.stride(), [105, 1, 21, 3]);
        assert!(is_channels_last(&y).expect("no error"));
        assert!(!is_channels_last(&x).expect("no error"));
        assert_eq!(x, y);
    }

    #[test]
    fn a_tensor_of_another_rank_is_an_error_and_no_abort() {
        let error = channels_last(&Tensor::zeros([3], (Kind::Float, Device::Cpu)));
        let message = error.expect_err("rank 1 has no channels").to_string();
        assert!(message.contains("required rank 4"), "{message}");
    }

    #[test]
    fn inference_mode_ends_with_its_body() {
        let leaf = random([1, 1, 2, 2]).set_requires_grad(true);
        assert!(!inference(|| (&leaf * 2.0).requires_grad()).expect("no error"));
        assert!((&leaf * 2.0).requires_grad());
    }
}
