//! Statements that decide nothing: every kernel, with arguments that are drawn.

use super::{Draft, Map, Template};

pub(super) const TEMPLATES: &[Template] = &[
    convolution,
    depthwise,
    transposed,
    norm,
    activation,
    pool,
    mean,
    resize,
    resize_like,
    halved,
    shift,
    shuffle,
    channels,
    dropout,
    residual,
    zeros,
    times,
    product,
    attention,
    sum,
    concat,
    repeated,
    plus,
    kept,
    auxiliary,
    arithmetic,
    typed_zeros,
];

fn conv(d: &mut Draft, x: &Map) -> (String, u32, u32) {
    let (kernel, width) = (d.of(&[1, 3, 5]), d.of(&[4, 8, 12]));
    let stride = if x.scale <= 4 { d.of(&[1, 2]) } else { 1 };
    let mut text = format!("conv({kernel}, {width}");
    if stride > 1 {
        text += ", stride = 2";
    }
    if stride == 1 && kernel > 1 && d.below(2) == 0 {
        text += ", rate = 2";
    }
    if x.width.is_multiple_of(4) && d.below(2) == 0 {
        text += ", groups = 4";
    }
    if d.below(2) == 0 {
        text += ", bias = true";
    }
    (text + ")", width, x.scale * stride)
}

/// `node name = x > op` that keeps the type but for its width and scale.
fn unary(d: &mut Draft, stem: &str, op: &str, width: impl Fn(u32) -> u32) {
    let x = d.map();
    let name = d.name(stem);
    d.node(&name, &format!("{} > {op}", x.name), width(x.width), x.scale);
}

fn convolution(d: &mut Draft) {
    let x = d.map();
    let (text, width, scale) = conv(d, &x);
    let name = d.name("c");
    d.node(&name, &format!("{} > {text}", x.name), width, scale);
}

fn depthwise(d: &mut Draft) {
    let op = d.of(&["dw(3)", "dw(5, bias = true)", "dw(3, rate = 2)"]);
    unary(d, "d", op, |w| w);
}

fn transposed(d: &mut Draft) {
    let x = d.map();
    let name = d.name("u");
    let coarse = x.scale * 2;
    let text = format!("{} > conv(3, 4, stride = 2) > deconv(4, 8, stride = 2)", x.name);
    d.node(&name, &text, 8, coarse / 2);
    d.line(format!("// `{name}` went to /{coarse} and came back."));
}

fn norm(d: &mut Draft) {
    let op = d.of(&["bn", "bn(affine = false)", "bn(eps = 1e-3, momentum = 0.01)"]);
    unary(d, "n", op, |w| w);
}

fn activation(d: &mut Draft) {
    let op = d.of(&["relu", "relu6", "sigmoid", "silu"]);
    unary(d, "a", &format!("hardswish > {op}"), |w| w);
}

fn pool(d: &mut Draft) {
    let op = d.of(&["pool(avg)", "pool(max)", "pool(avg, 5)", "pool(max, kernel = 3, stride = 1)"]);
    unary(d, "p", op, |w| w);
}

fn mean(d: &mut Draft) {
    let x = d.map();
    let name = d.name("g");
    let text = format!("{} > pool(all) > conv(1, 4) > resize(like = {})", x.name, x.name);
    d.node(&name, &text, 4, x.scale);
}

fn resize(d: &mut Draft) {
    let x = d.map();
    let name = d.name("r");
    let scale = d.of(&[1, 2, 4, 8]);
    let how = d.of(&["", ", mode = nearest", ", corners = aligned", ", mode = bilinear"]);
    d.node(&name, &format!("{} > resize(/{scale}{how})", x.name), x.width, scale);
}

fn resize_like(d: &mut Draft) {
    let (x, y) = (d.map(), d.map());
    let name = d.name("r");
    d.node(&name, &format!("{} > resize(like = {})", x.name, y.name), x.width, y.scale);
}

fn halved(d: &mut Draft) {
    let x = d.map();
    let name = d.name("h");
    let round = d.of(&["", ", round = floor", ", round = ceil"]);
    d.node(&name, &format!("{} > resize(by = 1 / 2{round})", x.name), x.width, x.scale * 2);
}

fn shift(d: &mut Draft) {
    unary(d, "s", "shift(1, 1)", |w| w);
}

fn shuffle(d: &mut Draft) {
    unary(d, "f", "conv(1, 8) > shuffle(groups = 2)", |_| 8);
}

