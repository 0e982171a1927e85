//! Parts as cards, joined by wires.

use super::grid;
use super::ink::{self, Ink, Text, tint};
use crate::emit::layout::{self, Size, Wire};
use crate::emit::sketch::{Body, Chip, End, Inside, Kind, Unit};

/// Something that was drawn, its upper left corner at the origin.
pub(super) struct Drawn {
    pub(super) w: f64,
    pub(super) h: f64,
    pub(super) ink: Ink,
}

/// Left and right of a card's text.
const PAD: f64 = 13.0;
/// Height of a row of operators.
const ROW: f64 = 25.0;
/// Height of an operator.
const CHIP: f64 = 19.0;
/// Around what is inside a frame.
const FRAME: f64 = 18.0;

/// Parts and wires.
pub(super) fn body(body: &Body) -> Drawn {
    let mut drawn: Vec<Drawn> = body.inputs.iter().map(|name| input(name)).collect();
    let first = drawn.len();
    let plain = |unit: usize| body.links.iter().any(|l| l.to == unit && l.chip.is_none());
    drawn.extend(body.units.iter().enumerate().map(|(i, u)| unit(u, plain(i))));
    let sizes: Vec<Size> = drawn.iter().map(|d| Size { w: d.w, h: d.h }).collect();
    let wires: Vec<Wire> = body
        .links
        .iter()
        .map(|link| Wire {
            from: match link.from {
                End::Input(i) => i,
                End::Unit(i) => first + i,
            },
            to: first + link.to,
            port: port(&body.units[link.to], link.chip, sizes[first + link.to].h),
        })
        .collect();
    let placed = layout::place(&sizes, &wires);
    let mut ink = Ink::default();
    for (link, points) in body.links.iter().zip(&placed.wires) {
        ink.wire(points, if link.open { "open" } else { "wire" });
    }
    for ((x, y), drawn) in placed.boxes.iter().zip(&drawn) {
        ink.put(*x, *y, &drawn.ink);
    }
    Drawn { w: placed.w, h: placed.h, ink }
}

/// Where a wire arrives at a card, from its upper edge.
fn port(unit: &Unit, chip: Option<usize>, h: f64) -> f64 {
    match (unit.chips.len(), chip) {
        (0, _) => h / 2.0,
        (n, None) => (h - ROW * (n + 1) as f64) / 2.0 + ROW * (n as f64 + 0.5),
        (n, Some(chip)) => {
            // With a wire that arrives directly there is a row more.
            let rows = n + usize::from(has_spare_row(unit, h));
            (h - ROW * rows as f64) / 2.0 + ROW * (chip as f64 + 0.5)
        }
    }
}

/// Whether a card keeps a row for wires that arrive directly.
fn has_spare_row(unit: &Unit, h: f64) -> bool {
    h > height(unit, false)
}

fn height(unit: &Unit, spare: bool) -> f64 {
    let rows = unit.chips.len() + usize::from(spare && !unit.chips.is_empty());
    (rows as f64 * ROW + 10.0).max(24.0 + 16.0 * lines(unit).len() as f64)
}

/// What a card says below its name.
fn lines(unit: &Unit) -> Vec<&str> {
    [unit.text.as_str(), unit.ty.as_str()].into_iter().filter(|t| !t.is_empty()).collect()
}

fn input(name: &str) -> Drawn {
    let mut ink = Ink::default();
    let w = ink::width(name, Text::Label) + 10.0;
    ink.text(2.0, 17.0, name, Text::Label);
    Drawn { w, h: 25.0, ink }
}

fn unit(unit: &Unit, plain: bool) -> Drawn {
    match &unit.inside {
        Inside::Shut => card(unit, plain),
        Inside::Open(inner) => frame(unit, &body(inner), "frame"),
        Inside::Grid(inner) => frame(unit, &grid::draw(inner), "card"),
    }
}

/// A card: its operators at the left, its name and type at the right.
fn card(unit: &Unit, plain: bool) -> Drawn {
    let mut ink = Ink::default();
    let chips = unit.chips.iter().map(chip_width).fold(0.0, f64::max);
    let left = if chips > 0.0 { chips + 18.0 } else { PAD + 3.0 };
    let texts = lines(unit).into_iter().map(|t| ink::width(t, Text::Dim));
    let text = texts.fold(ink::width(&unit.label, Text::Label), f64::max);
    let (w, h) = (left + text + PAD, height(unit, plain));
    let class = if unit.kind == Kind::Aux { "aux" } else { "card" };
    ink.rect(0.0, 0.0, w, h, class);
    ink.fill(w - 4.0, 7.0, 3.0, h - 14.0, tint(unit.scale));
    let rows = unit.chips.len() + usize::from(plain && !unit.chips.is_empty());
    let top = (h - ROW * rows as f64) / 2.0;
    for (i, chip) in unit.chips.iter().enumerate() {
        draw_chip(&mut ink, chip, chips, top + ROW * i as f64 + (ROW - CHIP) / 2.0);
    }
    let mut y = (h - 16.0 * (lines(unit).len() + 1) as f64) / 2.0 + 12.5;
    ink.text(left, y, &unit.label, Text::Label);
    for line in lines(unit) {
        y += 16.0;
        ink.text(left, y, line, Text::Dim);
    }
    Drawn { w, h, ink }
}

fn chip_width(chip: &Chip) -> f64 {
    ink::width(&chip.label, Text::Chip) + 16.0
}

fn draw_chip(ink: &mut Ink, chip: &Chip, w: f64, y: f64) {
    let (class, text) = match chip.alternatives {
        0 => ("chip", "chiptext"),
        _ => ("openchip", "opentext"),
    };
    ink.rect(6.0, y, w, CHIP, class);
    ink.classed(14.0, y + 13.3, &chip.label, text);
}

/// A part that shows its inside.
fn frame(unit: &Unit, inside: &Drawn, class: &str) -> Drawn {
    let mut ink = Ink::default();
    let about = lines(unit).join("  ·  ");
    let label = ink::width(&unit.label, Text::Label);
    let title = label + 12.0 + ink::width(&about, Text::Dim);
    let (w, h) = (inside.w.max(title) + 2.0 * FRAME, inside.h + 2.0 * FRAME + 26.0);
    ink.rect(0.0, 0.0, w, h, class);
    if unit.scale.is_some() {
        ink.fill(w - 4.0, 7.0, 3.0, h - 14.0, tint(unit.scale));
    }
    ink.text(FRAME, 25.0, &unit.label, Text::Label);
    ink.text(FRAME + label + 12.0, 25.0, &about, Text::Dim);
    ink.put((w - inside.w) / 2.0, FRAME + 26.0, &inside.ink);
    Drawn { w, h, ink }
}
