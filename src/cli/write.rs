//! Writing files: aside first and then renamed, so that a file is whole or as it was before.

use super::failure::Failure;
use std::io::Write;
use std::path::Path;

/// Writes a file. One that is there keeps its permissions; a link is followed.
pub fn whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let fail = |error: &std::io::Error| Failure::file("write", path, error);
    let there = std::fs::metadata(path);
    if there.as_ref().is_ok_and(|meta| !meta.is_file()) {
        // A device or a pipe, such as /dev/stdout: there is nothing to rename over.
        return std::fs::write(path, bytes).map_err(|e| fail(&e));
    }
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut aside = match &there {
        Ok(_) => tempfile::NamedTempFile::new_in(folder),
        // A new file gets the permissions that the user's mask leaves, not a temporary's.
        Err(_) => tempfile::Builder::new().permissions(all()).tempfile_in(folder),
    }
    .map_err(|e| fail(&e))?;
    aside.write_all(bytes).map_err(|e| fail(&e))?;
    if let Ok(meta) = there {
        aside.as_file().set_permissions(meta.permissions()).map_err(|e| fail(&e))?;
    }
    aside.persist(&target).map_err(|e| fail(&e.error))?;
    Ok(())
}

/// What a new file may be allowed; the mask takes its part away.
fn all() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o666)
}
