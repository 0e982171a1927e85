//! Flat figures made of simple forms: people, cycles, poles, signs, trunks.

use super::canvas::{Canvas, Paint};
use super::tone::Rgb;

/// A point of a figure: metres right of its foot, metres above the ground.
pub(super) type Point = (f32, f32);

#[derive(Debug, Clone, Copy)]
enum Form {
    /// All points within a distance of a line; a disc when both ends are the same.
    Capsule(Point, Point, f32),
    /// A disc with a smaller disc cut out.
    Ring(Point, f32, f32),
    /// Level at bottom and top, with a half width for each.
    Taper { x: f32, y: (f32, f32), half: (f32, f32) },
}

impl Form {
    fn contains(self, (x, y): Point) -> bool {
        match self {
            Self::Capsule(a, b, r) => {
                let (dx, dy) = (b.0 - a.0, b.1 - a.1);
                let length = (dx * dx + dy * dy).max(1e-9);
                let t = (((x - a.0) * dx + (y - a.1) * dy) / length).clamp(0.0, 1.0);
                within((x - a.0 - t * dx, y - a.1 - t * dy), r)
            }
            Self::Ring(c, outer, inner) => {
                let d = (x - c.0, y - c.1);
                within(d, outer) && !within(d, inner)
            }
            Self::Taper { x: centre, y: (low, high), half: (bottom, top) } => {
                let t = (y - low) / (high - low);
                (0.0..=1.0).contains(&t) && (x - centre).abs() <= bottom + (top - bottom) * t
            }
        }
    }

    /// Left, right, bottom, top.
    fn bounds(self) -> [f32; 4] {
        match self {
            Self::Capsule(a, b, r) => {
                [a.0.min(b.0) - r, a.0.max(b.0) + r, a.1.min(b.1) - r, a.1.max(b.1) + r]
            }
            Self::Ring(c, r, _) => [c.0 - r, c.0 + r, c.1 - r, c.1 + r],
            Self::Taper { x, y, half } => {
                let half = half.0.max(half.1);
                [x - half, x + half, y.0, y.1]
            }
        }
    }
}

fn within((dx, dy): Point, r: f32) -> bool {
    dx * dx + dy * dy <= r * r
}

/// Forms of one label, the ones added first in front.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    label: u8,
    parts: Vec<(Form, Rgb, f32)>,
}

impl Figure {
    /// A figure without parts.
    pub(super) fn new(label: u8) -> Self {
        Self { label, parts: Vec::new() }
    }

    /// Adds a limb from `a` to `b` of radius `r`.
    pub(super) fn limb(mut self, a: Point, b: Point, r: f32, colour: Rgb) -> Self {
        self.parts.push((Form::Capsule(a, b, r), colour, 1.0));
        self
    }

    /// Adds a disc.
    pub(super) fn disc(self, centre: Point, r: f32, colour: Rgb) -> Self {
        self.limb(centre, centre, r, colour)
    }

    /// Adds a form level at bottom and top, around the column `x`.
    pub(super) fn taper(mut self, x: f32, y: (f32, f32), half: (f32, f32), colour: Rgb) -> Self {
        self.parts.push((Form::Taper { x, y, half }, colour, 1.0));
        self
    }

    /// Adds a wheel through whose spokes one sees.
    pub(super) fn wheel(mut self, centre: Point, r: f32, tyre: f32, colour: Rgb) -> Self {
        self.parts.push((Form::Ring(centre, r, r - tyre), colour, 1.0));
        self.parts.push((Form::Capsule(centre, centre, r - tyre), colour, 0.25));
        self
    }

    /// Draws the figure with its foot at `x`, `z`.
    pub(super) fn draw(&self, canvas: &mut Canvas, x: f32, z: f32) {
        self.draw_facing(canvas, x, z, 1.0);
    }

    /// Draws the figure, mirrored when `facing` is -1.
    pub(super) fn draw_facing(&self, canvas: &mut Canvas, x: f32, z: f32, facing: f32) {
        let none = [f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY, f32::NEG_INFINITY];
        let [left, right, low, high] = self.parts.iter().fold(none, |all, (form, ..)| {
            let [l, r, b, t] = form.bounds();
            [all[0].min(l), all[1].max(r), all[2].min(b), all[3].max(t)]
        });
        let (a, b) = (left * facing, right * facing);
        canvas.begin_thing();
        canvas.across(z, (x + a.min(b), x + a.max(b)), (low, high), |px, py| {
            let at = ((px - x) * facing, py);
            let (_, colour, cover) = self.parts.iter().find(|(form, ..)| form.contains(at))?;
            Some(Paint { label: self.label, colour: *colour, cover: *cover })
        });
    }
}
