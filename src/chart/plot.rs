//! A plot: axes, marks between them, a key above.

use super::{Axis, COLOURS, Label, Mark, NONE, Point, STYLE, n};
use maud::{Markup, PreEscaped, html};

/// A chart of series over two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// Its name, above it; nothing is written where it is empty.
    pub name: String,
    /// Width and height, in the units of a page's text: letters are 12.5 high.
    pub size: (f64, f64),
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, the first at the back: its colour and what it is.
    pub marks: Vec<(usize, Mark)>,
    /// The key: colours and what they stand for.
    pub keys: Vec<(usize, String)>,
    /// What is said of a place along the horizontal axis when it is pointed at.
    pub notes: Vec<(f64, String)>,
    /// Whether there is nothing but the marks.
    pub bare: bool,
}

/// A rectangle: left, top, width, height.
type Frame = (f64, f64, f64, f64);

/// Height of the name and the key.
const HEAD: f64 = 30.0;
/// Height of the horizontal axis's values.
const FOOT: f64 = 26.0;
/// Height of the horizontal axis's name.
const FOOT_NAME: f64 = 16.0;
/// About the width of a letter.
const LETTER: f64 = 6.9;

impl Plot {
    /// A plot over two axes, empty yet, as wide as half a page.
    #[must_use]
    pub fn new(name: impl Into<String>, x: Axis, y: Axis) -> Plot {
        let (marks, keys, notes) = (Vec::new(), Vec::new(), Vec::new());
        Plot { name: name.into(), size: (560.0, 250.0), x, y, marks, keys, notes, bare: false }
    }

    /// A small plot without anything around its marks.
    #[must_use]
    pub fn bare(x: Axis, y: Axis) -> Plot {
        Plot { bare: true, size: (240.0, 72.0), ..Plot::new("", x, y) }
    }

    /// The same of another size.
    #[must_use]
    pub fn sized(mut self, w: f64, h: f64) -> Plot {
        self.size = (w, h);
        self
    }

    /// Draws a mark over those before.
    pub fn draw(&mut self, colour: usize, mark: Mark) {
        self.marks.push((colour, mark));
    }

    /// Says what a colour stands for.
    pub fn key(&mut self, colour: usize, text: impl Into<String>) {
        self.keys.push((colour, text.into()));
    }

    /// The chart as an `svg` element for a page that has [`STYLE`]; `what` is said to those who
    /// cannot see it.
    #[must_use]
    pub fn svg(&self, what: &str) -> Markup {
        let (w, h) = self.size;
        html! {
            svg class="chart" xmlns="http://www.w3.org/2000/svg"
                viewBox={ "0 0 " (n(w)) " " (n(h)) } role="img" aria-label=(what) {
                (self.body())
            }
        }
    }

    fn body(&self) -> Markup {
        let frame = self.frame();
        html! {
            @if !self.bare { (self.head()) (self.axes(frame)) }
            @for (colour, mark) in &self.marks { (self.mark(frame, *colour, mark)) }
            (self.hits(frame))
            (self.labels(frame))
        }
    }

    /// What is left for the marks.
    fn frame(&self) -> Frame {
        if self.bare {
            return (0.0, 1.0, self.size.0, self.size.1 - 2.0);
        }
        let widest = self.y.ticks().iter().map(|(_, text)| text.chars().count()).max().unwrap_or(0);
        let left = widest as f64 * LETTER + 12.0;
        let top = if self.name.is_empty() && self.keys.is_empty() { 10.0 } else { HEAD };
        let foot = FOOT + if self.x.name.is_empty() { 0.0 } else { FOOT_NAME };
        (left, top, (self.size.0 - left - 14.0).max(1.0), (self.size.1 - top - foot).max(1.0))
    }

