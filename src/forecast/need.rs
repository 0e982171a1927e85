//! The memory that runs take at their peak. What a step takes is walked through with the plan that
//! it follows (`supernet::memory`); beside it are the program, images that are kept decoded, batches
//! that are made ahead, and networks that judge or teach.

use crate::cost::{self, Question, SizeProblem, Sizes};
use crate::ir::graph::WeightId;
use crate::ir::{DecisionGraph, Size};
use crate::search::parts::Owner;
use crate::search::plan::{Optimiser, Phase, SearchPlan};
use crate::supernet::memory::{StepBytes, StepKind, steps};
use serde::{Deserialize, Serialize};

/// What the process takes before the first tensor: the program, and what of libtorch a run comes to
/// use. What it is at least, measured on the CPU where files do not lie in huge pages; a process that
/// has libtorch in it can tell better ([`Need::held`]).
pub const PROGRAM: u64 = 140 << 20;

/// Bytes of one value.
const FLOAT: u64 = 4;
/// Bytes of a class by its index.
const INDEX: u64 = 8;
/// Of what is in use at most, one part in so many is kept when it is freed (`engine/shim/blocks.h`).
const KEPT: u64 = 16;
/// Bytes of a pixel that is kept decoded: three of the picture, one of the labels.
const PIXEL: u64 = 4;
/// Bytes of a pixel in a batch: three values and a label.
const BATCHED: u64 = 3 * FLOAT + 1;

/// Bytes that a run takes at once, at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The program and libtorch.
    pub program_bytes: u64,
    /// Images that are kept decoded.
    pub images_bytes: u64,
    /// Weights and running statistics, teachers' too.
    pub weights_bytes: u64,
    /// What the run does, each with what it takes beside these; they do not come together.
    pub moments: Vec<Moment>,
}

/// Something that a run does again and again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// What, in words.
    pub what: String,
    /// What optimisers keep, and averages of weights.
    pub optimiser_bytes: u64,
    /// Tensors beside these, at most.
    pub step_bytes: u64,
    /// What is noted for the way back.
    pub notes_bytes: u64,
    /// Batches that are made ahead.
    pub batches_bytes: u64,
}

impl Need {
    /// The same of a process that holds so much before the first tensor; 0 where nobody knows.
    pub fn held(self, program_bytes: u64) -> Need {
        match program_bytes {
            0 => self,
            program_bytes => Need { program_bytes, ..self },
        }
    }

    /// What lies where the network computes: tensors of the hungriest moment.
    pub fn tensors(&self) -> u64 {
        let of = |moment: &Moment| self.weights_bytes + moment.optimiser_bytes + moment.step_bytes;
        self.moments.iter().map(of).max().unwrap_or(self.weights_bytes)
    }

    /// What the process holds in memory at most, when it computes on the processor.
    pub fn resident(&self) -> u64 {
        let of = |moment: &Moment| {
            let tensors = self.weights_bytes + moment.optimiser_bytes + moment.step_bytes;
            tensors + tensors / KEPT + moment.notes_bytes + moment.batches_bytes
        };
        self.program_bytes + self.images_bytes + self.moments.iter().map(of).max().unwrap_or(0)
    }

    /// What the process holds in memory at most, when it computes elsewhere.
    pub fn host(&self) -> u64 {
        let batches = self.moments.iter().map(|moment| moment.batches_bytes).max().unwrap_or(0);
        self.program_bytes + self.images_bytes + batches
    }
}

/// What feeds a run with images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// Images of an epoch.
    pub images: u64,
    /// Their size as they are kept.
    pub kept: Size,
    /// Their size in a batch.
    pub input: Size,
    /// Images in a batch.
    pub batch: u32,
    /// Threads that make batches.
    pub threads: u32,
}

impl Feed {
    /// All images, decoded.
    pub fn kept_bytes(&self) -> u64 {
        self.images * self.kept.area() * PIXEL
    }

    /// The batch at work, and those that are made ahead: two of each thread wait, one is in its hands.
    pub fn batches_bytes(&self) -> u64 {
        let batches = self.images.div_ceil(u64::from(self.batch.max(1)));
        let lanes = u64::from(self.threads).min(batches);
        let ahead = (3 * lanes).min(batches.saturating_sub(1));
        (1 + ahead) * u64::from(self.batch) * self.input.area() * BATCHED
    }
}

