//! What a dataset folder holds, counted from its masks. The command line renders the report.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

use super::DataError;
use super::cityscapes::{Pair, Split, splits};
use super::classes::{IGNORE, Palette};
use super::sample::{Dataset, Size};

/// What a dataset folder holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// One part per split, in the order of their names.
    pub splits: Vec<SplitReport>,
}

/// What one split holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SplitReport {
    /// `train`, `val`, …
    pub name: String,
    /// Number of images, each with its mask.
    pub images: usize,
    /// Number of images of each size, by size as `HxW`.
    pub sizes: BTreeMap<String, usize>,
    /// Pixels with a class.
    pub labelled_pixels: u64,
    /// Pixels without one.
    pub ignored_pixels: u64,
    /// One row per class, in the order of the train ids.
    pub classes: Vec<ClassReport>,
    /// What predicting the most frequent class everywhere would score; `None` without labels.
    pub majority: Option<Majority>,
}

/// How often one class occurs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassReport {
    /// The class.
    pub name: &'static str,
    /// Its pixels.
    pub pixels: u64,
    /// Images in which it occurs.
    pub images: usize,
    /// Its share of the labelled pixels, 0 to 1.
    pub frequency: f64,
    /// A weight for the loss that favours rare classes; see [`bounded_log_weight`].
    pub weight: f64,
}

/// The score that any network has to beat.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Majority {
    /// The most frequent class.
    pub name: &'static str,
    /// Fraction of the pixels that are right when it is predicted everywhere.
    pub pixel_accuracy: f64,
    /// Mean IoU over the classes that occur, when it is predicted everywhere.
    pub miou: f64,
}

/// 1 / ln(1.02 + p): from about 1.42 for a class that fills every image to 50.5 for one that never
/// occurs. Source: Paszke et al., arXiv:1606.02147, §5.2.
///
/// ```
/// let weight = segc::data::info::bounded_log_weight(0.37);
/// assert!((weight - 3.0367).abs() < 1e-4);
/// ```
#[must_use]
pub fn bounded_log_weight(frequency: f64) -> f64 {
    1.0 / (1.02 + frequency).ln()
}

/// Reads every mask of every split, and the size of every image.
///
/// # Errors
/// On the first file that cannot be used, in the order of splits and names.
pub fn report(root: &Path) -> Result<Report, DataError> {
    let names = splits(root)?;
    let reports = names.iter().map(|name| split_report(root, name));
    Ok(Report { splits: reports.collect::<Result<_, _>>()? })
}

/// As [`report`], for one split.
///
/// # Errors
/// On the first file that cannot be used, in the order of the names.
pub fn split_report(root: &Path, name: &str) -> Result<SplitReport, DataError> {
    let split = Split::open(root, name)?;
    // Collected in order, so that of several broken files always the same one is reported.
    let counts: Vec<Result<Count, DataError>> = split.pairs().par_iter().map(count).collect();
    let mut total = Total::default();
    for count in counts {
        total.add(&count?);
    }
    Ok(total.report(name, split.len()))
}

struct Count {
    size: Size,
    pixels: [u64; 256],
}

fn count(pair: &Pair) -> Result<Count, DataError> {
    let labels = pair.load_labels()?;
    let size = Size::of(&labels);
    pair.same_size((pair.image_size()?, size))?;
    let mut pixels = [0; 256];
    for label in labels.as_raw() {
        pixels[usize::from(*label)] += 1;
    }
    Ok(Count { size, pixels })
}

#[derive(Default)]
struct Total {
    sizes: BTreeMap<Size, usize>,
    pixels: BTreeMap<u8, u64>,
    images: BTreeMap<u8, usize>,
}

impl Total {
    fn add(&mut self, count: &Count) {
        *self.sizes.entry(count.size).or_default() += 1;
        for (label, &pixels) in (0..=u8::MAX).zip(&count.pixels).filter(|&(_, &n)| n > 0) {
            *self.pixels.entry(label).or_default() += pixels;
            *self.images.entry(label).or_default() += 1;
        }
    }

