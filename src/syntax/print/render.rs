//! Where lines end: a [`Doc`] to text of at most [`WIDTH`] columns.

use super::doc::{Doc, Node};

/// The most columns that a line may have, comments aside.
pub(super) const WIDTH: usize = 100;

/// The text of a piece.
pub(super) fn render(doc: &Doc) -> String {
    let mut out = Out::default();
    out.broken(doc, 0, 0);
    out.finish()
}

/// A finished line.
#[derive(Debug, Default)]
struct Row {
    code: String,
    remark: Option<String>,
}

/// Lines so far. The last one is being written.
#[derive(Debug, Default)]
struct Out {
    rows: Vec<Row>,
    row: Row,
    width: usize,
    indent: usize,
}

impl Out {
    fn at_start(&self) -> bool {
        self.row.code.is_empty() && self.row.remark.is_none()
    }

    fn column(&self) -> usize {
        if self.row.code.is_empty() { self.indent } else { self.width }
    }

    fn fresh(&mut self, indent: usize) {
        if !self.at_start() {
            self.trim();
            self.rows.push(std::mem::take(&mut self.row));
        }
        self.indent = indent;
        self.width = 0;
    }

    fn trim(&mut self) {
        let kept = self.row.code.trim_end().len();
        self.row.code.truncate(kept);
    }

    fn write(&mut self, text: &str, indent: usize) {
        if self.row.remark.is_some() {
            self.fresh(indent);
        }
        let text = if self.row.code.is_empty() { text.trim_start_matches(' ') } else { text };
        if text.is_empty() {
            return;
        }
        if self.row.code.is_empty() {
            self.row.code = " ".repeat(self.indent);
            self.width = self.indent;
        }
        self.row.code.push_str(text);
        self.width += text.chars().count();
    }

    fn flat(&mut self, doc: &Doc, indent: usize) {
        match &doc.node {
            Node::Text(text) => self.write(text, indent),
            Node::Line(true) => self.write(" ", indent),
            Node::Flat(text) => self.write(text, indent),
            Node::Concat(parts) => parts.iter().for_each(|p| self.flat(p, indent)),
            Node::Nest(_, inner) | Node::Group(inner) | Node::Either(inner, _) => {
                self.flat(inner, indent);
            }
            Node::Shared(inner) => self.flat(inner, indent),
            Node::Fill(parts) | Node::Chain(parts) => {
                for (i, part) in parts.iter().enumerate() {
                    self.write(if i > 0 { " " } else { "" }, indent);
                    self.flat(part, indent);
                }
            }
            Node::Hang(inner) => {
                self.write(" ", indent);
                self.flat(inner, indent);
            }
            Node::Line(false) | Node::Broken(_) => {}
            // INVARIANT: what holds one of these has no flat width and does not come here.
            Node::Fresh | Node::Blank | Node::Remark(_) => {}
        }
    }

    /// Writes a piece whose group is broken; `tail` columns must be left for what follows.
    fn broken(&mut self, doc: &Doc, indent: usize, tail: usize) {
        match &doc.node {
            Node::Text(text) => self.write(text, indent),
            Node::Line(_) | Node::Fresh => self.fresh(indent),
            Node::Blank => {
                self.fresh(indent);
                if self.rows.last().is_some_and(|row| !row.code.is_empty()) {
                    self.rows.push(Row::default());
                }
            }
            Node::Remark(text) => self.remark(text, indent),
            Node::Broken(text) => self.write(text, indent),
            Node::Flat(_) => {}
            Node::Concat(parts) => self.parts(parts, indent, tail),
            Node::Nest(by, inner) => self.broken(inner, indent + by, tail),
            Node::Group(inner) => self.fitting(inner, indent, tail),
            Node::Either(flat, broken) => match self.fits(flat, 0, tail) {
                true => self.flat(flat, indent),
                false => self.broken(broken, indent, tail),
            },
            Node::Shared(inner) => self.broken(inner, indent, tail),
            Node::Fill(parts) => self.fill(parts, indent, tail),
            Node::Chain(parts) => self.chain(parts, indent, tail),
            Node::Hang(inner) => self.hang(inner, indent, tail),
        }
    }

    /// A comment behind the line, or under it where it has one already.
    fn remark(&mut self, text: &str, indent: usize) {
        if self.at_start() || self.row.remark.is_some() {
            self.write(text, indent);
            self.fresh(indent);
        } else {
            self.trim();
            self.row.remark = Some(text.to_string());
        }
    }

