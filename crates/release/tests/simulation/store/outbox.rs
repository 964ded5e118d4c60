//! What was decided and has to be said, and what was handled already.

use super::Store;
use events::ReleaseId;

/// What an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// A release changed.
    Release(ReleaseId),
    /// Images of a change are there: `(environment, change)`.
    Build(usize, u64),
}

impl Said {
    /// Who reacts to it.
    pub(crate) fn consumer(self) -> &'static str {
        match self {
            Self::Release(_) => "gateway",
            Self::Build(..) => "deployer",
        }
    }
}

/// An event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) id: u64,
    pub(crate) said: Said,
    pub(crate) published_at: Option<u64>,
    /// How often a consumer acted on it.
    pub(crate) handled: u64,
}

impl Store {
    pub(crate) fn announce(&mut self, said: Said) {
        let id = self.outbox.len() as u64;
        self.outbox.push(Event { id, said, published_at: None, handled: 0 });
    }

    pub(crate) fn event(&mut self, id: u64) -> &mut Event {
        let index = usize::try_from(id).expect("an event that was enqueued");
        &mut self.outbox[index]
    }

    /// The oldest events that wait, at most `limit`.
    pub(crate) fn unpublished(&self, limit: usize) -> Vec<Event> {
        let waiting = self.outbox.iter().filter(|event| event.published_at.is_none());
        waiting.take(limit).copied().collect()
    }

    pub(crate) fn mark_published(&mut self, published: &[u64]) {
        let now = self.now;
        for id in published {
            self.event(*id).published_at = Some(now);
        }
    }

    /// What was published longer than `age` ago and was not handled waits again.
    pub(crate) fn revive(&mut self, age: u64) -> u64 {
        let mut revived = 0;
        for event in &mut self.outbox {
            let is_old = event.published_at.is_some_and(|at| at + age < self.now);
            if is_old && !self.inbox.contains(&(event.said.consumer(), event.id)) {
                event.published_at = None;
                revived += 1;
            }
        }
        revived
    }

    /// Records that `consumer` handles an event; false when it did before.
    pub(crate) fn first_time(&mut self, consumer: &'static str, event: u64) -> bool {
        self.inbox.insert((consumer, event))
    }
}