    /// The name, and the key at the right.
    fn head(&self) -> Markup {
        let wide = |text: &str| text.chars().count() as f64 * LETTER + 30.0;
        let mut x = self.size.0 - 6.0 - self.keys.iter().map(|(_, text)| wide(text)).sum::<f64>();
        let mut places = Vec::new();
        for (colour, text) in &self.keys {
            places.push((x, *colour, text));
            x += wide(text);
        }
        html! {
            text class="name" x="0" y="14" { (self.name) }
            @for (x, colour, text) in places {
                rect class={ "f" (class(colour)) } x=(n(x)) y="5" width="11" height="11" rx="2.5" {}
                text class="key" x=(n(x + 16.0)) y="15" { (text) }
            }
        }
    }

    fn axes(&self, (left, top, w, h): Frame) -> Markup {
        let bottom = top + h;
        let rows = self.y.ticks().into_iter().map(|(v, text)| (bottom - h * self.y.at(v), text));
        let columns = self.x.ticks().into_iter().map(|(v, text)| (left + w * self.x.at(v), text));
        html! {
            @for (y, text) in rows {
                line class="gridline" x1=(n(left)) y1=(n(y)) x2=(n(left + w)) y2=(n(y)) {}
                text x=(n(left - 7.0)) y=(n(y + 4.0)) text-anchor="end" { (text) }
            }
            line class="base" x1=(n(left)) y1=(n(bottom)) x2=(n(left + w)) y2=(n(bottom)) {}
            @for (x, text) in columns {
                line class="base" x1=(n(x)) y1=(n(bottom)) x2=(n(x)) y2=(n(bottom + 4.0)) {}
                text x=(n(x)) y=(n(bottom + 17.0)) text-anchor=(anchor(x, self.size.0)) { (text) }
            }
            @if !self.x.name.is_empty() {
                text x=(n(left + w / 2.0)) y=(n(bottom + 33.0)) text-anchor="middle" { (self.x.name) }
            }
            @if !self.y.name.is_empty() && self.name.is_empty() {
                text class="key" x=(n(left)) y=(n(top - 8.0)) { (self.y.name) }
            }
        }
    }

    /// Where a point lies, if it has a place.
    fn place(&self, (left, top, w, h): Frame, (x, y): Point) -> Option<Point> {
        let at = (left + w * self.x.at(x), top + h - h * self.y.at(y));
        (at.0.is_finite() && at.1.is_finite()).then_some(at)
    }

    fn mark(&self, frame: Frame, colour: usize, mark: &Mark) -> Markup {
        let class = class(colour);
        let line = |points: &[Point], kind: &str| {
            let d = self.path(frame, points.iter().copied());
            html! { @if !d.is_empty() { path class={ (kind) " l" (class) } d=(d) {} } }
        };
        let between = |rows: &[(f64, f64, f64)], kind: &str| {
            let there = rows.iter().map(|r| (r.0, r.2));
            let back = rows.iter().rev().map(|r| (r.0, r.1));
            let d = self.path(frame, there.chain(back));
            html! { @if !d.is_empty() { path class={ (kind) " f" (class) } d={ (d) "Z" } {} } }
        };
        let dot = |at: Point, r: f64, kind: &str| match self.place(frame, at) {
            Some((x, y)) => html! { circle class=(kind) cx=(n(x)) cy=(n(y)) r=(n(r)) {} },
            None => html! {},
        };
        match mark {
            Mark::Line(points) => line(points, "line"),
            Mark::Thin(points) => line(points, "thin"),
            Mark::Front(points) => line(points, "front"),
            Mark::Band(rows) => between(rows, "band"),
            Mark::Area(rows) => between(rows, "area"),
            Mark::Dots(points) => {
                let kind = format!("dot f{class}");
                html! { @for point in points { (dot(*point, 3.4, &kind)) } }
            }
            Mark::Named { at, filled: true, .. } => dot(*at, 5.2, &format!("dot f{class}")),
            Mark::Named { at, filled: false, .. } => dot(*at, 4.4, &format!("hollow l{class}")),
        }
    }

    /// A path through points; those without a place are left out.
    fn path(&self, frame: Frame, points: impl Iterator<Item = Point>) -> String {
        let mut d = String::new();
        for (x, y) in points.filter_map(|point| self.place(frame, point)) {
            d.push_str(if d.is_empty() { "M" } else { "L" });
            d.push_str(&format!("{} {}", n(x), n(y)));
        }
        d
    }

