//! Statements of a body.

use super::eval::{Eval, Evaluator, Reported, binder_label};
use super::frame::Frame;
use super::value::Value;
use crate::diag::Diag;
use crate::ir::graph::NodeId;
use crate::maps::IndexMap;
use crate::syntax::ast::*;
use std::rc::Rc;

impl Evaluator<'_> {
    /// Evaluates a body: its only unnamed output, or its outputs and taps by name.
    ///
    /// A statement that fails does not keep later ones from being checked.
    pub(super) fn body(&mut self, statements: &[Statement], f: &mut Frame) -> Eval<Value> {
        let mut fields = IndexMap::default();
        let mut failed = None;
        self.statements(statements, f, &mut fields, &mut failed);
        if let Some(reported) = failed {
            return Err(reported);
        }
        match (fields.len(), fields.shift_remove("out")) {
            (1, Some(only)) => Ok(only),
            (_, Some(out)) => {
                fields.insert("out".to_string(), out);
                Ok(Value::Record(Rc::new(fields)))
            }
            (0, None) => Ok(Value::Absent),
            (_, None) => Ok(Value::Record(Rc::new(fields))),
        }
    }

    pub(super) fn statements(
        &mut self,
        statements: &[Statement],
        f: &mut Frame,
        fields: &mut IndexMap<String, Value>,
        failed: &mut Option<Reported>,
    ) {
        for statement in statements {
            if let Err(reported) = self.statement(statement, f, fields, failed) {
                *failed = Some(reported);
                poison(&statement.kind, f);
            }
        }
    }

    fn statement(
        &mut self,
        statement: &Statement,
        f: &mut Frame,
        fields: &mut IndexMap<String, Value>,
        failed: &mut Option<Reported>,
    ) -> Eval<()> {
        match &statement.kind {
            StatementKind::Let(binding) => {
                let label = binder_label(&binding.binder);
                let value =
                    self.labelled_as(&label, f, |this, f| this.bound(&binding.value, &label, f))?;
                self.bind(&binding.binder, value, f)
            }
            StatementKind::Node { keep, target, value, each } => match each {
                Some(each) => self.each(each, f, &mut |this, f| this.node(*keep, target, value, f)),
                None => self.node(*keep, target, value, f),
            },
            StatementKind::Out { aux, outs, each } => match each {
                Some(each) => self.each(each, f, &mut |this, f| this.outs(*aux, outs, f, fields)),
                None => self.outs(*aux, outs, f, fields),
            },
            StatementKind::Tap(target, value) => {
                let at = value.span;
                let value = self.eval(value, f)?;
                let value = self.settled(value, at, f)?;
                self.put_field(target, value, f, fields)
            }
            StatementKind::For(each, body) => {
                // Mistakes inside are collected, so that every turn is checked.
                self.each(each, f, &mut |this, f| {
                    this.statements(body, f, fields, failed);
                    failed.map_or(Ok(()), Err)
                })
            }
            StatementKind::Rebind(name, value) => {
                let value = self.labelled_as(&name.value, f, |this, f| {
                    let now = this.eval(value, f)?;
                    this.settled(now, value.span, f)
                })?;
                if !f.vars.contains_key(name.value.as_str()) {
                    // The pass over names says so.
                    return self.reported();
                }
                f.vars.insert(name.value.as_str().into(), value);
                Ok(())
            }
        }
    }

    /// Evaluates in a scope and under a label of their own.
    fn labelled_as<T>(
        &mut self,
        label: &str,
        f: &mut Frame,
        run: impl FnOnce(&mut Self, &mut Frame) -> Eval<T>,
    ) -> Eval<T> {
        let outer = (f.scope, std::mem::replace(&mut f.label, label.into()));
        f.scope = self.build.scope(f.scope, &super::text::scope_word(label));
        let value = run(self, f);
        (f.scope, f.label) = outer;
        value
    }

    fn node(&mut self, keep: bool, target: &Target, value: &Expr, f: &mut Frame) -> Eval<()> {
        let index = self.target_index(target, f)?;
        let label = match index {
            Some(i) => format!("{}[{i}]", target.name.value),
            None => target.name.value.clone(),
        };
        let at = value.span;
        let value = self.labelled_as(&label, f, |this, f| {
            let value = this.eval(value, f)?;
            match value {
                Value::Picks(ref p) if p.k == 1 => this.map_of(value, at, f),
                other => this.settled(other, at, f),
            }
        })?;
        if keep && let Some(node) = super::join::node_of(&value) {
            self.build.graph.alter(node, |form| form.keep = true);
            self.memo.effect();
        }
        store(f, &target.name.value, index, value);
        Ok(())
    }

    /// The index of `x[i]`; a scale counts as its divisor.
    fn target_index(&mut self, target: &Target, f: &mut Frame) -> Eval<Option<i64>> {
        match target.indices.as_slice() {
            [] => Ok(None),
            [i] => self.whole(i, f).map(Some),
            [_, more, ..] => self.fail(
                Diag::new("E0318", "a node has at most one index")
                    .label(more.span, "one index too many")
                    .help("count in one index, such as `h[10 * i + j]`"),
            ),
        }
    }

    fn outs(
        &mut self,
        aux: bool,
        outs: &[(Option<Target>, Expr)],
        f: &mut Frame,
        fields: &mut IndexMap<String, Value>,
    ) -> Eval<()> {
        for (target, e) in outs {
            let label = target.as_ref().map_or("out", |t| &t.name.value).to_string();
            let value = self.labelled_as(&label, f, |this, f| this.eval(e, f))?;
            if aux {
                let value = self.map_of(value, e.span, f)?;
                self.check_single_type(&label, &value, e.span)?;
                let index = match target {
                    Some(target) => self.target_index(target, f)?,
                    None => None,
                };
                let name = match index {
                    Some(i) => format!("{label}[{i}]"),
                    None => label,
                };
                self.push_aux(name, &value);
                continue;
            }
            match target {
                Some(target) => {
                    let value = self.settled(value, e.span, f)?;
                    self.put_field(target, value, f, fields)?;
                }
                None => {
                    let value = match value {
                        Value::Picks(ref p) if p.k == 1 => self.map_of(value, e.span, f)?,
                        other => self.settled(other, e.span, f)?,
                    };
                    fields.insert("out".to_string(), value);
                }
            }
        }
        Ok(())
    }

    fn push_aux(&mut self, name: String, value: &Value) {
        if let Some(node) = super::join::node_of(value) {
            self.aux.push((name, node));
            self.memo.effect();
        }
    }

    fn put_field(
        &mut self,
        target: &Target,
        value: Value,
        f: &mut Frame,
        fields: &mut IndexMap<String, Value>,
    ) -> Eval<()> {
        let index = self.target_index(target, f)?;
        put(fields.entry(target.name.value.clone()).or_insert(Value::Absent), index, value);
        Ok(())
    }
}

