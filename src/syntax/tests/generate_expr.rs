//! Generated expressions: every kind that the grammar has, with every operand that it takes.

use super::choices::Choices;
use crate::source::Span;
use crate::syntax::ast::*;

const NAMES: [&str; 14] = [
    "x",
    "conv",
    "C",
    "prev_prev",
    "H",
    "ordered",
    "one",
    "path",
    "with",
    "repeats",
    "data",
    "per",
    "a_rather_long_name_of_something",
    "cell",
];

pub(super) fn name(c: &mut Choices<'_>) -> Name {
    Spanned { value: c.of(&NAMES).to_string(), span: Span::default() }
}

pub(super) fn at(kind: ExprKind) -> Expr {
    Expr { kind: Box::new(kind), span: Span::default() }
}

pub(super) fn expr(c: &mut Choices<'_>, depth: usize) -> Expr {
    if depth == 0 || c.done() {
        return literal(c);
    }
    let d = depth - 1;
    at(match c.below(16) {
        0 | 1 => return literal(c),
        2 => ExprKind::List(c.many(0, 5, |c| expr(c, d))),
        3 => ExprKind::Comprehension(expr(c, d), each(c, d)),
        4 => ExprKind::Tuple(c.many(2, 4, |c| expr(c, d))),
        5 | 6 => ExprKind::Call(expr(c, d), c.many(0, 4, |c| argument(c, d))),
        7 => ExprKind::Index(expr(c, d), expr(c, d)),
        8 => match c.flag() {
            true => ExprKind::Slice(expr(c, d), None, Some(expr(c, d)), c.flag()),
            false => ExprKind::Slice(expr(c, d), Some(expr(c, d)), None, false),
        },
        9 => ExprKind::Field(expr(c, d), name(c)),
        10 => ExprKind::Unary(c.of(&UNARY), expr(c, d)),
        11 | 12 => ExprKind::Binary(c.of(&BINARY), expr(c, d), expr(c, d)),
        13 => ExprKind::Choose(choose(c, d)),
        14 => ExprKind::Match(expr(c, d), c.many(0, 3, |c| arm(c, d))),
        _ => schedule(c, d),
    })
}

const UNARY: [UnaryOp; 4] = [UnaryOp::Minus, UnaryOp::Not, UnaryOp::Tied, UnaryOp::Slice];

const BINARY: [BinaryOp; 13] = [
    BinaryOp::Pipe,
    BinaryOp::Or,
    BinaryOp::And,
    BinaryOp::Above,
    BinaryOp::Below,
    BinaryOp::Is,
    BinaryOp::RangeIncl,
    BinaryOp::RangeExcl,
    BinaryOp::Plus,
    BinaryOp::Minus,
    BinaryOp::Via,
    BinaryOp::Times,
    BinaryOp::Divide,
];

fn literal(c: &mut Choices<'_>) -> Expr {
    at(match c.below(12) {
        0..=2 => ExprKind::Name(name(c).value),
        3 => ExprKind::It,
        4 => ExprKind::Absent,
        5 => ExprKind::Int(c.of(&[0, 1, 7, 1024, i64::MAX])),
        6 => ExprKind::Float(c.of(&["0.5", "3e-4", "1.5E+10", "1e400"]).to_string()),
        7 => quantity(c),
        8 => ExprKind::Scale(c.of(&[1, 4, 8, 32, u32::MAX])),
        9 => ExprKind::Size(c.many(2, 4, |c| c.of(&[1, 3, 512, u32::MAX]))),
        10 => ExprKind::Str(c.of(&["", "train", "naïve ∆ // {", "(a"]).to_string()),
        _ => ExprKind::Bool(c.flag()),
    })
}

fn quantity(c: &mut Choices<'_>) -> ExprKind {
    let number = c.of(&["8", "8.3", "1e3", "2.5e-1"]).to_string();
    let units = ["us", "ms", "s", "KB", "MB", "GB", "KiB", "MiB", "GiB", "fps", "K", "M", "G", "%"];
    ExprKind::Quantity(number, c.of(&units).to_string())
}

