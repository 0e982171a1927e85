//! The spaces themselves.

use super::*;
use crate::ir::kernel::{Interp, Target};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Four nodes, each but the first the sum of all earlier ones, each through one of `ops`
/// operators: six edges, a decision each.
pub(crate) fn dense_cell(ops: usize) -> Draft {
    let (mut draft, input) = Draft::new();
    let mut nodes = vec![input];
    for j in 1..4 {
        let mut terms = Vec::new();
        for (i, &x) in nodes.iter().enumerate() {
            let of = draft.one(&format!("cell.e{i}{j}"), ops);
            let gated: Vec<_> =
                (0..ops).map(|op| (Gate::Alt { of, alt: op as u32 }, draft.op(op, x))).collect();
            terms.push(draft.mix(&gated));
        }
        let sum = draft.node(Kernel::Add, &terms);
        nodes.push(sum);
    }
    draft.output(nodes[3]);
    draft
}

/// `blocks` blocks that each sum two picks of what came before, through `ops` operators, all
/// concatenated; the decisions are given, so that cells can share them.
pub(crate) fn block_cell(
    draft: &mut Draft,
    design: &[DecisionId],
    inputs: [NodeId; 2],
    ops: usize,
) -> NodeId {
    let mut states = inputs.to_vec();
    for &of in design {
        let block = draft.read(of, &states, ops);
        states.push(block);
    }
    let ty = MapType::new(WIDTH * design.len() as u32, draft.graph.node(inputs[0]).ty.scale);
    draft.typed(Kernel::Concat, ty, &states[2..])
}

/// A design for [`block_cell`].
pub(crate) fn block_design(draft: &mut Draft, blocks: usize, ops: usize) -> Vec<DecisionId> {
    (0..blocks)
        .map(|i| draft.picks(&format!("found.H[{i}]"), 2, (true, true), &vec![ops; i + 2]))
        .collect()
}

/// A map brought to the n-th scale of [`lattice`] and to `WIDTH` channels.
fn fit(draft: &mut Draft, x: NodeId, scale: u8) -> NodeId {
    let scale = Scale::Down(4 << scale);
    let ty = MapType { scale, ..draft.graph.node(x).ty };
    let to = Kernel::Resize { to: Target::Scale(scale), interp: Interp::Bilinear };
    let there = draft.typed(to, ty, &[x]);
    draft.node(conv(1), &[there])
}

/// A lattice of shared cells: a cell per arrow, which reads the map two layers back at its scale
/// (absent where the path was not there) and the arrow's source.
pub(crate) fn trellis(layers: u8, blocks: usize, ops: usize) -> Draft {
    let (mut draft, input) = Draft::new();
    let stem = draft.node(conv(3), &[input]);
    let design = block_design(&mut draft, blocks, ops);
    let of = draft.path("path", layers, &[0]);
    let passable = lattice(layers, &[0]).passable();
    let mut grid: Vec<Vec<Option<NodeId>>> = Vec::new();
    for layer in 0..layers {
        let draft = &mut draft;
        let row = (0..4u8).map(|to| {
            if !passable[layer as usize][to as usize] {
                return None;
            }
            let back = layer.checked_sub(2).and_then(|l| grid[l as usize][to as usize]);
            let back = back.unwrap_or_else(|| draft.mix(&[]));
            let sources: Vec<(Option<u8>, NodeId)> = match layer.checked_sub(1) {
                None => vec![(None, stem)],
                Some(l) => (to.saturating_sub(1)..=(to + 1).min(3))
                    .filter_map(|from| Some((Some(from), grid[l as usize][from as usize]?)))
                    .collect(),
            };
            let terms: Vec<_> = sources
                .into_iter()
                .map(|(from, x)| {
                    let [a, b] = [back, x].map(|map| fit(draft, map, to));
                    (Gate::Arrow { of, layer, from, to }, block_cell(draft, &design, [a, b], ops))
                })
                .collect();
            Some(draft.mix(&terms))
        });
        let row = row.collect();
        grid.push(row);
    }
    let exits: Vec<_> = (0..4u8)
        .filter_map(|at| Some((at, grid.last()?[at as usize]?)))
        .map(|(at, x)| (Gate::Exit { of, at }, fit(&mut draft, x, 0)))
        .collect();
    let out = draft.mix(&exits);
    draft.output(out);
    draft
}

/// A space drawn by chance, of at most a few thousand bindings.
pub(crate) fn random_space(rng: &mut ChaCha8Rng) -> Draft {
    let (mut draft, input) = Draft::new();
    let mut maps = vec![input];
    let of_path = rng.random_bool(0.3).then(|| draft.path("path", 3, &[0, 1]));
    let mut size = 1usize;
    for _ in 0..rng.random_range(2..8) {
        if size > 400 {
            break;
        }
        let map = random_node(&mut draft, rng, &maps, of_path);
        size = draft.decisions.iter().map(|d| values(&d.domain).len()).product();
        maps.push(map);
    }
    let last = maps[maps.len() - 1];
    draft.output(last);
    if rng.random_bool(0.3) {
        draft.output(maps[rng.random_range(0..maps.len())]);
    }
    if rng.random_bool(0.3) {
        let kept = maps[rng.random_range(0..maps.len())];
        draft.graph.alter(kept, |form| form.keep = true);
    }
    draft
}

