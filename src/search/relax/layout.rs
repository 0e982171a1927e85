//! Where parameters lie: per decision a form, per softmax a group.
//!
//! One decision has one set of parameters, however many leaves speak of it.

use crate::decode::{Arrow, Score, ScoredArrow, arrows};
use crate::ir::decision::{Lattice, Normalise, Pick, Picks};
use crate::ir::{Decision, Domain};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What becomes of arrow weights where a node has fewer arrows than moves: at the finest and the
/// coarsest scale, at the stem, and where a path could not go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// The weights of a group sum to one (Auto-DeepLab, Eq. 7). With equal logits a path along
    /// the boundary then weighs more than one through the middle: `2^-n` against `3^-n`.
    #[default]
    Plain,
    /// The weights of a group of `g` arrows sum to `g/m`, where `m` is the number of moves, so
    /// that with equal logits all paths weigh the same. NoamRosenberg/autodeeplab does this
    /// (2/3 for two arrows of three). A single arrow out of the stem is no choice and keeps
    /// weight 1.
    Scaled,
}

/// A run of parameters; the mixing weights of its members are `scale` times their softmax.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// Indices of the parameters.
    pub(super) params: Range<usize>,
    /// What the weights sum to.
    pub(super) scale: f64,
}

/// Which parameter belongs to what, for one decision.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    /// One per alternative.
    One(Range<usize>),
    /// `[candidate][operator]`: the parameter.
    Candidates(Vec<Vec<usize>>),
    /// One per option in every slot, slot by slot.
    Slots {
        /// The parameters, slot by slot.
        params: Range<usize>,
        /// The options of each slot.
        options: Vec<Pick>,
    },
    /// One per arrow.
    Path {
        /// The parameters, in the arrows' order.
        params: Range<usize>,
        /// The arrows, by layer.
        arrows: Vec<Arrow>,
    },
}

/// The groups of all decisions; they cover the parameter vector in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layout {
    /// The groups.
    pub(super) groups: Vec<Group>,
}

impl Layout {
    /// How many parameters there are.
    pub(super) fn len(&self) -> usize {
        self.groups.last().map_or(0, |group| group.params.end)
    }

    /// Whether this is one parameter that competes with none, and whose weight is always one.
    pub(super) fn is_settled(&self, params: &[usize]) -> bool {
        let &[param] = params else { return false };
        self.groups.iter().any(|g| g.params == (param..param + 1) && g.scale == 1.0)
    }

    fn group(&mut self, len: usize, scale: f64) -> Range<usize> {
        let first = self.len();
        if len > 0 {
            self.groups.push(Group { params: first..first + len, scale });
        }
        first..first + len
    }

    /// Gives a decision its parameters. `by_slot` where some leaf tells its picks apart.
    pub(super) fn add(&mut self, decision: &Decision, by_slot: bool, boundary: Boundary) -> Form {
        match &decision.domain {
            Domain::One(labels) => Form::One(self.group(labels.len(), 1.0)),
            Domain::Picks(picks) if by_slot => self.slots(picks),
            Domain::Picks(picks) => Form::Candidates(self.candidates(picks)),
            Domain::Path(lattice) => self.path(lattice, boundary),
        }
    }

    /// Every slot chooses among all options by itself.
    fn slots(&mut self, picks: &Picks) -> Form {
        let options = picks.options();
        let first = self.len();
        for _ in 0..picks.k {
            self.group(options.len(), 1.0);
        }
        Form::Slots { params: first..self.len(), options }
    }

    /// Every candidate is kept and mixes its operators (DARTS, Eq. 2; Auto-DeepLab, Eq. 2-4).
    /// Where some candidate has nothing to mix, its strength shows only beside the others: there
    /// all options compete, and their weights sum to the number of picks, as do the mean counts
    /// of so many draws.
    fn candidates(&mut self, picks: &Picks) -> Vec<Vec<usize>> {
        let sizes = picks.candidates.iter().map(|candidate| candidate.ops.len().max(1));
        if sizes.clone().all(|size| size > 1) {
            return sizes.map(|size| self.group(size, 1.0).collect()).collect();
        }
        let mut all = self.group(picks.options().len(), f64::from(picks.k));
        sizes.map(|size| all.by_ref().take(size).collect()).collect()
    }

