//! Comments and empty lines between what is printed.
//!
//! Comments are taken in their order, each before the first part that stands behind it. So none is
//! lost and none changes its place among its like, even where it stands in an unusual spot.

use super::doc::Doc;
use crate::source::Span;
use crate::syntax::ast::{Comment, File, Lines};

/// What is being printed.
pub(super) struct Printer<'a> {
    comments: &'a [Comment],
    lines: &'a Lines,
    /// Parts outside of this stretch were put here by a program; they take no comments.
    scope: (u32, u32),
}

impl<'a> Printer<'a> {
    pub(super) fn new(file: &'a File) -> Printer<'a> {
        Printer { comments: &file.comments, lines: &file.lines, scope: (0, u32::MAX) }
    }

    /// Whether a part stands in the text, here.
    fn is_real(&self, span: Span) -> bool {
        let (start, end) = self.scope;
        let here = span.start >= start && span.end <= end && span.end > span.start;
        here && span.file == self.lines.file && !self.lines.starts.is_empty()
    }

    /// The comments before a part, which are then printed.
    pub(super) fn before(&mut self, span: Span) -> &'a [Comment] {
        if self.is_real(span) { self.take(span.start) } else { &[] }
    }

    /// The comments before the end of a part, which are then printed.
    pub(super) fn before_end(&mut self, span: Span) -> &'a [Comment] {
        if self.is_real(span) { self.take(span.end) } else { &[] }
    }

    fn take(&mut self, before: u32) -> &'a [Comment] {
        let here = self.comments.iter().take_while(|c| c.span.start < before).count();
        let (taken, rest) = self.comments.split_at(here);
        self.comments = rest;
        taken
    }

    /// Prints a part, which takes no comments from behind it.
    pub(super) fn within<T>(&mut self, span: Span, print: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.scope;
        if self.is_real(span) {
            self.scope = (span.start, span.end);
        }
        let out = print(self);
        self.scope = outer;
        out
    }

    /// The lines that a part begins and ends on, where it stands in the text.
    pub(super) fn lines_of(&self, span: Span) -> Option<(u32, u32)> {
        let last = span.end.saturating_sub(1);
        self.is_real(span).then(|| (self.lines.line(span.start), self.lines.line(last)))
    }

    /// Whether the last thing in braces stands in the text, on the line on which they end.
    pub(super) fn on_last_line(&self, inner: Span, whole: Span) -> bool {
        let places = self.lines_of(inner).zip(self.lines_of(whole));
        places.is_some_and(|((first, _), (_, last))| first == last)
    }

    /// Whether a part stands in the text, on several lines.
    pub(super) fn on_many_lines(&self, span: Span) -> bool {
        self.lines_of(span).is_some_and(|(first, last)| first != last)
    }

    /// What is left of the comments, at the end of a file.
    pub(super) fn remaining(&mut self, rows: &mut Rows) {
        let rest = self.take(u32::MAX);
        rows.comments(self, rest);
    }

    fn line_of(&self, comment: &Comment) -> Option<u32> {
        (!self.lines.starts.is_empty()).then(|| self.lines.line(comment.span.start))
    }
}

/// Comments in a place where no line need end.
pub(super) fn inline(comments: &[Comment], doc: Doc) -> Doc {
    if comments.is_empty() {
        return doc;
    }
    let mut parts = Vec::new();
    for (i, comment) in comments.iter().enumerate() {
        match i == 0 && !comment.alone {
            true => parts.push(Doc::remark(&comment.text)),
            false => parts.extend([Doc::fresh(), Doc::text(&comment.text)]),
        }
    }
    parts.extend([Doc::fresh(), doc]);
    Doc::concat(parts)
}

/// Comments behind the last part of something that a closing bracket ends.
pub(super) fn trailing(comments: &[Comment]) -> Vec<Doc> {
    let doc = |c: &Comment| match c.alone {
        true => vec![Doc::fresh(), Doc::text(&c.text), Doc::fresh()],
        false => vec![Doc::remark(&c.text)],
    };
    comments.iter().flat_map(doc).collect()
}

/// Things under one another, with the author's empty lines and comments between them.
pub(super) struct Rows {
    parts: Vec<Doc>,
    /// Whether there is more than comments behind the opening brace.
    begun: bool,
    /// The line, in the text, on which the last part ended.
    last: Option<u32>,
    /// Whether an empty line is wanted before the next part, whatever the text says.
    wants_blank: bool,
}

impl Rows {
    pub(super) fn new() -> Rows {
        Rows { parts: Vec::new(), begun: false, last: None, wants_blank: false }
    }

    /// Whether nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Ends the line before a part that begins on a line of the text. `gap` says whether an empty
    /// line goes before it where the text does not say.
    fn separate(&mut self, line: Option<u32>, gap: bool) {
        let blank = match (self.last, line) {
            (Some(last), Some(line)) if line > last => line > last + 1,
            // Placed by a program, or out of order.
            _ => gap,
        };
        let blank = (blank || self.wants_blank) && self.begun;
        self.begun = true;
        self.parts.push(if blank { Doc::blank() } else { Doc::fresh() });
        self.wants_blank = false;
    }

    /// The next part comes after an empty line.
    pub(super) fn want_blank(&mut self) {
        self.wants_blank = true;
    }

    /// Comments: behind the last part, or on lines of their own.
    pub(super) fn comments(&mut self, printer: &Printer<'_>, comments: &[Comment]) {
        for comment in comments {
            let line = printer.line_of(comment);
            match comment.alone {
                false => self.parts.push(Doc::remark(&comment.text)),
                true => {
                    self.separate(line, false);
                    self.parts.extend([Doc::text(&comment.text), Doc::fresh()]);
                }
            }
            // It may have stood inside of the part before.
            self.last = self.last.max(line);
        }
    }

    /// A part with its comments and documentation. `gap`: see [`Rows::separate`].
    pub(super) fn part(
        &mut self,
        printer: &mut Printer<'_>,
        (span, docs): (Span, &[String]),
        gap: bool,
        print: impl FnOnce(&mut Printer<'_>) -> Doc,
    ) {
        let before = printer.before(span);
        let lines = printer.lines_of(span);
        self.comments(printer, before);
        let commented = before.last().is_some_and(|c| c.alone);
        let first = lines.map(|(first, _)| first.saturating_sub(docs.len() as u32));
        self.separate(first, gap && !commented);
        self.parts.push(documentation(docs));
        self.parts.push(printer.within(span, print));
        self.last = lines.map(|(_, last)| last);
    }

    /// A part that was printed before, without comments.
    pub(super) fn row(&mut self, lines: Option<(u32, u32)>, doc: Doc) {
        self.separate(lines.map(|l| l.0), false);
        self.parts.push(doc);
        self.last = lines.map(|l| l.1);
    }

    pub(super) fn finish(self) -> Doc {
        Doc::concat(self.parts)
    }
}

/// Lines of `///`, each ended.
pub(super) fn documentation(docs: &[String]) -> Doc {
    let lines = docs.iter().flat_map(|d| d.split('\n'));
    let line = |text: &str| [Doc::text(format!("/// {text}").trim_end()), Doc::fresh()];
    Doc::concat(lines.flat_map(line).collect())
}
