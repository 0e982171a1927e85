//! What libtorch takes before it does anything that matters.

use super::TorchError;
use segc::forecast::machine;
use tch::{Device, Kind, Reduction, Tensor};

/// Bytes that this process holds once libtorch has done a little of all that networks do: its code is
/// read in then, its tables and threads are there. How much that is depends on processor and system:
/// where files lie in huge pages, it is nearly twice as much as where they do not. 0 where the system
/// does not say.
///
/// # Errors
/// Where libtorch has no memory for it.
pub fn held(device: Device) -> Result<u64, TorchError> {
    little(device)?;
    Ok(machine::resident())
}

/// One step of a network of two convolutions. No random numbers are drawn.
fn little(device: Device) -> Result<(), TorchError> {
    let ones = |shape: &[i64]| Tensor::f_ones(shape, (Kind::Float, device));
    let weight = |shape: &[i64]| ones(shape)?.f_set_requires_grad(true);
    let (none, side) = (None::<&Tensor>, [32, 32]);
    let x = ones(&[2, 8, 32, 32])?;
    let full = x.f_conv2d(&weight(&[8, 8, 3, 3])?, none, [2, 2], [1, 1], [1, 1], 1)?;
    let (scale, shift) = (weight(&[8])?, weight(&[8])?);
    let (mean, var) = (ones(&[8])?, ones(&[8])?);
    let norm = full.f_batch_norm(
        Some(&scale),
        Some(&shift),
        Some(&mean),
        Some(&var),
        true,
        0.1,
        1e-5,
        false,
    )?;
    let deep = norm.f_relu()?.f_conv2d(&weight(&[8, 1, 3, 3])?, none, [1, 1], [1, 1], [1, 1], 8)?;
    let pooled = deep.f_max_pool2d([3, 3], [1, 1], [1, 1], [1, 1], false)?;
    let logits = pooled.f_upsample_bilinear2d(side, false, None, None)?;
    let labels = Tensor::f_zeros([2, 32, 32], (Kind::Int64, device))?;
    let loss = logits.f_cross_entropy_loss(&labels, none, Reduction::Mean, 255, 0.0)?;
    Ok(loss.f_backward()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much it is beside what runs take is held by `tests/plan.rs`, in a process of its own.
    #[test]
    fn libtorch_holds_tens_of_mebibytes() {
        let bytes = held(Device::Cpu).expect("there is memory");
        assert!(bytes > 50 << 20, "{bytes}");
    }
}