    /// Arrows that leave one node compete, or those that enter one (Auto-DeepLab, Eq. 7-8;
    /// FasterSeg, Eq. 1). Those out of the stem leave one node.
    fn path(&mut self, lattice: &Lattice, boundary: Boundary) -> Form {
        let mut arrows = arrows(lattice);
        let key = |a: &Arrow| match lattice.weigh {
            Normalise::Source => (a.layer, a.from, None),
            Normalise::Target => (a.layer, None, Some(a.to)),
        };
        arrows.sort_by_key(key);
        let first = self.len();
        for group in arrows.chunk_by(|a, b| key(a) == key(b)) {
            self.group(group.len(), arrow_sum(lattice, group, boundary));
        }
        Form::Path { params: first..self.len(), arrows }
    }
}

/// What the weights of a group of arrows sum to.
fn arrow_sum(lattice: &Lattice, group: &[Arrow], boundary: Boundary) -> f64 {
    let moves = &lattice.moves;
    let full = [moves.up, moves.stay, moves.down].into_iter().filter(|&m| m).count();
    let lone_entry = group.len() == 1 && group.iter().all(|arrow| arrow.from.is_none());
    match boundary {
        Boundary::Scaled if !lone_entry && group.len() < full => group.len() as f64 / full as f64,
        _ => 1.0,
    }
}

impl Form {
    /// The parameters of one pick: in every slot where slots are told apart.
    pub(super) fn pick(&self, pick: Pick) -> Vec<usize> {
        match self {
            Form::Candidates(rows) => rows
                .get(pick.candidate as usize)
                .and_then(|row| row.get(pick.op as usize))
                .copied()
                .into_iter()
                .collect(),
            Form::Slots { params, options } => {
                let at = options.iter().position(|o| *o == pick);
                let slots = params.clone().step_by(options.len().max(1));
                at.map_or_else(Vec::new, |at| slots.map(|slot| slot + at).collect())
            }
            Form::One(_) | Form::Path { .. } => Vec::new(),
        }
    }

    /// The parameters of all picks of one candidate, slot by slot.
    pub(super) fn of_candidate(&self, candidate: u16) -> Vec<Vec<usize>> {
        let Form::Slots { params, options } = self else { return Vec::new() };
        let of = |slot: usize| {
            let own = options.iter().enumerate().filter(|(_, o)| o.candidate == candidate);
            own.map(|(at, _)| slot + at).collect()
        };
        params.clone().step_by(options.len().max(1)).map(of).collect()
    }

    /// The table of one decision out of the mixing weights of all parameters.
    pub(super) fn score(&self, weights: &[f64]) -> Score {
        match self {
            Form::One(params) => Score::One(weights[params.clone()].to_vec()),
            Form::Candidates(rows) => {
                let row = |row: &Vec<usize>| row.iter().map(|&p| weights[p]).collect();
                Score::Candidates(rows.iter().map(row).collect())
            }
            Form::Slots { params, options } => {
                let rows = weights[params.clone()].chunks(options.len().max(1));
                Score::Slots(rows.map(<[f64]>::to_vec).collect())
            }
            Form::Path { params, arrows } => {
                let weights = weights[params.clone()].iter();
                let row = |(&arrow, &weight)| ScoredArrow { arrow, weight };
                Score::Path(arrows.iter().zip(weights).map(row).collect())
            }
        }
    }

    /// Whether a parameter belongs to it.
    pub(super) fn holds(&self, param: usize) -> bool {
        match self {
            Form::One(params) | Form::Slots { params, .. } | Form::Path { params, .. } => {
                params.contains(&param)
            }
            Form::Candidates(rows) => rows.iter().flatten().any(|&p| p == param),
        }
    }
}
