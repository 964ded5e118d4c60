//! Drift of data: captured traffic is counted by the hour as its reference wants it, and compared with the reference by
//! the schedule of the manifest or when somebody asks.

pub(crate) mod accept;
mod began;
mod bins;
pub(crate) mod check;
mod count;
mod counts;
mod file;
mod graded;
mod judged;
mod keep;
mod news;
mod quality;
pub(crate) mod refer;
mod reservoir;
mod run;
pub(crate) mod standard;
#[cfg(test)]
mod tests;
mod tidy;
mod truth;
mod worse;

pub(crate) use bins::Bin;
pub(crate) use count::run as count;
pub(crate) use counts::{Columns, Counts, merge};
pub(crate) use graded::{Grade, Verdict as GradeVerdict};
pub(crate) use judged::{ColumnVerdict, Judged, Verdict};
pub(crate) use quality::{Figures, Quality};
pub(crate) use run::run;
pub(crate) use truth::tell;
pub(crate) use worse::{WEEK, grades_at};

use chrono::TimeDelta;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// What is compared when nobody says otherwise.
const WINDOW: TimeDelta = TimeDelta::days(1);

/// Where captured requests are kept, how long and how many.
#[derive(Debug, Clone)]
pub struct Samples {
    /// The folder.
    pub folder: PathBuf,
    /// How long a file stays.
    pub kept: Duration,
    /// How many bytes all files may have.
    pub bytes: u64,
}

/// The columns that a manifest declares.
pub(crate) fn declared(capture: &manifest::Capture) -> BTreeSet<String> {
    let names = capture.features.keys().map(ToString::to_string);
    names.chain(capture.prediction.iter().map(|_| "prediction".to_owned())).collect()
}
