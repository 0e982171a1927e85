//! `choose k of` and `via`: candidates, their operators, sums and slots of what is picked.

use super::choice::varied;
use super::eval::{Eval, Evaluator};
use super::frame::Frame;
use super::sites::SiteText;
use super::text::{element_texts, scope_word, scope_words, show, tell_apart};
use super::value::{Opset, PickCandidate, PicksOf, PicksValue, Value, Via};
use crate::diag::Diag;
use crate::ir::decision::{Candidate, DecisionId, Domain, Gate, Pick, Picks, Value as Taken};
use crate::ir::kernel::Kernel;
use crate::maps::IndexMap;
use crate::source::Span;
use crate::syntax::ast::*;
use std::rc::Rc;

/// A candidate in the making: label, text, value, operators.
pub(super) type Listed = (String, Expr, Value, Option<Rc<Opset>>);

impl Evaluator<'_> {
    /// The candidates of a `choose k of`, each with its text.
    pub(super) fn candidates(
        &mut self,
        of: &Expr,
        ops: Option<Rc<Opset>>,
        f: &mut Frame,
    ) -> Eval<Vec<Listed>> {
        let parts: Vec<&Expr> = match &*of.kind {
            ExprKind::List(items) => items.iter().collect(),
            _ => vec![of],
        };
        let mut out = Vec::new();
        for part in parts {
            let value = self.eval(part, f)?;
            let (value, own, text) = match value {
                Value::Via(via) => {
                    (via.input.clone(), Some(Rc::clone(&via.ops)), via.input_text.clone())
                }
                value => (value, None, part.clone()),
            };
            let own = own.or_else(|| ops.clone());
            let many = matches!(value, Value::List(_) | Value::Family(_) | Value::Record(_));
            let items = if many { self.items(&value, part.span)? } else { vec![value.clone()] };
            let texts = match many {
                true => element_texts(&text, &value, items.len()),
                false => vec![(show(&text), text.clone())],
            };
            for (item, (label, text)) in items.into_iter().zip(texts) {
                out.push((label, text, item, own.clone()));
            }
        }
        tell_apart(out.iter_mut().map(|(label, ..)| label));
        Ok(out)
    }

    /// There must be as many candidates as are picked, and not too many.
    pub(super) fn check_picks(
        &mut self,
        (k, k_at): (i64, Span),
        (n, of_at): (usize, Span),
        repeats: bool,
    ) -> Eval<()> {
        const MOST: i64 = 1000;
        if n as i64 > MOST {
            return self.fail(
                Diag::new("E0309", "these are too many candidates")
                    .label(of_at, format!("{n} here"))
                    .help(format!("choose from up to {MOST}")),
            );
        }
        let most = if repeats { MOST } else { n as i64 };
        if (1..=most).contains(&k) && n > 0 {
            return Ok(());
        }
        let s = if n == 1 { "" } else { "s" };
        self.fail(
            Diag::new("E0304", format!("cannot choose {k} of {n} input{s}"))
                .label(k_at, format!("between 1 and {most}"))
                .label(of_at, format!("{n} here"))
                .help(match n {
                    0 => "give it something to choose from",
                    _ => "choose fewer, or add `with repeats`",
                }),
        )
    }

    pub(super) fn picks(
        &mut self,
        k: i64,
        (ordered, repeats): (bool, bool),
        listed: Vec<Listed>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let domain = Picks {
            k: k as u32,
            ordered,
            repeats,
            candidates: listed
                .iter()
                .map(|(label, _, _, ops)| Candidate {
                    label: label.clone(),
                    ops: ops.iter().flat_map(|o| &o.entries).map(|e| e.label.to_string()).collect(),
                })
                .collect(),
        };
        let text = || {
            let ops = |o: &Option<Rc<Opset>>| {
                o.iter().flat_map(|o| &o.entries).map(|e| e.text.clone()).collect()
            };
            SiteText::Picks(listed.iter().map(|(_, t, _, o)| (t.clone(), ops(o))).collect())
        };
        let domain = Domain::Picks(domain);
        let of = match self.taken(&domain, at, f)? {
            Some(Taken::Picks(picks)) => {
                f.take(picks.iter().map(|pick| &listed[pick.candidate as usize].2));
                PicksOf::Taken(picks)
            }
            _ => {
                let of = self.decide(domain, at, f, text)?;
                f.offer(of, listed.iter().map(|(_, _, value, _)| value));
                PicksOf::Open(of)
            }
        };
        let words = scope_words(listed.iter().map(|(label, ..)| label));
        let candidates = (listed.into_iter().zip(words))
            .map(|((_, _, value, ops), word)| PickCandidate { word, value, ops })
            .collect();
        let name = f.unique("pick");
        let scope = self.build.scope(f.scope, &name);
        Ok(Value::Picks(Rc::new(PicksValue { of, k: k as u32, candidates, scope, at })))
    }

    /// Each candidate through each of its operators, with the pick that it is.
    fn options(&mut self, picks: &PicksValue, f: &mut Frame) -> Eval<Vec<(Pick, Value)>> {
        let mut out = Vec::new();
        for (c, candidate) in picks.candidates.iter().enumerate() {
            let ops = candidate.ops.as_ref().map_or(1, |ops| ops.entries.len());
            for op in 0..ops {
                let pick = Pick { candidate: c as u16, op: op as u16 };
                out.push((pick, self.option(picks, pick, f)?));
            }
        }
        Ok(out)
    }

    /// A candidate through one of its operators.
    fn option(&mut self, picks: &PicksValue, pick: Pick, f: &mut Frame) -> Eval<Value> {
        let candidate = &picks.candidates[pick.candidate as usize];
        let entry = candidate.ops.as_ref().map(|ops| &ops.entries[pick.op as usize]);
        let outer = f.scope;
        f.scope = self.build.scope(outer, &candidate.word);
        if let Some(entry) = entry {
            f.scope = self.build.scope(f.scope, &entry.label);
        }
        let op = entry.map_or(Value::Same, |entry| entry.value.clone());
        let value = self.apply(&op, vec![candidate.value.clone()], picks.at, f);
        f.scope = outer;
        value
    }

    /// A value that is named: what was still to be read through operators is read here, so that all
    /// who use the name get the same maps.
    pub(super) fn settled(&mut self, value: Value, at: Span, f: &mut Frame) -> Eval<Value> {
        match value {
            Value::Via(via) => self.via(&via, f),
            Value::Picks(_) => Ok(Value::List(Rc::new(self.slots(&value, at)?))),
            other => Ok(other),
        }
    }

    /// The picks summed: one term for each candidate and operator, whatever their order.
    pub(super) fn picks_sum(&mut self, picks: &PicksValue, f: &mut Frame) -> Eval<Value> {
        let of = match &picks.of {
            PicksOf::Open(of) => *of,
            PicksOf::Taken(taken) => return self.taken_sum(picks, &taken.clone(), f),
        };
        let options = self.options(picks, f)?;
        let terms = options.into_iter().map(|(pick, v)| (Gate::Pick { of, pick }, v)).collect();
        let sum = self.join_one_type(terms, picks.at, f)?;
        self.filled(sum, of, picks, f)
    }

    /// Picks that are given, summed: what is picked twice is one map, counted twice.
    fn taken_sum(&mut self, picks: &PicksValue, taken: &[Pick], f: &mut Frame) -> Eval<Value> {
        let mut made: IndexMap<Pick, Value> = IndexMap::default();
        let mut terms = Vec::new();
        for pick in taken {
            if !made.contains_key(pick) {
                let value = self.option(picks, *pick, f)?;
                made.insert(*pick, value);
            }
            terms.extend(made.get(pick).cloned());
        }
        self.many("sum", terms, picks.at, f)
    }

    /// The picks one by one, each through operators of its own: what is picked twice is made twice.
    pub(super) fn slots(&mut self, value: &Value, at: Span) -> Eval<Vec<Value>> {
        let Value::Picks(picks) = value else {
            return self.expected("a choice of inputs", value, at);
        };
        let mut f = self.module_frame(super::module::ModuleId(0), "pick");
        let mut slots = Vec::new();
        for slot in 0..picks.k {
            f.scope = self.build.scope(picks.scope, &format!("slot{}", slot + 1));
            let of = match &picks.of {
                PicksOf::Open(of) => *of,
                PicksOf::Taken(taken) => {
                    slots.push(self.option(picks, taken[slot as usize], &mut f)?);
                    continue;
                }
            };
            let options = self.options(picks, &mut f)?;
            let gate = |pick| Gate::Slot { of, slot, pick };
            let terms = options.into_iter().map(|(pick, v)| (gate(pick), v)).collect();
            let terms: Vec<(Gate, Value)> = terms;
            slots.push(match of_several_types(&terms) {
                true => self.picked_cases(terms, picks.at)?,
                false => {
                    let joined = self.join(terms, picks.at)?;
                    self.filled(joined, of, picks, &f)?
                }
            });
        }
        Ok(slots)
    }

    /// A mix of picks as a sum, which is zeros where all that is picked is absent.
    fn filled(&mut self, mix: Value, of: DecisionId, picks: &PicksValue, f: &Frame) -> Eval<Value> {
        let Value::Map(map) = mix else { return Ok(mix) };
        let as_they_are = |c: &PickCandidate| match c.value {
            Value::Map(candidate) => candidate.ty == map.ty,
            _ => true,
        };
        if !picks.candidates.iter().all(as_they_are) {
            self.sites.retyped.insert(of);
        }
        let filled = self.push(Kernel::Add, map.ty, &[map.node], picks.at, f);
        Ok(Value::Map(self.in_case(filled, picks.at)))
    }

    /// A map read through an open operator: one decision, made where it is consumed.
    pub(super) fn via(&mut self, via: &Via, f: &mut Frame) -> Eval<Value> {
        if let Value::List(_) | Value::Family(_) = &via.input {
            let items = self.items(&via.input, via.at)?;
            let texts = element_texts(&via.input_text, &via.input, items.len());
            let mut out = Vec::new();
            for (n, (input, (_, input_text))) in items.into_iter().zip(texts).enumerate() {
                f.indices.push(n as i64);
                let one = Via { input, input_text, ops: Rc::clone(&via.ops), at: via.at };
                let value = self.via(&one, f);
                f.indices.pop();
                out.push(value?);
            }
            return Ok(Value::List(Rc::new(out)));
        }
        let labels = via.ops.entries.iter().map(|e| e.label.to_string()).collect();
        let domain = Domain::One(labels);
        if let Some(Taken::One(alt)) = self.taken(&domain, via.at, f)? {
            let op = via.ops.entries[alt as usize].value.clone();
            return self.through(&op, via, f);
        }
        let text = || {
            let ops = via.ops.entries.iter().map(|e| e.text.clone()).collect();
            SiteText::Via(via.input_text.clone(), ops)
        };
        let named = format!("{}.{}", f.label, show(&via.input_text));
        let outer = std::mem::replace(&mut f.label, named.into());
        let of = self.decide(domain, via.at, f, text);
        f.label = outer;
        let of = of?;
        let ops = varied(of, via.ops.entries.iter().map(|e| e.value.clone()));
        self.through(&ops, via, f)
    }

    /// The input of a `via` through operators, in a scope of its own.
    fn through(&mut self, ops: &Value, via: &Via, f: &mut Frame) -> Eval<Value> {
        let outer = f.scope;
        f.scope = self.build.scope(outer, &scope_word(&show(&via.input_text)));
        let value = self.apply(ops, vec![via.input.clone()], via.at, f);
        f.scope = outer;
        value
    }
}

/// Whether these are maps that differ in type.
fn of_several_types(terms: &[(Gate, Value)]) -> bool {
    let mut types = terms.iter().filter_map(|(_, value)| match value {
        Value::Map(map) => Some(map.ty),
        _ => None,
    });
    let maps = |v: &Value| matches!(v, Value::Map(_) | Value::Absent | Value::Cases(_));
    let cases = terms.iter().any(|(_, value)| value.has_cases());
    let first = types.next();
    terms.iter().all(|(_, v)| maps(v)) && (cases || types.any(|ty| Some(ty) != first))
}
