//! What the search thought of every decision, over its epochs: how certain it was, and how the
//! alternatives stood.

use super::curves::{figure, notes};
use super::page::{Section, percent};
use super::story::{Found, Log, Story};
use super::trellis;
use crate::chart::{Axis, COLOURS, Mark, NONE, Plot};
use crate::decode::Score;
use crate::ir::decision::{Pick, Picks, Value};
use crate::ir::{Decision, Domain};
use crate::maps::IndexMap;
use crate::run::log::SearchLine;
use crate::search::relax::Opinion;
use maud::{Markup, html};

/// Decisions up to which all of them are laid open.
const FEW: usize = 12;
/// Columns of a strip at most.
const COLUMNS: usize = 80;
/// Layers of a stack at most; what is least at the end goes together.
const LAYERS: usize = 8;

/// The epochs of a search and what was thought after each.
struct History<'s> {
    /// Finished epochs.
    epochs: Vec<f64>,
    opinions: Vec<&'s [Opinion]>,
}

impl<'s> History<'s> {
    fn of(story: &'s Story) -> Option<(History<'s>, &'s Found)> {
        let Log::Search { lines, .. } = &story.log else { return None };
        let mut history = History { epochs: Vec::new(), opinions: Vec::new() };
        let decisions = story.judged.space.decisions().len();
        for line in lines {
            if let SearchLine::Epoch { epoch, opinions, .. } = line
                && opinions.len() == decisions
            {
                history.epochs.push((*epoch + 1) as f64);
                history.opinions.push(opinions);
            }
        }
        let found = story.found.as_ref()?;
        (!history.epochs.is_empty()).then_some((history, found))
    }

    /// How certain a decision was after each epoch: 0 where nothing was preferred, 1 where nothing
    /// but one value was left.
    fn certainty(&self, decision: usize, ceiling: f64) -> Vec<f64> {
        let of = |opinions: &&[Opinion]| {
            let entropy: f64 = opinions.get(decision).map_or(0.0, |o| o.entropy.iter().sum());
            if ceiling > 0.0 { (1.0 - entropy / ceiling).clamp(0.0, 1.0) } else { 1.0 }
        };
        self.opinions.iter().map(of).collect()
    }
}

/// How certain the decisions are in the mean: a tile.
pub(super) fn certainty(story: &Story) -> Option<(&'static str, String, String)> {
    let (history, found) = History::of(story)?;
    let all = found.ceilings.iter().enumerate();
    let last: Vec<f64> =
        all.filter_map(|(i, c)| history.certainty(i, *c).last().copied()).collect();
    let mean = last.iter().sum::<f64>() / last.len().max(1) as f64;
    let note = format!("mean of {} decisions", last.len());
    Some(("certainty", percent(mean), note))
}

/// The decisions of a search.
pub(super) fn section(story: &Story) -> Option<Section> {
    let (history, found) = History::of(story)?;
    let decisions = story.judged.space.decisions();
    let certain: Vec<Vec<f64>> =
        (0..decisions.len()).map(|i| history.certainty(i, found.ceilings[i])).collect();
    let mut colours = Colours::default();
    let cards: Vec<Markup> = decisions
        .iter()
        .enumerate()
        .map(|(i, decision)| card(i, decision, &history, found, &mut colours))
        .collect();
    let body = html! {
        p {
            "Certainty is 0 % where nothing was preferred and 100 % where one value was left: what the entropy "
            "of a decision's weights lacks of the most that it can be."
        }
        div class="charts" { (over_all(&history, &certain)) }
        (strips(decisions, found, &certain))
        @if decisions.len() <= FEW {
            div class="cards" { @for card in &cards { (card) } }
        } @else {
            details { summary { "The alternatives of each of the " (decisions.len()) " decisions" }
                div class="cards" { @for card in &cards { (card) } }
            }
        }
    };
    Some(Section { id: "decisions", name: "Decisions", body })
}

