//! What the system says when it refuses to read or write, in plain words, and what to do about it.

use std::io::{Error, ErrorKind};

/// The system's words without its number.
pub fn plain(error: &Error) -> String {
    let words = match error.kind() {
        ErrorKind::NotFound => "there is no such file",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::NotADirectory => "a part of the path is no folder",
        ErrorKind::AlreadyExists => "there is a file of that name",
        ErrorKind::PermissionDenied => "permission denied",
        ErrorKind::ReadOnlyFilesystem => "it lies where nothing can be written",
        ErrorKind::StorageFull => "the disk is full",
        _ => {
            let text = error.to_string();
            return text.split(" (os error").next().unwrap_or_default().to_lowercase();
        }
    };
    words.to_owned()
}

/// What to do about a refusal of the system.
pub fn remedy(error: &Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Some("make room; a run that was begun goes on with `--resume`")
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            Some("take a folder that you may write to, or change who may")
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => Some("name a folder"),
        _ => None,
    }
}

/// An error and what caused it, in one line. Refusals of the system are left out: whoever tells of
/// one says it in plain words.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(cause) = at {
        let more = cause.to_string();
        if !cause.is::<Error>() && !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        at = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_said_without_numbers() {
        assert_eq!(plain(&ErrorKind::StorageFull.into()), "the disk is full");
        // Too many levels of symbolic links: a word of the system's own.
        let other = plain(&Error::from_raw_os_error(40));
        assert!(!other.contains("os error") && !other.is_empty(), "{other}");
        assert!(remedy(&ErrorKind::StorageFull.into()).is_some_and(|help| help.contains("room")));
    }
}
