//! Choices: making decisions, narrowing values under them, joining maps behind gates.

use super::eval::{Eval, Evaluator};
use super::frame::Frame;
use super::sites::SiteText;
use super::text::{element_texts, label_by_value, tell_apart};
use super::value::{Opset, Value};
use crate::diag::Diag;
use crate::ir::decision::{DecisionId, Domain, Gate, Value as Taken};
use crate::source::Span;
use crate::syntax::ast::*;
use std::rc::Rc;

impl Evaluator<'_> {
    pub(super) fn choose(&mut self, choose: &Choose, at: Span, f: &mut Frame) -> Eval<Value> {
        match choose {
            Choose::Labelled(entries) => {
                let opset = self.labelled(entries, f)?;
                self.one_of_opset(&opset, at, f)
            }
            Choose::One(of, _) => match self.eval(of, f)? {
                Value::Opset(opset) => self.one_of_opset(&opset, at, f),
                other => {
                    let items = self.items(&other, of.span)?;
                    let mut texts = element_texts(of, &other, items.len());
                    // Where values vary with who asks, a shared choice is told by how it is written.
                    if reads_file_alone(of, f) {
                        label_by_value(&mut texts, &items);
                    }
                    tell_apart(texts.iter_mut().map(|(label, _)| label));
                    self.one_of(items, texts, at, f)
                }
            },
            Choose::Picks { ordered, k, of, repeats, via } => {
                let k_value = self.whole(k, f)?;
                let ops = match via {
                    Some(via) => {
                        let ops = self.eval(via, f)?;
                        Some(self.as_opset(ops, via.span)?)
                    }
                    None => None,
                };
                let listed = self.candidates(of, ops, f)?;
                self.check_picks((k_value, k.span), (listed.len(), of.span), *repeats)?;
                self.picks(k_value, (*ordered, *repeats), listed, at, f)
            }
            Choose::Path(clauses) => self.path(clauses, at, f),
        }
    }

    fn one_of_opset(&mut self, opset: &Opset, at: Span, f: &mut Frame) -> Eval<Value> {
        if opset.entries.is_empty() {
            return self.nothing_to_choose(at);
        }
        let labels = opset.entries.iter().map(|e| e.label.to_string()).collect();
        let domain = Domain::One(labels);
        if let Some(Taken::One(alt)) = self.taken(&domain, at, f)? {
            return Ok(opset.entries[alt as usize].value.clone());
        }
        let texts = opset.entries.iter().map(|e| e.text.clone()).collect();
        let of = self.decide(domain, at, f, || SiteText::One(texts))?;
        Ok(varied(of, opset.entries.iter().map(|e| e.value.clone())))
    }

    fn one_of(
        &mut self,
        items: Vec<Value>,
        texts: Vec<(String, Expr)>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        if items.is_empty() {
            return self.nothing_to_choose(at);
        }
        let (labels, texts) = texts.into_iter().unzip();
        let domain = Domain::One(labels);
        if let Some(Taken::One(alt)) = self.taken(&domain, at, f)? {
            return Ok(items.into_iter().nth(alt as usize).unwrap_or(Value::Poison));
        }
        let of = self.decide(domain, at, f, || SiteText::One(texts))?;
        let all: Vec<_> = items
            .into_iter()
            .enumerate()
            .map(|(i, v)| (Gate::Alt { of, alt: i as u32 }, v))
            .collect();
        match all.iter().all(|(_, v)| v.is_map_like()) {
            true => self.join(all, at),
            false => Ok(Value::Varied(Rc::new(all))),
        }
    }

    fn nothing_to_choose<T>(&mut self, at: Span) -> Eval<T> {
        self.fail(
            Diag::new("E0305", "there is nothing to choose from")
                .label(at, "no alternative here")
                .help("give at least one alternative"),
        )
    }

    /// Makes a decision at a place, or finds it again.
    pub(super) fn decide(
        &mut self,
        domain: Domain,
        at: Span,
        f: &Frame,
        text: impl FnOnce() -> SiteText,
    ) -> Eval<DecisionId> {
        let label = f.label.to_string();
        let before = self.sites.decisions.len();
        let (of, same) = self.sites.decide(&f.instance, at, &f.indices, &label, &domain, text);
        if same {
            if of.index() == before {
                self.warn_of_one(&domain, at);
            }
            return Ok(of);
        }
        let first = &self.sites.decisions[of.index()];
        let text = format!("{} alternatives first, {} here", first.domain.count(), domain.count());
        let diag = Diag::new("E0315", "a shared choice offers different alternatives")
            .label(at, text)
            .help(format!("let `{}` offer the same wherever it is applied", first.name));
        self.fail(diag)
    }

    fn warn_of_one(&mut self, domain: &Domain, at: Span) {
        if domain.count() == 1u32.into() {
            self.diags.push(
                Diag::new("W0901", "this choice has one alternative")
                    .label(at, "nothing to choose")
                    .help("write it plainly, or add an alternative"),
            );
        }
    }
}

impl Evaluator<'_> {
    /// Evaluates under an alternative: there, the same choice is taken wherever it is met again.
    pub(super) fn assuming<T>(&mut self, gate: &Gate, run: impl FnOnce(&mut Self) -> T) -> T {
        let known = matches!(gate, Gate::Alt { .. });
        if known {
            self.assumed.push(*gate);
        }
        let result = run(self);
        if known {
            self.assumed.pop();
        }
        result
    }

    /// Evaluates as if under no alternative.
    pub(super) fn assuming_nothing<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::take(&mut self.assumed);
        let result = run(self);
        self.assumed = outer;
        result
    }

    /// A value as far as the alternatives leave it open under which it is evaluated.
    pub(super) fn narrowed(&mut self, value: Value) -> Value {
        if !value.is_varied() {
            return value;
        }
        self.memo.open();
        self.assumed.iter().fold(value, |value, gate| value.under(gate))
    }
}

/// Whether an expression has one value wherever it is evaluated: it reads nothing but its file.
fn reads_file_alone(e: &Expr, f: &Frame) -> bool {
    let all = |es: &[&Expr]| es.iter().all(|e| reads_file_alone(e, f));
    match &*e.kind {
        ExprKind::Name(name) => {
            let of_place = f.place.as_ref().and_then(|place| place.name(name));
            !f.vars.contains_key(name.as_str()) && of_place.is_none()
        }
        ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Scale(_)
        | ExprKind::Size(_)
        | ExprKind::Str(_)
        | ExprKind::Bool(_) => true,
        ExprKind::List(items) => items.iter().all(|item| reads_file_alone(item, f)),
        ExprKind::Index(x, i) | ExprKind::Binary(_, x, i) => all(&[x, i]),
        ExprKind::Slice(x, from, to, _) => {
            all(&[x]) && from.iter().chain(to).all(|end| reads_file_alone(end, f))
        }
        ExprKind::Unary(_, x) => all(&[x]),
        _ => false,
    }
}

/// A value behind each alternative of a decision.
pub(super) fn varied(of: DecisionId, values: impl Iterator<Item = Value>) -> Value {
    let terms = values.enumerate().map(|(i, v)| (Gate::Alt { of, alt: i as u32 }, v)).collect();
    Value::Varied(Rc::new(terms))
}
