//! The canonical form of a closed graph: equal for two graphs exactly if they are isomorphic.
//!
//! Kernels with their arguments and types are labels, and so are outputs' names and `keep`. The
//! order of a sum's terms and of concatenated parts does not count; nor do weights' and scopes'
//! names. That two kernels share weights does. Zeros are labels like any other.
//!
//! Nodes are coloured by what they and their surroundings look like, in rounds, until no round
//! tells more of them apart. Where some still look alike, one of them is marked and the rounds go
//! on; each choice of whom to mark that is not a mere symmetry is tried, and the least encoding
//! taken. Colours are hashes, but a chance collision only costs a mark: the encoding itself spells
//! the graph out.

mod colours;
mod keys;
mod matching;
mod numbers;
mod skeleton;

use super::graph::DecisionGraph;
use colours::Colours;
pub(crate) use keys::Keys;
pub use matching::matching;
use sha2::{Digest, Sha256};
pub(crate) use skeleton::label_hash;
use skeleton::{Parts, Skeleton};

/// Whether two closed graphs are the same network.
pub fn isomorphic(a: &DecisionGraph, b: &DecisionGraph) -> bool {
    a.graph.node_count() == b.graph.node_count()
        && a.graph.edge_count() == b.graph.edge_count()
        && encoding(a) == encoding(b)
}

/// SHA-256 of the canonical encoding: the same on every machine and in every run.
pub fn canonical_key(graph: &DecisionGraph) -> [u8; 32] {
    Sha256::digest(encoding(graph)).into()
}

/// The canonical encoding itself.
pub fn encoding(graph: &DecisionGraph) -> Vec<u8> {
    let skeleton = Skeleton::of(graph, Parts::InAnyOrder);
    let colours = Colours::of(&skeleton);
    least(&skeleton, colours)
}

/// The least encoding over all ways to tell apart what looks alike.
fn least(skeleton: &Skeleton, colours: Colours) -> Vec<u8> {
    let Some(alike) = colours.alike() else { return skeleton.encode(&colours) };
    let (first, others) = alike.split_first().expect("at least two nodes look alike");
    let marked = colours.mark(skeleton, *first);
    let sample = some(skeleton, marked.clone());
    let mut best = least(skeleton, marked);
    for &node in others {
        let marked = colours.mark(skeleton, node);
        // Equal encodings are a symmetry that maps one marked node to the other: nothing new.
        if some(skeleton, marked.clone()) != sample {
            best = best.min(least(skeleton, marked));
        }
    }
    best
}

/// The encoding that comes of marking whoever is first.
fn some(skeleton: &Skeleton, mut colours: Colours) -> Vec<u8> {
    while let Some(alike) = colours.alike() {
        colours = colours.mark(skeleton, alike[0]);
    }
    skeleton.encode(&colours)
}

#[cfg(test)]
mod tests;
