//! How a run's outputs are judged: the terms of a plan's loss, with their classes' weights at hand.

use super::executor::{Executor, Mode, Output, Pass, Wanted};
use super::loss::{distance, pixel_loss};
use super::run::RunError;
use segc::search::loss::{Loss, Rule, Term};
use tch::{TchError, Tensor};

/// A term and what it needs.
#[derive(Debug)]
struct Judge {
    term: Term,
    needs: Needs,
}

/// What a term needs beside outputs and labels.
#[derive(Debug)]
enum Needs {
    /// What each class's pixels count, if not all alike: C values.
    Weights(Option<Tensor>),
    /// The teacher at this place.
    Teacher(usize),
}

/// How outputs are judged in training.
#[derive(Debug)]
pub struct Criterion<'t> {
    judges: Vec<Judge>,
    teachers: &'t [Executor<'t>],
}

impl<'t> Criterion<'t> {
    /// The loss that a plan asks for, judging where the network is. `shares` says what part of the
    /// labelled pixels each class makes up; it is read where [`Loss::counts_classes`]. `teachers`
    /// are those of [`Loss::teachers`], in their order.
    ///
    /// # Errors
    /// When a teacher is not there, or libtorch has no memory.
    pub fn of(
        loss: &Loss,
        shares: &[f64],
        teachers: &'t [Executor<'t>],
        network: &Executor<'_>,
    ) -> Result<Self, RunError> {
        let options = network.options();
        let place = |values: Vec<f64>| -> Result<Tensor, TchError> {
            Tensor::f_from_slice(&values)?.f_to_kind(options.kind)?.f_to_device(options.device)
        };
        for teacher in teachers {
            let (its, own) = (classes(teacher), classes(network));
            if its != own {
                return Err(RunError::Plan(format!(
                    "the teacher tells {its} classes apart, the network {own}"
                )));
            }
        }
        let named = loss.teachers();
        let needs = |rule: &Rule| -> Result<Needs, RunError> {
            match rule {
                Rule::Pixels(pixels) => {
                    Ok(Needs::Weights(pixels.classes.values(shares).map(place).transpose()?))
                }
                Rule::Distill(distill) => {
                    let at = named.iter().position(|teacher| **teacher == distill.from);
                    let at = at.filter(|at| *at < teachers.len());
                    let none = || RunError::Plan("a teacher of the loss is not there".into());
                    Ok(Needs::Teacher(at.ok_or_else(none)?))
                }
            }
        };
        let judge = |term: &Term| -> Result<Judge, RunError> {
            Ok(Judge { term: term.clone(), needs: needs(&term.rule)? })
        };
        let judges = loss.terms.iter().map(judge).collect::<Result<_, RunError>>()?;
        Ok(Criterion { judges, teachers })
    }

    /// The loss of a run, a tensor without dimensions, against labels N x H x W and what teachers
    /// said of its images.
    ///
    /// # Errors
    /// When no output is judged, or libtorch refuses.
    pub fn loss(
        &self,
        pass: &Pass,
        labels: &Tensor,
        taught: &[Tensor],
    ) -> Result<Tensor, RunError> {
        let mut total: Option<Tensor> = None;
        for judge in &self.judges {
            let outputs = pass.outputs.iter();
            for output in outputs.filter(|o| judge.term.on.takes(&o.name, o.aux)) {
                let loss = judge.loss(output, labels, taught)?;
                total = Some(match total {
                    Some(total) => total.f_add(&loss)?,
                    None => loss,
                });
            }
        }
        total.ok_or_else(|| RunError::Plan("the loss judges none of the network's outputs".into()))
    }

    /// What each teacher says of images N x 3 x H x W: its first output.
    ///
    /// # Errors
    /// When a teacher cannot run.
    pub fn taught(&self, images: &Tensor) -> Result<Vec<Tensor>, RunError> {
        let say = |teacher: &Executor<'_>| {
            let images = [images.shallow_clone()];
            let mut pass = teacher.forward(&images, &[], Mode::Eval, Wanted::Nothing)?;
            let none = || RunError::Plan("a teacher has no output".into());
            if pass.outputs.is_empty() {
                Err(none())
            } else {
                Ok(pass.outputs.swap_remove(0).value)
            }
        };
        self.teachers.iter().map(say).collect()
    }
}

/// Channels of a network's first output.
fn classes(network: &Executor<'_>) -> u32 {
    let graph = network.graph();
    graph.outputs.first().map_or(0, |output| graph.node(output.node).ty.width)
}

