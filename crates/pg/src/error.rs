//! What an error of the database means to the caller.

use sqlx::error::ErrorKind;

/// The database is away, starting, stopping or full: the same call may succeed later.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other error is ours, also one to come")]
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        // Class 08: connection; 53: resources; 57P: shutdown and start.
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            code.starts_with("08") || code.starts_with("53") || code.starts_with("57P")
        }),
        _ => false,
    }
}

/// The transaction lost against another one and may be tried again: serialisation, deadlock, lock timeout.
pub fn is_conflict(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(database) = error else { return false };
    matches!(database.code().as_deref(), Some("40001" | "40P01" | "55P03"))
}

/// The data themselves were refused, as a text with a NUL in it: the same call can never succeed.
pub fn is_bad_data(error: &sqlx::Error) -> bool {
    // Class 22: data exception.
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("22"))
}

/// What stands in a row is not what this program expects there, as when another version wrote it.
pub fn is_unreadable(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. })
}

/// The name of the constraint that refused a row.
pub fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|database| database.constraint())
}

/// A row with this key is there already.
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| matches!(e.kind(), ErrorKind::UniqueViolation))
}

/// A write touched another number of rows than it must.
#[derive(Debug, thiserror::Error)]
#[error("{what}: wrote {actual} rows instead of {wanted}")]
pub struct WrongRowCount {
    /// What was written.
    pub what: &'static str,
    /// How many rows that must touch.
    pub wanted: u64,
    /// How many it touched.
    pub actual: u64,
}

/// Succeeds when a write touched exactly one row.
pub fn one_row(what: &'static str, actual: u64) -> Result<(), sqlx::Error> {
    if actual == 1 {
        return Ok(());
    }
    Err(sqlx::Error::Protocol(WrongRowCount { what, wanted: 1, actual }.to_string()))
}
