//! What is broken is told with the file and the remedy, and leaves nothing half written.

use crate::support::{Place, fixture, text};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// A case: what is broken first, the command, its exit code, and what it says.
struct Case {
    what: &'static str,
    breaks: fn(&Place),
    command: &'static str,
    says: &'static [&'static str],
}

/// What a search and a training leave, to be broken in copies.
static DONE: LazyLock<Place> = LazyLock::new(|| {
    let place = Place::new();
    for kind in ["search", "train"] {
        fs::copy(fixture(&format!("{kind}.seg")), place.path(&format!("{kind}.seg")))
            .expect("room");
    }
    // One set of scenes does for both.
    let text = fs::read_to_string(place.path("search.seg")).expect("a spec");
    let text = text.replace("SCENES = 120", "SCENES = 8").replace("val = 4", "val = 8");
    fs::write(place.path("search.seg"), text).expect("room");
    let text = fs::read_to_string(place.path("train.seg")).expect("a spec");
    fs::write(place.path("train.seg"), text.replace("SCENES = 60", "SCENES = 8")).expect("room");
    place.succeed(&["search", "search.seg", "--out", "searched", "--threads", "1"]);
    place.succeed(&["train", "train.seg", "--out", "trained", "--threads", "1"]);
    place
});

fn copy_of(done: &Place) -> Place {
    let copy = Place::new();
    for (name, bytes) in done.files() {
        let path = copy.path(&name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("room");
        fs::write(path, bytes).expect("room");
    }
    copy
}

fn check(cases: &[Case]) {
    let mut wrong = String::new();
    for case in cases {
        let place = copy_of(&DONE);
        (case.breaks)(&place);
        let before = place.files();
        let args: Vec<&str> = case.command.split_whitespace().collect();
        let output = place.run(&args);
        let said = text(&output);
        println!("--- {}\n$ segc {}\n{said}", case.what, case.command);
        let mut complain = |why: &str| wrong += &format!("{}: {why}\n{said}\n", case.what);
        if output.status.code() != Some(2) {
            complain("another exit code than 2");
        }
        if !output.stdout.is_empty() {
            complain("something on stdout");
        }
        for part in case.says.iter().filter(|part| !said.contains(**part)) {
            complain(&format!("it does not say `{part}`"));
        }
        for word in ["panicked", "os error", "Error {", "::", "None", "Some("] {
            if said.contains(word) {
                complain(&format!("it says `{word}`"));
            }
        }
        let after = place.files();
        // A run that was begun has its spec, a log of the steps that it took, and its times.
        let begun = [
            "fresh/lock",
            "fresh/metrics.jsonl",
            "fresh/times.jsonl",
            "fresh/run.json",
            "fresh/spec/search.seg",
            "fresh/spec/train.seg",
        ];
        let new = after.keys().filter(|name| !before.contains_key(*name));
        let left: Vec<&String> = new.filter(|name| !begun.contains(&name.as_str())).collect();
        let lost: Vec<_> = before.keys().filter(|name| !after.contains_key(*name)).collect();
        if !left.iter().all(|name| name.ends_with("/lock")) || !lost.is_empty() {
            complain(&format!("files came: {left:?}, or went: {lost:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

const IMAGE: &str = "scenes/leftImg8bit/train/synth/synth_000003_leftImg8bit.png";
const MASK: &str = "scenes/gtFine/train/synth/synth_000003_gtFine_labelIds.png";

fn cut(place: &Place, name: &str) {
    let bytes = fs::read(place.path(name)).expect("it is there");
    fs::write(place.path(name), &bytes[..bytes.len() / 2]).expect("room");
}

fn remove(place: &Place, name: &str) {
    fs::remove_file(place.path(name)).expect("it is there");
}

/// Sets the first value of a file of tensors.
fn spoil(place: &Place, name: &str, tensor: &str, value: f32) {
    let bytes = fs::read(place.path(name)).expect("it is there");
    let read = SafeTensors::deserialize(&bytes).expect("tensors");
    let of = |view: &TensorView<'_>| (view.dtype(), view.shape().to_vec(), view.data().to_vec());
    let mut all: Vec<_> =
        read.tensors().iter().map(|(name, view)| (name.clone(), of(view))).collect();
    let found = all.iter_mut().find(|(name, _)| name.contains(tensor)).expect("such a tensor");
    assert_eq!(found.1.0, Dtype::F32);
    found.1.2[..4].copy_from_slice(&value.to_le_bytes());
    let views = all.iter().map(|(name, (kind, shape, data))| {
        (name, TensorView::new(*kind, shape.clone(), data).expect("as it was"))
    });
    let bytes = safetensors::serialize(views, None).expect("tensors");
    fs::write(place.path(name), bytes).expect("room");
}

/// The tensors of a run's newest checkpoint.
fn tensors(place: &Place, run: &str) -> String {
    let found =
        place.files().into_keys().find(|name| name.starts_with(&format!("{run}/checkpoint-")));
    found.expect("a checkpoint")
}

const FRESH: &str = "train train.seg --out fresh --threads 1";
const RESUMED: &str = "train train.seg --out trained --resume --threads 1";
const SEARCHED: &str = "search search.seg --out searched --resume --threads 1";
const JUDGED: &str = "eval train.seg --weights trained/weights.safetensors --threads 1";

#[test]
fn datasets() {
    check(&[
        Case {
            what: "a truncated image",
            breaks: |place| cut(place, IMAGE),
            command: FRESH,
            says: &[
                "cannot decode `scenes/leftImg8bit/train/synth/synth_000003",
                "copy or download",
            ],
        },
        Case {
            what: "a truncated mask",
            breaks: |place| cut(place, MASK),
            command: FRESH,
            says: &["cannot decode `scenes/gtFine/train/synth/synth_000003", "copy or download"],
        },
        Case {
            what: "a truncated image of a search",
            breaks: |place| cut(place, IMAGE),
            command: "search search.seg --out fresh --threads 1",
            says: &[
                "cannot decode `scenes/leftImg8bit/train/synth/synth_000003",
                "copy or download",
            ],
        },
        Case {
            what: "a truncated image that is judged",
            breaks: |place| cut(place, &IMAGE.replace("train", "val")),
            command: JUDGED,
            says: &["cannot decode `scenes/leftImg8bit/val/synth/synth_000003", "copy or download"],
        },
        Case {
            what: "a truncated image that is looked at",
            breaks: |place| cut(place, IMAGE),
            command: "infer train.seg scenes/leftImg8bit/train/synth/synth_000003_leftImg8bit.png \
                      --weights trained/weights.safetensors -o seen --threads 1",
            says: &[
                "cannot decode `scenes/leftImg8bit/train/synth/synth_000003",
                "copy or download",
            ],
        },
        Case {
            what: "an image of another size than its mask",
            breaks: |place| {
                image::RgbImage::new(48, 32).save(place.path(IMAGE)).expect("room");
            },
            command: FRESH,
            says: &[
                "synth_000003_leftImg8bit.png` is 32x48, its mask 32x64",
                "resize `scenes/gtFine",
            ],
        },
        Case {
            what: "images of several sizes in one batch",
            breaks: |place| {
                let (image, mask) = (IMAGE.replace("train", "val"), MASK.replace("train", "val"));
                image::RgbImage::new(48, 32).save(place.path(&image)).expect("room");
                image::GrayImage::new(48, 32).save(place.path(&mask)).expect("room");
            },
            command: "eval train.seg --set BATCH=4 --weights trained/weights.safetensors --threads 1",
            says: &["is 32x48, but they share a batch", "size"],
        },
        Case {
            what: "a label outside the classes",
            breaks: |place| {
                let mask = image::GrayImage::from_pixel(64, 32, image::Luma([77]));
                mask.save(place.path(MASK)).expect("room");
            },
            command: FRESH,
            says: &[
                "synth_000003_gtFine_labelIds.png` has the unknown label 77 at x 0, y 0",
                "0 to 33",
            ],
        },
        Case {
            what: "a coloured mask",
            breaks: |place| image::RgbImage::new(64, 32).save(place.path(MASK)).expect("room"),
            command: FRESH,
            says: &["not as 8-bit grey", "*_labelIds.png"],
        },
        Case {
            what: "an image without a mask",
            breaks: |place| remove(place, MASK),
            command: "train train.seg --data scenes --out fresh --threads 1",
            says: &["synth_000003_leftImg8bit.png` has no mask", "expected `scenes/gtFine"],
        },
        Case {
            what: "a mask without an image",
            breaks: |place| remove(place, IMAGE),
            command: "train train.seg --data scenes --out fresh --threads 1",
            says: &["synth_000003_gtFine_labelIds.png` has no image", "add it, or delete the mask"],
        },
        Case {
            what: "scenes that lost a mask",
            breaks: |place| remove(place, MASK),
            command: FRESH,
            says: &["`scenes` is incomplete", "delete the folder"],
        },
        Case {
            what: "an empty split",
            breaks: |place| {
                for split in ["train", "val"] {
                    for part in ["leftImg8bit", "gtFine"] {
                        let town = place.path(&format!("empty/{part}/{split}/town"));
                        fs::create_dir_all(town).expect("room");
                    }
                }
            },
            command: "train train.seg --data empty --out fresh --threads 1",
            says: &["split `train` of `empty` holds no images", "leftImg8bit/train/<city>/"],
        },
        Case {
            what: "a folder that is no dataset",
            breaks: |place| fs::create_dir(place.path("empty")).expect("room"),
            command: "search search.seg --data empty --out fresh --threads 1",
            says: &["`empty` has no `leftImg8bit/`", "segc data synth"],
        },
        Case {
            what: "a split that is not there",
            breaks: |_| (),
            command: "eval train.seg --split test --weights trained/weights.safetensors --threads 1",
            says: &["`scenes` has no split `test`", "train, val"],
        },
        Case {
            what: "fewer images than a batch",
            breaks: |_| (),
            command: "train train.seg --out fresh --batch 9 --threads 1",
            says: &["8 samples make no batch of 9", "at most 8"],
        },
    ]);
}

#[test]
fn checkpoints() {
    check(&[
        Case {
            what: "a training with another width",
            breaks: |_| (),
            command: "train train.seg --out trained --resume --set W=12 --threads 1",
            says: &["`trained/checkpoint.json` belongs to another network or plan", "begin anew"],
        },
        Case {
            what: "a search with another width",
            breaks: |_| (),
            command: "search search.seg --out searched --resume --set W=12 --threads 1",
            says: &["`searched` was begun with another spec or other settings", "begin anew"],
        },
        Case {
            what: "a training in the folder of a search",
            breaks: |_| (),
            command: "train train.seg --out searched --resume --threads 1",
            says: &["`searched/checkpoint.json` belongs to another network or plan"],
        },
        Case {
            what: "a run that is there",
            breaks: |_| (),
            command: "train train.seg --out trained --threads 1",
            says: &["`trained` holds a run already", "--resume"],
        },
        Case {
            what: "truncated tensors",
            breaks: |place| cut(place, &tensors(place, "trained")),
            command: RESUMED,
            says: &[
                "`trained/checkpoint-00000032.safetensors`",
                "not a whole safetensors file",
                "help:",
            ],
        },
        Case {
            what: "truncated tensors of a search",
            breaks: |place| cut(place, &tensors(place, "searched")),
            command: SEARCHED,
            says: &["`searched/checkpoint-0004-000000.safetensors`", "not a whole", "help:"],
        },
        Case {
            what: "tensors that are gone",
            breaks: |place| remove(place, &tensors(place, "trained")),
            command: RESUMED,
            says: &[
                "cannot read `trained/checkpoint-00000032.safetensors`: there is no such file",
                "help:",
            ],
        },
        Case {
            what: "tensors with a value that is no number",
            breaks: |place| spoil(place, &tensors(place, "trained"), "conv", f32::NAN),
            command: RESUMED,
            says: &["of `trained/checkpoint-00000032.safetensors`", "not finite", "help:"],
        },
        Case {
            what: "a truncated head",
            breaks: |place| cut(place, "trained/checkpoint.json"),
            command: RESUMED,
            says: &["`trained/checkpoint.json` is damaged", "help:"],
        },
        Case {
            what: "a log that is too short",
            breaks: |place| cut(place, "trained/metrics.jsonl"),
            command: RESUMED,
            says: &["`trained/metrics.jsonl` is damaged", "help:"],
        },
        Case {
            what: "a damaged record of the run",
            breaks: |place| cut(place, "searched/run.json"),
            command: SEARCHED,
            says: &["`searched/run.json` is damaged", "help:"],
        },
    ]);
}

#[test]
fn weights() {
    check(&[
        Case {
            what: "weights to begin with that are truncated",
            breaks: |place| cut(place, "trained/weights.safetensors"),
            command: "train train.seg --out fresh --init trained/weights.safetensors --threads 1",
            says: &["`trained/weights.safetensors` is not a whole safetensors file", "help:"],
        },
        Case {
            what: "weights to begin with that are no numbers",
            breaks: |place| spoil(place, "trained/weights.safetensors", "conv", f32::INFINITY),
            command: "train train.seg --out fresh --init trained/weights.safetensors --threads 1",
            says: &["of `trained/weights.safetensors`", "not finite", "help:"],
        },
        Case {
            what: "weights to begin with of another network",
            breaks: |place| {
                let four = TensorView::new(Dtype::F32, vec![1], &[0; 4]).expect("four bytes");
                let bytes =
                    safetensors::serialize([("other.weight", four)], None).expect("tensors");
                fs::write(place.path("w.safetensors"), bytes).expect("room");
            },
            command: "train train.seg --out fresh --init w.safetensors --threads 1",
            says: &["nothing in `w.safetensors` is a weight of this network", "segc diff"],
        },
        Case {
            what: "weights that are no safetensors",
            breaks: |place| {
                fs::write(place.path("w.pth"), b"PK\x03\x04 archive/data.pkl").expect("room")
            },
            command: "eval train.seg --weights w.pth --threads 1",
            says: &["`w.pth` is not a whole safetensors file", "save_file"],
        },
        Case {
            what: "weights that are not there",
            breaks: |_| (),
            command: "eval train.seg --weights none.safetensors --threads 1",
            says: &["cannot read `none.safetensors`: there is no such file"],
        },
        Case {
            what: "truncated weights",
            breaks: |place| cut(place, "trained/weights.safetensors"),
            command: JUDGED,
            says: &["`trained/weights.safetensors` is not a whole safetensors file", "help:"],
        },
        Case {
            what: "weights of another network",
            breaks: |_| (),
            command: "eval train.seg --weights searched/arch.safetensors --threads 1",
            says: &["`searched/arch.safetensors`", "missing in the file", "help:"],
        },
        Case {
            what: "weights of another width",
            breaks: |_| (),
            command: "infer train.seg scenes/leftImg8bit/val --set W=12 -o seen --threads 1 \
                      --weights trained/weights.safetensors",
            says: &["`trained/weights.safetensors`", "of another shape", "help:"],
        },
        Case {
            what: "weights that are no numbers",
            breaks: |place| spoil(place, "trained/weights.safetensors", "conv", f32::NAN),
            command: "infer train.seg scenes/leftImg8bit/val -o seen --threads 1 \
                      --weights trained/weights.safetensors",
            says: &["of `trained/weights.safetensors`", "not finite", "help:"],
        },
    ]);
}

#[test]
fn questions() {
    check(&[
        Case {
            what: "an unknown flag",
            breaks: |_| (),
            command: "train train.seg --out fresh --epoch 3",
            says: &["unexpected argument '--epoch'", "--epochs"],
        },
        Case {
            what: "a value that is none",
            breaks: |_| (),
            command: "train train.seg --out fresh --batch many",
            says: &["invalid value 'many' for '--batch <N>'"],
        },
        Case {
            what: "a spec that is not there",
            breaks: |_| (),
            command: "train none.seg --out fresh",
            says: &["cannot read `none.seg`"],
        },
        Case {
            what: "a run's folder that is a file",
            breaks: |place| fs::write(place.path("fresh"), "mine").expect("room"),
            command: FRESH,
            says: &["`fresh`", "help:"],
        },
        Case {
            what: "a run's folder below a file",
            breaks: |place| fs::write(place.path("file"), "mine").expect("room"),
            command: "search search.seg --out file/run --threads 1",
            says: &["`file/run`: a part of the path is no folder"],
        },
        Case {
            what: "scenes where nothing can be written",
            breaks: |place| {
                fs::remove_dir_all(place.path("scenes")).expect("it is there");
                fs::write(place.path("scenes"), "mine").expect("room");
            },
            command: FRESH,
            says: &["`scenes`", "help:"],
        },
    ]);
}

/// Steps that are too long end a run: at once, or when there is a checkpoint already.
#[test]
fn a_loss_that_is_no_number_ends_the_run_with_the_last_good_checkpoint() {
    let diverge = |kind: &str, rate: &str| {
        let place = copy_of(&DONE);
        let spec = format!("{kind}.seg");
        let output = place.run(&[kind, &spec, "--out", "run", "--set", rate, "--threads", "1"]);
        let said = text(&output);
        println!("{said}");
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("the loss is") || said.contains("is not finite any more"), "{said}");
        assert!(said.contains("lower `rate`") && said.contains("`clip`"), "{said}");
        assert!(place.files().keys().all(|name| !name.contains(".aside-")), "{said}");
        assert!(!place.path("run/weights.safetensors").exists());
        assert!(!place.path("run/arch.seg").exists());
        good(&place.path("run"));
        (said, place)
    };
    let (_, none) = diverge("search", "RATE=1e30");
    assert!(!none.path("run/checkpoint.json").exists());
    let (_, none) = diverge("train", "RATE=1e30");
    assert!(!none.path("run/checkpoint.json").exists());

    let (said, place) = diverge("train", "SECOND=1e30");
    let newest = tensors(&place, "run");
    assert!(said.contains(&format!("`--init {newest}`")), "{said}");
    place.succeed(&["train", "train.seg", "--out", "again", "--init", &newest, "--threads", "1"]);
}

/// Whatever checkpoint there is holds numbers.
fn good(run: &Path) {
    for entry in run.read_dir().expect("a run") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "safetensors") {
            let bytes = fs::read(&path).expect("a file");
            let read = SafeTensors::deserialize(&bytes).expect("whole");
            for (name, view) in read.tensors() {
                let (values, _) = view.data().as_chunks();
                let finite = values.iter().all(|bytes| f32::from_le_bytes(*bytes).is_finite());
                assert!(finite, "`{name}` of {}", path.display());
            }
        }
    }
}
