//! Which errands a release makes due by what it becomes. Pure.

use crate::job::{Due, Kind};
use ::release::State;
use manifest::{JobAt, Resolved};

/// What a release makes due that goes from `before` to `next`; one that restores an earlier release runs nothing.
#[expect(clippy::wildcard_enum_match_arm, reason = "on the way nothing is due")]
pub(crate) fn by_release(
    resolved: &Resolved,
    restores: bool,
    (before, next): (&State, &State),
) -> Vec<Due> {
    match next {
        State::Live if !restores => of(resolved, JobAt::AfterRelease, Kind::AfterRelease),
        // What never began has left nothing.
        State::Failed { .. } if before.is_moving() => {
            of(resolved, JobAt::OnFailure, Kind::OnFailure)
        }
        State::RolledBack { .. } => left_behind(resolved),
        _ => Vec::new(),
    }
}

/// What a release makes due that users saw and that was taken back.
pub(crate) fn left_behind(resolved: &Resolved) -> Vec<Due> {
    of(resolved, JobAt::OnRollback, Kind::OnRollback)
}

fn of(resolved: &Resolved, at: JobAt, kind: Kind) -> Vec<Due> {
    let jobs = resolved.jobs.iter().filter(|(_, job)| job.at == at);
    jobs.map(|(name, _)| Due { job: name.clone(), kind }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::release::{Ending, Failure, Undo};

    const MANIFEST: &str = "
app: shop
services: { web: { image: web } }
jobs:
  greet: { service: web, command: [greet], at: after_release }
  mourn: { service: web, command: [mourn], at: on_failure }
  clean: { service: web, command: [clean], at: on_rollback }
  migrate: { service: web, command: [migrate], at: before_release }
environments: { production: { track: { branch: main } } }
";

    fn due(restores: bool, before: &State, next: &State) -> String {
        let manifest = manifest::parse(MANIFEST).expect("a manifest");
        let production = "production".parse().expect("a name");
        let resolved = manifest::resolve(&manifest, &manifest, &production).expect("resolves");
        let due = by_release(&resolved, restores, (before, next));
        let told: Vec<_> =
            due.iter().map(|due| format!("{} {}", due.kind.as_str(), due.job)).collect();
        told.concat()
    }

    fn failure() -> Failure {
        Failure::new("TEST", "a test")
    }

    fn back(ending: Ending) -> State {
        State::RollingBack { undo: Undo::Candidate, ending }
    }

    #[test]
    fn each_end_has_its_errands() {
        assert_eq!(due(false, &State::Settling, &State::Live), "after_release greet");
        let failed = back(Ending::Failed { failure: failure() });
        let end = State::Failed { failure: failure() };
        assert_eq!(due(false, &failed, &end), "on_failure mourn");
        let taken_back = back(Ending::RolledBack { failure: failure() });
        let end = State::RolledBack { failure: failure() };
        assert_eq!(due(false, &taken_back, &end), "on_rollback clean");
    }

    #[test]
    fn what_restores_or_never_began_makes_nothing_due() {
        assert_eq!(due(true, &State::Settling, &State::Live), "");
        assert_eq!(due(false, &State::queued(), &State::Failed { failure: failure() }), "");
        assert_eq!(due(false, &State::Live, &State::Retained), "");
    }
}
