//! What `segc eval` says of a network: tables for people, one document for programs.

use crate::commands::failed;
use crate::exec::judge::{Judged, Seen};
use crate::exec::views::Views;
use segc::cli::failure::Failure;
use segc::cli::number::plural;
use segc::cli::term::{Rows, Term};
use segc::data::classes::Palette;
use segc::data::instances::{StreetScores, is_thing, street_scores};
use segc::data::metrics::Scores;
use serde::Serialize;
use std::path::PathBuf;

/// All that is said of a network.
#[derive(Serialize)]
pub(super) struct Report<'r> {
    schema: &'static str,
    net: &'r str,
    split: &'r str,
    views: Looked,
    images: usize,
    /// Images without a map of instances.
    without_instances: usize,
    #[serde(flatten)]
    scores: Scores,
    #[serde(flatten)]
    street: Option<StreetScores>,
    worst: Vec<Worst<'r>>,
    #[serde(skip)]
    lacking: Option<&'r str>,
}

/// An image that the network is bad at.
#[derive(Serialize)]
struct Worst<'r> {
    name: &'r str,
    miou: f64,
    /// The file with its picture.
    picture: Option<String>,
}

/// How the network looked at the images.
#[derive(Serialize)]
struct Looked {
    scales: Vec<f64>,
    flip: bool,
    window: Option<String>,
    stride: Option<String>,
}

impl Looked {
    fn of(views: &Views) -> Looked {
        Looked {
            scales: views.scales.clone(),
            flip: views.flip,
            window: views.window.map(|window| window.size.to_string()),
            stride: views.window.map(|window| window.stride.to_string()),
        }
    }
}

impl<'r> Worst<'r> {
    fn of(bad: &'r Seen) -> Worst<'r> {
        Worst { name: &bad.name, miou: bad.miou.unwrap_or(0.0), picture: None }
    }
}

impl<'r> Report<'r> {
    /// What was counted, as scores.
    pub(super) fn of(
        judged: &'r Judged,
        views: &Views,
        net: &'r str,
        split: &'r str,
    ) -> Report<'r> {
        Report {
            schema: "segc.eval/1",
            net,
            split,
            views: Looked::of(views),
            images: judged.images,
            without_instances: judged.without.len(),
            scores: judged.confusion.scores(),
            street: street_scores(&judged.confusion, judged.all_instances()),
            worst: judged.worst.iter().map(Worst::of).collect(),
            lacking: judged.without.first().map(String::as_str),
        }
    }

    /// Says where the pictures of the worst images are, in their order.
    pub(super) fn with_pictures(mut self, pictures: &[PathBuf]) -> Report<'r> {
        for (worst, path) in self.worst.iter_mut().zip(pictures) {
            worst.picture = Some(path.display().to_string());
        }
        self
    }

    /// Prints it for programs.
    pub(super) fn json(&self, term: &mut Term) -> Result<(), Failure> {
        term.line(serde_json::to_value(self).map_err(failed)?)
    }

    /// Prints it for people.
    pub(super) fn tables(&self, palette: &Palette, term: &mut Term) -> Result<(), Failure> {
        term.line(format!("{} on {}", term.paint.bold(self.net), self.split))?;
        term.table(&self.classes(palette))?;
        if let Some(street) = &self.street {
            term.table(&categories(street))?;
        }
        term.table(&self.overall())?;
        if !self.worst.is_empty() {
            term.table(&self.worst())?;
        }
        match (&self.street, self.lacking) {
            (Some(_), Some(name)) => term.line(format!(
                "  no iIoU: {} of {} {} no `*_instanceIds.png`, such as `{name}`",
                self.without_instances,
                plural(self.images, "image"),
                if self.without_instances == 1 { "has" } else { "have" },
            )),
            _ => Ok(()),
        }
    }

    /// Of each class; the second score of those that come in instances.
    fn classes(&self, palette: &Palette) -> Rows {
        let weighed = self.street.as_ref().and_then(|street| street.iiou.as_ref());
        let mut rows = match weighed {
            Some(_) => Rows::headed("lrr", &["class", "IoU", "iIoU"]),
            None => Rows::headed("lr", &["class", "IoU"]),
        };
        for (id, iou) in self.scores.iou.iter().enumerate() {
            let name = palette.name(id as u8).to_string();
            let Some(weighed) = weighed else {
                rows.push([name, score(*iou)]);
                continue;
            };
            let of_thing = weighed.get(id).filter(|_| is_thing(id as u8));
            rows.push([name, score(*iou), of_thing.map_or(String::new(), |s| score(*s))]);
        }
        rows
    }

    fn worst(&self) -> Rows {
        let mut rows = Rows::headed("lrl", &["worst images", "mIoU", ""]);
        for worst in &self.worst {
            let picture = worst.picture.clone().unwrap_or_default();
            rows.push([worst.name.to_string(), score(Some(worst.miou)), picture]);
        }
        rows
    }

    fn overall(&self) -> Rows {
        let mut rows = Rows::headed("lr", &["over all classes", ""]);
        let scores = &self.scores;
        rows.push(["mIoU".to_string(), score(scores.miou)]);
        if let Some(street) = self.street.as_ref().filter(|street| street.iiou.is_some()) {
            rows.push(["mean iIoU".to_string(), score(street.miiou)]);
        }
        rows.push(["pixel accuracy".to_string(), score(scores.pixel_accuracy)]);
        rows.push(["mean accuracy".to_string(), score(scores.mean_accuracy)]);
        rows.push(["frequency-weighted IoU".to_string(), score(scores.fw_iou)]);
        rows
    }
}

