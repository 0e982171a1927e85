//! Plans: the `search`, `train`, `data` and `bench` blocks of a file as plain data.

mod clauses;
mod fields;

use super::eval::{Eval, Evaluator};
use super::load::Program;
use super::module::{ModuleId, blocks};
use super::sites::Sites;
use crate::diag::{Diag, Sink, did_you_mean};
use crate::search::plan::{SearchPlan, TrainPlan};
use crate::source::Span;
use crate::syntax::ast::{Block, Clause, Name};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Where images come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataPlan {
    /// The folder, relative to where the program runs.
    pub root: Option<String>,
    /// A dataset that is drawn on first use.
    pub synth: Option<SynthPlan>,
}

/// A procedural dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SynthPlan {
    /// Scenes to train on.
    pub train: u32,
    /// Scenes to judge by.
    pub val: u32,
    /// Their size.
    pub size: crate::ir::Size,
    /// Where chance comes from.
    pub seed: u64,
}

/// What is timed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BenchPlan {
    /// The network.
    pub net: String,
    /// Input shapes, N x C x H x W.
    pub inputs: Vec<[u32; 4]>,
    /// Timed runs.
    pub runs: u32,
}

/// All plans of a file.
#[derive(Clone, Debug, Default)]
pub struct Plans {
    /// Searches, by network.
    pub search: IndexMap<String, (SearchPlan, Span)>,
    /// Trainings, by network.
    pub train: IndexMap<String, (TrainPlan, Span)>,
    /// Timings, by network.
    pub bench: IndexMap<String, (BenchPlan, Span)>,
    /// Where images come from.
    pub data: DataPlan,
}

/// Reads the blocks of a program's first module.
pub(super) fn plans(
    program: &Program,
    sites: &mut Sites,
    nets: &[(String, Span)],
    diags: &mut Sink,
) -> Plans {
    let mut out = Plans::default();
    let Some(root) = program.modules.first() else { return out };
    let mut evaluator = Evaluator::new(program, sites, diags);
    let ast = std::rc::Rc::clone(&root.ast);
    for (block, at) in blocks(&ast) {
        // What is wrong was reported; other blocks are still read.
        let _ = evaluator.block(block, at, nets, &mut out);
    }
    out
}

