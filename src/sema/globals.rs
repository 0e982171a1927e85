//! What a module's names stand for, each evaluated once.

use super::builtin;
use super::eval::{Eval, Evaluator, Reported, binder_label, design, with_stack};
use super::frame::{Frame, Instance};
use super::given::Given;
use super::module::ItemRef;
use super::value::{Design, DesignKind, Opset, OpsetEntry, Value};
use crate::diag::Diag;
use crate::source::Span;
use crate::syntax::ast::*;
use std::cell::OnceCell;
use std::rc::Rc;

/// Values of a module may need each other this deep.
const LONGEST: usize = 1000;

impl Evaluator<'_> {
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
                    return self.needs_itself(item, start, at);
                }
                if self.evaluating.len() >= LONGEST {
                    return self.needs_too_many(at);
                }
                self.evaluating.push((key, at));
                let value = with_stack(|| self.assuming_nothing(|this| this.global(item)));
                self.evaluating.pop();
                let value = value.unwrap_or(Value::Poison);
                self.globals.insert(key, value.clone());
                value
            }
        };
        self.memo.read(&whole);
        self.part(whole, &item.part, at)
    }

    fn needs_too_many<T>(&mut self, at: Span) -> Eval<T> {
        self.fail(
            Diag::new("E0207", format!("values need each other more than {LONGEST} deep"))
                .label(at, "too deep here")
                .help("compute it from fewer steps"),
        )
    }

    fn needs_itself<T>(&mut self, item: &ItemRef, start: usize, at: Span) -> Eval<T> {
        let name = name_of(item);
        let mut diag = Diag::new("E0214", format!("`{name}` is defined by itself"))
            .label(at, format!("needs `{name}` again"));
        for (_, span) in &self.evaluating[start + 1..] {
            diag = diag.label(*span, format!("`{name}` needs this"));
        }
        self.fail(diag.help("give one of them a value that needs none of the others"))
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
                let value = self.bound(&binding.value, &label, &mut f)?;
                self.check_binder(&binding.binder, &value)?;
                Ok(value)
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
        match self.eval(value, f)? {
            v @ Value::Design(_) => Ok(self.with_instance(v, value.span, label, f)),
            other => self.settled(other, value.span, f),
        }
    }

    /// A bare definition with decisions of its own, which are told apart by where it stands.
    pub(super) fn with_instance(&self, value: Value, at: Span, label: &str, f: &Frame) -> Value {
        match value {
            Value::Design(d) if d.instance.is_none() => {
                let mut d = Design::clone(&d);
                let label = if label.is_empty() || label == "out" { d.name() } else { label };
                d.instance = Some(self.instance(f, at, label, &d));
                Value::Design(Rc::new(d))
            }
            other => other,
        }
    }

    /// A new instance at a place of a frame.
    pub(super) fn instance(
        &self,
        f: &Frame,
        site: Span,
        name: &str,
        design: &Design,
    ) -> Rc<Instance> {
        let item = match &design.kind {
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
            given: Given::of(design),
        })
    }

    pub(super) fn entries(&mut self, name: &str, entries: &[Entry], f: &mut Frame) -> Eval<Opset> {
        let mut out: Vec<OpsetEntry> = Vec::new();
        for entry in entries {
            let label: Rc<str> = entry.label.value.as_str().into();
            let text = match &entry.value {
                Some(value) => value.clone(),
                None => Expr {
                    kind: Box::new(ExprKind::Name(entry.label.value.clone())),
                    span: entry.label.span,
                },
            };
            let is_word = entry.value.is_none() && !self.known_name(&entry.label.value, f);
            if is_word {
                let text = Expr { kind: Box::new(ExprKind::Str(label.to_string())), ..text };
                out.push(OpsetEntry { value: Value::Label(label.clone()), label, text });
                continue;
            }
            // A choice that is written in passing has no name of its own.
            let within = if name.is_empty() { String::new() } else { format!("{name}.") };
            let value = self.bound(&text, &format!("{within}{label}"), f)?;
            out.push(OpsetEntry { label, value, text });
        }
        Ok(Opset { name: name.into(), entries: out })
    }

    pub(super) fn known_name(&self, name: &str, f: &Frame) -> bool {
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
    pub(super) fn part(&mut self, whole: Value, part: &[usize], at: Span) -> Eval<Value> {
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
                    .label(at, "taken apart here")
                    .help("give it more elements, or take fewer"),
            ),
        }
    }
}

fn name_of(item: &ItemRef) -> String {
    match &item.item().kind {
        ItemKind::Let(binding) => binder_label(&binding.binder),
        _ => item.name().to_string(),
    }
}

pub(super) fn builtin_value(name: &str) -> Option<Value> {
    if name == "same" {
        return Some(Value::Same);
    }
    if let Some(b) = builtin::find(name) {
        return Some(design(DesignKind::Builtin(b)));
    }
    builtin::WORDS.contains(&name).then(|| Value::Label(name.into()))
}
