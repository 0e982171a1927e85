//! Memory beforehand: each command that computes says what it will take, and refuses to begin where
//! the machine has less.

use super::images::{Images, judging_batch};
use super::teachers::Beside;
use super::{device, failed};
use crate::exec::views::Views;
use crate::torch::warm;
use segc::cli::compute::Machine;
use segc::cli::failure::Failure;
use segc::cli::memory::{Batched, Rooms, enough};
use segc::cost::SizeProblem;
use segc::data::Dataset;
use segc::forecast::need::{self, Feed, Look, Need};
use segc::ir::{DecisionGraph, Size};
use segc::search::plan::{DataSpec, Phase, SearchPlan, TrainPlan};
use std::sync::OnceLock;

/// What helps a run whose smallest batch takes too much.
const SMALLER: &str = "take smaller crops, or a narrower network";

/// What this process holds once libtorch is warm, before it has made anything: asked once.
fn held(machine: &Machine) -> Result<u64, Failure> {
    static HELD: OnceLock<u64> = OnceLock::new();
    if let Some(bytes) = HELD.get() {
        return Ok(*bytes);
    }
    let bytes = warm::held(device(machine)?).map_err(failed)?;
    Ok(*HELD.get_or_init(|| bytes))
}

/// What a search takes.
pub(super) fn of_search(
    graph: &DecisionGraph,
    plan: &SearchPlan,
    images: &Images,
    machine: &Machine,
) -> Result<Need, Failure> {
    let feeds = search_feeds(plan, images)?;
    Ok(need::search(graph, plan, feeds).map_err(failed)?.held(held(machine)?))
}

/// What feeds the weights and, where halves take turns, the architecture.
fn search_feeds(plan: &SearchPlan, images: &Images) -> Result<(Feed, Option<Feed>), Failure> {
    let feed = images.feed(&plan.data, None)?;
    if !plan.halves {
        return Ok((feed, None));
    }
    let (first, second) = (feed.images.div_ceil(2), feed.images / 2);
    Ok((Feed { images: first, ..feed }, Some(Feed { images: second, ..feed })))
}

/// Refuses a search for which there is too little memory.
pub(super) fn for_search(
    graph: &DecisionGraph,
    plan: &SearchPlan,
    images: &Images,
    machine: &Machine,
) -> Result<(), Failure> {
    let (first, second) = search_feeds(plan, images)?;
    let with = |feed: Feed, batch| Feed { batch, ..feed };
    let need = |batch| {
        need::search(graph, plan, (with(first, batch), second.map(|feed| with(feed, batch))))
    };
    refuse_to_train("this search", machine, plan.data.batch, &need)
}

/// What a training takes.
pub(super) fn of_training(
    graph: &DecisionGraph,
    plan: &TrainPlan,
    images: &Images,
    teachers: &Beside<'_>,
    machine: &Machine,
) -> Result<Need, Failure> {
    let need = Lessons::of(plan, images, teachers)?.need(graph, None).map_err(failed)?;
    Ok(need.held(held(machine)?))
}

/// Refuses a training for which there is too little memory.
pub(super) fn for_training(
    graph: &DecisionGraph,
    plan: &TrainPlan,
    images: &Images,
    teachers: &Beside<'_>,
    machine: &Machine,
) -> Result<(), Failure> {
    let lessons = Lessons::of(plan, images, teachers)?;
    let largest = plan.phases.iter().map(|phase| phase.data.batch).max().unwrap_or(1);
    let need = |batch| lessons.need(graph, Some(batch));
    refuse_to_train("this training", machine, largest, &need)
}

/// What the phases of a training are fed with, and their teachers.
struct Lessons<'p, 't> {
    phases: Vec<(&'p Phase, Feed, Vec<&'t DecisionGraph>)>,
    judging: Feed,
}

