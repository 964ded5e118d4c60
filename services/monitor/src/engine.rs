//! The engine, only looked at.

use crate::fields::Fingerprint;
use crate::observed::{APP, ENVIRONMENT, JOB, Observed, PLATFORM};
use crate::place::Place;
use bollard::Docker;
use bollard::errors::Error as Cause;
use bollard::models::{ContainerInspectResponse, EventMessage, ImageInspect};
use bollard::query_parameters::{
    EventsOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder,
};
use futures_util::{Stream, StreamExt};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::sync::OnceCell;

/// How long one look at one environment may take; longer than on a machine under load.
const LIMIT: Duration = Duration::from_secs(10);
/// What happens to a container that may make it differ.
const ACTIONS: [&str; 10] =
    ["create", "destroy", "die", "kill", "oom", "pause", "rename", "start", "unpause", "update"];

/// Why the engine cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// It is not there, or refuses.
    #[error("look at the engine at {host}")]
    Refused {
        /// `DOCKER_HOST`.
        host: String,
        /// What the client says.
        source: Cause,
    },
    /// It does not answer.
    #[error("look at the engine at {host}: no answer within {} s", LIMIT.as_secs())]
    Silent {
        /// `DOCKER_HOST`.
        host: String,
    },
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happening {
    /// To a container of this place.
    At(Place),
    /// To a container with this id.
    To(String),
    /// The engine does not say where.
    Somewhere,
}

/// One engine. Connects when it is first needed, because it may come up later than we.
#[derive(Debug)]
pub(crate) struct Engine {
    host: String,
    platform: String,
    docker: OnceCell<Docker>,
}

impl Engine {
    /// The engine at `host`, of which only containers of `platform` are ours.
    pub(crate) fn at(host: String, platform: String) -> Self {
        Self { host, platform, docker: OnceCell::new() }
    }

    /// Every container that has the labels of `place` or one of these ids or names.
    pub(crate) async fn observe(
        &self,
        place: &Place,
        also: &[&str],
        fingerprint: Fingerprint<'_>,
    ) -> Result<Vec<Observed>, EngineError> {
        let found = match tokio::time::timeout(LIMIT, self.inspect_all(place, also)).await {
            Ok(found) => found.map_err(|source| self.refused(source))?,
            Err(_) => return Err(EngineError::Silent { host: self.host.clone() }),
        };
        let observe = |(container, image): (ContainerInspectResponse, Option<ImageInspect>)| {
            Observed::of(container, image.as_ref(), fingerprint)
        };
        Ok(found.into_iter().map(observe).collect())
    }

    /// What happens, until the engine is away.
    pub(crate) async fn happenings(
        &self,
    ) -> Result<impl Stream<Item = Happening> + use<>, EngineError> {
        let text = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let containers = HashMap::from([
            ("type".to_owned(), text(&["container"])),
            ("label".to_owned(), vec![format!("{PLATFORM}={}", self.platform)]),
            ("event".to_owned(), text(&ACTIONS)),
        ]);
        // An event of a network names its container, and has no labels of ours.
        let networks = HashMap::from([
            ("type".to_owned(), text(&["network"])),
            ("event".to_owned(), text(&["connect", "disconnect"])),
        ]);
        let docker = self.docker().await.map_err(|source| self.refused(source))?.clone();
        let alive = |event: &Result<EventMessage, Cause>| std::future::ready(event.is_ok());
        let listen = |filters: HashMap<String, Vec<String>>| {
            let options = EventsOptionsBuilder::new().filters(&filters).build();
            docker.events(Some(options)).take_while(alive)
        };
        let to_containers = listen(containers).map(|event| {
            event.ok().and_then(|event| place(&event)).map_or(Happening::Somewhere, Happening::At)
        });
        let to_networks = listen(networks).map(|event| {
            let container = event.ok().and_then(|event| connected(&event));
            container.map_or(Happening::Somewhere, Happening::To)
        });
        Ok(futures_util::stream::select(to_containers, to_networks))
    }

    fn refused(&self, source: Cause) -> EngineError {
        EngineError::Refused { host: self.host.clone(), source }
    }

    async fn docker(&self) -> Result<&Docker, Cause> {
        let connect = || async { Docker::connect_with_host(&self.host)?.negotiate_version().await };
        self.docker.get_or_try_init(connect).await
    }

    async fn inspect_all(
        &self,
        place: &Place,
        also: &[&str],
    ) -> Result<Vec<(ContainerInspectResponse, Option<ImageInspect>)>, Cause> {
        let docker = self.docker().await?;
        let labelled = list(docker, &self.platform, place).await?;
        let ids: BTreeSet<&str> =
            labelled.iter().map(String::as_str).chain(also.iter().copied()).collect();
        let mut images: HashMap<String, Option<ImageInspect>> = HashMap::new();
        let mut found: HashMap<String, (ContainerInspectResponse, Option<ImageInspect>)> =
            HashMap::new();
        for id in ids {
            let inspected = docker.inspect_container(id, None::<InspectContainerOptions>).await;
            let Some(container) = there(inspected)? else { continue };
            let image = container.image.clone().unwrap_or_default();
            if !images.contains_key(&image) {
                images.insert(image.clone(), there(docker.inspect_image(&image).await)?);
            }
            let image = images.get(&image).cloned().flatten();
            // The same container may be there by label, id and name.
            found.insert(container.id.clone().unwrap_or_default(), (container, image));
        }
        Ok(found.into_values().collect())
    }
}

async fn list(docker: &Docker, platform: &str, place: &Place) -> Result<Vec<String>, Cause> {
    let labels = vec![
        format!("{PLATFORM}={platform}"),
        format!("{APP}={}", place.app),
        format!("{ENVIRONMENT}={}", place.environment),
    ];
    let filters = HashMap::from([("label".to_owned(), labels)]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let listed = docker.list_containers(Some(options)).await?;
    // A job serves nobody and ends by itself.
    let is_job = |labels: &HashMap<String, String>| labels.contains_key(JOB);
    let serving = listed.into_iter().filter(|found| !found.labels.as_ref().is_some_and(is_job));
    Ok(serving.filter_map(|container| container.id).collect())
}

/// What was removed between two questions is not there; that is no error.
fn there<T>(answer: Result<T, Cause>) -> Result<Option<T>, Cause> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(Cause::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn place(event: &EventMessage) -> Option<Place> {
    let labels = event.actor.as_ref()?.attributes.as_ref()?;
    Place::parse(labels.get(APP)?, labels.get(ENVIRONMENT)?).ok()
}

fn connected(event: &EventMessage) -> Option<String> {
    event.actor.as_ref()?.attributes.as_ref()?.get("container").cloned()
}
