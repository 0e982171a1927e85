//! Statements that decide something: every kind of choice, over everything that can be chosen.

use super::{Draft, Plan, Template};

pub(super) const TEMPLATES: &[Template] = &[
    among_operators,
    via_set,
    of_set,
    one_map,
    varied_map,
    optional,
    some_of,
    ordered,
    with_repeats,
    ordered_repeats,
    apart,
    by_index,
    own_operators,
    all_of,
    width,
    kernel,
    scale,
    depth,
    matched,
    nested,
    one_of_numbers,
    picks_of_one,
    absent_pick,
    unread,
    of_types,
    cell_of_types,
    sliced,
    slices_that_meet,
    sliced_and_tied,
];

/// Operators that keep the type.
const KEEP: &[&str] = &[
    "cbr(3)",
    "sep_conv(3)",
    "atrous_conv(3)",
    "avg_pool(3)",
    "max_pool(3)",
    "skip",
    "zero",
    "relu",
    "dil_conv(3)",
];

/// A set of operators; its name.
fn set(d: &mut Draft) -> String {
    let name = d.name("ops");
    let (a, b) = (d.of(KEEP), d.of(KEEP));
    d.item(format!(
        "/// Operators.\nopset {name} {{\n  /// The first.\n  one = {a}  two = {b}, skip\n}}\n"
    ));
    name
}

pub(super) fn among_operators(d: &mut Draft) {
    let x = d.map();
    let (a, b) = (d.of(KEEP), d.of(KEEP));
    let name = d.name("c");
    let text = format!("{} > choose {{ one = {a}  two = {b}, none = zero }}", x.name);
    d.node(&name, &text, x.width, x.scale);
}

fn via_set(d: &mut Draft) {
    let (x, ops) = (d.map(), set(d));
    let name = d.name("c");
    let text = d.of(&[format!("{} via {ops}", x.name), format!("({} via {ops}) > relu", x.name)]);
    d.node(&name, &text, x.width, x.scale);
}

fn of_set(d: &mut Draft) {
    let (x, ops) = (d.map(), set(d));
    let name = d.name("c");
    let text = format!("{} > choose {ops} > {ops}.one", x.name);
    d.node(&name, &text, x.width, x.scale);
}

fn one_map(d: &mut Draft) {
    let x = d.map();
    let y = d.twin(&x);
    let name = d.name("c");
    d.node(&name, &format!("choose one of [{}, {}]", x.name, y.name), x.width, x.scale);
}

/// Maps of two types: what reads them is specialised.
fn varied_map(d: &mut Draft) {
    let x = d.map();
    let y = d.name("y");
    d.node(&y, &format!("{} > conv(3, 12)", x.name), 12, x.scale);
    let name = d.name("c");
    let text = format!("(choose one of [{}, {y}]) > bn > conv(1, 8)", x.name);
    d.node(&name, &text, 8, x.scale);
}

fn optional(d: &mut Draft) {
    let x = d.map();
    let (maybe, name) = (d.name("maybe"), d.name("c"));
    let text = format!("choose {{ yes = {} > conv(3)  no = absent }}", x.name);
    d.line(format!("node {maybe} = {text}"));
    d.node(&name, &format!("sum({}, {maybe} > bn)", x.name), x.width, x.scale);
}

/// `node name = how(choose … of [three maps])`.
fn picked(d: &mut Draft, choice: &str, after: &str) {
    let x = d.map();
    let (y, z) = (d.twin(&x), d.twin(&x));
    let name = d.name("c");
    let all = format!("[{}, {}, {}]", x.name, y.name, z.name);
    if d.below(2) == 0 {
        d.node(&name, &format!("sum(choose {choice} of {all}{after})"), x.width, x.scale);
    } else {
        let text = format!("concat(choose {choice} of {all}{after}) > conv(1, 8)");
        d.node(&name, &text, 8, x.scale);
    }
}

fn some_of(d: &mut Draft) {
    let ops = set(d);
    let after = d.of(&[String::new(), format!(" via {ops}")]);
    picked(d, "2", &after);
}

fn ordered(d: &mut Draft) {
    picked(d, "ordered 2", "");
}

