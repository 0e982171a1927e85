//! How good a prediction is: a confusion matrix, and the scores that are read off it.

use serde::{Deserialize, Serialize};

use super::DataError;
use super::classes::IGNORE;

/// Counts of pixels by true class (rows) and predicted class (columns).
///
/// Pixels whose true label is [`IGNORE`] are not counted at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confusion {
    classes: usize,
    /// Row-major, classes x classes.
    counts: Vec<u64>,
}

/// What a [`Confusion`] says. Fractions of 1; `None` where nothing was there to be judged.
///
/// A class that occurs neither in the labels nor in the predictions has no score and is left out
/// of every average. One that was predicted but does not occur has IoU 0, which counts in `miou`;
/// it has no accuracy, and its weight in `fw_iou` is 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Intersection over union of each class.
    pub iou: Vec<Option<f64>>,
    /// Mean of `iou` over the classes that have one.
    pub miou: Option<f64>,
    /// Fraction of the pixels that were predicted right.
    pub pixel_accuracy: Option<f64>,
    /// Mean over the classes that occur of the fraction of their pixels predicted right.
    pub mean_accuracy: Option<f64>,
    /// Mean of `iou` weighted by how often each class occurs.
    pub fw_iou: Option<f64>,
}

impl Scores {
    /// The geometric mean of mIoU, mean accuracy and frequency-weighted IoU, by which Nekrasov et al.
    /// (arXiv 1810.10804) reward architectures; nothing where one of them is missing.
    #[must_use]
    pub fn geometric_mean(&self) -> Option<f64> {
        Some((self.miou? * self.mean_accuracy? * self.fw_iou?).cbrt())
    }
}

