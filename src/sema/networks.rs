//! The networks of a file, elaborated.

use super::eval::{Evaluator, with_stack};
use super::load::Program;
use super::memo::{Memo, Memory};
use super::module::{ItemRef, Module, ModuleId, blocks};
use super::partial;
use super::plan::{KnownNets, Plans, plans};
use super::sites::Sites;
use super::space::{Net, Space};
use crate::diag::Sink;
use crate::ir::decision::{Decision, DecisionId};
use crate::ir::graph::DecisionGraph;
use crate::source::Span;
use crate::syntax::ast::{Definition, File, Item, ItemKind, Role};
use std::rc::Rc;
use std::sync::Arc;

/// A network that is there while the rest of its file is still judged.
pub struct Early<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its graph.
    pub graph: &'a Arc<DecisionGraph>,
    /// What its graph calls the decisions that it makes. They may have other numbers in the end.
    pub decisions: &'a [Decision],
    /// Reads what is to be done with networks, as far as that can be read by now.
    pub plans: &'a dyn Fn() -> Plans,
}

/// A network that someone waits for.
pub struct Wanted<'w> {
    /// Its name; nothing for the one that is searched, else the last.
    pub net: Option<&'w str>,
    /// Is shown it as soon as it is there, if nothing was found wrong by then.
    pub show: &'w mut dyn FnMut(Early<'_>),
}

/// The networks that a file defines.
pub(super) struct Networks<'a> {
    program: &'a Program,
    root: &'a Module,
    /// Each with its place among the file's items.
    all: Vec<(usize, &'a Definition)>,
    memory: Memory,
}

/// A network that was elaborated before its turn, with decisions of its own.
struct Alone {
    graph: Arc<DecisionGraph>,
    sites: Sites,
}

impl<'a> Networks<'a> {
    pub(super) fn of(program: &'a Program, root: &'a Module, memory: Memory) -> Networks<'a> {
        let definition = |(at, item): (usize, &'a Item)| match &item.kind {
            ItemKind::Definition(def) if def.role == Role::Net => Some((at, def)),
            _ => None,
        };
        let all = root.ast.items.iter().enumerate().filter_map(definition).collect();
        Networks { program, root, all, memory }
    }

    /// Their names, and where these stand.
    pub(super) fn names(&self) -> Vec<(String, Span)> {
        self.all.iter().map(|(_, def)| (def.name.value.clone(), def.name.span)).collect()
    }

    /// All of them; plans are still open. One that is wanted is elaborated first.
    pub(super) fn elaborated(&self, diags: &mut Sink, wanted: Option<Wanted<'_>>) -> Space {
        let ahead = wanted.filter(|_| !diags.has_errors()).and_then(|Wanted { net, show }| {
            let named = |name: &str| self.all.iter().position(|(_, def)| def.name.value == name);
            let first = net.or_else(|| searched(&self.root.ast)).and_then(named);
            self.ahead(first.unwrap_or(self.all.len().saturating_sub(1)), show)
        });
        self.in_turn(ahead, diags)
    }

    /// A network before those that come before it; nothing where there is something to say of it,
    /// which is said in its turn.
    fn ahead(&self, at: usize, show: &mut dyn FnMut(Early<'_>)) -> Option<(usize, Alone)> {
        let name = &self.all.get(at)?.1.name.value;
        let (mut sites, mut diags) = (Sites::default(), Sink::default());
        let graph = self.elaborate(at, &mut sites, &mut diags)?;
        if !diags.is_empty() {
            return None;
        }
        let plans = || self.plans(&sites);
        show(Early { name, graph: &graph, decisions: &sites.decisions, plans: &plans });
        Some((at, Alone { graph, sites }))
    }

    /// One after the other, each with the decisions of those before it; one may be there already.
    fn in_turn(&self, mut ahead: Option<(usize, Alone)>, diags: &mut Sink) -> Space {
        let (mut space, mut lacking) = (Space::default(), Vec::new());
        for (at, (_, def)) in self.all.iter().enumerate() {
            let known = ahead.take_if(|(first, _)| *first == at);
            let known = known.and_then(|(_, alone)| alone.joined(&mut space.sites));
            let graph = known.or_else(|| self.elaborate(at, &mut space.sites, diags));
            let Some(graph) = graph else { continue };
            lacking.extend(partial::lacking(&space.sites.decisions, &graph));
            let (name, at) = (def.name.value.clone(), def.name.span);
            space.nets.insert(name, Net { graph, at });
        }
        lacking.into_iter().for_each(|diag| diags.push(diag));
        space
    }

    /// A network; nothing where a mistake was found.
    fn elaborate(
        &self,
        at: usize,
        sites: &mut Sites,
        diags: &mut Sink,
    ) -> Option<Arc<DecisionGraph>> {
        let (index, def) = self.all[at];
        let ast = Rc::clone(&self.root.ast);
        let here = ItemRef { module: ModuleId(0), ast, index, part: Vec::new() };
        let mut evaluator = Evaluator::new(self.program, sites, diags);
        evaluator.memo = Memo::new(self.memory);
        with_stack(|| evaluator.net(&here, def)).ok().map(Arc::new)
    }

    /// The plans, as far as one network's decisions tell. Whether they fit networks, and what is wrong
    /// with them, is told at the end.
    fn plans(&self, sites: &Sites) -> Plans {
        let known = KnownNets { names: &self.names(), graphs: &Default::default() };
        plans(self.program, &mut sites.clone(), known, &mut Sink::default())
    }
}

impl Alone {
    /// The graph with the numbers that its decisions have among others; nothing where one of them has
    /// another domain there, which is a mistake.
    fn joined(self, sites: &mut Sites) -> Option<Arc<DecisionGraph>> {
        let Alone { mut graph, sites: own } = self;
        let numbers = sites.join(own)?;
        let number = |of: DecisionId| numbers[of.index()];
        if !graph.leaves.iter().all(|gate| number(gate.decision()) == gate.decision()) {
            let graph = Arc::make_mut(&mut graph);
            let leaves = std::mem::take(&mut graph.leaves).into_iter();
            graph.leaves = leaves.map(|gate| gate.about(number(gate.decision()))).collect();
        }
        Some(graph)
    }
}

/// The network that a file's first `search` block names.
fn searched(file: &File) -> Option<&str> {
    let mut searches = blocks(file).filter(|(block, _)| block.kind.value == "search");
    searches.next()?.0.subject.as_ref().map(|name| name.value.as_str())
}

#[cfg(test)]
mod tests;
