//! The dataset formats that a spec can name.

use std::path::Path;
use std::sync::Arc;

use super::cityscapes::Split;
use super::classes::Palette;
use super::{DataError, Dataset};

/// Opens a split of a dataset folder; samples are decoded later, one by one.
pub type Open = fn(root: &Path, split: &str) -> Result<Arc<dyn Dataset>, DataError>;

/// A way of laying out a dataset on disk.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// What specs call it.
    pub name: &'static str,
    /// Its classes.
    pub palette: fn() -> Palette,
    /// How a split is opened.
    pub open: Open,
}

/// All formats. A new one is a file with a [`Dataset`] and a line here.
pub const ALL: &[Format] =
    &[Format { name: "cityscapes", palette: Palette::cityscapes, open: open_cityscapes }];

/// The format of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Format> {
    ALL.iter().find(|format| format.name == name)
}

fn open_cityscapes(root: &Path, split: &str) -> Result<Arc<dyn Dataset>, DataError> {
    Ok(Arc::new(Split::open(root, split)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_by_name() {
        let format = named("cityscapes").expect("listed");
        assert_eq!((format.palette)().len(), 19);
        assert!((format.open)(Path::new("/nowhere"), "train").is_err());
        assert!(named("cityscape").is_none());
    }
}
