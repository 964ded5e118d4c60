//! Commands that run once, and stages that must build.

use crate::commit::Commit;
use crate::grammar::{choice, mapping};
use crate::slot::next_slot;
use crate::value::{Schedule, Span, StageName, Text, Timezone, VariableName};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use events::{JobName, ServiceName};
use std::collections::BTreeMap;

mapping! {
    /// A command that runs once, in a container of its own made of the service's image, with the
    /// service's environment, secrets and volumes.
    pub struct Job {
        /// The service whose image and configuration it uses.
        service: ServiceName;
        /// What is executed. Always a list: there is no shell.
        command: Vec<Text>;
        /// When it runs.
        at: JobAt;
        /// When it runs, for `at: schedule`.
        schedule: Option<Schedule>;
        /// By whose clocks that is; without one, UTC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timezone: Option<Timezone>;
        /// What becomes of a time at which the job still runs; without it, `skip`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overlap: Option<Overlap>;
        /// What becomes of times that passed while the platform was down; without it, `once`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        missed: Option<Missed>;
        /// How long one run may take.
        timeout: Span = "30m", "DigitalOcean App Platform's limit";
        /// Environment variables besides those of the service.
        env: BTreeMap<VariableName, Text>;
        /// What is executed when a `first_release` job failed, to leave nothing half done.
        undo: Option<Vec<Text>>;
        /// Whether what it does cannot be undone: once it has run, only a person sends users back to what was before.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        irreversible: bool = "false", "what a migration adds, the release before can mostly live with";
        /// Whether a job `at: verify` runs once more when all users are on the release.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool = "false", "what was tested need not be tested twice";
        /// What of its result is committed to the tracked branch.
        commit: Option<Commit>;
    }
}

choice! {
    /// When a job runs.
    pub enum JobAt {
        /// Once for each release, before any of its instances starts: migrations.
        BeforeRelease = "before_release",
        /// Once for each environment, before its first release starts: set-up.
        FirstRelease = "first_release",
        /// Once for each release, against its candidate before any user is sent there: integration tests.
        Verify = "verify",
        /// Once for each release, after it went live; its failure is reported and changes nothing.
        AfterRelease = "after_release",
        /// Once for each release that fails before users see it.
        OnFailure = "on_failure",
        /// Once for each release that users saw and that was taken back.
        OnRollback = "on_rollback",
        /// When somebody asks for it, or drift does.
        Manual = "manual",
        /// By the clock.
        Schedule = "schedule",
    }
}

choice! {
    /// What becomes of a time of a schedule at which the job still runs.
    pub enum Overlap {
        /// Nothing runs for it.
        Skip = "skip",
        /// It runs when the other has ended; one waits at most.
        Queue = "queue",
    }
}

choice! {
    /// What becomes of times of a schedule that passed while nobody looked.
    pub enum Missed {
        /// All of them are made up by one run.
        Once = "once",
        /// Nothing runs for them.
        Skip = "skip",
    }
}

impl Job {
    /// When its schedule is due for the first time after `after`; nothing without one, or when it never is.
    pub fn due_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // What is no zone is refused where the manifest is read.
        let zone = self.timezone.as_ref().and_then(Timezone::zone).unwrap_or(Tz::UTC);
        next_slot(self.schedule.as_ref()?, zone, after)
    }
}

mapping! {
    /// A build stage that must succeed before anything is released: tests, linters.
    pub struct Check {
        /// What it is called in reports.
        name: JobName;
        /// The stage of the Dockerfile.
        target: StageName;
        /// The service whose Dockerfile it is; needed when several are built.
        service: Option<ServiceName>;
        /// The longest it may take.
        timeout: Span = "60m", "as a build";
    }
}
