//! `NotificationService`: who is told, what became of it, a test that goes out at once, and the issues of drift.

use super::read::{app_name, database, must_see};
use crate::app::App;
use crate::db;
use crate::notify::policy::{self, PolicyError};
use crate::notify::{self, Listed, Message, Notification, listed, receivers, send};
use crate::report;
use chrono::{DateTime, Utc};
use events::{AppName, EnvironmentName, EventId};
use futures_util::future::join_all;
use proto::v1::notification_service_server::NotificationService;
use proto::v1::{
    Issue, ListIssuesRequest, ListIssuesResponse, ListSinksRequest, ListSinksResponse, Sink,
    SinkTest, TestSinksRequest, TestSinksResponse,
};
use service::grpc::status;
use service::principal::{Principal, Role};
use std::collections::{BTreeMap, BTreeSet};
use tonic::{Request, Response, Status};

/// `NotificationService`.
#[derive(Debug, Clone)]
pub(crate) struct NotificationApi(pub App);

/// The sinks that the policy of the app names, and its environments.
async fn sinks(
    app: &App,
    name: &AppName,
) -> Result<(BTreeMap<String, Listed>, Vec<EnvironmentName>), Status> {
    let row = db::app::find(&app.pool, name).await.map_err(database)?;
    let row = row.ok_or_else(|| status::not_found("app", name))?;
    let policy = policy::of(app, &row).await.map_err(|error| match error {
        PolicyError::Ask { .. } => {
            tracing::warn!(error = service::chain(&error), "list the sinks of an app");
            status::unavailable(
                "BUILDER_AWAY",
                "the builder does not tell the policy of the default branch",
            )
        }
        PolicyError::Invalid { .. } => {
            status::precondition("NO_CONFIGURATION", service::chain(&error))
        }
    })?;
    let environments = policy.iter().flat_map(|policy| policy.environments.keys().cloned());
    Ok((policy.as_ref().map(listed).unwrap_or_default(), environments.collect()))
}

fn full_name(app: &AppName, sink: &str) -> String {
    format!("{}/sinks/{sink}", proto::name::app(app))
}

/// A sink as the policy names it, with what is known of it in its environments.
fn wire(app: &AppName, listed: &Listed, states: &[db::sink::State]) -> Sink {
    let name = listed.sink.name();
    let states: Vec<_> = states.iter().filter(|state| state.name == name).collect();
    let latest = |of: fn(&db::sink::State) -> Option<DateTime<Utc>>| {
        states.iter().filter_map(|state| of(state)).max().map(proto::time::timestamp)
    };
    let disabled = states.iter().any(|state| state.disabled_at.is_some());
    let waiting: i64 = states.iter().map(|state| state.waiting).sum();
    Sink {
        name: full_name(app, &name),
        kind: listed.sink.kind.as_str().to_owned(),
        address: listed.sink.address.clone(),
        on: listed.on.iter().map(ToString::to_string).collect(),
        environments: listed.environments.iter().map(ToString::to_string).collect(),
        state: if disabled { "disabled" } else { "active" }.to_owned(),
        waiting: i32::try_from(waiting).unwrap_or(i32::MAX),
        last_attempt_time: latest(|state| state.last_attempt_at),
        last_success_time: latest(|state| state.last_success_at),
        last_error: trouble(&states),
    }
}

/// The last errors, each once; with their environments where it is not the same in all.
fn trouble(states: &[&db::sink::State]) -> String {
    let errors: BTreeSet<&str> = states.iter().map(|state| state.last_error.as_str()).collect();
    if errors.len() <= 1 {
        return errors.into_iter().collect();
    }
    let told = |state: &&&db::sink::State| !state.last_error.is_empty();
    let one = |state: &&db::sink::State| match state.environment.as_str() {
        "" => state.last_error.clone(),
        environment => format!("{environment}: {}", state.last_error),
    };
    states.iter().filter(told).map(one).collect::<Vec<_>>().join("; ")
}

/// The forge that is told of all builds and releases of the app, without being named in its policy.
async fn forge(app: &App, name: &AppName) -> Result<Option<Sink>, Status> {
    let Some(client) = &app.github else { return Ok(None) };
    let row = db::app::find(&app.pool, name).await.map_err(database)?;
    let slug = row.and_then(|row| client.settings().slug(name, &row.repository));
    let Some(slug) = slug else { return Ok(None) };
    let state = db::report::state(&app.pool, name).await.map_err(database)?;
    Ok(Some(Sink {
        name: full_name(name, &format!("{}:{slug}", report::KIND)),
        kind: report::KIND.to_owned(),
        address: slug.to_string(),
        on: vec!["builds".to_owned(), "releases".to_owned()],
        environments: Vec::new(),
        state: "active".to_owned(),
        waiting: i32::try_from(state.waiting).unwrap_or(i32::MAX),
        last_attempt_time: state.last_attempt_at.map(proto::time::timestamp),
        last_success_time: state.last_success_at.map(proto::time::timestamp),
        last_error: state.last_error,
    }))
}

