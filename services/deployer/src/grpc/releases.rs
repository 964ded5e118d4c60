//! `slipway.v1.ReleaseService`

use super::name::{Scope, environment as environment_name};
use super::read::{self, database, find, show};
use super::{
    Releases, cancel, candidate, collect, create, explain, logs, promote, promote_environment,
    remove, rollback, traffic, unpin, vote, watch,
};
use crate::db::list::{self, Seen};
use crate::db::release;
use events::{AppName, EnvironmentName, ReleaseId};
use proto::v1::release_service_server::ReleaseService;
use proto::v1::{
    ApproveReleaseRequest, ApproveReleaseResponse, CancelReleaseRequest, CancelReleaseResponse,
    CollectReleasesRequest, CollectReleasesResponse, CreateReleaseRequest, CreateReleaseResponse,
    GetCandidateRequest, GetCandidateResponse, GetEnvironmentRequest, GetEnvironmentResponse,
    GetReleaseRequest, GetReleaseResponse, ListEnvironmentsRequest, ListEnvironmentsResponse,
    ListReleasesRequest, ListReleasesResponse, ListUsedImagesRequest, ListUsedImagesResponse,
    PromoteEnvironmentRequest, PromoteEnvironmentResponse, PromoteReleaseRequest,
    PromoteReleaseResponse, RefuseReleaseRequest, RefuseReleaseResponse, RemoveAppRequest,
    RemoveAppResponse, RollbackEnvironmentRequest, RollbackEnvironmentResponse, SetTrafficRequest,
    SetTrafficResponse, UnpinReleaseRequest, UnpinReleaseResponse, WatchLogsRequest,
    WatchReleasesRequest,
};
use service::grpc::page::Page;
use service::grpc::status;
use service::principal::{Principal, Role};
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

#[async_trait]
impl ReleaseService for Releases {
    type WatchReleasesStream = watch::Answers;
    type WatchLogsStream = logs::Answers;

    async fn list_environments(
        &self,
        request: Request<ListEnvironmentsRequest>,
    ) -> Result<Response<ListEnvironmentsResponse>, Status> {
        let principal = Principal::of(&request)?;
        let request = request.into_inner();
        let scope = Scope::parse(&request.parent)?;
        let page: Page<(String, String)> =
            Page::wanted(request.page_size, &request.page_token, &request.parent)?;
        let seen = Seen::of(&principal, (scope.app_text(), scope.environment_text()));
        let after = page.after.clone().unwrap_or_default();
        let after = (after.0.as_str(), after.1.as_str());
        let rows = list::environments(&self.0.pool, &seen, after, page.limit()).await;
        let (rows, next_page_token) = page.cut(rows.map_err(database)?, Clone::clone);
        let mut environments = Vec::with_capacity(rows.len());
        for (app, environment) in rows {
            let invalid = |error: events::InvalidName| status::internal(&error);
            let place = (
                AppName::parse(&app).map_err(invalid)?,
                EnvironmentName::parse(&environment).map_err(invalid)?,
            );
            environments.push(read::environment(&self.0, &place).await?);
        }
        Ok(Response::new(ListEnvironmentsResponse { environments, next_page_token }))
    }

    async fn get_environment(
        &self,
        request: Request<GetEnvironmentRequest>,
    ) -> Result<Response<GetEnvironmentResponse>, Status> {
        let principal = Principal::of(&request)?;
        let place = environment_name("name", &request.into_inner().name)?;
        principal.require(Role::Viewer, Some(&place.0), Some(&place.1))?;
        let environment = read::environment(&self.0, &place).await?;
        Ok(Response::new(GetEnvironmentResponse { environment: Some(environment) }))
    }

    async fn set_traffic(
        &self,
        request: Request<SetTrafficRequest>,
    ) -> Result<Response<SetTrafficResponse>, Status> {
        Box::pin(traffic::set(&self.0, request)).await.map(Response::new)
    }