    fn fits(&self, doc: &Doc, before: usize, tail: usize) -> bool {
        let free = self.row.remark.is_none();
        free && doc.flat.is_some_and(|w| self.column() + before + w + tail <= WIDTH)
    }

    fn fitting(&mut self, doc: &Doc, indent: usize, tail: usize) {
        match self.fits(doc, 0, tail) {
            true => self.flat(doc, indent),
            false => self.broken(doc, indent, tail),
        }
    }

    fn parts(&mut self, parts: &[Doc], indent: usize, tail: usize) {
        // What must follow each part on its line, from the last part to the first.
        let mut tails = Vec::with_capacity(parts.len());
        let mut after = tail;
        for part in parts.iter().rev() {
            tails.push(after);
            after = part.head.0 + if part.head.1 { 0 } else { after };
        }
        for (part, tail) in parts.iter().zip(tails.into_iter().rev()) {
            self.broken(part, indent, tail);
        }
    }

    fn fill(&mut self, parts: &[Doc], indent: usize, tail: usize) {
        for (i, part) in parts.iter().enumerate() {
            let tail = if i + 1 == parts.len() { tail } else { 0 };
            match i > 0 && !self.fits(part, 1, tail) {
                true => self.fresh(indent),
                false => self.write(if i > 0 { " " } else { "" }, indent),
            }
            self.fitting(part, indent, tail);
        }
    }

    /// A link that fits on no line keeps its place, and is broken inside its brackets.
    fn chain(&mut self, parts: &[Doc], indent: usize, tail: usize) {
        let mut inside = indent;
        for (i, part) in parts.iter().enumerate() {
            let tail = if i + 1 == parts.len() { tail } else { 0 };
            if i == 0 {
                self.fitting(part, inside, tail);
                continue;
            }
            let alone = part.flat.is_some_and(|w| indent + 2 + w + tail <= WIDTH);
            let hugs = part.head.1 && self.column() + 1 + part.head.0 <= WIDTH;
            if !self.fits(part, 1, tail) && (alone || !hugs) {
                inside = indent + 2;
                self.fresh(inside);
            }
            self.write(" ", inside);
            self.fitting(part, inside, tail);
        }
    }

    fn hang(&mut self, inner: &Doc, indent: usize, tail: usize) {
        let breaks_inside = match &inner.node {
            // The same that `chain` will find on a line of its own.
            Node::Chain(parts) => parts.iter().enumerate().any(|(i, part)| {
                let tail = if i + 1 == parts.len() { tail } else { 0 };
                part.flat.is_none_or(|w| indent + 4 + w + tail > WIDTH)
            }),
            _ => self.column() + 1 + inner.head.0 <= WIDTH,
        };
        if !self.fits(inner, 1, tail) && !breaks_inside {
            self.fresh(indent + 2);
            return self.fitting(inner, indent + 2, tail);
        }
        self.write(" ", indent);
        self.fitting(inner, indent, tail);
    }

    fn finish(mut self) -> String {
        self.fresh(0);
        align(&mut self.rows);
        let mut text = String::new();
        for row in self.rows {
            text.push_str(&row.code);
            if let Some(remark) = row.remark {
                text.push_str("  ");
                text.push_str(&remark);
            }
            text.push('\n');
        }
        text
    }
}

/// Comments behind neighbouring lines of one indentation stand under one another, where that
/// keeps them within the width.
fn align(rows: &mut [Row]) {
    let indent = |row: &Row| row.code.len() - row.code.trim_start().len();
    let same =
        |a: &Row, b: &Row| a.remark.is_some() && b.remark.is_some() && indent(a) == indent(b);
    for run in rows.chunk_by_mut(same) {
        let code = run.iter().map(|r| r.code.chars().count()).max().unwrap_or(0);
        let text = |r: &Row| r.remark.as_ref().map_or(0, |t| t.chars().count());
        let fits = run.iter().all(|r| {
            let alone = r.code.chars().count() + 2 + text(r);
            code + 2 + text(r) <= WIDTH || alone > WIDTH
        });
        if run.len() > 1 && fits {
            for row in run {
                let missing = code - row.code.chars().count();
                row.code.push_str(&" ".repeat(missing));
            }
        }
    }
}
