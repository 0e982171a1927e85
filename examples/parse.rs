//! scratch
use segc::{diag::*, sema};
fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().expect("file");
    let set: Vec<(String, String)> = args
        .map(|a| {
            let (n, v) = a.split_once('=').expect("=");
            (n.into(), v.into())
        })
        .collect();
    let text = std::fs::read_to_string(&path).expect("reads");
    let mut sink = Sink::default();
    let t = std::time::Instant::now();
    let program = sema::load(&path, Some(std::path::Path::new(&path)), &text, &set, &mut sink);
    println!("load {:?}", t.elapsed());
    let space = sema::analyse(&program, &mut sink);
    println!("analyse {:?}", t.elapsed());
    for d in space.decisions() {
        println!("{} {}", d.name, d.domain.count());
    }
    for (name, net) in &space.nets {
        let g = &net.graph;
        let mut params = 0;
        let mut buffers = 0;
        for w in &g.weights {
            params += w.kernel.params(w.channels);
            buffers += 1;
        }
        println!(
            "{name}: {} nodes {} edges {} leaves {} weight sets {} params",
            g.graph.node_count(),
            g.graph.edge_count(),
            g.leaves.len(),
            buffers,
            params
        );
        let mut macs = 0u64;
        let mut sizes: Vec<segc::ir::Size> = vec![];
        let whole = segc::ir::Size {
            h: std::env::var("H").map_or(1025, |v| v.parse().unwrap()),
            w: std::env::var("W").map_or(2049, |v| v.parse().unwrap()),
        };
        for (id, n) in g.nodes() {
            let ins: Vec<_> = g.inputs(id).iter().map(|(i, _)| sizes[i.index()]).collect();
            let out =
                segc::ir::shape::output_size(&n.kernel, n.ty.scale, &ins, whole).expect("size");
            if !ins.is_empty() {
                macs += n.kernel.macs(g.input_type(id).width, ins[0], out);
            }
            sizes.push(out);
        }
        println!("   macs all {macs}");
        for o in &g.outputs {
            println!("   out {} {} {}", o.name, g.graph[o.node].ty, sizes[o.node.index()]);
        }
    }
    println!("{}", render(&sink.finish(), &program.sources, Style { colour: false, width: 100 }));
}
