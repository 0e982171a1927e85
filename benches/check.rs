//! How long judging a spec takes: `cargo bench -p segc --bench check`.
//! The command as a whole process: `cargo bench -p segc --bench check process`.

use divan::{Bencher, black_box};
use segc::diag::Sink;
use segc::sema;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn main() {
    divan::main();
}

/// Every spec that is shipped.
const SPECS: &[&str] =
    &["specs/auto_deeplab.seg", "specs/quickstart.seg", "specs/published/auto_deeplab.seg"];

/// `segc` with these arguments, from its start to its end.
fn process(args: &[&str]) {
    let program = env!("CARGO_BIN_EXE_segc");
    let done = Command::new(program).args(args).stdout(Stdio::null()).status();
    assert!(done.is_ok_and(|status| status.success()), "segc {args:?}");
}

/// What is shipped under `specs`.
fn shipped() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let files = |folder: PathBuf| std::fs::read_dir(folder).expect("specs are there").flatten();
    let all = files(root.clone()).chain(files(root.join("published"))).map(|file| file.path());
    let specs = all.filter(|path| path.extension().is_some_and(|ext| ext == "seg"));
    let mut names: Vec<String> = specs.map(|path| path.display().to_string()).collect();
    names.sort();
    names
}

/// `segc check` of every shipped spec, as a whole process.
#[divan::bench(args = shipped(), sample_count = 30)]
fn process_check(bencher: Bencher, spec: &str) {
    bencher.bench(|| process(&["check", spec]));
}

/// The least that a command of the front end takes.
#[divan::bench(sample_count = 30)]
fn process_start(bencher: Bencher) {
    bencher.bench(|| process(&["explain", "E0301"]));
}

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

/// A spec of about so many bytes: cells, each with a choice, and one network that applies them all.
fn generated(bytes: usize) -> String {
    let (mut cells, mut net) = (String::new(), String::new());
    let mut n = 0;
    while cells.len() + net.len() < bytes {
        let before = if n == 0 { "stem".to_owned() } else { format!("part{}", n - 1) };
        cells += &format!(
            "/// Part {n} of many.\ncell unit{n}(C: width = 8)(x) {{\n  node a = x > conv(3, C) > bn \
             > relu\n  node b = a > choose {{ narrow = conv(1, C)  wide = conv(3, C) }}  // either\n  \
             out sum(a, b) > bn\n}}\n\n"
        );
        net += &format!("  node part{n} = {before} > unit{n}(C = 8)\n");
        n += 1;
    }
    format!(
        "{cells}net whole(image) {{\n  node stem = image > conv(3, 8)\n{net}  out part{}\n}}\n",
        n - 1
    )
}

/// Time grows with the text, not faster: a megabyte within a second.
#[divan::bench(args = [62_500, 250_000, 1_000_000], sample_count = 10)]
fn large(bencher: Bencher, bytes: usize) {
    let text = generated(bytes);
    bencher.bench(|| {
        let mut diags = Sink::default();
        let program = sema::load("large.seg", None, black_box(&text), &[], &mut diags);
        let space = sema::analyse(&program, &mut diags);
        assert!(!diags.has_errors(), "it is right");
        space
    });
}

/// Names alone: a hundred thousand constants.
#[divan::bench(sample_count = 5)]
fn items(bencher: Bencher) {
    let text: String = (0..100_000).map(|i| format!("const C{i} = {i}\n")).collect();
    bencher.bench(|| {
        let mut diags = Sink::default();
        let program = sema::load("items.seg", None, black_box(&text), &[], &mut diags);
        sema::analyse(&program, &mut diags)
    });
}
