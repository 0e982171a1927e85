//! Maps whose type depends on decisions, case by case.
//!
//! Where a pick is used apart and its candidates differ in type, there is one map for each type, of
//! which exactly one is there in every member. What reads it is made for each type; what reads
//! several such maps is made for each combination, and each input of a combination is
//! [given](Kernel::Given) the others, so that no combination is there by halves. Results of one type
//! are one map again.

use super::arms::same_value;
use super::eval::{Eval, Evaluator};
use super::value::{Map, Value};
use crate::diag::Diag;
use crate::ir::decision::Gate;
use crate::ir::graph::NodeId;
use crate::ir::kernel::Kernel;
use crate::ir::shape::MapType;
use crate::maps::{IndexMap, IndexSet};
use crate::source::Span;
use std::rc::Rc;

/// One of the cases of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// The map; nothing where it is absent in this case.
    pub map: Option<Map>,
    /// A node that is there in the members of this case, and in no others.
    pub there: NodeId,
}

impl Case {
    pub(super) fn of(map: Map) -> Case {
        Case { map: Some(map), there: map.node }
    }

    fn value(&self) -> Value {
        self.map.map_or(Value::Absent, Value::Map)
    }
}

/// The cases that one combination consists of, by the cases that they are of.
type Combination = IndexMap<NodeId, Case>;

/// A result, and what is there where it is the one.
type Exclusive = (Value, IndexSet<NodeId>);

