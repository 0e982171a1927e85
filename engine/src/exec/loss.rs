//! Losses on logits, and what they predict.

use segc::data::classes::IGNORE;
use tch::{Kind, Reduction, TchError, Tensor};

/// The cross entropy of `logits` (N x C x h x w) against `labels` (N x H x W, of type `Int64`):
/// the mean over the pixels whose label is not `ignore`, zero where there are none. Logits of
/// another size are first brought to the labels' (bilinear, half-pixel centres). With
/// `class_weights` (one value per class) every pixel counts with its class's weight.
pub fn cross_entropy(
    logits: &Tensor,
    labels: &Tensor,
    ignore: u8,
    class_weights: Option<&Tensor>,
) -> Result<Tensor, TchError> {
    let logits = to_size_of(logits, labels)?;
    let ignore = i64::from(ignore);
    let sum = logits.f_cross_entropy_loss(labels, class_weights, Reduction::Sum, ignore, 0.0)?;
    let valid = labels.f_ne(ignore)?;
    let total = match class_weights {
        None => valid.f_sum(logits.kind())?,
        Some(weights) => {
            // What is ignored may be no class at all; its weight is dropped by the product.
            let classes = labels.f_clamp(0, weights.size1()? - 1)?;
            let by_pixel = weights.f_index_select(0, &classes.f_reshape([-1])?)?;
            by_pixel.f_mul(&valid.f_reshape([-1])?)?.f_sum(logits.kind())?
        }
    };
    // Without a valid pixel the sum is zero, and so is the loss.
    sum.f_div(&total.f_clamp_min(f64::MIN_POSITIVE.max(1e-12))?)
}

/// The most likely class of every pixel: N x H x W of type `Uint8`, at the size of `labels`.
pub fn predict(logits: &Tensor, labels: &Tensor) -> Result<Tensor, TchError> {
    to_size_of(logits, labels)?.f_argmax(1, false)?.f_to_kind(Kind::Uint8)
}

/// Logits at the size of labels (N x H x W).
fn to_size_of(logits: &Tensor, labels: &Tensor) -> Result<Tensor, TchError> {
    let (_, h, w) = labels.size3()?;
    let (_, _, from_h, from_w) = logits.size4()?;
    if (from_h, from_w) == (h, w) {
        return Ok(logits.shallow_clone());
    }
    logits.f_upsample_bilinear2d([h, w], false, None, None)
}

/// Labels as the losses take them, from train ids N x H x W; [`IGNORE`] stays what it is.
pub fn labels(ids: &[u8], dims: [usize; 3], device: tch::Device) -> Result<Tensor, TchError> {
    debug_assert!(ids.iter().all(|id| *id < 128 || *id == IGNORE), "no dataset has more classes");
    let dims = dims.map(|side| side as i64);
    Tensor::f_from_slice(ids)?.f_reshape(dims)?.f_to_device(device)?.f_to_kind(Kind::Int64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    const IDS: [u8; 4] = [0, 2, IGNORE, 1];

    fn example() -> (Tensor, Tensor) {
        let logits: Vec<f64> = (0..12).map(|at| f64::from(at * at % 7)).collect();
        let logits = Tensor::from_slice(&logits).reshape([1, 3, 2, 2]);
        (logits, labels(&IDS, [1, 2, 2], Device::Cpu).expect("four of them"))
    }

    /// By definition, over the three pixels that count.
    fn by_hand(logits: &Tensor, weights: [f64; 3]) -> f64 {
        let value = |class: i64, at: i64| logits.double_value(&[0, class, at / 2, at % 2]);
        let (mut sum, mut total) = (0.0, 0.0);
        for (at, id) in IDS.iter().enumerate().filter(|(_, id)| **id != IGNORE) {
            let exps: f64 = (0..3).map(|class| value(class, at as i64).exp()).sum();
            let weight = weights[usize::from(*id)];
            sum += weight * (exps.ln() - value(i64::from(*id), at as i64));
            total += weight;
        }
        sum / total
    }

    #[test]
    fn the_loss_is_the_mean_over_valid_pixels() {
        let (logits, labels) = example();
        let plain = cross_entropy(&logits, &labels, IGNORE, None).expect("shapes fit");
        assert!((plain.double_value(&[]) - by_hand(&logits, [1.0; 3])).abs() < 1e-12);
        let weights = [0.5, 2.0, 1.5];
        let given = Tensor::from_slice(&weights);
        let weighed = cross_entropy(&logits, &labels, IGNORE, Some(&given)).expect("shapes fit");
        assert!((weighed.double_value(&[]) - by_hand(&logits, weights)).abs() < 1e-12);
    }

    #[test]
    fn without_a_valid_pixel_there_is_no_loss_and_no_gradient() {
        let logits = example().0.set_requires_grad(true);
        let labels = labels(&[IGNORE; 4], [1, 2, 2], Device::Cpu).expect("four of them");
        let loss = cross_entropy(&logits, &labels, IGNORE, None).expect("shapes fit");
        loss.backward();
        assert_eq!(loss.double_value(&[]), 0.0);
        assert_eq!(logits.grad().abs().max().double_value(&[]), 0.0);
    }

    #[test]
    fn logits_are_brought_to_the_labels_size() {
        let (logits, _) = example();
        let labels = labels(&[1; 16], [1, 4, 4], Device::Cpu).expect("sixteen of them");
        let large = logits.upsample_bilinear2d([4, 4], false, None, None);
        let of = |x: &Tensor| cross_entropy(x, &labels, IGNORE, None).expect("shapes fit");
        assert_eq!(of(&logits), of(&large));
        let classes = predict(&logits, &labels).expect("shapes fit");
        assert_eq!((classes.size(), classes.kind()), (vec![1, 4, 4], Kind::Uint8));
        assert_eq!(
            classes.int64_value(&[0, 0, 0]),
            logits.argmax(1, false).int64_value(&[0, 0, 0])
        );
    }
}
