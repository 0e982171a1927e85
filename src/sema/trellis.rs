//! Trellises: a body at every node that a path can take.

use super::eval::{Eval, Evaluator, Reported};
use super::frame::{Frame, Place};
use super::value::{Grid, Map, PathValue, Value};
use crate::diag::Diag;
use crate::ir::decision::{Gate, Lattice};
use crate::ir::shape::Scale;
use crate::source::Span;
use crate::syntax::ast::*;
use std::rc::Rc;

/// What a node can look back on: the maps before the first layer, and the nodes so far.
#[derive(Debug)]
pub(crate) struct Lane {
    path: Rc<PathValue>,
    /// Maps before the first layer, the newest last.
    stems: Vec<Value>,
    /// `[layer]`: scale and output of each node.
    nodes: Vec<Vec<(Scale, Value)>>,
}

impl Place {
    /// The names that a trellis gives to its body.
    pub(super) fn name(&self, name: &str) -> Option<Value> {
        match name {
            "layer" => Some(Value::int(self.layer as i64 + 1)),
            "move" => {
                let word = match (self.source_scale()?, self.scale) {
                    (Scale::Down(from), Scale::Down(to)) if from < to => "down",
                    (Scale::Down(from), Scale::Down(to)) if from > to => "up",
                    _ => "stay",
                };
                Some(Value::Label(word.into()))
            }
            _ => None,
        }
    }

    /// The scale that the arrow comes from; nothing outside an arrow's expression.
    fn source_scale(&self) -> Option<Scale> {
        let from = self.from?;
        match self.layer.checked_sub(1) {
            Some(before) => self.trellis.nodes.get(before)?.get(from).map(|(s, _)| *s),
            None => match self.trellis.stems.last() {
                Some(Value::Map(m)) => Some(m.ty.scale),
                _ => None,
            },
        }
    }
}

/// An arrow that enters a node: position of its source in the layer before, its map, and the
/// gate that opens it, where the path is open.
type Incoming = (usize, Value, Option<Gate>);

