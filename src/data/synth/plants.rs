//! Trees, bushes and hedges. Trunks belong to the vegetation.

use rand::{Rng, RngExt};

use super::canvas::{Canvas, Paint, Span};
use super::figure::Figure;
use super::ids;
use super::street::{Side, Street};
use super::tone::{Rgb, foliage, hsv, scale, smooth, white};

/// How leaves look: a colour, and where they are dense.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaves {
    colour: Rgb,
    seed: u32,
}

impl Leaves {
    /// Leaves by chance, as brown as the season.
    pub(super) fn plan(street: &Street, rng: &mut impl Rng) -> Self {
        Self { colour: foliage(rng, street.autumn), seed: rng.random() }
    }

    /// The leaves at a place; `up` is 0 at the bottom of the plant and 1 at its top, in the light.
    fn at(&self, a: f32, y: f32, up: f32) -> Option<Paint> {
        let clump = smooth(a * 2.4, y * 2.4, self.seed);
        let leaf = white((a * 11.0) as i32, (y * 11.0) as i32, self.seed);
        let light = 0.45 + 0.5 * up + 0.45 * clump + 0.3 * leaf;
        Paint::solid(ids::VEGETATION, scale(self.colour, light))
    }

    /// How far the outline is pushed out or in, about -1 to 1.
    fn ragged(&self, a: f32, b: f32) -> f32 {
        smooth(a * 1.3, b * 1.3, self.seed ^ 2) + smooth(a * 4.1, b * 4.1, self.seed ^ 4) - 1.0
    }

    /// A round mass of leaves, `reach` metres to each side and up and down from `centre`.
    fn ball(&self, canvas: &mut Canvas, z: f32, centre: (f32, f32), reach: (f32, f32)) {
        let (x, y) = ((centre.0 - reach.0 * 1.3, centre.0 + reach.0 * 1.3), centre.1);
        canvas.across(z, x, ((y - reach.1 * 1.3).max(0.0), y + reach.1 * 1.3), |px, py| {
            let (dx, dy) = ((px - centre.0) / reach.0, (py - y) / reach.1);
            let edge = 1.0 + 0.45 * self.ragged(px, py);
            if dx * dx + dy * dy > edge * edge {
                return None;
            }
            self.at(px, py, 0.5 + 0.4 * dy)
        });
    }
}

/// A tree at `x`, `z`.
pub(super) fn tree(canvas: &mut Canvas, street: &Street, x: f32, z: f32, rng: &mut impl Rng) {
    let leaves = Leaves::plan(street, rng);
    let height = rng.random_range(4.5..11.0);
    let bare = rng.random_range(1.6..3.2f32).min(height * 0.45);
    let thick = rng.random_range(0.1..0.26);
    let bark = hsv(0.08, rng.random_range(0.05..0.4), rng.random_range(0.12..0.34));
    Figure::new(ids::VEGETATION)
        .taper(0.0, (0.0, height * 0.7), (thick, thick * 0.5), bark)
        .draw(canvas, x, z);
    let wide = height * rng.random_range(0.2..0.38);
    let tall = (height - bare) / 2.0;
    let lean = rng.random_range(-0.4..0.4);
    leaves.ball(canvas, z - 0.02, (x + lean, bare + tall), (wide, tall));
}

/// A bush at `x`, `z`.
pub(super) fn bush(canvas: &mut Canvas, street: &Street, x: f32, z: f32, rng: &mut impl Rng) {
    let reach = (rng.random_range(0.5..1.6), rng.random_range(0.4..1.1));
    Leaves::plan(street, rng).ball(canvas, z, (x, reach.1 * 0.7), reach);
}

/// A hedge or the edge of a wood along one side.
pub(super) fn hedge(
    canvas: &mut Canvas,
    street: &Street,
    side: &Side,
    (out, height): (f32, f32),
    z: Span,
    rng: &mut impl Rng,
) {
    let leaves = Leaves::plan(street, rng);
    canvas.along(side.sign * (side.border() + out), z, (0.0, height * 1.3), |z, y| {
        let top = height * (1.0 + 0.25 * leaves.ragged(z * 0.6, 0.0));
        if y < top { leaves.at(z, y, y / top) } else { None }
    });
}

/// A row of trees far away, across the whole view.
pub(super) fn horizon(canvas: &mut Canvas, street: &Street, z: f32, rng: &mut impl Rng) {
    let leaves = Leaves::plan(street, rng);
    let height = rng.random_range(5.0..14.0);
    canvas.across(z, (-3.0 * z, 3.0 * z), (0.0, height * 1.6), |x, y| {
        let top = height * (1.0 + 0.3 * leaves.ragged(x * 0.2, 0.0));
        if y < top { leaves.at(x * 0.3, y * 0.3, y / top) } else { None }
    });
}
