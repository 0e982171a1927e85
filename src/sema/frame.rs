//! The state of one application: names, indices, scope and whose decisions are taken.

use super::module::ModuleId;
use super::value::{InstanceId, Value};
use crate::ir::graph::{NodeId, ScopeId};
use crate::ir::shape::Scale;
use crate::maps::{HashMap, HashSet, IndexMap};
use crate::source::Span;
use indexmap::Equivalent;
use std::cell::OnceCell;
use std::rc::Rc;

/// A definition with decisions of its own: where it was made, under which indices, in which
/// other instance. Numbered only when it makes a decision.
#[derive(Debug)]
pub(crate) struct Instance {
    pub parent: Option<Rc<Instance>>,
    pub site: Span,
    pub indices: Vec<i64>,
    pub name: Rc<str>,
    /// What it is an instance of.
    pub item: Option<(ModuleId, usize)>,
    pub id: OnceCell<InstanceId>,
    /// Its decisions, where they are given.
    pub given: Option<Rc<super::given::Given>>,
}

/// One application in progress.
#[derive(Debug)]
pub(crate) struct Frame {
    pub module: ModuleId,
    pub vars: IndexMap<Rc<str>, Value>,
    /// The input of an operator.
    pub it: Option<Value>,
    pub instance: Rc<Instance>,
    /// Loop indices around the place of evaluation.
    pub indices: Vec<i64>,
    pub scope: ScopeId,
    /// What was counted during this application.
    pub counters: Counters,
    /// The statement that is evaluated, for names of decisions.
    pub label: Rc<str>,
    /// The node of a trellis that is evaluated.
    pub place: Option<Place>,
    /// Which choices of inputs offered a map so far.
    pub offered: HashMap<NodeId, Vec<super::sites::Candidate>>,
    /// What choices of inputs take whose decisions are given.
    pub read: HashSet<NodeId>,
}

/// What an application counts in each scope.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// How often a name was used.
    names: IndexMap<(ScopeId, Rc<str>), u32>,
    /// How much was applied.
    turns: HashMap<ScopeId, u32>,
}

/// A name in a scope, to be looked up.
#[derive(PartialEq, Eq, Hash)]
struct NameIn<'a>(ScopeId, &'a str);

impl Equivalent<(ScopeId, Rc<str>)> for NameIn<'_> {
    fn equivalent(&self, key: &(ScopeId, Rc<str>)) -> bool {
        (self.0, self.1) == (key.0, &*key.1)
    }
}

/// A node of a trellis and, within an arrow's expression, the arrow.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub trellis: Rc<super::trellis::Lane>,
    pub layer: usize,
    pub scale: Scale,
    pub from: Option<usize>,
}

impl Frame {
    /// A name that is not yet used in the scope: `conv`, `conv2`, …
    pub(crate) fn unique(&mut self, name: &str) -> Rc<str> {
        if let Some(used) = self.counters.names.get_mut(&NameIn(self.scope, name)) {
            *used += 1;
            return format!("{name}{used}").into();
        }
        let name: Rc<str> = name.into();
        self.counters.names.insert((self.scope, Rc::clone(&name)), 1);
        name
    }

    /// Counts something that is applied in the scope: the first is 0.
    pub(crate) fn take_turn(&mut self) -> u32 {
        let turns = self.counters.turns.entry(self.scope).or_insert(0);
        *turns += 1;
        *turns - 1
    }

    /// The turn that was taken last.
    pub(crate) fn turn(&self) -> u32 {
        self.counters.turns.get(&self.scope).map_or(0, |turns| turns - 1)
    }
}
