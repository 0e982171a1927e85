//! What happens to a sample between its file and a batch: pure functions of image, labels, chance.
//!
//! Images are interpolated, labels never are: whatever the settings, no label comes out that did
//! not go in, but for [`IGNORE`] where a crop reaches beyond the picture.

use super::colour::Jitter;
use image::imageops::{self, FilterType};
use image::{GrayImage, Luma, Rgb, RgbImage};
use rand::{Rng, RngExt};

use super::DataError;
use super::classes::IGNORE;
use super::sample::{Sample, Size};

/// Channel means of ImageNet, as fractions of full brightness.
pub const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Channel standard deviations of ImageNet, as fractions of full brightness.
pub const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// Where a crop is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Anywhere, all places alike: for training.
    Random,
    /// In the middle: for evaluation.
    Centre,
}

/// A crop of fixed size; what it covers beyond the picture has the mean colour and no label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Crop {
    /// Height and width of the crop.
    pub size: Size,
    /// Where it is taken.
    pub place: Place,
}

/// What is done to a sample, in the order of the fields.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Augment {
    /// Bring every image to this size first.
    pub resize: Option<Size>,
    /// Then mirror left and right, in half of the cases.
    pub flip: bool,
    /// Then change brightness, contrast and saturation by up to this share of what they are.
    pub colour: Option<f64>,
    /// Then zoom by a factor drawn evenly between these two.
    pub scale: Option<(f64, f64)>,
    /// Then crop.
    pub crop: Option<Crop>,
    /// Then subtract this from each channel, as a fraction of full brightness …
    pub mean: [f32; 3],
    /// … and divide by this.
    pub std: [f32; 3],
}

impl Default for Augment {
    fn default() -> Self {
        Self {
            resize: None,
            colour: None,
            scale: None,
            flip: false,
            crop: None,
            mean: IMAGENET_MEAN,
            std: IMAGENET_STD,
        }
    }
}

impl Augment {
    /// Whether the settings can be followed at all.
    ///
    /// # Errors
    /// On an empty size, a range of factors that is empty or not positive, or a deviation of zero.
    pub fn validate(&self) -> Result<(), DataError> {
        let sizes = [self.resize, self.crop.map(|crop| crop.size)];
        if sizes.into_iter().flatten().any(|size| size.pixels() == 0) {
            return Err(DataError::BadAugment("a size of zero leaves no pixels".into()));
        }
        if let Some((low, high)) = self.scale
            && !(0.0 < low && low <= high && high.is_finite())
        {
            let text = format!("factors from {low} to {high} are no range of zooms");
            return Err(DataError::BadAugment(text));
        }
        if self.colour.is_some_and(|most| !(0.0..=1.0).contains(&most)) {
            return Err(DataError::BadAugment("colours change by a share from 0 to 1".into()));
        }
        if self.std.iter().any(|std| !(std.is_finite() && *std > 0.0)) {
            return Err(DataError::BadAugment("a deviation must be positive".into()));
        }
        Ok(())
    }

    /// The part that is the same in every epoch, so that its result can be kept.
    #[must_use]
    pub fn prepare(&self, sample: Sample) -> Sample {
        match self.resize {
            Some(size) => resize(sample, size),
            None => sample,
        }
    }

    /// The part that chance decides.
    #[must_use]
    pub fn vary(&self, mut sample: Sample, rng: &mut impl Rng) -> Sample {
        if self.flip && rng.random_bool(0.5) {
            sample = flip(sample);
        }
        if let Some(most) = self.colour {
            Jitter::draw(most, rng).apply(&mut sample.image);
        }
        let factor = self.scale.map_or(1.0, |(low, high)| rng.random_range(low..=high));
        let size = zoomed(sample.size(), factor);
        let Some(Crop { size: kept, place }) = self.crop else { return resize(sample, size) };
        let offset = match place {
            Place::Random => random_offset(size, kept, rng),
            Place::Centre => centre_offset(size, kept),
        };
        zoom_and_crop(sample, size, kept, offset, fill_colour(self.mean))
    }

    /// Writes the image as floats, channel by channel: `out` is 3 x h x w and is filled whole.
    pub fn normalise_into(&self, image: &RgbImage, out: &mut [f32]) {
        let plane = Size::of(image).pixels();
        for (channel, out) in out.chunks_exact_mut(plane.max(1)).enumerate().take(3) {
            let (mean, std) = (self.mean[channel], self.std[channel]);
            // A byte has 256 values; dividing once for each is far less than once per pixel.
            let table: [f32; 256] = std::array::from_fn(|v| (v as f32 / 255.0 - mean) / std);
            for (to, pixel) in out.iter_mut().zip(image.pixels()) {
                *to = table[usize::from(pixel.0[channel])];
            }
        }
    }
}

