//! `segc search`: searches a space, and writes its best network as a spec.

use super::clock::Clock;
use super::images::Images;
use super::plan::sources;
use super::progress::Bar;
use super::{Ended, failed, machine, need, run_ended, seen, spec, versus};
use crate::exec::executor::{Executor, Options};
use crate::exec::run::RunError;
use crate::exec::search::{SearchJob, Searched, search};
use crate::exec::{archive, checkpoint, state};
use crate::torch::process;
use segc::cli::compute::{Device, Search};
use segc::cli::failure::Failure;
use segc::cli::number::grouped;
use segc::cli::plan::{Planned, planned};
use segc::cli::read::Judged;
use segc::cli::term::Term;
use segc::data::Loader;
use segc::data::loader::split_halves;
use segc::decode::Decoded;
use segc::ir::inherit::origins;
use segc::run::{self, Manifest, winner};
use segc::search::Relaxation;
use segc::search::plan::SearchPlan;
use std::collections::BTreeMap;
use std::path::Path;

/// Steps between checkpoints within an epoch.
pub(super) const CHECKPOINT_STEPS: u64 = 50;

pub(super) fn run(args: &Search, term: &mut Term) -> Result<Ended, Failure> {
    let planned = planned(&args.file)?;
    let args = &match &planned {
        Some(planned) => segc::cli::plan::search(planned, args)?,
        None => args.clone(),
    };
    let judged = spec::planned(&args.file, &args.set, planned.as_ref(), term)?;
    let asked = planned.as_ref().map(Planned::net);
    let plan = plan(&judged, asked, args.seed, args.batch)?;
    let device = machine(&args.machine)?;
    let images =
        Images::find(args.data.as_deref(), &judged.space.plans.data, args.machine.threads())?;
    if let Some(planned) = &planned {
        planned.holds(&sources::of_search(&judged, &plan, &images)?, &process::version())?;
    }
    let net = judged.space.nets.get(&plan.net).ok_or(Failure::Spec)?;
    need::for_search(&net.graph, &plan, &images, &args.machine)?;
    let batches = Batches::of(&plan, &images, None)?;
    let manifest =
        manifest(&judged, &plan, &images, (&args.set.pairs(), &args.file), args.machine.device());
    let _held = run::begin(&args.out, &manifest, &judged.program, args.resume)?;
    let options = Options { device, seed: plan.seed, ..Options::default() };
    let network = Executor::new(&net.graph, options).map_err(failed)?;
    let relaxation = Relaxation::new(judged.space.decisions(), &net.graph.leaves, plan.boundary)
        .map_err(failed)?;
    let searched = search_all(&plan, &batches, &network, &relaxation, args)?;
    if !searched.finished {
        eprintln!("stopped; go on with `--resume`");
        return Ok(Ended::Stopped);
    }
    let params = &searched.state.params;
    let decoded = conclude(&judged, (&plan, &manifest), &network, params, &args.out)?;
    let all_steps = plan.epochs * batches.weights.batches() as u64;
    let (found, looked_at) = ((&network, &decoded.binding), (&images, &plan.data));
    // The search has come to its end, whether pictures of it can be made or not.
    if let Err(failure) = seen::write(&args.out, found, looked_at, all_steps) {
        eprintln!("the report will show no examples:");
        failure.report(term);
    }
    report(&judged, &plan, &searched, &relaxation, &decoded, args, term)?;
    if args.against > 0 {
        versus::compare(&judged, &plan, &decoded.binding, (&images, device), args, term)?;
    }
    next_commands(args, term)?;
    Ok(Ended::Done)
}

