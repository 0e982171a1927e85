//! The law of the same function over the specs that users copy: each of their supernets, forced to a
//! member, computes what the member computes with the weights that it inherits, and so does the
//! network of the spec that is written for it.

#![cfg(feature = "torch")]

mod support;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use segc::cli::read::judge;
use segc::ir::sample::Sampler;
use std::path::{Path, PathBuf};
use support::{Compared, compare};

/// Members of each network that are tried.
const MEMBERS: usize = 2;

/// Every spec in the folder itself: those with decisions open.
fn specs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    let entries = std::fs::read_dir(folder).expect("specs are there");
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    all.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
    all.sort();
    all
}

/// Widths of large spaces are constants; narrow ones make the same shapes in less time.
fn narrower(path: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).expect("readable");
    let widths = [("F", "2"), ("CHANNELS", "4"), ("R", "[3, 2]"), ("CHI", "[1, 2, 3]")].into_iter();
    let declared = |name: &str| text.lines().any(|l| l.starts_with(&format!("const {name} =")));
    widths.filter(|(name, _)| declared(name)).map(|(name, n)| (name.into(), n.into())).collect()
}

#[test]
fn supernets_of_all_specs_compute_what_their_members_compute() {
    tch::set_num_threads(1);
    let mut compared = Compared::default();
    for path in specs() {
        let judged = judge(&path, &narrower(&path)).expect("it can be read");
        let sampler = Sampler::of(judged.space.decisions());
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for binding in (0..MEMBERS).filter_map(|_| sampler.sample(&mut rng)) {
            for net in judged.space.nets.keys() {
                compare((&judged.program, &judged.space), net, &binding, [64, 96], &mut compared);
            }
        }
    }
    assert!(compared.outputs >= 8, "{}", compared.outputs);
}
