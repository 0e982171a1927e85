//! `unread(xs)`: of some maps those that no choice of inputs takes.

use super::cases::{Case, key};
use super::eval::{Eval, Evaluator};
use super::frame::Frame;
use super::sites::Candidate;
use super::text::element_texts;
use super::value::{Map, Value};
use crate::ir::decision::{DecisionId, Gate};
use crate::ir::graph::NodeId;
use crate::source::Span;
use crate::syntax::ast::Expr;
use std::rc::Rc;

/// What stands for a map that was given as a candidate.
fn identity(value: &Value) -> Option<NodeId> {
    match value {
        Value::Map(map) => Some(map.node),
        Value::Cases(cases) => Some(key(cases)),
        _ => None,
    }
}

impl Frame {
    /// Notes the candidates of a choice of inputs.
    pub(super) fn offer<'a>(&mut self, of: DecisionId, values: impl Iterator<Item = &'a Value>) {
        for (at, value) in values.enumerate() {
            if let Some(node) = identity(value) {
                self.offered.entry(node).or_default().push((of, at as u16));
            }
        }
    }
}

impl Frame {
    /// Notes the candidates that picks take which are given.
    pub(super) fn take<'a>(&mut self, values: impl Iterator<Item = &'a Value>) {
        self.read.extend(values.filter_map(identity));
    }
}

impl Evaluator<'_> {
    /// The members of a list that no choice of inputs in the same body takes, each absent in the
    /// members of the space where one does.
    pub(super) fn unread(
        &mut self,
        of: &Expr,
        list: &Value,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let items = self.items(list, of.span)?;
        let texts = element_texts(of, list, items.len());
        let mut out = Vec::new();
        let mut noted = Vec::new();
        for (item, (_, text)) in items.into_iter().zip(texts) {
            let node = identity(&item);
            if node.is_some_and(|node| f.read.contains(&node)) {
                continue;
            }
            let offers = node.and_then(|node| f.offered.get(&node).cloned());
            let offers = offers.unwrap_or_default();
            out.push(self.spared(item, &offers, at)?);
            noted.push((text, offers));
        }
        self.sites.note_unread(&f.instance, at, &f.indices, noted);
        Ok(Value::List(Rc::new(out)))
    }

    /// A map where none of the decisions takes it.
    fn spared(&mut self, value: Value, offers: &[Candidate], at: Span) -> Eval<Value> {
        let cases = match &value {
            _ if offers.is_empty() => return Ok(value),
            Value::Map(map) => Rc::new(vec![Case::of(*map)]),
            Value::Cases(cases) => Rc::clone(cases),
            _ => return Ok(value),
        };
        let mut out = Vec::new();
        for case in cases.iter() {
            let ty = self.build.graph.node(case.there).ty;
            let mut left = Map { node: case.there, ty };
            let mut taken = Vec::new();
            for &(of, candidate) in offers {
                taken.push(self.mix(&[(Gate::Taken { of, candidate }, left)], at).node);
                left = self.mix(&[(Gate::Spared { of, candidate }, left)], at);
            }
            let map = case.map.map(|_| left);
            out.push(Case { map, there: left.node });
            let there = self.whichever(ty, &taken, at).node;
            out.push(Case { map: None, there });
        }
        Ok(Value::Cases(Rc::new(out)))
    }
}
