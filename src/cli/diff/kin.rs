//! What two specs have to do with each other: whether one is a space and the other its member,
//! whether both are members of one space, and by which decisions they then differ.
//!
//! What a header says is believed only where it is true: the space must have the fingerprint that
//! the header names, and its member of that rank must be the network that the spec describes.

use super::Side;
use crate::cli::check;
use crate::cli::failure::Failure;
use crate::cli::number::grouped;
use crate::cli::read::{self, Judged};
use crate::ir::decision::Binding;
use crate::ir::{DecisionGraph, Sampler, isomorphic, member};
use crate::run;
use crate::run::origin::Stated;
use num_bigint::BigUint;
use num_traits::Zero;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What the two have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Kin {
    /// The space that they stem from.
    pub(super) space: Option<String>,
    /// Which of its members they are.
    pub(super) ranks: [Option<BigUint>; 2],
    /// Decisions that differ; nothing where that is not known.
    pub(super) decisions: Option<Vec<Row>>,
    /// Why it is not known, where the headers made one hope.
    pub(super) why: Option<String>,
}

/// A decision that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    /// What it takes in A; of a space, what it may take. Nothing where A has no such decision.
    pub(super) a: Option<String>,
    /// The same of B.
    pub(super) b: Option<String>,
}

impl Kin {
    /// Whether all decisions are known, and the same.
    pub(super) fn is_same(&self) -> bool {
        self.decisions.as_ref().is_some_and(Vec::is_empty)
    }

    /// The same with A and B exchanged.
    fn swapped(mut self) -> Kin {
        self.ranks.reverse();
        for row in self.decisions.iter_mut().flatten() {
            std::mem::swap(&mut row.a, &mut row.b);
        }
        self
    }

    fn unknown(why: Option<String>) -> Kin {
        Kin { why, ..Kin::default() }
    }
}

/// A space is taken as its member says: with the constants that it was made with, and, of several
/// networks that share the decisions, the one of its name.
pub(super) fn take_as_the_member_says(
    space: &mut Side,
    other: &Side,
    net: Option<&str>,
) -> Result<(), Failure> {
    if !is_space(space) || is_space(other) {
        return Ok(());
    }
    if let Some(stated) = other.stated.as_ref().filter(|s| !s.set.is_empty())
        && let Some(judged) = as_stated(&space.path, stated)?
    {
        *space = Side::of(judged, &space.path, net)?;
    }
    if net.is_none() && space.judged.space.nets.contains_key(&other.net) {
        space.net.clone_from(&other.net);
    }
    Ok(())
}

/// What two specs have to do with each other.
pub(super) fn of(a: &Side, b: &Side, space: Option<&Path>) -> Result<Kin, Failure> {
    match (is_space(a), is_space(b)) {
        (true, true) => Ok(spaces(a, b)),
        (true, false) => Ok(space_and_member(a, b)),
        (false, true) => Ok(space_and_member(b, a).swapped()),
        (false, false) => members(a, b, space),
    }
}

fn is_space(side: &Side) -> bool {
    side.graph().is_some_and(|graph| !graph.leaves.is_empty())
}

/// Two spaces: what may be decided, by name.
fn spaces(a: &Side, b: &Side) -> Kin {
    let [of_a, of_b] = [a, b].map(|side| side.judged.space.decisions());
    let find = |all: &[crate::ir::Decision], name: &str| {
        all.iter().find(|d| d.name == name).map(|d| d.domain.clone())
    };
    let only_b = of_b.iter().filter(|d| find(of_a, &d.name).is_none());
    let rows = of_a.iter().chain(only_b).filter_map(|d| {
        let [in_a, in_b] = [find(of_a, &d.name), find(of_b, &d.name)];
        let [a, b] = [&in_a, &in_b].map(|domain| domain.as_ref().map(check::describe));
        (in_a != in_b).then(|| Row { name: d.name.clone(), a, b })
    });
    Kin { decisions: Some(rows.collect()), ..Kin::default() }
}

/// A space and its member: every decision, and what the member takes.
fn space_and_member(space: &Side, of: &Side) -> Kin {
    let fingerprint = run::fingerprint(&space.judged.program, &stated_set(of));
    let binding = match find(&space.judged, &fingerprint, of) {
        Ok(binding) => binding,
        Err(why) => return Kin::unknown(Some(why)),
    };
    let decisions = space.judged.space.decisions();
    let rows = decisions.iter().zip(&binding.0).map(|(decision, value)| Row {
        name: decision.name.clone(),
        a: Some(check::describe(&decision.domain)),
        b: Some(decision.domain.show(value)),
    });
    Kin {
        space: Some(space.judged.name.clone()),
        ranks: [None, Sampler::of(decisions).rank(&binding)],
        decisions: Some(rows.collect()),
        why: None,
    }
}

/// Two members of the space that is named, or that both headers speak of.
fn members(a: &Side, b: &Side, named: Option<&Path>) -> Result<Kin, Failure> {
    let common = a.stated.as_ref().zip(b.stated.as_ref());
    let common = common.filter(|(x, y)| x.fingerprint == y.fingerprint && x.set == y.set);
    let space = match (named, common) {
        (Some(path), _) => named_space(path, [a, b])?,
        (None, None) => return Ok(Kin::unknown(None)),
        (None, Some((x, y))) => match look_for(x, [&a.path, &b.path])? {
            Some(space) => space,
            None => return Ok(Kin::unknown(Some(absent(x, y)))),
        },
    };
    let fingerprint = run::fingerprint(&space.program, &stated_set(a));
    let found = find(&space, &fingerprint, a).and_then(|x| Ok((x, find(&space, &fingerprint, b)?)));
    Ok(match found {
        Ok((x, y)) => between(&space, &x, &y),
        Err(why) => Kin::unknown(Some(why)),
    })
}

