//! From files to pixels. Any bytes at all give an image or an error, never a panic.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use image::{
    ColorType, DynamicImage, ExtendedColorType, GrayImage, ImageDecoder, Limits, RgbImage,
};

use super::Encoding;
use crate::data::DataError;
use crate::data::classes::{EVALUATED, IGNORE, train_id_of};
use crate::data::sample::Size;

type Reader = image::ImageReader<BufReader<File>>;

/// The picture at `path`; a grey one is spread over three channels, transparency is dropped.
pub(super) fn image(path: &Path) -> Result<RgbImage, DataError> {
    let image = open(path)?.decode().map_err(|error| undecodable(path, &error))?;
    Ok(image.into_rgb8())
}

/// The size that the header of `path` states.
pub(super) fn size(path: &Path) -> Result<Size, DataError> {
    let dimensions = open(path)?.into_dimensions();
    let (w, h) = dimensions.map_err(|error| undecodable(path, &error))?;
    Ok(Size { h, w })
}

/// The mask at `path`, as train ids.
pub(super) fn labels(path: &Path, encoding: Encoding) -> Result<GrayImage, DataError> {
    let mut labels = grey(path)?;
    let translated = |value: u8| match encoding {
        Encoding::LabelIds => train_id_of(value),
        Encoding::TrainIds => (value < EVALUATED || value == IGNORE).then_some(value),
    };
    let table: Vec<Option<u8>> = (0..=u8::MAX).map(translated).collect();
    for (x, y, pixel) in labels.enumerate_pixels_mut() {
        let value = pixel.0[0];
        pixel.0[0] = table[usize::from(value)].ok_or_else(|| DataError::UnknownLabel {
            path: path.into(),
            value,
            x,
            y,
            known: known(encoding),
        })?;
    }
    Ok(labels)
}

fn known(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::LabelIds => "label ids are 0 to 33, and 255 for licence plates",
        Encoding::TrainIds => "train ids are 0 to 18, and 255 for what is ignored",
    }
}

/// One byte per pixel exactly as stored. Fewer bits would be stretched over 0..=255 by decoding,
/// which is right for brightness and wrong for labels, so they are refused like colours.
fn grey(path: &Path) -> Result<GrayImage, DataError> {
    let reader = open(path)?;
    let decoder = reader.into_decoder().map_err(|error| undecodable(path, &error))?;
    let (stored, decoded) = (decoder.original_color_type(), decoder.color_type());
    if (stored, decoded) != (ExtendedColorType::L8, ColorType::L8) {
        let found = format!("{stored:?}");
        return Err(DataError::MaskFormat { path: path.into(), found });
    }
    // A damaged header can ask for more memory than there is, and that is no panic but an abort.
    let room = Limits::default().reserve(decoder.total_bytes());
    room.map_err(|error| undecodable(path, &error))?;
    let image = DynamicImage::from_decoder(decoder).map_err(|error| undecodable(path, &error))?;
    Ok(image.into_luma8())
}

fn open(path: &Path) -> Result<Reader, DataError> {
    let failed = |source| DataError::io("read", path, source);
    Reader::open(path).map_err(failed)?.with_guessed_format().map_err(failed)
}

fn undecodable(path: &Path, error: &image::ImageError) -> DataError {
    DataError::Undecodable { path: path.into(), reason: error.to_string() }
}
