//! `segc check --format sarif` and `--format github`: diagnostics beside the lines they speak of.

use crate::cli::{outcome, segc};
use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::Value;

const WRONG: &str = "tests/fixtures/cli/wrong.seg";
const OTHER: &str = "tests/fixtures/errors/E0104_zero_scale.seg";
const RIGHT: &str = "tests/fixtures/cli/small.seg";

fn sarif(args: &[&str], code: i32) -> Value {
    let output = segc(&[&["check", "--format", "sarif"], args].concat()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(code));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn list<'a>(value: &'a Value, at: &str) -> &'a [Value] {
    value
        .pointer(at)
        .and_then(Value::as_array)
        .map_or_else(|| panic!("no list {at}"), Vec::as_slice)
}

#[test]
fn results_name_their_place_their_rule_and_the_remedy() {
    let log = sarif(&[WRONG], 1);
    assert_json_snapshot!(log["runs"][0]["results"]);
}

#[test]
fn several_files_are_one_run_with_a_rule_for_each_code() {
    let log = sarif(&[WRONG, OTHER, RIGHT], 1);
    assert_eq!((&log["version"], list(&log, "/runs").len()), (&"2.1.0".into(), 1));
    let rules = list(&log, "/runs/0/tool/driver/rules");
    let mut used = vec![false; rules.len()];
    for result in list(&log, "/runs/0/results") {
        let rule = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        assert_eq!(rules[rule]["defaultConfiguration"]["level"], result["level"]);
        used[rule] = true;
    }
    assert!(used.iter().all(|used| *used) && used.len() > 3, "{used:?}");
    assert!(
        rules
            .iter()
            .all(|rule| rule["help"]["text"] != "" && rule["shortDescription"]["text"] != "")
    );
}

#[test]
fn nothing_wrong_is_a_run_without_results() {
    let log = sarif(&[RIGHT], 0);
    assert!(list(&log, "/runs/0/results").is_empty());
    assert_eq!(outcome(&mut segc(&["check", RIGHT, "--format", "github"])), "----- exit 0");
}

#[test]
fn workflow_commands_of_several_files() {
    assert_snapshot!(outcome(&mut segc(&["check", WRONG, OTHER, RIGHT, "--format", "github"])));
}
