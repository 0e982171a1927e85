//! Ten steps down each loss, as PyTorch takes them: `tests/fixtures/train/make.py`.

use super::*;
use segc::search::loss::{ClassWeights, Keep, Teacher, TeacherSpec};
use serde::Deserialize;
use tch::Device;

#[derive(Deserialize)]
struct File {
    rate: f64,
    logits: Vec<f64>,
    teacher: Vec<f64>,
    labels: Vec<u8>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    rule: Rule,
    losses: Vec<f64>,
    end: Vec<f64>,
}

#[derive(Deserialize)]
struct Rule {
    teacher: bool,
    by: Option<String>,
    temperature: Option<f64>,
    #[serde(default)]
    at: Grid,
    weights: Option<Vec<f64>>,
    per: Option<String>,
    below: Option<f64>,
    keep: Option<u64>,
}

impl Rule {
    fn distill(&self) -> Distill {
        let spec = TeacherSpec::Net("teacher".into());
        let from = Teacher { spec, weights: "teacher.safetensors".into() };
        let temperature = self.temperature.unwrap_or(1.0);
        let by = match self.by.as_deref() {
            Some("squares") => Distance::Squares,
            _ => Distance::Divergence { temperature },
        };
        let per = if self.per.as_deref() == Some("value") { Unit::Value } else { Unit::Pixel };
        Distill { from, by, per }
    }

    fn pixels(&self) -> Pixels {
        let keep = Keep::Pixels(self.keep.unwrap_or(0));
        Pixels {
            classes: self.weights.clone().map_or(ClassWeights::Equal, ClassWeights::Listed),
            per: if self.per.as_deref() == Some("pixel") { Per::Pixel } else { Per::Weight },
            hard: self.below.map(|below| Hard { threshold: below, keep }),
            ..Pixels::default()
        }
    }
}

fn numbers(values: &[f64], dims: [i64; 4]) -> Tensor {
    Tensor::from_slice(values).reshape(dims)
}

/// The largest distance of two lists, against the larger of 1 and what is wanted.
fn off(got: &[f64], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    let off = |(a, b): (&f64, &f64)| (a - b).abs() / b.abs().max(1.0);
    got.iter().zip(want).map(off).fold(0.0, f64::max)
}

#[test]
fn ten_steps_down_each_loss_are_those_of_pytorch() {
    let text = include_str!("../../../../tests/fixtures/train/losses.json");
    let file: File = serde_json::from_str(text).expect("the fixture is valid");
    let labels = labels(&file.labels, [2, 8, 8], Device::Cpu).expect("as many as pixels");
    let teacher = numbers(&file.teacher, [2, 3, 4, 4]);
    for case in &file.cases {
        let (pixels, at) = (case.rule.pixels(), case.rule.at);
        let weights = pixels.classes.values(&[]).map(|w| Tensor::from_slice(&w));
        let mut logits = numbers(&file.logits, [2, 3, 4, 4]).set_requires_grad(true);
        let mut losses = vec![];
        for _ in 0..10 {
            let loss = match case.rule.teacher {
                false => pixel_loss(&logits, &labels, &pixels, weights.as_ref(), at),
                true => distance(&logits, &teacher, &labels, &case.rule.distill(), at),
            };
            let loss = loss.expect("shapes fit");
            losses.push(loss.double_value(&[]));
            let slope = Tensor::run_backward(&[loss], &[&logits], false, false).swap_remove(0);
            logits = (logits - slope * file.rate).detach().set_requires_grad(true);
        }
        let end: Vec<f64> = Vec::try_from(logits.reshape([-1])).expect("numbers");
        let worst = off(&losses, &case.losses).max(off(&end, &case.end));
        assert!(worst < 1e-6, "{}: off by {worst}", case.name);
    }
}
