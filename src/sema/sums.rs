//! Maps joined by the author: sums, concatenations, products.

use super::eval::{Eval, Evaluator};
use super::frame::Frame;
use super::value::{Map, Value};
use crate::ir::kernel::Kernel;
use crate::source::Span;
use std::rc::Rc;

/// The map that a value is.
fn map_in(value: &Value) -> Option<Map> {
    match value {
        Value::Map(map) => Some(*map),
        _ => None,
    }
}

/// Maps of one type, some of which may be absent: a sum leaves out what is not there.
fn absent_at_times(parts: &[Value]) -> Option<Vec<Value>> {
    let mut maps = Vec::new();
    for part in parts {
        match part {
            Value::Map(map) => maps.push(*map),
            Value::Cases(cases) => maps.extend(cases.iter().filter_map(|case| case.map)),
            _ => return None,
        }
    }
    let one_type = maps.windows(2).all(|two| two[0].ty == two[1].ty);
    let any = parts.iter().any(Value::has_cases);
    (any && one_type).then(|| maps.into_iter().map(Value::Map).collect())
}

impl Evaluator<'_> {
    /// `concat`, and `sum` without `like`.
    pub(super) fn many(
        &mut self,
        name: &str,
        maps: Vec<Value>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let mut parts = Vec::new();
        for map in maps {
            self.flatten(map, name == "sum", at, f, &mut parts)?;
        }
        if name == "sum"
            && let Some(terms) = absent_at_times(&parts)
        {
            return self.many(name, terms, at, f);
        }
        if parts.iter().any(|part| part.is_varied() || part.has_cases()) {
            return self.per_type(&parts, at, |this, parts| this.many(name, parts, at, f));
        }
        let maps: Vec<Map> = parts.iter().filter_map(map_in).collect();
        if maps.is_empty() {
            return Ok(Value::Absent);
        }
        match name {
            "sum" if maps.len() == 1 => Ok(Value::Map(maps[0])),
            "sum" => self.add(&maps, at, f),
            _ => self.concat(&maps, at, f),
        }
    }

    /// `sum(…, like = x)`: the sum, or zeros of the type of `x` where no term is there. Of several
    /// maps to be like, the first that is there counts.
    pub(super) fn sum_like(
        &mut self,
        maps: Vec<Value>,
        like: &Value,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let mut parts = Vec::new();
        self.flatten(like.clone(), true, at, f, &mut parts)?;
        let like = parts.iter().find_map(map_in);
        let sum = self.many("sum", maps, at, f)?;
        let Some(like) = like else { return Ok(sum) };
        let zeros = self.push(Kernel::Add, like.ty, &[], at, f);
        let zeros = self.in_case(zeros, at);
        self.per_type(&[sum], at, |this, mut sum| match sum.pop() {
            // It may be absent in some members.
            Some(Value::Map(sum)) => this.add(&[sum, zeros], at, f),
            _ => Ok(Value::Map(zeros)),
        })
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

    /// `it * 0`, `it * 2` (the map added to itself) and products of maps.
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
            (Value::Map(m), Value::Num(n)) if n.is_integer() && (1..=64).contains(n.numer()) => {
                self.add(&vec![*m; *n.numer() as usize], a.to(b), f)
            }
            (Value::Map(x), Value::Map(y)) => self.mul(*x, *y, a.to(b), f),
            (Value::Map(_), other) => self.expected("a map or a number from 0 to 64", other, b),
            (other, _) => self.expected("a map", other, a),
        }
    }
}
