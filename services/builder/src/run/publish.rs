//! From the engine to the registry, and what the registry then says. A registry that is away is waited
//! for, within a deadline.

use crate::engine::EngineError;
use crate::failure::{Failure, Reason, Stop};
use crate::registry::client::{Manifest, RegistryError};
use crate::run::Task;
use crate::run::source::Commit;
use crate::tag;
use events::{Digest, ServiceName};
use manifest::ImageReference;
use std::time::Duration;
use tokio::time::Instant;

/// How long a registry that is away is waited for.
const PATIENCE: Duration = Duration::from_mins(5);
/// The first and the longest pause between two tries.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));
/// What a registry says when trying again cannot help.
const FINAL: [&str; 4] =
    ["unauthorized", "denied", "no basic auth credentials", "authentication required"];

#[derive(Debug, thiserror::Error)]
enum PushError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error("the registry took the image and then had no manifest of it")]
    Lost,
}

/// Pushes the image of a commit, and reads back what the registry has then.
pub async fn push(
    task: Task<'_>,
    commit: &Commit,
    name: &ServiceName,
    repository: &str,
) -> Result<Manifest, Stop> {
    let started = Instant::now();
    let mut pause = PAUSES.0;
    loop {
        let error = match try_push(task, commit, name, repository).await {
            Ok(manifest) => return Ok(manifest),
            Err(error) => error,
        };
        let message = service::chain(&error);
        let is_final = FINAL.iter().any(|phrase| message.contains(phrase));
        if is_final || started.elapsed() + pause > PATIENCE {
            let failure = Failure::new(Reason::PushFailed, format!("pushing {name}: {message}"));
            return Err(Stop::Failed(failure.of(name)));
        }
        task.recorder.line(format!("{name} | {message}; trying again in {} s", pause.as_secs()));
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

async fn try_push(
    task: Task<'_>,
    commit: &Commit,
    name: &ServiceName,
    repository: &str,
) -> Result<Manifest, PushError> {
    let tag = tag::by_commit(&task.build.identity.commit);
    let pushed = task.app.engine.push(repository, &tag, &commit.auth).await?;
    let line = format!("{name} | layers pushed: {}, there already: {}", pushed.new, pushed.known);
    task.recorder.line(line);
    task.app.registry.manifest(repository, &tag, &commit.auth).await?.ok_or(PushError::Lost)
}

/// Gives an image its tags and returns those it has. Tags are for people: one that fails is only noted.
pub async fn tag_all(
    task: Task<'_>,
    commit: &Commit,
    (repository, manifest): (&str, &Manifest),
    tags: Vec<String>,
    reused: bool,
) -> Vec<String> {
    let (present, missing) = if reused { (0, &tags[..]) } else { (1, &tags[1..]) };
    let mut given: Vec<String> = tags[..present].to_vec();
    for tag in missing {
        match task.app.registry.tag(repository, manifest, tag, &commit.auth).await {
            Ok(()) => given.push(tag.clone()),
            Err(error) => {
                let why = service::chain(&error);
                task.recorder.line(format!("the tag {tag} was not set: {why}"));
            }
        }
    }
    given
}

/// What the registry of `reference` has; when it cannot be asked, what the engine knows of it.
pub async fn look_up(
    task: Task<'_>,
    commit: &Commit,
    name: &ServiceName,
    reference: &ImageReference,
) -> Result<Manifest, Stop> {
    let tag = reference.tag().unwrap_or("latest");
    let not_found = |why: String| {
        let message = format!("no image {} for {name}{why}", reference.as_str());
        Stop::Failed(Failure::new(Reason::ImageNotFound, message).of(name))
    };
    match task.app.registry.manifest(reference.repository(), tag, &commit.auth).await {
        Ok(found) => found.ok_or_else(|| not_found(String::new())),
        Err(error) => {
            let why = service::chain(&error);
            let local = task.app.engine.local_digest(reference.as_str()).await.ok().flatten();
            let digest: Digest = local.ok_or_else(|| not_found(format!(": {why}")))?;
            task.recorder.line(format!("{name} | {why}; using the digest that the engine knows"));
            Ok(Manifest::known(digest))
        }
    }
}
