//! Gathers what is known of an instance that failed, and has it classified. To be called before its container
//! is removed.

use crate::classify::{Evidence, Outcome, classify, of_engine};
use crate::docker::{Engine, EngineError, ImageFacts, LogLine, Mask};
use crate::probe::{GateCause, GateFailure, Target};
use events::ServiceName;
use release::{Failure, MOST_LOG_LINES};
use std::time::Duration;

/// The failure of an instance that did not pass its gate.
pub async fn gate(engine: &Engine, failed: &GateFailure, mask: &Mask) -> Failure {
    let service = failed.instance.service.as_str();
    let log_lines = log_lines(engine, &failed.instance.container_id, mask).await;
    let outcome = match &failed.cause {
        GateCause::Engine(error) => {
            return Failure { log_lines, ..of_engine(service, error) };
        }
        GateCause::Ended | GateCause::Gone => Outcome::Ended,
        GateCause::Unready => Outcome::Unready,
        GateCause::Expired(over) => Outcome::Expired(*over),
    };
    let image = match &failed.facts {
        Some(facts) => engine.image(&facts.image_id).await.ok().flatten(),
        None => None,
    };
    let probe_lines: Vec<String> =
        failed.transcript.lines().iter().map(|line| mask.hide(line)).collect();
    classify(&Evidence {
        service,
        outcome,
        target: &failed.instance.probe.target,
        answer: failed.answer.as_ref(),
        after: failed.after,
        facts: failed.facts.as_ref(),
        listening: failed.listening.as_deref(),
        exposed_ports: &image.unwrap_or_else(ImageFacts::default).exposed_ports,
        log_lines: &log_lines,
        probe_lines: &probe_lines,
    })
}

/// The failure of a container that the engine could not make or start.
pub async fn start(
    engine: &Engine,
    service: &ServiceName,
    container: Option<&str>,
    error: &EngineError,
    mask: &Mask,
) -> Failure {
    let log_lines = match container {
        Some(container) => log_lines(engine, container, mask).await,
        None => Vec::new(),
    };
    Failure { log_lines, ..of_engine(service.as_str(), error) }
}

/// The failure of an instance that had passed its gate and ended: `None` while it runs as it did.
pub async fn ended(
    engine: &Engine,
    service: &ServiceName,
    container: &str,
    mask: &Mask,
) -> Option<Failure> {
    let facts = engine.find(container).await.ok()?;
    if facts.as_ref().is_some_and(|facts| facts.running && !facts.oom_killed) {
        return None;
    }
    let log_lines = log_lines(engine, container, mask).await;
    Some(classify(&Evidence {
        service: service.as_str(),
        outcome: Outcome::Ended,
        target: &Target::Running,
        answer: None,
        after: Duration::ZERO,
        facts: facts.as_ref(),
        listening: None,
        exposed_ports: &[],
        log_lines: &log_lines,
        probe_lines: &[],
    }))
}

/// The last lines of a container, secrets hidden.
pub async fn log_lines(engine: &Engine, container: &str, mask: &Mask) -> Vec<String> {
    let most = u32::try_from(MOST_LOG_LINES).unwrap_or(u32::MAX);
    let hide = |line: &LogLine| mask.hide(&line.line);
    engine.tail(container, most).await.iter().map(hide).collect()
}
