//! Apps: registered, read, changed, deleted.

use super::once::Once;
use super::read::{app_name, database, must_see, visible};
use crate::app::App;
use crate::provider::Provider;
use crate::{db, register};
use events::AppName;
use proto::v1::{
    self, CreateAppRequest, CreateAppResponse, DeleteAppRequest, DeleteAppResponse, GetAppRequest,
    GetAppResponse, ListAppsRequest, ListAppsResponse, RotateWebhookSecretRequest,
    RotateWebhookSecretResponse, UpdateAppRequest, UpdateAppResponse,
};
use service::grpc::page::Page;
use service::grpc::status;
use service::principal::{Principal, Role};
use tonic::Status;

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

    let mut transaction = app.pool.begin().await.map_err(database)?;
    let address = repository.address();
    let row = db::app::insert(&mut transaction, &name, address, &branch, &wanted.policy).await;
    let row = row.map_err(|error| match pg::error::is_unique_violation(&error) {
        true => status::already_exists("app", &name),
        false => database(error),
    })?;
    let sealed = app.sources.seal(name.as_str(), secret.as_bytes());
    let github = Provider::GitHub.as_str();
    let source = db::source::insert(&mut transaction, name.as_str(), name.as_str(), github, &sealed);
    source.await.map_err(database)?;
    // What is there now is seen; what comes later and does not arrive differs from it.
    db::branch_head::replace_all(&mut transaction, &name, &remote.heads).await.map_err(database)?;
    let mut answer = CreateAppResponse {
        app: Some(wire(row)),
        webhook_secret: String::new(),
        webhook_path: format!("/hooks/{name}"),
    };
    if request.validate_only {
        transaction.rollback().await.map_err(database)?;
        return Ok(answer);
    }
    answer.webhook_secret.clone_from(&secret);
    once.record(&mut transaction, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.sources.forget();
    tracing::info!(app = %name, by = %principal.name, "app registered");
    Ok(answer)
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
    let found = found.ok_or_else(|| status::not_found("app", &name))?;
    let given = |given: &str, found: &str| if given.is_empty() { found } else { given }.to_owned();
    let address = given(&wanted.repository, &found.repository);
    let branch = given(&wanted.default_branch, &found.default_branch);
    let remote = if address == found.repository && branch == found.default_branch {
        None
    } else {
        let repository = register::repository(app, &address)?;
        let remote = register::remote(app, &name, &repository).await?;
        register::default_branch(&branch, &remote)?;
        (address != found.repository).then_some(remote)
    };

    let mut transaction = app.pool.begin().await.map_err(database)?;
    let row = db::app::lock(&mut transaction, &name).await.map_err(database)?;
    let mut row = row.ok_or_else(|| status::not_found("app", &name))?;
    row.repository = address;
    row.default_branch = branch;
    row.policy = if request.clear_policy { String::new() } else { given(&wanted.policy, &row.policy) };
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
