//! What stands in brackets and braces: lists, bodies.

use super::doc::Doc;
use super::weave::{Rows, trailing};
use crate::syntax::ast::Comment;

/// A part of a list and the comments before it.
pub(super) type Part<'a> = (&'a [Comment], Doc);

/// How a list that does not fit on a line is broken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Breaking {
    /// One part on a line, a comma behind the last.
    Lines,
    /// The same without that comma, where the grammar has none.
    Bare,
    /// As many on a line as fit.
    Fill,
}

/// `(a, b)`, `[a, b]`, `{a, b}`.
pub(super) fn bracketed(
    (open, close): (&str, &str),
    parts: Vec<Part<'_>>,
    after: &[Comment],
    breaking: Breaking,
) -> Doc {
    if parts.iter().any(|(before, _)| !before.is_empty()) || !after.is_empty() {
        return commented((open, close), parts, after, breaking);
    }
    if parts.is_empty() {
        return Doc::text(format!("{open}{close}"));
    }
    let comma = if breaking == Breaking::Bare { "" } else { "," };
    let parts: Vec<Doc> = parts.into_iter().map(|(_, doc)| doc).collect();
    let inner = match breaking {
        Breaking::Fill => Doc::fill(with_commas(parts)),
        Breaking::Lines | Breaking::Bare => separated(parts),
    };
    Doc::group(Doc::concat(vec![
        Doc::text(open),
        Doc::nest(2, Doc::soft().then(inner)),
        Doc::if_broken(comma),
        Doc::soft(),
        Doc::text(close),
    ]))
}

/// A list with comments in it: one part on a line.
fn commented(
    (open, close): (&str, &str),
    parts: Vec<Part<'_>>,
    after: &[Comment],
    breaking: Breaking,
) -> Doc {
    let (mut inner, last) = (Vec::new(), parts.len());
    for (i, (before, doc)) in parts.into_iter().enumerate() {
        inner.extend(trailing(before));
        inner.extend([Doc::fresh(), doc]);
        if i + 1 < last || breaking != Breaking::Bare {
            inner.push(Doc::text(","));
        }
    }
    inner.extend(trailing(after));
    let inner = Doc::nest(2, Doc::concat(inner));
    Doc::concat(vec![Doc::text(open), inner, Doc::fresh(), Doc::text(close)])
}

/// `a, b, c`, broken behind every comma or nowhere.
pub(super) fn separated(parts: Vec<Doc>) -> Doc {
    let mut out = Vec::new();
    for part in with_commas(parts) {
        if !out.is_empty() {
            out.push(Doc::line());
        }
        out.push(part);
    }
    Doc::concat(out)
}

/// Parts with a comma behind all but the last.
pub(super) fn with_commas(parts: Vec<Doc>) -> Vec<Doc> {
    let last = parts.len();
    let comma = |(i, part): (usize, Doc)| match i + 1 < last {
        true => part.then(Doc::text(",")),
        false => part,
    };
    parts.into_iter().enumerate().map(comma).collect()
}

/// `{ … }` over several lines.
pub(super) fn block(rows: Rows) -> Doc {
    if rows.is_empty() {
        return Doc::text("{}");
    }
    Doc::concat(vec![Doc::text("{"), Doc::nest(2, rows.finish()), Doc::fresh(), Doc::text("}")])
}

/// `{ a }` on one line if it fits.
pub(super) fn short_block(inner: Doc) -> Doc {
    Doc::group(Doc::concat(vec![
        Doc::text("{"),
        Doc::nest(2, Doc::line().then(inner)),
        Doc::line(),
        Doc::text("}"),
    ]))
}
