//! What is left of an item when the decisions that its instances made are bound.

use super::apart::apart;
use super::unread;
use super::voids::Voids;
use super::words::{is_sum, new, sum_of};
use crate::emit::rewrite::{
    binder_names, bindings, each_expr, map_children, map_entry, map_item, map_statement, substitute,
};
use crate::ir::decision::{Binding, DecisionId, Gate, Value};
use crate::ir::shape::Scale;
use crate::sema::module::ModuleId;
use crate::sema::sites::{InstanceKey, SiteKey};
use crate::sema::{InstanceId, PathValue, Program, Space};
use crate::source::Span;
use crate::syntax::ast::*;
use std::collections::{BTreeMap, BTreeSet};

/// An item of a module.
pub(super) type ItemKey = (ModuleId, usize);

/// Whose decisions are read at a place, under which loop indices.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) instance: InstanceId,
    pub(super) indices: Vec<i64>,
    /// The layer, within a trellis.
    pub(super) layer: Option<i64>,
}

/// A turn of a loop: the contexts within, and what the loop's names stand for.
type Turn = (Vec<Context>, Vec<(String, Expr)>);

/// Partial evaluation under one binding.
pub(super) struct Residual<'a> {
    pub(super) program: &'a Program,
    pub(super) space: &'a Space,
    pub(super) binding: &'a Binding,
    /// Picks of maps that are absent somewhere.
    pub(super) voids: Voids,
    /// Picks that are read one by one.
    pub(super) apart: BTreeSet<DecisionId>,
    /// What no name of the program begins with.
    pub(super) fresh: String,
    /// Instances that made decisions, themselves or through instances within.
    pub(super) bearing: BTreeSet<InstanceId>,
    /// What unrolled loops around the place call what they run over.
    turning: Vec<String>,
    /// What is left of each item, once for each different outcome.
    pub(super) variants: BTreeMap<ItemKey, Vec<(String, ItemKind)>>,
}

/// Names of copies while their number is unknown: `blocks#0`.
pub(super) const MARK: char = '#';

impl<'a> Residual<'a> {
    pub(super) fn new(
        program: &'a Program,
        space: &'a Space,
        binding: &'a Binding,
        net: &str,
    ) -> Self {
        let sites = &space.sites;
        let mut bearing = BTreeSet::new();
        for (instance, _, _) in sites.places() {
            let mut at = Some(*instance);
            while let Some(id) = at {
                if !bearing.insert(id) {
                    break;
                }
                at = sites.instances.get_index(id.0 as usize).and_then(|key| key.parent);
            }
        }
        let (mut voids, mut apart) = (Voids::default(), BTreeSet::new());
        if let Some(net) = space.nets.get(net) {
            voids = Voids::of(&net.graph, binding);
            apart.extend(net.graph.leaves.iter().filter_map(|gate| match gate {
                Gate::Slot { of, .. } => Some(*of),
                _ => None,
            }));
        }
        let fresh = fresh(program);
        let variants = BTreeMap::new();
        let turning = Vec::new();
        Residual { program, space, binding, voids, apart, fresh, bearing, turning, variants }
    }

    /// The instance of a module's own level.
    pub(super) fn root(&self) -> Context {
        let key = InstanceKey { parent: None, site: Span::default(), indices: Vec::new() };
        let id = self.space.sites.instances.get_index_of(&key).unwrap_or(usize::MAX);
        Context { instance: InstanceId(id as u32), indices: Vec::new(), layer: None }
    }

    /// What is left of a module-level `let`, `const`, `opset`, or of an item without instances.
    pub(super) fn plain(&mut self, kind: &ItemKind) -> ItemKind {
        let root = [self.root()];
        map_item(kind, &mut |e| self.expr(e, &root))
    }

    /// What is left of the item of an instance; its position among the item's variants.
    pub(super) fn variant(&mut self, instance: InstanceId, item: ItemKey) -> usize {
        let ast = &self.program.module(item.0).ast;
        let Some(item_ast) = ast.items.get(item.1) else { return 0 };
        let context = [Context { instance, indices: Vec::new(), layer: None }];
        let kind = match &item_ast.kind {
            ItemKind::Definition(d) => {
                let body = unread::dropped(&d.body, self.body(&d.body, &context));
                ItemKind::Definition(Definition { body, ..d.clone() })
            }
            ItemKind::Trellis(t) => ItemKind::Trellis(self.trellis(t, &context)),
            other => map_item(other, &mut |e| self.expr(e, &context)),
        };
        let text = format!("{kind:?}");
        let all = self.variants.entry(item).or_default();
        match all.iter().position(|(t, _)| *t == text) {
            Some(at) => at,
            None => {
                all.push((text, kind));
                all.len() - 1
            }
        }
    }

