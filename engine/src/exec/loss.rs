//! Losses on logits, and what they predict.

#[cfg(test)]
mod reference;

use segc::data::classes::IGNORE;
use segc::search::loss::{Distance, Distill, Grid, Hard, Per, Pixels, Unit};
use tch::{Kind, Reduction, TchError, Tensor};

/// The loss of `logits` (N x C x h x w) against `labels` (N x H x W, of type `Int64`) by the rule
/// `pixels`, a tensor without dimensions; `weights` are its classes' (C). Outputs and labels meet on
/// the grid `at`. Where no pixel counts the loss is zero, and so is its gradient.
///
/// # Errors
/// When libtorch refuses: shapes that do not fit, or no memory.
pub fn pixel_loss(
    logits: &Tensor,
    labels: &Tensor,
    pixels: &Pixels,
    weights: Option<&Tensor>,
    at: Grid,
) -> Result<Tensor, TchError> {
    let (logits, labels) = meet(logits, labels, at)?;
    let ignore = i64::from(pixels.ignore);
    let counted = match &pixels.hard {
        None => labels.shallow_clone(),
        Some(hard) => tch::no_grad(|| hard_labels(&logits, &labels, ignore, hard))?,
    };
    let sum = logits.f_cross_entropy_loss(&counted, weights, Reduction::Sum, ignore, 0.0)?;
    let total = total_weight(&counted, ignore, weights, pixels.per, logits.kind())?;
    // Without a pixel that counts the sum is zero.
    sum.f_div(&total.f_clamp_min(1e-12)?)
}

/// What the sum of pixels' losses is divided by.
fn total_weight(
    labels: &Tensor,
    ignore: i64,
    weights: Option<&Tensor>,
    per: Per,
    kind: Kind,
) -> Result<Tensor, TchError> {
    let valid = labels.f_ne(ignore)?;
    let Some(weights) = weights else { return valid.f_sum(kind) };
    // What is ignored may be no class at all; its weight is dropped by the product.
    let classes = labels.f_clamp(0, weights.size1()? - 1)?;
    let weights = match per {
        Per::Weight => weights.shallow_clone(),
        Per::Pixel => weights.f_ne(0)?,
    };
    let by_pixel = weights.f_index_select(0, &classes.f_reshape([-1])?)?;
    by_pixel.f_mul(&valid.f_reshape([-1])?)?.f_sum(kind)
}

/// The labels with all pixels ignored that the network is sure of: those whose own class has a
/// probability above `hard.threshold`, or above that of the `k`-th least sure where fewer than
/// `k = hard.keep` would be left. With less than `k` labelled pixels all of them count.
///
/// Source: Shrivastava et al., arXiv 1604.03540, with the bound on probabilities that public
/// segmentation codes share.
fn hard_labels(
    logits: &Tensor,
    labels: &Tensor,
    ignore: i64,
    hard: &Hard,
) -> Result<Tensor, TchError> {
    let valid = labels.f_ne(ignore)?;
    let none = None::<&Tensor>;
    let each = logits.f_cross_entropy_loss(labels, none, Reduction::None, ignore, 0.0)?;
    // Ignored pixels have no loss, so that they count as known.
    let known = each.f_neg()?.f_exp()?;
    let keep = i64::try_from(hard.keep.of(labels.numel() as u64)).unwrap_or(i64::MAX);
    let labelled = valid.f_sum(Kind::Int64)?.f_int64_value(&[])?;
    if keep > labelled {
        return Ok(labels.shallow_clone());
    }
    let mut bound = hard.threshold;
    if keep > 0 {
        let (least, _) = known.f_reshape([-1])?.f_kthvalue(keep, 0, false)?;
        bound = bound.max(least.f_double_value(&[])?);
    }
    let sure = known.f_gt(bound)?;
    labels.f_masked_fill(&sure, ignore)
}

