//! The built-in kernels and functions: their names and arguments.

/// How many maps a built-in reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// One map.
    One,
    /// Two maps.
    Two,
    /// Any number of maps, also as lists.
    Many,
}

/// A built-in.
#[derive(Debug)]
pub(crate) struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Its configuration, in the order of positional arguments.
    pub params: &'static [&'static str],
    /// How many of the first ones must be given.
    pub required: usize,
    /// What it reads.
    pub reads: Reads,
}

const fn one(name: &'static str, params: &'static [&'static str], required: usize) -> Builtin {
    Builtin { name, params, required, reads: Reads::One }
}

/// Every built-in.
pub(crate) const BUILTINS: &[Builtin] = &[
    one("conv", &["kernel", "C", "stride", "rate", "groups", "bias", "pad"], 1),
    one("dw", &["kernel", "stride", "rate", "bias", "pad"], 1),
    one("deconv", &["kernel", "C", "stride", "bias"], 1),
    one("bn", &["affine", "eps", "momentum"], 0),
    one("relu", &[], 0),
    one("relu6", &[], 0),
    one("sigmoid", &[], 0),
    one("silu", &[], 0),
    one("hardswish", &[], 0),
    one("pool", &["kind", "kernel", "stride", "pad"], 1),
    one("resize", &["to", "like", "by", "mode", "corners", "round"], 0),
    one("shift", &["rows", "cols"], 2),
    one("shuffle", &["groups"], 1),
    one("channels", &["from", "to"], 2),
    one("dropout", &["rate"], 1),
    one("residual", &["body"], 1),
    one("width", &[], 0),
    one("scale", &[], 0),
    Builtin { name: "mul", params: &[], required: 0, reads: Reads::Two },
    Builtin { name: "sum", params: &["like"], required: 0, reads: Reads::Many },
    Builtin { name: "concat", params: &[], required: 0, reads: Reads::Many },
];

/// Functions of plain values.
pub(crate) const FUNCTIONS: &[&str] = &["len", "min", "max", "floor", "ceil", "unread"];

/// Words that stand for themselves.
pub(crate) const WORDS: &[&str] = &[
    "avg", "max", "all", "bilinear", "nearest", "aligned", "free", "floor", "ceil", "up", "stay",
    "down",
];

/// A built-in by its name.
pub(crate) fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|b| b.name == name)
}
