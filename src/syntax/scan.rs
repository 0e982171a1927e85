//! Words and signs, without grammar: for what must be known before the grammar is asked (nesting)
//! and after it has failed (where a bracket or a string was left open).

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    /// A number with what is glued to it: `8`, `3e-4`, `8.3ms`, `512x1024`.
    Number,
    /// A string with both its quotes.
    Str,
    /// A string that its line does not close, without the closing brackets that it swallows.
    OpenStr,
    /// `(`, `[`, `{`.
    Open,
    /// `)`, `]`, `}`.
    Close,
    /// `//`, `///` or `//!` up to the end of the line.
    Comment,
    /// Any other character.
    Sign,
    /// A control character, which no text holds.
    Control,
}

/// A token and where it stands, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    pub(super) fn text(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Token> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let start = at + blank;
        let (kind, len) = token(text.get(start..)?)?;
        at = start + len;
        Some(Token { kind, start, end: at })
    })
}

/// The kind and length of the token that a text begins with.
fn token(rest: &str) -> Option<(Kind, usize)> {
    let first = rest.chars().next()?;
    Some(match first {
        '(' | '[' | '{' => (Kind::Open, 1),
        ')' | ']' | '}' => (Kind::Close, 1),
        '"' => string(rest),
        '/' if rest.starts_with("//") => (Kind::Comment, rest.find('\n').unwrap_or(rest.len())),
        c if c.is_ascii_digit() => (Kind::Number, number(rest)),
        c if is_word(c) => (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
        c if c.is_control() => (Kind::Control, c.len_utf8()),
        c => (Kind::Sign, c.len_utf8()),
    })
}

/// Whether a character can be part of what a reader takes for a name; the grammar wants ASCII.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn string(rest: &str) -> (Kind, usize) {
    let line = rest.lines().next().unwrap_or_default();
    match line.get(1..).and_then(|inner| inner.find('"')) {
        Some(at) => (Kind::Str, at + 2),
        None => (Kind::OpenStr, line.trim_end_matches([')', ']', '}', ',', ' ', '\r']).len()),
    }
}

/// Digits, a point before a digit, letters, and the sign of an exponent.
fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let exponent = at > 0 && matches!(bytes.get(at - 1), Some(b'e' | b'E'));
        let more = match byte {
            b'.' | b'+' | b'-' => digit(at + 1) && (*byte == b'.' || exponent),
            _ => byte.is_ascii_alphanumeric() || *byte == b'_',
        };
        if !more {
            break;
        }
        at += 1;
    }
    at
}
