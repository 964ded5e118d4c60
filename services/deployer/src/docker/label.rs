//! The labels that say whose a container, network or volume is, and what a name already taken means.

use std::collections::{BTreeMap, HashMap};

/// Labels, sorted.
pub type Labels = BTreeMap<String, String>;

/// Which Slipway of the machine owns it.
pub const PLATFORM: &str = "slipway.instance";
/// The app.
pub const APP: &str = "slipway.app";
/// The environment.
pub const ENVIRONMENT: &str = "slipway.environment";
/// The service.
pub const SERVICE: &str = "slipway.service";
/// The release.
pub const RELEASE: &str = "slipway.release";
/// Which of the replicas.
pub const REPLICA: &str = "slipway.replica";
/// The instance.
pub const UID: &str = "slipway.uid";
/// The job, on what does not serve.
pub const JOB: &str = "slipway.job";
/// What a volume holds: `cache`, `data` or `model`.
pub const VOLUME_CLASS: &str = "slipway.volume.class";
/// The hash of what runs and how.
pub const SPEC: &str = "slipway.spec";

/// What to do about a container that already has the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is the instance that was asked for.
    Adopt,
    /// It is ours, but another instance or another spec: it goes.
    Replace,
    /// It is not ours: it is never touched.
    Foreign,
}

/// What `found` is to somebody who wants a container with the labels `wanted`.
pub fn claim(found: &Labels, wanted: &Labels) -> Claim {
    let same = |key| found.get(key).is_some() && found.get(key) == wanted.get(key);
    if ![PLATFORM, APP, ENVIRONMENT].into_iter().all(same) {
        Claim::Foreign
    } else if [SERVICE, UID, SPEC].into_iter().all(same) {
        Claim::Adopt
    } else {
        Claim::Replace
    }
}

/// Whether `found` was made for the same place as `wanted`.
pub fn is_ours(found: &Labels, wanted: &Labels) -> bool {
    claim(found, wanted) != Claim::Foreign
}

/// Labels as the engine gives them.
pub(super) fn read(labels: Option<HashMap<String, String>>) -> Labels {
    labels.unwrap_or_default().into_iter().collect()
}

/// Labels as the engine wants them.
pub(super) fn write(labels: &Labels) -> HashMap<String, String> {
    labels.clone().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(uid: &str, spec: &str) -> Labels {
        let own = [(PLATFORM, "default"), (APP, "shop"), (ENVIRONMENT, "production")];
        let own = own.into_iter().chain([(SERVICE, "api"), (UID, uid), (SPEC, spec)]);
        own.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn the_same_instance_with_the_same_spec_is_adopted() {
        assert_eq!(claim(&labels("1", "a"), &labels("1", "a")), Claim::Adopt);
    }

    #[test]
    fn ours_but_another_is_replaced() {
        assert_eq!(claim(&labels("1", "a"), &labels("1", "b")), Claim::Replace);
        assert_eq!(claim(&labels("2", "a"), &labels("1", "a")), Claim::Replace);
    }

    #[test]
    fn another_platform_or_no_labels_are_foreign() {
        let mut other = labels("1", "a");
        other.insert(PLATFORM.to_owned(), "second".to_owned());
        assert_eq!(claim(&other, &labels("1", "a")), Claim::Foreign);
        assert_eq!(claim(&Labels::new(), &Labels::new()), Claim::Foreign);
    }
}
