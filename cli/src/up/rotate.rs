//! A log that stays small: two older parts are kept beside the one being written.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Bytes of one part.
const PART: u64 = 50 * 1024 * 1024;

/// A log file that is put aside when it is full.
#[derive(Debug)]
pub(super) struct Rotating {
    path: PathBuf,
    file: File,
    size: u64,
    part: u64,
}

impl Rotating {
    /// Goes on with the log at `path`.
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let file = append(path)?;
        let size = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, size, part: PART })
    }

    /// Adds to the log.
    pub(super) fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if self.size > 0 && self.size + bytes.len() as u64 > self.part {
            let older = |n: u8| self.path.with_extension(format!("log.{n}"));
            if older(1).exists() {
                std::fs::rename(older(1), older(2))?;
            }
            std::fs::rename(&self.path, older(1))?;
            self.file = append(&self.path)?;
            self.size = 0;
        }
        self.file.write_all(bytes)?;
        self.size += bytes.len() as u64;
        Ok(())
    }
}

fn append(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_older_parts_are_kept() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("nats.log");
        let mut log = Rotating::open(&path).expect("opened");
        log.part = 4;
        for line in ["one\n", "two\n", "six\n", "ten\n"] {
            log.write(line.as_bytes()).expect("written");
        }
        let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).ok();
        let kept = ["nats.log", "nats.log.1", "nats.log.2", "nats.log.3"].map(read);
        assert_eq!(kept.map(Option::unwrap_or_default), ["ten\n", "six\n", "two\n", ""]);
    }
}
