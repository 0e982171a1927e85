//! From files to pixels. Any bytes at all give an image or an error, never a panic.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use image::{
    ColorType, DynamicImage, ExtendedColorType, GrayImage, ImageDecoder, Limits, RgbImage,
};

use super::Encoding;
use crate::data::DataError;
use crate::data::classes::{CITYSCAPES, EVALUATED, IGNORE, train_id_of};
use crate::data::instances::{InstanceMap, label_of};
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
    let stored =
        stored(path, (ExtendedColorType::L8, ColorType::L8)).map_err(|error| match error {
            Unfit::Stored(found) => DataError::MaskFormat { path: path.into(), found },
            Unfit::Broken(error) => error,
        });
    let mut labels = stored?.into_luma8();
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

/// The instance ids at `path`: two bytes per pixel, as the dataset's authors store them.
pub(super) fn instances(path: &Path) -> Result<InstanceMap, DataError> {
    let stored =
        stored(path, (ExtendedColorType::L16, ColorType::L16)).map_err(|error| match error {
            Unfit::Stored(found) => DataError::InstanceFormat { path: path.into(), found },
            Unfit::Broken(error) => error,
        });
    let map = stored?.into_luma16();
    let unknown = |id: u16| usize::from(label_of(id)) >= CITYSCAPES.len();
    match map.enumerate_pixels().find(|(_, _, pixel)| unknown(pixel.0[0])) {
        None => Ok(map),
        Some((x, y, pixel)) => {
            Err(DataError::UnknownInstance { path: path.into(), value: pixel.0[0], x, y })
        }
    }
}

/// Why pixels cannot be had as they are stored.
enum Unfit {
    /// They are stored in another way: this one.
    Stored(String),
    /// There are none.
    Broken(DataError),
}

/// Pixels exactly as stored, if in the wanted way. Fewer bits would be stretched over all values by
/// decoding, which is right for brightness and wrong for labels, so they are refused like colours.
fn stored(path: &Path, wanted: (ExtendedColorType, ColorType)) -> Result<DynamicImage, Unfit> {
    let undecodable = |error: &image::ImageError| Unfit::Broken(undecodable(path, error));
    let reader = open(path).map_err(Unfit::Broken)?;
    let decoder = reader.into_decoder().map_err(|error| undecodable(&error))?;
    let found = (decoder.original_color_type(), decoder.color_type());
    if found != wanted {
        return Err(Unfit::Stored(words(found.0)));
    }
    // A damaged header can ask for more memory than there is, and that is no panic but an abort.
    let room = Limits::default().reserve(decoder.total_bytes());
    room.map_err(|error| undecodable(&error))?;
    DynamicImage::from_decoder(decoder).map_err(|error| undecodable(&error))
}

/// How pixels are stored, as people say it.
fn words(stored: ExtendedColorType) -> String {
    let channels = match stored.channel_count() {
        1 => "grey",
        2 => "grey with transparency",
        3 => "colour",
        _ => "colour with transparency",
    };
    let bits = stored.bits_per_pixel() / u16::from(stored.channel_count().max(1));
    format!("{bits}-bit {channels}")
}

fn open(path: &Path) -> Result<Reader, DataError> {
    let failed = |source| DataError::io("read", path, source);
    Reader::open(path).map_err(failed)?.with_guessed_format().map_err(failed)
}

fn undecodable(path: &Path, error: &image::ImageError) -> DataError {
    DataError::Undecodable { path: path.into(), reason: error.to_string() }
}
