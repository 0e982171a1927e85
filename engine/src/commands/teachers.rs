//! The networks that a training follows: of the same spec or of others, with their weights.

use super::{failed, spec, unloaded};
use crate::exec::executor::{Executor, Options};
use crate::exec::state::{self, Matched};
use segc::cli::args::Settings;
use segc::cli::failure::Failure;
use segc::cli::read::Judged;
use segc::cli::term::Term;
use segc::ir::DecisionGraph;
use segc::search::loss::{Loss, Teacher, TeacherSpec};
use segc::search::plan::TrainPlan;
use segc::sema::Net;
use std::collections::BTreeMap;
use std::path::Path;
use tch::Device;

/// The specs of a plan's teachers that have one of their own, by their files.
pub(super) struct Teachers {
    specs: BTreeMap<String, Judged>,
}

/// Teachers beside the spec that names them.
pub(super) struct Beside<'t> {
    specs: &'t BTreeMap<String, Judged>,
    own: &'t Judged,
}

impl Teachers {
    /// Reads the specs, each of which has to be right.
    pub(super) fn read(plan: &TrainPlan, term: &Term) -> Result<Teachers, Failure> {
        let mut specs = BTreeMap::new();
        for teacher in plan.phases.iter().flat_map(|phase| phase.loss.teachers()) {
            if let TeacherSpec::File(file) = &teacher.spec
                && !specs.contains_key(file)
            {
                let judged = spec::read(Path::new(file), &Settings::default(), term)?;
                specs.insert(file.clone(), judged);
            }
        }
        Ok(Teachers { specs })
    }

    /// The same beside the spec that names them.
    pub(super) fn beside<'t>(&'t self, own: &'t Judged) -> Beside<'t> {
        Beside { specs: &self.specs, own }
    }
}

impl<'t> Beside<'t> {
    /// The teachers of a loss, in their order, with their weights.
    pub(super) fn of(&self, loss: &Loss, device: Device) -> Result<Vec<Executor<'t>>, Failure> {
        loss.teachers().into_iter().map(|teacher| self.one(teacher, device)).collect()
    }

    /// The graphs of a loss's teachers, in their order.
    pub(super) fn graphs(&self, loss: &Loss) -> Result<Vec<&'t DecisionGraph>, Failure> {
        let graph = |teacher: &Teacher| Ok(&*self.network(teacher)?.1.graph);
        loss.teachers().into_iter().map(graph).collect()
    }

    /// The specs of a plan's teachers that have one of their own, by their files.
    pub(super) fn specs(&self) -> &'t BTreeMap<String, Judged> {
        self.specs
    }

    /// A teacher's name and network.
    fn network(&self, teacher: &Teacher) -> Result<(&'t str, &'t Net), Failure> {
        let (judged, asked) = match &teacher.spec {
            TeacherSpec::Net(name) => (Some(self.own), Some(name.as_str())),
            TeacherSpec::File(file) => (self.specs.get(file), None),
        };
        spec::finished(judged.ok_or(Failure::Spec)?, asked)
    }

    fn one(&self, teacher: &Teacher, device: Device) -> Result<Executor<'t>, Failure> {
        let (name, net) = self.network(teacher)?;
        let options = Options { device, ..Options::default() };
        let network = Executor::new(&net.graph, options).map_err(failed)?;
        let file = Path::new(&teacher.weights);
        let matched = state::load_matching(&network, file).map_err(unloaded)?;
        // What the file has beside them does no harm.
        let left = Matched { unknown: vec![], ..matched };
        if left.is_whole() {
            return Ok(network);
        }
        Err(Failure::with_help(
            format!("`{}` does not fit the teacher `{name}`: {left}", file.display()),
            "name the file that was trained for it: `distill(…, weights = \"FILE\")`",
        ))
    }
}
