//! Brings single instances back to what was released, between releases. The monitor asks; the row is the
//! truth; every step may run twice, and a release that begins to move ends a repair that has not swapped.

mod aside;
mod replace;
mod restart;
mod run;
mod scene;

pub(crate) use run::run;

use chrono::{DateTime, Utc};
use events::{AppName, EnvironmentName, InstanceId, ReleaseId, ServiceName};
use uuid::Uuid;

/// How an instance is repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A new container takes its place, proves itself, takes its requests; then the old one goes.
    Replace,
    /// Its container is stopped and started.
    Restart,
}

impl Kind {
    /// As rows have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Restart => "restart",
        }
    }
}

/// One attempt.
#[derive(Debug, Clone)]
pub(crate) struct Repair {
    pub(crate) id: Uuid,
    pub(crate) kind: Kind,
    pub(crate) app: AppName,
    pub(crate) environment: EnvironmentName,
    pub(crate) service: ServiceName,
    /// The release that lived when it began.
    pub(crate) release: ReleaseId,
    pub(crate) instance: InstanceId,
    /// The same as `instance` where the container stays.
    pub(crate) successor: InstanceId,
    /// Ids of the containers that were put aside.
    pub(crate) aside: Vec<String>,
    /// The successor has the requests.
    pub(crate) swapped: bool,
    pub(crate) asked_by: String,
    pub(crate) why: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// A stable code, when it did not succeed.
    pub(crate) reason: Option<String>,
    pub(crate) message: String,
}

impl Repair {
    /// Where it is.
    pub(crate) const fn place(&self) -> (&AppName, &EnvironmentName) {
        (&self.app, &self.environment)
    }
}
