//! Sides. `s` is the distance from the front of the box in metres.

use super::{Livery, METAL, RUBBER, shine};
use crate::data::synth::tone::{Rgb, scale};

/// Wheels: decided (`Some`) within their arches.
fn wheels(axles: &[f32], r: f32, s: f32, y: f32) -> Option<Rgb> {
    let nearest = axles.iter().map(|axle| (s - axle).abs()).fold(f32::INFINITY, f32::min);
    match (nearest * nearest + (y - r) * (y - r)).sqrt() / r {
        d if d < 0.5 => Some(METAL),
        d if d < 1.0 => Some(RUBBER),
        d if d < 1.15 && y > r * 0.5 => Some(scale(RUBBER, 0.5)),
        _ => None,
    }
}

pub(super) fn body(paint: Rgb, belt: f32, length: f32, s: f32, y: f32) -> Option<Rgb> {
    let crease = (y - belt * 0.62).abs() < 0.03;
    let door = (s / length - 0.5).abs() < 0.006;
    let line = if door {
        0.6
    } else if crease {
        0.75
    } else {
        1.0
    };
    wheels(&[length * 0.19, length * 0.8], 0.33, s, y)
        .or_else(|| (y > 0.2).then(|| scale(paint, (0.72 + 0.35 * y / belt) * line)))
}

pub(super) fn cab(paint: Rgb, glass: Rgb, height: f32, s: f32, y: f32) -> Option<Rgb> {
    let pane = (0.25..1.1).contains(&s) && (height * 0.55..height * 0.84).contains(&y);
    wheels(&[1.0], 0.48, s, y)
        .or_else(|| (y > 0.35).then(|| if pane { shine(glass, 0.5) } else { paint }))
}

pub(super) fn cargo(
    paint: Rgb,
    height: f32,
    ribs: f32,
    length: f32,
    s: f32,
    y: f32,
) -> Option<Rgb> {
    let rib = (s / ribs).rem_euclid(1.0) < 0.06;
    let side = || scale(paint, if rib { 0.75 } else { 0.7 + 0.3 * y / height });
    wheels(&[length * 0.68, length * 0.68 + 1.1], 0.48, s, y).or_else(|| match y {
        y if y > 1.0 => Some(side()),
        y if y > 0.62 => Some(scale(METAL, 0.3)),
        _ => None,
    })
}

pub(super) fn coach(livery: Livery, length: f32, s: f32, y: f32) -> Option<Rgb> {
    wheels(&[length * 0.22, length * 0.75], 0.48, s, y)
        .or_else(|| (y > 0.3).then(|| seats(livery, s, y, 1.5)))
}

/// Sections with joints between them, closed down to the rails.
pub(super) fn tram(livery: Livery, s: f32, y: f32) -> Option<Rgb> {
    let joint = (s / 8.5).rem_euclid(1.0) < 0.06;
    (y > 0.12).then(|| if joint { scale(RUBBER, 2.0) } else { seats(livery, s, y, 1.15) })
}

/// A window every `pitch` metres and a door every fourth, over a stripe.
fn seats(livery: Livery, s: f32, y: f32, pitch: f32) -> Rgb {
    let t = y / livery.height;
    let pane = (0.42..0.8).contains(&t) && (s / pitch).rem_euclid(1.0) > 0.1;
    let door = (s / pitch / 4.0).rem_euclid(1.0) < 0.22 && (0.14..0.8).contains(&t);
    match t {
        _ if pane || door => shine(livery.glass, t),
        t if t < 0.3 => scale(livery.stripe, 0.75 + t),
        _ => scale(livery.paint, 0.75 + 0.3 * t),
    }
}
