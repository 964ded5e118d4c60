//! `PublishModel`: the model that a run committed becomes a release at GitHub, with its files. Asked again it finds what is
//! there: a release by its tag, which names the commit, and files by their names.

use super::read::database;
use crate::app::App;
use crate::db;
use crate::github::releases::Release;
use crate::github::{Client, GitHubError, Slug};
use crate::title::plain;
use bytes::BytesMut;
use events::{AppName, CommitSha, EnvironmentName, PrincipalName};
use proto::v1::publish_model_request::Part;
use proto::v1::{PublishModelRequest, PublishModelResponse, PublishedModel};
use service::grpc::status;
use service::principal::Principal;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use tonic::{Request, Status, Streaming};

/// Bytes of all files: they are held in memory.
const MOST: usize = 128 << 20;

type Files = BTreeMap<String, BytesMut>;

/// What is published, and of which commit.
struct Wanted {
    app: AppName,
    environment: EnvironmentName,
    commit: CommitSha,
    model: PublishedModel,
}

pub(super) async fn publish(
    app: &App,
    request: Request<Streaming<PublishModelRequest>>,
) -> Result<PublishModelResponse, Status> {
    if Principal::of(&request)?.name != PrincipalName::slipway() {
        return Err(status::denied(
            "models are released by services only; `slipway retrain --release` makes them",
        ));
    }
    let mut parts = request.into_inner();
    let Some(PublishModelRequest { part: Some(Part::Model(model)) }) = parts.message().await?
    else {
        return Err(status::invalid("model", "comes first"));
    };
    let wanted = parse(model)?;
    let (client, slug) = forge(app, &wanted.app).await?;
    let files = receive(&mut parts).await?;
    let url = release(client, &slug, &wanted, files).await.map_err(|error| refusal(&error))?;
    tracing::info!(app = %wanted.app, environment = %wanted.environment, url, "a model is released at GitHub");
    Ok(PublishModelResponse { url })
}

fn parse(model: PublishedModel) -> Result<Wanted, Status> {
    Ok(Wanted {
        app: AppName::parse(&model.app)
            .map_err(|error| status::invalid("model.app", error.to_string()))?,
        environment: EnvironmentName::parse(&model.environment)
            .map_err(|error| status::invalid("model.environment", error.to_string()))?,
        commit: CommitSha::parse(&model.commit)
            .map_err(|error| status::invalid("model.commit", error.to_string()))?,
        model,
    })
}

async fn forge<'a>(app: &'a App, name: &AppName) -> Result<(&'a Client, Slug), Status> {
    let row = db::app::find(&app.pool, name).await.map_err(database)?;
    let row = row.ok_or_else(|| status::not_found("app", name))?;
    let found = app.github.as_ref().and_then(|client| {
        let slug = client.settings().slug(name, &row.repository)?;
        Some((client, slug))
    });
    found.ok_or_else(|| {
        let message = format!("GitHub is not set up for {name}, so that nothing is released there");
        status::precondition("NO_GITHUB", message)
    })
}

async fn receive(parts: &mut Streaming<PublishModelRequest>) -> Result<Files, Status> {
    let (mut files, mut open, mut size) = (Files::new(), String::new(), 0_usize);
    while let Some(message) = parts.message().await? {
        match message.part {
            Some(Part::File(file)) => {
                files.insert(file.path.clone(), BytesMut::new());
                open = file.path;
            }
            Some(Part::Chunk(chunk)) => {
                size += chunk.len();
                if size > MOST {
                    let message = "the files have more than 128 MiB; release them by hand";
                    return Err(status::precondition("FILES_TOO_LARGE", message));
                }
                let file = files.get_mut(&open);
                let file = file.ok_or_else(|| status::invalid("chunk", "is of no file"))?;
                file.extend_from_slice(&chunk);
            }
            Some(Part::Model(_)) | None => return Err(status::invalid("part", "is unexpected")),
        }
    }
    Ok(files)
}

async fn release(
    client: &Client,
    slug: &Slug,
    wanted: &Wanted,
    files: Files,
) -> Result<String, GitHubError> {
    let Wanted { app, environment, commit, .. } = wanted;
    let tag = format!("model-{environment}-{}", commit.short());
    let title = format!("Model of {app}/{environment} at {}", commit.short());
    let text = text(wanted, &files);
    let release = Release { tag: &tag, commit, title: &title, text: &text };
    let made = client.ensure_release(slug, release).await?;
    for (path, content) in files {
        client.ensure_asset(slug, &made, (&asset(&path), content.freeze())).await?;
    }
    Ok(made.html_url)
}

/// A file has no folder there.
fn asset(path: &str) -> String {
    path.replace('/', ".")
}

/// What people read of it.
fn text(wanted: &Wanted, files: &Files) -> String {
    let PublishedModel { digest, run, by, why, release_number, metrics, .. } = &wanted.model;
    let mut text = format!(
        "Made by run `{run}` for release {release_number} of {}/{}, asked for by {}.\n",
        wanted.app,
        wanted.environment,
        plain(by)
    );
    let mut line = |line: &str| writeln!(text, "{line}").expect("a text grows");
    if !why.is_empty() {
        line(&format!("Why: {}", plain(why)));
    }
    line(&format!("\nCommit {}, model `{digest}`.", wanted.commit));
    if !metrics.is_empty() {
        line(&format!("\n```json\n{metrics}\n```"));
    }
    line("\n| file | bytes | sha256 |\n|---|---|---|");
    for (path, content) in files {
        let digest = hex::encode(Sha256::digest(content));
        line(&format!("| `{path}` | {} | `{digest}` |", content.len()));
    }
    text
}

/// What can be tried again is `UNAVAILABLE`.
fn refusal(error: &GitHubError) -> Status {
    let why = service::chain(error);
    let is_elsewhere = matches!(error, GitHubError::Elsewhere);
    if error.is_final() || is_elsewhere {
        return status::precondition("RELEASE_REFUSED", why);
    }
    status::unavailable("GITHUB_AWAY", why)
}
