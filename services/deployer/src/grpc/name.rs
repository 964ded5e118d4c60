//! Resource names in requests.

use events::{AppName, EnvironmentName, JobName, ReleaseId, RunId};
use proto::name::parts;
use service::grpc::status;
use tonic::Status;

/// An app and environment.
pub(super) type Place = (AppName, EnvironmentName);

/// `apps/{app}/environments/{environment}`
pub(super) fn environment(field: &str, name: &str) -> Result<Place, Status> {
    let found = parts(name, "apps/{app}/environments/{environment}")
        .map_err(|error| status::invalid(field, error.to_string()))?;
    place(field, found[0], found[1])
}

fn place(field: &str, app: &str, environment: &str) -> Result<Place, Status> {
    let app = AppName::parse(app).map_err(|error| status::invalid(field, error.to_string()))?;
    let environment = EnvironmentName::parse(environment)
        .map_err(|error| status::invalid(field, error.to_string()))?;
    Ok((app, environment))
}

/// `apps/{app}/environments/{environment}/jobs/{job}`
pub(super) fn job(field: &str, name: &str) -> Result<(Place, JobName), Status> {
    let found = parts(name, "apps/{app}/environments/{environment}/jobs/{job}")
        .map_err(|error| status::invalid(field, error.to_string()))?;
    let job =
        JobName::parse(found[2]).map_err(|error| status::invalid(field, error.to_string()))?;
    Ok((place(field, found[0], found[1])?, job))
}

/// `runs/{uid}`
pub(super) fn run(name: &str) -> Result<RunId, Status> {
    let found =
        parts(name, "runs/{uid}").map_err(|error| status::invalid("name", error.to_string()))?;
    let unreadable = |_| status::invalid("name", format!("{:?} is not a uid", found[0]));
    found[0].parse().map_err(unreadable)
}

/// What a list or watch is about: everything, an app, or an environment.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) app: Option<AppName>,
    pub(super) environment: Option<EnvironmentName>,
}

impl Scope {
    pub(super) fn parse(parent: &str) -> Result<Self, Status> {
        if parent.is_empty() {
            return Ok(Self::default());
        }
        if let Ok(found) = parts(parent, "apps/{app}") {
            let app = AppName::parse(found[0])
                .map_err(|error| status::invalid("parent", error.to_string()))?;
            return Ok(Self { app: Some(app), environment: None });
        }
        let (app, environment) = environment("parent", parent)?;
        Ok(Self { app: Some(app), environment: Some(environment) })
    }

    pub(super) fn app_text(&self) -> &str {
        self.app.as_ref().map_or("", AppName::as_str)
    }

    pub(super) fn environment_text(&self) -> &str {
        self.environment.as_ref().map_or("", EnvironmentName::as_str)
    }

    pub(super) fn holds(&self, app: &AppName, environment: &EnvironmentName) -> bool {
        self.app.as_ref().is_none_or(|wanted| wanted == app)
            && self.environment.as_ref().is_none_or(|wanted| wanted == environment)
    }
}

/// How a release was named.
#[derive(Debug)]
pub(super) enum ReleaseName {
    Id(ReleaseId),
    Number(Place, i64),
}

impl ReleaseName {
    /// `releases/{uid}` or `apps/{app}/environments/{environment}/releases/{number}`
    pub(super) fn parse(name: &str) -> Result<Self, Status> {
        let invalid = |message: String| status::invalid("name", message);
        if let Ok(found) = parts(name, "releases/{uid}") {
            let id =
                found[0].parse().map_err(|_| invalid(format!("{:?} is not a uid", found[0])))?;
            return Ok(Self::Id(id));
        }
        let pattern = "apps/{app}/environments/{environment}/releases/{number}";
        let found = parts(name, pattern).map_err(|error| invalid(error.to_string()))?;
        let number =
            found[2].parse().map_err(|_| invalid(format!("{:?} is not a number", found[2])))?;
        Ok(Self::Number(place("name", found[0], found[1])?, number))
    }
}
