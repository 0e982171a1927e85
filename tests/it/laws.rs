//! The laws that need no tensors, over every spec that is shipped and every space among the
//! fixtures.

use crate::support::{Judged, judge, root};
use rand::SeedableRng;
use segc::emit::spec;
use segc::ir::sample::Sampler;
use segc::ir::{canon, member};
use segc::syntax;
use std::path::PathBuf;

/// Every spec that is shipped, and the spaces among the fixtures.
fn specs() -> Vec<PathBuf> {
    let mut all = Vec::new();
    for folder in ["specs", "specs/published", "examples", "tests/fixtures/spaces"] {
        let entries = std::fs::read_dir(root().join(folder)).expect("the folder is there");
        let files = entries.map(|e| e.expect("an entry").path());
        all.extend(files.filter(|p| p.extension().is_some_and(|e| e == "seg")));
    }
    all.sort();
    assert!(all.len() >= 6);
    all
}

fn read(path: &PathBuf) -> (String, Judged) {
    let text = std::fs::read_to_string(path).expect("it can be read");
    let judged = judge(&path.display().to_string(), Some(path), &text);
    assert!(judged.is_right(), "{}", judged.drawn());
    (text, judged)
}

#[test]
fn shipped_specs_are_formatted_and_keep_their_meaning() {
    for path in specs() {
        let (text, _) = read(&path);
        let mut diags = segc::diag::Sink::default();
        let tree = syntax::parse(segc::source::FileId(0), &text, &mut diags);
        let printed = syntax::print(&tree);
        assert_eq!(printed, text, "{} is not formatted", path.display());
    }
}

#[test]
fn emitted_members_are_closed_and_are_the_members_they_should_be() {
    for path in specs() {
        let (_, judged) = read(&path);
        let sampler = Sampler::of(judged.space.decisions());
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        for _ in 0..2 {
            let binding = sampler.sample(&mut rng).expect("the space has members");
            for (name, net) in &judged.space.nets {
                let text = spec::text(&judged.program, &judged.space, &binding, name, &[]);
                let again = judge("emitted.seg", None, &text);
                assert!(again.is_right(), "{text}\n{}", again.drawn());
                assert!(again.space.decisions().is_empty(), "{text}");
                let wanted = member::member(&net.graph, &binding);
                let empty = segc::ir::Binding(Vec::new());
                let got = member::member(&again.space.nets[name].graph, &empty);
                assert!(canon::isomorphic(&wanted, &got), "{}: {name}\n{text}", path.display());
            }
        }
    }
}

#[test]
fn every_member_of_a_small_space_is_emitted_as_it_is() {
    for (path, net, all) in [("spaces/repeats.seg", "twice", 16), ("cli/small.seg", "small", 288)] {
        let (_, judged) = read(&root().join("tests/fixtures").join(path));
        let sampler = Sampler::of(judged.space.decisions());
        let graph = &judged.space.nets[net].graph;
        let mut members = 0;
        for binding in sampler.enumerate(&0u32.into()) {
            let text = spec::text(&judged.program, &judged.space, &binding, net, &[]);
            let again = judge("emitted.seg", None, &text);
            let empty = segc::ir::Binding(Vec::new());
            let got = member::member(&again.space.nets[net].graph, &empty);
            assert!(canon::isomorphic(&member::member(graph, &binding), &got), "{text}");
            members += 1;
        }
        assert_eq!(members, all);
    }
}

#[test]
fn specs_are_short() {
    // Lines that are neither empty nor comments; what a spec imports is the standard library.
    let lines = |path: &str| {
        let text = std::fs::read_to_string(root().join(path)).expect("it is shipped");
        let code = |l: &&str| !l.trim().is_empty() && !l.trim_start().starts_with("//");
        assert!(text.lines().all(|l| l.chars().count() <= 100), "{path}");
        text.lines().filter(code).count()
    };
    let limits = [("specs", 120), ("specs/published", 80)];
    for path in specs() {
        let path = path.strip_prefix(root()).expect("it lies in the repository");
        let folder = path.parent().and_then(std::path::Path::to_str).unwrap_or_default();
        if let Some((_, most)) = limits.iter().find(|(name, _)| *name == folder) {
            let path = path.to_str().expect("a plain name");
            assert!(lines(path) <= *most, "{path} has {} lines", lines(path));
        }
    }
}
