//! A sketch for programs.

use super::sketch::{Body, End, Grid, Inside, Kind, Link, Sketch, Unit};
use serde_json::{Value, json};

/// A sketch as JSON: `{net, about, whole, cells}`; `docs/json.md` says more.
pub fn value(sketch: &Sketch) -> Value {
    let cells = sketch
        .cells
        .iter()
        .map(|cell| json!({ "role": cell.role, "name": cell.name, "places": cell.places, "body": body(&cell.body) }));
    json!({
        "net": sketch.net,
        "about": sketch.about,
        "whole": body(&sketch.whole),
        "cells": cells.collect::<Vec<_>>(),
    })
}

fn body(body: &Body) -> Value {
    json!({
        "inputs": body.inputs,
        "parts": body.units.iter().map(unit).collect::<Vec<_>>(),
        "links": body.links.iter().map(|l| link(l, body)).collect::<Vec<_>>(),
    })
}

fn unit(unit: &Unit) -> Value {
    let kind = match unit.kind {
        Kind::Input => "input",
        Kind::Part => "part",
        Kind::Output => "output",
        Kind::Aux => "aux",
    };
    let mut out = json!({
        "id": unit.id,
        "label": unit.label,
        "text": unit.text,
        "type": unit.ty,
        "kernels": unit.kernels,
        "kind": kind,
    });
    match &unit.inside {
        Inside::Shut => {}
        Inside::Open(inner) => out["body"] = body(inner),
        Inside::Grid(inner) => out["trellis"] = grid(inner),
    }
    out
}

fn grid(grid: &Grid) -> Value {
    let place = |layer: usize, scale: usize| json!([layer + 1, format!("/{}", grid.scales[scale])]);
    let arrows = grid
        .arrows
        .iter()
        .map(|a| json!({ "from": place(a.layer - 1, a.from), "to": place(a.layer, a.to) }));
    json!({
        "scales": grid.scales.iter().map(|s| format!("/{s}")).collect::<Vec<_>>(),
        "layers": grid.layers,
        "nodes": grid.nodes.iter().map(|(l, s)| place(*l, *s)).collect::<Vec<_>>(),
        "arrows": arrows.collect::<Vec<_>>(),
        "settled": grid.settled,
    })
}

fn link(link: &Link, body: &Body) -> Value {
    let from = match link.from {
        End::Input(i) => json!({ "input": body.inputs[i] }),
        End::Unit(i) => json!({ "part": body.units[i].id }),
    };
    let chip = link.chip.map(|i| &body.units[link.to].chips[i]);
    json!({
        "from": from,
        "to": body.units[link.to].id,
        "operator": chip.map(|c| c.label.as_str()),
        "alternatives": chip.map_or(usize::from(link.open), |c| c.alternatives),
        "open": link.open,
    })
}
