//! Brackets that are never closed, or close nothing.

use crate::diag::Diag;
use crate::syntax::ast::Lines;
use crate::syntax::parser::Origin;
use crate::syntax::scan::{Kind, Token, tokens};

/// The file that a text is a part of.
#[derive(Clone, Copy)]
pub(in crate::syntax) struct Whole<'a> {
    pub(in crate::syntax) text: &'a str,
    pub(in crate::syntax) lines: &'a Lines,
}

/// What is wrong with the brackets of a text.
#[derive(Default)]
pub(in crate::syntax) struct Brackets {
    /// Opened and never closed, the outermost first.
    pub(in crate::syntax) open: Vec<Token>,
    /// Closing what was not opened, or was opened by another kind.
    pub(in crate::syntax) stray: Vec<Token>,
}

/// An open bracket and how far its line is indented.
struct Opened {
    token: Token,
    indent: usize,
}

/// Pairs the brackets of a text. Indentation says which of several open ones a closing one is
/// meant for.
pub(in crate::syntax) fn brackets(text: &str) -> Brackets {
    let mut out = Brackets::default();
    let mut stack: Vec<Opened> = Vec::new();
    for token in tokens(text) {
        match token.kind {
            Kind::Open => stack.push(Opened { token, indent: line(text, token.start).0 }),
            Kind::Close => close(text, token, &mut stack, &mut out),
            _ => {}
        }
    }
    out.open.extend(stack.into_iter().map(|o| o.token));
    out.open.sort_by_key(|t| t.start);
    out
}

fn close(text: &str, token: Token, stack: &mut Vec<Opened>, out: &mut Brackets) {
    let (indent, first) = line(text, token.start);
    let fits = |o: &Opened| closes(text, o.token, token);
    // A brace that begins its line belongs to what began a line indented as far.
    let meant = |o: &Opened| fits(o) && (!first || o.indent <= indent);
    let at = stack.iter().rposition(meant).or_else(|| stack.iter().rposition(fits));
    match at {
        Some(at) => {
            out.open.extend(stack.drain(at + 1..).map(|o| o.token));
            stack.pop();
        }
        None => out.stray.push(token),
    }
}

fn closes(text: &str, open: Token, close: Token) -> bool {
    matches!((open.text(text), close.text(text)), ("(", ")") | ("[", "]") | ("{", "}"))
}

/// How far the line of an offset is indented, and whether nothing else comes before the offset.
fn line(text: &str, at: usize) -> (usize, bool) {
    let before = text.get(..at).unwrap_or_default();
    let before = before.rsplit('\n').next().unwrap_or_default();
    let indent = before.len() - before.trim_start().len();
    (indent, before.trim().is_empty())
}

impl Brackets {
    /// Whether all is well.
    pub(in crate::syntax) fn is_balanced(&self) -> bool {
        self.open.is_empty() && self.stray.is_empty()
    }

    /// The messages. `whole` is the file; the text in question is a part of it.
    pub(in crate::syntax) fn diags(
        &self,
        origin: Origin,
        text: &str,
        whole: Whole<'_>,
    ) -> Vec<Diag> {
        let offset = origin.offset as usize;
        let range = |t: &Token| origin.range(offset + t.start, offset + t.end);
        let next = Next::behind(whole, offset + text.len());
        let unclosed = self.open.iter().map(|open| {
            let sign = open.text(text);
            let closing = closing(sign);
            let diag = Diag::new("E0102", format!("this `{sign}` is never closed"))
                .label(range(open), "opened here");
            match &next {
                Some(next) if sign == "{" => diag
                    .label(origin.range(next.start, next.end), "the next declaration starts here")
                    .help(format!("add `{closing}` before line {}", next.line)),
                _ => diag.help(format!("add `{closing}`")),
            }
        });
        let stray = self.stray.iter().map(|token| {
            let sign = token.text(text);
            Diag::new("E0102", format!("this `{sign}` closes nothing"))
                .label(range(token), "here")
                .help(format!("remove it, or open it with `{}`", opening(sign)))
        });
        unclosed.chain(stray).collect()
    }
}

/// The first word of what comes next in a file.
struct Next {
    start: usize,
    end: usize,
    line: u32,
}

impl Next {
    fn behind(whole: Whole<'_>, at: usize) -> Option<Next> {
        let token = tokens(whole.text.get(at..)?).find(|t| t.kind != Kind::Comment)?;
        let (start, end) = (at + token.start, at + token.end);
        Some(Next { start, end, line: whole.lines.line(start as u32) + 1 })
    }
}

fn closing(sign: &str) -> &'static str {
    match sign {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

fn opening(sign: &str) -> &'static str {
    match sign {
        ")" => "(",
        "]" => "[",
        _ => "{",
    }
}
