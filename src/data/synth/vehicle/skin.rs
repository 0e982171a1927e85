//! What the faces of a vehicle's boxes look like. Nothing (`None`) is where one sees through.
//!
//! `u` runs from -1 to 1 across an end, `s` in metres from the front along a flank, `y` in metres
//! above the road.

use super::super::canvas::Span;
use super::super::tone::{Rgb, mix, scale};

const RUBBER: Rgb = [0.05; 3];
const METAL: Rgb = [0.5; 3];
const RED: Rgb = [0.75, 0.07, 0.06];
const WHITE: Rgb = [0.92, 0.92, 0.86];
const AMBER: Rgb = [0.95, 0.6, 0.1];

/// How a box is painted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Skin {
    /// A car below its windows.
    Body { paint: Rgb, belt: f32 },
    /// A car's windows and roof.
    Cabin { paint: Rgb, glass: Rgb, y: Span },
    /// Where a truck's driver sits.
    Cab { paint: Rgb, glass: Rgb, height: f32 },
    /// What a truck carries.
    Cargo { paint: Rgb, height: f32, ribs: f32 },
    /// A bus.
    Coach { paint: Rgb, stripe: Rgb, glass: Rgb, height: f32 },
    /// A tram.
    Tram { paint: Rgb, stripe: Rgb, glass: Rgb, height: f32 },
    /// The frame that takes a tram's current.
    Collector { height: f32 },
}

impl Skin {
    /// The colour seen from above.
    pub(super) fn top(self) -> Rgb {
        match self {
            Self::Collector { .. } => RUBBER,
            Self::Body { paint, .. }
            | Self::Cabin { paint, .. }
            | Self::Cab { paint, .. }
            | Self::Cargo { paint, .. }
            | Self::Coach { paint, .. }
            | Self::Tram { paint, .. } => scale(paint, 1.15),
        }
    }

    /// The front, or the rear.
    pub(super) fn end(self, u: f32, y: f32, rear: bool) -> Option<Rgb> {
        let a = u.abs();
        match self {
            Self::Body { paint, belt } => body_end(paint, belt, a, y, rear),
            Self::Cabin { paint, glass, y: (low, high) } => {
                let t = (y - low) / (high - low);
                let edge = 1.0 - 0.1 * t * t;
                let pane = a < edge - 0.12 && t < 0.82;
                (a < edge).then(|| if pane { shine(glass, t) } else { paint })
            }
            Self::Cab { paint, glass, height } => {
                let pane = a < 0.88 && (height * 0.54..height * 0.86).contains(&y);
                let lamp = a > 0.62 && a < 0.9 && (0.55..0.78).contains(&y);
                let grille = a < 0.55 && (0.5..1.1).contains(&y);
                tyres(a, y, 0.4).unwrap_or_else(|| {
                    Some(match (pane, lamp, grille) {
                        (true, ..) => shine(glass, y / height),
                        (_, true, _) => WHITE,
                        (.., true) => scale(paint, 0.4),
                        _ => paint,
                    })
                })
            }
            Self::Cargo { paint, height, .. } => cargo_end(paint, height, a, y),
            Self::Coach { paint, stripe, glass, height } => tyres(a, y, 0.35)
                .unwrap_or_else(|| Some(coach_end([paint, stripe, glass], height, u, y, rear))),
            Self::Tram { paint, stripe, glass, height } => {
                // Closed down to the rails.
                let t = y / height;
                let pane = a < 0.78 && (0.34..0.76).contains(&t);
                let board = a < 0.55 && (0.8..0.9).contains(&t);
                let lamp = (a - 0.55).abs() < 0.1 && (t - 0.22).abs() < 0.04;
                (y > 0.12).then(|| match (pane, board, lamp) {
                    (true, ..) => shine(glass, t),
                    (_, true, _) => AMBER,
                    (.., true) => {
                        if rear {
                            RED
                        } else {
                            WHITE
                        }
                    }
                    _ => {
                        if t < 0.3 {
                            stripe
                        } else {
                            paint
                        }
                    }
                })
            }
            Self::Collector { height } => {
                (y > height + 0.8 || (a - 0.5).abs() < 0.12).then_some(RUBBER)
            }
        }
    }

