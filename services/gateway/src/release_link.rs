//! Where people look at a release. Pure.

use events::{AppName, EnvironmentName, ReleaseId};
use outgoing::{InvalidTarget, Target};
use std::str::FromStr;

/// An address with `{app}`, `{environment}`, `{number}` and `{release}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseLink(String);

/// An address that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct InvalidLink(InvalidTarget);

impl ReleaseLink {
    /// That of one release.
    pub(crate) fn of(
        &self,
        (app, environment): (&AppName, &EnvironmentName),
        (number, release): (i64, ReleaseId),
    ) -> String {
        let link =
            self.0.replace("{app}", app.as_str()).replace("{environment}", environment.as_str());
        link.replace("{number}", &number.to_string()).replace("{release}", &release.to_string())
    }
}

impl FromStr for ReleaseLink {
    type Err = InvalidLink;

    fn from_str(text: &str) -> Result<Self, InvalidLink> {
        Target::parse(&text.replace(['{', '}'], "")).map_err(InvalidLink)?;
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_that_of_the_release() {
        let link = "https://slipway.example.com/{app}/{environment}/{number}?uid={release}";
        let link: ReleaseLink = link.parse().expect("a link");
        let environment = EnvironmentName::parse("production").expect("a name");
        let place = (&AppName::parse("shop").expect("a name"), &environment);
        let wanted = "https://slipway.example.com/shop/production/8?uid=00000000-0000-0000-0000-000000000000";
        assert_eq!(link.of(place, (8, ReleaseId::new(uuid::Uuid::nil()))), wanted);
        assert!("slipway.example.com/{app}".parse::<ReleaseLink>().is_err());
    }
}