    /// Whether a place lies in what a decision replaced.
    pub(super) fn replaced(&self, at: Span) -> bool {
        let within = |s: &Span| s.file == at.file && s.start <= at.start && at.end <= s.end;
        self.space.sites.places().any(|(_, site, _)| within(site))
    }

    /// The instance of a network.
    pub(super) fn net_instance(&self, at: Span) -> Option<InstanceId> {
        let key = InstanceKey { parent: Some(self.root().instance), site: at, indices: Vec::new() };
        let id = self.space.sites.instances.get_index_of(&key)?;
        Some(InstanceId(id as u32)).filter(|id| self.bearing.contains(id))
    }

    fn trellis(&mut self, t: &Trellis, context: &[Context]) -> Trellis {
        let nodes = context.iter().flat_map(|c| self.taken(c, false)).collect::<Vec<_>>();
        let arrows =
            context.iter().flat_map(|c| self.taken(c, t.arrow.per_arrow)).collect::<Vec<_>>();
        Trellis {
            along: self.expr(&t.along, context),
            body: self.body(&t.body, &nodes),
            arrow: Arrow { value: self.expr(&t.arrow.value, &arrows), ..t.arrow.clone() },
            ..t.clone()
        }
    }

    /// The nodes (or the arrows that enter them) that the path of a trellis takes.
    fn taken(&self, context: &Context, arrows: bool) -> Vec<Context> {
        let Some(lane) = self.space.sites.lanes.get(&context.instance) else { return Vec::new() };
        let (scales, from): (Vec<Scale>, Vec<i64>) = match lane {
            PathValue::Closed(scales) => (scales.clone(), vec![0; scales.len()]),
            PathValue::Open(of, lattice) => {
                let Some(Value::Path(steps)) = self.binding.get(*of) else { return Vec::new() };
                let passable = lattice.passable();
                let position = |layer: usize| match layer.checked_sub(1) {
                    None => 0,
                    Some(before) => {
                        let upto = steps[before] as usize;
                        passable[before][..upto].iter().filter(|p| **p).count() as i64
                    }
                };
                let scales = steps.iter().map(|s| lattice.scales[*s as usize]).collect();
                (scales, (0..steps.len()).map(position).collect())
            }
        };
        let divisor = |s: &Scale| match s {
            Scale::Down(n) => i64::from(*n),
            Scale::Global => 0,
        };
        scales
            .iter()
            .zip(from)
            .enumerate()
            .map(|(i, (scale, from))| {
                let layer = i as i64 + 1;
                let mut indices = context.indices.clone();
                indices.extend([layer, divisor(scale)]);
                if arrows {
                    indices.push(from);
                }
                Context { instance: context.instance, indices, layer: Some(layer) }
            })
            .collect()
    }

    fn body(&mut self, all: &[Statement], context: &[Context]) -> Vec<Statement> {
        let left = self.statements(all, context);
        apart(left, &|name| self.program.sources.iter().any(|(_, file)| file.text.contains(name)))
    }

    fn statements(&mut self, all: &[Statement], context: &[Context]) -> Vec<Statement> {
        all.iter().flat_map(|s| self.statement(s, context)).collect()
    }

    fn statement(&mut self, s: &Statement, context: &[Context]) -> Vec<Statement> {
        let each = match &s.kind {
            StatementKind::For(each, _) => Some(each),
            StatementKind::Node { each, .. } | StatementKind::Out { each, .. } => each.as_ref(),
            _ => None,
        };
        let Some(each) = each.filter(|_| self.decides(s.span, context)) else {
            return vec![map_statement(s, &mut |e| self.expr(e, context))];
        };
        let mut out = Vec::new();
        let around = self.turning.len();
        self.turning.extend(binder_names(&each.binder));
        for (inner, names) in self.turns(each, context) {
            let turn = match &s.kind {
                StatementKind::For(_, body) => self.statements(body, &inner),
                _ => vec![once(&map_statement(s, &mut |e| self.expr(e, &inner)))],
            };
            let place = |s: &Statement| map_statement(s, &mut |e| substitute(e, &names));
            out.extend(turn.iter().map(place));
        }
        self.turning.truncate(around);
        // Documentation of the loop goes to what it leaves first.
        if let (Some(first), false) = (out.first_mut(), s.docs.is_empty()) {
            first.docs = s.docs.clone();
        }
        out.iter_mut().skip(1).for_each(|s| s.docs.clear());
        // What follows the loop follows what it leaves, without a gap where its brace was.
        if let Some(last) = out.last_mut() {
            last.span.end = s.span.end;
        }
        out
    }

