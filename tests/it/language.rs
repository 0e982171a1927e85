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

/// The labels of a file's first decision.
fn labels(text: &str) -> Vec<String> {
    match &right(text).space.decisions()[0].domain {
        segc::ir::Domain::One(labels) => labels.clone(),
        other => panic!("{other:?} has no labels"),
    }
}

#[test]
fn alternatives_are_called_by_what_they_are_else_as_they_are_written() {
    let with = |head: &str, choose: &str, out: &str| {
        labels(&format!("{head}\nlet w = {choose}\nnet n(x) {{ out x > {out} > conv(1, 19) }}"))
    };
    let widths = "const W = [8, 16, 24]  const F = 4";
    assert_eq!(with(widths, "choose one of W[1..3]", "conv(3, w)"), ["16", "24"]);
    assert_eq!(with(widths, "choose one of [F, 2 * F, W[2]]", "conv(3, w)"), ["4", "8", "24"]);
    // Two are the same: then by how they are written.
    assert_eq!(
        with(widths, "choose one of [2 * F, 3 * F, W[0]]", "conv(3, w)"),
        ["x", "x#2", "W[0]"]
    );
    let ops = "let O = [conv(1, 8), conv(3, 8), conv(5, 8)]";
    assert_eq!(with(ops, "choose one of O[1..3]", "w"), ["O[1]", "O[2]"]);
    let chains = "choose one of [conv(1, 8) > bn, conv(3, 8) > bn, O[0]]";
    assert_eq!(with(ops, chains, "w"), ["conv_bn", "conv_bn#2", "O[0]"]);
}

#[test]
fn a_shared_choice_may_be_of_what_varies_with_who_asks() {
    let cells = "cell c(C: int)(x) { out x > conv(3, choose one of [C, 2 * C]) }
         let d = c
         net n(x) { out x > d(C = 8) > d(C = 16) > conv(1, 19) }";
    assert_eq!(labels(cells), ["C", "x"]);
    let ops = "op grow = conv(3, choose one of [width(it), 2 * width(it)])
         let d = grow
         net n(x) { out x > conv(1, 8) > d > d > conv(1, 19) }";
    assert_eq!(labels(ops), ["width", "x"]);
}

#[test]
fn arms_name_labels_before_values() {
    let weights = |choose: &str, arms: &str| {
        let judged = right(&format!(
            "let kind = {choose}
             net n(x) {{ out x > conv(3, match kind {{ {arms} }}) > conv(1, 19) }}"
        ));
        judged.space.nets["n"].graph.weights.len()
    };
    // Of each width that is taken two kernels; where that is one width, two and one.
    assert_eq!(weights("choose { mean = avg  most = max }", "mean => 16, else => 8"), 4);
    assert_eq!(weights("choose { a = \"b\"  b = \"a\" }", "a => 16, b => 8"), 4);
    assert_eq!(weights("choose { a = \"b\"  b = \"a\" }", "a => 16, else => 16"), 3);
    assert_eq!(weights("choose { half = 0.5  third = 0.3 }", "half => 16, else => 8"), 4);
    assert_eq!(weights("choose one of [0.5, 0.25]", "0.5 => 16, 0.25 => 8"), 4);
}

#[test]
fn labels_that_make_one_word_are_two_scopes() {
    let tied = |choose: &str| {
        let judged = right(&format!(
            "let k = {choose}
             net n(x) {{
               let t = tied match k {{ 1 => conv(3, 8), else => (conv(3, 8) > relu) }}
               out x > conv(1, 8) > t > t > conv(1, 19)
             }}"
        ));
        judged.space.nets["n"].graph.weights.len()
    };
    assert_eq!([tied("choose one of [-1, 1]"), tied("choose one of [1, 2]")], [4, 4]);
}

#[test]
fn labels_that_are_no_names_are_avoided_as_strings() {
    let unknown = |label: &str| {
        let text = format!(
            "let k = choose one of [(conv(1, 8) > bn), (conv(3, 8) > bn)]
             net n(x) {{ out x > k > conv(1, 19) }}
             search n {{ decode avoid = [{label}] }}"
        );
        let judged = judge("spec.seg", None, &text);
        judged.drawn().contains("E0603")
    };
    assert!(!unknown("conv_bn") && !unknown("conv_bn, \"conv_bn#2\""));
    assert!(unknown("\"conv_bn#3\""));
}

#[test]
fn inputs_that_are_written_alike_are_told_apart() {
    let judged = right(
        "op act = bn > relu
         net n(x) {
           node a = x > conv(1, 8)
           node b = x > conv(3, 8)
           out sum(choose 2 of [act(a), act(b), a > act, a > act, b]) > conv(1, 19)
         }",
    );
    let segc::ir::Domain::Picks(picks) = &judged.space.decisions()[0].domain else {
        panic!("it picks");
    };
    let labels: Vec<&str> = picks.candidates.iter().map(|c| c.label.as_str()).collect();
    assert_eq!(labels, ["act", "act#2", "a_act", "a_act#2", "b"]);
}

#[test]
fn words_of_a_list_that_has_a_name_are_matched() {
    let text = |list: &str| {
        format!(
            "const WORDS = [\"wide\", \"narrow\"]\n\
             let how = choose one of {list}\n\
             net n(x) {{ out x > conv(3, match how {{ \"wide\" => 16, narrow => 8 }}) > conv(1, 19) }}"
        )
    };
    let [named, written] = ["WORDS", "[\"wide\", \"narrow\"]"].map(|list| right(&text(list)));
    assert_eq!(named.space.decisions()[0].domain, written.space.decisions()[0].domain);
    let nodes = |judged: &Judged| judged.space.nets["n"].graph.graph.node_count();
    assert_eq!(nodes(&named), nodes(&written));
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
