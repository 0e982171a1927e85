//! What does not parse: cut into declarations, and mended as often as it takes to find every
//! mistake in them.

use super::errors::{self, Brackets, DECLARATIONS, Failure, Whole, wants_arrow};
use super::parser::{Origin, Rule, SegParser};
use super::scan::{Kind, Token, tokens};
use crate::diag::{Diag, Sink};
use crate::syntax::ast::{Name, Spanned};
use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};
use std::ops::Range;

/// How often a declaration is mended and parsed again, at most.
const ATTEMPTS: usize = 16;
/// How many bytes may be parsed again for one declaration.
const BUDGET: usize = 1 << 20;

/// Whether what does not parse looks like a declaration of its own: a word at the margin.
pub(super) fn starts_anew(text: &str, at: &Range<usize>) -> bool {
    let stretch = text.get(at.clone()).unwrap_or_default();
    let Some(token) = tokens(stretch).find(|t| t.kind != Kind::Comment) else { return true };
    let start = at.start + token.start;
    let at_margin = start == 0 || text.as_bytes().get(start - 1) == Some(&b'\n');
    token.kind == Kind::Word && at_margin
}

/// Cuts a stretch that does not parse where new declarations seem to start.
pub(super) fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    let (mut depth, mut seen, mut docs) = (0usize, false, None);
    for token in tokens(text) {
        let at_margin = token.start == 0 || text.as_bytes().get(token.start - 1) == Some(&b'\n');
        if token.kind == Kind::Comment {
            docs = docs.or(at_margin.then_some(token.start));
            continue;
        }
        let word = token.kind == Kind::Word && at_margin;
        if word && seen && (depth == 0 || DECLARATIONS.contains(&token.text(text))) {
            starts.push(docs.unwrap_or(token.start));
            depth = 0;
        }
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        (seen, docs) = (true, None);
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

/// The names that a declaration which does not parse would declare: `let` may bind several.
pub(super) fn declared(origin: Origin, text: &str) -> Vec<Name> {
    let mut words = tokens(text).filter(|t| t.kind != Kind::Comment);
    let most = match words.next().filter(|t| t.kind == Kind::Word).map(|t| t.text(text)) {
        Some("let") => usize::MAX,
        Some(_) => 1,
        None => 0,
    };
    let binds = |t: &Token| t.kind == Kind::Word || matches!(t.text(text), "," | "(" | ")");
    let binder = words.take(most).take_while(binds);
    let name = |t: Token| {
        let offset = origin.offset as usize;
        let span = origin.range(offset + t.start, offset + t.end);
        Spanned { value: t.text(text).to_string(), span }
    };
    binder.filter(|t| t.kind == Kind::Word).map(name).collect()
}

/// Reports every mistake of a declaration that does not parse. `whole` is the file that it is in.
pub(super) fn diagnose(origin: Origin, text: &str, whole: Whole<'_>, diags: &mut Sink) {
    let mut mended = text.to_string();
    close_strings(origin, &mut mended, diags);
    let brackets = errors::brackets(&mended);
    brackets.diags(origin, &mended, whole).into_iter().for_each(|d| diags.push(d));
    if !brackets.is_balanced() && !close_brackets(&mut mended, &brackets) {
        return;
    }
    let attempts = ATTEMPTS.min(1 + BUDGET / (text.len() + 1));
    let mut last = None;
    let mut arrow_erased = false;
    for _ in 0..attempts {
        let Err(error) = SegParser::parse(Rule::item_alone, &mended) else { return };
        let (at, wanted) = parts(&error);
        if arrow_erased && wants_arrow(wanted) {
            return;
        }
        let again = last == Some(at);
        if !again && (brackets.is_balanced() || at < text.len()) {
            diags.push(failure(origin, &mended, at, wanted));
        }
        last = Some(at);
        let Some(part) = broken_part(&mended, at, again) else { return };
        arrow_erased |= ["per arrow", "on mix"].iter().any(|w| mended[part.clone()].contains(w));
        erase(&mut mended, part);
    }
}

fn failure(origin: Origin, text: &str, at: usize, wanted: &[Rule]) -> Diag {
    Failure { origin, text, at, wanted }.diag()
}

fn parts(error: &Error<Rule>) -> (usize, &[Rule]) {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => (at, positives),
        ErrorVariant::CustomError { .. } => (at, &[]),
    }
}

