//! Applications that were expanded before are copied, not evaluated again.
//!
//! A searched network applies one cell hundreds of times: to maps of the same types, with the
//! same configuration and the same decisions. What it expands to is then the same but for its
//! inputs, its scope and its weights, and lies in one stretch of the graph. The graph is node by
//! node the one that evaluation gives; `same_graphs_without_memory` holds it to that.

use super::build::{Home, Mark};
use super::eval::Evaluator;
use super::frame::Instance;
use super::module::{ItemRef, ModuleId};
use super::value::{Design, InstanceId, Map, Slice, Value};
use crate::ir::graph::{NodeId, ScopeId};
use crate::ir::shape::{MapType, Scale};
use crate::maps::{HashMap, IndexMap};
use crate::source::Span;
use num_rational::Ratio;
use std::rc::Rc;

/// What tells an item from others.
type ItemKey = (ModuleId, usize);

/// Everything that an expansion depends on, but for inputs, scope and place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    item: ItemKey,
    config: Vec<(Rc<str>, Plain)>,
    /// What is read, and whether that is a slice, be it of one width.
    maps: Vec<Option<(MapType, bool)>>,
    /// In a case, what is there in it: one of the maps, or a further one.
    case: Option<usize>,
    /// Whose decisions it takes; nothing where it makes none.
    instance: Option<InstanceId>,
}

/// A plain value that can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Plain {
    Num(Ratio<i64>),
    Float(u64),
    Slice(Rc<Slice>),
    Quantity(u64, Rc<str>),
    Bool(bool),
    Str(Rc<str>),
    Label(Rc<str>),
    Scale(Scale),
    Size(Rc<[u32]>),
    List(Vec<Plain>),
    Same,
}

/// What one application made: a stretch of the graph.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) from: Mark,
    pub(super) to: Mark,
    /// The scope around it.
    pub(super) outer: ScopeId,
    /// The maps that it reads.
    pub(super) inputs: Vec<NodeId>,
    /// The application's place in the text.
    pub(super) at: Span,
}

impl Stretch {
    /// Where a node, or an input, is after copying.
    pub(super) fn node(&self, id: NodeId, inputs: &[NodeId], first: u32) -> NodeId {
        match (id.index() as u32).checked_sub(self.from.nodes) {
            Some(n) => NodeId::new((first + n) as usize),
            None => {
                let port = self.inputs.iter().position(|i| *i == id);
                port.and_then(|p| inputs.get(p)).copied().unwrap_or(id)
            }
        }
    }

    /// Where a scope is after copying.
    pub(super) fn scope(&self, id: ScopeId, outer: ScopeId, home: Home) -> ScopeId {
        if id == self.outer { outer } else { ScopeId(id.0 - self.from.scopes + home.scopes) }
    }
}

/// A stretch with its result.
#[derive(Debug)]
struct Template {
    stretch: Stretch,
    value: Value,
    /// What it applies, so that a definition that contains itself is still found.
    items: Vec<ItemKey>,
    /// How deep it nests.
    depth: usize,
    /// Whether it depends on the alternatives under which it is evaluated.
    open: bool,
}

/// Whether expansions are remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Memory {
    /// As always.
    #[default]
    Kept,
    /// Everything is evaluated, for comparison.
    #[cfg(test)]
    Off,
}

/// What was expanded so far.
#[derive(Debug, Default)]
pub(super) struct Memo {
    mode: Memory,
    templates: HashMap<Key, Rc<Template>>,
    /// What scopes were filled with.
    homes: HashMap<ScopeId, (Rc<Template>, Home)>,
    /// Everything that was applied while something is recorded.
    applied: Vec<ItemKey>,
    deepest: usize,
    recording: usize,
    /// How often something happened that a copy would miss.
    effects: u32,
    /// How often a value was met that alternatives narrow.
    opens: u32,
}

/// A recording that was begun.
pub(super) struct Recording {
    key: Key,
    from: Mark,
    inputs: Vec<NodeId>,
    applied: usize,
    deepest: usize,
    effects: u32,
    opens: u32,
    asked: u32,
}

impl Memo {
    pub(super) fn new(mode: Memory) -> Memo {
        Memo { mode, ..Memo::default() }
    }

    /// Notes something that copies of the application under way would miss.
    pub(super) fn effect(&mut self) {
        self.effects += 1;
    }

    /// How often such a value was met.
    pub(super) fn opens(&self) -> u32 {
        self.opens
    }

