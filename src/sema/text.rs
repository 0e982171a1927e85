//! Values back to text: what the emitter writes for a value that was computed.

use super::decimals;
use super::sites::NUMBER;
use super::value::Value;
use crate::ir::shape::Scale;
use crate::maps::{HashSet, IndexSet};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use std::iter;

/// An expression that evaluates to a plain value; a name that cannot be found for others.
pub(super) fn literal(value: &Value, at: Span) -> Expr {
    let new = |kind| Expr { kind: Box::new(kind), span: at };
    let int = |n: i64| match n {
        0.. => new(ExprKind::Int(n)),
        n => new(ExprKind::Unary(UnaryOp::Minus, new(ExprKind::Int(n.saturating_neg())))),
    };
    match value {
        Value::Num(n) if n.is_integer() => int(n.to_integer()),
        Value::Num(n) => new(ExprKind::Binary(BinaryOp::Divide, int(*n.numer()), int(*n.denom()))),
        Value::Decimal(n) if *n.numer() < 0 => {
            let positive = literal(&Value::Decimal(-n), at);
            new(ExprKind::Unary(UnaryOp::Minus, positive))
        }
        Value::Decimal(n) => {
            new(ExprKind::Float(decimals::text(*n).unwrap_or_else(|| n.to_string())))
        }
        Value::Float(x) => new(ExprKind::Float(format!("{x:?}"))),
        Value::Quantity(x, unit) => new(ExprKind::Quantity(x.to_string(), unit.to_string())),
        Value::Bool(b) => new(ExprKind::Bool(*b)),
        Value::Str(s) => new(ExprKind::Str(s.to_string())),
        Value::Label(s) => new(ExprKind::Name(s.to_string())),
        Value::Scale(Scale::Down(n)) => new(ExprKind::Scale(*n)),
        Value::Size(dims) => new(ExprKind::Size(dims.to_vec())),
        Value::List(items) => new(ExprKind::List(items.iter().map(|v| literal(v, at)).collect())),
        Value::Same => new(ExprKind::Name("same".to_string())),
        _ => new(ExprKind::Absent),
    }
}

/// Numbers labels that come again, so that no two are one.
pub(super) fn tell_apart<'l>(labels: impl Iterator<Item = &'l mut String>) {
    let mut seen = HashSet::default();
    for label in labels {
        let twins = (2..).map(|n| format!("{label}{NUMBER}{n}"));
        let mut free = iter::once(label.clone()).chain(twins);
        let own = free.find(|label| seen.insert(label.clone()));
        *label = own.expect("fewer are seen than there are numbers");
    }
}

/// Labels alternatives that are numbers, words and the like by what they are, however they are written.
/// Where two are the same they stay as they are written.
pub(super) fn label_by_value(texts: &mut [(String, Expr)], values: &[Value]) {
    let words: Option<IndexSet<String>> = values.iter().map(Value::as_word).collect();
    if let Some(words) = words.filter(|words| words.len() == texts.len()) {
        texts.iter_mut().zip(words).for_each(|((label, _), word)| *label = word);
    }
}

/// Label and text of each element of a list-like expression.
pub(super) fn element_texts(of: &Expr, value: &Value, n: usize) -> Vec<(String, Expr)> {
    if let ExprKind::List(items) = &*of.kind
        && items.len() == n
    {
        return items.iter().map(|e| (show(e), e.clone())).collect();
    }
    let (base, first) = part_of(of, value);
    // What is computed on the spot, such as `1..=4`, has its values written out.
    if let Value::List(values) = value
        && matches!(&*of.kind, ExprKind::Binary(..) | ExprKind::Comprehension(..))
        && values.iter().all(|v| matches!(v, Value::Num(_) | Value::Scale(_) | Value::Bool(_)))
    {
        let texts = values.iter().map(|v| literal(v, of.span));
        return texts.map(|text| (show(&text), text)).collect();
    }
    let indices: Vec<i64> = match value {
        Value::Family(items) => items.keys().copied().collect(),
        _ => (first..first + n as i64).collect(),
    };
    indices
        .into_iter()
        .map(|i| {
            let index = Expr { kind: Box::new(ExprKind::Int(i)), span: of.span };
            let kind = ExprKind::Index(base.clone(), index);
            let text = Expr { kind: Box::new(kind), span: of.span };
            (show(&text), text)
        })
        .collect()
}

