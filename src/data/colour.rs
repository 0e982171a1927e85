//! Random changes of colour: brightness, contrast and saturation, of the image alone.

use image::RgbImage;
use rand::{Rng, RngExt};

/// How bright each channel looks (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// What the colours of an image are changed by; 1 changes nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jitter {
    /// All values are multiplied by it.
    pub brightness: f32,
    /// Distances from the image's mean luma are multiplied by it.
    pub contrast: f32,
    /// Distances from each pixel's own luma are multiplied by it.
    pub saturation: f32,
}

impl Jitter {
    /// Three factors, each drawn evenly from `1 - most` to `1 + most`.
    pub fn draw(most: f64, rng: &mut impl Rng) -> Self {
        let mut factor = || rng.random_range(1.0 - most..=1.0 + most) as f32;
        Jitter { brightness: factor(), contrast: factor(), saturation: factor() }
    }

    /// Changes an image: brightness first, then contrast, then saturation; values are rounded and
    /// held between 0 and 255 at the end.
    ///
    /// ```
    /// use segc::data::colour::Jitter;
    /// let mut image = image::RgbImage::from_raw(2, 1, vec![100, 100, 100, 200, 40, 40]).expect("two");
    /// Jitter { brightness: 1.0, contrast: 1.0, saturation: 0.0 }.apply(&mut image);
    /// // 0.299 * 200 + 0.701 * 40 = 87.84
    /// assert_eq!(image.into_raw(), [100, 100, 100, 88, 88, 88]);
    /// ```
    pub fn apply(self, image: &mut RgbImage) {
        let luma =
            |pixel: [f32; 3]| pixel.iter().zip(LUMA).map(|(v, share)| v * share).sum::<f32>();
        let bright = |pixel: [u8; 3]| pixel.map(|v| f32::from(v) * self.brightness);
        let sum: f64 = image.pixels().map(|pixel| f64::from(luma(bright(pixel.0)))).sum();
        let mean = (sum / f64::from((image.width() * image.height()).max(1))) as f32;
        for pixel in image.pixels_mut() {
            let contrasted = bright(pixel.0).map(|v| (v - mean) * self.contrast + mean);
            let grey = luma(contrasted);
            let value = |v: f32| ((v - grey) * self.saturation + grey).round().clamp(0.0, 255.0);
            pixel.0 = contrasted.map(|v| value(v) as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const SAME: Jitter = Jitter { brightness: 1.0, contrast: 1.0, saturation: 1.0 };

    fn changed(jitter: Jitter) -> Vec<u8> {
        let pixels = vec![100, 100, 100, 200, 200, 200];
        let mut image = RgbImage::from_raw(2, 1, pixels).expect("two pixels");
        jitter.apply(&mut image);
        image.into_raw()
    }

    #[test]
    fn each_factor_does_what_it_says() {
        assert_eq!(changed(SAME), [100, 100, 100, 200, 200, 200]);
        let brighter = changed(Jitter { brightness: 1.5, ..SAME });
        assert_eq!(brighter, [150, 150, 150, 255, 255, 255]);
        // The mean is 150.
        assert_eq!(changed(Jitter { contrast: 0.5, ..SAME }), [125, 125, 125, 175, 175, 175]);
        // Grey stays grey.
        assert_eq!(changed(Jitter { saturation: 3.0, ..SAME }), changed(SAME));
    }

    #[test]
    fn factors_are_drawn_around_one() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let drawn: Vec<Jitter> = (0..300).map(|_| Jitter::draw(0.4, &mut rng)).collect();
        let all = || drawn.iter().flat_map(|j| [j.brightness, j.contrast, j.saturation]);
        assert!(all().all(|factor| (0.6..=1.4).contains(&factor)));
        assert!(all().any(|factor| factor < 0.63) && all().any(|factor| factor > 1.37));
    }
}
