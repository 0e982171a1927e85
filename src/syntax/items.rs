//! Items and statements: pest pairs to tree.

use super::ast::*;
use super::expr::{argument, binder, doc_text, each, entry, expr};
use super::parser::{Origin, Rule, children};
use crate::source::Span;
use pest::iterators::Pair;

/// Splits leading documentation from what it documents.
fn documented<'a>(pair: Pair<'a, Rule>) -> (Vec<String>, Option<Pair<'a, Rule>>) {
    let mut docs = Vec::new();
    for part in children(pair) {
        match part.as_rule() {
            Rule::doc => docs.push(doc_text(&part)),
            _ => return (docs, Some(part)),
        }
    }
    (docs, None)
}

/// An `item` pair.
pub(super) fn item(origin: Origin, pair: Pair<'_, Rule>) -> Option<Item> {
    let (docs, inner) = documented(pair);
    let inner = inner?;
    let span = origin.span(&inner);
    let rule = inner.as_rule();
    let mut parts = children(inner.clone());
    let kind = match rule {
        Rule::use_item => ItemKind::Use(use_item(origin, inner)?),
        Rule::const_item => ItemKind::Const(Const {
            name: origin.name(&parts.next()?),
            value: expr(origin, parts.next()?),
        }),
        Rule::opset_item => ItemKind::Opset(Opset {
            name: origin.name(&parts.next()?),
            entries: parts.map(|p| entry(origin, p)).collect(),
        }),
        Rule::op_item => {
            let name = origin.name(&parts.next()?);
            let mut rest: Vec<_> = parts.collect();
            let body = expr(origin, rest.pop()?);
            let config = rest.pop().map(|p| parameters(origin, p)).unwrap_or_default();
            ItemKind::Op(Op { name, config, body })
        }
        Rule::definition => ItemKind::Definition(definition(origin, inner)?),
        Rule::trellis_item => ItemKind::Trellis(trellis(origin, inner)?),
        Rule::let_item => ItemKind::Let(let_item(origin, inner)?),
        Rule::block_item => ItemKind::Block(block(origin, inner)?),
        _ => return None,
    };
    Some(Item { docs, kind, span })
}

fn use_item(origin: Origin, pair: Pair<'_, Rule>) -> Option<Use> {
    let mut parts = children(pair);
    let path = parts.next()?;
    let mut at = origin.span(&path).start;
    let part = |text: &str| {
        let span = Span { file: origin.file, start: at, end: at + text.len() as u32 };
        at = span.end + 1;
        Spanned { value: text.to_string(), span }
    };
    let mut out = Use {
        module: path.as_str().split('.').map(part).collect(),
        names: UseNames::Last,
        overrides: Vec::new(),
    };
    for part in parts {
        match part.as_rule() {
            Rule::use_all => out.names = UseNames::All(origin.span(&part)),
            Rule::use_names => {
                out.names = UseNames::These(children(part).map(|p| origin.name(&p)).collect());
            }
            _ => {
                let all: Vec<_> = children(part).collect();
                for pair in all.chunks(2) {
                    if let [name, value] = pair {
                        out.overrides.push((origin.name(name), expr(origin, value.clone())));
                    }
                }
            }
        }
    }
    Some(out)
}

/// A bare parameter list is configuration where a second list follows, and maps otherwise.
fn definition(origin: Origin, pair: Pair<'_, Rule>) -> Option<Definition> {
    let mut parts = children(pair);
    let role = match parts.next()?.as_str().trim() {
        "head" => Role::Head,
        "stem" => Role::Stem,
        "encoder" => Role::Encoder,
        "decoder" => Role::Decoder,
        "net" => Role::Net,
        _ => Role::Cell,
    };
    let name = origin.name(&parts.next()?);
    let (mut lists, mut body) = (Vec::new(), Vec::new());
    for part in parts {
        match part.as_rule() {
            Rule::body => body = statements(origin, part),
            Rule::maps => lists.extend(children(part).map(|p| parameters(origin, p))),
            _ => lists.push(parameters(origin, part)),
        }
    }
    let (config, maps) = config_and_maps(lists);
    Some(Definition { role, name, config, maps, body })
}

