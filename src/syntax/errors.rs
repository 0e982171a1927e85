//! What to say when text does not parse.

use super::parser::{Origin, Rule};
use crate::diag::{Diag, did_you_mean};
use crate::source::Span;
use pest::error::{Error, ErrorVariant, InputLocation};

/// Brackets nest too deep.
pub(super) fn too_deep(at: Span, limit: usize) -> Diag {
    Diag::new("E0107", format!("brackets nest deeper than {limit} levels"))
        .label(at, "too deep here")
        .help("give inner parts names with `let`, `op` or `cell`")
}

/// A pest error over a whole file.
pub(super) fn syntax(origin: Origin, text: &str, error: &Error<Rule>) -> Diag {
    syntax_in(origin, text, text, error)
}

/// A pest error over a slice of a file that begins at the origin's offset.
pub(super) fn syntax_in(origin: Origin, text: &str, slice: &str, error: &Error<Rule>) -> Diag {
    let at = match error.location {
        InputLocation::Pos(at) => at,
        InputLocation::Span((at, _)) => at,
    };
    let found = token_at(slice, at);
    let span = origin.range(
        origin.offset as usize + at,
        origin.offset as usize + at + found.len().max(usize::from(at < slice.len())),
    );
    let _ = text;
    if at == slice.len() - slice.trim_start().len() || at == 0 {
        return no_item(span, found);
    }
    let positives = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.as_slice(),
        ErrorVariant::CustomError { .. } => &[],
    };
    let wanted = expected(positives);
    let shown = if found.is_empty() { "the end".to_string() } else { format!("`{found}`") };
    Diag::new("E0101", format!("expected {wanted}, found {shown}")).label(span, "here")
}

fn no_item(span: Span, found: &str) -> Diag {
    const WORDS: [&str; 16] = [
        "use", "const", "opset", "op", "cell", "head", "stem", "encoder", "decoder", "net",
        "trellis", "let", "search", "train", "data", "bench",
    ];
    let help = match did_you_mean(found, WORDS) {
        Some(word) => format!("did you mean `{word}`?"),
        None => "declarations start with `use`, `const`, `op`, `opset`, `cell`, `net`, `trellis`, \
                 `let`, `search`, …"
            .to_string(),
    };
    Diag::new("E0103", format!("`{found}` does not start a declaration"))
        .label(span, "here")
        .help(help)
}

/// The word, number or sign at a place.
fn token_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let len = match rest.chars().next() {
        None => 0,
        Some(c) if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
        Some(c) => c.len_utf8(),
    };
    rest.get(..len).unwrap_or_default()
}

/// What the grammar would have taken, in words.
fn expected(rules: &[Rule]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for rule in rules {
        let word = word_for(*rule);
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    match words.as_slice() {
        [] => "something else".to_string(),
        [one] => (*one).to_string(),
        [most @ .., last] if most.len() < 4 => format!("{} or {last}", most.join(", ")),
        many => format!("{} or another continuation", many[..3].join(", ")),
    }
}

fn word_for(rule: Rule) -> &'static str {
    match rule {
        Rule::comma => "`,`",
        Rule::eq => "`=`",
        Rule::fat_arrow => "`=>`",
        Rule::arrow => "`->`",
        Rule::open_paren => "`(`",
        Rule::close_paren => "`)`",
        Rule::open_brace | Rule::body => "`{`",
        Rule::close_brace => "`}`",
        Rule::open_bracket => "`[`",
        Rule::close_bracket => "`]`",
        Rule::name | Rule::any_word => "a name",
        Rule::expr | Rule::expr_tight => "a value",
        Rule::scale | Rule::scale_list => "a scale such as `/8`",
        Rule::statement => "a statement",
        Rule::argument => "an argument",
        Rule::of_word => "`of`",
        Rule::in_word => "`in`",
        Rule::along_word => "`along`",
        _ => "",
    }
}
