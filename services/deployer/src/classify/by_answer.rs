//! Causes of an instance that runs and does not answer as it should.

use super::{Cause, Evidence, Outcome, by_log};
use crate::docker::listening::Listener;
use crate::probe::{Answer, Over, Target};

pub(super) fn cause(evidence: &Evidence<'_>) -> Cause {
    let Cause { reason, message } = match evidence.answer {
        None => silent(evidence),
        Some(answer) => by_answer(evidence, answer),
    };
    let after = evidence.after.as_secs_f64();
    match evidence.outcome {
        Outcome::Expired(Over::Gate) => {
            let still = format!("It was still starting when its gate ended after {after:.0} s");
            Cause { reason, message: format!("{message}. {still}") }
        }
        Outcome::Expired(Over::WarmGate) => {
            let service = evidence.service;
            let slow = format!(
                "{service} is slow though its cache is warm: it was still starting when `cache.gate` ended \
                 after {after:.0} s. {message}"
            );
            Cause { reason: "SLOW_THOUGH_WARM", message: slow }
        }
        Outcome::Unready | Outcome::Ended => Cause { reason, message },
    }
}

fn by_answer(evidence: &Evidence<'_>, answer: &Answer) -> Cause {
    let Evidence { service, target, .. } = evidence;
    match answer {
        Answer::Status { status, location: Some(location), .. } => Cause::new(
            "REDIRECTED",
            format!(
                "{service} answers {target} with {status} to {location}; a probe follows no redirects: ask \
                 the path it leads to, or answer this one without TLS and login"
            ),
        ),
        Answer::Status { status: 404, .. } => Cause::new(
            "NOT_FOUND",
            format!("{service} answers {target} with 404: it has no such path; check `health`"),
        ),
        Answer::Status { status: status @ (401 | 403), .. } => Cause::new(
            "UNHEALTHY_STATUS",
            format!(
                "{service} answers {target} with {status}: the path of a probe must need no login"
            ),
        ),
        Answer::Status { body, .. } if body.is_empty() => {
            Cause::new("UNHEALTHY_STATUS", format!("{service} answers {target} with {answer}"))
        }
        Answer::Status { .. } => Cause::new(
            "UNHEALTHY_STATUS",
            format!("{service} answers {target} with {answer}; its last lines may say why"),
        ),
        Answer::TimedOut(limit) => Cause::new(
            "PROBE_TIMEOUT",
            format!(
                "{service} accepts {target} and does not answer within {limit:?}; it may be busy or \
                 blocked, or `timeout` is too short"
            ),
        ),
        Answer::NotHttp | Answer::Reset => Cause::new(
            "NOT_HTTP",
            format!(
                "{service} accepts {target} and answers nothing that is HTTP/1.1; does it want TLS or \
                 HTTP/2? Then probe it with `tcp`"
            ),
        ),
        Answer::Exited { exit_code: 126 | 127, output } => Cause::new(
            "PROBE_COMMAND_NOT_FOUND",
            format!("{service} has no command for {target} in its image: {output}"),
        ),
        Answer::Exited { .. } => {
            Cause::new("PROBE_FAILED", format!("{service}: {target} ends with {answer}"))
        }
        Answer::Unasked(why) => {
            Cause::new("PROBE_UNASKED", format!("{service} could not be asked ({target}): {why}"))
        }
        Answer::Refused | Answer::Unreachable(_) | Answer::Connected => silent(evidence),
    }
}

/// Nobody answers at the port: is somebody elsewhere?
fn silent(evidence: &Evidence<'_>) -> Cause {
    let service = evidence.service;
    let Some(port) = evidence.target.port() else {
        return Cause::new("NEVER_READY", format!("{service} ran and was not asked in time"));
    };
    let listening = evidence.listening.unwrap_or_default();
    let here: Vec<&Listener> = listening.iter().filter(|found| found.port == port).collect();
    if !here.is_empty() && here.iter().all(|found| found.is_loopback()) {
        return Cause::new(
            "BOUND_TO_LOOPBACK",
            format!(
                "{service} listens on {}:{port} only, which nobody outside its container reaches; make it \
                 listen on 0.0.0.0",
                here[0].ip
            ),
        );
    }
    if here.is_empty() && !listening.is_empty() {
        let elsewhere = ports(listening);
        return Cause::new(
            "WRONG_PORT",
            format!(
                "{service} does not listen on port {port}, but on {elsewhere}; set `http: {{ port }}` to \
                 the one it serves, or make it listen on $PORT"
            ),
        );
    }
    if let Some(named) = by_log::cause(evidence) {
        return named;
    }
    never_listened(evidence, port)
}

fn ports(listening: &[Listener]) -> String {
    let port = |found: &Listener| {
        if found.is_loopback() {
            format!("{} (on {} only)", found.port, found.ip)
        } else {
            found.port.to_string()
        }
    };
    let mut ports: Vec<String> = listening.iter().map(port).collect();
    ports.dedup();
    ports.join(", ")
}

fn never_listened(evidence: &Evidence<'_>, port: u16) -> Cause {
    let service = evidence.service;
    let exposed: Vec<String> =
        evidence.exposed_ports.iter().filter(|&&p| p != port).map(u16::to_string).collect();
    let hint = if exposed.is_empty() {
        "its last lines say how far it came; give it a longer `health: { gate }` if it needs it"
            .to_owned()
    } else {
        format!("its image says it serves {}", exposed.join(", "))
    };
    let what = match evidence.target {
        Target::Tcp { .. } | Target::Get { .. } => format!("port {port}"),
        Target::Exec { .. } | Target::Running => "any port".to_owned(),
    };
    Cause::new("NEVER_LISTENED", format!("{service} runs and never listened on {what}; {hint}"))
}
