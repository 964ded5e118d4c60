//! What `slipway doctor` looks at: this machine, and the platform if it runs. Each finding says what to do.

mod disk;
mod docker;
mod installed;
mod network;
mod platform;

use crate::session::Session;
use serde::Serialize;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Health {
    /// As it should be.
    Ok,
    /// It works, but not well, or not for ever.
    Warn,
    /// It does not work.
    Fail,
}

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// The thing.
    pub(crate) name: &'static str,
    /// How it is.
    pub(crate) health: Health,
    /// What was seen.
    pub(crate) seen: String,
    /// What to do; empty when there is nothing to do.
    pub(crate) advice: String,
}

impl Finding {
    fn ok(name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, health: Health::Ok, seen: seen.into(), advice: String::new() }
    }

    fn warn(name: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, health: Health::Warn, seen: seen.into(), advice: advice.into() }
    }

    fn fail(name: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, health: Health::Fail, seen: seen.into(), advice: advice.into() }
    }
}

/// Looks at everything.
pub(crate) async fn examine(session: &Session) -> Vec<Finding> {
    let layout = session.layout();
    let mut findings = vec![docker::engine().await];
    findings.extend(installed::programs());
    findings.push(disk::space(layout.root()));
    findings.push(disk::rights(layout.root()));
    findings.extend(network::ports(&layout));
    findings.extend(platform::running(session).await);
    findings
}