/// The search that the spec asks for, changed by the command line: of the network that is `asked`
/// for, else the first.
pub(super) fn plan(
    judged: &Judged,
    asked: Option<&str>,
    seed: Option<u64>,
    batch: Option<u32>,
) -> Result<SearchPlan, Failure> {
    let plans = &judged.space.plans.search;
    let found = asked.map_or_else(|| plans.values().next(), |net| plans.get(net));
    let Some((plan, _)) = found else {
        let of = asked.map_or(String::new(), |net| format!(" for `{net}`"));
        return Err(Failure::with_help(
            format!("`{}` has no `search` block{of}", judged.name),
            "say what to do: `search NET { data … epochs … weights … arch … }`",
        ));
    };
    let mut plan = plan.clone();
    plan.seed = seed.unwrap_or(plan.seed);
    plan.data.batch = batch.unwrap_or(plan.data.batch);
    Ok(plan)
}

pub(super) fn manifest(
    judged: &Judged,
    plan: &SearchPlan,
    images: &Images,
    (set, file): (&[(String, String)], &Path),
    device: Device,
) -> Manifest {
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned());
    Manifest {
        schema: run::SCHEMA.to_string(),
        segc: env!("CARGO_PKG_VERSION").to_string(),
        machine: format!("libtorch {}, {device}", process::version()),
        spec: name.filter(|n| n != "-").unwrap_or_else(|| "stdin.seg".to_string()),
        fingerprint: run::fingerprint(&judged.program, set),
        set: set.to_vec(),
        net: plan.net.clone(),
        emit: plan.emit.clone(),
        strategy: "gradient".to_string(),
        seed: plan.seed,
        data: images.root().display().to_string(),
        init: None,
        plan: Some(run::Plan::Search(Box::new(plan.clone()))),
    }
}

/// What a search learns from.
pub(super) struct Batches {
    /// The images that move the weights.
    pub(super) weights: Loader,
    /// The images that move the architecture.
    pub(super) arch: Loader,
    /// What part of the labelled pixels each class makes up, where the loss has to know it.
    pub(super) shares: Vec<f64>,
}

impl Batches {
    /// All that the plan asks for, or no more than so many images to move each.
    pub(super) fn of(
        plan: &SearchPlan,
        images: &Images,
        most: Option<usize>,
    ) -> Result<Batches, Failure> {
        let all = images.open(&plan.data, &plan.data.split)?.len();
        let (mut first, mut second) = match plan.halves {
            true => split_halves(all, plan.seed),
            false => ((0..all).collect(), (0..all).collect()),
        };
        for half in [&mut first, &mut second] {
            half.truncate(most.unwrap_or(usize::MAX));
        }
        Ok(Batches {
            weights: images.training(&plan.data, plan.seed, Some(first))?,
            arch: images.training(&plan.data, plan.seed.wrapping_add(1), Some(second))?,
            shares: images.shares(&plan.data, &plan.loss)?,
        })
    }
}

fn search_all(
    plan: &SearchPlan,
    batches: &Batches,
    network: &Executor<'_>,
    relaxation: &Relaxation,
    args: &Search,
) -> Result<Searched, Failure> {
    let job = SearchJob {
        network,
        relaxation,
        plan,
        weights: &batches.weights,
        arch: &batches.arch,
        shares: &batches.shares,
        dir: &args.out,
        checkpoint_steps: CHECKPOINT_STEPS,
        resume: args.resume,
    };
    let (bar, mut clock) = (Bar::new("search"), Clock::start(&args.out, &args.machine));
    let searched = search(&job, &mut |at| {
        clock.show(at);
        bar.show(at)
    });
    bar.done();
    clock.end(searched.as_ref().is_ok_and(|searched| searched.finished));
    searched.map_err(|error| ended(error, &args.out))
}

/// Why a search ended; if by steps that were too long, what is left of it and what to try.
pub(super) fn ended(error: RunError, dir: &Path) -> Failure {
    if !error.is_divergence() {
        return run_ended(error);
    }
    let milder = "begin again with a lower `rate` of the weights, or give them a `clip`";
    let help = match checkpoint::newest(dir) {
        Some(_) => format!("{milder}; what it had found before: `segc decode {}`", dir.display()),
        None => milder.to_owned(),
    };
    Failure::with_help(error.to_string(), help)
}

