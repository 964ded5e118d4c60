//! One attempt: what GitHub does not know yet of a build or a release, in an order that can be cut anywhere. What is
//! made there is looked for first, and its id is written down at once.

use super::{Due, Stage, Subject, words};
use crate::app::App;
use crate::db::report;
use crate::github::check_runs::CheckRun;
use crate::github::commit_status::CommitStatus;
use crate::github::deployments::{Deployment, DeploymentStatus};
use crate::github::{Client, GitHubError, Slug};
use events::{CommitSha, EnvironmentName, ReleaseId};
use proto::v1::GetReleaseRequest;
use service::fail_point::reach;

/// Why it is not told. Says nothing that is secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTold {
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    #[error("ask the deployer for the release")]
    Deployer(#[source] Box<tonic::Status>),
    #[error("write what was told")]
    Write(#[from] sqlx::Error),
}

/// Where something is told, and of what.
struct Place<'a> {
    client: &'a Client,
    slug: Slug,
    commit: CommitSha,
    link: Option<String>,
}

/// Tells what is so, as far as it was not told.
pub(super) async fn tell(app: &App, due: &mut Due) -> Result<(), NotTold> {
    let Some(client) = &app.github else { return Ok(()) };
    let Some(slug) = client.settings().slug(&due.app, &due.repository) else { return Ok(()) };
    if !due.is_known
        && let Subject::Release { id, .. } = due.subject
    {
        learn(app, due, id).await?;
    }
    // Of what was never pushed there is nothing to say.
    let Some(commit) = due.commit.clone() else { return Ok(()) };
    let link = match &due.subject {
        Subject::Build(_) => None,
        Subject::Release { id, environment, number } => {
            let link = app.config.release_link.as_ref();
            link.map(|link| link.of((&due.app, environment), (*number, *id)))
        }
    };
    let place = Place { client, slug, commit, link };
    if let Subject::Release { id, environment, number } = due.subject.clone() {
        deployment(app, due, &place, (id, &environment, number)).await?;
    }
    of_commit(app, due, &place).await
}

/// What the deployer knows of the release: from which commit it is, and where people reach it.
async fn learn(app: &App, due: &mut Due, release: ReleaseId) -> Result<(), NotTold> {
    let request = app.internal.request(GetReleaseRequest { name: format!("releases/{release}") });
    let answer = app.releases.clone().get_release(request).await;
    let answer = answer.map_err(|status| NotTold::Deployer(Box::new(status)))?.into_inner();
    let shown = answer.release.unwrap_or_default();
    let commit = CommitSha::parse(&shown.commit).ok();
    let url = url(&answer.configuration);
    report::known(&app.pool, due.subject.id(), (commit.as_ref(), &url)).await?;
    (due.commit, due.is_known, due.url) = (commit, true, url);
    Ok(())
}

/// Where people reach what a release is configured to be; nowhere when its host is only known on this machine.
fn url(configuration: &str) -> String {
    let resolved: serde_json::Value = serde_json::from_str(configuration).unwrap_or_default();
    let host = resolved.pointer("/hosts/0").and_then(serde_json::Value::as_str);
    let is_public = |host: &&str| !host.ends_with(".localhost") && !host.starts_with('*');
    host.filter(is_public).map(|host| format!("https://{host}")).unwrap_or_default()
}

async fn deployment(
    app: &App,
    due: &mut Due,
    place: &Place<'_>,
    (release, environment, number): (ReleaseId, &EnvironmentName, i64),
) -> Result<(), NotTold> {
    let Place { client, slug, commit, link } = place;
    let id = if let Some(id) = due.told.deployment {
        id
    } else {
        let wanted = Deployment { app: &due.app, environment, commit, release, number };
        let made = client.ensure_deployment(slug, &wanted).await?;
        reach(|| "gateway.report.deployment_made".to_owned()).await.map_err(sqlx::Error::from)?;
        due.told.deployment = Some(made);
        report::told(&app.pool, due.subject.id(), &due.told).await?;
        made
    };
    let key = due.key();
    if due.told.of_deployment == key {
        return Ok(());
    }
    let is_live = due.stage == Stage::Good && !due.url.is_empty();
    let status = DeploymentStatus {
        state: words::deployment(due.stage),
        description: &due.sentence,
        environment,
        link: link.as_deref(),
        url: is_live.then_some(due.url.as_str()),
    };
    client.say_deployment(slug, id, status).await?;
    due.told.of_deployment = key;
    Ok(report::told(&app.pool, due.subject.id(), &due.told).await?)
}

/// The status or the check run of the commit.
async fn of_commit(app: &App, due: &mut Due, place: &Place<'_>) -> Result<(), NotTold> {
    let key = due.key();
    if due.is_overtaken || due.told.of_commit == key {
        return Ok(());
    }
    let Place { client, slug, commit, link } = place;
    let (context, link) = (due.subject.context(), link.as_deref());
    if client.is_app() {
        let Some((status, conclusion)) = words::check_run(due.stage) else { return Ok(()) };
        let run = CheckRun {
            name: &context,
            subject: due.subject.id(),
            status,
            conclusion,
            title: first(&due.sentence),
            summary: &due.sentence,
            link,
            began_at: due.began_at,
            ended_at: due.moved_at,
        };
        let known = (commit, due.told.check_run);
        due.told.check_run = Some(client.say_check_run(slug, known, run).await?);
    } else {
        let Some(state) = words::commit(due.stage) else { return Ok(()) };
        let description = &due.sentence;
        let status = CommitStatus { context: &context, state, description, link };
        client.say_commit(slug, commit, status).await?;
    }
    due.told.of_commit = key;
    Ok(report::told(&app.pool, due.subject.id(), &due.told).await?)
}

/// The sentence without its reasons.
fn first(sentence: &str) -> &str {
    sentence.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_sent_where_they_reach_the_app() {
        assert_eq!(url(r#"{"hosts":["shop.example.com","x.y"]}"#), "https://shop.example.com");
        assert_eq!(url(r#"{"hosts":["production.shop.localhost"]}"#), "");
        assert_eq!(url(r#"{"hosts":["*.example.com"]}"#), "");
        assert_eq!((url("{}"), url("")), (String::new(), String::new()));
    }

    #[test]
    fn a_title_has_no_reasons() {
        assert_eq!(first("release 8 failed: CRASHED: api exited"), "release 8 failed");
    }
}
