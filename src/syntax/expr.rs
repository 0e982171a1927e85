//! Expressions: pest pairs to tree, with precedence.

use super::ast::*;
use super::parser::{Origin, Rule, children, meaningful};
use crate::source::Span;
use pest::iterators::Pair;
use pest::pratt_parser::{Assoc, Op as PrattOp, PrattParser};
use std::sync::LazyLock;

/// Loosest first; the documentation in `grammar/expr.pest` repeats this order.
static PRATT: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| PrattOp::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(left(Rule::or_op))
        .op(left(Rule::and_op))
        .op(PrattOp::prefix(Rule::not_op))
        .op(left(Rule::above) | left(Rule::below) | left(Rule::is_op))
        .op(left(Rule::range_incl) | left(Rule::range_excl))
        .op(left(Rule::plus) | left(Rule::minus))
        .op(left(Rule::via))
        .op(left(Rule::pipe))
        .op(left(Rule::times) | left(Rule::divide))
        .op(PrattOp::prefix(Rule::negate))
        .op(PrattOp::prefix(Rule::tied) | PrattOp::prefix(Rule::slice))
        .op(PrattOp::postfix(Rule::call)
            | PrattOp::postfix(Rule::index)
            | PrattOp::postfix(Rule::field))
});

fn new(kind: ExprKind, span: Span) -> Expr {
    Expr { kind: Box::new(kind), span }
}

/// An `expr` or `expr_tight` pair.
pub(super) fn expr(origin: Origin, pair: Pair<'_, Rule>) -> Expr {
    let mut schedule = None;
    let parts: Vec<_> = children(pair)
        .filter(|p| {
            let found = p.as_rule() == Rule::schedule;
            if found {
                schedule = Some(p.clone());
            }
            !found
        })
        .collect();
    let value = PRATT
        .map_primary(|p| primary(origin, p))
        .map_prefix(|op, x| {
            let span = origin.span(&op).to(x.span);
            new(ExprKind::Unary(unary_op(op.as_rule()), x), span)
        })
        .map_postfix(|x, p| postfix(origin, x, p))
        .map_infix(|a, op, b| {
            let span = a.span.to(b.span);
            new(ExprKind::Binary(binary_op(op.as_rule()), a, b), span)
        })
        .parse(parts.into_iter());
    match schedule {
        Some(pair) => with_schedule(origin, value, pair),
        None => value,
    }
}

fn unary_op(rule: Rule) -> UnaryOp {
    match rule {
        Rule::not_op => UnaryOp::Not,
        Rule::tied => UnaryOp::Tied,
        Rule::slice => UnaryOp::Slice,
        _ => UnaryOp::Minus,
    }
}

fn binary_op(rule: Rule) -> BinaryOp {
    match rule {
        Rule::or_op => BinaryOp::Or,
        Rule::and_op => BinaryOp::And,
        Rule::above => BinaryOp::Above,
        Rule::below => BinaryOp::Below,
        Rule::is_op => BinaryOp::Is,
        Rule::range_incl => BinaryOp::RangeIncl,
        Rule::range_excl => BinaryOp::RangeExcl,
        Rule::plus => BinaryOp::Plus,
        Rule::minus => BinaryOp::Minus,
        Rule::via => BinaryOp::Via,
        Rule::times => BinaryOp::Times,
        Rule::divide => BinaryOp::Divide,
        _ => BinaryOp::Pipe,
    }
}

fn with_schedule(origin: Origin, from: Expr, pair: Pair<'_, Rule>) -> Expr {
    let span = from.span.to(origin.span(&pair));
    let mut parts = children(pair);
    let to = parts.next().map(|p| schedule_end(origin, p));
    let curve = parts.next().map(|p| origin.name(&p));
    let power = parts.next().map(|p| primary(origin, p));
    match (to, curve) {
        (Some(to), Some(curve)) => new(ExprKind::Schedule { from, to, curve, power }, span),
        _ => from,
    }
}

fn schedule_end(origin: Origin, pair: Pair<'_, Rule>) -> Expr {
    let span = origin.span(&pair);
    let mut negative = false;
    let mut value = new(ExprKind::Int(0), span);
    for part in children(pair) {
        match part.as_rule() {
            Rule::minus => negative = true,
            _ => value = primary(origin, part),
        }
    }
    if negative { new(ExprKind::Unary(UnaryOp::Minus, value), span) } else { value }
}

