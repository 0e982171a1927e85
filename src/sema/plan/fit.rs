//! Plans must fit their networks: as many channels come out as the images have classes, and a search
//! has something to search.

use super::KnownNets;
use crate::data::format;
use crate::diag::Diag;
use crate::sema::eval::{Eval, Evaluator};
use crate::sema::space::Net;
use crate::syntax::ast::{Block, Clause, ExprKind};

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
            .label(at, format!("{width} channels come out here"))
            .label(named.span, format!("{classes} classes"))
            .help(format!("end `{net}` with a channel for each: `> conv(1, {classes})`")),
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

/// The first output that has another number of channels.
fn misfit(net: &Net, classes: usize) -> Option<(&str, u32, crate::source::Span)> {
    net.graph.outputs.iter().find_map(|output| {
        let node = &net.graph.graph[output.node];
        let width = node.ty.width;
        (width as usize != classes).then_some((output.name.as_str(), width, node.at))
    })
}
