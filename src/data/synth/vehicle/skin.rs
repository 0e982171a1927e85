//! What the faces of a vehicle's boxes look like. Nothing (`None`) is where one sees through.
//!
//! `u` runs from -1 to 1 across an end, `s` in metres from the front along a flank, `y` in metres
//! above the road.

mod ends;
mod flanks;

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
    Coach(Livery),
    /// A tram.
    Tram(Livery),
    /// The frame that takes a tram's current.
    Collector { height: f32 },
}

/// The looks of what carries many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Livery {
    pub(super) paint: Rgb,
    pub(super) stripe: Rgb,
    pub(super) glass: Rgb,
    pub(super) height: f32,
}

/// Which end of a vehicle is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Front,
    Rear,
}

impl End {
    fn lamp(self) -> Rgb {
        match self {
            Self::Front => WHITE,
            Self::Rear => RED,
        }
    }
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
            | Self::Coach(Livery { paint, .. })
            | Self::Tram(Livery { paint, .. }) => scale(paint, 1.15),
        }
    }

    /// The front, or the rear.
    pub(super) fn end(self, u: f32, y: f32, end: End) -> Option<Rgb> {
        // Both halves of an end are alike.
        let a = u.abs();
        match self {
            Self::Body { paint, belt } => ends::body(paint, belt, a, y, end),
            Self::Cabin { paint, glass, y: span } => ends::cabin(paint, glass, span, a, y),
            Self::Cab { paint, glass, height } => ends::cab(paint, glass, height, a, y),
            Self::Cargo { paint, height, .. } => ends::cargo(paint, height, a, y),
            Self::Coach(livery) => ends::coach(livery, a, y, end),
            Self::Tram(livery) => ends::tram(livery, a, y, end),
            Self::Collector { height } => {
                (y > height + 0.8 || (a - 0.5).abs() < 0.12).then_some(RUBBER)
            }
        }
    }

    /// A side; `length` is that of the box, `edge` the distance from its nearer end at height `y`.
    pub(super) fn flank(self, s: f32, length: f32, y: f32, edge: f32) -> Option<Rgb> {
        match self {
            Self::Body { paint, belt } => flanks::body(paint, belt, length, s, y),
            Self::Cabin { paint, glass, y: span } => {
                let t = (y - span.0) / (span.1 - span.0);
                let pillar = (s / length - 0.52).abs() < 0.025;
                let pane = edge > 0.1 && t < 0.85 && !pillar;
                Some(if pane { shine(glass, t) } else { paint })
            }
            Self::Cab { paint, glass, height } => flanks::cab(paint, glass, height, s, y),
            Self::Cargo { paint, height, ribs } => flanks::cargo(paint, height, ribs, length, s, y),
            Self::Coach(livery) => flanks::coach(livery, length, s, y),
            Self::Tram(livery) => flanks::tram(livery, s, y),
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