impl Evaluator<'_> {
    pub(super) fn trellis(
        &mut self,
        trellis: &Trellis,
        stems: Vec<Value>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let path = match self.eval(&trellis.along, f)? {
            Value::Path(path) => path,
            other => self.closed_path(&other, trellis.along.span)?,
        };
        if stems.is_empty() {
            return self.reported();
        }
        let instance = self.sites.instance(&f.instance);
        self.sites.lanes.insert(instance, PathValue::clone(&path));
        let mut lane = Rc::new(Lane { path: Rc::clone(&path), stems, nodes: Vec::new() });
        for layer in 0..path.layers() {
            let mut nodes = Vec::new();
            for scale in path.scales_at(layer) {
                let value = self.trellis_node(trellis, &lane, layer, scale, at, f)?;
                nodes.push((scale, value));
            }
            let mut next = nodes_of(&lane);
            next.push(nodes);
            lane = Rc::new(Lane { path: Rc::clone(&path), stems: lane.stems.clone(), nodes: next });
        }
        Ok(Value::Trellis(Rc::new(Grid { path, nodes: nodes_of(&lane) })))
    }

    /// A list of scales as a path.
    fn closed_path(&mut self, value: &Value, at: Span) -> Eval<Rc<PathValue>> {
        let mut scales = Vec::new();
        for item in self.items(value, at)? {
            match item {
                Value::Scale(s) => scales.push(s),
                other => return self.expected("a path: scales such as `[/4, /8]`", &other, at),
            }
        }
        Ok(Rc::new(PathValue::Closed(scales)))
    }

    /// One node: its body, then its arrows.
    fn trellis_node(
        &mut self,
        trellis: &Trellis,
        lane: &Rc<Lane>,
        layer: usize,
        scale: Scale,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let outer = (f.scope, f.vars.clone(), f.place.take(), f.label.clone());
        let divisor = match scale {
            Scale::Down(n) => n,
            Scale::Global => 0,
        };
        f.scope = self.build.scope(outer.0, &format!("l{}_s{divisor}", layer + 1));
        f.label = format!("l{}_s{divisor}", layer + 1).into();
        f.indices.extend([layer as i64 + 1, i64::from(divisor)]);
        f.vars.insert(trellis.scale.value.as_str().into(), Value::Scale(scale));
        f.place = Some(Place { trellis: Rc::clone(lane), layer, scale, from: None });
        let mut failed = None;
        self.statements(&trellis.body, f, &mut Default::default(), &mut failed);
        let value = match failed {
            Some(reported) => Err(reported),
            None => self.arrows(trellis, lane, layer, scale, at, f),
        };
        f.indices.truncate(f.indices.len() - 2);
        (f.scope, f.vars, f.place, f.label) = outer;
        value
    }

    fn arrows(
        &mut self,
        trellis: &Trellis,
        lane: &Rc<Lane>,
        layer: usize,
        scale: Scale,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let incoming = lane.incoming(layer, scale);
        let arrow = &trellis.arrow;
        if !arrow.per_arrow {
            let sources = incoming.into_iter().map(|(_, v, g)| (g, v)).collect();
            let x = self.join_maybe(sources, arrow.span)?;
            return self.arrow_value(arrow, x, f);
        }
        let node_scope = f.scope;
        let several = incoming.len() > 1;
        let mut results = Vec::new();
        for (from, x, gate) in incoming {
            if let Some(place) = &mut f.place {
                place.from = Some(from);
            }
            if several {
                let word = f.place.as_ref().and_then(|p| p.name("move"));
                let word = word.map_or_else(|| format!("from{from}"), |w| w.show());
                f.scope = self.build.scope(node_scope, &word);
            }
            f.indices.push(from as i64);
            let value = self.arrow_value(arrow, x, f);
            f.indices.pop();
            f.scope = node_scope;
            results.push((gate, value?));
        }
        let joined = self.join_maybe(results, at)?;
        let Value::Varied(terms) = &joined else { return Ok(joined) };
        // Where all arrows vary with one other choice, the node does.
        if !terms.iter().any(|(gate, _)| matches!(gate, Gate::Arrow { .. })) {
            return Ok(joined);
        }
        let types: Vec<String> = terms.iter().map(|(_, v)| v.show()).collect();
        self.fail(
            Diag::new("E0415", format!("arrows into {scale} differ in type"))
                .label(arrow.value.span, types.join(", "))
                .help("bring each to one width and scale: `x > fit(C, s)`"),
        )
    }

    /// An arrow's expression over a map.
    fn arrow_value(&mut self, arrow: &Arrow, x: Value, f: &mut Frame) -> Eval<Value> {
        f.vars.insert(arrow.map.value.as_str().into(), x);
        let value = self.eval(&arrow.value, f)?;
        self.map_of(value, arrow.value.span, f)
    }

    /// Joins values whose gates may be missing: then there is just one.
    fn join_maybe(&mut self, terms: Vec<(Option<Gate>, Value)>, at: Span) -> Eval<Value> {
        let gated: Option<Vec<(Gate, Value)>> =
            terms.iter().map(|(g, v)| g.map(|g| (g, v.clone()))).collect();
        match gated {
            Some(gated) => self.join(gated, at),
            None => terms.into_iter().next().map(|(_, v)| v).ok_or(Reported),
        }
    }

    /// `same(n)` and `back(n)`.
    pub(super) fn steps_back(
        &mut self,
        name: &str,
        args: &[Argument],
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let [argument] = args else {
            return self.fail(
                Diag::new("E0403", format!("`{name}` takes 1 argument, got {}", args.len()))
                    .label(at, "how many layers back?")
                    .help(format!("`{name}(2)`")),
            );
        };
        let n = self.whole(&argument.value, f)?;
        let Some(place) = f.place.clone().filter(|_| (1..=64).contains(&n)) else {
            return self.expected("a number of layers from 1 to 64", &Value::int(n), at);
        };
        let value = match name {
            "same" => place.trellis.same(place.layer, place.scale, n as usize),
            _ => match place.from {
                Some(from) => place.trellis.back(place.layer, from, n as usize),
                None => {
                    return self.fail(
                        Diag::new("E0216", "`back` has no meaning here")
                            .label(at, "outside an arrow")
                            .help("only `per arrow x -> …` knows where the path came from"),
                    );
                }
            },
        };
        self.look(value, at)
    }

    /// Gated values as one.
    fn look(&mut self, found: Look, at: Span) -> Eval<Value> {
        match found {
            Look::Value(value) => Ok(value),
            Look::Gated(terms) => {
                let terms = terms
                    .into_iter()
                    .map(|(g, v)| Ok((g, self.look(v, at)?)))
                    .collect::<Eval<Vec<_>>>()?;
                self.join(terms, at)
            }
        }
    }

    /// `exit` and `layer` of what a trellis left.
    pub(super) fn grid_field(&mut self, grid: &Grid, name: &Name, at: Span) -> Eval<Value> {
        match name.value.as_str() {
            "exit" => {
                let last = grid.nodes.last().map(Vec::as_slice).unwrap_or_default();
                match &*grid.path {
                    PathValue::Closed(_) => match last.first() {
                        Some((_, value)) => Ok(value.clone()),
                        None => Ok(Value::Absent),
                    },
                    PathValue::Open(of, lattice) => {
                        let gate = |s: &Scale| Gate::Exit { of: *of, at: scale_index(lattice, *s) };
                        let exits: Vec<(Gate, Value)> = last
                            .iter()
                            .filter(|(s, _)| lattice.exits.contains(&scale_index(lattice, *s)))
                            .map(|(s, v)| (gate(s), v.clone()))
                            .collect();
                        self.join(exits, at)
                    }
                }
            }
            "last" => self.expected("`last(/s)` with a scale", &Value::Label("last".into()), at),
            other => self.fail(
                Diag::new("E0406", format!("a trellis has no result `{other}`"))
                    .label(name.span, "not offered")
                    .help("it offers `exit` and `last(/s)`"),
            ),
        }
    }

    /// The last map of a path at a scale.
    pub(super) fn last_at(&mut self, grid: &Grid, args: &[(Value, Span)], at: Span) -> Eval<Value> {
        let [(Value::Scale(scale), _)] = args else {
            return self.expected("`last(/s)` with a scale", &Value::Label("last".into()), at);
        };
        let mut found = Vec::new();
        for (layer, nodes) in grid.nodes.iter().enumerate() {
            for (_, value) in nodes.iter().filter(|(s, _)| s == scale) {
                found.push((layer, value.clone()));
            }
        }
        match &*grid.path {
            PathValue::Closed(_) => Ok(found.pop().map_or(Value::Absent, |(_, v)| v)),
            PathValue::Open(of, lattice) => {
                let s = scale_index(lattice, *scale);
                let can_end = |layer: usize| lattice.can_leave_for_good(layer, s);
                let terms: Vec<(Gate, Value)> = found
                    .into_iter()
                    .filter(|(layer, _)| can_end(*layer))
                    .map(|(layer, v)| (Gate::Last { of: *of, layer: layer as u8, at: s }, v))
                    .collect();
                self.join(terms, at)
            }
        }
    }
}

