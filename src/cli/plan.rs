//! Plans as commands meet them: found in the file that they are given, held against the command line
//! and against what there is now; and printed.

mod print;

use super::args::Format;
use super::compute::{self, Machine, Plan, Search, Train};
use super::failure::Failure;
use super::term::Term;
use super::{json, read};
use crate::forecast::digest::Source;
use crate::forecast::plan::{self, Kind, Orders, RunPlan};
use crate::ir::Decision;
pub use print::print;
use std::ffi::OsString;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Shows a plan; of a spec, one is made by the engine.
pub(super) fn run(args: &Plan, argv: &[OsString], term: &mut Term) -> Result<(), Failure> {
    let Some(planned) = planned(&args.file)? else {
        return compute::hand_over(argv);
    };
    planned.agrees(&Asked {
        set: args.set.pairs(),
        net: args.net.clone(),
        seed: args.seed,
        epochs: args.epochs,
        batch: args.batch,
        init: shown(args.init.as_ref()),
        data: shown(args.data.as_ref()),
        machine: &args.machine,
    })?;
    let Planned { plan, file } = planned;
    if let Some(out) = &args.out {
        return Err(Failure::with_help(
            format!("`{}` is a plan already", file.display()),
            format!("`cp {} {}` copies it", file.display(), out.display()),
        ));
    }
    match args.format {
        Format::Json => json::print(plan::SCHEMA, &plan, term),
        Format::Human => print(&plan, Some(&file), term),
    }
}

/// A plan and the file that it was read from.
#[derive(Clone, Debug)]
pub struct Planned {
    file: PathBuf,
    plan: RunPlan,
}

/// The plan that a file holds; nothing where it is a spec.
pub fn planned(file: &Path) -> Result<Option<Planned>, Failure> {
    if read::is_stdin(file) {
        return Ok(None);
    }
    match plan::read(&read::bytes(file)?) {
        Ok(plan) => Ok(plan.map(|plan| Planned { file: file.to_path_buf(), plan })),
        Err(error) => Err(Failure::with_help(
            format!("`{}` cannot be used as a plan: {error}", file.display()),
            "`segc plan SPEC -o PLAN` makes one",
        )),
    }
}

/// The arguments of a search that a plan stands for, `given` on the command line beside it.
pub fn search(planned: &Planned, given: &Search) -> Result<Search, Failure> {
    planned.is_for(Kind::Search, &given.out)?;
    let orders = &planned.plan.orders;
    planned.agrees(&Asked {
        set: given.set.pairs(),
        net: None,
        seed: given.seed,
        epochs: None,
        batch: given.batch,
        init: None,
        data: shown(given.data.as_ref()),
        machine: &given.machine,
    })?;
    Ok(Search {
        file: PathBuf::from(&orders.spec),
        set: orders.set.clone().into(),
        seed: Some(orders.seed),
        batch: orders.batch,
        data: orders.data.as_ref().map(PathBuf::from),
        machine: machine(orders, &given.machine)?,
        ..given.clone()
    })
}

/// The arguments of a training that a plan stands for, `given` on the command line beside it.
pub fn train(planned: &Planned, given: &Train) -> Result<Train, Failure> {
    planned.is_for(Kind::Train, &given.out)?;
    let orders = &planned.plan.orders;
    planned.agrees(&Asked {
        set: given.set.pairs(),
        net: given.net.clone(),
        seed: given.seed,
        epochs: given.epochs,
        batch: given.batch,
        init: shown(given.init.as_ref()),
        data: shown(given.data.as_ref()),
        machine: &given.machine,
    })?;
    Ok(Train {
        file: PathBuf::from(&orders.spec),
        set: orders.set.clone().into(),
        net: Some(orders.net.clone()),
        seed: Some(orders.seed),
        epochs: orders.epochs,
        batch: orders.batch,
        init: orders.init.as_ref().map(PathBuf::from),
        data: orders.data.as_ref().map(PathBuf::from),
        machine: machine(orders, &given.machine)?,
        ..given.clone()
    })
}

/// A decision as plans tell it.
pub fn described(decision: &Decision) -> plan::Decision {
    plan::Decision {
        name: decision.name.clone(),
        of: super::check::describe(&decision.domain),
        count: decision.domain.count().to_string(),
    }
}

impl Planned {
    /// The network that is planned for.
    pub fn net(&self) -> &str {
        &self.plan.orders.net
    }

    /// Refuses the plan where it was made from anything else than there is `now`; everything that
    /// has changed is named.
    ///
    /// # Errors
    /// Where something has changed.
    pub fn holds(&self, now: &[Source], libtorch: &str) -> Result<(), Failure> {
        let changes = self.plan.changes(now, super::version::VERSION, libtorch);
        self.refuse(&changes)
    }

