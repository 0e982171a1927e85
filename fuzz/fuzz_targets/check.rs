//! Whatever the text is, judging it ends, and every place that is spoken of is in some text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segc::diag::{Sink, Style, render};
use segc::sema;

fuzz_target!(|text: &str| {
    let mut diags = Sink::default();
    let program = sema::load("fuzz.seg", None, text, &[], &mut diags);
    let space = sema::analyse(&program, &mut diags);
    let right = !diags.has_errors();
    let found = diags.finish();
    for span in found.iter().flat_map(|d| &d.labels).map(|l| l.span) {
        let file = program.sources.get(span.file).expect("labels are of files that were read");
        assert!(file.text.get(span.start as usize..span.end as usize).is_some(), "{span:?}");
    }
    render(&found, &program.sources, Style { colour: false, width: 80 });
    // What is right has a graph for every network, in topological order.
    for net in space.nets.values().filter(|_| right) {
        for (id, _) in net.graph.nodes() {
            assert!(net.graph.inputs(id).iter().all(|(from, _)| from.index() < id.index()));
        }
    }
});