fn channels(d: &mut Draft) {
    unary(d, "k", "conv(1, 8) > channels(2, 6)", |_| 4);
}

fn dropout(d: &mut Draft) {
    unary(d, "o", "dropout(0.2)", |w| w);
}

fn residual(d: &mut Draft) {
    unary(d, "e", "residual(conv(3) > bn > relu)", |w| w);
}

fn zeros(d: &mut Draft) {
    let x = d.map();
    let name = d.name("z");
    d.node(&name, &format!("{} * 0 + {} > conv(1)", x.name, x.name), x.width, x.scale);
}

fn times(d: &mut Draft) {
    let x = d.map();
    let name = d.name("m");
    d.node(&name, &format!("{} * 2", x.name), x.width, x.scale);
}

fn product(d: &mut Draft) {
    let x = d.map();
    let y = d.twin(&x);
    let name = d.name("m");
    let text = d.of(&[format!("{} * {}", x.name, y.name), format!("mul({}, {})", x.name, y.name)]);
    d.node(&name, &text, x.width, x.scale);
}

/// Channels weighed by their means, as an operator over `it`.
fn attention(d: &mut Draft) {
    d.item(
        "/// Weighs channels.\nop weighed(r: int = 2) =\n  it * (it > pool(all) > conv(1, width(it) / r) > relu \
         > conv(1, it.width) > sigmoid)\n"
            .to_string(),
    );
    unary(d, "w", "conv(1, 8) > weighed(r = 4)", |_| 8);
}

fn sum(d: &mut Draft) {
    let x = d.map();
    let y = d.twin(&x);
    let name = d.name("s");
    let last = d.of(&["", ", absent"]);
    d.node(&name, &format!("sum({}, [{}]{last})", x.name, y.name), x.width, x.scale);
}

fn concat(d: &mut Draft) {
    let x = d.map();
    let y = d.twin(&x);
    let name = d.name("j");
    d.node(&name, &format!("concat({}, {}) > conv(1, 8)", x.name, y.name), 8, x.scale);
}

fn repeated(d: &mut Draft) {
    unary(d, "q", "(conv(3, 8) > bn) * 2", |_| 8);
}

fn plus(d: &mut Draft) {
    let x = d.map();
    let name = d.name("b");
    let text = format!("{} > conv(3, 8) + {} > conv(1, 8)", x.name, x.name);
    d.node(&name, &text, 8, x.scale);
}

fn kept(d: &mut Draft) {
    let x = d.map();
    let name = d.name("v");
    d.line(format!("keep node {name} = {} > conv(1, 2)", x.name));
}

fn auxiliary(d: &mut Draft) {
    let x = d.map();
    let name = d.name("side");
    d.line(format!(
        "/// Only in training.\n  aux out {name} = {} > conv(1, 19) > resize(/1)",
        x.name
    ));
}

/// Numbers of all kinds on the way to a width.
fn arithmetic(d: &mut Draft) {
    let w = d.name("W");
    d.item(format!("/// A width.\nconst {w} = (2 + 6) * 3 / 2 - -4\n"));
    let texts = [
        format!("max({w}, 4) / 4"),
        format!("ceil({w} / 3)"),
        format!("min({w}, floor({w} / 2))"),
        format!("len([i * 2 for i in 0..{w}]) / 2"),
        format!("match {w} {{ ..=8 => 4, 9..32 => 8, else => 12 }}"),
        format!("match {w} above 3 and not {w} below 2 or {w} is 7 {{ true => 4, false => 8 }}"),
        format!("[4, {w}, 12][1..][0]"),
        "([4] + [8, 12])[..2][1]".to_string(),
    ];
    let widths = [4, 6, 8, 8, 8, 4, 16, 8];
    let at = d.below(texts.len());
    let x = d.map();
    let name = d.name("y");
    d.node(&name, &format!("{} > conv(1, {})", x.name, texts[at]), widths[at], x.scale);
}

/// A sum of nothing that is like something, and one of what may be absent.
fn typed_zeros(d: &mut Draft) {
    let x = d.map();
    let (maybe, name) = (d.name("maybe"), d.name("l"));
    d.line(format!("node {maybe} = choose {{ yes = {} > conv(3)  no = absent }}", x.name));
    let (all, like) = (d.of(&["absent".to_string(), maybe.clone()]), &x.name);
    let text = format!("concat({like}, sum({all}, like = {like})) > conv(1, 4, bias = true)");
    d.node(&name, &text, 4, x.scale);
}
