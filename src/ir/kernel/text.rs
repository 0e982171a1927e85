//! Kernels in words: as one would write them in the language, with arguments that differ from
//! their defaults.

use super::{Conv, Interp, Kernel, Norm, PoolKind, Target};
use std::fmt;

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Kernel::Conv(c) => convolution("conv", &c, f),
            Kernel::Deconv(c) => convolution("deconv", &c, f),
            Kernel::Norm(n) => norm(&n, f),
            Kernel::Pool { kind, kernel, stride, pad } => {
                let kind = match kind {
                    PoolKind::Max => "max",
                    PoolKind::Avg => "avg",
                };
                let mut args = vec![kind.to_owned(), kernel.to_string()];
                args.extend(unless(1, "stride", stride));
                args.extend(unless(kernel.saturating_sub(1) / 2, "pad", pad));
                call("pool", &args, f)
            }
            Kernel::GlobalPool => f.write_str("pool(all)"),
            Kernel::Resize { to, interp } => resize(to, interp, f),
            Kernel::Add => f.write_str("sum"),
            Kernel::Shuffle { groups } => write!(f, "shuffle({groups})"),
            Kernel::Shift { rows, cols } => write!(f, "shift({rows}, {cols})"),
            Kernel::Slice { from, len } => write!(f, "channels({from}, {})", from + len),
            Kernel::Dropout { rate_e9 } => write!(f, "dropout({})", billionths(rate_e9)),
            Kernel::Input(_)
            | Kernel::Act(_)
            | Kernel::Mul
            | Kernel::Concat
            | Kernel::Zero
            | Kernel::Mix
            | Kernel::Given => f.write_str(self.name()),
        }
    }
}

fn convolution(name: &str, c: &Conv, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut args = vec![c.kernel.to_string(), c.out.to_string()];
    args.extend(unless(1, "stride", c.stride));
    args.extend(unless(1, "rate", c.rate));
    args.extend(unless(1, "groups", c.groups));
    args.extend(unless(false, "bias", c.bias));
    args.extend(c.pad.map(|pad| format!("pad = {pad}")));
    call(name, &args, f)
}

fn norm(n: &Norm, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut args = Vec::new();
    args.extend(unless(Norm::DEFAULT.affine, "affine", n.affine));
    args.extend(unless(billionths(Norm::DEFAULT.eps_e9), "eps", billionths(n.eps_e9)));
    let usual = billionths(Norm::DEFAULT.momentum_e9);
    args.extend(unless(usual, "momentum", billionths(n.momentum_e9)));
    call("bn", &args, f)
}

fn resize(to: Target, interp: Interp, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut args = match to {
        Target::Scale(scale) => vec![scale.to_string()],
        Target::Like => vec!["like".to_owned()],
        Target::FloorBy(n) => vec![format!("by = 1/{n}"), "round = floor".to_owned()],
    };
    match interp {
        Interp::Bilinear => {}
        Interp::BilinearAligned => args.push("corners = aligned".to_owned()),
        Interp::Nearest => args.push("mode = nearest".to_owned()),
    }
    call("resize", &args, f)
}

fn call(name: &str, args: &[String], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match args {
        [] => f.write_str(name),
        args => write!(f, "{name}({})", args.join(", ")),
    }
}

/// An argument by name, unless it is what it is by default.
fn unless<T: PartialEq + fmt::Display>(usual: T, name: &str, value: T) -> Option<String> {
    (value != usual).then(|| format!("{name} = {value}"))
}

fn billionths(n: u32) -> f64 {
    f64::from(n) / 1e9
}

#[cfg(test)]
mod tests {
    use super::super::{Act, Conv, Interp, Kernel, Norm, PoolKind, Target};
    use crate::ir::shape::Scale;

    #[test]
    fn kernels_read_as_they_are_written() {
        let conv =
            Conv { out: 64, kernel: 3, stride: 1, rate: 1, groups: 1, bias: false, pad: None };
        let odd = Conv { stride: 2, rate: 2, groups: 8, bias: true, pad: Some(0), ..conv };
        let pool = Kernel::Pool { kind: PoolKind::Max, kernel: 3, stride: 2, pad: 1 };
        let norm = Norm { affine: false, eps_e9: 1_000_000, ..Norm::DEFAULT };
        let to = |to, interp| Kernel::Resize { to, interp };
        for (kernel, text) in [
            (Kernel::Conv(conv), "conv(3, 64)"),
            (
                Kernel::Deconv(odd),
                "deconv(3, 64, stride = 2, rate = 2, groups = 8, bias = true, pad = 0)",
            ),
            (Kernel::Norm(Norm::DEFAULT), "bn"),
            (Kernel::Norm(norm), "bn(affine = false, eps = 0.001)"),
            (pool, "pool(max, 3, stride = 2)"),
            (to(Target::Scale(Scale::Down(8)), Interp::Nearest), "resize(/8, mode = nearest)"),
            (to(Target::FloorBy(2), Interp::Bilinear), "resize(by = 1/2, round = floor)"),
            (Kernel::Slice { from: 8, len: 8 }, "channels(8, 16)"),
            (Kernel::Dropout { rate_e9: 100_000_000 }, "dropout(0.1)"),
            (Kernel::Act(Act::Relu6), "relu6"),
        ] {
            assert_eq!(kernel.to_string(), text);
        }
    }
}
