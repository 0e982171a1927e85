//! Pieces of text that the spec of a member is made of.

use crate::source::Span;
use crate::syntax::ast::*;

/// An expression.
pub(super) fn new(kind: ExprKind, span: Span) -> Expr {
    Expr { kind: Box::new(kind), span }
}

/// `input > op`; `same` changes nothing.
pub(super) fn piped(input: Expr, op: Expr, span: Span) -> Expr {
    match &*op.kind {
        ExprKind::Name(name) if name == "same" => input,
        _ => new(ExprKind::Binary(BinaryOp::Pipe, input, op), span),
    }
}

/// Whether a callee is the built-in sum.
pub(super) fn is_sum(callee: &Expr) -> bool {
    matches!(&*callee.kind, ExprKind::Name(name) if name == "sum")
}

/// Whether writing an expression twice makes its map twice.
pub(super) fn makes_maps(e: &Expr) -> bool {
    !matches!(
        &*e.kind,
        ExprKind::Name(_) | ExprKind::Index(..) | ExprKind::Field(..) | ExprKind::Absent
    )
}

/// `[e for name in [text]][0]`: an expression in which a name stands for a map.
pub(super) fn with_name(e: Expr, name: String, text: Expr) -> Expr {
    let span = e.span;
    let binder = Binder::Name(Spanned { value: name, span });
    let over = new(ExprKind::List(vec![text]), span);
    let all = new(ExprKind::Comprehension(e, Each { binder, over }), span);
    new(ExprKind::Index(all, new(ExprKind::Int(0), span)), span)
}

/// `sum(a, like = x)`, where there is something to be like.
pub(super) fn sum_like(terms: Vec<Expr>, mut like: Vec<Expr>, span: Span) -> Expr {
    let like = match like.len() {
        0 if terms.len() == 1 => return terms.into_iter().next().expect("one term"),
        1 => like.remove(0),
        _ => new(ExprKind::List(like), span),
    };
    let name = Some(Spanned { value: "like".to_string(), span });
    let args = terms.into_iter().map(|value| Argument { name: None, value });
    let args = args.chain([Argument { name, value: like }]).collect();
    new(ExprKind::Call(new(ExprKind::Name("sum".to_string()), span), args), span)
}

/// The term and what it is like, of what [`sum_like`] makes of one term.
fn of_like(e: &Expr) -> Option<(&Expr, &Expr)> {
    match &*e.kind {
        ExprKind::Call(callee, args) if is_sum(callee) => match args.as_slice() {
            [term, like] if like.name.is_some() => Some((&term.value, &like.value)),
            _ => None,
        },
        _ => None,
    }
}

/// `a + b + c`. What was picked twice is one map with one set of weights: `a * 2`.
pub(super) fn sum_of(items: &[Expr], span: Span) -> Expr {
    let likes: Option<Vec<(&Expr, &Expr)>> = items.iter().map(of_like).collect();
    match likes.as_deref() {
        Some([(_, like), ..]) => {
            let bare: Vec<Expr> =
                items.iter().filter_map(of_like).map(|(t, _)| t.clone()).collect();
            sum_like(terms_of(&bare, span), vec![(*like).clone()], span)
        }
        _ => {
            let mut terms = terms_of(items, span).into_iter();
            let first = terms.next().unwrap_or_else(|| new(ExprKind::Absent, span));
            terms.fold(first, |a, b| new(ExprKind::Binary(BinaryOp::Plus, a, b), span))
        }
    }
}

/// The terms of a sum, each once: `a`, `b * 2`.
fn terms_of(items: &[Expr], span: Span) -> Vec<Expr> {
    let mut terms: Vec<(String, Expr, i64)> = Vec::new();
    for item in items {
        // With places: two candidates may read alike, and are still two.
        let key = format!("{item:?}");
        match terms.iter_mut().find(|(k, _, _)| *k == key) {
            Some((_, _, times)) => *times += 1,
            None => terms.push((key, item.clone(), 1)),
        }
    }
    let times = |(_, item, n): (String, Expr, i64)| match n {
        1 => item,
        n => new(ExprKind::Binary(BinaryOp::Times, item, new(ExprKind::Int(n), span)), span),
    };
    terms.into_iter().map(times).collect()
}