/// What a part was taken from, and the index there of its first element: a family's part keeps its
/// indices, a list's is known where it is written as a number.
fn part_of<'e>(of: &'e Expr, value: &Value) -> (&'e Expr, i64) {
    let (x, from) = match &*of.kind {
        ExprKind::Slice(x, from, ..) => (x, from.as_ref()),
        ExprKind::Index(x, i) => match &*i.kind {
            ExprKind::Binary(BinaryOp::RangeExcl | BinaryOp::RangeIncl, from, _) => (x, Some(from)),
            _ => return (of, 0),
        },
        _ => return (of, 0),
    };
    match (value, from.map(|e| &*e.kind)) {
        (Value::Family(_), _) | (_, None) => (x, 0),
        (_, Some(ExprKind::Int(first))) => (x, *first),
        _ => (of, 0),
    }
}

/// Whether an index is a range, `xs[1..3]`: then it is a part of a list.
pub(super) fn is_range(index: &Expr) -> bool {
    matches!(&*index.kind, ExprKind::Binary(BinaryOp::RangeExcl | BinaryOp::RangeIncl, ..))
}

/// A short label for an expression.
pub(super) fn show(e: &Expr) -> String {
    match &*e.kind {
        ExprKind::Name(name) => name.clone(),
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Float(text) => text.clone(),
        ExprKind::Scale(n) => format!("/{n}"),
        ExprKind::Bool(b) => b.to_string(),
        ExprKind::Str(text) => text.clone(),
        ExprKind::It => "it".to_string(),
        ExprKind::Index(x, i) => format!("{}[{}]", show(x), show(i)),
        ExprKind::Field(x, name) => format!("{}.{}", show(x), name.value),
        ExprKind::Slice(x, from, to, _) => {
            let end = |e: &Option<Expr>| e.as_ref().map(show).unwrap_or_default();
            format!("{}[{}..{}]", show(x), end(from), end(to))
        }
        ExprKind::Call(x, _) => show(x),
        ExprKind::Binary(BinaryOp::RangeExcl, x, y) => format!("{}..{}", show(x), show(y)),
        ExprKind::Binary(BinaryOp::RangeIncl, x, y) => format!("{}..={}", show(x), show(y)),
        ExprKind::Binary(BinaryOp::Pipe, x, y) => format!("{}_{}", show(x), show(y)),
        _ => "x".to_string(),
    }
}

/// Labels, no two of which are one, as parts of scopes' names, no two of which are one. A label that is a word
/// is that word.
pub(super) fn scope_words<'l>(labels: impl Iterator<Item = &'l String>) -> Vec<String> {
    let mut words: Vec<(&String, String)> =
        labels.map(|label| (label, scope_word(label))).collect();
    let is_word = |(label, word): &(&String, String)| word == *label;
    let mut taken: HashSet<String> =
        words.iter().filter(|own| is_word(own)).map(|(_, word)| word.clone()).collect();
    for own in words.iter_mut().filter(|own| !is_word(own)) {
        let word = &own.1;
        let twins = (2..).map(|n| format!("{word}_{n}"));
        let mut free = iter::once(word.clone()).chain(twins);
        own.1 = free.find(|word| taken.insert(word.clone())).expect("fewer are taken");
    }
    words.into_iter().map(|(_, word)| word).collect()
}

/// A label as a part of a scope's name.
pub(super) fn scope_word(label: &str) -> String {
    let word: String = label
        .chars()
        .filter(|c| *c != ']')
        .map(|c| match c {
            '[' => '.',
            c if c.is_alphanumeric() || c == '_' => c,
            _ => '_',
        })
        .collect();
    word.trim_start_matches(['_', '.']).to_owned()
}
