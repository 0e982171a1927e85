//! Diagnostics: how a mistake in a spec is described. No concrete mistake lives here; each is
//! beside the check that finds it.

mod render;

pub use render::{Style, render, render_json};

use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The spec cannot be used.
    Error,
    /// The spec can be used, but is perhaps not what was meant.
    Warning,
}

/// A place and what is to be said about it.
#[derive(Clone, Debug)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is said; may be empty.
    pub text: String,
}

/// One mistake: code, headline, places, remedy.
#[derive(Clone, Debug)]
pub struct Diag {
    /// Stable code, `E0307` or `W0901`; never reused.
    pub code: &'static str,
    /// The headline: lowercase, no full stop, user's text in backticks, no Rust words.
    pub message: String,
    /// The main place first.
    pub labels: Vec<Label>,
    /// What to do, as text that can be typed where possible.
    pub help: Option<String>,
}

impl Diag {
    /// A mistake at a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Diag {
        Diag { code, message: message.into(), labels: Vec::new(), help: None }
    }

    /// Adds a place; the first added is the main one.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Diag {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says what to do.
    pub fn help(mut self, text: impl Into<String>) -> Diag {
        self.help = Some(text.into());
        self
    }

    /// Says what to do, where there is something to say.
    pub fn help_maybe(mut self, text: Option<String>) -> Diag {
        self.help = text.or(self.help);
        self
    }

    /// Errors have codes that start with `E`.
    pub fn severity(&self) -> Severity {
        if self.code.starts_with('E') { Severity::Error } else { Severity::Warning }
    }
}

/// Where checks put what they find.
#[derive(Debug, Default)]
pub struct Sink {
    all: Vec<Diag>,
}

impl Sink {
    /// Adds a mistake.
    pub fn push(&mut self, diag: Diag) {
        self.all.push(diag);
    }

    /// Whether an error was found.
    pub fn has_errors(&self) -> bool {
        self.all.iter().any(|d| d.severity() == Severity::Error)
    }

    /// Everything that was found, by file and place, each once.
    pub fn finish(mut self) -> Vec<Diag> {
        let key = |d: &Diag| {
            let at = d.labels.first().map(|l| (l.span.file, l.span.start));
            (at, d.code, d.message.clone())
        };
        self.all.sort_by_key(key);
        self.all.dedup_by_key(|d| key(d));
        self.all
    }
}

/// The name among `known` that was probably meant: the same but for case, or within a third of
/// its length in edits.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).max(1);
    let distance = |name: &str| match name.eq_ignore_ascii_case(wrong) {
        true => 0,
        false => strsim::damerau_levenshtein(name, wrong),
    };
    known.into_iter().map(|n| (distance(n), n)).filter(|(d, _)| *d <= limit).min().map(|(_, n)| n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let known = ["sep_conv", "skip", "zero"];
        assert_eq!(did_you_mean("sep_cnov", known), Some("sep_conv"));
        assert_eq!(did_you_mean("Skip", known), Some("skip"));
        assert_eq!(did_you_mean("attention", known), None);
    }
}
