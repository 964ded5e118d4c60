//! What the router captured: declared features and predictions of some requests of one release, as a message of the
//! stream of samples. Version 1; like payloads of events, a field is never renamed, retyped or removed.

use crate::{AppName, EnvironmentName, ReleaseId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The version that is written.
pub const VERSION: u64 = 1;

/// Captured requests of one release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SamplesV1 {
    /// 1.
    pub v: u64,
    /// The app.
    pub app: AppName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The release that answered.
    pub release: ReleaseId,
    /// Its number.
    pub number: i64,
    /// What its model is known by.
    pub model: String,
    /// The names of features, and of the prediction, in the order of values.
    pub columns: Vec<String>,
    /// The requests.
    pub rows: Vec<SampleV1>,
}

/// One captured request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampleV1 {
    /// When it was answered.
    pub at: DateTime<Utc>,
    /// A value for each column; nothing where the JSON has none.
    pub values: Vec<Option<ScalarV1>>,
    /// By what the truth of the prediction is told later; nothing where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What may stand in a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ScalarV1 {
    /// A truth.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// Why a message of the stream of samples cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableSamples {
    /// Not the shape of this version.
    #[error("the samples are not readable")]
    Shape(#[from] serde_json::Error),
    /// A version this program does not know.
    #[error("the samples have version {0}, this program reads 1")]
    Version(u64),
}

/// Reads a message.
pub fn read(message: &[u8]) -> Result<SamplesV1, UnreadableSamples> {
    #[derive(Deserialize)]
    struct Versioned {
        v: u64,
    }
    let Versioned { v } = serde_json::from_slice(message)?;
    if v == VERSION {
        Ok(serde_json::from_slice(message)?)
    } else {
        Err(UnreadableSamples::Version(v))
    }
}
