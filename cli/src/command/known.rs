//! Whether what was named is there at all: nothing may be listed, set or made because a name was mistyped.

use crate::client::{Refused, Server};
use crate::error::Error;
use proto::v1::app_service_client::AppServiceClient;
use proto::v1::build_service_client::BuildServiceClient;
use proto::v1::release_service_client::ReleaseServiceClient;
use proto::v1::{
    App, GetAppRequest, GetBuildRequest, GetEnvironmentRequest, ListAppsRequest, ListBuildsRequest,
    ListEnvironmentsRequest,
};
use std::collections::BTreeSet;
use tonic::Code;

/// How many builds are looked through for one that has read which environments there are.
const BUILDS: i32 = 5;

/// The app of this name; an error with what was meant when there is none.
pub(super) async fn app(server: &Server, name: &str) -> Result<App, Error> {
    let question = GetAppRequest { name: proto::name::app(name) };
    let answer = server.ask(question, async |channel, question| {
        AppServiceClient::new(channel).get_app(question).await
    });
    match answer.await {
        Ok(answer) => Ok(answer.app.unwrap_or_default()),
        Err(refused) if refused.code() == Code::NotFound => {
            Err(unknown(format!("app {name}"), name, &apps(server).await))
        }
        Err(refused) => Err(refused.into()),
    }
}

/// The same, when nothing was found of the app that was named.
pub(super) async fn if_empty(
    server: &Server,
    name: Option<&str>,
    is_empty: bool,
) -> Result<(), Error> {
    match name {
        Some(name) if is_empty => app(server, name).await.map(drop),
        _ => Ok(()),
    }
}

/// An error when `of` is no app, or has no such environment as far as that is known: before its first build
/// nobody has read which it has.
pub(super) async fn environment(server: &Server, of: &str, name: &str) -> Result<(), Error> {
    let app = app(server, of).await?;
    let there = environments(server, &app).await;
    if there.is_empty() || there.contains(name) {
        return Ok(());
    }
    Err(unknown(format!("environment {of}/{name}"), name, &there))
}

/// The same of an app, and of one of its environments if one was named.
pub(super) async fn place(server: &Server, of: &str, name: Option<&str>) -> Result<(), Error> {
    match name {
        Some(name) => environment(server, of, name).await,
        None => app(server, of).await.map(drop),
    }
}

/// The name of the release that moves in an environment; an error when none does.
pub(super) async fn moving(server: &Server, of: &str, environment: &str) -> Result<String, Error> {
    let question = GetEnvironmentRequest { name: proto::name::environment(of, environment) };
    let answer = server.ask(question, async |channel, question| {
        ReleaseServiceClient::new(channel).get_environment(question).await
    });
    let moving = answer.await?.environment.unwrap_or_default().moving;
    let none = || Error::Conflict(format!("no release of {of}/{environment} moves"));
    Ok(moving.ok_or_else(none)?.name)
}

/// A better answer than `refused`, when what was not found is the app or its environment.
pub(super) async fn or_unknown(
    server: &Server,
    refused: Refused,
    (of, name): (&str, &str),
) -> Error {
    if refused.code() != Code::NotFound {
        return refused.into();
    }
    environment(server, of, name).await.err().unwrap_or_else(|| refused.into())
}

fn unknown(what: String, name: &str, there: &BTreeSet<String>) -> Error {
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    Error::Unknown { what, help: manifest::suggestion(name, &there) }
}

/// The apps there are. It only helps, so that an error is as if there were none.
async fn apps(server: &Server) -> BTreeSet<String> {
    let question = ListAppsRequest { page_size: 500, page_token: String::new() };
    let answer = server.ask(question, async |channel, question| {
        AppServiceClient::new(channel).list_apps(question).await
    });
    let apps = answer.await.map(|answer| answer.apps).unwrap_or_default();
    apps.iter().map(|app| crate::print::last(&app.name).to_owned()).collect()
}

/// The environments of `app` that its policy names, or that had a release.
async fn environments(server: &Server, app: &App) -> BTreeSet<String> {
    let policy = match app.policy.as_str() {
        "" => policy_of_branch(server, &app.name).await,
        given => Some(given.to_owned()),
    };
    let policy = policy.and_then(|text| manifest::parse(&text).ok());
    let named =
        policy.iter().flat_map(|policy| policy.environments.keys()).map(ToString::to_string);
    let mut all: BTreeSet<String> = named.collect();
    let parent = app.name.clone();
    let question = ListEnvironmentsRequest { parent, page_size: 500, page_token: String::new() };
    let answer = server.ask(question, async |channel, question| {
        ReleaseServiceClient::new(channel).list_environments(question).await
    });
    let released = answer.await.map(|answer| answer.environments).unwrap_or_default();
    all.extend(released.iter().map(|it| crate::print::last(&it.name).to_owned()));
    all
}

/// The policy of the default branch, as the newest build that has read it knows it.
async fn policy_of_branch(server: &Server, app: &str) -> Option<String> {
    let question =
        ListBuildsRequest { parent: app.to_owned(), page_size: BUILDS, ..Default::default() };
    let answer = server.ask(question, async |channel, question| {
        BuildServiceClient::new(channel).list_builds(question).await
    });
    for build in answer.await.ok()?.builds {
        let question = GetBuildRequest { name: build.name };
        let answer = server.ask(question, async |channel, question| {
            BuildServiceClient::new(channel).get_build(question).await
        });
        let policy = answer.await.ok()?.build.unwrap_or_default().policy;
        if !policy.is_empty() {
            return Some(policy);
        }
    }
    None
}
