//! How a network looks at an image: whole or through a window that slides, at one size or several,
//! mirrored too. What it says of a pixel is averaged over all that it saw, as probabilities.

#[cfg(test)]
mod tests;

use super::executor::{Executor, Mode, Wanted};
use super::loss::{predict, resized};
use super::run::RunError;
use segc::cost::Sizes;
use segc::ir::member::liveness;
use segc::ir::{DecisionGraph, Size};
use tch::{Device, Kind, Tensor};

/// The ways of looking at an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Views {
    /// Factors of the image's sides; at least one. A size that the network cannot take gives way to
    /// the nearest that it can, but for the image's own.
    pub scales: Vec<f64>,
    /// Whether the image is mirrored, too.
    pub flip: bool,
    /// What slides over the image; otherwise it is seen whole.
    pub window: Option<Window>,
}

/// A window that slides over an image. Where the image is smaller, so is the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows and columns that it shows.
    pub size: Size,
    /// Rows and columns that it moves on; the last row and the last column of windows end with the
    /// image. No side is more than that of `size`, so that all is seen.
    pub stride: Size,
}

impl Default for Views {
    fn default() -> Views {
        Views { scales: vec![1.0], flip: false, window: None }
    }
}

impl Views {
    /// Train ids N x H x W of type `Uint8` on the processor, for images N x 3 x h x w and H x W.
    ///
    /// # Errors
    /// When the network cannot take the images, or libtorch refuses.
    pub fn labels(
        &self,
        network: &Executor<'_>,
        images: &Tensor,
        size: Size,
    ) -> Result<Tensor, RunError> {
        let size = sides(size);
        let labels = if *self == Views::default() {
            predict(&logits(network, images)?, size)?
        } else {
            // Probabilities of one image at a time: all that were seen are held at full size.
            let one = |at| self.probabilities(network, &images.f_narrow(0, at, 1)?, size);
            let classes = |at| Ok(one(at)?.f_argmax(1, false)?.f_to_kind(Kind::Uint8)?);
            let (n, ..) = images.size4()?;
            Tensor::f_cat(&(0..n).map(classes).collect::<Result<Vec<_>, RunError>>()?, 0)?
        };
        Ok(labels.f_to_device(Device::Cpu)?)
    }

    /// Probabilities N x C x H x W, the mean over all views.
    fn probabilities(
        &self,
        network: &Executor<'_>,
        images: &Tensor,
        size: [i64; 2],
    ) -> Result<Tensor, RunError> {
        let mut sum: Option<Tensor> = None;
        let mirrored: &[bool] = if self.flip { &[false, true] } else { &[false] };
        for (scale, mirror) in self.scales.iter().flat_map(|s| mirrored.iter().map(move |m| (s, m)))
        {
            let flipped = |x: Tensor| if *mirror { x.f_flip([3]) } else { Ok(x) };
            let view = flipped(self.scaled(network.graph(), images, *scale)?)?;
            let seen = resized(&flipped(self.through(network, &view)?)?, size)?;
            sum = Some(match sum {
                Some(mut sum) => sum.f_add_(&seen)?,
                None => seen,
            });
        }
        let views = (self.scales.len() * mirrored.len()) as f64;
        let sum = sum.ok_or_else(|| RunError::Plan("there is no scale to look at".into()))?;
        Ok(sum.f_div_scalar(views)?)
    }

    /// Images at a factor of their size.
    fn scaled(&self, graph: &DecisionGraph, images: &Tensor, by: f64) -> Result<Tensor, RunError> {
        let side = |side: u32| (f64::from(side) * by).round().max(1.0) as u32;
        let whole = size_of(images)?;
        let wanted = Size { h: side(whole.h), w: side(whole.w) };
        let fits = |size: Size| fit(graph, self.window.map_or(size, |window| window.on(size).size));
        let misfit = if wanted == whole { Ok(()) } else { fits(wanted) };
        let size = match misfit {
            Ok(()) => wanted,
            Err(RunError::Misfit { size, problem }) => {
                let near = problem.near().iter().min_by_key(|near| distance(**near, wanted));
                // A window that does not fit is not helped by images of another size.
                match near.filter(|near| fits(**near).is_ok()) {
                    Some(near) => *near,
                    None => return Err(RunError::Misfit { size, problem }),
                }
            }
            Err(error) => return Err(error),
        };
        Ok(resized(images, sides(size))?)
    }

