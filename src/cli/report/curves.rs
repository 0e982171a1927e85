//! Losses, learning rates and scores over time.

use super::page::{Section, percent};
use super::story::{Log, Story};
use crate::chart::{Axis, Mark, Plot, Point};
use crate::data::format;
use crate::data::metrics::Scores;
use crate::run::log::{SearchLine, TrainLine};
use maud::{Markup, html};

/// Stretches into which the steps of a run are put together.
const BUCKETS: usize = 200;
/// Epochs up to which each has a dot.
const DOTS: usize = 15;
/// Epochs that say their values when they are pointed at; of more only some do.
const NOTES: usize = 120;

/// What was measured, whatever was run. Places are finished epochs of a search, finished steps of
/// a training.
#[derive(Default)]
struct Curves {
    x: &'static str,
    loss: Vec<Point>,
    arch_loss: Vec<Point>,
    /// Means over epochs.
    means: Vec<Point>,
    /// The learning rate of each optimiser, the architecture's last.
    rates: Vec<(String, Vec<Point>)>,
    miou: Vec<Point>,
    accuracy: Vec<Point>,
}

impl Curves {
    fn of(story: &Story) -> Curves {
        match &story.log {
            Log::Search { lines, .. } => of_search(lines),
            Log::Train { lines, .. } => of_training(lines),
        }
    }
}

fn of_search(lines: &[SearchLine]) -> Curves {
    let mut curves = Curves { x: "epoch", ..Curves::default() };
    let steps = lines.iter().map(|line| match line {
        SearchLine::Step { step, .. } => step + 1,
        SearchLine::Epoch { .. } => 1,
    });
    let steps = steps.max().unwrap_or(1) as f64;
    let (mut rates, mut arch_rates) = (Vec::new(), Vec::new());
    for line in lines {
        match line {
            SearchLine::Step { epoch, step, loss, arch_loss } => {
                let at = *epoch as f64 + (*step + 1) as f64 / steps;
                curves.loss.push((at, *loss));
                curves.arch_loss.extend(arch_loss.map(|loss| (at, loss)));
            }
            SearchLine::Epoch { epoch, loss, rate, arch_rate, .. } => {
                let at = (*epoch + 1) as f64;
                curves.means.extend(loss.map(|loss| (at, loss)));
                rates.push((at, *rate));
                arch_rates.extend(arch_rate.map(|rate| (at, rate)));
            }
        }
    }
    curves.rates = vec![("weights".into(), rates), ("architecture".into(), arch_rates)];
    curves
}

fn of_training(lines: &[TrainLine]) -> Curves {
    let mut curves = Curves { x: "step", ..Curves::default() };
    for line in lines {
        match line {
            TrainLine::Step { step, loss, rates, .. } => {
                let at = (*step + 1) as f64;
                curves.loss.push((at, *loss));
                for (i, rate) in rates.iter().enumerate() {
                    if curves.rates.len() <= i {
                        curves.rates.push((format!("optimiser {}", i + 1), Vec::new()));
                    }
                    curves.rates[i].1.push((at, *rate));
                }
            }
            TrainLine::Epoch { step, loss, scores, .. } => {
                let at = *step as f64;
                curves.means.extend(loss.map(|loss| (at, loss)));
                let Some(scores) = scores else { continue };
                curves.miou.extend(scores.miou.map(|miou| (at, 100.0 * miou)));
                curves.accuracy.extend(scores.pixel_accuracy.map(|right| (at, 100.0 * right)));
            }
        }
    }
    curves
}

/// The curves of a run.
pub(super) fn section(story: &Story) -> Option<Section> {
    let curves = Curves::of(story);
    if curves.loss.is_empty() {
        let body = html! { p class="dim" { "Nothing was logged yet." } };
        return Some(Section { id: "curves", name: "Curves", body });
    }
    let body = html! {
        div class="charts" {
            (losses(&curves))
            @if !curves.miou.is_empty() { (scores(&curves)) }
            (rates(&curves))
        }
    };
    Some(Section { id: "curves", name: "Curves", body })
}

