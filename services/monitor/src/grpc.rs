//! `DriftService`.

use crate::app::App;
use crate::db;
use crate::db::verdict::Verdict;
use crate::judge::{Known, State};
use crate::learn;
use crate::look::{Looked, look};
use crate::place::Place;
use crate::watch::AGAIN;
use events::InstanceId;
use proto::v1::drift_service_server::DriftService;
use proto::v1::environment_drift::State as WireState;
use proto::v1::{
    CheckDriftRequest, CheckDriftResponse, EnvironmentDrift, Finding, ListDriftRequest,
    ListDriftResponse,
};
use service::grpc::page::Page;
use service::grpc::status;
use service::principal::{Principal, Role};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Answers about drift.
#[derive(Debug)]
pub(crate) struct Drift(pub(crate) Arc<App>);

#[tonic::async_trait]
impl DriftService for Drift {
    async fn list_drift(
        &self,
        request: Request<ListDriftRequest>,
    ) -> Result<Response<ListDriftResponse>, Status> {
        let principal = Principal::of(&request)?;
        let request = request.into_inner();
        let within = parent(&request.parent)?;
        let page: Page<(String, String)> =
            Page::wanted(request.page_size, &request.page_token, &request.parent)?;
        let only = (within.0.as_deref(), within.1.as_deref());
        let rows = db::verdict::list(&self.0.pool, only, page.after.as_ref(), page.limit()).await;
        let cursor = |it: &Verdict| (it.place.app.to_string(), it.place.environment.to_string());
        let (verdicts, next_page_token) = page.cut(rows.map_err(|e| status::database(&e))?, cursor);
        let mut environments = Vec::new();
        for verdict in verdicts {
            if principal.sees(&verdict.place.app, Some(&verdict.place.environment)) {
                environments.push(self.describe(verdict).await?);
            }
        }
        Ok(Response::new(ListDriftResponse { environments, next_page_token }))
    }

    async fn check_drift(
        &self,
        request: Request<CheckDriftRequest>,
    ) -> Result<Response<CheckDriftResponse>, Status> {
        let name = &request.get_ref().name;
        let place = Place::from_name(name).map_err(|e| status::invalid("name", e.to_string()))?;
        let principal = Principal::of(&request)?;
        principal.require(Role::Viewer, Some(&place.app), Some(&place.environment))?;
        learn::one(&self.0, &place).await.map_err(|error| away(&error))?;
        if self.look(&place).await? == Looked::Undecided {
            // Who asks now wants to know, not to ask again.
            tokio::time::sleep(AGAIN).await;
            self.look(&place).await?;
        }
        let only = (Some(place.app.as_str()), Some(place.environment.as_str()));
        let rows = db::verdict::list(&self.0.pool, only, None, 1).await;
        let verdict = rows.map_err(|error| status::database(&error))?.pop();
        let verdict = verdict.ok_or_else(|| status::not_found("environment", &place))?;
        let environment = Some(self.describe(verdict).await?);
        Ok(Response::new(CheckDriftResponse { environment }))
    }
}

impl Drift {
    async fn look(&self, place: &Place) -> Result<Looked, Status> {
        look(&self.0, place).await.map_err(|error| status::database(&error))
    }

    async fn describe(&self, verdict: Verdict) -> Result<EnvironmentDrift, Status> {
        let known = db::finding::of(&self.0.pool, &verdict.place).await;
        let known = known.map_err(|error| status::database(&error))?;
        let instances = db::instance::of(&self.0.pool, &verdict.place).await;
        let count = instances.map_err(|error| status::database(&error))?.len();
        Ok(EnvironmentDrift {
            name: verdict.place.name(),
            state: wire_state(verdict.state).into(),
            release_number: verdict.release_number,
            release_uid: verdict.release.map(|id| id.to_string()).unwrap_or_default(),
            findings: known.into_iter().filter(Known::is_confirmed).map(wire_finding).collect(),
            check_time: verdict.checked_at.map(proto::time::timestamp),
            instance_count: i32::try_from(count).unwrap_or(i32::MAX),
        })
    }
}

fn away(error: &learn::LearnError) -> Status {
    match error {
        learn::LearnError::Remember(error) => status::database(error),
        learn::LearnError::Deployer(error) => {
            tracing::warn!(error = service::chain(error), "call without a deployer");
            status::unavailable("DEPLOYER_UNAVAILABLE", "the deployer does not say what should run")
        }
    }
}

/// The app and the environment a list is limited to.
fn parent(parent: &str) -> Result<(Option<String>, Option<String>), Status> {
    if parent.is_empty() {
        return Ok((None, None));
    }
    if let Ok(place) = Place::from_name(parent) {
        return Ok((Some(place.app.to_string()), Some(place.environment.to_string())));
    }
    let parts = proto::name::parts(parent, "apps/{app}");
    let parts = parts.map_err(|error| status::invalid("parent", error.to_string()))?;
    Ok((parts.first().map(|&app| app.to_owned()), None))
}

const fn wire_state(state: State) -> WireState {
    match state {
        State::InSync => WireState::InSync,
        State::Drifted => WireState::Drifted,
        State::Missing => WireState::Missing,
        State::Converging => WireState::Converging,
        State::Unknown => WireState::Unknown,
    }
}

fn wire_finding(known: Known) -> Finding {
    let finding = known.finding;
    Finding {
        service: finding.service.map(String::from).unwrap_or_default(),
        instance: finding.instance.as_ref().map(InstanceId::to_string).unwrap_or_default(),
        reason: finding.reason.as_str().to_owned(),
        message: finding.message,
        first_seen_time: Some(proto::time::timestamp(known.first_seen)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_of_everything_of_an_app_or_of_one_environment() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(parent("").expect("everything"), (None, None));
        assert_eq!(parent("apps/shop").expect("an app"), (text("shop"), None));
        let one = parent("apps/shop/environments/staging").expect("an environment");
        assert_eq!(one, (text("shop"), text("staging")));
        assert_eq!(parent("shop").expect_err("neither").code(), tonic::Code::InvalidArgument);
    }
}
