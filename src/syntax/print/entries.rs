//! Labelled values: those of `opset` and of `choose`. The author's columns are kept.

use super::braces::{block, short_block};
use super::choose::same_line;
use super::doc::Doc;
use super::render::WIDTH;
use super::weave::{Printer, Rows, documentation};
use crate::source::Span;
use crate::syntax::ast::{Comment, Entry};
use std::rc::Rc;

/// A label and, behind `=`, its value.
#[derive(Clone)]
struct Cell {
    label: String,
    value: Option<Rc<Doc>>,
    /// A comma, where the grammar needs one.
    end: &'static str,
}

/// What stands on one line, and what is said before it.
struct Row<'a> {
    comments: &'a [Comment],
    docs: Vec<String>,
    cells: Vec<Cell>,
    lines: Option<(u32, u32)>,
}

impl<'a> Printer<'a> {
    /// Entries on one line, unless the author put them on several or they do not fit.
    pub(super) fn short_entries(&mut self, entries: &[Entry], span: Span) -> Doc {
        let documented = entries.iter().any(|e| !e.docs.is_empty());
        let long = documented || entries.is_empty() || self.on_many_lines(span);
        let rows = self.rows(entries, long);
        if long {
            return self.aligned(rows, span);
        }
        let (mut out, last) = (Vec::new(), rows.len());
        for (i, cell) in rows.iter().flat_map(|r| &r.cells).enumerate() {
            let comma = if cell.end.is_empty() && i + 1 < last { "," } else { "" };
            out.push(cell.clone().doc(0, None).then(Doc::text(comma)));
            out.extend((i + 1 < last).then(Doc::line));
        }
        let short = short_block(Doc::concat(out));
        Doc::either(short, self.aligned(rows, span))
    }

    /// Entries under one another, those that the author put on one line beside one another.
    pub(super) fn entries(&mut self, entries: &[Entry], span: Span) -> Doc {
        let rows = self.rows(entries, true);
        self.aligned(rows, span)
    }

    fn rows(&mut self, entries: &[Entry], join: bool) -> Vec<Row<'a>> {
        let mut rows: Vec<Row<'a>> = Vec::new();
        for entry in entries {
            let at = entry.value.as_ref().map_or(entry.label.span, |v| entry.label.span.to(v.span));
            let (comments, lines) = (self.before(at), self.lines_of(at));
            let cell = self.within(at, |p| p.cell(entry));
            // `with` and what follows it could be read as `with repeats`.
            if entry.label.value == "with"
                && let Some(before) = rows.last_mut().and_then(|r| r.cells.last_mut())
            {
                before.end = ",";
            }
            match rows.last_mut() {
                Some(row) if join && row.takes(comments, entry, lines) => {
                    row.cells.push(cell);
                    row.lines = lines;
                }
                _ => {
                    rows.push(Row { comments, docs: entry.docs.clone(), cells: vec![cell], lines })
                }
            }
        }
        rows
    }

    /// Rows without comments or empty lines between them have common columns.
    fn aligned(&mut self, rows: Vec<Row<'a>>, span: Span) -> Doc {
        let mut out = Rows::new();
        let mut section: Vec<Row<'a>> = Vec::new();
        for row in rows {
            if section.last().is_some_and(|last| !row.follows(last)) {
                self.section(std::mem::take(&mut section), &mut out);
            }
            section.push(row);
        }
        self.section(section, &mut out);
        let after = self.before_end(span);
        out.comments(self, after);
        block(out)
    }

    fn section(&mut self, mut rows: Vec<Row<'a>>, out: &mut Rows) {
        if !rows.iter().all(|r| r.cells.len() == 1) && !fits(&rows) {
            rows = rows.into_iter().flat_map(Row::split).collect();
        }
        let columns = columns(&rows);
        for row in rows {
            out.comments(self, row.comments);
            let docs = documentation(&row.docs);
            let first = row.lines.map(|(a, b)| (a.saturating_sub(row.docs.len() as u32), b));
            out.row(first, docs.then(row.doc(&columns)));
        }
    }

    fn cell(&mut self, entry: &Entry) -> Cell {
        let value = entry.value.as_ref().map(|v| Rc::new(self.expr(v)));
        Cell { label: entry.label.value.clone(), value, end: "" }
    }
}

