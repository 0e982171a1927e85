//! The names of one definition: parameters, loop binders, bindings, nodes.

use crate::maps::{HashMap, HashSet, IndexMap};
use crate::source::Span;
use crate::syntax::ast::*;

/// What a local name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Local {
    /// A parameter of configuration.
    Config,
    /// A map that is read.
    Map,
    /// A binding.
    Let,
    /// A node.
    Node,
    /// Nodes with an index.
    Family,
    /// What a loop binds.
    Binder,
    /// What the language asks to be named, read or not.
    Given,
}

/// A local name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) local: Local,
    pub(super) at: Span,
    pub(super) used: bool,
}

/// The names that are there, and those that will be.
#[derive(Debug, Default)]
pub(super) struct Locals<'a> {
    now: IndexMap<&'a str, Entry>,
    /// Where names are made, at any place of the body, and from what.
    later: HashMap<&'a str, (Span, Vec<&'a Expr>)>,
    /// Names made somewhere in the loops that the walk is in: they are there from the second
    /// turn on.
    turning: Vec<&'a str>,
    /// Names that were read before they were made.
    early: HashSet<String>,
}

impl<'a> Locals<'a> {
    /// Adds a name. Where another declaration has it, that one's place comes back.
    pub(super) fn insert(&mut self, name: &'a Name, local: Local) -> Option<Span> {
        let read = name.value.starts_with('_') || self.early.contains(name.value.as_str());
        let entry = Entry { local, at: name.span, used: read };
        match self.now.get_mut(name.value.as_str()) {
            // More members of one family.
            Some(old) if (old.local, local) == (Local::Family, Local::Family) => None,
            Some(old) => {
                // Both were told of; neither needs to be called unused as well.
                old.used = true;
                Some(old.at)
            }
            None => {
                self.now.insert(&name.value, entry);
                None
            }
        }
    }

    /// Whether a name is there; then it is used.
    pub(super) fn read(&mut self, name: &str) -> bool {
        match self.now.get_mut(name) {
            Some(entry) => {
                entry.used = true;
                true
            }
            None => {
                self.early.insert(name.to_owned());
                self.turning.contains(&name)
            }
        }
    }

    /// Whether a name is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.now.contains_key(name)
    }

    /// Forgets what a loop bound.
    pub(super) fn remove(&mut self, binder: &Binder) {
        match binder {
            Binder::Name(name) => {
                self.now.shift_remove(name.value.as_str());
            }
            Binder::List(parts, _) => parts.iter().for_each(|p| self.remove(p)),
        }
    }

    /// All names that are there.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, &Entry)> {
        self.now.iter().map(|(n, e)| (*n, e))
    }

    /// A trellis reads its maps without naming them.
    pub(super) fn use_all_maps(&mut self) {
        self.now.values_mut().filter(|e| e.local == Local::Map).for_each(|e| e.used = true);
    }

    /// Notes what the statements of a body will make.
    pub(super) fn declare_later(&mut self, statements: &'a [Statement]) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Let(binding) => self.later_binder(&binding.binder, &binding.value),
                StatementKind::Node { target, value, .. } => {
                    self.make_later(&target.name, value);
                }
                StatementKind::For(_, body) => self.declare_later(body),
                StatementKind::Rebind(name, value) => self.make_later(name, value),
                StatementKind::Out { .. } | StatementKind::Tap(..) => {}
            }
        }
    }

    fn later_binder(&mut self, binder: &'a Binder, value: &'a Expr) {
        match binder {
            Binder::Name(name) => self.make_later(name, value),
            Binder::List(parts, _) => parts.iter().for_each(|p| self.later_binder(p, value)),
        }
    }

    fn make_later(&mut self, name: &'a Name, value: &'a Expr) {
        self.later.entry(&name.value).or_insert((name.span, Vec::new())).1.push(value);
    }

    /// Where a name is made that is not there yet.
    pub(super) fn made_later(&self, name: &str) -> Option<Span> {
        self.later.get(name).map(|(at, _)| *at)
    }

    /// What a name is made from.
    pub(super) fn made_from(&self, name: &str) -> &[&'a Expr] {
        self.later.get(name).map_or(&[], |(_, from)| from)
    }

    /// Enters a loop: its body's names, and those of loops in it, are there from the second turn on.
    pub(super) fn enter_loop(&mut self, body: &'a [Statement]) -> usize {
        let before = self.turning.len();
        self.turn(body);
        before
    }

    fn turn(&mut self, body: &'a [Statement]) {
        for statement in body {
            match &statement.kind {
                StatementKind::Node { target, .. } => self.turning.push(&target.name.value),
                StatementKind::For(_, body) => self.turn(body),
                _ => {}
            }
        }
    }

    /// Leaves it.
    pub(super) fn leave_loop(&mut self, before: usize) {
        self.turning.truncate(before);
    }
}
