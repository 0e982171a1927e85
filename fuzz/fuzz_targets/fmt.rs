//! What is printed says what was read, comments included, and is printed again as it is.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use segc::diag::Sink;
use segc::source::FileId;
use segc::syntax::{self, ast::File};

fuzz_target!(|text: &str| -> Corpus {
    let Some(read) = parse(text) else { return Corpus::Keep };
    let printed = syntax::print(&read);
    let again = parse(&printed).expect("what is printed is well-formed");
    assert!(syntax::same(&read, &again), "changed by printing:\n{text}\n----\n{printed}");
    assert_eq!(printed, syntax::print(&again), "printed otherwise the second time");
    Corpus::Keep
});

/// The tree of a text without mistakes.
fn parse(text: &str) -> Option<File> {
    let mut diags = Sink::default();
    let tree = syntax::parse(FileId(0), text, &mut diags);
    diags.finish().is_empty().then_some(tree)
}
