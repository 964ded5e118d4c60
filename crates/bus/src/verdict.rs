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
    /// Retry because of `error`, with everything that caused it.
    pub fn retry(error: &dyn std::error::Error) -> Self {
        Self::Retry(chain(error))
    }

    /// Put aside because of `error`, with everything that caused it.
    pub fn park(error: &dyn std::error::Error) -> Self {
        Self::Park(chain(error))
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
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
