//! `controller`: a recurrent network that makes a space's decisions one after another.

use super::KnownNets;
use crate::diag::{Diag, did_you_mean, listed};
use crate::ir::decision::{Decision, DecisionId, Domain};
use crate::search::controller::{ControllerPlan, Feed, Kind, Step};
use crate::sema::eval::{Eval, Evaluator};
use crate::sema::sites::SiteText;
use crate::sema::text::show;
use crate::source::Span;
use crate::syntax::ast::{Block, Clause, Expr};

impl Evaluator<'_> {
    pub(super) fn controller_block(
        &mut self,
        block: &Block,
        net: String,
        nets: KnownNets<'_>,
    ) -> Eval<ControllerPlan> {
        const KNOWN: &[&str] = &["order", "cells", "warm_up", "feed", "tie", "embeddings"];
        let all = self.clauses(block, KNOWN);
        let own = self.decisions_of(&net, nets);
        let order = self.order(all.get("order"), block.kind.span, &own);
        let cells = self.needed(&all, "cells", |this, c| this.lstm(c));
        let warm_up = all.get("warm_up").map_or(Ok(0), |c| this_count(self, c));
        let feed = all.get("feed").map_or(Ok(Feed::Choice), |c| self.feed(c));
        let tie = all.get("tie").map_or(Ok(vec![]), |c| self.kinds(c));
        let embeddings = all.get("embeddings").map_or(Ok(vec![]), |c| self.kinds(c));
        all.judged?;
        let mut steps: Vec<Step> = order?.into_iter().flat_map(|of| self.steps(of)).collect();
        self.heads(&mut steps, &tie?, all.get("tie").map_or(block.kind.span, |c| c.span))?;
        let (layers, hidden) = cells?;
        Ok(ControllerPlan {
            net,
            steps,
            warm_up: warm_up?,
            layers,
            hidden,
            feed: feed?,
            embeddings: embeddings?,
        })
    }

    /// The decisions that a network reads, in order.
    fn decisions_of(&self, net: &str, nets: KnownNets<'_>) -> Vec<DecisionId> {
        let Some(net) = nets.graphs.get(net) else { return Vec::new() };
        let mut own: Vec<DecisionId> =
            net.graph.leaves.iter().map(|gate| gate.decision()).collect();
        own.sort_unstable();
        own.dedup();
        own
    }

    /// `order connections, cell`: names of decisions, or what they begin with up to a dot.
    fn order(
        &mut self,
        clause: Option<&Clause>,
        at: Span,
        own: &[DecisionId],
    ) -> Eval<Vec<DecisionId>> {
        let Some(clause) = clause else { return Ok(own.to_vec()) };
        let mut order: Vec<DecisionId> = Vec::new();
        for argument in &clause.args {
            let name = show(&argument.value);
            let named = |d: &Decision| d.name == name || d.name.starts_with(&format!("{name}."));
            let decisions = &self.sites.decisions;
            let found: Vec<DecisionId> =
                own.iter().copied().filter(|of| named(&decisions[of.index()])).collect();
            if found.is_empty() {
                return self.no_decision(&name, &argument.value, own);
            }
            if let Some(again) = found.iter().find(|of| order.contains(of)) {
                let again = self.sites.decisions[again.index()].name.clone();
                return self.fail(
                    Diag::new("E0616", format!("`order` has `{again}` twice"))
                        .label(argument.value.span, "again here")
                        .help("name each decision once"),
                );
            }
            order.extend(found);
        }
        match own.iter().find(|of| !order.contains(of)) {
            None => Ok(order),
            Some(left) => {
                let left = &self.sites.decisions[left.index()];
                let (name, made) = (left.name.clone(), left.at);
                self.fail(
                    Diag::new("E0616", format!("`order` leaves out `{name}`"))
                        .label(clause.span, "ends without it")
                        .label(made, "made here")
                        .label(at, "this controller makes every decision")
                        .help(format!("add `{}`", name.split('.').next().unwrap_or(&name))),
                )
            }
        }
    }

    fn no_decision<T>(&mut self, name: &str, at: &Expr, own: &[DecisionId]) -> Eval<T> {
        let mut parts: Vec<&str> = own
            .iter()
            .filter_map(|of| self.sites.decisions[of.index()].name.split('.').next())
            .collect();
        parts.dedup();
        let help = match did_you_mean(name, parts.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("this network has {}", listed(&parts)),
        };
        let diag = Diag::new("E0616", format!("no decision is named `{name}`"));
        self.fail(diag.label(at.span, "not found").help(help))
    }

    /// `cells lstm(layers = 2, hidden = 100)`.
    fn lstm(&mut self, clause: &Clause) -> Eval<(u32, u32)> {
        let value = self.only(clause)?;
        let call = self.call_of(value, "kind of cell", &[("lstm", &["layers", "hidden"])])?;
        let mut number = |name, default| match call.get(name) {
            Some(e) => self.count(e, 1..=100_000),
            None => Ok(default),
        };
        let (layers, hidden) = (number("layers", 1), number("hidden", 100));
        call.judged?;
        Ok((layers? as u32, hidden? as u32))
    }

    /// `feed output` or `feed choice`.
    fn feed(&mut self, clause: &Clause) -> Eval<Feed> {
        let word = self.word_of(clause)?;
        match word.value.as_str() {
            "output" => Ok(Feed::Output),
            "choice" => Ok(Feed::Choice),
            _ => self.wrong("`choice` or `output`", word.span),
        }
    }

    /// `tie operators, inputs`.
    fn kinds(&mut self, clause: &Clause) -> Eval<Vec<Kind>> {
        let mut kinds = Vec::new();
        for argument in &clause.args {
            kinds.push(match show(&argument.value).as_str() {
                "operators" => Kind::Operators,
                "inputs" => Kind::Inputs,
                _ => return self.wrong("`operators` or `inputs`", argument.value.span),
            });
        }
        Ok(kinds)
    }

    /// The elementary choices of a decision: inputs first, then their operators.
    fn steps(&self, of: DecisionId) -> Vec<Step> {
        let step = |kind, slot, among: usize| Step { of, kind, slot, among: among as u32, head: 0 };
        match &self.sites.decisions[of.index()].domain {
            Domain::One(labels) => {
                let via = |text: &SiteText| matches!(text, SiteText::Via(..));
                let mut own = self.sites.sites.values().filter(|site| site.decision == of);
                let operators = own.any(|site| via(&site.text));
                let kind = if operators { Kind::Operators } else { Kind::Alternatives };
                vec![step(kind, 0, labels.len())]
            }
            Domain::Picks(picks) => {
                let slots = |kind, among| (0..picks.k).map(move |slot| step(kind, slot, among));
                let ops = picks.candidates.iter().map(|c| c.ops.len()).max().unwrap_or(0);
                let operators = slots(Kind::Operators, ops).filter(|_| ops > 0);
                slots(Kind::Inputs, picks.candidates.len()).chain(operators).collect()
            }
            Domain::Path(lattice) => (0..u32::from(lattice.layers))
                .map(|layer| step(Kind::Alternatives, layer, lattice.scales.len()))
                .collect(),
        }
    }

    /// A head for each step; one for all of a kind that is tied.
    fn heads(&mut self, steps: &mut [Step], tied: &[Kind], at: Span) -> Eval<()> {
        for n in 0..steps.len() {
            let step = steps[n];
            let first = steps[..n].iter().find(|s| s.kind == step.kind).copied();
            let Some(first) = first.filter(|_| tied.contains(&step.kind)) else {
                steps[n].head = n as u32;
                continue;
            };
            if first.among != step.among {
                let name = |s: Step| self.sites.decisions[s.of.index()].name.clone();
                let text = format!(
                    "one head cannot choose among {} and among {}",
                    first.among, step.among
                );
                let places = format!("`{}` and `{}` differ", name(first), name(step));
                let diag = Diag::new("E0617", text).label(at, places);
                return self.fail(diag.help("tie what chooses among equally many"));
            }
            steps[n].head = first.head;
        }
        Ok(())
    }
}

fn this_count(this: &mut Evaluator<'_>, clause: &Clause) -> Eval<u32> {
    Ok(this.count_of(clause, 0..=1000)? as u32)
}
