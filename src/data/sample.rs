//! A labelled image, its size, and what a dataset must offer.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use image::{GrayImage, RgbImage};

use super::DataError;
use super::instances::InstanceMap;

/// Height and width in pixels, written `128x256` as the field writes them: height first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Size {
    /// Height in pixels.
    pub h: u32,
    /// Width in pixels.
    pub w: u32,
}

impl Size {
    /// A height and a width.
    #[must_use]
    pub const fn new(h: u32, w: u32) -> Self {
        Self { h, w }
    }

    /// Number of pixels.
    #[must_use]
    pub const fn pixels(self) -> usize {
        self.h as usize * self.w as usize
    }

    /// The size of an image or a map.
    pub(super) fn of<I: image::GenericImageView>(image: &I) -> Self {
        let (w, h) = image.dimensions();
        Self { h, w }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.h, self.w)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let side = |part: &str| part.trim().parse::<u32>().ok().filter(|&n| n > 0);
        text.split_once('x')
            .and_then(|(h, w)| Some(Self { h: side(h)?, w: side(w)? }))
            .ok_or_else(|| format!("`{text}` is not a size; write height x width, as in 128x256"))
    }
}

/// A labelled image, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// What to call it in reports and in names of files.
    pub name: String,
    /// The picture, h x w.
    pub image: RgbImage,
    /// Train ids, h x w, [`super::classes::IGNORE`] where no class applies.
    pub labels: GrayImage,
}

impl Sample {
    /// The size of both the image and its labels.
    #[must_use]
    pub fn size(&self) -> Size {
        Size::of(&self.image)
    }
}

/// Labelled images by number. Loading must not depend on what was loaded before.
pub trait Dataset: Send + Sync {
    /// Number of samples.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sample at `index`, with image and labels of one size.
    ///
    /// # Errors
    /// When there is no such sample, or its files cannot be used.
    fn load(&self, index: usize) -> Result<Sample, DataError>;

    /// The instance ids of the sample at `index`, of the image's size; `None` where nobody told
    /// its things apart.
    ///
    /// # Errors
    /// When there is no such sample, or its file cannot be used.
    fn instances(&self, index: usize) -> Result<Option<InstanceMap>, DataError> {
        let _without = index;
        Ok(None)
    }

    /// The files of pictures and labels, in the order of the samples; none where there are none.
    fn files(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// A dataset that is already decoded: drawn scenes, tests, a handful of pictures to overfit.
#[derive(Debug, Clone, Default)]
pub struct InMemory(pub Vec<Sample>);

impl Dataset for InMemory {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn load(&self, index: usize) -> Result<Sample, DataError> {
        let missing = DataError::NoSample { index, len: self.0.len() };
        self.0.get(index).cloned().ok_or(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_height_first_and_printed_back() {
        let size: Size = "128x256".parse().expect("well formed");
        assert_eq!(size, Size { h: 128, w: 256 });
        assert_eq!(size.to_string(), "128x256");
        for wrong in ["128", "0x4", "axb", "1x2x3", "-1x2", ""] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }
}
