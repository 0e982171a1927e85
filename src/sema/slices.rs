//! Widths that are slices: a decision says how many of a map's leading channels are there.
//!
//! `slice w` marks a width. A convolution of such a width has one kernel, as large as the widest
//! needs; each width takes its leading channels, of its input's as many as are there. A norm has
//! weights for each width. Maps keep their slice through whatever treats channels alike.

use super::arguments::uneven_width;
use super::eval::{Eval, Evaluator};
use super::frame::Frame;
use super::kernels::WIDEST;
use super::numbers::checked;
use super::value::{Map, Slice, Value};
use crate::diag::Diag;
use crate::ir::decision::Gate;
use crate::ir::shape::{MapType, Scale, SliceId};
use crate::source::Span;
use crate::syntax::ast::BinaryOp;
use num_rational::Ratio;
use std::rc::Rc;

/// A width in the graph.
#[derive(Clone, Copy, Debug)]
pub(super) struct Width {
    /// The largest.
    pub(super) most: u32,
    slice: Option<SliceId>,
    /// Whether it was written as a slice, though perhaps of one width.
    pub(super) sliced: bool,
}

impl Width {
    pub(super) fn plain(width: u32) -> Width {
        Width { most: width, slice: None, sliced: false }
    }

    pub(super) fn ty(self, scale: Scale) -> MapType {
        MapType { width: self.most, scale, slice: self.slice }
    }
}

impl Slice {
    /// The width, where there is one.
    pub(super) fn only(&self) -> Option<Ratio<i64>> {
        self.widths.first().copied().filter(|_| self.gates.is_empty())
    }

    /// The widths, for messages.
    pub(super) fn show(&self) -> String {
        let widths: Vec<String> = self.widths.iter().map(Ratio::to_string).collect();
        widths.join(" | ")
    }
}

