//! Brings a release up: every instance exists, runs and proved by its probe that it is ready. What is
//! ready already is asked once more, so that capacity is proved forwards and backwards alike.

use super::Outcome;
use super::cache::{self, Warm};
use crate::app::App;
use crate::db::instance;
use crate::db::release::Release;
use crate::docker::{EngineError, Mask};
use crate::member::{self, Described, MemberError};
use crate::probe::{GateCause, GateFailure, GateInstance, Probe, Ready, wait_ready};
use crate::{addresses, dependency, diagnose, wave};
use events::ServiceName;
use futures_util::future::try_join_all;
use manifest::ResolvedService;
use std::net::IpAddr;
use std::time::Duration;

/// Instances that are ready.
#[derive(Debug, Default)]
pub(crate) struct Up {
    /// How many there are.
    pub(crate) count: usize,
    /// How long the slowest took.
    pub(crate) slowest: Duration,
    /// Whether the caches that could say so were warm.
    pub(crate) caches: Vec<(ServiceName, bool)>,
}

/// Every instance of `release`, ready.
pub(crate) async fn bring_up(app: &App, release: &Release) -> Result<Up, Outcome> {
    bring_up_only(app, release, |_| true).await
}

/// The same for some of its services.
pub(crate) async fn bring_up_only(
    app: &App,
    release: &Release,
    wanted: impl Fn(&ServiceName) -> bool,
) -> Result<Up, Outcome> {
    let place = (&release.app, &release.environment);
    let refreshed = addresses::refresh_in(app, place).await;
    refreshed.map_err(|error| Outcome::Again(service::chain(&*error)))?;
    let mut described = member::describe(app, release).await.map_err(describe_failed)?;
    described.retain(|member| wanted(&member.instance.service));
    let mut up = Up { count: described.len(), ..Up::default() };
    for wave in wave::waves(&release.content.resolved) {
        let services = wave.iter().filter(|service| wanted(service)).map(|service| {
            let mine = described.iter().filter(|d| &d.instance.service == service).collect();
            bring_up_service(app, release, service, mine)
        });
        for (took, cache) in try_join_all(services).await? {
            up.slowest = up.slowest.max(took);
            up.caches.extend(cache);
        }
    }
    Ok(up)
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn describe_failed(error: MemberError) -> Outcome {
    match error.failure() {
        Some(failure) => Outcome::failed(failure),
        None => Outcome::again(&error),
    }
}

async fn bring_up_service(
    app: &App,
    release: &Release,
    service: &ServiceName,
    members: Vec<&Described>,
) -> Result<(Duration, Option<(ServiceName, bool)>), Outcome> {
    let resolved = &release.content.resolved;
    let Some(wanted) = resolved.services.get(service) else { return Ok((Duration::ZERO, None)) };
    // It is there for its image alone.
    if members.is_empty() {
        return Ok((Duration::ZERO, None));
    }
    if members.iter().any(|member| member.instance.state != "ready") {
        dependency::wait(resolved, wanted).await.map_err(Outcome::failed)?;
    }
    let gate = try_join_all(members.iter().map(|member| launch(app, wanted, member))).await?;
    let is_new = members.iter().all(|member| member.instance.container_id.is_none());
    let (asked, warm) = (gate.first().filter(|_| is_new), Warm::new());
    let over = cache::over(&app.engine, wanted, asked, &warm);
    let ready = match wait_ready(&app.engine, &gate, over).await {
        Ok(ready) => ready,
        Err(failure) => return Err(explain(app, &members, *failure).await),
    };
    for (member, ready) in members.iter().zip(&ready) {
        record(app, member, wanted, ready).await?;
    }
    let took = ready.iter().map(|ready| ready.took).max().unwrap_or_default();
    Ok((took, warm.get().map(|warm| (service.clone(), *warm))))
}

/// The container exists and runs; what it will be asked.
async fn launch(
    app: &App,
    wanted: &ResolvedService,
    member: &Described,
) -> Result<GateInstance, Outcome> {
    let instance = &member.instance;
    let created = match app.engine.create_or_adopt(&member.spec).await {
        Ok(created) => created,
        Err(error) => return Err(refused(app, member, None, error).await),
    };
    if instance.state != "ready" || instance.container_id.as_deref() != Some(&created.container_id)
    {
        let mut connection = app.pool.acquire().await.map_err(|error| Outcome::again(&error))?;
        let container = Some(created.container_id.as_str());
        instance::observe(&mut connection, instance.id, "starting", (container, None))
            .await
            .map_err(|error| Outcome::again(&error))?;
    }
    if let Err(error) = app.engine.start(&created.container_id).await {
        return Err(refused(app, member, Some(&created.container_id), error).await);
    }
    Ok(GateInstance {
        uid: instance.id,
        service: instance.service.clone(),
        container_id: created.container_id,
        probe: Probe::ready(&wanted.health),
        mask: Mask::new(member.spec.secret_values()),
    })
}

async fn refused(
    app: &App,
    member: &Described,
    container: Option<&str>,
    error: EngineError,
) -> Outcome {
    if error.is_away() {
        return Outcome::again(&error);
    }
    let mask = Mask::new(member.spec.secret_values());
    let service = &member.instance.service;
    Outcome::failed(diagnose::start(&app.engine, service, container, &error, &mask).await)
}

async fn record(
    app: &App,
    member: &Described,
    wanted: &ResolvedService,
    ready: &Ready,
) -> Result<(), Outcome> {
    let port = wanted.http.as_ref().map(|http| http.port.get());
    let address = ready.address.zip(port).map(|(ip, port)| at(ip, port));
    let seen = (Some(ready.container_id.as_str()), address.as_deref());
    let mut connection = app.pool.acquire().await.map_err(|error| Outcome::again(&error))?;
    instance::observe(&mut connection, member.instance.id, "ready", seen)
        .await
        .map_err(|error| Outcome::again(&error))
}

fn at(ip: IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(ip, port).to_string()
}

/// The failure of a gate with the last log lines, secrets hidden.
async fn explain(app: &App, members: &[&Described], failure: GateFailure) -> Outcome {
    if let GateCause::Engine(error) = &failure.cause
        && error.is_away()
    {
        return Outcome::again(error);
    }
    let member = members.iter().find(|member| member.instance.id == failure.instance.uid);
    let mask = Mask::new(member.iter().flat_map(|member| member.spec.secret_values()));
    Outcome::failed(diagnose::gate(&app.engine, &failure, &mask).await)
}
