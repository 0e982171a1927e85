//! `segc eval`: judges a trained network on a split of its dataset.

mod report;
mod worst;

use super::images::{Images, judging_batch, palette};
use super::looking::{unseen, views};
use super::train::fresh;
use super::{interrupt, machine, need, progress, spec, unloaded};
use crate::exec::judge::{Exam, judge};
use crate::exec::state;
use report::Report;
use segc::cli::args::Format;
use segc::cli::compute::Eval;
use segc::cli::failure::Failure;
use segc::cli::term::Term;
use std::sync::Arc;

/// What is offered against images of a size that the network cannot take.
const REMEDY: &str =
    "give the `data` of the `train` block such a `size`, or look through a `--window`";

pub(super) fn run(args: &Eval, term: &mut Term) -> Result<(), Failure> {
    let views = views(&args.looking)?;
    let judged = spec::read(&args.spec.file, &args.spec.set, term)?;
    let (name, net) = spec::finished(&judged, args.net.as_deref())?;
    let Some((plan, _)) = judged.space.plans.train.get(name) else {
        return Err(Failure::with_help(
            format!("`{}` has no `train` block for `{name}`", judged.name),
            "the block says which images: `train NET { data … }`",
        ));
    };
    let data = &plan.last().data;
    let device = machine(&args.machine)?;
    let images =
        Images::find(args.data.as_deref(), &judged.space.plans.data, args.machine.threads())?;
    let (dataset, batch) =
        (images.open(data, &args.split)?, args.batch.unwrap_or(judging_batch(data)));
    let judged_images = (&images, dataset.as_ref(), data);
    need::for_judging(&net.graph, judged_images, &views, batch, &args.machine)?;
    let network = fresh(&net.graph, device, 0)?;
    state::load(&network, &args.weights).map_err(unloaded)?;
    if let Some(dir) = &args.out {
        worst::folder(dir, args.force)?;
    }
    let loader = images.judging_by(Arc::clone(&dataset), data, batch, None)?;
    let classes = palette(data)?;
    let dataset = dataset.as_ref();
    let (classes_n, worst) = (classes.len(), args.worst);
    let exam = Exam { images: &loader, dataset, classes: classes_n, views: &views, worst };
    let bar = progress::pictures("eval", dataset.len());
    let counted = judge(&network, &exam, &|done| {
        bar.set_position(done as u64);
        interrupt::go_on()
    });
    bar.finish_and_clear();
    let counted = counted.map_err(|error| unseen(error, &views, REMEDY))?;
    let pictures = match &args.out {
        Some(dir) => worst::write(&counted, dataset, &classes, dir)?,
        None => Vec::new(),
    };
    let report = Report::of(&counted, &views, name, &args.split).with_pictures(&pictures);
    match args.format {
        Format::Json => report.json(term),
        Format::Human => report.tables(&classes, term),
    }
}
