//! What came of a run: the winner beside members drawn by chance, and example predictions.

use super::curves::figure;
use super::page::{Section, percent};
use super::story::{Log, Story};
use crate::chart::{Axis, Label, Mark, NONE, Plot};
use crate::cli::failure::Failure;
use crate::cli::number::grouped;
use crate::data::format;
use crate::run::EXAMPLES;
use crate::run::log::{self, Against, Example, Examples, Rival};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{Markup, html};
use std::path::Path;

/// The winner beside members drawn by chance, where they were compared.
pub(super) fn against(story: &Story) -> Option<Section> {
    let against = story.against.as_ref()?;
    let body = html! {
        p { "All were trained by the spec's plan, on the same images, and timed in turn, at "
            code { (against.input) } "." }
        div class="charts" {
            (scatter(against, "latency in ms", |rival| rival.median_ms))
            (scatter(against, "MACs", |rival| rival.macs as f64))
        }
        div class="scroll" { table {
            thead { tr {
                th { "network" } th class="num" { "mIoU" } th class="num" { "params" }
                th class="num" { "MACs" } th class="num" { "median ms" } th class="num" { "p95" }
            } }
            tbody {
                @for rival in &against.rivals {
                    tr class=[is_found(rival).then_some("found")] {
                        td { (rival.name) } td class="num" { (percent(rival.miou)) }
                        td class="num" { (grouped(rival.params)) } td class="num" { (grouped(rival.macs)) }
                        td class="num" { (format!("{:.2}", rival.median_ms)) }
                        td class="num" { (format!("{:.2}", rival.p95_ms)) }
                    }
                }
                @if let Some((name, miou)) = &against.majority {
                    tr class="dim" { td { "all " (name) } td class="num" { (percent(*miou)) } td {} td {} td {} td {} }
                }
            }
        } }
    };
    Some(Section { id: "against", name: "Comparison", body })
}

fn is_found(rival: &Rival) -> bool {
    rival.name == "found"
}

fn scatter(against: &Against, name: &str, cost: fn(&Rival) -> f64) -> Markup {
    let rivals = &against.rivals;
    let x = Axis::over(name, rivals.iter().map(cost)).wider(0.12);
    let y = Axis::over("", rivals.iter().map(|r| 100.0 * r.miou)).wider(0.15).unit(" %");
    let mut plot = Plot::new(format!("mIoU against {}", name.trim_end_matches(" in ms")), x, y);
    for rival in rivals {
        let (at, filled) = ((cost(rival), 100.0 * rival.miou), is_found(rival));
        let title = format!(
            "{}: mIoU {}, {:.2} ms, {} MACs",
            rival.name,
            percent(rival.miou),
            rival.median_ms,
            grouped(rival.macs)
        );
        let label = Label { text: rival.name.clone(), title };
        plot.draw(if filled { 1 } else { NONE }, Mark::Named { at, label, filled });
    }
    figure(&plot, &format!("mIoU of each network against its {name}"), "")
}

/// Images, their truth and what was predicted: of a search by its winner, trained, where it was.
pub(super) fn examples(story: &Story) -> Result<Option<Section>, Failure> {
    let trained = story.dir.join("against").join("found");
    if let Some(examples) = log::examples(&trained)? {
        let who = "The winner, trained by the spec's plan,";
        return shown(story, &trained, &examples, who).map(Some);
    }
    let who = match story.log {
        Log::Search { .. } => "The winner, with the weights that it has from the search,",
        Log::Train { .. } => "The network",
    };
    let own = story.examples.as_ref();
    own.map(|examples| shown(story, &story.dir, examples, who)).transpose()
}

fn shown(story: &Story, dir: &Path, examples: &Examples, who: &str) -> Result<Section, Failure> {
    let dir = dir.join(EXAMPLES);
    let rows = examples.images.iter().map(|example| row(&dir, example));
    let rows = rows.collect::<Result<Vec<Markup>, Failure>>()?;
    let body = html! {
        p {
            (who) " after step " (grouped(examples.step)) ", on images "
            @match &examples.split {
                Some(split) => { "of " code { (split) } "." }
                None => "that judge.",
            }
        }
        div class="examples" { @for row in &rows { (row) } }
        (legend(story))
    };
    Ok(Section { id: "examples", name: "Examples", body })
}

fn row(dir: &Path, example: &Example) -> Result<Markup, Failure> {
    let files =
        [("image", &example.image), ("truth", &example.truth), ("prediction", &example.predicted)];
    let pictures = files.map(|(what, name)| {
        let path = dir.join(name);
        let bytes = std::fs::read(&path).map_err(|e| Failure::file("read", &path, &e))?;
        Ok::<_, Failure>((what, BASE64_STANDARD.encode(bytes)))
    });
    let pictures = pictures.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(html! {
        div class="example" {
            p { (example.name) @if let Some(miou) = example.miou { span class="dim" { "  mIoU " (percent(miou)) } } }
            div class="three" {
                @for (what, bytes) in &pictures {
                    figure {
                        img src={ "data:image/png;base64," (bytes) } alt={ (what) " of " (example.name) };
                        figcaption { (what) }
                    }
                }
            }
        }
    })
}

/// What the colours of the classes mean.
fn legend(story: &Story) -> Markup {
    let data = match &story.log {
        Log::Search { plan, .. } => &plan.data,
        Log::Train { plan, .. } => &plan.last().data,
    };
    let Some(format) = format::named(&data.dataset) else { return html! {} };
    let palette = (format.palette)();
    html! {
        ul class="palette" {
            @for class in palette.classes() {
                @let [r, g, b] = class.colour;
                li { span class="swatch" style={ "background:rgb(" (r) " " (g) " " (b) ")" } {} (class.name) }
            }
        }
    }
}
