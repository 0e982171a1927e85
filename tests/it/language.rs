//! What the language takes: small programs, each with what it becomes.

use crate::support::{Judged, judge};

fn right(text: &str) -> Judged {
    let judged = judge("spec.seg", None, text);
    assert!(judged.is_right(), "{}", judged.drawn());
    judged
}

/// The outputs of the last network, as `name: 19 @ /1`.
fn outputs(judged: &Judged) -> Vec<String> {
    let graph = &judged.space.nets.last().expect("a network").1.graph;
    graph.outputs.iter().map(|o| format!("{}: {}", o.name, graph.node(o.node).ty)).collect()
}

fn decisions(judged: &Judged) -> Vec<&str> {
    judged.space.decisions().iter().map(|d| d.name.as_str()).collect()
}

#[test]
fn whole_results_of_decimals_are_widths() {
    let judged = right(
        "const ALPHA = 0.5\n\
         cell half(C: width)(x) { out x > conv(3, C) }\n\
         net n(x) { out a = x > conv(3, 16 * ALPHA), b = x > half(0.75 * 32), c = x > conv(2.0, 3) }",
    );
    assert_eq!(outputs(&judged), ["a: 8 @ /1", "b: 24 @ /1", "c: 3 @ /1"]);
}

#[test]
fn decimals_are_what_their_fractions_are() {
    let judged = right(
        "net n(x) {\n\
           let same_number = match 0.1 + 0.2 is 3 / 10 { true => 2, false => 4 }\n\
           out x > conv(3, same_number) > resize(by = 0.5)\n\
         }",
    );
    assert_eq!(outputs(&judged), ["out: 2 @ /2"]);
}

#[test]
fn parts_of_lists_are_lists() {
    let judged = right(
        "const W = [8, 16, 24, 32]\n\
         net n(x) {\n\
           out a = x > conv(3, W[1..3][0]), b = x > conv(3, W[..=1][1]), c = x > conv(3, W[3..][0])\n\
           out d = x > conv(3, len(W[0..2])), e = x > conv(3, len(W[1..=3]))\n\
         }",
    );
    let widths = ["a: 16 @ /1", "b: 16 @ /1", "c: 32 @ /1", "d: 2 @ /1", "e: 3 @ /1"];
    assert_eq!(outputs(&judged), widths);
}

#[test]
fn choices_of_a_part_are_labelled_as_in_the_whole() {
    let judged = right(
        "const W = [8, 16, 24]\n\
         net n(x) { out x > conv(3, choose one of W[1..3]) > conv(1, 19) }",
    );
    let domain = &judged.space.decisions()[0].domain;
    assert_eq!(*domain, segc::ir::Domain::One(vec!["W[1]".into(), "W[2]".into()]));
}

#[test]
fn parts_of_families_are_by_index() {
    let judged = right(
        "net n(x) {\n\
           node h[i] = x > conv(3, 8) for i in 1..=4\n\
           out sum(h[2..4]) > conv(1, len(h[2..4]))\n\
         }",
    );
    assert_eq!(outputs(&judged), ["out: 2 @ /1"]);
}

#[test]
fn an_operator_can_be_an_argument() {
    let text = |given: &str| {
        format!(
            "cell twice(f: op)(x) {{ out x > f > f }}\n\
             net n(x) {{ out x > conv(3, 8) > twice({given}) }}"
        )
    };
    assert_eq!(outputs(&right(&text("conv(3) > bn"))), ["out: 8 @ /1"]);
    assert_eq!(judge("spec.seg", None, &text("3")).codes(), ["E0301"]);
}

#[test]
fn results_with_an_index_are_outputs_one_by_one() {
    let judged = right(
        "net n(x) {\n\
           node a = x > conv(3, 8, stride = 2)\n\
           tap stage[1] = a\n\
           tap stage[2] = a > conv(3, 16, stride = 2)\n\
           out mask = a > conv(1, 19) > resize(/1)\n\
         }",
    );
    assert_eq!(outputs(&judged), ["stage[1]: 8 @ /2", "stage[2]: 16 @ /4", "mask: 19 @ /1"]);
}

#[test]
fn decisions_are_named_without_empty_parts() {
    let judged = right(
        "opset ops { conv3 = conv(3)  skip = same }\n\
         cell unit(x) { out x via ops }\n\
         let found = choose { one = unit  two = unit }\n\
         net n(x) { out x > conv(3, 8) > choose { a = unit  b = choose { c = unit  d = relu } } > found }",
    );
    let names = decisions(&judged);
    let well = |name: &&str| !name.contains("..") && !name.starts_with('.') && !name.ends_with('.');
    assert!(names.iter().all(well), "{names:?}");
}

#[test]
fn what_a_star_imports_can_be_taken_by_a_local_name() {
    right("use std.ops.*\nnet n(x) { node skip = x > conv(3, 8)\n out skip > conv(1) }");
}

#[test]
fn a_file_to_be_imported_needs_no_network() {
    assert!(right("op act = bn > relu").diags.is_empty());
}

#[test]
fn an_argument_may_be_called_as_the_list_of_decisions() {
    let text = "cell u(decisions: int)(x) { out x > conv(1, decisions) > choose { same  r = relu } }\n\
                net n(image) { out image > u(decisions = 8) > conv(1, 19) }\n";
    let judged = judge("own.seg", None, text);
    assert!(judged.is_right(), "{}", judged.drawn());
    assert_eq!(judged.space.decisions().len(), 1);
}
