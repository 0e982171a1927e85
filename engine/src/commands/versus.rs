//! The winner of a search beside members of its space that were drawn by chance: all trained
//! alike, judged and timed in one run.

use super::images::Images;
use super::teachers::{Beside, Teachers};
use super::train::{Place, fresh, train_in};
use super::{bench, failed, spec};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use segc::cli::compute::Search;
use segc::cli::failure::Failure;
use segc::cli::number::grouped;
use segc::cli::read::Judged;
use segc::cli::term::{Rows, Term};
use segc::cost;
use segc::data::info;
use segc::ir::sample::Sampler;
use segc::ir::{Binding, DecisionGraph, Size};
use segc::run::log::{self, AGAINST_SCHEMA, Against};
use segc::run::{self, winner};
use segc::search::plan::{SearchPlan, TrainPlan};
use std::sync::Arc;
use tch::Device;

/// One of those that are compared.
struct Rival {
    name: String,
    graph: Arc<DecisionGraph>,
    miou: f64,
}

/// Trains the winner and so many random members alike, and prints the table.
pub(super) fn compare(
    judged: &Judged,
    plan: &SearchPlan,
    found: &Binding,
    (images, device): (&Images, Device),
    args: &Search,
    term: &mut Term,
) -> Result<(), Failure> {
    let Some((train, _)) = judged.space.plans.train.get(&plan.emit) else {
        return Err(Failure::with_help(
            format!("`{}` has no `train` block for `{}`", judged.name, plan.emit),
            "`--against` trains by it: `train NET { data … epochs … weights … }`",
        ));
    };
    let teachers = Teachers::read(train, term)?;
    let teachers = teachers.beside(judged);
    let mut rivals = Vec::new();
    for (name, binding) in members(judged, plan, found, args.against) {
        let member = (name.as_str(), &binding);
        rivals.push(trained(judged, (plan, train), member, (images, device), &teachers, args)?);
    }
    let input = bench_size(judged, plan);
    let graphs: Vec<&DecisionGraph> = rivals.iter().map(|r| &*r.graph).collect();
    let times = bench::latencies(&graphs, input, device)?;
    let against = outcome(&rivals, &times, input, images)?;
    let text = serde_json::to_vec_pretty(&against).map_err(failed)?;
    run::write_whole(&args.out.join(run::AGAINST), &text)?;
    table(&against, term)
}

/// The winner, then members drawn evenly from the space.
fn members(
    judged: &Judged,
    plan: &SearchPlan,
    found: &Binding,
    against: u32,
) -> Vec<(String, Binding)> {
    let sampler = Sampler::of(judged.space.decisions());
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let random = (1..=against)
        .filter_map(|n| sampler.sample(&mut rng).map(|binding| (format!("random {n}"), binding)));
    std::iter::once(("found".to_string(), found.clone())).chain(random).collect()
}

/// Writes a member as a spec, reads that spec, and trains what it says.
fn trained(
    judged: &Judged,
    (plan, train): (&SearchPlan, &TrainPlan),
    (name, binding): (&str, &Binding),
    (images, device): (&Images, Device),
    teachers: &Beside<'_>,
    args: &Search,
) -> Result<Rival, Failure> {
    let dir = args.out.join("against").join(name.replace(' ', "-"));
    std::fs::create_dir_all(&dir).map_err(|e| Failure::file("create", &dir, &e))?;
    let set = args.set.pairs();
    let origin = winner::Origin {
        spec: &judged.name,
        fingerprint: &run::fingerprint(&judged.program, &set),
        set: &set,
        found: None,
    };
    let text = winner::spec_of(&judged.program, &judged.space, &plan.emit, binding, &origin, None)?;
    let path = dir.join(run::ARCH);
    run::write_whole(&path, text.as_bytes())?;
    let net = spec::written(&text, &plan.emit)?;
    let network = fresh(&net.graph, device, train.seed)?;
    let place = Place { dir: &dir, resume: args.resume, name, machine: &args.machine, begun: None };
    let trained = train_in(&network, train, images, teachers, &place)?;
    drop(network);
    let miou = trained.scores.and_then(|s| s.miou).unwrap_or(0.0);
    Ok(Rival { name: name.to_string(), graph: net.graph, miou })
}

/// The size that the spec's bench block asks for, else a small one.
fn bench_size(judged: &Judged, plan: &SearchPlan) -> Size {
    let bench = judged.space.plans.bench.get(&plan.emit);
    let first = bench.and_then(|(b, _)| b.inputs.first());
    first.map_or(Size { h: 256, w: 512 }, |[_, _, h, w]| Size { h: *h, w: *w })
}

/// What came of it: costs and times of each at a size.
fn outcome(
    rivals: &[Rival],
    times: &[bench::Latency],
    input: Size,
    images: &Images,
) -> Result<Against, Failure> {
    let one = |(rival, time): (&Rival, &bench::Latency)| {
        let question = cost::Question { input, batch: 1, train: false };
        let costs = cost::exact(&rival.graph, question).map_err(failed)?;
        Ok(log::Rival {
            name: rival.name.clone(),
            miou: rival.miou,
            params: costs.params,
            macs: costs.macs,
            median_ms: time.median_ms,
            p95_ms: time.p95_ms,
        })
    };
    let majority = info::split_report(images.root(), "val")?.majority;
    Ok(Against {
        schema: AGAINST_SCHEMA.to_string(),
        input: input.to_string(),
        rivals: rivals.iter().zip(times).map(one).collect::<Result<_, Failure>>()?,
        majority: majority.map(|majority| (majority.name.to_string(), majority.miou)),
    })
}

fn table(against: &Against, term: &mut Term) -> Result<(), Failure> {
    term.line("")?;
    let latency = format!("median ms at {}", against.input);
    let mut rows = Rows::headed("lrrrrr", &["network", "mIoU", "params", "MACs", &latency, "p95"]);
    for rival in &against.rivals {
        rows.push([
            rival.name.clone(),
            format!("{:.1} %", 100.0 * rival.miou),
            grouped(rival.params),
            grouped(rival.macs),
            format!("{:.2}", rival.median_ms),
            format!("{:.2}", rival.p95_ms),
        ]);
    }
    if let Some((name, miou)) = &against.majority {
        let (name, miou) = (format!("all {name}"), format!("{:.1} %", 100.0 * miou));
        rows.push([name, miou, "-".into(), "-".into(), "-".into(), "-".into()]);
    }
    term.table(&rows)?;
    let mut random: Vec<f64> = against.rivals.iter().skip(1).map(|r| r.miou).collect();
    random.sort_by(f64::total_cmp);
    if let (Some(found), Some(median)) = (against.rivals.first(), random.get(random.len() / 2)) {
        term.line(format!(
            "found {:.1} %, median of {} random members {:.1} %",
            100.0 * found.miou,
            random.len(),
            100.0 * median
        ))?;
    }
    Ok(())
}
