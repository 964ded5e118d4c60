//! Asking instances whether they are well, from outside their containers.
//!
//! `state` counts answers and decides, purely; `http`, `tcp` and `exec` ask once; `call` asks what the manifest wants asked; `gate` asks candidates until
//! all are ready or one cannot be.

mod answer;
mod call;
mod exchange;
mod exec;
mod gate;
mod http;
mod probes;
mod question;
mod state;
mod tcp;
mod transcript;

pub use answer::Answer;
pub(crate) use call::{Question, Reply, call};
pub use gate::{GateCause, GateFailure, GateInstance, Over, Ready, after, wait_ready};
pub use probes::Probes;
pub use question::{Probe, Target, ask};
pub use state::{Phase, ProbeState, Thresholds};
pub use transcript::Transcript;
