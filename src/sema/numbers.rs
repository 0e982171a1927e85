//! Operators between values: arithmetic on exact numbers, comparisons, repetition, ranges.

use super::eval::{Eval, Evaluator, design, unfit};
use super::frame::Frame;
use super::value::{Design, DesignKind, Value, Via};
use crate::diag::Diag;
use crate::ir::decision::Gate;
use crate::ir::graph::ScopeId;
use crate::source::Span;
use crate::syntax::ast::*;
use num_rational::Ratio;
use std::rc::Rc;

impl Evaluator<'_> {
    pub(super) fn unary(&mut self, op: UnaryOp, x: &Expr, at: Span, f: &mut Frame) -> Eval<Value> {
        let value = self.eval(x, f)?;
        match (op, value) {
            (UnaryOp::Tied, value) => self.tied(value, x, f),
            (UnaryOp::Slice, value) => self.as_slice(value, x.span),
            (UnaryOp::Minus, Value::Num(n)) if *n.numer() > i64::MIN => Ok(Value::Num(-n)),
            (UnaryOp::Minus, Value::Decimal(n)) => Ok(Value::exact(-n)),
            (UnaryOp::Minus, Value::Float(n)) => Ok(Value::Float(-n)),
            (UnaryOp::Not, Value::Bool(b)) => Ok(Value::Bool(!b)),
            (UnaryOp::Minus, other) => self.expected("a number", &other, at),
            (UnaryOp::Not, other) => self.expected("a truth value", &other, at),
        }
    }

    /// `tied d`: one scope of weights, allocated where the name is bound. Where `d` is chosen, each
    /// alternative has its own.
    pub(super) fn tied(&mut self, value: Value, x: &Expr, f: &mut Frame) -> Eval<Value> {
        // By its place among what is tied here, so that it is found again whatever was chosen before.
        let turn = f.unique("tied");
        let name = match &value {
            Value::Design(d) => turn.replacen("tied", &tied_name(d), 1),
            _ => turn.to_string(),
        };
        let scope = self.build.scope(f.scope, &name);
        self.tied_in(scope, value, x, f)
    }

    fn tied_in(&mut self, scope: ScopeId, value: Value, x: &Expr, f: &Frame) -> Eval<Value> {
        match value {
            Value::Design(d) => {
                let mut d = Design::clone(&d);
                d.tied = Some(scope);
                if d.instance.is_none() {
                    d.instance = Some(self.instance(f, x.span, &f.label, &d));
                }
                Ok(Value::Design(Rc::new(d)))
            }
            Value::Varied(terms) => {
                let terms = terms.iter().enumerate().map(|(i, (gate, value))| {
                    let own = self.build.scope(scope, &self.gate_label(gate, i));
                    Ok((*gate, self.tied_in(own, value.clone(), x, f)?))
                });
                Ok(Value::Varied(Rc::new(terms.collect::<Eval<Vec<_>>>()?)))
            }
            Value::Same => Ok(Value::Same),
            other => self.expected("a cell or an operator to tie", &other, x.span),
        }
    }

    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        a: &Expr,
        b: &Expr,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        match op {
            BinaryOp::Plus => {
                let (left, right) = self.both(a, b, f)?;
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
                let (left, right) = self.both(a, b, f)?;
                self.pipe(left, right, a.span, b.span, f)
            }
            _ => {
                let (left, right) = self.both(a, b, f)?;
                self.arithmetic(op, left, right, (a.span, b.span), f)
            }
        }
    }

    /// Both sides of an operator, also where one of them is wrong: so both are told.
    fn both(&mut self, a: &Expr, b: &Expr, f: &mut Frame) -> Eval<(Value, Value)> {
        let (left, right) = (self.eval(a, f), self.eval(b, f));
        Ok((left?, right?))
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
            (BinaryOp::Times, Value::Design(_) | Value::Same, other) => self.no_times(other, b),
            (BinaryOp::Times, l, r) if l.is_map_like() || r.is_map_like() => {
                self.times_map(left, right, (a, b), f)
            }
            (BinaryOp::Is, _, _) => Ok(Value::Bool(super::arms::same_value(&left, &right))),
            (BinaryOp::And, Value::Bool(x), Value::Bool(y)) => Ok(Value::Bool(*x && *y)),
            (BinaryOp::Or, Value::Bool(x), Value::Bool(y)) => Ok(Value::Bool(*x || *y)),
            (BinaryOp::And | BinaryOp::Or, Value::Bool(_), other) => {
                self.expected("a truth value", other, b)
            }
            (BinaryOp::And | BinaryOp::Or, other, _) => self.expected("a truth value", other, a),
            _ => self.numbers(op, &left, &right, (a, b)),
        }
    }

    /// What a chain cannot be repeated by.
    fn no_times<T>(&mut self, times: &Value, at: Span) -> Eval<T> {
        let diag = unfit("a whole number of times", times);
        let diag = diag.label(at, format!("this is {}", times.kind()));
        self.fail(match times {
            Value::Varied(_) => {
                diag.help("make `node h[i]` for each depth, and read `h[choose one of [1, 2]]`")
            }
            _ => diag,
        })
    }

    /// Evaluates something under each gate and joins the results.
    pub(super) fn each_gate(
        &mut self,
        gates: &[Gate],
        at: Span,
        mut run: impl FnMut(&mut Self, &Gate) -> Eval<Value>,
    ) -> Eval<Value> {
        let terms = gates
            .iter()
            .map(|g| Ok((*g, self.assuming(g, |this| run(this, g))?)))
            .collect::<Eval<Vec<_>>>()?;
        self.join(terms, at)
    }

    fn repeated(&mut self, part: Value, n: i64, b: Span) -> Eval<Value> {
        if !(0..=1000).contains(&n) {
            return self.fail(
                Diag::new("E0309", format!("a chain cannot be repeated {n} times"))
                    .label(b, "between 0 and 1000")
                    .help("repeat what is repeated: `(… * 100) * 100`"),
            );
        }
        let parts = vec![part; n as usize];
        Ok(design(DesignKind::Chain(parts)))
    }

    pub(super) fn numbers_plus(&mut self, l: &Value, r: &Value, at: (Span, Span)) -> Eval<Value> {
        self.numbers(BinaryOp::Plus, l, r, at)
    }

    pub(super) fn numbers(
        &mut self,
        op: BinaryOp,
        l: &Value,
        r: &Value,
        at: (Span, Span),
    ) -> Eval<Value> {
        if matches!(l, Value::Slice(_)) || matches!(r, Value::Slice(_)) {
            return self.slices(op, l, r, at);
        }
        if let (Some(x), Some(y)) = (l.as_ratio(), r.as_ratio()) {
            return match [l, r].iter().any(|v| matches!(v, Value::Decimal(_))) {
                true => self.decimals(op, x, y, at),
                false => self.ratios(op, x, y, at),
            };
        }
        match (l.as_f64(), r.as_f64()) {
            (Some(x), Some(y)) => Ok(match op {
                BinaryOp::Minus => Value::Float(x - y),
                BinaryOp::Times => Value::Float(x * y),
                BinaryOp::Divide => Value::Float(x / y),
                BinaryOp::Above => Value::Bool(x > y),
                BinaryOp::Below => Value::Bool(x < y),
                _ => Value::Float(x + y),
            }),
            (Some(_), None) if op == BinaryOp::Times && matches!(r, Value::Design(_)) => {
                let diag = unfit("a number", r).label(at.1, "cannot be multiplied");
                let (text, n) = (self.program.sources.text(at.1), l.show());
                self.fail(diag.help(format!("`{text} * {n}` repeats it")))
            }
            (None, _) => self.expected("a number", l, at.0),
            _ => self.expected("a number", r, at.1),
        }
    }

    /// Arithmetic with decimals stays exact as long as 64 bits hold it.
    fn decimals(
        &mut self,
        op: BinaryOp,
        x: Ratio<i64>,
        y: Ratio<i64>,
        at: (Span, Span),
    ) -> Eval<Value> {
        let arithmetic = matches!(op, BinaryOp::Plus | BinaryOp::Minus | BinaryOp::Times);
        if arithmetic && checked(op, x, y).is_none() {
            let float = |r: Ratio<i64>| Value::Float(*r.numer() as f64 / *r.denom() as f64);
            return self.numbers(op, &float(x), &float(y), at);
        }
        match self.ratios(op, x, y, at)? {
            Value::Num(n) => Ok(Value::exact(n)),
            value => Ok(value),
        }
    }

    fn ratios(
        &mut self,
        op: BinaryOp,
        x: Ratio<i64>,
        y: Ratio<i64>,
        (a, b): (Span, Span),
    ) -> Eval<Value> {
        let out = match op {
            BinaryOp::Divide if *y.numer() == 0 => {
                return self.fail(
                    Diag::new("E0313", "division by zero")
                        .label(b, "this is zero")
                        .help("divide by something else, or match on it first"),
                );
            }
            BinaryOp::Above => return Ok(Value::Bool(x > y)),
            BinaryOp::Below => return Ok(Value::Bool(x < y)),
            BinaryOp::RangeIncl | BinaryOp::RangeExcl => {
                return self.range(x, y, op == BinaryOp::RangeIncl, a.to(b));
            }
            _ => checked(op, x, y),
        };
        match out {
            Some(value) => Ok(Value::Num(value)),
            None => self.fail(
                Diag::new("E0314", "this number is too large")
                    .label(a.to(b), "beyond 64 bits")
                    .help("widths and counts end far below"),
            ),
        }
    }

    pub(super) fn range(
        &mut self,
        x: Ratio<i64>,
        y: Ratio<i64>,
        included: bool,
        at: Span,
    ) -> Eval<Value> {
        const LONGEST: i64 = 100_000;
        if !x.is_integer() || !y.is_integer() {
            let wrong = if x.is_integer() { y } else { x };
            return self.expected("whole numbers", &Value::Num(wrong), at);
        }
        let end = y.to_integer().saturating_add(i64::from(included));
        if end.saturating_sub(x.to_integer()) > LONGEST {
            return self.fail(
                Diag::new("E0309", "this range is too long")
                    .label(at, format!("more than {LONGEST} numbers"))
                    .help("networks have fewer parts than that"),
            );
        }
        Ok(Value::List(Rc::new((x.to_integer()..end).map(Value::int).collect())))
    }
}

/// What tied weights are called. Where one statement ties now this, now that, each has weights of its
/// own, as alternatives of a choice have; slices of one kernel do not count.
fn tied_name(d: &Design) -> String {
    let mut name = d.name().to_string();
    for (_, value, _) in &d.config {
        if matches!(value, Value::Num(_) | Value::Decimal(_) | Value::Label(_) | Value::Bool(_)) {
            name.push_str(&format!("_{}", super::text::scope_word(&value.show())));
        }
    }
    name
}

/// What an operator gives, where 64 bits hold it.
pub(super) fn checked(op: BinaryOp, x: Ratio<i64>, y: Ratio<i64>) -> Option<Ratio<i64>> {
    use num_traits::{CheckedAdd, CheckedDiv, CheckedMul, CheckedSub};
    match op {
        BinaryOp::Plus => x.checked_add(&y),
        BinaryOp::Minus => x.checked_sub(&y),
        BinaryOp::Times => x.checked_mul(&y),
        BinaryOp::Divide => x.checked_div(&y),
        _ => None,
    }
}
