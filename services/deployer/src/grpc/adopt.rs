//! `AdoptInstances`: a release of what runs, proved like any other.

use super::create::refused;
use super::name;
use super::read::database;
use crate::adopt::Adoption;
use crate::app::App;
use crate::content::{Content, Origin};
use crate::create::{self, Request as Wanted, Soak};
use crate::db::release::{self, Release};
use crate::member::{self, Described};
use proto::v1::{AdoptInstancesRequest, AdoptInstancesResponse};
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use std::collections::BTreeMap;
use tonic::{Request, Status};

/// Makes a release of what runs in the environment.
pub(super) async fn adopt(
    app: &App,
    request: Request<AdoptInstancesRequest>,
) -> Result<AdoptInstancesResponse, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let (app_name, environment) = name::environment("name", &request.name)?;
    principal.require(Role::Deployer, Some(&app_name), Some(&environment))?;
    let place = (&app_name, &environment);
    let live = release::live(&app.pool, place).await.map_err(database)?;
    let live = match live {
        Some(id) => release::get(&app.pool, id).await.map_err(database)?,
        None => None,
    };
    let nothing = || status::precondition("NOTHING_TO_ADOPT", "nothing is live here");
    let live = live.ok_or_else(nothing)?;
    let (content, adopted, left) = content(app, &live).await?;
    if adopted.is_empty() {
        let message = match left.as_slice() {
            [] => "what runs is what was released".to_owned(),
            left => format!("nothing of what differs can be released: {}", left.join("; ")),
        };
        return Err(status::precondition("NOTHING_TO_ADOPT", message));
    }
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before: Option<AdoptInstancesResponse> =
        replay::answered(&mut transaction, crate::NAME, &request.request_id, &request).await?;
    if let Some(answer) = before {
        return Ok(answer);
    }
    let origin = Origin {
        cause: "adopt".to_owned(),
        by: principal.name.clone(),
        reason: None,
        ..live.origin.clone()
    };
    let wanted = Wanted {
        content,
        origin,
        restores: None,
        // It runs here already.
        soak: Soak::PutAside,
        force: true,
        traceparent: None,
    };
    let created = create::create(app, &mut transaction, wanted).await.map_err(refused)?;
    let number = created.into_release().number;
    let release = proto::name::release(&app_name, &environment, number);
    let answer = AdoptInstancesResponse { release, adopted, left };
    replay::record(&mut transaction, crate::NAME, &request.request_id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.changed();
    Ok(answer)
}

type Adopted = (Content, Vec<String>, Vec<String>);

/// The content of the live release with what runs instead; of each service, the first instance that differs.
async fn content(app: &App, live: &Release) -> Result<Adopted, Status> {
    let described = member::describe(app, live).await.map_err(|error| status::internal(&error))?;
    let mut content = live.content.clone();
    let (mut adopted, mut left) = (Vec::new(), Vec::new());
    let mut found: BTreeMap<_, Adoption> = BTreeMap::new();
    for described in described {
        let service = described.instance.service.clone();
        let decided = found.get(&service).is_some_and(|adoption| !adoption.adopted.is_empty());
        if !decided && let Some(adoption) = adoption(app, live, &described).await? {
            found.insert(service, adoption);
        }
    }
    for (service, adoption) in found {
        let told = |what: &String| format!("{service}: {what}");
        adopted.extend(adoption.adopted.iter().map(told));
        left.extend(adoption.left.iter().map(told));
        content.images.insert(service.clone(), adoption.image);
        content.resolved.services.insert(service, adoption.service);
    }
    Ok((content, adopted, left))
}

async fn adoption(
    app: &App,
    live: &Release,
    described: &Described,
) -> Result<Option<Adoption>, Status> {
    let Described { instance, spec } = described;
    let away = |error| status::unavailable("ENGINE_AWAY", service::chain(&error));
    // By its name: a container that somebody made instead counts.
    let running = app.engine.running(&spec.container_name()).await.map_err(away)?;
    let service = live.content.resolved.services.get(&instance.service);
    let image = live.content.images.get(&instance.service);
    let (Some(running), Some(service), Some(image)) = (running, service, image) else {
        return Ok(None);
    };
    Ok(Some(Adoption::of(service, image, spec, &running)))
}
