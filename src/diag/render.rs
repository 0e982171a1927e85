//! Diagnostics for people (drawn by miette) and for programs (JSON).

use super::place::Region;
use super::{Diag, Severity};
use crate::source::{FileId, Sources};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};
use std::fmt;

/// How diagnostics are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With ANSI colours.
    pub colour: bool,
    /// Columns to wrap at.
    pub width: usize,
}

/// A diagnostic joined with the text that it speaks of, as miette wants it.
#[derive(Debug)]
struct Report {
    diag: Diag,
    source: Option<NamedSource<String>>,
    related: Vec<Report>,
}

impl Report {
    fn new(diag: &Diag, sources: &Sources) -> Report {
        let home = diag.labels.first().map(|l| l.span.file);
        let mut here = diag.clone();
        here.labels.retain(|l| Some(l.span.file) == home);
        let elsewhere = diag.labels.iter().filter(|l| Some(l.span.file) != home);
        let related = elsewhere.map(|label| {
            let note = Diag::new("", "related").label(label.span, label.text.clone());
            Report { source: named(label.span.file, sources), diag: note, related: Vec::new() }
        });
        Report {
            related: related.collect(),
            source: home.and_then(|f| named(f, sources)),
            diag: here,
        }
    }
}

fn named(file: FileId, sources: &Sources) -> Option<NamedSource<String>> {
    sources.get(file).map(|f| NamedSource::new(&f.name, drawable(&f.text)))
}

/// A text without control characters, which a terminal would obey. Places stay what they are.
fn drawable(text: &str) -> String {
    let harmless = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    // Those beyond ASCII are two bytes long, and so is this dot.
    let stand_in = |c: char| if c.is_ascii() { '?' } else { '·' };
    text.chars().map(|c| if harmless(c) { c } else { stand_in(c) }).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diag.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.diag.code.is_empty()).then(|| Box::new(self.diag.code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diag.severity() {
            _ if self.diag.code.is_empty() => miette::Severity::Advice,
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diag.help.as_ref().map(|h| Box::new(h) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source.as_ref().map(|s| s as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = |(i, l): (usize, &super::Label)| {
            let text = (!l.text.is_empty()).then(|| l.text.clone());
            match i {
                0 => LabeledSpan::new_primary_with_span(text, l.span),
                _ => LabeledSpan::new_with_span(text, l.span),
            }
        };
        let all: Vec<_> = self.diag.labels.iter().enumerate().map(label).collect();
        (!all.is_empty()).then(|| Box::new(all.into_iter()) as Box<dyn Iterator<Item = _>>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let all = self.related.iter().map(|r| r as &dyn Diagnostic);
        (!self.related.is_empty()).then(|| Box::new(all) as Box<dyn Iterator<Item = _>>)
    }
}

/// Draws diagnostics for people, one after another.
pub fn render(diags: &[Diag], sources: &Sources, style: Style) -> String {
    let theme =
        if style.colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_links(false)
        .with_urls(false);
    let mut out = String::new();
    for diag in diags {
        let drawn = handler.render_report(&mut out, &Report::new(diag, sources));
        if drawn.is_err() {
            out.push_str(&format!("{} {}\n", diag.code, diag.message));
        }
    }
    out
}

/// One diagnostic as JSON: `{code, severity, message, help, labels: [{file, start, end, line,
/// column, text}]}`; offsets in bytes, lines and columns from one.
fn to_json(diag: &Diag, sources: &Sources) -> serde_json::Value {
    let label = |l: &super::Label| {
        let file = sources.get(l.span.file);
        let text = file.map(|f| &f.text[..]).unwrap_or_default();
        let region = Region::of(text, l.span);
        serde_json::json!({
            "file": file.map(|f| f.name.as_str()),
            "start": l.span.start,
            "end": l.span.end,
            "line": region.line,
            "column": region.column,
            "text": l.text,
        })
    };
    serde_json::json!({
        "code": diag.code,
        "severity": match diag.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": diag.message,
        "help": diag.help,
        "labels": diag.labels.iter().map(label).collect::<Vec<_>>(),
    })
}

/// Diagnostics for programs: a JSON list.
pub fn render_json(diags: &[Diag], sources: &Sources) -> serde_json::Value {
    diags.iter().map(|d| to_json(d, sources)).collect()
}

#[cfg(test)]
mod tests {
    use super::drawable;

    #[test]
    fn what_a_terminal_would_obey_is_not_drawn() {
        let text = "a\u{1b}[31m\0\u{85}é\r\n";
        let drawn = drawable(text);
        assert_eq!(drawn, "a?[31m?·é\r\n");
        assert_eq!(drawn.len(), text.len());
    }
}