impl Evaluator<'_> {
    /// Runs something for every combination of the cases of maps, and joins the results by type.
    pub(super) fn each_case(
        &mut self,
        maps: &[Value],
        at: Span,
        mut run: impl FnMut(&mut Self, Vec<Value>) -> Eval<Value>,
    ) -> Eval<Value> {
        let mut open = IndexMap::default();
        maps.iter().for_each(|map| collect(map, &mut open));
        let mut results = Vec::new();
        for combination in combinations(&open) {
            let there: IndexSet<NodeId> = combination.values().map(|case| case.there).collect();
            let given = maps.iter().map(|v| self.under_case(v, &combination, &there, at)).collect();
            self.check_size(at)?;
            let case = self.all_of(&there, at);
            let outer = self.case.replace(case);
            let value = run(self, given);
            self.case = outer;
            results.push((value?, there));
        }
        self.by_type(results, at)
    }

    /// A value in one combination of cases.
    fn under_case(
        &mut self,
        value: &Value,
        combination: &Combination,
        there: &IndexSet<NodeId>,
        at: Span,
    ) -> Value {
        match value {
            Value::Cases(cases) => match combination.get(&key(cases)) {
                Some(Case { map: Some(map), .. }) => Value::Map(self.given(*map, there, at)),
                _ => Value::Absent,
            },
            Value::Map(map) => Value::Map(self.given(*map, there, at)),
            // What is not there is not in the list.
            Value::List(items) if value.is_map_like() => {
                let items = items.iter().map(|v| self.under_case(v, combination, there, at));
                let items = items.filter(|v| !matches!(v, Value::Absent));
                Value::List(Rc::new(items.collect()))
            }
            Value::Family(items) => {
                let items =
                    items.iter().map(|(i, v)| (*i, self.under_case(v, combination, there, at)));
                let items = items.filter(|(_, v)| !matches!(v, Value::Absent));
                Value::Family(Rc::new(items.collect()))
            }
            other => other.clone(),
        }
    }

    /// A map, given that others are there.
    fn given(&mut self, map: Map, there: &IndexSet<NodeId>, at: Span) -> Map {
        let others = there.iter().filter(|node| **node != map.node);
        let inputs: Vec<_> =
            std::iter::once(map.node).chain(others.copied()).map(|node| (node, None)).collect();
        if inputs.len() == 1 {
            return map;
        }
        let scope = self.build.graph.graph[map.node].scope;
        Map { node: self.build.node(Kernel::Given, map.ty, &inputs, scope, None, at), ..map }
    }

    /// Exclusive results as one value: a map where all have one type, otherwise its cases.
    fn by_type(&mut self, results: Vec<Exclusive>, at: Span) -> Eval<Value> {
        if let Some(parts) = self.by_part(&results, at) {
            return parts;
        }
        let plain: Vec<&Value> =
            results.iter().map(|(value, _)| value).filter(|value| !value.is_map_like()).collect();
        if let [first, ..] = plain[..] {
            return match plain.len() == results.len()
                && plain.iter().all(|value| same_value(first, value))
            {
                true => Ok(first.clone()),
                false => self.no_one_value(&plain, at),
            };
        }
        let mut cases = Vec::new();
        for (value, there) in results {
            match value {
                Value::Map(map) => cases.push(Case::of(map)),
                Value::Cases(inner) => cases.extend(inner.iter().copied()),
                Value::Absent => {
                    cases.push(Case { map: None, there: self.all_of(&there, at).node });
                }
                other => return self.expected("a map", &other, at),
            }
        }
        Ok(self.merged(cases, at))
    }

    /// A number, say, that is not the same for every type.
    fn no_one_value<T>(&mut self, values: &[&Value], at: Span) -> Eval<T> {
        let mut shown: Vec<String> = values.iter().map(|value| value.show()).collect();
        shown.dedup();
        self.fail(
            Diag::new("E0416", format!("this depends on what is picked: {}", shown.join(", ")))
                .label(at, "of a map of several types")
                .help("use it in a cell that takes the map: in there it has one type"),
        )
    }

    /// Results with several parts, part by part: named ones, indexed ones, lists.
    fn by_part(&mut self, results: &[Exclusive], at: Span) -> Option<Eval<Value>> {
        let parts = |value: &Value| -> Option<Vec<Value>> {
            match value {
                Value::Record(fields) => Some(fields.values().cloned().collect()),
                Value::Family(items) => Some(items.values().cloned().collect()),
                Value::List(items) => Some(items.to_vec()),
                _ => None,
            }
        };
        let first = results.first()?.0.clone();
        let all: Vec<Vec<Value>> =
            results.iter().map(|(value, _)| parts(value)).collect::<Option<_>>()?;
        let count = parts(&first)?.len();
        if all.iter().any(|parts| parts.len() != count) {
            return None;
        }
        let mut joined = Vec::new();
        for part in 0..count {
            let of = |(parts, (_, there)): (&Vec<Value>, &Exclusive)| {
                (parts[part].clone(), there.clone())
            };
            match self.by_type(all.iter().zip(results).map(of).collect(), at) {
                Ok(value) => joined.push(value),
                Err(reported) => return Some(Err(reported)),
            }
        }
        Some(Ok(match first {
            Value::Record(fields) => {
                Value::Record(Rc::new(fields.keys().cloned().zip(joined).collect()))
            }
            Value::Family(items) => {
                Value::Family(Rc::new(items.keys().copied().zip(joined).collect()))
            }
            _ => Value::List(Rc::new(joined)),
        }))
    }

    /// A map that is there where all of some are.
    fn all_of(&mut self, there: &IndexSet<NodeId>, at: Span) -> Map {
        let first = there[0];
        let ty = self.build.graph.node(first).ty;
        self.given(Map { node: first, ty }, there, at)
    }

    /// A map that would be there always, in this case only.
    pub(super) fn in_case(&mut self, map: Map, at: Span) -> Map {
        match self.case {
            Some(case) => self.given(map, &IndexSet::from_iter([case.node]), at),
            None => map,
        }
    }

    /// Cases as one value: those of one type are one map.
    pub(super) fn merged(&mut self, cases: Vec<Case>, at: Span) -> Value {
        let mut types: IndexMap<MapType, Vec<NodeId>> = IndexMap::default();
        for map in cases.iter().filter_map(|case| case.map) {
            types.entry(map.ty).or_default().push(map.node);
        }
        let mut merged: Vec<Case> = Vec::new();
        for (ty, nodes) in types {
            merged.push(Case::of(self.whichever(ty, &nodes, at)));
        }
        merged.extend(cases.into_iter().filter(|case| case.map.is_none()));
        match merged.as_slice() {
            [] => Value::Absent,
            [only] => only.value(),
            _ if merged.iter().all(|case| case.map.is_none()) => Value::Absent,
            _ => Value::Cases(Rc::new(merged)),
        }
    }

    /// Whichever of some maps is there; at most one is.
    pub(super) fn whichever(&mut self, ty: MapType, nodes: &[NodeId], at: Span) -> Map {
        if let [only] = nodes {
            return Map { node: *only, ty };
        }
        let scope = self.build.graph.graph[nodes[0]].scope;
        let inputs: Vec<_> = nodes.iter().map(|node| (*node, None)).collect();
        Map { node: self.build.node(Kernel::Mix, ty, &inputs, scope, None, at), ty }
    }

    /// A pick whose candidates differ in type, or have cases themselves: a map for each type.
    pub(super) fn picked_cases(&mut self, terms: Vec<(Gate, Value)>, at: Span) -> Eval<Value> {
        let mut types: IndexMap<MapType, Vec<(Gate, Map)>> = IndexMap::default();
        let mut absent = Vec::new();
        for (gate, value) in terms {
            let cases = match &value {
                Value::Map(map) => Rc::new(vec![Case::of(*map)]),
                Value::Cases(cases) => Rc::clone(cases),
                Value::Absent => continue,
                other => return self.expected("a map", other, at),
            };
            for case in cases.iter() {
                match case.map {
                    Some(map) => types.entry(map.ty).or_default().push((gate, map)),
                    None => {
                        let ty = self.build.graph.node(case.there).ty;
                        absent.push(self.mix(&[(gate, Map { node: case.there, ty })], at).node);
                    }
                }
            }
        }
        let mut cases = Vec::new();
        for terms in types.into_values() {
            let mix = self.mix(&terms, at);
            // A sum of picks is zeros where none is there; that is not meant here.
            let scope = self.build.graph.graph[mix.node].scope;
            let input = [(mix.node, None)];
            let node = self.build.node(Kernel::Given, mix.ty, &input, scope, None, at);
            cases.push(Case::of(Map { node, ..mix }));
        }
        cases.extend(absent.into_iter().map(|there| Case { map: None, there }));
        Ok(self.merged(cases, at))
    }

    /// Cases where one type is needed.
    pub(super) fn one_type_needed<T>(&mut self, cases: &[Case], at: Span) -> Eval<T> {
        let mut types: Vec<String> =
            cases.iter().filter_map(|case| case.map).map(|map| map.ty.to_string()).collect();
        types.dedup();
        self.fail(
            Diag::new("E0415", format!("alternatives differ in type: {}", types.join(", ")))
                .label(at, "here they must have one type")
                .help("bring each to one width and scale: `x > fit(C, s)`"),
        )
    }
}

/// What tells the cases of one value from those of others.
pub(super) fn key(cases: &[Case]) -> NodeId {
    cases[0].there
}

/// The cases of all values in a value.
fn collect(value: &Value, out: &mut IndexMap<NodeId, Rc<Vec<Case>>>) {
    match value {
        Value::Cases(cases) => {
            out.entry(key(cases)).or_insert_with(|| Rc::clone(cases));
        }
        Value::List(items) => items.iter().for_each(|item| collect(item, out)),
        Value::Family(items) => items.values().for_each(|item| collect(item, out)),
        _ => {}
    }
}

/// Every combination of one case of each, the last changing fastest.
fn combinations(open: &IndexMap<NodeId, Rc<Vec<Case>>>) -> Vec<Combination> {
    let mut all = vec![Combination::default()];
    for (key, cases) in open {
        let with = |begun: &Combination| {
            let begun = begun.clone();
            cases.iter().map(move |case| {
                let mut more = begun.clone();
                more.insert(*key, *case);
                more
            })
        };
        all = all.iter().flat_map(with).collect();
    }
    all
}
