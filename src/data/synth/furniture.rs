//! What stands at the kerb: lamp posts, traffic lights, signs, bins.

use rand::{Rng, RngExt};

use super::canvas::Canvas;
use super::figure::Figure;
use super::ids;
use super::tone::{Rgb, hsv, lacquer, scale};

const BLACK: Rgb = [0.05; 3];
const WHITE: Rgb = [0.85; 3];

/// A bare grey, as of steel and concrete.
fn steel(rng: &mut impl Rng) -> Rgb {
    hsv(0.6, rng.random_range(0.0..0.15), rng.random_range(0.15..0.6))
}

/// A lamp post whose arm reaches over the road, which lies towards `inward` (-1 or 1).
pub(super) fn lamp(canvas: &mut Canvas, x: f32, z: f32, inward: f32, rng: &mut impl Rng) {
    let (colour, height) = (steel(rng), rng.random_range(4.5..8.5));
    let reach = rng.random_range(0.3..2.0);
    Figure::new(ids::POLE)
        .taper(0.0, (0.0, height), (0.11, 0.06), colour)
        .limb((0.0, height), (reach, height + 0.2), 0.05, colour)
        .limb((reach, height + 0.2), (reach + 0.5, height + 0.2), 0.11, scale(colour, 1.3))
        .draw_facing(canvas, x, z, inward);
}

/// A traffic light; with an arm, a second one hangs over the road.
pub(super) fn traffic_light(canvas: &mut Canvas, x: f32, z: f32, inward: f32, rng: &mut impl Rng) {
    let colour = steel(rng);
    let lit = rng.random_range(0..3);
    let mut pole = Figure::new(ids::POLE).taper(0.0, (0.0, 3.4), (0.07, 0.06), colour);
    let mut heads = vec![(0.0, rng.random_range(2.4..2.9))];
    if rng.random_bool(0.5) {
        let reach = rng.random_range(2.5..4.5);
        pole = pole.taper(0.0, (0.0, 5.6), (0.1, 0.08), colour).limb(
            (0.0, 5.5),
            (reach, 5.6),
            0.06,
            colour,
        );
        heads.push((reach, 5.1));
    }
    pole.draw_facing(canvas, x, z, inward);
    // Seen from behind, a head is a dark box.
    let lit = if rng.random_bool(0.8) { Some(lit) } else { None };
    for head in heads {
        light_head(head, lit).draw_facing(canvas, x, z - 0.1, inward);
    }
}

fn light_head((x, y): (f32, f32), lit: Option<usize>) -> Figure {
    let lamps = [[0.1, 0.85, 0.4], [0.95, 0.7, 0.1], [0.95, 0.12, 0.1]];
    let mut head = Figure::new(ids::TRAFFIC_LIGHT);
    for (place, lamp) in lamps.into_iter().enumerate() {
        let on = if lit == Some(place) { 1.0 } else { 0.18 };
        head = head.disc((x, y - 0.36 + 0.36 * place as f32), 0.15, scale(lamp, on));
    }
    head.taper(x, (y - 0.6, y + 0.6), (0.24, 0.24), BLACK)
}

/// A sign on a post, or several.
pub(super) fn sign(canvas: &mut Canvas, x: f32, z: f32, rng: &mut impl Rng) {
    let mut at = rng.random_range(2.0..2.9);
    let post = Figure::new(ids::POLE).taper(0.0, (0.0, at + 0.5), (0.045, 0.045), steel(rng));
    post.draw(canvas, x, z);
    for _ in 0..rng.random_range(1..=2) {
        plate(at, rng).draw(canvas, x, z - 0.06);
        at -= 0.8;
    }
}

/// One sign around height `y`: round, three-cornered, square, wide, or its grey back.
fn plate(y: f32, rng: &mut impl Rng) -> Figure {
    let sign = Figure::new(ids::TRAFFIC_SIGN);
    let red = hsv(0.99, 0.8, rng.random_range(0.5..0.85));
    let blue = hsv(0.6, 0.75, rng.random_range(0.4..0.75));
    let r = rng.random_range(0.32..0.48);
    match rng.random_range(0..7) {
        0 => sign.disc((0.0, y), r * 0.7, WHITE).disc((0.0, y), r, red),
        1 => sign.disc((0.0, y), r * 0.3, WHITE).disc((0.0, y), r, blue),
        2 => sign.taper(0.0, (y - r * 0.55, y + r * 0.35), (r * 0.6, 0.05), WHITE).taper(
            0.0,
            (y - r * 0.8, y + r * 0.9),
            (r, 0.02),
            red,
        ),
        3 => sign.taper(0.0, (y - r * 0.5, y + r * 0.6), (0.08, 0.16), WHITE).taper(
            0.0,
            (y - r, y + r),
            (r, r),
            blue,
        ),
        4 => sign.taper(0.0, (y - 0.03, y + 0.03), (r * 1.5, r * 1.5), BLACK).taper(
            0.0,
            (y - r * 0.6, y + r * 0.6),
            (r * 2.0, r * 2.0),
            hsv(0.14, 0.6, 0.8),
        ),
        5 => sign.taper(0.0, (y - r, y), (0.02, r), WHITE).taper(0.0, (y, y + r), (r, 0.02), WHITE),
        _ => sign.disc((0.0, y), r, [rng.random_range(0.3..0.6); 3]),
    }
}

/// A board with directions, over the road.
pub(super) fn board(canvas: &mut Canvas, x: f32, z: f32, inward: f32, rng: &mut impl Rng) {
    let colour = steel(rng);
    let face = if rng.random_bool(0.5) { hsv(0.6, 0.7, 0.5) } else { hsv(0.14, 0.5, 0.8) };
    Figure::new(ids::POLE)
        .taper(0.0, (0.0, 6.2), (0.13, 0.1), colour)
        .limb((0.0, 6.0), (4.5, 6.0), 0.07, colour)
        .draw_facing(canvas, x, z, inward);
    Figure::new(ids::TRAFFIC_SIGN)
        .taper(3.2, (5.6, 5.7), (1.0, 1.0), WHITE)
        .taper(2.9, (6.1, 6.2), (0.7, 0.7), WHITE)
        .taper(3.2, (5.2, 6.6), (1.4, 1.4), face)
        .draw_facing(canvas, x, z - 0.1, inward);
}

/// A bin or a box, which no class describes.
pub(super) fn bin(canvas: &mut Canvas, x: f32, z: f32, rng: &mut impl Rng) {
    let (colour, height) = (lacquer(rng), rng.random_range(0.7..1.3));
    Figure::new(ids::STATIC)
        .taper(0.0, (height * 0.85, height), (0.33, 0.33), scale(colour, 0.6))
        .taper(0.0, (0.0, height), (0.26, 0.32), colour)
        .draw(canvas, x, z);
}
