//! `segc infer`: what a trained network sees in pictures: label ids, colours, colours over the
//! picture.

mod files;

use super::images::palette;
use super::looking::{unseen, views};
use super::train::fresh;
use super::{interrupt, machine, need, progress, run_ended, spec, unloaded};
use crate::exec::executor::Executor;
use crate::exec::run::RunError;
use crate::exec::state;
use crate::exec::views::Views;
use files::Task;
use image::{GrayImage, RgbImage, imageops};
use segc::cli::compute::Infer;
use segc::cli::failure::Failure;
use segc::cli::number::plural;
use segc::cli::term::Term;
use segc::cli::write;
use segc::data::classes::{IGNORE, Palette, label_id_of};
use segc::data::{Augment, DataError, picture};
use segc::ir::Size;
use segc::search::plan::TrainPlan;
use segc::sema::Net;
use std::path::Path;
use tch::Tensor;

/// What is offered against pictures of a size that the network cannot take.
const REMEDY: &str = "bring pictures to such a size with `--size`, and what is seen back to theirs";

pub(super) fn run(args: &Infer, term: &mut Term) -> Result<(), Failure> {
    let views = views(&args.looking)?;
    let judged = spec::read(&args.spec.file, &args.spec.set, term)?;
    let (name, net) = spec::finished(&judged, args.net.as_deref())?;
    let plan = judged.space.plans.train.get(name).map(|(plan, _)| plan);
    let tasks = files::tasks(&args.input, &args.out)?;
    let device = machine(&args.machine)?;
    let size = args.size.or(plan.and_then(|plan| plan.last().data.size));
    if let Some(largest) = files::largest(&tasks) {
        need::for_picture(&net.graph, &views, (size.unwrap_or(largest), largest), &args.machine)?;
    }
    let network = fresh(&net.graph, device, 0)?;
    state::load(&network, &args.weights).map_err(unloaded)?;
    files::begin(&args.out, &tasks, args.force)?;
    let seer = Seer { network: &network, views: &views, size, palette: &classes(plan, net)? };
    let broken = seer.all(&tasks, term)?;
    let (all, seen) = (plural(tasks.len(), "picture"), plural(tasks.len() - broken, "picture"));
    term.line(format!("label ids, colours and overlays of {seen} are in {}", args.out.display()))?;
    match broken {
        0 => Ok(()),
        _ => Err(Failure::machine(format!("{broken} of {all} could not be read"))),
    }
}

/// The classes of the data that the network was trained on; without a plan, by their number.
fn classes(plan: Option<&TrainPlan>, net: &Net) -> Result<Palette, Failure> {
    if let Some(plan) = plan {
        return palette(&plan.last().data);
    }
    let output = net.graph.outputs.iter().find(|output| !output.aux);
    let count = output.map_or(0, |output| net.graph.node(output.node).ty.width);
    let known = Palette::cityscapes();
    if count as usize == known.len() {
        return Ok(known);
    }
    let many = || Failure::machine(format!("{count} classes are more than a label id can tell"));
    Palette::numbered(count as usize).ok_or_else(many)
}

/// What looks at pictures.
struct Seer<'s, 'g> {
    network: &'s Executor<'g>,
    views: &'s Views,
    /// The size at which pictures are looked at; otherwise their own.
    size: Option<Size>,
    palette: &'s Palette,
}

impl Seer<'_, '_> {
    /// Looks at all pictures. Those among many that cannot be read are named; their number comes
    /// back.
    fn all(&self, tasks: &[Task], term: &Term) -> Result<usize, Failure> {
        if let [only] = tasks {
            self.one(only, &picture::open(&only.picture)?)?;
            return Ok(0);
        }
        let mut broken = 0;
        let bar = progress::pictures("infer", tasks.len());
        for task in tasks {
            match picture::open(&task.picture) {
                Ok(image) => self.one(task, &image)?,
                Err(error) => {
                    broken += 1;
                    bar.suspend(|| Failure::from(error).report(term));
                }
            }
            bar.inc(1);
            if interrupt::go_on().is_break() {
                return Err(Failure::Interrupted);
            }
        }
        bar.finish_and_clear();
        Ok(broken)
    }

    /// Looks at one picture and writes what is seen.
    fn one(&self, task: &Task, image: &RgbImage) -> Result<(), Failure> {
        let seen = self.see(image).map_err(|error| match error {
            RunError::Misfit { .. } => unseen(error, self.views, REMEDY).of_file(&task.picture),
            error => run_ended(error),
        })?;
        let colours = self.palette.paint(&seen);
        let over = picture::overlay(image, &colours);
        let [ids, painted, overlay] = &task.written;
        write_png(ids, |path| picture::png(path, &self.ids(seen)))?;
        write_png(painted, |path| picture::png(path, &colours))?;
        write_png(overlay, |path| picture::png(path, &over))
    }

    /// Train ids of the picture's size.
    fn see(&self, image: &RgbImage) -> Result<GrayImage, RunError> {
        let (w, h) = image.dimensions();
        let own = Size { h, w };
        let size = self.size.unwrap_or(own);
        let labels = if size == own {
            self.views.labels(self.network, &self.tensor(image)?, own)?
        } else {
            let small = imageops::resize(image, size.w, size.h, imageops::FilterType::Triangle);
            self.views.labels(self.network, &self.tensor(&small)?, own)?
        };
        let labels: Vec<u8> = Vec::try_from(labels.f_reshape([-1])?)?;
        Ok(GrayImage::from_raw(w, h, labels).expect("a class for each pixel"))
    }

    /// A picture as the network takes it: 1 x 3 x h x w.
    fn tensor(&self, image: &RgbImage) -> Result<Tensor, RunError> {
        let (w, h) = image.dimensions();
        let mut values = vec![0.0; 3 * w as usize * h as usize];
        Augment::default().normalise_into(image, &mut values);
        let values =
            Tensor::f_from_slice(&values)?.f_reshape([1, 3, i64::from(h), i64::from(w)])?;
        Ok(values.f_to_device(self.network.options().device)?)
    }

    /// Train ids as label ids, where the two differ.
    fn ids(&self, mut seen: GrayImage) -> GrayImage {
        if *self.palette == Palette::cityscapes() {
            for id in seen.iter_mut() {
                *id = label_id_of(*id).unwrap_or(IGNORE);
            }
        }
        seen
    }
}

fn write_png(
    path: &Path,
    bytes: impl FnOnce(&Path) -> Result<Vec<u8>, DataError>,
) -> Result<(), Failure> {
    write::whole(path, &bytes(path)?)
}

#[cfg(test)]
mod tests;