/// How certain all decisions are over time.
fn over_all(history: &History<'_>, certain: &[Vec<f64>]) -> Markup {
    let x = Axis::over("epoch", history.epochs.iter().copied()).whole();
    let y = Axis::over("", certain.iter().flatten().map(|c| 100.0 * c)).with(0.0).wider(0.02);
    let mut plot = Plot::new("certainty", x, y.unit(" %"));
    let along = |values: &[f64]| -> Vec<(f64, f64)> {
        history.epochs.iter().copied().zip(values.iter().map(|c| 100.0 * c)).collect()
    };
    for one in certain {
        plot.draw(NONE, Mark::Thin(along(one)));
    }
    let count = certain.len().max(1) as f64;
    let mean = |at: usize| certain.iter().filter_map(|one| one.get(at)).sum::<f64>() / count;
    let mean: Vec<f64> = (0..history.epochs.len()).map(mean).collect();
    let mean = along(&mean);
    plot.draw(0, Mark::Line(mean.clone()));
    plot.key(0, "mean");
    plot.key(NONE, "each decision");
    plot.notes = notes(&mean, |x, y| format!("after epoch {x:.0}: {y:.1} % in the mean"));
    figure(&plot, "How certain the decisions are over time", "")
}

/// A row for each decision: how certain it became, when, and what it takes.
fn strips(decisions: &[Decision], found: &Found, certain: &[Vec<f64>]) -> Markup {
    let most = certain.iter().flatten().copied().fold(1e-3, f64::max);
    html! {
        div class="scroll" { table class="strips" {
            thead { tr {
                th { "decision" } th class="wide" { "certainty over time, " span class="nowrap" { "full colour at " (percent(most)) } }
                th {} th { "takes" }
            } }
            tbody {
                @for (i, (decision, certain)) in decisions.iter().zip(certain).enumerate() {
                    tr {
                        td { a href={ "#d" (i) } { (decision.name) } }
                        td class="wide" { (strip(certain, most)) }
                        td class="num" { (certain.last().map_or(String::new(), |c| percent(*c))) }
                        td class="takes" { (taken(decision, found, i)) }
                    }
                }
            }
        } }
    }
}

/// Certainty over time as depth of colour, `most` the deepest.
fn strip(certain: &[f64], most: f64) -> Markup {
    let every = certain.len().div_ceil(COLUMNS).max(1);
    let shown: Vec<f64> = certain.iter().copied().step_by(every).collect();
    html! {
        svg class="chart strip" viewBox={ "0 0 " (shown.len()) " 1" } preserveAspectRatio="none" role="img"
            aria-label="certainty over time" {
            @for (x, value) in shown.iter().enumerate() {
                rect class="f0" x=(x) y="0" width="1" height="1"
                    style={ "opacity:" (format!("{:.3}", value / most)) } {}
            }
        }
    }
}

fn taken(decision: &Decision, found: &Found, at: usize) -> String {
    found.binding.0.get(at).map_or(String::new(), |value| decision.domain.show(value))
}

/// The colours of labels: the same label has the same colour everywhere, while there are enough.
#[derive(Default)]
struct Colours(IndexMap<String, usize>);

impl Colours {
    fn of(&mut self, label: &str) -> usize {
        let next = self.0.len() % COLOURS;
        *self.0.entry(label.to_owned()).or_insert(next)
    }
}

/// Alternatives of which one is preferred to the others, over time.
struct Group {
    name: String,
    labels: Vec<String>,
    /// `[epoch][label]`, each row summing to one.
    shares: Vec<Vec<f64>>,
    /// How many times each label is taken.
    taken: Vec<usize>,
}

