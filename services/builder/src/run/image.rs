//! The image of one service: reused when its content is known, else built and pushed; or only looked up
//! when the manifest names one.

use crate::context::key::ContentKey;
use crate::context::tar;
use crate::db;
use crate::engine::build::{Access, BuildError};
use crate::engine::query::Order;
use crate::failure::{Failure, Reason, Stop};
use crate::registry::client::Manifest;
use crate::registry::layers::difference;
use crate::run::content::{self, Prepared};
use crate::run::plan::Plan;
use crate::run::product::ServiceImage;
use crate::run::source::Commit;
use crate::run::{Task, publish};
use crate::tag;
use events::ServiceName;
use manifest::{Build, ImageReference, Service, Source, StageName};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;

/// Chunks of a context that wait for the engine.
const WAITING: usize = 8;
/// What an engine says when its disk is full.
const DISK_FULL: &str = "no space left on device";

/// Exit code of a command that was killed.
const KILLED: i32 = 137;
const MEMORY_HINT: &str = " (it was killed, most likely for the memory it used)";

/// Why an image, or the stage of a check, was not built.
#[derive(Debug, thiserror::Error)]
pub enum NotBuilt {
    /// The engine did not build it.
    #[error(transparent)]
    Engine(#[from] BuildError),
    /// The context could not be sent.
    #[error("sending the context")]
    Context(#[from] tar::StreamError),
    /// It took too long.
    #[error("it did not end within {} s", .0.as_secs())]
    Timeout(Duration),
}

/// Makes or finds the image of a service.
pub async fn make(
    task: Task<'_>,
    commit: &Commit,
    plan: &Plan,
    (name, service): (&ServiceName, &Service),
) -> Result<ServiceImage, Stop> {
    let mut image = match &service.source {
        Source::Build(build) => built(task, commit, plan, (name, build)).await?,
        Source::Image(reference) => {
            let step = format!("resolve {name}");
            task.recorder.step(step, resolved(task, commit, name, reference)).await?
        }
    };
    let app = &task.build.identity.app;
    let previous = db::service::last_layers(&task.app.pool, app, name).await?;
    image.difference = difference(&previous, &image.layers);
    let (new, shared) = (&image.difference.new, image.difference.shared);
    let bytes: i64 = new.iter().map(|layer| layer.size).sum();
    let (repository, digest) = (&image.repository, &image.digest);
    task.recorder.line(format!(
        "{name} | {repository}@{digest}: new layers: {} with {bytes} bytes, shared: {shared}",
        new.len()
    ));
    Ok(image)
}

async fn built(
    task: Task<'_>,
    commit: &Commit,
    plan: &Plan,
    (name, build): (&ServiceName, &Build),
) -> Result<ServiceImage, Stop> {
    let identity = &task.build.identity;
    let repository = format!("{}/{}/{name}", task.app.config.registry, identity.app);
    let prepared = content::prepare(task, commit, plan, (name, build)).await?;
    let target = build.target.as_ref().map(StageName::as_str);
    let key = prepared.key(target);
    let tags = tag::tags(&identity.commit, &identity.git_ref);
    let known = match &key {
        Some(key) => reusable(task, commit, name, key).await?,
        None => None,
    };
    let (repository, manifest, reused) = if let Some((repository, manifest)) = known {
        task.recorder.line(format!("{name} | the same content was built before"));
        (repository, manifest, true)
    } else {
        let work = make_new(task, commit, plan, (name, build), &prepared, &repository);
        task.recorder.step(format!("build {name}"), work).await?;
        let push = publish::push(task, commit, name, &repository);
        let manifest = task.recorder.step(format!("push {name}"), push).await?;
        (repository, manifest, false)
    };
    let tags = publish::tag_all(task, commit, (&repository, &manifest), tags, reused).await;
    Ok(ServiceImage {
        service: name.clone(),
        repository,
        digest: manifest.digest,
        content_key: key,
        reused,
        layers: manifest.layers,
        difference: difference(&[], &[]),
        tags,
    })
}

/// The image that this content gave, if the registry still has it.
async fn reusable(
    task: Task<'_>,
    commit: &Commit,
    name: &ServiceName,
    key: &ContentKey,
) -> Result<Option<(String, Manifest)>, Stop> {
    let owner = (&task.build.identity.app, name);
    let Some((repository, digest)) = db::image::find(&task.app.pool, owner, key).await? else {
        return Ok(None);
    };
    match task.app.registry.manifest(&repository, digest.as_str(), &commit.auth).await {
        Ok(found) => Ok(found.map(|manifest| (repository, manifest))),
        Err(error) => {
            task.recorder.line(format!("{name} | {}; building again", service::chain(&error)));
            Ok(None)
        }
    }
}

async fn make_new(
    task: Task<'_>,
    commit: &Commit,
    plan: &Plan,
    (name, build): (&ServiceName, &Build),
    prepared: &Prepared,
    repository: &str,
) -> Result<(), Stop> {
    let primary = tag::by_commit(&task.build.identity.commit);
    let order = Order {
        image: Some(format!("{repository}:{primary}")),
        target: build.target.as_ref().map(|target| target.as_str().to_owned()),
        labels: labels(task, commit, name),
        ..order(task, prepared)
    };
    let access = access(commit, plan, build);
    let work = send(task, (commit, plan), prepared, &order, (access, name.as_str()));
    let limit = build.timeout.duration();
    let done = tokio::time::timeout(limit, work).await.unwrap_or(Err(NotBuilt::Timeout(limit)));
    done.map_err(|error| stop(&error, Reason::BuildFailed, name, &format!("building {name}")))
}

/// What is the same for images and checks.
pub fn order(task: Task<'_>, prepared: &Prepared) -> Order {
    let config = &task.app.config;
    Order {
        dockerfile: prepared.dockerfile.clone(),
        args: prepared.args.clone(),
        network: config.network.clone(),
        memory: config.memory,
        cgroup: config.cgroup.clone(),
        ..Order::default()
    }
}

/// What the steps of a build may ask for: only the secrets that it names.
pub fn access(commit: &Commit, plan: &Plan, build: &Build) -> Access {
    let named =
        |(name, _): &(&String, &_)| build.secrets.iter().any(|secret| secret.as_str() == *name);
    let secrets =
        plan.secrets.iter().filter(named).map(|(name, value)| (name.clone(), value.clone()));
    Access { secrets: secrets.collect(), auth: commit.auth.clone() }
}

/// Streams the context and the log at once; whichever fails first ends the other.
pub async fn send(
    task: Task<'_>,
    (commit, plan): (&Commit, &Plan),
    prepared: &Prepared,
    order: &Order,
    (access, called): (Access, &str),
) -> Result<(), NotBuilt> {
    let (to, context) = mpsc::channel(WAITING);
    let streaming = async {
        match tar::stream(prepared.context(commit, plan), to).await {
            Ok(()) | Err(tar::StreamError::NotWanted) => Ok(()),
            Err(error) => Err(NotBuilt::from(error)),
        }
    };
    let on_line = |line: String| task.recorder.line(format!("{called} | {line}"));
    let building = async {
        let built = task.app.engine.build(task.app.config.builder, order, access, context, on_line);
        built.await.map_err(NotBuilt::from)
    };
    tokio::try_join!(streaming, building).map(drop)
}

fn labels(task: Task<'_>, commit: &Commit, name: &ServiceName) -> BTreeMap<String, String> {
    let identity = &task.build.identity;
    let labels = [
        ("org.opencontainers.image.revision", identity.commit.to_string()),
        ("org.opencontainers.image.source", commit.repository.address()),
        ("slipway.instance", task.app.config.instance.clone()),
        ("slipway.app", identity.app.to_string()),
        ("slipway.service", name.to_string()),
    ];
    labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What a build that failed means for the change.
pub fn stop(error: &NotBuilt, reason: Reason, service: &ServiceName, action: &str) -> Stop {
    let message = format!("{action}: {}", service::chain(error));
    if message.contains(DISK_FULL) {
        return Stop::Blocked(Failure::new(Reason::DiskLow, message).of(service));
    }
    let (reason, exit_code) = match error {
        NotBuilt::Engine(error) if error.is_away() => {
            return Stop::Blocked(Failure::new(Reason::EngineAway, message).of(service));
        }
        NotBuilt::Engine(BuildError::Failed { exit_code, .. }) => (reason, *exit_code),
        NotBuilt::Timeout(_) => (Reason::BuildTimeout, None),
        NotBuilt::Engine(_) | NotBuilt::Context(_) => (reason, None),
    };
    let hint = if exit_code == Some(KILLED) { MEMORY_HINT } else { "" };
    let message = format!("{message}{hint}");
    Stop::Failed(Failure { exit_code, ..Failure::new(reason, message).of(service) })
}

/// The digest of an image that the manifest names.
async fn resolved(
    task: Task<'_>,
    commit: &Commit,
    name: &ServiceName,
    reference: &ImageReference,
) -> Result<ServiceImage, Stop> {
    let repository = reference.repository().to_owned();
    let manifest = match reference.digest() {
        Some(digest) => Manifest::known(digest),
        None => publish::look_up(task, commit, name, reference).await?,
    };
    Ok(ServiceImage {
        service: name.clone(),
        repository,
        digest: manifest.digest,
        content_key: None,
        reused: true,
        layers: manifest.layers,
        difference: difference(&[], &[]),
        tags: reference.tag().map(str::to_owned).into_iter().collect(),
    })
}
