//! `PublishModel`: the model that a run committed becomes a release at GitHub, with its files. Asked again it finds what is
//! there: a release by its tag, which names the commit, and files by their names.

use super::read::database;
use crate::app::App;
use crate::db;
use crate::github::releases::Release;
use crate::github::{Client, GitHubError, Slug};
use crate::title::plain;
use bytes::{Bytes, BytesMut};
use events::{AppName, CommitSha, EnvironmentName, PrincipalName};
use http::StatusCode;
use proto::v1::publish_model_request::Part;
use proto::v1::{PublishModelRequest, PublishModelResponse, PublishedModel};
use service::grpc::status;
use service::principal::Principal;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use tonic::{Request, Status, Streaming};

/// Bytes of all files: they are held in memory.
const MOST: usize = 128 << 20;

/// GitHub takes some 125,000 characters in all: bytes of metrics, and files that are listed.
const LONGEST_METRICS: usize = 16 << 10;
const LISTED: usize = 200;

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
    let mut announced = BTreeMap::new();
    while let Some(message) = parts.message().await? {
        match message.part {
            Some(Part::File(file)) => {
                files.insert(file.path.clone(), BytesMut::new());
                announced.insert(file.path.clone(), file.size);
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
    // What was cut off would stay at GitHub as if it were whole.
    let is_whole = |path: &String, size: i64| {
        files.get(path).is_some_and(|file| i64::try_from(file.len()) == Ok(size))
    };
    if let Some((path, _)) = announced.iter().find(|(path, size)| !is_whole(path, **size)) {
        return Err(status::unavailable("FILE_CUT_OFF", format!("{path} did not come whole")));
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
    for (name, content) in assets(files) {
        client.ensure_asset(slug, &made, (&name, content)).await?;
    }
    Ok(made.html_url)
}

/// What is uploaded, by its name there. GitHub refuses a file without content, and the rest would never follow.
fn assets(files: Files) -> Vec<(String, Bytes)> {
    let mut taken = BTreeSet::new();
    let full = files.into_iter().filter(|(_, content)| !content.is_empty());
    full.map(|(path, content)| (asset(&path, &mut taken), content.freeze())).collect()
}

/// What a file is called there: it has no folder, and of other letters GitHub makes dots. The same each time.
fn asset(path: &str, taken: &mut BTreeSet<String>) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = path.chars().map(|c| if fits(c) { c } else { '.' }).collect();
    let name = match name.trim_matches('.') {
        "" => "file",
        name => name,
    };
    let mut unique = name.to_owned();
    for count in 2.. {
        if taken.insert(unique.clone()) {
            break;
        }
        unique = format!("{count}-{name}");
    }
    unique
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
    if !metrics.is_empty() && metrics.len() <= LONGEST_METRICS {
        line(&format!("\n```json\n{metrics}\n```"));
    }
    line("\n| file | bytes | sha256 |\n|---|---|---|");
    for (path, content) in files.iter().take(LISTED) {
        let digest = hex::encode(Sha256::digest(content));
        line(&format!("| `{path}` | {} | `{digest}` |", content.len()));
    }
    if files.len() > LISTED {
        line(&format!("\nThe first {LISTED} of {} files.", files.len()));
    }
    text
}

/// Nobody waits until a person allows it, as for statuses. What is there already is found by the next try.
fn is_refused(status: StatusCode, said: &str) -> bool {
    let may_pass = status == StatusCode::REQUEST_TIMEOUT || said.contains("already_exists");
    status.is_client_error() && !may_pass
}

/// What can be tried again is `UNAVAILABLE`.
fn refusal(error: &GitHubError) -> Status {
    let why = service::chain(error);
    let is_final = if let GitHubError::Refused { status, said } = error {
        is_refused(*status, said)
    } else {
        matches!(error, GitHubError::Elsewhere)
    };
    if is_final {
        return status::precondition("RELEASE_REFUSED", why);
    }
    status::unavailable("GITHUB_AWAY", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_names_of_their_own_that_github_keeps() {
        let mut taken = BTreeSet::new();
        let names = ["models/m", "models.m", "daten/größe 1.csv", ".hidden", "..."]
            .map(|path| asset(path, &mut taken));
        assert_eq!(names, ["models.m", "2-models.m", "daten.gr..e.1.csv", "hidden", "file"]);
    }

    #[test]
    fn what_github_refuses_is_not_asked_for_again_unless_it_is_there() {
        let refused = |status| StatusCode::from_u16(status).expect("a status");
        for status in [401, 403, 404, 422] {
            assert!(is_refused(refused(status), ": Not Found"), "{status}");
        }
        assert!(!is_refused(refused(422), ": Validation Failed (already_exists)"));
        assert!(!is_refused(refused(408), "") && !is_refused(refused(502), ""));
    }

    #[test]
    fn a_file_without_content_is_not_uploaded() {
        let files = [("models/.gitkeep", ""), ("models/__init__.py", ""), ("models/m", "abc")];
        let files = files.map(|(path, content)| (path.to_owned(), BytesMut::from(content)));
        assert_eq!(assets(Files::from(files)), [("models.m".to_owned(), Bytes::from("abc"))]);
    }

    #[test]
    fn a_release_says_what_made_it_and_what_is_in_it() {
        let model = PublishedModel {
            digest: "sha256:0123".to_owned(),
            run: "018f".to_owned(),
            by: "ada".to_owned(),
            why: "amounts drifted".to_owned(),
            release_number: 7,
            metrics: r#"{"auc":0.91}"#.to_owned(),
            ..PublishedModel::default()
        };
        let wanted = Wanted {
            app: AppName::parse("shop").expect("a name"),
            environment: EnvironmentName::parse("production").expect("a name"),
            commit: CommitSha::parse(&"c".repeat(40)).expect("a commit"),
            model,
        };
        let files = [("models/m", "abc"), ("models/n", "")];
        let files = files.map(|(path, content)| (path.to_owned(), BytesMut::from(content)));
        let files = Files::from(files);
        insta::assert_snapshot!(text(&wanted, &files), @r#"
        Made by run `018f` for release 7 of shop/production, asked for by ada.
        Why: amounts drifted

        Commit cccccccccccccccccccccccccccccccccccccccc, model `sha256:0123`.

        ```json
        {"auc":0.91}
        ```

        | file | bytes | sha256 |
        |---|---|---|
        | `models/m` | 3 | `ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad` |
        | `models/n` | 0 | `e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855` |
        "#);
    }
}
