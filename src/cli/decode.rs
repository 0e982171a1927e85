//! `segc decode`: the architecture that a search has reached, at any of its epochs.

use super::args::{Setting, Settings, Spec};
use super::failure::Failure;
use super::read;
use super::term::Term;
use crate::run::{self, RunError, winner};
use std::path::PathBuf;

/// Arguments of `segc decode`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The folder of a search
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// The spec to write; `-` writes to standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    /// After so many epochs [default: the newest checkpoint]
    #[arg(long, value_name = "N")]
    epoch: Option<u64>,
    /// The network to write, of those that share the decisions [default: what the search emits]
    #[arg(long, value_name = "NAME")]
    net: Option<String>,
}

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    let manifest = run::open(&args.run)?;
    let set = manifest.set.iter();
    let set = set.map(|(n, v)| Setting { name: n.clone(), value: v.clone() }).collect();
    let file = args.run.join(run::SPEC).join(&manifest.spec);
    let judged = read::right(&Spec { file, set: Settings { set } }, term)?;
    let plans = &judged.space.plans.search;
    let (Some((plan, _)), Some(net)) =
        (plans.get(&manifest.net), judged.space.nets.get(&manifest.net))
    else {
        return Err(Failure::machine(format!("the run's spec does not search `{}`", manifest.net)));
    };
    let (params, epochs) = run::parameters(&args.run, args.epoch)?;
    let decoded = winner::winner(&judged.space, net, plan, &params)
        .map_err(|e| Failure::machine(e.to_string()))?;
    let asked = args.net.as_deref().unwrap_or(&plan.emit);
    let emitted = read::choose(&judged, Some(asked))?;
    let found = format!("{}, seed {}, {epochs} epochs", manifest.strategy, manifest.seed);
    let origin = winner::Origin {
        spec: &manifest.spec,
        fingerprint: &manifest.fingerprint,
        set: &manifest.set,
        found: Some(found),
    };
    let (program, space) = (&judged.program, &judged.space);
    let text =
        winner::spec_of(program, space, emitted.name, &decoded.binding, &origin, Some(&decoded))?;
    if read::is_stdin(&args.out) {
        return term.text(&text);
    }
    Ok(run::write_whole(&args.out, text.as_bytes())?)
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        match error.help() {
            Some(help) => Failure::with_help(error.to_string(), help),
            None => Failure::machine(error.to_string()),
        }
    }
}
