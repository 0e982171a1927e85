//! Calls: arguments are bound as configuration, or maps make it an application.

use super::apply::instance_label;
use super::builtin::FUNCTIONS;
use super::eval::{Eval, Evaluator};
use super::frame::Frame;
use super::given::{DECISIONS, has_own};
use super::params::config_of;
use super::value::{Design, DesignKind, Opset, OpsetEntry, Value};
use crate::diag::{Diag, did_you_mean, listed};
use crate::maps::HashMap;
use crate::source::Span;
use crate::syntax::ast::*;
use num_integer::Integer;
use std::rc::Rc;

/// Arguments of a call, evaluated.
pub(super) type Args = Vec<(Option<Name>, Value, Span)>;

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

    pub(super) fn arguments(&mut self, args: &[Argument], f: &mut Frame) -> Eval<Args> {
        // All are evaluated before the first mistake ends it, so that all are told.
        let values: Vec<Eval<Value>> = args.iter().map(|a| self.eval(&a.value, f)).collect();
        let named = args.iter().zip(values);
        named.map(|(a, value)| Ok((a.name.clone(), value?, a.value.span))).collect()
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
            ExprKind::Name(name) if name == "unread" => match args {
                [Argument { name: None, value: of }] => {
                    Some(self.eval(of, f).and_then(|list| self.unread(of, &list, at, f)))
                }
                _ => Some(self.arguments(args, f).and_then(|args| self.function(name, args, at))),
            },
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

    pub(super) fn function(&mut self, name: &str, args: Args, at: Span) -> Eval<Value> {
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
                Some(r) => {
                    // Not `Ratio::floor`, which overflows at the edge.
                    let floor = r.numer().div_floor(r.denom());
                    Ok(Value::int(floor + i64::from(name == "ceil" && !r.is_integer())))
                }
                None => self.expected("a number", x, at),
            },
            ("min" | "max", [_, ..]) => {
                // The value itself comes back, so that the smaller of two scales is a scale.
                let mut numbers = Vec::new();
                for value in values.iter().flat_map(|value| match value {
                    Value::List(items) => items.as_slice(),
                    one => std::slice::from_ref(*one),
                }) {
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
            _ => {
                let wanted = if matches!(name, "min" | "max") { "at least 1" } else { "1" };
                let text = format!("`{name}` takes {wanted} argument, got {}", args.len());
                let help = format!("`{name}({})`", if name == "len" { "xs" } else { "x" });
                self.fail(Diag::new("E0403", text).label(at, "called here").help(help))
            }
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
                Diag::new("E0202", format!("{}, but is called", self.in_words(&other, callee)))
                    .label(callee, "not an operator, a cell or a trellis")
                    .help(format!("write `{}` alone", self.program.sources.text(callee))),
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
            design.instance = Some(self.instance(f, at, &label, &design));
        }
        let design = Value::Design(Rc::new(design));
        if applies { self.apply(&design, maps, at, f) } else { Ok(design) }
    }

    fn too_many<T>(&mut self, design: &Design, most: usize, at: Span) -> Eval<T> {
        let s = if most == 1 { "" } else { "s" };
        let most = if most == 0 { "no".to_string() } else { most.to_string() };
        self.fail(
            Diag::new("E0403", format!("`{}` takes {most} argument{s}", design.name()))
                .label(at, "one too many")
                .help(format!("remove it; a map goes before: `x > {}`", design.name())),
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
        if name.value == DECISIONS
            && matches!(&design.kind, DesignKind::Item(item) if !has_own(item))
        {
            // They are decisions of its own then.
            design.instance = None;
        } else if !params.contains(&name.value) {
            let params: Vec<&str> = params.iter().map(String::as_str).collect();
            return self.fail(unknown_argument(design.name(), &params, name));
        }
        design.config.retain(|(n, _, _)| **n != *name.value);
        design.config.push((name.value.as_str().into(), value, at));
        Ok(())
    }
}

/// An argument that a design does not have.
pub(super) fn unknown_argument(design: &str, params: &[&str], name: &Name) -> Diag {
    let help = match did_you_mean(&name.value, params.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if params.is_empty() => "it takes no arguments".to_string(),
        None => format!("it takes {}", listed(params)),
    };
    Diag::new("E0208", format!("`{design}` has no argument `{}`", name.value))
        .label(name.span, "not known")
        .help(help)
}

/// Arguments of one call that are given by name, and given again.
pub(super) fn given_twice(args: &[Argument]) -> Vec<Diag> {
    let mut first: HashMap<&str, Span> = HashMap::default();
    let mut found = Vec::new();
    for name in args.iter().filter_map(|a| a.name.as_ref()) {
        match first.get(name.value.as_str()) {
            Some(at) => found.push(
                Diag::new("E0203", format!("the argument `{}` is given twice", name.value))
                    .label(name.span, "again here")
                    .label(*at, "first here")
                    .help("remove one of them"),
            ),
            None => {
                first.insert(&name.value, name.span);
            }
        }
    }
    found
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
