//! What goes into the image of one service: its files, its Dockerfile, its bases, and the key of it all.

use crate::context::dockerfile;
use crate::context::ignore::Ignore;
use crate::context::key::{Content, ContentKey};
use crate::context::tar::Context;
use crate::failure::{Failure, Reason, Stop};
use crate::git::tree::{self, Entry};
use crate::run::Task;
use crate::run::plan::Plan;
use crate::run::source::Commit;
use bytes::Bytes;
use events::ServiceName;
use futures_util::future::join_all;
use manifest::Build;
use std::collections::{BTreeMap, BTreeSet};

/// The name in the context of a Dockerfile that lies outside it.
const OUTSIDE: &str = ".slipway.dockerfile";

/// Everything that goes in.
#[derive(Debug)]
pub struct Prepared {
    /// The files the build sees.
    pub files: Vec<Entry>,
    /// Path of the Dockerfile in the context.
    pub dockerfile: String,
    /// Build arguments.
    pub args: BTreeMap<String, String>,
    text: String,
    is_outside: bool,
    secrets: BTreeSet<String>,
    /// Absent when one of them is known neither here nor at its registry.
    bases: Option<BTreeMap<String, String>>,
    platform: String,
}

/// Where the Dockerfile and the ignore file of a build may be, the likeliest first.
pub fn paths(build: &Build) -> Vec<String> {
    let context = joined("", build.context.as_str());
    let dockerfiles =
        [joined(&context, build.dockerfile.as_str()), joined("", build.dockerfile.as_str())];
    let ignores = dockerfiles.iter().map(|path| format!("{path}.dockerignore"));
    let ignores: Vec<String> = ignores.chain([joined(&context, ".dockerignore")]).collect();
    dockerfiles.into_iter().chain(ignores).collect()
}

/// `path` below `directory`, without `.` parts.
fn joined(directory: &str, path: &str) -> String {
    let parts = directory.split('/').chain(path.split('/'));
    parts.filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/")
}

/// Finds out what goes in.
pub async fn prepare(
    task: Task<'_>,
    commit: &Commit,
    plan: &Plan,
    (service, build): (&ServiceName, &Build),
) -> Result<Prepared, Stop> {
    let failed =
        |message: String| Stop::Failed(Failure::new(Reason::BuildFailed, message).of(service));
    let context = joined("", build.context.as_str());
    let [inside, outside, ..] = &paths(build)[..] else {
        unreachable!("there are two places for a Dockerfile")
    };
    let path = [inside, outside].into_iter().find(|path| plan.texts.contains_key(*path));
    let path = path.ok_or_else(|| failed(format!("the commit has no {inside}")))?;
    let text = plan.texts[path].clone();
    let files = tree::below(&plan.files, &context);
    if files.is_empty() {
        return Err(failed(format!("the commit has no directory {context}")));
    }
    let within = if context.is_empty() {
        Some(path.as_str())
    } else {
        path.strip_prefix(&format!("{context}/"))
    };
    let ignore = ignore_of(plan, path, &context).map_err(|error| failed(service::chain(&error)))?;
    let files: Vec<Entry> = files
        .into_iter()
        .filter(|file| Some(file.path.as_str()) == within || !ignore.ignores(&file.path))
        .collect();
    let args = build
        .args
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_str().to_owned()));
    let args: BTreeMap<String, String> = args.collect();
    let about = task.app.about().await;
    let about = about.map_err(|error| Stop::blocked(Reason::EngineAway, service::chain(&error)))?;
    Ok(Prepared {
        bases: bases(task, commit, dockerfile::bases(&text, &args)).await,
        dockerfile: within.unwrap_or(OUTSIDE).to_owned(),
        is_outside: within.is_none(),
        secrets: build.secrets.iter().map(ToString::to_string).collect(),
        platform: about.platform.clone(),
        files,
        args,
        text,
    })
}

fn ignore_of(
    plan: &Plan,
    dockerfile: &str,
    context: &str,
) -> Result<Ignore, crate::context::ignore::InvalidIgnore> {
    let places = [format!("{dockerfile}.dockerignore"), joined(context, ".dockerignore")];
    let text = places.iter().find_map(|path| plan.texts.get(path));
    Ignore::parse(text.map(String::as_str).unwrap_or_default())
}

/// The digest of each base, from the engine if it has the image, else from its registry.
async fn bases(
    task: Task<'_>,
    commit: &Commit,
    references: BTreeSet<String>,
) -> Option<BTreeMap<String, String>> {
    let resolved = references.into_iter().map(|reference| base(task, commit, reference));
    join_all(resolved).await.into_iter().collect()
}

async fn base(task: Task<'_>, commit: &Commit, reference: String) -> Option<(String, String)> {
    if let Ok(Some(local)) = task.app.engine.local_image(&reference).await {
        return Some((reference, local));
    }
    match task.app.engine.registry_digest(&reference, &commit.auth).await {
        Ok(digest) => digest.map(|digest| (reference, digest.to_string())),
        Err(error) => {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                reference,
                "a base is not known"
            );
            None
        }
    }
}

impl Prepared {
    /// The key of building `target` from this; nothing when a base is not known.
    pub fn key(&self, target: Option<&str>) -> Option<ContentKey> {
        let bases = self.bases.as_ref()?;
        Some(ContentKey::of(&Content {
            files: &self.files,
            dockerfile: &self.text,
            target,
            args: &self.args,
            secrets: &self.secrets,
            bases,
            platform: &self.platform,
        }))
    }

    /// What to stream to the engine.
    pub fn context(&self, commit: &Commit, plan: &Plan) -> Context {
        let outside = self.is_outside.then(|| (OUTSIDE.to_owned(), Bytes::from(self.text.clone())));
        Context {
            mirror: commit.mirror.directory.clone(),
            files: self.files.clone(),
            extra: outside,
            time: plan.time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dockerfile_is_looked_for_in_the_context_and_then_in_the_repository() {
        assert_eq!(joined("", "."), "");
        assert_eq!(joined("api", "./docker//Dockerfile"), "api/docker/Dockerfile");
        let manifest = manifest::parse(
            "version: 1\napp: shop\nservices: { api: { build: { context: ./api }, http: 80 } }\n\
             environments: { production: { track: { branch: main } } }",
        )
        .expect("valid");
        let build = manifest.services.values().next().and_then(|service| service.source.build());
        insta::assert_debug_snapshot!(paths(build.expect("built")), @r#"
        [
            "api/Dockerfile",
            "Dockerfile",
            "api/Dockerfile.dockerignore",
            "Dockerfile.dockerignore",
            "api/.dockerignore",
        ]
        "#);
    }
}
