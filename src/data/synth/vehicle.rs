//! What drives on more than two wheels: boxes with windows, lights and wheels.

mod skin;

use rand::{Rng, RngExt};

use super::canvas::{Canvas, Paint, Span};
use super::ids;
use super::street::Street;
use super::tone::{Rgb, hsv, lacquer, scale};
use skin::{End, Livery, Skin};

/// What sort of vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Car,
    Truck,
    Bus,
    /// A tram.
    Train,
}

/// How a vehicle stands in the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    /// Along the street, seen from behind.
    Away,
    /// Along the street, seen from the front.
    Towards,
    /// Across the view, its front on the left.
    Left,
    /// Across the view, its front on the right.
    Right,
}

/// A box of a vehicle, measured from its front.
#[derive(Debug, Clone, Copy)]
struct Block {
    /// From where to where, in metres behind the front.
    along: Span,
    /// Lowest and highest point.
    y: Span,
    half_width: f32,
    /// How far the top lies behind the bottom at the front, and before it at the rear.
    rake: Span,
    skin: Skin,
}

/// The rake of a plain box.
const UPRIGHT: Span = (0.0, 0.0);

/// A slanting end is drawn in so many upright strips.
const STRIPS: u8 = 8;

impl Block {
    /// The colour of a side, `s` metres behind the vehicle's front.
    fn flank(&self, s: f32, y: f32) -> Option<Rgb> {
        let t = (y - self.y.0) / (self.y.1 - self.y.0);
        let (from, to) = (self.along.0 + self.rake.0 * t, self.along.1 - self.rake.1 * t);
        if s < from || s > to {
            return None;
        }
        let edge = (s - from).min(to - s);
        self.skin.flank(s - self.along.0, self.along.1 - self.along.0, y, edge)
    }
}

/// One vehicle, its size and its looks decided.
#[derive(Debug, Clone)]
pub(super) struct Vehicle {
    label: u8,
    /// Length in metres.
    pub(super) length: f32,
    /// Width in metres.
    pub(super) width: f32,
    blocks: Vec<Block>,
}

impl Vehicle {
    /// A vehicle by chance.
    pub(super) fn plan(kind: Kind, rng: &mut impl Rng) -> Self {
        match kind {
            Kind::Car => car(rng),
            Kind::Truck => truck(rng),
            Kind::Bus => bus(rng),
            Kind::Train => train(rng),
        }
    }

    /// Draws it: `x` is its middle, `z` its nearest point.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas,
        street: &Street,
        (x, z): (f32, f32),
        heading: Heading,
    ) {
        let (wide, deep) = match heading {
            Heading::Away | Heading::Towards => (self.width, self.length),
            Heading::Left | Heading::Right => (self.length, self.width),
        };
        let under = (x - wide * 0.58, x + wide * 0.58);
        canvas.shadow(under, (z - 0.25, z + deep + 0.2), 0.7);
        canvas.begin_thing();
        for block in &self.blocks {
            match heading {
                Heading::Away | Heading::Towards => {
                    self.draw_along(canvas, street, block, (x, z), heading);
                }
                Heading::Left | Heading::Right => {
                    self.draw_across(canvas, street, block, (x, z), heading);
                }
            }
        }
    }

    fn draw_along(
        &self,
        canvas: &mut Canvas,
        street: &Street,
        block: &Block,
        (x, z): (f32, f32),
        heading: Heading,
    ) {
        let Block { along, y, half_width, rake, .. } = *block;
        let end = if heading == Heading::Away { End::Rear } else { End::Front };
        let rear = end == End::Rear;
        let far = z + self.length;
        let zs = if rear { (far - along.1, far - along.0) } else { (z + along.0, z + along.1) };
        let xs = (x - half_width, x + half_width);
        let (near_rake, far_rake) = if rear { (rake.1, rake.0) } else { rake };
        self.draw_end(canvas, street.light(0.0), block, (xs, zs.0), end);
        let top = Paint::solid(self.label, block.skin.top());
        canvas.level(y.1, xs, (zs.0 + near_rake, zs.1 - far_rake), |_, _| top);
        let (flank, facing) = if xs.0 > 0.0 { (xs.0, -1.0) } else { (xs.1, 1.0) };
        if xs.0 > 0.0 || xs.1 < 0.0 {
            let light = street.light(facing);
            canvas.along(flank, zs, y, |pz, py| {
                let colour = block.flank(if rear { far - pz } else { pz - z }, py)?;
                Paint::solid(self.label, scale(colour, light))
            });
        }
    }

    /// The end that looks at the camera, `z` being where it stands on the road.
    fn draw_end(
        &self,
        canvas: &mut Canvas,
        light: f32,
        block: &Block,
        (xs, z): (Span, f32),
        end: End,
    ) {
        let Block { y, half_width, rake, skin, .. } = *block;
        let slant = if end == End::Rear { rake.1 } else { rake.0 };
        let strips = if slant > 0.0 { STRIPS } else { 1 };
        let middle = (xs.0 + xs.1) / 2.0;
        for strip in 0..strips {
            let at = |k: u8| f32::from(k) / f32::from(strips);
            let height = |k: u8| y.0 + (y.1 - y.0) * at(k);
            // From above one would see between the strips if each began where the last one ends.
            let overlap = if strip > 0 { (y.1 - y.0) * at(1) } else { 0.0 };
            let span = (height(strip) - overlap, height(strip + 1));
            canvas.across(z + slant * at(strip), xs, span, |px, py| {
                let colour = skin.end((px - middle) / half_width, py, end)?;
                Paint::solid(self.label, scale(colour, light))
            });
        }
    }

    fn draw_across(
        &self,
        canvas: &mut Canvas,
        street: &Street,
        block: &Block,
        (x, z): (f32, f32),
        heading: Heading,
    ) {
        let Block { along, y, half_width, rake, skin } = *block;
        let from = x - self.length / 2.0;
        let left = heading == Heading::Left;
        let behind_front = |px: f32| if left { px - from } else { from + self.length - px };
        let at = |s: f32| if left { from + s } else { from + self.length - s };
        let span = |a: f32, b: f32| (a.min(b), a.max(b));
        let near = z + self.width / 2.0 - half_width;
        let light = street.light(0.0);
        canvas.across(near, span(at(along.0), at(along.1)), y, |px, py| {
            let colour = block.flank(behind_front(px), py)?;
            Paint::solid(self.label, scale(colour, light))
        });
        let roof = span(at(along.0 + rake.0), at(along.1 - rake.1));
        canvas.level(y.1, roof, (near, near + half_width * 2.0), |_, _| {
            Paint::solid(self.label, skin.top())
        });
    }
}