fn card(
    at: usize,
    decision: &Decision,
    history: &History<'_>,
    found: &Found,
    colours: &mut Colours,
) -> Markup {
    let scores: Vec<&Score> =
        history.opinions.iter().filter_map(|all| all.get(at)).map(|o| &o.weights).collect();
    let value = found.binding.0.get(at);
    let margin = found.margins.get(at).copied().flatten();
    let inner = match (&decision.domain, value) {
        (Domain::Path(lattice), Some(Value::Path(path))) => {
            trellis::snapshots(lattice, path, &history.epochs, &scores)
        }
        (domain, value) => {
            let groups = groups(domain, value, &scores);
            html! { div class="groups" { @for group in &groups { (stack(group, &history.epochs, colours)) } } }
        }
    };
    html! {
        article id={ "d" (at) } class=[matches!(decision.domain, Domain::Path(_)).then_some("whole")] {
            h3 { (decision.name) }
            p class="takes" {
                (taken(decision, found, at))
                @if let Some(margin) = margin {
                    span class="dim" title="how far the log weight lies above the next best" {
                        "  ahead by " (format!("{margin:.3}"))
                    }
                }
            }
            (inner)
        }
    }
}

fn groups(domain: &Domain, value: Option<&Value>, scores: &[&Score]) -> Vec<Group> {
    match domain {
        Domain::One(labels) => {
            let rows = scores.iter().filter_map(|score| match score {
                Score::One(row) => Some(row.clone()),
                Score::Candidates(_) | Score::Slots(_) | Score::Path(_) => None,
            });
            let taken = |i: usize| usize::from(value == Some(&Value::One(i as u32)));
            let taken = (0..labels.len()).map(taken).collect();
            vec![group(String::new(), labels.clone(), rows.collect(), taken)]
        }
        Domain::Picks(picks) => {
            let chosen = match value {
                Some(Value::Picks(chosen)) => chosen.as_slice(),
                _ => &[],
            };
            of_picks(picks, chosen, scores)
        }
        Domain::Path(_) => Vec::new(),
    }
}

fn of_picks(picks: &Picks, chosen: &[Pick], scores: &[&Score]) -> Vec<Group> {
    let options = picks.options();
    let times = |pick: &Pick| chosen.iter().filter(|c| *c == pick).count();
    let label = |pick: &Pick| {
        let candidate = &picks.candidates[pick.candidate as usize];
        match candidate.ops.get(pick.op as usize) {
            Some(op) => format!("{} via {op}", candidate.label),
            None => candidate.label.clone(),
        }
    };
    match scores.last() {
        Some(Score::Slots(rows)) => {
            let slot = |slot: usize| {
                let row = |score: &&Score| match score {
                    Score::Slots(rows) => rows.get(slot).cloned(),
                    Score::One(_) | Score::Candidates(_) | Score::Path(_) => None,
                };
                let own = |pick: &Pick| usize::from(chosen.get(slot) == Some(pick));
                let taken =
                    options.iter().map(|p| if picks.ordered { own(p) } else { times(p) }).collect();
                let labels = options.iter().map(label).collect();
                group(
                    format!("pick {}", slot + 1),
                    labels,
                    scores.iter().filter_map(row).collect(),
                    taken,
                )
            };
            (0..rows.len()).map(slot).collect()
        }
        // One softmax for each candidate where all have something to mix.
        Some(Score::Candidates(rows)) if rows.iter().all(|row| row.len() > 1) => {
            let candidate = |c: usize| {
                let row = |score: &&Score| candidates(score).and_then(|rows| rows.get(c).cloned());
                let own = options.iter().filter(|pick| pick.candidate as usize == c);
                let taken = own.map(times).collect();
                let (name, labels) = (&picks.candidates[c].label, &picks.candidates[c].ops);
                group(name.clone(), labels.clone(), scores.iter().filter_map(row).collect(), taken)
            };
            (0..rows.len()).map(candidate).collect()
        }
        Some(Score::Candidates(_)) => {
            let rows =
                scores.iter().filter_map(|score| candidates(score).map(|rows| rows.concat()));
            let taken = options.iter().map(times).collect();
            let labels = options.iter().map(label).collect();
            vec![group(String::new(), labels, rows.collect(), taken)]
        }
        Some(Score::One(_) | Score::Path(_)) | None => Vec::new(),
    }
}

