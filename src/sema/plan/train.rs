//! `train`: how a finished network is trained.

use super::KnownNets;
use super::block::Clauses;
use super::loss::LOSSES;
use super::parts::built;
use crate::diag::Diag;
use crate::search::paths::DropPath;
use crate::search::plan::{Average, Length, Mover, Phase, TrainPlan};
use crate::sema::eval::{Eval, Evaluator};
use crate::sema::space::Net;
use crate::syntax::ast::{self, Block, Clause, Name};

/// The clauses of a training.
const KNOWN: &[&str] = &[
    "data",
    "epochs",
    "steps",
    "weights",
    "frozen",
    "accumulate",
    "loss",
    "average",
    "drop_path",
    "seed",
];

impl Evaluator<'_> {
    pub(super) fn train_block(
        &mut self,
        block: &Block,
        net: String,
        nets: KnownNets<'_>,
    ) -> Eval<TrainPlan> {
        let all = self.clauses_of(&block.kind, &block.clauses, KNOWN);
        let seed = self.seed(all.get("seed"));
        let phases = match block.phases.as_slice() {
            [] => vec![self.phase(&all, &net, nets)],
            phases => {
                self.apart(phases)?;
                phases.iter().map(|phase| self.phase_in(phase, &all, &net, nets)).collect()
            }
        };
        all.judged?;
        let phases = phases.into_iter().collect::<Eval<Vec<Phase>>>()?;
        Ok(TrainPlan { net, phases, seed: seed? })
    }

    /// A phase with the clauses that it gives, and those of the block that it does not.
    fn phase_in(
        &mut self,
        phase: &ast::Phase,
        around: &Clauses<'_>,
        net: &str,
        nets: KnownNets<'_>,
    ) -> Eval<Phase> {
        let known: Vec<&str> = KNOWN.iter().copied().filter(|name| *name != "seed").collect();
        let mut all = self.clauses_of(&phase.word, &phase.clauses, &known);
        all.or_from(around, &["epochs", "steps"]);
        let read = self.phase(&all, net, nets);
        all.judged?;
        Ok(Phase { name: phase.name.as_ref().map(|name| name.value.clone()), ..read? })
    }

    /// Phases have names of their own.
    fn apart(&mut self, phases: &[ast::Phase]) -> Eval<()> {
        let names: Vec<&Name> = phases.iter().filter_map(|phase| phase.name.as_ref()).collect();
        for (at, name) in names.iter().enumerate() {
            if let Some(first) = names[..at].iter().find(|first| first.value == name.value) {
                return self.fail(
                    Diag::new("E0203", format!("two phases are called `{}`", name.value))
                        .label(name.span, "again here")
                        .label(first.span, "first here")
                        .help("rename one of them"),
                );
            }
        }
        Ok(())
    }

    fn phase(&mut self, all: &Clauses<'_>, net: &str, nets: KnownNets<'_>) -> Eval<Phase> {
        let graph = built(nets, net);
        // Everything is read before the first mistake ends it, so that all are told.
        let data = self.needed(all, "data", |this, c| this.data_spec(c));
        let weights = self.needed(all, "weights", |this, c| this.movers(c, graph));
        let frozen = self.frozen(all.get("frozen"), graph);
        let accumulate = all.get("accumulate");
        let accumulate = accumulate.map_or(Ok(1), |c| self.count_of(c, 1..=100_000));
        let length = self.length(all);
        let loss = self.loss(all.get("loss"), LOSSES, net, nets);
        let average = all.get("average").map(|c| self.average(c)).transpose();
        let drop_path = all.get("drop_path").map(|c| self.drop_path(c, graph)).transpose();
        self.classes_fit(all.get("data"), net, nets)?;
        let (weights, frozen, length) = (weights?, frozen?, length?);
        self.all_moved(all.get("weights"), &weights, &frozen, graph)?;
        self.warm_ups_end(all.get("weights"), &weights, length)?;
        Ok(Phase {
            name: None,
            data: data?,
            length,
            weights,
            frozen,
            accumulate: accumulate? as u32,
            loss: loss?,
            average: average?,
            drop_path: drop_path?,
        })
    }

    /// `average 0.99, norms = true`.
    fn average(&mut self, clause: &Clause) -> Eval<Average> {
        let (bare, named) = self.named(clause, &["norms", "adopt"])?;
        let [decay] = bare.as_slice() else {
            return self
                .wrong("what of the mean a step keeps, such as `average 0.99`", clause.span);
        };
        let (at, decay) = (decay.span, self.number(decay)?);
        if decay >= 1.0 {
            return self.fail(
                Diag::new("E0319", format!("{decay} is out of range here"))
                    .label(at, "the mean would never move")
                    .help("below 1, such as `average 0.99`"),
            );
        }
        let mut average = Average { decay, norms: false, adopt: false };
        for (name, value) in named {
            let said = self.bool_or(Some(value), false)?;
            match name.value.as_str() {
                "norms" => average.norms = said,
                _ => average.adopt = said,
            }
        }
        Ok(average)
    }

    /// `drop_path 0 -> 0.2 linear, on = cells, deeper = true`.
    fn drop_path(&mut self, clause: &Clause, net: Option<&Net>) -> Eval<DropPath> {
        let (bare, named) = self.named(clause, &["on", "deeper"])?;
        let [rate] = bare.as_slice() else {
            return self.wrong("one rate, such as `drop_path 0 -> 0.2 linear`", clause.span);
        };
        let (at, rate) = (rate.span, self.schedule(rate)?);
        if rate.from >= 1.0 || rate.to >= 1.0 {
            return self.fail(
                Diag::new("E0319", format!("{} is out of range here", rate.from.max(rate.to)))
                    .label(at, "no path would be left")
                    .help("below 1, such as `drop_path 0 -> 0.2 linear`"),
            );
        }
        let mut drop = DropPath { rate, on: Vec::new(), deeper: false };
        for (name, value) in named {
            match name.value.as_str() {
                "on" => drop.on = self.parts(value, net)?,
                _ => drop.deeper = self.bool_or(Some(value), false)?,
            }
        }
        if drop.on.is_empty() {
            return self.fail(
                Diag::new("E0209", "`drop_path` needs the argument `on`")
                    .label(clause.name.span, "not given here")
                    .help("the parts whose sums lose summands, such as `on = cells`"),
            );
        }
        match net.filter(|net| drop.paths(&net.graph).is_empty()) {
            Some(net) => self.fail(
                Diag::new("E0624", "there is no path to drop in these parts")
                    .label(clause.span, "no sum in them has a summand of its own")
                    .label(net.at, "of this network")
                    .help("name the parts, such as cells, that hold sums"),
            ),
            None => Ok(drop),
        }
    }

    /// A warm-up leaves steps for the schedule, where their number is known.
    fn warm_ups_end(
        &mut self,
        clause: Option<&Clause>,
        movers: &[Mover],
        length: Length,
    ) -> Eval<()> {
        let (Some(clause), Length::Steps(steps)) = (clause, length) else { return Ok(()) };
        for (mover, arg) in movers.iter().zip(&clause.args) {
            if mover.warm_up >= steps {
                let (warm_up, at) = (mover.warm_up, arg.value.span);
                return self.fail(
                    Diag::new("E0622", "the warm-up is as long as the training")
                        .label(at, format!("rises for {warm_up} of {steps} steps"))
                        .help(format!("such as `warm_up = {}`", steps / 10)),
                );
            }
        }
        Ok(())
    }
}
