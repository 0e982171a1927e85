//! Output for programs. Every document says which schema it follows; `docs/json.md` describes
//! them. Fields are only ever added to a schema; anything else raises its number.

use super::failure::Failure;
use super::term::Term;
use num_bigint::BigUint;
use serde::{Serialize, Serializer};

/// A document with its schema's name in front.
#[derive(Serialize)]
struct Document<'a, T: Serialize> {
    schema: &'a str,
    #[serde(flatten)]
    body: &'a T,
}

/// A document, spread over lines.
pub fn pretty<T: Serialize>(schema: &str, body: &T) -> String {
    let text = serde_json::to_string_pretty(&Document { schema, body });
    text.expect("keys are strings and no map fails")
}

/// Prints a document, spread over lines.
pub fn print<T: Serialize>(schema: &str, body: &T, term: &mut Term) -> Result<(), Failure> {
    term.line(pretty(schema, body))
}

/// Prints a document on one line, for output of many.
pub fn print_line<T: Serialize>(schema: &str, body: &T, term: &mut Term) -> Result<(), Failure> {
    let text = serde_json::to_string(&Document { schema, body });
    term.line(text.expect("keys are strings and no map fails"))
}

/// A count as a decimal string: it rarely fits a program's number.
#[derive(Clone, Debug)]
pub struct Decimal(pub BigUint);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}
