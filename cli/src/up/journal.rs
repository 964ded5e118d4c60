//! What the supervisor did: in its log, and on the terminal when it has one.

use super::rotate::Rotating;
use super::{Error, Layout};
use crate::output::complain;
use std::sync::Mutex;

/// What the supervisor did.
#[derive(Debug)]
pub(super) struct Journal {
    log: Mutex<Rotating>,
    echo: bool,
}

impl Journal {
    /// The journal of the platform; also on standard error if `echo`.
    pub(super) fn open(layout: &Layout, echo: bool) -> Result<Self, Error> {
        let path = layout.log("supervisor");
        let log = Rotating::open(&path).map_err(Error::file("open", &path))?;
        Ok(Self { log: Mutex::new(log), echo })
    }

    /// Notes what was done.
    #[expect(clippy::disallowed_methods, reason = "it is written down, nothing is decided by it")]
    pub(super) fn note(&self, text: &str) {
        if self.echo {
            complain(text);
        }
        let line = format!("{} {text}\n", chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.3fZ"));
        if let Ok(mut log) = self.log.lock() {
            // A full disk must not end the supervisor.
            let _full = log.write(line.as_bytes());
        }
    }
}