/// A value, or several behind gates.
enum Look {
    Value(Value),
    Gated(Vec<(Gate, Look)>),
}

impl Lane {
    /// The map `n` layers before the first one: 0 is the newest.
    fn stem(&self, n: usize) -> Value {
        let at = self.stems.len().checked_sub(n + 1);
        at.and_then(|at| self.stems.get(at)).cloned().unwrap_or(Value::Absent)
    }

    /// The node `n` layers back at the same scale, which the path may not have passed.
    fn same(&self, layer: usize, scale: Scale, n: usize) -> Look {
        let Some(before) = layer.checked_sub(n) else {
            let stem = self.stem(n - layer - 1);
            let fits = matches!(&stem, Value::Map(Map { ty, .. }) if ty.scale == scale);
            return Look::Value(if fits { stem } else { Value::Absent });
        };
        let node = self.nodes[before].iter().find(|(s, _)| *s == scale);
        match (&*self.path, node) {
            (_, None) => Look::Value(Value::Absent),
            (PathValue::Closed(_), Some((_, value))) => Look::Value(value.clone()),
            (PathValue::Open(of, lattice), Some((_, value))) => {
                let at = scale_index(lattice, scale);
                let gate = Gate::Visit { of: *of, layer: before as u8, at };
                Look::Gated(vec![(gate, Look::Value(value.clone()))])
            }
        }
    }

