//! Who and what is on the street, and where: nothing stands in anything else.

use rand::{Rng, RngExt};

use super::canvas::Canvas;
use super::people::{Seat, View, bicycle, motorcycle, person};
use super::street::{Side, Street};
use super::vehicle::{Heading, Kind, Vehicle};
use super::{furniture, plants};

/// Nothing on the road comes nearer than this.
const GAP: f32 = 6.0;

/// Draws everything that is not ground, sky or border.
pub(super) fn draw(canvas: &mut Canvas, street: &Street, rng: &mut impl Rng) {
    lanes(canvas, street, rng);
    if street.parking {
        for side in &street.sides {
            parked(canvas, street, side, rng);
        }
    }
    crossing(canvas, street, rng);
    for side in &street.sides {
        kerb(canvas, street, side, rng);
        sidewalk(canvas, street, side, rng);
    }
}

/// Somewhere between two depths, more often near.
fn depth(from: f32, to: f32, rng: &mut impl Rng) -> f32 {
    from + (to - from) * rng.random_range(0.0f32..1.0).powi(2)
}

fn lanes(canvas: &mut Canvas, street: &Street, rng: &mut impl Rng) {
    let ways = (-(street.oncoming as i32)..0).map(|n| (n, Heading::Towards));
    for (number, heading) in ways.chain([(0, Heading::Away)]) {
        let x = Street::lane(number);
        let busy = rng.random_range(8.0..45.0);
        let mut z = GAP + rng.random_range(0.0..busy);
        if street.rails == Some(x) && rng.random_bool(0.6) {
            z = train(canvas, street, (x, z), heading, rng);
        }
        while z < street.end.min(110.0) {
            z += one(canvas, street, (x, z), heading, rng) + 2.5 + rng.random_range(0.0..busy);
        }
    }
}

fn train(
    canvas: &mut Canvas,
    street: &Street,
    (x, z): (f32, f32),
    heading: Heading,
    rng: &mut impl Rng,
) -> f32 {
    let tram = Vehicle::plan(Kind::Train, rng);
    tram.draw(canvas, street, (x, z), heading);
    z + tram.length + 4.0
}

/// One participant of the traffic; returns its length.
fn one(
    canvas: &mut Canvas,
    street: &Street,
    (x, z): (f32, f32),
    heading: Heading,
    rng: &mut impl Rng,
) -> f32 {
    let x = x + rng.random_range(-0.25..0.25);
    let kind = match rng.random_range(0..100) {
        0..7 => Kind::Truck,
        7..15 => Kind::Bus,
        15..32 => {
            motorcycle(canvas, (x, z), View::Back, Seat::Taken, rng);
            return 2.0;
        }
        32..46 => {
            bicycle(canvas, (x + 0.7, z), View::Back, Seat::Taken, rng);
            return 2.0;
        }
        _ => Kind::Car,
    };
    let vehicle = Vehicle::plan(kind, rng);
    vehicle.draw(canvas, street, (x, z), heading);
    vehicle.length
}

fn parked(canvas: &mut Canvas, street: &Street, side: &Side, rng: &mut impl Rng) {
    let heading = if side.sign > 0.0 { Heading::Away } else { Heading::Towards };
    let full = rng.random_range(0.3..0.95);
    let mut z = rng.random_range(2.0..8.0);
    while z < street.end.min(70.0) {
        let x = side.sign * (side.kerb - 1.1);
        let free = !street.crosses(z) && !street.crosses(z + 5.0);
        if free && rng.random_bool(full) {
            let kind = if rng.random_bool(0.06) { Kind::Truck } else { Kind::Car };
            let vehicle = Vehicle::plan(kind, rng);
            vehicle.draw(canvas, street, (x, z), heading);
            z += vehicle.length - 4.0;
        } else if free && rng.random_bool(0.35) {
            motorcycle(canvas, (x + side.sign * 0.4, z), View::Back, Seat::Empty, rng);
        }
        z += 4.0 + rng.random_range(0.7..2.0);
    }
}

