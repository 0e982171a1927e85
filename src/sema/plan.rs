//! Plans: the `search`, `train`, `data`, `bench` and `controller` blocks of a file as plain data.

mod block;
mod clauses;
mod controller;
mod fields;
mod fit;
mod loss;
mod parts;
mod teacher;
mod train;

use super::eval::{Eval, Evaluator};
use super::load::Program;
use super::module::{ModuleId, blocks};
use super::sites::Sites;
use super::space::Net;
use crate::diag::{Diag, Sink, did_you_mean, listed};
use crate::maps::IndexMap;
use crate::search::controller::ControllerPlan;
use crate::search::plan::{SearchPlan, TrainPlan};
use crate::source::Span;
use crate::syntax::ast::{Block, Clause, Name};
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
    /// Controllers, by network.
    pub controller: IndexMap<String, (ControllerPlan, Span)>,
    /// Where images come from.
    pub data: DataPlan,
    /// The `data` block that says so.
    pub data_at: Option<Span>,
}

/// The networks of a file.
#[derive(Clone, Copy)]
pub(super) struct KnownNets<'a> {
    /// All that are declared, and where.
    pub(super) names: &'a [(String, Span)],
    /// Those that could be built.
    pub(super) graphs: &'a IndexMap<String, Net>,
}

