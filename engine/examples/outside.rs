//! Writes a finished network for programs that know nothing of segc: its kernels as JSON, its weights,
//! an input and what the network makes of it. `scripts/versus.py` reads them.
//!
//! `cargo run --release -p segc-engine --example outside -- FILE HxW DIR`

use segc::cli::read::judge;
use segc::ir::DecisionGraph;
use segc::ir::kernel::{Act, Interp, Kernel, PoolKind, Role, Target};
use segc::ir::shape::output_size;
use segc::ir::{NodeId, Size};
use segc_engine::exec::{Executor, Mode, Options, Wanted, archive, state};
use segc_engine::torch;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tch::{Device, Kind, Tensor};

fn main() {
    torch::start().expect("the process can be prepared");
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, size, dir] = &args[..] else { panic!("FILE HxW DIR") };
    let sides: Vec<u32> = size.split('x').filter_map(|side| side.parse().ok()).collect();
    let &[h, w] = &sides[..] else { panic!("HxW") };
    let dir = PathBuf::from(dir);
    std::fs::create_dir_all(&dir).expect("a folder can be made");
    let judged = judge(Path::new(file), &[]).expect("it can be read");
    let (name, net) = judged.space.nets.last().expect("it has a network");
    assert!(net.graph.leaves.is_empty(), "`{name}` is not finished");
    let nodes = nodes(&net.graph, Size { h, w });
    let text = serde_json::to_string_pretty(
        &json!({ "net": name, "input": [1, 3, h, w], "nodes": nodes }),
    );
    std::fs::write(dir.join("network.json"), text.expect("plain data")).expect("room");

    tch::manual_seed(1);
    let network = Executor::new(&net.graph, Options::default()).expect("names differ");
    spread(&network);
    state::save(&network, &dir.join("weights.safetensors"), &BTreeMap::new()).expect("room");
    let image = Tensor::randn([1, 3, h.into(), w.into()], (Kind::Float, Device::Cpu));
    let pass = network.forward(&[image.shallow_clone()], &[], Mode::Eval, Wanted::Nothing);
    let output = pass.expect("it runs").outputs.swap_remove(0).value;
    let sample = BTreeMap::from([("input".to_owned(), image), ("output".to_owned(), output)]);
    archive::write(&dir.join("sample.safetensors"), &sample, &BTreeMap::new()).expect("room");
}

/// Running statistics as if the network had seen something: the fresh ones would hide a norm that is
/// left out.
fn spread(network: &Executor<'_>) {
    for param in network.params() {
        let mut tensor = param.tensor.shallow_clone();
        tch::no_grad(|| match param.role {
            Role::RunningMean => drop(tensor.uniform_(-0.2, 0.2)),
            Role::RunningVar => drop(tensor.uniform_(0.5, 1.5)),
            _ => {}
        });
    }
}

/// The kernels in the order in which they run, the output last.
fn nodes(graph: &DecisionGraph, whole: Size) -> Vec<Value> {
    let mut sizes: BTreeMap<NodeId, Size> = BTreeMap::new();
    let mut all = Vec::new();
    for (id, node) in graph.nodes() {
        let inputs = graph.inputs(id);
        let read: Vec<NodeId> = inputs.iter().map(|input| input.0).collect();
        let given: Vec<Size> = read.iter().map(|from| sizes[from]).collect();
        let size = match node.kernel {
            Kernel::Input(_) => whole,
            kernel => output_size(&kernel, node.ty.scale, &given, whole).expect("large enough"),
        };
        sizes.insert(id, size);
        let mut value = kernel(&node.kernel, size);
        value["id"] = id.index().into();
        value["inputs"] = read.iter().map(|from| from.index()).collect::<Vec<_>>().into();
        if let Some(weights) = node.weights {
            value["weights"] = graph.weight_name(weights).into();
        }
        all.push(value);
    }
    let main = graph.outputs.iter().find(|output| !output.aux).expect("it has an output");
    all.push(json!({ "op": "output", "inputs": [main.node.index()] }));
    all
}

fn kernel(kernel: &Kernel, size: Size) -> Value {
    match *kernel {
        Kernel::Input(_) => json!({ "op": "input" }),
        Kernel::Conv(conv) => json!({
            "op": "conv", "kernel": conv.kernel, "stride": conv.stride, "pad": conv.pad(),
            "rate": conv.rate, "groups": conv.groups, "bias": conv.bias, "out": conv.out,
        }),
        Kernel::Norm(norm) => json!({ "op": "norm", "affine": norm.affine, "eps": norm.eps() }),
        Kernel::Act(act) => json!({ "op": "act", "act": match act {
            Act::Relu => "relu",
            Act::Relu6 => "relu6",
            Act::Sigmoid => "sigmoid",
            Act::Silu => "silu",
            Act::Hardswish => "hardswish",
        }}),
        Kernel::Pool { kind, kernel, stride, pad } => json!({
            "op": if kind == PoolKind::Max { "max_pool" } else { "avg_pool" },
            "kernel": kernel, "stride": stride, "pad": pad,
        }),
        Kernel::GlobalPool => json!({ "op": "global_pool" }),
        Kernel::Resize { interp, to } => json!({
            "op": "resize", "size": [size.h, size.w], "like": to == Target::Like,
            "interp": if interp == Interp::Nearest { "nearest" } else { "bilinear" },
            "aligned": interp == Interp::BilinearAligned,
        }),
        Kernel::Add => json!({ "op": "add" }),
        Kernel::Mul => json!({ "op": "mul" }),
        Kernel::Concat => json!({ "op": "concat" }),
        Kernel::Dropout { .. } => json!({ "op": "same" }),
        Kernel::Slice { from, len } => json!({ "op": "slice", "from": from, "len": len }),
        other => panic!("`{}` is not written out", other.name()),
    }
}
