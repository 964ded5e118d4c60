//! Requests of our own while one share is held: whether they are wanted, and how many they are.

use super::enough::{Standing, is_wanted};
use super::sender::Sender;
use crate::db::synthetic::Sent;
use stats::{Judgement, Metric};
use std::time::Duration;
use tokio::time::Instant;

/// See the module.
#[derive(Debug)]
pub(crate) struct Own {
    sender: Sender,
    /// As of the last look.
    sent: Sent,
    began: Instant,
    /// Requests of users that the candidate had before.
    users_before: u64,
}

impl Own {
    /// Begins with what is known by now.
    pub(crate) fn new(sender: Sender, judgement: &Judgement) -> Self {
        let sent = sender.sent();
        let users_before = users(judgement, sent);
        Self { sender, sent, began: Instant::now(), users_before }
    }

    /// One look; the share is held for `left` yet.
    pub(crate) fn look(&mut self, judgement: &Judgement, left: Duration) {
        self.sent = self.sender.sent();
        let users = users(judgement, self.sent).saturating_sub(self.users_before);
        let standing = Standing { held: self.began.elapsed(), left, users };
        self.sender.want(is_wanted(judgement, standing));
    }

    /// How many were sent by the last look.
    pub(crate) fn sent(&self) -> Sent {
        self.sent
    }
}

/// Requests of users that the candidate had.
fn users(judgement: &Judgement, sent: Sent) -> u64 {
    let errors = judgement.findings.iter().find(|finding| finding.metric == Metric::Errors);
    let all = errors.map_or(0, |finding| finding.evidence.candidate.of);
    all.saturating_sub(u64::try_from(sent.candidate).unwrap_or_default())
}