fn primary(origin: Origin, pair: Pair<'_, Rule>) -> Expr {
    let span = origin.span(&pair);
    let text = pair.as_str();
    let kind = match pair.as_rule() {
        Rule::int => match text.parse() {
            Ok(n) => ExprKind::Int(n),
            Err(_) => ExprKind::Float(text.to_string()),
        },
        Rule::float => ExprKind::Float(text.to_string()),
        Rule::quantity => {
            let at = text.rfind(|c: char| c.is_ascii_digit()).map_or(0, |i| i + 1);
            ExprKind::Quantity(text[..at].to_string(), text[at..].to_string())
        }
        Rule::scale => ExprKind::Scale(text[1..].parse().unwrap_or(0)),
        Rule::size => ExprKind::Size(text.split('x').map(|n| n.parse().unwrap_or(0)).collect()),
        Rule::string => ExprKind::Str(text.trim_matches('"').to_string()),
        Rule::boolean => ExprKind::Bool(text == "true"),
        Rule::it => ExprKind::It,
        Rule::absent => ExprKind::Absent,
        Rule::list => return list(origin, pair, span),
        Rule::group => {
            let mut parts: Vec<Expr> = children(pair).map(|p| expr(origin, p)).collect();
            match parts.len() {
                // Its place is that of the parentheses, which the tree does not keep otherwise.
                1 => return Expr { span, ..parts.remove(0) },
                _ => ExprKind::Tuple(parts),
            }
        }
        Rule::choose => ExprKind::Choose(choose(origin, pair)),
        Rule::match_expr => {
            let mut parts = children(pair);
            let Some(of) = parts.next().map(|p| expr(origin, p)) else {
                return new(ExprKind::Absent, span);
            };
            ExprKind::Match(of, parts.map(|p| arm(origin, p)).collect())
        }
        _ => ExprKind::Name(text.to_string()),
    };
    new(kind, span)
}

fn list(origin: Origin, pair: Pair<'_, Rule>, span: Span) -> Expr {
    let (mut items, mut each) = (Vec::new(), None);
    for part in children(pair) {
        match part.as_rule() {
            Rule::comprehension => each = self::each(origin, part),
            _ => items.push(expr(origin, part)),
        }
    }
    match each {
        Some(each) if !items.is_empty() => {
            new(ExprKind::Comprehension(items.remove(0), each), span)
        }
        _ => new(ExprKind::List(items), span),
    }
}

/// A `comprehension` or `each` pair: `for x in xs`.
pub(super) fn each(origin: Origin, pair: Pair<'_, Rule>) -> Option<Each> {
    let mut parts = children(pair);
    let binder = binder(origin, parts.next()?);
    Some(Each { binder, over: expr(origin, parts.next()?) })
}

/// A `binder` pair.
pub(super) fn binder(origin: Origin, pair: Pair<'_, Rule>) -> Binder {
    let span = origin.span(&pair);
    let mut parts: Vec<_> = children(pair).collect();
    match (parts.len(), parts.first().map(Pair::as_rule)) {
        (1, Some(Rule::name)) => Binder::Name(origin.name(&parts.remove(0))),
        _ => Binder::List(parts.into_iter().map(|p| binder(origin, p)).collect(), span),
    }
}

fn postfix(origin: Origin, x: Expr, pair: Pair<'_, Rule>) -> Expr {
    let span = x.span.to(origin.span(&pair));
    let rule = pair.as_rule();
    let mut parts = children(pair);
    let kind = match rule {
        Rule::call => ExprKind::Call(x, parts.map(|p| argument(origin, p)).collect()),
        Rule::field => match parts.next() {
            Some(p) => ExprKind::Field(x, origin.name(&p)),
            None => return x,
        },
        _ => match parts.next() {
            Some(first) => index(origin, x, first, parts.next()),
            None => return x,
        },
    };
    new(kind, span)
}

/// `[i]`, `[i..]`, `[..i]`, `[..=i]`: one part or two.
fn index(
    origin: Origin,
    x: Expr,
    first: Pair<'_, Rule>,
    second: Option<Pair<'_, Rule>>,
) -> ExprKind {
    match (first.as_rule(), second) {
        (Rule::range_incl | Rule::range_excl, to) => {
            let incl = first.as_rule() == Rule::range_incl;
            ExprKind::Slice(x, None, to.map(|p| expr(origin, p)), incl)
        }
        (_, Some(_)) => ExprKind::Slice(x, Some(expr(origin, first)), None, false),
        (_, None) => ExprKind::Index(x, expr(origin, first)),
    }
}

/// An `argument` pair.
pub(super) fn argument(origin: Origin, pair: Pair<'_, Rule>) -> Argument {
    let span = origin.span(&pair);
    let mut argument = Argument { name: None, value: new(ExprKind::Absent, span) };
    for part in children(pair) {
        match part.as_rule() {
            Rule::name => argument.name = Some(origin.name(&part)),
            _ => argument.value = expr(origin, part),
        }
    }
    argument
}

fn arm(origin: Origin, pair: Pair<'_, Rule>) -> Arm {
    let span = origin.span(&pair);
    let mut arm = Arm { pattern: Pattern::Else(span), value: new(ExprKind::Absent, span) };
    for part in children(pair) {
        match part.as_rule() {
            Rule::pattern => arm.pattern = pattern(origin, part),
            _ => arm.value = expr(origin, part),
        }
    }
    arm
}

