//! What runs are made from: texts, images, weights, each as a hash.

use super::super::failed;
use super::super::images::Images;
use super::super::teachers::Beside;
use segc::cli::failure::Failure;
use segc::cli::read::Judged;
use segc::forecast::digest::{Source, What, of_program, of_split};
use segc::search::loss::Teacher;
use segc::search::plan::{DataSpec, SearchPlan, TrainPlan};
use serde::Serialize;
use std::path::Path;

/// What a search is made from.
pub(in crate::commands) fn of_search(
    judged: &Judged,
    plan: &SearchPlan,
    images: &Images,
) -> Result<Vec<Source>, Failure> {
    let mut all = of_program(&judged.program, What::Spec, &judged.name);
    all.push(orders(&plan.net, plan)?);
    all.push(split(images, &plan.data, &plan.data.split)?);
    Ok(all)
}

/// What a training is made from; `init` are the weights that it starts from.
pub(in crate::commands) fn of_training(
    judged: &Judged,
    plan: &TrainPlan,
    images: &Images,
    init: Option<&Path>,
    teachers: &Beside<'_>,
) -> Result<Vec<Source>, Failure> {
    let mut all = of_program(&judged.program, What::Spec, &judged.name);
    all.push(orders(&plan.net, plan)?);
    for phase in &plan.phases {
        all.push(split(images, &phase.data, &phase.data.split)?);
    }
    all.push(split(images, &plan.last().data, "val")?);
    if let Some(init) = init {
        all.push(file(What::Weights, init)?);
    }
    for (name, judged) in teachers.specs() {
        all.extend(of_program(&judged.program, What::Teacher, name));
    }
    let named = plan.phases.iter().flat_map(|phase| phase.loss.teachers());
    for Teacher { weights, .. } in named {
        all.push(file(What::TeacherWeights, Path::new(weights))?);
    }
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|source| seen.insert(format!("{} {}", source.what, source.name)));
    Ok(all)
}

/// What segc makes of a block.
fn orders(net: &str, plan: &impl Serialize) -> Result<Source, Failure> {
    let text = serde_json::to_vec(plan).map_err(failed)?;
    Ok(Source::of_text(What::Orders, net, &text))
}

fn split(images: &Images, data: &DataSpec, split: &str) -> Result<Source, Failure> {
    Ok(of_split(images.root(), split, images.open(data, split)?.as_ref())?)
}

fn file(what: What, path: &Path) -> Result<Source, Failure> {
    Source::of_file(what, path).map_err(|e| Failure::file("read", path, &e))
}
