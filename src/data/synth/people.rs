//! People on foot, and cycles with and without riders.

use rand::{Rng, RngExt};

use super::canvas::Canvas;
use super::figure::{Figure, Point};
use super::ids;
use super::tone::{Rgb, hsv, lacquer, scale, skin};

const RUBBER: Rgb = [0.06; 3];

/// What somebody wears.
struct Clothes {
    skin: Rgb,
    hair: Rgb,
    shirt: Rgb,
    trousers: Rgb,
}

impl Clothes {
    fn plan(rng: &mut impl Rng) -> Self {
        let hair = hsv(0.08, rng.random_range(0.0..0.6), rng.random_range(0.04..0.5));
        Self { skin: skin(rng), hair, shirt: lacquer(rng), trousers: lacquer(rng) }
    }

    fn head(&self, figure: Figure, (x, y): Point, r: f32) -> Figure {
        figure.disc((x, y + r * 0.55), r * 0.85, self.hair).disc((x, y), r, self.skin)
    }
}

/// Somebody on foot at `x`, `z`.
pub(super) fn person(canvas: &mut Canvas, x: f32, z: f32, rng: &mut impl Rng) {
    let clothes = Clothes::plan(rng);
    let tall = if rng.random_bool(0.12) { 1.15 } else { rng.random_range(1.55..1.92) };
    let step = rng.random_range(0.0..0.26) * tall / 1.75;
    let swing = rng.random_range(0.0..0.3) * tall / 1.75;
    let facing = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    let h = |share: f32| share * tall;
    let mut figure = Figure::new(ids::PERSON);
    if rng.random_bool(0.3) {
        let bag = lacquer(rng);
        figure = figure.limb((-h(0.1), h(0.6)), (-h(0.1), h(0.76)), h(0.06), bag);
    }
    figure = figure
        .limb((h(0.09), h(0.78)), (h(0.1) + swing * 0.6, h(0.5)), h(0.03), clothes.shirt)
        .limb((-h(0.09), h(0.78)), (-h(0.1) - swing * 0.4, h(0.5)), h(0.03), clothes.shirt);
    figure = clothes.head(figure, (0.0, h(0.925)), h(0.066));
    if rng.random_bool(0.25) {
        // A coat or a skirt.
        figure = figure.taper(0.0, (h(0.3), h(0.55)), (h(0.14), h(0.09)), clothes.shirt);
    }
    figure
        .taper(0.0, (h(0.5), h(0.84)), (h(0.09), h(0.12)), clothes.shirt)
        .limb((h(0.03), h(0.5)), (step, 0.05), h(0.045), clothes.trousers)
        .limb((-h(0.03), h(0.5)), (-step, 0.05), h(0.045), scale(clothes.trousers, 0.8))
        .draw_facing(canvas, x, z, facing);
}

/// A bicycle seen from the side, its middle at `x`.
fn bicycle_side(frame: Rgb) -> Figure {
    Figure::new(ids::BICYCLE)
        .limb((-0.15, 0.5), (-0.25, 0.95), 0.025, frame)
        .limb((-0.36, 0.98), (-0.14, 0.98), 0.04, RUBBER)
        .limb((0.42, 0.45), (0.34, 1.05), 0.025, frame)
        .limb((0.34, 1.05), (0.5, 1.05), 0.03, RUBBER)
        .limb((-0.23, 0.85), (0.36, 0.85), 0.03, frame)
        .limb((-0.02, 0.32), (0.36, 0.82), 0.03, frame)
        .limb((-0.02, 0.32), (-0.24, 0.85), 0.03, frame)
        .limb((-0.02, 0.32), (-0.53, 0.34), 0.025, frame)
        .wheel((-0.53, 0.34), 0.34, 0.05, RUBBER)
        .wheel((0.53, 0.34), 0.34, 0.05, RUBBER)
}

/// A bicycle seen from behind.
fn bicycle_back(frame: Rgb) -> Figure {
    Figure::new(ids::BICYCLE)
        .limb((0.0, 0.05), (0.0, 0.65), 0.045, RUBBER)
        .limb((0.0, 0.6), (0.0, 0.95), 0.05, frame)
        .limb((-0.28, 1.02), (0.28, 1.02), 0.03, frame)
        .limb((-0.1, 0.95), (0.1, 0.95), 0.05, RUBBER)
}

/// A motorcycle seen from the side.
fn motorcycle_side(paint: Rgb) -> Figure {
    let metal = [0.45; 3];
    Figure::new(ids::MOTORCYCLE)
        .limb((-0.75, 0.72), (-0.05, 0.78), 0.09, RUBBER)
        .limb((0.05, 0.85), (0.4, 0.85), 0.15, paint)
        .limb((0.45, 1.05), (0.3, 1.12), 0.04, RUBBER)
        .disc((0.62, 0.9), 0.13, [0.8; 3])
        .limb((-0.2, 0.42), (0.25, 0.45), 0.19, metal)
        .limb((-0.8, 0.38), (-0.2, 0.3), 0.06, metal)
        .limb((0.68, 0.32), (0.5, 0.95), 0.05, metal)
        .taper(-0.15, (0.45, 0.75), (0.5, 0.45), scale(paint, 0.7))
        .disc((0.7, 0.32), 0.12, metal)
        .disc((-0.65, 0.32), 0.12, metal)
        .disc((0.7, 0.32), 0.33, RUBBER)
        .disc((-0.65, 0.32), 0.33, RUBBER)
}

