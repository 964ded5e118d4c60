//! A disk that gets full: a small file system in memory, over a folder.

use crate::root::{as_root, run};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The name of the device, by which the set-up scripts find what a killed test left.
const DEVICE: &str = "slipway-test";
/// Bytes written at once, and at last.
const PARTS: [usize; 2] = [1024 * 1024, 512];

/// A file system over a folder; gone when this is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts it over `folder`, with room for `mebibytes`.
    pub fn over(folder: &Path, mebibytes: u32) -> Self {
        let options = format!("size={mebibytes}m,mode=0777");
        run(as_root("mount").args(["-t", "tmpfs", "-o", &options, DEVICE]).arg(folder));
        Self { folder: folder.to_owned() }
    }

    /// There is no room any more.
    pub fn fill(&self) {
        let mut filler = File::create(self.filler()).expect("a file");
        for part in PARTS {
            // The end of the disk is what is wanted.
            while filler.write_all(&vec![0; part]).is_ok() {}
        }
    }

    /// There is room again.
    pub fn free(&self) {
        std::fs::remove_file(self.filler()).expect("the disk was full");
    }

    fn filler(&self) -> PathBuf {
        self.folder.join(".filler")
    }
}

impl Drop for SmallDisk {
    #[expect(clippy::print_stderr, reason = "a drop has nobody to tell")]
    fn drop(&mut self) {
        // Lazily: who still has a file of it open does not keep it in place.
        let gone = as_root("umount").arg("--lazy").arg(&self.folder).status();
        if !gone.is_ok_and(|status| status.success()) {
            eprintln!("{} stays mounted", self.folder.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_takes_nothing_until_there_is_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = SmallDisk::over(folder.path(), 2);
        let write = || std::fs::write(folder.path().join("file"), [0; 4096]);
        write().expect("room");
        disk.fill();
        let full = std::fs::write(folder.path().join("more"), [0; 4096]).expect_err("no room");
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
        disk.free();
        write().expect("room");
    }
}