    /// Notes a value that the alternatives narrow under which it is met.
    pub(super) fn open(&mut self) {
        self.opens += 1;
    }
}

impl Evaluator<'_> {
    /// The key of an application, where all that it depends on can be compared.
    pub(super) fn memo_key(&self, item: &ItemRef, d: &Design, maps_given: &[Value]) -> Option<Key> {
        if self.memo.mode != Memory::Kept {
            return None;
        }
        let config =
            d.config.iter().map(|(n, v, _)| Some((Rc::clone(n), plain(v)?))).collect::<Option<_>>();
        let maps = maps_given
            .iter()
            .map(|v| match v {
                Value::Map(m) => Some(Some((m.ty, self.build.is_slice(m.node)))),
                Value::Absent => Some(None),
                _ => None,
            })
            .collect::<Option<_>>();
        let case = self.case.map(|case| {
            let same = |v: &Value| matches!(v, Value::Map(m) if m.node == case.node);
            maps_given.iter().position(same).unwrap_or(maps_given.len())
        });
        Some(Key { item: item.key(), config: config?, maps: maps?, case, instance: None })
    }

    /// Copies an earlier expansion, if there is one.
    pub(super) fn recall(
        &mut self,
        key: &mut Key,
        instance: Option<&Rc<Instance>>,
        maps: &[Value],
        outer: ScopeId,
        at: Span,
    ) -> Option<Value> {
        let found = match self.memo.templates.get(key) {
            Some(found) => found,
            None => {
                key.instance = Some(*instance?.id.get()?);
                let found = self.memo.templates.get(key);
                key.instance = None;
                found?
            }
        };
        let template = Rc::clone(found);
        if self.would_differ(&template) || (template.open && !self.assumed.is_empty()) {
            return None;
        }
        let home = self.home(&template, outer)?;
        self.note(&template);
        let inputs = self.inputs_of(maps);
        let first = self.build.graph.graph.node_count() as u32;
        self.build.stamp(&template.stretch, &inputs, outer, home, at);
        let moved = |m: &Map| Map { node: template.stretch.node(m.node, &inputs, first), ..*m };
        rebased(&template.value, &moved)
    }

    /// What an application reads from outside: its maps, and what is there in its case.
    fn inputs_of(&self, maps: &[Value]) -> Vec<NodeId> {
        let node = |v: &Value| match v {
            Value::Map(m) => Some(m.node),
            _ => None,
        };
        let mut nodes: Vec<NodeId> = maps.iter().filter_map(node).collect();
        nodes.extend(self.case.map(|case| case.node).filter(|case| !nodes.contains(case)));
        nodes
    }

    /// Where the stack decides, evaluation must.
    fn would_differ(&self, template: &Template) -> bool {
        let again = |key: &ItemKey| self.stack.iter().any(|(k, _)| k == key);
        self.stack.len() + template.depth > super::apply::DEEPEST
            || template.items.iter().any(again)
    }

    /// The scopes and weights for a copy: new ones, or those that the scope has from the same.
    fn home(&mut self, template: &Rc<Template>, outer: ScopeId) -> Option<Home> {
        if self.build.untouched(outer) {
            let home = self.build.furnish(&template.stretch, outer);
            self.memo.homes.insert(outer, (Rc::clone(template), home));
            return Some(home);
        }
        let (here, home) = self.memo.homes.get(&outer)?;
        Rc::ptr_eq(here, template).then_some(*home)
    }

    fn note(&mut self, template: &Template) {
        if self.memo.recording > 0 {
            self.memo.applied.extend(&template.items);
            self.memo.deepest = self.memo.deepest.max(self.stack.len() + template.depth);
            self.memo.opens += u32::from(template.open);
        }
    }

    /// Begins to record an application that is evaluated into a scope.
    pub(super) fn record(
        &mut self,
        key: Option<Key>,
        maps: &[Value],
        outer: ScopeId,
    ) -> Option<Recording> {
        if let Some((template, home)) = self.memo.homes.get(&outer) {
            let template = Rc::clone(template);
            self.build.reveal(&template.stretch, *home);
        }
        let key = key.filter(|_| self.build.untouched(outer))?;
        let inputs = self.inputs_of(maps);
        // With one map given twice it could not be told which of the two is read.
        if inputs.iter().enumerate().any(|(i, node)| inputs[..i].contains(node)) {
            return None;
        }
        self.memo.recording += 1;
        let recording = Recording {
            key,
            from: self.build.mark(),
            inputs,
            applied: self.memo.applied.len(),
            deepest: std::mem::replace(&mut self.memo.deepest, self.stack.len()),
            effects: self.memo.effects,
            opens: self.memo.opens,
            asked: self.sites.asked,
        };
        Some(recording)
    }

    /// Notes that an item is applied.
    pub(super) fn applied(&mut self, key: ItemKey) {
        if self.memo.recording > 0 {
            self.memo.applied.push(key);
            self.memo.deepest = self.memo.deepest.max(self.stack.len());
        }
    }

    /// Ends a recording; what can be copied is kept.
    pub(super) fn recorded(
        &mut self,
        recording: Recording,
        value: Option<&Value>,
        d: &Design,
        outer: ScopeId,
        at: Span,
    ) {
        let Recording { mut key, from, inputs, applied, deepest, effects, opens, asked } =
            recording;
        let depth = self.memo.deepest - self.stack.len();
        self.memo.deepest = self.memo.deepest.max(deepest);
        self.memo.recording -= 1;
        let items = self.items_since(applied);
        if self.sites.asked != asked {
            // Decisions of an instance that nothing else names are never asked for again.
            key.instance = d.instance.as_ref().and_then(|i| i.id.get().copied());
            if key.instance.is_none() {
                return;
            }
        }
        let stretch = Stretch { from, to: self.build.mark(), outer, inputs, at };
        let Some(value) = value.and_then(|v| rebased(v, &|m| *m)) else { return };
        let open = self.memo.opens != opens;
        let lasts = self.memo.effects == effects && (!open || self.assumed.is_empty());
        if lasts && self.build.closed(&stretch) {
            let home = Home { scopes: from.scopes, weights: from.weights };
            let template = Rc::new(Template { stretch, value, items, depth, open });
            self.memo.homes.insert(outer, (Rc::clone(&template), home));
            self.memo.templates.insert(key, template);
        }
    }

    fn items_since(&mut self, applied: usize) -> Vec<ItemKey> {
        let mut items = self.memo.applied[applied..].to_vec();
        items.sort_unstable();
        items.dedup();
        self.memo.applied.truncate(applied);
        if self.memo.recording > 0 {
            self.memo.applied.extend(&items);
        }
        items
    }
}