    async fn list_releases(
        &self,
        request: Request<ListReleasesRequest>,
    ) -> Result<Response<ListReleasesResponse>, Status> {
        let principal = Principal::of(&request)?;
        let request = request.into_inner();
        let scope = Scope::parse(&request.parent)?;
        let page: Page<Uuid> =
            Page::wanted(request.page_size, &request.page_token, &request.parent)?;
        let seen = Seen::of(&principal, (scope.app_text(), scope.environment_text()));
        let after = page.after.map(ReleaseId::new);
        let ids = list::releases(&self.0.pool, &seen, after, page.limit()).await;
        let (ids, next_page_token) = page.cut(ids.map_err(database)?, |id| id.uuid());
        let mut releases = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(found) = release::get(&self.0.pool, id).await.map_err(database)? else {
                continue;
            };
            releases.push(show(&self.0, &found).await?);
        }
        Ok(Response::new(ListReleasesResponse { releases, next_page_token }))
    }

    async fn get_release(
        &self,
        request: Request<GetReleaseRequest>,
    ) -> Result<Response<GetReleaseResponse>, Status> {
        let principal = Principal::of(&request)?;
        let found = find(&self.0, &principal, &request.into_inner().name, Role::Viewer).await?;
        let configuration = serde_json::to_string(&found.content.resolved)
            .map_err(|error| status::internal(&error))?;
        let release = Some(show(&self.0, &found).await?);
        let stable = read::other(&self.0, found.stable).await?;
        let comparison = stable.map(|stable| explain::comparison(&stable, &found));
        let advice = explain::advice(&found);
        Ok(Response::new(GetReleaseResponse { release, configuration, comparison, advice }))
    }

    async fn create_release(
        &self,
        request: Request<CreateReleaseRequest>,
    ) -> Result<Response<CreateReleaseResponse>, Status> {
        Box::pin(create::create(&self.0, request)).await.map(Response::new)
    }

    async fn cancel_release(
        &self,
        request: Request<CancelReleaseRequest>,
    ) -> Result<Response<CancelReleaseResponse>, Status> {
        cancel::cancel(&self.0, request).await.map(Response::new)
    }

    async fn promote_release(
        &self,
        request: Request<PromoteReleaseRequest>,
    ) -> Result<Response<PromoteReleaseResponse>, Status> {
        promote::promote(&self.0, request).await.map(Response::new)
    }

    async fn promote_environment(
        &self,
        request: Request<PromoteEnvironmentRequest>,
    ) -> Result<Response<PromoteEnvironmentResponse>, Status> {
        Box::pin(promote_environment::promote(&self.0, request)).await.map(Response::new)
    }

    async fn approve_release(
        &self,
        request: Request<ApproveReleaseRequest>,
    ) -> Result<Response<ApproveReleaseResponse>, Status> {
        vote::approve(&self.0, request).await.map(Response::new)
    }

    async fn refuse_release(
        &self,
        request: Request<RefuseReleaseRequest>,
    ) -> Result<Response<RefuseReleaseResponse>, Status> {
        vote::refuse(&self.0, request).await.map(Response::new)
    }

    async fn get_candidate(
        &self,
        request: Request<GetCandidateRequest>,
    ) -> Result<Response<GetCandidateResponse>, Status> {
        candidate::get(&self.0, request).await.map(Response::new)
    }

    async fn rollback_environment(
        &self,
        request: Request<RollbackEnvironmentRequest>,
    ) -> Result<Response<RollbackEnvironmentResponse>, Status> {
        Box::pin(rollback::rollback(&self.0, request)).await.map(Response::new)
    }

    async fn remove_app(
        &self,
        request: Request<RemoveAppRequest>,
    ) -> Result<Response<RemoveAppResponse>, Status> {
        remove::remove(&self.0, request).await.map(Response::new)
    }

    async fn list_used_images(
        &self,
        request: Request<ListUsedImagesRequest>,
    ) -> Result<Response<ListUsedImagesResponse>, Status> {
        collect::used_images(&self.0, &request).await.map(Response::new)
    }

    async fn collect_releases(
        &self,
        request: Request<CollectReleasesRequest>,
    ) -> Result<Response<CollectReleasesResponse>, Status> {
        Box::pin(collect::run(&self.0, request)).await.map(Response::new)
    }

    async fn unpin_release(
        &self,
        request: Request<UnpinReleaseRequest>,
    ) -> Result<Response<UnpinReleaseResponse>, Status> {
        unpin::unpin(&self.0, request).await.map(Response::new)
    }

    async fn watch_releases(
        &self,
        request: Request<WatchReleasesRequest>,
    ) -> Result<Response<Self::WatchReleasesStream>, Status> {
        watch::watch(&self.0, request).map(Response::new)
    }

    async fn watch_logs(
        &self,
        request: Request<WatchLogsRequest>,
    ) -> Result<Response<Self::WatchLogsStream>, Status> {
        logs::watch(&self.0, request).await.map(Response::new)
    }
}
