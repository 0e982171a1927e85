//! scratch
use segc::{diag::*, source::*, syntax};
fn main() {
    for path in std::env::args().skip(1) {
        let text: std::sync::Arc<str> = std::fs::read_to_string(&path).expect("reads").into();
        let mut sources = Sources::default();
        let id = sources.add(SourceFile { name: path.clone(), path: None, text: text.clone() });
        let mut sink = Sink::default();
        let t = std::time::Instant::now();
        let file = syntax::parse(id, &text, &mut sink);
        println!(
            "{path}: {} items, {} comments in {:?}",
            file.items.len(),
            file.comments.len(),
            t.elapsed()
        );
        println!("{}", render(&sink.finish(), &sources, Style { colour: false, width: 100 }));
    }
}
