//! A path in the making: the arrows of its lattice by their weights, after some of the epochs.

use crate::decode::{Arrow, Score, ScoredArrow};
use crate::ir::decision::Lattice;
use maud::{Markup, html};

/// From layer to layer, and from scale to scale.
const STEP: (f64, f64) = (30.0, 34.0);
/// For the names of scales, and above the first.
const MARGIN: (f64, f64) = (34.0, 16.0);
/// Of a node.
const RADIUS: f64 = 4.5;
/// Pictures at most.
const PICTURES: usize = 4;

/// The lattice after the first epoch, the last, and some between.
pub(super) fn snapshots(
    lattice: &Lattice,
    path: &[u8],
    epochs: &[f64],
    scores: &[&Score],
) -> Markup {
    let last = epochs.len().saturating_sub(1);
    let mut shown: Vec<usize> =
        (0..PICTURES).map(|i| (i * last + (PICTURES - 1) / 2) / (PICTURES - 1)).collect();
    shown.dedup();
    let picture = |at: usize| match scores.get(at) {
        Some(Score::Path(arrows)) => drawn(lattice, arrows, (at == last).then_some(path)),
        Some(Score::One(_) | Score::Candidates(_) | Score::Slots(_)) | None => html! {},
    };
    html! {
        div class="snapshots" {
            @for at in shown {
                figure {
                    (picture(at))
                    figcaption { "after epoch " (epochs[at]) @if at == last { ", with the path that is taken" } }
                }
            }
        }
    }
}

fn drawn(lattice: &Lattice, arrows: &[ScoredArrow], path: Option<&[u8]>) -> Markup {
    let place = |layer: u8, scale: u8| {
        (MARGIN.0 + STEP.0 * (f64::from(layer) + 1.0), MARGIN.1 + STEP.1 * f64::from(scale))
    };
    let w = MARGIN.0 + STEP.0 * f64::from(lattice.layers) + 10.0;
    let h = MARGIN.1 * 2.0 + STEP.1 * (lattice.scales.len() as f64 - 1.0);
    let ends = |arrow: &Arrow| {
        let to = place(arrow.layer, arrow.to);
        let from = match (arrow.from, arrow.layer.checked_sub(1)) {
            (Some(from), Some(before)) => place(before, from),
            _ => (to.0 - STEP.0 * 0.8, to.1),
        };
        (from, to)
    };
    let on = |arrow: &Arrow| {
        let path = path.unwrap_or_default();
        let before = arrow.layer.checked_sub(1).and_then(|l| path.get(l as usize).copied());
        before == arrow.from && path.get(arrow.layer as usize) == Some(&arrow.to)
    };
    let width = |weight: f64| format!("{:.2}", 0.4 + 4.0 * weight.min(1.0));
    let title = |row: &ScoredArrow| {
        let name =
            |i: u8| lattice.scales.get(i as usize).map_or(String::new(), ToString::to_string);
        let from = row.arrow.from.map_or("the stem".to_owned(), name);
        let layer = row.arrow.layer + 1;
        format!("{from} to {} in layer {layer}: {:.3}", name(row.arrow.to), row.weight)
    };
    html! {
        svg class="chart trellis" viewBox={ "0 0 " (w) " " (h) } style={ "max-width:" (w * 1.35) "px" } role="img"
            aria-label="weights of the arrows of the trellis" {
            @for (i, scale) in lattice.scales.iter().enumerate() {
                text x="0" y=(place(0, i as u8).1 + 4.0) { (scale) }
            }
            @for row in arrows {
                @let ((x1, y1), (x2, y2)) = ends(&row.arrow);
                line class=(if on(&row.arrow) { "l1" } else { "l0" }) x1=(x1) y1=(y1) x2=(x2) y2=(y2)
                    stroke-width=(width(row.weight)) stroke-linecap="round"
                    style={ "opacity:" (if on(&row.arrow) { "1".to_owned() } else { format!("{:.3}", 0.12 + 0.8 * row.weight.min(1.0)) }) } {
                    title { (title(row)) }
                }
            }
            @for layer in 0..lattice.layers {
                @for scale in nodes(arrows, layer) {
                    @let (x, y) = place(layer, scale);
                    circle class="dot f0" cx=(x) cy=(y) r=(RADIUS) {}
                }
            }
        }
    }
}

/// The scales that a layer can have.
fn nodes(arrows: &[ScoredArrow], layer: u8) -> std::collections::BTreeSet<u8> {
    arrows.iter().filter(|row| row.arrow.layer == layer).map(|row| row.arrow.to).collect()
}
