//! `match`: on plain values, and on what decisions leave open.

use super::eval::{Eval, Evaluator};
use super::frame::Frame;
use super::value::Value;
use crate::diag::Diag;
use crate::ir::decision::{Domain, Gate};
use crate::source::Span;
use crate::syntax::ast::*;

impl Evaluator<'_> {
    pub(super) fn match_expr(
        &mut self,
        of: &Expr,
        arms: &[Arm],
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let opens = self.memo.opens();
        let mut value = self.eval(of, f)?;
        if !self.assumed.is_empty() && self.memo.opens() != opens {
            // Labels are those of the whole choice, and so is the text, whichever arm is taken.
            value = self.assuming_nothing(|this| this.eval(of, f))?;
        }
        self.note_match(&value, arms, at, f)?;
        if !f.indices.is_empty() && !value.is_varied() {
            self.note_arm(&value, arms, at, f)?;
        }
        self.match_value(&value, arms, at, f)
    }

    /// Remembers which arm is taken in a turn of a loop, for specs in which the loop is unrolled.
    fn note_arm(&mut self, value: &Value, arms: &[Arm], at: Span, f: &mut Frame) -> Eval<()> {
        if let Some(arm) = self.first_arm(value, arms, f)? {
            self.sites.note_arm(&f.instance, at, &f.indices, arm);
        }
        Ok(())
    }

    /// The first arm that takes a plain value.
    fn first_arm(&mut self, value: &Value, arms: &[Arm], f: &mut Frame) -> Eval<Option<usize>> {
        for (at, arm) in arms.iter().enumerate() {
            if self.matches(value, &arm.pattern, f)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Remembers which arm each alternative of one decision takes, for the spec of a member.
    fn note_match(&mut self, value: &Value, arms: &[Arm], at: Span, f: &mut Frame) -> Eval<()> {
        let Value::Varied(terms) = value else { return Ok(()) };
        let Some((Gate::Alt { of, .. }, _)) = terms.first() else { return Ok(()) };
        let of = *of;
        let Domain::One(labels) = &self.sites.decisions[of.index()].domain else { return Ok(()) };
        let mut texts = vec![None; labels.len()];
        for ((gate, _), value) in terms.iter().zip(self.match_keys(terms, arms)) {
            let Gate::Alt { of: same, alt } = *gate else { return Ok(()) };
            let taken = self.first_arm(&value, arms, f)?.map(|arm| arms[arm].value.clone());
            if same == of
                && let Some(text) = texts.get_mut(alt as usize)
            {
                *text = taken;
            }
        }
        if let Some(texts) = texts.into_iter().collect() {
            self.sites.note_match(&f.instance, at, &f.indices, of, texts);
        }
        Ok(())
    }

    fn match_value(&mut self, value: &Value, arms: &[Arm], at: Span, f: &mut Frame) -> Eval<Value> {
        if let Value::Varied(terms) = value {
            let keys = self.match_keys(terms, arms);
            let known = terms.iter().position(|(gate, _)| self.assumed.contains(gate));
            if let Some(key) = known.and_then(|at| keys.get(at)) {
                return self.match_value(key, arms, at, f);
            }
            let picked = terms
                .iter()
                .zip(keys)
                .map(|((gate, _), key)| {
                    let arm = self.assuming(gate, |this| this.match_value(&key, arms, at, f))?;
                    Ok((*gate, arm))
                })
                .collect::<Eval<Vec<_>>>()?;
            return self.join(picked, at);
        }
        if let Some(arm) = self.first_arm(value, arms, f)? {
            let arm = &arms[arm];
            let value = self.eval(&arm.value, f)?;
            let label = f.label.to_string();
            return Ok(self.with_instance(value, arm.value.span, &label, f));
        }
        self.fail(
            Diag::new("E0316", format!("no arm takes {}", value.show()))
                .label(at, "this `match`")
                .help(format!("add `{} => …` or `else => …`", value.show())),
        )
    }

    /// What patterns are held against, for each alternative: its label, but of numbers and the like, of
    /// what is labelled by what it is, and of a word whose label no arm names, the value.
    fn match_keys(&self, terms: &[(Gate, Value)], arms: &[Arm]) -> Vec<Value> {
        let labels = self.alternative_labels(terms);
        let names = |label: &String| arms.iter().any(|arm| arm.pattern.is_word(label));
        let key = |(i, (_, value)): (usize, &(Gate, Value))| match (value, labels.get(i)) {
            (Value::Num(_) | Value::Scale(_) | Value::Bool(_), _) | (_, None) => value.clone(),
            (Value::Str(_) | Value::Label(_), Some(label)) if !names(label) => value.clone(),
            (_, Some(label)) if value.as_word().as_ref() == Some(label) => value.clone(),
            (_, Some(label)) => Value::Label(label.as_str().into()),
        };
        terms.iter().enumerate().map(key).collect()
    }

    /// Labels of the alternatives, where the gates are those of a decision with labels.
    fn alternative_labels(&self, terms: &[(Gate, Value)]) -> Vec<String> {
        let label = |gate: &Gate| match gate {
            Gate::Alt { of, alt } => match &self.sites.decisions[of.index()].domain {
                Domain::One(labels) => labels.get(*alt as usize).cloned(),
                _ => None,
            },
            _ => None,
        };
        terms.iter().map_while(|(g, _)| label(g)).collect()
    }

    pub(super) fn matches(
        &mut self,
        value: &Value,
        pattern: &Pattern,
        f: &mut Frame,
    ) -> Eval<bool> {
        match pattern {
            Pattern::Else(_) => Ok(true),
            Pattern::Value(e) => {
                if let (ExprKind::Name(word), Value::Label(label) | Value::Str(label)) =
                    (&*e.kind, value)
                {
                    return Ok(**label == **word);
                }
                let wanted = self.eval(e, f)?;
                Ok(same_value(value, &wanted))
            }
            Pattern::Range(from, to, included) => {
                let Some(n) = value.as_ratio() else { return Ok(false) };
                let mut end = |e: &Option<Expr>| match e {
                    Some(e) => Ok(self.eval(e, f)?.as_ratio()),
                    None => Ok(None),
                };
                let (from, to) = (end(from)?, end(to)?);
                let below = to.is_none_or(|t| n < t || (*included && n == t));
                Ok(from.is_none_or(|s| n >= s) && below)
            }
        }
    }
}

impl Pattern {
    /// Whether it is that word.
    fn is_word(&self, word: &str) -> bool {
        match self {
            Pattern::Value(e) => {
                matches!(&*e.kind, ExprKind::Name(own) | ExprKind::Str(own) if own == word)
            }
            Pattern::Else(_) | Pattern::Range(..) => false,
        }
    }
}

/// Whether two plain values are the same.
pub(super) fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Bool(x), Value::Bool(y)) => x == y,
        (Value::Label(x) | Value::Str(x), Value::Label(y) | Value::Str(y)) => x == y,
        (Value::Scale(x), Value::Scale(y)) => x == y,
        (Value::Size(x), Value::Size(y)) => x == y,
        _ => match (a.as_ratio(), b.as_ratio()) {
            (Some(x), Some(y)) => x == y,
            _ => false,
        },
    }
}
