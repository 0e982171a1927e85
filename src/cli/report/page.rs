//! The page: its head, what comes first, its sections.

use super::story::{Log, State, Story};
use super::{curves, decisions, environment, network, outcome};
use crate::chart;
use crate::cli::failure::Failure;
use crate::emit::svg;
use crate::run::log::TrainLine;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::time::Duration;

/// The page's own style.
const STYLE: &str = include_str!("report.css");

/// A section: its anchor, its name, what is in it.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) body: Markup,
}

/// The whole page.
pub(super) fn page(story: &Story) -> Result<Markup, Failure> {
    let parts = network::Parts::of(story)?;
    let sections: Vec<Section> = [
        curves::section(story),
        curves::classes(story),
        decisions::section(story),
        outcome::against(story),
        network::drawings(story, &parts),
        network::costs(story, &parts),
        outcome::examples(story)?,
        network::spec(story),
        Some(environment::section(story)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let title = format!("{}: {}", story.manifest.net, story.doing());
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ "segc " (env!("CARGO_PKG_VERSION")) };
                // Without it browsers ask the server for one, and say so when there is none.
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(chart::STYLE)) (PreEscaped(svg::INLINE_STYLE)) }
            }
            body {
                header {
                    h1 { (story.manifest.net) " " span class="doing" { (story.doing()) } " " (badge(story)) }
                    p class="lead" { (lead(story)) }
                    (tiles(story, &parts))
                    nav aria-label="Sections" {
                        @for section in &sections { a href={ "#" (section.id) } { (section.name) } }
                    }
                }
                main {
                    @for section in &sections {
                        section id=(section.id) {
                            h2 { (section.name) }
                            (section.body)
                        }
                    }
                }
                footer { "Made by segc " (env!("CARGO_PKG_VERSION")) " from " code { (story.dir.display()) } }
            }
        }
    })
}

fn badge(story: &Story) -> Markup {
    let (class, text) = match story.state {
        State::Finished => ("good", "finished"),
        State::Stopped => ("idle", "stopped"),
        State::Open => ("idle", "not finished"),
    };
    html! { span class={ "badge " (class) } { (text) } }
}

/// What was run, in a sentence or two.
fn lead(story: &Story) -> Markup {
    let manifest = &story.manifest;
    let set = manifest.set.iter().map(|(n, v)| format!("{n} = {v}")).collect::<Vec<_>>();
    html! {
        code { (manifest.spec) }
        @if !set.is_empty() { " with " code { (set.join(", ")) } }
        ", " (strategy(story)) ", seed " (manifest.seed) ", " (story.standing())
        @if let Some(seconds) = story.seconds() { " in " (duration(seconds)) }
        "."
        @if story.cut { " The log ends within a line: the run was killed, or is at work." }
    }
}

fn strategy(story: &Story) -> String {
    match &story.log {
        Log::Search { .. } => format!("strategy {}", story.manifest.strategy),
        Log::Train { plan, .. } => match plan.phases.len() {
            1 => "one phase".to_owned(),
            n => format!("{n} phases"),
        },
    }
}

/// The numbers that one looks for first.
fn tiles(story: &Story, parts: &network::Parts) -> Markup {
    let mut tiles: Vec<(&str, String, String)> = Vec::new();
    if let Log::Train { lines, .. } = &story.log {
        let scored = lines.iter().filter_map(|line| match line {
            TrainLine::Epoch { scores: Some(scores), step, .. } => {
                scores.miou.map(|miou| (miou, *step))
            }
            TrainLine::Epoch { .. } | TrainLine::Step { .. } => None,
        });
        let scored: Vec<(f64, u64)> = scored.collect();
        let best = scored.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0));
        if let (Some((last, _)), Some((best, step))) = (scored.last(), best) {
            let note = format!("best {} at step {step}", percent(best));
            tiles.push(("mIoU on val", percent(*last), note));
        }
    }
    if let Some(found) = story.against.as_ref().and_then(|against| against.rivals.first()) {
        tiles.push(("mIoU on val", percent(found.miou), "trained by the spec's plan".into()));
    }
    tiles.extend(curves::last_loss(story));
    tiles.extend(decisions::certainty(story));
    tiles.extend(parts.tiles());
    if let Some(seconds) = story.seconds() {
        let times = story.stretches.len();
        let note = if times > 1 { format!("in {times} stretches") } else { String::new() };
        tiles.push(("at work", duration(seconds), note));
    }
    html! {
        dl class="tiles" {
            @for (name, value, note) in tiles {
                div { dt { (name) } dd { (value) @if !note.is_empty() { small { (note) } } } }
            }
        }
    }
}

/// A fraction of 1 in percent.
pub(super) fn percent(fraction: f64) -> String {
    format!("{:.1} %", 100.0 * fraction)
}

/// A time in words, no finer than it is of use.
pub(super) fn duration(seconds: f64) -> String {
    let whole = match seconds {
        s if s < 10.0 => Duration::from_millis((s * 10.0).round() as u64 * 100),
        s if s < 3600.0 => Duration::from_secs(s.round() as u64),
        s => Duration::from_secs((s / 60.0).round() as u64 * 60),
    };
    humantime::format_duration(whole).to_string()
}