/// Of each category, and their means.
fn categories(street: &StreetScores) -> Rows {
    let Some(weighed) = &street.category_iiou else {
        let mut rows = Rows::headed("lr", &["category", "IoU"]);
        for (category, iou) in &street.category_iou {
            rows.push([category.name().to_string(), score(*iou)]);
        }
        rows.push(["mean".to_string(), score(street.category_miou)]);
        return rows;
    };
    let mut rows = Rows::headed("lrr", &["category", "IoU", "iIoU"]);
    for (category, iou) in &street.category_iou {
        let of_things = weighed.get(category).map_or(String::new(), |s| score(*s));
        rows.push([category.name().to_string(), score(*iou), of_things]);
    }
    rows.push(["mean".to_string(), score(street.category_miou), score(street.category_miiou)]);
    rows
}

/// A score in percent; `absent` where there was nothing to judge.
fn score(of: Option<f64>) -> String {
    of.map_or("absent".to_string(), |x| format!("{:.2} %", 100.0 * x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use segc::data::instances::Instances;
    use segc::data::metrics::Confusion;
    use serde_json::{Value, json};

    /// One picture: a car of 4 pixels that is seen but for one pixel, which is called a road.
    fn judged(without: &[&str]) -> Judged {
        let mut confusion = Confusion::new(19);
        confusion.record(&[13; 4], &[13, 13, 13, 0]).expect("classes");
        let mut instances = Instances::default();
        instances.record(&[26_000; 4], &[13, 13, 13, 0]).expect("four of each");
        let without = without.iter().map(ToString::to_string).collect();
        Judged { confusion, instances, images: 1, without, worst: vec![] }
    }

    fn document(judged: &Judged) -> Value {
        let views = Views { flip: true, ..Views::default() };
        serde_json::to_value(Report::of(judged, &views, "n", "val")).expect("numbers and words")
    }

    #[test]
    fn the_document_has_what_its_schema_says() {
        let found = document(&judged(&[]));
        assert_eq!(found["schema"], "segc.eval/1");
        assert_eq!((&found["images"], &found["without_instances"]), (&json!(1), &json!(0)));
        assert_eq!((&found["iou"][13], &found["iou"][0]), (&json!(0.75), &json!(0.0)));
        let weighed = [&found["iiou"][13], &found["miiou"], &found["category_iiou"]["vehicle"]];
        for score in weighed.map(Value::as_f64) {
            assert!(score.is_some_and(|score| (score - 0.75).abs() < 1e-12), "{score:?}");
        }
        // A road has no instances, and nobody is there.
        assert_eq!((&found["iiou"][0], &found["iou"][11]), (&Value::Null, &Value::Null));
        assert_eq!(found["pixel_accuracy"], json!(0.75));
        let views = json!({ "scales": [1.0], "flip": true, "window": null, "stride": null });
        assert_eq!(found["views"], views);
    }

    #[test]
    fn without_all_instances_their_scores_are_null_and_not_zero() {
        let found = document(&judged(&["a/b"]));
        assert_eq!(found["without_instances"], json!(1));
        for key in ["iiou", "miiou", "category_iiou", "category_miiou"] {
            assert_eq!(found.get(key), Some(&Value::Null), "{key}");
        }
        assert_eq!(found["iou"][13], json!(0.75));
    }

    #[test]
    fn what_is_absent_is_called_so() {
        assert_eq!((score(None), score(Some(0.0))), ("absent".to_owned(), "0.00 %".to_owned()));
    }
}
