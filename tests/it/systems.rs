//! Published systems: their spaces and networks, to the last digit, by static analysis alone.

use crate::support::{judge, root, shipped};
use num_bigint::BigUint;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use segc::cost::{self, Question};
use segc::ir::decision::{Binding, Decision, DecisionId, Domain, Value};
use segc::ir::{DecisionGraph, Size, canon, count, member};
use std::collections::BTreeSet;

/// A shipped network without decisions.
fn network(path: &str) -> DecisionGraph {
    let judged = shipped(path, &[]);
    assert!(judged.space.decisions().is_empty(), "{path} is closed");
    let (_, net) = judged.space.nets.last().expect("a network");
    member::member(&net.graph, &Binding(Vec::new()))
}

fn costs(graph: &DecisionGraph, h: u32, w: u32) -> (u64, u64) {
    let question = Question { input: Size { h, w }, batch: 1, train: false };
    let costs = cost::exact(graph, question).expect("the network fits this size");
    (costs.params, costs.macs)
}

/// Parameters of the weights whose names begin with a part's.
fn params_in(graph: &DecisionGraph, part: &str) -> u64 {
    let inside = |scope| graph.scope_name(scope).split('.').next() == Some(part);
    let sets = graph.weights.iter().filter(|set| inside(set.scope));
    sets.map(|set| graph.shape(set).params()).sum()
}

#[test]
fn hyper_cells_are_as_many_as_computed_by_hand() {
    let judged = shipped("specs/autortnet.seg", &[]);
    let (decisions, net) = (judged.space.decisions(), &judged.space.nets["autortnet"]);
    let report = count::counts(decisions, &net.graph);
    let (assignments, active) = (&report.whole.assignments, &report.whole.active);
    assert_eq!(assignments.to_string(), "39062500000000000000000000000000000000");
    // Normal cells do not matter at depth 1: 5^7 · Π 10^5 (1 + (n - 1) 10^5) for n in 5, 10, 10.
    let hyper = |n: u64| BigUint::from(100_000u64) * (1 + (n - 1) * 100_000);
    let by_hand = BigUint::from(78_125u64) * hyper(5) * hyper(10) * hyper(10);
    assert_eq!(active.exact(), Some(&by_hand));
    assert_eq!(by_hand.to_string(), "25312619531421875078125000000000000000");
}

#[test]
fn the_reconstruction_has_the_size_that_was_computed_by_hand() {
    let graph = network("specs/published/autortnet_a.seg");
    let hyper_cells = ["x1", "x2", "x3"].map(|part| params_in(&graph, part));
    assert_eq!(hyper_cells, [11_040, 138_744, 1_404_864]);
    assert_eq!(costs(&graph, 768, 1536), (2_486_163, 18_361_751_040));
    assert_eq!(costs(&graph, 1024, 2048), (2_486_163, 32_643_102_208));
}

#[test]
fn the_hyper_cell_space_contains_the_reconstruction() {
    let judged = shipped("specs/autortnet.seg", &[]);
    let edges = ["n0.older", "n0.newer", "n1.older", "n1.newer", "n1.n0"];
    let wanted = |name: &str, edge: usize| -> &str {
        let cell = |part: &str| name.contains(part);
        let ops = match name {
            "autortnet.h1.depth" => return "2",
            "autortnet.h2.depth" => return "4",
            "autortnet.h3.depth" => return "6",
            _ if cell("h1.reduction") => ["conv_r2"; 5],
            _ if cell("h1.normal") => ["conv_r2", "max_pool", "conv_r2", "conv_r2", "conv_r2"],
            _ if cell("h2.reduction") => ["conv_r2", "dil2", "conv_r2", "conv_r2", "max_pool"],
            _ if cell("h2.normal") => ["sep", "conv_r2", "conv_r2", "conv_r2", "dil4"],
            _ if cell("h3.reduction") => ["max_pool", "max_pool", "max_pool", "dil4", "conv_r2"],
            _ if cell("h3.normal") => ["dil2", "conv", "skip", "conv_r2", "conv_r2"],
            _ if cell(".p3") || cell(".m3") => ["dil4_r2"; 5],
            _ => ["conv3_r2"; 5],
        };
        ops[edge]
    };
    let value = |d: &segc::ir::Decision| {
        let edge = edges.iter().position(|edge| d.name.ends_with(edge)).unwrap_or(0);
        let Domain::One(offered) = &d.domain else { panic!("{} is one of several", d.name) };
        let at = offered.iter().position(|o| o == wanted(&d.name, edge));
        Value::One(at.unwrap_or_else(|| panic!("{}: {offered:?}", d.name)) as u32)
    };
    let binding = Binding(judged.space.decisions().iter().map(value).collect());
    let member = member::member(&judged.space.nets["autortnet"].graph, &binding);
    assert!(canon::isomorphic(&member, &network("specs/published/autortnet_a.seg")));
}

