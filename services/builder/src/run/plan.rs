//! Reads what to build from the commit, and where it may go from the policy.

use crate::db;
use crate::engine::session::SecretValues;
use crate::failure::{Failure, Reason, Stop};
use crate::git::mirror::kept_as;
use crate::git::objects::{Objects, ReadError};
use crate::git::tree::{self, Entry};
use crate::model;
use crate::run::source::Commit;
use crate::run::{Task, content};
use events::payload::ChangeCause;
use events::{EnvironmentName, SecretName, skip};
use manifest::Manifest;
use std::collections::{BTreeMap, BTreeSet};

/// The file a team writes.
pub const MANIFEST: &str = "slipway.yaml";
/// Where files kept elsewhere are named.
const GIT_ATTRIBUTES: &str = ".gitattributes";
/// A manifest, Dockerfile or ignore file larger than this is not one.
const LARGEST: u64 = 256 * 1024;

/// What the manifest of the commit is called where it is at fault.
const OWN: &str = "the manifest of the commit";

/// What to build.
#[derive(Debug)]
pub struct Plan {
    /// The manifest of the commit.
    pub manifest: Manifest,
    /// Every file of the commit.
    pub files: Vec<Entry>,
    /// Small texts of the commit by path: Dockerfiles and ignore files.
    pub texts: BTreeMap<String, String>,
    /// Seconds since 1970 of the commit.
    pub time: u64,
    /// Build secrets.
    pub secrets: SecretValues,
}

/// Reads the commit and the policy.
pub async fn read(task: Task<'_>, commit: &Commit) -> Result<Plan, Stop> {
    let id = &task.build.identity.commit;
    let mut objects = commit.objects.lock().await;
    let listing = commit.mirror.list(id);
    let texts = read_texts(task, commit, &mut objects);
    let (listing, texts) = tokio::join!(listing, texts);
    let (text, policy_text) = texts?;
    let files = tree::parse(&listing.map_err(|error| unreadable(&error))?)
        .map_err(|error| unreadable(&error))?;
    let is_its_own = text.as_ref() == Some(&policy_text);
    let called = if is_its_own { OWN } else { "the manifest that gives the policy" };
    let policy = parse(task, &policy_text, called)?;
    let environments = wanted(task, (text.as_deref(), &policy_text), &policy).await?;
    let found = objects.commit(id.as_str()).await.map_err(|error| unreadable(&error))?;
    let (time, message) =
        found.map_or_else(Default::default, |commit| (commit.time, commit.message));
    asked_for(task, &message)?;
    let manifest = match text.ok_or_else(|| missing("the commit"))? {
        _ if is_its_own => policy.clone(),
        text => parse(task, &text, OWN)?,
    };
    fits(&manifest, &policy, &environments)?;
    let model = model::digest(&manifest, &files);
    db::build::found_model(&task.app.pool, task.build.key(), model.as_deref()).await?;
    let texts =
        read_small(&mut objects, (&manifest, &files)).await.map_err(|error| unreadable(&error))?;
    warn(task, &files, &texts);
    let secrets = secrets(task, &manifest).await?;
    task.recorder.hide(secrets.values().map(|value| value.as_slice()));
    Ok(Plan { manifest, files, texts, time, secrets })
}

fn unreadable(error: &dyn std::error::Error) -> Stop {
    Stop::failed(Reason::FetchFailed, service::chain(error))
}

/// Records where the commit may go. What goes nowhere need not have a manifest at all.
async fn wanted(
    task: Task<'_>,
    (text, policy_text): (Option<&str>, &str),
    policy: &Manifest,
) -> Result<Vec<EnvironmentName>, Stop> {
    let environments = environments(task, policy);
    let texts = (text.unwrap_or_default(), policy_text);
    let written =
        db::build::planned(&task.app.pool, task.build.key(), texts, &environments).await?;
    if !written {
        return Err(Stop::Lost);
    }
    if environments.is_empty() {
        return Err(Stop::Skipped(Failure::new(Reason::NotTracked, nothing_tracks(task, policy))));
    }
    let names: Vec<String> = environments.iter().map(ToString::to_string).collect();
    task.recorder.line(format!("for {}", names.join(", ")));
    Ok(environments)
}

/// Refuses a commit whose services do not fit an environment of the policy: nothing could be released.
fn fits(
    manifest: &Manifest,
    policy: &Manifest,
    environments: &[EnvironmentName],
) -> Result<(), Stop> {
    for environment in environments {
        manifest::resolve(manifest, policy, environment)
            .map_err(|error| Stop::failed(Reason::ManifestInvalid, service::chain(&error)))?;
    }
    Ok(())
}

/// Refuses what its author does not want deployed. The message of a push that was found at the remote is
/// known only now; of others it was looked at when they arrived.
fn asked_for(task: Task<'_>, message: &str) -> Result<(), Stop> {
    let found = task.build.cause == ChangeCause::Poll;
    match skip::word(&task.build.identity.git_ref, message).filter(|_| found) {
        None => Ok(()),
        Some(word) => {
            let message = format!("the commit message says {word}");
            Err(Stop::Skipped(Failure::new(Reason::SkipAsked, message)))
        }
    }
}

