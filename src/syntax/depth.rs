//! How deep a text nests. The parser and all that walk its tree recurse, so the depth is bounded
//! here, before either begins.

use super::scan::{Kind, Token, tokens};

/// Brackets, `choose` and `match` may nest this deep.
pub(super) const BRACKETS: usize = 96;
/// Operators, calls and brackets may be strung together this far: every one is a level of the tree.
pub(super) const LINKS: usize = 480;

/// What is nested too deep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TooDeep {
    /// Brackets, `choose` or `match`.
    Brackets,
    /// Operators.
    Links,
}

/// What one bracket holds so far.
#[derive(Clone, Copy, Default)]
struct Level {
    heads: usize,
    links: usize,
}

/// The first token that lies too deep. Estimates are from above, so none is missed.
pub(super) fn too_deep(text: &str) -> Option<(Token, TooDeep)> {
    let (mut levels, mut sum) = (vec![Level::default()], Level::default());
    let mut last = None;
    for token in tokens(text).filter(|t| t.kind != Kind::Comment) {
        let part = Part::of(token, text);
        let level = levels.last_mut()?;
        if ends_expression(last, part) {
            sum.heads -= level.heads;
            sum.links -= level.links;
            *level = Level::default();
        }
        let heads = usize::from(part == Part::Head || token.kind == Kind::Open);
        let links = usize::from(matches!(part, Part::Head | Part::Operator) || heads > 0);
        level.heads += heads;
        level.links += links;
        sum.heads += heads;
        sum.links += links;
        if sum.heads > BRACKETS {
            return Some((token, TooDeep::Brackets));
        }
        if sum.links > LINKS {
            return Some((token, TooDeep::Links));
        }
        match token.kind {
            Kind::Open => levels.push(Level::default()),
            Kind::Close if levels.len() > 1 => {
                let done = levels.pop().unwrap_or_default();
                sum.heads -= done.heads;
                sum.links -= done.links;
                // The bracket stays a link of what it stands in, but encloses nothing more.
                if let Some(level) = levels.last_mut() {
                    level.heads -= 1;
                    sum.heads -= 1;
                }
            }
            _ => {}
        }
        last = Some(part);
    }
    None
}

/// What a token is to an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A name or a literal.
    Value,
    /// `choose`, `match`.
    Head,
    /// Words and signs that join values or stand before one.
    Operator,
    /// `of`, `with` and the like: part of what `choose` began.
    Joint,
    /// What every expression ends before.
    Stop,
    Open,
    Close,
}

impl Part {
    fn of(token: Token, text: &str) -> Part {
        let word = token.text(text);
        match token.kind {
            Kind::Open => Part::Open,
            Kind::Close => Part::Close,
            Kind::Sign => match word {
                "=" if text.as_bytes().get(token.start.wrapping_sub(1)) == Some(&b'.') => {
                    Part::Operator
                }
                "," | "=" => Part::Stop,
                _ => Part::Operator,
            },
            Kind::Word => match word {
                "choose" | "match" => Part::Head,
                "or" | "and" | "not" | "above" | "below" | "is" | "via" | "tied" | "slice" => {
                    Part::Operator
                }
                "of" | "one" | "ordered" | "with" | "repeats" => Part::Joint,
                "let" | "node" | "out" | "tap" | "for" | "in" => Part::Stop,
                _ => Part::Value,
            },
            _ => Part::Value,
        }
    }
}

/// Whether a new expression begins: behind a separator, or where two values touch.
fn ends_expression(last: Option<Part>, part: Part) -> bool {
    let value_before = matches!(last, Some(Part::Value | Part::Close));
    part == Part::Stop || value_before && matches!(part, Part::Value | Part::Head)
}
