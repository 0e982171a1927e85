//! A plan for people: a page to be read before a night of computing is spent.

use super::super::alike::told_as_one;
use super::super::failure::Failure;
use super::super::number::{bytes, count, grouped, plural, with_prefix};
use super::super::term::{Rows, Term};
use crate::forecast::digest::What;
use crate::forecast::need::Need;
use crate::forecast::plan::{Costs, Disk, Kind, Memory, Moved, RunPlan, Space, Stage};
use crate::forecast::time::Estimate;
use std::path::Path;

/// Prints a plan; `file` is where it was written.
pub fn print(plan: &RunPlan, file: Option<&Path>, term: &mut Term) -> Result<(), Failure> {
    head(plan, term)?;
    if let Some(space) = &plan.space {
        decisions(space, term)?;
    }
    if let Some(costs) = &plan.costs {
        networks(plan, costs, term)?;
    }
    stages(plan, term)?;
    memory(&plan.memory, plan.orders.device == "cpu", term)?;
    time(&plan.time, term)?;
    disk(&plan.disk, term)?;
    sources(plan, term)?;
    let Some(file) = file else { return Ok(()) };
    term.line("\nnext:")?;
    term.line(format!("  segc {} {} --out RUN", plan.orders.kind.command(), file.display()))
}

fn head(plan: &RunPlan, term: &mut Term) -> Result<(), Failure> {
    let orders = &plan.orders;
    let verb = match orders.kind {
        Kind::Search => "search of",
        Kind::Train => "training of",
    };
    let net = term.paint.bold(&orders.net);
    let emit = orders.emit.iter().filter(|emit| **emit != orders.net);
    let emit: String = emit.map(|emit| format!(", to be written as {emit}")).collect();
    let time = term.paint.bold(duration(plan.time.total_s));
    term.line(format!("{verb} {net}{emit}: about {time}\n"))?;
    let mut rows = Rows::plain("ll");
    rows.push(["spec".into(), orders.spec.clone()]);
    if !orders.set.is_empty() {
        let set: Vec<String> = orders.set.iter().map(|(n, v)| format!("{n} = {v}")).collect();
        rows.push(["with".into(), set.join(", ")]);
    }
    for data in plan.sources.iter().filter(|source| source.what == What::Data) {
        let (files, size) = (data.files.unwrap_or(0), data.bytes.unwrap_or(0));
        let about = format!("{}, {} files, {}", data.name, grouped(files), bytes(size));
        rows.push(["images".into(), about]);
    }
    if let Some(init) = &orders.init {
        rows.push(["begins from".into(), init.clone()]);
    }
    rows.push(["seed".into(), orders.seed.to_string()]);
    let threads = plural(orders.threads as usize, "thread");
    rows.push(["machine".into(), format!("{}, {threads}", orders.device)]);
    term.table(&rows)
}

fn decisions(space: &Space, term: &mut Term) -> Result<(), Failure> {
    let shown = |digits: &str| digits.parse().map_or(digits.to_owned(), |n| count(&n));
    let mut rows = Rows::headed("llr", &["decision", "of", "values"]);
    let row = |d: &crate::forecast::plan::Decision| [d.name.clone(), d.of.clone(), shown(&d.count)];
    for row in told_as_one(space.decisions.iter().map(row).collect()) {
        rows.push(row);
    }
    rows.push(["all".into(), String::new(), shown(&space.assignments)]);
    term.line("")?;
    term.table(&rows)
}

fn networks(plan: &RunPlan, costs: &Costs, term: &mut Term) -> Result<(), Failure> {
    let between = |[least, most]: [u64; 2]| match least == most {
        true => with_prefix(least).trim().to_owned(),
        false => format!("{} to {}", with_prefix(least).trim(), with_prefix(most).trim()),
    };
    let mut rows = Rows::plain("lrl");
    let whose = match plan.orders.kind {
        Kind::Search => format!("of members at {}", costs.input),
        Kind::Train => format!("at {}", costs.input),
    };
    rows.push(["params".into(), between(costs.params), whose]);
    rows.push(["MACs".into(), between(costs.macs), String::new()]);
    if let Some(params) = costs.supernet_params {
        let all = with_prefix(params).trim().to_owned();
        rows.push(["supernet".into(), all, "params of all alternatives together".into()]);
    }
    term.line("")?;
    term.table(&rows)
}

