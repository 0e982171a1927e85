//! Networks that differ.
//!
//! Few architectures are built one by one and compared by canonical form. Of many there are
//! bounds. *Above*: two bindings that differ only in the order of picks are one network where no mix
//! reads them by slot, or where slots are used [alike](super::symmetry), so that the architectures
//! of the space with those picks unordered are enough.
//! *Below*: members with different fingerprints differ, so that counting fingerprints over any part
//! of the space counts some of its networks once each.

use super::Count;
use super::active::Active;
use super::fingerprint::Prints;
use super::symmetry::Symmetry;
use crate::ir::canon::Keys;
use crate::ir::decision::{Binding, Decision, DecisionId, Domain, Gate};
use crate::ir::graph::DecisionGraph;
use crate::maps::{HashMap, HashSet};
use num_bigint::BigUint;
use num_traits::{One, ToPrimitive};
use std::cell::OnceCell;

/// Up to so many architectures are compared one by one.
pub const DISTINCT_LIMIT: u64 = 30_000;

/// Edges looked at while members are compared: a second at most.
const BUILD_WORK: u64 = 40_000_000;
/// Edges looked at while fingerprints are taken of what is small enough to be gone through, and of
/// what is not: there the bound that they give is far off whatever is spent.
const FULL_WORK: u64 = 16_000_000;
const PRINT_WORK: u64 = 400_000;
/// Values of a part that are compared where their fingerprints are the same.
const COMPARED: usize = 600;

/// Why a count is not exact.
const MANY: &str =
    "too many to compare one by one: fingerprints from below, unordered picks from above";

/// The count of a whole space; `space` has picks unordered where nothing reads their order.
/// Of a space of several parts, they say more from below than a look at the whole.
pub(super) fn count(laid: &mut Laid<'_>, space: &Active, single: bool) -> Count {
    let total = space.count();
    let edges = laid.graph.graph.edge_count() as u64;
    let buildable = (BUILD_WORK / (edges + 1)).clamp(64, DISTINCT_LIMIT);
    match total.to_u64().filter(|n| *n <= buildable) {
        Some(n) => {
            let all = (0..n).filter_map(|rank| space.unrank(&rank.into()));
            Count::Exact(laid.classes(all).len().into())
        }
        None if single => Count::between(below(laid, space), total.clone(), MANY),
        None => Count::between(BigUint::one(), total.clone(), MANY),
    }
}

/// Different fingerprints of members spread over the ranks.
fn below(laid: &mut Laid<'_>, space: &Active) -> BigUint {
    let prints = &mut laid.prints;
    let limit = prints.work + PRINT_WORK;
    let mut seen = HashSet::default();
    for binding in spread(space.count()).map_while(|rank| space.unrank(&rank)) {
        seen.insert(prints.print(&binding));
        if prints.work > limit {
            break;
        }
    }
    seen.len().into()
}

/// Ranks below a count that lie evenly however many are taken: steps by the golden section.
fn spread(count: &BigUint) -> impl Iterator<Item = BigUint> + '_ {
    let step = count * 618_034u32 / 1_000_000u32 + 1u32;
    (0..DISTINCT_LIMIT).map(move |i| &step * i % count)
}

/// How many values of a part some setting of the rest tells apart: networks in a few settings from
/// below, by fingerprints alone where there are many, the part's architectures from above. `whole`
/// and `part` have picks unordered where nothing reads their order.
pub(super) fn count_part(
    laid: &mut Laid<'_>,
    whole: &Active,
    part: &Active,
    members: &[DecisionId],
) -> Count {
    let total = part.count();
    let small = total.to_u64().filter(|n| *n <= DISTINCT_LIMIT);
    let (mut left, mut work) =
        if small.is_some() { (COMPARED, FULL_WORK) } else { (0, PRINT_WORK) };
    let values: Vec<BigUint> = match small {
        Some(n) => (0..n).map(BigUint::from).collect(),
        None => spread(total).collect(),
    };
    let mut seen: Vec<Vec<usize>> = vec![Vec::new(); values.len()];
    let mut told_apart = 1;
    for setting in 1..=SETTINGS {
        let rank = whole.count() * setting / (SETTINGS + 1);
        let Some(mut binding) = whole.unrank(&rank) else { break };
        let before = laid.prints.work;
        let mut classes = Classes::new(laid, Keys::look, left);
        for (value, seen) in values.iter().zip(&mut seen) {
            let Some(own) = part.unrank(value) else { break };
            members.iter().for_each(|d| binding.0[d.index()].clone_from(&own.0[d.index()]));
            seen.push(classes.place(&binding));
            if classes.laid.prints.work - before > work {
                break;
            }
        }
        left = classes.left;
        work = work.saturating_sub(laid.prints.work - before);
        // Values that were not looked at in every setting are left out of the comparison.
        let full = seen.iter().filter(|s| s.len() == setting as usize);
        told_apart = told_apart.max(full.collect::<HashSet<_>>().len());
        if told_apart == values.len() || work == 0 {
            break;
        }
    }
    Count::between(told_apart.into(), total.clone(), MANY)
}

