//! What expansions depend on, and whose choices they speak of.

use crate::ir::decision::{DecisionId, Gate};
use crate::ir::shape::Scale;
use crate::sema::build::Builder;
use crate::sema::module::{ItemRef, ModuleId};
use crate::sema::value::{Design, InstanceId, Map, Slice, Value};
use num_rational::Ratio;
use smallvec::SmallVec;
use std::rc::Rc;

/// What tells an item from others.
pub(super) type ItemKey = (ModuleId, usize);

/// Everything that an expansion depends on, but for its inputs, its scope, its place, and for
/// [whose choices](Whose) it speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::sema) struct Key {
    item: ItemKey,
    config: Vec<(Rc<str>, Plain)>,
    maps: Vec<Option<Read>>,
    /// In a case, what is there in it: one of the maps, or a further one.
    case: Option<usize>,
}

/// A map that is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Read {
    width: u32,
    scale: Scale,
    /// Whether its channels are those of a slice, be it of one width.
    part: bool,
    /// The widths, where they are chosen, as [`Choosers`] number the choice.
    widths: Option<Box<[(Gate, u32)]>>,
}

/// The decisions that choose the widths of what an application is given, each once, as they are met. Keys
/// have their numbers here: widths that others choose are as good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::sema) struct Choosers(SmallVec<[DecisionId; 2]>);

impl Choosers {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A fact about the choice of that number.
    fn numbered(&mut self, gate: Gate) -> Gate {
        let of = gate.decision();
        let number = self.0.iter().position(|known| *known == of).unwrap_or_else(|| {
            self.0.push(of);
            self.0.len() - 1
        });
        gate.about(DecisionId(number as u32))
    }

    /// These in the place of others, one by one.
    pub(super) fn instead_of(&self, others: &Choosers) -> Renamed {
        let both = others.0.iter().copied().zip(self.0.iter().copied());
        Renamed(both.filter(|(other, own)| other != own).collect())
    }
}

/// Decisions that take the place of others.
#[derive(Clone, Debug, Default)]
pub(in crate::sema) struct Renamed(SmallVec<[(DecisionId, DecisionId); 2]>);

impl Renamed {
    /// Whether none does.
    pub(in crate::sema) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same fact about what takes the decision's place.
    pub(in crate::sema) fn gate(&self, gate: Gate) -> Gate {
        let new = self.0.iter().find(|(old, _)| *old == gate.decision());
        new.map_or(gate, |(_, new)| gate.about(*new))
    }
}

/// Whose choices an expansion speaks of, besides being of one key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Whose {
    /// Those of the widths that it is given alone: any that have its key.
    Given,
    /// Of others too: it is the same for these alone.
    These(Choosers),
    /// Those that an instance makes.
    Instance(InstanceId, Choosers),
}

/// A plain value that can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Plain {
    Num(Ratio<i64>),
    Float(u64),
    Slice(Slice),
    Quantity(u64, Rc<str>),
    Bool(bool),
    Str(Rc<str>),
    Label(Rc<str>),
    Scale(Scale),
    Size(Rc<[u32]>),
    List(Vec<Plain>),
    Same,
}

impl Key {
    /// The key of an application, with who chooses the widths that it is given; nothing where it depends
    /// on what cannot be compared.
    pub(super) fn of(
        item: &ItemRef,
        design: &Design,
        maps: &[Value],
        case: Option<Map>,
        build: &Builder,
    ) -> Option<(Key, Choosers)> {
        let mut choosers = Choosers::default();
        let config = design.config.iter().map(|(name, value, _)| {
            let value = plain(value, &mut choosers)?;
            Some((Rc::clone(name), value))
        });
        let config = config.collect::<Option<_>>()?;
        let read = |value: &Value| match value {
            Value::Map(map) => Some(Some(read(*map, build, &mut choosers))),
            Value::Absent => Some(None),
            _ => None,
        };
        let read = maps.iter().map(read).collect::<Option<_>>()?;
        let case = case.map(|case| {
            let same = |v: &Value| matches!(v, Value::Map(m) if m.node == case.node);
            maps.iter().position(same).unwrap_or(maps.len())
        });
        Some((Key { item: item.key(), config, maps: read, case }, choosers))
    }
}