fn stages(plan: &RunPlan, term: &mut Term) -> Result<(), Failure> {
    let head = ["what", "epochs", "steps", "images", "of", "batch", "size"];
    let mut rows = Rows::headed("lrrrlrl", &head);
    for stage in &plan.stages {
        let each =
            if stage.accumulate > 1 { format!(" x {}", stage.accumulate) } else { String::new() };
        rows.push([
            stage.name.clone(),
            grouped(stage.epochs),
            grouped(stage.steps),
            grouped(stage.images),
            stage.split.clone(),
            format!("{}{each}", stage.batch),
            stage.input.to_string(),
        ]);
    }
    term.line("")?;
    term.table(&rows)?;
    let mut rows = Rows::headed("lrll", &["moves", "params", "by", "at a rate of"]);
    for stage in &plan.stages {
        movers(stage, plan.stages.len() > 1, &mut rows);
    }
    term.line("")?;
    term.table(&rows)
}

/// A row for each optimiser of a stage, after one that names it where there are several.
fn movers(stage: &Stage, several: bool, rows: &mut Rows) {
    let blank = String::new;
    if several {
        rows.push([stage.name.clone(), blank(), blank(), blank()]);
    }
    let indent = if several { "  " } else { "" };
    for moved in &stage.movers {
        let what = format!("{indent}{}", moved.what);
        rows.push([what, grouped(moved.params), moved.rule.clone(), way(moved)]);
    }
    if stage.frozen_params > 0 {
        let params = grouped(stage.frozen_params);
        let kept = "keeps still".to_owned();
        rows.push([format!("{indent}frozen"), params, kept, blank()]);
    }
}

/// The way of a rate through a stage: `0.1 to 0.0599, cosine`.
fn way(moved: &Moved) -> String {
    let [first, last] = moved.rates.map(rate);
    let curve = moved.rate.split_once(" -> ").and_then(|(_, rest)| rest.split_once(' '));
    let way = match curve {
        // The first step of a warm-up is not where the schedule begins.
        Some(_) if moved.warm_up > 0 => moved.rate.clone(),
        Some((_, curve)) => format!("{first} to {last}, {curve}"),
        None => moved.rate.clone(),
    };
    match moved.warm_up {
        0 => way,
        steps => format!("{way}, after {} of warm-up", plural(steps as usize, "step")),
    }
}

/// Three digits, small numbers with an exponent.
fn rate(rate: f64) -> String {
    match rate {
        0.0 => "0".to_owned(),
        r if r.abs() < 1e-3 => format!("{r:.2e}"),
        r => format!("{r:.4}").trim_end_matches('0').to_owned(),
    }
}

fn memory(memory: &Memory, on_processor: bool, term: &mut Term) -> Result<(), Failure> {
    let Need { program_bytes, images_bytes, weights_bytes, moments } = &memory.need;
    let mut rows = Rows::headed("lrl", &["memory", "", ""]);
    let mut row = |what: &str, n: u64, about: &str| {
        if n > 0 {
            rows.push([what.to_owned(), bytes(n), about.to_owned()]);
        }
    };
    row("program and libtorch", *program_bytes, "");
    row("images that stay decoded", *images_bytes, "");
    let ahead = moments.iter().map(|m| m.batches_bytes).max().unwrap_or(0);
    row("batches made ahead", ahead, "");
    row("weights", *weights_bytes, "");
    row("optimiser", moments.iter().map(|m| m.optimiser_bytes).max().unwrap_or(0), "");
    for moment in moments {
        row(&moment.what, moment.step_bytes, "");
    }
    let room = memory.room_bytes.map(|n| format!("of {} that may be taken", bytes(n)));
    let held = memory.measured_bytes.unwrap_or(memory.predicted_bytes);
    let how = match (memory.measured_bytes, on_processor) {
        (Some(_), true) => format!("{} predicted; ", bytes(memory.predicted_bytes)),
        _ => String::new(),
    };
    let peak = if on_processor { "at once, at most" } else { "on the device, at most" };
    let most = if on_processor { held } else { memory.need.tensors() };
    row(peak, most, &format!("{how}{}", room.unwrap_or_default()));
    term.line("")?;
    term.table(&rows)
}

