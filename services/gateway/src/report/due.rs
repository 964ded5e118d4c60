//! A report that is due.

use super::Stage;
use chrono::{DateTime, Utc};
use events::{AppName, BuildId, CommitSha, EnvironmentName, ReleaseId};
use uuid::Uuid;

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    Build(BuildId),
    Release { id: ReleaseId, environment: EnvironmentName, number: i64 },
}

impl Subject {
    /// Its id.
    pub(crate) fn id(&self) -> Uuid {
        match self {
            Self::Build(build) => build.uuid(),
            Self::Release { id, .. } => id.uuid(),
        }
    }

    /// What says something of a commit: one word for each environment, and one for the build.
    pub(super) fn context(&self) -> String {
        match self {
            Self::Build(_) => "slipway/build".to_owned(),
            Self::Release { environment, .. } => format!("slipway/{environment}"),
        }
    }
}

/// What was told so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub deployment: Option<i64>,
    pub check_run: Option<i64>,
    /// What was said last of each.
    pub of_deployment: String,
    pub of_commit: String,
}

/// A report that is due, claimed by who has it.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub subject: Subject,
    pub app: AppName,
    pub repository: String,
    /// That of a release is known once the deployer was asked, which may have none.
    pub commit: Option<CommitSha>,
    pub is_known: bool,
    pub url: String,
    pub version: i64,
    pub stage: Stage,
    pub sentence: String,
    pub began_at: DateTime<Utc>,
    pub moved_at: DateTime<Utc>,
    pub told: Told,
    /// With this one.
    pub attempts: i32,
    /// A later release of the same commit speaks for it there.
    pub is_overtaken: bool,
}

impl Due {
    /// What there is to say, to compare with what was said.
    pub(super) fn key(&self) -> String {
        format!("{}: {}", self.stage.as_str(), self.sentence)
    }
}
