//! Applications that were expanded before are copied, not evaluated again.
//!
//! A searched network applies one cell hundreds of times: to maps of the same types, with the
//! same configuration and the same decisions. What it expands to is then the same but for its
//! inputs, its scope and its weights, and lies in one stretch of the graph. Where the widths that
//! it is given are chosen, it matters which widths these are, and not who chooses them: a copy speaks
//! of the choices that it is given. The graph is node by node the one that evaluation gives;
//! `same_graphs_without_memory` holds it to that.

mod key;

use super::build::{Copied, Home, Mark};
use super::eval::Evaluator;
use super::frame::Instance;
use super::module::ItemRef;
use super::value::{Design, Map, Value};
use crate::ir::graph::{NodeId, ScopeId, ShapeId};
use crate::maps::HashMap;
use crate::source::Span;
use key::{Choosers, ItemKey, Whose, rebased};
pub(super) use key::{Key, Renamed, may_decide};
use std::rc::Rc;

/// What one application made: a stretch of the graph.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) from: Mark,
    pub(super) to: Mark,
    /// The shapes of its weights as it made them: others that are tied to these may need wider ones.
    pub(super) shapes: Vec<ShapeId>,
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
    /// Whether it read values of a file that may hold decisions.
    reads: bool,
    /// Who chooses the widths that it was given.
    choosers: Choosers,
}

/// What applications of one key were expanded to.
type Known = HashMap<Whose, Rc<Template>>;

/// The one of them for the choices of an application.
fn find<'k>(
    known: &'k Known,
    instance: Option<&Rc<Instance>>,
    choosers: &Choosers,
) -> Option<&'k Rc<Template>> {
    known.get(&Whose::Given).or_else(|| known.get(&Whose::These(choosers.clone()))).or_else(|| {
        let id = *instance?.id.get()?;
        known.get(&Whose::Instance(id, choosers.clone()))
    })
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
    templates: HashMap<Key, Known>,
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
    /// How often a value of a file was read that may hold decisions.
    reads: u32,
}

/// A recording that was begun.
pub(super) struct Recording {
    key: Key,
    choosers: Choosers,
    from: Mark,
    inputs: Vec<NodeId>,
    applied: usize,
    deepest: usize,
    effects: u32,
    opens: u32,
    reads: u32,
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

    /// Notes a value of a file that is read.
    pub(super) fn read(&mut self, value: &Value) {
        if self.recording > 0 && may_decide(value) {
            self.reads += 1;
        }
    }
}

impl Evaluator<'_> {
    /// The key of an application, where all that it depends on can be compared.
    pub(super) fn memo_key(
        &self,
        item: &ItemRef,
        design: &Design,
        maps: &[Value],
    ) -> Option<(Key, Choosers)> {
        match self.memo.mode {
            Memory::Kept => Key::of(item, design, maps, self.case, &self.build),
            #[cfg(test)]
            Memory::Off => None,
        }
    }

    /// Copies an earlier expansion, if there is one.
    pub(super) fn recall(
        &mut self,
        (key, choosers): &(Key, Choosers),
        instance: Option<&Rc<Instance>>,
        maps: &[Value],
        outer: ScopeId,
        at: Span,
    ) -> Option<Value> {
        let found = find(self.memo.templates.get(key)?, instance, choosers)?;
        let template = Rc::clone(found);
        if self.would_differ(&template) || (template.open && !self.assumed.is_empty()) {
            return None;
        }
        let home = self.home(&template, outer)?;
        self.note(&template);
        let inputs = self.inputs_of(maps);
        let first = self.build.graph.graph.node_count() as u32;
        let renamed = choosers.instead_of(&template.choosers);
        let copied = Copied { inputs: &inputs, outer, home, at, renamed: &renamed };
        self.build.stamp(&template.stretch, &copied);
        let build = &mut self.build;
        let mut moved = |m: &Map| Map {
            node: template.stretch.node(m.node, &inputs, first),
            ty: build.renamed_type(m.ty, &renamed),
        };
        rebased(&template.value, &renamed, &mut moved)
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
            self.memo.reads += u32::from(template.reads);
        }
    }

    /// Begins to record an application that is evaluated into a scope.
    pub(super) fn record(
        &mut self,
        key: Option<(Key, Choosers)>,
        maps: &[Value],
        outer: ScopeId,
    ) -> Option<Recording> {
        if let Some((template, home)) = self.memo.homes.get(&outer) {
            let template = Rc::clone(template);
            self.build.reveal(&template.stretch, *home);
        }
        let (key, choosers) = key.filter(|_| self.build.untouched(outer))?;
        let inputs = self.inputs_of(maps);
        // With one map given twice it could not be told which of the two is read.
        if inputs.iter().enumerate().any(|(i, node)| inputs[..i].contains(node)) {
            return None;
        }
        self.memo.recording += 1;
        let recording = Recording {
            key,
            choosers,
            from: self.build.mark(),
            inputs,
            applied: self.memo.applied.len(),
            deepest: std::mem::replace(&mut self.memo.deepest, self.stack.len()),
            effects: self.memo.effects,
            opens: self.memo.opens,
            reads: self.memo.reads,
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
        let Recording { key, choosers, from, inputs, applied, deepest, .. } = recording;
        let depth = self.memo.deepest - self.stack.len();
        self.memo.deepest = self.memo.deepest.max(deepest);
        self.memo.recording -= 1;
        let items = self.items_since(applied);
        let reads = self.memo.reads != recording.reads;
        let whose = match self.sites.asked != recording.asked {
            // Decisions of an instance that nothing else names are never asked for again.
            true => {
                let id = d.instance.as_ref().and_then(|i| i.id.get().copied());
                let Some(id) = id else { return };
                Whose::Instance(id, choosers.clone())
            }
            false if reads && !choosers.is_empty() => Whose::These(choosers.clone()),
            false => Whose::Given,
        };
        let (to, shapes) = (self.build.mark(), self.build.shapes_since(from));
        let stretch = Stretch { from, to, shapes, outer, inputs, at };
        let value = value.and_then(|v| rebased(v, &Renamed::default(), &mut |m| *m));
        let Some(value) = value else { return };
        let open = self.memo.opens != recording.opens;
        let lasts = self.memo.effects == recording.effects && (!open || self.assumed.is_empty());
        if lasts && self.build.closed(&stretch) {
            let home = Home { scopes: from.scopes, weights: from.weights };
            let template = Template { stretch, value, items, depth, open, reads, choosers };
            let template = Rc::new(template);
            self.memo.homes.insert(outer, (Rc::clone(&template), home));
            self.memo.templates.entry(key).or_default().insert(whose, template);
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

#[cfg(test)]
mod tests;
