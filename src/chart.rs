//! Charts as SVG: lines, bands, stacked areas, labelled points. They go into pages, which bring
//! [`STYLE`], or stand alone as documents. Colours are classes, so that a page's light and dark
//! styles reach them; what a mark says is its `title`, so that no script is needed.

mod axis;
mod front;
mod marks;
mod plot;

pub use axis::{Axis, Scale};
pub use front::front;
pub use marks::{Label, Mark, NONE, Point};
pub use plot::{Plot, document};

/// The style of all charts, for pages that hold some. Everything in it is below `.chart`.
pub const STYLE: &str = include_str!("chart/chart.css");

/// How many colours there are; series go by number, and begin again where they are used up.
pub const COLOURS: usize = 10;

/// A number in as few digits as a picture needs.
fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
