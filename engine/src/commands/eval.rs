//! `segc eval`: judges a trained network on a split of its dataset.

use super::images::{Images, palette};
use super::train::fresh;
use super::{data_threads, failed, machine, spec};
use crate::exec::state;
use crate::exec::train::evaluate;
use segc::cli::args::Format;
use segc::cli::compute::Eval;
use segc::cli::failure::Failure;
use segc::cli::term::{Rows, Term};
use segc::data::classes::Palette;
use segc::data::instances::{StreetScores, street_scores};
use segc::data::metrics::Scores;
use serde::Serialize;

pub(super) fn run(args: &Eval, term: &mut Term) -> Result<(), Failure> {
    let judged = spec::read(&args.spec.file, &args.spec.set, term)?;
    let (name, net) = spec::finished(&judged, args.net.as_deref())?;
    let Some((plan, _)) = judged.space.plans.train.get(name) else {
        return Err(Failure::with_help(
            format!("`{}` has no `train` block for `{name}`", judged.name),
            "the block says which images: `train NET { data … }`",
        ));
    };
    let device = machine(&args.machine)?;
    let images =
        Images::find(args.data.as_deref(), &judged.space.plans.data, data_threads(&args.machine))?;
    let network = fresh(&net.graph, device, 0)?;
    state::load(&network, &args.weights).map_err(failed)?;
    let loader = images.judging(&plan.last().data, &args.split)?;
    let classes = palette(&plan.last().data)?;
    let confusion = evaluate(&network, &loader, classes.len()).map_err(failed)?;
    let judged = Judgement { scores: confusion.scores(), street: street_scores(&confusion, None) };
    match args.format {
        Format::Json => json(&judged, name, &args.split, term),
        Format::Human => table(&judged, &classes, (name, &args.split), term),
    }
}

/// All that is said of a network.
#[derive(Serialize)]
struct Judgement {
    #[serde(flatten)]
    scores: Scores,
    #[serde(flatten)]
    street: Option<StreetScores>,
}

fn json(judged: &Judgement, net: &str, split: &str, term: &mut Term) -> Result<(), Failure> {
    let mut value = serde_json::to_value(judged).map_err(failed)?;
    value["schema"] = "segc.eval/1".into();
    value["net"] = net.into();
    value["split"] = split.into();
    term.line(value)
}

fn table(
    judged: &Judgement,
    palette: &Palette,
    (net, split): (&str, &str),
    term: &mut Term,
) -> Result<(), Failure> {
    let scores = &judged.scores;
    let percent = |x: Option<f64>| x.map_or("-".to_string(), |x| format!("{:.2} %", 100.0 * x));
    term.line(format!("{} on {split}", term.paint.bold(net)))?;
    let mut rows = Rows::headed("lr", &["class", "IoU"]);
    for (id, iou) in scores.iou.iter().enumerate() {
        rows.push([palette.name(id as u8).to_string(), percent(*iou)]);
    }
    term.table(&rows)?;
    if let Some(street) = &judged.street {
        let mut rows = Rows::headed("lr", &["category", "IoU"]);
        for (category, iou) in &street.category_iou {
            rows.push([category.name().to_string(), percent(*iou)]);
        }
        rows.push(["mean".to_string(), percent(street.category_miou)]);
        term.table(&rows)?;
    }
    let mut rows = Rows::headed("lr", &["over all classes", ""]);
    rows.push(["mIoU".to_string(), percent(scores.miou)]);
    rows.push(["pixel accuracy".to_string(), percent(scores.pixel_accuracy)]);
    rows.push(["mean accuracy".to_string(), percent(scores.mean_accuracy)]);
    rows.push(["frequency-weighted IoU".to_string(), percent(scores.fw_iou)]);
    term.table(&rows)
}
