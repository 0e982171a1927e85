//! Fronts and rears. `a` is the distance from the middle, 1 at the edge.

use super::{AMBER, End, Livery, METAL, RED, RUBBER, WHITE, shine};
use crate::data::synth::canvas::Span;
use crate::data::synth::tone::{Rgb, scale};

/// Tyres, and the gap between them: decided (`Some`) below `clearance`.
fn tyres(a: f32, y: f32, clearance: f32) -> Option<Option<Rgb>> {
    (y < clearance).then(|| (0.6..0.95).contains(&a).then_some(RUBBER))
}

pub(super) fn body(paint: Rgb, belt: f32, a: f32, y: f32, end: End) -> Option<Rgb> {
    let lamp = a > 0.66 && a < 0.95 && (belt - 0.3..belt - 0.12).contains(&y);
    let plate = a < 0.27 && (0.42..0.54).contains(&y);
    let grille = end == End::Front && a < 0.55 && (belt - 0.32..belt - 0.16).contains(&y);
    let metal = scale(paint, if y < 0.42 { 0.55 } else { 0.75 + 0.3 * y / belt });
    tyres(a, y, 0.24).unwrap_or(Some(match (lamp, plate, grille) {
        (true, ..) => end.lamp(),
        (_, true, _) => scale(WHITE, 0.9),
        (.., true) => scale(RUBBER, 1.5),
        _ => metal,
    }))
}

pub(super) fn cabin(paint: Rgb, glass: Rgb, span: Span, a: f32, y: f32) -> Option<Rgb> {
    let t = (y - span.0) / (span.1 - span.0);
    // A little narrower towards the roof.
    let edge = 1.0 - 0.1 * t * t;
    let pane = a < edge - 0.12 && t < 0.82;
    (a < edge).then(|| if pane { shine(glass, t) } else { paint })
}

pub(super) fn cab(paint: Rgb, glass: Rgb, height: f32, a: f32, y: f32) -> Option<Rgb> {
    let pane = a < 0.88 && (height * 0.54..height * 0.86).contains(&y);
    let lamp = a > 0.62 && a < 0.9 && (0.55..0.78).contains(&y);
    let grille = a < 0.55 && (0.5..1.1).contains(&y);
    tyres(a, y, 0.4).unwrap_or(Some(match (pane, lamp, grille) {
        (true, ..) => shine(glass, y / height),
        (_, true, _) => WHITE,
        (.., true) => scale(paint, 0.4),
        _ => paint,
    }))
}

pub(super) fn cargo(paint: Rgb, height: f32, a: f32, y: f32) -> Option<Rgb> {
    let lamp = a > 0.72 && (0.72..0.88).contains(&y);
    let seam = a < 0.02 || (a - 0.5).abs() < 0.015;
    tyres(a, y, 0.62).unwrap_or(Some(match (lamp, y < 1.0) {
        (true, _) => RED,
        (_, true) => scale(METAL, 0.35),
        _ => scale(paint, if seam { 0.5 } else { 0.7 + 0.3 * y / height }),
    }))
}

pub(super) fn coach(livery: Livery, a: f32, y: f32, end: End) -> Option<Rgb> {
    let t = y / livery.height;
    let sill = if end == End::Rear { 0.5 } else { 0.36 };
    let lamp = a > 0.68 && a < 0.92 && (0.2..0.27).contains(&t);
    let pane = a < 0.9 && (sill..0.8).contains(&t);
    let board = a < 0.6 && (0.85..0.94).contains(&t);
    tyres(a, y, 0.35).unwrap_or(Some(face(livery, t, [lamp, pane, board], end)))
}

/// Closed down to the rails.
pub(super) fn tram(livery: Livery, a: f32, y: f32, end: End) -> Option<Rgb> {
    let t = y / livery.height;
    let lamp = (a - 0.55).abs() < 0.1 && (t - 0.22).abs() < 0.04;
    let pane = a < 0.78 && (0.34..0.76).contains(&t);
    let board = a < 0.55 && (0.8..0.9).contains(&t);
    (y > 0.12).then(|| face(livery, t, [lamp, pane, board], end))
}

fn face(livery: Livery, t: f32, [lamp, pane, board]: [bool; 3], end: End) -> Rgb {
    match (lamp, pane, board) {
        (true, ..) => end.lamp(),
        (_, true, _) => shine(livery.glass, t),
        (.., true) => AMBER,
        _ if t < 0.3 => livery.stripe,
        _ => livery.paint,
    }
}
