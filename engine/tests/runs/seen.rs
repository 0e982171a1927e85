//! What a search leaves behind of what its winner sees.

use crate::support::{Place, fixture, text};
use serde_json::Value;
use std::collections::BTreeMap;

#[test]
fn a_search_ends_with_pictures_of_what_its_winner_sees() {
    let place = Place::new();
    let spec = fixture("search.seg");
    let scenes = ["--set", "SCENES=12"];
    let args = ["search", &spec, "--out", "run", "--threads", "1"];
    place.succeed(&[&args[..], &scenes].concat());
    let index = std::fs::read(place.path("run/examples/examples.json")).expect("it is written");
    let index: Value = serde_json::from_slice(&index).expect("JSON");
    // Half of twelve scenes, one at a time, four times.
    assert_eq!((&index["step"], &index["split"]), (&Value::from(24), &Value::from("val")));
    let images = index["images"].as_array().expect("a list");
    assert_eq!(images.len(), 4);
    for image in images {
        for what in ["image", "truth", "predicted"] {
            let name = image[what].as_str().expect("a name");
            let bytes = std::fs::read(place.path("run/examples").join(name)).expect("a picture");
            assert!(bytes.starts_with(b"\x89PNG"), "{name}");
        }
    }
    assert_eq!(scores(images), judged(&place));
}

/// By image, its mean IoU, to six digits: sums in another order differ in the last ones.
fn scores(images: &[Value]) -> BTreeMap<String, String> {
    let score = |image: &Value| {
        let name = image["name"].as_str().expect("a name").to_owned();
        (name, format!("{:.6}", image["miou"].as_f64().expect("a number")))
    };
    images.iter().map(score).collect()
}

/// A `train` block: it says how images are judged.
const TRAIN: &str = "
train tiny {
  data     cityscapes(split = \"train\", crop = 32x32, batch = 1)
  epochs   1
  weights  sgd(rate = 0.1)
}
";

/// The same by the spec and the weights that were written.
fn judged(place: &Place) -> BTreeMap<String, String> {
    let spec = std::fs::read_to_string(place.path("run/arch.seg")).expect("it is written");
    std::fs::write(place.path("judged.seg"), spec + TRAIN).expect("there is room");
    let written = ["eval", "judged.seg", "--weights", "run/arch.safetensors"];
    let asked = ["--worst", "4", "--format", "json", "--threads", "1", "--data", "scenes"];
    let output = place.run(&[&written[..], &asked].concat());
    assert!(output.status.success(), "{}", text(&output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    scores(report["worst"].as_array().expect("a list"))
}