    /// The turns of a loop: contexts within, and what the loop's names stand for.
    fn turns(&self, each: &Each, context: &[Context]) -> Vec<Turn> {
        let key = |c: &Context| (c.instance, each.over.span, c.indices.clone());
        let loops = &self.space.sites.loops;
        let Some(turns) = context.iter().find_map(|c| loops.get(&key(c))) else {
            return Vec::new();
        };
        let turn = |(index, value): &(i64, Expr)| {
            let inner = context.iter().map(|c| {
                let mut c = c.clone();
                c.indices.push(*index);
                c
            });
            (inner.collect(), bindings(&each.binder, value))
        };
        turns.iter().map(turn).collect()
    }

    /// Whether something within a place depends on decisions of these contexts.
    fn decides(&self, at: Span, context: &[Context]) -> bool {
        let within = |s: Span| s.file == at.file && s.start >= at.start && s.end <= at.end;
        let sites = &self.space.sites;
        let ours = |id: Option<InstanceId>, indices: &[i64]| {
            context.iter().any(|c| id == Some(c.instance) && indices.starts_with(&c.indices))
        };
        sites.places().any(|(id, span, indices)| within(*span) && ours(Some(*id), indices))
            || sites.instances.iter().enumerate().any(|(i, key)| {
                within(key.site)
                    && ours(key.parent, &key.indices)
                    && self.bearing.contains(&InstanceId(i as u32))
            })
    }

    /// Whether an expression speaks of what an unrolled loop runs over.
    fn turns_in(&self, e: &Expr) -> bool {
        let mut found = false;
        each_expr(e, &mut |part| {
            found |= matches!(&*part.kind, ExprKind::Name(name) if self.turning.contains(name));
        });
        found
    }

    /// The arm that a `match` on a plain value takes in these contexts.
    fn arm(&self, at: Span, context: &[Context]) -> Option<usize> {
        let ours = |(instance, span, indices): &SiteKey| {
            let within = |c: &Context| c.instance == *instance && indices.starts_with(&c.indices);
            *span == at && context.iter().any(within)
        };
        let mut taken = self.space.sites.arms.iter().filter(|(key, _)| ours(key));
        let (_, first) = taken.next()?;
        taken.all(|(_, arm)| arm == first).then_some(*first)?
    }

    /// What is left of an expression.
    pub(super) fn expr(&mut self, e: &Expr, context: &[Context]) -> Expr {
        if let Some(chosen) = self.at_site(e, context).or_else(|| self.at_unread(e, context)) {
            return chosen;
        }
        if let ExprKind::Binary(BinaryOp::Via, ..) = &*e.kind
            && let Some(chosen) = self.at_sites(e, context)
        {
            return chosen;
        }
        if let Some(renamed) = self.at_instance(e, context) {
            return renamed;
        }
        match &*e.kind {
            ExprKind::Comprehension(body, each) if self.decides(e.span, context) => {
                let mut items = Vec::new();
                let around = self.turning.len();
                self.turning.extend(binder_names(&each.binder));
                for (inner, names) in self.turns(each, context) {
                    items.push(substitute(&self.expr(body, &inner), &names));
                }
                self.turning.truncate(around);
                new(ExprKind::List(items), e.span)
            }
            ExprKind::Match(of, arms) if self.turns_in(of) => match self.arm(e.span, context) {
                Some(arm) => self.expr(&arms[arm].value, context),
                None => map_children(e, &mut |child| self.expr(child, context)),
            },
            // `sum(choose 2 of …)` reads best as `a + b`.
            ExprKind::Call(callee, args) if is_sum(callee) && args.len() == 1 => {
                let arg = self.expr(&args[0].value, context);
                match (&*args[0].value.kind, &*arg.kind) {
                    (
                        ExprKind::Choose(_) | ExprKind::Binary(BinaryOp::Via, ..),
                        ExprKind::List(items),
                    ) if items.len() > 1 => sum_of(items, e.span),
                    _ => {
                        let args = vec![Argument { name: None, value: arg }];
                        new(ExprKind::Call(callee.clone(), args), e.span)
                    }
                }
            }
            ExprKind::Choose(Choose::Labelled(entries)) => {
                let kept = entries.iter().map(|x| map_entry(x, &mut |v| self.expr(v, context)));
                new(ExprKind::Choose(Choose::Labelled(kept.collect())), e.span)
            }
            _ => map_children(e, &mut |child| self.expr(child, context)),
        }
    }
}

/// What no name in the program's files begins with.
fn fresh(program: &Program) -> String {
    let mut fresh = "picked".to_string();
    while program.sources.iter().any(|(_, file)| file.text.contains(&fresh)) {
        fresh.push('_');
    }
    fresh
}

/// A statement without its repetition.
fn once(s: &Statement) -> Statement {
    let mut s = s.clone();
    match &mut s.kind {
        StatementKind::Node { each, .. } | StatementKind::Out { each, .. } => *each = None,
        _ => {}
    }
    s
}
