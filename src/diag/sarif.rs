//! Diagnostics as SARIF 2.1.0 (OASIS), for code scanning and editors: one run, a rule for each code
//! that occurs, a result for each mistake.

use super::place::Region;
use super::{Diag, Label, Severity, explain};
use crate::maps::IndexSet;
use crate::source::Sources;
use serde_json::{Value, json};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The results of several files.
#[derive(Debug, Default)]
pub struct Log {
    rules: IndexSet<&'static str>,
    results: Vec<Value>,
}

impl Log {
    /// Adds what was found in a file and in what it imports. A mistake without a place is the
    /// file's own.
    pub fn add(&mut self, file: &str, diags: &[Diag], sources: &Sources) {
        for diag in diags {
            let (rule, _) = self.rules.insert_full(diag.code);
            let mut labels = diag.labels.iter();
            let main = labels.next().map(|label| place(label, sources));
            let main = main.unwrap_or_else(|| json!({ "artifactLocation": { "uri": uri(file) } }));
            let related = labels.enumerate().map(|(n, label)| {
                let mut location =
                    json!({ "id": n + 1, "physicalLocation": place(label, sources) });
                if !label.text.is_empty() {
                    location["message"] = json!({ "text": label.text });
                }
                location
            });
            self.results.push(json!({
                "ruleId": diag.code,
                "ruleIndex": rule,
                "level": level(diag.severity()),
                "message": { "text": diag.in_words() },
                "locations": [{ "physicalLocation": main }],
                "relatedLocations": related.collect::<Vec<_>>(),
            }));
        }
    }

    /// The whole document.
    pub fn finish(self) -> Value {
        let rules: Vec<Value> = self.rules.iter().map(|code| rule(code)).collect();
        json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "segc",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                } },
                "columnKind": "unicodeCodePoints",
                "results": self.results,
            }],
        })
    }
}

fn rule(code: &str) -> Value {
    let page = explain::explain(code).unwrap_or_default().trim_end();
    json!({
        "id": code,
        "shortDescription": { "text": explain::title(code).unwrap_or(code) },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": level(Severity::of(code)) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn place(label: &Label, sources: &Sources) -> Value {
    let file = sources.get(label.span.file);
    let region = Region::of(file.map_or("", |f| &f.text), label.span);
    json!({
        "artifactLocation": { "uri": uri(file.map_or("", |f| &f.name)) },
        "region": {
            "startLine": region.line,
            "startColumn": region.column,
            "endLine": region.end_line,
            "endColumn": region.end_column,
        },
    })
}

/// A file's name as a reference (RFC 3986): relative where the name is.
fn uri(name: &str) -> String {
    let mut uri = if name.starts_with('/') { "file://" } else { "" }.to_owned();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn names_become_references() {
        assert_eq!(uri("specs/a b.seg"), "specs/a%20b.seg");
        assert_eq!(uri("/tmp/ä.seg"), "file:///tmp/%C3%A4.seg");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
