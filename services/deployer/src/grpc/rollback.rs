//! `RollbackEnvironment`: back to the stable release while a new one moves, else a release of an earlier
//! one. Needs no git, no registry and no build. What is left behind is pinned.

use super::create::refused;
use super::name::{self, Place};
use super::read::{database, show};
use crate::app::App;
use crate::content::Origin;
use crate::create::{self, Request as Wanted, Soak};
use crate::db::release::{self, Release};
use crate::db::{command, environment, past, run};
use crate::earlier::earlier;
use ::release::{Input, State};
use events::{AppName, EnvironmentName, ReleaseId};
use proto::v1::{RollbackEnvironmentRequest, RollbackEnvironmentResponse};
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use sqlx::PgConnection;
use tonic::{Request, Status};

/// Brings back what was there before.
pub(crate) async fn rollback(
    app: &App,
    request: Request<RollbackEnvironmentRequest>,
) -> Result<RollbackEnvironmentResponse, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let place = name::environment("name", &request.name)?;
    principal.require(Role::Deployer, Some(&place.0), Some(&place.1))?;
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before: Option<RollbackEnvironmentResponse> =
        replay::answered(&mut transaction, crate::NAME, &request.request_id, &request).await?;
    if let Some(answer) = before {
        return Ok(answer);
    }
    environment::lock(&mut transaction, (&place.0, &place.1)).await.map_err(database)?;
    let release = match moving(&mut transaction, &place).await? {
        Some(moving) if request.number == 0 => {
            confirmed(&moving, &request)?;
            let input =
                Input::Rollback { by: principal.name.clone(), reason: request.reason.clone() };
            command::enqueue(&mut transaction, moving.id, &input).await.map_err(database)?;
            moving
        }
        _ => Box::pin(restore(app, &mut transaction, &place, &request, &principal)).await?,
    };
    let answer = RollbackEnvironmentResponse {
        release: Some(proto::v1::Release {
            name: proto::name::release(&place.0, &place.1, release.number),
            uid: release.id.to_string(),
            number: release.number,
            ..proto::v1::Release::default()
        }),
    };
    replay::record(&mut transaction, crate::NAME, &request.request_id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.changed();
    Ok(RollbackEnvironmentResponse { release: Some(show(app, &release).await?) })
}

/// The release that has or may get traffic and is not on its way back already.
async fn moving(connection: &mut PgConnection, place: &Place) -> Result<Option<Release>, Status> {
    for id in release::unfinished(&mut *connection, (&place.0, &place.1)).await.map_err(database)? {
        let found = release::get(&mut *connection, id).await.map_err(database)?;
        let stoppable = |release: &Release| {
            release.state.is_moving()
                && !matches!(release.state, State::RollingBack { .. } | State::Settling)
        };
        if let Some(release) = found.filter(stoppable) {
            return Ok(Some(release));
        }
    }
    Ok(None)
}

/// What moves and has run what cannot be undone goes back only when that is confirmed.
fn confirmed(moving: &Release, request: &RollbackEnvironmentRequest) -> Result<(), Status> {
    let needs = moving.plan.irreversible && moving.plan.has_stable;
    if request.confirm_irreversible || !needs {
        return Ok(());
    }
    let message = format!(
        "a job of release {} cannot be undone, and what was live before may not work with what it changed; deploy a \
         fix, or go back all the same with `--confirm-irreversible`",
        moving.number
    );
    Err(status::precondition("IRREVERSIBLE", message))
}

/// The same for what went live since `target`, whoever made it.
async fn refuse_irreversible(
    connection: &mut PgConnection,
    place: (&AppName, &EnvironmentName),
    target: &Release,
) -> Result<(), Status> {
    let mut made = target.clone();
    // What was restored is as old as what it was restored from.
    while let Some(id) = made.restores {
        let Some(earlier) = release::get(&mut *connection, id).await.map_err(database)? else {
            break;
        };
        made = earlier;
    }
    let found = run::irreversible_after(connection, place, made.number).await.map_err(database)?;
    let Some((job, number)) = found else { return Ok(()) };
    let message = format!(
        "job {job} of release {number} cannot be undone, and release {} may not work with what it changed; deploy a \
         fix, or go back all the same with `--confirm-irreversible`",
        target.number
    );
    Err(status::precondition("IRREVERSIBLE", message))
}

async fn restore(
    app: &App,
    connection: &mut PgConnection,
    place: &Place,
    request: &RollbackEnvironmentRequest,
    principal: &Principal,
) -> Result<Release, Status> {
    let place = (&place.0, &place.1);
    if environment::traffic(&mut *connection, place).await.map_err(database)?.is_none() {
        return Err(status::not_found("environment", &request.name));
    }
    let live = release::live(&mut *connection, place).await.map_err(database)?;
    let live = match live {
        Some(id) => release::get(&mut *connection, id).await.map_err(database)?,
        None => None,
    };
    let target = target(&mut *connection, place, request, live.as_ref()).await?;
    let nothing = || {
        let message = "there is no earlier release to go back to that was not left itself; \
                       `slipway releases` lists all of them, and a number chooses any";
        status::precondition("NOTHING_TO_RESTORE", message)
    };
    let target =
        release::get(&mut *connection, target.ok_or_else(nothing)?).await.map_err(database)?;
    let target = target.ok_or_else(nothing)?;
    let was_live = matches!(target.state, State::Live | State::Retained | State::Collected);
    if !was_live {
        let message = format!("release {} was never live; choose one that was", target.number);
        return Err(status::precondition("NEVER_LIVE", message));
    }
    if live.as_ref().is_some_and(|live| live.content_hash == target.content_hash) {
        let message = format!("release {} has the content that is live already", target.number);
        return Err(status::precondition("LIVE_ALREADY", message));
    }
    if !request.confirm_irreversible {
        refuse_irreversible(&mut *connection, place, &target).await?;
    }
    if let Some(live) = &live {
        release::set_pinned(&mut *connection, place, &live.content_hash, true)
            .await
            .map_err(database)?;
    }
    release::set_pinned(&mut *connection, place, &target.content_hash, false)
        .await
        .map_err(database)?;
    let origin = Origin {
        cause: "rollback".to_owned(),
        by: principal.name.clone(),
        reason: Some(request.reason.clone()).filter(|reason| !reason.is_empty()),
        ..target.origin.clone()
    };
    let wanted = Wanted {
        content: target.content.clone(),
        origin,
        restores: Some(target.id),
        soak: Soak::PutAside,
        force: true,
        traceparent: None,
    };
    let created = create::create(app, connection, wanted).await.map_err(refused)?;
    Ok(created.into_release())
}

/// The release to go back to: by its number, else the newest good one further back.
async fn target(
    connection: &mut PgConnection,
    place: (&AppName, &EnvironmentName),
    request: &RollbackEnvironmentRequest,
    live: Option<&Release>,
) -> Result<Option<ReleaseId>, Status> {
    if request.number == 0 {
        let past = past::of_environment(connection, place).await.map_err(database)?;
        return Ok(earlier(&past, live.map(|live| live.id)));
    }
    let found = release::by_number(connection, place, request.number).await;
    let missing =
        || status::not_found("release", format!("{} in {}", request.number, request.name));
    found.map_err(database)?.ok_or_else(missing).map(Some)
}
