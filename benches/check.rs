//! How long judging a spec takes: `cargo bench -p segc --bench check`.

use divan::{Bencher, black_box};
use segc::diag::Sink;
use segc::sema;
use std::path::Path;

fn main() {
    divan::main();
}

/// Every spec that is shipped.
const SPECS: &[&str] = &["specs/auto_deeplab.seg", "specs/published/auto_deeplab.seg"];

/// Reading, names, types, expansion: what `segc check` does before it prints.
#[divan::bench(args = SPECS)]
fn whole(bencher: Bencher, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = std::fs::read_to_string(&path).expect("the spec is there");
    bencher.bench(|| {
        let mut diags = Sink::default();
        let program = sema::load(name, Some(&path), black_box(&text), &[], &mut diags);
        let space = sema::analyse(&program, &mut diags);
        assert!(!diags.has_errors(), "{name} is right");
        space
    });
}

/// Reading alone.
#[divan::bench(args = SPECS)]
fn load(bencher: Bencher, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let text = std::fs::read_to_string(&path).expect("the spec is there");
    bencher.bench(|| sema::load(name, Some(&path), black_box(&text), &[], &mut Sink::default()));
}
