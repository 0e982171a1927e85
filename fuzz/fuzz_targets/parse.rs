//! Whatever the bytes are, reading them ends, and every place that is spoken of is in the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segc::diag::Sink;
use segc::source::FileId;
use segc::syntax;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut diags = Sink::default();
    let tree = syntax::parse(FileId(0), &text, &mut diags);
    let found = diags.finish();
    for label in found.iter().flat_map(|d| &d.labels) {
        let span = label.span;
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{label:?}");
    }
    for item in &tree.items {
        assert!(text.get(item.span.start as usize..item.span.end as usize).is_some());
    }
});