impl Evaluator<'_> {
    fn block(
        &mut self,
        block: &Block,
        at: Span,
        nets: &[(String, Span)],
        out: &mut Plans,
    ) -> Eval<()> {
        if block.kind.value == "data" {
            out.data = self.data_block(block)?;
            return Ok(());
        }
        let net = self.subject(block, nets)?;
        match block.kind.value.as_str() {
            "search" => {
                let plan = self.search_block(block, net.clone(), nets)?;
                out.search.insert(net, (plan, at));
            }
            "train" => {
                let plan = self.train_block(block, net.clone())?;
                out.train.insert(net, (plan, at));
            }
            _ => {
                let plan = self.bench_block(block, net.clone())?;
                out.bench.insert(net, (plan, at));
            }
        }
        Ok(())
    }

    /// The network that a block speaks of; a file with one network need not say.
    fn subject(&mut self, block: &Block, nets: &[(String, Span)]) -> Eval<String> {
        match (&block.subject, nets) {
            (Some(name), _) => self.known_net(name, nets),
            (None, [(only, _)]) => Ok(only.clone()),
            (None, _) => {
                let all: Vec<&str> = nets.iter().map(|(n, _)| n.as_str()).collect();
                self.fail(
                    Diag::new(
                        "E0613",
                        format!("`{}` does not say which network", block.kind.value),
                    )
                    .label(block.kind.span, "name it here")
                    .help(format!("networks: {}", all.join(", "))),
                )
            }
        }
    }

    fn known_net(&mut self, name: &Name, nets: &[(String, Span)]) -> Eval<String> {
        if nets.iter().any(|(n, _)| *n == name.value) {
            return Ok(name.value.clone());
        }
        let all: Vec<&str> = nets.iter().map(|(n, _)| n.as_str()).collect();
        let help = match did_you_mean(&name.value, all.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if all.is_empty() => format!("declare one: `net {}(image) {{ … }}`", name.value),
            None => format!("networks: {}", all.join(", ")),
        };
        self.fail(
            Diag::new("E0605", format!("no network is named `{}`", name.value))
                .label(name.span, "not found")
                .help(help),
        )
    }

    fn search_block(
        &mut self,
        block: &Block,
        net: String,
        nets: &[(String, Span)],
    ) -> Eval<SearchPlan> {
        const KNOWN: &[&str] = &[
            "emit", "data", "halves", "strategy", "epochs", "weights", "arch", "loss", "decode",
            "seed",
        ];
        let clauses = self.clauses(block, KNOWN)?;
        let at = block.kind.span;
        let emit = match clauses.get("emit") {
            Some(clause) => {
                let name = self.word_of(clause)?;
                self.known_net(&name, nets)?
            }
            None => net.clone(),
        };
        let data = self.needed(&clauses, "data", at)?;
        let epochs = self.needed(&clauses, "epochs", at)?;
        let weights = self.needed(&clauses, "weights", at)?;
        let arch = self.needed(&clauses, "arch", at)?;
        let (epochs, arch_from) = self.epochs(epochs)?;
        let (order, boundary) = self.strategy(clauses.get("strategy").copied())?;
        Ok(SearchPlan {
            net,
            emit,
            data: self.data_spec(data)?,
            halves: self.truth(clauses.get("halves").copied(), true)?,
            epochs,
            arch_from,
            weights: self.optimiser(weights)?,
            arch: self.arch_optimiser(arch)?,
            order,
            boundary,
            loss: self.loss(clauses.get("loss").copied())?,
            decode: self.decode_rules(clauses.get("decode").copied())?,
            seed: self.seed(clauses.get("seed").copied())?,
        })
    }

    fn train_block(&mut self, block: &Block, net: String) -> Eval<TrainPlan> {
        const KNOWN: &[&str] = &["data", "epochs", "steps", "weights", "loss", "seed"];
        let clauses = self.clauses(block, KNOWN)?;
        let at = block.kind.span;
        let data = self.needed(&clauses, "data", at)?;
        let weights = self.needed(&clauses, "weights", at)?;
        Ok(TrainPlan {
            net,
            data: self.data_spec(data)?,
            length: self.length(&clauses, at)?,
            weights: self.optimiser(weights)?,
            loss: self.loss(clauses.get("loss").copied())?,
            seed: self.seed(clauses.get("seed").copied())?,
        })
    }

    fn bench_block(&mut self, block: &Block, net: String) -> Eval<BenchPlan> {
        let clauses = self.clauses(block, &["input", "runs"])?;
        let input = self.needed(&clauses, "input", block.kind.span)?;
        let inputs = self.inputs(input)?;
        let runs = match clauses.get("runs") {
            Some(clause) => self.count_of(clause, 1..=1_000_000)? as u32,
            None => 50,
        };
        Ok(BenchPlan { net, inputs, runs })
    }

    fn data_block(&mut self, block: &Block) -> Eval<DataPlan> {
        let clauses = self.clauses(block, &["root", "synth"])?;
        let root = match clauses.get("root") {
            Some(clause) => Some(self.text_of(clause)?),
            None => None,
        };
        let synth = match clauses.get("synth") {
            Some(clause) => Some(self.synth(clause)?),
            None => None,
        };
        Ok(DataPlan { root, synth })
    }

    /// A block's clauses by name: each known, each once.
    fn clauses<'b>(
        &mut self,
        block: &'b Block,
        known: &[&str],
    ) -> Eval<IndexMap<&'b str, &'b Clause>> {
        let mut out: IndexMap<&str, &Clause> = IndexMap::new();
        let mut failed = None;
        for clause in &block.clauses {
            let name = clause.name.value.as_str();
            let kind = &block.kind.value;
            if !known.contains(&name) {
                let help = match did_you_mean(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it knows {}", known.join(", ")),
                };
                let text = format!("`{kind}` has no clause `{name}`");
                let diag = Diag::new("E0606", text).label(clause.name.span, "not known").help(help);
                failed = Some(self.fail::<()>(diag));
            } else if let Some(first) = out.insert(name, clause) {
                failed = Some(
                    self.fail(
                        Diag::new("E0203", format!("`{name}` is given twice"))
                            .label(clause.name.span, "again here")
                            .label(first.name.span, "first here")
                            .help("remove one of them"),
                    ),
                );
            }
        }
        match failed {
            Some(Err(reported)) => Err(reported),
            _ => Ok(out),
        }
    }

    fn needed<'b>(
        &mut self,
        clauses: &IndexMap<&'b str, &'b Clause>,
        name: &str,
        at: Span,
    ) -> Eval<&'b Clause> {
        match clauses.get(name) {
            Some(clause) => Ok(clause),
            None => self.fail(
                Diag::new("E0607", format!("this block needs a clause `{name}`"))
                    .label(at, "missing in here")
                    .help(format!("add `{}`", example(name))),
            ),
        }
    }

    /// A frame in which a plan's values are evaluated.
    fn plan_frame(&self) -> super::frame::Frame {
        self.module_frame(ModuleId(0), "plan")
    }
}

/// A clause as it could be written.
fn example(name: &str) -> &'static str {
    match name {
        "data" => "data cityscapes(split = \"train\", crop = 321x321, batch = 2)",
        "epochs" => "epochs 40",
        "weights" => "weights sgd(momentum = 0.9, rate = 0.025 -> 0.001 cosine)",
        "arch" => "arch adam(rate = 3e-3)",
        "input" => "input 1x3x512x1024",
        _ => "…",
    }
}
