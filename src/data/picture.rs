//! Pictures for people to look at, and their bytes as files.

use image::{
    EncodableLayout, ImageBuffer, ImageFormat, PixelWithColorType, Rgb, RgbImage, imageops,
};
use std::io::Cursor;
use std::path::Path;

use super::{DataError, cityscapes};

/// Columns between pictures that stand side by side.
const GAP: u32 = 4;

/// The picture at `path`, a PNG or JPEG; a grey one is spread over three channels, transparency is
/// dropped.
///
/// # Errors
/// When it cannot be read or decoded.
pub fn open(path: &Path) -> Result<RgbImage, DataError> {
    cityscapes::picture(path)
}

/// Pictures side by side, their tops aligned, on white.
///
/// ```
/// use segc::data::picture::side_by_side;
/// let (a, b) = (image::RgbImage::new(6, 4), image::RgbImage::new(3, 5));
/// assert_eq!(side_by_side(&[a, b]).dimensions(), (6 + 4 + 3, 5));
/// ```
#[must_use]
pub fn side_by_side(pictures: &[RgbImage]) -> RgbImage {
    let gaps = GAP * (pictures.len() as u32).saturating_sub(1);
    let width = pictures.iter().map(RgbImage::width).sum::<u32>() + gaps;
    let height = pictures.iter().map(RgbImage::height).max().unwrap_or(0);
    let mut all = RgbImage::from_pixel(width, height, Rgb([255; 3]));
    let mut left = 0;
    for picture in pictures {
        imageops::replace(&mut all, picture, i64::from(left), 0);
        left += picture.width() + GAP;
    }
    all
}

/// A picture with colours laid over it, half of each; both of one size.
#[must_use]
pub fn overlay(picture: &RgbImage, colours: &RgbImage) -> RgbImage {
    let mut mixed = picture.clone();
    for (under, over) in mixed.pixels_mut().zip(colours.pixels()) {
        let half = |c: usize| under.0[c].midpoint(over.0[c]);
        *under = Rgb([half(0), half(1), half(2)]);
    }
    mixed
}

/// A picture or map as the bytes of a PNG; `path` is where they are meant for.
///
/// # Errors
/// When it has no pixels, or too many for the format.
pub fn png<P>(path: &Path, picture: &ImageBuffer<P, Vec<P::Subpixel>>) -> Result<Vec<u8>, DataError>
where
    P: PixelWithColorType,
    [P::Subpixel]: EncodableLayout,
{
    let mut bytes = Vec::new();
    picture
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .map_err(|error| DataError::io("encode", path, std::io::Error::other(error)))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, Luma};

    #[test]
    fn pictures_keep_their_pixels_side_by_side() {
        let of = |value, w| RgbImage::from_pixel(w, 2, Rgb([value; 3]));
        let all = side_by_side(&[of(1, 3), of(2, 2)]);
        let row: Vec<u8> = all.rows().next_back().expect("two rows").map(|p| p.0[1]).collect();
        assert_eq!(row, [1, 1, 1, 255, 255, 255, 255, 2, 2]);
        assert_eq!(side_by_side(&[]).dimensions(), (0, 0));
    }

    #[test]
    fn an_overlay_is_half_of_each() {
        let of = |value| RgbImage::from_pixel(1, 1, Rgb(value));
        let mixed = overlay(&of([0, 100, 255]), &of([200, 100, 255]));
        assert_eq!(mixed.get_pixel(0, 0).0, [100, 100, 255]);
    }

    #[test]
    fn what_is_encoded_is_read_back() {
        let map = GrayImage::from_fn(5, 3, |x, y| Luma([(x * 7 + y) as u8]));
        let bytes = png(Path::new("a.png"), &map).expect("it has pixels");
        assert_eq!(image::load_from_memory(&bytes).expect("a PNG").into_luma8(), map);
        assert!(png(Path::new("a.png"), &GrayImage::new(0, 0)).is_err());
        let error = open(Path::new("nowhere/a.png")).expect_err("it is not there").to_string();
        assert!(error.contains("nowhere/a.png"), "{error}");
    }
}