/// The manifest of the commit, if it has one, and the text that gives the policy.
async fn read_texts(
    task: Task<'_>,
    commit: &Commit,
    objects: &mut Objects,
) -> Result<(Option<String>, String), Stop> {
    let id = &task.build.identity.commit;
    let text = text_at(objects, id.as_str()).await?;
    let policy = if let Some(given) = &commit.policy {
        given.clone()
    } else {
        let branch = &commit.default_branch;
        let called = if text.is_some() { branch.name() } else { "the commit" };
        text_at(objects, &kept_as(branch)).await?.ok_or_else(|| missing(called))?
    };
    Ok((text, policy))
}

fn missing(called: &str) -> Stop {
    Stop::failed(Reason::ManifestMissing, format!("{called} has no {MANIFEST}"))
}

/// The manifest of a commit, if it has one.
pub async fn text_at(objects: &mut Objects, commit: &str) -> Result<Option<String>, Stop> {
    let found = objects.read(&format!("{commit}:{MANIFEST}"), LARGEST).await;
    let found = found.map_err(|error| match error {
        ReadError::TooLarge { .. } => Stop::failed(Reason::ManifestInvalid, error.to_string()),
        ReadError::Open(_) | ReadError::Pipe(_) => unreadable(&error),
    })?;
    Ok(found.map(|text| String::from_utf8_lossy(&text).into_owned()))
}

fn parse(task: Task<'_>, text: &str, called: &str) -> Result<Manifest, Stop> {
    let manifest = manifest::parse(text).map_err(|invalid| {
        let lines: Vec<String> = invalid.problems.iter().map(ToString::to_string).collect();
        Stop::failed(
            Reason::ManifestInvalid,
            format!("{called} is not valid:\n{}", lines.join("\n")),
        )
    })?;
    let app = &task.build.identity.app;
    if manifest.app == *app {
        return Ok(manifest);
    }
    let message = format!("{called} is of the app {}, but this is {app}", manifest.app);
    Err(Stop::failed(Reason::ManifestInvalid, message))
}

/// Those that track the ref, or those that were asked for by name.
fn environments(task: Task<'_>, policy: &Manifest) -> Vec<EnvironmentName> {
    let wanted = &task.build.wanted;
    let by_name = task.build.cause == ChangeCause::Manual && !wanted.is_empty();
    if by_name {
        return wanted
            .iter()
            .filter(|name| policy.environments.contains_key(*name))
            .cloned()
            .collect();
    }
    let tracking = policy.environments_tracking(&task.build.identity.git_ref).into_iter();
    tracking.filter(|name| wanted.is_empty() || wanted.contains(name)).cloned().collect()
}

fn nothing_tracks(task: Task<'_>, policy: &Manifest) -> String {
    let wanted: Vec<&str> = task.build.wanted.iter().map(AsRef::as_ref).collect();
    if wanted.is_empty() {
        format!("no environment tracks {}", task.build.identity.git_ref)
    } else {
        let known: Vec<&str> = policy.environments.keys().map(EnvironmentName::as_str).collect();
        let help = manifest::suggestion(wanted[0], &known);
        format!("the policy has no environment {}; {help}", wanted.join(", "))
    }
}

/// The Dockerfiles and ignore files of every service that is built, as far as they are there.
async fn read_small(
    objects: &mut Objects,
    (manifest, files): (&Manifest, &[Entry]),
) -> Result<BTreeMap<String, String>, ReadError> {
    let builds = manifest.services.values().filter_map(|service| service.source.build());
    let mut wanted: BTreeSet<String> = builds.flat_map(content::paths).collect();
    wanted.insert(GIT_ATTRIBUTES.to_owned());
    let mut texts = BTreeMap::new();
    for file in files.iter().filter(|file| wanted.contains(&file.path)) {
        let text = objects.read(&file.id, LARGEST).await?.unwrap_or_default();
        texts.insert(file.path.clone(), String::from_utf8_lossy(&text).into_owned());
    }
    Ok(texts)
}

/// The values of every build secret that a service names.
async fn secrets(task: Task<'_>, manifest: &Manifest) -> Result<SecretValues, Stop> {
    let builds = manifest.services.values().filter_map(|service| service.source.build());
    let names: BTreeSet<SecretName> =
        builds.flat_map(|build| build.secrets.iter().cloned()).collect();
    if names.is_empty() {
        return Ok(SecretValues::new());
    }
    let names: Vec<SecretName> = names.into_iter().collect();
    let app = &task.build.identity.app;
    let values = task.app.peers.secrets(app, &names).await;
    let values = values.map_err(|error| Stop::blocked(Reason::ServiceAway, error.message()))?;
    match names.iter().find(|name| !values.contains_key(name.as_str())) {
        None => Ok(values),
        Some(name) => {
            let message =
                format!("the build secret {name} is not set: slipway secret set {app} {name}");
            Err(Stop::failed(Reason::SecretMissing, message))
        }
    }
}

/// Says what of the commit a build cannot see.
fn warn(task: Task<'_>, files: &[Entry], texts: &BTreeMap<String, String>) {
    for file in files.iter().filter(|file| file.kind() == tree::Kind::Submodule) {
        task.recorder.line(format!("{} is a submodule, whose files are not fetched", file.path));
    }
    if texts.get(GIT_ATTRIBUTES).is_some_and(|text| text.contains("filter=lfs")) {
        task.recorder
            .line("files kept with git-lfs are not fetched; the build sees their pointers");
    }
}