fn config_and_maps(mut lists: Vec<Vec<Parameter>>) -> (Vec<Parameter>, Vec<Parameter>) {
    let maps = lists.pop().unwrap_or_default();
    (lists.pop().unwrap_or_default(), maps)
}

fn trellis(origin: Origin, pair: Pair<'_, Rule>) -> Option<Trellis> {
    let mut parts = children(pair);
    let name = origin.name(&parts.next()?);
    let (mut lists, mut along, mut at) = (Vec::new(), None, None);
    for part in parts {
        match part.as_rule() {
            Rule::parameters => lists.push(parameters(origin, part)),
            Rule::maps => lists.extend(children(part).map(|p| parameters(origin, p))),
            Rule::at_block => at = Some(part),
            _ => along = Some(expr(origin, part)),
        }
    }
    let (config, maps) = config_and_maps(lists);
    let mut at_parts = children(at?);
    let scale = origin.name(&at_parts.next()?);
    let (mut body, mut arrow) = (Vec::new(), None);
    for part in at_parts {
        match part.as_rule() {
            Rule::arrow_stmt => arrow = arrow_stmt(origin, part),
            _ => body.extend(statement(origin, part)),
        }
    }
    Some(Trellis { name, config, maps, along: along?, scale, body, arrow: arrow? })
}

fn arrow_stmt(origin: Origin, pair: Pair<'_, Rule>) -> Option<Arrow> {
    let span = origin.span(&pair);
    let (mut docs, mut start) = (Vec::new(), span);
    let (mut per_arrow, mut map, mut value) = (true, None, None);
    for part in children(pair) {
        match part.as_rule() {
            Rule::doc => docs.push(doc_text(&part)),
            Rule::per_arrow | Rule::on_mix => {
                per_arrow = part.as_rule() == Rule::per_arrow;
                start = origin.span(&part);
            }
            Rule::name => map = Some(origin.name(&part)),
            _ => value = Some(expr(origin, part)),
        }
    }
    Some(Arrow { docs, per_arrow, map: map?, value: value?, span: start.to(span) })
}

fn parameters(origin: Origin, pair: Pair<'_, Rule>) -> Vec<Parameter> {
    children(pair).filter_map(|p| parameter(origin, p)).collect()
}

fn parameter(origin: Origin, pair: Pair<'_, Rule>) -> Option<Parameter> {
    let mut parts = children(pair);
    let name = origin.name(&parts.next()?);
    let mut out = Parameter { name, optional: false, ty: None, default: None };
    for part in parts {
        match part.as_rule() {
            Rule::optional => out.optional = true,
            Rule::type_name => out.ty = type_name(origin, part),
            _ => out.default = Some(expr(origin, part)),
        }
    }
    Some(out)
}

fn type_name(origin: Origin, pair: Pair<'_, Rule>) -> Option<TypeName> {
    // The type `op` is a keyword, and has no parts.
    let Some(inner) = children(pair.clone()).next() else {
        return Some(TypeName { name: origin.name(&pair), lists: 0 });
    };
    match inner.as_rule() {
        Rule::type_name => {
            let within = type_name(origin, inner)?;
            Some(TypeName { lists: within.lists + 1, ..within })
        }
        _ => Some(TypeName { name: origin.name(&inner), lists: 0 }),
    }
}

fn let_item(origin: Origin, pair: Pair<'_, Rule>) -> Option<Let> {
    let (mut binders, mut value) = (Vec::new(), None);
    for part in children(pair) {
        match part.as_rule() {
            Rule::binder => binders.push((origin.span(&part), binder(origin, part))),
            _ => value = Some(expr(origin, part)),
        }
    }
    let (first, last) = (binders.first()?.0, binders.last()?.0);
    let binder = match binders.len() {
        1 => binders.remove(0).1,
        _ => Binder::List(binders.into_iter().map(|(_, b)| b).collect(), first.to(last)),
    };
    Some(Let { binder, value: value? })
}

fn block(origin: Origin, pair: Pair<'_, Rule>) -> Option<Block> {
    let mut parts = children(pair);
    let kind = parts.next()?;
    let kind = Spanned { value: kind.as_str().trim().to_string(), span: origin.span(&kind) };
    let mut out = Block { kind, subject: None, clauses: Vec::new(), phases: Vec::new() };
    for part in parts {
        match part.as_rule() {
            Rule::name => out.subject = Some(origin.name(&part)),
            Rule::phase => out.phases.extend(phase(origin, part)),
            _ => out.clauses.extend(clause(origin, part)),
        }
    }
    Some(out)
}

