//! The pest parser and what its users share.

use super::ast::{Name, Spanned};
use crate::source::{FileId, Span};
use pest::Parser;
use pest::iterators::{Pair, Pairs};

/// The grammar, compiled.
#[derive(pest_derive::Parser)]
#[grammar = "grammar/lexical.pest"]
#[grammar = "grammar/expr.pest"]
#[grammar = "grammar/items.pest"]
pub(super) struct SegParser;

/// The names of the productions in the tree of a text, for tests of what texts cover.
pub fn productions(text: &str) -> std::collections::BTreeSet<String> {
    let pairs = SegParser::parse(Rule::file, text).into_iter().flat_map(Pairs::flatten);
    pairs.map(|pair| format!("{:?}", pair.as_rule())).collect()
}

/// Where a slice of text stands in its file: parsing a slice again shifts its places.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub(super) file: FileId,
    pub(super) offset: u32,
}

impl Origin {
    pub(super) fn span(self, pair: &Pair<'_, Rule>) -> Span {
        let offset = self.offset as usize;
        self.range(pair.as_span().start() + offset, end(pair) + offset)
    }

    pub(super) fn range(self, start: usize, end: usize) -> Span {
        Span { file: self.file, start: start as u32, end: end as u32 }
    }

    pub(super) fn name(self, pair: &Pair<'_, Rule>) -> Name {
        Spanned { value: pair.as_str().to_string(), span: self.span(pair) }
    }
}

/// Where a pair's last word ends: pest's own end may lie behind the space and the comments that
/// follow, where something optional was looked for.
fn end(pair: &Pair<'_, Rule>) -> usize {
    let last = pair.clone().into_inner().rev().find(|p| p.as_rule() != Rule::COMMENT);
    last.map_or_else(|| pair.as_span().end(), |p| end(&p))
}

/// The children of a pair that mean something: comments and punctuation are left out.
pub(super) fn children(pair: Pair<'_, Rule>) -> impl Iterator<Item = Pair<'_, Rule>> {
    meaningful(pair.into_inner())
}

/// The pairs that mean something.
pub(super) fn meaningful(pairs: Pairs<'_, Rule>) -> impl Iterator<Item = Pair<'_, Rule>> {
    pairs.filter(|p| !is_punctuation(p.as_rule()))
}

fn is_punctuation(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::COMMENT
            | Rule::comma
            | Rule::colon
            | Rule::eq
            | Rule::fat_arrow
            | Rule::arrow
            | Rule::dot
            | Rule::open_paren
            | Rule::close_paren
            | Rule::open_brace
            | Rule::close_brace
            | Rule::open_bracket
            | Rule::close_bracket
            | Rule::of_word
            | Rule::for_word
            | Rule::in_word
            | Rule::choose_word
            | Rule::match_word
            | Rule::use_word
            | Rule::const_word
            | Rule::opset_word
            | Rule::op_word
            | Rule::trellis_word
            | Rule::along_word
            | Rule::let_word
            | Rule::node_word
            | Rule::out_word
            | Rule::tap_word
            | Rule::EOI
            | Rule::arrow_word
            | Rule::at_word
            | Rule::by_word
            | Rule::exits_word
            | Rule::first_word
            | Rule::layers_word
            | Rule::mix_word
            | Rule::moves_word
            | Rule::on_word
            | Rule::one_word
            | Rule::path_word
            | Rule::per_word
            | Rule::repeats_word
            | Rule::scales_word
            | Rule::weigh_word
            | Rule::with_word
    )
}
