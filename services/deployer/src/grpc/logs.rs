//! `WatchLogs`: the output of instances, secrets hidden.

mod follow;

use super::name::{self, Place, ReleaseName};
use super::read::{database, find};
use crate::app::App;
use crate::db::instance;
use crate::db::release::{self, Release};
use crate::db::wreck;
use crate::docker::{Mask, Since};
use crate::logs::{Source, SourceLine, tail};
use crate::member;
use chrono::{DateTime, Utc};
use events::ServiceName;
use follow::Following;
use futures_util::{Stream, StreamExt};
use proto::v1::{WatchLogsRequest, WatchLogsResponse};
use service::grpc::status;
use service::principal::{Principal, Role};
use std::collections::HashMap;
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
        return Err(nothing(&release, &request.service));
    }
    let count = match request.tail_lines {
        ..=0 => DEFAULT_TAIL,
        count => u32::try_from(count).unwrap_or(LARGEST_TAIL).min(LARGEST_TAIL),
    };
    let age = request.since.as_ref().and_then(proto::time::from_duration);
    let age = age.and_then(|age| chrono::TimeDelta::from_std(age).ok());
    let since = Since { tail: Some(count), time: age.map(|age| app.clock.now() - age) };
    if !request.follow {
        let mut lines = tail(&app.engine, &sources, count).await;
        let is_old =
            |line: &SourceLine| line.line.time.zip(since.time).is_some_and(|(at, from)| at < from);
        lines.retain(|line| !is_old(line));
        return Ok(futures_util::stream::iter(lines.into_iter().map(|line| Ok(show(line)))).boxed());
    }
    let is_release = ReleaseName::parse(&request.name).is_ok();
    let place = (!is_release).then_some((release.app, release.environment));
    let following = Following::new(app, place, request.service, sources);
    Ok(following.begin(known(&request.known), since).boxed())
}

/// What a reader who comes back knows; an instance that nobody has is no harm.
fn known(times: &HashMap<String, prost_types::Timestamp>) -> HashMap<String, DateTime<Utc>> {
    let read = |(instance, at): (&String, &prost_types::Timestamp)| {
        Some((instance.clone(), proto::time::from_timestamp(at)?))
    };
    times.iter().filter_map(read).collect()
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
    let nothing = || {
        let place = format!("{app_name}/{environment}");
        status::not_found("live release", format!("of {place}; --release NUMBER shows another one"))
    };
    let found = release::get(&app.pool, live.ok_or_else(nothing)?).await.map_err(database)?;
    found.ok_or_else(nothing)
}

/// Why there is no output of `service` of `release`; of any service, when it is empty.
fn nothing(release: &Release, service: &str) -> Status {
    let Release { app, environment, number, .. } = release;
    let services = release.content.resolved.services.keys();
    let known: Vec<&str> = services.map(ServiceName::as_str).collect();
    if service.is_empty() || known.contains(&service) {
        let what =
            format!("of {app}/{environment} #{number}; its containers are not there any more");
        return status::not_found("instance", what);
    }
    let help = manifest::suggestion(service, &known);
    status::not_found("service", format!("{service} in {app}/{environment} #{number}; {help}"))
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
    // Of one that failed there is what is left to be looked into.
    let wrecks = wreck::of_release(&app.pool, release.id).await.map_err(database)?;
    let wrecks =
        wrecks.into_iter().filter(|it| service.is_empty() || it.service.as_str() == service);
    let left = |wreck: wreck::Wreck| Source {
        instance: wreck.id,
        service: wreck.service,
        container_id: wreck.container_id,
        mask: mask.clone(),
    };
    Ok(own.into_iter().map(source).chain(wrecks.map(left)).collect())
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
