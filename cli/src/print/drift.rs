//! What is against what should be.

use super::{table, time, words};
use crate::exit::Exit;
use chrono::{DateTime, Utc};
use proto::v1::{EnvironmentDrift, environment_drift::State};

/// The verdicts, each with its findings.
pub(crate) fn list(verdicts: &[EnvironmentDrift], now: DateTime<Utc>) -> String {
    let head = ["ENVIRONMENT", "STATE", "RELEASE", "INSTANCES", "CHECKED"];
    let mut table = table::Table::new(head, "nothing is live yet");
    for verdict in verdicts {
        table.row([
            environment(verdict),
            words(verdict.state().as_str_name()),
            format!("#{}", verdict.release_number),
            verdict.instance_count.to_string(),
            time::age(verdict.check_time.as_ref(), now),
        ]);
    }
    let findings = verdicts.iter().flat_map(|verdict| findings(verdict, now));
    std::iter::once(table.render()).chain(findings).collect::<Vec<_>>().join("\n")
}

fn environment(verdict: &EnvironmentDrift) -> String {
    proto::name::parts(&verdict.name, "apps/{app}/environments/{environment}")
        .map_or_else(|_| verdict.name.clone(), |parts| parts.join("/"))
}

fn findings(verdict: &EnvironmentDrift, now: DateTime<Utc>) -> Vec<String> {
    let told = verdict.findings.iter().map(|finding| {
        let since = time::age(finding.first_seen_time.as_ref(), now);
        let (name, service) = (environment(verdict), &finding.service);
        format!("✗ {name} {service}: {} [{}] {since}", finding.message, finding.reason)
    });
    told.collect()
}

/// Drift found is a bad outcome.
pub(crate) fn exit(verdicts: &[EnvironmentDrift]) -> Exit {
    let is_bad =
        |verdict: &EnvironmentDrift| matches!(verdict.state(), State::Drifted | State::Missing);
    if verdicts.iter().any(is_bad) { Exit::Failed } else { Exit::Done }
}
