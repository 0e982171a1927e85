//! Whole files: items, comments, and what is neither.

use super::ast::*;
use super::depth;
use super::errors;
use super::expr::doc_text;
use super::items::item;
use super::parser::{Origin, Rule, SegParser, children};
use crate::diag::Sink;
use crate::source::FileId;
use pest::Parser;
use pest::iterators::Pair;

/// Parses a file; slices that are no item are reported and left out.
pub(super) fn parse_file(file: FileId, text: &str, diags: &mut Sink) -> File {
    let origin = Origin { file, offset: 0 };
    let mut out = File { lines: Lines::of(file, text), ..File::default() };
    if let Some((token, _)) = depth::too_deep(text) {
        diags.push(errors::too_deep(origin.range(token.start, token.end), depth::BRACKETS));
        return out;
    }
    match SegParser::parse(Rule::file, text) {
        Ok(mut pairs) => {
            if let Some(pair) = pairs.next() {
                file_parts(origin, text, pair, &mut out, diags);
            }
        }
        Err(error) => diags.push(errors::syntax(origin, text, &error)),
    }
    out
}

fn file_parts(origin: Origin, text: &str, pair: Pair<'_, Rule>, out: &mut File, diags: &mut Sink) {
    out.comments = comments(origin, text, pair.clone());
    for part in children(pair) {
        match part.as_rule() {
            Rule::file_doc => {
                let span = origin.span(&part);
                let first = if out.docs.is_empty() { span } else { out.docs_span };
                out.docs_span = first.to(span);
                out.docs.push(doc_text(&part));
            }
            Rule::item => out.items.extend(item(origin, part)),
            Rule::broken => broken(origin, text, &part, diags),
            _ => {}
        }
    }
}

/// Reports what keeps a slice from being an item.
fn broken(origin: Origin, text: &str, pair: &Pair<'_, Rule>, diags: &mut Sink) {
    if pair.as_str().trim().is_empty() {
        return;
    }
    let start = pair.as_span().start();
    let slice = Origin { file: origin.file, offset: start as u32 };
    if let Err(error) = SegParser::parse(Rule::item_alone, pair.as_str()) {
        diags.push(errors::syntax_in(slice, text, pair.as_str(), &error));
    }
}

fn comments(origin: Origin, text: &str, pair: Pair<'_, Rule>) -> Vec<Comment> {
    let comment = |p: Pair<'_, Rule>| {
        let before = text.get(..p.as_span().start()).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let alone = before.get(line..).unwrap_or_default().trim().is_empty();
        let text = p.as_str().trim_end().to_string();
        let start = p.as_span().start();
        let span = origin.range(start, start + text.len());
        Comment { text, span, alone }
    };
    let all = pair.into_inner().flatten();
    all.filter(|p| p.as_rule() == Rule::COMMENT).map(comment).collect()
}
