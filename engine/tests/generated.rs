//! The law of the same function over specs that are drawn by chance.

#![cfg(feature = "torch")]

#[path = "../../tests/generate/mod.rs"]
mod generate;
mod support;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use segc::cli::read::judge;
use segc::ir::sample::Sampler;
use support::{Compared, compare};

/// Specs that are drawn; together they have every kernel.
const SPECS: u64 = 100;
/// Members of each that are compared.
const MEMBERS: usize = 3;
/// How many kernels there are, by name.
const KERNELS: usize = 22;

#[test]
fn written_members_compute_what_their_supernets_compute() {
    tch::set_num_threads(1);
    let folder = tempfile::tempdir().expect("a folder for a while");
    let path = folder.path().join("main.seg");
    let mut compared = Compared::default();
    for number in 0..SPECS {
        let drawn = generate::spec(number);
        std::fs::write(folder.path().join("parts.seg"), drawn.parts).expect("it can be written");
        std::fs::write(&path, &drawn.main).expect("it can be written");
        let judged = judge(&path, &[]).expect("it can be read");
        let sampler = Sampler::of(judged.space.decisions());
        let mut rng = ChaCha8Rng::seed_from_u64(number);
        for binding in (0..MEMBERS).filter_map(|_| sampler.sample(&mut rng)) {
            for net in judged.space.nets.keys() {
                compare((&judged.program, &judged.space), net, &binding, [32, 48], &mut compared);
            }
        }
    }
    assert_eq!(compared.ran.len(), KERNELS, "{:?}", compared.ran);
    assert!(compared.outputs > 400, "{}", compared.outputs);
    assert!(compared.renamed > 100, "{}", compared.renamed);
}
