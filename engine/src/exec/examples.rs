//! Example predictions in a run's folder: image, truth and prediction of some images that judge, as
//! they were at the newest judgement.

use super::judge::Seen;
use super::run::RunError;
use image::imageops::{self, FilterType};
use segc::data::augment::resize;
use segc::data::classes::Palette;
use segc::data::picture::png;
use segc::data::{Loader, Size};
use segc::run::log::{EXAMPLES_INDEX, EXAMPLES_SCHEMA, Example, Examples};
use segc::run::{EXAMPLES, io, write_whole};
use std::path::Path;

/// Columns that a picture has at most: it is there to be looked at beside two others.
const MOST_COLUMNS: u32 = 640;

/// The places of `count` of `n` images, spread evenly; of all where there are not more.
pub fn places(n: usize, count: usize) -> Vec<usize> {
    let count = count.min(n);
    (0..count).map(|i| (2 * i + 1) * n / (2 * count)).collect()
}

/// Writes how some of a loader's images, which are of a split, were seen after so many steps, over
/// those of before. The index comes last, so that the pictures that it names are there.
///
/// # Errors
/// When an image cannot be read or a file cannot be written.
pub fn write(
    dir: &Path,
    images: &Loader,
    palette: &Palette,
    seen: &[Seen],
    (step, split): (u64, &str),
) -> Result<(), RunError> {
    if seen.is_empty() {
        return Ok(());
    }
    let dir = dir.join(EXAMPLES);
    std::fs::create_dir_all(&dir).map_err(io("create", &dir))?;
    let one = |(rank, seen): (usize, &Seen)| example(&dir, rank, images, palette, seen);
    let shown = (1..).zip(seen).map(one).collect::<Result<_, RunError>>()?;
    let (schema, split) = (EXAMPLES_SCHEMA.to_owned(), Some(split.to_owned()));
    let index = Examples { schema, step, split, images: shown };
    let text = serde_json::to_vec_pretty(&index).expect("names and numbers are plain data");
    Ok(write_whole(&dir.join(EXAMPLES_INDEX), &text)?)
}

/// Writes the three pictures of one image.
fn example(
    dir: &Path,
    rank: usize,
    images: &Loader,
    palette: &Palette,
    seen: &Seen,
) -> Result<Example, RunError> {
    let index = images.indices().get(seen.index).copied().unwrap_or(seen.index);
    let sample = resize(images.dataset().load(index)?, seen.size);
    let predicted = image::GrayImage::from_raw(seen.size.w, seen.size.h, seen.predicted.clone());
    let predicted = predicted.expect("a class for each pixel of its size");
    let small = small(seen.size);
    let labels = |map: &image::GrayImage| {
        palette.paint(&imageops::resize(map, small.w, small.h, FilterType::Nearest))
    };
    let picture = imageops::resize(&sample.image, small.w, small.h, FilterType::Triangle);
    let pictures =
        [("image", picture), ("truth", labels(&sample.labels)), ("predicted", labels(&predicted))];
    let [image, truth, predicted] = pictures.map(|(what, picture)| {
        let name = format!("{rank}_{what}.png");
        let path = dir.join(&name);
        write_whole(&path, &png(&path, &picture)?)?;
        Ok::<String, RunError>(name)
    });
    let (name, miou) = (seen.name.clone(), seen.miou);
    Ok(Example { name, miou, image: image?, truth: truth?, predicted: predicted? })
}

/// The size that an image is shown at.
fn small(size: Size) -> Size {
    if size.w <= MOST_COLUMNS {
        return size;
    }
    let h = u64::from(size.h) * u64::from(MOST_COLUMNS) / u64::from(size.w);
    Size::new((h as u32).max(1), MOST_COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_spread_over_all_images() {
        assert_eq!(places(40, 4), [5, 15, 25, 35]);
        assert_eq!(places(3, 4), [0, 1, 2]);
        assert_eq!(places(9, 1), [4]);
        assert!(places(0, 4).is_empty() && places(4, 0).is_empty());
    }

    #[test]
    fn wide_images_are_shown_smaller() {
        assert_eq!(small(Size::new(1024, 2048)), Size::new(320, 640));
        assert_eq!(small(Size::new(96, 192)), Size::new(96, 192));
        assert_eq!(small(Size::new(1, 100_000)), Size::new(1, 640));
    }
}
