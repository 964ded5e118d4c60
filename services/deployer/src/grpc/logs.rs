//! `WatchLogs`: the output of instances, secrets hidden.

use super::name::{self, ReleaseName};
use super::read::{database, find};
use crate::app::App;
use crate::db::instance;
use crate::db::release::{self, Release};
use crate::docker::{Mask, Since};
use crate::logs::{Source, SourceLine, follow, tail};
use crate::member;
use crate::spec::InstanceSpec;
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
    let lines = follow(&app.engine, sources, since);
    let shown = lines.map(|line| match line {
        Ok(line) => Ok(show(line)),
        Err(error) => Err(status::unavailable("OUTPUT_BROKE_OFF", service::chain(&error))),
    });
    Ok(shown.boxed())
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
    if own.is_empty() {
        return Err(status::not_found("instance of service", service));
    }
    let described = member::describe(app, release).await;
    let described = described.map_err(|error| status::internal(&error))?;
    let source = |instance: instance::Instance| {
        let spec = described.iter().find(|d| d.instance.id == instance.id).map(|d| &d.spec);
        Source {
            instance: instance.id,
            service: instance.service,
            container_id: instance.container_id.unwrap_or(instance.container_name),
            mask: Mask::new(spec.into_iter().flat_map(InstanceSpec::secret_values)),
        }
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
