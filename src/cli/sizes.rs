//! An input size at which a network cannot run, as a mistake with its place in the spec.

use super::args::Input;
use crate::cost::SizeProblem;
use crate::diag::Diag;
use crate::ir::DecisionGraph;

/// What is wrong with running `graph` at `input`.
pub(super) fn mistake(graph: &DecisionGraph, problem: &SizeProblem, input: Input) -> Diag {
    let near: Vec<String> = problem.near().iter().map(ToString::to_string).collect();
    let help = (!near.is_empty()).then(|| format!("{} would do", near.join(" or ")));
    Diag::new("E0405", format!("an input of {} does not fit this network", input.size))
        .label(graph.node(problem.node()).at, problem.to_string())
        .help_maybe(help)
}
