//! The whole manifest.

use crate::drift::Drift;
use crate::environment::{Environment, PromoteFrom};
use crate::grammar::mapping;
use crate::job::{Check, Job};
use crate::notify::Notify;
use crate::request::VerifyRequest;
use crate::service::Service;
use events::{AppName, EnvironmentName, GitRef, JobName, ServiceName};
use std::collections::BTreeMap;

mapping! {
    /// The whole file. Keys at its top that start with `x-` are ignored, so that anchors can stand there.
    pub struct Manifest {
        /// The version of this grammar: 1.
        version: u32 = "1", "the only version there is";
        /// The name of the app.
        app: AppName;
        /// What runs: one container image each, and at least one.
        services: BTreeMap<ServiceName, Service>;
        /// Commands that run once in a container of a service.
        jobs: BTreeMap<JobName, Job>;
        /// Build stages that must succeed before anything is released.
        checks: Vec<Check>;
        /// Requests that a candidate must answer well before it takes traffic.
        verify: Vec<VerifyRequest>;
        /// Where the app runs, and what brings a release there: at least one.
        environments: BTreeMap<EnvironmentName, Environment>;
        /// What is compared with what was released, and what happens when it differs.
        drift: Drift = "{}", "its keys have defaults of their own";
        /// Who is told what.
        notify: Vec<Notify>;
    }
}

impl Manifest {
    /// The environments to which a push of `git_ref` goes, in the order of their names.
    pub fn environments_tracking(&self, git_ref: &GitRef) -> Vec<&EnvironmentName> {
        let tracking = self.environments.iter().filter(|(_, environment)| {
            environment.track.as_ref().is_some_and(|track| track.covers(git_ref))
        });
        tracking.map(|(name, _)| name).collect()
    }

    /// The environments that take what was live in `source`, and how.
    pub fn promoting_from<'m>(
        &'m self,
        source: &'m EnvironmentName,
    ) -> impl Iterator<Item = (&'m EnvironmentName, &'m PromoteFrom)> {
        let all = self.environments.iter();
        let promoting = all.filter_map(|(name, place)| Some((name, place.promote_from.as_ref()?)));
        promoting.filter(move |(_, from)| from.environment == *source)
    }

    /// Whether `path`, below the repository, is a file that a job makes and commits: a part of the model.
    pub fn is_of_the_model(&self, path: &str) -> bool {
        let mut commits = self.jobs.values().filter_map(|job| job.commit.as_ref());
        commits.any(|commit| commit.covers(path))
    }

    /// The service whose Dockerfile has the stage of `check`: the one it names, or the only one built.
    pub fn service_of(&self, check: &Check) -> Option<&ServiceName> {
        let mut built = self.services.iter().filter(|(name, service)| {
            service.source.build().is_some() && check.service.as_ref().is_none_or(|n| n == *name)
        });
        match (built.next(), built.next()) {
            (Some((name, _)), None) => Some(name),
            _ => None,
        }
    }
}
