//! Notifications: what happened becomes one row for each sink that the policy of the app names, in the
//! transaction that records the event; a worker sends rows, again and again on a schedule, until they arrive.

mod about;
mod email;
mod excerpt;
mod letter;
mod links;
mod message;
pub(crate) mod policy;
mod say;
mod schedule;
mod send;
mod sink;
mod slack;
mod smtp;
mod webhook;
mod worker;

pub use email::{InvalidMail, Mail};
#[cfg(test)]
pub(crate) use message::tests::{envelope, failed};
pub(crate) use message::{Message, sentence};
pub(crate) use say::say;
pub(crate) use schedule::pause;
pub(crate) use send::{Notification, receivers, send};
pub(crate) use sink::{Kind, Listed, Sink, listed};
pub(crate) use worker::run;