/// Name and shape of a tensor.
type Tensor = (String, Vec<u32>);

/// The parameters and tensors that a fixture lists.
fn listed(network: &str) -> (u64, Vec<Tensor>) {
    let path = root().join(format!("tests/fixtures/torchvision/{network}.txt"));
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    let (head, rest) = text.split_once('\n').expect("a head");
    let params = head.rsplit_once(": ").and_then(|(_, n)| n.strip_suffix(" parameters"));
    let tensor = |line: &str| {
        let (name, shape) = line.split_once(' ').expect("a name and a shape");
        let sides = shape.split('x').map(|n| n.parse().expect("a side"));
        (name.to_owned(), sides.collect())
    };
    let params = params.and_then(|n| n.parse().ok()).expect("the number of parameters");
    (params, rest.lines().map(tensor).collect())
}

#[test]
fn tensors_have_the_names_and_shapes_of_state_dicts() {
    let judged = shipped("tests/fixtures/torchvision/networks.seg", &[]);
    for (name, net) in &judged.space.nets {
        let network = name.trim_end_matches("_net");
        let (params, wanted) = listed(network);
        assert_eq!(costs(&net.graph, 224, 224).0, params, "{network}");
        let mut got = Vec::new();
        for (set, name) in net.graph.weights.iter().zip(net.graph.state_names()) {
            let name = name.strip_prefix("encoder.").unwrap_or(&name);
            for tensor in net.graph.shape(set).tensors() {
                got.push((format!("{name}.{}", tensor.role.name()), tensor.dims));
            }
        }
        assert_eq!(got.len(), wanted.len(), "{network}");
        for (name, shape) in wanted {
            let found = got.iter().find(|(n, _)| *n == name);
            let dims = &found.unwrap_or_else(|| panic!("{network} lacks {name}")).1;
            // A linear layer is a convolution that reads all that there is.
            let same = match shape.len() {
                2 => dims[0] == shape[0] && dims[1..].iter().product::<u32>() == shape[1],
                _ => dims[..] == shape[..],
            };
            assert!(same, "{network}: {name} is {dims:?}, not {shape:?}");
        }
    }
    assert_eq!(judged.space.nets.len(), 9);
}

/// What an encoder costs by itself, as an expression of the library.
fn encoder(expression: &str, h: u32, w: u32) -> (u64, u64) {
    let text = format!(
        "use std.encoders.*\nop tf = bn(eps = 1e-3)\nnet n(image) {{ out ({expression}).stage[5] }}\n"
    );
    let judged = judge("encoder.seg", None, &text);
    assert!(judged.is_right(), "{}", judged.drawn());
    costs(&judged.space.nets["n"].graph, h, w)
}

#[test]
fn encoders_cost_what_was_counted_on_other_code() {
    let mobilenet = "image > mobilenet_v1(bias = true, norm = tf)";
    assert_eq!(encoder(mobilenet, 224, 224), (3_217_920, 567_716_352));
    let shufflenet = "image > shufflenet_v1(pad = 0, bias = true, norm = tf, grouped = bn)";
    assert_eq!(encoder(shufflenet, 512, 1024).0, 865_602);
    assert_eq!(encoder("image > mobilenet_v2", 224, 224).0, 1_811_712);
    assert_eq!(encoder("image > mobilenet_v2(expand_first = true)", 224, 224).0, 1_812_800);
}