    /// A side; `length` is that of the box, `edge` the distance from its nearer end at height `y`.
    pub(super) fn flank(self, s: f32, length: f32, y: f32, edge: f32) -> Option<Rgb> {
        match self {
            Self::Body { paint, belt } => wheels(&[length * 0.19, length * 0.8], 0.33, s, y)
                .unwrap_or_else(|| {
                    let crease = if (y - belt * 0.62).abs() < 0.03 { 0.75 } else { 1.0 };
                    let door = (s / length - 0.5).abs() < 0.006;
                    let shade = (0.72 + 0.35 * y / belt) * if door { 0.6 } else { crease };
                    (y > 0.2).then(|| scale(paint, shade))
                }),
            Self::Cabin { paint, glass, y: (low, high) } => {
                let t = (y - low) / (high - low);
                let pillar = (s / length - 0.52).abs() < 0.025;
                let pane = edge > 0.1 && t < 0.85 && !pillar;
                Some(if pane { shine(glass, t) } else { paint })
            }
            Self::Cab { paint, glass, height } => {
                let pane = (0.25..1.1).contains(&s) && (height * 0.55..height * 0.84).contains(&y);
                wheels(&[1.0], 0.48, s, y).unwrap_or_else(|| {
                    (y > 0.35).then(|| if pane { shine(glass, 0.5) } else { paint })
                })
            }
            Self::Cargo { paint, height, ribs } => {
                let axles = [length * 0.68, length * 0.68 + 1.1];
                wheels(&axles, 0.48, s, y).unwrap_or_else(|| {
                    let rib = (s / ribs).rem_euclid(1.0) < 0.06;
                    match y {
                        y if y > 1.0 => {
                            Some(scale(paint, if rib { 0.75 } else { 0.7 + 0.3 * y / height }))
                        }
                        y if y > 0.62 => Some(scale(METAL, 0.3)),
                        _ => None,
                    }
                })
            }
            Self::Coach { paint, stripe, glass, height } => {
                let axles = [length * 0.22, length * 0.75];
                wheels(&axles, 0.48, s, y).unwrap_or_else(|| {
                    (y > 0.3).then(|| side_of_seats([paint, stripe, glass], height, s, y, 1.5))
                })
            }
            Self::Tram { paint, stripe, glass, height } => {
                let joint = (s / 8.5).rem_euclid(1.0) < 0.06;
                (y > 0.12).then(|| {
                    let colour = side_of_seats([paint, stripe, glass], height, s, y, 1.15);
                    if joint { scale(RUBBER, 2.0) } else { colour }
                })
            }
            Self::Collector { height } => {
                let t = (y - height) / 0.9;
                ((s - length * t).abs() < 0.12 || t > 0.9).then_some(RUBBER)
            }
        }
    }
}

/// Glass is brighter towards the sky.
fn shine(glass: Rgb, t: f32) -> Rgb {
    mix(glass, [0.6, 0.65, 0.7], 0.4 * t.clamp(0.0, 1.0))
}

/// Tyres seen end on, and the gap between them: decided (`Some`) below `clearance`.
fn tyres(a: f32, y: f32, clearance: f32) -> Option<Option<Rgb>> {
    (y < clearance).then(|| (0.6..0.95).contains(&a).then_some(RUBBER))
}

/// Wheels seen from the side: decided (`Some`) within their arches.
fn wheels(axles: &[f32], r: f32, s: f32, y: f32) -> Option<Option<Rgb>> {
    let nearest = axles.iter().map(|axle| (s - axle).abs()).fold(f32::INFINITY, f32::min);
    let d = nearest.hypot(y - r);
    match d / r {
        d if d < 0.5 => Some(Some(METAL)),
        d if d < 1.0 => Some(Some(RUBBER)),
        d if d < 1.15 && y > r * 0.5 => Some(Some(scale(RUBBER, 0.5))),
        _ => None,
    }
}

fn body_end(paint: Rgb, belt: f32, a: f32, y: f32, rear: bool) -> Option<Rgb> {
    tyres(a, y, 0.24).unwrap_or_else(|| {
        let lamp = a > 0.66 && a < 0.95 && (belt - 0.3..belt - 0.12).contains(&y);
        let plate = a < 0.27 && (0.42..0.54).contains(&y);
        let grille = !rear && a < 0.55 && (belt - 0.32..belt - 0.16).contains(&y);
        Some(match (lamp, plate, grille) {
            (true, ..) => {
                if rear {
                    RED
                } else {
                    WHITE
                }
            }
            (_, true, _) => scale(WHITE, 0.9),
            (.., true) => scale(RUBBER, 1.5),
            _ => scale(paint, if y < 0.42 { 0.55 } else { 0.75 + 0.3 * y / belt }),
        })
    })
}

fn cargo_end(paint: Rgb, height: f32, a: f32, y: f32) -> Option<Rgb> {
    let lamp = a > 0.72 && (0.72..0.88).contains(&y);
    let seam = a < 0.02 || (a - 0.5).abs() < 0.015;
    tyres(a, y, 0.62).unwrap_or_else(|| {
        Some(match (lamp, y) {
            (true, _) => RED,
            (_, y) if y < 1.0 => scale(METAL, 0.35),
            (_, y) => scale(paint, if seam { 0.5 } else { 0.7 + 0.3 * y / height }),
        })
    })
}

fn coach_end([paint, stripe, glass]: [Rgb; 3], height: f32, u: f32, y: f32, rear: bool) -> Rgb {
    let (a, t) = (u.abs(), y / height);
    let low = if rear { 0.5 } else { 0.36 };
    let lamp = a > 0.68 && a < 0.92 && (0.2..0.27).contains(&t);
    match t {
        _ if lamp => {
            if rear {
                RED
            } else {
                WHITE
            }
        }
        t if a < 0.9 && (low..0.8).contains(&t) => shine(glass, t),
        t if a < 0.6 && (0.85..0.94).contains(&t) => AMBER,
        t if t < 0.3 => stripe,
        _ => paint,
    }
}

/// A row of windows every `pitch` metres, over a stripe.
fn side_of_seats([paint, stripe, glass]: [Rgb; 3], height: f32, s: f32, y: f32, pitch: f32) -> Rgb {
    let t = y / height;
    let pane = (0.42..0.8).contains(&t) && (s / pitch).rem_euclid(1.0) > 0.1;
    let door = (s / pitch / 4.0).rem_euclid(1.0) < 0.22 && (0.14..0.8).contains(&t);
    match t {
        _ if pane || door => shine(glass, t),
        t if t < 0.3 => scale(stripe, 0.75 + t),
        _ => scale(paint, 0.75 + 0.3 * t),
    }
}
