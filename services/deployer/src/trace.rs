//! The trace of a release, completed when it ends: one span for the release and one for each state, made
//! from the recorded times, so that a restart in between loses nothing and a second export changes nothing.

use crate::db::release::Release;
use crate::steps::Step;
use service::telemetry::synthetic::{Recorded, Trace};

/// The trace that `release` belongs to: that of the webhook, or its own.
pub(crate) fn of(release: &Release) -> Trace {
    Trace::of(release.id).continuing(release.traceparent.as_deref())
}

/// Sends the spans of `release`; does nothing when traces are off.
pub(crate) async fn export(release: &Release, steps: Vec<Step>) -> anyhow::Result<()> {
    let end = steps.last().map_or(release.created_at, |step| step.started_at);
    let failure = release.state.failure().map(|failure| failure.reason.clone());
    let mut trace = of(release).root(Recorded {
        key: String::new(),
        name: format!("RUN {}/{}", release.app, release.environment),
        start: release.created_at,
        end,
        attributes: attributes(release),
        error: failure,
    });
    for (index, step) in steps.into_iter().enumerate() {
        trace = trace.step(recorded(release, index, &step));
    }
    Ok(trace.export().await?)
}

fn recorded(release: &Release, index: usize, step: &Step) -> Recorded {
    let end = step.ended_at.unwrap_or(step.started_at);
    Recorded {
        key: format!("{}.{index}", step.name),
        name: step.name.to_owned(),
        start: step.started_at,
        end,
        attributes: attributes(release),
        error: None,
    }
}

fn attributes(release: &Release) -> Vec<(&'static str, String)> {
    let mut attributes = vec![
        ("release.id", release.id.to_string()),
        ("cicd.pipeline.name", format!("{}/{}", release.app, release.environment)),
        ("cicd.pipeline.run.id", release.id.to_string()),
        ("cicd.pipeline.action.name", "RUN".to_owned()),
        ("deployment.environment.name", release.environment.to_string()),
        ("slipway.release.number", release.number.to_string()),
        ("slipway.release.state", release.state.name().to_owned()),
    ];
    if let Some(commit) = &release.origin.commit {
        attributes.push(("vcs.ref.head.revision", commit.to_string()));
    }
    attributes
}