    /// The same where the spec is not right any more, so that only texts are known.
    pub fn holds_of_texts(&self, now: &[Source]) -> Result<(), Failure> {
        let then =
            self.plan.sources.iter().filter(|then| {
                now.iter().any(|now| now.what == then.what && now.name == then.name)
            });
        let then: Vec<Source> = then.cloned().collect();
        self.refuse(&crate::forecast::digest::changes(&then, now))
    }

    fn refuse(&self, changes: &[String]) -> Result<(), Failure> {
        if changes.is_empty() {
            return Ok(());
        }
        let lines: String = changes.iter().map(|change| format!("\n  {change}")).collect();
        let message = format!("`{}` is stale. Since it was made:{lines}", self.file.display());
        Err(Failure::with_help(message, format!("plan again: `{}`", self.again())))
    }

    /// The command that makes the plan anew.
    fn again(&self) -> String {
        self.plan.orders.command(&self.file.display().to_string())
    }

    /// That the spec is not where the plan says.
    pub fn without_spec(&self) -> Failure {
        let (file, spec) = (self.file.display(), &self.plan.orders.spec);
        Failure::with_help(
            format!("there is no `{spec}`, which `{file}` is the plan of"),
            "go to the folder where it was made, or plan anew",
        )
    }

    /// Refuses a command line that says otherwise.
    fn agrees(&self, asked: &Asked<'_>) -> Result<(), Failure> {
        let orders = &self.plan.orders;
        let mut odds = Odds::default();
        odds.settings(&asked.set, &orders.set);
        odds.option("net", asked.net.as_ref(), Some(&orders.net));
        odds.option("seed", asked.seed, Some(orders.seed));
        odds.option("epochs", asked.epochs, orders.epochs);
        odds.option("batch", asked.batch, orders.batch);
        odds.option("init", asked.init.as_ref(), orders.init.as_ref());
        odds.option("data", asked.data.as_ref(), orders.data.as_ref());
        odds.machine(asked.machine, orders);
        odds.none(self)
    }

    fn is_for(&self, kind: Kind, out: &Path) -> Result<(), Failure> {
        let own = self.plan.orders.kind;
        if own == kind {
            return Ok(());
        }
        let file = self.file.display();
        Err(Failure::with_help(
            format!("`{file}` plans to {}, not to {}", own.command(), kind.command()),
            format!("`segc {} {file} --out {}`", own.command(), out.display()),
        ))
    }
}

/// What a command line asks for beside a plan.
struct Asked<'a> {
    set: Vec<(String, String)>,
    net: Option<String>,
    seed: Option<u64>,
    epochs: Option<u32>,
    batch: Option<u32>,
    init: Option<String>,
    data: Option<String>,
    machine: &'a Machine,
}

/// What the command line says otherwise than a plan.
#[derive(Default)]
struct Odds(Vec<String>);

impl Odds {
    fn option<T: Display + PartialEq>(&mut self, name: &str, given: Option<T>, plan: Option<T>) {
        let Some(given) = given.filter(|given| plan.as_ref() != Some(given)) else { return };
        let own = plan.map_or("the spec's own".to_owned(), |plan| format!("`{plan}`"));
        self.0.push(format!("`--{name} {given}`, where it has {own}"));
    }

    fn settings(&mut self, given: &[(String, String)], plan: &[(String, String)]) {
        for pair in given.iter().filter(|pair| !plan.contains(pair)) {
            let own = plan.iter().find(|(name, _)| *name == pair.0);
            let own = own.map_or("the spec's own".to_owned(), |(_, value)| format!("`{value}`"));
            self.0.push(format!("`--set {}={}`, where it has {own}", pair.0, pair.1));
        }
    }

    fn machine(&mut self, given: &Machine, plan: &Orders) {
        let device = given.device.map(|device| device.to_string());
        self.option("device", device, Some(plan.device.clone()));
        let threads = given.threads.map(|n| n.to_string());
        self.option("threads", threads, Some(plan.threads.to_string()));
    }

    /// Refuses what there is.
    fn none(self, planned: &Planned) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        let message = format!(
            "the command line contradicts `{}`: {}",
            planned.file.display(),
            self.0.join("; ")
        );
        Err(Failure::with_help(
            message,
            format!("leave it out, or plan anew with it; the plan was `{}`", planned.again()),
        ))
    }
}

fn shown(path: Option<&PathBuf>) -> Option<String> {
    path.map(|path| path.display().to_string())
}

/// The machine that a plan asks for; how much memory there is, only the command line knows.
fn machine(orders: &Orders, given: &Machine) -> Result<Machine, Failure> {
    let device = orders.device.parse().map_err(Failure::machine)?;
    let threads = NonZeroUsize::new(orders.threads as usize);
    Ok(Machine { device: Some(device), threads, memory: given.memory })
}
