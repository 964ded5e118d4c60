//! `DriftService`.

mod view;

use crate::app::App;
use crate::db;
use crate::db::verdict::Verdict;
use crate::learn;
use crate::look::{Looked, look};
use crate::mend;
use crate::owner::OwnerError;
use crate::place::Place;
use crate::watch::AGAIN;
use proto::v1::drift_service_server::DriftService;
use proto::v1::{
    AdoptDriftRequest, AdoptDriftResponse, CheckDriftRequest, CheckDriftResponse, EnvironmentDrift,
    HealDriftRequest, HealDriftResponse, ListDriftRequest, ListDriftResponse, ListPastDriftRequest,
    ListPastDriftResponse,
};
use service::grpc::page::Page;
use service::grpc::{replay, status};
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
        let (after, limit) = (page.after.as_ref(), page.limit());
        let rows = db::verdict::list(&self.0.pool, &principal, only, after, limit).await;
        let cursor = |it: &Verdict| (it.place.app.to_string(), it.place.environment.to_string());
        let (verdicts, next_page_token) = page.cut(rows.map_err(|e| status::database(&e))?, cursor);
        let mut environments = Vec::new();
        for verdict in verdicts {
            environments.push(self.describe(verdict).await?);
        }
        Ok(Response::new(ListDriftResponse { environments, next_page_token }))
    }

    async fn check_drift(
        &self,
        request: Request<CheckDriftRequest>,
    ) -> Result<Response<CheckDriftResponse>, Status> {
        let place = allowed(&request, &request.get_ref().name, Role::Viewer)?.1;
        learn::one(&self.0, &place).await.map_err(|error| away(&error))?;
        if self.look(&place).await? == Looked::Undecided {
            // Who asks now wants to know, not to ask again.
            tokio::time::sleep(AGAIN).await;
            self.look(&place).await?;
        }
        let environment = Some(self.describe_place(&place).await?);
        Ok(Response::new(CheckDriftResponse { environment }))
    }

    async fn list_past_drift(
        &self,
        request: Request<ListPastDriftRequest>,
    ) -> Result<Response<ListPastDriftResponse>, Status> {
        let place = allowed(&request, &request.get_ref().name, Role::Viewer)?.1;
        let request = request.into_inner();
        let page: Page<i64> = Page::wanted(request.page_size, &request.page_token, &request.name)?;
        let past = db::history::of(&self.0.pool, &place, page.after, page.limit()).await;
        let past = past.map_err(|error| status::database(&error))?;
        let (past, next_page_token) = page.cut(past, |past| past.id);
        let findings = past.into_iter().map(view::past).collect();
        Ok(Response::new(ListPastDriftResponse { findings, next_page_token }))
    }

    async fn heal_drift(
        &self,
        request: Request<HealDriftRequest>,
    ) -> Result<Response<HealDriftResponse>, Status> {
        let place = allowed(&request, &request.get_ref().name, Role::Deployer)?.1;
        learn::one(&self.0, &place).await.map_err(|error| away(&error))?;
        if self.look(&place).await? == Looked::Undecided {
            tokio::time::sleep(AGAIN).await;
            self.look(&place).await?;
        }
        let refused = |error: sqlx::Error| status::database(&error);
        let request = request.into_inner();
        let found = Some(self.describe_place(&place).await?);
        let mut transaction = self.0.pool.begin().await.map_err(refused)?;
        let id = &request.request_id;
        let before: Option<HealDriftResponse> =
            replay::answered(&mut transaction, crate::SERVICE, id, &request).await?;
        if before.is_some() {
            // What it was asked is done once; how it goes is told as it is now.
            return Ok(Response::new(HealDriftResponse { environment: found }));
        }
        let now = self.0.clock.now();
        db::verdict::ask_to_heal(&mut *transaction, &place, now).await.map_err(refused)?;
        let answer = HealDriftResponse { environment: found };
        replay::record(&mut transaction, crate::SERVICE, id, &request, &answer).await?;
        transaction.commit().await.map_err(refused)?;
        if mend::mend(&self.0, &place).await.map_err(refused)? {
            self.0.happened.at(place.clone());
        }
        let environment = Some(self.describe_place(&place).await?);
        Ok(Response::new(HealDriftResponse { environment }))
    }

    async fn adopt_drift(
        &self,
        request: Request<AdoptDriftRequest>,
    ) -> Result<Response<AdoptDriftResponse>, Status> {
        let (principal, place) = allowed(&request, &request.get_ref().name, Role::Deployer)?;
        let request_id = request.into_inner().request_id;
        let adopted = self.0.owner.adopt(&principal, &place, request_id).await;
        let adopted = adopted.map_err(OwnerError::into_status)?;
        let (release, adopted, left) = (adopted.release, adopted.adopted, adopted.left);
        Ok(Response::new(AdoptDriftResponse { release, adopted, left }))
    }
}

/// Who asks, and of which place, if they may.
fn allowed<T>(request: &Request<T>, name: &str, role: Role) -> Result<(Principal, Place), Status> {
    let place = Place::from_name(name).map_err(|e| status::invalid("name", e.to_string()))?;
    let principal = Principal::of(request)?;
    principal.require(role, Some(&place.app), Some(&place.environment))?;
    Ok((principal, place))
}

impl Drift {
    async fn look(&self, place: &Place) -> Result<Looked, Status> {
        look(&self.0, place).await.map_err(|error| status::database(&error))
    }

    async fn verdict(&self, place: &Place) -> Result<Verdict, Status> {
        let verdict = db::verdict::get(&self.0.pool, place).await;
        let verdict = verdict.map_err(|error| status::database(&error))?;
        verdict.ok_or_else(|| status::not_found("environment", place))
    }

    async fn describe_place(&self, place: &Place) -> Result<EnvironmentDrift, Status> {
        self.describe(self.verdict(place).await?).await
    }

    async fn describe(&self, verdict: Verdict) -> Result<EnvironmentDrift, Status> {
        let (place, pool) = (&verdict.place, &self.0.pool);
        let refused = |error: sqlx::Error| status::database(&error);
        let known = db::finding::of(pool, place).await.map_err(refused)?;
        let instances = db::instance::of(pool, place).await.map_err(refused)?;
        let liveness = db::liveness::of(pool, place).await.map_err(refused)?;
        Ok(view::environment(&verdict, known, &instances, &liveness))
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