/// Reports strings that are never closed, and closes them.
fn close_strings(origin: Origin, text: &mut String, diags: &mut Sink) {
    let open: Vec<_> = tokens(text).filter(|t| t.kind == Kind::OpenStr).collect();
    for token in open {
        let offset = origin.offset as usize;
        diags.push(errors::open_string(origin.range(offset + token.start, offset + token.end)));
        let len = token.end - token.start;
        let closed = match len {
            0 | 1 => "0".repeat(len),
            _ => format!("\"{}\"", " ".repeat(len - 2)),
        };
        text.replace_range(token.start..token.end, &closed);
    }
}

/// Closes what is open at the end; anything else cannot be guessed.
fn close_brackets(text: &mut String, brackets: &Brackets) -> bool {
    let all_braces = brackets.open.iter().all(|t| t.text(text) == "{");
    if !brackets.stray.is_empty() || !all_braces {
        return false;
    }
    text.push_str(&"}".repeat(brackets.open.len()));
    errors::brackets(text).is_balanced()
}

/// Replaces a part by as many spaces, so that places stay what they are.
pub(super) fn erase(text: &mut String, part: Range<usize>) {
    let kept = |b: u8| if b == b'\n' { '\n' } else { ' ' };
    let blank: String = text[part.clone()].bytes().map(kept).collect();
    text.replace_range(part, &blank);
}

/// The statement, entry, arm or clause that a mistake lies in. A mistake in front of a line is
/// that of the part before, unless that part is `again` where the mistake is.
fn broken_part(text: &str, at: usize, again: bool) -> Option<Range<usize>> {
    let (open, close) = enclosing_brace(text, at)?;
    let starts = part_starts(text, open, close);
    let here = starts.iter().rposition(|s| *s <= at);
    let in_front = here.is_some_and(|i| starts[i] == at) || at >= close;
    let first = match (here, in_front && !again) {
        (Some(0) | None, _) => here,
        (Some(i), true) if at < close => Some(i - 1),
        (Some(i), _) => Some(i),
    };
    let Some(first) = first else {
        return (!again).then_some(open..close).filter(|r| !text[r.clone()].trim().is_empty());
    };
    let end = starts.get(first + 1).copied().unwrap_or(close);
    let part = starts[first]..end;
    (!text[part.clone()].trim().is_empty()).then_some(part)
}

/// The inside of the innermost braces around a place.
fn enclosing_brace(text: &str, at: usize) -> Option<(usize, usize)> {
    let mut stack: Vec<Token> = Vec::new();
    let mut around: Option<Token> = None;
    let mut found = false;
    for token in tokens(text) {
        if token.start >= at && !found {
            around = stack.iter().rfind(|t| t.text(text) == "{").copied();
            found = true;
        }
        match token.kind {
            Kind::Open => stack.push(token),
            Kind::Close => {
                let opened = stack.pop();
                let around = around.filter(|a| opened.is_some_and(|o| o.start == a.start));
                if let Some(around) = around {
                    return Some((around.end, token.start));
                }
            }
            _ => {}
        }
    }
    None
}

/// Where the parts within braces start: words at the head of a line, outside of inner brackets.
fn part_starts(text: &str, open: usize, close: usize) -> Vec<usize> {
    let Some(inner) = text.get(open..close) else { return Vec::new() };
    let (mut depth, mut starts) = (0usize, Vec::new());
    for token in tokens(inner) {
        let before = inner.get(..token.start).unwrap_or_default();
        let head = before.rsplit('\n').next().is_some_and(|line| line.trim().is_empty());
        if depth == 0 && head && token.kind == Kind::Word && !joins(token.text(inner)) {
            starts.push(open + token.start);
        }
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    starts
}

/// Whether a word continues what is before it.
fn joins(word: &str) -> bool {
    matches!(word, "or" | "and" | "above" | "below" | "is" | "via" | "of" | "in" | "with")
}
