//! Words with rules of their own.

use super::InvalidValue;
use crate::grammar::{scalar, text};
use serde::{Deserialize, Serialize};
use std::fmt;

text!(
    /// An environment variable or build argument.
    VariableName, "a variable name",
    |name| {
        let good = (1..=128).contains(&name.len())
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if good { Ok(()) } else { Err("use letters, digits and `_`, not starting with a digit") }
    },
    "X"
);

text!(
    /// Any text that fits in an argument or a variable.
    Text, "a text",
    |text| {
        if text.contains('\0') || text.len() > 32 * 1024 {
            Err("use at most 32 KiB, without NUL")
        } else {
            Ok(())
        }
    },
    ""
);

text!(
    /// A header of a request, or a cookie.
    FieldName, "a name of a header or cookie",
    |name| {
        let good = (1..=100).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if good { Ok(()) } else { Err("use letters, digits, `-`, `_` and `.`") }
    },
    "x"
);

text!(
    /// A host name that the router serves; `*.example.com` takes every name one level below.
    HostName, "a host name",
    |host| {
        let part = |part: &str| {
            (1..=63).contains(&part.len())
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let name = host.strip_prefix("*.").unwrap_or(host);
        if host.len() <= 253 && name.split('.').all(part) {
            Ok(())
        } else {
            Err("use lower-case letters, digits, `-` and `.`, without scheme or port")
        }
    },
    "localhost"
);

text!(
    /// A host and port to connect to.
    Address, "an address",
    |address| {
        let good = address.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty()
                && host.len() <= 253
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b))
                && Port::parse(port).is_ok()
        });
        if good { Ok(()) } else { Err("write HOST:PORT, like db:5432") }
    },
    "localhost:1"
);

text!(
    /// A build stage of a Dockerfile.
    StageName, "a build stage",
    |name| {
        let good = (1..=128).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            && !name.starts_with('-');
        if good { Ok(()) } else { Err("use letters, digits, `-`, `_` and `.`") }
    },
    "x"
);

text!(
    /// Whom the processes of a container run as.
    User, "a user",
    |user| {
        let part = |part: &str| {
            (1..=32).contains(&part.len())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
                && !part.starts_with('-')
        };
        let (user, group) = user.split_once(':').unwrap_or((user, "x"));
        if part(user) && part(group) { Ok(()) } else { Err("write USER or USER:GROUP") }
    },
    "root"
);

text!(
    /// A time zone of the tz database.
    Timezone, "a time zone",
    |zone| {
        let good = (1..=64).contains(&zone.len())
            && zone.starts_with(|c: char| c.is_ascii_uppercase())
            && zone.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b))
            && (zone == "UTC" || zone.contains('/'));
        if good { Ok(()) } else { Err("write UTC or AREA/CITY, like Europe/Berlin") }
    },
    "UTC"
);

impl Timezone {
    /// Its rules; nothing when the tz database has no zone of this name.
    pub fn zone(&self) -> Option<chrono_tz::Tz> {
        self.as_str().parse().ok()
    }
}

text!(
    /// Where an e-mail goes.
    Email, "an e-mail address",
    |address| {
        let good = address.len() <= 254
            && address.bytes().all(|b| b.is_ascii_graphic() && !b"<>,;\"".contains(&b))
            && address.split_once('@').is_some_and(|(user, host)| {
                !user.is_empty() && host.contains('.') && !host.contains('@')
            });
        if good { Ok(()) } else { Err("write NAME@HOST") }
    },
    "x@example.com"
);

text!(
    /// Who decides on a release: the name of a token, or of a receiver whose readers do.
    VoterName, "a name of who may agree",
    |name| {
        let good = (1..=100).contains(&name.chars().count())
            && !name.contains(|c: char| c.is_whitespace() || c.is_control());
        if good { Ok(()) } else { Err("write the name of a token, or a receiver like email:lead@example.com") }
    },
    "x"
);

impl VoterName {
    /// Whether `name` is meant; forges do not tell capitals from small letters.
    pub fn is(&self, name: &str) -> bool {
        self.as_str().eq_ignore_ascii_case(name)
    }
}

text!(
    /// One input of a model.
    FeatureName, "a feature name",
    |name| {
        let good = (1..=128).contains(&name.chars().count()) && !name.contains(char::is_control);
        if good { Ok(()) } else { Err("use 1 to 128 visible characters") }
    },
    "x"
);

/// A TCP port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Port(std::num::NonZeroU16);

impl Port {
    /// The port in `text`.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number = if digits { text.parse().ok() } else { None };
        let rule = "write a number from 1 to 65535";
        number.map(Self).ok_or_else(|| InvalidValue::new("a port", text, rule))
    }

    /// The port as a number.
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

scalar!(Port, "a port", Port::parse, Port(std::num::NonZeroU16::MIN));
scalar!(u32, "a whole number", whole::<u32>, 1);
scalar!(u16, "a whole number", whole::<u16>, 200);
scalar!(bool, "`true` or `false`", boolean, false);

fn whole<T: std::str::FromStr>(text: &str) -> Result<T, InvalidValue> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.ok_or_else(|| InvalidValue::new("a whole number", text, "write it in digits"))
}

fn boolean(text: &str) -> Result<bool, InvalidValue> {
    let invalid =
        || InvalidValue::new("`true` or `false`", text, "there are no other words for it");
    text.parse().map_err(|_| invalid())
}

macro_rules! names {
    ($($name:ident $kind:literal,)+) => {
        $( scalar!(
            events::$name,
            $kind,
            events::$name::parse,
            events::$name::parse("x").expect("a lone letter is a name of every kind")
        ); )+
    };
}

names! {
    AppName "an app name",
    ServiceName "a service name",
    EnvironmentName "an environment name",
    JobName "a job name",
    VolumeName "a volume name",
    SecretName "a secret name",
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T>(parse: fn(&str) -> Result<T, InvalidValue>, bad: &[&str]) -> bool {
        bad.iter().all(|text| parse(text).is_err())
    }

    #[test]
    fn hosts_have_neither_scheme_nor_port() {
        assert!(HostName::parse("*.example.com").is_ok() && HostName::parse("localhost").is_ok());
        let bad = ["", "https://a.b", "a.b:80", "A.b", "a..b", "-a.b", "a.*.b", "a b"];
        assert!(refused(HostName::parse, &bad));
    }

    #[test]
    fn addresses_have_a_port() {
        assert!(Address::parse("db:5432").is_ok() && Address::parse("[::1]:80").is_ok());
        assert!(refused(Address::parse, &["db", "db:", ":80", "db:0", "db:x", "a b:1"]));
    }

    #[test]
    fn users_zones_and_addresses_are_shaped() {
        assert!(User::parse("1000:1000").is_ok() && User::parse("appuser").is_ok());
        assert!(refused(User::parse, &["", ":", "a:b:c", "a b", "-x"]));
        assert!(Timezone::parse("Europe/Berlin").is_ok() && Timezone::parse("UTC").is_ok());
        assert!(refused(Timezone::parse, &["", "CET", "berlin", "Europe/Ber lin'"]));
        assert!(Email::parse("ops@example.com").is_ok());
        assert!(refused(Email::parse, &["", "ops", "@b.c", "a@b", "a@b@c.d", "a b@c.d"]));
    }
}
