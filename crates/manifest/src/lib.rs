//! What a team writes: `slipway.yaml`, parsed, validated, resolved and planned.
//!
//! Pure: text in, values out. A [`Manifest`] that exists is valid; a [`Resolved`] one has every default
//! filled in and is what a release is made of.

mod canary_step;
mod commit;
mod docs;
mod drift;
mod environment;
mod freeze;
mod grammar;
mod health;
mod insider;
mod job;
mod json;
mod manifest;
mod nearest;
mod notify;
mod plan;
mod prediction;
mod problem;
mod read;
mod reading;
mod request;
mod resolve;
mod resolved;
mod routes;
mod rules;
mod service;
mod shadow;
mod slot;
mod sticky;
mod strategy;
mod survey;
mod synthetic;
mod truth;
mod value;
pub mod yaml;

pub use canary_step::CanaryStep;
pub use commit::{Bound, Commit, Metrics};
pub use drift::{
    Budget, Capture, DataDrift, DataDriftOverride, Drift, DriftOverride, Ignore, Retrain,
    RetrainMode, RetrainOn, RuntimeDrift,
};
pub use environment::{
    Approval, DriftMode, Environment, Freeze, Limits, OneOrMany, Override, PromoteFrom,
    PromoteMode, Required, ResourcesOverride, Track, WaitForCi, Window,
};
pub use freeze::{Closed, closed};
pub use health::{Health, Probe, ProbeTarget};
pub use insider::{Insider, Mark};
pub use job::{Check, Job, JobAt, Missed, Overlap};
pub use json::Json;
pub use manifest::Manifest;
pub use nearest::suggestion;
pub use notify::{Notice, Notify, Receiver};
pub use plan::{Action, DiskPlan, GatePlan, JudgePlan, MemoryPlan, Plan, ServicePlan, homes, plan};
pub use prediction::{Consequence, Predictions};
pub use problem::{Invalid, Problem};
pub use reading::{
    Better, HttpReading, InstancesReading, PrometheusReading, Reading, ReadingName, ReadingSource,
};
pub use request::{
    Call, Expectation, JsonType, Performance, Quantile, VerifyRequest, Warmup, WarmupRequest,
};
pub use resolve::{ResolveError, resolve};
pub use resolved::{
    Resolved, ResolvedHealth, ResolvedHttp, ResolvedProbe, ResolvedSecret, ResolvedService,
    ResolvedTarget, Route, SecretPlace,
};
pub use routes::RouteError;
pub use service::{
    Build, Cache, Delivery, Dependency, DependencyTarget, Http, Protocol, Replace, Resources,
    Secret, Service, Source, Stop, Volume, VolumeClass,
};
pub use shadow::{Method, Shadow, ShadowLimits};
pub use sticky::Sticky;
pub use strategy::{Analysis, Bake, Canary, Strategy, WorseBy};
pub use synthetic::{Synthetic, SyntheticRequest};
pub use truth::{Truth, TruthKind};
pub use value::{
    AbsolutePath, Address, Bytes, Cpus, Email, FeatureName, FieldName, Glob, HostName,
    ImageReference, InvalidValue, JsonPointer, Named, Network, PathPrefix, Percent, Port,
    QueryTemplate, RelativePath, RequestPath, Schedule, Span, StageName, Text, Timezone, Url,
    UrlTemplate, User, VariableName, VoterName, by_version, is_older,
};

use read::Read;

/// The manifest in `text`, or everything that is wrong with it.
pub fn parse(text: &str) -> Result<Manifest, Invalid> {
    let root = yaml::parse(text)?;
    let mut reading = read::Reading::default();
    survey::duplicates(&root, &mut reading);
    let manifest = Manifest::read(&root, &mut reading);
    rules::check(&manifest, &root, &mut reading);
    reading.problems.sort_by_key(|problem| (problem.line, problem.column));
    reading.problems.truncate(read::MAX_PROBLEMS);
    if reading.problems.is_empty() {
        Ok(manifest)
    } else {
        Err(Invalid { problems: reading.problems })
    }
}

/// The reference of the manifest, `docs/manifest.md`: every key with its type, default and why.
pub fn reference() -> String {
    let mut docs = docs::Docs::default();
    Manifest::describe(&mut docs);
    format!("{}{}", include_str!("reference.md"), docs.markdown())
}
