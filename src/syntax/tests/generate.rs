//! Generated files: every kind of declaration and statement.

use super::choices::Choices;
use super::generate_expr::{argument, binder, docs, each, entry, expr, name};
use crate::source::Span;
use crate::syntax::ast::*;

/// How deep expressions go.
const DEPTH: usize = 4;

/// A file that the bytes stand for.
pub(super) fn file(bytes: &[u8]) -> File {
    let mut c = Choices::new(bytes);
    let mut out = File { docs: docs(&mut c), ..File::default() };
    while !c.done() && out.items.len() < 12 {
        out.items.push(item(&mut c));
    }
    out
}

fn item(c: &mut Choices<'_>) -> Item {
    let kind = match c.below(9) {
        0 => ItemKind::Const(Const { name: name(c), value: expr(c, DEPTH) }),
        1 => ItemKind::Use(use_item(c)),
        2 => ItemKind::Opset(Opset { name: name(c), entries: c.many(0, 6, |c| entry(c, 2)) }),
        3 => ItemKind::Op(Op { name: name(c), config: parameters(c), body: expr(c, DEPTH) }),
        4 => ItemKind::Trellis(trellis(c)),
        5 => ItemKind::Let(let_item(c)),
        6 => ItemKind::Block(block(c)),
        _ => ItemKind::Definition(definition(c)),
    };
    Item { docs: docs(c), kind, span: Span::default() }
}

fn use_item(c: &mut Choices<'_>) -> Use {
    let names = match c.below(3) {
        0 => UseNames::Last,
        1 => UseNames::All(Span::default()),
        _ => UseNames::These(c.many(1, 9, name)),
    };
    let overrides = c.many(0, 2, |c| (name(c), expr(c, 2)));
    Use { module: c.many(1, 3, name), names, overrides }
}

fn definition(c: &mut Choices<'_>) -> Definition {
    let roles = [Role::Cell, Role::Head, Role::Stem, Role::Encoder, Role::Decoder, Role::Net];
    Definition {
        role: c.of(&roles),
        name: name(c),
        config: parameters(c),
        maps: parameters(c),
        body: c.many(0, 4, |c| statement(c, 2)),
    }
}

fn trellis(c: &mut Choices<'_>) -> Trellis {
    Trellis {
        name: name(c),
        config: parameters(c),
        maps: parameters(c),
        along: expr(c, 2),
        scale: name(c),
        body: c.many(0, 3, |c| statement(c, 1)),
        arrow: Arrow {
            docs: docs(c),
            per_arrow: c.flag(),
            map: name(c),
            value: expr(c, DEPTH),
            span: Span::default(),
        },
    }
}

fn parameters(c: &mut Choices<'_>) -> Vec<Parameter> {
    c.many(0, 3, |c| Parameter {
        name: name(c),
        optional: c.flag(),
        ty: c.maybe(|c| TypeName { name: type_name(c), lists: c.below(3) as u32 }),
        default: c.maybe(|c| expr(c, 2)),
    })
}

fn let_item(c: &mut Choices<'_>) -> Let {
    Let { binder: binder(c, 2), value: expr(c, DEPTH) }
}

fn block(c: &mut Choices<'_>) -> Block {
    let kind = c.of(&["search", "train", "data", "bench", "controller"]).to_string();
    Block {
        kind: Spanned { value: kind, span: Span::default() },
        subject: c.maybe(name),
        clauses: c.many(0, 4, clause),
        phases: c.many(0, 3, phase),
    }
}

fn phase(c: &mut Choices<'_>) -> Phase {
    Phase {
        docs: docs(c),
        word: Spanned { value: "phase".to_string(), span: Span::default() },
        name: c.maybe(name),
        clauses: c.many(0, 3, clause),
        span: Span::default(),
    }
}

fn clause(c: &mut Choices<'_>) -> Clause {
    let words = ["emit", "epochs", "weights", "use", "out", "a_longer_name"];
    let name = Spanned { value: c.of(&words).to_string(), span: Span::default() };
    let args = c.many(1, 4, |c| argument(c, 3));
    Clause { docs: docs(c), name, args, span: Span::default() }
}

fn statement(c: &mut Choices<'_>, depth: usize) -> Statement {
    let kind = match c.below(if depth > 0 { 7 } else { 6 }) {
        0 => StatementKind::Rebind(name(c), expr(c, DEPTH)),
        1 => StatementKind::Let(let_item(c)),
        2 => StatementKind::Node {
            keep: c.flag(),
            target: target(c),
            value: expr(c, DEPTH),
            each: c.maybe(|c| each(c, 2)),
        },
        3 => StatementKind::Out { aux: c.flag(), outs: vec![(None, expr(c, DEPTH))], each: None },
        4 => StatementKind::Out {
            aux: c.flag(),
            outs: c.many(1, 3, |c| (Some(target(c)), expr(c, 3))),
            each: c.maybe(|c| each(c, 2)),
        },
        5 => StatementKind::Tap(target(c), expr(c, DEPTH)),
        _ => StatementKind::For(each(c, 2), c.many(0, 3, |c| statement(c, depth - 1))),
    };
    Statement { docs: docs(c), kind, span: Span::default() }
}

fn target(c: &mut Choices<'_>) -> Target {
    Target { name: name(c), indices: c.many(0, 2, |c| expr(c, 1)) }
}

/// A type, which may be the keyword `op`.
fn type_name(c: &mut Choices<'_>) -> Name {
    match c.below(4) {
        0 => Spanned { value: "op".to_string(), span: Span::default() },
        _ => name(c),
    }
}