/// Traffic of the street that crosses, and people who cross ours.
fn crossing(canvas: &mut Canvas, street: &Street, rng: &mut impl Rng) {
    let Some((from, to)) = street.crossing else { return };
    let heading = if rng.random_bool(0.5) { Heading::Left } else { Heading::Right };
    let middle = (from + to) / 2.0;
    let mut x = -20.0 + rng.random_range(0.0..14.0);
    while x < 22.0 {
        x += across(canvas, street, (x, middle - 1.2), heading, rng) + rng.random_range(1.5..16.0);
    }
    if rng.random_bool(0.6) {
        for _ in 0..rng.random_range(1..5) {
            let x = rng.random_range(-street.sides[0].kerb..street.sides[1].kerb);
            person(canvas, x, from - rng.random_range(0.6..3.0), rng);
        }
    }
}

/// One vehicle across the view with its left end at `x`; returns its length.
fn across(
    canvas: &mut Canvas,
    street: &Street,
    (x, z): (f32, f32),
    heading: Heading,
    rng: &mut impl Rng,
) -> f32 {
    let kind = match rng.random_range(0..100) {
        0..10 => Kind::Truck,
        10..20 => Kind::Bus,
        20..24 => Kind::Train,
        24..40 => {
            motorcycle(canvas, (x + 1.0, z), View::Side, Seat::Taken, rng);
            return 2.0;
        }
        40..58 => {
            bicycle(canvas, (x + 1.0, z), View::Side, Seat::Taken, rng);
            return 2.0;
        }
        _ => Kind::Car,
    };
    let vehicle = Vehicle::plan(kind, rng);
    vehicle.draw(canvas, street, (x + vehicle.length / 2.0, z), heading);
    vehicle.length
}

/// What stands in a row beside the road.
fn kerb(canvas: &mut Canvas, street: &Street, side: &Side, rng: &mut impl Rng) {
    let inward = -side.sign;
    let x = side.sign * (side.kerb + 0.45);
    let lamps = rng.random_range(12.0..28.0);
    let trees = rng.random_bool(0.45);
    let mut z = rng.random_range(3.0..14.0);
    while z < street.end.min(90.0) {
        if !street.crosses(z) {
            match rng.random_range(0..10) {
                0..3 => furniture::lamp(canvas, x, z, inward, rng),
                3..6 => furniture::sign(canvas, x, z, rng),
                6 => furniture::board(canvas, x, z, inward, rng),
                7 => furniture::bin(canvas, x, z, rng),
                _ => {}
            }
            if trees {
                let out = side.kerb + if side.verge > 0.0 { side.sidewalk + 0.8 } else { 0.7 };
                plants::tree(canvas, street, side.sign * out, z + 2.5, rng);
            }
        }
        z += lamps * rng.random_range(0.3..0.8);
    }
    if let Some((from, to)) = street.crossing {
        for z in [from - 3.6, to + 0.6] {
            furniture::traffic_light(canvas, x, z, inward, rng);
        }
    } else if rng.random_bool(0.35) {
        furniture::traffic_light(canvas, x, depth(8.0, 45.0, rng), inward, rng);
    }
}

fn sidewalk(canvas: &mut Canvas, street: &Street, side: &Side, rng: &mut impl Rng) {
    let place = |from: f32, rng: &mut _| {
        let out = side.kerb + 0.7 + (side.sidewalk - 1.0) * chance(rng);
        (side.sign * out, depth(from, 45.0f32.min(street.end), rng))
    };
    for _ in 0..rng.random_range(1..11) {
        let (x, z) = place(5.0, rng);
        person(canvas, x, z, rng);
    }
    for _ in 0..rng.random_range(1..7) {
        let view = if rng.random_bool(0.7) { View::Side } else { View::Back };
        let (x, z) = place(4.5, rng);
        bicycle(canvas, (x, z), view, Seat::Empty, rng);
    }
    if rng.random_bool(0.6) {
        let (x, z) = place(4.5, rng);
        motorcycle(canvas, (x, z), View::Side, Seat::Empty, rng);
    }
    if rng.random_bool(0.3) {
        let (x, z) = place(6.0, rng);
        bicycle(
            canvas,
            (side.sign * (side.kerb - 0.6).min(x.abs()), z),
            View::Back,
            Seat::Taken,
            rng,
        );
    }
}

fn chance(rng: &mut impl Rng) -> f32 {
    rng.random()
}
