//! What is filed at GitHub of drift: one issue for each environment and kind of drift, open as long as there is any. A
//! row says what is so now; events only move it forward. The worker of the reports tells it. What is being healed is filed
//! when that failed, or takes long.

mod quality;
mod say;
mod tell;
mod text;

pub(crate) use say::keep;
pub(crate) use tell::tell;
pub(crate) use text::Text;

use events::payload::DriftKind;
use events::{AppName, EnvironmentName};

/// An issue that is due, claimed by who has it.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub app: AppName,
    pub repository: String,
    pub environment: EnvironmentName,
    pub kind: DriftKind,
    pub is_open: bool,
    /// It is filed where none is open; else what a person closed stays closed.
    pub may_file: bool,
    pub text: Text,
    pub version: i64,
    /// With this one.
    pub attempts: i32,
}

/// The kind called `text`.
pub(crate) fn kind_of(text: &str) -> Option<DriftKind> {
    DriftKind::ALL.into_iter().find(|kind| kind.as_str() == text)
}
