//! The builds of this process, so that ending one is felt at once.

use events::BuildId;
use parking_lot::Mutex;
use std::collections::HashMap;
use tokio_util::sync::CancellationToken;

/// Tokens by build.
#[derive(Debug, Default)]
pub struct Running(Mutex<HashMap<BuildId, CancellationToken>>);

impl Running {
    /// A token that is cancelled when the build is to stop.
    pub fn begin(&self, build: BuildId) -> CancellationToken {
        let token = CancellationToken::new();
        self.0.lock().insert(build, token.clone());
        token
    }

    /// The build is to stop, if it runs here.
    pub fn stop(&self, build: BuildId) {
        if let Some(token) = self.0.lock().remove(&build) {
            token.cancel();
        }
    }
}
