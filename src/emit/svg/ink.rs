//! SVG elements and the style that all drawings share.

use std::fmt::Write;

/// Elements that were drawn.
#[derive(Clone, Debug, Default)]
pub(super) struct Ink {
    elements: String,
}

/// The kinds of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// The name of the network.
    Title,
    /// The name of a part.
    Label,
    /// What explains.
    Dim,
    /// An operator.
    Chip,
}

impl Text {
    fn size(self) -> f64 {
        match self {
            Text::Title => 20.0,
            Text::Label => 13.0,
            Text::Dim => 11.5,
            Text::Chip => 11.0,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Text::Title => "title",
            Text::Label => "label",
            Text::Dim => "dim",
            Text::Chip => "chiptext",
        }
    }
}

const STYLE: &str = "\
text{font-family:Inter,'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;fill:#1e293b}\
.title{font-size:20px;font-weight:600}\
.label{font-size:13px;font-weight:600}\
.dim{font-size:11.5px;fill:#64748b}\
.chiptext{font-size:11px;fill:#334155}\
.opentext{font-size:11px;fill:#b45309}\
.axis{font-size:10.5px;fill:#94a3b8;text-anchor:middle}\
.card{fill:#fff;stroke:#cbd5e1}\
.frame{fill:#f8fafc;stroke:#cbd5e1}\
.panel{fill:#fff;stroke:#e2e8f0}\
.chip{fill:#f1f5f9;stroke:#e2e8f0}\
.openchip{fill:#fffbeb;stroke:#f59e0b;stroke-dasharray:3 2}\
.wire{fill:none;stroke:#94a3b8;stroke-width:1.4}\
.open{fill:none;stroke:#f59e0b;stroke-width:1.2;stroke-dasharray:4 3}\
.arrow{fill:none;stroke:#cbd5e1;stroke-width:1.2}\
.taken{fill:none;stroke:#2563eb;stroke-width:2.6;stroke-linecap:round}\
.ghost{fill:#e2e8f0}\
.aux{fill:#fff;stroke:#cbd5e1;stroke-dasharray:4 3}";

/// Colours of the scales, from fine to coarse.
const TINTS: [&str; 7] =
    ["#94a3b8", "#38bdf8", "#0ea5e9", "#14b8a6", "#8b5cf6", "#d946ef", "#e11d48"];

/// The colour of a scale, by its divisor; of a single cell where there is none.
pub(super) fn tint(scale: Option<u32>) -> &'static str {
    let step = scale.map_or(6, |n| n.max(1).ilog2() as usize);
    TINTS[step.min(TINTS.len() - 1)]
}

/// About how wide a text is.
pub(super) fn width(text: &str, kind: Text) -> f64 {
    let bold = if matches!(kind, Text::Title | Text::Label) { 1.06 } else { 1.0 };
    text.chars().map(advance).sum::<f64>() * kind.size() * bold
}

/// A character's width, as a part of the font's size (Helvetica's, rounded up).
fn advance(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 0.23,
        '.' | ',' | ':' | ' ' | '/' | '!' | 't' | 'f' | 'I' | '[' | ']' | '(' | ')' | '·' => 0.29,
        'r' | '-' => 0.34,
        'm' | 'M' | 'W' | '@' | '…' => 0.92,
        'w' | 'C' | 'D' | 'G' | 'H' | 'N' | 'O' | 'Q' | 'R' | 'U' => 0.74,
        c if c.is_ascii_uppercase() => 0.67,
        _ => 0.56,
    }
}

