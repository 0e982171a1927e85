//! The folder layout of Cityscapes, which the synthetic scenes share.
//!
//! ```text
//! leftImg8bit/<split>/<city>/<stem>_leftImg8bit.png
//! gtFine/<split>/<city>/<stem>_gtFine_labelIds.png        or _labelTrainIds.png
//! gtFine/<split>/<city>/<stem>_gtFine_instanceIds.png     where there are instances
//! ```

mod decode;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::DataError;
use super::instances::InstanceMap;
use super::sample::{Dataset, Sample, Size};

/// The folder that holds the pictures.
pub(super) const IMAGES: &str = "leftImg8bit";
/// The folder that holds the masks.
pub(super) const MASKS: &str = "gtFine";
/// How the name of a picture ends.
pub(super) const IMAGE_SUFFIX: &str = "_leftImg8bit.png";
/// How the name of a mask of label ids ends.
pub(super) const LABEL_IDS_SUFFIX: &str = "_gtFine_labelIds.png";
/// How the name of a mask of train ids ends.
pub(super) const TRAIN_IDS_SUFFIX: &str = "_gtFine_labelTrainIds.png";
/// How the name of a map of instance ids ends.
pub(super) const INSTANCE_IDS_SUFFIX: &str = "_gtFine_instanceIds.png";

/// What the values of a mask stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The annotators' 34 ids.
    LabelIds,
    /// 0 to 18, and 255 for what is ignored.
    TrainIds,
}

/// An image and its mask, found but not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// `<city>/<stem>`.
    pub name: String,
    /// The picture.
    pub image: PathBuf,
    /// The mask.
    pub mask: PathBuf,
    /// What the mask's values stand for.
    pub encoding: Encoding,
    /// The map of instance ids, where there is one.
    pub instances: Option<PathBuf>,
}

/// One split of a dataset folder. Its samples are in the order of their names.
#[derive(Debug, Clone)]
pub struct Split {
    pairs: Vec<Pair>,
}

impl Split {
    /// Finds the images of `root`/`split` and their masks; opens none of them.
    ///
    /// # Errors
    /// When a folder is missing or unreadable, the split is empty, or an image or a mask is alone.
    pub fn open(root: &Path, split: &str) -> Result<Self, DataError> {
        let splits = splits(root)?;
        if !splits.contains(split) {
            let available = Vec::from_iter(splits).join(", ");
            return Err(DataError::NoSplit { root: root.into(), split: split.into(), available });
        }
        let images = files(&root.join(IMAGES).join(split))?;
        let masks = files(&root.join(MASKS).join(split))?;
        let pairs = pair(root, split, &images, &masks)?;
        if pairs.is_empty() {
            return Err(DataError::EmptySplit { root: root.into(), split: split.into() });
        }
        Ok(Self { pairs })
    }

    /// The images and masks, in the order of their names.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }
}

impl Dataset for Split {
    fn len(&self) -> usize {
        self.pairs.len()
    }

    fn load(&self, index: usize) -> Result<Sample, DataError> {
        let missing = DataError::NoSample { index, len: self.pairs.len() };
        self.pairs.get(index).ok_or(missing)?.load()
    }

    fn instances(&self, index: usize) -> Result<Option<InstanceMap>, DataError> {
        let missing = DataError::NoSample { index, len: self.pairs.len() };
        self.pairs.get(index).ok_or(missing)?.load_instances()
    }

    fn files(&self) -> Vec<PathBuf> {
        self.pairs.iter().flat_map(|pair| [pair.image.clone(), pair.mask.clone()]).collect()
    }
}

impl Pair {
    /// Decodes both files; the labels come out as train ids.
    ///
    /// # Errors
    /// When a file cannot be decoded, the sizes differ, or the mask holds an unknown label.
    pub fn load(&self) -> Result<Sample, DataError> {
        let image = decode::image(&self.image)?;
        let labels = self.load_labels()?;
        let sizes = (Size::of(&image), Size::of(&labels));
        self.same_size(sizes)?;
        Ok(Sample { name: self.name.clone(), image, labels })
    }

    /// Decodes the mask alone, into train ids.
    ///
    /// # Errors
    /// When it cannot be decoded or holds an unknown label.
    pub fn load_labels(&self) -> Result<image::GrayImage, DataError> {
        decode::labels(&self.mask, self.encoding)
    }

