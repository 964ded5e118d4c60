//! What releases left on the engine: which containers and networks nothing needs any more, and why the others stay.
//! Pure.

use crate::docker::label::{self, Labels};
use crate::docker::{Labelled, LabelledNetwork, LabelledVolume};
use crate::sweep_orphans::GRACE;
use chrono::{DateTime, Utc};
use events::{InstanceId, ReleaseId};
use manifest::{Bytes, VolumeClass};
use std::collections::{BTreeMap, BTreeSet};

/// An app and an environment of it.
pub type Spot = (String, String);

/// What is known of all environments.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Releases that containers were made for and still belong to.
    pub owned: BTreeSet<ReleaseId>,
    /// Stopped instances that no release runs on or goes back to.
    pub unused: BTreeSet<InstanceId>,
    /// Instances that the router sends requests.
    pub serving: BTreeSet<InstanceId>,
    /// What is left of failed candidates to be looked into.
    pub wrecks: BTreeSet<InstanceId>,
    /// Environments in which a release moves or waits.
    pub moving: BTreeSet<Spot>,
    /// Environments that are there.
    pub there: BTreeSet<Spot>,
    /// Volumes of releases that run, move, or can be gone back to, with what their manifests say that they take.
    pub mounted: BTreeMap<String, Option<Bytes>>,
    /// Caches that no release mounts, and that stay within their budget.
    pub kept: BTreeSet<String>,
}

/// What becomes of something, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// It does not stay.
    pub goes: bool,
    /// For people.
    pub reason: String,
}

fn stays(reason: impl Into<String>) -> Verdict {
    Verdict { goes: false, reason: reason.into() }
}

fn goes(reason: impl Into<String>) -> Verdict {
    Verdict { goes: true, reason: reason.into() }
}

/// What becomes of a container with the platform's label.
#[must_use]
pub fn container(found: &Labelled, known: &Known, now: DateTime<Utc>) -> Verdict {
    let release = found.labels.get(label::RELEASE).and_then(|it| it.parse::<ReleaseId>().ok());
    let Some(release) = release else { return stays("it says of no release that it is its") };
    let is_in = |set: &BTreeSet<InstanceId>| found.instance().is_some_and(|id| set.contains(&id));
    let spot = spot(&found.labels);
    match () {
        () if is_in(&known.serving) => stays("it has requests"),
        () if is_in(&known.wrecks) => goes("what failed, left for a while to be looked into"),
        () if !known.owned.contains(&release) && is_young(found.created_at, now) => {
            stays("it was made a moment ago")
        }
        () if !known.owned.contains(&release) => goes("no release has it"),
        () if found.running => stays("it runs"),
        () if !is_in(&known.unused) => stays("a release can go back to it"),
        () if spot.as_ref().is_some_and(|spot| known.moving.contains(spot)) => {
            stays("a release of its environment moves")
        }
        () => goes("no release goes back to it"),
    }
}

/// What becomes of a network with the platform's label.
#[must_use]
pub fn network(found: &LabelledNetwork, known: &Known, now: DateTime<Utc>) -> Verdict {
    match spot(&found.labels) {
        None => stays("it says of no environment that it is its"),
        Some(spot) if known.there.contains(&spot) => stays(format!("of {} in {}", spot.0, spot.1)),
        Some(_) if is_young(found.created_at, now) => stays("it was made a moment ago"),
        Some(_) => goes("its environment is gone"),
    }
}

/// What becomes of a volume with the platform's label. Only a cache can go, and a volume that says nothing of what it
/// holds may hold data. `known` is of later than the volume: a release is there before its volumes.
#[must_use]
pub fn volume(found: &LabelledVolume, size: Option<u64>, known: &Known) -> Verdict {
    let class = found.labels.get(label::VOLUME_CLASS).map(String::as_str);
    let spot = spot(&found.labels);
    if class == Some(VolumeClass::Cache.as_str())
        && let Some(said) = known.mounted.get(&found.name)
    {
        return stays(mounted(size, *said));
    }
    match () {
        () if class.is_none() => stays("it does not say what it holds; it may be data"),
        () if class != Some(VolumeClass::Cache.as_str()) => {
            stays("data and models are never removed but by you, with docker volume rm")
        }
        () if spot.as_ref().is_some_and(|spot| known.moving.contains(spot)) => {
            stays("a release of its environment moves")
        }
        () if known.kept.contains(&found.name) => {
            stays(format!("{UNUSED}; with others like it, it is within SLIPWAY_CACHE_BUDGET"))
        }
        () => goes(UNUSED),
    }
}

const UNUSED: &str = "a cache that no release mounts any more";

/// Whether a volume outgrew what was said of it: nobody limits it, and a disk is planned by it.
fn mounted(size: Option<u64>, said: Option<Bytes>) -> String {
    match (size.map(Bytes::new), said) {
        (Some(size), Some(said)) if size > said => {
            format!(
                "a release mounts it; it outgrew the {said} of its manifest: under another name there it begins \
                 empty, and this one then counts for SLIPWAY_CACHE_BUDGET"
            )
        }
        _ => "a release mounts it".to_owned(),
    }
}

fn is_young(created: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - created).to_std().is_ok_and(|age| age <= GRACE) || created > now
}

