//! A trellis: layers from left to right, scales from fine to coarse.

use super::ink::{Ink, n, tint};
use super::parts::Drawn;
use crate::emit::sketch::Grid;

/// From layer to layer.
const STEP_X: f64 = 46.0;
/// From scale to scale.
const STEP_Y: f64 = 42.0;
/// Of a node.
const RADIUS: f64 = 9.0;
/// For the names of scales.
const LEFT: f64 = 52.0;
/// For the numbers of layers.
const TOP: f64 = 30.0;

/// A grid with its axes.
pub(super) fn draw(grid: &Grid) -> Drawn {
    let mut ink = Ink::default();
    let x = |layer: usize| LEFT + STEP_X * layer as f64;
    let y = |scale: usize| TOP + STEP_Y * scale as f64;
    for layer in 0..grid.layers {
        ink.classed(x(layer), 10.0, &(layer + 1).to_string(), "axis");
    }
    for (row, scale) in grid.scales.iter().enumerate() {
        ink.classed(10.0, y(row) + 3.5, &format!("/{scale}"), "axis");
        for layer in 0..grid.layers {
            if !grid.nodes.contains(&(layer, row)) {
                ink.disc(x(layer), y(row), 2.0, None);
            }
        }
    }
    let line = if grid.settled { "taken" } else { "arrow" };
    for arrow in &grid.arrows {
        let from = (x(arrow.layer - 1), y(arrow.from));
        let to = (x(arrow.layer), y(arrow.to));
        between(&mut ink, from, to, line);
    }
    for arrow in &grid.taken {
        let from = (x(arrow.layer - 1), y(arrow.from));
        between(&mut ink, from, (x(arrow.layer), y(arrow.to)), "taken");
    }
    for &(layer, row) in &grid.nodes {
        if layer == 0 {
            between(&mut ink, (x(0) - STEP_X * 0.72, y(row)), (x(0), y(row)), line);
        }
        if layer + 1 == grid.layers {
            between(&mut ink, (x(layer), y(row)), (x(layer) + STEP_X * 0.72, y(row)), line);
        }
        ink.disc(x(layer), y(row), RADIUS, Some(tint(Some(grid.scales[row]))));
    }
    let w = x(grid.layers.saturating_sub(1)) + STEP_X * 0.72 + 4.0;
    let h = y(grid.scales.len().saturating_sub(1)) + RADIUS + 4.0;
    debug_assert!(!n(w).is_empty());
    Drawn { w, h, ink }
}

/// A line from rim to rim.
fn between(ink: &mut Ink, from: (f64, f64), to: (f64, f64), class: &str) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length * (RADIUS + 1.5), dy / length * (RADIUS + 1.5));
    ink.line(from.0 + ux, from.1 + uy, to.0 - ux, to.1 - uy, class);
}