    /// Probabilities N x C x h x w of images of that size, through the window if there is one.
    fn through(&self, network: &Executor<'_>, images: &Tensor) -> Result<Tensor, RunError> {
        let whole = size_of(images)?;
        let Some(window) = self.window.map(|window| window.on(whole)) else {
            return probabilities(network, images);
        };
        let (mut sum, mut count): (Option<Tensor>, _) = (None, counts(whole, images.device())?);
        for (top, left) in window.places(whole) {
            let cut = |x: &Tensor| {
                let rows = x.f_narrow(2, top, i64::from(window.size.h))?;
                rows.f_narrow(3, left, i64::from(window.size.w))
            };
            let seen = probabilities(network, &cut(images)?)?;
            let sum = match &mut sum {
                Some(sum) => sum,
                none => none.insert(zeros_like(&seen, whole)?),
            };
            let _ = cut(sum)?.f_add_(&seen)?;
            let _ = cut(&count)?.f_add_scalar_(1.0)?;
        }
        let sum = sum.ok_or_else(|| RunError::Plan("no window fits the image".into()))?;
        count = count.f_to_kind(sum.kind())?;
        Ok(sum.f_div(&count)?)
    }
}

impl Window {
    /// The window on images of a size.
    fn on(self, whole: Size) -> Window {
        let size = Size { h: self.size.h.min(whole.h), w: self.size.w.min(whole.w) };
        Window { size, ..self }
    }

    /// Rows and columns at which the window stands, so that every pixel is seen.
    fn places(self, whole: Size) -> Vec<(i64, i64)> {
        let starts = |whole: u32, side: u32, stride: u32| -> Vec<i64> {
            let last = whole.saturating_sub(side);
            let before = (0..last).step_by(stride.max(1) as usize);
            before.chain([last]).map(i64::from).collect()
        };
        let lefts = starts(whole.w, self.size.w, self.stride.w);
        let tops = starts(whole.h, self.size.h, self.stride.h);
        tops.into_iter().flat_map(|top| lefts.iter().map(move |left| (top, *left))).collect()
    }
}

/// Whether a finished network can take images of a size.
///
/// # Errors
/// [`RunError::Misfit`] where it cannot.
pub fn fit(graph: &DecisionGraph, size: Size) -> Result<(), RunError> {
    let facts = liveness(graph, &vec![true; graph.leaves.len()], false);
    match Sizes::of(graph, &facts.live, size) {
        Ok(_) => Ok(()),
        Err(problem) => Err(RunError::Misfit { size, problem: Box::new(problem) }),
    }
}

/// A network's first main output for images that it can take.
fn logits(network: &Executor<'_>, images: &Tensor) -> Result<Tensor, RunError> {
    fit(network.graph(), size_of(images)?)?;
    let pass = network.forward(&[images.shallow_clone()], &[], Mode::Eval, Wanted::Nothing)?;
    let output = pass.outputs.into_iter().next();
    Ok(output.ok_or_else(|| RunError::Plan("the network has no output".into()))?.value)
}

/// Probabilities N x C x h x w of images of that size.
fn probabilities(network: &Executor<'_>, images: &Tensor) -> Result<Tensor, RunError> {
    let logits = resized(&logits(network, images)?, sides(size_of(images)?))?;
    Ok(logits.f_softmax(1, Kind::Float)?)
}

/// Zeros N x C x h x w for values of N x C x any size.
fn zeros_like(values: &Tensor, size: Size) -> Result<Tensor, RunError> {
    let (n, c, ..) = values.size4()?;
    let [h, w] = sides(size);
    Ok(Tensor::f_zeros([n, c, h, w], (values.kind(), values.device()))?)
}

/// How often each pixel was seen so far, 1 x 1 x h x w: never.
fn counts(size: Size, device: Device) -> Result<Tensor, RunError> {
    let [h, w] = sides(size);
    Ok(Tensor::f_zeros([1, 1, h, w], (Kind::Float, device))?)
}

fn size_of(images: &Tensor) -> Result<Size, RunError> {
    let (_, _, h, w) = images.size4()?;
    Ok(Size { h: h as u32, w: w as u32 })
}

fn sides(size: Size) -> [i64; 2] {
    [i64::from(size.h), i64::from(size.w)]
}

/// How far one size is from another, in rows and columns together.
fn distance(a: Size, b: Size) -> u32 {
    a.h.abs_diff(b.h) + a.w.abs_diff(b.w)
}