fn schedule(c: &mut Choices<'_>, d: usize) -> ExprKind {
    let to = match c.below(5) {
        0 => ExprKind::Name(name(c).value),
        1 => ExprKind::Int(3),
        2 => ExprKind::Float("0.001".to_string()),
        3 => quantity(c),
        _ => ExprKind::Unary(UnaryOp::Minus, at(ExprKind::Int(1))),
    };
    let power = c.maybe(|c| match c.flag() {
        true => ExprKind::Int(2),
        false => ExprKind::Float("0.9".to_string()),
    });
    let from = expr(c, d);
    ExprKind::Schedule { from, to: at(to), curve: name(c), power: power.map(at) }
}

pub(super) fn argument(c: &mut Choices<'_>, depth: usize) -> Argument {
    Argument { name: c.maybe(name), value: expr(c, depth) }
}

pub(super) fn each(c: &mut Choices<'_>, depth: usize) -> Each {
    Each { binder: binder(c, 2), over: expr(c, depth) }
}

pub(super) fn binder(c: &mut Choices<'_>, depth: usize) -> Binder {
    match depth > 0 && c.below(4) == 1 {
        true => Binder::List(c.many(1, 3, |c| binder(c, depth - 1)), Span::default()),
        false => Binder::Name(name(c)),
    }
}

fn arm(c: &mut Choices<'_>, d: usize) -> Arm {
    let pattern = match c.below(6) {
        0 => Pattern::Else(Span::default()),
        1 | 2 => Pattern::Value(expr(c, d)),
        3 => Pattern::Range(None, Some(expr(c, d)), c.flag()),
        4 => Pattern::Range(Some(expr(c, d)), None, c.flag()),
        _ => Pattern::Range(Some(expr(c, d)), Some(expr(c, d)), c.flag()),
    };
    Arm { pattern, value: expr(c, d) }
}

fn choose(c: &mut Choices<'_>, d: usize) -> Choose {
    match c.below(6) {
        0 => Choose::One(expr(c, d), false),
        1 => Choose::One(expr(c, d), true),
        2 => Choose::Labelled(c.many(0, 4, |c| entry(c, d))),
        3 => Choose::Path(c.many(0, 5, |c| path_clause(c, d))),
        _ => Choose::Picks {
            ordered: c.flag(),
            k: expr(c, d),
            of: expr(c, d),
            repeats: c.flag(),
            via: c.maybe(|c| expr(c, d)),
        },
    }
}

pub(super) fn entry(c: &mut Choices<'_>, depth: usize) -> Entry {
    Entry { docs: docs(c), label: name(c), value: c.maybe(|c| expr(c, depth)) }
}

fn path_clause(c: &mut Choices<'_>, d: usize) -> PathClause {
    let kind = match c.below(6) {
        0 => PathClauseKind::Layers(expr(c, d)),
        1 => PathClauseKind::Scales(scales(c, d)),
        2 => PathClauseKind::First(scales(c, d)),
        3 => PathClauseKind::Exits(scales(c, d)),
        4 => PathClauseKind::Moves(c.many(1, 3, name)),
        _ => PathClauseKind::Weigh(name(c)),
    };
    PathClause { kind, span: Span::default() }
}

fn scales(c: &mut Choices<'_>, d: usize) -> Expr {
    match c.flag() {
        true => at(ExprKind::List(c.many(1, 3, |c| at(ExprKind::Scale(c.of(&[4, 8, 16])))))),
        false => expr(c, d),
    }
}

/// Seldom any.
pub(super) fn docs(c: &mut Choices<'_>) -> Vec<String> {
    let lines = ["What it is.", "", " indented, with ∆", "/// slashes", "// more"];
    match c.below(6) {
        5 => c.many(1, 3, |c| c.of(&lines).to_string()),
        _ => Vec::new(),
    }
}
