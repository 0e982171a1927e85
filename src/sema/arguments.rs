//! Arguments of kernels: numbers in range, words, widths.

use super::eval::{Eval, Evaluator, unfit};
use super::kernels::WIDEST;
use super::slices::Width;
use super::value::{Design, Map, Value};
use crate::diag::{Diag, listed};
use crate::source::Span;

impl Evaluator<'_> {
    pub(super) fn arg(&self, d: &Design, name: &str) -> Option<(Value, Span)> {
        let found = d.config.iter().rev().find(|(n, _, _)| **n == *name);
        found.map(|(_, value, span)| (value.clone(), *span))
    }

    pub(super) fn whole_arg(
        &mut self,
        d: &Design,
        name: &str,
        default: i64,
        range: std::ops::RangeInclusive<i64>,
        at: Span,
    ) -> Eval<i64> {
        let Some((value, span)) = self.arg(d, name) else {
            if required(d, name) {
                return self.not_given(d, name, format!("`{}({name} = …)`", d.name()), at);
            }
            return Ok(default);
        };
        let n = match value.as_ratio() {
            Some(r) if r.is_integer() => r.to_integer(),
            _ => {
                let diag = unfit("a whole number", &value);
                return self.fail(diag.label(span, format!("`{name}` of `{}`", d.name())));
            }
        };
        if range.contains(&n) {
            return Ok(n);
        }
        let (low, high) = (range.start(), range.end());
        self.fail(
            Diag::new("E0319", format!("`{name}` cannot be {n}"))
                .label(span, "out of range")
                .help(format!("between {low} and {high}")),
        )
    }

    /// The argument `C`: a whole number of channels, or a slice; `same` and nothing mean the
    /// input's.
    pub(super) fn width_arg(&mut self, d: &Design, x: Map, at: Span) -> Eval<Width> {
        match self.arg(d, "C") {
            None | Some((Value::Same, _)) => Ok(self.same_width(x)),
            Some((Value::Slice(slice), span)) => self.sliced_width(&slice, span),
            Some((value, span)) => match value.as_ratio() {
                Some(r) if !r.is_integer() => {
                    let diag = uneven_width(&value).label(span, "a width");
                    self.fail(diag.label(self.head(at), "of this convolution"))
                }
                _ => Ok(Width::plain(self.whole_arg(d, "C", 1, 1..=WIDEST, at)? as u32)),
            },
        }
    }

    pub(super) fn bool_arg(
        &mut self,
        d: &Design,
        name: &str,
        default: bool,
        at: Span,
    ) -> Eval<bool> {
        match self.arg(d, name) {
            None => Ok(default),
            Some((Value::Bool(b), _)) => Ok(b),
            Some((other, span)) => {
                let _ = at;
                self.expected("`true` or `false`", &other, span)
            }
        }
    }

    pub(super) fn float_arg(
        &mut self,
        d: &Design,
        name: &str,
        default: f64,
        range: Part,
        at: Span,
    ) -> Eval<f64> {
        let Some((value, span)) = self.arg(d, name) else {
            if required(d, name) {
                return self.not_given(d, name, format!("`{}({name} = …)`", d.name()), at);
            }
            return Ok(default);
        };
        let Some(number) = value.as_f64() else { return self.expected("a number", &value, span) };
        let (fits, help) = match range {
            Part::BelowOne => ((0.0..1.0).contains(&number), "at least 0, and below 1"),
            Part::UpToOne => ((0.0..=1.0).contains(&number), "between 0 and 1"),
        };
        if fits {
            return Ok(number);
        }
        self.fail(
            Diag::new("E0319", format!("`{name}` cannot be {}", value.show()))
                .label(span, "out of range")
                .label(self.head(at), format!("of this `{}`", d.name()))
                .help(help),
        )
    }

    /// A required argument that is missing.
    fn not_given<T>(&mut self, d: &Design, name: &str, help: String, at: Span) -> Eval<T> {
        self.fail(
            Diag::new("E0209", format!("`{}` needs the argument `{name}`", d.name()))
                .label(at, "not given here")
                .help(help),
        )
    }

    pub(super) fn word_arg(
        &mut self,
        d: &Design,
        name: &str,
        known: &[&str],
        at: Span,
    ) -> Eval<Option<String>> {
        let Some((value, span)) = self.arg(d, name) else {
            if required(d, name) {
                return self.not_given(d, name, format!("one of {}", listed(known)), at);
            }
            return Ok(None);
        };
        match &value {
            Value::Label(word) if known.contains(&&**word) => Ok(Some(word.to_string())),
            other => self.fail(
                Diag::new("E0301", format!("expected one of {}", listed(known)))
                    .label(span, format!("`{}` is none of them", other.show())),
            ),
        }
    }

    pub(super) fn check_groups(
        &mut self,
        width: i64,
        groups: i64,
        at: Span,
        d: &Design,
    ) -> Eval<()> {
        if width % groups == 0 {
            return Ok(());
        }
        let groups_at = self.arg(d, "groups").map_or(at, |(_, span)| span);
        let next = (width / groups + 1) * groups;
        let at = self.head(at);
        self.fail(
            Diag::new("E0307", format!("width {width} is not divisible by {groups} groups"))
                .label(at, format!("{width} channels"))
                .label(groups_at, "groups set here")
                .help(format!("the next multiple is {next}")),
        )
    }
}

/// Parts of one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// From 0 up to, not including, 1.
    BelowOne,
    /// From 0 to 1.
    UpToOne,
}

/// A width that is no whole number, without its place.
pub(super) fn uneven_width(width: &Value) -> Diag {
    let denom = width.as_ratio().map_or(1, |r| *r.denom());
    Diag::new("E0308", format!("{} channels are not a whole number", width.show()))
        .help(format!("let what is divided be a multiple of {denom}, or round: `floor(…)`"))
}

pub(super) fn required(d: &Design, name: &str) -> bool {
    match &d.kind {
        super::value::DesignKind::Builtin(b) => b.params[..b.required].contains(&name),
        _ => false,
    }
}