impl<'p, 't> Lessons<'p, 't> {
    fn of(plan: &'p TrainPlan, images: &Images, teachers: &Beside<'t>) -> Result<Self, Failure> {
        let lesson = |phase: &'p Phase| {
            Ok((phase, images.feed(&phase.data, None)?, teachers.graphs(&phase.loss)?))
        };
        // In the order in which they are read: what is wrong with the first is told first.
        let phases = plan.phases.iter().map(lesson).collect::<Result<_, Failure>>()?;
        let data = &plan.last().data;
        let val = images.open(data, "val")?;
        let judging = images.judging_feed(val.as_ref(), data, judging_batch(data))?;
        Ok(Lessons { phases, judging })
    }

    /// What all of it takes, with batches no larger than `most`.
    fn need(&self, graph: &DecisionGraph, most: Option<u32>) -> Result<Need, SizeProblem> {
        let small = |feed: Feed| Feed { batch: feed.batch.min(most.unwrap_or(u32::MAX)), ..feed };
        let several = self.phases.len() > 1;
        let mut all = Vec::new();
        for (at, (phase, feed, teachers)) in self.phases.iter().enumerate() {
            let mut need = need::phase(graph, phase, teachers, small(*feed))?;
            if several {
                let name = phase.name.clone().unwrap_or_else(|| (at + 1).to_string());
                need.moments.iter_mut().for_each(|m| m.what = format!("{} of {name}", m.what));
            }
            all.push(need);
        }
        let optimiser = |need: &Need| need.moments.iter().map(|m| m.optimiser_bytes).max();
        let kept = all.iter().filter_map(optimiser).max().unwrap_or(0);
        let mut judging = need::judging(graph, &Look::default(), small(self.judging))?;
        let own = judging.weights_bytes;
        for moment in &mut judging.moments {
            moment.what = "judging".to_owned();
            moment.optimiser_bytes = kept;
        }
        all.push(judging);
        Ok(need::together(own, all))
    }
}

/// Refuses to judge where there is too little memory.
pub(super) fn for_judging(
    graph: &DecisionGraph,
    (images, dataset, data): (&Images, &dyn Dataset, &DataSpec),
    views: &Views,
    batch: u32,
    machine: &Machine,
) -> Result<(), Failure> {
    let feed = images.judging_feed(dataset, data, batch)?;
    let need = |batch| need::judging(graph, &look(views), Feed { batch, ..feed });
    let flag = |batch| format!("--batch {batch}");
    let batched =
        Batched { batch, flag: &flag, need: &need, smaller: "look through a smaller `--window`" };
    refuse("this evaluation", machine, &batched)
}

/// Refuses to look at a picture of size `kept`, brought to `size` first, where there is too little
/// memory.
pub(super) fn for_picture(
    graph: &DecisionGraph,
    views: &Views,
    (size, kept): (Size, Size),
    machine: &Machine,
) -> Result<(), Failure> {
    let feed = Feed { images: 1, kept, input: size, batch: 1, threads: 1 };
    let need = |_| need::judging(graph, &look(views), feed);
    let smaller = "look at smaller pictures with `--size`, or through a `--window`";
    let batched = Batched { batch: 1, flag: &|_| String::new(), need: &need, smaller };
    refuse(&format!("looking at a picture of {kept}"), machine, &batched)
}

/// Refuses to time networks where there is too little memory for one of them beside the weights of
/// all.
pub(super) fn for_bench(
    subjects: &[(&DecisionGraph, Size)],
    batch: u32,
    flag: &dyn Fn(u32) -> String,
    machine: &Machine,
) -> Result<(), Failure> {
    let need = |batch| {
        let one = |(graph, size): &(&DecisionGraph, Size)| need::inference(graph, *size, batch);
        let all = subjects.iter().map(one).collect::<Result<Vec<Need>, SizeProblem>>()?;
        Ok::<Need, SizeProblem>(need::together(0, all))
    };
    let smaller = "give a smaller `--input`";
    let batched = Batched { batch, flag, need: &need, smaller };
    refuse("this benchmark", machine, &batched)
}

/// Refuses to train where there is too little memory.
fn refuse_to_train(
    what: &str,
    machine: &Machine,
    batch: u32,
    need: &dyn Fn(u32) -> Result<Need, SizeProblem>,
) -> Result<(), Failure> {
    let flag = |batch| format!("--batch {batch}");
    refuse(what, machine, &Batched { batch, flag: &flag, need, smaller: SMALLER })
}

/// Refuses what takes more than there is beside what this process holds.
fn refuse(
    what: &str,
    machine: &Machine,
    batched: &Batched<'_, SizeProblem>,
) -> Result<(), Failure> {
    let held = held(machine)?;
    let need = |batch| (batched.need)(batch).map(|need| need.held(held));
    enough(what, &Rooms::of(machine), &Batched { need: &need, ..*batched })
}

/// Views as predictions take them.
fn look(views: &Views) -> Look {
    let window = views.window.map(|window| window.size);
    Look { scales: views.scales.clone(), flip: views.flip, window }
}