fn read(map: Map, build: &Builder, choosers: &mut Choosers) -> Read {
    let graph = &build.graph;
    let widths = graph.slices(map.ty).map(|slices| {
        let numbered = |(leaf, width): &_| (choosers.numbered(*graph.gate(*leaf)), *width);
        slices.cases.iter().map(numbered).collect()
    });
    let part = build.is_slice(map.node);
    Read { width: map.ty.width, scale: map.ty.scale, part, widths }
}

fn plain(value: &Value, choosers: &mut Choosers) -> Option<Plain> {
    Some(match value {
        Value::Num(n) => Plain::Num(*n),
        Value::Decimal(n) => Plain::Num(*n),
        Value::Float(x) => Plain::Float(x.to_bits()),
        Value::Slice(slice) => Plain::Slice(Slice {
            gates: slice.gates.iter().map(|gate| choosers.numbered(*gate)).collect(),
            widths: slice.widths.clone(),
        }),
        Value::Quantity(x, unit) => Plain::Quantity(x.to_bits(), Rc::clone(unit)),
        Value::Bool(b) => Plain::Bool(*b),
        Value::Str(s) => Plain::Str(Rc::clone(s)),
        Value::Label(s) => Plain::Label(Rc::clone(s)),
        Value::Scale(s) => Plain::Scale(*s),
        Value::Size(s) => Plain::Size(Rc::clone(s)),
        Value::List(items) => {
            Plain::List(items.iter().map(|item| plain(item, choosers)).collect::<Option<_>>()?)
        }
        Value::Same => Plain::Same,
        Value::Family(_)
        | Value::Design(_)
        | Value::Opset(_)
        | Value::Map(_)
        | Value::Absent
        | Value::Record(_)
        | Value::Varied(_)
        | Value::Cases(_)
        | Value::Via(_)
        | Value::Picks(_)
        | Value::Path(_)
        | Value::Trellis(_)
        | Value::Poison => return None,
    })
}

/// Whether a value of a file may hold decisions.
pub(in crate::sema) fn may_decide(value: &Value) -> bool {
    match value {
        Value::List(items) => items.iter().any(may_decide),
        value => {
            plain(value, &mut Choosers::default()).is_none() || matches!(value, Value::Slice(_))
        }
    }
}

/// A value that a copy yields, with other maps and about other decisions; nothing where it holds what
/// cannot be copied.
pub(super) fn rebased(
    value: &Value,
    renamed: &Renamed,
    moved: &mut dyn FnMut(&Map) -> Map,
) -> Option<Value> {
    let mut again = |v: &Value| rebased(v, renamed, moved);
    Some(match value {
        Value::Map(m) => Value::Map(moved(m)),
        Value::Absent => Value::Absent,
        Value::List(items) => Value::List(Rc::new(items.iter().map(again).collect::<Option<_>>()?)),
        Value::Family(items) => {
            let items = items.iter().map(|(k, v)| Some((*k, again(v)?)));
            Value::Family(Rc::new(items.collect::<Option<_>>()?))
        }
        Value::Record(fields) => {
            let fields = fields.iter().map(|(k, v)| Some((k.clone(), again(v)?)));
            Value::Record(Rc::new(fields.collect::<Option<_>>()?))
        }
        Value::Varied(terms) => {
            let terms = terms.iter().map(|(g, v)| Some((renamed.gate(*g), again(v)?)));
            Value::Varied(Rc::new(terms.collect::<Option<_>>()?))
        }
        Value::Slice(slice) => {
            let gates = slice.gates.iter().map(|gate| renamed.gate(*gate)).collect();
            Value::Slice(Rc::new(Slice { gates, widths: slice.widths.clone() }))
        }
        other => {
            plain(other, &mut Choosers::default())?;
            other.clone()
        }
    })
}
