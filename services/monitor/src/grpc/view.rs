//! Verdicts as the API shows them.

use crate::db::history::Past;
use crate::db::instance::Remembered;
use crate::db::liveness::Seat;
use crate::db::verdict::Verdict;
use crate::diff;
use crate::judge::{Known, State};
use crate::liveness::Record;
use chrono::{DateTime, Utc};
use events::InstanceId;
use proto::v1::environment_drift::State as WireState;
use proto::v1::{EnvironmentDrift, FieldDrift, Finding, Liveness, PastFinding};
use std::collections::BTreeMap;

/// An environment as the API shows it.
pub(super) fn environment(
    verdict: &Verdict,
    known: Vec<Known>,
    instances: &[Remembered],
    liveness: &BTreeMap<Seat, Record>,
) -> EnvironmentDrift {
    let lives = instances.iter().filter_map(|remembered| {
        let instance = &remembered.instance;
        let record = liveness.get(&(instance.service.clone(), instance.replica))?;
        Some(Liveness {
            service: instance.service.to_string(),
            instance: instance.id.to_string(),
            replica: instance.replica,
            state: record.state.as_str().to_owned(),
            restart_count: record.restarts,
            last_restart_time: time(record.last_restart),
            next_restart_time: time(record.next_restart),
            message: record.message.clone(),
        })
    });
    EnvironmentDrift {
        name: verdict.place.name(),
        state: state(verdict.state).into(),
        release_number: verdict.release_number,
        release_uid: verdict.release.map(|id| id.to_string()).unwrap_or_default(),
        findings: known.into_iter().filter(Known::is_confirmed).map(finding).collect(),
        check_time: time(verdict.checked_at),
        instance_count: i32::try_from(instances.len()).unwrap_or(i32::MAX),
        mode: verdict.policy.runtime.mode.as_str().to_owned(),
        liveness: lives.collect(),
    }
}

/// Something that differed, as the API shows it.
pub(super) fn past(past: Past) -> PastFinding {
    let finding = Finding {
        first_seen_time: time(Some(past.first_seen)),
        last_seen_time: time(Some(past.last_seen)),
        ..described(past.finding)
    };
    PastFinding {
        finding: Some(finding),
        release_number: past.release_number,
        outcome: past.outcome,
        end_time: time(Some(past.ended_at)),
    }
}

fn finding(known: Known) -> Finding {
    Finding {
        first_seen_time: time(Some(known.first_seen)),
        last_seen_time: time(Some(known.last_seen)),
        heal: known.heal.message,
        heal_reason: known.heal.reason,
        ..described(known.finding)
    }
}

fn described(finding: diff::Finding) -> Finding {
    let field = |diff: crate::compare::FieldDiff| FieldDrift {
        field: diff.field,
        released: diff.released,
        baseline: diff.baseline,
        now: diff.now,
    };
    Finding {
        service: finding.service.map(String::from).unwrap_or_default(),
        instance: finding.instance.as_ref().map(InstanceId::to_string).unwrap_or_default(),
        reason: finding.reason.as_str().to_owned(),
        message: finding.message,
        fields: finding.fields.into_iter().map(field).collect(),
        cause: finding.cause,
        next_action: finding.next,
        ignored: finding.ignored,
        ..Finding::default()
    }
}

fn time(at: Option<DateTime<Utc>>) -> Option<prost_types::Timestamp> {
    at.map(proto::time::timestamp)
}

const fn state(state: State) -> WireState {
    match state {
        State::InSync => WireState::InSync,
        State::Drifted => WireState::Drifted,
        State::Missing => WireState::Missing,
        State::Orphaned => WireState::Orphaned,
        State::Ignored => WireState::Ignored,
        State::Converging => WireState::Converging,
        State::Unknown => WireState::Unknown,
    }
}
