//! Whole files: items, comments, and what is neither.

use super::ast::*;
use super::depth::{self, TooDeep};
use super::errors;
use super::expr::doc_text;
use super::items::item;
use super::parser::{Origin, Rule, SegParser, children};
use super::recover;
use super::scan::{Kind, tokens};
use crate::diag::Sink;
use crate::source::FileId;
use pest::Parser;
use pest::iterators::Pair;
use std::borrow::Cow;
use std::ops::Range;

/// How many declarations that nest too deep are set aside before the rest is not looked at.
const TOO_DEEP: usize = 8;

/// Parses a file. What is no declaration is reported and left out.
pub(super) fn parse_file(file: FileId, text: &str, diags: &mut Sink) -> File {
    let origin = Origin { file, offset: 0 };
    let mut out = File { lines: Lines::of(file, text), ..File::default() };
    if let Some(token) = tokens(text).find(|t| t.kind == Kind::Control) {
        let span = origin.range(token.start, token.end);
        diags.push(errors::not_text(span));
        return out;
    }
    let Some(text) = shallow(origin, text, &mut out, diags) else { return out };
    match SegParser::parse(Rule::file, &text) {
        Ok(mut pairs) => {
            if let Some(pair) = pairs.next() {
                file_parts(origin, &text, pair, &mut out, diags);
            }
        }
        // Whatever is no declaration is `broken`, so this is the parser's stack that ran out.
        Err(_) => diags.push(errors::too_deep(origin.range(0, 0), TooDeep::Brackets)),
    }
    out
}

/// The text without the declarations that nest too deep; nothing if there are too many.
fn shallow<'a>(
    origin: Origin,
    text: &'a str,
    out: &mut File,
    diags: &mut Sink,
) -> Option<Cow<'a, str>> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..TOO_DEEP {
        let Some((token, what)) = depth::too_deep(&text) else { return Some(text) };
        diags.push(errors::too_deep(origin.range(token.start, token.end), what));
        let all = recover::pieces(&text);
        let piece = all.into_iter().find(|p| p.contains(&token.start))?;
        let at = Origin { file: origin.file, offset: piece.start as u32 };
        out.lost.extend(recover::declared(at, &text[piece.clone()]));
        recover::erase(text.to_mut(), piece);
    }
    None
}

fn file_parts(origin: Origin, text: &str, pair: Pair<'_, Rule>, out: &mut File, diags: &mut Sink) {
    leaves(origin, text, pair.clone(), out, diags);
    // Where the last item starts, as long as nothing else came after it.
    let mut last = None;
    for part in children(pair) {
        let range = part.as_span().start()..part.as_span().end();
        match part.as_rule() {
            Rule::file_doc => {
                let span = origin.span(&part);
                let first = if out.docs.is_empty() { span } else { out.docs_span };
                out.docs_span = first.to(span);
                out.docs.push(doc_text(&part));
            }
            Rule::item => {
                last = Some(range.start);
                out.items.extend(item(origin, part));
            }
            Rule::broken => {
                let mut range = range;
                if let (Some(start), false) = (last, recover::starts_anew(text, &range)) {
                    // What seemed to be whole was only the head of a declaration.
                    out.items.pop();
                    range.start = start;
                }
                last = None;
                broken(origin, text, range, out, diags);
            }
            _ => {}
        }
    }
    out.comments.sort_by_key(|c| c.span.start);
}

/// Reports what keeps a stretch from being declarations; what is one after all is kept.
fn broken(origin: Origin, whole: &str, at: Range<usize>, out: &mut File, diags: &mut Sink) {
    let stretch = &whole[at.clone()];
    for piece in recover::pieces(stretch) {
        let origin = Origin { file: origin.file, offset: (at.start + piece.start) as u32 };
        let text = &stretch[piece];
        match SegParser::parse(Rule::item_alone, text) {
            Ok(pairs) => {
                for pair in pairs {
                    leaves(origin, text, pair.clone(), out, diags);
                    out.items.extend(children(pair).find_map(|p| item(origin, p)));
                }
            }
            Err(_) if text.trim().is_empty() => {}
            Err(_) => {
                out.lost.extend(recover::declared(origin, text));
                let whole = errors::Whole { text: whole, lines: &out.lines };
                recover::diagnose(origin, text, whole, diags);
            }
        }
    }
}

/// Comments, and numbers that are out of range.
fn leaves(origin: Origin, text: &str, pair: Pair<'_, Rule>, out: &mut File, diags: &mut Sink) {
    for pair in pair.into_inner().flatten() {
        match pair.as_rule() {
            Rule::COMMENT => out.comments.push(comment(origin, text, &pair)),
            rule @ (Rule::int | Rule::scale | Rule::size) => {
                let wrong = errors::check_number(rule, pair.as_str(), origin.span(&pair));
                wrong.into_iter().for_each(|d| diags.push(d));
            }
            _ => {}
        }
    }
}

fn comment(origin: Origin, text: &str, pair: &Pair<'_, Rule>) -> Comment {
    let start = pair.as_span().start();
    let before = text.get(..start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let text = pair.as_str().trim_end().to_string();
    let offset = origin.offset as usize + start;
    let span = origin.range(offset, offset + text.len());
    Comment { alone: line.trim().is_empty(), text, span }
}
