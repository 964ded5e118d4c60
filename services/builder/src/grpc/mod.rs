//! `BuildService`: builds and their logs, for people and for the deployer.

mod collect;
mod commit;
mod convert;
mod reference;
mod watch;

use crate::app::{App, SERVICE};
use crate::complete::{self, By, Ending};
use crate::db;
use crate::db::build::{Filter, Row};
use crate::failure::{Failure, Reason};
use events::{AppName, BuildId};
use proto::v1::build_service_server::{BuildService, BuildServiceServer};
use proto::v1::{
    Build, CancelBuildRequest, CancelBuildResponse, CollectBuildsRequest, CollectBuildsResponse,
    CommitFilesRequest, CommitFilesResponse, GetBuildRequest, GetBuildResponse, ListBuildsRequest,
    ListBuildsResponse, ReadReferenceRequest, WatchBuildLogRequest,
};
use service::grpc::page::Page;
use service::grpc::{Server, replay, status};
use service::principal::{Principal, Role};
use sqlx::PgConnection;
use std::sync::Arc;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

/// What this service answers.
pub fn routes(app: &Arc<App>) -> axum::Router {
    let builds = Builds { app: Arc::clone(app) };
    Server::new(&app.config.internal_token).add(BuildServiceServer::new(builds)).into_router()
}

#[derive(Debug)]
struct Builds {
    app: Arc<App>,
}

#[tonic::async_trait]
impl BuildService for Builds {
    async fn list_builds(
        &self,
        request: Request<ListBuildsRequest>,
    ) -> Result<Response<ListBuildsResponse>, Status> {
        let principal = Principal::of(&request)?;
        let request = request.into_inner();
        let scope = format!("{}\n{}", request.parent, request.change);
        let page = Page::<Uuid>::wanted(request.page_size, &request.page_token, &scope)?;
        let change =
            (!request.change.is_empty()).then(|| id(&request.change, "change", "changes/{change}"));
        let filter = Filter {
            apps: apps(&principal, &request.parent)?,
            change: change.transpose()?,
            before: page.after,
        };
        let mut connection = self.app.pool.acquire().await.map_err(database)?;
        let rows = db::build::list(&mut *connection, &filter, page.limit()).await;
        let (rows, next_page_token) = page.cut(rows.map_err(database)?, |row| row.id);
        let builds = full(&mut connection, rows).await?;
        Ok(Response::new(ListBuildsResponse { builds, next_page_token }))
    }

    async fn get_build(
        &self,
        request: Request<GetBuildRequest>,
    ) -> Result<Response<GetBuildResponse>, Status> {
        let principal = Principal::of(&request)?;
        let name = request.into_inner().name;
        let row = self.visible(&principal, &name).await?;
        let mut connection = self.app.pool.acquire().await.map_err(database)?;
        let found = db::build::found(&mut *connection, BuildId::new(row.id)).await;
        let db::build::Found { manifest, policy, model } = found.map_err(database)?;
        let build = Build { manifest, policy, model, ..one(&mut connection, row).await? };
        Ok(Response::new(GetBuildResponse { build: Some(build) }))
    }

    async fn cancel_build(
        &self,
        request: Request<CancelBuildRequest>,
    ) -> Result<Response<CancelBuildResponse>, Status> {
        let principal = Principal::of(&request)?;
        let request = request.into_inner();
        let row = self.visible(&principal, &request.name).await?;
        let app = AppName::parse(&row.app).map_err(|error| status::internal(&error))?;
        principal.require(Role::Deployer, Some(&app), None)?;
        let mut transaction = self.app.pool.begin().await.map_err(database)?;
        let (id, connection) = (&request.request_id, &mut transaction);
        if let Some(answer) = replay::answered(connection, SERVICE, id, &request).await? {
            return Ok(Response::new(answer));
        }
        let why = Failure::new(Reason::Cancelled, format!("cancelled by {}", principal.name));
        let (build, ending) = (BuildId::new(row.id), Ending::Cancelled(why));
        let ended = complete::record(&self.app, connection, build, By::Anyone, &ending).await;
        if !ended.map_err(database)? {
            // By the same request, perhaps, that was sent twice at once.
            if let Some(answer) = replay::answered(connection, SERVICE, id, &request).await? {
                return Ok(Response::new(answer));
            }
            let message = format!("{} has ended already", request.name);
            return Err(status::precondition("BUILD_ENDED", message));
        }
        let row = db::build::find(&mut **connection, build).await.map_err(database)?;
        let row = row.ok_or_else(|| status::not_found("build", &request.name))?;
        let answer = CancelBuildResponse { build: Some(one(connection, row).await?) };
        replay::record(connection, SERVICE, id, &request, &answer).await?;
        transaction.commit().await.map_err(database)?;
        complete::recorded(&self.app, build, &ending, true).await.map_err(database)?;
        Ok(Response::new(answer))
    }