#[test]
fn a_depthwise_front_end_costs_what_its_paper_suggests() {
    let text = "\
use std.encoders.mobilenet_v1
use std.decoders.frontend
net n(image) {
  let e = image > mobilenet_v1(bias = true, strides = [2, 2, 2, 1, 1], rates = [1, 1, 1, 2, 4])
  out e.stage[5] > frontend(20)
}
";
    let judged = judge("depthwise.seg", None, text);
    assert!(judged.is_right(), "{}", judged.drawn());
    assert_eq!(costs(&judged.space.nets["n"].graph, 512, 1024), (3_340_840, 28_138_536_960));
}

/// Decoder, encoder, parameters that outputs read, MACs at 512x1024 and at 360x640.
const GRID: &[(&str, &str, u64, u64, Option<u64>)] = &[
    ("skipnet", "vgg16", 134_473_144, 222_520_016_896, None),
    ("skipnet", "resnet18", 11_307_960, 19_841_810_432, Some(8_887_797_760)),
    ("skipnet", "mobilenet", 3_369_240, 6_860_701_696, Some(3_068_835_840)),
    ("skipnet", "shufflenet", 1_014_682, 2_240_694_168, Some(998_505_944)),
    ("unet", "vgg16", 28_072_020, 261_959_450_624, None),
    ("unet", "resnet18", 11_539_828, 21_768_437_760, Some(9_738_895_360)),
    ("unet", "mobilenet", 8_846_196, 27_200_847_872, Some(12_090_388_480)),
    ("unet", "shufflenet", 6_380_870, 8_806_614_936, Some(3_970_768_344)),
    ("dilation", "vgg16", 41_578_344, 423_893_139_456, Some(186_281_164_800)),
    ("dilation", "resnet18", 11_287_400, 97_182_023_680, Some(42_706_944_000)),
    ("dilation", "mobilenet", 8_574_544, 71_031_586_816, Some(31_215_052_800)),
    ("dilation", "shufflenet", 987_242, 7_905_974_168, Some(3_474_095_544)),
];

#[test]
fn the_grid_of_encoders_and_decoders_costs_what_was_counted_on_the_authors_code() {
    for (decoder, encoder, params, macs, small) in GRID {
        let path = format!("specs/published/rtseg_{decoder}_{encoder}.seg");
        let graph = network(&path);
        assert_eq!(costs(&graph, 512, 1024), (*params, *macs), "{path}");
        let question = Question { input: Size { h: 360, w: 640 }, batch: 1, train: false };
        match (cost::exact(&graph, question), small) {
            (Ok(costs), Some(macs)) => assert_eq!(costs.macs, *macs, "{path}"),
            // VGG's pools round 45 down to 22, which no transposed convolution comes to.
            (Err(problem), None) => {
                let near: Vec<String> = problem.near().iter().map(Size::to_string).collect();
                assert_eq!(near, ["352x640", "368x640"], "{path}");
            }
            (other, _) => panic!("{path}: {other:?}"),
        }
    }
}

#[test]
fn the_grid_is_emitted_and_nothing_else_is_in_it() {
    let folder = std::env::temp_dir().join(format!("segc-grid-{}", std::process::id()));
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_segc"))
        .current_dir(root())
        .args(["enumerate", "specs/rtseg.seg", "--name", "rtseg_{method}_{encoder}", "-o"])
        .arg(&folder)
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.expect("segc runs").success());
    let shipped = root().join("specs/published");
    let names = |folder: &std::path::Path| -> std::collections::BTreeSet<String> {
        let entries = std::fs::read_dir(folder).expect("the folder is there");
        let names = entries.map(|e| e.expect("an entry").file_name().into_string());
        names.map(|n| n.expect("a name")).filter(|n| n.starts_with("rtseg_")).collect()
    };
    assert_eq!(names(&folder).len(), GRID.len());
    for name in names(&folder) {
        let new = std::fs::read_to_string(folder.join(&name)).expect("it was written");
        if std::env::var_os("SEGC_BLESS").is_some() {
            std::fs::write(shipped.join(&name), &new).expect("it can be written");
        }
        let old = std::fs::read_to_string(shipped.join(&name)).unwrap_or_default();
        assert!(old == new, "{name}: run `SEGC_BLESS=1 cargo test -p segc --test it systems`");
    }
    assert_eq!(names(&shipped), names(&folder));
    std::fs::remove_dir_all(&folder).expect("it can be removed");
}

