//! Scores against the official scripts of Cityscapes, on drawn masks (`fixtures/scores/make.py`).

use crate::support::root;
use segc::data::classes::{IGNORE, Palette, train_id_of};
use segc::data::instances::{Instances, street_scores};
use segc::data::metrics::Confusion;
use serde_json::Value;

fn pixels(name: &str) -> Vec<u16> {
    let path = root().join("tests/fixtures/scores").join(name);
    image::open(&path).expect("a picture").to_luma16().into_raw()
}

/// Masks of bytes as train ids.
fn train_ids(name: &str) -> Vec<u8> {
    let path = root().join("tests/fixtures/scores").join(name);
    let bytes = image::open(&path).expect("a picture").to_luma8().into_raw();
    bytes.iter().map(|id| train_id_of(*id).unwrap_or(IGNORE)).collect()
}

#[track_caller]
fn same(found: Option<f64>, wanted: &Value, of: &str) {
    match (found, wanted.as_f64()) {
        (Some(found), Some(wanted)) => assert!((found - wanted).abs() < 1e-9, "{of}: {found}"),
        (found, wanted) => assert_eq!(found, wanted, "{of}"),
    }
}

#[test]
fn scores_are_those_of_the_official_scripts() {
    let (mut confusion, mut instances) = (Confusion::new(19), Instances::default());
    for n in 0..4 {
        let predicted = train_ids(&format!("{n}_predicted.png"));
        confusion.record(&train_ids(&format!("{n}_labelIds.png")), &predicted).expect("fits");
        instances.record(&pixels(&format!("{n}_instanceIds.png")), &predicted).expect("fits");
    }
    let path = root().join("tests/fixtures/scores/scores.json");
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    let wanted: Value = serde_json::from_str(&text).expect("JSON");
    let scores = confusion.scores();
    let street = street_scores(&confusion, Some(&instances)).expect("19 classes");
    let (iiou, palette) = (street.iiou.expect("counted"), Palette::cityscapes());
    for class in 0..19 {
        let name = palette.name(class);
        same(scores.iou[usize::from(class)], &wanted["classScores"][name], name);
        same(iiou[usize::from(class)], &wanted["classInstScores"][name], name);
    }
    for (category, score) in &street.category_iou {
        let name = serde_json::to_value(category).expect("a word");
        let name = name.as_str().expect("a word");
        same(*score, &wanted["categoryScores"][name], name);
        let weighed = street.category_iiou.as_ref().and_then(|all| *all.get(category)?);
        same(weighed, &wanted["categoryInstScores"][name], name);
    }
    same(scores.miou, &wanted["averageScoreClasses"], "mIoU");
    same(street.miiou, &wanted["averageScoreInstClasses"], "iIoU");
    same(street.category_miou, &wanted["averageScoreCategories"], "categories");
    same(street.category_miiou, &wanted["averageScoreInstCategories"], "categories, weighed");
}

#[test]
fn other_classes_have_no_such_scores() {
    assert!(street_scores(&Confusion::new(3), None).is_none());
    let plain = street_scores(&Confusion::new(19), None).expect("19 classes");
    assert!(plain.iiou.is_none() && plain.category_miou.is_none());
    assert!(Instances::default().record(&[1], &[]).is_err());
}