fn glass(rng: &mut impl Rng) -> Rgb {
    hsv(0.57, rng.random_range(0.0..0.3), rng.random_range(0.08..0.35))
}

fn car(rng: &mut impl Rng) -> Vehicle {
    let (paint, glass) = (lacquer(rng), glass(rng));
    let length = rng.random_range(3.7..5.0);
    let width = rng.random_range(1.65..1.9);
    let belt = rng.random_range(0.82..1.02);
    let roof = belt + rng.random_range(0.48..0.8);
    let bonnet = length * rng.random_range(0.2..0.3);
    let boot = length * *[0.01, 0.02, 0.14].get(rng.random_range(0..3usize)).expect("three shapes");
    let body = Block {
        along: (0.0, length),
        y: (0.0, belt),
        half_width: width / 2.0,
        rake: UPRIGHT,
        skin: Skin::Body { paint, belt },
    };
    let cabin = Block {
        along: (bonnet, length - boot),
        y: (belt, roof),
        half_width: width / 2.0 - 0.04,
        rake: (rng.random_range(0.35..0.8), rng.random_range(0.05..0.5)),
        skin: Skin::Cabin { paint, glass, y: (belt, roof) },
    };
    Vehicle { label: ids::CAR, length, width, blocks: vec![body, cabin] }
}

fn truck(rng: &mut impl Rng) -> Vehicle {
    let (paint, load, glass) = (lacquer(rng), lacquer(rng), glass(rng));
    let length = rng.random_range(6.0..10.0);
    let (cab_height, height) = (rng.random_range(2.4..3.0), rng.random_range(2.7..3.8));
    let half_width = rng.random_range(1.15..1.28);
    let cab = Block {
        along: (0.0, 1.9),
        y: (0.0, cab_height),
        half_width: half_width - 0.05,
        rake: UPRIGHT,
        skin: Skin::Cab { paint, glass, height: cab_height },
    };
    let cargo = Block {
        along: (2.2, length),
        y: (0.0, height),
        half_width,
        rake: UPRIGHT,
        skin: Skin::Cargo { paint: load, height, ribs: rng.random_range(0.4..2.5) },
    };
    Vehicle { label: ids::TRUCK, length, width: half_width * 2.0, blocks: vec![cab, cargo] }
}

fn bus(rng: &mut impl Rng) -> Vehicle {
    let (paint, stripe, glass) = (lacquer(rng), lacquer(rng), glass(rng));
    let (length, height) = (rng.random_range(9.0..13.0), rng.random_range(2.8..3.2));
    let half_width = 1.26;
    let skin = Skin::Coach(Livery { paint, stripe, glass, height });
    let body = Block { along: (0.0, length), y: (0.0, height), half_width, rake: UPRIGHT, skin };
    Vehicle { label: ids::BUS, length, width: half_width * 2.0, blocks: vec![body] }
}

fn train(rng: &mut impl Rng) -> Vehicle {
    let (paint, stripe, glass) = (lacquer(rng), lacquer(rng), glass(rng));
    let (length, height) = (rng.random_range(20.0..34.0), rng.random_range(3.3..3.7));
    let half_width = 1.22;
    let skin = Skin::Tram(Livery { paint, stripe, glass, height });
    let body = Block { along: (0.0, length), y: (0.0, height), half_width, rake: UPRIGHT, skin };
    let collector = Block {
        along: (length * 0.3, length * 0.3 + 1.6),
        y: (height, height + 0.9),
        half_width: 0.6,
        rake: UPRIGHT,
        skin: Skin::Collector { height },
    };
    Vehicle { label: ids::TRAIN, length, width: half_width * 2.0, blocks: vec![body, collector] }
}
