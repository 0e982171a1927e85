//! Reading single values of a plan: numbers, words, sizes, schedules, calls with arguments.

use crate::diag::{Diag, did_you_mean, listed};
use crate::ir::Size;
use crate::search::schedule::{Curve, Schedule};
use crate::sema::call::given_twice;
use crate::sema::eval::{Eval, Evaluator};
use crate::sema::value::Value;
use crate::source::Span;
use crate::syntax::ast::{Argument, Clause, Expr, ExprKind, ItemKind, Name, Spanned};
use std::ops::RangeInclusive;

/// Values that are given by name.
pub(super) type NamedValues<'c> = Vec<(&'c Name, &'c Expr)>;

/// A call such as `sgd(momentum = 0.9)`: its name and its arguments by name. Positional
/// arguments are not taken.
pub(super) struct Call<'a> {
    pub(super) name: Name,
    pub(super) args: Vec<(&'a Name, &'a Expr)>,
    /// Whether an argument was not known, or given twice; told already.
    pub(super) judged: Eval<()>,
}

impl Call<'_> {
    pub(super) fn get(&self, name: &str) -> Option<&Expr> {
        self.args.iter().find(|(n, _)| n.value == name).map(|(_, e)| *e)
    }
}

impl Evaluator<'_> {
    /// A clause's only value, as a name: `emit final`.
    pub(super) fn word_of(&mut self, clause: &Clause) -> Eval<Name> {
        let value = self.only(clause)?;
        match &*value.kind {
            ExprKind::Name(name) => Ok(Spanned { value: name.clone(), span: value.span }),
            _ => self.wrong("a name", value.span),
        }
    }

    pub(super) fn text_of(&mut self, clause: &Clause) -> Eval<String> {
        let value = self.only(clause)?;
        self.string(value, "data/street")
    }

    /// A string in quotes, or a constant that is one.
    pub(super) fn string(&mut self, e: &Expr, example: &str) -> Eval<String> {
        match &*e.kind {
            ExprKind::Str(text) => Ok(text.clone()),
            ExprKind::Name(name) if self.is_constant(name) => {
                let mut f = self.plan_frame();
                match self.eval(e, &mut f)? {
                    Value::Str(text) => Ok(text.to_string()),
                    other => {
                        self.expected(&format!("a string such as `\"{example}\"`"), &other, e.span)
                    }
                }
            }
            _ => self.not_a_string(example, e),
        }
    }

    /// Whether the file knows a constant of that name.
    pub(super) fn is_constant(&self, name: &str) -> bool {
        let known = self.program.modules.first().and_then(|module| module.names.get(name));
        known.is_some_and(|known| matches!(known.item.item().kind, ItemKind::Const(_)))
    }

    /// A word without quotes is perhaps all that is wrong.
    pub(super) fn not_a_string<T>(&mut self, example: &str, e: &Expr) -> Eval<T> {
        let word = match &*e.kind {
            ExprKind::Name(word) => Some(format!("put it in quotes: `\"{word}\"`")),
            _ => None,
        };
        self.fail(
            Diag::new("E0301", format!("expected a string such as `\"{example}\"`"))
                .label(e.span, "found this")
                .help_maybe(word),
        )
    }

    /// The one value of a clause that takes one.
    pub(super) fn only<'c>(&mut self, clause: &'c Clause) -> Eval<&'c Expr> {
        match clause.args.as_slice() {
            [Argument { name: None, value }] => Ok(value),
            _ => {
                let name = &clause.name.value;
                let given = match clause.args.len() {
                    1 => "a value with a name".to_owned(),
                    n => format!("{n} values"),
                };
                let first = clause.args.first().map(|a| self.program.sources.text(a.value.span));
                let help = format!("`{name} {}`", first.unwrap_or("…"));
                let diag = Diag::new("E0608", format!("`{name}` takes one value"));
                self.fail(diag.label(clause.span, given).help(help))
            }
        }
    }

    pub(super) fn count_of(&mut self, clause: &Clause, range: RangeInclusive<i64>) -> Eval<i64> {
        let value = self.only(clause)?;
        self.count(value, range)
    }

    pub(super) fn count(&mut self, e: &Expr, range: RangeInclusive<i64>) -> Eval<i64> {
        let mut f = self.plan_frame();
        let n = self.whole(e, &mut f)?;
        if range.contains(&n) {
            return Ok(n);
        }
        self.fail(
            Diag::new("E0319", format!("{n} is out of range here"))
                .label(e.span, if n < *range.start() { "too small" } else { "too large" })
                .help(format!("between {} and {}", range.start(), range.end())),
        )
    }

    /// A number of at least zero.
    pub(super) fn number(&mut self, e: &Expr) -> Eval<f64> {
        let mut f = self.plan_frame();
        let value = self.eval(e, &mut f)?;
        match value.as_f64() {
            Some(x) if x.is_finite() && x >= 0.0 => Ok(x),
            Some(x) => self.fail(
                Diag::new("E0319", format!("{x} is out of range here"))
                    .label(e.span, if x < 0.0 { "below 0" } else { "not a number to compute with" })
                    .help("a number of at least 0"),
            ),
            None => self.expected("a number", &value, e.span),
        }
    }

    pub(super) fn number_or(&mut self, e: Option<&Expr>, default: f64) -> Eval<f64> {
        match e {
            Some(e) => self.number(e),
            None => Ok(default),
        }
    }

    pub(super) fn bool_or(&mut self, e: Option<&Expr>, default: bool) -> Eval<bool> {
        let Some(e) = e else { return Ok(default) };
        let mut f = self.plan_frame();
        match self.eval(e, &mut f)? {
            Value::Bool(b) => Ok(b),
            other => self.expected("`true` or `false`", &other, e.span),
        }
    }

    /// `512x1024`.
    pub(super) fn size(&mut self, e: &Expr) -> Eval<Size> {
        let mut f = self.plan_frame();
        match self.eval(e, &mut f)? {
            Value::Size(dims) => match *dims {
                [h, w] if h > 0 && w > 0 => Ok(Size { h, w }),
                _ => self.wrong("a size of height x width, such as `512x1024`", e.span),
            },
            other => self.expected("a size such as `512x1024`", &other, e.span),
        }
    }

    pub(super) fn size_maybe(&mut self, e: Option<&Expr>) -> Eval<Option<Size>> {
        e.map(|e| self.size(e)).transpose()
    }

    /// `0.025 -> 0.001 cosine`, or a number that stays.
    pub(super) fn schedule(&mut self, e: &Expr) -> Eval<Schedule> {
        let ExprKind::Schedule { from, to, curve, power } = &*e.kind else {
            return Ok(Schedule::constant(self.number(e)?));
        };
        let (from_value, to_value) = (self.number(from)?, self.number(to)?);
        let power_value = power.as_ref().map(|p| self.number(p)).transpose()?;
        let curve_value = match (curve.value.as_str(), power_value) {
            ("cosine", None) => Curve::Cosine,
            ("linear", None) => Curve::Linear,
            ("exp", None) => Curve::Exponential,
            ("poly", power) => Curve::Poly { power: power.unwrap_or(0.9) },
            ("step", Some(gamma)) if gamma > 0.0 && gamma < 1.0 => {
                // As many equal intervals as it takes to get from one value to the other.
                let drops = (to_value / from_value).ln() / gamma.ln();
                Curve::Step { every: 1.0 / (drops.round().max(1.0) + 1.0), gamma }
            }
            (_, power) => return self.unknown_curve(curve, power),
        };
        if curve_value == Curve::Exponential && (from_value <= 0.0 || to_value <= 0.0) {
            return self.fail(
                Diag::new("E0319", "an exponential schedule cannot reach 0")
                    .label(e.span, "both ends must be positive")
                    .help("end at a small number, such as 1e-5"),
            );
        }
        Ok(Schedule { from: from_value, to: to_value, curve: curve_value })
    }

    fn unknown_curve<T>(&mut self, curve: &Name, power: Option<f64>) -> Eval<T> {
        let name = &curve.value;
        let (text, help) = match (name.as_str(), power) {
            ("step", _) => (
                "`step` needs a factor below 1".to_owned(),
                "such as `step 0.1`: each step is a tenth",
            ),
            ("cosine" | "linear" | "exp", Some(_)) => {
                (format!("`{name}` takes no number"), "drop it; `poly 0.9` and `step 0.1` take one")
            }
            _ => (
                format!("`{name}` is not a curve"),
                "curves: `cosine`, `linear`, `exp`, `poly 0.9`, `step 0.1`",
            ),
        };
        self.fail(Diag::new("E0609", text).label(curve.span, "of this schedule").help(help))
    }

    /// A call whose name and arguments are known.
    pub(super) fn call_of<'e>(
        &mut self,
        e: &'e Expr,
        kind: &str,
        known: &[(&str, &[&str])],
    ) -> Eval<Call<'e>> {
        let (callee, args): (&Expr, &[Argument]) = match &*e.kind {
            ExprKind::Call(callee, args) => (callee, args),
            _ => (e, &[]),
        };
        let names: Vec<&str> = known.iter().map(|(n, _)| *n).collect();
        let ExprKind::Name(name) = &*callee.kind else {
            return self.wrong(&format!("a {kind}: {}", listed(&names)), e.span);
        };
        let Some((_, params)) = known.iter().find(|(n, _)| n == name) else {
            let help = match did_you_mean(name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is {}", listed(&names)),
            };
            return self.fail(
                Diag::new("E0610", format!("there is no {kind} `{name}`"))
                    .label(callee.span, "not known")
                    .help(help),
            );
        };
        let mut judged = self.no_argument_twice(args);
        let mut out = Vec::new();
        for arg in args {
            match self.known_arg(name, arg, params) {
                Ok(name) => out.push((name, &arg.value)),
                Err(reported) => judged = Err(reported),
            }
        }
        Ok(Call { name: Spanned { value: name.clone(), span: callee.span }, args: out, judged })
    }

    fn no_argument_twice(&mut self, args: &[Argument]) -> Eval<()> {
        let mut out = Ok(());
        for diag in given_twice(args) {
            out = self.fail(diag);
        }
        out
    }

    /// The name of an argument, which must be given and known.
    pub(super) fn known_arg<'e>(
        &mut self,
        of: &str,
        arg: &'e Argument,
        params: &[&str],
    ) -> Eval<&'e Name> {
        let Some(name) = &arg.name else {
            return self.fail(
                Diag::new("E0608", format!("arguments of `{of}` are given by name"))
                    .label(arg.value.span, "no name")
                    .help(format!("it takes {}", listed(params))),
            );
        };
        if params.contains(&name.value.as_str()) {
            return Ok(name);
        }
        let near = did_you_mean(&name.value, params.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it takes {}", listed(params)),
        };
        self.fail(
            Diag::new("E0208", format!("`{of}` has no argument `{}`", name.value))
                .label(name.span, "not known")
                .help(help),
        )
    }

    pub(super) fn wrong<T>(&mut self, wanted: &str, at: Span) -> Eval<T> {
        self.fail(Diag::new("E0301", format!("expected {wanted}")).label(at, "found this"))
    }

    /// A labelled value of a clause: `epochs 40, arch_from = 20`.
    pub(super) fn named<'c>(
        &mut self,
        clause: &'c Clause,
        params: &[&str],
    ) -> Eval<(Vec<&'c Expr>, NamedValues<'c>)> {
        let (mut bare, mut named) = (Vec::new(), Vec::new());
        self.no_argument_twice(&clause.args)?;
        for arg in &clause.args {
            match arg.name {
                None => bare.push(&arg.value),
                Some(_) => {
                    named.push((self.known_arg(&clause.name.value, arg, params)?, &arg.value));
                }
            }
        }
        Ok((bare, named))
    }
}