    /// Columns that say what lies there when they are pointed at.
    fn hits(&self, (left, top, w, h): Frame) -> Markup {
        let xs: Vec<f64> = self.notes.iter().map(|(x, _)| left + w * self.x.at(*x)).collect();
        let half = |a: usize, b: usize| match (xs.get(a), xs.get(b)) {
            (Some(a), Some(b)) => Some((a + b) / 2.0),
            _ => None,
        };
        let columns = self.notes.iter().enumerate().map(|(i, (_, text))| {
            let from = half(i.wrapping_sub(1), i).unwrap_or(left);
            let to = half(i, i + 1).unwrap_or(left + w);
            (from, (to - from).max(0.5), text)
        });
        html! {
            @for (x, wide, text) in columns {
                rect class="hit" x=(n(x)) y=(n(top)) width=(n(wide)) height=(n(h)) {
                    title { (text) }
                }
            }
        }
    }

    /// The names of dots, each where no other is: to the right of its dot, else left, above, below.
    fn labels(&self, frame: Frame) -> Markup {
        let named = self.marks.iter().filter_map(|(colour, mark)| match mark {
            Mark::Named { at, label, .. } => {
                self.place(frame, *at).map(|place| (place, *colour, label))
            }
            _ => None,
        });
        let named: Vec<(Point, usize, &Label)> = named.collect();
        let mut taken: Vec<Frame> =
            named.iter().map(|((x, y), ..)| (x - 5.0, y - 5.0, 10.0, 10.0)).collect();
        let mut out = Vec::new();
        for ((x, y), _, label) in &named {
            let wide = label.text.chars().count() as f64 * LETTER;
            let spots = [
                (x + 9.0, y - 8.0),
                (x - 9.0 - wide, y - 8.0),
                (x - wide / 2.0, y - 24.0),
                (x - wide / 2.0, y + 8.0),
                (x + 7.0, y - 22.0),
                (x + 7.0, y + 6.0),
                (x - 7.0 - wide, y - 22.0),
                (x - 7.0 - wide, y + 6.0),
            ];
            let boxed = spots.map(|(x, y)| (x, y, wide, 15.0));
            let inside = |b: &Frame| b.0 >= 0.0 && b.0 + b.2 <= self.size.0 && b.1 >= 0.0;
            let clear = |b: &&Frame| inside(b) && !taken.iter().any(|other| overlap(b, other));
            let spot = boxed.iter().find(clear).or(boxed.iter().find(|b| inside(b)));
            let spot = *spot.unwrap_or(&boxed[0]);
            taken.push(spot);
            out.push((spot.0, spot.1 + 12.0, (*x, *y), *label));
        }
        html! {
            @for (x, y, at, label) in out {
                text class="key" x=(n(x)) y=(n(y)) { (label.text) }
                circle class="hit" cx=(n(at.0)) cy=(n(at.1)) r="9" { title { (label.title) } }
            }
        }
    }
}

/// Whether two rectangles have a place in common.
fn overlap(a: &Frame, b: &Frame) -> bool {
    a.0 < b.0 + b.2 && b.0 < a.0 + a.2 && a.1 < b.1 + b.3 && b.1 < a.1 + a.3
}

/// How a text stands on its place, so that it does not leave the picture.
fn anchor(x: f64, w: f64) -> &'static str {
    if x > w - 20.0 { "end" } else { "middle" }
}

/// The end of a colour's class.
fn class(colour: usize) -> String {
    if colour == NONE { "none".to_owned() } else { (colour % COLOURS).to_string() }
}