fn losses(curves: &Curves) -> Markup {
    let (loss, arch) = (buckets(&curves.loss), buckets(&curves.arch_loss));
    let (smooth, arch_smooth) = (smoothed(&loss), smoothed(&arch));
    let seen = smooth.iter().chain(&arch_smooth).map(|p| p.1);
    let y = Axis::over("", seen.chain(curves.means.iter().map(|p| p.1))).wider(0.1);
    let mut plot = Plot::new("loss", across(curves), y.clone());
    let clamp = |v: f64| v.clamp(y.ends.0, y.ends.1);
    for (colour, buckets, smooth) in [(0, &loss, smooth), (1, &arch, arch_smooth)] {
        let band = buckets.iter().map(|b| (b.x, clamp(b.low), clamp(b.high)));
        plot.draw(colour, Mark::Band(band.collect()));
        plot.draw(colour, Mark::Thin(buckets.iter().map(|b| (b.x, clamp(b.mean))).collect()));
        plot.draw(colour, Mark::Line(smooth));
    }
    plot.key(0, "weights");
    if !arch.is_empty() {
        plot.key(1, "architecture");
    }
    if curves.means.len() <= DOTS {
        plot.draw(0, Mark::Dots(curves.means.clone()));
    }
    plot.notes = notes(&curves.means, |x, y| format!("{} {x:.0}: mean loss {y:.4}", curves.x));
    let last = curves.means.last().map_or(String::new(), |(_, y)| format!(", at last {y:.3}"));
    let dots = if curves.means.len() <= DOTS { " Dots are means over epochs." } else { "" };
    let caption = format!("Thin: the steps. Thick: their moving mean.{dots}");
    figure(&plot, &format!("The loss of every step{last}"), &caption)
}

fn rates(curves: &Curves) -> Markup {
    let shown = curves.rates.iter().filter(|(_, points)| !points.is_empty());
    let shown: Vec<_> = shown.collect();
    let most = |points: &[Point]| points.iter().map(|p| p.1).fold(0.0, f64::max);
    let peaks: Vec<f64> = shown.iter().map(|(_, points)| most(points)).collect();
    let (low, high) =
        peaks.iter().fold((f64::INFINITY, 0.0_f64), |(l, h), p| (l.min(*p), h.max(*p)));
    let all = shown.iter().flat_map(|(_, points)| points.iter().map(|p| p.1));
    let least = all.clone().filter(|rate| *rate > 0.0).fold(f64::INFINITY, f64::min);
    let y = Axis::over("", all);
    // Rates that are of one order at their highest are told apart as they are.
    let y = if low > 0.0 && high / low > 20.0 {
        Axis { ends: (least.max(low / 100.0), high), ..y }.log().wider(0.05)
    } else {
        y.with(0.0)
    };
    let mut plot = Plot::new("learning rate", across(curves), y.clone());
    for (colour, (name, points)) in shown.iter().enumerate() {
        let points = buckets(points).into_iter().filter(|b| b.mean >= y.ends.0);
        plot.draw(colour, Mark::Line(points.map(|b| (b.x, b.mean)).collect()));
        if shown.len() > 1 {
            plot.key(colour, name);
        }
    }
    figure(&plot, "The learning rate of each optimiser over time", "")
}

fn scores(curves: &Curves) -> Markup {
    let all = curves.miou.iter().chain(&curves.accuracy).map(|p| p.1);
    let y = Axis::over("", all).with(0.0).unit(" %");
    let mut plot = Plot::new("validation", across(curves), y);
    for (colour, name, points) in
        [(0, "mIoU", &curves.miou), (2, "pixel accuracy", &curves.accuracy)]
    {
        plot.draw(colour, Mark::Line(points.clone()));
        plot.draw(colour, Mark::Dots(points.clone()));
        plot.key(colour, name);
    }
    plot.notes = notes(&curves.miou, |x, y| format!("step {x:.0}: mIoU {y:.2} %"));
    let last = curves.miou.last().map_or(String::new(), |(_, y)| format!(", at last {y:.1} %"));
    figure(&plot, &format!("mIoU on the images that judge{last}"), "")
}

/// The horizontal axis that all curves share.
fn across(curves: &Curves) -> Axis {
    Axis::over(curves.x, curves.loss.iter().map(|p| p.0)).with(0.0).whole()
}

/// A chart and what it shows.
pub(super) fn figure(plot: &Plot, what: &str, caption: &str) -> Markup {
    html! {
        figure {
            (plot.svg(what))
            @if !caption.is_empty() { figcaption { (caption) } }
        }
    }
}

/// What some places say when they are pointed at.
pub(super) fn notes(points: &[Point], say: impl Fn(f64, f64) -> String) -> Vec<(f64, String)> {
    let every = points.len().div_ceil(NOTES).max(1);
    points.iter().step_by(every).map(|(x, y)| (*x, say(*x, *y))).collect()
}

/// Neighbouring points put together.
struct Bucket {
    x: f64,
    mean: f64,
    low: f64,
    high: f64,
}

fn buckets(points: &[Point]) -> Vec<Bucket> {
    let size = points.len().div_ceil(BUCKETS).max(1);
    let one = |points: &[Point]| {
        let count = points.len() as f64;
        Bucket {
            x: points.iter().map(|p| p.0).sum::<f64>() / count,
            mean: points.iter().map(|p| p.1).sum::<f64>() / count,
            low: points.iter().map(|p| p.1).fold(f64::INFINITY, f64::min),
            high: points.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max),
        }
    };
    points.chunks(size).map(one).collect()
}