fn with_repeats(d: &mut Draft) {
    let ops = set(d);
    let after = d.of(&[" with repeats".to_string(), format!(" with repeats via {ops}")]);
    picked(d, "2", &after);
}

fn ordered_repeats(d: &mut Draft) {
    let ops = set(d);
    let after = d.of(&[" with repeats".to_string(), format!(" with repeats via {ops}")]);
    picked(d, "ordered 2", &after);
}

fn apart(d: &mut Draft) {
    let (x, ops) = (d.map(), set(d));
    let y = d.twin(&x);
    let (p, q, name) = (d.name("p"), d.name("q"), d.name("c"));
    let how = d.of(&["2", "ordered 2"]);
    let after = d.of(&["", " with repeats"]);
    let all = format!("[{}, {}]", x.name, y.name);
    d.line(format!("let ({p}, {q}) = choose {how} of {all}{after} via {ops}"));
    d.node(&name, &format!("{p} > cbr(3) + {q}"), x.width, x.scale);
}

fn by_index(d: &mut Draft) {
    let x = d.map();
    let y = d.twin(&x);
    let (pair, name) = (d.name("pair"), d.name("c"));
    d.line(format!("let {pair} = choose ordered 2 of [{}, {}]", x.name, y.name));
    d.node(&name, &format!("{pair}[0] > cbr(5) + {pair}[1]"), x.width, x.scale);
}

fn own_operators(d: &mut Draft) {
    let (x, a, b) = (d.map(), set(d), set(d));
    let y = d.twin(&x);
    let name = d.name("c");
    let text = format!("sum(choose 2 of [{} via {a}, {} via {b}])", x.name, y.name);
    d.node(&name, &text, x.width, x.scale);
}

fn all_of(d: &mut Draft) {
    let (x, ops) = (d.map(), set(d));
    let y = d.twin(&x);
    let name = d.name("c");
    d.node(&name, &format!("sum([{}, {}] via {ops})", x.name, y.name), x.width, x.scale);
}

fn width(d: &mut Draft) {
    let x = d.map();
    let (w, name) = (d.name("w"), d.name("c"));
    d.line(format!("let {w} = choose one of [4, 8]"));
    let text = format!("{} > conv(3, {w}) > bn > conv(1, 8)", x.name);
    d.node(&name, &text, 8, x.scale);
}

fn kernel(d: &mut Draft) {
    let x = d.map();
    let name = d.name("c");
    let text = format!("{} > conv(choose one of [1, 3], 8, rate = choose one of [1, 2])", x.name);
    d.node(&name, &text, 8, x.scale);
}

fn scale(d: &mut Draft) {
    let x = d.map();
    let name = d.name("c");
    let text = format!("{} > resize(choose one of [/2, /4]) > conv(1, 4) > resize(/2)", x.name);
    d.node(&name, &text, 4, 2);
}

fn depth(d: &mut Draft) {
    let x = d.map();
    let (h, n, name) = (d.name("h"), d.name("depth"), d.name("c"));
    d.line(format!("node {h}[0] = {}", x.name));
    d.line(format!("for i in 1..=3 {{ node {h}[i] = {h}[i - 1] > cbr(3) }}"));
    d.line(format!("let {n} = choose one of [1, 2, 3]"));
    let text = d.of(&[format!("{h}[{n}]"), format!("{h}[{n}] + {h}[{n} - 1]")]);
    d.node(&name, &text, x.width, x.scale);
}

fn matched(d: &mut Draft) {
    let x = d.map();
    let (kind, name) = (d.name("kind"), d.name("c"));
    d.line(format!("let {kind} = choose {{ light  heavy }}"));
    let text = format!(
        "{} > match {kind} {{ light => conv(1)  heavy => cbr(3) * 2 }} > match {kind} {{ light => relu, else => same }}",
        x.name
    );
    d.node(&name, &text, x.width, x.scale);
}

fn nested(d: &mut Draft) {
    let x = d.map();
    let name = d.name("c");
    let text = format!(
        "{} > choose {{\n    plain = cbr(3)\n    branch = cbr(1) > choose {{ a = cbr(5)  b = choose {{ c = relu  d = skip }} }}\n  }}",
        x.name
    );
    d.node(&name, &text, x.width, x.scale);
}

