//! What is news, to people and to the forge. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use events::Envelope;

/// What is older is history that nobody has to be told.
const LASTS: TimeDelta = TimeDelta::days(1);

/// Whether `envelope` tells of what happened long before `now`.
pub(crate) fn is_history(envelope: &Envelope, now: DateTime<Utc>) -> bool {
    now - envelope.at > LASTS
}
