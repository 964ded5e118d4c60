//! What is against what should be.

use super::{table, time, words};
use crate::exit::Exit;
use chrono::{DateTime, Utc};
use proto::v1::{
    AdoptDriftResponse, EnvironmentDrift, Finding, Liveness, PastFinding, environment_drift::State,
};
use std::collections::BTreeSet;

/// The verdicts, each with its findings field by field, and the instances that do not live.
pub(crate) fn list(verdicts: &[EnvironmentDrift], now: DateTime<Utc>) -> String {
    let head = ["ENVIRONMENT", "STATE", "MODE", "RELEASE", "INSTANCES", "CHECKED"];
    let mut table = table::Table::new(head, "nothing is live yet");
    for verdict in verdicts {
        table.row([
            environment(verdict),
            words(verdict.state().as_str_name()),
            verdict.mode.clone(),
            format!("#{}", verdict.release_number),
            verdict.instance_count.to_string(),
            time::age(verdict.check_time.as_ref(), now),
        ]);
    }
    let mut parts = vec![table.render()];
    for verdict in verdicts {
        let name = environment(verdict);
        parts.extend(verdict.findings.iter().map(|it| finding(&name, it, now)));
        let ill = verdict.liveness.iter().filter(|it| it.state != "live");
        parts.extend(ill.map(|it| liveness(&name, it, now)));
    }
    parts.join("\n")
}

/// What should run and does not, and what runs and does not live: a line each.
pub(crate) fn ill(verdict: &EnvironmentDrift, now: DateTime<Utc>) -> Vec<String> {
    let name = environment(verdict);
    let down = verdict.findings.iter().filter(|it| is_down(it)).map(|it| head(&name, it, now));
    let ill = verdict.liveness.iter().filter(|it| it.state != "live");
    down.chain(ill.map(|it| liveness(&name, it, now))).collect()
}

/// How many instances of the live release do not run.
pub(crate) fn down(verdict: &EnvironmentDrift) -> i32 {
    let down = verdict.findings.iter().filter(|it| is_down(it));
    let instances: BTreeSet<&str> = down.map(|it| it.instance.as_str()).collect();
    i32::try_from(instances.len()).unwrap_or(i32::MAX)
}

fn is_down(finding: &Finding) -> bool {
    matches!(finding.reason.as_str(), "MISSING" | "STOPPED")
}

fn environment(verdict: &EnvironmentDrift) -> String {
    proto::name::parts(&verdict.name, "apps/{app}/environments/{environment}")
        .map_or_else(|_| verdict.name.clone(), |parts| parts.join("/"))
}

fn head(name: &str, finding: &Finding, now: DateTime<Utc>) -> String {
    let since = time::age(finding.first_seen_time.as_ref(), now);
    let mark = if finding.ignored { "·" } else { "✗" };
    let Finding { service, message, reason, .. } = finding;
    format!("{mark} {name} {service}: {message} [{reason}] {since}").trim_end().to_owned()
}

fn finding(name: &str, finding: &Finding, now: DateTime<Utc>) -> String {
    let mut lines = vec![head(name, finding, now)];
    let indented = |text: &str| format!("    {}", text.replace('\n', "\n    "));
    lines.extend(fields(finding).map(|fields| indented(&fields)));
    let code =
        |reason: &str| if reason.is_empty() { String::new() } else { format!(" [{reason}]") };
    let heal = format!("{}{}", finding.heal, code(&finding.heal_reason));
    let facts = [
        ("cause", finding.cause.clone()),
        ("healing", heal),
        ("next", finding.next_action.clone()),
    ];
    lines.push(indented(&table::facts(&facts)));
    lines.join("\n")
}

/// What differs, as a table with a row for each field.
fn fields(finding: &Finding) -> Option<String> {
    let shown = |text: &String| if text.is_empty() { "-".to_owned() } else { text.clone() };
    let mut table = table::Table::new(["FIELD", "RELEASED", "BASELINE", "NOW"], "");
    for diff in &finding.fields {
        table.row([
            diff.field.clone(),
            shown(&diff.released),
            shown(&diff.baseline),
            shown(&diff.now),
        ]);
    }
    (!finding.fields.is_empty()).then(|| table.render())
}

fn liveness(name: &str, it: &Liveness, now: DateTime<Utc>) -> String {
    let Liveness { service, replica, message, restart_count, .. } = it;
    let state = it.state.replace('_', " ");
    let last = time::age(it.last_restart_time.as_ref(), now);
    let restarts = match restart_count {
        0 => String::new(),
        count => format!("; {count} restarts, the last {last}"),
    };
    format!("✗ {name} {service} {replica}: {state}: {message}{restarts}")
}

/// What became a release, and what could not.
pub(crate) fn adopted(answer: &AdoptDriftResponse) -> String {
    let each = |mark: &'static str, all: &[String]| {
        all.iter().map(|what| format!("  {mark} {what}")).collect::<Vec<_>>()
    };
    let mut lines = vec![format!("{} is made of what runs:", answer.release)];
    lines.extend(each("✓", &answer.adopted));
    lines.extend(each("✗", &answer.left));
    lines.join("\n")
}

/// What differed before.
pub(crate) fn past(findings: &[PastFinding], now: DateTime<Utc>) -> String {
    let head = ["ENDED", "OUTCOME", "RELEASE", "SERVICE", "REASON", "WHAT"];
    let mut table = table::Table::new(head, "nothing differed");
    for past in findings {
        let finding = past.finding.clone().unwrap_or_default();
        table.row([
            time::age(past.end_time.as_ref(), now),
            past.outcome.clone(),
            format!("#{}", past.release_number),
            finding.service,
            finding.reason,
            finding.message,
        ]);
    }
    table.render()
}

/// Drift found is a bad outcome.
pub(crate) fn exit(verdicts: &[EnvironmentDrift]) -> Exit {
    let is_bad =
        |verdict: &EnvironmentDrift| matches!(verdict.state(), State::Drifted | State::Missing);
    if verdicts.iter().any(is_bad) { Exit::Failed } else { Exit::Done }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::v1::FieldDrift;

    #[test]
    fn a_finding_is_shown_field_by_field() {
        let field = FieldDrift {
            field: "limits.memory".to_owned(),
            released: "64MiB".to_owned(),
            baseline: "64MiB".to_owned(),
            now: "128MiB".to_owned(),
        };
        let found = Finding {
            service: "web".to_owned(),
            reason: "LIMITS".to_owned(),
            message: "limits.memory is 128MiB, was 64MiB".to_owned(),
            fields: vec![field],
            cause: "`docker update`".to_owned(),
            heal: "waits".to_owned(),
            heal_reason: "HEAL_PAUSE".to_owned(),
            ..Finding::default()
        };
        insta::assert_snapshot!(finding("shop/production", &found, DateTime::UNIX_EPOCH), @r"
        ✗ shop/production web: limits.memory is 128MiB, was 64MiB [LIMITS]
            FIELD          RELEASED  BASELINE  NOW
            limits.memory  64MiB     64MiB     128MiB
            cause:   `docker update`
            healing: waits [HEAL_PAUSE]
        ");
    }
}