/// Brings image (bilinear) and labels (nearest) to a size.
#[must_use]
pub fn resize(sample: Sample, size: Size) -> Sample {
    if sample.size() == size {
        return sample;
    }
    Sample {
        image: imageops::resize(&sample.image, size.w, size.h, FilterType::Triangle),
        labels: imageops::resize(&sample.labels, size.w, size.h, FilterType::Nearest),
        ..sample
    }
}

/// Mirrors left and right.
#[must_use]
pub fn flip(mut sample: Sample) -> Sample {
    imageops::flip_horizontal_in_place(&mut sample.image);
    imageops::flip_horizontal_in_place(&mut sample.labels);
    sample
}

/// Cuts out `size` pixels whose top left corner lies at `offset` = (x, y); negative offsets and
/// whatever else lies outside the picture give `fill` and [`IGNORE`].
#[must_use]
pub fn crop(sample: Sample, size: Size, offset: (i64, i64), fill: Rgb<u8>) -> Sample {
    let mut image = RgbImage::from_pixel(size.w, size.h, fill);
    let mut labels = GrayImage::from_pixel(size.w, size.h, Luma([IGNORE]));
    imageops::replace(&mut image, &sample.image, -offset.0, -offset.1);
    imageops::replace(&mut labels, &sample.labels, -offset.0, -offset.1);
    Sample { image, labels, ..sample }
}

/// As resizing to `size` and cropping what is `kept`, but only what remains is interpolated: a
/// crop of a large picture is most often a small part of it. The grid may shift by a part of a
/// pixel, the same for image and labels.
fn zoom_and_crop(
    sample: Sample,
    size: Size,
    kept: Size,
    (x, y): (i64, i64),
    fill: Rgb<u8>,
) -> Sample {
    let from = sample.size();
    if from == size {
        return crop(sample, kept, (x, y), fill);
    }
    let (across, down) = (Part::of(from.w, size.w, kept.w, x), Part::of(from.h, size.h, kept.h, y));
    let (left, top) = (across.start, down.start);
    let part = Sample {
        image: imageops::crop_imm(&sample.image, left, top, across.len, down.len).to_image(),
        labels: imageops::crop_imm(&sample.labels, left, top, across.len, down.len).to_image(),
        name: sample.name,
    };
    let part = resize(part, Size { h: down.zoomed, w: across.zoomed });
    crop(part, kept, (across.offset, down.offset), fill)
}

/// What a crop of a zoomed picture needs of the original, along one side.
struct Part {
    /// First pixel of the original, and how many.
    start: u32,
    len: u32,
    /// How many they become.
    zoomed: u32,
    /// Where the crop begins among those.
    offset: i64,
}

impl Part {
    fn of(from: u32, zoomed: u32, kept: u32, offset: i64) -> Self {
        let factor = f64::from(zoomed) / f64::from(from);
        let (low, high) = (offset.max(0), (offset + i64::from(kept)).min(i64::from(zoomed)));
        // One zoomed pixel more on either side is as far as interpolation reaches.
        let start = ((low - 1).max(0) as f64 / factor).floor() as u32;
        let end = (((high + 1) as f64 / factor).ceil() as u32).min(from);
        let at = |pixel: u32| (f64::from(pixel) * factor).round() as u32;
        let zoomed = (at(end) - at(start)).max(1);
        Self { start, len: end - start, zoomed, offset: offset - i64::from(at(start)) }
    }
}

/// Any offset at which the crop lies within the picture or, on a side where the picture is the
/// smaller one, the picture within the crop.
pub fn random_offset(from: Size, to: Size, rng: &mut impl Rng) -> (i64, i64) {
    let mut along = |from: u32, to: u32| {
        let slack = i64::from(from) - i64::from(to);
        rng.random_range(slack.min(0)..=slack.max(0))
    };
    (along(from.w, to.w), along(from.h, to.h))
}

/// The offset that leaves as much on either side.
#[must_use]
pub fn centre_offset(from: Size, to: Size) -> (i64, i64) {
    let along = |from: u32, to: u32| (i64::from(from) - i64::from(to)).div_euclid(2);
    (along(from.w, to.w), along(from.h, to.h))
}

fn zoomed(size: Size, factor: f64) -> Size {
    let along = |n: u32| ((f64::from(n) * factor).round() as u32).max(1);
    Size { h: along(size.h), w: along(size.w) }
}

/// The mean colour as a pixel, so that padding becomes nearly zero once normalised.
fn fill_colour(mean: [f32; 3]) -> Rgb<u8> {
    Rgb(mean.map(|m| (m * 255.0).round() as u8))
}

#[cfg(test)]
mod tests {
    use super::super::random::{Purpose, stream};
    use super::*;

