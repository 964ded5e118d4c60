//! Event payloads, version 1. A field is never renamed, retyped or removed: `tests/frozen` holds samples
//! that must parse for ever. A new field is optional; a new meaning is a new struct with `v: 2`.
//!
//! Payloads carry ids and what people read in a notification, never secrets or bodies.

use crate::began::BeganV1;
use crate::{
    AppName, BuildId, ChangeId, CommitSha, DeliveryId, Digest, EnvironmentName, EventType, GitRef,
    InstanceId, JobName, PrincipalName, ReleaseId, RunId, ServiceName,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// A payload knows the version it is written in.
pub trait Payload: Serialize + DeserializeOwned {
    /// The value of `v` on the wire.
    const VERSION: u32;
}

/// Why a payload could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Not the shape of this version.
    #[error("the payload of {event_type} is not readable")]
    Shape {
        /// The type the envelope names.
        event_type: EventType,
        /// What serde says.
        source: serde_json::Error,
    },
    /// A version this program does not know.
    #[error("the payload of {event_type} has version {version}, this program reads {known}")]
    Version {
        /// The type the envelope names.
        event_type: EventType,
        /// The version on the wire.
        version: u64,
        /// The version this program reads.
        known: u32,
    },
}

/// Reads the payload of an envelope.
pub fn read<P: Payload>(envelope: &crate::Envelope) -> Result<P, Unreadable> {
    let event_type = envelope.event_type;
    let version = envelope.data.get("v").and_then(serde_json::Value::as_u64).unwrap_or(0);
    if version != u64::from(P::VERSION) {
        return Err(Unreadable::Version { event_type, version, known: P::VERSION });
    }
    serde_json::from_value(envelope.data.clone())
        .map_err(|source| Unreadable::Shape { event_type, source })
}

/// The wire form of a payload: its fields and `v`.
pub fn write<P: Payload>(payload: &P) -> Result<serde_json::Value, serde_json::Error> {
    let mut value = serde_json::to_value(payload)?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("v".to_owned(), P::VERSION.into());
    }
    Ok(value)
}

/// What made a change appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeCause {
    /// A push webhook of a branch.
    Push,
    /// A push or create webhook of a tag.
    Tag,
    /// The branch head was found to be newer than the last change seen.
    Poll,
    /// A person asked (`slipway deploy --ref`).
    Manual,
    /// A retrained model was committed.
    Retrain,
}

/// `source.pushed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePushedV1 {
    /// The change this is.
    pub change: ChangeId,
    /// The app whose repository it is in.
    pub app: AppName,
    /// Branch or tag.
    pub git_ref: GitRef,
    /// The commit to build.
    pub commit: CommitSha,
    /// What made it appear.
    pub cause: ChangeCause,
    /// History was rewritten.
    pub forced: bool,
    /// First line of the commit message.
    pub title: Option<String>,
    /// Who pushed or asked.
    pub by: PrincipalName,
    /// The webhook that told us, if one did.
    pub delivery: Option<DeliveryId>,
    /// Only these environments; empty means every environment that tracks the ref.
    #[serde(default)]
    pub environments: Vec<EnvironmentName>,
}

/// An image of one service of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageV1 {
    /// Registry and repository, without tag: `127.0.0.1:5000/shop/api`.
    pub repository: String,
    /// What the registry says it is.
    pub digest: Digest,
}

/// `build.queued`, `build.started`, `build.succeeded`, `build.failed`, `build.cancelled`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildV1 {
    /// The build.
    pub build: BuildId,
    /// The change it builds.
    pub change: ChangeId,
    /// The app.
    pub app: AppName,
    /// Branch or tag.
    pub git_ref: GitRef,
    /// The commit.
    pub commit: CommitSha,
    /// The environments that track the ref, by the policy of the default branch.
    #[serde(default)]
    pub environments: Vec<EnvironmentName>,
    /// The image of each service; only in `build.succeeded`.
    #[serde(default)]
    pub images: BTreeMap<ServiceName, ImageV1>,
    /// A stable code in capitals; only in `build.failed` and `build.cancelled`.
    pub reason: Option<String>,
    /// The same for people.
    pub message: Option<String>,
}

/// `release.*`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseV1 {
    /// The release.
    pub release: ReleaseId,
    /// The app.
    pub app: AppName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The number of the release, counted per app and environment from 1.
    pub number: i64,
    /// The state it entered, in snake case.
    pub state: String,
    /// The version of the row when it was said; a reader drops what is older than it knows.
    pub version: i64,
    /// The release that was live when this one began.
    pub stable: Option<ReleaseId>,
    /// A stable code in capitals, for a state that was not wanted.
    pub reason: Option<String>,
    /// The same for people.
    pub message: Option<String>,
}