    fn report(&self, name: &str, images: usize) -> SplitReport {
        let pixels = |label: u8| self.pixels.get(&label).copied().unwrap_or(0);
        let palette = Palette::cityscapes();
        let labels = || (0..IGNORE).zip(palette.classes());
        let labelled: u64 = labels().map(|(label, _)| pixels(label)).sum();
        let class = |(label, class): (u8, &super::classes::Class)| {
            let frequency = pixels(label) as f64 / labelled.max(1) as f64;
            ClassReport {
                name: class.name,
                pixels: pixels(label),
                images: self.images.get(&label).copied().unwrap_or(0),
                frequency,
                weight: bounded_log_weight(frequency),
            }
        };
        let classes: Vec<ClassReport> = labels().map(class).collect();
        SplitReport {
            name: name.to_owned(),
            images,
            sizes: self.sizes.iter().map(|(size, &n)| (size.to_string(), n)).collect(),
            labelled_pixels: labelled,
            ignored_pixels: pixels(IGNORE),
            majority: majority(&classes),
            classes,
        }
    }
}

/// Predicted everywhere, a class has all labelled pixels as its union, and no other has a hit.
fn majority(classes: &[ClassReport]) -> Option<Majority> {
    let present = classes.iter().filter(|class| class.pixels > 0);
    // Of equals, the first.
    let most = present.clone().rev().max_by_key(|class| class.pixels)?;
    Some(Majority {
        name: most.name,
        pixel_accuracy: most.frequency,
        miou: most.frequency / present.count() as f64,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use image::{GrayImage, Luma, RgbImage};

    use super::*;
    use crate::data::metrics::Confusion;

    /// Two images of 2x4: three quarters road, one quarter cars; half of the second is ignored.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, other) in [("x", 26), ("y", 0)] {
            let path = |half: &str, suffix: &str| {
                let city = folder.path().join(half).join("train/a");
                fs::create_dir_all(&city).expect("folders");
                city.join(format!("{name}{suffix}"))
            };
            let mask = GrayImage::from_fn(4, 2, |x, _| Luma([if x < 2 { 7 } else { other }]));
            mask.save(path("gtFine", "_gtFine_labelIds.png")).expect("a mask");
            RgbImage::new(4, 2).save(path("leftImg8bit", "_leftImg8bit.png")).expect("an image");
        }
        folder
    }

    #[test]
    fn pixels_sizes_and_images_are_counted() {
        let report = report(folder().path()).expect("a good folder");
        let [split] = &report.splits[..] else { panic!("one split") };
        assert_eq!((split.images, split.labelled_pixels, split.ignored_pixels), (2, 12, 4));
        assert_eq!(split.sizes, BTreeMap::from([("2x4".to_owned(), 2)]));
        let (road, car) = (&split.classes[0], &split.classes[13]);
        assert_eq!((road.name, road.pixels, road.images), ("road", 8, 2));
        assert_eq!((car.name, car.pixels, car.images), ("car", 4, 1));
        assert!((car.weight - 1.0 / (1.02f64 + 1.0 / 3.0).ln()).abs() < 1e-12);
    }

    #[test]
    fn the_majority_scores_what_the_metrics_say() {
        let split = split_report(folder().path(), "train").expect("a good folder");
        let majority = split.majority.expect("labels");
        let mut confusion = Confusion::new(19);
        confusion.record(&[0, 0, 13], &[0, 0, 0]).expect("valid");
        let scores = confusion.scores();
        assert_eq!(majority.name, "road");
        assert_eq!(scores.miou, Some(majority.miou));
        assert_eq!(scores.pixel_accuracy, Some(majority.pixel_accuracy));
    }

    #[test]
    fn sizes_are_checked_without_decoding_the_image() {
        let folder = folder();
        let image = folder.path().join("leftImg8bit/train/a/y_leftImg8bit.png");
        RgbImage::new(5, 2).save(image).expect("an image");
        assert!(matches!(report(folder.path()), Err(DataError::SizeMismatch { .. })));
    }
}
