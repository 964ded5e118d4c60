//! A stored log, played again: the same inputs must lead to the same states, today and in ten years.

use crate::{Input, Plan, Refused, State, step};
use serde::{Deserialize, Serialize};

/// One line of a release's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What happened.
    pub input: Input,
    /// What it became.
    pub state: State,
}

/// A log that the machine would not write.
#[derive(Debug, thiserror::Error)]
pub enum Unfaithful {
    /// The machine refuses an input that it took.
    #[error("entry {index} is refused")]
    Refused {
        /// Which entry, from 0.
        index: usize,
        /// Why.
        source: Refused,
    },
    /// The machine comes to another state.
    #[error("entry {index} leads to {got}, the log says {logged}")]
    Different {
        /// Which entry, from 0.
        index: usize,
        /// The state it leads to.
        got: &'static str,
        /// The state in the log.
        logged: &'static str,
    },
}

/// The state that `log` leads to.
pub fn replay(plan: &Plan, log: &[Entry]) -> Result<State, Unfaithful> {
    let mut state = State::queued();
    for (index, entry) in log.iter().enumerate() {
        let next = step(plan, &state, entry.input.clone())
            .map_err(|source| Unfaithful::Refused { index, source })?
            .next;
        if next != entry.state {
            let (got, logged) = (next.name(), entry.state.name());
            return Err(Unfaithful::Different { index, got, logged });
        }
        state = next;
    }
    Ok(state)
}