/// How far `logits` (N x C x h x w) are from a `teacher`'s (N x C of any size), a tensor without
/// dimensions. They meet on the grid `at`: that of `labels` (N x H x W), or the output's, to which the
/// teacher's are then brought, bilinearly. All pixels count.
///
/// # Errors
/// When libtorch refuses: shapes that do not fit, or no memory.
pub fn distance(
    logits: &Tensor,
    teacher: &Tensor,
    labels: &Tensor,
    rule: &Distill,
    at: Grid,
) -> Result<Tensor, TchError> {
    let (logits, teacher) = match at {
        Grid::Labels => (to_size_of(logits, labels)?, to_size_of(teacher, labels)?),
        Grid::Output => {
            let (_, _, h, w) = logits.size4()?;
            (logits.shallow_clone(), resized(teacher, [h, w])?)
        }
    };
    let (n, c, h, w) = logits.size4()?;
    let sum = match rule.by {
        Distance::Squares => logits.f_mse_loss(&teacher, Reduction::Sum)?,
        Distance::Divergence { temperature } => {
            let logs = |x: &Tensor| x.f_div_scalar(temperature)?.f_log_softmax(1, None);
            let divergence = logs(&logits)?.f_kl_div(&logs(&teacher)?, Reduction::Sum, true)?;
            divergence.f_mul_scalar(temperature * temperature)?
        }
    };
    let count = match rule.per {
        Unit::Pixel => n * h * w,
        Unit::Value => n * c * h * w,
    };
    sum.f_div_scalar(count)
}

/// Outputs and labels on one grid.
fn meet(logits: &Tensor, labels: &Tensor, at: Grid) -> Result<(Tensor, Tensor), TchError> {
    match at {
        Grid::Labels => Ok((to_size_of(logits, labels)?, labels.shallow_clone())),
        Grid::Output => {
            let (_, _, h, w) = logits.size4()?;
            Ok((logits.shallow_clone(), reduced(labels, [h, w])?))
        }
    }
}

/// Labels (N x H x W) at another size: the value of the pixel in the upper left of each cell.
fn reduced(labels: &Tensor, size: [i64; 2]) -> Result<Tensor, TchError> {
    let (_, h, w) = labels.size3()?;
    if [h, w] == size {
        return Ok(labels.shallow_clone());
    }
    // As numbers with a point, which resizing takes; labels are far below what those keep exact.
    let maps = labels.f_unsqueeze(1)?.f_to_kind(Kind::Float)?;
    maps.f_upsample_nearest2d(size, None, None)?.f_squeeze_dim(1)?.f_to_kind(Kind::Int64)
}

/// The most likely class of every pixel: N x H x W of type `Uint8`, `size` being H and W.
pub fn predict(logits: &Tensor, size: [i64; 2]) -> Result<Tensor, TchError> {
    resized(logits, size)?.f_argmax(1, false)?.f_to_kind(Kind::Uint8)
}

/// Logits at the size of labels (N x H x W).
fn to_size_of(logits: &Tensor, labels: &Tensor) -> Result<Tensor, TchError> {
    let (_, h, w) = labels.size3()?;
    resized(logits, [h, w])
}