fn pattern(origin: Origin, pair: Pair<'_, Rule>) -> Pattern {
    let span = origin.span(&pair);
    let (mut ends, mut op) = (Vec::new(), None);
    let flat = children(pair).flat_map(|p| match p.as_rule() {
        Rule::open_range_pattern => meaningful(p.into_inner()).collect::<Vec<_>>(),
        _ => vec![p],
    });
    for part in flat {
        match part.as_rule() {
            Rule::else_word => return Pattern::Else(span),
            Rule::range_incl | Rule::range_excl => op = Some((part.as_rule(), ends.len())),
            _ => ends.push(expr(origin, part)),
        }
    }
    let mut ends = ends.into_iter();
    match op {
        None => ends.next().map_or(Pattern::Else(span), Pattern::Value),
        Some((rule, before)) => {
            let from = if before > 0 { ends.next() } else { None };
            Pattern::Range(from, ends.next(), rule == Rule::range_incl)
        }
    }
}

/// An `entry` pair.
pub(super) fn entry(origin: Origin, pair: Pair<'_, Rule>) -> Entry {
    let label = Spanned { value: String::new(), span: origin.span(&pair) };
    let mut entry = Entry { docs: Vec::new(), label, value: None };
    for part in children(pair) {
        match part.as_rule() {
            Rule::doc => entry.docs.push(doc_text(&part)),
            Rule::name => entry.label = origin.name(&part),
            _ => entry.value = Some(expr(origin, part)),
        }
    }
    entry
}

/// A documentation line without its marker and the space behind it.
pub(super) fn doc_text(pair: &Pair<'_, Rule>) -> String {
    let text = pair.as_str().get(3..).unwrap_or_default().trim_end();
    text.strip_prefix(' ').unwrap_or(text).to_string()
}

fn choose(origin: Origin, pair: Pair<'_, Rule>) -> Choose {
    let Some(form) = children(pair).next() else { return Choose::Labelled(Vec::new()) };
    let rule = form.as_rule();
    let parts = children(form);
    match rule {
        Rule::choose_labelled => Choose::Labelled(parts.map(|p| entry(origin, p)).collect()),
        Rule::choose_path => Choose::Path(parts.filter_map(|p| path_clause(origin, p)).collect()),
        _ => {
            let mut parts =
                parts.filter(|p| !matches!(p.as_rule(), Rule::ordered | Rule::one_word));
            let Some(first) = parts.next() else { return Choose::Labelled(Vec::new()) };
            let first = expr(origin, first);
            match parts.next() {
                Some(rest) => picks(origin, rule == Rule::choose_ordered, first, rest),
                None => Choose::One(first, rule == Rule::choose_one),
            }
        }
    }
}

fn picks(origin: Origin, ordered: bool, k: Expr, pair: Pair<'_, Rule>) -> Choose {
    let (mut repeats, mut values) = (false, Vec::new());
    for part in children(pair) {
        match part.as_rule() {
            Rule::repeats => repeats = true,
            Rule::via => {}
            _ => values.push(expr(origin, part)),
        }
    }
    let mut values = values.into_iter();
    match values.next() {
        Some(of) => Choose::Picks { ordered, k, of, repeats, via: values.next() },
        None => Choose::One(k, false),
    }
}

fn path_clause(origin: Origin, pair: Pair<'_, Rule>) -> Option<PathClause> {
    let (span, rule) = (origin.span(&pair), pair.as_rule());
    let mut parts = children(pair);
    let kind = match rule {
        Rule::moves_clause => PathClauseKind::Moves(parts.map(|p| origin.name(&p)).collect()),
        Rule::weigh_clause => PathClauseKind::Weigh(origin.name(&parts.next()?)),
        Rule::layers_clause => PathClauseKind::Layers(expr(origin, parts.next()?)),
        Rule::scales_clause => PathClauseKind::Scales(scale_list(origin, parts.next()?)),
        Rule::first_clause => PathClauseKind::First(scale_list(origin, parts.next()?)),
        _ => PathClauseKind::Exits(scale_list(origin, parts.next()?)),
    };
    Some(PathClause { kind, span })
}

/// Bare scale literals become a list; anything else stays what it is.
fn scale_list(origin: Origin, pair: Pair<'_, Rule>) -> Expr {
    let span = origin.span(&pair);
    let mut parts: Vec<_> = children(pair).collect();
    match parts.first().map(Pair::as_rule) {
        Some(Rule::expr_tight) => expr(origin, parts.remove(0)),
        _ => new(ExprKind::List(parts.into_iter().map(|p| primary(origin, p)).collect()), span),
    }
}