    /// The map `n` steps back on the path, seen from an arrow that comes from `from`.
    fn back(&self, layer: usize, from: usize, n: usize) -> Look {
        let Some(before) = layer.checked_sub(1) else {
            return Look::Value(self.stem(n - 1));
        };
        let Some((scale, value)) = self.nodes[before].get(from) else {
            return Look::Value(Value::Absent);
        };
        if n == 1 {
            return Look::Value(value.clone());
        }
        let incoming = self.incoming(before, *scale);
        let mut gated = Vec::new();
        for (source, _, gate) in incoming {
            let further = self.back(before, source, n - 1);
            match gate {
                Some(gate) => gated.push((gate, further)),
                None => return further,
            }
        }
        Look::Gated(gated)
    }

    /// The arrows that enter a node.
    fn incoming(&self, layer: usize, scale: Scale) -> Vec<Incoming> {
        let gate = |from: Option<Scale>| match &*self.path {
            PathValue::Closed(_) => None,
            PathValue::Open(of, lattice) => Some(Gate::Arrow {
                of: *of,
                layer: layer as u8,
                from: from.map(|s| scale_index(lattice, s)),
                to: scale_index(lattice, scale),
            }),
        };
        let Some(before) = layer.checked_sub(1) else {
            return vec![(0, self.stem(0), gate(None))];
        };
        let reaches = |from: Scale| match &*self.path {
            PathValue::Closed(_) => true,
            PathValue::Open(_, lattice) => {
                lattice.allows(scale_index(lattice, from), scale_index(lattice, scale))
            }
        };
        let sources = self.nodes[before].iter().enumerate().filter(|(_, (s, _))| reaches(*s));
        sources.map(|(i, (s, v))| (i, v.clone(), gate(Some(*s)))).collect()
    }
}

impl PathValue {
    fn layers(&self) -> usize {
        match self {
            PathValue::Open(_, lattice) => lattice.layers as usize,
            PathValue::Closed(scales) => scales.len(),
        }
    }

    /// The scales that a path may have at a layer, finest first.
    fn scales_at(&self, layer: usize) -> Vec<Scale> {
        match self {
            PathValue::Closed(scales) => scales.get(layer).copied().into_iter().collect(),
            PathValue::Open(_, lattice) => {
                let passable = lattice.passable();
                let here = passable.get(layer).map(Vec::as_slice).unwrap_or_default();
                let all = lattice.scales.iter().zip(here);
                all.filter(|(_, p)| **p).map(|(s, _)| *s).collect()
            }
        }
    }
}

fn nodes_of(lane: &Lane) -> Vec<Vec<(Scale, Value)>> {
    lane.nodes.clone()
}

fn scale_index(lattice: &Lattice, scale: Scale) -> u8 {
    lattice.scales.iter().position(|s| *s == scale).unwrap_or(0) as u8
}
