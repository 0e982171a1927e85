//! What to say when text does not parse: from the place where the grammar gave up, and what it
//! would have taken there, to a message.

mod brackets;
mod expected;
mod numbers;

pub(super) use brackets::{Brackets, Whole, brackets};
pub(super) use expected::wants_arrow;
pub(super) use numbers::check as check_number;

use super::depth::{BRACKETS, LINKS, TooDeep};
use super::parser::{Origin, Rule};
use super::scan::{Kind, Token, tokens};
use crate::diag::{Diag, did_you_mean};
use crate::source::Span;
use expected::{Expected, is_keyword};

/// Words that declarations start with.
pub(super) const DECLARATIONS: [&str; 17] = [
    "use",
    "const",
    "opset",
    "op",
    "cell",
    "head",
    "stem",
    "encoder",
    "decoder",
    "net",
    "trellis",
    "let",
    "search",
    "train",
    "data",
    "bench",
    "controller",
];

/// A text that does not parse, and where and why.
pub(super) struct Failure<'a> {
    pub(super) origin: Origin,
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) wanted: &'a [Rule],
}

impl Failure<'_> {
    /// The message for it.
    pub(super) fn diag(&self) -> Diag {
        let found = self.found();
        let word = found.map_or("", |t| t.text(self.text));
        let expected = Expected::of(self.wanted);
        if self.is_first() {
            return self.not_a_declaration(word);
        }
        match found.map(|t| t.kind) {
            Some(Kind::Comment) => return stray_documentation(self.span(), word),
            Some(Kind::Number) if expected.value && !word.contains('.') => {
                return numbers::unknown(self.span(), word);
            }
            _ => {}
        }
        if let Some(diag) = self.not_a_scale(&expected) {
            return diag;
        }
        if let Some(comment) = self.documentation_before() {
            let span = self.range(comment.start, comment.end);
            return stray_documentation(span, comment.text(self.text));
        }
        if expected.name && is_keyword(word) {
            return self.keyword(word);
        }
        self.unexpected(word, &expected)
    }

    fn found(&self) -> Option<Token> {
        let token = tokens(self.text.get(self.at..)?).next()?;
        Some(Token { start: token.start + self.at, end: token.end + self.at, ..token })
    }

    fn before(&self) -> Option<Token> {
        let text = self.text.get(..self.at)?;
        tokens(text).filter(|t| t.kind != Kind::Comment).last()
    }

    /// Whether nothing but documentation comes before it.
    fn is_first(&self) -> bool {
        self.before().is_none()
    }

    fn span(&self) -> Span {
        let token = self.found();
        let (start, end) = token.map_or((self.at, self.at), |t| (t.start, t.end));
        self.range(start, end)
    }

    fn range(&self, start: usize, end: usize) -> Span {
        let offset = self.origin.offset as usize;
        self.origin.range(offset + start, offset + end)
    }

    fn not_a_declaration(&self, word: &str) -> Diag {
        if word.starts_with("//") {
            return stray_documentation(self.span(), word);
        }
        if word.is_empty() {
            return Diag::new("E0101", "this documentation belongs to nothing")
                .label(self.span(), "a declaration is expected here")
                .help("use `//` for a remark");
        }
        let help = match did_you_mean(word, DECLARATIONS) {
            Some(word) => format!("did you mean `{word}`?"),
            None => "declarations start with `use`, `const`, `op`, `opset`, `cell`, `net`, \
                     `trellis`, `let`, `search`, …"
                .to_string(),
        };
        let word = shortened(word);
        Diag::new("E0103", format!("`{word}` does not start a declaration"))
            .label(self.span(), "here")
            .help(help)
    }

    /// Documentation with nothing behind it that could have some.
    fn documentation_before(&self) -> Option<Token> {
        let last = tokens(self.text.get(..self.at)?).last()?;
        let text = last.text(self.text);
        (text.starts_with("///") && !text.starts_with("////")).then_some(last)
    }

    /// `/x4`, `/4x`, `1/4`.
    fn not_a_scale(&self, expected: &Expected) -> Option<Diag> {
        let slash = self.found().filter(|t| t.text(self.text) == "/")?;
        let next = tokens(self.text.get(slash.end..)?).next()?;
        let glued = next.start == 0 && matches!(next.kind, Kind::Word | Kind::Number);
        let end = slash.end + next.end;
        let digits = self.text.get(slash.end..end)?;
        let one = self.before().filter(|t| t.end == slash.start && t.text(self.text) == "1");
        let (start, help) = match one {
            Some(one) if next.kind == Kind::Number => (one.start, format!("write `/{digits}`")),
            _ if glued && expected.value => (slash.start, numbers::SCALES.to_string()),
            _ => return None,
        };
        let text = self.text.get(start..end)?;
        let diag = Diag::new("E0104", format!("`{}` is not a scale", shortened(text)));
        Some(diag.label(self.range(start, end), "here").help(help))
    }

    fn keyword(&self, word: &str) -> Diag {
        Diag::new("E0106", format!("`{word}` is a keyword and cannot be a name"))
            .label(self.span(), "a name is expected here")
            .help(format!("try `{word}_a`"))
    }

    fn unexpected(&self, word: &str, expected: &Expected) -> Diag {
        let wanted = expected.to_string();
        let shown = match word {
            "" => "the end".to_string(),
            word if word.starts_with('"') => "a string".to_string(),
            word => format!("`{}`", shortened(word)),
        };
        let diag = Diag::new("E0101", format!("expected {wanted}, found {shown}"))
            .label(self.span(), "here");
        let diag = match self.head() {
            Some(head) => diag.label(head, "in this declaration"),
            None => diag,
        };
        diag.help(self.remedy(word, expected))
    }

    /// The word and the name that the declaration starts with.
    fn head(&self) -> Option<Span> {
        let text = self.text.get(..self.at)?;
        let mut words = tokens(text).filter(|t| t.kind != Kind::Comment);
        let (first, second) = (words.next()?, words.next());
        let named = second.filter(|t| t.kind == Kind::Word);
        Some(self.range(first.start, named.map_or(first.end, |t| t.end)))
    }

    fn remedy(&self, word: &str, expected: &Expected) -> String {
        let here = self.text.get(self.at..).unwrap_or_default();
        if let Some((_, help)) = FOREIGN.iter().find(|(sign, _)| here.starts_with(sign)) {
            return (*help).to_string();
        }
        if word.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) {
            return "names are made of ASCII letters, digits and `_`".to_string();
        }
        let is_value = |t: Token| matches!(t.kind, Kind::Word | Kind::Number | Kind::Str);
        let value = self.found().is_some_and(is_value);
        match self.before().filter(|t| t.kind == Kind::Word && expected.is_only_eq() && value) {
            Some(name) => {
                let text = self.text.get(..name.end).unwrap_or_default();
                let mut words = tokens(text).filter(|t| t.kind != Kind::Comment);
                let keyword =
                    words.next().filter(|_| words.next().is_some_and(|t| t.start == name.start));
                let keyword = keyword.map(|k| format!("{} ", k.text(self.text)));
                let keyword = keyword.unwrap_or_default();
                format!("`{keyword}{} = {}`", name.text(self.text), shortened(word))
            }
            None => expected.remedy(word, value),
        }
    }
}

