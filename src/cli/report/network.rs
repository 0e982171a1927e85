//! The network itself: its drawing, the space that it is from, what it costs, its spec.

use super::page::Section;
use super::story::{Log, Story};
use crate::cli::args::Input;
use crate::cli::cost::{self, Bounds};
use crate::cli::failure::Failure;
use crate::cli::graph;
use crate::cli::number::{bytes, grouped, with_prefix};
use crate::cli::read::{self, Chosen};
use crate::diag::Sink;
use crate::emit::sketch::Sketch;
use crate::emit::svg;
use crate::ir::member::member;
use crate::run;
use crate::sema::{self, Net};
use crate::syntax::{Hue, highlight};
use maud::{Markup, PreEscaped, html};

/// The finished network of a run, and what it costs beside the members of its space.
pub(super) struct Parts {
    /// Its graph; nothing before a search has come to one.
    net: Option<Net>,
    name: String,
    input: Input,
    own: Option<cost::Report>,
    /// Of a search, unless the space is so large that bounds take a while.
    space: Option<cost::Report>,
}

/// Kernels up to which the bounds of a space are found while one waits.
const QUICK: usize = 5_000;

impl Parts {
    pub(super) fn of(story: &Story) -> Result<Parts, Failure> {
        let (judged, manifest) = (&story.judged, &story.manifest);
        let name = manifest.emit.clone();
        let (input, _) = read::planned_input(&judged.space.plans, &name);
        let at = cost::At { input, training: input };
        let spaced = judged.space.nets.get(&name);
        let measure = |net: &Net| {
            let chosen = Chosen { name: &name, net, why: "" };
            cost::measure(judged, chosen, at, false).ok()
        };
        let (net, space) = match (&story.log, &story.found) {
            (Log::Train { .. }, _) => (spaced.cloned(), None),
            (Log::Search { .. }, None) => (None, None),
            (Log::Search { .. }, Some(found)) => {
                let quick = spaced.filter(|net| net.graph.graph.node_count() <= QUICK);
                (Some(written(&found.text, &name)?), quick.and_then(measure))
            }
        };
        let own = net.as_ref().and_then(measure);
        Ok(Parts { net, name, input, own, space })
    }

    /// The numbers that one looks for first.
    pub(super) fn tiles(&self) -> Vec<(&'static str, String, String)> {
        let Some(own) = &self.own else { return Vec::new() };
        let of = |own: Bounds, space: Option<Bounds>| {
            let note = space.map(|s| format!("space {} to {}", short(s.min), short(s.max)));
            (short(own.max), note.unwrap_or_default())
        };
        let (params, among) = of(own.params, self.space.as_ref().map(|s| s.params));
        let (macs, between) = of(own.macs, self.space.as_ref().map(|s| s.macs));
        vec![("params", params, among), ("MACs", macs, between)]
    }
}

fn short(n: u64) -> String {
    with_prefix(n).trim().to_owned()
}

/// The network of a spec that segc itself has written.
fn written(text: &str, net: &str) -> Result<Net, Failure> {
    let mut diags = Sink::default();
    let program = sema::load(run::ARCH, None, text, &[], &mut diags);
    let mut space = sema::analyse(&program, &mut diags);
    let found = space.nets.shift_remove(net).filter(|_| !diags.has_errors());
    found.ok_or_else(|| {
        Failure::with_help(
            format!("the run's `{}` is no spec of `{net}` any more", run::ARCH),
            "write it anew: `segc decode RUN -o RUN/arch.seg`",
        )
    })
}

/// Drawings of the network and, of a search, of its space with the path that is taken.
pub(super) fn drawings(story: &Story, parts: &Parts) -> Option<Section> {
    let judged = &story.judged;
    let sketch = |net: &Net| graph::draw(judged, Chosen { name: &parts.name, net, why: "" }, 1);
    let found = parts.net.as_ref().map(sketch);
    let space = story.found.as_ref().and_then(|found| {
        let net = judged.space.nets.get(&parts.name)?;
        let mut whole = sketch(net);
        whole.mark(&sketch(&Net {
            graph: member(&net.graph, &found.binding).into(),
            ..net.clone()
        }));
        Some(whole)
    });
    let title = match (&story.found, found.is_some()) {
        (Some(found), _) if found.last => "The network that was found",
        (Some(_), _) => "The network as it would be read off now",
        (None, _) => "The network",
    };
    let drawings = [(title, "found", found), ("The space that it is from", "space", space)];
    let shown = drawings.into_iter().filter_map(|(title, id, sketch)| Some((title, id, sketch?)));
    let shown: Vec<_> = shown.collect();
    let body = html! {
        @for (title, id, sketch) in &shown {
            h3 { (title) }
            (drawing(sketch, id))
        }
    };
    (!shown.is_empty()).then_some(Section { id: "network", name: "Network", body })
}