/// A motorcycle seen from behind.
fn motorcycle_back(paint: Rgb) -> Figure {
    Figure::new(ids::MOTORCYCLE)
        .disc((0.0, 0.72), 0.07, [0.8, 0.1, 0.08])
        .taper(0.0, (0.5, 0.88), (0.2, 0.26), paint)
        .limb((-0.38, 1.05), (0.38, 1.05), 0.045, RUBBER)
        .limb((0.0, 0.12), (0.0, 0.6), 0.12, RUBBER)
        .limb((-0.2, 0.35), (-0.2, 0.5), 0.07, [0.45; 3])
}

/// A rider seen from the side: seat, hands and foot are where the cycle has them.
fn rider_side(seat: Point, hands: Point, foot: Point, helmet: Option<Rgb>, c: &Clothes) -> Figure {
    let shoulder = (seat.0 + (hands.0 - seat.0) * 0.42, seat.1 + 0.52);
    let knee = ((seat.0 + foot.0) / 2.0 + 0.24, (seat.1 + foot.1) / 2.0 + 0.12);
    let head = (shoulder.0 + 0.1, shoulder.1 + 0.24);
    let mut figure = Figure::new(ids::RIDER);
    if let Some(colour) = helmet {
        figure = figure.disc((head.0 - 0.01, head.1 + 0.04), 0.14, colour);
    }
    c.head(figure, head, 0.115)
        .limb(shoulder, hands, 0.055, c.shirt)
        .limb(seat, shoulder, 0.15, c.shirt)
        .limb(seat, knee, 0.085, c.trousers)
        .limb(knee, foot, 0.065, c.trousers)
}

/// A rider seen from behind, on a seat at height `seat`.
fn rider_back(seat: f32, helmet: Option<Rgb>, c: &Clothes) -> Figure {
    let mut figure = Figure::new(ids::RIDER);
    if let Some(colour) = helmet {
        figure = figure.disc((0.0, seat + 0.8), 0.15, colour);
    }
    c.head(figure, (0.0, seat + 0.76), 0.115)
        .limb((-0.19, seat + 0.5), (-0.31, seat + 0.12), 0.055, c.shirt)
        .limb((0.19, seat + 0.5), (0.31, seat + 0.12), 0.055, c.shirt)
        .taper(0.0, (seat, seat + 0.62), (0.16, 0.23), c.shirt)
        .limb((-0.11, seat), (-0.17, 0.35), 0.075, c.trousers)
        .limb((0.11, seat), (0.17, 0.25), 0.075, c.trousers)
}

/// How a cycle stands in the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// Across it.
    Side,
    /// Along the street.
    Back,
}

/// Whether somebody sits on a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    /// Nobody.
    Empty,
    /// A rider.
    Taken,
}

/// A bicycle at `x`, `z`.
pub(super) fn bicycle(
    canvas: &mut Canvas,
    (x, z): Point,
    view: View,
    seat: Seat,
    rng: &mut impl Rng,
) {
    let (frame, clothes) = (lacquer(rng), Clothes::plan(rng));
    let helmet = rng.random_bool(0.5).then(|| lacquer(rng));
    let facing = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    let (cycle, rider) = match view {
        View::Side => (
            bicycle_side(frame),
            rider_side((-0.25, 1.0), (0.4, 1.1), (0.05, 0.25), helmet, &clothes),
        ),
        View::Back => (bicycle_back(frame), rider_back(0.98, helmet, &clothes)),
    };
    mount(canvas, (x, z), facing, &cycle, (seat == Seat::Taken).then_some(&rider));
}

/// A motorcycle at `x`, `z`.
pub(super) fn motorcycle(
    canvas: &mut Canvas,
    (x, z): Point,
    view: View,
    seat: Seat,
    rng: &mut impl Rng,
) {
    let (paint, clothes) = (lacquer(rng), Clothes::plan(rng));
    let helmet = Some(lacquer(rng));
    let facing = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    let (cycle, rider) = match view {
        View::Side => (
            motorcycle_side(paint),
            rider_side((-0.3, 0.9), (0.36, 1.08), (0.0, 0.3), helmet, &clothes),
        ),
        View::Back => (motorcycle_back(paint), rider_back(0.85, helmet, &clothes)),
    };
    mount(canvas, (x, z), facing, &cycle, (seat == Seat::Taken).then_some(&rider));
}

fn mount(canvas: &mut Canvas, (x, z): Point, facing: f32, cycle: &Figure, rider: Option<&Figure>) {
    cycle.draw_facing(canvas, x, z, facing);
    if let Some(rider) = rider {
        rider.draw_facing(canvas, x, z - 0.04, facing);
    }
}