fn one_of_numbers(d: &mut Draft) {
    let x = d.map();
    let (n, name) = (d.name("n"), d.name("c"));
    d.line(format!("let {n} = choose one of [1, 2, 4]"));
    let least = d.of(&["1", "..2", "..=1"]);
    let widths = format!("match {n} {{ {least} => 4, 2..=4 => 8 }}");
    let text = format!("{} > conv(1, {widths}) > conv(1, 4)", x.name);
    d.node(&name, &text, 4, x.scale);
}

fn picks_of_one(d: &mut Draft) {
    let x = d.map();
    let y = d.twin(&x);
    let name = d.name("c");
    let text = format!("(choose 1 of [{}, {}]) > conv(3, 4)", x.name, y.name);
    d.node(&name, &text, 4, x.scale);
}

/// A cell some of whose candidates are absent where it is applied.
fn absent_pick(d: &mut Draft) {
    let (x, ops) = (d.map(), set(d));
    let (cell, found, name) = (d.name("cell"), d.name("found"), d.name("c"));
    let repeats = d.of(&["", " with repeats"]);
    let choice = format!("choose ordered 2 of [older, newer, older > cbr(1)]{repeats}");
    let body = d.of(&[
        format!("node h = sum({choice} via {ops})\n  out concat(h, newer)"),
        format!("let (p, q) = {choice} via {ops}\n  out concat(p, q)"),
        format!("let picked = {choice}\n  out concat(sum(picked) > bn, newer)"),
    ]);
    d.item(format!("cell {cell}(older?, newer) {{\n  {body}\n}}\n\nlet {found} = {cell}\n"));
    let text = format!("{found}(absent, {}) + {found}({}, {} > cbr(3))", x.name, x.name, x.name);
    d.node(&name, &format!("({text}) > conv(1, 8)"), 8, x.scale);
}

/// A pool that grows while it is picked from; what nothing picked is joined.
fn unread(d: &mut Draft) {
    let (x, ops) = (d.map(), set(d));
    let (h, p, q, name) = (d.name("h"), d.name("p"), d.name("q"), d.name("c"));
    let after = d.of(&["", " with repeats"]);
    let via = d.of(&[String::new(), format!(" via {ops}")]);
    d.line(format!("node {h}[0] = {}", x.name));
    d.line(format!("node {h}[1] = {} > conv(3)", x.name));
    d.line("for i in 2..=3 {".to_string());
    d.line(format!("  let ({p}, {q}) = choose ordered 2 of {h}[..i]{after}{via}"));
    d.line(format!("  node {h}[i] = {p} > cbr(3) + {q}"));
    d.line("}".to_string());
    let all = format!("unread([{h}[1], {h}[2], {h}[3]])");
    let how = if d.below(2) == 0 && d.may(Plan::SeveralTypes) { "concat" } else { "sum" };
    d.node(&name, &format!("{how}({all}) > conv(1, 8)"), 8, x.scale);
}

/// A cell over two maps of any types; its name.
fn merge(d: &mut Draft) -> String {
    let name = d.name("merge");
    let join = d.of(&["sum", "concat"]);
    d.item(format!(
        "cell {name}(x, y) {{\n  let s = max(scale(x), scale(y))\n  out {join}(x > conv(1, 4) > resize(s), y > cbr(3, 4) > resize(s)) > bn\n}}\n"
    ));
    name
}

/// Picks of maps that differ in type: what reads them is made for each type.
fn of_types(d: &mut Draft) {
    if !d.may(Plan::SeveralTypes) {
        return among_operators(d);
    }
    let (x, merge) = (d.map(), merge(d));
    let (y, p, q, name) = (d.name("y"), d.name("p"), d.name("q"), d.name("c"));
    d.node(&y, &format!("{} > conv(3, 12, stride = 2) > bn", x.name), 12, 2 * x.scale);
    let choice = d.of(&["ordered 2", "2"]);
    d.line(format!("let ({p}, {q}) = choose {choice} of [{}, {y}] with repeats", x.name));
    let (z, twice) = (d.name("z"), d.name("z"));
    d.line(format!("node {z} = {merge}({p}, {q} > relu)"));
    let text = d.of(&[format!("{merge}({z}, {})", x.name), format!("{merge}({p}, {z})")]);
    d.line(format!("node {twice} = {text}"));
    d.node(&name, &format!("{twice} > conv(1, 8) > resize(/2)"), 8, 2);
}

