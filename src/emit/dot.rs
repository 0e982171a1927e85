//! A sketch for Graphviz: operators label edges, what a decision may switch off is dashed.

use super::sketch::{Body, End, Grid, Inside, Kind, Sketch};
use std::fmt::Write;

/// A sketch as a DOT document.
pub fn document(sketch: &Sketch) -> String {
    let mut dot = Dot::default();
    dot.line(format_args!("digraph {} {{", quoted(&sketch.net)));
    dot.depth = 1;
    dot.line("compound=true; rankdir=LR; fontname=\"Helvetica\"; nodesep=0.25; ranksep=0.5;");
    dot.line(
        "node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\"];",
    );
    dot.line("edge [fontname=\"Helvetica\", fontsize=10];");
    dot.body("n", &sketch.whole);
    for (i, cell) in sketch.cells.iter().enumerate() {
        dot.line(format_args!("subgraph \"cluster_cell{i}\" {{"));
        dot.depth += 1;
        let title = format!("{} {} ({} places)", cell.role, cell.name, cell.places);
        dot.line(format_args!("label={}; style=dashed;", quoted(&title)));
        dot.body(&format!("c{i}"), &cell.body);
        dot.close();
    }
    dot.close();
    dot.text
}

#[derive(Default)]
struct Dot {
    text: String,
    depth: usize,
}

impl Dot {
    fn line(&mut self, line: impl std::fmt::Display) {
        let indent = "  ".repeat(self.depth);
        writeln!(self.text, "{indent}{line}").expect("a string takes everything");
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    fn body(&mut self, prefix: &str, body: &Body) {
        for (i, input) in body.inputs.iter().enumerate() {
            self.line(format_args!("{prefix}_i{i} [label={}, shape=plaintext];", quoted(input)));
        }
        for (i, unit) in body.units.iter().enumerate() {
            let id = format!("{prefix}_{i}");
            let words = [&unit.label, &unit.text, &unit.ty].map(String::as_str);
            let said: Vec<&str> = words.into_iter().filter(|w| !w.is_empty()).collect();
            let title = said.join("\n");
            match &unit.inside {
                Inside::Shut => {
                    let shape = if unit.kind == Kind::Part { "" } else { ", shape=plaintext" };
                    self.line(format_args!("{id} [label={}{shape}];", quoted(&title)));
                }
                Inside::Open(inner) => self.cluster(&id, &title, |dot| dot.body(&id, inner)),
                Inside::Grid(grid) => self.cluster(&id, &title, |dot| dot.grid(&id, grid)),
            }
        }
        for link in &body.links {
            let mut with = Vec::new();
            let from = match link.from {
                End::Input(i) => format!("{prefix}_i{i}"),
                End::Unit(i) => {
                    let id = format!("{prefix}_{i}");
                    let inside = &body.units[i].inside;
                    tie(inside, &id, "ltail", &mut with);
                    last(&id, inside)
                }
            };
            let id = format!("{prefix}_{}", link.to);
            let unit = &body.units[link.to];
            tie(&unit.inside, &id, "lhead", &mut with);
            if let Some(chip) = link.chip {
                with.push(format!("label={}", quoted(&unit.chips[chip].label)));
            }
            if link.open {
                with.push("style=dashed".to_owned());
            }
            let with =
                if with.is_empty() { String::new() } else { format!(" [{}]", with.join(", ")) };
            self.line(format_args!("{from} -> {}{with};", first(&id, &unit.inside)));
        }
    }

    fn cluster(&mut self, id: &str, title: &str, inside: impl FnOnce(&mut Dot)) {
        self.line(format_args!("subgraph \"cluster_{id}\" {{"));
        self.depth += 1;
        self.line(format_args!("label={}; style=rounded;", quoted(title)));
        inside(self);
        self.close();
    }

    fn grid(&mut self, id: &str, grid: &Grid) {
        let name =
            |layer: usize, scale: usize| format!("{id}_l{}_s{}", layer + 1, grid.scales[scale]);
        for &(layer, scale) in &grid.nodes {
            let label = format!("{} /{}", layer + 1, grid.scales[scale]);
            let label = quoted(&label);
            self.line(format_args!(
                "{} [label={label}, shape=circle, fontsize=8];",
                name(layer, scale)
            ));
        }
        let style = if grid.settled { "" } else { " [style=dashed]" };
        for a in &grid.arrows {
            let (from, to) = (name(a.layer - 1, a.from), name(a.layer, a.to));
            self.line(format_args!("{from} -> {to}{style};"));
        }
    }
}

/// Lets an edge end at the frame of what shows its inside.
fn tie(inside: &Inside, id: &str, end: &str, with: &mut Vec<String>) {
    if *inside != Inside::Shut {
        with.push(format!("{end}=\"cluster_{id}\""));
    }
}

/// The node in a part that edges to it lead to.
fn first(id: &str, inside: &Inside) -> String {
    match inside {
        Inside::Shut => id.to_owned(),
        Inside::Open(body) => first(&format!("{id}_0"), &body.units[0].inside),
        Inside::Grid(grid) => node(id, grid, grid.nodes.first()),
    }
}

/// The node in a part that edges from it come from.
fn last(id: &str, inside: &Inside) -> String {
    match inside {
        Inside::Shut => id.to_owned(),
        Inside::Open(body) => {
            let i = body.units.len() - 1;
            last(&format!("{id}_{i}"), &body.units[i].inside)
        }
        Inside::Grid(grid) => node(id, grid, grid.nodes.last()),
    }
}

fn node(id: &str, grid: &Grid, at: Option<&(usize, usize)>) -> String {
    let (layer, scale) = at.copied().unwrap_or_default();
    format!("{id}_l{}_s{}", layer + 1, grid.scales[scale])
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
