//! One file for each event this service reacts to.

pub mod source_pushed;
