//! Retraining: a run of the job that makes the model of what is live. Who wants one, a person or a program on behalf of
//! one, orders it here; what the job makes is committed as that of any other job that commits. Drift of data, or of how good the
//! model is, orders one, or asks for it, as the manifest says.

mod decide;

pub(crate) use decide::{Decision, Situation, decide};

use crate::db::errand::{self, NewErrand};
use crate::db::release::Release;
use crate::job::Kind;
use events::payload::DriftKind;
use events::{JobName, PrincipalName, RunId};
use manifest::{Job, Resolved, Retrain, RetrainOn};
use sqlx::PgConnection;

/// Why it is not clear what retrains.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoJob {
    #[error("no job commits anything; give the one that trains `commit: {{ paths: [...] }}`")]
    None,
    #[error(
        "job {0} commits nothing; give it `commit: {{ paths: [...] }}`, or run it with `slipway run`"
    )]
    CommitsNothing(JobName),
    #[error("there is no job {wanted}; those that commit: {}", names(.known))]
    Unknown { wanted: JobName, known: Vec<JobName> },
    #[error("several jobs commit: {}; say which with --job", names(.0))]
    Several(Vec<JobName>),
}

fn names(jobs: &[JobName]) -> String {
    let names: Vec<&str> = jobs.iter().map(JobName::as_str).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The job that retrains: the one that is `wanted`, that drift of the data names, or the only one that commits. Pure.
pub(crate) fn choose(resolved: &Resolved, wanted: Option<&JobName>) -> Result<JobName, NoJob> {
    let commits = resolved.jobs.iter().filter(|(_, job)| job.commit.is_some());
    let known: Vec<JobName> = commits.map(|(name, _)| name.clone()).collect();
    let of_drift = on_drift(resolved).and_then(|retrain| retrain.job.as_ref());
    let Some(wanted) = wanted.or(of_drift) else {
        return match known.as_slice() {
            [] => Err(NoJob::None),
            [one] => Ok(one.clone()),
            [_, ..] => Err(NoJob::Several(known)),
        };
    };
    match resolved.jobs.get(wanted) {
        Some(Job { commit: Some(_), .. }) => Ok(wanted.clone()),
        Some(_) => Err(NoJob::CommitsNothing(wanted.clone())),
        None => Err(NoJob::Unknown { wanted: wanted.clone(), known }),
    }
}

/// Whether drift of this kind is answered. Pure.
pub(crate) fn answers(retrain: &Retrain, kind: DriftKind) -> bool {
    match kind {
        DriftKind::Data => retrain.on.contains(&RetrainOn::Data),
        DriftKind::Quality => retrain.on.contains(&RetrainOn::Quality),
        DriftKind::Runtime => false,
    }
}

/// What the manifest says of drift of data; nothing when nobody wants anything retrained.
pub(crate) fn on_drift(resolved: &Resolved) -> Option<&Retrain> {
    resolved.drift.data.as_ref()?.retrain.as_ref()
}

/// Who wants a retraining, and why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) kind: Kind,
    pub(crate) by: &'a PrincipalName,
    /// In their words; empty when they said nothing.
    pub(crate) why: &'a str,
}

/// Writes that `job` of the live release is due, in the caller's transaction, who made sure that it may run now.
pub(crate) async fn order(
    connection: &mut PgConnection,
    live: &Release,
    job: &JobName,
    origin: Origin<'_>,
) -> Result<RunId, sqlx::Error> {
    let id = RunId::new(service::new_id());
    let new = NewErrand {
        id,
        app: &live.app,
        environment: &live.environment,
        release: live.id,
        job,
        kind: origin.kind,
        arguments: &[],
        slot: None,
        asked_by: origin.by,
        why: origin.why,
    };
    errand::add(connection, &new).await?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(jobs: &str, wanted: Option<&str>) -> Result<String, String> {
        let text = format!(
            "app: a\nservices: {{ w: {{ image: w }} }}\njobs:\n{jobs}environments: {{ p: {{ track: {{ branch: main }} }} }}\n"
        );
        let manifest = manifest::parse(&text).unwrap();
        let place = "p".parse().unwrap();
        let resolved = manifest::resolve(&manifest, &manifest, &place).unwrap();
        let wanted = wanted.map(|name| name.parse().unwrap());
        let chosen = choose(&resolved, wanted.as_ref());
        chosen.map(|job| job.to_string()).map_err(|error| error.to_string())
    }

    const TRAIN: &str =
        "  train: { service: w, command: [x], at: manual, commit: { paths: [m] } }\n";
    const REPORT: &str = "  report: { service: w, command: [x], at: manual }\n";

    #[test]
    fn what_is_answered_is_declared() {
        let retrain = |more: &str| -> Retrain {
            let json = format!(
                r#"{{"job":null,"mode":"approval","budget":{{"count":1,"within":1}}{more}}}"#
            );
            serde_json::from_str(&json).unwrap()
        };
        let answered = |more: &str| {
            let kinds = [DriftKind::Data, DriftKind::Quality, DriftKind::Runtime];
            kinds.map(|kind| answers(&retrain(more), kind))
        };
        assert_eq!(answered(""), [true, false, false], "as stored before it could be said");
        assert_eq!(answered(r#","on":["data","quality"]"#), [true, true, false]);
        assert_eq!(answered(r#","on":["quality"]"#), [false, true, false]);
    }

    #[test]
    fn the_only_job_that_commits_retrains() {
        assert_eq!(chosen(&[TRAIN, REPORT].concat(), None), Ok("train".to_owned()));
        assert_eq!(chosen(TRAIN, Some("train")), Ok("train".to_owned()));
    }

    #[test]
    fn what_is_not_clear_is_told() {
        let other = TRAIN.replace("train", "other");
        insta::assert_snapshot!(chosen(REPORT, None).unwrap_err(), @"no job commits anything; give the one that trains `commit: { paths: [...] }`");
        insta::assert_snapshot!(chosen(&[TRAIN, &other].concat(), None).unwrap_err(), @"several jobs commit: other, train; say which with --job");
        insta::assert_snapshot!(chosen(&[TRAIN, REPORT].concat(), Some("report")).unwrap_err(), @"job report commits nothing; give it `commit: { paths: [...] }`, or run it with `slipway run`");
        insta::assert_snapshot!(chosen(TRAIN, Some("trian")).unwrap_err(), @"there is no job trian; those that commit: train");
    }
}
