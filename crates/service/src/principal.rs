//! Who asks, and what they may do. The gateway authenticates people and programs and says who they are
//! in the metadata of the forwarded call; services believe it because only holders of the internal token
//! reach them.

use crate::grpc::status;
use events::{AppName, EnvironmentName, PrincipalName};
use serde::{Deserialize, Serialize};
use tonic::metadata::{Binary, MetadataMap, MetadataValue};
use tonic::{Request, Status};

/// The metadata that carries a principal.
pub const METADATA: &str = "slipway-principal-bin";

/// What a principal may do; each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees.
    Viewer,
    /// Releases, cancels, rolls back, sets secrets.
    Deployer,
    /// Registers apps, makes tokens.
    Admin,
}

impl Role {
    /// The role as text, as a row or a person writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Deployer => "deployer",
            Self::Admin => "admin",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("role {0:?} is not valid: use viewer, deployer or admin")]
pub struct InvalidRole(String);

impl std::str::FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        [Self::Viewer, Self::Deployer, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| InvalidRole(text.chars().take(80).collect()))
    }
}

/// A role, everywhere or in one app or in one environment of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What may be done.
    pub role: Role,
    /// Where; nothing means in every app.
    pub app: Option<AppName>,
    /// Where in the app; nothing means in every environment.
    pub environment: Option<EnvironmentName>,
}

impl Grant {
    /// A role everywhere.
    pub const fn everywhere(role: Role) -> Self {
        Self { role, app: None, environment: None }
    }

    fn covers(&self, app: Option<&AppName>, environment: Option<&EnvironmentName>) -> bool {
        (self.app.is_none() || self.app.as_ref() == app)
            && (self.environment.is_none() || self.environment.as_ref() == environment)
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The name of the token, or `slipway` for the platform itself.
    pub name: PrincipalName,
    /// What it may do.
    pub grants: Vec<Grant>,
}

impl Principal {
    /// The platform itself, which may do everything.
    pub fn slipway() -> Self {
        Self { name: PrincipalName::slipway(), grants: vec![Grant::everywhere(Role::Admin)] }
    }

    /// Whether this is allowed. Without an app only a grant for every app counts, without an
    /// environment only one for every environment of the app.
    pub fn may(
        &self,
        role: Role,
        app: Option<&AppName>,
        environment: Option<&EnvironmentName>,
    ) -> bool {
        self.grants.iter().any(|grant| grant.role >= role && grant.covers(app, environment))
    }

    /// Refuses with `PERMISSION_DENIED` what is not allowed.
    pub fn require(
        &self,
        role: Role,
        app: Option<&AppName>,
        environment: Option<&EnvironmentName>,
    ) -> Result<(), Status> {
        if self.may(role, app, environment) {
            return Ok(());
        }
        let place = match (app, environment) {
            (Some(app), Some(environment)) => format!("in {app}/{environment}"),
            (Some(app), None) => format!("in {app}"),
            (None, _) => "in every app".to_owned(),
        };
        Err(status::denied(format!("{} needs the role {role} {place}", self.name)))
    }

    /// Whether it may know of the app, or of the environment if one is given. Who may see one
    /// environment may know of its app.
    pub fn sees(&self, app: &AppName, environment: Option<&EnvironmentName>) -> bool {
        self.grants.iter().any(|grant| {
            let same_app = grant.app.as_ref().is_none_or(|granted| granted == app);
            let wanted = environment.or(grant.environment.as_ref());
            same_app && (grant.environment.is_none() || grant.environment.as_ref() == wanted)
        })
    }

    /// What it sees, for a query that finds nothing else: one app and one environment for each grant, where
    /// empty text means every.
    pub fn scopes(&self) -> (Vec<String>, Vec<String>) {
        let text = |name: Option<&str>| name.unwrap_or_default().to_owned();
        self.grants
            .iter()
            .map(|grant| {
                let environment = grant.environment.as_ref().map(EnvironmentName::as_str);
                (text(grant.app.as_ref().map(AppName::as_str)), text(environment))
            })
            .unzip()
    }

    /// Who asks, as the gateway said; `UNAUTHENTICATED` when it did not.
    pub fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        Self::decode(request.metadata())
    }

    /// The same from metadata alone.
    pub fn decode(metadata: &MetadataMap) -> Result<Self, Status> {
        metadata
            .get_bin(METADATA)
            .and_then(|value| value.to_bytes().ok())
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(|| status::unauthenticated("the call does not say who asks"))
    }

    /// What the gateway puts into the metadata `METADATA` of a forwarded call.
    pub fn encode(&self) -> MetadataValue<Binary> {
        let json = serde_json::to_vec(self).expect("names and roles are JSON");
        MetadataValue::from_bytes(&json)
    }

    /// The same as an HTTP header, for who forwards without decoding.
    pub fn header(&self) -> http::HeaderValue {
        http::HeaderValue::from_bytes(self.encode().as_encoded_bytes())
            .expect("base64 is valid in a header")
    }
}

#[cfg(test)]
#[path = "principal/tests.rs"]
mod tests;
