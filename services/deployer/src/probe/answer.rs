//! What a probe got for an answer.

use crate::docker::Mask;
use std::fmt;
use std::time::Duration;

/// Longer texts of instances say nothing more.
const LONGEST: usize = 200;

/// The answer to one probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP response.
    Status {
        /// Its status.
        status: u16,
        /// Where it sends the client, if it does.
        location: Option<String>,
        /// The begin of its body.
        body: String,
    },
    /// A connection was accepted.
    Connected,
    /// A command ended.
    Exited {
        /// Its exit code.
        exit_code: i32,
        /// The last line it wrote.
        output: String,
    },
    /// Nothing listens at the port.
    Refused,
    /// Something answered, but not in time.
    TimedOut(Duration),
    /// Nothing answered in time, not even to connect.
    Unreachable(Duration),
    /// The connection was closed before an answer.
    Reset,
    /// Something answered that is not HTTP.
    NotHttp,
    /// The question could not be asked.
    Unasked(String),
}

impl Answer {
    /// The only way to an answer that is shown: what the instance said is masked, then cut. Without a mask nothing
    /// can be hidden, and so nothing of it is kept.
    #[must_use]
    pub(super) fn told(self, mask: Option<&Mask>) -> Self {
        let tell = |text: &str| mask.map(|mask| cut(mask.hide(text))).unwrap_or_default();
        match self {
            Self::Status { status, location, body } => {
                let location = location.map(|location| tell(&location));
                Self::Status { status, location, body: tell(&body) }
            }
            Self::Exited { exit_code, output } => Self::Exited { exit_code, output: tell(&output) },
            other @ (Self::Connected
            | Self::Refused
            | Self::TimedOut(_)
            | Self::Unreachable(_)
            | Self::Reset
            | Self::NotHttp
            | Self::Unasked(_)) => other,
        }
    }

    /// Whether the instance is well by this answer.
    pub fn is_good(&self) -> bool {
        match self {
            Self::Status { status, .. } => (200..300).contains(status),
            Self::Connected => true,
            Self::Exited { exit_code, .. } => *exit_code == 0,
            Self::Refused
            | Self::TimedOut(_)
            | Self::Unreachable(_)
            | Self::Reset
            | Self::NotHttp
            | Self::Unasked(_) => false,
        }
    }

    /// Whether something is there that could answer. An instance that does not listen yet is not ill, it
    /// is starting.
    pub fn is_from_instance(&self) -> bool {
        !matches!(self, Self::Refused | Self::Unreachable(_) | Self::Unasked(_))
    }

    /// Whether the instance was not asked at all, so that the answer says nothing of it.
    pub fn is_unasked(&self) -> bool {
        matches!(self, Self::Unasked(_))
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { status, location: Some(location), .. } => {
                write!(f, "{status} to {location}")
            }
            Self::Status { status, body, .. } if body.is_empty() || self.is_good() => {
                write!(f, "{status}")
            }
            Self::Status { status, body, .. } => write!(f, "{status} {body:?}"),
            Self::Connected => f.write_str("connected"),
            Self::Exited { exit_code, output } if output.is_empty() => {
                write!(f, "exit code {exit_code}")
            }
            Self::Exited { exit_code, output } => write!(f, "exit code {exit_code}: {output}"),
            Self::Refused => f.write_str("connection refused"),
            Self::TimedOut(after) => write!(f, "no answer within {after:?}"),
            Self::Unreachable(after) => write!(f, "no connection within {after:?}"),
            Self::Reset => f.write_str("connection closed without an answer"),
            Self::NotHttp => f.write_str("answer is not HTTP"),
            Self::Unasked(why) => write!(f, "not asked: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "sk-4f9a7c1e\"2b8d";

    fn status(body: String) -> Answer {
        Answer::Status { status: 503, location: None, body }
    }

    #[test]
    fn without_a_mask_nothing_that_was_said_is_told() {
        let answer = Answer::Exited { exit_code: 3, output: "no key".to_owned() };
        assert_eq!(answer.told(None).to_string(), "exit code 3");
        assert_eq!(status("no key".to_owned()).told(None).to_string(), "503");
    }

    proptest! {
        #[test]
        fn no_part_of_a_secret_shows_wherever_a_text_is_cut(before in 0..9000_usize) {
            let text = format!("{}{SECRET} and more", "x".repeat(before));
            let mask = Mask::new([SECRET]);
            let told = status(text.clone()).told(Some(&mask)).to_string();
            prop_assert!(!told.contains("sk-") && told.len() < 2 * LONGEST, "{told}");
            let told = Answer::Exited { exit_code: 1, output: text }.told(Some(&mask)).to_string();
            prop_assert!(!told.contains("sk-") && told.len() < 2 * LONGEST, "{told}");
        }
    }
}