fn drawing(sketch: &Sketch, id: &str) -> Markup {
    match graph::is_of_use(sketch) {
        true => html! { div class="scroll drawing" { (PreEscaped(svg::inline(sketch, id))) } },
        false => html! { p class="dim" { "It has too many parts for a drawing to be of use." } },
    }
}

/// What the network costs, and where that lies between the bounds of its space.
pub(super) fn costs(story: &Story, parts: &Parts) -> Option<Section> {
    let own = parts.own.as_ref()?;
    let space = parts.space.as_ref();
    let exact = |n: u64| format!("{} ({})", short(n), grouped(n));
    let mut rows = vec![
        ("params", own.params, space.map(|s| s.params), exact as fn(u64) -> String),
        ("MACs", own.macs, space.map(|s| s.macs), exact),
    ];
    rows.extend(own.infer_peak_bytes.map(|peak| {
        ("memory of maps", peak, space.and_then(|s| s.infer_peak_bytes), bytes as fn(u64) -> String)
    }));
    let supernet = space.and_then(|s| s.supernet);
    let body = html! {
        p { "One inference at " code { (parts.input) } ". "
            @if let Some(net) = &supernet {
                "The supernet has " (short(net.params)) " params and takes "
                (bytes(net.train_peak_bytes)) " to train at " code { (net.train_input.0) } "."
            }
            @if space.is_none() && matches!(story.log, Log::Search { .. }) {
                "The space is large: " code { "segc cost" } " finds its bounds, in a while."
            }
        }
        div class="scroll" { table class=[space.is_none().then_some("narrow")] {
            thead { tr {
                th { "cost" } th class="num" { "network" }
                @if space.is_some() { th class="num" { "least" } th class="wide" { "of the space" } th { "most" } }
            } }
            tbody {
                @for (name, own, space, write) in rows {
                    tr {
                        td { (name) }
                        td class="num" { (write(own.max)) }
                        @if let Some(space) = space {
                            td class="num dim" { (short(space.min)) }
                            td class="wide" { (between(own.max, space)) }
                            td class="dim" { (short(space.max)) }
                        }
                    }
                }
            }
        } }
    };
    Some(Section { id: "costs", name: "Costs", body })
}

/// Where a number lies between bounds.
fn between(n: u64, bounds: Bounds) -> Markup {
    let length = (bounds.max - bounds.min).max(1) as f64;
    let share = (n.saturating_sub(bounds.min) as f64 / length).clamp(0.0, 1.0);
    html! {
        span class="range" { span class="at" style={ "left:" (format!("{:.1}", 100.0 * share)) "%" } {} }
    }
}

/// The spec of the network.
pub(super) fn spec(story: &Story) -> Option<Section> {
    let (text, name) = match (&story.log, &story.found) {
        (Log::Search { .. }, Some(found)) => (&found.text, run::ARCH),
        (Log::Search { .. }, None) => return None,
        (Log::Train { .. }, _) => (&story.judged.text, story.manifest.spec.as_str()),
    };
    let body = html! {
        p { code { (name) } ", " (text.lines().count()) " lines" }
        pre class="spec" tabindex="0" { code {
            @for (hue, text) in highlight(text) {
                @match class(hue) {
                    Some(class) => span class=(class) { (text) },
                    None => (text),
                }
            }
        } }
    };
    Some(Section { id: "spec", name: "Spec", body })
}

fn class(hue: Hue) -> Option<&'static str> {
    match hue {
        Hue::Plain => None,
        Hue::Keyword => Some("kw"),
        Hue::Number => Some("nr"),
        Hue::Text => Some("st"),
        Hue::Comment => Some("cm"),
        Hue::Doc => Some("dc"),
    }
}
