//! What GitHub is told of builds and releases. A row for each says what is so now; events only move it forward, so that
//! late and doubled ones change nothing. A worker tells what was not told yet, again and again until it is taken; it also
//! files the issues of drift.

mod due;
mod kept;
mod say;
mod stage;
mod tell;
mod words;
mod worker;

pub(crate) use due::{Due, Subject, Told};
pub(crate) use kept::keep;
pub(crate) use say::{build, release};
pub(crate) use stage::Stage;
pub(crate) use tell::NotTold;
pub(crate) use worker::run;

/// The receiver of what is told, in lists.
pub(crate) const KIND: &str = "github";
