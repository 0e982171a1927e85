//! Names that the turns of a loop declared one after another, kept apart where the loop is gone:
//! `left` becomes `left1`, `left2`, and so on.

use crate::emit::rewrite::{binder_names, map_statement, substitute};
use crate::syntax::ast::*;
use std::collections::BTreeMap;

/// New names, by the old ones.
type Names = BTreeMap<String, String>;

/// A body in which no name is declared twice. `taken` says which names are not free.
pub(super) fn apart(body: Vec<Statement>, taken: &dyn Fn(&str) -> bool) -> Vec<Statement> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for name in body.iter().flat_map(declared) {
        *times.entry(name).or_default() += 1;
    }
    times.retain(|_, times| *times > 1);
    if times.is_empty() {
        return body;
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut current = Names::new();
    let mut one = |s: Statement| {
        let before = current.clone();
        for name in declared(&s).into_iter().filter(|name| times.contains_key(name)) {
            let turn = seen.entry(name.clone()).or_default();
            *turn += 1;
            current.insert(name.clone(), numbered(&name, *turn, taken));
        }
        // A statement reads what came before it; what is in a loop reads its own.
        let read = if matches!(s.kind, StatementKind::For(..)) { &current } else { &before };
        renamed(&s, read, &current)
    };
    body.into_iter().map(&mut one).collect()
}

fn numbered(name: &str, turn: usize, taken: &dyn Fn(&str) -> bool) -> String {
    let mut new = format!("{name}{turn}");
    while taken(&new) {
        new.push('_');
    }
    new
}

/// The names that a statement declares: not those of indexed nodes, which differ by index.
fn declared(s: &Statement) -> Vec<String> {
    match &s.kind {
        StatementKind::Let(l) => binder_names(&l.binder),
        StatementKind::Node { target, .. } if target.indices.is_empty() => {
            vec![target.name.value.clone()]
        }
        StatementKind::For(_, body) => {
            let mut names: Vec<String> = body.iter().flat_map(declared).collect();
            names.sort();
            names.dedup();
            names
        }
        _ => Vec::new(),
    }
}

/// A statement with other names for what it reads, and for what it declares.
fn renamed(s: &Statement, read: &Names, declares: &Names) -> Statement {
    let name_expr =
        |name: &String, at| Expr { kind: Box::new(ExprKind::Name(name.clone())), span: at };
    let pairs = |at| -> Vec<(String, Expr)> {
        read.iter().map(|(old, new)| (old.clone(), name_expr(new, at))).collect()
    };
    let mut s = map_statement(s, &mut |e| substitute(e, &pairs(e.span)));
    declare(&mut s, declares);
    s
}

fn declare(s: &mut Statement, names: &Names) {
    let rename = |name: &mut Name| {
        if let Some(new) = names.get(&name.value) {
            name.value.clone_from(new);
        }
    };
    match &mut s.kind {
        StatementKind::Let(l) => each_name(&mut l.binder, &rename),
        StatementKind::Node { target, .. } if target.indices.is_empty() => rename(&mut target.name),
        StatementKind::Rebind(name, _) => rename(name),
        StatementKind::For(_, body) => body.iter_mut().for_each(|s| declare(s, names)),
        _ => {}
    }
}

fn each_name(binder: &mut Binder, rename: &dyn Fn(&mut Name)) {
    match binder {
        Binder::Name(name) => rename(name),
        Binder::List(parts, _) => parts.iter_mut().for_each(|part| each_name(part, rename)),
    }
}
