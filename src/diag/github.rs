//! Diagnostics as workflow commands of GitHub, which shows them beside the changed lines.

use super::place::Region;
use super::{Diag, Severity};
use crate::source::Sources;
use std::fmt::Write as _;

/// A line for each diagnostic. One without a place is the file's own.
pub fn render_github(file: &str, diags: &[Diag], sources: &Sources) -> String {
    diags.iter().map(|diag| command(file, diag, sources)).collect()
}

fn command(file: &str, diag: &Diag, sources: &Sources) -> String {
    let mut labels = diag.labels.iter().map(|label| {
        let source = sources.get(label.span.file);
        let region = Region::of(source.map_or("", |f| &f.text), label.span);
        (source.map_or(file, |f| &f.name), region, &label.text)
    });
    let place = match labels.next() {
        None => format!("file={}", property(file)),
        Some((name, at, _)) => format!(
            "file={},line={},col={},endLine={},endColumn={}",
            property(name),
            at.line,
            at.column,
            at.end_line,
            at.end_column
        ),
    };
    let mut message = diag.in_words();
    for (name, at, text) in labels {
        let _ = write!(message, "\n{name}:{}:{}: {text}", at.line, at.column);
    }
    let word = match diag.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!("::{word} {place},title={}::{}\n", property(diag.code), data(&message))
}

/// What would end a command is escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// In a property also what would end that.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, SourceFile, Span};

    #[test]
    fn what_would_end_a_command_is_escaped() {
        let mut sources = Sources::default();
        let name = "50%, a:b.seg".to_owned();
        let file = sources.add(SourceFile { name, path: None, text: "é x\ny".into() });
        let span = |start, end| Span { file, start, end };
        let diag = Diag::new("E0402", "100 % wrong")
            .label(span(3, 4), "here:\r\nthere")
            .label(span(5, 6), "and here")
            .help("do, it");
        let place = "file=50%25%2C a%3Ab.seg,line=1,col=3,endLine=1,endColumn=4,title=E0402";
        let message = "100 %25 wrong%0Ahere:%0D%0Athere%0Ahelp: do, it\
                       %0A50%25, a:b.seg:2:1: and here";
        let lines = render_github("other.seg", &[diag], &sources);
        assert_eq!(lines, format!("::error {place}::{message}\n"));
        assert_eq!(file, FileId(0));
    }

    #[test]
    fn a_mistake_without_a_place_is_the_files() {
        let diag = Diag::new("W0802", "no place");
        let lines = render_github("a.seg", &[diag], &Sources::default());
        assert_eq!(lines, "::warning file=a.seg,title=W0802::no place\n");
    }
}
