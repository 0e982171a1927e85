//! Lists: their elements, loops over them, indices, slices, results by name.

use super::eval::{Eval, Evaluator, Reported};
use super::frame::Frame;
use super::value::Value;
use crate::diag::{Diag, did_you_mean};
use crate::maps::IndexMap;
use crate::source::Span;
use crate::syntax::ast::*;
use num_rational::Ratio;
use std::rc::Rc;

impl Evaluator<'_> {
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
                Diag::new("E0311", format!("{}, but a list is needed", self.in_words(other, at)))
                    .label(at, "not a list")
                    .help("lists are `[a, b]`, `1..=n` and nodes with an index"),
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
            self.turns += 1;
            self.check_size(each.over.span)?;
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
        let texts = super::text::element_texts(&each.over, over, items.len());
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
                    return self.uneven(parts.len(), items.len(), *at);
                }
                parts.iter().zip(items).try_for_each(|(p, v)| self.bind(p, v, f))
            }
        }
    }

    fn uneven<T>(&mut self, names: usize, items: usize, at: Span) -> Eval<T> {
        let help = match names < items {
            true => "name the others too, `_a` where they are not needed",
            false => "drop the names that get nothing",
        };
        self.fail(
            Diag::new("E0312", format!("{names} names for a list of {items}"))
                .label(at, "taken apart here")
                .help(help),
        )
    }

    /// Names that take a list apart must be as many as its elements.
    pub(super) fn check_binder(&mut self, binder: &Binder, value: &Value) -> Eval<()> {
        let Binder::List(parts, at) = binder else { return Ok(()) };
        let items = self.items(value, *at)?;
        if items.len() != parts.len() {
            return self.uneven(parts.len(), items.len(), *at);
        }
        parts.iter().zip(&items).try_for_each(|(p, v)| self.check_binder(p, v))
    }

    pub(super) fn index(&mut self, x: &Expr, i: &Expr, f: &mut Frame) -> Eval<Value> {
        if let ExprKind::Binary(op @ (BinaryOp::RangeExcl | BinaryOp::RangeIncl), from, to) =
            &*i.kind
        {
            return self.slice(x, Some(from), Some(to), *op == BinaryOp::RangeIncl, f);
        }
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
        if let Value::Varied(terms) = &value {
            let gates: Vec<_> = terms.iter().map(|(g, _)| *g).collect();
            return self.each_gate(&gates, at, |this, g| {
                this.index_value(value.under(g), index.clone(), at, i_at)
            });
        }
        let Some(n) = index.as_ratio().filter(Ratio::is_integer).map(|r| r.to_integer()) else {
            return self.expected("a whole number as index", &index, i_at);
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
            None => {
                let all = indices(&value);
                let help = match all.as_deref() {
                    None | Some([]) => "it is empty".to_string(),
                    Some([one]) => format!("it has `[{one}]` alone"),
                    Some([first, .., last]) => format!("it goes from `[{first}]` to `[{last}]`"),
                };
                self.fail(
                    Diag::new("E0310", format!("there is no element `[{n}]`"))
                        .label(i_at, "out of range")
                        .label(at, "of this")
                        .help(help),
                )
            }
        }
    }

    pub(super) fn slice(
        &mut self,
        x: &Expr,
        from: Option<&Expr>,
        to: Option<&Expr>,
        included: bool,
        f: &mut Frame,
    ) -> Eval<Value> {
        // A family without a member yet is an empty one: `H[..1]`.
        let value = match (&*x.kind, from) {
            (ExprKind::Name(name), _) if !self.known_name(name, f) && !self.diags.knows(x.span) => {
                Value::Family(Rc::new(IndexMap::default()))
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
                    let all: Vec<&str> = fields.keys().map(String::as_str).collect();
                    self.fail(no_result(&all, name, at))
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
                None => self.fail(no_operator(o, name)),
            },
            Value::Map(map) if name.value == "width" => Ok(self.width_of(map.ty)),
            Value::Map(map) if name.value == "scale" => Ok(Value::Scale(map.ty.scale)),
            Value::Poison => Err(Reported),
            other => {
                let text =
                    format!("{} and has no result `{}`", self.in_words(other, at), name.value);
                self.fail(
                    Diag::new("E0406", text)
                        .label(name.span, "not offered")
                        .help("cells with several outputs, encoders and trellises have results"),
                )
            }
        }
    }
}

/// The index of a turn: a whole number itself, otherwise the turn's position.
fn loop_index(n: usize, item: &Value) -> i64 {
    let whole = item.as_ratio().filter(Ratio::is_integer);
    whole.map_or(n as i64, |r| r.to_integer())
}

/// The indices of a list's elements.
fn indices(value: &Value) -> Option<Vec<i64>> {
    match value {
        Value::Family(items) => Some(items.keys().copied().collect()),
        Value::List(items) => Some((0..items.len() as i64).collect()),
        _ => None,
    }
}

/// An operator that a set does not have.
fn no_operator(set: &super::value::Opset, name: &Name) -> Diag {
    let labels: Vec<&str> = set.entries.iter().map(|e| &*e.label).collect();
    let help = match did_you_mean(&name.value, labels.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has {}", labels.join(", ")),
    };
    Diag::new("E0201", format!("`{}` has no operator `{}`", set.name, name.value))
        .label(name.span, "not found")
        .help(help)
}

/// A result that is not offered.
fn no_result(all: &[&str], name: &Name, at: Span) -> Diag {
    let help = match did_you_mean(&name.value, all.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it offers {}", all.join(", ")),
    };
    Diag::new("E0406", format!("there is no result `{}`", name.value))
        .label(name.span, "not offered")
        .label(at, "by this")
        .help(help)
}
