//! What expressions evaluate to.

use super::cases::Case;
use super::decimals;
use super::frame::Instance;
use super::module::ItemRef;
use crate::ir::decision::{DecisionId, Gate, Lattice, Pick};
use crate::ir::graph::{NodeId, ScopeId};
use crate::ir::shape::{MapType, Scale};
use crate::maps::IndexMap;
use crate::source::Span;
use crate::syntax::ast::Expr;
use num_rational::Ratio;
use std::rc::Rc;

/// A value at compile time.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A whole number or a fraction, exact.
    Num(Ratio<i64>),
    /// An exact number with decimals, not whole: `0.5`.
    Decimal(Ratio<i64>),
    /// A number that 64-bit fractions do not hold, such as `1e-30`.
    Float(f64),
    /// A width that is a slice.
    Slice(Rc<Slice>),
    /// A number with a unit.
    Quantity(f64, Rc<str>),
    /// A truth value.
    Bool(bool),
    /// A string.
    Str(Rc<str>),
    /// A word that stands for itself: `avg`, `down`, a label of a choice.
    Label(Rc<str>),
    /// A resolution.
    Scale(Scale),
    /// `512x1024`.
    Size(Rc<[u32]>),
    /// A list.
    List(Rc<Vec<Value>>),
    /// Nodes with an index, `H[1]`, `H[2]`, …, in the order of their making.
    Family(Rc<IndexMap<i64, Value>>),
    /// What can be applied to maps.
    Design(Rc<Design>),
    /// Labelled designs.
    Opset(Rc<Opset>),
    /// A map.
    Map(Map),
    /// A map that is not there.
    Absent,
    /// Named results.
    Record(Rc<IndexMap<String, Value>>),
    /// One of several values, each behind a gate.
    Varied(Rc<Vec<(Gate, Value)>>),
    /// A map of one of several types, of which one is there in each member.
    Cases(Rc<Vec<Case>>),
    /// A map read through an operator that is open.
    Via(Rc<Via>),
    /// Several of a list of candidates, not yet consumed.
    Picks(Rc<PicksValue>),
    /// A path.
    Path(Rc<PathValue>),
    /// What a trellis yields.
    Trellis(Rc<Grid>),
    /// `same`: the width that is there, or the map as it is.
    Same,
    /// An evaluation that failed and was reported.
    Poison,
}

/// A width that leading channels make: one number, or one for each alternative of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Slice {
    /// The alternatives, one for each width; none where there is one width.
    pub gates: Vec<Gate>,
    pub widths: Vec<Ratio<i64>>,
}

/// A map: a node of the graph and its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Map {
    pub node: NodeId,
    pub ty: MapType,
}

/// Index of an instance: a definition with decisions of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(pub u32);

/// A definition, an operator, a kernel, with some of its configuration.
#[derive(Clone, Debug)]
pub(crate) struct Design {
    pub kind: DesignKind,
    /// Configuration given so far.
    pub config: Vec<(Rc<str>, Value, Span)>,
    /// Whose decisions it takes; fresh ones at each application where nothing is set.
    pub instance: Option<Rc<Instance>>,
    /// One set of weights for all applications.
    pub tied: Option<ScopeId>,
}

/// What a design applies.
#[derive(Clone, Debug)]
pub(crate) enum DesignKind {
    /// A built-in kernel or function, by its index in the table.
    Builtin(&'static super::builtin::Builtin),
    /// An `op`, `cell` or `trellis`.
    Item(ItemRef),
    /// One after another.
    Chain(Vec<Value>),
}

/// Labelled designs with the text that each stands for.
#[derive(Clone, Debug)]
pub(crate) struct Opset {
    /// The name that it was declared under.
    pub name: Rc<str>,
    pub entries: Vec<OpsetEntry>,
}

/// One labelled design.
#[derive(Clone, Debug)]
pub(crate) struct OpsetEntry {
    pub label: Rc<str>,
    pub value: Value,
    /// What to write where the entry is chosen.
    pub text: Expr,
}

/// `x via O`.
#[derive(Clone, Debug)]
pub(crate) struct Via {
    pub input: Value,
    pub input_text: Expr,
    pub ops: Rc<Opset>,
    /// The whole expression.
    pub at: Span,
}

/// Whose value picks are.
#[derive(Clone, Debug)]
pub(crate) enum PicksOf {
    /// An open decision's.
    Open(DecisionId),
    /// They are given.
    Taken(Vec<Pick>),
}

/// `choose k of …`, whose decision is made.
#[derive(Clone, Debug)]
pub(crate) struct PicksValue {
    pub of: PicksOf,
    pub k: u32,
    pub candidates: Vec<PickCandidate>,
    /// Where weights live if the picks are taken one by one.
    pub scope: ScopeId,
    pub at: Span,
}

/// One candidate.
#[derive(Clone, Debug)]
pub(crate) struct PickCandidate {
    /// Its label as a scope's name.
    pub word: String,
    pub value: Value,
    pub ops: Option<Rc<Opset>>,
}

/// A path, open or closed.
#[derive(Clone, Debug)]
pub enum PathValue {
    /// A decision.
    Open(DecisionId, Lattice),
    /// A scale for each layer.
    Closed(Vec<Scale>),
}

/// What a trellis leaves behind: its nodes by layer and scale.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    pub path: Rc<PathValue>,
    /// `[layer]`: scale and output of each node.
    pub nodes: Vec<Vec<(Scale, Value)>>,
}

