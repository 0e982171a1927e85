//! What is drawn between the axes.

/// The colour of what has none.
pub const NONE: usize = usize::MAX;

/// A place: its value along the horizontal axis and along the vertical one.
pub type Point = (f64, f64);

/// What is drawn of a series.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A line.
    Line(Vec<Point>),
    /// A thin line behind others.
    Thin(Vec<Point>),
    /// A broken line, such as that of a front.
    Front(Vec<Point>),
    /// What lies between two lines: `(x, low, high)`.
    Band(Vec<(f64, f64, f64)>),
    /// The same, filled: a layer of a stack.
    Area(Vec<(f64, f64, f64)>),
    /// Dots.
    Dots(Vec<Point>),
    /// A dot with its name beside; hollow where `filled` is not set.
    Named {
        /// Where.
        at: Point,
        /// What.
        label: Label,
        /// Whether it stands out.
        filled: bool,
    },
}

/// The name of a dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// What is written beside it.
    pub text: String,
    /// All that is known of it.
    pub title: String,
}

impl Mark {
    /// The values along the horizontal axis.
    pub fn xs(&self) -> Vec<f64> {
        match self {
            Mark::Line(points) | Mark::Thin(points) | Mark::Front(points) | Mark::Dots(points) => {
                points.iter().map(|p| p.0).collect()
            }
            Mark::Band(rows) | Mark::Area(rows) => rows.iter().map(|r| r.0).collect(),
            Mark::Named { at, .. } => vec![at.0],
        }
    }

    /// The values along the vertical axis.
    pub fn ys(&self) -> Vec<f64> {
        match self {
            Mark::Line(points) | Mark::Thin(points) | Mark::Front(points) | Mark::Dots(points) => {
                points.iter().map(|p| p.1).collect()
            }
            Mark::Band(rows) | Mark::Area(rows) => rows.iter().flat_map(|r| [r.1, r.2]).collect(),
            Mark::Named { at, .. } => vec![at.1],
        }
    }
}
