//! Plans must fit their networks: as many channels come out as the images have classes, and a search
//! has something to search.

use super::KnownNets;
use crate::data::format;
use crate::diag::Diag;
use crate::ir::kernel::Kernel;
use crate::ir::{Domain, MapType, decision::DecisionId};
use crate::sema::eval::{Eval, Evaluator};
use crate::sema::space::Net;
use crate::source::Span;
use crate::syntax::ast::{Block, Clause, ExprKind};
use std::collections::BTreeSet;

impl Evaluator<'_> {
    /// Every output is judged by the labels of the images, so each needs a channel for each class.
    pub(super) fn classes_fit(
        &mut self,
        data: Option<&Clause>,
        net: &str,
        nets: KnownNets<'_>,
    ) -> Eval<()> {
        let (Some(built), Some(value)) = (nets.graphs.get(net), data.and_then(|c| c.args.first()))
        else {
            return Ok(());
        };
        let named = match &*value.value.kind {
            ExprKind::Call(callee, _) => callee,
            _ => &value.value,
        };
        let ExprKind::Name(dataset) = &*named.kind else { return Ok(()) };
        let Some(format) = format::named(dataset) else { return Ok(()) };
        let classes = (format.palette)().len();
        let Some((output, width, at)) = misfit(built, classes) else { return Ok(()) };
        let s = if width == 1 { "" } else { "es" };
        let what = if output == "out" { net } else { output };
        self.fail(
            Diag::new(
                "E0407",
                format!("`{what}` predicts {width} class{s}, `{dataset}` has {classes}"),
            )
            .label(
                at,
                format!(
                    "{} out here",
                    if width == 1 {
                        "1 channel comes".into()
                    } else {
                        format!("{width} channels come")
                    }
                ),
            )
            .label(named.span, format!("{classes} classes"))
            .help(format!("end `{net}` with a channel for each: `> conv(1, {classes})`")),
        )
    }

    /// What a search writes is decided by what it searches.
    pub(super) fn emitted_is_decided(
        &mut self,
        clause: Option<&Clause>,
        net: &str,
        emit: &str,
        nets: KnownNets<'_>,
    ) -> Eval<()> {
        let (Some(searched), Some(emitted), Some(clause)) =
            (nets.graphs.get(net), nets.graphs.get(emit), clause)
        else {
            return Ok(());
        };
        let decided: BTreeSet<DecisionId> =
            searched.graph.leaves.iter().map(|gate| gate.decision()).collect();
        let all = emitted.graph.leaves.iter().map(|gate| gate.decision());
        let Some(left) = all.filter(|d| !decided.contains(d)).min() else { return Ok(()) };
        let Some(decision) = self.sites.decisions.get(left.index()) else { return Ok(()) };
        let diag =
            Diag::new("E0614", format!("searching `{net}` does not decide `{}`", decision.name))
                .label(clause.span, format!("`{emit}` depends on it"))
                .label(decision.at, "left open")
                .help("bind the choice with a `let` of the file, and use that in both networks");
        self.fail(diag)
    }

    /// `decode inputs = n` says how many inputs each choice keeps.
    pub(super) fn picks_fit(&mut self, inputs: u32, at: Span) -> Eval<()> {
        let other = self.sites.decisions.iter().find_map(|d| match &d.domain {
            Domain::Picks(picks) if picks.k != inputs => Some((d.name.clone(), picks.k, d.at)),
            _ => None,
        });
        let Some((name, k, picked_at)) = other else { return Ok(()) };
        self.fail(
            Diag::new("E0304", format!("`inputs = {inputs}`, but `{name}` picks {k}"))
                .label(at, "not as many")
                .label(picked_at, format!("picks {k}"))
                .help("it only checks how many each choice keeps: write that number, or drop it"),
        )
    }

    /// Weights that are mixed count each alternative once; where combinations of types are made one
    /// by one, an alternative would count in each.
    pub(super) fn one_type_each(
        &mut self,
        block: &Block,
        net: &str,
        nets: KnownNets<'_>,
    ) -> Eval<()> {
        let Some(built) = nets.graphs.get(net) else { return Ok(()) };
        let (at, why, help) = match (combination(built), sliced(built)) {
            (Some((at, types)), _) => {
                let help = "bring what is picked to one type, `x > fit(C, s)`";
                (at, format!("made for one combination of types: {types}"), help)
            }
            (None, Some(at)) => {
                (at, "has as many channels as a choice says".to_owned(), "give it one width")
            }
            (None, None) => return Ok(()),
        };
        self.fail(
            Diag::new("E0615", format!("alternatives of `{net}` cannot be mixed"))
                .label(block.kind.span, "this strategy mixes them")
                .label(at, why)
                .help(format!("{help}, or `segc sample` members")),
        )
    }

    /// A search decides something.
    pub(super) fn something_open(
        &mut self,
        block: &Block,
        net: &str,
        nets: KnownNets<'_>,
    ) -> Eval<()> {
        let Some(built) = nets.graphs.get(net).filter(|n| n.graph.leaves.is_empty()) else {
            return Ok(());
        };
        self.fail(
            Diag::new("E0602", format!("`{net}` leaves nothing to search"))
                .label(block.kind.span, "searches it")
                .label(built.at, "every decision of it is taken")
                .help("leave something open with `choose` or `via`, or only `train` it"),
        )
    }
}

/// What is made for one combination of types, of different ones if possible: where, and what they
/// are.
fn combination(net: &Net) -> Option<(Span, String)> {
    let graph = &net.graph;
    let found =
        graph.wired().filter(|(_, node, inputs)| node.kernel == Kernel::Given && inputs.len() > 1);
    let mut all = found.map(|(_, node, inputs)| {
        let types: Vec<MapType> = inputs.iter().map(|edge| graph.node(edge.source()).ty).collect();
        (node.at, types)
    });
    let first = all.next()?;
    let differ = |types: &[MapType]| types.iter().any(|ty| *ty != types[0]);
    let (at, types) = match differ(&first.1) {
        true => first,
        false => all.find(|(_, types)| differ(types)).unwrap_or(first),
    };
    let types: Vec<String> = types.iter().map(MapType::to_string).collect();
    Some((at, types.join(", ")))
}

/// The first map whose width is chosen.
fn sliced(net: &Net) -> Option<Span> {
    net.graph.nodes().find(|(_, node)| node.ty.slice.is_some()).map(|(_, node)| node.at)
}

/// The first output that has another number of channels.
fn misfit(net: &Net, classes: usize) -> Option<(&str, u32, Span)> {
    net.graph.outputs.iter().find_map(|output| {
        let node = net.graph.node(output.node);
        let width = node.ty.width;
        (width as usize != classes).then_some((output.name.as_str(), width, node.at))
    })
}
