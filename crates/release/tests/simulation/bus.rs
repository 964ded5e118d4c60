//! The bus: keeps a message until it is acknowledged, delivers it late, twice or out of order, and may lose all.

use crate::rng::Rng;

/// A message not acknowledged within this comes again.
const ACK_WAIT: u64 = 8_000;

#[derive(Debug, Clone, Copy)]
struct Message {
    event: u64,
    consumer: &'static str,
    due: u64,
}

/// What was published and not acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Bus {
    messages: Vec<Message>,
    /// Its store is another one than before.
    wiped: bool,
}

impl Bus {
    /// Takes an event for `consumer`: sometimes late, sometimes twice.
    pub(crate) fn publish(
        &mut self,
        event: u64,
        consumer: &'static str,
        now: u64,
        rng: &mut Rng,
        faulty: bool,
    ) {
        let twice = faulty && rng.chance(100);
        for _ in 0..=u64::from(twice) {
            let delay = if faulty && rng.chance(150) { rng.below(15_000) } else { rng.below(20) };
            self.messages.push(Message { event, consumer, due: now + delay });
        }
    }

    /// The next message for `consumer`; it comes again when it is not acknowledged.
    pub(crate) fn take(&mut self, consumer: &str, now: u64) -> Option<u64> {
        let due = |message: &&mut Message| message.consumer == consumer && message.due <= now;
        let message = self.messages.iter_mut().filter(due).min_by_key(|message| message.due)?;
        message.due = now + ACK_WAIT;
        Some(message.event)
    }

    pub(crate) fn ack(&mut self, consumer: &str, event: u64) {
        let found = self.messages.iter().position(|m| m.consumer == consumer && m.event == event);
        if let Some(index) = found {
            self.messages.swap_remove(index);
        }
    }

    pub(crate) fn wipe(&mut self) {
        self.messages.clear();
        self.wiped = true;
    }

    /// Its store is another one than at the last look.
    pub(crate) fn is_another(&mut self) -> bool {
        std::mem::take(&mut self.wiped)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}
