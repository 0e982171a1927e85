//! Statements that apply parts of their own: cells, encoders, trellises, whatever is shared.

use super::{Draft, Plan, Template};

pub(super) const TEMPLATES: &[Template] = &[
    imported,
    imported_with,
    fresh_and_found,
    tied,
    configured,
    loops,
    families,
    encoder,
    role,
    closed_path,
    open_path,
    mixed_arrows,
    second_form,
    plans,
    taken_apart,
    chain,
];

/// A cell with one decision; its name.
fn unit(d: &mut Draft) -> String {
    let name = d.name("unit");
    d.item(format!(
        "cell {name}(C: width = same)(x) {{\n  node y = x > choose {{ a = cbr(3, C)  b = cbr(1, C) }}\n  out y\n}}\n"
    ));
    name
}

fn imported(d: &mut Draft) {
    d.uses("use parts.{point, pair}");
    let x = d.map();
    let name = d.name("i");
    let other = d.of(&["absent".to_string(), x.name.clone()]);
    d.node(&name, &format!("pair({}, {other}) > point", x.name), 4, x.scale);
}

fn imported_with(d: &mut Draft) {
    d.uses("use parts.pair with P = 4");
    let x = d.map();
    let name = d.name("i");
    d.node(&name, &format!("pair({}, absent)", x.name), 4, x.scale);
}

fn fresh_and_found(d: &mut Draft) {
    let (x, unit) = (d.map(), unit(d));
    let (found, name) = (d.name("found"), d.name("f"));
    d.item(format!("/// One design.\nlet {found} = {unit}\n"));
    let text = format!("{} > {found} > {unit} > {found}", x.name);
    d.node(&name, &text, x.width, x.scale);
}

fn tied(d: &mut Draft) {
    let (x, unit) = (d.map(), unit(d));
    let (one, name) = (d.name("one"), d.name("f"));
    d.line(format!("let {one} = tied {unit}"));
    d.node(&name, &format!("{} > {one} > {one}", x.name), x.width, x.scale);
}

fn configured(d: &mut Draft) {
    let (x, unit) = (d.map(), unit(d));
    let (u, name) = (d.name("u"), d.name("f"));
    d.line(format!("let {u} = {unit}(C = 8)"));
    let text = d.of(&[format!("{u}({})", x.name), format!("{} > {u} > {u}(C = 8)", x.name)]);
    d.node(&name, &text, 8, x.scale);
}

fn loops(d: &mut Draft) {
    let x = d.map();
    let name = d.name("x");
    d.node(&name, &x.name, x.width, x.scale);
    let wide = x.width + 4;
    d.line(format!("for (C, k) in [({}, 1), ({wide}, 3)] {{", x.width));
    d.line(format!("  {name} = {name} > choose {{ a = conv(k, C)  b = conv(5, C) }}"));
    d.line("}".to_string());
    d.maps.last_mut().expect("just made").width = wide;
}

fn families(d: &mut Draft) {
    let x = d.map();
    let (h, g, name) = (d.name("h"), d.name("g"), d.name("f"));
    d.line(format!("for i in 1..=2 {{ node {h}[i] = sum({} > cbr(3), {h}[..i]) }}", x.name));
    d.line(format!("node {g}[i] = {h}[i] > choose {{ a = relu  b = sigmoid }} for i in 1..=2"));
    let text = d.of(&[format!("sum({g})"), format!("{g}[2] + {h}[1..=2][1]")]);
    d.node(&name, &text, x.width, x.scale);
}

fn encoder(d: &mut Draft) {
    let (e, v, name) = (d.name("encoder"), d.name("e"), d.name("f"));
    d.item(format!(
        "encoder {e}(depth: int = 2)(x) {{\n  node y = x\n  for k in 1..=depth {{\n    y = y > cbr(3, 4 * k, stride = 2)\n    tap stage[k] = y\n  }}\n}}\n"
    ));
    let near = d.name("near");
    d.item(format!(
        "decoder {near}(C: width, taps: [int])(e) {{\n  out sum([e.stage[k] > cbr(1, C) > resize(like = e.stage[1]) for k in taps])\n}}\n"
    ));
    d.line(format!("let {v} = {e}(image)"));
    d.node(&name, &format!("{near}(8, taps = [1, 2])({v})"), 8, 2);
}

fn role(d: &mut Draft) {
    let role = d.of(&["head", "stem", "decoder"]);
    let x = d.map();
    let (part, v, name) = (d.name("part"), d.name("v"), d.name("f"));
    d.item(format!(
        "{role} {part}(deep: bool = false, by: number = 2)(x) {{\n  out a = x > cbr(3, 4), b = x > match deep {{ true => cbr(3, 4), false => conv(1, 4) }}\n}}\n"
    ));
    d.line(format!("let {v} = {part}(deep = true)({})", x.name));
    d.node(&name, &format!("{v}.a + {v}.b"), 4, x.scale);
}

