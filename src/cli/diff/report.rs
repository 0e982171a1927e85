//! The result of a comparison, as plain data.

use super::Side;
use super::kin::{Kin, Row};
use crate::cli::args::Input;
use crate::cli::cost::{self, Bounds};
use crate::cli::json::Decimal;
use crate::ir::diff::{Change, Part, Text};
use serde::Serialize;

/// What differs between two specs.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) a: Spec,
    pub(super) b: Spec,
    /// The space that both stem from.
    pub(super) space: Option<String>,
    /// Whether they are the same network; of spaces, that no difference was found.
    pub(super) same: bool,
    pub(super) decisions: Option<Vec<Row>>,
    /// Why decisions are not known.
    pub(super) why: Option<String>,
    #[serde(serialize_with = "as_lines")]
    pub(super) parts: Option<Vec<Change>>,
    pub(super) input: String,
    #[serde(skip)]
    pub(super) input_why: &'static str,
    pub(super) costs: Costs,
}

/// One of the two specs.
#[derive(Serialize)]
pub(super) struct Spec {
    pub(super) file: String,
    pub(super) net: String,
    /// Whether decisions are open.
    pub(super) open: bool,
    /// Which member of the space it is.
    pub(super) rank: Option<Decimal>,
}

/// Costs of both.
#[derive(Serialize)]
pub(super) struct Costs {
    pub(super) params: Pair,
    pub(super) macs: Pair,
    /// Known of finished networks only.
    pub(super) infer_peak_bytes: Option<Pair>,
}

/// A cost of both, and how far they are apart where each is one number.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Pair {
    pub(super) a: Option<Bounds>,
    pub(super) b: Option<Bounds>,
    pub(super) difference: Option<i128>,
    /// Of A.
    pub(super) percent: Option<f64>,
}

impl Report {
    pub(super) fn new(
        [a, b]: [&Side; 2],
        kin: Kin,
        same: bool,
        parts: Option<Vec<Change>>,
        (input, input_why): (Input, &'static str),
        [of_a, of_b]: [cost::Report; 2],
    ) -> Report {
        let [rank_a, rank_b] = kin.ranks;
        let spec = |side: &Side, rank: Option<_>| Spec {
            file: side.judged.name.clone(),
            net: side.net.clone(),
            open: side.graph().is_some_and(|graph| !graph.leaves.is_empty()),
            rank: rank.map(Decimal),
        };
        let peaks = (of_a.infer_peak_bytes, of_b.infer_peak_bytes);
        Report {
            a: spec(a, rank_a),
            b: spec(b, rank_b),
            space: kin.space,
            same,
            decisions: kin.decisions,
            why: kin.why,
            parts,
            input: input.to_string(),
            input_why,
            costs: Costs {
                params: Pair::of(Some(of_a.params), Some(of_b.params)),
                macs: Pair::of(Some(of_a.macs), Some(of_b.macs)),
                infer_peak_bytes: (peaks != (None, None)).then(|| Pair::of(peaks.0, peaks.1)),
            },
        }
    }
}

impl Pair {
    fn of(a: Option<Bounds>, b: Option<Bounds>) -> Pair {
        let one = |bounds: Option<Bounds>| bounds.filter(|b| b.min == b.max).map(|b| b.min);
        let both = one(a).zip(one(b));
        let difference = both.map(|(a, b)| i128::from(b) - i128::from(a));
        let percent = difference
            .zip(one(a).filter(|a| *a > 0))
            .map(|(difference, a)| 100.0 * difference as f64 / a as f64);
        Pair { a, b, difference, percent }
    }
}

/// A change as programs read it.
#[derive(Serialize)]
struct Line<'a> {
    change: &'static str,
    name: &'a str,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum What<'a> {
    Part { kernels: usize, params: u64, kernel: Option<Kernel<'a>> },
    Kernels { a: Kernel<'a>, b: Kernel<'a> },
    Reads { a: &'a [String], b: &'a [String] },
}

#[derive(Serialize)]
struct Kernel<'a> {
    kernel: &'a str,
    #[serde(rename = "type")]
    ty: &'a str,
}

impl<'a> Kernel<'a> {
    fn of(text: &'a Text) -> Kernel<'a> {
        Kernel { kernel: &text.kernel, ty: &text.ty }
    }
}

fn as_lines<S: serde::Serializer>(all: &Option<Vec<Change>>, to: S) -> Result<S::Ok, S::Error> {
    all.as_ref().map(|all| all.iter().map(line).collect::<Vec<_>>()).serialize(to)
}

fn line(change: &Change) -> Line<'_> {
    match change {
        Change::Removed(part) => of_part("removed", part),
        Change::Added(part) => of_part("added", part),
        Change::Changed { name, a, b } => {
            let what = What::Kernels { a: Kernel::of(a), b: Kernel::of(b) };
            Line { change: "changed", name, what }
        }
        Change::Rewired { name, a, b } => {
            Line { change: "rewired", name, what: What::Reads { a, b } }
        }
    }
}

fn of_part<'a>(change: &'static str, part: &'a Part) -> Line<'a> {
    let kernel = part.kernel.as_ref().map(Kernel::of);
    let what = What::Part { kernels: part.kernels, params: part.params, kernel };
    Line { change, name: &part.name, what }
}
