//! Pictures of the images that a network is worst at.

use crate::exec::judge::{Judged, Seen};
use segc::cli::failure::Failure;
use segc::cli::write;
use segc::data::augment::resize;
use segc::data::classes::Palette;
use segc::data::picture::{png, side_by_side};
use segc::data::{DataError, Dataset};
use std::path::{Path, PathBuf};

/// Makes the folder, which has to be empty where nobody said that it need not.
pub(super) fn folder(dir: &Path, force: bool) -> Result<(), Failure> {
    std::fs::create_dir_all(dir).map_err(|e| Failure::file("create", dir, &e))?;
    let mut there = dir.read_dir().map_err(|e| Failure::file("list", dir, &e))?;
    if !force && there.next().is_some() {
        let help = "name another folder, or write into this one: `--force`";
        return Err(Failure::with_help(format!("`{}` is not empty", dir.display()), help));
    }
    Ok(())
}

/// Writes the pictures, named by rank and image; where they are, the worst first.
pub(super) fn write(
    judged: &Judged,
    dataset: &dyn Dataset,
    palette: &Palette,
    dir: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    let digits = judged.worst.len().to_string().len();
    let one = |(rank, bad): (usize, &Seen)| {
        let name = bad.name.replace(['/', '\\'], "_");
        let path = dir.join(format!("{rank:0digits$}_{name}.png"));
        write::whole(&path, &picture(&path, bad, dataset, palette)?)?;
        Ok(path)
    };
    (1..).zip(&judged.worst).map(one).collect()
}

/// Image, truth and prediction side by side, as a PNG.
fn picture(
    path: &Path,
    bad: &Seen,
    dataset: &dyn Dataset,
    palette: &Palette,
) -> Result<Vec<u8>, DataError> {
    let sample = resize(dataset.load(bad.index)?, bad.size);
    let predicted = image::GrayImage::from_raw(bad.size.w, bad.size.h, bad.predicted.clone());
    let predicted = predicted.expect("a class for each pixel of its size");
    let truth = palette.paint(&sample.labels);
    png(path, &side_by_side(&[sample.image, truth, palette.paint(&predicted)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use segc::data::metrics::Confusion;
    use segc::data::{InMemory, Sample, Size};

    #[test]
    fn image_truth_and_prediction_stand_side_by_side() {
        let parent = tempfile::tempdir().expect("a folder");
        let dir = parent.path().join("worst");
        folder(&dir, false).expect("it is made");
        let sample = Sample {
            name: "town/street".into(),
            image: image::RgbImage::from_pixel(3, 2, image::Rgb([9, 8, 7])),
            labels: image::GrayImage::from_pixel(3, 2, image::Luma([13])),
        };
        let (name, size) = (sample.name.clone(), Size::new(2, 3));
        let bad = Seen { index: 0, name, miou: Some(0.0), predicted: vec![10; 6], size };
        let judged = Judged {
            confusion: Confusion::new(19),
            instances: Default::default(),
            images: 1,
            without: vec![],
            worst: vec![bad],
        };
        let palette = Palette::cityscapes();
        let paths = write(&judged, &InMemory(vec![sample]), &palette, &dir).expect("written");
        assert_eq!(paths, [dir.join("1_town_street.png")]);
        let picture = image::open(&paths[0]).expect("a PNG").into_rgb8();
        let colours = [1, 8, 15].map(|x| picture.get_pixel(x, 1).0);
        assert_eq!(colours, [[9, 8, 7], palette.colour(13), palette.colour(10)]);
        assert!(folder(&dir, false).is_err(), "it is not empty any more");
        folder(&dir, true).expect("forced");
    }
}
