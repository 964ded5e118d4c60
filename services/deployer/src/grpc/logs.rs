//! `WatchLogs`: the output of instances, secrets hidden.

mod follow;

use super::name::{self, Place, ReleaseName};
use super::read::{database, find};
use crate::app::App;
use crate::db::instance;
use crate::db::release::{self, Release};
use crate::docker::{Mask, Since};
use crate::logs::{Source, SourceLine, tail};
use crate::member;
use follow::Following;
use futures_util::{Stream, StreamExt};
use proto::v1::{WatchLogsRequest, WatchLogsResponse};
use service::grpc::status;
use service::principal::{Principal, Role};
use std::pin::Pin;
use tonic::{Request, Status};

/// Lines shown when the request does not say.
const DEFAULT_TAIL: u32 = 100;
/// Lines shown at most.
const LARGEST_TAIL: u32 = 10_000;

/// The answers of a watch.
pub(super) type Answers = Pin<Box<dyn Stream<Item = Result<WatchLogsResponse, Status>> + Send>>;

/// The output of the instances of a release, or of the live release of an environment.
pub(super) async fn watch(
    app: &App,
    request: Request<WatchLogsRequest>,
) -> Result<Answers, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let release = wanted(app, &principal, &request.name).await?;
    let sources = sources(app, &release, &request.service).await?;
    if sources.is_empty() {
        return Err(status::not_found("instance of service", &request.service));
    }
    let count = match request.tail_lines {
        ..=0 => DEFAULT_TAIL,
        count => u32::try_from(count).unwrap_or(LARGEST_TAIL).min(LARGEST_TAIL),
    };
    if !request.follow {
        let lines = tail(&app.engine, &sources, count).await;
        return Ok(futures_util::stream::iter(lines.into_iter().map(|line| Ok(show(line)))).boxed());
    }
    let age = request.since.as_ref().and_then(proto::time::from_duration);
    let time = age.and_then(|age| chrono::TimeDelta::from_std(age).ok());
    let since = Since { tail: Some(count), time: time.map(|age| app.clock.now() - age) };
    let is_release = ReleaseName::parse(&request.name).is_ok();
    let place = (!is_release).then_some((release.app, release.environment));
    let following = Following::new(app, place, request.service, sources);
    Ok(following.begin(since).boxed())
}

/// The sources of what is live now; none while nothing is.
async fn live_sources(app: &App, place: &Place, service: &str) -> Result<Vec<Source>, Status> {
    let place = (&place.0, &place.1);
    let Some(id) = release::live(&app.pool, place).await.map_err(database)? else {
        return Ok(Vec::new());
    };
    match release::get(&app.pool, id).await.map_err(database)? {
        Some(live) => sources(app, &live, service).await,
        None => Ok(Vec::new()),
    }
}

async fn wanted(app: &App, principal: &Principal, name: &str) -> Result<Release, Status> {
    if ReleaseName::parse(name).is_ok() {
        return find(app, principal, name, Role::Viewer).await;
    }
    let (app_name, environment) = name::environment("name", name)?;
    principal.require(Role::Viewer, Some(&app_name), Some(&environment))?;
    let place = (&app_name, &environment);
    let live = release::live(&app.pool, place).await.map_err(database)?;
    let nothing = || status::not_found("live release", name);
    let found = release::get(&app.pool, live.ok_or_else(nothing)?).await.map_err(database)?;
    found.ok_or_else(nothing)
}

async fn sources(app: &App, release: &Release, service: &str) -> Result<Vec<Source>, Status> {
    let place = (&release.app, &release.environment);
    let all = instance::of_environment(&app.pool, place).await.map_err(database)?;
    let mut own = member::of_content(&release.content, &all);
    own.retain(|instance| service.is_empty() || instance.service.as_str() == service);
    let secrets = member::secrets(app, release).await.map_err(|error| status::internal(&error))?;
    let mask = Mask::new(secrets.values().map(|secret| secret.value.as_str()));
    let source = |instance: instance::Instance| Source {
        instance: instance.id,
        service: instance.service,
        container_id: instance.container_id.unwrap_or(instance.container_name),
        mask: mask.clone(),
    };
    Ok(own.into_iter().map(source).collect())
}

fn show(line: SourceLine) -> WatchLogsResponse {
    WatchLogsResponse {
        service: line.service.to_string(),
        instance: line.instance.to_string(),
        time: line.line.time.map(proto::time::timestamp),
        stderr: line.line.stderr,
        line: line.line.line,
    }
}
