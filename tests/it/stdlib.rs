//! `docs/stdlib.md` is what `segc doc std` says.
//!
//! With `SEGC_BLESS=1` the file is written instead of compared.

use crate::cli::json;
use crate::cli::segc;
use std::path::Path;

/// The file's first line; what follows is the command's.
const HEAD: &str =
    "<!-- Made from `stdlib/*.seg` by `SEGC_BLESS=1 cargo test -p segc --test it stdlib`. -->\n";

#[test]
fn the_listing_is_what_the_library_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/stdlib.md");
    let output = segc(&["doc", "std"]).output().expect("the program runs");
    let new = format!("{HEAD}{}", String::from_utf8(output.stdout).expect("text"));
    if std::env::var_os("SEGC_BLESS").is_some() {
        std::fs::write(&path, new).expect("docs/stdlib.md can be written");
        return;
    }
    let old = std::fs::read_to_string(&path).expect("docs/stdlib.md is there");
    let help = "run `SEGC_BLESS=1 cargo test -p segc --test it stdlib` and look at the difference";
    assert!(old == new, "docs/stdlib.md is not what stdlib/ says: {help}");
}

#[test]
fn every_item_is_documented_and_has_a_cost() {
    let library = json(&["doc", "std", "--format", "json"]);
    for file in library["files"].as_array().expect("modules") {
        let module = &file["name"];
        assert_ne!(file["docs"], "", "{module} says nothing of itself");
        for item in file["items"].as_array().expect("items") {
            let name = &item["name"];
            assert_ne!(item["docs"], "", "{module}: {name} has no documentation");
            let kind = item["kind"].as_str().expect("a word");
            let applied = !matches!(kind, "const" | "let" | "opset" | "trellis");
            let costed = item["example"].is_object();
            assert_eq!(applied, costed, "{module}: give {name} an `Example:` that works");
        }
    }
}
