//! The law of the same function over the specs that users copy: each of their supernets, forced to a
//! member, computes what the member computes with the weights that it inherits.

#![cfg(feature = "torch")]

use num_bigint::BigUint;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use segc::cli::read::judge;
use segc::ir::kernel::{Kernel, Role};
use segc::ir::{Binding, Decision, member};
use segc::search::leaf::of_member;
use segc_engine::exec::{Executor, Mode, Options, Wanted, state};
use std::path::{Path, PathBuf};
use tch::{Device, Kind, Tensor};

/// Members of each network that are tried.
const MEMBERS: u64 = 2;

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
    let wide = text.lines().any(|line| line.starts_with("const F ="));
    if wide { vec![("F".into(), "2".into())] } else { vec![] }
}

fn binding(decisions: &[Decision], rng: &mut ChaCha8Rng) -> Binding {
    let mut value = |decision: &Decision| {
        let rank = BigUint::from(rng.random::<u64>()) % decision.domain.count();
        decision.domain.unrank(&rank).expect("below the count")
    };
    Binding(decisions.iter().map(&mut value).collect())
}

/// Running statistics as if the network had seen something.
fn disturb(network: &Executor<'_>) {
    for param in network.params() {
        let around = match param.role {
            Role::RunningMean => 0.0,
            Role::RunningVar => 1.0,
            _ => continue,
        };
        let wave = |at: i64| ((at as usize + param.name.len()) as f32 * 0.7).sin() * 0.3 + around;
        let values: Vec<f32> = (0..param.tensor.numel() as i64).map(wave).collect();
        param.tensor.shallow_clone().copy_(&Tensor::from_slice(&values));
    }
}

#[test]
fn supernets_of_all_specs_compute_what_their_members_compute() {
    tch::set_num_threads(1);
    let mut compared = 0;
    for path in specs() {
        let judged = judge(&path, &narrower(&path)).expect("it can be read");
        for (name, net) in &judged.space.nets {
            let mut graph = net.graph.clone();
            // What chance drops cannot be compared.
            for node in graph.graph.node_weights_mut() {
                if let Kernel::Dropout { rate_e9 } = &mut node.kernel {
                    *rate_e9 = 0;
                }
            }
            let supernet = Executor::new(&graph, Options::default()).expect("names differ");
            let mut rng = ChaCha8Rng::seed_from_u64(7);
            for draw in 0..MEMBERS {
                let binding = binding(judged.space.decisions(), &mut rng);
                let closed = member(&graph, &binding);
                let child = Executor::new(&closed, Options { seed: 1, ..Options::default() });
                let child = child.expect("names differ");
                let states = of_member(&graph.leaves, &binding);
                let x = Tensor::randn([2, 3, 64, 96], (Kind::Float, Device::Cpu));
                for mode in [Mode::Train, Mode::Eval] {
                    disturb(&supernet);
                    state::copy(&child, &state::named(&supernet)).expect("shapes agree");
                    let images = [x.shallow_clone()];
                    let want = supernet.forward(&images, &states, mode, Wanted::Nothing);
                    let got = child.forward(&images, &[], mode, Wanted::Nothing);
                    let (want, got) = (want.expect("it runs"), got.expect("it runs"));
                    assert_eq!(got.outputs.len(), want.outputs.len());
                    for (got, want) in got.outputs.iter().zip(&want.outputs) {
                        let scale = want.value.abs().max().double_value(&[]);
                        let off = (&got.value - &want.value).abs().max().double_value(&[]);
                        let what = format!("{}: {name}, member {draw}, {mode:?}", path.display());
                        assert!(off <= 1e-5 * scale, "{what}: {off} of {scale}");
                        // A member may be zeros throughout.
                        compared += usize::from(scale > 0.0);
                    }
                }
            }
        }
    }
    assert!(compared >= 6, "{compared}");
}
