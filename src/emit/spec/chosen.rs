//! What is left of an expression where something was chosen: the text of the choice.

use super::residual::{Context, MARK, Residual};
use super::words::{makes_maps, new, piped, sum_like, with_name};
use crate::ir::decision::{DecisionId, Domain, Pick, Value};
use crate::ir::shape::Scale;
use crate::sema::InstanceId;
use crate::sema::sites::{Candidate as Offer, InstanceKey, Site, SiteText};
use crate::source::Span;
use crate::syntax::ast::*;

/// A candidate's text, and those of its operators.
type Candidate = (Expr, Vec<Expr>);

impl Residual<'_> {
    /// `xs via O`, where `xs` is a list: a decision for every element.
    pub(super) fn at_sites(&mut self, e: &Expr, context: &[Context]) -> Option<Expr> {
        let mut found = Vec::new();
        for c in context {
            let mut items = Vec::new();
            loop {
                let mut indices = c.indices.clone();
                indices.push(items.len() as i64);
                let key = (c.instance, e.span, indices);
                let Some(site) = self.space.sites.at(&key).cloned() else { break };
                items.push(self.chosen(e, &site, c)?);
            }
            if items.is_empty() {
                return None;
            }
            found.push((c.layer, new(ExprKind::List(items), e.span)));
        }
        merge(found, e.span)
    }

    /// What was chosen at a place, if a decision was made there.
    pub(super) fn at_site(&mut self, e: &Expr, context: &[Context]) -> Option<Expr> {
        let mut found: Vec<(Option<i64>, Expr)> = Vec::new();
        for c in context {
            let key = (c.instance, e.span, c.indices.clone());
            let (site, home) = match self.space.sites.at(&key) {
                Some(site) => (site.clone(), c.clone()),
                None => {
                    let root = self.root();
                    let key = (root.instance, e.span, Vec::new());
                    (self.space.sites.at(&key)?.clone(), root)
                }
            };
            found.push((c.layer, self.chosen(e, &site, &home)?));
        }
        merge(found, e.span)
    }

    /// What an `unread` leaves of its list.
    pub(super) fn at_unread(&mut self, e: &Expr, context: &[Context]) -> Option<Expr> {
        let mut found = Vec::new();
        for c in context {
            let key = (c.instance, e.span, c.indices.clone());
            let elements = self.space.sites.unread.get(&key)?.clone();
            let takes = |(of, candidate): &Offer| match self.binding.get(*of) {
                Some(Value::Picks(picks)) => picks.iter().any(|p| p.candidate == *candidate),
                _ => false,
            };
            let left = elements.iter().filter(|(_, offers)| !offers.iter().any(takes));
            let left: Vec<Expr> = left.map(|(text, _)| text.clone()).collect();
            let home = [c.clone()];
            let items = left.iter().map(|text| self.expr(text, &home)).collect();
            found.push((c.layer, new(ExprKind::List(items), e.span)));
        }
        merge(found, e.span)
    }

    /// The text of a site's chosen value.
    fn chosen(&mut self, e: &Expr, site: &Site, home: &Context) -> Option<Expr> {
        let value = self.binding.get(site.decision)?.clone();
        let home = [home.clone()];
        match (&site.text, &value) {
            (SiteText::One(texts), Value::One(alt)) => {
                Some(self.expr(texts.get(*alt as usize)?, &home))
            }
            (SiteText::Via(input, ops), Value::One(alt)) => {
                let op = ops.get(*alt as usize)?.clone();
                let (input, op) = (self.expr(input, &home), self.expr(&op, &home));
                Some(piped(input, op, e.span))
            }
            (SiteText::Picks(candidates), Value::Picks(picks)) => {
                let mut items = Vec::new();
                let (candidates, once) = self.made_once(candidates, picks, site.decision);
                for (slot, pick) in picks.iter().enumerate() {
                    let item = self.picked(&candidates, *pick, e.span, &home)?;
                    let like = self.voids.likes(site.decision, slot as u32);
                    let like = like.iter().filter_map(|at| {
                        self.like(&candidates, *at, *pick, site.decision, e.span, &home)
                    });
                    items.push(sum_like(vec![item], like.collect(), e.span));
                }
                let items = new(ExprKind::List(items), e.span);
                Some(once.into_iter().fold(items, |items, (name, text)| {
                    with_name(items, name, self.expr(&text, &home))
                }))
            }
            (SiteText::Path, Value::Path(steps)) => {
                let decision = self.space.decisions().get(site.decision.index())?;
                let Domain::Path(lattice) = &decision.domain else {
                    return None;
                };
                let scale = |s: &u8| match lattice.scales.get(*s as usize) {
                    Some(Scale::Down(n)) => new(ExprKind::Scale(*n), e.span),
                    _ => new(ExprKind::Absent, e.span),
                };
                Some(new(ExprKind::List(steps.iter().map(scale).collect()), e.span))
            }
            _ => None,
        }
    }

    /// The candidates, with names in the place of what is picked more than once and would be made
    /// anew each time it is written; and what those names stand for.
    fn made_once(
        &self,
        candidates: &[Candidate],
        picks: &[Pick],
        of: DecisionId,
    ) -> (Vec<Candidate>, Vec<(String, Expr)>) {
        let mut named = candidates.to_vec();
        let mut once = Vec::new();
        for (at, (text, _)) in candidates.iter().enumerate() {
            let mine: Vec<&Pick> = picks.iter().filter(|p| p.candidate as usize == at).collect();
            // A sum of equal picks is written as a product.
            let product = !self.apart.contains(&of) && mine.windows(2).all(|two| two[0] == two[1]);
            if mine.len() > 1 && !product && makes_maps(text) {
                let name = format!("{}{}", self.fresh, once.len() + 1);
                named[at].0 = new(ExprKind::Name(name.clone()), text.span);
                once.push((name, text.clone()));
            }
        }
        (named, once)
    }

    /// The text of a pick: the candidate through its operator.
    fn picked(
        &mut self,
        candidates: &[Candidate],
        pick: Pick,
        at: Span,
        home: &[Context],
    ) -> Option<Expr> {
        let (text, ops) = candidates.get(pick.candidate as usize)?;
        let text = self.expr(text, home);
        Some(match ops.get(pick.op as usize) {
            Some(op) => piped(text, self.expr(op, home), at),
            None => text,
        })
    }

    /// What zeros in the place of a pick are like: a candidate that is there.
    fn like(
        &mut self,
        candidates: &[Candidate],
        candidate: u16,
        pick: Pick,
        of: DecisionId,
        at: Span,
        home: &[Context],
    ) -> Option<Expr> {
        let (text, ops) = candidates.get(candidate as usize)?;
        if !self.space.sites.retyped.contains(&of) {
            return Some(self.expr(text, home));
        }
        let op = if (pick.op as usize) < ops.len() { pick.op } else { 0 };
        self.picked(candidates, Pick { candidate, op }, at, home)
    }

    /// The expression with the name of its definition's copy, if it makes an instance that
    /// depends on decisions.
    pub(super) fn at_instance(&mut self, e: &Expr, context: &[Context]) -> Option<Expr> {
        if !matches!(&*e.kind, ExprKind::Name(_) | ExprKind::Call(..)) {
            return None;
        }
        let mut found = Vec::new();
        for c in context {
            let id = self.instance_at(e.span, c)?;
            let item = (*self.space.sites.items.get(id.0 as usize)?)?;
            let variant = self.variant(id, item);
            let renamed = match &*e.kind {
                ExprKind::Name(name) => {
                    new(ExprKind::Name(format!("{name}{MARK}{variant}")), e.span)
                }
                ExprKind::Call(callee, args) => {
                    let ExprKind::Name(name) = &*callee.kind else { return None };
                    let callee = new(ExprKind::Name(format!("{name}{MARK}{variant}")), callee.span);
                    let one = [c.clone()];
                    let arg = |a: &Argument| Argument {
                        name: a.name.clone(),
                        value: self.expr(&a.value, &one),
                    };
                    new(ExprKind::Call(callee, args.iter().map(arg).collect()), e.span)
                }
                _ => return None,
            };
            found.push((c.layer, renamed));
        }
        merge(found, e.span)
    }

    fn instance_at(&self, at: Span, c: &Context) -> Option<InstanceId> {
        let instances = &self.space.sites.instances;
        let key = |c: &Context| InstanceKey {
            parent: Some(c.instance),
            site: at,
            indices: c.indices.clone(),
        };
        let found = instances
            .get_index_of(&key(c))
            .or_else(|| instances.get_index_of(&key(&self.root())))?;
        let id = InstanceId(found as u32);
        self.bearing.contains(&id).then_some(id)
    }
}

/// One text where all contexts agree; a `match layer` where they differ.
fn merge(found: Vec<(Option<i64>, Expr)>, at: Span) -> Option<Expr> {
    let (_, first) = found.first()?;
    let text = |e: &Expr| format!("{:?}", e.kind);
    if found.iter().all(|(_, e)| text(e) == text(first)) {
        return Some(first.clone());
    }
    let arm = |(layer, value): &(Option<i64>, Expr)| Arm {
        pattern: Pattern::Value(new(ExprKind::Int(layer.unwrap_or(0)), at)),
        value: value.clone(),
    };
    let of = new(ExprKind::Name("layer".to_string()), at);
    Some(new(ExprKind::Match(of, found.iter().map(arm).collect()), at))
}
