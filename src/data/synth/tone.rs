//! Colours and textures: what things are painted with.
//!
//! Classes share their ranges of colour on purpose. Walls are as buildings are, clothes as cars,
//! grass as leaves, roads as sidewalks: what a thing is must be seen from its shape and its place.

use rand::{Rng, RngExt};

/// Red, green, blue as fractions of full brightness.
pub(super) type Rgb = [f32; 3];

/// A colour from hue, saturation and value, each 0 to 1.
pub(super) fn hsv(hue: f32, saturation: f32, value: f32) -> Rgb {
    let channel = |shift: f32| {
        let k = (shift + hue * 6.0).rem_euclid(6.0);
        value * (1.0 - saturation * k.min(4.0 - k).clamp(0.0, 1.0))
    };
    [channel(5.0), channel(3.0), channel(1.0)]
}

/// A colour made darker or lighter.
pub(super) fn scale(colour: Rgb, by: f32) -> Rgb {
    colour.map(|channel| channel * by)
}

/// The colour on the way from `a` (0) to `b` (1).
pub(super) fn mix(a: Rgb, b: Rgb, t: f32) -> Rgb {
    std::array::from_fn(|c| a[c] + (b[c] - a[c]) * t)
}

/// Plaster, brick, concrete: buildings and walls.
pub(super) fn masonry(rng: &mut impl Rng) -> Rgb {
    let hue = rng.random_range(0.01..0.13);
    let saturation = rng.random_range(0.0f32..0.65).powi(2);
    hsv(hue, saturation, rng.random_range(0.28..0.85))
}

/// Stone and tar: roads, sidewalks, and what is cast from concrete.
pub(super) fn paving(rng: &mut impl Rng) -> Rgb {
    let saturation = rng.random_range(0.0f32..0.35).powi(2);
    hsv(rng.random_range(0.0..0.7), saturation, rng.random_range(0.24..0.52))
}

/// Lacquer and cloth: vehicles and what people wear. Mostly greys, sometimes loud.
pub(super) fn lacquer(rng: &mut impl Rng) -> Rgb {
    let saturation = rng.random_range(0.0f32..0.9).powi(2);
    hsv(rng.random(), saturation, rng.random_range(0.06..0.85))
}

/// Leaves and grass; `autumn` (0 to 1) turns green into brown.
pub(super) fn foliage(rng: &mut impl Rng, autumn: f32) -> Rgb {
    let hue = rng.random_range(0.17..0.36) - 0.13 * autumn;
    hsv(hue, rng.random_range(0.15..0.5), rng.random_range(0.16..0.46))
}

/// The colour of a person's skin.
pub(super) fn skin(rng: &mut impl Rng) -> Rgb {
    hsv(rng.random_range(0.04..0.09), rng.random_range(0.25..0.55), rng.random_range(0.3..0.9))
}

/// A number from 0 to 1 at each place of a grid. Any two places and seeds are unrelated.
pub(super) fn white(x: i32, y: i32, seed: u32) -> f32 {
    let mut h = (x as u32).wrapping_mul(0x9E37_79B1)
        ^ (y as u32).wrapping_mul(0x85EB_CA77).rotate_left(13)
        ^ seed.wrapping_mul(0xC2B2_AE3D);
    h = (h ^ (h >> 16)).wrapping_mul(0x7FEB_352D);
    h = (h ^ (h >> 15)).wrapping_mul(0x846C_A68B);
    (h >> 8) as f32 / (1 << 24) as f32
}

/// Smooth noise from 0 to 1 with features of size 1.
///
/// The noise crates at hand take ten times as long, and this is evaluated at every pixel.
pub(super) fn smooth(x: f32, y: f32, seed: u32) -> f32 {
    let (x0, y0) = (x.floor(), y.floor());
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (tx, ty) = (ease(x - x0), ease(y - y0));
    let (i, j) = (x0 as i32, y0 as i32);
    let row = |j: i32| {
        let (a, b) = (white(i, j, seed), white(i.wrapping_add(1), j, seed));
        a + (b - a) * tx
    };
    let (a, b) = (row(j), row(j.wrapping_add(1)));
    a + (b - a) * ty
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hues_are_where_they_belong() {
        assert_eq!(hsv(0.0, 1.0, 1.0), [1.0, 0.0, 0.0]);
        assert_eq!(hsv(0.5, 1.0, 0.5), [0.0, 0.5, 0.5]);
        assert_eq!(hsv(0.3, 0.0, 0.7), [0.7; 3]);
    }

    #[test]
    fn noise_fills_its_range_evenly_and_is_smooth() {
        let mean = (0..1000).map(|i| white(i, -i, 7)).sum::<f32>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.05, "{mean}");
        for i in 0..200 {
            let x = i as f32 * 0.37 - 30.0;
            assert!((smooth(x, 2.0, 7) - smooth(x + 0.01, 2.0, 7)).abs() < 0.02);
        }
    }
}