fn closed_path(d: &mut Draft) {
    let (t, v, name) = (d.name("walk"), d.name("v"), d.name("f"));
    d.item(format!(
        "trellis {t}(a, b) along [/4, /8, /4] {{\n  at s {{\n    let C = s\n    per arrow x -> x > fit(C, s) > cbr(3) + back(2) > fit(C, s)\n  }}\n}}\n"
    ));
    let x = d.map();
    d.line(format!("let {v} = {t}({} > resize(/4), {} > conv(3, 4) > resize(/4))", x.name, x.name));
    let text = format!("concat({v}.exit, {v}.last(/8) > resize(/4))");
    d.node(&name, &text, 12, 4);
}

fn open_path(d: &mut Draft) {
    let (p, t, c, found) = (d.name("path"), d.name("walk"), d.name("node"), d.name("found"));
    let weigh = d.of(&["source", "target"]);
    let first = d.of(&["/4", "/4 /8"]);
    d.item(format!(
        "let {p} = choose path {{\n  layers 3  scales /4 /8  first {first}  moves up, stay, down  exits /4 /8  weigh by {weigh}\n}}\n"
    ));
    let repeats = d.of(&["", " with repeats"]);
    d.item(format!(
        "cell {c}(older?, x) {{\n  node h = sum(choose ordered 2 of [older, x, x > conv(1)]{repeats})\n  out h > bn\n}}\n\nlet {found} = {c}\n"
    ));
    d.item(format!(
        "trellis {t}(stem) along {p} {{\n  at s {{\n    let C = match s {{ /4 => 4, else => 8 }}\n    let unit = tied {found}\n    node older = same(2) > fit(C, s)\n    per arrow x -> unit(older, x > fit(C, s)) > match move {{ down => relu, else => same }}\n  }}\n}}\n"
    ));
    let x = d.map();
    let name = d.name("f");
    let (v, low) = (d.name("v"), d.name("low"));
    d.line(format!("let {v} = {t}({} > resize(/4))", x.name));
    d.line(format!("node {low} = {v}.last(/4) > conv(1, 8) > resize(/2)"));
    d.node(&name, &format!("{v}.exit > conv(1, 8) > resize(/2) + {low}"), 8, 2);
}

fn mixed_arrows(d: &mut Draft) {
    let (t, name) = (d.name("walk"), d.name("f"));
    d.item(format!(
        "trellis {t}(stem) along choose path {{ layers 2  scales /2 /4  first [/2]  moves stay, down }} {{\n  at s {{\n    on mix x -> x > fit(4 * layer, s) > choose {{ a = cbr(3)  b = skip }}\n  }}\n}}\n"
    ));
    let x = d.map();
    let text = format!("{t}({} > resize(/2)).exit > conv(1, 8) > resize(/2)", x.name);
    d.node(&name, &text, 8, 2);
}

/// Another network over the same decisions.
fn second_form(d: &mut Draft) {
    let unit = unit(d);
    let (found, net) = (d.name("found"), d.name("wide"));
    d.item(format!("let {found} = {unit}\n"));
    d.item(format!(
        "net {net}(image) {{\n  out image > cbr(3, 16, stride = 2) > {found} > {found}(C = 8) > conv(1, 19) > resize(/1)\n}}\n"
    ));
    let x = d.map();
    let name = d.name("f");
    d.node(&name, &format!("{} > {found}", x.name), x.width, x.scale);
}

fn plans(d: &mut Draft) {
    // There must be something to search.
    super::choices::among_operators(d);
    if !d.may(Plan::Mixes) {
        return;
    }
    d.item(
        "search main {\n  data cityscapes(split = \"train\", crop = 64x64, batch = 2)\n  halves true\n  \
         strategy gradient(order = first)\n  epochs 4, arch_from = 2\n  \
         weights sgd(rate = 0.1 -> 0.005 cosine, momentum = 0.9)\n  arch adam(rate = 0.02)\n}\n"
            .to_string(),
    );
    d.item("bench main { input 1x3x64x96 }\n".to_string());
    d.item(
        "train main {\n  data cityscapes(split = \"train\", crop = 64x64, batch = 2)\n  steps 10\n  \
         /// Falls.\n  weights sgd(rate = 0.1 -> 0 poly 0.9)\n  \
         loss ohem(on = main) + 0.4 * cross_entropy()\n  \
         phase settle { steps 5  frozen norms = true }\n  phase { average 0.9 }\n}\n"
            .to_string(),
    );
    d.item("data { root \"data/none\" }\n".to_string());
}

fn taken_apart(d: &mut Draft) {
    let (a, b) = (d.name("A"), d.name("B"));
    d.item(format!("let {a}, {b} = [4, 2 * 4]\n"));
    let x = d.map();
    let name = d.name("f");
    d.node(&name, &format!("{} > conv(1, {a}) > conv(3, {b})", x.name), 8, x.scale);
}

fn chain(d: &mut Draft) {
    let op = d.name("act");
    d.item(format!(
        "op {op}(k: int, C: width = same) = (conv(k, C) > bn) > choose {{ relu  silu }}\n"
    ));
    let x = d.map();
    let name = d.name("f");
    d.node(&name, &format!("{} > {op}(3, C = 8) > {op}(1)", x.name), 8, x.scale);
}