/// A number in as few digits as a picture needs.
pub(super) fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Ink {
    fn add(&mut self, element: std::fmt::Arguments) {
        self.elements.write_fmt(element).expect("a string takes everything");
        self.elements.push('\n');
    }

    /// Other elements, moved.
    pub(super) fn put(&mut self, x: f64, y: f64, other: &Ink) {
        self.add(format_args!("<g transform=\"translate({} {})\">", n(x), n(y)));
        self.elements.push_str(&other.elements);
        self.add(format_args!("</g>"));
    }

    /// Text that begins at `x`, on the line `y`. An index, as in `h_2`, is set low.
    pub(super) fn text(&mut self, x: f64, y: f64, text: &str, kind: Text) {
        self.classed(x, y, text, kind.class());
    }

    /// The same in a class of its own.
    pub(super) fn classed(&mut self, x: f64, y: f64, text: &str, class: &str) {
        let index = text.rsplit_once('_').filter(|(_, i)| {
            class == "label" && !i.is_empty() && i.chars().all(|c| c.is_ascii_digit())
        });
        let inner = match index {
            Some((name, index)) => format!(
                "{}<tspan font-size=\"9.5\" dy=\"3\">{}</tspan>",
                escaped(name),
                escaped(index)
            ),
            None => escaped(text),
        };
        self.add(format_args!(
            "<text x=\"{}\" y=\"{}\" class=\"{class}\">{inner}</text>",
            n(x),
            n(y)
        ));
    }

    /// A rectangle with round corners.
    pub(super) fn rect(&mut self, x: f64, y: f64, w: f64, h: f64, class: &str) {
        let r = if class.ends_with("chip") { 6.0 } else { 8.0 };
        let [x, y, w, h, r] = [x, y, w, h, r].map(n);
        self.add(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"{r}\" class=\"{class}\"/>"
        ));
    }

    /// A small filled rectangle.
    pub(super) fn fill(&mut self, x: f64, y: f64, w: f64, h: f64, colour: &str) {
        let [x, y, w, h] = [x, y, w, h].map(n);
        self.add(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"2\" fill=\"{colour}\"/>"
        ));
    }

    /// A disc with a rim, or a dot without.
    pub(super) fn disc(&mut self, x: f64, y: f64, r: f64, colour: Option<&str>) {
        let [x, y, r] = [x, y, r].map(n);
        match colour {
            Some(c) => self.add(format_args!(
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{c}\" fill-opacity=\"0.16\" \
                 stroke=\"{c}\" stroke-width=\"1.6\"/>"
            )),
            None => {
                self.add(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" class=\"ghost\"/>"))
            }
        }
    }

    /// A straight line.
    pub(super) fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64, class: &str) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(n);
        self.add(format_args!("<path d=\"M{x1} {y1}L{x2} {y2}\" class=\"{class}\"/>"));
    }

    /// A line through pairs of points, level within a pair and bent between pairs, with a head.
    pub(super) fn wire(&mut self, points: &[(f64, f64)], class: &str) {
        let mut d = String::new();
        for (i, &(x, y)) in points.iter().enumerate() {
            let step = match points.get(i.wrapping_sub(1)) {
                None => format!("M{} {}", n(x), n(y)),
                Some(&(px, py)) if i % 2 == 0 && (py - y).abs() > 0.05 => {
                    let half = (px + x) / 2.0;
                    format!("C{} {} {} {} {} {}", n(half), n(py), n(half), n(y), n(x), n(y))
                }
                Some(_) => format!("L{} {}", n(x), n(y)),
            };
            d.push_str(&step);
        }
        let head = if class == "open" { "openhead" } else { "head" };
        self.add(format_args!("<path d=\"{d}\" class=\"{class}\" marker-end=\"url(#{head})\"/>"));
    }

    /// The whole document.
    pub(super) fn document(&self, w: f64, h: f64) -> String {
        let [w, h] = [w, h].map(|v| n(v.ceil()));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
             viewBox=\"0 0 {w} {h}\">\n<style>{STYLE}</style>\n<defs>{}{}</defs>\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            head("head", "#94a3b8"),
            head("openhead", "#f59e0b"),
            self.elements
        )
    }

    /// An element of a page, which has the style; `id` begins the ids in it.
    pub(super) fn inline(&self, w: f64, h: f64, id: &str) -> String {
        let [w, h] = [w, h].map(|v| n(v.ceil()));
        format!(
            "<svg class=\"sketch\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" \
             height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n<defs>{}{}</defs>\n{}</svg>\n",
            head(&format!("{id}-head"), "#94a3b8"),
            head(&format!("{id}-openhead"), "#f59e0b"),
            self.elements.replace("url(#", &format!("url(#{id}-"))
        )
    }
}

/// The head of an arrow.
fn head(id: &str, colour: &str) -> String {
    format!(
        "<marker id=\"{id}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
         <path d=\"M0 0.8L7.5 4L0 7.2z\" fill=\"{colour}\"/></marker>"
    )
}
