//! Places where a test makes a process fail, wait, or stand still. Builds without debug assertions, as releases
//! are, hold none of it.
//!
//! A test arms a point by writing the fault into a file named after it, in the folder that
//! `SLIPWAY_FAIL_POINTS` names. The first process that gets there renames the file to `<point>.hit`, so that a
//! fault happens once.

/// What a test wanted to go wrong here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a test wants {point} to fail")]
pub struct Injected {
    /// Where.
    pub point: String,
}

/// As the database: what was asked may have been done, and the answer is lost.
impl From<Injected> for sqlx::Error {
    fn from(injected: Injected) -> Self {
        Self::Io(std::io::Error::other(injected))
    }
}

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The process is gone, as by SIGKILL.
    Kill,
    /// What is done here fails at once.
    Error,
    /// The answer to what is done here does not come in time.
    TimedOut,
    /// The process stands still until it is told to go on (SIGCONT).
    Stop,
    /// The work waits until the test removes `<point>.hit`.
    Hold,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 5] = [Self::Kill, Self::Error, Self::TimedOut, Self::Stop, Self::Hold];

    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Error => "error",
            Self::TimedOut => "timed_out",
            Self::Stop => "stop",
            Self::Hold => "hold",
        }
    }
}

/// The point called `name`; fails when a test wants it to.
#[cfg(not(debug_assertions))]
#[inline]
pub async fn reach(_: impl FnOnce() -> String) -> Result<(), Injected> {
    Ok(())
}

#[cfg(debug_assertions)]
pub use armed::reach;

#[cfg(debug_assertions)]
mod armed {
    use super::{Fault, Injected};
    use nix::sys::signal::{Signal, raise};
    use std::path::{Path, PathBuf};
    use std::sync::LazyLock;
    use std::time::Duration;

    /// How late an answer is that does not come in time.
    const LATE: Duration = Duration::from_secs(2);
    /// Between two looks whether the work may go on.
    const LOOK: Duration = Duration::from_millis(20);

    static FOLDER: LazyLock<Option<PathBuf>> =
        LazyLock::new(|| std::env::var_os("SLIPWAY_FAIL_POINTS").map(PathBuf::from));

    /// The point called `name`; fails when a test wants it to.
    pub async fn reach(name: impl FnOnce() -> String) -> Result<(), Injected> {
        let Some(folder) = FOLDER.as_deref() else { return Ok(()) };
        let point = name();
        match fault(folder, &point) {
            None => Ok(()),
            Some(fault) => happen(folder, point, fault).await,
        }
    }

    /// Takes what is armed at `point`.
    pub(super) fn fault(folder: &Path, point: &str) -> Option<Fault> {
        let hit = folder.join(format!("{point}.hit"));
        std::fs::rename(folder.join(point), &hit).ok()?;
        let word = std::fs::read_to_string(hit).unwrap_or_default();
        Fault::ALL.into_iter().find(|fault| fault.name() == word.trim())
    }

    async fn happen(folder: &Path, point: String, fault: Fault) -> Result<(), Injected> {
        tracing::warn!(point, fault = fault.name(), "a test wants something to go wrong");
        match fault {
            Fault::Kill => signal(Signal::SIGKILL),
            Fault::Stop => signal(Signal::SIGSTOP),
            Fault::Error => return Err(Injected { point }),
            Fault::TimedOut => {
                tokio::time::sleep(LATE).await;
                return Err(Injected { point });
            }
            Fault::Hold => {
                let hit = folder.join(format!("{point}.hit"));
                while hit.exists() {
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
        Ok(())
    }

    fn signal(signal: Signal) {
        raise(signal).expect("a process may signal itself");
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::{Fault, armed::fault};

    #[test]
    fn a_fault_happens_once_and_only_where_it_is_armed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("here"), "error\n").unwrap();
        let taken = ["there", "here", "here"].map(|point| fault(folder.path(), point));
        assert_eq!(taken, [None, Some(Fault::Error), None]);
        assert!(folder.path().join("here.hit").exists());
    }
}
