//! What is compared, how much worse is allowed, and how often the verdict may be wrong.

use crate::evidence::Stance;
use crate::level::{Level, Share};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is compared and how sure the verdict has to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// By how much the share of failed requests may be higher, as a difference.
    pub errors: Option<Share>,
    /// Which share of answers may differ from those of the stable release to the same requests.
    #[serde(default)]
    pub differences: Option<Share>,
    /// By how much slower it may be, at each of these quantiles.
    #[serde(serialize_with = "as_before", deserialize_with = "several")]
    pub latency: Vec<LatencyPlan>,
    /// By how much its predictions may be others.
    #[serde(default)]
    pub predictions: Option<PredictionPlan>,
    /// Numbers from elsewhere.
    pub readings: Vec<ReadingPlan>,
    /// How often a release goes back, at whatever moment, that is not worse by more than is allowed.
    pub false_rollback: Level,
    /// How often a release passes that is.
    pub false_pass: Level,
}

/// The defaults of the manifest.
impl Default for Plan {
    fn default() -> Self {
        Self {
            errors: Some(Share::ONE_PERCENT),
            differences: None,
            latency: vec![LatencyPlan::default()],
            predictions: None,
            readings: Vec::new(),
            false_rollback: Level::FALSE_ROLLBACK,
            false_pass: Level::FALSE_PASS,
        }
    }
}

impl Plan {
    /// How many things are judged.
    pub(crate) fn metrics(&self) -> usize {
        usize::from(self.errors.is_some())
            + usize::from(self.differences.is_some())
            + self.latency.len()
            + self.predictions.as_ref().map_or(0, PredictionPlan::metrics)
            + self.readings.len()
    }

    /// The level at which one metric fails, so that all together keep the promise.
    pub(crate) fn fail_level(&self) -> Level {
        self.false_rollback.shared_by(self.metrics())
    }
}

/// By how much predictions may be others than those of the stable release.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PredictionPlan {
    /// The share that may be where the stable release has fewer, as a difference.
    pub moved: Option<Share>,
    /// The share that may be another one than the stable release's for the same request.
    pub disagree: Option<Share>,
    /// Numbers that are not further apart agree: a multiple of the standard deviation of the stable release's.
    pub apart: Floor,
    /// What follows when it is shown that there are more.
    pub stance: Stance,
}

impl PredictionPlan {
    fn metrics(&self) -> usize {
        usize::from(self.moved.is_some()) + usize::from(self.disagree.is_some())
    }
}

/// A quantile of latency, and by how much it may be higher.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LatencyPlan {
    /// Which quantile.
    pub quantile: Share,
    /// Relative to the stable release; 0.2 is a fifth.
    pub worse_by: Floor,
}

/// None or one is written as it was when there could not be more: a program of before that may take over reads it.
pub(crate) fn as_before<T: Serialize, S: Serializer>(
    all: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match all {
        [] => serializer.serialize_none(),
        [one] => one.serialize(serializer),
        several => several.serialize(serializer),
    }
}

/// What was stored when there was one quantile or none is read, too.
pub(crate) fn several<'de, D, T>(stored: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored<T> {
        Several(Vec<T>),
        One(Option<T>),
    }
    Ok(match Stored::deserialize(stored)? {
        Stored::Several(several) => several,
        Stored::One(one) => one.into_iter().collect(),
    })
}

/// The manifest's: p95, a fifth.
impl Default for LatencyPlan {
    fn default() -> Self {
        Self { quantile: Share::P95, worse_by: Floor::A_FIFTH }
    }
}

/// By how much something may be worse: finite, not negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Floor(f64);

impl Floor {
    /// Less is within the noise of a shared machine.
    pub const A_FIFTH: Self = Self(0.2);

    /// As a number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Floor {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        let sound = value.is_finite() && value >= 0.0;
        sound.then_some(Self(value)).ok_or_else(|| format!("{value} is no floor"))
    }
}

impl From<Floor> for f64 {
    fn from(floor: Floor) -> Self {
        floor.0
    }
}

/// A number that is read of both releases again and again, from a query or an address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadingPlan {
    /// What people call it.
    pub name: String,
    /// Which direction is good.
    pub better: Better,
    /// By how much it may be worse, relative to the stable release.
    pub worse_by: Floor,
    /// And by how much at any rate, in its own unit: of what is nothing most of the time, no share says anything.
    #[serde(default)]
    pub least: Floor,
}

/// Which direction is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// As of a queue.
    Lower,
    /// As of a hit rate.
    Higher,
}
