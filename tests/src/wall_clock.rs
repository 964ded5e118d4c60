//! The services' wall clock, set by the story. Only they see it: the machine, the database and the broker have the right
//! time, and so has whatever measures how long something takes.

use std::path::{Path, PathBuf};
use testkit::variable;

/// A clock that is right until it is set.
#[derive(Debug)]
pub struct WallClock {
    file: tempfile::NamedTempFile,
    library: PathBuf,
}

impl WallClock {
    /// A clock that is right.
    pub(crate) fn right() -> Self {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let library = PathBuf::from(variable("SLIPWAY_TEST_FAKETIME"));
        let clock = Self { file, library };
        clock.set(0);
        clock
    }

    /// It jumps: so many seconds ahead of the right time, or behind it.
    pub fn set(&self, seconds: i64) {
        // Written beside and moved, so that nobody reads half of it.
        let beside = self.file.path().with_extension("new");
        std::fs::write(&beside, format!("{seconds:+}\n")).expect("a time");
        std::fs::rename(beside, self.file.path()).expect("a time");
    }

    /// What makes a program look at this clock.
    pub(crate) fn settings(&self) -> [(&'static str, String); 4] {
        let text = |path: &Path| path.display().to_string();
        [
            ("LD_PRELOAD", text(&self.library)),
            ("FAKETIME_TIMESTAMP_FILE", text(self.file.path())),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }
}