fn time(time: &Estimate, term: &mut Term) -> Result<(), Failure> {
    let mut rows = Rows::headed("lrrr", &["time", "each", "times", ""]);
    // What takes nothing is not worth a line; it is in the sum.
    let least = time.total_s / 500.0;
    for row in time.rows.iter().filter(|row| row.each_s * row.times as f64 >= least) {
        let all = duration(row.each_s * row.times as f64);
        rows.push([row.what.clone(), duration(row.each_s), grouped(row.times), all]);
    }
    rows.push(["in all".into(), String::new(), String::new(), duration(time.total_s)]);
    let blank = String::new;
    rows.push(["processor time".into(), blank(), blank(), duration(time.processor_s)]);
    term.line("")?;
    term.table(&rows)?;
    let steps = plural(time.measured_steps as usize, "step");
    let about = format!("  after {steps} here, measured in {}", duration(time.measured_s));
    term.line(term.paint.dim(about))?;
    let Some(others) = time.others.filter(|share| *share >= BUSY) else { return Ok(()) };
    let others = (100.0 * others).round();
    term.line(format!(
        "  others took {others} % of the processors meanwhile: it takes as long if they go on"
    ))
}

/// From this share of the processors on, what others take is told.
const BUSY: f64 = 0.1;

fn disk(disk: &Disk, term: &mut Term) -> Result<(), Failure> {
    let mut rows = Rows::headed("lrl", &["disk", "", ""]);
    let pair = "two while one takes the other's place".to_owned();
    rows.push(["checkpoint".into(), bytes(disk.checkpoint_bytes), pair]);
    rows.push(["log".into(), bytes(disk.log_bytes), String::new()]);
    rows.push(["results".into(), bytes(disk.results_bytes), String::new()]);
    rows.push(["at once, at most".into(), bytes(disk.most()), String::new()]);
    term.line("")?;
    term.table(&rows)
}

/// Digits of a hash that are shown; the plan has them all.
const DIGITS: usize = 12;

fn sources(plan: &RunPlan, term: &mut Term) -> Result<(), Failure> {
    let mut rows = Rows::headed("lll", &["made from", "", "sha256"]);
    for source in plan.sources.iter().filter(|source| source.what != What::Orders) {
        let what = source.what.to_string();
        let what = what.strip_prefix("the ").unwrap_or(&what);
        let what = what.strip_suffix(" of").unwrap_or(what).to_owned();
        let hash = source.sha256.get(..DIGITS).unwrap_or_default().to_owned();
        rows.push([what, source.name.clone(), hash]);
    }
    rows.push(["segc".into(), plan.segc.clone(), String::new()]);
    rows.push(["libtorch".into(), plan.libtorch.clone(), String::new()]);
    term.line("")?;
    term.table(&rows)
}

/// A time with two units at most: `2 h 5 min`, `1 min 12 s`, `3.4 s`, `12 ms`.
fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60);
    match whole {
        _ if seconds < 0.0995 => format!("{:.1} ms", seconds * 1e3),
        _ if seconds < 9.95 => format!("{seconds:.2} s"),
        0..60 => format!("{whole} s"),
        60..3_600 => format!("{minutes} min {} s", whole % 60),
        3_600..86_400 => format!("{hours} h {minutes} min"),
        _ => format!("{} {hours} h", plural(days as usize, "day")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_units_at_most() {
        let shown = [0.0123, 0.25, 9.0, 31.4, 72.0, 7_500.0, 100_000.0, 200_000.0].map(duration);
        let wanted = [
            "12.3 ms",
            "0.25 s",
            "9.00 s",
            "31 s",
            "1 min 12 s",
            "2 h 5 min",
            "1 day 3 h",
            "2 days 7 h",
        ];
        assert_eq!(shown, wanted);
    }

    #[test]
    fn rates_are_short() {
        assert_eq!([0.1, 0.02346, 3e-4, 0.0].map(rate), ["0.1", "0.0235", "3.00e-4", "0"]);
    }
}
