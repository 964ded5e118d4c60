//! The platform, if it runs.

use super::Finding;
use crate::http;
use crate::session::Session;
use crate::up::{Phase, State};
use chrono::{DateTime, Utc};

/// Clocks that differ by more confuse expiry and logs.
const CLOCKS: i64 = 5;

/// What runs here, whether it answers, and what it thinks the time is.
pub(super) async fn running(session: &Session) -> Vec<Finding> {
    let mut findings = vec![local(session)];
    let server = session.address();
    let Some(address) = server.strip_prefix("http://") else {
        findings.push(Finding::fail("server", server, "use http://HOST:PORT"));
        return findings;
    };
    match http::get(address.trim_end_matches('/'), "/readyz").await {
        Ok(answer) => {
            findings.push(ready(&server, &answer));
            findings.extend(clock(&answer, session.now()));
            let metrics = http::get(address.trim_end_matches('/'), "/metrics").await;
            findings.extend(metrics.ok().map(|metrics| events(&metrics.body)));
        }
        Err(error) => {
            let advice = "start it with `slipway up`, or name the one that runs with --server";
            findings.push(Finding::warn("server", format!("{server}: {error}"), advice));
        }
    }
    findings
}

fn local(session: &Session) -> Finding {
    const NAME: &str = "platform";
    let layout = session.layout();
    let state = match State::read(&layout) {
        Ok(Some(state)) => state,
        Ok(None) => return Finding::ok(NAME, "does not run on this machine"),
        Err(error) => return Finding::fail(NAME, error.to_string(), "`slipway up` says more"),
    };
    let logs = format!("look at {}", layout.logs().display());
    if !state.supervisor.is_alive() {
        let seen = format!("the supervisor is gone; {} programs are left", state.alive().len());
        return Finding::fail(NAME, seen, "`slipway up` cleans up and starts again");
    }
    let restarted = state.programs.iter().filter(|program| program.restarts > 0);
    let restarted: Vec<_> =
        restarted.map(|one| format!("{} {} times", one.name, one.restarts)).collect();
    match (state.phase, restarted.is_empty()) {
        (Phase::Ready, true) => Finding::ok(NAME, format!("runs (pid {})", state.supervisor.pid)),
        (Phase::Ready, false) => {
            Finding::warn(NAME, format!("had to restart {}", restarted.join(", ")), logs)
        }
        (Phase::Starting | Phase::Stopping, _) => Finding::warn(NAME, "is on its way", "wait"),
        (Phase::Failed, _) => Finding::fail(NAME, state.failure, logs),
    }
}

fn ready(server: &str, answer: &http::Answer) -> Finding {
    if answer.status.is_success() {
        return Finding::ok("server", format!("{server} is ready"));
    }
    let body: String = answer.body.chars().take(300).collect();
    Finding::fail("server", format!("{server} is not ready: {}", body.trim()), "see what it names")
}

fn clock(answer: &http::Answer, now: DateTime<Utc>) -> Option<Finding> {
    let date = answer.headers.get("date")?.to_str().ok()?;
    let theirs = DateTime::parse_from_rfc2822(date).ok()?;
    let seconds = (now - theirs.to_utc()).num_seconds().abs();
    if seconds <= CLOCKS {
        return Some(Finding::ok("clock", "agrees with the server's"));
    }
    let seen = format!("differs from the server's by {seconds} s");
    Some(Finding::warn("clock", seen, "run a time service on both machines"))
}

/// Whether events were put aside, by the gateway's `metrics`.
fn events(metrics: &str) -> Finding {
    const NAME: &str = "events";
    let counts = metrics.lines().filter_map(|line| line.strip_prefix("slipway_parked_events{"));
    let counts = counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    match counts.sum::<u64>() {
        0 => Finding::ok(NAME, "none is parked"),
        parked => {
            Finding::warn(NAME, format!("{parked} are parked"), "see `slipway events parked`")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parked_events_are_told() {
        let metrics = "slipway_parked_events{service=\"builder\"} 2\nslipway_up 7\n\
                       slipway_parked_events{service=\"monitor\"} 1\n";
        assert_eq!(events(metrics).seen, "3 are parked");
        assert_eq!(events("").seen, "none is parked");
    }
}