impl Value {
    /// A whole number.
    pub(crate) fn int(n: i64) -> Value {
        Value::Num(Ratio::from_integer(n))
    }

    /// A number as it is written with a point: exact, where 64-bit fractions hold it.
    pub(crate) fn float(text: &str) -> Value {
        match decimals::exact(text) {
            Some(n) => Value::exact(n),
            None => Value::Float(text.parse().unwrap_or(f64::NAN)),
        }
    }

    /// What arithmetic with decimals gives: written with decimals again, where they end.
    pub(crate) fn exact(n: Ratio<i64>) -> Value {
        let short = *n.numer() > i64::MIN && decimals::text(n).is_some();
        match !n.is_integer() && short {
            true => Value::Decimal(n),
            false => Value::Num(n),
        }
    }

    /// Whether it stands for maps: a call with such arguments applies.
    pub(crate) fn is_map_like(&self) -> bool {
        match self {
            Value::Map(_)
            | Value::Absent
            | Value::Cases(_)
            | Value::Via(_)
            | Value::Picks(_)
            | Value::Family(_)
            | Value::Record(_)
            | Value::Trellis(_)
            | Value::Poison => true,
            Value::List(items) => !items.is_empty() && items.iter().all(Value::is_map_like),
            Value::Varied(terms) => terms.iter().all(|(_, v)| v.is_map_like()),
            Value::Num(_)
            | Value::Decimal(_)
            | Value::Float(_)
            | Value::Slice(_)
            | Value::Quantity(..)
            | Value::Bool(_)
            | Value::Str(_)
            | Value::Label(_)
            | Value::Scale(_)
            | Value::Size(_)
            | Value::Design(_)
            | Value::Opset(_)
            | Value::Path(_)
            | Value::Same => false,
        }
    }

    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Num(n) if n.is_integer() => "a whole number",
            Value::Num(_) | Value::Decimal(_) => "a fraction",
            Value::Float(_) => "a number",
            Value::Slice(_) => "a slice",
            Value::Quantity(..) => "a number with a unit",
            Value::Bool(_) => "a truth value",
            Value::Str(_) => "a string",
            Value::Label(_) => "a word",
            Value::Scale(_) => "a scale",
            Value::Size(_) => "a size",
            Value::List(_) => "a list",
            Value::Family(_) => "indexed nodes",
            Value::Design(d) => d.kind_name(),
            Value::Opset(_) => "an operator set",
            Value::Map(_) => "a map",
            Value::Absent => "an absent map",
            Value::Record(_) => "named results",
            Value::Varied(_) => "a choice",
            Value::Cases(_) => "a map of several types",
            Value::Via(_) => "a map read through an open operator",
            Value::Picks(_) => "a choice of inputs",
            Value::Path(_) => "a path",
            Value::Trellis(_) => "the nodes of a trellis",
            Value::Same => "`same`",
            Value::Poison => "nothing",
        }
    }

    /// The value in words, for messages.
    pub(crate) fn show(&self) -> String {
        match self {
            Value::Num(n) => n.to_string(),
            Value::Decimal(n) => decimals::text(*n).unwrap_or_else(|| n.to_string()),
            Value::Float(x) => x.to_string(),
            Value::Slice(slice) => slice.show(),
            Value::Quantity(x, unit) => format!("{x}{unit}"),
            Value::Bool(b) => b.to_string(),
            Value::Str(s) => format!("\"{s}\""),
            Value::Label(s) => s.to_string(),
            Value::Scale(s) => s.to_string(),
            Value::Size(s) => s.iter().map(u32::to_string).collect::<Vec<_>>().join("x"),
            Value::Map(m) => m.ty.to_string(),
            other => other.kind().to_string(),
        }
    }

    /// A number, a word or the like as one word: such values are told apart by what they are.
    pub(crate) fn as_word(&self) -> Option<String> {
        match self {
            Value::Str(word) | Value::Label(word) => Some(word.to_string()),
            Value::Num(_)
            | Value::Decimal(_)
            | Value::Float(_)
            | Value::Scale(_)
            | Value::Bool(_)
            | Value::Size(_) => Some(self.show()),
            _ => None,
        }
    }

    /// A number as the machine computes with it, where it is one.
    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Float(x) => Some(*x),
            other => other.as_ratio().map(|r| *r.numer() as f64 / *r.denom() as f64),
        }
    }

    /// A number, where it is one; a scale counts as its divisor.
    pub(crate) fn as_ratio(&self) -> Option<Ratio<i64>> {
        match self {
            Value::Num(n) | Value::Decimal(n) => Some(*n),
            Value::Scale(Scale::Down(n)) => Some(Ratio::from_integer(i64::from(*n))),
            Value::Slice(slice) => slice.only(),
            _ => None,
        }
    }

    /// The value where a gate is on: a varied value that knows the gate is narrowed to it.
    pub(crate) fn under(&self, gate: &Gate) -> Value {
        match self {
            Value::Varied(terms) => match terms.iter().find(|(g, _)| g == gate) {
                Some((_, v)) => v.under(gate),
                None => {
                    let narrowed = terms.iter().map(|(g, v)| (*g, v.under(gate))).collect();
                    Value::Varied(Rc::new(narrowed))
                }
            },
            Value::List(items) if items.iter().any(Value::is_varied) => {
                Value::List(Rc::new(items.iter().map(|v| v.under(gate)).collect()))
            }
            Value::Design(d) if d.config.iter().any(|(_, v, _)| v.is_varied()) => {
                let mut d = Design::clone(d);
                for (_, v, _) in &mut d.config {
                    *v = v.under(gate);
                }
                Value::Design(Rc::new(d))
            }
            other => other.clone(),
        }
    }

    /// Whether it, or something in it, is a map of several types.
    pub(crate) fn has_cases(&self) -> bool {
        match self {
            Value::Cases(_) => true,
            Value::List(items) => items.iter().any(Value::has_cases),
            Value::Family(items) => items.values().any(Value::has_cases),
            _ => false,
        }
    }

    /// Whether it, or something in it that an application would see, is varied.
    pub(crate) fn is_varied(&self) -> bool {
        match self {
            Value::Varied(_) => true,
            Value::List(items) => items.iter().any(Value::is_varied),
            Value::Design(d) => d.open_config().any(Value::is_varied),
            _ => false,
        }
    }

    /// The gates of the first varied value in it.
    pub(crate) fn first_gates(&self) -> Option<Vec<Gate>> {
        match self {
            Value::Varied(terms) => Some(terms.iter().map(|(g, _)| *g).collect()),
            Value::List(items) => items.iter().find_map(Value::first_gates),
            Value::Design(d) => d.open_config().find_map(Value::first_gates),
            _ => None,
        }
    }
}

impl Design {
    /// The configuration that is decided before it is applied. A definition may be given a list of
    /// choices, of which it takes what it needs.
    fn open_config(&self) -> impl Iterator<Item = &Value> {
        let item = matches!(self.kind, DesignKind::Item(_));
        let values = self.config.iter().map(|(_, value, _)| value);
        values.filter(move |value| !(item && matches!(value, Value::List(_))))
    }

    fn kind_name(&self) -> &'static str {
        match &self.kind {
            DesignKind::Builtin(_) => "a kernel",
            DesignKind::Item(item) => item.kind_name(),
            DesignKind::Chain(_) => "a chain of operators",
        }
    }

    /// Its name, for scopes and messages.
    pub(crate) fn name(&self) -> &str {
        match &self.kind {
            DesignKind::Builtin(b) => b.name,
            DesignKind::Item(item) => item.name(),
            DesignKind::Chain(_) => "chain",
        }
    }
}
