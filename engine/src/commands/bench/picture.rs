//! What was measured as a picture: mIoU against latency, and time against the size of the input.

use super::report::{Measured, Report};
use super::{Case, Entry};
use segc::chart::{Axis, COLOURS, Label, Mark, NONE, Plot, Point, document, front};
use segc::cli::args::Input;
use segc::cli::failure::Failure;

/// Refuses a picture in which there would be nothing, before anything is measured.
pub(super) fn possible(entries: &[Entry<'_>], cases: &[Case]) -> Result<(), Failure> {
    let scored = entries.iter().any(|entry| entry.score.is_some());
    let several = cases.iter().any(|case| case.input != cases[0].input);
    match scored || several {
        true => Ok(()),
        false => Err(Failure::with_help(
            "there is nothing to draw: no score is known, and there is one input",
            "say what networks score: `--score NAME=0.71`, or give several `--inputs`",
        )),
    }
}

/// The pictures, one below the other, as an SVG document.
pub(super) fn of(report: &Report<'_>) -> String {
    let mut plots = Vec::new();
    if report.is_scored() {
        plots.extend(report.inputs().iter().filter_map(|input| accuracy(report, input)));
    }
    if report.inputs().len() > 1 {
        plots.push(sizes(report));
    }
    document(&plots)
}

/// mIoU against latency at one input, with the front of those that no other beats.
fn accuracy(report: &Report<'_>, input: &Input) -> Option<Plot> {
    let here = report.all.iter().filter(|m| m.input == *input);
    let scored: Vec<(&Measured<'_>, Point)> =
        here.filter_map(|m| Some((m, (m.timing.median_ms, 100.0 * m.entry.score?)))).collect();
    let points: Vec<Point> = scored.iter().map(|(_, point)| *point).collect();
    let (first, rest) = (points.first()?, &points[1..]);
    let x = Axis::over("median ms", points.iter().map(|p| p.0));
    let most = rest.iter().fold(first.0, |most, p| most.max(p.0));
    let least = rest.iter().fold(first.0, |least, p| least.min(p.0));
    // Times that are far apart are told apart by their logarithm.
    let x = if most > 20.0 * least { x.log() } else { x };
    let y = Axis::over("", points.iter().map(|p| p.1)).wider(0.12).unit(" %");
    let name = format!("mIoU against latency at {input}, {}", report.machine);
    let mut plot = Plot::new(name, x.wider(0.12), y).sized(720.0, 420.0);
    let best = front(&points);
    plot.draw(0, Mark::Front(steps(&best.iter().map(|at| points[*at]).collect::<Vec<_>>())));
    for (at, (measured, point)) in scored.iter().enumerate() {
        let filled = best.contains(&at);
        let title = format!(
            "{}: mIoU {:.2} %, {:.2} ms (p95 {:.2})",
            measured.name(),
            point.1,
            point.0,
            measured.timing.p95_ms
        );
        let label = Label { text: measured.name(), title };
        let colour = if filled { 0 } else { NONE };
        plot.draw(colour, Mark::Named { at: *point, label, filled });
    }
    Some(plot)
}

/// A front as stairs: up to the next point nothing is better.
fn steps(points: &[Point]) -> Vec<Point> {
    let pairs = points.windows(2).flat_map(|w| [w[0], (w[1].0, w[0].1)]);
    pairs.chain(points.last().copied()).collect()
}

/// Time against the size of the input, a line for each network.
fn sizes(report: &Report<'_>) -> Plot {
    let pixels = |m: &Measured<'_>| {
        f64::from(m.input.batch) * f64::from(m.input.size.h) * f64::from(m.input.size.w) / 1e6
    };
    let x = Axis::over("megapixels", report.all.iter().map(pixels)).wider(0.04).log();
    let y = Axis::over("", report.all.iter().map(|m| m.timing.median_ms)).log().wider(0.08);
    let name = format!("median ms against the input, {}", report.machine);
    let mut plot = Plot::new(name, x, y).sized(720.0, 420.0);
    for (colour, name) in report.names().into_iter().enumerate() {
        let mut own: Vec<&Measured<'_>> = report.all.iter().filter(|m| m.name() == name).collect();
        own.sort_by(|a, b| pixels(a).total_cmp(&pixels(b)));
        let points: Vec<Point> = own.iter().map(|m| (pixels(m), m.timing.median_ms)).collect();
        plot.draw(colour % COLOURS, Mark::Line(points.clone()));
        for (at, (measured, point)) in own.iter().zip(&points).enumerate() {
            let title =
                format!("{name} at {}: {:.2} ms", measured.input, measured.timing.median_ms);
            // The name stands at the end of the line.
            let text = if at + 1 == own.len() { name.clone() } else { String::new() };
            let label = Label { text, title };
            plot.draw(colour % COLOURS, Mark::Named { at: *point, label, filled: true });
        }
    }
    plot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_front_is_drawn_as_stairs() {
        let stairs = steps(&[(1.0, 5.0), (2.0, 7.0), (4.0, 9.0)]);
        assert_eq!(stairs, [(1.0, 5.0), (2.0, 5.0), (2.0, 7.0), (4.0, 7.0), (4.0, 9.0)]);
        assert!(steps(&[]).is_empty());
    }
}
