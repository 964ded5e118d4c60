//! Makes services fail where a story wants it: see `service::fail_point`.

use crate::World;
use service::fail_point::Fault;
use std::time::{Duration, Instant};
use testkit::eventually;

/// What is armed happens within this.
const PATIENCE: Duration = Duration::from_mins(5);

impl World {
    /// The first service that gets to `point` suffers `fault`.
    pub fn arm(&self, point: &str, fault: Fault) {
        let folder = self.fail_points();
        drop(std::fs::remove_file(folder.join(format!("{point}.hit"))));
        // Written beside and moved, so that nobody reads half of it.
        let part = folder.join(".part");
        std::fs::write(&part, fault.name()).expect("a fail point");
        std::fs::rename(part, folder.join(point)).expect("a fail point");
    }

    /// Nothing is armed any more; what waits goes on.
    pub fn disarm(&self) {
        for entry in std::fs::read_dir(self.fail_points()).expect("fail points").flatten() {
            drop(std::fs::remove_file(entry.path()));
        }
    }

    /// Waits until a service got to `point`.
    pub async fn hit(&self, point: &str) {
        let file = self.fail_points().join(format!("{point}.hit"));
        eventually(&format!("{point} to be reached"), PATIENCE, async || {
            file.exists().then_some(())
        })
        .await;
    }

    /// What waits at `point` goes on.
    pub fn release_hold(&self, point: &str) {
        std::fs::remove_file(self.fail_points().join(format!("{point}.hit"))).expect("it waits");
    }

    /// Lets `act` happen while `service` stands still: of what was meanwhile it sees only the outcome.
    pub fn unseen_by<T>(&self, service: &str, act: impl FnOnce() -> T) -> T {
        self.running(service).pause();
        let done = act();
        self.running(service).go_on();
        done
    }

    /// Waits until `service` ended by itself, and starts it again.
    pub async fn rises(&mut self, service: &'static str) {
        self.ends(service).await;
        self.kill(service);
        self.resume(service);
    }

    /// The same, and waits until it goes on with its work. How long that took from its end.
    pub(crate) async fn goes_on(&mut self, service: &'static str) -> Duration {
        self.ends(service).await;
        let ended = Instant::now();
        let mark = self.mark(service).await;
        self.rises(service).await;
        eventually(&format!("{service} to go on with its work"), PATIENCE, async || {
            self.is_past(mark, service).await.then_some(())
        })
        .await;
        ended.elapsed()
    }

    async fn ends(&mut self, service: &'static str) {
        eventually(&format!("{service} to end"), PATIENCE, async || {
            self.service(service).ended().then_some(())
        })
        .await;
    }
}