/// Maps at another size, bilinearly with half-pixel centres.
pub fn resized(x: &Tensor, size: [i64; 2]) -> Result<Tensor, TchError> {
    let (_, _, h, w) = x.size4()?;
    if [h, w] == size {
        return Ok(x.shallow_clone());
    }
    x.f_upsample_bilinear2d(size, false, None, None)
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
    use segc::search::loss::Keep;
    use tch::Device;

    const IDS: [u8; 4] = [0, 2, IGNORE, 1];

    fn example() -> (Tensor, Tensor) {
        let logits: Vec<f64> = (0..12).map(|at| f64::from(at * at % 7)).collect();
        let logits = Tensor::from_slice(&logits).reshape([1, 3, 2, 2]);
        (logits, labels(&IDS, [1, 2, 2], Device::Cpu).expect("four of them"))
    }

    fn cross_entropy(logits: &Tensor, labels: &Tensor, weights: Option<&Tensor>) -> Tensor {
        let loss = pixel_loss(logits, labels, &Pixels::default(), weights, Grid::Labels);
        loss.expect("shapes fit")
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
        let plain = cross_entropy(&logits, &labels, None);
        assert!((plain.double_value(&[]) - by_hand(&logits, [1.0; 3])).abs() < 1e-12);
        let weights = [0.5, 2.0, 1.5];
        let given = Tensor::from_slice(&weights);
        let weighed = cross_entropy(&logits, &labels, Some(&given));
        assert!((weighed.double_value(&[]) - by_hand(&logits, weights)).abs() < 1e-12);
    }

    #[test]
    fn without_a_valid_pixel_there_is_no_loss_and_no_gradient() {
        let logits = example().0.set_requires_grad(true);
        let labels = labels(&[IGNORE; 4], [1, 2, 2], Device::Cpu).expect("four of them");
        let loss = cross_entropy(&logits, &labels, None);
        loss.backward();
        assert_eq!(loss.double_value(&[]), 0.0);
        assert_eq!(logits.grad().abs().max().double_value(&[]), 0.0);
    }

    #[test]
    fn logits_are_brought_to_the_labels_size() {
        let (logits, _) = example();
        let labels = labels(&[1; 16], [1, 4, 4], Device::Cpu).expect("sixteen of them");
        let large = logits.upsample_bilinear2d([4, 4], false, None, None);
        let of = |x: &Tensor| cross_entropy(x, &labels, None);
        assert_eq!(of(&logits), of(&large));
        let classes = predict(&logits, [4, 4]).expect("shapes fit");
        assert_eq!((classes.size(), classes.kind()), (vec![1, 4, 4], Kind::Uint8));
        assert_eq!(
            classes.int64_value(&[0, 0, 0]),
            logits.argmax(1, false).int64_value(&[0, 0, 0])
        );
    }

    #[test]
    fn labels_are_reduced_by_the_nearest_and_then_compared() {
        let (logits, _) = example();
        let ids: Vec<u8> = (0..16).map(|at| if at % 2 == 0 { at / 4 % 3 } else { 2 }).collect();
        let large = labels(&ids, [1, 4, 4], Device::Cpu).expect("sixteen of them");
        // Rows 0 and 2, columns 0 and 2.
        let small = labels(&[0, 0, 2, 2], [1, 2, 2], Device::Cpu).expect("four of them");
        let loss = pixel_loss(&logits, &large, &Pixels::default(), None, Grid::Output);
        assert_eq!(loss.expect("shapes fit"), cross_entropy(&logits, &small, None));
    }

    /// Two classes, five pixels and one that is ignored; the own classes' probabilities are given.
    fn mined(keep: Keep) -> f64 {
        let known = [0.9f64, 0.8, 0.3, 0.75, 0.95];
        let mut logits: Vec<f64> = known.iter().map(|p| (p / (1.0 - p)).ln()).collect();
        logits.push(-50.0);
        logits.extend([0.0; 6]);
        let logits = Tensor::from_slice(&logits).reshape([1, 2, 1, 6]);
        let labels = labels(&[0, 0, 0, 0, 0, IGNORE], [1, 1, 6], Device::Cpu).expect("six of them");
        let pixels = Pixels { hard: Some(Hard { threshold: 0.7, keep }), ..Pixels::default() };
        let loss = pixel_loss(&logits, &labels, &pixels, None, Grid::Labels);
        loss.expect("shapes fit").double_value(&[])
    }

    #[test]
    fn only_pixels_that_are_hard_count_and_at_least_so_many() {
        let mean = |of: &[f64]| -of.iter().map(|p| p.ln()).sum::<f64>() / of.len() as f64;
        let near = |keep, of: &[f64]| {
            let got = mined(keep);
            assert!((got - mean(of)).abs() < 1e-9, "{keep:?}: {got}");
        };
        near(Keep::Pixels(0), &[0.3]);
        near(Keep::Pixels(1), &[0.3]);
        near(Keep::Pixels(3), &[0.3, 0.75, 0.8]);
        // Half of six.
        near(Keep::Share(0.5), &[0.3, 0.75, 0.8]);
        // More than there are: all that are labelled.
        near(Keep::Pixels(6), &[0.9, 0.8, 0.3, 0.75, 0.95]);
    }

    #[test]
    fn a_mean_over_pixels_leaves_out_those_without_weight() {
        let (logits, labels) = example();
        let weights = Tensor::from_slice(&[0.5, 0.0, 2.0]);
        let of = |per| {
            let pixels = Pixels { per, ..Pixels::default() };
            let loss = pixel_loss(&logits, &labels, &pixels, Some(&weights), Grid::Labels);
            loss.expect("shapes fit").double_value(&[])
        };
        // The labels are 0, 2 and 1: weights of 2.5 over two pixels.
        assert!((of(Per::Weight) * 2.5 - of(Per::Pixel) * 2.0).abs() < 1e-12);
    }
}
