//! What the winner of a search sees with the weights that it has from there, on a few images.

use super::images::{Images, palette};
use crate::exec::executor::{Executor, Options};
use crate::exec::judge::evaluate;
use crate::exec::{examples, state};
use segc::cli::failure::Failure;
use segc::data::Dataset;
use segc::ir::inherit::origins;
use segc::ir::{Binding, DecisionGraph, member};
use segc::search::plan::DataSpec;
use std::path::Path;
use std::sync::Arc;

/// The split that judges.
pub(super) const VAL: &str = "val";

/// Images that are kept as pictures with what was predicted.
pub(super) const EXAMPLES: usize = 4;

/// Writes into a run's folder how the member of a searched network that was found sees some images:
/// of the split `val` where there are such, else of those that were searched on.
///
/// # Errors
/// When the images cannot be read, do not fit the network, or take more memory than there is.
pub(super) fn write(
    dir: &Path,
    (space, binding): (&Executor<'_>, &Binding),
    (images, data): (&Images, &DataSpec),
    step: u64,
) -> Result<(), Failure> {
    let graph = member(space.graph(), binding);
    let winner = heir(space, binding, &graph)?;
    let (dataset, split) = listed(images, data)?;
    let places = examples::places(dataset.len(), EXAMPLES);
    let shown: Vec<usize> = (0..places.len()).collect();
    let some = images.judging_some(dataset, data, places)?;
    let palette = palette(data)?;
    let (_, seen) = evaluate(&winner, &some, palette.len(), &shown).map_err(super::failed)?;
    examples::write(dir, &some, &palette, &seen, (step, split)).map_err(super::failed)
}

/// A member of a space with the weights that the space has for it.
fn heir<'g>(
    space: &Executor<'_>,
    binding: &Binding,
    graph: &'g DecisionGraph,
) -> Result<Executor<'g>, Failure> {
    let options = Options { device: space.options().device, ..Options::default() };
    let heir = Executor::new(graph, options).map_err(super::failed)?;
    // With weights of its own it would show something that was never searched.
    let other = || Failure::machine("the member that was found is another network: a bug of segc");
    let origins = origins(space.graph(), binding, graph).ok_or_else(other)?;
    let weights = state::inherited(&state::named(space), &origins, graph).map_err(super::failed)?;
    state::copy(&heir, &weights).map_err(super::failed)?;
    Ok(heir)
}

/// Images that the search has not learned from, where there are some; and their split.
fn listed<'d>(images: &Images, data: &'d DataSpec) -> Result<(Arc<dyn Dataset>, &'d str), Failure> {
    match images.open(data, VAL) {
        Ok(val) if !val.is_empty() => Ok((val, VAL)),
        _ => Ok((images.open(data, &data.split)?, &data.split)),
    }
}
