//! Apps: registered, read, changed, deleted.

use super::once::Once;
use super::read::{app_name, database, must_see, taken, visible};
use crate::app::App;
use crate::git::Remote;
use crate::provider::Provider;
use crate::{db, register};
use events::AppName;
use proto::v1::{
    self, CreateAppRequest, CreateAppResponse, DeleteAppRequest, DeleteAppResponse, GetAppRequest,
    GetAppResponse, ListAppsRequest, ListAppsResponse, RemoveAppRequest,
    RotateWebhookSecretRequest, RotateWebhookSecretResponse, UpdateAppRequest, UpdateAppResponse,
};
use service::grpc::page::Page;
use service::grpc::status;
use service::principal::{Principal, Role};
use sqlx::PgConnection;
use tonic::Status;
use zeroize::Zeroizing;

fn wire(app: db::app::App) -> v1::App {
    v1::App {
        name: proto::name::app(&app.name),
        repository: app.repository,
        default_branch: app.default_branch,
        policy: app.policy,
        source: app.name.into(),
        create_time: Some(proto::time::timestamp(app.created_at)),
    }
}

pub(super) async fn list(
    app: &App,
    principal: &Principal,
    request: ListAppsRequest,
) -> Result<ListAppsResponse, Status> {
    let page = Page::<String>::wanted(request.page_size, &request.page_token, "apps")?;
    let visible = visible(principal);
    let after = page.after.as_deref();
    let rows = db::app::list(&app.pool, visible.as_deref(), after, page.limit()).await;
    let (rows, next_page_token) = page.cut(rows.map_err(database)?, |row| row.name.to_string());
    Ok(ListAppsResponse { apps: rows.into_iter().map(wire).collect(), next_page_token })
}

pub(super) async fn get(
    app: &App,
    principal: &Principal,
    request: GetAppRequest,
) -> Result<GetAppResponse, Status> {
    let name = app_name("name", &request.name)?;
    must_see(principal, &name)?;
    let found = db::app::find(&app.pool, &name).await.map_err(database)?;
    let found = found.ok_or_else(|| status::not_found("app", &name))?;
    Ok(GetAppResponse { app: Some(wire(found)) })
}

pub(super) async fn create(
    app: &App,
    principal: &Principal,
    request: CreateAppRequest,
) -> Result<CreateAppResponse, Status> {
    principal.require(Role::Admin, None, None)?;
    let once = Once::new(app, principal, &request.request_id, &request)?;
    if let Some(answer) = once.answered().await? {
        return Ok(answer);
    }
    let name = AppName::parse(&request.app_id)
        .map_err(|error| status::invalid("app_id", error.to_string()))?;
    let wanted = request.app.unwrap_or_default();
    let repository = register::repository(app, &wanted.repository)?;
    register::policy(&name, &wanted.policy)?;
    let secret = register::webhook_secret(&request.webhook_secret)?;
    if db::app::find(&app.pool, &name).await.map_err(database)?.is_some() {
        return Err(status::already_exists("app", &name));
    }
    let remote = register::remote(app, &name, &repository).await?;
    let branch = register::default_branch(&wanted.default_branch, &remote)?;

    let new = New { name, address: repository.address(), branch, policy: &wanted.policy, secret };
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let row = new.insert(app, &mut transaction, &remote).await?;
    let mut answer = CreateAppResponse {
        webhook_path: format!("/hooks/{}", row.name),
        app: Some(wire(row)),
        webhook_secret: String::new(),
    };
    if request.validate_only {
        transaction.rollback().await.map_err(database)?;
        return Ok(answer);
    }
    answer.webhook_secret.clone_from(&new.secret);
    once.record(&mut transaction, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.sources.forget();
    tracing::info!(app = %new.name, by = %principal.name, "app registered");
    Ok(answer)
}

/// An app that is valid and may be registered.
struct New<'a> {
    name: AppName,
    address: &'a str,
    branch: String,
    policy: &'a str,
    secret: Zeroizing<String>,
}

impl New<'_> {
    /// Writes the app and its source. What is in the remote now counts as seen: what comes later and
    /// does not arrive differs from it.
    async fn insert(
        &self,
        app: &App,
        connection: &mut PgConnection,
        remote: &Remote,
    ) -> Result<db::app::App, Status> {
        let name = self.name.as_str();
        let row = db::app::insert(connection, &self.name, self.address, &self.branch, self.policy);
        let row = row.await.map_err(|error| taken(&error, "app", name))?;
        let sealed = app.sources.seal(name, self.secret.as_bytes());
        let provider = Provider::GitHub.as_str();
        db::source::insert(connection, name, name, provider, &sealed).await.map_err(database)?;
        let heads = db::branch_head::replace_all(connection, &self.name, &remote.heads);
        heads.await.map_err(database)?;
        Ok(row)
    }
}

