//! Who gets which share of an environment's requests: the part of the route table that releases move.

use events::ReleaseId;
use serde::{Deserialize, Serialize};

/// What happens to requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They are answered.
    #[default]
    Serving,
    /// They get 503.
    Maintenance,
    /// They are held, up to a limit.
    Paused,
}

impl Mode {
    /// The name in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Maintenance => "maintenance",
            Self::Paused => "paused",
        }
    }
}

/// A release and its share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The release.
    pub release: ReleaseId,
    /// Percent of new requests; a candidate may have none and still be addressed by its token.
    pub percent: u32,
}

/// Who gets what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Traffic {
    /// The shares; the candidate last.
    pub shares: Vec<Share>,
    /// What an operator asked for.
    #[serde(default)]
    pub mode: Mode,
    /// A release that has to stop the stable one holds requests meanwhile.
    #[serde(default)]
    pub held: bool,
}

impl Traffic {
    /// The same with `candidate` at `percent` and `stable` at the rest; with none of them it stays in the table, so
    /// that the way back is there even when only the router runs.
    #[must_use]
    pub fn shifted(&self, stable: Option<ReleaseId>, candidate: ReleaseId, percent: u32) -> Self {
        let rest = stable.map(|release| Share { release, percent: 100 - percent });
        let shares = rest.into_iter().chain([Share { release: candidate, percent }]).collect();
        Self { shares, mode: self.mode, held: false }
    }

    /// The same with everything on `stable`, or on nobody.
    #[must_use]
    pub fn restored(&self, stable: Option<ReleaseId>) -> Self {
        let shares = stable.map(|release| Share { release, percent: 100 }).into_iter().collect();
        Self { shares, mode: self.mode, held: false }
    }

    /// The same with requests held.
    #[must_use]
    pub fn holding(&self) -> Self {
        Self { held: true, ..self.clone() }
    }

    /// The share of `release`, in percent.
    pub fn percent_of(&self, release: ReleaseId) -> u32 {
        self.shares.iter().find(|share| share.release == release).map_or(0, |share| share.percent)
    }

    /// What the router is told to do with requests.
    pub fn effective_mode(&self) -> Mode {
        if self.held && self.mode == Mode::Serving { Mode::Paused } else { self.mode }
    }
}
