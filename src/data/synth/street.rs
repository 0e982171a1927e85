//! The street itself: where its parts lie, and how the ground and the sky look.

use rand::{Rng, RngExt};

use super::canvas::{Canvas, Paint, Span};
use super::ids;
use super::tone::{Rgb, foliage, hsv, mix, paving, scale, smooth, white};

/// Width of a lane in metres.
const LANE: f32 = 3.2;
/// How far ahead the ground is drawn.
const FAR: f32 = 400.0;

/// What lies between the road and what borders the street, on one side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    /// -1 on the left, 1 on the right.
    pub(super) sign: f32,
    /// Distance of the road's edge from the camera's path.
    pub(super) kerb: f32,
    /// Width of the sidewalk.
    pub(super) sidewalk: f32,
    /// Width of the grass between sidewalk and border, often none.
    pub(super) verge: f32,
}

impl Side {
    /// Distance of the buildings, walls and fences from the camera's path.
    pub(super) fn border(&self) -> f32 {
        self.kerb + self.sidewalk + self.verge
    }
}

/// The plan of a street.
#[derive(Debug, Clone)]
pub(super) struct Street {
    /// Left and right.
    pub(super) sides: [Side; 2],
    /// Lanes of oncoming traffic.
    pub(super) oncoming: usize,
    /// Whether cars may park at the kerb.
    pub(super) parking: bool,
    /// A street that crosses, from where to where.
    pub(super) crossing: Option<Span>,
    /// Centre of the rails, where there are any.
    pub(super) rails: Option<f32>,
    /// Where a row of houses or trees closes the view.
    pub(super) end: f32,
    /// How brown the leaves are, 0 to 1.
    pub(super) autumn: f32,
    /// From where the light comes: -1 left, 1 right.
    pub(super) sun: f32,
    /// How much darker the shaded side is, 0 to 1.
    pub(super) contrast: f32,
    tar: Rgb,
    slabs: Rgb,
    grass: Rgb,
    seed: u32,
}

impl Street {
    /// A street by chance.
    pub(super) fn plan(rng: &mut impl Rng) -> Self {
        let parking = rng.random_bool(0.6);
        let oncoming = rng.random_range(1..=2);
        let own = if rng.random_bool(0.3) { 1.0 } else { 0.0 };
        let room = if parking { 2.3 } else { 0.3 };
        let rails = rng.random_bool(0.35).then_some(-LANE * oncoming as f32);
        let left = LANE * (0.5 + oncoming as f32) + room;
        let right = LANE * (0.5 + own) + room;
        let near = rng.random_range(9.0..55.0);
        let autumn = rng.random_range(0.0f32..1.0).powi(3);
        Self {
            sides: [side(rng, -1.0, left), side(rng, 1.0, right)],
            oncoming,
            parking,
            crossing: rng.random_bool(0.45).then(|| (near, near + rng.random_range(7.0..12.0))),
            rails,
            end: rng.random_range(60.0..220.0),
            autumn,
            sun: if rng.random_bool(0.5) { -1.0 } else { 1.0 },
            contrast: rng.random_range(0.0..0.45),
            tar: paving(rng),
            slabs: paving(rng),
            grass: mix(foliage(rng, autumn), paving(rng), rng.random_range(0.0..0.5)),
            seed: rng.random(),
        }
    }

    /// Centre of the lane with that number: 0 is the camera's, the oncoming ones are negative.
    pub(super) fn lane(number: i32) -> f32 {
        number as f32 * LANE
    }

    /// Whether a street crosses at depth `z`.
    pub(super) fn crosses(&self, z: f32) -> bool {
        self.crossing.is_some_and(|(from, to)| (from..to).contains(&z))
    }

    /// How bright a surface is that looks towards `facing`: -1 left, 1 right, 0 at the camera.
    pub(super) fn light(&self, facing: f32) -> f32 {
        1.0 - self.contrast * (0.5 - 0.5 * facing * self.sun)
    }

    /// Draws all ground.
    pub(super) fn draw_ground(&self, canvas: &mut Canvas) {
        canvas.level(0.0, (-FAR * 2.0, FAR * 2.0), (0.0, FAR), |x, z| {
            let (label, colour) = self.ground(x, z);
            Paint::solid(label, scale(colour, self.shade(x, z)))
        });
    }

    fn ground(&self, x: f32, z: f32) -> (u8, Rgb) {
        let side = &self.sides[usize::from(x > 0.0)];
        let out = x.abs() - side.kerb;
        if out < 0.0 || self.crosses(z) {
            return (ids::ROAD, self.road(x, z));
        }
        if out < side.sidewalk {
            let kerb = if out < 0.18 { 1.25 } else { 1.0 };
            return (ids::SIDEWALK, scale(self.paved(x, z), kerb));
        }
        let blade = white((x * 9.0) as i32, (z * 9.0) as i32, self.seed) * 0.4;
        let patch = smooth(x * 0.7, z * 0.35, self.seed ^ 3) * 0.6;
        (ids::TERRAIN, scale(self.grass, 0.55 + blade + patch))
    }

