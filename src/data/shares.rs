//! How often each class occurs in a dataset, for losses that weigh classes by it.

use super::{DataError, Dataset};
use rayon::prelude::*;

/// The part of the labelled pixels that each class makes up; all zero where nothing is labelled.
/// Labels of `classes` and above count as unlabelled.
///
/// ```
/// use segc::data::{InMemory, Sample, shares::class_shares};
/// let labels = image::GrayImage::from_raw(4, 1, vec![0, 2, 255, 0]).expect("four pixels");
/// let image = image::RgbImage::new(4, 1);
/// let data = InMemory(vec![Sample { name: String::new(), image, labels }]);
/// let shares = class_shares(&data, 3).expect("it is in memory");
/// assert_eq!(shares, [2.0 / 3.0, 0.0, 1.0 / 3.0]);
/// ```
///
/// # Errors
/// On the first sample, in their order, whose files cannot be used.
pub fn class_shares(data: &dyn Dataset, classes: usize) -> Result<Vec<f64>, DataError> {
    let counts: Vec<Result<Vec<u64>, DataError>> = (0..data.len())
        .into_par_iter()
        .map(|index| Ok(count(data.load(index)?.labels.as_raw(), classes)))
        .collect();
    let mut total = vec![0_u64; classes];
    for counts in counts {
        total.iter_mut().zip(counts?).for_each(|(total, n)| *total += n);
    }
    let labelled = total.iter().sum::<u64>().max(1) as f64;
    Ok(total.iter().map(|n| *n as f64 / labelled).collect())
}

/// Pixels by class.
fn count(labels: &[u8], classes: usize) -> Vec<u64> {
    let mut counts = vec![0; classes];
    for label in labels {
        if let Some(n) = counts.get_mut(usize::from(*label)) {
            *n += 1;
        }
    }
    counts
}
