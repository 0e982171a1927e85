//! Kernels from their arguments: every check of a kernel's shape is made here.

use super::arguments::Part;
use super::builtin::Builtin;
use super::eval::{Eval, Evaluator};
use super::frame::Frame;
use super::value::{Design, Map, Value};
use crate::diag::Diag;
use crate::ir::graph::NodeId;
use crate::ir::kernel::{Act, Conv, Interp, Kernel, Norm, PoolKind, Target};
use crate::ir::shape::{MapType, Scale};
use crate::source::Span;
use num_rational::Ratio;
use num_traits::CheckedDiv;

/// More channels than this are a mistake.
pub(super) const WIDEST: i64 = 1 << 20;

impl Evaluator<'_> {
    /// Applies a kernel or a function of maps.
    pub(super) fn kernel(
        &mut self,
        b: &Builtin,
        d: &Design,
        maps: &[Map],
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let x = maps[0];
        if !matches!(b.name, "width" | "scale" | "residual" | "mul") {
            f.take_turn();
        }
        match b.name {
            "width" => Ok(self.width_of(x.ty)),
            "scale" => Ok(Value::Scale(x.ty.scale)),
            "conv" | "dw" => self.conv(b, d, x, at, f),
            "deconv" => self.deconv(d, x, at, f),
            "bn" => self.norm(d, x, at, f),
            "relu" => self.plain(Kernel::Act(Act::Relu), x, at, f),
            "relu6" => self.plain(Kernel::Act(Act::Relu6), x, at, f),
            "sigmoid" => self.plain(Kernel::Act(Act::Sigmoid), x, at, f),
            "silu" => self.plain(Kernel::Act(Act::Silu), x, at, f),
            "hardswish" => self.plain(Kernel::Act(Act::Hardswish), x, at, f),
            "pool" => self.pool(d, x, at, f),
            "resize" => self.resize(d, x, at, f),
            "shift" => {
                let rows = self.whole_arg(d, "rows", 0, 0..=1024, at)? as u32;
                let cols = self.whole_arg(d, "cols", 0, 0..=1024, at)? as u32;
                self.plain(Kernel::Shift { rows, cols }, x, at, f)
            }
            "shuffle" | "channels" if x.ty.slice.is_some() => {
                self.no_slice(x.ty, &format!("`{}`", b.name), at)
            }
            "shuffle" => {
                let groups = self.whole_arg(d, "groups", 1, 1..=WIDEST, at)?;
                self.check_groups(x.ty.width.into(), groups, at, d)?;
                self.plain(Kernel::Shuffle { groups: groups as u32 }, x, at, f)
            }
            "channels" => self.channels(d, x, at, f),
            "dropout" => {
                let rate = self.float_arg(d, "rate", 0.5, Part::BelowOne, at)?;
                self.plain(Kernel::Dropout { rate_e9: (rate * 1e9).round() as u32 }, x, at, f)
            }
            "residual" => self.residual(d, x, at, f),
            _ => self.mul(x, maps[1], at, f),
        }
    }

    pub(super) fn push(
        &mut self,
        kernel: Kernel,
        ty: MapType,
        inputs: &[NodeId],
        at: Span,
        f: &Frame,
    ) -> Map {
        let inputs: Vec<_> = inputs.iter().map(|n| (*n, None)).collect();
        Map { node: self.build.node(kernel, ty, &inputs, f.scope, None, at), ty }
    }

    /// A kernel with weights: they live in the scope under the kernel's name.
    fn weighted(
        &mut self,
        name: &str,
        (kernel, sliced): (Kernel, bool),
        x: Map,
        ty: MapType,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Map> {
        let shape = (kernel, x.ty.width);
        let set = match kernel {
            Kernel::Norm(_) if self.build.is_slice(x.node) => {
                let shape = (kernel, ty.width);
                self.build.norm_set(f.scope, name, shape, sliced, f.turn())
            }
            _ => self.build.weight_set(f.scope, name, shape, sliced, f.turn()),
        };
        let weights = match set {
            Ok(weights) => weights,
            Err(tie) => {
                return self.fail(
                    Diag::new(
                        "E0404",
                        format!("tied weights take {} channels, got {}", tie.first, tie.now),
                    )
                    .label(at, format!("`{}` reads {} channels here", tie.name, tie.now))
                    .help(format!("bring the map to that width: `> conv(1, {})`", tie.first)),
                );
            }
        };
        let inputs = [(x.node, None)];
        let node = self.build.node(kernel, ty, &inputs, f.scope, Some(weights), at);
        Ok(Map { node, ty })
    }

    pub(super) fn plain(&mut self, kernel: Kernel, x: Map, at: Span, f: &mut Frame) -> Eval<Value> {
        Ok(Value::Map(self.push(kernel, x.ty, &[x.node], at, f)))
    }

    pub(super) fn conv(
        &mut self,
        b: &Builtin,
        d: &Design,
        x: Map,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let depthwise = b.name == "dw";
        let width = x.ty.width;
        let wanted = if depthwise { self.same_width(x) } else { self.width_arg(d, x, at)? };
        let out = wanted.most;
        let groups = match depthwise {
            true => i64::from(width),
            false => self.whole_arg(d, "groups", 1, 1..=WIDEST, at)?,
        };
        self.check_groups(i64::from(width), groups, at, d)?;
        self.check_groups(i64::from(out), groups, at, d)?;
        if groups > 1 && !depthwise && (wanted.sliced || self.build.is_slice(x.node)) {
            let sliced = if wanted.sliced { wanted.ty(x.ty.scale) } else { x.ty };
            return self.no_slice(sliced, "a convolution with groups", at);
        }
        let conv = Conv {
            out,
            kernel: self.whole_arg(d, "kernel", 1, 1..=1023, at)? as u32,
            stride: self.whole_arg(d, "stride", 1, 1..=64, at)? as u32,
            rate: self.whole_arg(d, "rate", 1, 1..=1024, at)? as u32,
            groups: groups as u32,
            bias: self.bool_arg(d, "bias", false, at)?,
            pad: self.pad_arg(d, 1023, at)?,
        };
        let scale = self.strided(x.ty.scale, conv.stride, at)?;
        self.convolved(b.name, Kernel::Conv(conv), x, wanted.ty(scale), (wanted.sliced, at), f)
    }

    pub(super) fn deconv(&mut self, d: &Design, x: Map, at: Span, f: &mut Frame) -> Eval<Value> {
        let wanted = self.width_arg(d, x, at)?;
        let conv = Conv {
            out: wanted.most,
            kernel: self.whole_arg(d, "kernel", 1, 1..=1023, at)? as u32,
            stride: self.whole_arg(d, "stride", 1, 1..=64, at)? as u32,
            rate: 1,
            groups: 1,
            bias: self.bool_arg(d, "bias", false, at)?,
            pad: None,
        };
        let scale = match x.ty.scale {
            Scale::Down(n) if n % conv.stride == 0 => Scale::Down(n / conv.stride),
            other => {
                return self.fail(
                    Diag::new("E0410", format!("{other} cannot be enlarged {} times", conv.stride))
                        .label(at, "finer than the input image")
                        .help("the finest scale is /1"),
                );
            }
        };
        self.convolved("deconv", Kernel::Deconv(conv), x, wanted.ty(scale), (wanted.sliced, at), f)
    }

    /// A convolution. Where its width is chosen, what follows reads as many channels as there are.
    fn convolved(
        &mut self,
        name: &str,
        kernel: Kernel,
        x: Map,
        ty: MapType,
        (sliced, at): (bool, Span),
        f: &mut Frame,
    ) -> Eval<Value> {
        let name = f.unique(name);
        let part = sliced || self.build.is_slice(x.node);
        let y = self.weighted(&name, (kernel, part), x, ty, at, f)?;
        if sliced {
            self.build.mark_slice(y.node);
        }
        let cut = |this: &mut Self, len, f: &mut Frame| {
            let ty = MapType::new(len, ty.scale);
            Ok(this.push(Kernel::Slice { from: 0, len }, ty, &[y.node], at, f))
        };
        match y.ty.slice {
            Some(_) => self.each_slice(y, at, f, cut),
            None => Ok(Value::Map(y)),
        }
    }

    /// Padding, where some is asked for.
    fn pad_arg(&mut self, d: &Design, most: u32, at: Span) -> Eval<Option<u32>> {
        match self.arg(d, "pad") {
            Some(_) => Ok(Some(self.whole_arg(d, "pad", 0, 0..=i64::from(most), at)? as u32)),
            None => Ok(None),
        }
    }

    /// The scale after a stride.
    fn strided(&mut self, scale: Scale, stride: u32, at: Span) -> Eval<Scale> {
        match scale {
            Scale::Down(n) => match n.checked_mul(stride).filter(|n| *n <= 1 << 16) {
                Some(n) => Ok(Scale::Down(n)),
                None => self.fail(
                    Diag::new("E0410", format!("{scale} cannot be divided by {stride} again"))
                        .label(at, "coarser than /65536")
                        .help("use fewer strides"),
                ),
            },
            Scale::Global => Ok(Scale::Global),
        }
    }

    fn norm(&mut self, d: &Design, x: Map, at: Span, f: &mut Frame) -> Eval<Value> {
        let e9 = |v: f64| (v * 1e9).round() as u32;
        let norm = Norm {
            affine: self.bool_arg(d, "affine", true, at)?,
            eps_e9: e9(self.float_arg(d, "eps", 1e-5, Part::UpToOne, at)?),
            momentum_e9: e9(self.float_arg(d, "momentum", 0.1, Part::UpToOne, at)?),
        };
        let name = f.unique("bn");
        if x.ty.slice.is_none() {
            let kernel = (Kernel::Norm(norm), false);
            return Ok(Value::Map(self.weighted(&name, kernel, x, x.ty, at, f)?));
        }
        let one = |this: &mut Self, len, f: &mut Frame| {
            let ty = MapType::new(len, x.ty.scale);
            this.weighted(&name, (Kernel::Norm(norm), true), x, ty, at, f)
        };
        self.each_slice(x, at, f, one)
    }

    pub(super) fn pool(&mut self, d: &Design, x: Map, at: Span, f: &mut Frame) -> Eval<Value> {
        let kind = match self.word_arg(d, "kind", &["avg", "max", "all"], at)?.as_deref() {
            Some("all") => {
                let ty = MapType { scale: Scale::Global, ..x.ty };
                return Ok(Value::Map(self.push(Kernel::GlobalPool, ty, &[x.node], at, f)));
            }
            Some("avg") => PoolKind::Avg,
            _ => PoolKind::Max,
        };
        let kernel = self.whole_arg(d, "kernel", 3, 1..=1023, at)? as u32;
        let stride = self.whole_arg(d, "stride", 1, 1..=64, at)? as u32;
        let ty = MapType { scale: self.strided(x.ty.scale, stride, at)?, ..x.ty };
        let pad = self.pad_arg(d, kernel / 2, at)?.unwrap_or((kernel - 1) / 2);
        let kernel = Kernel::Pool { kind, kernel, stride, pad };
        Ok(Value::Map(self.push(kernel, ty, &[x.node], at, f)))
    }

    pub(super) fn resize(&mut self, d: &Design, x: Map, at: Span, f: &mut Frame) -> Eval<Value> {
        let mode = self.word_arg(d, "mode", &["bilinear", "nearest"], at)?;
        let corners = self.word_arg(d, "corners", &["free", "aligned"], at)?;
        let round = self.word_arg(d, "round", &["ceil", "floor"], at)?;
        let interp = match (mode.as_deref(), corners.as_deref()) {
            (Some("nearest"), _) => Interp::Nearest,
            (_, Some("aligned")) => Interp::BilinearAligned,
            _ => Interp::Bilinear,
        };
        let like = match self.arg(d, "like") {
            Some((value, span)) => match self.map_of(value, span, f)? {
                Value::Map(like) => Some(like),
                Value::Absent => return Ok(Value::Absent),
                other => return self.expected("one map", &other, span),
            },
            None => None,
        };
        let (to, scale, inputs) = match (like, self.arg(d, "by"), self.arg(d, "to")) {
            (Some(like), _, _) => (Target::Like, like.ty.scale, vec![x.node, like.node]),
            (None, Some((by, span)), _) => {
                let floor = round.as_deref() == Some("floor");
                let (to, scale) = self.resize_by(x.ty.scale, &by, floor, span)?;
                (to, scale, vec![x.node])
            }
            (None, None, Some((Value::Scale(s), _))) => (Target::Scale(s), s, vec![x.node]),
            (None, None, Some((other, span))) => {
                return self.expected("a scale such as `/8`", &other, span);
            }
            (None, None, None) => {
                return self.fail(
                    Diag::new("E0209", "`resize` needs a size to reach")
                        .label(at, "none given")
                        .help("`resize(/8)`, `resize(like = x)` or `resize(by = 1 / 2)`"),
                );
            }
        };
        // A resize to the nominal size that a map has already changes nothing.
        if to == Target::Scale(x.ty.scale) {
            return Ok(Value::Map(x));
        }
        let ty = MapType { scale, ..x.ty };
        Ok(Value::Map(self.push(Kernel::Resize { to, interp }, ty, &inputs, at, f)))
    }

    fn resize_by(
        &mut self,
        scale: Scale,
        by: &Value,
        floor: bool,
        at: Span,
    ) -> Eval<(Target, Scale)> {
        let shown = by;
        let Some(by) = by.as_ratio() else {
            return self.expected("a factor such as `1 / 2`", by, at);
        };
        let Scale::Down(n) = scale else {
            return self.fail(
                Diag::new("E0410", format!("a map of one cell cannot be resized by {by}"))
                    .label(at, "of what would it be the part")
                    .help("resize it to a scale or to a map: `resize(like = x)`"),
            );
        };
        let wanted = Ratio::from_integer(i64::from(n)).checked_div(&by).filter(|_| *by.numer() > 0);
        let whole = |w: &Ratio<i64>| w.is_integer() && (1..=1 << 16).contains(&w.to_integer());
        let Some(wanted) = wanted.filter(whole) else {
            let text = match wanted {
                Some(wanted) => format!("the image would be divided by {wanted}"),
                None => "not above zero".to_string(),
            };
            return self.fail(
                Diag::new("E0410", format!("{scale} cannot be resized by {}", shown.show()))
                    .label(at, text)
                    .help("scales divide the image's size by a whole number"),
            );
        };
        let to = Scale::Down(wanted.to_integer() as u32);
        match floor && *by.numer() == 1 {
            true => Ok((Target::FloorBy(*by.denom() as u32), to)),
            false => Ok((Target::Scale(to), to)),
        }
    }

    pub(super) fn channels(&mut self, d: &Design, x: Map, at: Span, f: &mut Frame) -> Eval<Value> {
        let width = i64::from(x.ty.width);
        let from = self.whole_arg(d, "from", 0, 0..=width - 1, at)?;
        let to = self.whole_arg(d, "to", width, from + 1..=width, at)?;
        let kernel = Kernel::Slice { from: from as u32, len: (to - from) as u32 };
        let ty = MapType { width: (to - from) as u32, ..x.ty };
        Ok(Value::Map(self.push(kernel, ty, &[x.node], at, f)))
    }

    /// `x + body(x)`.
    pub(super) fn residual(&mut self, d: &Design, x: Map, at: Span, f: &mut Frame) -> Eval<Value> {
        let Some((body, span)) = self.arg(d, "body") else {
            return self.fail(
                Diag::new("E0209", "`residual` needs a body")
                    .label(at, "none given")
                    .help("`residual(conv(3) > bn)`"),
            );
        };
        let y = self.apply(&body, vec![Value::Map(x)], span, f)?;
        match self.map_of(y, span, f)? {
            Value::Map(y) => self.add(&[x, y], at, f),
            other => Ok(other),
        }
    }

    /// The product of two maps; the second may have one cell for all.
    pub(super) fn mul(&mut self, x: Map, y: Map, at: Span, f: &mut Frame) -> Eval<Value> {
        let scale_fits = x.ty.scale == y.ty.scale || y.ty.scale == Scale::Global;
        if (x.ty.width, x.ty.slice) == (y.ty.width, y.ty.slice) && scale_fits {
            return Ok(Value::Map(self.push(Kernel::Mul, x.ty, &[x.node, y.node], at, f)));
        }
        if x.ty.slice != y.ty.slice {
            return self.other_slice("a product", x, y, at);
        }
        let (x_at, y_at, at) = (self.origin(x), self.origin(y), self.head(at));
        let width = x.ty.width;
        let width = (y.ty.width != width).then(|| format!("> conv(1, {width})"));
        let scale = (!scale_fits).then(|| format!("> resize({})", x.ty.scale));
        let remedy: Vec<String> = width.into_iter().chain(scale).collect();
        self.fail(
            Diag::new("E0411", format!("cannot multiply {} and {}", x.ty, y.ty))
                .label(at, "a product needs maps of one type")
                .label(x_at, x.ty.to_string())
                .label(y_at, y.ty.to_string())
                .help(format!("bring the second to the first: `{}`", remedy.join(" "))),
        )
    }

    /// The sum of maps of one type.
    pub(super) fn add(&mut self, maps: &[Map], at: Span, f: &mut Frame) -> Eval<Value> {
        let first = maps[0];
        for other in &maps[1..] {
            self.check_sum(first, *other, at)?;
        }
        let inputs: Vec<NodeId> = maps.iter().map(|m| m.node).collect();
        Ok(Value::Map(self.push(Kernel::Add, first.ty, &inputs, at, f)))
    }

    fn check_sum(&mut self, a: Map, b: Map, at: Span) -> Eval<()> {
        if a.ty == b.ty {
            return Ok(());
        }
        if a.ty.slice != b.ty.slice && a.ty.scale == b.ty.scale {
            return self.other_slice("a sum", a, b, at);
        }
        let (x_at, y_at) = (self.origin(a), self.origin(b));
        let diag = if a.ty.scale != b.ty.scale {
            Diag::new("E0401", format!("a sum joins scales {} and {}", a.ty.scale, b.ty.scale))
                .help(format!("bring the second to the first: `> resize({})`", a.ty.scale))
        } else {
            let text = format!(
                "the inputs of a sum have different channel counts: {} and {}",
                a.ty.width, b.ty.width
            );
            Diag::new("E0402", text)
                .help(format!("bring the second to the first: `> conv(1, {})`", a.ty.width))
        };
        let at = self.head(at);
        self.fail(
            diag.label(at, "a sum needs equal inputs")
                .label(x_at, a.ty.to_string())
                .label(y_at, b.ty.to_string()),
        )
    }

    pub(super) fn origin(&self, map: Map) -> Span {
        self.build.graph.node(map.node).at
    }

    /// Channels side by side; all at one scale.
    pub(super) fn concat(&mut self, maps: &[Map], at: Span, f: &mut Frame) -> Eval<Value> {
        let first = maps[0];
        if let Some(other) = maps.iter().find(|m| m.ty.scale != first.ty.scale) {
            let (a, b) = (self.origin(first), self.origin(*other));
            let at = self.head(at);
            return self.fail(
                Diag::new(
                    "E0401",
                    format!("`concat` joins scales {} and {}", first.ty.scale, other.ty.scale),
                )
                .label(at, "a concatenation needs one scale")
                .label(a, first.ty.to_string())
                .label(b, other.ty.to_string())
                .help(format!("bring the second to the first: `> resize({})`", first.ty.scale)),
            );
        }
        if maps.len() == 1 {
            return Ok(Value::Map(first));
        }
        let width = self.width_together(maps, at)?;
        let inputs: Vec<NodeId> = maps.iter().map(|m| m.node).collect();
        let ty = width.ty(first.ty.scale);
        Ok(Value::Map(self.push(Kernel::Concat, ty, &inputs, at, f)))
    }
}