/// The moving mean of buckets, over about a twentieth of them. It starts as the mean of what there
/// is, not at the first.
fn smoothed(buckets: &[Bucket]) -> Vec<Point> {
    let keep = 1.0 - 1.0 / (buckets.len() as f64 / 20.0).max(1.0);
    let (mut sum, mut weight) = (0.0, 0.0);
    let next = |b: &Bucket| {
        sum = keep * sum + b.mean;
        weight = keep * weight + 1.0;
        (b.x, sum / weight)
    };
    buckets.iter().map(next).collect()
}

/// The newest mean loss: a tile.
pub(super) fn last_loss(story: &Story) -> Option<(&'static str, String, String)> {
    let means = Curves::of(story).means;
    let ((_, first), (_, last)) = (*means.first()?, *means.last()?);
    let note =
        if means.len() > 1 { format!("{first:.3} after the first epoch") } else { String::new() };
    Some(("mean loss", format!("{last:.3}"), note))
}

/// What each class scores, where the run was judged.
pub(super) fn classes(story: &Story) -> Option<Section> {
    let Log::Train { plan, lines } = &story.log else { return None };
    let judged = lines.iter().filter_map(|line| match line {
        TrainLine::Epoch { scores: Some(scores), step, .. } => Some((*step as f64, scores)),
        TrainLine::Epoch { .. } | TrainLine::Step { .. } => None,
    });
    let judged: Vec<(f64, &Scores)> = judged.collect();
    let (_, last) = judged.last()?;
    let palette = format::named(&plan.last().data.dataset).map(|format| (format.palette)());
    let name = |class: usize| match &palette {
        Some(palette) if class < palette.len() => palette.name(class as u8).to_owned(),
        _ => format!("class {class}"),
    };
    let colour = |class: usize| {
        let [r, g, b] = palette.as_ref().map_or([128; 3], |palette| palette.colour(class as u8));
        format!("background:rgb({r} {g} {b})")
    };
    let over = |class: usize| -> Vec<Point> {
        let at = |(x, scores): &(f64, &Scores)| Some((*x, (*scores.iou.get(class)?)?));
        judged.iter().filter_map(at).collect()
    };
    let body = html! {
        div class="scroll" { table class="classes" {
            thead { tr { th { "class" } th class="wide" { "IoU on val" } th {} th { "over time" } } }
            tbody {
                @for (class, iou) in last.iou.iter().enumerate() {
                    tr {
                        td { span class="swatch" style=(colour(class)) {} (name(class)) }
                        td class="wide" {
                            @if let Some(iou) = iou {
                                span class="bar" style={ "width:" (format!("{:.1}", 100.0 * iou)) "%" } {}
                            }
                        }
                        td class="num" {
                            @match iou { Some(iou) => (percent(*iou)), None => span class="dim" { "absent" } }
                        }
                        td { (spark(&over(class))) }
                    }
                }
            }
            tfoot { tr {
                td { "mean" } td {}
                td class="num" { (last.miou.map_or("-".into(), percent)) }
                td { (spark(&judged.iter().filter_map(|(x, s)| Some((*x, s.miou?))).collect::<Vec<_>>())) }
            } }
        } }
        p class="dim" {
            @let share = |s: Option<f64>| s.map_or("-".to_owned(), percent);
            "Pixel accuracy " (share(last.pixel_accuracy)) ", mean accuracy " (share(last.mean_accuracy))
            ", IoU weighted by frequency " (share(last.fw_iou)) "."
        }
    };
    Some(Section { id: "classes", name: "Classes", body })
}

/// A line as small as a word, from 0 to 1.
fn spark(points: &[Point]) -> Markup {
    if points.len() < 2 {
        return html! {};
    }
    let mut plot =
        Plot::bare(Axis::over("", points.iter().map(|p| p.0)), Axis::over("", [0.0, 1.0]));
    plot.size = (96.0, 20.0);
    plot.draw(0, Mark::Line(points.to_vec()));
    html! { span class="spark" { (plot.svg("over time")) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_steps_become_few_and_none_is_lost() {
        let points: Vec<Point> = (0..1000).map(|i| (f64::from(i), f64::from(i % 5))).collect();
        let all = buckets(&points);
        assert_eq!(all.len(), BUCKETS);
        assert!(all.iter().all(|b| b.mean == 2.0 && b.low == 0.0 && b.high == 4.0));
        assert!(smoothed(&all).iter().all(|p| (p.1 - 2.0).abs() < 1e-12));
    }

    #[test]
    fn a_moving_mean_starts_where_the_steps_do() {
        let points: Vec<Point> =
            (0..100).map(|i| (f64::from(i), 3.0 - f64::from(i) / 50.0)).collect();
        let smooth = smoothed(&buckets(&points));
        assert_eq!(smooth.first(), Some(&(0.0, 3.0)));
        assert!(smooth.windows(2).all(|w| w[1].1 < w[0].1));
        assert!(smoothed(&[]).is_empty());
    }
}
