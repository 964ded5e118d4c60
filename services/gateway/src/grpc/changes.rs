//! Changes: made without a webhook, listed.

use super::once::Once;
use super::read::{app_name, database, must_see, not_accepted};
use crate::accept::{self, Arrival, Wish};
use crate::app::App;
use crate::db::{self, change::Listed};
use crate::order::{Before, Movement};
use crate::register;
use events::payload::ChangeCause;
use events::{AppName, EnvironmentName};
use proto::v1::{
    self, CreateChangeRequest, CreateChangeResponse, ListChangesRequest, ListChangesResponse,
};
use service::grpc::page::Page;
use service::grpc::status;
use service::principal::{Principal, Role};
use tonic::Status;
use uuid::Uuid;

fn wire(change: Listed) -> v1::Change {
    v1::Change {
        name: format!("changes/{}", change.id),
        app: change.app,
        git_ref: change.git_ref,
        commit: change.commit,
        cause: change.cause,
        title: change.title,
        by: change.by,
        create_time: Some(proto::time::timestamp(change.created_at)),
    }
}

pub(super) async fn create(
    app: &App,
    principal: &Principal,
    request: CreateChangeRequest,
) -> Result<CreateChangeResponse, Status> {
    let name = app_name("parent", &request.parent)?;
    let environments = environments(principal, &name, &request.environments)?;
    let once = Once::new(app, principal, &request.request_id, &request)?;
    if let Some(answer) = once.answered().await? {
        return Ok(answer);
    }
    let found = db::app::find(&app.pool, &name).await.map_err(database)?;
    let found = found.ok_or_else(|| status::not_found("app", &name))?;
    let repository = register::repository(app, &found.repository)?;
    let remote = register::remote(app, &name, &repository).await?;
    let wanted = match request.git_ref.as_str() {
        "" => &found.default_branch,
        given => given,
    };
    let (git_ref, commit) = remote.find(wanted).ok_or_else(|| {
        status::invalid("git_ref", format!("there is no branch or tag {wanted} in the repository"))
    })?;
    let after = Some(commit.clone());
    let wish = Wish {
        commit,
        cause: ChangeCause::Manual,
        forced: false,
        title: None,
        by: principal.name.clone(),
        environments,
    };
    let arrival = Arrival {
        app: &name,
        git_ref: &git_ref,
        movement: Movement { before: Before::Unknown, after, pushed_at: None },
        wish: Ok(wish),
        delivery: None,
        replays: None,
        only_version: None,
    };
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let made = accept::asked(app, &mut transaction, &arrival).await.map_err(not_accepted)?;
    let made = made.map_err(|reason| status::precondition("NOTHING_TO_DO", reason))?;
    let answer = CreateChangeResponse { change: Some(wire(db::change::listed(&made))) };
    once.record(&mut transaction, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.said();
    Ok(answer)
}

/// The environments wanted, if `principal` may deploy to each of them; to all when none is named.
fn environments(
    principal: &Principal,
    app: &AppName,
    names: &[String],
) -> Result<Vec<EnvironmentName>, Status> {
    if names.is_empty() {
        principal.require(Role::Deployer, Some(app), None)?;
    }
    names
        .iter()
        .map(|name| {
            let environment = EnvironmentName::parse(name)
                .map_err(|error| status::invalid("environments", error.to_string()))?;
            principal.require(Role::Deployer, Some(app), Some(&environment))?;
            Ok(environment)
        })
        .collect()
}

pub(super) async fn list(
    app: &App,
    principal: &Principal,
    request: ListChangesRequest,
) -> Result<ListChangesResponse, Status> {
    let name = app_name("parent", &request.parent)?;
    must_see(principal, &name)?;
    let page = Page::<Uuid>::wanted(request.page_size, &request.page_token, &request.parent)?;
    let rows = db::change::list(&app.pool, &name, page.after, page.limit()).await;
    let (rows, next_page_token) = page.cut(rows.map_err(database)?, |row| row.id);
    Ok(ListChangesResponse { changes: rows.into_iter().map(wire).collect(), next_page_token })
}
