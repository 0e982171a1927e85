//! What moves which part of a network: `weights sgd(…, on = encoder), adam(…)` and `frozen stem`.

use super::KnownNets;
use crate::diag::{Diag, did_you_mean};
use crate::ir::WeightId;
use crate::search::parts::{Frozen, Owner, owner, within};
use crate::search::plan::Mover;
use crate::sema::eval::{Eval, Evaluator};
use crate::sema::space::Net;
use crate::sema::text::show;
use crate::source::Span;
use crate::syntax::ast::{Clause, Expr, ExprKind};
use std::collections::BTreeSet;

impl Evaluator<'_> {
    /// `weights sgd(rate = 1e-3, on = encoder), adam(rate = 3e-3)`.
    pub(super) fn movers(&mut self, clause: &Clause, net: Option<&Net>) -> Eval<Vec<Mover>> {
        if clause.args.iter().any(|arg| arg.name.is_some()) {
            return self.wrong("optimisers such as `sgd(rate = 0.1), adam(…)`", clause.span);
        }
        let all: Vec<Eval<Mover>> =
            clause.args.iter().map(|arg| self.mover(&arg.value, net)).collect();
        all.into_iter().collect()
    }

    /// `frozen stem, encoder`, `frozen norms = true`.
    pub(super) fn frozen(&mut self, clause: Option<&Clause>, net: Option<&Net>) -> Eval<Frozen> {
        let Some(clause) = clause else { return Ok(Frozen::default()) };
        let (bare, named) = self.named(clause, &["norms"])?;
        let mut frozen = Frozen::default();
        for part in bare {
            frozen.parts.extend(self.parts(part, net)?);
        }
        for (_, value) in named {
            frozen.norms = self.bool_or(Some(value), false)?;
        }
        Ok(frozen)
    }

    /// `encoder`, `encoder.stage1`, `"out.unit2"`, or a list of such.
    pub(super) fn parts(&mut self, e: &Expr, net: Option<&Net>) -> Eval<Vec<String>> {
        let items = match &*e.kind {
            ExprKind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(e),
        };
        let mut all = Vec::new();
        for item in items {
            let name = match &*item.kind {
                ExprKind::Str(text) => text.clone(),
                _ => show(item),
            };
            if let Some(net) = net {
                self.part_is_there(item, &name, net)?;
            }
            all.push(name);
        }
        Ok(all)
    }

    fn part_is_there(&mut self, e: &Expr, name: &str, net: &Net) -> Eval<()> {
        let weights = weights(net);
        if weights.iter().any(|weight| within(weight, name)) {
            return Ok(());
        }
        /// Parts that a message lists.
        const FEW: usize = 6;
        let words: BTreeSet<&str> = weights.iter().flat_map(|weight| weight.split('.')).collect();
        let help = match did_you_mean(name, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let firsts: Vec<String> = weights.iter().map(|w| format!("`{w}`")).collect();
                let more = if firsts.len() > FEW { ", …" } else { "" };
                let few = firsts.into_iter().take(FEW).collect::<Vec<_>>().join(", ");
                format!("a part is named by what weights' names have between dots: {few}{more}")
            }
        };
        self.fail(
            Diag::new("E0620", format!("no part is named `{name}`"))
                .label(e.span, "no weights belong to it")
                .label(net.at, "of this network")
                .help(help),
        )
    }

    /// Every weight is moved by one optimiser or frozen, and every optimiser moves some.
    pub(super) fn all_moved(
        &mut self,
        clause: Option<&Clause>,
        movers: &[Mover],
        frozen: &Frozen,
        net: Option<&Net>,
    ) -> Eval<()> {
        let (Some(clause), Some(net)) = (clause, net) else { return Ok(()) };
        let at = |mover: usize| clause.args.get(mover).map_or(clause.span, |arg| arg.value.span);
        let parts: Vec<&[String]> = movers.iter().map(|mover| &mover.on[..]).collect();
        let rest: Vec<usize> = (0..parts.len()).filter(|i| parts[*i].is_empty()).collect();
        if let [one, other, ..] = rest[..] {
            return self.fail(
                Diag::new("E0621", "two optimisers move the same weights")
                    .label(at(other), "moves all that no other does")
                    .label(at(one), "so does this one")
                    .help("say with `on = part` what each of them moves"),
            );
        }
        // One optimiser that moves everything: no name is asked for, and there are many.
        if let [only] = movers
            && only.on.is_empty()
            && frozen.parts.is_empty()
            && !net.graph.weights.is_empty()
        {
            return Ok(());
        }
        let mut busy = vec![false; movers.len()];
        for weight in weights(net) {
            match owner(&weight, &parts, frozen) {
                Owner::Mover(mover) => busy[mover] = true,
                Owner::Frozen => {}
                Owner::Both(one, other) => {
                    return self.moved_twice(&weight, at(one), at(other));
                }
                Owner::Nobody => return self.unmoved(&weight, clause.span),
            }
        }
        match busy.iter().position(|busy| !busy) {
            Some(idle) => self.fail(
                Diag::new("E0621", "this optimiser has nothing to move")
                    .label(at(idle), "all weights are frozen or moved by others")
                    .help("drop it, or thaw some of the network"),
            ),
            None => Ok(()),
        }
    }

    fn moved_twice(&mut self, weight: &str, one: Span, other: Span) -> Eval<()> {
        self.fail(
            Diag::new("E0621", format!("two optimisers move `{weight}`"))
                .label(other, "moves it again")
                .label(one, "moves it")
                .help("let their parts be apart"),
        )
    }

    fn unmoved(&mut self, weight: &str, at: Span) -> Eval<()> {
        let part = weight.split('.').next().unwrap_or(weight);
        self.fail(
            Diag::new("E0621", format!("nothing moves `{weight}`"))
                .label(at, "each of these moves other parts")
                .help(format!("add an optimiser without `on`, or `frozen {part}`")),
        )
    }
}

/// The names of a network's weight sets, in order.
fn weights(net: &Net) -> Vec<String> {
    let ids = 0..net.graph.weights.len() as u32;
    ids.map(|id| net.graph.weight_name(WeightId(id))).collect()
}

/// The network that a plan is about, where it could be built.
pub(super) fn built<'n>(nets: KnownNets<'n>, net: &str) -> Option<&'n Net> {
    nets.graphs.get(net)
}
