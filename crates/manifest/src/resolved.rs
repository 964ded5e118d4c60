//! A manifest for one environment with nothing left open: what a release is made of and stored with.
//!
//! Stored as JSON with durations in milliseconds, sizes in bytes, processors in thousandths and shares in
//! basis points. Maps are sorted, so that equal values have equal text.

use crate::drift::Drift;
use crate::environment::{Approval, Freeze, Limits, PromoteFrom, WaitForCi};
use crate::health::decided;
use crate::job::{Job, JobAt};
use crate::request::{VerifyRequest, Warmup};
use crate::service::{Cache, Dependency, Protocol, Replace, Resources, Source, Stop, Volume};
use crate::strategy::{Bake, Strategy};
use crate::value::{
    AbsolutePath, HostName, PathPrefix, Port, RequestPath, Span, Text, User, VariableName,
};
use events::{AppName, EnvironmentName, JobName, SecretName, ServiceName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything a release of one app to one environment is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// The app.
    pub app: AppName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The hosts it answers to; never empty.
    pub hosts: Vec<HostName>,
    /// What the router sends where, the longest prefixes first.
    pub routes: Vec<Route>,
    /// How the release takes over.
    pub strategy: Strategy,
    /// How long the old one stays ready, and what sends it back.
    pub bake: Bake,
    /// The services.
    pub services: BTreeMap<ServiceName, ResolvedService>,
    /// The jobs.
    pub jobs: BTreeMap<JobName, Job>,
    /// What a candidate must answer.
    pub verify: Vec<VerifyRequest>,
    /// What must be green at the forge, if anything. Releases of before said nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for_ci: Option<WaitForCi>,
    /// Who must agree, if anybody.
    pub approval: Option<Approval>,
    /// Where it comes from, if it is promoted.
    pub promote_from: Option<PromoteFrom>,
    /// When it waits.
    pub freeze: Vec<Freeze>,
    /// What the router allows a request.
    pub limits: Limits,
    /// How many earlier releases stay ready to go back to.
    pub keep: u32,
    /// What is compared with it once it is live.
    pub drift: Drift,
}

/// Requests whose path starts with `path_prefix` go to `service`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The prefix, by whole parts of the path.
    pub path_prefix: PathPrefix,
    /// Who answers.
    pub service: ServiceName,
    /// Whether the prefix is cut off first.
    pub strip_prefix: bool,
}

/// How the instances of one service run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedService {
    /// Where its image comes from. What counts of it is in the digest: leave it out of a config hash.
    pub source: Source,
    /// Arguments, if not the image's own.
    pub command: Option<Vec<Text>>,
    /// What is executed, if not the image's own.
    pub entrypoint: Option<Vec<Text>>,
    /// What it serves, if anything.
    pub http: Option<ResolvedHttp>,
    /// How many instances.
    pub replicas: u32,
    /// Environment variables.
    pub env: BTreeMap<VariableName, Text>,
    /// Secrets.
    pub secrets: Vec<ResolvedSecret>,
    /// How it is asked whether it is well.
    pub health: ResolvedHealth,
    /// How it is asked whether its caches are warm, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// What it does before it is verified.
    pub warmup: Warmup,
    /// Its volumes.
    pub volumes: Vec<Volume>,
    /// What an instance may use.
    pub resources: Resources,
    /// How an instance is stopped.
    pub stop: Stop,
    /// What must answer first.
    pub depends_on: Vec<Dependency>,
    /// Whom it runs as, if not the image's own user.
    pub user: Option<User>,
    /// Whether its file system is read-only.
    pub read_only: bool,
    /// Whether an init process reaps.
    pub init: bool,
    /// Whether new instances start beside the old ones.
    pub replace: Replace,
}

/// What a service serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedHttp {
    /// Its port in the container.
    pub port: Port,
    /// What it speaks.
    pub protocol: Protocol,
}

/// A secret and where the instance finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedSecret {
    /// Its name.
    pub name: SecretName,
    /// Where it goes.
    pub place: SecretPlace,
}

/// Where an instance finds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretPlace {
    /// In the environment variable of its name.
    Env,
    /// In this file.
    File(AbsolutePath),
}

/// How an instance is asked whether it is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedHealth {
    /// Failing, it is restarted.
    pub live: Option<ResolvedProbe>,
    /// Failing, it gets no requests. `None`: it is ready once it ran for `steady`.
    pub ready: Option<ResolvedProbe>,
    /// How long failures of a new instance do not count.
    pub start_period: Span,
    /// How long a candidate may take to be ready.
    pub gate: Span,
    /// How long a candidate without a probe must run to be ready.
    pub steady: Span,
}

impl Resolved {
    /// What services depend on that is not a service of the app: it is asked, and waited for.
    pub fn outside_dependencies(&self) -> impl Iterator<Item = &Dependency> {
        let all = self.services.values().flat_map(|service| &service.depends_on);
        all.filter(|dependency| self.sibling(dependency).is_none())
    }

    /// The jobs of every release that cannot be undone.
    pub fn irreversible_jobs(&self) -> impl Iterator<Item = &JobName> {
        self.jobs.iter().filter(|(_, job)| job.irreversible).map(|(name, _)| name)
    }

    /// The jobs that try the candidate.
    pub fn verifying_jobs(&self) -> impl Iterator<Item = (&JobName, &Job)> {
        self.jobs.iter().filter(|(_, job)| job.at == JobAt::Verify)
    }

    /// The service of the app that `dependency` is, if it is one.
    pub fn sibling(&self, dependency: &Dependency) -> Option<ServiceName> {
        dependency.target.service().filter(|name| self.services.contains_key(name))
    }
}

impl ResolvedHealth {
    /// The longest it can take until it is decided whether an instance that just started is ready.
    pub fn worst_case(&self) -> Span {
        let Some(probe) = &self.ready else { return self.start_period.plus(self.steady) };
        let start = self.start_period.max(probe.initial_delay);
        let answers = probe.successes.max(probe.failures);
        decided(start, probe.period.plus(probe.timeout), answers)
    }
}

/// One question asked again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedProbe {
    /// What is asked.
    pub target: ResolvedTarget,
    /// How long nothing is asked after the start.
    pub initial_delay: Span,
    /// From one question to the next.
    pub period: Span,
    /// How long an answer may take.
    pub timeout: Span,
    /// Good answers in a row that make it well.
    pub successes: u32,
    /// Bad answers in a row that make it ill.
    pub failures: u32,
}

/// What a probe asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResolvedTarget {
    /// GET, to be answered with 2xx.
    Get {
        /// On this port.
        port: Port,
        /// This path.
        path: RequestPath,
    },
    /// A port that must accept a connection.
    Tcp {
        /// The port.
        port: Port,
    },
    /// A command in the container that must end with status 0.
    Exec {
        /// The command.
        command: Vec<Text>,
    },
}