impl Judge {
    fn loss(
        &self,
        output: &Output,
        labels: &Tensor,
        taught: &[Tensor],
    ) -> Result<Tensor, TchError> {
        let (value, at) = (&output.value, self.term.at);
        let loss = match (&self.term.rule, &self.needs) {
            (Rule::Pixels(pixels), Needs::Weights(weights)) => {
                pixel_loss(value, labels, pixels, weights.as_ref(), at)?
            }
            (Rule::Distill(distill), Needs::Teacher(teacher)) => {
                distance(value, &taught[*teacher], labels, distill, at)?
            }
            _ => unreachable!("needs are made from the rule"),
        };
        if self.term.factor == 1.0 {
            return Ok(loss);
        }
        loss.f_mul_scalar(self.term.factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::executor::Options;
    use crate::exec::toy;
    use segc::ir::builder::Builder;
    use segc::search::loss::{Distance, Distill, Grid, On, Pixels, Teacher, TeacherSpec, Unit};
    use tch::{Device, Kind};

    fn term(factor: f64, on: On) -> Term {
        Term { factor, on, at: Grid::Labels, rule: Rule::Pixels(Pixels::default()) }
    }

    #[test]
    fn outputs_count_by_the_factors_of_the_terms_that_judge_them() {
        let mut b = Builder::new();
        let x = b.input(3);
        let [out, side] = [1, 2].map(|stride| b.add(toy::conv(3, 1, stride), &[x]));
        b.output("out", out);
        b.aux("side", side);
        let graph = b.finish();
        let network = Executor::new(&graph, Options::default()).expect("it is one");
        let image = Tensor::rand([2, 3, 4, 4], (Kind::Float, Device::Cpu));
        let images = [image.shallow_clone()];
        let pass = network.forward(&images, &[], Mode::Train, Wanted::Weights).expect("it runs");
        let labels = Tensor::randint(3, [2, 4, 4], (Kind::Int64, Device::Cpu));
        let of = |terms: Vec<Term>| {
            let criterion = Criterion::of(&Loss { terms }, &[], &[], &network).expect("room");
            Ok::<f64, RunError>(criterion.loss(&pass, &labels, &[])?.double_value(&[]))
        };
        let main = of(vec![term(1.0, On::Main)]).expect("judged");
        let aux = of(vec![term(1.0, On::Aux)]).expect("judged");
        let side = On::Named(vec!["side".into()]);
        let both = of(vec![term(1.0, On::Main), term(0.4, side)]).expect("judged");
        assert!((both - main - 0.4 * aux).abs() < 1e-6 && (main - aux).abs() > 1e-3);
        assert!((of(vec![term(1.0, On::All)]).expect("judged") - main - aux).abs() < 1e-6);
        let none = of(vec![term(1.0, On::Named(vec![]))]).expect_err("nothing is judged");
        assert_eq!(none.to_string(), "the loss judges none of the network's outputs");
    }

    #[test]
    fn a_network_that_is_its_own_teacher_has_nothing_to_learn_from_it() {
        let mut b = Builder::new();
        let x = b.input(3);
        let x = b.add(toy::conv(3, 1, 2), &[x]);
        b.output("out", x);
        let graph = b.finish();
        let made = |seed| Executor::new(&graph, Options { seed, ..Options::default() });
        let network = made(1).expect("it is one");
        let from =
            |weights: &str| Teacher { spec: TeacherSpec::Net("n".into()), weights: weights.into() };
        let follow = |weights| {
            let (by, per) = (Distance::Divergence { temperature: 2.0 }, Unit::Pixel);
            let rule = Rule::Distill(Distill { from: from(weights), by, per });
            Term { rule, ..term(1.0, On::Main) }
        };
        let image = Tensor::rand([2, 3, 4, 4], (Kind::Float, Device::Cpu));
        let images = [image.shallow_clone()];
        let labels = Tensor::randint(3, [2, 4, 4], (Kind::Int64, Device::Cpu));
        let of = |terms: Vec<Term>, teachers: &[Executor<'_>]| {
            let pass = network.forward(&images, &[], Mode::Train, Wanted::Weights)?;
            let criterion = Criterion::of(&Loss { terms }, &[], teachers, &network)?;
            let loss = criterion.loss(&pass, &labels, &criterion.taught(&image)?)?;
            let far = loss.f_double_value(&[])?;
            let slope = pass.backward(&loss)?.weights.swap_remove(0).1;
            Ok::<[f64; 2], RunError>([far, slope.abs().max().f_double_value(&[])?])
        };
        let [far, slope] = of(vec![follow("own")], &[made(1).expect("one")]).expect("it runs");
        assert!(far.abs() < 1e-6 && slope < 1e-6, "{far} {slope}");
        let other = [made(2).expect("one")];
        let [far, slope] = of(vec![follow("other")], &other).expect("it runs");
        assert!(far > 1e-3 && slope > 1e-3, "{far} {slope}");
        // Two terms with one teacher ask it once, and it has to be there.
        assert_eq!(Loss { terms: vec![follow("a"), follow("a")] }.teachers().len(), 1);
        let error = of(vec![follow("a"), follow("b")], &other).expect_err("there is one");
        assert_eq!(error.to_string(), "a teacher of the loss is not there");
    }
}
