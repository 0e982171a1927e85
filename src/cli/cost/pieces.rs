//! The costs of a network in pieces, each worked out by the thread that comes to it first: one thread
//! begins while the rest of a spec is judged, and the one that judged it joins in afterwards.

use super::{At, Bounds, Report};
use crate::cost::{self, Cost, Costs, Ground, Range, SizeProblem, TableProblem};
use crate::ir::DecisionGraph;
use crate::ir::decision::Decision;
use crate::threads::Spare;
use std::panic::resume_unwind;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

/// Costs that are being worked out.
pub(super) struct Begun {
    pieces: Arc<Pieces>,
    /// The thread that began, where the system started one.
    ahead: Option<JoinHandle<()>>,
}

impl Begun {
    /// Begins, on a thread that waits for that, if there is one. Where nobody asks for the result, the
    /// thread is left to itself.
    pub(super) fn with(
        spare: Option<Spare>,
        decisions: &[Decision],
        graph: &Arc<DecisionGraph>,
        at: At,
        train: bool,
    ) -> Begun {
        let pieces = Arc::new(Pieces::of(decisions.to_vec(), Arc::clone(graph), at, train));
        let own = Arc::clone(&pieces);
        let errand = move || {
            own.inference();
            own.peak();
        };
        Begun { pieces, ahead: spare.map(|spare| spare.begin(errand)) }
    }

    /// What is asked.
    pub(super) fn at(&self) -> At {
        self.pieces.at
    }

    /// All costs. This thread begins with what the other one comes to last.
    ///
    /// # Errors
    /// Where the network does not fit what is asked.
    pub(super) fn done(self) -> Result<Report, SizeProblem> {
        self.pieces.peak();
        if self.pieces.is_open() {
            self.pieces.params();
        }
        if let Some(ahead) = self.ahead {
            ahead.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        self.pieces.report()
    }
}

/// Something that is worked out once, and that others wait for meanwhile.
type Piece<T, E = SizeProblem> = OnceLock<Result<T, E>>;

struct Pieces {
    decisions: Vec<Decision>,
    graph: Arc<DecisionGraph>,
    at: At,
    train: bool,
    /// The memory that training takes.
    peak: Piece<u64>,
    /// Of a finished network: all the rest.
    exact: Piece<Costs>,
    /// Of a space: what bounds are worked out from, what all alternatives together cost, and each
    /// cost's bounds.
    ground: Piece<Ground>,
    whole: Piece<Cost>,
    params: Piece<Range, TableProblem>,
    macs: Piece<Range, TableProblem>,
}

impl Pieces {
    fn of(decisions: Vec<Decision>, graph: Arc<DecisionGraph>, at: At, train: bool) -> Pieces {
        Pieces {
            decisions,
            graph,
            at,
            train,
            peak: Piece::new(),
            exact: Piece::new(),
            ground: Piece::new(),
            whole: Piece::new(),
            params: Piece::new(),
            macs: Piece::new(),
        }
    }

    /// Whether it is a space's.
    fn is_open(&self) -> bool {
        !self.graph.leaves.is_empty()
    }

    /// What an inference costs.
    fn inference(&self) {
        if self.is_open() {
            self.macs();
            self.whole();
            self.params();
        } else {
            self.exact();
        }
    }

    fn peak(&self) -> &Result<u64, SizeProblem> {
        self.peak.get_or_init(|| self.at.training_peak(&self.graph))
    }

    fn exact(&self) -> &Result<Costs, SizeProblem> {
        self.exact.get_or_init(|| cost::exact(&self.graph, self.at.question(self.train)))
    }

    fn ground(&self) -> Result<&Ground, SizeProblem> {
        let question = self.at.question(self.train);
        let ground = || Ground::of(&self.decisions, &self.graph, question);
        self.ground.get_or_init(ground).as_ref().map_err(Clone::clone)
    }

    fn whole(&self) -> &Result<Cost, SizeProblem> {
        self.whole.get_or_init(|| Ok(self.ground()?.whole(&self.graph)))
    }

    fn params(&self) -> &Result<Range, TableProblem> {
        let params = || self.ground()?.params(&self.decisions, &self.graph);
        self.params.get_or_init(params)
    }

    fn macs(&self) -> &Result<Range, TableProblem> {
        let macs = || self.ground()?.macs(&self.decisions, &self.graph);
        self.macs.get_or_init(macs)
    }

    /// All of it; names are still open.
    fn report(&self) -> Result<Report, SizeProblem> {
        let (at, train) = (self.at, self.train);
        if !self.is_open() {
            let exact = self.exact().clone()?;
            return Ok(Report::finished(&exact, at, train, self.peak().clone()?));
        }
        let whole = self.whole().clone()?;
        let bounds = match (self.params(), self.macs()) {
            (Ok(params), Ok(macs)) => ((*params).into(), (*macs).into()),
            (Err(TableProblem::Size(problem)), _) | (_, Err(TableProblem::Size(problem))) => {
                return Err(problem.clone());
            }
            // No member costs more than all alternatives together.
            (Err(TableProblem::Entangled), _) | (_, Err(TableProblem::Entangled)) => {
                let below = |max| Bounds { min: 0, max, attained: false };
                (below(whole.params), below(whole.macs))
            }
        };
        Ok(Report::open(bounds, whole, at, train, self.peak().clone()?))
    }
}