fn candidates<'s>(score: &&'s Score) -> Option<&'s Vec<Vec<f64>>> {
    match score {
        Score::Candidates(rows) => Some(rows),
        Score::One(_) | Score::Slots(_) | Score::Path(_) => None,
    }
}

fn group(name: String, labels: Vec<String>, rows: Vec<Vec<f64>>, taken: Vec<usize>) -> Group {
    let share = |row: Vec<f64>| {
        let total: f64 = row.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        row.into_iter().map(|weight| weight / total).collect()
    };
    Group { name, labels, shares: rows.into_iter().map(share).collect(), taken }
}

/// A layer of a stack: its label, its colour, its shares over time, how often it is taken.
struct Layer {
    label: String,
    colour: usize,
    shares: Vec<f64>,
    taken: usize,
}

/// The layers of a group in the order of its labels; beyond a few, the least at the end are one.
fn layers(group: &Group, colours: &mut Colours) -> Vec<Layer> {
    let last = group.shares.last().cloned().unwrap_or_default();
    let mut order: Vec<usize> = (0..group.labels.len()).collect();
    // What is taken is shown, whatever its share.
    let rank = |i: usize| (group.taken[i] > 0, last.get(i).copied().unwrap_or(0.0));
    order.sort_by(|&a, &b| rank(b).0.cmp(&rank(a).0).then(rank(b).1.total_cmp(&rank(a).1)));
    let most = if order.len() > LAYERS { LAYERS - 1 } else { LAYERS };
    let (mut shown, rest) =
        (order[..order.len().min(most)].to_vec(), &order[order.len().min(most)..]);
    shown.sort_unstable();
    let over = |of: &[usize]| -> Vec<f64> {
        group.shares.iter().map(|row| of.iter().filter_map(|i| row.get(*i)).sum()).collect()
    };
    let mut layers: Vec<Layer> = shown
        .iter()
        .map(|&i| Layer {
            label: group.labels[i].clone(),
            colour: colours.of(&group.labels[i]),
            shares: over(&[i]),
            taken: group.taken[i],
        })
        .collect();
    if !rest.is_empty() {
        let label = format!("{} others", rest.len());
        layers.push(Layer { label, colour: NONE, shares: over(rest), taken: 0 });
    }
    layers
}

fn stack(group: &Group, epochs: &[f64], colours: &mut Colours) -> Markup {
    let layers = layers(group, colours);
    // A single epoch has no breadth: it is drawn as a bar.
    let xs: Vec<f64> = if epochs.len() == 1 { vec![0.0, 1.0] } else { epochs.to_vec() };
    let mut plot = Plot::bare(Axis::over("", xs.iter().copied()), Axis::over("", [0.0, 1.0]));
    // From the top, as the labels are listed.
    let mut top = vec![1.0; xs.len()];
    for layer in &layers {
        let share =
            |at: usize| layer.shares.get(at.min(layer.shares.len() - 1)).copied().unwrap_or(0.0);
        let rows: Vec<(f64, f64, f64)> =
            (0..xs.len()).map(|at| (xs[at], top[at] - share(at), top[at])).collect();
        top = rows.iter().map(|row| row.1).collect();
        plot.draw(layer.colour, Mark::Area(rows));
    }
    html! {
        div class="group" {
            @if !group.name.is_empty() { h4 { (group.name) } }
            (plot.svg("shares of the alternatives over time, the first epoch at the left"))
            ul class="legend" {
                @for layer in &layers {
                    li class=[(layer.taken > 0).then_some("taken")] {
                        span class="chart" { (swatch(layer.colour)) }
                        span { (layer.label) @if layer.taken > 1 { " ×" (layer.taken) } }
                        span class="num" { (layer.shares.last().map_or(String::new(), |s| percent(*s))) }
                    }
                }
            }
        }
    }
}

fn swatch(colour: usize) -> Markup {
    let class = if colour == NONE { "fnone".to_owned() } else { format!("f{}", colour % COLOURS) };
    html! { svg class="dotkey" viewBox="0 0 10 10" aria-hidden="true" { rect class=(class) width="10" height="10" rx="2.5" {} } }
}
