//! Schema `gateway`, one file per table, and the one statement that makes a delivery durable.

pub(crate) mod app;
pub(crate) mod arrival;
pub(crate) mod branch_head;
pub(crate) mod change;
pub(crate) mod delivery;
pub(crate) mod issue;
pub(crate) mod notification;
pub(crate) mod report;
pub(crate) mod sink;
pub(crate) mod source;
pub(crate) mod token;

use std::str::FromStr;

/// A value of a row as its type; a row that does not parse is damaged.
pub(crate) fn parsed<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    text: &str,
) -> Result<T, sqlx::Error> {
    text.parse().map_err(|error: T::Err| sqlx::Error::Decode(Box::new(error)))
}
