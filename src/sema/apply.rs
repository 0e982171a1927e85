//! Calls and applications: configuration is bound, maps are read, decisions and weights are
//! taken from the right place.

use super::builtin::{Builtin, Reads};
use super::eval::{Eval, Evaluator, with_stack};
use super::frame::{Counters, Frame};
use super::module::{ItemRef, ModuleId, declared_name};
use super::text::{scope_word, scope_words};
use super::value::{Design, DesignKind, Map, Value};
use crate::diag::Diag;
use crate::ir::decision::{Domain, Gate};
use crate::ir::graph::ScopeId;
use crate::maps::{HashMap, HashSet};
use crate::source::Span;
use crate::syntax::ast::*;
use std::rc::Rc;

/// Applications may nest this deep.
pub(super) const DEEPEST: usize = 64;

impl Evaluator<'_> {
    /// Applies a design to maps.
    pub(super) fn apply(
        &mut self,
        design: &Value,
        maps: Vec<Value>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        if matches!(design, Value::Same) && maps.len() == 1 {
            return Ok(maps.into_iter().next().unwrap_or(Value::Absent));
        }
        if let Value::Varied(terms) = design {
            return self.apply_varied(terms, &maps, at, f);
        }
        let Value::Design(d) = design else {
            let help = match design {
                Value::Opset(_) => "`x via ops` reads `x` through one of its operators",
                _ => "apply an operator, a cell or a head: `x > relu`",
            };
            let text = format!("{}, but an operator is needed", self.in_words(design, at));
            let diag = Diag::new("E0202", text).label(at, "cannot be applied to a map");
            return self.fail(diag.help(help));
        };
        if let Some(gates) = design.first_gates() {
            return self.each_gate(&gates, at, |this, g| {
                let maps = maps.iter().map(|m| m.under(g)).collect();
                this.apply(&design.under(g), maps, at, f)
            });
        }
        if let DesignKind::Item(item) = &d.kind {
            return self.apply_item(item, d, maps, at, f);
        }
        let Some(scope) = d.tied else { return self.apply_kernels(d, maps, at, f) };
        // Names are counted anew, so that each application finds the same weights.
        let outer = (std::mem::replace(&mut f.scope, scope), std::mem::take(&mut f.counters));
        let value = self.apply_kernels(d, maps, at, f);
        (f.scope, f.counters) = outer;
        value
    }

    fn apply_kernels(
        &mut self,
        d: &Design,
        maps: Vec<Value>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        match &d.kind {
            DesignKind::Chain(parts) => self.apply_chain(parts, maps, at, f),
            DesignKind::Builtin(b) => self.apply_builtin(b, d, maps, at, f),
            DesignKind::Item(item) => self.apply_item(item, d, maps, at, f),
        }
    }

    /// Each alternative in a scope of its own, then joined.
    fn apply_varied(
        &mut self,
        terms: &[(Gate, Value)],
        maps: &[Value],
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let outer = f.scope;
        let mut out = Vec::new();
        for (i, (gate, design)) in terms.iter().enumerate() {
            let label = self.gate_label(gate, i);
            f.scope = self.build.scope(outer, &label);
            let maps = maps.iter().map(|m| m.under(gate)).collect();
            let value = self.assuming(gate, |this| this.apply(design, maps, at, f));
            f.scope = outer;
            out.push((*gate, value?));
        }
        self.join(out, at)
    }

    /// A word for an alternative, for scopes.
    pub(super) fn gate_label(&self, gate: &Gate, i: usize) -> String {
        if let Gate::Alt { of, alt } = gate
            && let Domain::One(labels) = &self.sites.decisions[of.index()].domain
            && let Some(label) = labels.get(*alt as usize)
        {
            let word = scope_word(label);
            return if word == *label {
                word
            } else {
                scope_words(labels.iter()).swap_remove(*alt as usize)
            };
        }
        format!("alt{i}")
    }

    fn apply_chain(
        &mut self,
        parts: &[Value],
        maps: Vec<Value>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let mut value = match maps.len() {
            1 => maps.into_iter().next().unwrap_or(Value::Absent),
            n => {
                return self.fail(
                    Diag::new("E0403", format!("a chain of operators takes 1 map, got {n}"))
                        .label(at, "applied here")
                        .help("join them first: `sum(a, b) > …` or `concat(a, b) > …`"),
                );
            }
        };
        for part in parts {
            value = self.apply(part, vec![value], at, f)?;
        }
        Ok(value)
    }

    /// Runs something once per type where a map is varied, and joins the results.
    pub(super) fn per_type(
        &mut self,
        maps: &[Value],
        at: Span,
        mut run: impl FnMut(&mut Self, Vec<Value>) -> Eval<Value>,
    ) -> Eval<Value> {
        match maps.iter().find_map(Value::first_gates) {
            None if maps.iter().any(Value::has_cases) => self.each_case(maps, at, run),
            None => run(self, maps.to_vec()),
            Some(gates) => self.each_gate(&gates, at, |this, g| {
                let maps: Vec<Value> = maps.iter().map(|m| m.under(g)).collect();
                match maps.iter().any(Value::has_cases) {
                    true => this.per_type(
                        &maps,
                        at,
                        &mut run as &mut dyn FnMut(&mut Self, Vec<Value>) -> Eval<Value>,
                    ),
                    false => run(this, maps),
                }
            }),
        }
    }

    fn apply_builtin(
        &mut self,
        b: &'static Builtin,
        d: &Design,
        maps: Vec<Value>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        self.check_size(at)?;
        if b.reads == Reads::Many {
            return match d.config.iter().find(|(name, ..)| **name == *"like") {
                Some((_, like, _)) => self.sum_like(maps, &like.clone(), at, f),
                None => self.many(b.name, maps, at, f),
            };
        }
        self.check_reads(b, maps.len(), at)?;
        let mut resolved = Vec::new();
        for map in maps {
            resolved.push(self.map_of(map, at, f)?);
        }
        if resolved.iter().any(|map| map.is_varied() || map.has_cases()) {
            let outer = f.scope;
            let base = f.unique(b.name);
            let mut n = 0;
            return self.per_type(&resolved, at, |this, maps| {
                n += 1;
                f.scope = this.build.scope(outer, &format!("{base}_{n}"));
                let value = this.apply_builtin(b, d, maps, at, f);
                f.scope = outer;
                value
            });
        }
        if resolved.iter().any(|m| matches!(m, Value::Absent)) {
            return Ok(Value::Absent);
        }
        let map = |v: &Value| match v {
            Value::Map(m) => Some(*m),
            _ => None,
        };
        let maps: Vec<Map> = resolved.iter().filter_map(map).collect();
        self.kernel(b, d, &maps, at, f)
    }

    /// A kernel reads one map or two.
    fn check_reads(&mut self, b: &Builtin, got: usize, at: Span) -> Eval<()> {
        let (wanted, s) = match b.reads {
            Reads::One => (1, ""),
            Reads::Two | Reads::Many => (2, "s"),
        };
        if got == wanted {
            return Ok(());
        }
        let help = match b.reads {
            Reads::One => format!("join them first: `sum(a, b) > {}`", b.name),
            Reads::Two | Reads::Many => format!("`{}(a, b)`", b.name),
        };
        self.fail(
            Diag::new("E0403", format!("`{}` takes {wanted} input{s}, got {got}", b.name))
                .label(at, "applied here")
                .help(help),
        )
    }

    /// A value as a map: open operators are decided, picks of one type are summed.
    pub(super) fn map_of(&mut self, value: Value, at: Span, f: &mut Frame) -> Eval<Value> {
        match value {
            Value::Map(_) | Value::Absent | Value::Varied(_) | Value::Cases(_) => Ok(value),
            Value::Via(via) => {
                let value = self.via(&via, f)?;
                self.map_of(value, at, f)
            }
            Value::Picks(picks) if picks.k == 1 => self.picks_sum(&picks, f),
            Value::Record(fields) if fields.len() == 1 => match fields.values().next() {
                Some(only) => self.map_of(only.clone(), at, f),
                None => Err(super::eval::Reported),
            },
            Value::List(items) if items.len() == 1 => self.map_of(items[0].clone(), at, f),
            Value::Poison => Err(super::eval::Reported),
            other if !other.is_map_like() => self.expected("a map", &other, at),
            other => {
                let kind = other.kind();
                self.fail(
                    Diag::new("E0414", format!("expected one map, found {kind}"))
                        .label(at, "read here")
                        .help("join several with `sum(…)` or `concat(…)`"),
                )
            }
        }
    }

    fn apply_item(
        &mut self,
        item: &ItemRef,
        d: &Design,
        maps: Vec<Value>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        self.check_nesting(item, at)?;
        self.check_size(at)?;
        let is_op = matches!(item.item().kind, ItemKind::Op(_));
        let mut resolved = Vec::new();
        for map in maps {
            resolved.push(match map {
                Value::Picks(ref p) if is_op || p.k == 1 => self.map_of(map, at, f)?,
                other => self.settled(other, at, f)?,
            });
        }
        if d.tied.is_none() && resolved.iter().any(Value::has_cases) {
            return self.apply_cases(item, d, resolved, at, f);
        }
        let outer = match d.tied {
            Some(scope) => scope,
            None => {
                let (name, turn) = (f.unique(item.name()), f.take_turn());
                self.build.scope_at(f.scope, &name, turn)
            }
        };
        let memo = self.memo_key(item, d, &resolved);
        if let Some(key) = &memo
            && let Some(value) = self.recall(key, d.instance.as_ref(), &resolved, outer, at)
        {
            return Ok(value);
        }
        let recording = self.record(memo, &resolved, outer);
        let value = with_stack(|| self.expand(item, d, &resolved, outer, at, f));
        if let Some(recording) = recording {
            self.recorded(recording, value.as_ref().ok(), d, outer, at);
        }
        value
    }

    /// An application for each combination of types: one instance, so that all take the same
    /// decisions.
    fn apply_cases(
        &mut self,
        item: &ItemRef,
        d: &Design,
        maps: Vec<Value>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let mut d = d.clone();
        if d.instance.is_none() {
            let label = instance_label(f, item.name());
            d.instance = Some(self.instance(f, at, &label, &d));
        }
        self.each_case(&maps, at, |this, maps| this.apply_item(item, &d, maps, at, f))
    }

    /// Definitions neither contain themselves nor nest without end.
    fn check_nesting(&mut self, item: &ItemRef, at: Span) -> Eval<()> {
        let key = item.key();
        if let Some(start) = self.stack.iter().position(|(k, _)| *k == key) {
            return self.contains_itself(item, start, at);
        }
        if self.stack.len() < DEEPEST {
            return Ok(());
        }
        self.fail(
            Diag::new("E0207", format!("definitions nest deeper than {DEEPEST} levels"))
                .label(at, "too deep here")
                .help("merge some of the definitions around it"),
        )
    }

    /// Evaluates an item's body.
    fn expand(
        &mut self,
        item: &ItemRef,
        d: &Design,
        maps: &[Value],
        outer: ScopeId,
        at: Span,
        f: &Frame,
    ) -> Eval<Value> {
        let instance = d.instance.clone().unwrap_or_else(|| {
            let label = instance_label(f, item.name());
            self.instance(f, at, &label, d)
        });
        let kind = &item.item().kind;
        self.stack.push((item.key(), at));
        self.applied(item.key());
        let mut n = 0;
        let value = self.per_type(maps, at, |this, maps| {
            n += 1;
            let scope = match n {
                1 => outer,
                n => this.build.scope(outer, &format!("type{n}")),
            };
            // Defaults of an operator's configuration may speak of what it reads.
            let it = maps.first().filter(|_| matches!(kind, ItemKind::Op(_))).cloned();
            let mut inner = Frame {
                module: item.module,
                vars: Default::default(),
                it,
                instance: Rc::clone(&instance),
                indices: Vec::new(),
                scope,
                counters: Counters::default(),
                label: "".into(),
                place: None,
                offered: HashMap::default(),
                read: HashSet::default(),
            };
            this.given_applied(&inner);
            this.bind_config(item, d, at, &mut inner)?;
            this.run_item(kind, maps, at, &mut inner)
        });
        self.stack.pop();
        value
    }

    fn run_item(
        &mut self,
        kind: &ItemKind,
        maps: Vec<Value>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        match kind {
            ItemKind::Op(op) => self.run_op(op, maps, at, f),
            ItemKind::Definition(def) => {
                self.bind_maps(&def.name, &def.maps, maps, at, f)?;
                self.body(&def.body, f)
            }
            // The pass over names says what is wrong with it.
            ItemKind::Trellis(trellis) if trellis.maps.is_empty() => self.reported(),
            ItemKind::Trellis(trellis) => {
                let stems = maps.clone();
                self.bind_maps(&trellis.name, &trellis.maps, maps, at, f)?;
                self.trellis(trellis, stems, at, f)
            }
            _ => Err(super::eval::Reported),
        }
    }

    fn run_op(&mut self, op: &Op, maps: Vec<Value>, at: Span, f: &mut Frame) -> Eval<Value> {
        let [input] = maps.as_slice() else {
            let name = &op.name.value;
            return self.fail(
                Diag::new("E0403", format!("`{name}` takes 1 input, got {}", maps.len()))
                    .label(at, "applied here")
                    .label(op.name.span, "declared here")
                    .help(format!("join them first: `sum(a, b) > {name}`")),
            );
        };
        f.it = Some(input.clone());
        if matches!(input, Value::Absent) {
            return Ok(Value::Absent);
        }
        let value = self.eval(&op.body, f)?;
        match value {
            Value::Design(_) | Value::Same => self.apply(&value, maps, at, f),
            Value::Varied(ref terms) if !terms.iter().all(|(_, v)| v.is_map_like()) => {
                self.apply(&value, maps, at, f)
            }
            value if value.is_map_like() => self.map_of(value, at, f),
            other => self.expected("a map or operators", &other, op.body.span),
        }
    }

    fn contains_itself<T>(&mut self, item: &ItemRef, start: usize, at: Span) -> Eval<T> {
        let name = |(module, index): (ModuleId, usize)| {
            let item = self.program.module(module).ast.items.get(index);
            item.and_then(|i| declared_name(&i.kind))
        };
        let around: Vec<&Name> =
            self.stack[start..].iter().filter_map(|(key, _)| name(*key)).collect();
        let path: Vec<&str> = around.iter().map(|n| n.value.as_str()).collect();
        let mut diag = Diag::new("E0207", format!("`{}` contains itself", item.name()))
            .label(at, format!("{} → {}", path.join(" → "), item.name()))
            .help("definitions expand fully; repeat with `for` or `(…) * n`");
        for (n, name) in around.iter().enumerate() {
            let next = path.get(n + 1).copied().unwrap_or(item.name());
            diag = diag.label(name.span, format!("applies `{next}`"));
        }
        self.fail(diag)
    }

    /// Guards against spaces that expand past what any machine could hold.
    pub(super) fn check_size(&mut self, at: Span) -> Eval<()> {
        const KERNELS: usize = 2_000_000;
        const TURNS: usize = 200_000;
        let text = if self.build.graph.graph.node_count() > KERNELS {
            format!("the network expands to more than {KERNELS} kernels")
        } else if self.turns > TURNS {
            format!("loops take more than {TURNS} turns")
        } else {
            return Ok(());
        };
        if std::mem::replace(&mut self.exhausted, true) {
            return self.reported();
        }
        self.fail(
            Diag::new("E0317", text)
                .label(at, "while this was expanded")
                .help("lower the numbers of layers, blocks or repetitions"),
        )
    }
}

/// What an instance that is made in passing is called: after the statement that names it, or
/// after its definition.
pub(super) fn instance_label(f: &Frame, definition: &str) -> Rc<str> {
    match &*f.label {
        "" | "out" => definition.into(),
        _ => f.label.clone(),
    }
}