    /// Decodes the map of instance ids, where there is one.
    ///
    /// # Errors
    /// When it cannot be decoded, holds an unknown label, or is not of the image's size.
    pub fn load_instances(&self) -> Result<Option<InstanceMap>, DataError> {
        let Some(path) = &self.instances else { return Ok(None) };
        let map = decode::instances(path)?;
        let (image_size, mask_size) = (self.image_size()?, Size::of(&map));
        if image_size != mask_size {
            let (image, mask) = (self.image.clone(), path.clone());
            return Err(DataError::SizeMismatch { image, mask, image_size, mask_size });
        }
        Ok(Some(map))
    }

    /// Reads the size of the image without decoding its pixels.
    ///
    /// # Errors
    /// When the file has no readable header.
    pub fn image_size(&self) -> Result<Size, DataError> {
        decode::size(&self.image)
    }

    /// Checks that (image, mask) are of one size.
    pub(super) fn same_size(&self, (image_size, mask_size): (Size, Size)) -> Result<(), DataError> {
        if image_size == mask_size {
            return Ok(());
        }
        let (image, mask) = (self.image.clone(), self.mask.clone());
        Err(DataError::SizeMismatch { image, mask, image_size, mask_size })
    }
}

/// The splits of a dataset folder, by name.
///
/// # Errors
/// When the folder lacks its two halves or cannot be listed.
pub fn splits(root: &Path) -> Result<BTreeSet<String>, DataError> {
    for missing in [IMAGES, MASKS] {
        if !root.join(missing).is_dir() {
            return Err(DataError::NoLayout { root: root.into(), missing });
        }
    }
    let folders = entries(&root.join(IMAGES))?.into_iter().filter(|path| path.is_dir());
    Ok(folders.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect())
}

/// A picture, decoded.
pub(super) fn picture(path: &Path) -> Result<image::RgbImage, DataError> {
    decode::image(path)
}

/// Files below the cities of a split, by `<city>/<file name>`. A split without a folder has none.
fn files(split: &Path) -> Result<BTreeMap<String, PathBuf>, DataError> {
    let mut found = BTreeMap::new();
    if !split.is_dir() {
        return Ok(found);
    }
    for city in entries(split)?.into_iter().filter(|path| path.is_dir()) {
        for path in entries(&city)? {
            let text = |name: Option<&OsStr>| name.map(|n| n.to_string_lossy().into_owned());
            if let (Some(city), Some(file)) = (text(city.file_name()), text(path.file_name())) {
                found.insert(format!("{city}/{file}"), path);
            }
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let failed = |source| DataError::io("list", folder, source);
    let listing = folder.read_dir().map_err(failed)?;
    listing.map(|entry| Ok(entry.map_err(failed)?.path())).collect()
}

fn pair(
    root: &Path,
    split: &str,
    images: &BTreeMap<String, PathBuf>,
    masks: &BTreeMap<String, PathBuf>,
) -> Result<Vec<Pair>, DataError> {
    for (name, mask) in masks {
        let stem = name.strip_suffix(LABEL_IDS_SUFFIX).or(name.strip_suffix(TRAIN_IDS_SUFFIX));
        let expected = stem.map(|stem| format!("{stem}{IMAGE_SUFFIX}"));
        if let Some(expected) = expected.filter(|image| !images.contains_key(image)) {
            let expected = root.join(IMAGES).join(split).join(expected);
            return Err(DataError::NoImage { mask: mask.clone(), expected });
        }
    }
    let stems =
        images.iter().filter_map(|(name, path)| Some((name.strip_suffix(IMAGE_SUFFIX)?, path)));
    stems
        .map(|(stem, image)| {
            let (mask, encoding) = mask_of(stem, masks).ok_or_else(|| DataError::NoMask {
                image: image.clone(),
                expected: root.join(MASKS).join(split).join(format!("{stem}{LABEL_IDS_SUFFIX}")),
            })?;
            let instances = masks.get(&format!("{stem}{INSTANCE_IDS_SUFFIX}")).cloned();
            Ok(Pair { name: stem.to_owned(), image: image.clone(), mask, encoding, instances })
        })
        .collect()
}

/// The annotators' mask, or else the one prepared for training.
fn mask_of(stem: &str, masks: &BTreeMap<String, PathBuf>) -> Option<(PathBuf, Encoding)> {
    [(LABEL_IDS_SUFFIX, Encoding::LabelIds), (TRAIN_IDS_SUFFIX, Encoding::TrainIds)]
        .into_iter()
        .find_map(|(suffix, kind)| Some((masks.get(&format!("{stem}{suffix}"))?.clone(), kind)))
}

#[cfg(test)]
mod tests;