/// `instance.unhealthy`, `instance.crashed`, `instance.restarted`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceV1 {
    /// The instance.
    pub instance: InstanceId,
    /// Its release.
    pub release: ReleaseId,
    /// The app.
    pub app: AppName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The service.
    pub service: ServiceName,
    /// A stable code in capitals.
    pub reason: String,
    /// The same for people.
    pub message: String,
}

/// Which kind of drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftKind {
    /// Live differs from released.
    Runtime,
    /// Production data differ from the reference.
    Data,
    /// What a model predicts is wrong more often than before.
    Quality,
}

impl DriftKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Runtime, Self::Data, Self::Quality];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Data => "data",
            Self::Quality => "quality",
        }
    }
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingV1 {
    /// The service, if it is about one.
    pub service: Option<ServiceName>,
    /// The instance, if it is about one.
    pub instance: Option<InstanceId>,
    /// A stable code in capitals: `MISSING`, `REPLACED`, `IMAGE`, `ORPHANED`.
    pub reason: String,
    /// The same for people; values that could be secret are hashed.
    pub message: String,
}

/// Shares of rows in one bin, or with one value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BinV1 {
    /// Which, for people.
    pub bin: String,
    /// Of the reference.
    pub reference: f64,
    /// Of what was compared with it.
    pub current: f64,
}

/// A column of data that drifted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataColumnV1 {
    /// The column.
    pub column: String,
    /// Why it is said to have drifted.
    pub because: String,
    /// By which method its effect was measured; empty where none was.
    pub method: String,
    /// How far it is.
    pub effect: f64,
    /// From where on that matters.
    pub threshold: f64,
    /// Values of the reference.
    pub reference_count: i64,
    /// Values that were compared with it.
    pub current_count: i64,
    /// The bins that differ most, the one that does first.
    pub bins: Vec<BinV1>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<BeganV1>,
}

/// What was compared when data drifted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataDriftV1 {
    /// The number of the release whose requests were captured.
    pub number: i64,
    /// Its model.
    pub model: String,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
    /// Requests that were captured.
    pub rows: i64,
    /// Which version of the reference, and where it comes from.
    pub reference_version: i32,
    /// The same for people.
    pub reference: String,
    /// The columns that drifted.
    pub columns: Vec<DataColumnV1>,
}

/// One measure of how good a model is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FigureV1 {
    /// Which, in snake case: `accuracy`, `mean_absolute_error`.
    pub name: String,
    /// In the window.
    pub now: f64,
    /// Of what it is compared with.
    pub before: f64,
}

/// How good a model is that got worse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityV1 {
    /// The number of the release that answers with it.
    pub number: i64,
    /// The model.
    pub model: String,
    /// The model it is compared with, when it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// Which version of what was accepted of it, or of that model, when it is compared with that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<i32>,
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
    /// Predictions of that time of which it is known what was true.
    pub told: u64,
    /// The same of what it is compared with.
    pub told_before: u64,
    /// What was measured of both.
    pub figures: Vec<FigureV1>,
}

/// `drift.detected`, `drift.healed`, `drift.cleared`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftV1 {
    /// Runtime, data or quality.
    pub kind: DriftKind,
    /// The app.
    pub app: AppName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The release that should be running.
    pub release: ReleaseId,
    /// What differs; empty when healed or cleared.
    pub findings: Vec<FindingV1>,
    /// What was compared, of data that drifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataDriftV1>,
    /// How good the model is, when it got worse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<QualityV1>,
    /// All of it is being healed, and nothing failed yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub healing: bool,
    /// It was told before and is so still: what follows of it is decided again, and people are not told again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

/// `run.started`, `run.finished`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunV1 {
    /// The run.
    pub run: RunId,
    /// The app.
    pub app: AppName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The job.
    pub job: JobName,
    /// Why it runs, in snake case: `before_release`, `on_failure`, `manual`.
    pub kind: String,
    /// The release whose image and configuration it uses.
    pub release: ReleaseId,
    /// The number of that release.
    pub number: i64,
    /// Where it is, in snake case: `running`, `succeeded`, `failed`, `stopped`, `skipped`.
    pub state: String,
    /// Who asked.
    pub by: PrincipalName,
    /// How its process ended, once it has.
    pub exit_code: Option<i32>,
    /// A stable code in capitals, when it did not succeed.
    pub reason: Option<String>,
    /// The same for people.
    pub message: Option<String>,
}

/// `disk.filled`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskV1 {
    /// The app, which shares the disk with all others.
    pub app: AppName,
    /// How full it counts as, in snake case: `high`, `full`, `brimming`.
    pub level: String,
    /// Percent of it that are in use.
    pub used_percent: u64,
    /// A stable code in capitals.
    pub reason: String,
    /// The same for people.
    pub message: String,
}

macro_rules! version_one {
    ($($payload:ty),*) => { $(impl Payload for $payload { const VERSION: u32 = 1; })* };
}

version_one!(SourcePushedV1, BuildV1, ReleaseV1, InstanceV1, DriftV1, RunV1, DiskV1);