#[test]
fn two_branches_have_the_size_of_the_authors_final_networks() {
    let student = shipped("specs/published/fasterseg_student.seg", &[]);
    let graph = &student.space.nets["student"].graph;
    let at = |h, w, train| {
        let question = Question { input: Size { h, w }, batch: 1, train };
        cost::exact(graph, question).expect("the network fits this size")
    };
    // What runs, what is built, and what is built for training.
    assert_eq!(at(1024, 2048, false).params, 3_421_875);
    assert_eq!(at(1024, 2048, false).params_built, 3_454_643);
    assert_eq!(at(1024, 2048, true).params_built, 4_385_689);
    assert_eq!(at(1024, 2048, false).macs, 27_770_486_784);
    assert_eq!(at(1024, 2048, true).macs, 31_736_201_216);
    assert_eq!(at(512, 1024, false).macs, 6_942_621_696);
    assert_eq!(at(256, 512, false).macs, 1_735_655_424);
    let parts = ["x", "a16", "a32", "b8", "b16", "a", "b", "fused", "attention", "out"];
    let sizes = parts.map(|part| params_in(graph, part));
    let cells = 2_742_656;
    assert_eq!(sizes[..5].iter().sum::<u64>(), 130_464 + cells);
    // The climbs of both branches, the fusion with its idle attention, the head.
    assert_eq!(sizes[5..], [41_344 + 276_864, 8_320 + 55_424, 16_640, 32_768, 150_163]);
    let sides = ["side16", "side32"].map(|part| params_in(graph, part));
    assert_eq!(sides, [335_827, 595_219]);
}

/// The convolutions of a closed network in order: channels in and out, stride.
fn convolutions(graph: &DecisionGraph, part: &str) -> Vec<(u32, u32, u32)> {
    let inside = |scope| graph.scope_name(scope).split('.').next() == Some(part);
    let conv = |(id, node): (_, segc::ir::graph::Node<'_>)| match node.kernel {
        segc::ir::Kernel::Conv(conv) if inside(node.scope) => {
            Some((graph.input_type(id).width, conv.out, conv.stride))
        }
        _ => None,
    };
    graph.nodes().filter_map(conv).collect()
}

#[test]
fn two_branches_have_the_layers_of_the_authors_file() {
    let graph = network("specs/published/fasterseg_student.seg");
    assert_eq!(
        convolutions(&graph, "x")[5..],
        [(64, 32, 1), (32, 32, 1), (32, 32, 1), (32, 32, 1), (32, 32, 1), (32, 32, 1)]
    );
    // A zoomed convolution strides by its resize.
    assert_eq!(
        convolutions(&graph, "a16"),
        [
            (32, 128, 1),
            (128, 64, 1),
            (64, 64, 1),
            (64, 64, 1),
            (64, 64, 1),
            (64, 64, 1),
            (64, 64, 1)
        ]
    );
    assert_eq!(
        convolutions(&graph, "a32"),
        [(64, 128, 1), (128, 128, 1), (128, 128, 1), (128, 128, 1), (128, 256, 1), (256, 256, 1)]
    );
    assert_eq!(convolutions(&graph, "b8"), [(32, 32, 1); 4]);
    assert_eq!(
        convolutions(&graph, "b16"),
        [
            (32, 64, 2),
            (64, 64, 1),
            (64, 64, 1),
            (64, 64, 1),
            (64, 192, 1),
            (192, 192, 1),
            (192, 128, 1),
            (128, 128, 1)
        ]
    );
    let teacher = network("specs/published/fasterseg_teacher.seg");
    assert_eq!(
        convolutions(&teacher, "a32"),
        [(192, 384, 1), (384, 384, 1), (384, 384, 1), (384, 384, 1), (384, 384, 1), (384, 384, 1)]
    );
}

const TWO_BRANCHES: &str = "specs/fasterseg.seg";

