//! Which jobs run before the instances of a release start, and in what order. Pure.

use super::{Kind, Setup};
use events::{JobName, ReleaseId, ServiceName};
use manifest::{JobAt, Resolved};
use std::collections::{BTreeMap, BTreeSet};

/// A job that is to run, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) job: JobName,
    pub(crate) kind: Kind,
}

/// What `release` has to run, in order: first what sets the environment up, by name, where that is not done; then what
/// every release runs, by name. What another release left half done is undone before it is tried again.
pub(crate) fn due(
    resolved: &Resolved,
    setups: &BTreeMap<JobName, (Setup, ReleaseId)>,
    release: ReleaseId,
) -> Vec<Due> {
    let at = |at: JobAt| resolved.jobs.iter().filter(move |(_, job)| job.at == at);
    let mut due = Vec::new();
    for (name, job) in at(JobAt::FirstRelease) {
        let known = setups.get(name).copied();
        if known.is_some_and(|(setup, _)| setup == Setup::Done) {
            continue;
        }
        let is_left = |(setup, by)| by != release || setup == Setup::UndoFailed;
        if job.undo.is_some() && known.is_some_and(is_left) {
            due.push(Due { job: name.clone(), kind: Kind::Undo });
        }
        due.push(Due { job: name.clone(), kind: Kind::FirstRelease });
    }
    let before = |(name, _): (&JobName, _)| Due { job: name.clone(), kind: Kind::BeforeRelease };
    due.extend(at(JobAt::BeforeRelease).map(before));
    due
}

/// The services of the app that must be there before `due` runs: what the services whose images they use depend on,
/// and what those depend on.
pub(crate) fn need(resolved: &Resolved, due: &[Due]) -> BTreeSet<ServiceName> {
    let of_job = |due: &Due| resolved.jobs.get(&due.job).map(|job| job.service.clone());
    let mut waiting: Vec<ServiceName> = due.iter().filter_map(of_job).collect();
    let mut needed = BTreeSet::new();
    while let Some(service) = waiting.pop() {
        let depends_on = resolved.services.get(&service).map(|service| &service.depends_on);
        let siblings = depends_on.into_iter().flatten().filter_map(|it| resolved.sibling(it));
        waiting.extend(siblings.filter(|sibling| needed.insert(sibling.clone())));
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const MANIFEST: &str = "
version: 1
app: shop
services:
  web: { image: web, depends_on: [{ service: db }] }
  db: { image: db, depends_on: [{ service: disk }] }
  disk: { image: disk }
jobs:
  seed: { service: web, command: [seed], at: first_release, undo: [unseed] }
  migrate: { service: web, command: [migrate], at: before_release }
  report: { service: web, command: [report], at: manual }
environments:
  production: { track: { branch: main } }
";

    fn resolved() -> Resolved {
        let manifest = manifest::parse(MANIFEST).expect("a manifest");
        let production = "production".parse().expect("a name");
        manifest::resolve(&manifest, &manifest, &production).expect("an environment")
    }

    fn release(n: u128) -> ReleaseId {
        ReleaseId::new(Uuid::from_u128(n))
    }

    fn told(setup: Option<(Setup, ReleaseId)>) -> Vec<String> {
        let seed = "seed".parse().expect("a name");
        let setups = setup.map(|setup| (seed, setup)).into_iter().collect();
        let due = due(&resolved(), &setups, release(1));
        due.iter().map(|due| format!("{} {}", due.kind.as_str(), due.job)).collect()
    }

    #[test]
    fn an_environment_is_set_up_once_and_every_release_migrates() {
        assert_eq!(told(None), ["first_release seed", "before_release migrate"]);
        assert_eq!(told(Some((Setup::Done, release(7)))), ["before_release migrate"]);
    }

    #[test]
    fn what_another_release_left_half_done_is_undone_first() {
        let again = ["undo seed", "first_release seed", "before_release migrate"];
        for left in [Setup::Failed, Setup::UndoFailed, Setup::Running] {
            assert_eq!(told(Some((left, release(7)))), again, "{left:?}");
        }
        assert_eq!(told(Some((Setup::UndoFailed, release(1)))), again);
    }

    #[test]
    fn what_the_release_itself_began_goes_on() {
        for own in [Setup::Running, Setup::Failed] {
            let told = told(Some((own, release(1))));
            assert_eq!(told, ["first_release seed", "before_release migrate"], "{own:?}");
        }
    }

    #[test]
    fn what_the_image_of_a_job_depends_on_is_there_before_it() {
        let resolved = resolved();
        let due = due(&resolved, &BTreeMap::new(), release(1));
        let needed: Vec<String> = need(&resolved, &due).iter().map(ToString::to_string).collect();
        assert_eq!(needed, ["db", "disk"]);
        assert!(need(&resolved, &[]).is_empty());
    }
}
