//! Files of the data directory: private ones, and ones that are never half written.

use super::Error;
use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Makes the directory at `path` if need be, and gives it exactly these rights.
pub(super) fn directory(path: &Path, mode: u32) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .and_then(|()| std::fs::set_permissions(path, Permissions::from_mode(mode)))
        .map_err(Error::file("make directory", path))
}

/// Writes a file that only its owner reads, so that readers see the old or the new content, never a part.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), Error> {
    let new = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    };
    write().map_err(Error::file("write", path))
}

/// The secret kept at `path`; a new random one the first time.
pub(super) fn secret(path: &Path) -> Result<String, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let secret = hex::encode(rand::random::<[u8; 32]>());
            replace(path, secret.as_bytes())?;
            Ok(secret)
        }
        Err(error) => Err(Error::file("read", path)(error)),
    }
}

/// The last lines of a log, for a message.
pub(super) fn tail(path: &Path, lines: usize) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<_> = text.lines().collect();
    let last = &all[all.len().saturating_sub(lines)..];
    last.iter().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_private() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("token");
        let first = secret(&path).expect("made");
        assert_eq!((first.len(), secret(&path).expect("kept")), (64, first));
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_tail_is_the_end() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "a\nb\nc\n").expect("written");
        assert_eq!(tail(file.path(), 2), "  | b\n  | c");
        assert_eq!(tail(Path::new("/no/such"), 2), "");
    }
}
