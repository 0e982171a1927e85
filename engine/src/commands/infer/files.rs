//! Which pictures are looked at, and where what is seen in them is written.

use segc::cli::failure::Failure;
use segc::ir::Size;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How the names of what is written end: label ids, colours, colours over the picture.
const ENDINGS: [&str; 3] = ["_labelIds.png", "_colour.png", "_overlay.png"];

/// How the names of pictures end.
const PICTURES: [&str; 3] = ["png", "jpg", "jpeg"];

/// A picture and what is written of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    /// The picture.
    pub(super) picture: PathBuf,
    /// Label ids, colours, overlay.
    pub(super) written: [PathBuf; 3],
}

/// The pictures that `input` is or holds, by name; what is written of them keeps their folders.
pub(super) fn tasks(input: &Path, out: &Path) -> Result<Vec<Task>, Failure> {
    let missing = |e: std::io::Error| Failure::file("read", input, &e);
    if !std::fs::metadata(input).map_err(missing)?.is_dir() {
        let name = input.file_name().map(PathBuf::from).unwrap_or_default();
        return Ok(vec![task(input.to_path_buf(), &name, out)]);
    }
    apart(input, out)?;
    let mut found = Vec::new();
    gather(input, &mut found)?;
    found.sort();
    if found.is_empty() {
        let message = format!("`{}` holds no pictures", input.display());
        return Err(Failure::with_help(message, "expected files that end in .png, .jpg or .jpeg"));
    }
    let below = |path: &Path| path.strip_prefix(input).unwrap_or(path).to_path_buf();
    let tasks = found.into_iter().map(|path| task(path.clone(), &below(&path), out)).collect();
    distinct(tasks)
}

/// The size of the largest picture, as its header says; nothing where none can be read.
pub(super) fn largest(tasks: &[Task]) -> Option<Size> {
    let sizes = tasks.iter().filter_map(|task| image::image_dimensions(&task.picture).ok());
    sizes.map(|(w, h)| Size { h, w }).max_by_key(|size| size.area())
}

/// What is written below the pictures would be taken for pictures the next time.
fn apart(input: &Path, out: &Path) -> Result<(), Failure> {
    let whole = |path: &Path| {
        let known = path.canonicalize().or_else(|_| std::path::absolute(path));
        known.unwrap_or_else(|_| path.to_path_buf())
    };
    if whole(out).starts_with(whole(input)) {
        let message = format!("`{}` lies within `{}`", out.display(), input.display());
        return Err(Failure::with_help(message, "name a folder beside the pictures"));
    }
    Ok(())
}

fn gather(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::file("list", folder, &e);
    for entry in folder.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        // A link to a folder may lead back here.
        if path.is_dir() && !path.is_symlink() {
            gather(&path, found)?;
        } else if is_picture(&path) && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| PICTURES.contains(&ending.as_str()))
}

/// `name` is the picture's, from the folder that was given on.
fn task(picture: PathBuf, name: &Path, out: &Path) -> Task {
    let stem = name.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let written = ENDINGS.map(|ending| out.join(name.with_file_name(format!("{stem}{ending}"))));
    Task { picture, written }
}

/// Refuses two pictures of one name, of which the second would be written over the first.
fn distinct(tasks: Vec<Task>) -> Result<Vec<Task>, Failure> {
    let mut owners: BTreeMap<&Path, &Path> = BTreeMap::new();
    for task in &tasks {
        let [ids, ..] = &task.written;
        if let Some(other) = owners.insert(ids, &task.picture) {
            let (a, b, ids) = (other.display(), task.picture.display(), ids.display());
            let message = format!("`{a}` and `{b}` would both be written to `{ids}`");
            return Err(Failure::with_help(message, "rename one of them"));
        }
    }
    Ok(tasks)
}

/// Makes the folders; refuses to write over what is there unless `force`.
pub(super) fn begin(out: &Path, tasks: &[Task], force: bool) -> Result<(), Failure> {
    let mut written = tasks.iter().flat_map(|task| &task.written);
    if let Some(there) = written.find(|path| !force && path.symlink_metadata().is_ok()) {
        let help = "name another folder, or write over it: `--force`";
        return Err(Failure::with_help(format!("`{}` is there already", there.display()), help));
    }
    let folders = tasks.iter().filter_map(|task| task.written[0].parent());
    for folder in folders.chain([out]) {
        std::fs::create_dir_all(folder).map_err(|e| Failure::file("create", folder, &e))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(tasks: &[Task], out: &Path) -> Vec<String> {
        let below = |path: &PathBuf| path.strip_prefix(out).expect("below").display().to_string();
        tasks.iter().map(|task| below(&task.written[0])).collect()
    }

    #[test]
    fn a_folder_gives_its_pictures_by_name_and_keeps_its_folders() {
        let parent = tempfile::tempdir().expect("a folder");
        let (input, out) = (parent.path().join("in"), parent.path().join("out"));
        fs::create_dir_all(input.join("town")).expect("folders");
        for name in ["b.JPG", "town/a.b.png", "notes.txt"] {
            fs::write(input.join(name), "").expect("a file");
        }
        let tasks = tasks(&input, &out).expect("two pictures");
        assert_eq!(names(&tasks, &out), ["b_labelIds.png", "town/a.b_labelIds.png"]);
        begin(&out, &tasks, false).expect("nothing is there");
        fs::write(&tasks[1].written[2], "kept").expect("its folder is there");
        let refused = begin(&out, &tasks, false).expect_err("it is there").to_string();
        assert!(refused.contains("a.b_overlay.png"), "{refused}");
        begin(&out, &tasks, true).expect("forced");
    }

    #[test]
    fn what_cannot_be_done_is_said_before_anything_is_written() {
        let parent = tempfile::tempdir().expect("a folder");
        let (input, out) = (parent.path().join("in"), parent.path().join("out"));
        assert!(tasks(&input, &out).is_err(), "there is nothing");
        fs::create_dir(&input).expect("a folder");
        assert!(tasks(&input, &out).expect_err("it is empty").to_string().contains("no pictures"));
        fs::write(input.join("a.png"), "").expect("a file");
        assert!(tasks(&input, &input.join("out")).is_err(), "within");
        assert_eq!(tasks(&input, &out).expect("one").len(), 1);
        fs::write(input.join("a.jpg"), "").expect("a file");
        let both = tasks(&input, &out).expect_err("one name").to_string();
        assert!(both.contains("a.jpg") && both.contains("a.png"), "{both}");
        assert!(!out.exists());
    }
}
