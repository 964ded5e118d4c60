//! How a release progresses: the pure state machine. [`step`] takes a release, its plan and one input and
//! says what it becomes; [`Plan::effect`] says what a state wants done. Nothing here does IO or knows the time.
//!
//! Invariants: every state but the last ones has a deadline; a state's effect may run twice; an input of
//! another version or for another state changes nothing; traffic moves only after `Starting` proved capacity.

mod advice;
mod deadline;
mod effect;
mod failure;
mod input;
mod plan;
mod replay;
mod state;
mod step;
mod traffic;

pub use advice::advice;
pub use effect::Effect;
pub use failure::{Failure, MOST_LOG_LINES};
pub use input::Input;
pub use plan::{Limits, Plan, Strategy};
pub use replay::{Entry, Unfaithful, replay};
pub use state::{Cleared, Ending, Shift, State, Undo};
pub use step::{Refused, Transition, step};
pub use traffic::{Mode, Share, Traffic};
