//! Turns at a ref: two pushes of one ref that arrive together wait for each other here instead of racing
//! to the database. Correctness does not depend on it; the version in the row decides.

use events::{AppName, GitRef};
use std::hash::{DefaultHasher, Hash, Hasher};
use tokio::sync::{Mutex, MutexGuard};

const SEATS: usize = 64;

/// A fixed number of locks that refs share.
#[derive(Debug)]
pub(crate) struct Turns([Mutex<()>; SEATS]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl Turns {
    /// Waits until nobody else moves the ref.
    pub(crate) async fn wait(&self, app: &AppName, git_ref: &GitRef) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        (app, git_ref).hash(&mut hasher);
        let seat = usize::try_from(hasher.finish() % SEATS as u64).unwrap_or(0);
        self.0[seat].lock().await
    }
}