/// Both headers name a space that is not found.
fn absent(x: &Stated, y: &Stated) -> String {
    let [x_rank, y_rank] = [x, y].map(|stated| grouped(&stated.rank));
    format!(
        "the headers say members {x_rank} and {y_rank} of `{}`, which is not here as it was then: \
         `--space FILE` says where it is",
        x.spec
    )
}

/// The decisions by which two members of a space differ.
fn between(space: &Judged, x: &Binding, y: &Binding) -> Kin {
    let decisions = space.space.decisions();
    let values = decisions.iter().zip(x.0.iter().zip(&y.0));
    let rows = values.filter(|(_, (x, y))| x != y).map(|(decision, (x, y))| {
        let [a, b] = [x, y].map(|value| Some(decision.domain.show(value)));
        Row { name: decision.name.clone(), a, b }
    });
    let ranks = Sampler::of(decisions);
    Kin {
        space: Some(space.name.clone()),
        ranks: [x, y].map(|binding| ranks.rank(binding)),
        decisions: Some(rows.collect()),
        why: None,
    }
}

fn stated_set(side: &Side) -> Vec<(String, String)> {
    side.stated.as_ref().map(|s| s.set.clone()).unwrap_or_default()
}

/// The space that the command line names.
fn named_space(path: &Path, sides: [&Side; 2]) -> Result<Judged, Failure> {
    let sets = sides.into_iter().filter_map(|side| side.stated.as_ref());
    for stated in sets {
        if let Some(judged) = as_stated(path, stated)? {
            return Ok(judged);
        }
    }
    let judged = read::judge(path, &[])?;
    if judged.is_right() {
        return Ok(judged);
    }
    let help = format!("`segc check {}` says what", path.display());
    Err(Failure::with_help(format!("something is wrong with `{}`", path.display()), help))
}

/// The space that a header speaks of: by its path, beside a member, or in a run's folder.
fn look_for(stated: &Stated, members: [&Path; 2]) -> Result<Option<Judged>, Failure> {
    let path = Path::new(&stated.spec);
    let mut places: Vec<PathBuf> = vec![path.to_owned()];
    if let Some(name) = path.file_name() {
        for folder in members.into_iter().filter_map(Path::parent) {
            places.extend([folder.join(name), folder.join(run::SPEC).join(name)]);
        }
    }
    for place in places.iter().filter(|place| place.is_file()) {
        if let Some(judged) = as_stated(place, stated)? {
            return Ok(Some(judged));
        }
    }
    Ok(None)
}

/// A spec with the constants that a header names, where it then is the space that it names.
fn as_stated(path: &Path, stated: &Stated) -> Result<Option<Judged>, Failure> {
    if read::is_stdin(path) {
        return Ok(None);
    }
    let judged = read::judge(path, &stated.set)?;
    let same = run::fingerprint(&judged.program, &stated.set) == stated.fingerprint;
    Ok((same && judged.is_right()).then_some(judged))
}

/// Members that are compared one by one where no header says which it is.
const FEW: u32 = 10_000;

/// Which member of a space a network is, or why that is not known.
fn find(space: &Judged, fingerprint: &str, side: &Side) -> Result<Binding, String> {
    let (name, of) = (&side.judged.name, &space.name);
    let nets = &space.space.nets;
    let open = match (nets.get(&side.net), read::choose(space, None)) {
        (Some(net), _) => &net.graph,
        (None, Ok(chosen)) => &chosen.net.graph,
        (None, Err(_)) => return Err(format!("`{of}` has no network `{}`", side.net)),
    };
    let Some(closed) = side.closed() else {
        return Err(format!("`{name}` is no finished network"));
    };
    let is_it = |binding: &Binding| same_as(open, binding, &closed);
    let ranks = Sampler::of(space.space.decisions());
    let true_header = side.stated.as_ref().filter(|s| s.fingerprint == fingerprint);
    let stated = true_header.and_then(|s| ranks.unrank(&s.rank));
    if let Some(binding) = stated.filter(is_it) {
        return Ok(binding);
    }
    if *ranks.count() <= BigUint::from(FEW) {
        let found = ranks.enumerate(&BigUint::zero()).find(is_it);
        return found.ok_or_else(|| format!("no member of `{of}` is the network of `{name}`"));
    }
    Err(match (&side.stated, true_header) {
        (None, _) => format!("`{name}` does not say which member of `{of}` it is"),
        (Some(_), None) => format!("`{name}` was written from another spec than `{of}` is now"),
        (Some(_), Some(s)) => {
            let rank = grouped(&s.rank);
            format!("`{name}` was edited: it is no longer member {rank} of `{of}`")
        }
    })
}

/// Whether a member is a network.
fn same_as(open: &DecisionGraph, binding: &Binding, closed: &DecisionGraph) -> bool {
    isomorphic(&member(open, binding), closed)
}
