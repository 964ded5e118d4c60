//! Containers of releases that nobody owns any more go away. What is not ours is never seen, let alone touched.

use crate::docker::label::{self, Labels};
use crate::docker::{Engine, EngineError, Labelled};
use chrono::{DateTime, Utc};
use events::ReleaseId;
use std::collections::BTreeSet;
use std::time::Duration;

/// Rows are there before their containers; this is for a row whose transaction is still on its way. With the time
/// between two sweeps an orphan is gone within a minute.
pub const GRACE: Duration = Duration::from_secs(25);

/// The containers among `observed` that are this platform's, belong to none of the releases `owned`, and are
/// older than `grace`. Without a readable release label it is somebody else's.
pub fn orphans<'a>(
    observed: &'a [Labelled],
    platform: &str,
    owned: &BTreeSet<ReleaseId>,
    now: DateTime<Utc>,
    grace: Duration,
) -> Vec<&'a Labelled> {
    let is_ours = |labels: &Labels| labels.get(label::PLATFORM).is_some_and(|p| p == platform);
    let release = |labels: &Labels| labels.get(label::RELEASE)?.parse::<ReleaseId>().ok();
    let is_old = |created: DateTime<Utc>| (now - created).to_std().is_ok_and(|age| age > grace);
    observed
        .iter()
        .filter(|found| is_ours(&found.labels) && is_old(found.created_at))
        .filter(|found| release(&found.labels).is_some_and(|release| !owned.contains(&release)))
        .collect()
}

/// Every container of this platform.
pub async fn observe(engine: &Engine, platform: &str) -> Result<Vec<Labelled>, EngineError> {
    let ours = [(label::PLATFORM.to_owned(), platform.to_owned())].into();
    engine.list(&ours).await
}

/// Stops at once and removes exactly these containers, and says which are gone.
pub async fn remove(engine: &Engine, orphans: &[&Labelled]) -> Vec<String> {
    let mut removed = Vec::new();
    for orphan in orphans {
        match engine.remove(&orphan.container_id).await {
            Ok(()) => removed.push(orphan.container_id.clone()),
            Err(error) => tracing::warn!(
                container.id = orphan.container_id,
                container.name = orphan.name,
                error = &error as &dyn std::error::Error,
                "could not remove an orphan"
            ),
        }
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn release(n: u128) -> ReleaseId {
        ReleaseId::new(Uuid::from_u128(n))
    }

    fn found(name: &str, platform: &str, release: &str, age: i64) -> Labelled {
        let labels = [(label::PLATFORM, platform), (label::RELEASE, release)];
        Labelled {
            container_id: format!("id-{name}"),
            name: name.to_owned(),
            labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            created_at: DateTime::UNIX_EPOCH - chrono::TimeDelta::seconds(age),
            running: true,
        }
    }

    fn names(observed: &[Labelled]) -> Vec<&str> {
        let owned = BTreeSet::from([release(1)]);
        let orphans = orphans(observed, "default", &owned, DateTime::UNIX_EPOCH, GRACE);
        orphans.iter().map(|orphan| orphan.name.as_str()).collect()
    }

    #[test]
    fn only_old_containers_of_unknown_releases_are_orphans() {
        let (known, unknown) = (release(1).to_string(), release(2).to_string());
        let observed = [
            found("live", "default", &known, 1000),
            found("orphan", "default", &unknown, 1000),
            found("young", "default", &unknown, 10),
        ];
        assert_eq!(names(&observed), ["orphan"]);
    }

    #[test]
    fn what_is_not_ours_is_never_an_orphan() {
        let unknown = release(2).to_string();
        let mut bare = found("bare", "default", &unknown, 1000);
        bare.labels.clear();
        let mut without_release = found("no-release", "default", &unknown, 1000);
        without_release.labels.remove(label::RELEASE);
        let observed = [
            found("other-platform", "second", &unknown, 1000),
            found("unreadable", "default", "latest", 1000),
            bare,
            without_release,
        ];
        assert!(names(&observed).is_empty());
    }
}
