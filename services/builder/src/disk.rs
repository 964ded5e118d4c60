//! Whether there is room for a build: checked before it starts, so that a full disk is a state that people
//! see, not a broken engine.

use std::path::{Path, PathBuf};

/// A place with too little room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Low {
    /// Where.
    pub path: PathBuf,
    /// Bytes that are free there.
    pub free: u64,
}

/// The first of `paths` with less than `floor` bytes free. A path that cannot be looked at from here, as
/// that of an engine on another machine, does not count.
pub fn low<'a>(paths: impl IntoIterator<Item = &'a Path>, floor: u64) -> Option<Low> {
    let free = |path: &Path| {
        nix::sys::statvfs::statvfs(path).ok().map(|fs| fs.blocks_available() * fs.fragment_size())
    };
    let mut with_room =
        paths.into_iter().filter_map(|path| Some(Low { path: path.to_owned(), free: free(path)? }));
    with_room.find(|place| place.free < floor)
}

/// How much of the fullest of `paths` is in use, in percent of what may be used.
pub fn used_percent<'a>(paths: impl IntoIterator<Item = &'a Path>) -> u64 {
    let used = |path: &Path| {
        let fs = nix::sys::statvfs::statvfs(path).ok()?;
        let used = fs.blocks().saturating_sub(fs.blocks_free());
        (used * 100).checked_div(used + fs.blocks_available())
    };
    paths.into_iter().filter_map(used).max().unwrap_or(0)
}

/// Bytes for people.
pub fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes / (1024 * 1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_low_below_the_floor() {
        let here = Path::new("/");
        assert_eq!(low([here], 0), None);
        assert_eq!(low([here], u64::MAX).map(|low| low.path), Some(here.to_owned()));
        assert_eq!(low([Path::new("/no/such/place")], u64::MAX), None);
    }

    #[test]
    fn a_place_is_full_in_part() {
        assert!((1..=100).contains(&used_percent([Path::new("/")])));
        assert_eq!(used_percent([Path::new("/no/such/place")]), 0);
    }
}
