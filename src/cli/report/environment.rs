//! How and where it was run: what is needed to run it again.

use super::page::{Section, duration};
use super::story::{Log, Story};
use crate::cli::number::bytes;
use crate::search::plan::{DataSpec, Length, Optimiser};
use crate::search::schedule::{Curve, Schedule};
use maud::{Markup, html};
use std::time::{Duration, UNIX_EPOCH};

/// A name and what is said of it.
type Row = (&'static str, String);

pub(super) fn section(story: &Story) -> Section {
    let body = html! {
        div class="columns" {
            div { h3 { "What was run" } (list(&settings(story))) }
            div { h3 { "Where" } (list(&machine(story))) }
        }
        @if story.stretches.len() > 1 { (stretches(story)) }
    };
    Section { id: "environment", name: "Environment", body }
}

fn list(rows: &[Row]) -> Markup {
    html! { dl class="facts" { @for (name, value) in rows { dt { (name) } dd { (value) } } } }
}

fn settings(story: &Story) -> Vec<Row> {
    let manifest = &story.manifest;
    let mut rows: Vec<Row> = vec![
        ("spec", manifest.spec.clone()),
        ("fingerprint", manifest.fingerprint.clone()),
        ("seed", manifest.seed.to_string()),
    ];
    if !manifest.set.is_empty() {
        let set = manifest.set.iter().map(|(n, v)| format!("{n} = {v}")).collect::<Vec<_>>();
        rows.push(("settings", set.join(", ")));
    }
    rows.push(("images", manifest.data.clone()));
    rows.extend(manifest.init.clone().map(|init| ("weights from", init)));
    match &story.log {
        Log::Search { plan, .. } => {
            rows.push(("strategy", manifest.strategy.clone()));
            let epochs =
                format!("{}, architecture from epoch {} on", plan.epochs, plan.arch_from + 1);
            rows.push(("epochs", epochs));
            rows.push(("batches", data(&plan.data)));
            rows.push(("weights", optimiser(&plan.weights, 0)));
            rows.push(("architecture", format!("adam, rate {}", schedule(&plan.arch.rate))));
            let halves = if plan.halves {
                "halves: one for weights, one for the architecture"
            } else {
                "all for both"
            };
            rows.push(("uses", halves.to_owned()));
        }
        Log::Train { plan, .. } => {
            for (at, phase) in (1..).zip(&plan.phases) {
                let name = phase.name.clone().unwrap_or_else(|| at.to_string());
                let length = match phase.length {
                    Length::Epochs(n) => format!("{n} epochs"),
                    Length::Steps(n) => format!("{n} steps"),
                };
                rows.push(("phase", format!("{name}: {length}")));
                rows.push(("batches", data(&phase.data)));
                if phase.accumulate > 1 {
                    rows.push(("a step", format!("{} batches", phase.accumulate)));
                }
                rows.extend(
                    phase.weights.iter().map(|m| ("weights", optimiser(&m.rule, m.warm_up))),
                );
            }
        }
    }
    rows
}

fn data(data: &DataSpec) -> String {
    let mut parts = vec![format!("{} of {} `{}`", data.batch, data.dataset, data.split)];
    parts.extend(data.size.map(|size| format!("resized to {size}")));
    parts.extend(data.crop.map(|crop| format!("crop {crop}")));
    parts.extend(data.zoom.map(|[low, high]| format!("zoom {low} to {high}")));
    parts.extend(data.flip.then(|| "mirrored at random".to_owned()));
    parts.join(", ")
}

fn optimiser(rule: &Optimiser, warm_up: u64) -> String {
    let mut text = match rule {
        Optimiser::Sgd(sgd) => format!(
            "sgd, rate {}, momentum {}, decay {}",
            schedule(&sgd.rate),
            sgd.momentum,
            sgd.decay
        ),
        Optimiser::Adam(adam) => format!("adam, rate {}", schedule(&adam.rate)),
    };
    if let Some(clip) = rule.clip() {
        text = format!("{text}, clip {clip}");
    }
    if warm_up > 0 {
        text = format!("{text}, warm-up of {warm_up} steps");
    }
    text
}

fn schedule(schedule: &Schedule) -> String {
    let how = match schedule.curve {
        Curve::Constant => return schedule.from.to_string(),
        Curve::Linear => "linear".to_owned(),
        Curve::Cosine => "cosine".to_owned(),
        Curve::Poly { power } => format!("poly {power}"),
        Curve::Exponential => "exponential".to_owned(),
        Curve::Step { gamma, .. } => format!("in steps of {gamma}"),
    };
    format!("{} → {} {how}", schedule.from, schedule.to)
}

fn machine(story: &Story) -> Vec<Row> {
    let Some(last) = story.stretches.last() else {
        return vec![
            ("segc", story.manifest.segc.clone()),
            ("machine", story.manifest.machine.clone()),
        ];
    };
    let on = &last.machine;
    let mut rows: Vec<Row> = vec![
        ("segc", on.segc.clone()),
        ("libtorch", on.libtorch.clone()),
        ("device", on.device.clone()),
        ("threads", on.threads.to_string()),
        ("system", on.system.clone()),
    ];
    rows.extend(
        on.processor.clone().map(|name| ("processor", format!("{name}, {} cores", on.cores))),
    );
    rows.extend(on.memory_bytes.map(|n| ("memory", bytes(n))));
    rows.extend(story.stretches.first().map(|first| ("begun", date(first.at))));
    rows.extend(story.seconds().map(|seconds| ("at work", duration(seconds))));
    rows.extend(last.peak_bytes.map(|n| ("most memory", bytes(n))));
    rows
}

/// A run that was gone on with.
fn stretches(story: &Story) -> Markup {
    html! {
        h3 { "Stretches" }
        div class="scroll" { table {
            thead { tr { th { "begun" } th class="num" { "at work" } th { "device" } th class="num" { "threads" } th { "ended" } } }
            tbody {
                @for stretch in &story.stretches {
                    tr {
                        td { (date(stretch.at)) }
                        td class="num" { (duration(stretch.seconds)) }
                        td { (stretch.machine.device) }
                        td class="num" { (stretch.machine.threads) }
                        td { (match stretch.ended {
                            Some(true) => "done",
                            Some(false) => "asked to stop",
                            None => "killed, or still at work",
                        }) }
                    }
                }
            }
        } }
    }
}

/// A time of day in UTC.
fn date(seconds: u64) -> String {
    let text = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds));
    text.to_string().replace('T', " ").replace('Z', " UTC")
}
