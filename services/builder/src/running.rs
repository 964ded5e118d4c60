//! The builds of this process, so that ending one is felt at once.

use events::BuildId;
use parking_lot::Mutex;
use std::collections::HashMap;
use tokio_util::sync::CancellationToken;

/// Who works on which build, by the epoch of the lease.
#[derive(Debug, Default)]
pub struct Running(Mutex<HashMap<BuildId, (i64, CancellationToken)>>);

impl Running {
    /// A token that is cancelled when the build is to stop.
    pub fn begin(&self, (build, epoch): (BuildId, i64)) -> CancellationToken {
        let token = CancellationToken::new();
        self.0.lock().insert(build, (epoch, token.clone()));
        token
    }

    /// The build is to stop, if it runs here.
    pub fn stop(&self, build: BuildId) {
        if let Some((_, token)) = self.0.lock().remove(&build) {
            token.cancel();
        }
    }

    /// The work under this lease is over; work under a later one goes on.
    pub fn end(&self, (build, epoch): (BuildId, i64)) {
        let mut running = self.0.lock();
        if running.get(&build).is_some_and(|(known, _)| *known == epoch) {
            running.remove(&build);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn who_lost_a_build_does_not_stop_who_has_it_now() {
        let (running, build) = (Running::default(), BuildId::new(Uuid::nil()));
        let (old, new) = (running.begin((build, 1)), running.begin((build, 2)));
        running.end((build, 1));
        assert!(!old.is_cancelled() && !new.is_cancelled());
        running.stop(build);
        assert!(new.is_cancelled());
    }
}
