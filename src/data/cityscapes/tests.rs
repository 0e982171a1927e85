//! The loader against folders that are right, and against every way they can be wrong.

use std::fs;
use std::path::{Path, PathBuf};

use image::{GrayImage, Luma, Rgb, RgbImage};
use proptest::prelude::*;

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn image_path(&self, name: &str) -> PathBuf {
        self.root().join(format!("{IMAGES}/train/{name}{IMAGE_SUFFIX}"))
    }

    fn mask_path(&self, name: &str) -> PathBuf {
        self.root().join(format!("{MASKS}/train/{name}{LABEL_IDS_SUFFIX}"))
    }

    fn write(&self, path: &Path, image: impl Into<image::DynamicImage>) {
        fs::create_dir_all(path.parent().expect("below the root")).expect("folders");
        image.into().save(path).expect("a PNG");
    }

    fn image(&self, name: &str) {
        self.write(&self.image_path(name), RgbImage::from_pixel(6, 4, Rgb([9, 8, 7])));
    }

    fn mask(&self, name: &str, value: u8) {
        self.write(&self.mask_path(name), GrayImage::from_pixel(6, 4, Luma([value])));
    }

    fn open(&self) -> Result<Split, DataError> {
        Split::open(self.root(), "train")
    }

    fn load_error(&self) -> DataError {
        self.open().expect("well laid out").load(0).expect_err("the sample is broken")
    }
}

fn good() -> Folder {
    let folder = Folder::new();
    folder.image("a/x");
    folder.mask("a/x", 26);
    folder
}

#[test]
fn samples_come_in_the_order_of_their_names_with_train_ids() {
    let folder = Folder::new();
    for name in ["b/1", "a/2", "a/10"] {
        folder.image(name);
        folder.mask(name, 26);
    }
    let split = folder.open().expect("well laid out");
    let names: Vec<&str> = split.pairs().iter().map(|pair| pair.name.as_str()).collect();
    assert_eq!(names, ["a/10", "a/2", "b/1"]);
    let sample = split.load(2).expect("readable");
    assert_eq!((sample.size(), sample.labels.get_pixel(5, 3).0), (Size::new(4, 6), [13]));
    assert!(matches!(split.load(3), Err(DataError::NoSample { index: 3, len: 3 })));
}

#[test]
fn masks_of_train_ids_serve_where_there_are_no_others() {
    let folder = good();
    let name = folder.mask_path("a/x");
    let train = name.with_file_name(format!("x{TRAIN_IDS_SUFFIX}"));
    fs::rename(name, &train).expect("renamed");
    let load = || folder.open().expect("well laid out").load(0);
    assert!(matches!(load(), Err(DataError::UnknownLabel { value: 26, .. })));
    folder.write(&train, GrayImage::from_pixel(6, 4, Luma([18])));
    assert_eq!(load().expect("readable").labels.get_pixel(0, 0).0, [18]);
}

#[test]
fn missing_folders_and_splits_are_named() {
    let folder = Folder::new();
    assert!(matches!(folder.open(), Err(DataError::NoLayout { missing: IMAGES, .. })));
    fs::create_dir_all(folder.root().join(IMAGES).join("val")).expect("folders");
    assert!(matches!(folder.open(), Err(DataError::NoLayout { missing: MASKS, .. })));
    fs::create_dir_all(folder.root().join(MASKS)).expect("folders");
    let error = folder.open().expect_err("no such split");
    assert!(matches!(&error, DataError::NoSplit { available, .. } if available == "val"));
    fs::create_dir_all(folder.root().join(IMAGES).join("train/a")).expect("folders");
    assert!(matches!(folder.open(), Err(DataError::EmptySplit { .. })));
}

#[test]
fn what_is_alone_is_named_with_what_it_lacks() {
    let folder = good();
    folder.image("a/y");
    let DataError::NoMask { image, expected } = folder.open().expect_err("no mask") else {
        panic!("another error")
    };
    assert_eq!((image, expected), (folder.image_path("a/y"), folder.mask_path("a/y")));
    folder.mask("a/y", 0);
    folder.mask("a/z", 0);
    let DataError::NoImage { mask, expected } = folder.open().expect_err("no image") else {
        panic!("another error")
    };
    assert_eq!((mask, expected), (folder.mask_path("a/z"), folder.image_path("a/z")));
}

#[test]
fn broken_files_are_named() {
    let folder = good();
    let path = folder.image_path("a/x");
    let bytes = fs::read(&path).expect("the PNG");
    fs::write(&path, &bytes[..bytes.len() / 2]).expect("written");
    assert!(matches!(folder.load_error(), DataError::Undecodable { path: p, .. } if p == path));
    fs::write(&path, "not an image").expect("written");
    assert!(folder.load_error().to_string().contains("x_leftImg8bit.png"));
}