/// One more map: a choice of operators, of inputs, or of nothing.
fn random_node(
    draft: &mut Draft,
    rng: &mut ChaCha8Rng,
    maps: &[NodeId],
    path: Option<DecisionId>,
) -> NodeId {
    let any = |rng: &mut ChaCha8Rng| maps[rng.random_range(0..maps.len())];
    let name = format!("p{}.d{}", draft.decisions.len() % 2, draft.decisions.len());
    match rng.random_range(0..7) {
        0 => {
            let of = draft.one(&name, 3);
            let x = any(rng);
            let from = rng.random_range(0..3);
            let terms: Vec<_> = (0..3)
                .map(|a| (Gate::Alt { of, alt: a }, draft.op(from + a as usize, x)))
                .collect();
            draft.mix(&terms)
        }
        // An alternative that is missing: `nothing`.
        1 => {
            let of = draft.one(&name, 3);
            let terms =
                [(Gate::Alt { of, alt: 1 }, any(rng)), (Gate::Alt { of, alt: 2 }, any(rng))];
            draft.mix(&terms)
        }
        2 => {
            let flags = (rng.random_bool(0.5), rng.random_bool(0.5));
            let inputs: Vec<NodeId> = (0..2).map(|_| any(rng)).collect();
            let of = draft.picks(&name, 2, flags, &[2, 2]);
            draft.read(of, &inputs, 2)
        }
        // A decision made elsewhere is read again.
        3 if !draft.decisions.is_empty() => {
            let of = DecisionId(rng.random_range(0..draft.decisions.len()) as u32);
            let terms: Vec<_> = gates(of, &draft.decisions[of.index()].domain)
                .into_iter()
                .map(|gate| (gate, any(rng)))
                .collect();
            draft.mix(&terms)
        }
        4 if path.is_some() => {
            let of = path.expect("checked");
            let terms: Vec<_> =
                (0..3u8).map(|at| (Gate::Visit { of, layer: 1, at }, any(rng))).collect();
            let mix = draft.mix(&terms);
            draft.node(conv(3), &[mix])
        }
        5 => {
            let inputs = [any(rng), any(rng)];
            draft.node(Kernel::Add, &inputs)
        }
        _ => {
            let (a, b) = (any(rng), any(rng));
            let ty = MapType::new(2 * WIDTH, Scale::Down(1));
            let both = draft.typed(Kernel::Concat, ty, &[a, b]);
            draft.node(conv(1), &[both])
        }
    }
}

fn gates(of: DecisionId, domain: &Domain) -> Vec<Gate> {
    match domain {
        Domain::One(labels) => (0..labels.len() as u32).map(|alt| Gate::Alt { of, alt }).collect(),
        Domain::Picks(p) => {
            let slot = |pick| Gate::Slot { of, slot: 0, pick };
            p.options().into_iter().map(slot).collect()
        }
        Domain::Path(_) => vec![
            Gate::Arrow { of, layer: 1, from: Some(0), to: 1 },
            Gate::Exit { of, at: 1 },
            Gate::Last { of, layer: 1, at: 2 },
        ],
    }
}

/// Branches that each read two picks by slot, mostly alike: both maps and what comes of them join
/// the pool, of which the last few are joined. Of at most a few hundred bindings.
pub(crate) fn random_branches(rng: &mut ChaCha8Rng) -> Draft {
    let (mut draft, input) = Draft::new();
    let ops = rng.random_range(1..=2);
    let mut pool = vec![input];
    for branch in 0..2 {
        let flags = (true, rng.random_bool(0.7) || pool.len() < 2);
        let of = draft.picks(&format!("cell.b{branch}"), 2, flags, &vec![ops; pool.len()]);
        let mut sides = [0, 1].map(|slot| {
            let mut terms = Vec::new();
            for (candidate, &x) in (0..).zip(&pool) {
                for op in 0..ops {
                    let pick = Pick { candidate, op: op as u16 };
                    terms.push((Gate::Slot { of, slot, pick }, draft.op(op + 1, x)));
                }
            }
            draft.mix(&terms)
        });
        if rng.random_bool(0.2) {
            sides[1] = draft.node(conv(1), &sides[1..]);
        }
        let sum = draft.node(Kernel::Add, &sides);
        pool.extend(sides.into_iter().filter(|_| branch == 0 || rng.random_bool(0.5)));
        pool.push(sum);
    }
    let at = rng.random_range(1..pool.len());
    let out = draft.node(Kernel::Add, &pool[at..]);
    draft.output(out);
    if rng.random_bool(0.2) {
        draft.output(pool[1]);
    }
    draft
}
