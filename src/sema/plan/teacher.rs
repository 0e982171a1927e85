//! `distill(from = teacher, weights = "teacher.safetensors")`: a loss that follows another network.

use super::KnownNets;
use super::fields::Call;
use crate::diag::Diag;
use crate::search::loss::{Distance, Distill, Teacher, TeacherSpec, Unit};
use crate::sema::eval::{Eval, Evaluator, Reported};
use crate::sema::space::Net;
use crate::syntax::ast::{Expr, ExprKind, Spanned};

impl Evaluator<'_> {
    pub(super) fn distill(
        &mut self,
        call: &Call<'_>,
        net: Option<&Net>,
        nets: KnownNets<'_>,
    ) -> Eval<Distill> {
        let spec = self.teacher_arg(call, "from", "a network, or a spec's file in quotes");
        let spec = spec.and_then(|e| self.teacher(e, net, nets));
        let weights = self.teacher_arg(call, "weights", "its file of weights, in quotes");
        let weights = weights.and_then(|e| self.string(e, "teacher.safetensors"));
        let warm = call.get("temperature").map_or(Ok(1.0), |e| self.temperature(e));
        let squares = self.word(call.get("by"), &[("kl", false), ("squares", true)]);
        let (squares, temperature) = (squares?, warm?);
        if let Some(e) = call.get("temperature").filter(|_| squares) {
            return self.fail(
                Diag::new("E0208", "`temperature` means nothing to squares")
                    .label(e.span, "of probabilities only")
                    .help("drop it, or compare probabilities: `by = kl`"),
            );
        }
        let mut units = [("pixel", Unit::Pixel), ("value", Unit::Value)];
        if squares {
            // PyTorch's mean of squares.
            units.reverse();
        }
        let per = self.word(call.get("per"), &units)?;
        let by = if squares { Distance::Squares } else { Distance::Divergence { temperature } };
        Ok(Distill { from: Teacher { spec: spec?, weights: weights? }, by, per })
    }

    /// An argument that a teacher cannot do without.
    fn teacher_arg<'c>(&mut self, call: &'c Call<'_>, name: &str, what: &str) -> Eval<&'c Expr> {
        match call.get(name) {
            Some(e) => Ok(e),
            None if call.judged.is_err() => Err(Reported),
            None => self.fail(
                Diag::new("E0209", format!("`distill` needs the argument `{name}`"))
                    .label(call.name.span, "not given here")
                    .help(format!("{what}: `{name} = …`")),
            ),
        }
    }

    fn temperature(&mut self, e: &Expr) -> Eval<f64> {
        let temperature = self.number(e)?;
        if temperature > 0.0 {
            return Ok(temperature);
        }
        self.fail(
            Diag::new("E0319", "a temperature of 0 leaves nothing to compare")
                .label(e.span, "logits are divided by it")
                .help("above 0; 1 leaves the logits as they are"),
        )
    }

    /// `from = teacher`, a network of the file, or `from = "teacher.seg"`.
    fn teacher(&mut self, e: &Expr, net: Option<&Net>, nets: KnownNets<'_>) -> Eval<TeacherSpec> {
        let name = match &*e.kind {
            ExprKind::Str(file) => return Ok(TeacherSpec::File(file.clone())),
            ExprKind::Name(name) if self.is_constant(name) => {
                return Ok(TeacherSpec::File(self.string(e, "teacher.seg")?));
            }
            ExprKind::Name(name) => Spanned { value: name.clone(), span: e.span },
            _ => return self.wrong("a network, or a spec's file in quotes", e.span),
        };
        let name = self.known_net(&name, nets.names)?;
        if let Some(teacher) = nets.graphs.get(&name) {
            self.can_teach(e, &name, teacher, net)?;
        }
        Ok(TeacherSpec::Net(name))
    }

    /// A teacher is finished, and has the classes of whom it teaches.
    fn can_teach(&mut self, e: &Expr, name: &str, teacher: &Net, net: Option<&Net>) -> Eval<()> {
        let decisions = teacher.graph.leaves.iter().map(|gate| gate.decision());
        if let Some(decision) = decisions.min().and_then(|d| self.sites.decisions.get(d.index())) {
            return self.fail(
                Diag::new("E0623", format!("`{name}` is not finished, and cannot teach"))
                    .label(e.span, "taught by it")
                    .label(decision.at, "left open")
                    .help("search it first, and name the spec that was found: `from = \"…\"`"),
            );
        }
        let width = |net: &Net| {
            let output = net.graph.outputs.first()?;
            let node = net.graph.node(output.node);
            Some((node.ty.width, node.at))
        };
        let (Some((its, at)), Some((own, own_at))) = (width(teacher), net.and_then(width)) else {
            return Ok(());
        };
        if its == own {
            return Ok(());
        }
        self.fail(
            Diag::new("E0623", format!("`{name}` has {its} classes, not {own}"))
                .label(e.span, "taught by it")
                .label(at, format!("{its} come out here"))
                .label(own_at, format!("{own} here"))
                .help("a teacher has the classes of the network that it teaches"),
        )
    }
}