#[test]
fn pairs_of_branches_over_one_grid_are_as_many_as_computed_by_hand() {
    let judged = shipped(TWO_BRANCHES, &[]);
    let (decisions, net) = (judged.space.decisions(), &judged.space.nets["student"]);
    // An operator for each of 45 cells, a width for each but those of the last layer and the stem.
    let of = |part: &str| -> Vec<Decision> {
        decisions.iter().filter(|d| d.name.starts_with(part)).cloned().collect()
    };
    let (ops, widths) = (of("op_of[1]"), of("width_of"));
    assert_eq!((ops.len(), widths.len()), (45, 44));
    let both = count::assignments(&ops) * count::assignments(&widths);
    assert_eq!(both, BigUint::from(5u64).pow(89));
    // Over the 1,695 pairs: 5^(2 |U| - 1), U being the cells that one of the two passes.
    let active = count::Active::of(decisions, &net.graph).expect("not too entangled");
    assert_eq!(active.count().to_string(), "544336312075784398454125039279460906982421875");
    // Each end is some member's: layers hang together only with their neighbours.
    let question = Question { input: Size { h: 512, w: 1024 }, batch: 1, train: false };
    let bounds = cost::bounds(decisions, &net.graph, question).expect("it can be gone through");
    assert!(bounds.params.min_attained && bounds.macs.max_attained);
    assert_eq!((bounds.params.min, bounds.params.max), (391_155, 48_968_755));
    assert_eq!((bounds.macs.min, bounds.macs.max), (4_532_994_048, 46_975_156_224));
    // Where branches go together from the start, cells run once.
    let table = cost::CostTable::of(decisions, &net.graph, question).expect("as above");
    let sampler = segc::ir::Sampler::of(decisions);
    let mut rng = ChaCha8Rng::seed_from_u64(61);
    let mut fewer = 0;
    for _ in 0..40 {
        let binding = sampler.sample(&mut rng).expect("there are members");
        let network = member(&net.graph, &binding);
        let costs = cost::exact(&network, question).expect("it runs");
        assert_eq!(table.eval(&binding), costs.cost());
        let sizes =
            cost::Sizes::of(&network, &vec![true; network.graph.node_count()], question.input)
                .expect("it runs");
        let apart: u64 = network
            .nodes()
            .map(|(id, node)| {
                node.kernel.macs(network.input_type(id).width, sizes.input(id), sizes.output(id))
            })
            .sum();
        fewer += usize::from(costs.macs < apart);
        assert!((bounds.macs.min..=bounds.macs.max).contains(&costs.macs));
    }
    assert!(fewer > 20, "{fewer}");
    // With one operator and one width, the pairs alone.
    let text = std::fs::read_to_string(root().join(TWO_BRANCHES)).expect("the file is there");
    let text = text.replace("choose five", "five.conv").replace("choose one of CHI", "12");
    let judged = judge("pairs.seg", None, &text);
    assert!(judged.is_right(), "{}", judged.drawn());
    let (decisions, net) = (judged.space.decisions(), &judged.space.nets["student"]);
    let active = count::Active::of(decisions, &net.graph).expect("not too entangled");
    assert_eq!(active.count().to_string(), "1695");
}

#[test]
fn the_supernet_of_teacher_and_student_has_the_size_of_the_authors() {
    let judged = shipped(TWO_BRANCHES, &[]);
    let net = &judged.space.nets["proxy"];
    let question = Question { input: Size { h: 256, w: 512 }, batch: 1, train: true };
    let params = cost::exact(&net.graph, question).expect("it fits").params;
    assert_eq!(params, 251_788_142);
    // Theirs has 252,057,316. Of these are never read: a second scale and shift of each sliced norm,
    // and the norms of the last layer's cells (seven a cell) at the three widths that no head has.
    let last = 7 * 2 * (4 + 6 + 10) * (8 + 16 + 32);
    // And 822 are of the architecture: one for each alternative, the teacher's only widths included.
    let leaves: BTreeSet<_> = net.graph.leaves.iter().map(|gate| gate.decision()).collect();
    let alternatives = |of: &DecisionId| match &judged.space.decisions()[of.index()].domain {
        Domain::One(labels) => labels.len() as u64,
        _ => 0,
    };
    let architecture = leaves.iter().map(alternatives).sum::<u64>() + 44;
    assert_eq!((last, architecture), (15_680, 822));
    assert_eq!(params + last + architecture, 251_804_644);
    assert_eq!(251_804_644 + 252_672, 252_057_316);
}

