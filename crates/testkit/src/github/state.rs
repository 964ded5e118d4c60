//! What this GitHub knows.

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// What befalls a request that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// None: it is done and answered.
    Nothing,
    /// It is done, and never answered.
    Silent,
    /// It is answered so, and nothing is done.
    Answer(u16),
    /// It is done, and the answer is a 502.
    AnswerLost,
    /// The limit of the hour is reached, for so many seconds.
    HourIsSpent(i64),
    /// It asks for so many seconds of silence.
    TooFast(u64),
}

/// What this GitHub knows.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) requests: Vec<String>,
    pub(super) faults: VecDeque<Fault>,
    /// How many were never answered.
    pub(super) unanswered: usize,
    pub(super) messages: HashMap<String, String>,
    /// Of installations, while they are valid.
    pub(super) tokens: Vec<String>,
    pub(super) tokens_made: usize,
    pub(super) deployments: Vec<Deployment>,
    pub(super) statuses: Vec<Value>,
    pub(super) check_runs: Vec<Value>,
    pub(super) issues: Vec<Value>,
    pub(super) releases: Vec<Value>,
    /// Of releases: name and content.
    pub(super) files: Vec<(String, Bytes)>,
}

/// A deployment with what was said of it.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// As GitHub shows it.
    pub shown: Value,
    /// What was said of it, as GitHub shows it, the first first.
    pub statuses: Vec<Value>,
}

impl Deployment {
    /// The states it was in, the first first.
    pub fn states(&self) -> Vec<String> {
        let state = |status: &Value| status["state"].as_str().unwrap_or_default().to_owned();
        self.statuses.iter().map(state).collect()
    }
}

/// What time it is here.
pub(super) fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

pub(super) fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