    fn road(&self, x: f32, z: f32) -> Rgb {
        if self.marked(x, z) {
            return [0.78; 3];
        }
        let worn = smooth(x * 2.2, z * 0.12, self.seed) * 0.22;
        let grit = white((x * 40.0) as i32, (z * 25.0) as i32, self.seed) * 0.12;
        let steel = self.rails.is_some_and(|rails| {
            let off = (x - rails).abs();
            (0.68..0.78).contains(&off)
        });
        scale(self.tar, if steel { 0.55 } else { 0.82 + worn + grit })
    }

    fn marked(&self, x: f32, z: f32) -> bool {
        if let Some((from, to)) = self.crossing {
            // Stripes to walk on, before and after the street that crosses.
            let zebra = (from - 3.2..from - 0.4).contains(&z) || (to + 0.4..to + 3.2).contains(&z);
            if zebra || self.crosses(z) {
                return zebra && (x / 0.55).rem_euclid(2.0) < 1.0;
            }
        }
        let beside = (x / LANE - 0.5).rem_euclid(1.0);
        let on_line = (beside * LANE).min((1.0 - beside) * LANE) < 0.075;
        let between = x > Self::lane(-(self.oncoming as i32)) - LANE * 0.5 - 0.2;
        let solid = (x + LANE * 0.5).abs() < 0.3;
        on_line && between && (solid || z.rem_euclid(6.0) < 3.0)
    }

    fn paved(&self, x: f32, z: f32) -> Rgb {
        let (i, j) = ((x / 0.6).floor(), (z / 0.6).floor());
        let joint = x / 0.6 - i < 0.07 || z / 0.6 - j < 0.07;
        let slab = white(i as i32, j as i32, self.seed ^ 5) * 0.22;
        let grit = white((x * 40.0) as i32, (z * 25.0) as i32, self.seed) * 0.1;
        scale(self.slabs, if joint { 0.75 } else { 0.9 + slab + grit })
    }

    /// The row on the sunny side keeps the light from a part of the ground.
    fn shade(&self, x: f32, z: f32) -> f32 {
        let side = &self.sides[usize::from(self.sun > 0.0)];
        let ragged = 2.0 * smooth(z * 0.09, 0.0, self.seed ^ 9) * side.border();
        let lit = self.crosses(z) || x * self.sun < side.border() - ragged;
        if lit { 1.0 } else { 1.0 - self.contrast }
    }
}

fn side(rng: &mut impl Rng, sign: f32, kerb: f32) -> Side {
    let verge = if rng.random_bool(0.5) { rng.random_range(1.0..6.0) } else { 0.0 };
    Side { sign, kerb, sidewalk: rng.random_range(1.6..4.2), verge }
}

/// What the sky looks like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sky {
    zenith: Rgb,
    /// Also the colour of what is far away.
    pub(super) horizon: Rgb,
    clouds: f32,
    seed: u32,
}

impl Sky {
    /// A sky by chance: overcast, clear, or between.
    pub(super) fn plan(rng: &mut impl Rng) -> Self {
        let blue = rng.random_range(0.0f32..0.75).powi(2);
        let warm = rng.random_range(0.0f32..0.6).powi(3);
        let value = rng.random_range(0.6..0.95);
        let glow = hsv(0.1, warm, (value + 0.1f32).min(1.0));
        Self {
            zenith: hsv(rng.random_range(0.54..0.62), blue, value),
            horizon: mix(glow, hsv(0.57, blue * 0.4, value), 0.5),
            clouds: rng.random_range(0.0..1.0),
            seed: rng.random(),
        }
    }

    /// Draws it wherever nothing else has been drawn yet.
    pub(super) fn draw(&self, canvas: &mut Canvas) {
        canvas.beyond(ids::SKY, |right, up| {
            let clear = mix(self.horizon, self.zenith, (up * 3.0).clamp(0.0, 1.0));
            // Clouds lie on a ceiling, so they shrink towards the horizon.
            let (cx, cz) = (right / (up + 0.12), 1.0 / (up + 0.12));
            let puff = 0.65 * smooth(cx * 0.9, cz * 0.9, self.seed)
                + 0.35 * smooth(cx * 2.7, cz * 2.7, self.seed ^ 1);
            let cloud = ((puff + self.clouds - 0.9) * 2.5).clamp(0.0, 0.9);
            mix(clear, scale([0.93; 3], 0.75 + 0.25 * puff), cloud)
        });
    }
}
