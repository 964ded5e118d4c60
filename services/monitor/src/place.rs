//! An app in an environment: what is judged.

use events::{AppName, EnvironmentName, InvalidName};
use proto::name::{self, InvalidResourceName};

/// An app in an environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The app.
    pub app: AppName,
    /// The environment.
    pub environment: EnvironmentName,
}

/// Why a text names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlace {
    /// Not of the shape.
    #[error(transparent)]
    Shape(#[from] InvalidResourceName),
    /// A part is not a name.
    #[error(transparent)]
    Name(#[from] InvalidName),
}

impl Place {
    /// The place of these names.
    pub fn parse(app: &str, environment: &str) -> Result<Self, InvalidName> {
        Ok(Self { app: app.parse()?, environment: environment.parse()? })
    }

    /// The place called `apps/{app}/environments/{environment}`.
    pub fn from_name(name: &str) -> Result<Self, InvalidPlace> {
        let parts = name::parts(name, "apps/{app}/environments/{environment}")?;
        let [app, environment] = parts[..] else {
            unreachable!("a pattern with two parts gives two parts")
        };
        Ok(Self::parse(app, environment)?)
    }

    /// `apps/{app}/environments/{environment}`
    pub fn name(&self) -> String {
        name::environment(&self.app, &self.environment)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.app, self.environment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_like_its_resource() {
        let name = "apps/shop/environments/production";
        let place = Place::from_name(name).expect("a place");
        assert_eq!((place.name().as_str(), place.to_string().as_str()), (name, "shop/production"));
        for bad in ["", "apps/shop", "apps/Shop/environments/production"] {
            assert!(Place::from_name(bad).is_err(), "{bad:?}");
        }
    }
}