impl Cell {
    /// The label is filled up to `label` columns, all to `whole`.
    fn doc(self, label: usize, whole: Option<usize>) -> Doc {
        let width = self.width(label);
        let fill = whole.zip(width).map_or(0, |(whole, width)| whole.saturating_sub(width));
        let end = Doc::text(self.end);
        let text = match self.value {
            Some(value) => {
                let value = Doc::hang(Doc::shared(&value).then(end));
                Doc::text(format!("{:label$} =", self.label)).then(value)
            }
            None => Doc::text(self.label).then(end),
        };
        text.then(Doc::text(" ".repeat(fill)))
    }

    /// The width on one line; nothing where it is on several.
    fn width(&self, label: usize) -> Option<usize> {
        let own = self.label.chars().count();
        let width = match &self.value {
            Some(value) => value.flat.map(|w| own.max(label) + 3 + w),
            None => Some(own),
        };
        width.map(|w| w + self.end.len())
    }
}

impl Row<'_> {
    fn takes(&self, comments: &[Comment], entry: &Entry, lines: Option<(u32, u32)>) -> bool {
        comments.is_empty() && entry.docs.is_empty() && same_line(self.lines, lines)
    }

    /// Whether it stands directly under another.
    fn follows(&self, above: &Row<'_>) -> bool {
        let near = match (above.lines, self.lines) {
            (Some((_, end)), Some((start, _))) => start <= end + 1,
            _ => true,
        };
        near && self.docs.is_empty() && matches!(self.comments, [] | [Comment { alone: false, .. }])
    }

    fn split(self) -> Vec<Self> {
        let (mut comments, mut docs, lines) = (self.comments, self.docs, self.lines);
        let mut row = |cell| Row {
            comments: std::mem::take(&mut comments),
            docs: std::mem::take(&mut docs),
            cells: vec![cell],
            lines,
        };
        self.cells.into_iter().map(&mut row).collect()
    }

    fn doc(self, columns: &[(usize, usize)]) -> Doc {
        let last = self.cells.len().saturating_sub(1);
        let cells = self.cells.into_iter().zip(columns).enumerate();
        let doc = |(i, (cell, (label, whole))): (usize, (Cell, &(usize, usize)))| {
            cell.doc(*label, (i < last).then_some(whole + 2))
        };
        Doc::concat(cells.map(doc).collect())
    }
}

/// For every column, the widths of its labels and of its cells.
fn columns(rows: &[Row<'_>]) -> Vec<(usize, usize)> {
    let count = rows.iter().map(|r| r.cells.len()).max().unwrap_or(0);
    let column = |i: usize| {
        let cells = || rows.iter().filter_map(move |r| r.cells.get(i));
        let labels = cells().filter(|c| c.value.is_some()).map(|c| c.label.chars().count());
        let label = labels.max().unwrap_or(0);
        (label, cells().filter_map(|c| c.width(label)).max().unwrap_or(0))
    };
    (0..count).map(column).collect()
}

/// Whether every row fits on its line, indented twice.
fn fits(rows: &[Row<'_>]) -> bool {
    let columns = columns(rows);
    let width = |row: &Row<'_>| -> Option<usize> {
        let last = row.cells.last()?.width(columns.get(row.cells.len() - 1)?.0)?;
        let before = columns.iter().take(row.cells.len() - 1).map(|(_, w)| w + 2);
        let one_line = row.cells.iter().zip(&columns).all(|(c, (l, _))| c.width(*l).is_some());
        one_line.then(|| last + before.sum::<usize>())
    };
    rows.iter().all(|row| width(row).is_some_and(|w| w + 4 <= WIDTH))
}
