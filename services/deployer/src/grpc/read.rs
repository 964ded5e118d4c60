//! Reads what the API shows.

use super::name::{Place, ReleaseName};
use super::view::Seen;
use super::{executions, soaks};
use crate::app::App;
use crate::db::release::{self, Release};
use crate::db::{
    analysis, answer, certificate, environment, instance, log, reading, shadow, synthetic, vote,
    wreck,
};
use crate::window;
use ::release::State;
use events::ReleaseId;
use manifest::{Closed, Strategy};
use proto::v1;
use service::grpc::status;
use service::principal::{Principal, Role};
use tonic::Status;

/// An error of the database for a client.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
pub(super) fn database(error: sqlx::Error) -> Status {
    status::database(&error)
}

/// The release that `name` means, if the caller may see it; else it is not there.
pub(super) async fn find(
    app: &App,
    principal: &Principal,
    name: &str,
    role: Role,
) -> Result<Release, Status> {
    let missing = || status::not_found("release", name);
    let id = match ReleaseName::parse(name)? {
        ReleaseName::Id(id) => Some(id),
        ReleaseName::Number((app_name, environment), number) => {
            principal.require(Role::Viewer, Some(&app_name), Some(&environment))?;
            let place = (&app_name, &environment);
            release::by_number(&app.pool, place, number).await.map_err(database)?
        }
    };
    let found = release::get(&app.pool, id.ok_or_else(missing)?).await.map_err(database)?;
    let found = found.ok_or_else(missing)?;
    principal.require(role, Some(&found.app), Some(&found.environment))?;
    Ok(found)
}

/// `release` as the API shows it.
pub(super) async fn show(app: &App, release: &Release) -> Result<v1::Release, Status> {
    let place = (&release.app, &release.environment);
    let log = log::of_release(&app.pool, release.id).await.map_err(database)?;
    let instances = instance::of_environment(&app.pool, place).await.map_err(database)?;
    let traffic = environment::traffic(&app.pool, place).await.map_err(database)?;
    let told = match release.state.held() {
        Some(_) => analysis::told(&app.pool, release.id).await.map_err(database)?,
        None => None,
    };
    let votes = vote::of_release(&app.pool, release.id).await.map_err(database)?;
    let closed = closed(app, release).await.map_err(database)?;
    let certificate = certificate::of(&app.pool, release.id).await.map_err(database)?;
    let shadow = match release.content.resolved.strategy {
        Strategy::Shadow(_) => shadow::find(&app.pool, release.id).await.map_err(database)?,
        Strategy::BlueGreen | Strategy::Recreate | Strategy::Canary(_) => None,
    };
    let readings = reading::of_release(&app.pool, release.id).await.map_err(database)?;
    let answers = answer::of_release(&app.pool, release.id).await.map_err(database)?;
    let sent = synthetic::find(&app.pool, release.id).await.map_err(database)?;
    let wrecks = wreck::of_release(&app.pool, release.id).await.map_err(database)?;
    let stable = other(app, release.stable).await?;
    let restores = other(app, release.restores).await?;
    let promoted_from = other(app, release.promoted_from).await?;
    let seen = Seen {
        release,
        stable: stable.as_ref(),
        restores_number: restores.map_or(0, |restored| restored.number),
        promoted_from: promoted_from.as_ref(),
        log: &log,
        instances: &instances,
        traffic: &traffic.unwrap_or_default(),
        told: told.as_ref(),
        votes: &votes,
        closed: closed.as_ref(),
        certificate: certificate.as_ref(),
        wrecks: &wrecks,
        shadow: shadow.as_ref(),
        readings: &readings,
        answers: &answers,
        sent,
    };
    let errands = executions::errands(app, release.id).await?;
    let soaks = soaks::of(app, release).await.map_err(database)?;
    Ok(v1::Release { errands, soaks, ..seen.show() })
}

/// Why a release waits for its window, while it does.
async fn closed(app: &App, release: &Release) -> Result<Option<Closed>, sqlx::Error> {
    if !matches!(release.state, State::AwaitingWindow { .. }) {
        return Ok(None);
    }
    let mut connection = app.pool.acquire().await?;
    window::closed(&mut connection, release).await
}

/// The release with this id, if there is one.
pub(super) async fn other(app: &App, id: Option<ReleaseId>) -> Result<Option<Release>, Status> {
    match id {
        Some(id) => release::get(&app.pool, id).await.map_err(database),
        None => Ok(None),
    }
}

/// The release with this id as the API shows it.
pub(super) async fn show_id(app: &App, id: ReleaseId) -> Result<Option<v1::Release>, Status> {
    match release::get(&app.pool, id).await.map_err(database)? {
        Some(release) => show(app, &release).await.map(Some),
        None => Ok(None),
    }
}

/// An environment as the API shows it.
pub(super) async fn environment(app: &App, place: &Place) -> Result<v1::Environment, Status> {
    let name = proto::name::environment(&place.0, &place.1);
    let place = (&place.0, &place.1);
    let traffic = environment::traffic(&app.pool, place).await.map_err(database)?;
    let traffic = traffic.ok_or_else(|| status::not_found("environment", &name))?;
    let live = release::live(&app.pool, place).await.map_err(database)?;
    let live = other(app, live).await?;
    let moving = release::unfinished(&app.pool, place).await.map_err(database)?;
    let moving = match moving.into_iter().next() {
        Some(id) => Box::pin(show_id(app, id)).await?,
        None => None,
    };
    Ok(v1::Environment {
        name,
        hosts: live
            .iter()
            .flat_map(|r| &r.content.resolved.hosts)
            .map(ToString::to_string)
            .collect(),
        traffic: traffic.mode.as_str().to_owned(),
        live_since_time: live.as_ref().map(|live| proto::time::timestamp(live.entered_at)),
        live: match &live {
            Some(live) => Some(Box::pin(show(app, live)).await?),
            None => None,
        },
        moving,
    })
}
