//! Specs as commands need them: judged, with the network and the plan that they name.

use segc::cli::args::{Settings, Spec};
use segc::cli::failure::Failure;
use segc::cli::plan::Planned;
use segc::cli::read::{self, Judged};
use segc::cli::term::Term;
use segc::diag::Sink;
use segc::forecast::digest::{What, of_program};
use segc::ir::DecisionGraph;
use segc::run;
use segc::sema::{self, Net};
use std::path::Path;

/// Reads a spec that has to be right.
pub(super) fn read(file: &Path, set: &Settings, term: &Term) -> Result<Judged, Failure> {
    read::right(&Spec { file: file.to_path_buf(), set: set.clone() }, term)
}

/// Reads a spec that has to be right, for a run that was perhaps planned: where it was, and the spec
/// is wrong, what has changed since is said instead.
pub(super) fn planned(
    file: &Path,
    set: &Settings,
    planned: Option<&Planned>,
    term: &Term,
) -> Result<Judged, Failure> {
    if let Some(planned) = planned {
        if !file.exists() {
            return Err(planned.without_spec());
        }
        let judged = read::judge(file, &set.pairs())?;
        if judged.is_right() {
            read::print_diags(&judged.diags, &judged.program.sources, term);
            return Ok(judged);
        }
        planned.holds_of_texts(&of_program(&judged.program, What::Spec, &judged.name))?;
    }
    read(file, set, term)
}

/// A finished network of a spec: the asked one, or the one that is meant.
pub(super) fn finished<'j>(
    judged: &'j Judged,
    asked: Option<&str>,
) -> Result<(&'j str, &'j Net), Failure> {
    let planned = judged.space.plans.train.keys().next().map(String::as_str);
    let chosen = read::choose(judged, asked.or(planned))?;
    let open = open_decisions(judged, &chosen.net.graph);
    if open.is_empty() {
        return Ok((chosen.name, chosen.net));
    }
    let some: Vec<&str> = open.iter().take(3).map(String::as_str).collect();
    let message = format!(
        "`{}` is not finished: {} decisions are open, such as {}",
        chosen.name,
        open.len(),
        some.join(", ")
    );
    Err(Failure::with_help(message, "search it first: `segc search FILE --out RUN`"))
}

/// A network of a spec that segc itself has written.
pub(super) fn written(text: &str, net: &str) -> Result<Net, Failure> {
    let mut diags = Sink::default();
    let program = sema::load(run::ARCH, None, text, &[], &mut diags);
    let mut space = sema::analyse(&program, &mut diags);
    let found = space.nets.shift_remove(net).filter(|_| !diags.has_errors());
    let unread =
        || Failure::machine(format!("what was written of `{net}` is no spec: a bug of segc"));
    found.ok_or_else(unread)
}

/// Names of the decisions that a network depends on.
fn open_decisions(judged: &Judged, graph: &DecisionGraph) -> Vec<String> {
    let mut ids: Vec<usize> = graph.leaves.iter().map(|g| g.decision().index()).collect();
    ids.sort_unstable();
    ids.dedup();
    let decisions = judged.space.decisions();
    ids.into_iter().filter_map(|i| decisions.get(i)).map(|d| d.name.clone()).collect()
}
