//! Calls and applications: configuration is bound, maps are read, decisions and weights are
//! taken from the right place.

use super::builtin::{Builtin, FUNCTIONS, Reads};
use super::eval::{Eval, Evaluator};
use super::frame::Frame;
use super::module::ItemRef;
use super::value::{Design, DesignKind, Map, Opset, OpsetEntry, Value};
use crate::diag::{Diag, did_you_mean};
use crate::ir::graph::ScopeId;
use crate::ir::kernel::Kernel;
use crate::source::Span;
use crate::syntax::ast::*;
use std::collections::HashMap;
use std::rc::Rc;

/// Arguments of a call, evaluated.
type Args = Vec<(Option<Name>, Value, Span)>;

/// Applications may nest this deep.
pub(super) const DEEPEST: usize = 64;

impl Evaluator<'_> {
    pub(super) fn call(
        &mut self,
        at: Span,
        callee: &Expr,
        args: &[Argument],
        f: &mut Frame,
    ) -> Eval<Value> {
        if let Some(value) = self.special_call(callee, args, at, f) {
            return value;
        }
        let target = self.eval(callee, f)?;
        let values = self.arguments(args, f)?;
        let target = match target {
            Value::Opset(opset) => Value::Opset(Rc::new(with_text(&opset, args))),
            other => other,
        };
        self.call_value(target, values, callee.span, at, f)
    }

    fn arguments(&mut self, args: &[Argument], f: &mut Frame) -> Eval<Args> {
        args.iter().map(|a| Ok((a.name.clone(), self.eval(&a.value, f)?, a.value.span))).collect()
    }

    /// Functions of plain values, and what only a trellis offers.
    fn special_call(
        &mut self,
        callee: &Expr,
        args: &[Argument],
        at: Span,
        f: &mut Frame,
    ) -> Option<Eval<Value>> {
        match &*callee.kind {
            ExprKind::Name(name) if f.place.is_some() && (name == "same" || name == "back") => {
                Some(self.steps_back(name, args, at, f))
            }
            ExprKind::Name(name) if FUNCTIONS.contains(&name.as_str()) => {
                Some(self.arguments(args, f).and_then(|args| self.function(name, args, at)))
            }
            ExprKind::Field(x, name) if name.value == "last" => match self.eval(x, f) {
                Ok(Value::Trellis(grid)) => Some(self.arguments(args, f).and_then(|a| {
                    let scales: Vec<_> = a.into_iter().map(|(_, v, s)| (v, s)).collect();
                    self.last_at(&grid, &scales, at)
                })),
                Ok(_) => None,
                Err(e) => Some(Err(e)),
            },
            _ => None,
        }
    }

    fn function(&mut self, name: &str, args: Args, at: Span) -> Eval<Value> {
        if let Some(gates) = args.iter().find_map(|(_, v, _)| v.first_gates()) {
            return self.each_gate(&gates, at, |this, g| {
                let args = args.iter().map(|(n, v, s)| (n.clone(), v.under(g), *s)).collect();
                this.function(name, args, at)
            });
        }
        let values: Vec<&Value> = args.iter().map(|(_, v, _)| v).collect();
        match (name, values.as_slice()) {
            ("len", [list]) => Ok(Value::int(self.items(list, at)?.len() as i64)),
            ("floor" | "ceil", [x]) => match x.as_ratio() {
                Some(r) => Ok(Value::Num(if name == "floor" { r.floor() } else { r.ceil() })),
                None => self.expected("a number", x, at),
            },
            ("min" | "max", [_, ..]) => {
                // The value itself comes back, so that the smaller of two scales is a scale.
                let mut numbers = Vec::new();
                for value in values {
                    match value.as_ratio() {
                        Some(n) => numbers.push((n, value)),
                        None => return self.expected("a number", value, at),
                    }
                }
                let best = match name {
                    "min" => numbers.into_iter().min_by_key(|(n, _)| *n),
                    _ => numbers.into_iter().max_by_key(|(n, _)| *n),
                };
                Ok(best.map_or(Value::Poison, |(_, v)| v.clone()))
            }
            _ => self.fail(
                Diag::new("E0403", format!("`{name}` cannot take {} arguments", args.len()))
                    .label(at, "here"),
            ),
        }
    }

    fn call_value(
        &mut self,
        target: Value,
        args: Args,
        callee: Span,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        match target {
            Value::Varied(terms) => {
                let gates: Vec<_> = terms.iter().map(|(g, _)| *g).collect();
                self.each_gate(&gates, at, |this, g| {
                    let target = Value::Varied(Rc::clone(&terms)).under(g);
                    let args = args.iter().map(|(n, v, s)| (n.clone(), v.under(g), *s)).collect();
                    this.call_value(target, args, callee, at, f)
                })
            }
            Value::Opset(opset) => {
                let entries = opset
                    .entries
                    .iter()
                    .map(|e| {
                        let value =
                            self.call_value(e.value.clone(), args.clone(), callee, at, f)?;
                        Ok(OpsetEntry { label: e.label.clone(), value, text: e.text.clone() })
                    })
                    .collect::<Eval<Vec<_>>>()?;
                Ok(Value::Opset(Rc::new(Opset { name: opset.name.clone(), entries })))
            }
            Value::Design(d) => self.call_design(&d, args, at, f),
            other => self.fail(
                Diag::new("E0202", format!("{} cannot be called", other.kind()))
                    .label(callee, "not an operator, a cell or a trellis"),
            ),
        }
    }

    /// Maps among the positional arguments make it an application; otherwise configuration is
    /// bound, and a bare definition gets decisions of its own.
    fn call_design(&mut self, d: &Rc<Design>, args: Args, at: Span, f: &mut Frame) -> Eval<Value> {
        let applies = args.iter().any(|(n, v, _)| n.is_none() && v.is_map_like());
        let mut design = Design::clone(d);
        let mut maps = Vec::new();
        let params = self.parameters(&design);
        let mut next = 0;
        for (name, value, span) in args {
            match name {
                Some(name) => self.configure(&mut design, &params, &name, value, span)?,
                None if applies => maps.push(value),
                None => {
                    let taken = |p: &str| design.config.iter().any(|(n, _, _)| **n == *p);
                    while params.get(next).is_some_and(|p| taken(p)) {
                        next += 1;
                    }
                    let Some(param) = params.get(next) else {
                        return self.too_many(&design, params.len(), span);
                    };
                    design.config.push((param.as_str().into(), value, span));
                }
            }
        }
        if design.instance.is_none() && !matches!(design.kind, DesignKind::Builtin(_)) {
            let label = instance_label(f, d.name());
            design.instance = Some(self.instance(f, at, &label, &design.kind));
        }
        let design = Value::Design(Rc::new(design));
        if applies { self.apply(&design, maps, at, f) } else { Ok(design) }
    }

    fn too_many<T>(&mut self, design: &Design, most: usize, at: Span) -> Eval<T> {
        self.fail(
            Diag::new("E0403", format!("`{}` takes {most} arguments", design.name()))
                .label(at, "one too many"),
        )
    }

    /// Names of the configuration of a design.
    fn parameters(&self, design: &Design) -> Vec<String> {
        match &design.kind {
            DesignKind::Builtin(b) => b.params.iter().map(|p| p.to_string()).collect(),
            DesignKind::Item(item) => {
                config_of(item).iter().map(|p| p.name.value.clone()).collect()
            }
            DesignKind::Chain(_) => Vec::new(),
        }
    }

    fn configure(
        &mut self,
        design: &mut Design,
        params: &[String],
        name: &Name,
        value: Value,
        at: Span,
    ) -> Eval<()> {
        if !params.contains(&name.value) {
            let near = did_you_mean(&name.value, params.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if params.is_empty() => "it takes no arguments".to_string(),
                None => format!("it takes {}", params.join(", ")),
            };
            let text = format!("`{}` has no argument `{}`", design.name(), name.value);
            return self.fail(Diag::new("E0208", text).label(name.span, "not known").help(help));
        }
        design.config.retain(|(n, _, _)| **n != *name.value);
        design.config.push((name.value.as_str().into(), value, at));
        Ok(())
    }

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
            return self.fail(
                Diag::new("E0202", format!("{} cannot be applied to a map", design.kind()))
                    .label(at, "expected an operator, a cell, a head, …"),
            );
        };
        if let Some(gates) = design.first_gates() {
            return self.each_gate(&gates, at, |this, g| {
                let maps = maps.iter().map(|m| m.under(g)).collect();
                this.apply(&design.under(g), maps, at, f)
            });
        }
        match &d.kind {
            DesignKind::Chain(parts) => self.apply_chain(parts, maps, at, f),
            DesignKind::Builtin(b) => self.apply_builtin(b, d, maps, at, f),
            DesignKind::Item(item) => self.apply_item(item, d, maps, at, f),
        }
    }

    /// Each alternative in a scope of its own, then joined.
    fn apply_varied(
        &mut self,
        terms: &[(crate::ir::decision::Gate, Value)],
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
            let value = self.apply(design, maps, at, f);
            f.scope = outer;
            out.push((*gate, value?));
        }
        self.join(out, at)
    }

    /// A word for an alternative, for scopes.
    fn gate_label(&self, gate: &crate::ir::decision::Gate, i: usize) -> String {
        use crate::ir::decision::{Domain, Gate};
        if let Gate::Alt { of, alt } = gate
            && let Domain::One(labels) = &self.sites.decisions[of.index()].domain
            && let Some(label) = labels.get(*alt as usize)
        {
            return super::choice::scope_word(label);
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
                        .label(at, "here"),
                );
            }
        };
        for part in parts {
            value = self.apply(part, vec![value], at, f)?;
        }
        Ok(value)
    }

    /// Runs something once per type where a map is varied, and joins the results.
    fn per_type(
        &mut self,
        maps: &[Value],
        at: Span,
        mut run: impl FnMut(&mut Self, Vec<Value>) -> Eval<Value>,
    ) -> Eval<Value> {
        match maps.iter().find_map(Value::first_gates) {
            None => run(self, maps.to_vec()),
            Some(gates) => self.each_gate(&gates, at, |this, g| {
                run(this, maps.iter().map(|m| m.under(g)).collect())
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
        if b.reads == Reads::Many {
            return self.many(b.name, maps, at, f);
        }
        let wanted = if b.reads == Reads::One { 1 } else { 2 };
        if maps.len() != wanted {
            return self.fail(
                Diag::new("E0403", format!("`{}` reads {wanted} map, got {}", b.name, maps.len()))
                    .label(at, "here"),
            );
        }
        let mut resolved = Vec::new();
        for map in maps {
            resolved.push(self.map_of(map, at, f)?);
        }
        if resolved.iter().any(Value::is_varied) {
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
        let maps: Vec<Map> = resolved
            .iter()
            .filter_map(|v| match v {
                Value::Map(m) => Some(*m),
                _ => None,
            })
            .collect();
        self.kernel(b, d, &maps, at, f)
    }

    /// A value as a map: open operators are decided, picks of one type are summed.
    pub(super) fn map_of(&mut self, value: Value, at: Span, f: &mut Frame) -> Eval<Value> {
        match value {
            Value::Map(_) | Value::Absent | Value::Varied(_) => Ok(value),
            Value::Via(via) => {
                let value = self.via(&via, f)?;
                self.map_of(value, at, f)
            }
            Value::Picks(picks) if picks.k == 1 => self.picks_sum(&picks, f),
            Value::Record(fields) if fields.len() == 1 => match fields.values().next() {
                Some(only) => self.map_of(only.clone(), at, f),
                None => Err(super::eval::Reported),
            },
            Value::Poison => Err(super::eval::Reported),
            other => {
                let kind = other.kind();
                self.fail(
                    Diag::new("E0404", format!("expected one map, found {kind}"))
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
        let key = item.key();
        if let Some(start) = self.stack.iter().position(|(k, _)| *k == key) {
            return self.contains_itself(item, start, at);
        }
        if self.stack.len() >= DEEPEST {
            return self.fail(
                Diag::new("E0207", format!("definitions nest deeper than {DEEPEST} levels"))
                    .label(at, "too deep here"),
            );
        }
        self.check_size(at)?;
        let is_op = matches!(item.item().kind, ItemKind::Op(_));
        let mut resolved = Vec::new();
        for map in maps {
            resolved.push(match map {
                Value::Via(_) => self.map_of(map, at, f)?,
                Value::Picks(ref p) if is_op || p.k == 1 => self.map_of(map, at, f)?,
                other => other,
            });
        }
        let outer = match d.tied {
            Some(scope) => scope,
            None => {
                let name = f.unique(item.name());
                self.build.scope(f.scope, &name)
            }
        };
        let mut memo = self.memo_key(item, d, &resolved);
        if let Some(key) = &mut memo
            && let Some(value) = self.recall(key, d.instance.as_ref(), &resolved, outer, at)
        {
            return Ok(value);
        }
        let recording = self.record(memo, &resolved, outer);
        let value = self.expand(item, d, &resolved, outer, at, f);
        if let Some(recording) = recording {
            self.recorded(recording, value.as_ref().ok(), d, outer, at);
        }
        value
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
        let instance = match &d.instance {
            Some(instance) => Rc::clone(instance),
            None => {
                let label = instance_label(f, item.name());
                self.instance(f, at, &label, &d.kind)
            }
        };
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
            let mut inner = Frame {
                module: item.module,
                vars: Default::default(),
                it: None,
                instance: Rc::clone(&instance),
                indices: Vec::new(),
                scope,
                counters: HashMap::new(),
                label: "".into(),
                place: None,
            };
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
            ItemKind::Op(op) => {
                let [input] = maps.as_slice() else {
                    return self.fail(
                        Diag::new(
                            "E0403",
                            format!("`{}` reads 1 map, got {}", op.name.value, maps.len()),
                        )
                        .label(at, "here")
                        .label(op.name.span, "declared here"),
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
            ItemKind::Definition(def) => {
                self.bind_maps(&def.name, &def.maps, maps, at, f)?;
                self.body(&def.body, f)
            }
            ItemKind::Trellis(trellis) => {
                let stems = maps.clone();
                self.bind_maps(&trellis.name, &trellis.maps, maps, at, f)?;
                self.trellis(trellis, stems, at, f)
            }
            _ => Err(super::eval::Reported),
        }
    }

    fn contains_itself<T>(&mut self, item: &ItemRef, start: usize, at: Span) -> Eval<T> {
        let mut diag = Diag::new("E0207", format!("`{}` contains itself", item.name()))
            .label(at, "again here")
            .help("definitions expand fully; repeat with `for` or `(…) * n`");
        for (_, span) in &self.stack[start..] {
            diag = diag.label(*span, "applied here");
        }
        self.fail(diag)
    }

    /// Guards against spaces that expand past what any machine could hold.
    fn check_size(&mut self, at: Span) -> Eval<()> {
        const LARGEST: usize = 2_000_000;
        if self.build.graph.graph.node_count() <= LARGEST {
            return Ok(());
        }
        self.fail(
            Diag::new("E0317", format!("the network expands to more than {LARGEST} kernels"))
                .label(at, "while this was expanded")
                .help("lower the numbers of layers, blocks or repetitions"),
        )
    }

    /// Binds configuration: what was given, else the default, else it is missing.
    pub(super) fn bind_config(
        &mut self,
        item: &ItemRef,
        d: &Design,
        at: Span,
        f: &mut Frame,
    ) -> Eval<()> {
        for param in config_of(item) {
            let given = d.config.iter().rev().find(|(n, _, _)| **n == *param.name.value);
            let (value, value_at) = match (given, &param.default) {
                (Some((_, value, span)), _) => (value.clone(), *span),
                (None, Some(default)) => (self.eval(default, f)?, default.span),
                (None, None) => {
                    let name = &param.name.value;
                    return self.fail(
                        Diag::new(
                            "E0209",
                            format!("`{}` needs the argument `{name}`", item.name()),
                        )
                        .label(at, "not given here")
                        .label(param.name.span, "declared here")
                        .help(format!("`{}({name} = …)`", item.name())),
                    );
                }
            };
            self.check_type(param, &value, value_at)?;
            f.vars.insert(param.name.value.as_str().into(), value);
        }
        Ok(())
    }

    /// A value must be what the parameter's type says.
    fn check_type(&mut self, param: &Parameter, value: &Value, at: Span) -> Eval<()> {
        let Some(ty) = &param.ty else { return Ok(()) };
        if ty.lists > 0 || value.is_varied() {
            return Ok(());
        }
        let whole = value.as_ratio().is_some_and(|r| r.is_integer());
        let (fits, what) = match ty.name.value.as_str() {
            "int" => (whole, "a whole number"),
            "width" => (whole || matches!(value, Value::Same), "a number of channels"),
            "scale" => (matches!(value, Value::Scale(_)), "a scale such as `/8`"),
            "bool" => (matches!(value, Value::Bool(_)), "`true` or `false`"),
            "number" => {
                (value.as_ratio().is_some() || matches!(value, Value::Float(_)), "a number")
            }
            "op" => (matches!(value, Value::Design(_) | Value::Same), "an operator"),
            "map" | "list" | "word" => (true, ""),
            other => {
                return self.fail(
                    Diag::new("E0215", format!("there is no type `{other}`"))
                        .label(ty.name.span, "here")
                        .help("types are int, width, scale, bool, number, op, word, map"),
                );
            }
        };
        if fits {
            return Ok(());
        }
        self.fail(
            Diag::new("E0301", format!("expected {what}, found {}", value.show()))
                .label(at, format!("given for `{}`", param.name.value))
                .label(param.name.span, "declared here"),
        )
    }

    pub(super) fn bind_maps(
        &mut self,
        name: &Name,
        params: &[Parameter],
        maps: Vec<Value>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<()> {
        if params.len() != maps.len() {
            let s = if params.len() == 1 { "" } else { "s" };
            return self.fail(
                Diag::new(
                    "E0403",
                    format!("`{}` takes {} input{s}, got {}", name.value, params.len(), maps.len()),
                )
                .label(at, "applied here")
                .label(name.span, "declared here"),
            );
        }
        for (param, map) in params.iter().zip(maps) {
            if matches!(map, Value::Absent) && !param.optional {
                return self.fail(
                    Diag::new("E0408", format!("`{}` is absent here", param.name.value))
                        .label(at, "applied here")
                        .label(param.name.span, "must be there")
                        .help(format!("write `{}?` where it may be absent", param.name.value)),
                );
            }
            f.vars.insert(param.name.value.as_str().into(), map);
        }
        Ok(())
    }

    /// `sum` and `concat`.
    fn many(&mut self, name: &str, maps: Vec<Value>, at: Span, f: &mut Frame) -> Eval<Value> {
        let mut parts = Vec::new();
        for map in maps {
            self.flatten(map, name == "sum", at, f, &mut parts)?;
        }
        if parts.iter().any(Value::is_varied) {
            return self.per_type(&parts, at, |this, parts| this.many(name, parts, at, f));
        }
        let maps: Vec<Map> = parts
            .iter()
            .filter_map(|v| match v {
                Value::Map(m) => Some(*m),
                _ => None,
            })
            .collect();
        if maps.is_empty() {
            return Ok(Value::Absent);
        }
        match name {
            "sum" => self.add(&maps, at, f),
            _ => self.concat(&maps, at, f),
        }
    }

    /// The maps in a value, in order.
    fn flatten(
        &mut self,
        value: Value,
        summed: bool,
        at: Span,
        f: &mut Frame,
        out: &mut Vec<Value>,
    ) -> Eval<()> {
        match value {
            Value::List(_) | Value::Family(_) => {
                for item in self.items(&value, at)? {
                    self.flatten(item, summed, at, f, out)?;
                }
            }
            Value::Picks(ref picks) if summed => out.push(self.picks_sum(picks, f)?),
            Value::Picks(_) => out.extend(self.slots(&value, at)?),
            Value::Via(ref via) => {
                let value = self.via(via, f)?;
                self.flatten(value, summed, at, f, out)?;
            }
            Value::Absent => {}
            other => out.push(self.map_of(other, at, f)?),
        }
        Ok(())
    }

    /// `a + b`: maps are summed, numbers added.
    pub(super) fn plus(
        &mut self,
        left: Value,
        right: Value,
        a: Span,
        b: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        if left.is_map_like() || right.is_map_like() {
            return self.many("sum", vec![left, right], a.to(b), f);
        }
        if let Some(gates) = left.first_gates().or_else(|| right.first_gates()) {
            return self
                .each_gate(&gates, a, |this, g| this.plus(left.under(g), right.under(g), a, b, f));
        }
        match (left, right) {
            (Value::List(x), Value::List(y)) => {
                Ok(Value::List(Rc::new(x.iter().chain(y.iter()).cloned().collect())))
            }
            (left, right) => self.numbers_plus(&left, &right, (a, b)),
        }
    }

    /// `it * 0` and products of maps.
    pub(super) fn times_map(
        &mut self,
        left: Value,
        right: Value,
        (a, b): (Span, Span),
        f: &mut Frame,
    ) -> Eval<Value> {
        let left = if left.is_map_like() { self.map_of(left, a, f)? } else { left };
        let right = if right.is_map_like() { self.map_of(right, b, f)? } else { right };
        match (&left, &right) {
            (Value::Absent, _) | (_, Value::Absent) => Ok(Value::Absent),
            (Value::Map(m), Value::Num(n)) if *n == 0.into() => {
                let at = a.to(b);
                let node =
                    self.build.node(Kernel::Zero, m.ty, &[(m.node, None)], f.scope, None, at);
                Ok(Value::Map(Map { node, ty: m.ty }))
            }
            (Value::Map(x), Value::Map(y)) => self.mul(*x, *y, a.to(b), f),
            (Value::Map(_), other) => self.expected("a map or 0", other, b),
            (other, _) => self.expected("a map", other, a),
        }
    }
}

/// What an instance that is made in passing is called: after the statement that names it, or
/// after its definition.
fn instance_label(f: &Frame, definition: &str) -> Rc<str> {
    match &*f.label {
        "" | "out" => definition.into(),
        _ => f.label.clone(),
    }
}

/// The configuration of an item.
pub(super) fn config_of(item: &ItemRef) -> &[Parameter] {
    match &item.item().kind {
        ItemKind::Op(op) => &op.config,
        ItemKind::Definition(def) => &def.config,
        ItemKind::Trellis(trellis) => &trellis.config,
        _ => &[],
    }
}

/// An operator set whose texts have further arguments: `sep_conv(3)` with `stride = stride`.
fn with_text(opset: &Opset, args: &[Argument]) -> Opset {
    let entry = |e: &OpsetEntry| OpsetEntry { text: with_arguments(&e.text, args), ..e.clone() };
    Opset { name: opset.name.clone(), entries: opset.entries.iter().map(entry).collect() }
}

fn with_arguments(text: &Expr, args: &[Argument]) -> Expr {
    let (callee, mut all) = match &*text.kind {
        ExprKind::Call(callee, args) => (callee.clone(), args.clone()),
        _ => (text.clone(), Vec::new()),
    };
    for argument in args {
        if let Some(name) = &argument.name {
            all.retain(|a| a.name.as_ref().is_none_or(|n| n.value != name.value));
        }
        all.push(argument.clone());
    }
    Expr { kind: Box::new(ExprKind::Call(callee, all)), span: text.span }
}