#[test]
fn masks_must_fit_and_hold_known_labels() {
    let folder = good();
    let path = folder.mask_path("a/x");
    folder.write(&path, GrayImage::new(5, 4));
    assert!(matches!(folder.load_error(), DataError::SizeMismatch { .. }));
    let mut mask = GrayImage::new(6, 4);
    mask.put_pixel(2, 1, Luma([34]));
    folder.write(&path, mask);
    let error = folder.load_error();
    assert!(matches!(error, DataError::UnknownLabel { value: 34, x: 2, y: 1, .. }), "{error}");
    folder.write(&path, RgbImage::new(6, 4));
    assert!(matches!(folder.load_error(), DataError::MaskFormat { .. }));
}

/// A PNG of 8-bit grey whose header promises w x h pixels, and which ends there.
fn promise(w: u32, h: u32) -> Vec<u8> {
    let header = [b"IHDR", &w.to_be_bytes()[..], &h.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let crc = !header.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| (c >> 1) ^ (0xEDB8_8320 & (c & 1).wrapping_neg()))
    });
    let data = b"\0\0\0\0IDAT\x35\xaf\x06\x1e";
    [&b"\x89PNG\r\n\x1a\n\0\0\0\x0d"[..], &header, &crc.to_be_bytes(), data].concat()
}

#[test]
fn headers_that_promise_too_much_are_errors() {
    let folder = good();
    for side in [100_000, 0x7FFF_FFFF] {
        for path in [folder.mask_path("a/x"), folder.image_path("a/x")] {
            let before = fs::read(&path).expect("the PNG");
            fs::write(&path, promise(side, side)).expect("written");
            let error = folder.load_error();
            // Refused for its size, not found to be cut short after the memory was taken.
            let DataError::Undecodable { path: named, reason } = error else {
                panic!("another error")
            };
            assert!(named == path && reason.contains("limit"), "{reason}");
            fs::write(&path, before).expect("written");
        }
    }
    fs::write(folder.mask_path("a/x"), promise(6, 4)).expect("written");
    assert!(matches!(folder.load_error(), DataError::Undecodable { .. }));
}

#[test]
fn instances_are_read_where_they_are_and_refused_where_they_are_wrong() {
    let folder = good();
    let instances = || folder.open().expect("well laid out").instances(0);
    assert_eq!(instances().expect("there are none"), None);
    let path = folder.root().join(format!("{MASKS}/train/a/x{INSTANCE_IDS_SUFFIX}"));
    let write = |w: u32, id: u16| {
        let map = InstanceMap::from_pixel(w, 4, Luma([id]));
        folder.write(&path, map);
        instances()
    };
    let map = write(6, 26_003).expect("readable").expect("there are some");
    assert_eq!(map.get_pixel(5, 3).0, [26_003]);
    assert!(matches!(write(5, 26_003), Err(DataError::SizeMismatch { mask, .. }) if mask == path));
    for id in [34, 999, 34_000, 65_535] {
        let error = write(6, id).expect_err("no such label");
        assert!(matches!(error, DataError::UnknownInstance { value, .. } if value == id));
    }
    folder.write(&path, GrayImage::new(6, 4));
    assert!(matches!(instances(), Err(DataError::InstanceFormat { .. })));
    fs::write(&path, promise(6, 4)).expect("written");
    assert!(matches!(instances(), Err(DataError::InstanceFormat { .. })));
    write(6, 26_003).expect("readable");
    let bytes = fs::read(&path).expect("the PNG");
    fs::write(&path, &bytes[..bytes.len() - 20]).expect("written");
    assert!(matches!(instances(), Err(DataError::Undecodable { path: p, .. }) if p == path));
}

#[test]
fn messages_name_the_file_and_helps_the_remedy() {
    let error = Folder::new().open().expect_err("an empty folder");
    let help = miette::Diagnostic::help(&error).expect("a remedy").to_string();
    assert!(error.to_string().contains("leftImg8bit"), "{error}");
    assert!(help.contains("expected leftImg8bit/ and gtFine/"), "{help}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_bytes_make_it_panic(at in 0usize..200, byte: u8, cut in 0usize..200) {
        let folder = good();
        for path in [folder.image_path("a/x"), folder.mask_path("a/x")] {
            let mut bytes = fs::read(&path).expect("the PNG");
            let end = bytes.len();
            bytes[at % end] = byte;
            bytes.truncate(end - cut % end);
            fs::write(&path, bytes).expect("written");
        }
        // Changes can cancel out or hit what nobody reads; it must only return.
        let _outcome = folder.open().map(|split| split.load(0));
    }
}