/// Sends a test to each receiver that one sink is in its environments, and records what became of it.
async fn test(
    app: &App,
    name: &AppName,
    (listed, all): (&Listed, &[EnvironmentName]),
    by: &Principal,
) -> Result<Vec<SinkTest>, Status> {
    let sink = &listed.sink;
    let wanted: &[_] = if listed.environments.is_empty() { all } else { &listed.environments };
    let receivers = receivers(app, name, sink, wanted).await;
    let mut tests = Vec::new();
    for places in &receivers {
        let error = test_one(app, (name, sink), places, by).await?;
        let called = match places.as_slice() {
            [first, ..] if receivers.len() > 1 => sink.name_in(first),
            _ => sink.name(),
        };
        tests.push(SinkTest { sink: full_name(name, &called), error });
    }
    Ok(tests)
}

/// Sends a test to the receiver that a sink is in all of `places`: why it did not arrive, if it did not.
async fn test_one(
    app: &App,
    (name, sink): (&AppName, &notify::Sink),
    places: &[String],
    by: &Principal,
) -> Result<String, Status> {
    let notification = Notification {
        id: service::new_id(),
        app: name.clone(),
        event: EventId::new(service::new_id()),
        environment: places.first().cloned().unwrap_or_default(),
        message: Message::test(name, app.clock.now(), by.name.as_str()),
        times: 1,
    };
    let sent = send(app, sink, &notification).await;
    let error = sent.err().map(|error| service::chain(&error));
    let mut connection = app.pool.acquire().await.map_err(database)?;
    for place in places {
        db::sink::ensure(&mut connection, name, sink, place).await.map_err(database)?;
        let called = sink.name_in(place);
        let recorded = db::sink::tested(&mut connection, name, &called, error.as_deref()).await;
        recorded.map_err(database)?;
    }
    Ok(error.unwrap_or_default())
}

fn issue(app: &AppName, filed: db::issue::Filed) -> Issue {
    Issue {
        environment: format!("{}/environments/{}", proto::name::app(app), filed.environment),
        kind: filed.kind,
        open: filed.is_open,
        number: filed.number,
        url: filed.url,
        last_error: filed.last_error,
    }
}

#[tonic::async_trait]
impl NotificationService for NotificationApi {
    async fn list_sinks(
        &self,
        request: Request<ListSinksRequest>,
    ) -> Result<Response<ListSinksResponse>, Status> {
        let principal = Principal::of(&request)?;
        let name = app_name("parent", &request.into_inner().parent)?;
        must_see(&principal, &name)?;
        let (listed, _) = sinks(&self.0, &name).await?;
        let states = db::sink::states(&self.0.pool, &name).await.map_err(database)?;
        let sinks = listed.values().map(|listed| wire(&name, listed, &states));
        let sinks = sinks.chain(forge(&self.0, &name).await?).collect();
        Ok(Response::new(ListSinksResponse { sinks }))
    }

    async fn test_sinks(
        &self,
        request: Request<TestSinksRequest>,
    ) -> Result<Response<TestSinksResponse>, Status> {
        let principal = Principal::of(&request)?;
        let request = request.into_inner();
        let name = app_name("parent", &request.parent)?;
        principal.require(Role::Deployer, Some(&name), None)?;
        let (mut listed, environments) = sinks(&self.0, &name).await?;
        let wanted = request.sink.strip_prefix(&full_name(&name, "")).unwrap_or(&request.sink);
        listed.retain(|sink, _| wanted.is_empty() || sink == wanted);
        if listed.is_empty() && !wanted.is_empty() {
            return Err(status::not_found("sink", wanted));
        }
        let tests = listed
            .values()
            .map(|listed| test(&self.0, &name, (listed, environments.as_slice()), &principal));
        let tests = join_all(tests).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(Response::new(TestSinksResponse { tests: tests.concat() }))
    }

    async fn list_issues(
        &self,
        request: Request<ListIssuesRequest>,
    ) -> Result<Response<ListIssuesResponse>, Status> {
        let principal = Principal::of(&request)?;
        let name = app_name("parent", &request.into_inner().parent)?;
        must_see(&principal, &name)?;
        let filed = db::issue::of(&self.0.pool, &name).await.map_err(database)?;
        let issues = filed.into_iter().map(|it| issue(&name, it)).collect();
        Ok(Response::new(ListIssuesResponse { issues }))
    }
}