fn phase(origin: Origin, pair: Pair<'_, Rule>) -> Option<Phase> {
    let whole = origin.span(&pair);
    let (mut docs, mut word, mut name, mut clauses) = (Vec::new(), None, None, Vec::new());
    for part in children(pair) {
        match part.as_rule() {
            Rule::doc => docs.push(doc_text(&part)),
            Rule::phase_word => word = Some(origin.name(&part)),
            Rule::name => name = Some(origin.name(&part)),
            _ => clauses.extend(clause(origin, part)),
        }
    }
    let word = word?;
    Some(Phase { docs, name, clauses, span: word.span.to(whole), word })
}

fn clause(origin: Origin, pair: Pair<'_, Rule>) -> Option<Clause> {
    let span = origin.span(&pair);
    let (mut docs, mut name, mut args) = (Vec::new(), None, Vec::new());
    for part in children(pair) {
        match part.as_rule() {
            Rule::doc => docs.push(doc_text(&part)),
            Rule::clause_name => {
                name = children(part).next().map(|p| origin.name(&p));
            }
            _ => args.push(argument(origin, part)),
        }
    }
    let name = name?;
    Some(Clause { docs, args, span: name.span.to(span), name })
}

fn statements(origin: Origin, pair: Pair<'_, Rule>) -> Vec<Statement> {
    children(pair).filter_map(|p| statement(origin, p)).collect()
}

fn statement(origin: Origin, pair: Pair<'_, Rule>) -> Option<Statement> {
    let (docs, inner) = documented(pair);
    let inner = inner?;
    let span = origin.span(&inner);
    let rule = inner.as_rule();
    let mut parts = children(inner.clone());
    let kind = match rule {
        Rule::let_item => StatementKind::Let(let_item(origin, inner)?),
        Rule::node_stmt => node_stmt(origin, inner)?,
        Rule::out_stmt => out_stmt(origin, inner),
        Rule::tap_stmt => {
            StatementKind::Tap(target(origin, parts.next()?)?, expr(origin, parts.next()?))
        }
        Rule::for_stmt => {
            let binder = binder(origin, parts.next()?);
            let over = expr(origin, parts.next()?);
            StatementKind::For(Each { binder, over }, statements(origin, parts.next()?))
        }
        _ => StatementKind::Rebind(origin.name(&parts.next()?), expr(origin, parts.next()?)),
    };
    Some(Statement { docs, kind, span })
}

fn node_stmt(origin: Origin, pair: Pair<'_, Rule>) -> Option<StatementKind> {
    let (mut keep, mut name, mut value, mut repeat) = (false, None, None, None);
    for part in children(pair) {
        match part.as_rule() {
            Rule::keep => keep = true,
            Rule::target => name = target(origin, part),
            Rule::each => repeat = each(origin, part),
            _ => value = Some(expr(origin, part)),
        }
    }
    Some(StatementKind::Node { keep, target: name?, value: value?, each: repeat })
}

fn target(origin: Origin, pair: Pair<'_, Rule>) -> Option<Target> {
    let mut parts = children(pair);
    let name = origin.name(&parts.next()?);
    let indices = parts.filter_map(|p| children(p).next().map(|e| expr(origin, e))).collect();
    Some(Target { name, indices })
}

fn out_stmt(origin: Origin, pair: Pair<'_, Rule>) -> StatementKind {
    let (mut aux, mut outs, mut repeat) = (false, Vec::new(), None);
    for part in children(pair) {
        match part.as_rule() {
            Rule::aux => aux = true,
            Rule::each => repeat = each(origin, part),
            Rule::out_named => {
                let mut parts = children(part);
                let name = parts.next().and_then(|p| target(origin, p));
                outs.extend(parts.next().map(|p| (name, expr(origin, p))));
            }
            _ => outs.push((None, expr(origin, part))),
        }
    }
    StatementKind::Out { aux, outs, each: repeat }
}
