//! Judging a network by a dataset: one confusion matrix, and its instances where all images have
//! them. `segc eval` prints what comes out; trainings judge by the matrix alone.

#[cfg(test)]
mod tests;

use super::executor::Executor;
use super::learn::tensors;
use super::run::RunError;
use super::views::Views;
use segc::data::instances::{Instances, resized};
use segc::data::metrics::Confusion;
use segc::data::{Batch, DataError, Dataset, Loader, Size};
use segc::ir;
use std::ops::{ControlFlow, Range};

/// What a network is judged by.
#[derive(Clone, Copy)]
pub struct Exam<'e> {
    /// The images as they are judged: all of the dataset, in its order.
    pub images: &'e Loader,
    /// Where they come from, and with them their instances.
    pub dataset: &'e dyn Dataset,
    /// Number of classes.
    pub classes: usize,
    /// How the network looks at them.
    pub views: &'e Views,
    /// How many of the images that it is worst at are told.
    pub worst: usize,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Pixels by true and predicted class.
    pub confusion: Confusion,
    /// Instances of the images that have them.
    pub instances: Instances,
    /// Number of images.
    pub images: usize,
    /// Names of the images without instances.
    pub without: Vec<String>,
    /// The images that the network is worst at, the worst first.
    pub worst: Vec<Seen>,
}

/// An image as the network sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its place in the dataset.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// The mean IoU over the classes that occur in it or were predicted, if there are any.
    pub miou: Option<f64>,
    /// Train ids that were predicted, h x w.
    pub predicted: Vec<u8>,
    /// The size of what was judged.
    pub size: Size,
}

/// Counts a network's predictions over a whole dataset; `watch` is told how many images are done, and
/// says whether to go on.
///
/// # Errors
/// When the network cannot run, images cannot be read, or `watch` says stop.
pub fn judge(
    network: &Executor<'_>,
    exam: &Exam<'_>,
    watch: &dyn Fn(usize) -> ControlFlow<()>,
) -> Result<Judged, RunError> {
    let mut judged = Judged {
        confusion: Confusion::new(exam.classes),
        instances: Instances::default(),
        images: 0,
        without: Vec::new(),
        worst: Vec::new(),
    };
    for batch in exam.images.epoch(0) {
        let batch = batch?;
        let predicted = predicted(network, exam.views, &batch)?;
        for at in 0..batch.n {
            judged.count(exam, &batch, at, &predicted[pixels_of(&batch, at)])?;
        }
        if watch(judged.images).is_break() {
            return Err(RunError::Stopped);
        }
    }
    Ok(judged)
}

/// Counts a network's predictions over all images of a loader, and gives back how it saw those at
/// the places `shown`, which are sorted.
///
/// # Errors
/// When the network cannot run, or images cannot be read.
pub fn evaluate(
    network: &Executor<'_>,
    images: &Loader,
    classes: usize,
    shown: &[usize],
) -> Result<(Confusion, Vec<Seen>), RunError> {
    let (mut confusion, views) = (Confusion::new(classes), Views::default());
    let (mut seen, mut before) = (Vec::new(), 0);
    for batch in images.epoch(0) {
        let batch = batch?;
        let predicted = predicted(network, &views, &batch)?;
        confusion.record(&batch.labels, &predicted)?;
        for index in shown.iter().filter(|at| (before..before + batch.n).contains(at)) {
            seen.push(Seen::of(&batch, *index, index - before, &predicted, classes)?);
        }
        before += batch.n;
    }
    Ok((confusion, seen))
}

impl Seen {
    /// The image at place `at` of a batch, whose predictions are `predicted`.
    fn of(
        batch: &Batch,
        index: usize,
        at: usize,
        predicted: &[u8],
        classes: usize,
    ) -> Result<Seen, DataError> {
        let (mut own, pixels) = (Confusion::new(classes), pixels_of(batch, at));
        let predicted = predicted[pixels.clone()].to_vec();
        own.record(&batch.labels[pixels], &predicted)?;
        let (name, size) = (batch.names[at].clone(), Size::new(batch.h as u32, batch.w as u32));
        Ok(Seen { index, name, miou: own.scores().miou, predicted, size })
    }
}

/// Train ids n x h x w that a network predicts for a batch, by its first main output.
fn predicted(network: &Executor<'_>, views: &Views, batch: &Batch) -> Result<Vec<u8>, RunError> {
    let (images, _) = tensors(batch, network)?;
    let size = ir::Size { h: batch.h as u32, w: batch.w as u32 };
    let predicted = views.labels(network, &images, size)?;
    Ok(Vec::try_from(predicted.f_reshape([-1])?)?)
}

/// Where the pixels of a batch's image lie among those of the batch.
fn pixels_of(batch: &Batch, at: usize) -> Range<usize> {
    let pixels = batch.h * batch.w;
    at * pixels..(at + 1) * pixels
}

impl Judged {
    /// Counts the next image, number `at` of its batch; `predicted` are its pixels.
    fn count(
        &mut self,
        exam: &Exam<'_>,
        batch: &Batch,
        at: usize,
        predicted: &[u8],
    ) -> Result<(), DataError> {
        let mut confusion = Confusion::new(exam.classes);
        confusion.record(&batch.labels[pixels_of(batch, at)], predicted)?;
        self.confusion.merge(&confusion)?;
        let (name, size) = (&batch.names[at], Size::new(batch.h as u32, batch.w as u32));
        let miou = confusion.scores().miou;
        if miou.is_some() {
            let (index, name, predicted) = (self.images, name.clone(), predicted.to_vec());
            self.rank(exam.worst, Seen { index, name, miou, predicted, size });
        }
        match exam.dataset.instances(self.images)? {
            Some(map) => {
                let map = resized(map, size);
                self.instances.record(map.as_raw(), predicted)?;
            }
            None => self.without.push(name.clone()),
        }
        self.images += 1;
        Ok(())
    }

    /// Takes an image among the `most` worst, if it is one; of equals the first stays.
    fn rank(&mut self, most: usize, bad: Seen) {
        let at = self.worst.partition_point(|other| other.miou <= bad.miou);
        if at < most {
            self.worst.insert(at, bad);
            self.worst.truncate(most);
        }
    }

    /// The instances, if all images have them: false alarms are those of all images.
    pub fn all_instances(&self) -> Option<&Instances> {
        self.without.is_empty().then_some(&self.instances)
    }
}
