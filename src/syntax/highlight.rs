//! A text in the kinds of its words, for those who show it in colours. Text that is wrong is told
//! apart as well as it can be.

use super::parser::{Rule, SegParser};
use super::scan::{self, Token, tokens};
use pest::Parser;

/// What a stretch of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hue {
    /// Blanks, names, signs.
    Plain,
    /// A word of the language.
    Keyword,
    /// A number with its unit, a scale, a size.
    Number,
    /// A string.
    Text,
    /// A comment.
    Comment,
    /// Documentation.
    Doc,
}

/// The stretches of a text, in order; together they are the text.
///
/// ```
/// use segc::syntax::{Hue, highlight};
/// let kinds = highlight("let x = conv(3)");
/// assert_eq!(kinds[0], (Hue::Keyword, "let"));
/// assert!(kinds.contains(&(Hue::Number, "3")));
/// ```
pub fn highlight(text: &str) -> Vec<(Hue, &str)> {
    let (mut out, mut at) = (Vec::new(), 0);
    for token in tokens(text) {
        let hue = hue(text, token);
        if hue == Hue::Plain {
            continue;
        }
        // The slash belongs to a scale's number.
        let start =
            if hue == Hue::Number && is_scale(text, token) { token.start - 1 } else { token.start };
        if start > at {
            out.push((Hue::Plain, &text[at..start]));
        }
        out.push((hue, &text[start..token.end]));
        at = token.end;
    }
    if at < text.len() {
        out.push((Hue::Plain, &text[at..]));
    }
    out
}

fn hue(text: &str, token: Token) -> Hue {
    let word = token.text(text);
    match token.kind {
        scan::Kind::Comment if word.starts_with("///") && !word.starts_with("////") => Hue::Doc,
        scan::Kind::Comment if word.starts_with("//!") => Hue::Doc,
        scan::Kind::Comment => Hue::Comment,
        scan::Kind::Number => Hue::Number,
        scan::Kind::Str | scan::Kind::OpenStr => Hue::Text,
        scan::Kind::Word if is(Rule::keyword, word) => Hue::Keyword,
        // Words of declarations can be names elsewhere.
        scan::Kind::Word if begins_line(text, token) && is(Rule::decl_word, word) => Hue::Keyword,
        scan::Kind::Word | scan::Kind::Open | scan::Kind::Close => Hue::Plain,
        scan::Kind::Sign | scan::Kind::Control => Hue::Plain,
    }
}

/// Whether a word is one that a rule lists.
fn is(rule: Rule, word: &str) -> bool {
    SegParser::parse(rule, word).is_ok_and(|pairs| pairs.as_str().len() == word.len())
}

fn begins_line(text: &str, token: Token) -> bool {
    text[..token.start].chars().next_back().is_none_or(|before| before == '\n')
}

/// Whether a number is that of a scale, as in `/4`, rather than what something is divided by.
fn is_scale(text: &str, token: Token) -> bool {
    let Some(before) = text[..token.start].strip_suffix('/') else { return false };
    !before.trim_end().ends_with(|c: char| c.is_alphanumeric() || c == ')' || c == '_')
        || before.ends_with("scales ")
        || before.ends_with("first ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hue: Hue, text: &str) -> Vec<&str> {
        highlight(text).into_iter().filter(|(h, _)| *h == hue).map(|(_, t)| t).collect()
    }

    #[test]
    fn stretches_make_up_the_text() {
        let text = include_str!("../../specs/quickstart.seg");
        let all: String = highlight(text).into_iter().map(|(_, t)| t).collect();
        assert_eq!(all, text);
        assert!(of(Hue::Doc, text).iter().any(|t| t.starts_with("/// Two blocks")));
        assert!(of(Hue::Text, text).contains(&"\"data/street\""));
    }

    #[test]
    fn words_of_declarations_are_names_elsewhere() {
        let text = "head logits(x) { out x > head }\ntrain n { data cityscapes() }";
        assert_eq!(of(Hue::Keyword, text), ["head", "out", "train"]);
    }

    #[test]
    fn scales_have_their_slash() {
        assert_eq!(of(Hue::Number, "resize(/4) > conv(W / 4, 3e-4)"), ["/4", "4", "3e-4"]);
    }
}