/// What a search takes. `feeds` are those of the weights and, where halves take turns, of the
/// architecture.
///
/// # Errors
/// Where the network does not fit the images.
pub fn search(
    graph: &DecisionGraph,
    plan: &SearchPlan,
    feeds: (Feed, Option<Feed>),
) -> Result<Need, SizeProblem> {
    let (feed, other) = feeds;
    let kinds = match other {
        Some(_) => [(StepKind::Weights, WEIGHTS), (StepKind::Arch, ARCHITECTURE)],
        None => [(StepKind::Weights, WEIGHTS), (StepKind::Both, BOTH)],
    };
    // Steps that the plan never comes to take no memory.
    let taken = |kind: StepKind| match kind {
        StepKind::Weights => other.is_some() || plan.arch_from > 0,
        StepKind::Arch | StepKind::Both => plan.epochs > plan.arch_from,
    };
    let kinds: Vec<_> = kinds.into_iter().filter(|(kind, _)| taken(*kind)).collect();
    let all: Vec<StepKind> = kinds.iter().map(|(kind, _)| *kind).collect();
    let at = (feed.input, u64::from(feed.batch));
    let found = steps(graph, at, &all, &[])?;
    let batches_bytes = feed.batches_bytes() + other.map_or(0, |feed| feed.batches_bytes());
    let copies = copies(&plan.weights);
    let moment = |((_, what), bytes): (&(StepKind, &str), &StepBytes)| Moment {
        what: (*what).to_owned(),
        optimiser_bytes: bytes.optimiser * copies,
        step_bytes: bytes.step,
        notes_bytes: bytes.notes,
        batches_bytes,
    };
    Ok(Need {
        program_bytes: PROGRAM,
        images_bytes: feed.kept_bytes() + other.map_or(0, |feed| feed.kept_bytes()),
        weights_bytes: found.first().map_or(0, |bytes| bytes.weights),
        moments: kinds.iter().zip(&found).map(moment).collect(),
    })
}

/// What steps are called.
const WEIGHTS: &str = "step of the weights";
const ARCHITECTURE: &str = "step of the architecture";
const BOTH: &str = "step of weights and architecture";

/// What a phase of a training takes, the teachers of its loss beside it.
///
/// # Errors
/// Where a network does not fit the images.
pub fn phase(
    graph: &DecisionGraph,
    phase: &Phase,
    teachers: &[&DecisionGraph],
    feed: Feed,
) -> Result<Need, SizeProblem> {
    let names = (0..graph.weights.len() as u32).map(|id| graph.weight_name(WeightId(id)));
    let owners: Vec<Owner> = names.map(|name| phase.owner(&name)).collect();
    let held: Vec<bool> = owners.iter().map(|owner| *owner == Owner::Frozen).collect();
    let at = (feed.input, u64::from(feed.batch));
    let found = steps(graph, at, &[StepKind::Weights], &held)?;
    let step = found.first().copied().unwrap_or_default();
    let (mut optimiser, mut trained) = (0, 0);
    for (set, owner) in graph.weights.iter().zip(&owners) {
        let bytes = graph.shape(set).params() * FLOAT;
        if let Owner::Mover(mover) = owner {
            let rule = phase.weights.get(*mover).map(|mover| &mover.rule);
            optimiser += bytes * rule.map_or(0, copies);
            trained += bytes;
        }
    }
    // The sum of gradients waits while the next batch has its step.
    let waiting = if phase.accumulate > 1 { trained } else { 0 };
    let averages = if phase.average.is_some() { step.weights } else { 0 };
    let (mut weights, mut said, mut teaching) = (step.weights, 0, 0);
    for teacher in teachers {
        let bytes = glance(teacher, feed.input, feed.batch)?;
        weights += bytes.weights;
        said += bytes.output;
        teaching = teaching.max(bytes.maps);
    }
    let moment = Moment {
        what: "step".to_owned(),
        optimiser_bytes: optimiser + averages,
        step_bytes: (step.step + said).max(teaching + said) + waiting,
        notes_bytes: step.notes,
        batches_bytes: feed.batches_bytes(),
    };
    Ok(Need {
        program_bytes: PROGRAM,
        images_bytes: feed.kept_bytes(),
        weights_bytes: weights,
        moments: vec![moment],
    })
}

/// What several things take that one process does, one after the other, over one network that alone
/// takes `own` bytes of weights: what each keeps stays.
pub fn together(own: u64, all: Vec<Need>) -> Need {
    let sum = |part: fn(&Need) -> u64| all.iter().map(part).sum::<u64>();
    let besides = all.iter().map(|need| need.weights_bytes.saturating_sub(own)).sum::<u64>();
    Need {
        program_bytes: PROGRAM,
        images_bytes: sum(|need| need.images_bytes),
        weights_bytes: own + besides,
        moments: all.into_iter().flat_map(|need| need.moments).collect(),
    }
}

/// How a network looks at images: as `--scales`, `--flip` and `--window` say.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Factors of the images' sides.
    pub scales: Vec<f64>,
    /// Whether they are mirrored, too.
    pub flip: bool,
    /// The size of a window that slides.
    pub window: Option<Size>,
}

impl Default for Look {
    fn default() -> Look {
        Look { scales: vec![1.0], flip: false, window: None }
    }
}

