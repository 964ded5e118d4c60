//! What a repair works with: the release that lives, the instance, and how it is asked whether it is well.

use super::Repair;
use crate::app::App;
use crate::db::release::{self, Release};
use crate::db::repair;
use crate::diagnose;
use crate::docker::{EngineError, Mask};
use crate::member::{self, Described};
use crate::perform::Outcome;
use crate::probe::{GateInstance, Probe, Ready, after, wait_ready};
use crate::spec::InstanceSpec;
use ::release::Failure;
use manifest::ResolvedService;
use std::net::SocketAddr;
use std::time::Duration;

/// How often it is looked whether a release begins to move.
const LOOK: Duration = Duration::from_millis(500);

/// What a repair works with.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) described: Described,
    /// The other instances of the service.
    pub(super) others: Vec<Described>,
    pub(super) service: ResolvedService,
}

impl Scene {
    /// The scene of `repair`, as long as its release lives and none moves.
    pub(super) async fn load(app: &App, repair: &Repair) -> Result<Self, Outcome> {
        calm(app, repair).await?;
        Self::any(app, repair).await
    }

    /// The same, whatever became of the release.
    pub(super) async fn any(app: &App, repair: &Repair) -> Result<Self, Outcome> {
        let release = release(app, repair).await?;
        let described = member::describe(app, &release).await;
        let described = described.map_err(|error| match error.failure() {
            Some(failure) => Outcome::failed(failure),
            None => Outcome::again(&error),
        })?;
        let of_service = described.into_iter().filter(|d| d.instance.service == repair.service);
        let is_it = |d: &Described| [repair.instance, repair.successor].contains(&d.instance.id);
        let (mine, others): (Vec<_>, Vec<_>) = of_service.partition(is_it);
        let service = release.content.resolved.services.get(&repair.service);
        let gone = || {
            let message = "the live release has no such instance any more";
            Outcome::failed(Failure::new("INSTANCE_GONE", message))
        };
        let described = mine.into_iter().next().ok_or_else(gone)?;
        let service = service.cloned().ok_or_else(gone)?;
        Ok(Self { described, others, service })
    }

    /// Another instance of the service has requests, too.
    pub(super) fn is_covered(&self) -> bool {
        self.others.iter().any(|other| other.instance.state == "ready")
    }

    /// Starts the container and waits until it is ready, as long as no release moves.
    pub(super) async fn prove(
        &self,
        app: &App,
        repair: &Repair,
        (container_id, spec): (&str, &InstanceSpec),
    ) -> Result<Ready, Outcome> {
        if let Err(error) = app.engine.start(container_id).await {
            return Err(self.refused(app, Some(container_id), &error).await);
        }
        let gate = [GateInstance {
            uid: spec.uid,
            service: spec.service.clone(),
            container_id: container_id.to_owned(),
            probe: Probe::ready(&self.service.health),
            mask: Mask::new(spec.secret_values()),
        }];
        let over = after(self.service.health.gate.duration());
        let waited = tokio::select! {
            waited = wait_ready(&app.engine, &gate, over) => waited,
            stop = until_moving(app, repair) => return Err(stop),
        };
        match waited {
            Ok(ready) => ready
                .into_iter()
                .next()
                .ok_or_else(|| Outcome::Again("nothing was asked whether it is ready".to_owned())),
            Err(failure) => {
                let mask = Mask::new(spec.secret_values());
                Err(Outcome::failed(diagnose::gate(&app.engine, &failure, &mask).await))
            }
        }
    }

    /// What an answer of the engine means for the repair.
    pub(super) async fn refused(
        &self,
        app: &App,
        container: Option<&str>,
        error: &EngineError,
    ) -> Outcome {
        if error.is_away() {
            return Outcome::again(error);
        }
        let mask = Mask::new(self.described.spec.secret_values());
        let service = &self.described.instance.service;
        Outcome::failed(diagnose::start(&app.engine, service, container, error, &mask).await)
    }

    /// Where the router finds a ready instance.
    pub(super) fn address(&self, ready: &Ready) -> Option<String> {
        let port = self.service.http.as_ref().map(|http| http.port.get());
        ready.address.zip(port).map(|(ip, port)| SocketAddr::new(ip, port).to_string())
    }
}

/// The release of a repair, whatever became of it.
pub(super) async fn release(app: &App, repair: &Repair) -> Result<Release, Outcome> {
    let found = release::get(&app.pool, repair.release).await;
    let found = found.map_err(|error| Outcome::again(&error))?;
    found.ok_or_else(|| Outcome::failed(moved()))
}

/// Nothing, as long as the release lives and none moves.
pub(super) async fn calm(app: &App, repair: &Repair) -> Result<(), Outcome> {
    match repair::is_calm(&app.pool, repair.place(), repair.release).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Outcome::failed(moved())),
        Err(error) => Err(Outcome::again(&error)),
    }
}

/// Why a repair gives way.
pub(super) fn moved() -> Failure {
    Failure::new("RELEASE_MOVES", "a release moves, and settles what runs by itself")
}

async fn until_moving(app: &App, repair: &Repair) -> Outcome {
    loop {
        tokio::time::sleep(LOOK).await;
        // A database that is away for a moment ends nothing.
        if let Err(stop @ Outcome::Failed(_)) = calm(app, repair).await {
            return stop;
        }
    }
}