    async fn collect_builds(
        &self,
        request: Request<CollectBuildsRequest>,
    ) -> Result<Response<CollectBuildsResponse>, Status> {
        collect::run(&self.app, request).await.map(Response::new)
    }

    async fn commit_files(
        &self,
        request: Request<Streaming<CommitFilesRequest>>,
    ) -> Result<Response<CommitFilesResponse>, Status> {
        commit::run(&self.app, request).await.map(Response::new)
    }

    type ReadReferenceStream = reference::Bytes;

    async fn read_reference(
        &self,
        request: Request<ReadReferenceRequest>,
    ) -> Result<Response<Self::ReadReferenceStream>, Status> {
        let principal = Principal::of(&request)?;
        let request = request.into_inner();
        let row = self.visible(&principal, &request.name).await?;
        reference::read(&self.app, row, request.known_object).await.map(Response::new)
    }

    type WatchBuildLogStream = watch::Lines;

    async fn watch_build_log(
        &self,
        request: Request<WatchBuildLogRequest>,
    ) -> Result<Response<Self::WatchBuildLogStream>, Status> {
        let principal = Principal::of(&request)?;
        let request = request.into_inner();
        let row = self.visible(&principal, &request.name).await?;
        if request.offset < 0 {
            return Err(status::invalid("offset", "must not be negative"));
        }
        Ok(Response::new(watch::lines(&self.app, BuildId::new(row.id), &request)))
    }
}

impl Builds {
    /// The build called `name`, if the principal may know of it.
    async fn visible(&self, principal: &Principal, name: &str) -> Result<Row, Status> {
        let build = BuildId::new(id(name, "name", "builds/{build}")?);
        let row = self.row(build, name).await?;
        let app = AppName::parse(&row.app).map_err(|error| status::internal(&error))?;
        if principal.sees(&app, None) { Ok(row) } else { Err(status::not_found("build", name)) }
    }

    async fn row(&self, build: BuildId, name: &str) -> Result<Row, Status> {
        let row = db::build::find(&self.app.pool, build).await.map_err(database)?;
        row.ok_or_else(|| status::not_found("build", name))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn database(error: sqlx::Error) -> Status {
    status::database(&error)
}

async fn one(connection: &mut PgConnection, row: Row) -> Result<Build, Status> {
    let mut builds = full(connection, vec![row]).await?;
    builds.pop().ok_or_else(|| status::not_found("build", ""))
}

/// Rows with their services and steps.
async fn full(connection: &mut PgConnection, rows: Vec<Row>) -> Result<Vec<Build>, Status> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let services = db::service::of_builds(&mut *connection, &ids).await.map_err(database)?;
    let steps = db::step::of_builds(&mut *connection, &ids).await.map_err(database)?;
    Ok(rows.into_iter().map(|row| convert::build(row, &services, &steps)).collect())
}

/// The apps a list may show: the one asked for, or all that the principal may know of.
fn apps(principal: &Principal, parent: &str) -> Result<Option<Vec<String>>, Status> {
    if !parent.is_empty() {
        let parts = proto::name::parts(parent, "apps/{app}");
        let parts = parts.map_err(|error| status::invalid("parent", error.to_string()))?;
        let app = AppName::parse(parts[0])
            .map_err(|error| status::invalid("parent", error.to_string()))?;
        let seen = principal.sees(&app, None);
        return if seen { Ok(Some(vec![app.into()])) } else { Err(status::not_found("app", app)) };
    }
    let everywhere = principal.grants.iter().any(|grant| grant.app.is_none());
    let named =
        principal.grants.iter().filter_map(|grant| grant.app.as_ref()).map(ToString::to_string);
    Ok((!everywhere).then(|| named.collect()))
}

fn id(name: &str, field: &str, pattern: &'static str) -> Result<Uuid, Status> {
    let parts = proto::name::parts(name, pattern)
        .map_err(|error| status::invalid(field, error.to_string()))?;
    Uuid::parse_str(parts[0])
        .map_err(|_| status::invalid(field, format!("use {pattern} with an id")))
}
