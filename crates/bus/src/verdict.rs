//! What a handler says of the message it was given. The consumer alone acknowledges.

/// The fate of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It is handled, or was handled before.
    Done,
    /// It cannot be handled now; it comes again. Says why.
    Retry(String),
    /// It can never be handled; it is put aside for people. Says why.
    Park(String),
}

impl Verdict {
    /// Retry because of `error`, with everything that caused it; or put aside, when the database refused
    /// the data themselves and will do so for ever.
    pub fn retry(error: &(dyn std::error::Error + 'static)) -> Self {
        if caused_by_data(error) { Self::park(error) } else { Self::Retry(service::chain(error)) }
    }

    /// Put aside because of `error`, with everything that caused it.
    pub fn park(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Park(service::chain(error))
    }
}

fn caused_by_data(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.filter_map(|error| error.downcast_ref::<sqlx::Error>()).any(pg::error::is_bad_data)
}

impl From<events::payload::Unreadable> for Verdict {
    fn from(error: events::payload::Unreadable) -> Self {
        Self::park(&error)
    }
}

impl From<sqlx::Error> for Verdict {
    fn from(error: sqlx::Error) -> Self {
        Self::retry(&error)
    }
}