/// Plots one below the other as an SVG document of its own.
#[must_use]
pub fn document(plots: &[Plot]) -> String {
    const MARGIN: f64 = 20.0;
    let w = plots.iter().map(|p| p.size.0).fold(0.0, f64::max) + 2.0 * MARGIN;
    let h = plots.iter().map(|p| p.size.1 + MARGIN).sum::<f64>() + MARGIN;
    let mut y = 0.0;
    let mut tops = Vec::new();
    for plot in plots {
        y += MARGIN;
        tops.push((y, plot));
        y += plot.size.1;
    }
    let drawn = html! {
        svg class="chart" xmlns="http://www.w3.org/2000/svg" width=(n(w)) height=(n(h))
            viewBox={ "0 0 " (n(w)) " " (n(h)) } {
            style { (PreEscaped(STYLE)) }
            rect width=(n(w)) height=(n(h)) style="fill:var(--paper)" {}
            @for (y, plot) in tops {
                g transform={ "translate(" (n(MARGIN)) " " (n(y)) ")" } { (plot.body()) }
            }
        }
    };
    in_plain_colours(&drawn.into_string()) + "\n"
}

/// Where dark colours begin in [`STYLE`], and where they end.
const DARK: (&str, &str) = ("@media", "\n}\n");

/// A document with its light colours written out: viewers other than browsers know no variables.
fn in_plain_colours(drawn: &str) -> String {
    let (light, rest) = STYLE.split_once(DARK.0).unwrap_or((STYLE, ""));
    let after = rest.split_once(DARK.1).map_or("", |(_, after)| after);
    let is_colour = |part: &&str| part.trim_start().starts_with("--");
    let other: Vec<&str> = light.lines().filter(|line| !is_colour(line)).collect();
    let style = format!("{}\n{after}", other.join("\n"));
    let colours = light.split(['{', ';']).filter(is_colour).filter_map(|c| c.split_once(':'));
    colours.fold(drawn.replace(STYLE, &style), |text, (name, value)| {
        text.replace(&format!("var({})", name.trim()), value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_have_colours_that_every_viewer_knows() {
        let text = document(&[plot()]);
        assert!(!text.contains("var(") && !text.contains("@media") && !text.contains("--"));
        assert!(text.contains("#2563eb") && text.contains("font-family"), "{text}");
    }

    fn plot() -> Plot {
        let mut plot = Plot::new("mIoU", Axis::over("ms", [0.0, 10.0]), Axis::over("", [0.0, 1.0]));
        for (i, x) in [2.0, 2.1, 2.2].into_iter().enumerate() {
            let label = Label { text: format!("net <{i}>"), title: format!("net {i} & more") };
            plot.draw(i, Mark::Named { at: (x, 0.5), label, filled: i == 0 });
        }
        plot.draw(NONE, Mark::Line(vec![(0.0, 0.0), (f64::NAN, 0.5), (10.0, 1.0)]));
        plot
    }

    #[test]
    fn a_document_is_well_formed_and_its_text_is_escaped() {
        let text = document(&[plot(), plot()]);
        let tree = roxmltree::Document::parse(&text).expect("it is XML");
        let count = |name: &str| tree.descendants().filter(|e| e.has_tag_name(name)).count();
        assert_eq!((count("circle"), count("title")), (12, 6));
        assert!(text.contains("net &lt;0&gt;") && text.contains("class=\"line lnone\""));
        assert!(!text.contains("NaN"), "{text}");
    }

    #[test]
    fn names_of_dots_do_not_lie_on_one_another() {
        let text = document(&[plot()]);
        let tree = roxmltree::Document::parse(&text).expect("it is XML");
        let named = tree
            .descendants()
            .filter(|e| e.has_tag_name("text") && e.text().is_some_and(|t| t.starts_with("net <")));
        let number = |e: &roxmltree::Node<'_, '_>, name| {
            e.attribute(name).and_then(|v| v.parse::<f64>().ok()).expect("a number")
        };
        let boxes: Vec<Frame> =
            named.map(|e| (number(&e, "x"), number(&e, "y") - 12.0, 7.0 * LETTER, 15.0)).collect();
        for (i, a) in boxes.iter().enumerate() {
            assert!(boxes.iter().skip(i + 1).all(|b| !overlap(a, b)), "{boxes:?}");
        }
    }
}
