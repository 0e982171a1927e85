//! Values behind gates, joined to one map where they have one type.

use super::eval::{Eval, Evaluator};
use super::frame::Frame;
use super::value::{Map, Value};
use crate::diag::Diag;
use crate::ir::decision::Gate;
use crate::ir::graph::NodeId;
use crate::ir::kernel::Kernel;
use crate::source::Span;
use std::rc::Rc;

impl Evaluator<'_> {
    /// Values behind gates: one map where all are maps of one type, else a varied value. Absent
    /// alternatives contribute nothing.
    pub(super) fn join(&mut self, terms: Vec<(Gate, Value)>, at: Span) -> Eval<Value> {
        let present: Vec<&(Gate, Value)> =
            terms.iter().filter(|(_, v)| !matches!(v, Value::Absent)).collect();
        if present.is_empty() {
            return Ok(Value::Absent);
        }
        let maps: Option<Vec<(Gate, Map)>> = present
            .iter()
            .map(|(g, v)| match v {
                Value::Map(m) => Some((*g, *m)),
                _ => None,
            })
            .collect();
        match maps {
            Some(maps) if maps.iter().all(|(_, m)| m.ty == maps[0].1.ty) => {
                Ok(Value::Map(self.mix(&maps, at)))
            }
            _ => match same_choice(&terms) {
                Some(gates) => self.transposed(&gates, &terms, at),
                None => Ok(Value::Varied(Rc::new(terms))),
            },
        }
    }

    /// Values that vary with one and the same choice are joined under each of its alternatives.
    fn transposed(&mut self, gates: &[Gate], terms: &[(Gate, Value)], at: Span) -> Eval<Value> {
        let under = |inner: &Gate| -> Vec<(Gate, Value)> {
            terms.iter().map(|(gate, value)| (*gate, value.under(inner))).collect()
        };
        let joined = gates.iter().map(|inner| Ok((*inner, self.join(under(inner), at)?)));
        Ok(Value::Varied(Rc::new(joined.collect::<Eval<Vec<_>>>()?)))
    }

    /// Joins what must be of one type.
    pub(super) fn join_one_type(
        &mut self,
        terms: Vec<(Gate, Value)>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let mut flat = Vec::new();
        for (gate, value) in terms {
            let value = self.map_of(value, at, f)?;
            if let Value::Cases(cases) = &value {
                return self.one_type_needed(cases, at);
            }
            flat.push((gate, value));
        }
        let joined = self.join(flat, at)?;
        match &joined {
            Value::Varied(terms) => {
                let types: Vec<String> = terms
                    .iter()
                    .filter_map(|(_, v)| match v {
                        Value::Map(m) => Some(m.ty.to_string()),
                        _ => None,
                    })
                    .collect();
                let other = types.iter().find(|t| *t != &types[0]).cloned().unwrap_or_default();
                let first = types.first().cloned().unwrap_or_default();
                self.fail(
                    Diag::new("E0415", format!("alternatives differ in type: {first} and {other}"))
                        .label(at, "these are summed, so they must have one type")
                        .help("bring each to one width and scale: `x > fit(C, s)`"),
                )
            }
            Value::Cases(cases) => self.one_type_needed(cases, at),
            _ => Ok(joined),
        }
    }

    /// A mix of maps of one type.
    pub(super) fn mix(&mut self, terms: &[(Gate, Map)], at: Span) -> Map {
        let ty = terms[0].1.ty;
        let inputs: Vec<(NodeId, Option<Gate>)> =
            terms.iter().map(|(g, m)| (m.node, Some(*g))).collect();
        let scope = self.build.graph.graph[terms[0].1.node].scope;
        Map { node: self.build.node(Kernel::Mix, ty, &inputs, scope, None, at), ty }
    }
}

/// The alternatives with which all values vary, where they are the same ones and not those that the
/// values stand behind.
fn same_choice(terms: &[(Gate, Value)]) -> Option<Vec<Gate>> {
    let gates = |value: &Value| match value {
        Value::Varied(inner) => Some(inner.iter().map(|(gate, _)| *gate).collect::<Vec<_>>()),
        _ => None,
    };
    let mut present = terms.iter().filter(|(_, value)| !matches!(value, Value::Absent));
    let first = gates(&present.next()?.1)?;
    let outer = terms.first().map(|(gate, _)| gate.decision());
    let other = first.iter().all(|gate| Some(gate.decision()) != outer);
    (other && present.all(|(_, value)| gates(value).as_ref() == Some(&first))).then_some(first)
}

/// The index of a map's node, for code that only has values.
pub(super) fn node_of(value: &Value) -> Option<NodeId> {
    match value {
        Value::Map(map) => Some(map.node),
        _ => None,
    }
}