/// A cell with choices of its own, over a map whose type depends on what is picked.
fn cell_of_types(d: &mut Draft) {
    if !d.may(Plan::SeveralTypes) {
        return among_operators(d);
    }
    let (x, ops) = (d.map(), set(d));
    let (cell, found, y, p, q, name) =
        (d.name("cell"), d.name("found"), d.name("y"), d.name("p"), d.name("q"), d.name("c"));
    d.item(format!(
        "cell {cell}(x) {{\n  node h = x via {ops}\n  let (p, q) = choose 2 of [x, h, x > cbr(1)] via {ops}\n  out sum(unread([x, h]), p, q)\n}}\n\nlet {found} = {cell}\n"
    ));
    d.node(&y, &format!("{} > conv(3, 12) > bn", x.name), 12, x.scale);
    d.line(format!("let ({p}, {q}) = choose 2 of [{}, {y}]", x.name));
    let text = format!("concat({p} > {found}, {q} > {found}) > conv(1, 8)");
    d.node(&name, &text, 8, x.scale);
}

/// A width that is a slice; its name.
fn slice(d: &mut Draft) -> String {
    let name = d.name("w");
    let widths = d.of(&["[2, 4, 8]", "[4, 6]"]);
    d.line(format!("let {name} = slice choose one of {widths}"));
    name
}

/// Kernels between two widths that are chosen, norms with weights for each.
fn sliced(d: &mut Draft) {
    if !d.may(Plan::SeveralTypes) {
        return;
    }
    let (x, w, name) = (d.map(), slice(d), d.name("s"));
    let wider = d.of(&["2 * ", "4 + ", ""]);
    let op = d.of(&["sep_conv(3)", "dw(3) > relu6", "zoomed(2)", "halve > resize(by = 2)"]);
    let last = d.of(&["conv(3, 4) > bn", "deconv(3, 4)"]);
    let text = format!("{} > cbr(3, {wider}{w}) > {op} > cbr(3) > {last}", x.name);
    d.node(&name, &text, 4, x.scale);
}

/// Slices of one choice beside each other, summed and multiplied.
fn slices_that_meet(d: &mut Draft) {
    if !d.may(Plan::SeveralTypes) {
        return;
    }
    let (x, w) = (d.map(), slice(d));
    let (a, b, name) = (d.name("a"), d.name("b"), d.name("s"));
    d.line(format!("node {a} = {} > conv(1, {w}) > choose {{ one = relu  two = bn }}", x.name));
    d.line(format!("node {b} = {} > cbr(3, {w})", x.name));
    let both = d.of(&[
        format!("concat({a}, {}, {b}) > conv(1, 4, bias = true)", x.name),
        format!("({a} + {b}) > cbr(1, 4)"),
        format!("mul({b}, {a} > pool(all) > conv(1, width({b}), bias = true)) > conv(3, 4)"),
    ]);
    d.node(&name, &both, 4, x.scale);
}

/// One set of kernels for a slice and for a width.
fn sliced_and_tied(d: &mut Draft) {
    if !d.may(Plan::SeveralTypes) {
        return;
    }
    let (x, w) = (d.map(), slice(d));
    let (unit, one, name) = (d.name("unit"), d.name("one"), d.name("s"));
    d.item(format!(
        "cell {unit}(C: width)(x) {{\n  out x > cbr(3, C) > conv(1, 4, bias = true)\n}}\n"
    ));
    d.line(format!("let {one} = tied {unit}"));
    let more = d.of(&["6", "12"]);
    let text = format!("{0} > {one}({w}) + {0} > {one}(slice {more})", x.name);
    d.node(&name, &text, 4, x.scale);
}