#[test]
fn slices_cost_what_their_members_do() {
    let text = "op cbr(k: int, C: width = same) = conv(k, C) > bn > relu\n\
                net n(image) {\n\
                  let v = slice choose one of [4, 6, 8]\n\
                  let w = slice choose one of [2, 5]\n\
                  node x = image > cbr(3, v)\n\
                  let one = tied cbr(3, C = 2 * w)\n\
                  node y = x > one\n\
                  node z = y > cbr(1, v) > one > choose { a = relu, b = dw(3) > bn }\n\
                  out concat(y, z) > cbr(3, slice 7) > conv(1, 19, bias = true)\n\
                }\n";
    let judged = judge("slices.seg", None, text);
    assert!(judged.is_right(), "{}", judged.drawn());
    let (decisions, net) = (judged.space.decisions(), &judged.space.nets["n"]);
    assert_eq!(count::assignments(decisions), BigUint::from(12u32));
    // By hand, for v = 6, w = 5 and `a`: 3 -> 6, one kernel for 6 -> 10 twice, 10 -> 6, 20 -> 7 -> 19.
    let binding = Binding(vec![Value::One(1), Value::One(1), Value::One(0)]);
    let member = member::member(&net.graph, &binding);
    let norms = 2 * (6 + 10 + 6 + 7);
    let kernels = 9 * 3 * 6 + 9 * 6 * 10 + 10 * 6 + 9 * 20 * 7 + 7 * 19 + 19;
    assert_eq!(costs(&member, 16, 16).0, norms + kernels);
    let macs = 9 * 3 * 6 + 2 * 9 * 6 * 10 + 10 * 6 + 9 * 20 * 7 + 7 * 19;
    assert_eq!(costs(&member, 16, 16).1, 256 * macs);
}

#[test]
fn slices_of_several_widths_are_several_networks() {
    let text = "net n(image) {\n\
                  let (v, w) = (slice choose one of [4, 6, 8], slice choose one of [4, 6])\n\
                  out image > conv(3, v) > choose { a = relu, b = relu } > dw(3) > conv(1, w) > conv(1, 19)\n\
                }\n";
    let judged = judge("slices.seg", None, text);
    assert!(judged.is_right(), "{}", judged.drawn());
    let net = &judged.space.nets["n"];
    let counts = count::counts(judged.space.decisions(), &net.graph).whole;
    assert_eq!(counts.active.exact(), Some(&BigUint::from(12u32)));
    assert_eq!(counts.distinct.exact(), Some(&BigUint::from(6u32)));
}

#[test]
fn compact_decoders_are_as_many_as_their_networks_differ_and_their_bounds_are_attained() {
    let judged = shipped("specs/compact_decoder.seg", &[]);
    let (decisions, net) = (judged.space.decisions(), &judged.space.nets["compact"]);
    let report = count::counts(decisions, &net.graph);
    let distinct = |part: usize| &report.parts[part].counts.distinct;
    // Unordered pairs, 10 · 15 · 21: outputs for training are named, so that blocks stay in order.
    assert_eq!(distinct(0).exact(), Some(&BigUint::from(3_150u32)));
    // Multisets of (position, operator), 11 · 253 · 1540 · 3916.
    assert_eq!(*distinct(1).most(), BigUint::from(16_783_271_120u64));
    let question = Question { input: Size { h: 512, w: 1024 }, batch: 1, train: false };
    let bounds = cost::bounds(decisions, &net.graph, question).expect("it can be gone through");
    // All taps, three blocks gathered, 3x3 convolutions throughout.
    assert_eq!((bounds.params.min, bounds.params.max), (44_021, 2_741_285));
    assert!(bounds.params.max_attained && bounds.macs.min_attained && bounds.macs.max_attained);
}