impl Confusion {
    /// An empty matrix over `classes` classes.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// A matrix from its rows, true class by true class; `None` unless it is square.
    #[must_use]
    pub fn from_rows(rows: &[Vec<u64>]) -> Option<Self> {
        let classes = rows.len();
        rows.iter().all(|row| row.len() == classes).then(|| Self { classes, counts: rows.concat() })
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The matrix, row-major, classes x classes.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Counts pixels: `truth` and `predicted` hold one train id each per pixel, in the same order.
    ///
    /// # Errors
    /// When the lengths differ or a value is neither a class nor, in `truth`, [`IGNORE`]. Nothing
    /// is counted then.
    pub fn record(&mut self, truth: &[u8], predicted: &[u8]) -> Result<(), DataError> {
        self.check(truth, predicted)?;
        for (&t, &p) in truth.iter().zip(predicted).filter(|&(&t, _)| t != IGNORE) {
            self.counts[usize::from(t) * self.classes + usize::from(p)] += 1;
        }
        Ok(())
    }

    fn check(&self, truth: &[u8], predicted: &[u8]) -> Result<(), DataError> {
        let (labels, pixels) = (truth.len(), predicted.len());
        if labels != pixels {
            let text = format!("{pixels} pixels were predicted for {labels} labels");
            return Err(DataError::BadPrediction(text));
        }
        let outside = |&(&t, &p): &(&u8, &u8)| t != IGNORE && usize::from(t.max(p)) >= self.classes;
        match truth.iter().zip(predicted).find(outside) {
            None => Ok(()),
            Some((t, p)) => Err(DataError::BadPrediction(format!(
                "class {p} was predicted for label {t}, but there are {} classes",
                self.classes
            ))),
        }
    }

    /// Adds the counts of another matrix over the same classes.
    ///
    /// # Errors
    /// When the classes differ in number.
    pub fn merge(&mut self, other: &Self) -> Result<(), DataError> {
        if self.classes != other.classes {
            let text =
                format!("a matrix of {} classes cannot take {}", self.classes, other.classes);
            return Err(DataError::BadPrediction(text));
        }
        for (into, from) in self.counts.iter_mut().zip(&other.counts) {
            *into += from;
        }
        Ok(())
    }

    /// The scores over all classes.
    #[must_use]
    pub fn scores(&self) -> Scores {
        self.scores_without(&[])
    }

    /// The scores with some classes left out of every average, as protocols do with a background.
    ///
    /// The pixels of what is left out still count in the unions of the others; `pixel_accuracy`
    /// and the weights of `fw_iou` are over the pixels of the classes that remain.
    #[must_use]
    pub fn scores_without(&self, left_out: &[usize]) -> Scores {
        let kept: Vec<usize> = (0..self.classes).filter(|c| !left_out.contains(c)).collect();
        let iou: Vec<Option<f64>> = (0..self.classes)
            .map(|c| if left_out.contains(&c) { None } else { ratio(self.hit(c), self.union(c)) })
            .collect();
        let accuracy: Vec<f64> =
            kept.iter().filter_map(|&c| ratio(self.hit(c), self.occurs(c))).collect();
        let pixels: u64 = kept.iter().map(|&c| self.occurs(c)).sum();
        let hits: u64 = kept.iter().map(|&c| self.hit(c)).sum();
        let weighted: f64 =
            kept.iter().filter_map(|&c| Some(iou[c]? * self.occurs(c) as f64)).sum();
        Scores {
            miou: mean(&iou.iter().copied().flatten().collect::<Vec<f64>>()),
            pixel_accuracy: ratio(hits, pixels),
            mean_accuracy: mean(&accuracy),
            fw_iou: (pixels > 0).then(|| weighted / pixels as f64),
            iou,
        }
    }

    fn hit(&self, class: usize) -> u64 {
        self.counts[class * self.classes + class]
    }

    fn occurs(&self, class: usize) -> u64 {
        self.counts[class * self.classes..][..self.classes].iter().sum()
    }

    fn union(&self, class: usize) -> u64 {
        let predicted: u64 = self.counts.iter().skip(class).step_by(self.classes).sum();
        self.occurs(class) + predicted - self.hit(class)
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: Option<f64>, expected: f64) {
        let value = value.expect("a score");
        assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
    }

    fn worked() -> Confusion {
        Confusion::from_rows(&[vec![900, 20, 30], vec![40, 150, 10], vec![25, 5, 70]])
            .expect("square")
    }

    #[test]
    fn a_background_is_left_out_of_averages_but_not_of_unions() {
        let scores = worked().scores_without(&[0]);
        assert_eq!(scores.iou[0], None);
        close(scores.iou[1], 150.0 / 225.0);
        close(scores.iou[2], 0.5);
        close(scores.miou, 0.583_333_333);
        close(scores.mean_accuracy, 0.725);
        close(scores.fw_iou, 0.611_111_111);
        close(scores.pixel_accuracy, 220.0 / 300.0);
        let all = scores.geometric_mean().expect("a score");
        assert!((all - 0.636_978_822_3).abs() < 1e-10, "{all}");
    }

    #[test]
    fn all_classes_count_by_default() {
        let scores = worked().scores();
        close(scores.iou[0], 900.0 / 1015.0);
        close(scores.pixel_accuracy, 1120.0 / 1250.0);
    }

    #[test]
    fn absent_classes_are_left_out_and_false_alarms_are_not() {
        let mut confusion = Confusion::new(4);
        confusion.record(&[0, 0, 1, IGNORE], &[0, 2, 1, 3]).expect("valid");
        let scores = confusion.scores();
        assert_eq!(scores.iou, [Some(0.5), Some(1.0), Some(0.0), None]);
        close(scores.miou, 0.5);
        close(scores.mean_accuracy, 0.75);
        close(scores.fw_iou, (0.5 * 2.0 + 1.0) / 3.0);
    }

    #[test]
    fn nothing_recorded_has_no_scores() {
        let scores = Confusion::new(2).scores();
        assert_eq!((scores.miou, scores.pixel_accuracy, scores.fw_iou), (None, None, None));
    }

    #[test]
    fn what_cannot_be_compared_is_refused_and_leaves_no_trace() {
        let mut confusion = Confusion::new(2);
        assert!(confusion.record(&[0, 1], &[0]).is_err());
        assert!(confusion.record(&[0, 2], &[0, 0]).is_err());
        assert!(confusion.record(&[0, 1], &[0, 2]).is_err());
        assert_eq!(confusion, Confusion::new(2));
        assert!(confusion.merge(&Confusion::new(3)).is_err());
    }

    #[test]
    fn merging_is_recording_both() {
        let (mut both, mut half) = (Confusion::new(2), Confusion::new(2));
        both.record(&[0, 1, 1], &[0, 1, 0]).expect("valid");
        half.record(&[1, 1], &[1, 0]).expect("valid");
        let mut first = Confusion::new(2);
        first.record(&[0], &[0]).expect("valid");
        first.merge(&half).expect("same classes");
        assert_eq!(first, both);
    }
}
