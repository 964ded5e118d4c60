//! Commands that run once, and stages that must build.

use crate::grammar::{choice, mapping};
use crate::value::{RelativePath, Schedule, Span, StageName, Text, VariableName};
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
        /// When it runs, in UTC, for `at: schedule`.
        schedule: Option<Schedule>;
        /// How long one run may take.
        timeout: Span = "30m", "DigitalOcean App Platform's limit";
        /// Environment variables besides those of the service.
        env: BTreeMap<VariableName, Text>;
        /// What is executed when a `first_release` job failed, to leave nothing half done.
        undo: Option<Vec<Text>>;
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
        /// Once for each release, after it went live; its failure is reported and changes nothing.
        AfterRelease = "after_release",
        /// When somebody asks for it, or drift does.
        Manual = "manual",
        /// By the clock.
        Schedule = "schedule",
    }
}

mapping! {
    /// What a job commits.
    pub struct Commit {
        /// The files, as patterns below the repository.
        paths: Vec<RelativePath>;
        /// The message; `[skip ci]` is added, which keeps CI quiet and is deployed all the same.
        message: Text = "\"chore: update generated files\"", "says what it is";
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