/// In how many settings of the rest a part's values are compared.
const SETTINGS: u32 = 4;

/// Decisions in which the order of picks counts only where it makes a difference; nothing where
/// that is already so.
pub(crate) fn unordered(decisions: &[Decision], graph: &DecisionGraph) -> Option<Vec<Decision>> {
    let symmetry = OnceCell::new();
    let by_slot = |of: DecisionId| {
        let slot = |g: &Gate| matches!(g, Gate::Slot { .. }) && g.decision() == of;
        graph.leaves.iter().any(slot)
    };
    let mut out = decisions.to_vec();
    let mut changed = false;
    for (i, decision) in out.iter_mut().enumerate() {
        let of = DecisionId(i as u32);
        if let Domain::Picks(picks) = &mut decision.domain
            && picks.ordered
            && picks.k > 1
        {
            let symmetry = || symmetry.get_or_init(|| Symmetry::of(decisions, graph));
            let idle = !by_slot(of) || symmetry().is_free(of, picks);
            picks.ordered = !idle;
            changed |= idle;
        }
    }
    changed.then_some(out)
}

/// A graph laid out for comparisons of its members.
pub(crate) struct Laid<'a> {
    graph: &'a DecisionGraph,
    prints: Prints<'a>,
    keys: OnceCell<Keys<'a>>,
}

impl<'a> Laid<'a> {
    /// Lays out a graph.
    pub(crate) fn of(graph: &'a DecisionGraph) -> Laid<'a> {
        Laid { graph, prints: Prints::of(graph), keys: OnceCell::new() }
    }

    /// The first of each class of equal networks among some members, in order.
    pub(crate) fn classes(&mut self, members: impl Iterator<Item = Binding>) -> Vec<Binding> {
        let mut classes = Classes::new(self, Keys::own, usize::MAX);
        for binding in members {
            classes.place(&binding);
        }
        classes.firsts
    }

    /// Something that equal networks have in common.
    fn look(&mut self, look: Look<'a>, binding: &Binding) -> [u8; 32] {
        self.keys.get_or_init(|| Keys::of(self.graph));
        self.keys.get_mut().map_or([0; 32], |keys| look(keys, binding))
    }
}

/// A class by the index of its first member, and its key once there was a second one to compare.
type Class = (usize, Option<[u8; 32]>);

/// Something that equal networks have in common.
type Look<'a> = fn(&mut Keys<'a>, &Binding) -> [u8; 32];

/// Classes of equal networks, by their first members.
struct Classes<'l, 'a> {
    laid: &'l mut Laid<'a>,
    /// What tells apart members whose prints are the same.
    key: Look<'a>,
    by_print: HashMap<u64, Vec<Class>>,
    firsts: Vec<Binding>,
    /// Comparisons left; then what has one print is one class.
    left: usize,
}

impl<'l, 'a> Classes<'l, 'a> {
    /// No classes yet; at most so many members are compared by more than their prints.
    fn new(laid: &'l mut Laid<'a>, key: Look<'a>, left: usize) -> Classes<'l, 'a> {
        Classes { laid, key, by_print: HashMap::default(), firsts: Vec::new(), left }
    }

    /// The class of a member.
    fn place(&mut self, binding: &Binding) -> usize {
        let like = self.by_print.entry(self.laid.prints.print(binding)).or_default();
        let mut key = None;
        if let Some((first, _)) = like.first() {
            if self.left == 0 {
                return *first;
            }
            self.left -= 1;
            let mut look = |binding: &Binding| self.laid.look(self.key, binding);
            let own = look(binding);
            let known = like.iter_mut().find_map(|(first, key)| {
                let key = key.get_or_insert_with(|| look(&self.firsts[*first]));
                (*key == own).then_some(*first)
            });
            if let Some(known) = known {
                return known;
            }
            key = Some(own);
        }
        like.push((self.firsts.len(), key));
        self.firsts.push(binding.clone());
        self.firsts.len() - 1
    }
}