/// Reads the architecture off the parameters, and writes it with the weights that it inherits.
pub(super) fn conclude(
    judged: &Judged,
    (plan, manifest): (&SearchPlan, &Manifest),
    network: &Executor<'_>,
    params: &[f64],
    dir: &Path,
) -> Result<Decoded, Failure> {
    let net = judged.space.nets.get(&plan.net).ok_or(Failure::Spec)?;
    let decoded = winner::winner(&judged.space, net, plan, params).map_err(failed)?;
    let text = write_arch(judged, plan, manifest, &decoded, dir)?;
    write_inherited(judged, plan, network, &decoded, &text, dir)?;
    Ok(decoded)
}

fn write_arch(
    judged: &Judged,
    plan: &SearchPlan,
    manifest: &Manifest,
    decoded: &Decoded,
    dir: &Path,
) -> Result<String, Failure> {
    let origin = winner::Origin {
        spec: &manifest.spec,
        fingerprint: &manifest.fingerprint,
        set: &manifest.set,
        found: Some(format!(
            "{}, seed {}, {} epochs",
            manifest.strategy, manifest.seed, plan.epochs
        )),
    };
    let text = winner::spec_of(
        &judged.program,
        &judged.space,
        &plan.emit,
        &decoded.binding,
        &origin,
        Some(decoded),
    )?;
    run::write_whole(&dir.join(run::ARCH), text.as_bytes())?;
    Ok(text)
}

/// Writes the weights that the winner takes over from the search, named as its spec names them.
fn write_inherited(
    judged: &Judged,
    plan: &SearchPlan,
    network: &Executor<'_>,
    decoded: &Decoded,
    text: &str,
    dir: &Path,
) -> Result<(), Failure> {
    let (Some(net), written) =
        (judged.space.nets.get(&plan.emit), spec::written(text, &plan.emit)?)
    else {
        return Err(Failure::Spec);
    };
    let origins = origins(&net.graph, &decoded.binding, &written.graph);
    let other = || Failure::machine("the spec that was written is another network: a bug of segc");
    let origins = origins.ok_or_else(other)?;
    let named = state::named(network);
    let inherited = state::inherited(&named, &origins, &written.graph).map_err(failed)?;
    archive::write(&dir.join(run::INHERITED), &inherited, &BTreeMap::new()).map_err(failed)
}

/// What was found, and how far the architecture moved from where it began.
fn report(
    judged: &Judged,
    plan: &SearchPlan,
    searched: &Searched,
    relaxation: &Relaxation,
    decoded: &Decoded,
    args: &Search,
    term: &mut Term,
) -> Result<(), Failure> {
    let begun = relaxation.init(plan.seed);
    let moved = begun.iter().zip(&searched.state.params).map(|(a, b)| (a - b).powi(2));
    let moved = moved.sum::<f64>().sqrt();
    term.line(format!(
        "{} found {} in {}",
        term.paint.green("searched"),
        term.paint.bold(&plan.emit),
        args.out.join(run::ARCH).display()
    ))?;
    let parameters = grouped(relaxation.len() as u64);
    term.line(format!("  {parameters} architecture parameters, moved by {moved:.3} in all"))?;
    for (decision, value) in judged.space.decisions().iter().zip(&decoded.binding.0) {
        term.line(format!("  {:<14} {}", decision.name, decision.domain.show(value)))?;
    }
    Ok(())
}

fn next_commands(args: &Search, term: &mut Term) -> Result<(), Failure> {
    let arch = args.out.join(run::ARCH);
    let arch = arch.display();
    term.line("")?;
    term.line("next:")?;
    term.line(format!("  segc check {arch}"))?;
    term.line(format!("  segc cost {arch} --input 1x3x512x1024"))?;
    term.line(format!("  segc bench {arch} --input 1x3x512x1024"))?;
    // Images that the spec does not name are named again.
    let data = args.data.as_ref().map_or_else(String::new, |d| format!(" --data {}", d.display()));
    let out = args.out.display();
    term.line(format!("  segc report {out}"))?;
    term.line(format!("  segc train {arch}{data} --out {out}-trained"))
}