    /// An image whose pixels know their place, with labels that follow the columns.
    fn sample(h: u32, w: u32) -> Sample {
        Sample {
            name: "s".into(),
            image: RgbImage::from_fn(w, h, |x, y| Rgb([x as u8, y as u8, 7])),
            labels: GrayImage::from_fn(w, h, |x, _| Luma([if x < w / 2 { 3 } else { 9 }])),
        }
    }

    #[test]
    fn labels_are_never_interpolated() {
        let augment = Augment {
            resize: Some(Size::new(37, 53)),
            scale: Some((0.4, 2.1)),
            flip: true,
            crop: Some(Crop { size: Size::new(40, 44), place: Place::Random }),
            ..Augment::default()
        };
        for index in 0..20 {
            let mut rng = stream(1, Purpose::Augment, 0, index);
            let out = augment.vary(augment.prepare(sample(24, 32)), &mut rng);
            assert_eq!(out.size(), Size::new(40, 44));
            assert!(out.labels.pixels().all(|l| [3, 9, IGNORE].contains(&l.0[0])));
        }
    }

    #[test]
    fn flipping_moves_image_and_labels_together_and_twice_is_nothing() {
        let once = flip(sample(4, 6));
        assert_eq!((once.image.get_pixel(0, 1).0, once.labels.get_pixel(0, 1).0), ([5, 1, 7], [9]));
        assert_eq!(flip(once), sample(4, 6));
    }

    #[test]
    fn a_crop_inside_keeps_pixels_and_beyond_pads() {
        let fill = Rgb([1, 2, 3]);
        let inner = crop(sample(8, 8), Size::new(2, 2), (3, 5), fill);
        assert_eq!(inner.image.get_pixel(1, 1).0, [4, 6, 7]);
        let outer = crop(sample(2, 2), Size::new(4, 4), (-1, -2), fill);
        assert_eq!(outer.image.get_pixel(1, 2).0, [0, 0, 7]);
        assert_eq!(
            (outer.image.get_pixel(0, 0), outer.labels.get_pixel(3, 3).0),
            (&fill, [IGNORE])
        );
    }

    #[test]
    fn zooming_only_what_is_kept_changes_nothing() {
        let (size, fill) = (Size::new(48, 64), Rgb([1, 2, 3]));
        for offset in [(0, 0), (7, 9), (31, 20), (54, 40)] {
            let kept = Size::new(8, 10);
            let whole = crop(resize(sample(24, 32), size), kept, offset, fill);
            assert_eq!(zoom_and_crop(sample(24, 32), size, kept, offset, fill), whole);
        }
        let (size, kept) = (Size::new(11, 19), Size::new(30, 7));
        let out = zoom_and_crop(sample(24, 32), size, kept, (5, -9), fill);
        assert!(out.image.enumerate_pixels().all(|(_, y, p)| (*p == fill) != (9..20).contains(&y)));
    }

    #[test]
    fn offsets_stay_in_their_slack() {
        let mut rng = stream(5, Purpose::Augment, 0, 0);
        for _ in 0..100 {
            let (x, y) = random_offset(Size::new(5, 20), Size::new(9, 12), &mut rng);
            assert!((0..=8).contains(&x) && (-4..=0).contains(&y));
        }
        assert_eq!(centre_offset(Size::new(10, 4), Size::new(4, 8)), (-2, 3));
    }

    #[test]
    fn normalising_gives_planes() {
        let augment = Augment { mean: [0.0; 3], std: [1.0, 1.0, 0.5], ..Augment::default() };
        let mut out = vec![f32::NAN; 12];
        augment.normalise_into(&sample(2, 2).image, &mut out);
        let unit = 1.0 / 255.0;
        assert_eq!(out[..8], [0.0, unit, 0.0, unit, 0.0, 0.0, unit, unit]);
        assert!(out[8..].iter().all(|&v| (v - 14.0 * unit).abs() < 1e-6));
    }

    #[test]
    fn padding_is_nearly_zero_once_normalised() {
        let augment = Augment::default();
        let mut out = vec![f32::NAN; 3];
        let fill = fill_colour(augment.mean);
        augment.normalise_into(&RgbImage::from_pixel(1, 1, fill), &mut out);
        assert!(out.iter().all(|v| v.abs() < 0.01), "{out:?}");
    }

    #[test]
    fn impossible_settings_are_refused() {
        for (low, high) in [(0.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            let augment = Augment { scale: Some((low, high)), ..Augment::default() };
            assert!(augment.validate().is_err(), "{low} {high}");
        }
        let empty = Augment { resize: Some(Size::new(0, 4)), ..Augment::default() };
        assert!(empty.validate().is_err());
        let flat = Augment { std: [1.0, 0.0, 1.0], ..Augment::default() };
        assert!(flat.validate().is_err());
        assert!(Augment::default().validate().is_ok());
    }
}