/// What judging takes: a network that looks at batches of whole images and tells the class of each
/// pixel at their size as kept. Images are not kept.
///
/// # Errors
/// Where the network does not fit the images.
pub fn judging(graph: &DecisionGraph, look: &Look, feed: Feed) -> Result<Need, SizeProblem> {
    let plain = *look == Look::default();
    let whole = glance(graph, feed.input, if plain { feed.batch } else { 1 });
    let pixels = feed.kept.area();
    let images = 3 * feed.input.area() * u64::from(feed.batch) * FLOAT;
    let (weights, step) = if plain {
        let seen = whole?;
        // Logits at the images' size, and the class of each pixel.
        let told = seen.output_at(feed.kept) + pixels * u64::from(feed.batch) * INDEX;
        (seen.weights, seen.maps.max(images + seen.output + told))
    } else {
        let mut most = (0, 0);
        for scale in &look.scales {
            let side = |side: u32| (f64::from(side) * scale).round().max(1.0) as u32;
            let scaled = Size { h: side(feed.input.h), w: side(feed.input.w) };
            let window =
                look.window.map_or(scaled, |w| Size { h: w.h.min(scaled.h), w: w.w.min(scaled.w) });
            // A size that does not fit gives way to one nearby.
            let Ok(seen) = glance(graph, window, 1) else { continue };
            let (at, full) = (seen.output_at(window), seen.output_at(feed.kept));
            let gathered = if look.window.is_some() { seen.output_at(scaled) } else { 0 };
            let looking = 3 * scaled.area() * FLOAT + gathered + (2 * at).max(seen.maps) + full;
            most = (seen.weights, most.1.max(looking).max(3 * full));
        }
        (most.0, images + most.1)
    };
    let moment = Moment {
        what: "looking at images".to_owned(),
        step_bytes: step,
        batches_bytes: feed.batches_bytes(),
        ..Moment::default()
    };
    Ok(Need {
        program_bytes: PROGRAM,
        images_bytes: 0,
        weights_bytes: weights,
        moments: vec![moment],
    })
}

/// What an inference takes, without images that are read: the network alone.
///
/// # Errors
/// Where the network does not fit the input.
pub fn inference(graph: &DecisionGraph, input: Size, batch: u32) -> Result<Need, SizeProblem> {
    let seen = glance(graph, input, batch)?;
    let moment = Moment {
        what: "inference".to_owned(),
        step_bytes: seen.maps + seen.output,
        ..Moment::default()
    };
    Ok(Need {
        program_bytes: PROGRAM,
        images_bytes: 0,
        weights_bytes: seen.weights,
        moments: vec![moment],
    })
}

/// What a look at images takes.
struct Glance {
    weights: u64,
    /// Maps at once, at most.
    maps: u64,
    /// The first output.
    output: u64,
    /// Its channels in all images.
    channels: u64,
}

impl Glance {
    /// The first output, brought to a size.
    fn output_at(&self, size: Size) -> u64 {
        self.channels * size.area() * FLOAT
    }
}

fn glance(graph: &DecisionGraph, input: Size, batch: u32) -> Result<Glance, SizeProblem> {
    let costs = cost::exact(graph, Question { input, batch, train: false })?;
    let sizes = Sizes::of(graph, &vec![true; graph.graph.node_count()], input);
    let first = graph.outputs.iter().find(|output| !output.aux);
    let channels = first.map_or(0, |output| u64::from(graph.node(output.node).ty.width));
    let area = first.and_then(|output| Some(sizes.ok()?.output(output.node).area()));
    let channels = channels * u64::from(batch);
    Ok(Glance {
        weights: costs.memory.weights_bytes,
        maps: costs.memory.infer_peak_bytes,
        output: channels * area.unwrap_or(0) * FLOAT,
        channels,
    })
}

/// Copies of what it moves that an optimiser keeps.
fn copies(rule: &Optimiser) -> u64 {
    match rule {
        Optimiser::Sgd(sgd) if sgd.momentum == 0.0 => 0,
        Optimiser::Sgd(_) => 1,
        Optimiser::Adam(_) => 2,
    }
}

/// The largest batch below `asked` that fits, where a smaller one never takes more; nothing where not
/// even one image does.
///
/// ```
/// use segc::forecast::need::largest_batch;
/// assert_eq!(largest_batch(16, |batch| batch <= 5), Some(5));
/// assert_eq!(largest_batch(16, |_| false), None);
/// ```
pub fn largest_batch(asked: u32, fits: impl Fn(u32) -> bool) -> Option<u32> {
    let (mut fitting, mut not) = (0, asked);
    while not.saturating_sub(fitting) > 1 {
        let middle = fitting + (not - fitting) / 2;
        if fits(middle) { fitting = middle } else { not = middle }
    }
    (fitting > 0).then_some(fitting)
}
