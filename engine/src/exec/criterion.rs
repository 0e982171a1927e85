//! How a run's outputs are judged: the terms of a plan's loss, with their classes' weights at hand.

use super::executor::{Executor, Output, Pass};
use super::loss::pixel_loss;
use super::run::RunError;
use segc::search::loss::{Loss, Rule, Term};
use tch::{TchError, Tensor};

/// A term and what it needs.
#[derive(Debug)]
struct Judge {
    term: Term,
    /// What each class's pixels count, if not all alike: C values.
    weights: Option<Tensor>,
}

/// How outputs are judged in training.
#[derive(Debug)]
pub struct Criterion {
    judges: Vec<Judge>,
}

impl Criterion {
    /// The loss that a plan asks for, judging where the network is. `shares` says what part of the
    /// labelled pixels each class makes up; it is read where [`Loss::counts_classes`].
    ///
    /// # Errors
    /// When libtorch has no memory.
    pub fn of(loss: &Loss, shares: &[f64], network: &Executor<'_>) -> Result<Self, TchError> {
        let options = network.options();
        let judge = |term: &Term| {
            let Rule::Pixels(pixels) = &term.rule;
            let place = |values: Vec<f64>| {
                Tensor::f_from_slice(&values)?.f_to_kind(options.kind)?.f_to_device(options.device)
            };
            let weights = pixels.classes.values(shares).map(place).transpose()?;
            Ok(Judge { term: term.clone(), weights })
        };
        Ok(Criterion { judges: loss.terms.iter().map(judge).collect::<Result<_, TchError>>()? })
    }

    /// The loss of a run, a tensor without dimensions, against labels N x H x W.
    ///
    /// # Errors
    /// When no output is judged, or libtorch refuses.
    pub fn loss(&self, pass: &Pass, labels: &Tensor) -> Result<Tensor, RunError> {
        let mut total: Option<Tensor> = None;
        for judge in &self.judges {
            let outputs = pass.outputs.iter();
            for output in outputs.filter(|o| judge.term.on.takes(&o.name, o.aux)) {
                let loss = judge.loss(output, labels)?;
                total = Some(match total {
                    Some(total) => total.f_add(&loss)?,
                    None => loss,
                });
            }
        }
        total.ok_or_else(|| RunError::Plan("the loss judges none of the network's outputs".into()))
    }
}

impl Judge {
    fn loss(&self, output: &Output, labels: &Tensor) -> Result<Tensor, TchError> {
        let Rule::Pixels(pixels) = &self.term.rule;
        let weights = self.weights.as_ref();
        let loss = pixel_loss(&output.value, labels, pixels, weights, self.term.at)?;
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
    use crate::exec::{Mode, Wanted, toy};
    use segc::ir::builder::Builder;
    use segc::search::loss::{Grid, On, Pixels};
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
        let pass = network.forward(&[image], &[], Mode::Train, Wanted::Weights).expect("it runs");
        let labels = Tensor::randint(3, [2, 4, 4], (Kind::Int64, Device::Cpu));
        let of = |terms: Vec<Term>| {
            let criterion = Criterion::of(&Loss { terms }, &[], &network).expect("room");
            Ok::<f64, RunError>(criterion.loss(&pass, &labels)?.double_value(&[]))
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
}