/// Puts a value where a name, perhaps with an index, stands for it.
fn put(place: &mut Value, index: Option<i64>, value: Value) {
    let Some(i) = index else {
        *place = value;
        return;
    };
    if !matches!(place, Value::Family(_)) {
        *place = Value::Family(Rc::default());
    }
    // Copied only where a slice of it is still held.
    if let Value::Family(items) = place {
        Rc::make_mut(items).insert(i, value);
    }
}

fn store(f: &mut Frame, name: &str, index: Option<i64>, value: Value) {
    let place = f.vars.entry(name.into()).or_insert(Value::Absent);
    put(place, index, value);
}

/// What a failed statement would have named is named, so that only the first mistake is told.
fn poison(kind: &StatementKind, f: &mut Frame) {
    match kind {
        StatementKind::Let(binding) => poison_binder(&binding.binder, f),
        StatementKind::Node { target, .. } => {
            f.vars.insert(target.name.value.as_str().into(), Value::Poison);
        }
        StatementKind::Rebind(name, _) => {
            f.vars.insert(name.value.as_str().into(), Value::Poison);
        }
        StatementKind::For(_, body) => body.iter().for_each(|s| poison(&s.kind, f)),
        StatementKind::Out { .. } | StatementKind::Tap(..) => {}
    }
}

fn poison_binder(binder: &Binder, f: &mut Frame) {
    match binder {
        Binder::Name(name) => {
            f.vars.insert(name.value.as_str().into(), Value::Poison);
        }
        Binder::List(parts, _) => parts.iter().for_each(|p| poison_binder(p, f)),
    }
}

/// An output that exists in training only.
pub(super) type Aux = (String, NodeId);