fn plain(value: &Value) -> Option<Plain> {
    Some(match value {
        Value::Num(n) => Plain::Num(*n),
        Value::Decimal(n) => Plain::Num(*n),
        Value::Float(x) => Plain::Float(x.to_bits()),
        Value::Slice(slice) => Plain::Slice(Rc::clone(slice)),
        Value::Quantity(x, unit) => Plain::Quantity(x.to_bits(), Rc::clone(unit)),
        Value::Bool(b) => Plain::Bool(*b),
        Value::Str(s) => Plain::Str(Rc::clone(s)),
        Value::Label(s) => Plain::Label(Rc::clone(s)),
        Value::Scale(s) => Plain::Scale(*s),
        Value::Size(s) => Plain::Size(Rc::clone(s)),
        Value::List(items) => Plain::List(items.iter().map(plain).collect::<Option<_>>()?),
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

/// A value with its maps replaced; nothing where it holds what cannot be copied.
fn rebased(value: &Value, moved: &dyn Fn(&Map) -> Map) -> Option<Value> {
    let all = |items: &[Value]| -> Option<Vec<Value>> {
        items.iter().map(|v| rebased(v, moved)).collect()
    };
    Some(match value {
        Value::Map(m) => Value::Map(moved(m)),
        Value::Absent => Value::Absent,
        Value::List(items) => Value::List(Rc::new(all(items)?)),
        Value::Family(items) => {
            let items = items.iter().map(|(k, v)| Some((*k, rebased(v, moved)?)));
            Value::Family(Rc::new(items.collect::<Option<IndexMap<_, _>>>()?))
        }
        Value::Record(fields) => {
            let fields = fields.iter().map(|(k, v)| Some((k.clone(), rebased(v, moved)?)));
            Value::Record(Rc::new(fields.collect::<Option<IndexMap<_, _>>>()?))
        }
        Value::Varied(terms) => {
            let terms = terms.iter().map(|(g, v)| Some((*g, rebased(v, moved)?)));
            Value::Varied(Rc::new(terms.collect::<Option<Vec<_>>>()?))
        }
        other => {
            plain(other)?;
            other.clone()
        }
    })
}

#[cfg(test)]
mod tests;