impl Evaluator<'_> {
    /// `slice w`: a number, or one for each alternative of a decision.
    pub(super) fn as_slice(&mut self, value: Value, at: Span) -> Eval<Value> {
        let slice = match &value {
            Value::Slice(_) => return Ok(value),
            Value::Varied(terms) => of_one_choice(terms),
            other => plain_slice(other),
        };
        match slice {
            Some(slice) => Ok(Value::Slice(Rc::new(slice))),
            None => self.fail(
                Diag::new("E0417", "a slice is a number of channels, or a choice of one")
                    .label(at, format!("this is {}", value.kind()))
                    .help("`slice choose one of [32, 48, 64]`"),
            ),
        }
    }

    /// Arithmetic with slices: width by width.
    pub(super) fn slices(
        &mut self,
        op: BinaryOp,
        l: &Value,
        r: &Value,
        at: (Span, Span),
    ) -> Eval<Value> {
        let arithmetic =
            matches!(op, BinaryOp::Plus | BinaryOp::Minus | BinaryOp::Times | BinaryOp::Divide);
        let (Some(a), Some(b)) = (plain_slice(l), plain_slice(r)) else {
            let (value, at) = if plain_slice(l).is_none() { (l, at.0) } else { (r, at.1) };
            return self.expected("a number", value, at);
        };
        let both = !a.gates.is_empty() && !b.gates.is_empty();
        if !arithmetic || both && a.gates != b.gates {
            let text = match arithmetic {
                true => "two slices of different choices have no common widths",
                false => "a slice is a width, and cannot be compared",
            };
            return self.fail(
                Diag::new("E0417", text)
                    .label(at.0, a.show())
                    .label(at.1, b.show())
                    .help("slices are added to, and multiplied by, numbers"),
            );
        }
        let gates = if a.gates.is_empty() { b.gates.clone() } else { a.gates.clone() };
        let count = a.widths.len().max(b.widths.len());
        let of = |slice: &Slice, i: usize| slice.widths[if slice.gates.is_empty() { 0 } else { i }];
        let widths: Option<Vec<_>> =
            (0..count).map(|i| checked(op, of(&a, i), of(&b, i))).collect();
        match widths {
            Some(widths) => Ok(Value::Slice(Rc::new(Slice { gates, widths }))),
            None => self.fail(
                Diag::new("E0314", "this number is too large")
                    .label(at.0.to(at.1), "beyond 64 bits, or divided by zero")
                    .help("widths end far below"),
            ),
        }
    }

    /// A slice as a convolution's width.
    pub(super) fn sliced_width(&mut self, slice: &Slice, at: Span) -> Eval<Width> {
        let mut widths = Vec::new();
        for width in &slice.widths {
            let whole = Some(width.to_integer()).filter(|_| width.is_integer());
            match whole.filter(|whole| (1..=WIDEST).contains(whole)) {
                Some(whole) => widths.push(whole as u32),
                None => {
                    let value = Value::Num(*width);
                    let diag = match whole {
                        None => uneven_width(&value),
                        Some(_) => Diag::new("E0319", format!("`C` cannot be {}", value.show()))
                            .help(format!("between 1 and {WIDEST}")),
                    };
                    return self.fail(diag.label(at, "one of these widths"));
                }
            }
        }
        let most = widths.iter().copied().max().unwrap_or(1);
        let open = !slice.gates.is_empty();
        let cases = slice.gates.iter().copied().zip(widths);
        let slice = open.then(|| self.build.slices(cases));
        Ok(Width { most, slice, sliced: true })
    }

    /// The width of a map, for another of the same: a slice where that is one.
    pub(super) fn same_width(&self, x: Map) -> Width {
        Width { most: x.ty.width, slice: x.ty.slice, sliced: self.build.is_slice(x.node) }
    }

    /// A map's width as a value.
    pub(super) fn width_of(&self, ty: MapType) -> Value {
        match self.cases_of(ty) {
            None => Value::int(i64::from(ty.width)),
            Some(cases) => {
                let (gates, widths) = cases
                    .into_iter()
                    .map(|(gate, width)| (gate, Ratio::from_integer(i64::from(width))))
                    .unzip();
                Value::Slice(Rc::new(Slice { gates, widths }))
            }
        }
    }

    /// The widths of a map whose width is chosen, each with its alternative.
    fn cases_of(&self, ty: MapType) -> Option<Vec<(Gate, u32)>> {
        let graph = &self.build.graph;
        let slices = graph.slices(ty)?;
        Some(slices.cases.iter().map(|(leaf, width)| (*graph.gate(*leaf), *width)).collect())
    }

    /// What is made of a map whose width is chosen: apart for each width, and joined again.
    pub(super) fn each_slice(
        &mut self,
        x: Map,
        at: Span,
        f: &mut Frame,
        one: impl Fn(&mut Self, u32, &mut Frame) -> Eval<Map>,
    ) -> Eval<Value> {
        let cases = self.cases_of(x.ty).unwrap_or_default();
        let mut inputs = Vec::new();
        for (gate, width) in cases {
            let map = one(self, width, f)?;
            inputs.push((map.node, Some(gate)));
        }
        let node = self.build.node(crate::ir::Kernel::Mix, x.ty, &inputs, f.scope, None, at);
        Ok(Value::Map(Map { node, ty: x.ty }))
    }

    /// The width of maps side by side.
    pub(super) fn width_together(&mut self, maps: &[Map], at: Span) -> Eval<Width> {
        let sliced: Vec<&Map> = maps.iter().filter(|map| map.ty.slice.is_some()).collect();
        let most = maps.iter().map(|m| m.ty.width).fold(0u32, u32::saturating_add);
        let [first, others @ ..] = sliced.as_slice() else { return Ok(Width::plain(most)) };
        let Some(mut sum) = self.cases_of(first.ty) else { return Ok(Width::plain(most)) };
        let plain = maps.iter().filter(|map| map.ty.slice.is_none()).map(|map| map.ty.width);
        let plain = plain.fold(0u32, u32::saturating_add);
        for (_, width) in &mut sum {
            *width = width.saturating_add(plain);
        }
        for other in others {
            let cases = self.cases_of(other.ty).unwrap_or_default();
            let same = cases.iter().map(|(gate, _)| gate).eq(sum.iter().map(|(gate, _)| gate));
            if !same {
                return self.other_slice("a concatenation", **first, **other, at);
            }
            for ((_, sum), (_, width)) in sum.iter_mut().zip(cases) {
                *sum = sum.saturating_add(width);
            }
        }
        let slice = Some(self.build.slices(sum.into_iter()));
        Ok(Width { most, slice, sliced: true })
    }

    /// A kernel that a map whose width is chosen cannot pass.
    pub(super) fn no_slice<T>(&mut self, ty: MapType, what: &str, at: Span) -> Eval<T> {
        let widths = self.width_of(ty).show();
        self.fail(
            Diag::new("E0417", format!("{what} takes no slices"))
                .label(self.head(at), format!("{widths} channels here"))
                .help("use one width: `> conv(1, 64)`"),
        )
    }

    /// Two maps whose widths do not go together.
    pub(super) fn other_slice<T>(&mut self, what: &str, x: Map, y: Map, at: Span) -> Eval<T> {
        let (x_at, y_at, at) = (self.origin(x), self.origin(y), self.head(at));
        let [left, right] = [x, y].map(|map| self.width_of(map.ty).show());
        self.fail(
            Diag::new("E0417", format!("{what} needs widths that one choice decides"))
                .label(at, "their widths are chosen apart")
                .label(x_at, format!("{left} channels"))
                .label(y_at, format!("{right} channels"))
                .help("bring both to one width first: `> conv(1, 64)`"),
        )
    }
}

/// Numbers behind all alternatives of one decision.
fn of_one_choice(terms: &[(Gate, Value)]) -> Option<Slice> {
    let of = |gate: &Gate| match gate {
        Gate::Alt { of, .. } => Some(*of),
        _ => None,
    };
    let first = of(&terms.first()?.0)?;
    let case = |(gate, value): &(Gate, Value)| Some((*gate, value.as_ratio()?));
    let cases: Vec<_> = terms.iter().map(case).collect::<Option<_>>()?;
    let (gates, widths): (Vec<Gate>, _) = cases.into_iter().unzip();
    gates.iter().all(|gate| of(gate) == Some(first)).then_some(Slice { gates, widths })
}

/// A number as a slice of one width.
fn plain_slice(value: &Value) -> Option<Slice> {
    match value {
        Value::Slice(slice) => Some(Slice::clone(slice)),
        other => other.as_ratio().map(|width| Slice { gates: Vec::new(), widths: vec![width] }),
    }
}
