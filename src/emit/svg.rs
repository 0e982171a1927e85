//! A sketch as a picture. The same sketch gives the same bytes.

mod grid;
mod ink;
mod parts;

use super::sketch::{Body, Cell, Inside, Sketch};
use ink::{Ink, Text};
use std::collections::BTreeSet;

/// Around everything.
const MARGIN: f64 = 32.0;
/// From the title to the drawing.
const HEAD: f64 = 62.0;
/// Between the drawings.
const APART: f64 = 40.0;
/// Height of the legend.
const LEGEND: f64 = 44.0;

/// The style of drawings within a page. Everything in it is below `.sketch`.
pub const INLINE_STYLE: &str = include_str!("svg/inline.css");

/// A sketch as an SVG document.
pub fn document(sketch: &Sketch) -> String {
    let (ink, w, h) = draw(sketch);
    ink.document(w, h)
}

/// A sketch as an element of a page that has [`INLINE_STYLE`]; `id` tells it from others there.
pub fn inline(sketch: &Sketch, id: &str) -> String {
    let (ink, w, h) = draw(sketch);
    ink.inline(w, h, id)
}

fn draw(sketch: &Sketch) -> (Ink, f64, f64) {
    let mut ink = Ink::default();
    let mut y = MARGIN;
    ink.text(MARGIN, y + 18.0, &sketch.net, Text::Title);
    ink.text(MARGIN, y + 38.0, &sketch.about, Text::Dim);
    y += HEAD;
    let drawn = parts::body(&sketch.whole);
    let mut w = drawn.w;
    ink.put(MARGIN, y, &drawn.ink);
    y += drawn.h;
    for cell in &sketch.cells {
        y += APART;
        let (ww, hh) = panel(&mut ink, y, cell);
        w = w.max(ww);
        y += hh;
    }
    y += LEGEND;
    let used = legend(&mut ink, y, sketch);
    (ink, w.max(used) + 2.0 * MARGIN, y + MARGIN)
}

/// A cell in a frame of its own; its width and height.
fn panel(ink: &mut Ink, y: f64, cell: &Cell) -> (f64, f64) {
    const PAD: f64 = 22.0;
    let drawn = parts::body(&cell.body);
    let title = format!("{} {}", cell.role, cell.name);
    let places = match cell.places {
        1 => "used once".to_owned(),
        n => format!("used {n} times"),
    };
    let (w, h) = (drawn.w.max(260.0) + 2.0 * PAD, drawn.h + 2.0 * PAD + 26.0);
    ink.rect(MARGIN, y, w, h, "panel");
    ink.text(MARGIN + PAD, y + 27.0, &title, Text::Label);
    let after = MARGIN + PAD + ink::width(&title, Text::Label) + 12.0;
    ink.text(after, y + 27.0, &places, Text::Dim);
    ink.put(MARGIN + PAD, y + PAD + 26.0, &drawn.ink);
    (w, h)
}

/// Colours and lines that are used, explained; how wide that is.
fn legend(ink: &mut Ink, y: f64, sketch: &Sketch) -> f64 {
    let mut seen = Seen::default();
    seen.body(&sketch.whole);
    sketch.cells.iter().for_each(|cell| seen.body(&cell.body));
    let mut x = MARGIN;
    let word = |ink: &mut Ink, x: &mut f64, text: &str| {
        ink.text(*x, y + 4.0, text, Text::Dim);
        *x += ink::width(text, Text::Dim) + 22.0;
    };
    for scale in &seen.scales {
        ink.fill(x, y - 5.0, 10.0, 10.0, ink::tint(Some(*scale)));
        x += 16.0;
        word(ink, &mut x, &format!("/{scale}"));
    }
    if seen.taken {
        ink.line(x, y, x + 26.0, y, "taken");
        x += 34.0;
        word(ink, &mut x, "the path that is taken");
    }
    if seen.open {
        ink.line(x, y, x + 26.0, y, "open");
        x += 34.0;
        word(ink, &mut x, "left open by a decision");
    }
    x
}

/// What a sketch makes use of.
#[derive(Default)]
struct Seen {
    scales: BTreeSet<u32>,
    taken: bool,
    open: bool,
}

impl Seen {
    fn body(&mut self, body: &Body) {
        self.open |= body.links.iter().any(|l| l.open);
        for unit in &body.units {
            self.scales.extend(unit.scale);
            match &unit.inside {
                Inside::Shut => {}
                Inside::Open(inner) => self.body(inner),
                Inside::Grid(grid) => {
                    self.scales.extend(&grid.scales);
                    self.taken |= grid.settled || !grid.taken.is_empty();
                    self.open |= !grid.settled;
                }
            }
        }
    }
}