fn spot(labels: &Labels) -> Option<Spot> {
    Some((labels.get(label::APP)?.clone(), labels.get(label::ENVIRONMENT)?.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn release(n: u128) -> ReleaseId {
        ReleaseId::new(Uuid::from_u128(n))
    }

    fn instance(n: u128) -> InstanceId {
        InstanceId::new(Uuid::from_u128(n))
    }

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::days(1)
    }

    fn labels(pairs: &[(&str, String)]) -> Labels {
        let own = [(label::APP, "shop".to_owned()), (label::ENVIRONMENT, "production".to_owned())];
        own.iter().chain(pairs).map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    /// A stopped container of `release`, made long ago.
    fn found(n: u128, of: u128) -> Labelled {
        Labelled {
            container_id: format!("id-{n}"),
            name: format!("name-{n}"),
            labels: labels(&[
                (label::UID, instance(n).to_string()),
                (label::RELEASE, release(of).to_string()),
            ]),
            created_at: DateTime::UNIX_EPOCH,
            running: false,
        }
    }

    fn shop() -> BTreeSet<Spot> {
        BTreeSet::from([("shop".to_owned(), "production".to_owned())])
    }

    fn known() -> Known {
        Known { owned: BTreeSet::from([release(1)]), there: shop(), ..Known::default() }
    }

    fn of(found: &Labelled, known: &Known) -> (bool, String) {
        let Verdict { goes, reason } = container(found, known, now());
        (goes, reason)
    }

    #[test]
    fn what_a_release_runs_on_or_goes_back_to_stays() {
        let runs = Labelled { running: true, ..found(1, 1) };
        assert_eq!(of(&runs, &known()), (false, "it runs".to_owned()));
        let back = (false, "a release can go back to it".to_owned());
        assert_eq!(of(&found(1, 1), &known()), back);
    }

    #[test]
    fn what_no_release_goes_back_to_goes_once_nothing_moves() {
        let unused = Known { unused: BTreeSet::from([instance(1)]), ..known() };
        assert_eq!(of(&found(1, 1), &unused), (true, "no release goes back to it".to_owned()));
        let moving = Known { moving: shop(), ..unused };
        assert!(!of(&found(1, 1), &moving).0);
    }

    #[test]
    fn an_orphan_goes_unless_it_is_young_or_has_requests() {
        assert_eq!(of(&found(1, 2), &known()), (true, "no release has it".to_owned()));
        let young = Labelled { created_at: now(), ..found(1, 2) };
        assert!(!of(&young, &known()).0);
        let serving = Known { serving: BTreeSet::from([instance(1)]), ..known() };
        assert_eq!(of(&found(1, 2), &serving), (false, "it has requests".to_owned()));
    }

    #[test]
    fn what_is_left_of_a_failed_candidate_goes_when_somebody_asks() {
        let wreck = Known { wrecks: BTreeSet::from([instance(1)]), ..known() };
        assert!(of(&found(1, 1), &wreck).0 && of(&found(1, 2), &wreck).0);
    }

    #[test]
    fn a_container_without_a_release_is_somebody_elses() {
        let bare = Labelled { labels: Labels::new(), ..found(1, 2) };
        assert!(!of(&bare, &known()).0);
    }

    #[test]
    fn a_network_goes_with_its_environment() {
        let made = |created_at, labels| LabelledNetwork {
            id: "n".to_owned(),
            name: "slipway.default.shop.production".to_owned(),
            labels,
            created_at,
        };
        let verdict = |it: &LabelledNetwork, known: &Known| network(it, known, now());
        let old = made(DateTime::UNIX_EPOCH, labels(&[]));
        assert_eq!(verdict(&old, &known()), stays("of shop in production"));
        assert_eq!(verdict(&old, &Known::default()), goes("its environment is gone"));
        assert!(!verdict(&made(now(), labels(&[])), &Known::default()).goes);
        assert!(!verdict(&made(DateTime::UNIX_EPOCH, Labels::new()), &Known::default()).goes);
    }

    fn volume_of(class: Option<&str>, name: &str) -> LabelledVolume {
        let class = class.map(|class| (label::VOLUME_CLASS, class.to_owned()));
        let labels = labels(&class.into_iter().collect::<Vec<_>>());
        LabelledVolume {
            name: name.to_owned(),
            labels,
            created_at: None,
            folder: std::path::PathBuf::new(),
        }
    }

    #[test]
    fn of_volumes_only_a_cache_that_no_release_mounts_goes() {
        let known = Known { mounted: [("used".to_owned(), None)].into(), ..Known::default() };
        let verdict = |class, name| volume(&volume_of(class, name), None, &known);
        assert!(verdict(Some("cache"), "unused").goes);
        for (class, name) in [
            (Some("cache"), "used"),
            (Some("data"), "unused"),
            (Some("model"), "unused"),
            (Some("other"), "unused"),
            (None, "unused"),
        ] {
            assert!(!verdict(class, name).goes, "{class:?} {name}");
        }
        let moving = [("shop".to_owned(), "production".to_owned())].into();
        let known = Known { moving, ..Known::default() };
        assert!(!volume(&volume_of(Some("cache"), "unused"), None, &known).goes);
        let known = Known { kept: ["unused".to_owned()].into(), ..Known::default() };
        assert!(!volume(&volume_of(Some("cache"), "unused"), None, &known).goes);
    }

    #[test]
    fn a_cache_that_outgrew_its_manifest_is_told() {
        let said = Some(Bytes::new(1 << 20));
        let known = Known { mounted: [("used".to_owned(), said)].into(), ..Known::default() };
        let reason = |size| volume(&volume_of(Some("cache"), "used"), size, &known).reason;
        assert_eq!(reason(Some(1 << 20)), "a release mounts it");
        assert_eq!(reason(None), "a release mounts it");
        let outgrew =
            "a release mounts it; it outgrew the 1MiB of its manifest: under another name there";
        assert!(reason(Some(2 << 20)).starts_with(outgrew));
    }
}