/// Reads the blocks of a program's first module.
pub(super) fn plans(
    program: &Program,
    sites: &mut Sites,
    nets: KnownNets<'_>,
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
    fn block(&mut self, block: &Block, at: Span, nets: KnownNets<'_>, out: &mut Plans) -> Eval<()> {
        if block.kind.value == "data" {
            let first = out.data_at.replace(at);
            self.once(block, "", first)?;
            out.data = self.data_block(block)?;
            return Ok(());
        }
        // Where the network is not known, the clauses are judged all the same.
        let subject = self.subject(block, nets.names);
        let net = subject.clone().unwrap_or_default();
        match block.kind.value.as_str() {
            "search" => {
                let plan = self.search_block(block, net.clone(), nets);
                self.keep(block, at, subject, plan, &mut out.search)
            }
            "train" => {
                let plan = self.train_block(block, net.clone(), nets);
                self.keep(block, at, subject, plan, &mut out.train)
            }
            "controller" => {
                let plan = self.controller_block(block, net.clone(), nets);
                self.keep(block, at, subject, plan, &mut out.controller)
            }
            _ => {
                let plan = self.bench_block(block, net.clone());
                self.keep(block, at, subject, plan, &mut out.bench)
            }
        }
    }

    /// Puts a plan with those of its kind.
    fn keep<P>(
        &mut self,
        block: &Block,
        at: Span,
        net: Eval<String>,
        plan: Eval<P>,
        all: &mut IndexMap<String, (P, Span)>,
    ) -> Eval<()> {
        let net = net?;
        self.once(block, &net, all.get(&net).map(|(_, at)| *at))?;
        all.insert(net, (plan?, at));
        Ok(())
    }

    /// A network has one block of a kind.
    fn once(&mut self, block: &Block, net: &str, first: Option<Span>) -> Eval<()> {
        let Some(first) = first else { return Ok(()) };
        let kind = &block.kind.value;
        let text = match net {
            "" => format!("`{kind}` is given twice"),
            net => format!("`{kind}` is given twice for `{net}`"),
        };
        let first = Span { end: first.start + kind.len() as u32, ..first };
        self.fail(
            Diag::new("E0203", text)
                .label(block.kind.span, "again here")
                .label(first, "first here")
                .help("merge the two blocks into one"),
        )
    }

    /// The network that a block speaks of; a file with one network need not say.
    fn subject(&mut self, block: &Block, nets: &[(String, Span)]) -> Eval<String> {
        match (&block.subject, nets) {
            (Some(name), _) => self.known_net(name, nets),
            (None, [(only, _)]) => Ok(only.clone()),
            (None, _) => {
                let kind = &block.kind.value;
                let all: Vec<&str> = nets.iter().map(|(n, _)| n.as_str()).collect();
                let help = match all.first() {
                    Some(first) => {
                        format!("such as `{kind} {first} {{ … }}`; this file has {}", listed(&all))
                    }
                    None => "declare a network: `net name(image) { … }`".to_owned(),
                };
                self.fail(
                    Diag::new("E0613", format!("`{kind}` does not say which network"))
                        .label(block.kind.span, "name it here")
                        .help(help),
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
            None => format!("this file has {}", listed(&all)),
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
        nets: KnownNets<'_>,
    ) -> Eval<SearchPlan> {
        const KNOWN: &[&str] = &[
            "emit", "data", "halves", "strategy", "epochs", "weights", "arch", "loss", "decode",
            "seed",
        ];
        let all = self.clauses(block, KNOWN);
        // Everything is read before the first mistake ends it, so that all are told.
        let emit = self.emitted(all.get("emit"), &net, nets.names);
        let data = self.needed(&all, "data", |this, c| this.data_spec(c));
        let halves = self.truth(all.get("halves"), true);
        let epochs = self.needed(&all, "epochs", |this, c| this.epochs(c));
        let weights = self.needed(&all, "weights", |this, c| this.optimiser(c));
        let arch = self.needed(&all, "arch", |this, c| this.arch_optimiser(c));
        let strategy = self.strategy(all.get("strategy"));
        let loss = self.loss(all.get("loss"), loss::OF_LABELS, &net, nets);
        let decode = self.decode_rules(all.get("decode"));
        let seed = self.seed(all.get("seed"));
        let something = self.something_open(block, &net, nets);
        let mixable = self.one_type_each(block, &net, nets);
        let emit = emit?;
        self.classes_fit(all.get("data"), &net, nets)?;
        if emit != net {
            self.emitted_is_decided(all.get("emit"), &net, &emit, nets)?;
            self.classes_fit(all.get("data"), &emit, nets)?;
        }
        all.judged?;
        something?;
        mixable?;
        let ((epochs, arch_from), (order, boundary)) = (epochs?, strategy?);
        Ok(SearchPlan {
            net,
            emit,
            data: data?,
            halves: halves?,
            epochs,
            arch_from,
            weights: weights?,
            arch: arch?,
            order,
            boundary,
            loss: loss?,
            decode: decode?,
            seed: seed?,
        })
    }

    /// The network that is written with what was found.
    fn emitted(
        &mut self,
        clause: Option<&Clause>,
        net: &str,
        nets: &[(String, Span)],
    ) -> Eval<String> {
        let Some(clause) = clause else { return Ok(net.to_owned()) };
        let name = self.word_of(clause)?;
        self.known_net(&name, nets)
    }

    fn bench_block(&mut self, block: &Block, net: String) -> Eval<BenchPlan> {
        let all = self.clauses(block, &["input", "runs"]);
        let inputs = self.needed(&all, "input", |this, c| this.inputs(c));
        let runs = match all.get("runs") {
            Some(clause) => self.count_of(clause, 1..=1_000_000),
            None => Ok(50),
        };
        all.judged?;
        Ok(BenchPlan { net, inputs: inputs?, runs: runs? as u32 })
    }

    fn data_block(&mut self, block: &Block) -> Eval<DataPlan> {
        let all = self.clauses(block, &["root", "synth"]);
        let root = all.get("root").map(|clause| self.text_of(clause));
        let synth = all.get("synth").map(|clause| self.synth(clause));
        all.judged?;
        Ok(DataPlan { root: root.transpose()?, synth: synth.transpose()? })
    }

    /// A frame in which a plan's values are evaluated.
    fn plan_frame(&self) -> super::frame::Frame {
        self.module_frame(ModuleId(0), "plan")
    }
}