pub(super) async fn update(
    app: &App,
    principal: &Principal,
    request: UpdateAppRequest,
) -> Result<UpdateAppResponse, Status> {
    let once = Once::new(app, principal, &request.request_id, &request)?;
    let wanted = request.app.unwrap_or_default();
    let name = app_name("app.name", &wanted.name)?;
    principal.require(Role::Admin, Some(&name), None)?;
    if let Some(answer) = once.answered().await? {
        return Ok(answer);
    }
    register::policy(&name, &wanted.policy)?;
    let found = db::app::find(&app.pool, &name).await.map_err(database)?;
    let mut wished = found.ok_or_else(|| status::not_found("app", &name))?;
    let remote = change(app, &mut wished, &wanted).await?;

    let mut transaction = app.pool.begin().await.map_err(database)?;
    let row = db::app::lock(&mut transaction, &name).await.map_err(database)?;
    let mut row = row.ok_or_else(|| status::not_found("app", &name))?;
    row.repository = wished.repository;
    row.default_branch = wished.default_branch;
    row.policy =
        if request.clear_policy { String::new() } else { given(&wanted.policy, &row.policy) };
    db::app::update(&mut transaction, &row).await.map_err(database)?;
    if let Some(remote) = remote {
        let heads = db::branch_head::replace_all(&mut transaction, &name, &remote.heads);
        heads.await.map_err(database)?;
    }
    let answer = UpdateAppResponse { app: Some(wire(row)) };
    if request.validate_only {
        transaction.rollback().await.map_err(database)?;
        return Ok(answer);
    }
    once.record(&mut transaction, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.sources.forget();
    tracing::info!(app = %name, by = %principal.name, "app changed");
    Ok(answer)
}

/// Changes repository and default branch of `row` as wanted, if they are there; the refs of the
/// repository when it is another one.
async fn change(
    app: &App,
    row: &mut db::app::App,
    wanted: &v1::App,
) -> Result<Option<Remote>, Status> {
    let address = given(&wanted.repository, &row.repository);
    let branch = given(&wanted.default_branch, &row.default_branch);
    let moved = address != row.repository;
    if !moved && branch == row.default_branch {
        return Ok(None);
    }
    let repository = register::repository(app, &address)?;
    let remote = register::remote(app, &row.name, &repository).await?;
    register::default_branch(&branch, &remote)?;
    (row.repository, row.default_branch) = (address, branch);
    Ok(Some(remote).filter(|_| moved))
}

fn given(given: &str, found: &str) -> String {
    if given.is_empty() { found } else { given }.to_owned()
}

pub(super) async fn delete(
    app: &App,
    principal: &Principal,
    request: DeleteAppRequest,
) -> Result<DeleteAppResponse, Status> {
    let name = app_name("name", &request.name)?;
    principal.require(Role::Admin, None, None)?;
    let once = Once::new(app, principal, &request.request_id, &request)?;
    if let Some(answer) = once.answered().await? {
        return Ok(answer);
    }
    let found = db::app::find(&app.pool, &name).await.map_err(database)?;
    found.ok_or_else(|| status::not_found("app", &name))?;
    // First what it runs: if we end in between, the app is still there to be deleted again.
    let removal = RemoveAppRequest {
        name: request.name.clone(),
        force: request.force,
        ..RemoveAppRequest::default()
    };
    app.releases.clone().remove_app(app.internal.request_of(principal, removal)).await?;
    let mut transaction = app.pool.begin().await.map_err(database)?;
    if !db::app::delete(&mut transaction, &name).await.map_err(database)? {
        return Err(status::not_found("app", &name));
    }
    let answer = DeleteAppResponse {};
    once.record(&mut transaction, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.sources.forget();
    tracing::info!(app = %name, by = %principal.name, "app deleted");
    Ok(answer)
}

pub(super) async fn rotate(
    app: &App,
    principal: &Principal,
    request: RotateWebhookSecretRequest,
) -> Result<RotateWebhookSecretResponse, Status> {
    let name = app_name("name", &request.name)?;
    principal.require(Role::Admin, Some(&name), None)?;
    let once = Once::new(app, principal, &request.request_id, &request)?;
    if let Some(answer) = once.answered().await? {
        return Ok(answer);
    }
    let secret = register::webhook_secret("")?;
    let sealed = app.sources.seal(name.as_str(), secret.as_bytes());
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let done = db::source::rotate(&mut transaction, name.as_str(), &sealed).await;
    if !done.map_err(database)? {
        return Err(status::not_found("app", &name));
    }
    let answer = RotateWebhookSecretResponse { webhook_secret: secret.to_string() };
    once.record(&mut transaction, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.sources.forget();
    tracing::info!(app = %name, by = %principal.name, "webhook secret rotated");
    Ok(answer)
}
