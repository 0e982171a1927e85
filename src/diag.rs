//! Diagnostics: how a mistake in a spec is described. No concrete mistake lives here; each is
//! beside the check that finds it.

pub mod explain;
mod github;
mod place;
mod render;
pub mod sarif;

pub use explain::explain;
pub use github::render_github;
pub use render::{Style, render, render_json};

use crate::maps::HashSet;
use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The spec cannot be used.
    Error,
    /// The spec can be used, but is perhaps not what was meant.
    Warning,
}

impl Severity {
    /// That of a code: errors' start with `E`.
    pub fn of(code: &str) -> Severity {
        if code.starts_with('E') { Severity::Error } else { Severity::Warning }
    }
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

    /// How bad it is, as its code says.
    pub fn severity(&self) -> Severity {
        Severity::of(self.code)
    }

    /// Headline, what is said of the main place, and the remedy, each on a line.
    fn in_words(&self) -> String {
        let main = self.labels.first().map(|label| label.text.clone());
        let help = self.help.as_ref().map(|help| format!("help: {help}"));
        let lines = [Some(self.message.clone()), main.filter(|text| !text.is_empty()), help];
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }
}

/// Where checks put what they find.
#[derive(Debug, Default)]
pub struct Sink {
    all: Vec<Diag>,
    /// Main places of errors.
    places: HashSet<Span>,
}

impl Sink {
    /// Adds a mistake.
    pub fn push(&mut self, diag: Diag) {
        if diag.severity() == Severity::Error {
            self.places.extend(diag.labels.first().map(|l| l.span));
        }
        self.all.push(diag);
    }

    /// Whether an error was found at exactly this place.
    pub fn knows(&self, at: Span) -> bool {
        self.places.contains(&at)
    }

    /// How many mistakes were found.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether an error was found.
    pub fn has_errors(&self) -> bool {
        self.all.iter().any(|d| d.severity() == Severity::Error)
    }

    /// Everything that was found, by file and place; of several of one code at one place, the
    /// first that was found.
    pub fn finish(mut self) -> Vec<Diag> {
        fn key(d: &Diag) -> (Option<Span>, &'static str, &str) {
            let at = d.labels.first().map(|l| l.span);
            (at, d.code, if at.is_none() { &d.message } else { "" })
        }
        self.all.sort_by(|a, b| key(a).cmp(&key(b)));
        self.all.dedup_by(|b, a| key(b) == key(a));
        self.all
    }
}

/// Names for a message: `a`, `b`, `c`.
pub fn listed<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(|n| format!("`{}`", n.as_ref())).collect::<Vec<_>>().join(", ")
}

/// The name among `known` that was probably meant: the same but for case, or within a third of
/// its length in edits.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Nobody mistypes longer names, and comparing them would take long.
    const LONGEST: usize = 64;
    let len = wrong.chars().count();
    let limit = (len / 3).max(1);
    let near = |name: &&str| name.len() <= LONGEST && name.chars().count().abs_diff(len) <= limit;
    let distance = |name: &str| match name.eq_ignore_ascii_case(wrong) {
        true => 0,
        false => strsim::damerau_levenshtein(name, wrong),
    };
    let known = known.into_iter().filter(near);
    // Of a single letter nothing is left where it is replaced.
    known.map(|n| (distance(n), n)).filter(|(d, _)| *d <= limit && *d < len).min().map(|(_, n)| n)
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
