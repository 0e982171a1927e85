//! Evaluation of expressions at compile time.

use super::build::{Builder, ROOT};
use super::builtin;
use super::frame::{Frame, Instance};
use super::load::Program;
use super::memo::Memo;
use super::module::{ItemRef, ModuleId};
use super::sites::Sites;
use super::value::{Design, DesignKind, Opset, OpsetEntry, Value, Via};
use crate::diag::{Diag, Sink, did_you_mean};
use crate::ir::decision::Gate;
use crate::ir::shape::Scale;
use crate::source::Span;
use crate::syntax::ast::*;
use indexmap::IndexMap;
use num_rational::Ratio;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The mistake was reported; the value is not there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported;

/// A value, or a mistake that was reported.
pub(crate) type Eval<T> = Result<T, Reported>;

/// Evaluates a program's expressions and builds one network's graph.
pub(crate) struct Evaluator<'a> {
    pub(super) program: &'a Program,
    pub(super) diags: &'a mut Sink,
    pub(super) build: Builder,
    pub(super) sites: &'a mut Sites,
    pub(super) root: Rc<Instance>,
    globals: HashMap<(ModuleId, usize), Value>,
    evaluating: Vec<((ModuleId, usize), Span)>,
    /// Definitions that are being applied, outermost first.
    pub(super) stack: Vec<((ModuleId, usize), Span)>,
    /// Outputs that exist in training only, from wherever they are declared.
    pub(super) aux: Vec<super::body::Aux>,
    pub(super) memo: Memo,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(
        program: &'a Program,
        sites: &'a mut Sites,
        diags: &'a mut Sink,
    ) -> Evaluator<'a> {
        let root = Rc::new(Instance {
            parent: None,
            site: Span::default(),
            indices: Vec::new(),
            name: "".into(),
            item: None,
            id: OnceCell::new(),
        });
        Evaluator {
            program,
            diags,
            build: Builder::new(),
            sites,
            root,
            globals: HashMap::new(),
            evaluating: Vec::new(),
            stack: Vec::new(),
            aux: Vec::new(),
            memo: Memo::default(),
        }
    }

    /// Reports a mistake.
    pub(super) fn fail<T>(&mut self, diag: Diag) -> Eval<T> {
        self.memo.effect();
        self.diags.push(diag);
        Err(Reported)
    }

    /// A frame for a module's own level.
    pub(super) fn module_frame(&self, module: ModuleId, label: &str) -> Frame {
        Frame {
            module,
            vars: IndexMap::new(),
            it: None,
            instance: Rc::clone(&self.root),
            indices: Vec::new(),
            scope: ROOT,
            counters: HashMap::new(),
            label: label.into(),
            place: None,
        }
    }

    /// Evaluates an expression.
    pub(super) fn eval(&mut self, e: &Expr, f: &mut Frame) -> Eval<Value> {
        match &*e.kind {
            ExprKind::Name(name) => self.name(name, e.span, f),
            ExprKind::It => match &f.it {
                Some(it) => Ok(it.clone()),
                None => self.fail(
                    Diag::new("E0212", "`it` has no meaning here")
                        .label(e.span, "outside an `op`")
                        .help("only the body of an `op` has an `it`; name the map instead"),
                ),
            },
            ExprKind::Absent => Ok(Value::Absent),
            ExprKind::Int(n) => Ok(Value::int(*n)),
            ExprKind::Float(text) => Ok(Value::Float(text.parse().unwrap_or(f64::NAN))),
            ExprKind::Quantity(number, unit) => {
                Ok(Value::Quantity(number.parse().unwrap_or(f64::NAN), unit.as_str().into()))
            }
            ExprKind::Scale(0) => self.fail(
                Diag::new("E0104", "`/0` is not a scale")
                    .label(e.span, "here")
                    .help("scales are `/1`, `/2`, `/4`, `/8`, `/16`, `/32`"),
            ),
            ExprKind::Scale(n) => Ok(Value::Scale(Scale::Down(*n))),
            ExprKind::Size(dims) => Ok(Value::Size(dims.as_slice().into())),
            ExprKind::Str(text) => Ok(Value::Str(text.as_str().into())),
            ExprKind::Bool(b) => Ok(Value::Bool(*b)),
            ExprKind::List(items) | ExprKind::Tuple(items) => {
                let values: Eval<Vec<Value>> = items.iter().map(|i| self.eval(i, f)).collect();
                Ok(Value::List(Rc::new(values?)))
            }
            ExprKind::Comprehension(body, each) => {
                let mut values = Vec::new();
                self.each(each, f, &mut |this, f| {
                    values.push(this.eval(body, f)?);
                    Ok(())
                })?;
                Ok(Value::List(Rc::new(values)))
            }
            ExprKind::Call(callee, args) => self.call(e.span, callee, args, f),
            ExprKind::Index(x, i) => self.index(x, i, f),
            ExprKind::Slice(x, from, to, included) => {
                self.slice(x, from.as_ref(), to.as_ref(), *included, f)
            }
            ExprKind::Field(x, name) => {
                let value = self.eval(x, f)?;
                self.field(value, name, x.span)
            }
            ExprKind::Unary(op, x) => self.unary(*op, x, e.span, f),
            ExprKind::Binary(op, a, b) => self.binary(*op, a, b, e.span, f),
            ExprKind::Choose(choose) => self.choose(choose, e.span, f),
            ExprKind::Match(of, arms) => self.match_expr(of, arms, e.span, f),
            ExprKind::Schedule { .. } => self.fail(
                Diag::new("E0213", "a schedule has no meaning here")
                    .label(e.span, "here")
                    .help("schedules belong to `rate = …` in a `search` or `train` block"),
            ),
        }
    }

    fn name(&mut self, name: &str, at: Span, f: &mut Frame) -> Eval<Value> {
        if let Some(value) = f.vars.get(name) {
            return match value {
                Value::Poison => Err(Reported),
                value => Ok(value.clone()),
            };
        }
        if let Some(place) = &f.place
            && let Some(value) = place.name(name)
        {
            return Ok(value);
        }
        if let Some(meaning) = self.program.module(f.module).names.get(name) {
            let item = meaning.item.clone();
            return self.item(&item, at);
        }
        if let Some(found) = builtin_value(name) {
            return Ok(found);
        }
        let mut known: Vec<&str> = f.vars.keys().map(|k| &**k).collect();
        let names = &self.program.module(f.module).names;
        known.extend(names.keys().map(String::as_str));
        known.extend(builtin::BUILTINS.iter().map(|b| b.name));
        let near = did_you_mean(name, known).map(|n| format!("did you mean `{n}`?"));
        self.fail(
            Diag::new("E0201", format!("nothing is named `{name}`"))
                .label(at, "not found")
                .help_maybe(near),
        )
    }

    /// The value of a module's declaration.
    pub(super) fn item(&mut self, item: &ItemRef, at: Span) -> Eval<Value> {
        let key = item.key();
        if let ItemKind::Op(_) | ItemKind::Definition(_) | ItemKind::Trellis(_) = item.item().kind {
            return Ok(design(DesignKind::Item(item.clone())));
        }
        let whole = match self.globals.get(&key) {
            Some(value) => value.clone(),
            None => {
                if let Some(start) = self.evaluating.iter().position(|(k, _)| *k == key) {
                    let first = self.evaluating[start].1;
                    return self.fail(
                        Diag::new("E0214", format!("`{}` is defined by itself", name_of(item)))
                            .label(first, "needed here")
                            .label(at, "and needed again for its own value"),
                    );
                }
                self.evaluating.push((key, at));
                let value = self.global(item);
                self.evaluating.pop();
                let value = value.unwrap_or(Value::Poison);
                self.globals.insert(key, value.clone());
                value
            }
        };
        self.part(whole, &item.part, at)
    }

    /// A module-level value, evaluated in its own module.
    fn global(&mut self, item: &ItemRef) -> Eval<Value> {
        match &item.item().kind {
            ItemKind::Const(c) => {
                let set = self.program.module(item.module).overrides.get(&c.name.value).cloned();
                match set {
                    Some(set) => {
                        let mut f = self.module_frame(set.from, &c.name.value);
                        self.eval(&set.value, &mut f)
                    }
                    None => {
                        let mut f = self.module_frame(item.module, &c.name.value);
                        self.eval(&c.value, &mut f)
                    }
                }
            }
            ItemKind::Let(binding) => {
                let label = binder_label(&binding.binder);
                let mut f = self.module_frame(item.module, &label);
                self.bound(&binding.value, &label, &mut f)
            }
            ItemKind::Opset(o) => {
                let mut f = self.module_frame(item.module, &o.name.value);
                let opset = self.entries(&o.name.value, &o.entries, &mut f)?;
                Ok(Value::Opset(Rc::new(opset)))
            }
            _ => Err(Reported),
        }
    }

    /// The value of a `let`: a bare definition gets decisions of its own here.
    pub(super) fn bound(&mut self, value: &Expr, label: &str, f: &mut Frame) -> Eval<Value> {
        let v = self.eval(value, f)?;
        Ok(match v {
            Value::Design(d) if d.instance.is_none() => {
                let mut d = Design::clone(&d);
                d.instance = Some(self.instance(f, value.span, label, &d.kind));
                Value::Design(Rc::new(d))
            }
            other => other,
        })
    }

    /// A new instance at a place of a frame.
    pub(super) fn instance(
        &self,
        f: &Frame,
        site: Span,
        name: &str,
        kind: &DesignKind,
    ) -> Rc<Instance> {
        let item = match kind {
            DesignKind::Item(item) => Some(item.key()),
            DesignKind::Builtin(_) | DesignKind::Chain(_) => None,
        };
        Rc::new(Instance {
            parent: Some(Rc::clone(&f.instance)),
            site,
            indices: f.indices.clone(),
            name: name.into(),
            item,
            id: OnceCell::new(),
        })
    }

    fn entries(&mut self, name: &str, entries: &[Entry], f: &mut Frame) -> Eval<Opset> {
        let mut out: Vec<OpsetEntry> = Vec::new();
        for entry in entries {
            let label: Rc<str> = entry.label.value.as_str().into();
            if let Some(first) = entries.iter().find(|e| e.label.value == entry.label.value)
                && first.label.span != entry.label.span
            {
                return self.fail(
                    Diag::new("E0306", format!("`{label}` appears twice in this choice"))
                        .label(entry.label.span, "again here")
                        .label(first.label.span, "first here")
                        .help("remove one, or give it another label"),
                );
            }
            let text = match &entry.value {
                Some(value) => value.clone(),
                None => Expr {
                    kind: Box::new(ExprKind::Name(entry.label.value.clone())),
                    span: entry.label.span,
                },
            };
            let value = match (&entry.value, self.known_name(&entry.label.value, f)) {
                (None, false) => Value::Label(label.clone()),
                _ => self.bound(&text, &format!("{name}.{label}"), f)?,
            };
            out.push(OpsetEntry { label, value, text });
        }
        Ok(Opset { name: name.into(), entries: out })
    }

    fn known_name(&self, name: &str, f: &Frame) -> bool {
        f.vars.contains_key(name)
            || self.program.module(f.module).names.contains_key(name)
            || builtin_value(name).is_some()
    }

    /// Labelled alternatives of a `choose { … }`.
    pub(super) fn labelled(&mut self, entries: &[Entry], f: &mut Frame) -> Eval<Opset> {
        let label = f.label.to_string();
        self.entries(&label, entries, f)
    }

    /// One of the values that a list binding took apart.
    fn part(&mut self, whole: Value, part: &[usize], at: Span) -> Eval<Value> {
        let Some((first, rest)) = part.split_first() else {
            return match whole {
                Value::Poison => Err(Reported),
                value => Ok(value),
            };
        };
        let items = self.items(&whole, at)?;
        match items.get(*first) {
            Some(value) => self.part(value.clone(), rest, at),
            None => self.fail(
                Diag::new("E0310", format!("a list of {} has no element {first}", items.len()))
                    .label(at, "taken apart here"),
            ),
        }
    }

    /// The elements of a list-like value.
    pub(super) fn items(&mut self, value: &Value, at: Span) -> Eval<Vec<Value>> {
        match value {
            Value::List(items) => Ok(items.to_vec()),
            Value::Family(items) => Ok(items.values().cloned().collect()),
            Value::Opset(o) => Ok(o.entries.iter().map(|e| e.value.clone()).collect()),
            Value::Picks(_) => self.slots(value, at),
            Value::Size(dims) => Ok(dims.iter().map(|&d| Value::int(i64::from(d))).collect()),
            Value::Poison => Err(Reported),
            other => self.fail(
                Diag::new("E0311", format!("expected a list, found {}", other.kind()))
                    .label(at, "this is not a list"),
            ),
        }
    }

    /// Runs something for every element that an `each` walks over.
    pub(super) fn each(
        &mut self,
        each: &Each,
        f: &mut Frame,
        run: &mut dyn FnMut(&mut Self, &mut Frame) -> Eval<()>,
    ) -> Eval<()> {
        let over = self.eval(&each.over, f)?;
        let items = self.items(&over, each.over.span)?;
        self.record_loop(each, &over, &items, f);
        for (n, item) in items.into_iter().enumerate() {
            f.indices.push(loop_index(n, &item));
            let bound = self.bind(&each.binder, item, f);
            let done = bound.and_then(|()| run(self, f));
            f.indices.pop();
            done?;
        }
        Ok(())
    }

    /// Keeps what a loop runs over, for the emitter.
    fn record_loop(&mut self, each: &Each, over: &Value, items: &[Value], f: &Frame) {
        let key = (self.sites.instance(&f.instance), each.over.span, f.indices.clone());
        if self.sites.loops.contains_key(&key) {
            return;
        }
        let texts = super::choice::element_texts(&each.over, over, items.len());
        let text = |(n, (item, (_, text))): (usize, (&Value, (String, Expr)))| {
            let text =
                if item.is_map_like() { text } else { super::text::literal(item, text.span) };
            (loop_index(n, item), text)
        };
        let turns = items.iter().zip(texts).enumerate().map(text).collect();
        self.sites.loops.insert(key, turns);
    }

    /// Binds names to a value; a list of names takes a list apart.
    pub(super) fn bind(&mut self, binder: &Binder, value: Value, f: &mut Frame) -> Eval<()> {
        match binder {
            Binder::Name(name) => {
                f.vars.insert(name.value.as_str().into(), value);
                Ok(())
            }
            Binder::List(parts, at) => {
                let items = self.items(&value, *at)?;
                if items.len() != parts.len() {
                    return self.fail(
                        Diag::new(
                            "E0312",
                            format!("{} names for a list of {}", parts.len(), items.len()),
                        )
                        .label(*at, "taken apart here"),
                    );
                }
                parts.iter().zip(items).try_for_each(|(p, v)| self.bind(p, v, f))
            }
        }
    }

    fn index(&mut self, x: &Expr, i: &Expr, f: &mut Frame) -> Eval<Value> {
        let value = self.eval(x, f)?;
        let index = self.eval(i, f)?;
        self.index_value(value, index, x.span, i.span)
    }

    fn index_value(&mut self, value: Value, index: Value, at: Span, i_at: Span) -> Eval<Value> {
        if let Value::Varied(terms) = &index {
            let picked = terms
                .iter()
                .map(|(g, i)| Ok((*g, self.index_value(value.under(g), i.clone(), at, i_at)?)))
                .collect::<Eval<Vec<_>>>()?;
            return self.join(picked, at);
        }
        let Some(n) = index.as_ratio().filter(Ratio::is_integer).map(|r| r.to_integer()) else {
            return self.fail(
                Diag::new("E0301", format!("expected a whole number, found {}", index.show()))
                    .label(i_at, "this is an index"),
            );
        };
        let found = match &value {
            Value::Family(items) => items.get(&n).cloned(),
            Value::List(items) => usize::try_from(n).ok().and_then(|n| items.get(n).cloned()),
            _ => {
                let items = self.items(&value, at)?;
                usize::try_from(n).ok().and_then(|n| items.get(n).cloned())
            }
        };
        match found {
            Some(Value::Poison) => Err(Reported),
            Some(value) => Ok(value),
            None => self.fail(
                Diag::new("E0310", format!("there is no element `{n}`"))
                    .label(i_at, "out of range")
                    .label(at, "of this"),
            ),
        }
    }

    fn slice(
        &mut self,
        x: &Expr,
        from: Option<&Expr>,
        to: Option<&Expr>,
        included: bool,
        f: &mut Frame,
    ) -> Eval<Value> {
        // A family without a member yet is an empty one: `H[..1]`.
        let value = match (&*x.kind, from) {
            (ExprKind::Name(name), _) if !self.known_name(name, f) => {
                Value::Family(Rc::new(IndexMap::new()))
            }
            _ => self.eval(x, f)?,
        };
        let from = from.map(|e| self.whole(e, f)).transpose()?.unwrap_or(i64::MIN);
        let to = to.map(|e| self.whole(e, f)).transpose()?.unwrap_or(i64::MAX);
        let inside = |n: i64| n >= from && (n < to || (included && n == to));
        Ok(match value {
            Value::Family(items) => {
                let kept = items.iter().filter(|(n, _)| inside(**n));
                Value::Family(Rc::new(kept.map(|(n, v)| (*n, v.clone())).collect()))
            }
            other => {
                let items = self.items(&other, x.span)?.into_iter().enumerate();
                let kept = items.filter(|(n, _)| inside(*n as i64)).map(|(_, v)| v);
                Value::List(Rc::new(kept.collect()))
            }
        })
    }

    pub(super) fn field(&mut self, value: Value, name: &Name, at: Span) -> Eval<Value> {
        match &value {
            Value::Record(fields) => match fields.get(&name.value) {
                Some(value) => Ok(value.clone()),
                None => {
                    let near = did_you_mean(&name.value, fields.keys().map(String::as_str));
                    let all: Vec<&str> = fields.keys().map(String::as_str).collect();
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("it offers {}", all.join(", ")),
                    };
                    self.fail(
                        Diag::new("E0406", format!("there is no result `{}`", name.value))
                            .label(name.span, "not offered")
                            .label(at, "by this")
                            .help(help),
                    )
                }
            },
            Value::Varied(terms) => {
                let parts = terms
                    .iter()
                    .map(|(g, v)| Ok((*g, self.field(v.clone(), name, at)?)))
                    .collect::<Eval<Vec<_>>>()?;
                self.join(parts, at)
            }
            Value::Trellis(grid) => self.grid_field(grid, name, at),
            Value::Opset(o) => match o.entries.iter().find(|e| *e.label == *name.value) {
                Some(entry) => Ok(entry.value.clone()),
                None => self.fail(
                    Diag::new("E0201", format!("`{}` has no operator `{}`", o.name, name.value))
                        .label(name.span, "not found"),
                ),
            },
            Value::Map(map) if name.value == "width" => Ok(Value::int(i64::from(map.ty.width))),
            Value::Map(map) if name.value == "scale" => Ok(Value::Scale(map.ty.scale)),
            Value::Poison => Err(Reported),
            other => {
                let kind = other.kind();
                self.fail(
                    Diag::new("E0406", format!("{kind} has no result `{}`", name.value))
                        .label(name.span, "not offered"),
                )
            }
        }
    }

    /// A whole number.
    pub(super) fn whole(&mut self, e: &Expr, f: &mut Frame) -> Eval<i64> {
        let value = self.eval(e, f)?;
        match value.as_ratio() {
            Some(r) if r.is_integer() => Ok(r.to_integer()),
            _ => self.fail(
                Diag::new("E0301", format!("expected a whole number, found {}", value.show()))
                    .label(e.span, "here"),
            ),
        }
    }

    fn unary(&mut self, op: UnaryOp, x: &Expr, at: Span, f: &mut Frame) -> Eval<Value> {
        let value = self.eval(x, f)?;
        match (op, value) {
            (UnaryOp::Tied, value) => self.tied(value, x, f),
            (UnaryOp::Minus, Value::Num(n)) => Ok(Value::Num(-n)),
            (UnaryOp::Minus, Value::Float(n)) => Ok(Value::Float(-n)),
            (UnaryOp::Not, Value::Bool(b)) => Ok(Value::Bool(!b)),
            (UnaryOp::Minus, other) => self.expected("a number", &other, at),
            (UnaryOp::Not, other) => self.expected("a truth value", &other, at),
        }
    }

    pub(super) fn expected<T>(&mut self, what: &str, found: &Value, at: Span) -> Eval<T> {
        self.fail(
            Diag::new("E0301", format!("expected {what}, found {}", found.show()))
                .label(at, "here"),
        )
    }

    /// `tied d`: one scope of weights, allocated where the name is bound.
    fn tied(&mut self, value: Value, x: &Expr, f: &mut Frame) -> Eval<Value> {
        match value {
            Value::Design(d) => {
                let mut d = Design::clone(&d);
                let name = f.unique(d.name());
                d.tied = Some(self.build.scope(f.scope, &name));
                if d.instance.is_none() {
                    d.instance = Some(self.instance(f, x.span, &f.label, &d.kind));
                }
                Ok(Value::Design(Rc::new(d)))
            }
            other => self.expected("a cell or an operator to tie", &other, x.span),
        }
    }

    fn binary(&mut self, op: BinaryOp, a: &Expr, b: &Expr, at: Span, f: &mut Frame) -> Eval<Value> {
        match op {
            BinaryOp::Plus => {
                let (left, right) = (self.eval(a, f)?, self.eval(b, f)?);
                self.plus(left, right, a.span, b.span, f)
            }
            BinaryOp::Via => {
                let input = self.eval(a, f)?;
                let ops = self.eval(b, f)?;
                let ops = self.as_opset(ops, b.span)?;
                let via = Via { input, input_text: a.clone(), ops, at };
                Ok(Value::Via(Rc::new(via)))
            }
            BinaryOp::Pipe => {
                let left = self.eval(a, f)?;
                let right = self.eval(b, f)?;
                self.pipe(left, right, a.span, b.span, f)
            }
            _ => {
                let (left, right) = (self.eval(a, f)?, self.eval(b, f)?);
                self.arithmetic(op, left, right, (a.span, b.span), f)
            }
        }
    }

    pub(super) fn as_opset(&mut self, value: Value, at: Span) -> Eval<Rc<Opset>> {
        match value {
            Value::Opset(o) if o.entries.is_empty() => self.fail(
                Diag::new("E0305", "this operator set is empty")
                    .label(at, "nothing to choose from")
                    .help("add at least one operator, such as `skip`"),
            ),
            Value::Opset(o) => Ok(o),
            other => self.fail(
                Diag::new("E0202", format!("expected an operator set, found {}", other.kind()))
                    .label(at, "here")
                    .help("declare one: `opset ops { skip  zero }`"),
            ),
        }
    }

    /// `a > b`: applies where `a` is a map, composes where it is an operator.
    fn pipe(&mut self, left: Value, right: Value, a: Span, b: Span, f: &mut Frame) -> Eval<Value> {
        if left.is_map_like() {
            return self.apply(&right, vec![left], b, f);
        }
        let mut chain = Vec::new();
        for (value, at) in [(left, a), (right, b)] {
            match value {
                Value::Design(d) => match &d.kind {
                    DesignKind::Chain(parts) if d.tied.is_none() => chain.extend(parts.clone()),
                    _ => chain.push(Value::Design(d)),
                },
                Value::Same => {}
                Value::Varied(_) => chain.push(value),
                other => return self.expected("a map or an operator", &other, at),
            }
        }
        Ok(design(DesignKind::Chain(chain)))
    }

    fn arithmetic(
        &mut self,
        op: BinaryOp,
        left: Value,
        right: Value,
        (a, b): (Span, Span),
        f: &mut Frame,
    ) -> Eval<Value> {
        if let Some(gates) = left.first_gates().or_else(|| right.first_gates())
            && !matches!((&left, &right), (Value::Design(_), _))
        {
            return self.each_gate(&gates, a, |this, g| {
                this.arithmetic(op, left.under(g), right.under(g), (a, b), f)
            });
        }
        match (op, &left, &right) {
            (BinaryOp::Times, Value::Design(_) | Value::Same, Value::Num(n)) if n.is_integer() => {
                self.repeated(left.clone(), n.to_integer(), b)
            }
            (BinaryOp::Times, l, r) if l.is_map_like() || r.is_map_like() => {
                self.times_map(left, right, (a, b), f)
            }
            (BinaryOp::Is, _, _) => Ok(Value::Bool(super::choice::same_value(&left, &right))),
            (BinaryOp::And, Value::Bool(x), Value::Bool(y)) => Ok(Value::Bool(*x && *y)),
            (BinaryOp::Or, Value::Bool(x), Value::Bool(y)) => Ok(Value::Bool(*x || *y)),
            (BinaryOp::And | BinaryOp::Or, Value::Bool(_), other) => {
                self.expected("a truth value", other, b)
            }
            (BinaryOp::And | BinaryOp::Or, other, _) => self.expected("a truth value", other, a),
            _ => self.numbers(op, &left, &right, (a, b)),
        }
    }

    /// Evaluates something under each gate and joins the results.
    pub(super) fn each_gate(
        &mut self,
        gates: &[Gate],
        at: Span,
        mut run: impl FnMut(&mut Self, &Gate) -> Eval<Value>,
    ) -> Eval<Value> {
        let terms = gates.iter().map(|g| Ok((*g, run(self, g)?))).collect::<Eval<Vec<_>>>()?;
        self.join(terms, at)
    }

    fn repeated(&mut self, part: Value, n: i64, b: Span) -> Eval<Value> {
        if !(0..=1000).contains(&n) {
            return self.fail(
                Diag::new("E0309", format!("cannot repeat {n} times"))
                    .label(b, "here")
                    .help("a chain may be repeated up to 1000 times"),
            );
        }
        let parts = vec![part; n as usize];
        Ok(design(DesignKind::Chain(parts)))
    }

    pub(super) fn numbers_plus(&mut self, l: &Value, r: &Value, at: (Span, Span)) -> Eval<Value> {
        self.numbers(BinaryOp::Plus, l, r, at)
    }

    fn numbers(&mut self, op: BinaryOp, l: &Value, r: &Value, at: (Span, Span)) -> Eval<Value> {
        if let (Some(x), Some(y)) = (l.as_ratio(), r.as_ratio()) {
            return self.ratios(op, x, y, at);
        }
        let float = |v: &Value| match v {
            Value::Float(x) => Some(*x),
            other => other.as_ratio().map(|r| *r.numer() as f64 / *r.denom() as f64),
        };
        match (float(l), float(r)) {
            (Some(x), Some(y)) => Ok(match op {
                BinaryOp::Minus => Value::Float(x - y),
                BinaryOp::Times => Value::Float(x * y),
                BinaryOp::Divide => Value::Float(x / y),
                BinaryOp::Above => Value::Bool(x > y),
                BinaryOp::Below => Value::Bool(x < y),
                _ => Value::Float(x + y),
            }),
            (None, _) => self.expected("a number", l, at.0),
            _ => self.expected("a number", r, at.1),
        }
    }

    fn ratios(
        &mut self,
        op: BinaryOp,
        x: Ratio<i64>,
        y: Ratio<i64>,
        (a, b): (Span, Span),
    ) -> Eval<Value> {
        use num_traits::{CheckedAdd, CheckedMul, CheckedSub, Zero};
        let out = match op {
            BinaryOp::Plus => x.checked_add(&y),
            BinaryOp::Minus => x.checked_sub(&y),
            BinaryOp::Times => x.checked_mul(&y),
            BinaryOp::Divide if y.is_zero() => {
                return self.fail(Diag::new("E0313", "division by zero").label(b, "this is zero"));
            }
            BinaryOp::Divide => Some(x / y),
            BinaryOp::Above => return Ok(Value::Bool(x > y)),
            BinaryOp::Below => return Ok(Value::Bool(x < y)),
            BinaryOp::RangeIncl | BinaryOp::RangeExcl => {
                return self.range(x, y, op == BinaryOp::RangeIncl, a.to(b));
            }
            _ => None,
        };
        match out {
            Some(value) => Ok(Value::Num(value)),
            None => self.fail(
                Diag::new("E0314", "this number is too large").label(a.to(b), "beyond 64 bits"),
            ),
        }
    }

    fn range(&mut self, x: Ratio<i64>, y: Ratio<i64>, included: bool, at: Span) -> Eval<Value> {
        const LONGEST: i64 = 100_000;
        if !x.is_integer() || !y.is_integer() {
            let wrong = if x.is_integer() { y } else { x };
            return self.expected("whole numbers", &Value::Num(wrong), at);
        }
        let end = y.to_integer().saturating_add(i64::from(included));
        if end.saturating_sub(x.to_integer()) > LONGEST {
            return self.fail(
                Diag::new("E0309", format!("a range may hold up to {LONGEST} numbers"))
                    .label(at, "longer than that"),
            );
        }
        Ok(Value::List(Rc::new((x.to_integer()..end).map(Value::int).collect())))
    }
}

/// The index of a turn: a whole number itself, otherwise the turn's position.
fn loop_index(n: usize, item: &Value) -> i64 {
    let whole = item.as_ratio().filter(Ratio::is_integer);
    whole.map_or(n as i64, |r| r.to_integer())
}

/// A design of some kind without configuration.
pub(super) fn design(kind: DesignKind) -> Value {
    Value::Design(Rc::new(Design { kind, config: Vec::new(), instance: None, tied: None }))
}

fn builtin_value(name: &str) -> Option<Value> {
    if name == "same" {
        return Some(Value::Same);
    }
    if let Some(b) = builtin::find(name) {
        return Some(design(DesignKind::Builtin(b)));
    }
    builtin::WORDS.contains(&name).then(|| Value::Label(name.into()))
}

/// What a `let` is called: its name, or its first one.
pub(super) fn binder_label(binder: &Binder) -> String {
    match binder {
        Binder::Name(name) => name.value.clone(),
        Binder::List(parts, _) => parts.iter().map(binder_label).collect::<Vec<_>>().join("_"),
    }
}

fn name_of(item: &ItemRef) -> String {
    match &item.item().kind {
        ItemKind::Let(binding) => binder_label(&binding.binder),
        _ => item.name().to_string(),
    }
}
