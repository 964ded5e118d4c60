//! Names people give to things. A value of one of these types is safe in a subject, a label, a DNS name
//! and a file name, because nothing else parses.

use serde::{Deserialize, Serialize};

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {value:?} is not valid: {rule}")]
pub struct InvalidName {
    kind: &'static str,
    value: String,
    rule: &'static str,
}

pub(crate) fn shortened(value: &str) -> String {
    value.chars().take(80).collect()
}

const LABEL_RULE: &str = "use 1 to 63 lower-case letters, digits and '-', starting with a letter and \
                          not ending with '-'";
const SECRET_RULE: &str =
    "use 1 to 128 letters, digits and '_', not starting with a digit, like an environment variable";

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes[bytes.len() - 1] != b'-'
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

fn is_variable(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=128).contains(&bytes.len())
        && !bytes[0].is_ascii_digit()
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $accepts:ident, $rule:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name in `text`, or what is wrong with it.
            pub fn parse(text: &str) -> Result<Self, InvalidName> {
                if $accepts(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidName { kind: $kind, value: shortened(text), rule: $rule })
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// A repository with a `slipway.yaml`, registered once.
    AppName, "app name", is_label, LABEL_RULE
);
name!(
    /// One container image of an app: `api`, `worker`, `mlflow`.
    ServiceName, "service name", is_label, LABEL_RULE
);
name!(
    /// Where an app runs: `staging`, `production`.
    EnvironmentName, "environment name", is_label, LABEL_RULE
);
name!(
    /// A command that runs once in a container: `migrate`, `setup`, `retrain`.
    JobName, "job name", is_label, LABEL_RULE
);
name!(
    /// A named volume of a service.
    VolumeName, "volume name", is_label, LABEL_RULE
);
name!(
    /// Where webhooks come from: the last part of `POST /hooks/{source}`.
    SourceName, "source name", is_label, LABEL_RULE
);
name!(
    /// A secret, named like the environment variable it becomes.
    SecretName, "secret name", is_variable, SECRET_RULE
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_label_is_safe_everywhere() {
        for good in ["a", "api", "fraud-detection-api", "a1", &"x".repeat(63)] {
            assert_eq!(AppName::parse(good).map(String::from), Ok(good.to_owned()));
        }
        for bad in ["", "A", "1a", "-a", "a-", "a.b", "a b", "a*", "a>", "ä", &"x".repeat(64)] {
            assert!(AppName::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn the_error_says_what_to_do() {
        let error = AppName::parse("My App").expect_err("has a space");
        assert_eq!(
            error.to_string(),
            "app name \"My App\" is not valid: use 1 to 63 lower-case letters, digits and '-', \
             starting with a letter and not ending with '-'"
        );
    }

    proptest! {
        #[test]
        fn what_parses_is_unchanged_and_plain(text in ".{0,80}") {
            if let Ok(name) = ServiceName::parse(&text) {
                prop_assert_eq!(name.as_str(), &text);
                prop_assert!(text.is_ascii() && !text.contains(['.', '*', '>', ' ', '/']));
            }
        }
    }
}
