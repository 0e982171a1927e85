//! From a drawn scene to what a camera would have stored: haze, light, colour cast, noise, bytes.

use image::{GrayImage, Luma, Rgb as Pixel, RgbImage};
use rand::{Rng, RngExt};

use super::Scene;
use super::canvas::Canvas;
use super::tone::{Rgb, mix, white};
use crate::data::instances::{InstanceMap, Numbering};

/// Every stored pixel is the mean of this many drawn ones along each side.
pub(super) const OVERSAMPLING: usize = 2;

/// How one picture is taken.
#[derive(Debug, Clone)]
pub(super) struct Sensor {
    /// Distance at which haze has taken half of a colour, in metres.
    haze: f32,
    /// Factor of each channel: brightness and colour cast.
    gain: Rgb,
    /// Brightness of the corners.
    corners: f32,
    /// Amplitude of the noise, as a fraction of full brightness.
    noise: f32,
    /// Response curve, by brightness in 1023 steps.
    curve: Vec<f32>,
    seed: u32,
}

impl Sensor {
    /// A camera and a moment by chance.
    pub(super) fn plan(rng: &mut impl Rng) -> Self {
        let exposure = rng.random_range(0.75..1.3);
        let warmth = rng.random_range(-0.12..0.12);
        let tint = rng.random_range(-0.05..0.05);
        let gamma = rng.random_range(0.75..1.3);
        Self {
            haze: rng.random_range(120.0..700.0),
            gain: [exposure * (1.0 + warmth), exposure * (1.0 + tint), exposure * (1.0 - warmth)],
            corners: rng.random_range(0.7..1.0),
            noise: rng.random_range(0.01..0.07),
            curve: (0..1024).map(|step| (step as f32 / 1023.0).powf(gamma)).collect(),
            seed: rng.random(),
        }
    }

    /// What is stored of a canvas, which is [`OVERSAMPLING`] times as large.
    pub(super) fn expose(&self, canvas: &Canvas, far: Rgb) -> Scene {
        let (h, w) = (canvas.h / OVERSAMPLING, canvas.w / OVERSAMPLING);
        let mut image = RgbImage::new(w as u32, h as u32);
        let mut labels = GrayImage::new(w as u32, h as u32);
        let mut instances = InstanceMap::new(w as u32, h as u32);
        let mut numbers = Numbering::default();
        let stored = image.pixels_mut().zip(labels.pixels_mut()).zip(instances.pixels_mut());
        for (at, ((pixel, label), instance)) in stored.enumerate() {
            let (y, x) = (at / w, at % w);
            let (colour, id, thing) = self.gather(canvas, far, x, y);
            let (dx, dy) = (x as f32 / w as f32 - 0.5, y as f32 / h as f32 - 0.5);
            let light = 1.0 - (1.0 - self.corners) * 2.0 * (dx * dx + dy * dy);
            *pixel = Pixel(self.develop(colour, light, (x, y)));
            *label = Luma([id]);
            *instance = Luma([numbers.instance(id, thing)]);
        }
        Scene { image, labels, instances }
    }

    /// Mean colour seen through the haze, the label that most of the drawn pixels have, and the
    /// thing that most of those are.
    fn gather(&self, canvas: &Canvas, far: Rgb, x: usize, y: usize) -> (Rgb, u8, u32) {
        let mut sum = [0.0; 3];
        let mut ids = [(0, 0); OVERSAMPLING * OVERSAMPLING];
        for (k, id) in ids.iter_mut().enumerate() {
            let (row, column) =
                (y * OVERSAMPLING + k / OVERSAMPLING, x * OVERSAMPLING + k % OVERSAMPLING);
            let at = row * canvas.w + column;
            let depth = canvas.depth[at];
            let veil = if depth.is_finite() { depth / (depth + self.haze) } else { 0.0 };
            let seen = mix(canvas.colour[at], far, veil);
            sum = std::array::from_fn(|c| sum[c] + seen[c]);
            *id = (canvas.label[at], canvas.thing[at]);
        }
        // Of equals the last one wins, which is as good as any.
        let votes = |(label, _): &&(u8, u32)| ids.iter().filter(|(of, _)| of == label).count();
        let (label, _) = *ids.iter().max_by_key(votes).expect("a pixel has parts");
        let same = |part: &&(u8, u32)| ids.iter().filter(|other| other == part).count();
        let of_label = ids.iter().filter(|(of, _)| *of == label);
        let (_, thing) = *of_label.max_by_key(same).expect("the label is that of a part");
        (sum.map(|channel| channel / ids.len() as f32), label, thing)
    }

    fn develop(&self, colour: Rgb, light: f32, (x, y): (usize, usize)) -> [u8; 3] {
        std::array::from_fn(|c| {
            let raw = (colour[c] * self.gain[c] * light).clamp(0.0, 1.0);
            let shown = self.curve[(raw * 1023.0) as usize];
            let grain = white(x as i32, y as i32, self.seed.wrapping_add(c as u32)) - 0.5;
            ((shown + grain * self.noise) * 255.0).round().clamp(0.0, 255.0) as u8
        })
    }
}
