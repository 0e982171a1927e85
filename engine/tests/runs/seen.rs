//! What a search leaves behind of what its winner sees.

use crate::support::{Place, fixture};
use serde_json::Value;

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
}