/// Signs of other languages, the longer first.
const FOREIGN: [(&str, &str); 10] = [
    ("==", "`a is b` compares"),
    ("!=", "`not a is b` compares"),
    ("<=", "`not a above b` compares"),
    (">=", "`not a below b` compares"),
    ("<", "`a below b` compares"),
    ("&", "`a and b` joins conditions"),
    ("|", "`a or b` joins conditions"),
    ("!", "`not a` denies"),
    ("'", "strings stand in double quotes"),
    (";", "a new line is enough"),
];

/// User's text, no longer than a headline can hold.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(24) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}

fn stray_documentation(at: Span, text: &str) -> Diag {
    let (what, help) = match text.starts_with("//!") {
        true => ("`//!` speaks of a whole file", "move it to the top, or use `//` or `///`"),
        false => ("this documentation belongs to nothing", "use `//` for a remark"),
    };
    Diag::new("E0101", what).label(at, "here").help(help)
}

/// Something nests too deep.
pub(super) fn too_deep(at: Span, what: TooDeep) -> Diag {
    let message = match what {
        TooDeep::Brackets => format!("brackets nest deeper than {BRACKETS} levels"),
        TooDeep::Links => format!("more than {LINKS} operators and calls in one expression"),
    };
    Diag::new("E0107", message)
        .label(at, "too deep here")
        .help("give inner parts names with `let`, `op` or `cell`")
}

/// A string that its line does not close.
pub(super) fn open_string(at: Span) -> Diag {
    Diag::new("E0105", "this string is never closed").label(at, "opened here").help("add `\"`")
}

/// A control character. None is drawn: a terminal would obey it.
pub(super) fn not_text(at: Span) -> Diag {
    Diag::new("E0108", "this file is not text")
        .label(at, "a control character")
        .help("a spec is UTF-8 text; is this the right file?")
}
