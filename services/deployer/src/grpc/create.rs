//! `CreateRelease`: given images, by hand; with `validate_only`, what would happen.

use super::read::{database, show};
use super::{name, plan, policy, vote};
use crate::app::App;
use crate::content::{Content, Origin};
use crate::create::{self, Created, Request as Wanted, Soak};
use crate::db::release::{self, Release};
use crate::transition::TransitionError;
use events::payload::ImageV1;
use events::{AppName, Digest, EnvironmentName, ServiceName};
use manifest::{Manifest, Resolved};
use proto::v1::{CreateReleaseRequest, CreateReleaseResponse};
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use std::collections::BTreeMap;
use tonic::{Request, Status};

/// Makes a release of the images and manifest in the request, or says what it would do.
pub(super) async fn create(
    app: &App,
    request: Request<CreateReleaseRequest>,
) -> Result<CreateReleaseResponse, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let (app_name, environment) = name::environment("parent", &request.parent)?;
    let place = (&app_name, &environment);
    let role = if request.validate_only { Role::Viewer } else { Role::Deployer };
    principal.require(role, Some(&app_name), Some(&environment))?;
    let live = live(app, place).await?;
    let policy = policy::of(app, &principal, place, &request).await?;
    let resolved = resolved(&request, place, (policy.as_ref(), live.as_ref()))?;
    if request.validate_only {
        return plan::plan(app, &request, &resolved, live.as_ref()).await;
    }
    let overriding = vote::said("override_freeze", &request.override_freeze)?;
    let vouched = vote::said("override_soak", &request.override_soak)?;
    if !overriding.is_empty() || !vouched.is_empty() {
        principal.require(Role::Admin, Some(&app_name), Some(&environment))?;
    }
    let images = images(&request, &resolved, live.as_ref())?;
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before =
        replay::answered(&mut transaction, crate::NAME, &request.request_id, &request).await?;
    if let Some(answer) = before {
        return Ok(answer);
    }
    let content = create::content(&mut transaction, resolved, images).await.map_err(database)?;
    refuse_missing_secrets(&content)?;
    let origin = origin(&principal, live.as_ref(), &content);
    let soak = if vouched.is_empty() { Soak::Unknown } else { Soak::PutAside };
    let wanted =
        Wanted { content, origin, restores: None, soak, force: request.force, traceparent: None };
    let created = create::create(app, &mut transaction, wanted).await.map_err(refused)?;
    let created = made(created)?;
    if !overriding.is_empty() {
        let by = (&principal.name, overriding);
        vote::put_aside(&mut transaction, &created, by).await.map_err(database)?;
    }
    vote::vouch(&mut transaction, &created, (&principal.name, vouched)).await.map_err(database)?;
    // Shown from the row; its neighbours are read by the next call.
    let answer = CreateReleaseResponse {
        release: Some(proto::v1::Release {
            name: proto::name::release(&app_name, &environment, created.number),
            uid: created.id.to_string(),
            app: app_name.to_string(),
            environment: environment.to_string(),
            number: created.number,
            ..proto::v1::Release::default()
        }),
        plan: String::new(),
        plan_json: String::new(),
    };
    replay::record(&mut transaction, crate::NAME, &request.request_id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.changed();
    Ok(CreateReleaseResponse { release: Some(show(app, &created).await?), ..answer })
}

async fn live(app: &App, place: (&AppName, &EnvironmentName)) -> Result<Option<Release>, Status> {
    match release::live(&app.pool, place).await.map_err(database)? {
        Some(id) => release::get(&app.pool, id).await.map_err(database),
        None => Ok(None),
    }
}

fn resolved(
    request: &CreateReleaseRequest,
    (app, environment): (&AppName, &EnvironmentName),
    (policy, live): (Option<&Manifest>, Option<&Release>),
) -> Result<Resolved, Status> {
    if request.manifest.is_empty() {
        let live = live.ok_or_else(|| {
            let message = "the environment has no live release to take the configuration from; send a manifest";
            status::precondition("NO_CONFIGURATION", message)
        })?;
        return Ok(live.content.resolved.clone());
    }
    let manifest = manifest::parse(&request.manifest)
        .map_err(|error| status::invalid("manifest", error.to_string()))?;
    if manifest.app != *app {
        let message = format!("the manifest is of app {}, not of {app}", manifest.app);
        return Err(status::invalid("manifest", message));
    }
    manifest::resolve(&manifest, policy.unwrap_or(&manifest), environment)
        .map_err(|error| status::invalid("manifest", service::chain(&error)))
}

/// The image of every service: as asked for, else as it is live.
fn images(
    request: &CreateReleaseRequest,
    resolved: &Resolved,
    live: Option<&Release>,
) -> Result<BTreeMap<ServiceName, ImageV1>, Status> {
    for service in request.images.keys() {
        let known: Vec<&str> = resolved.services.keys().map(ServiceName::as_str).collect();
        if !known.contains(&service.as_str()) {
            let help = manifest::suggestion(service, &known);
            let message = format!("there is no service {service:?}; {help}");
            return Err(status::invalid("images", message));
        }
    }
    let mut images = BTreeMap::new();
    for service in resolved.services.keys() {
        let asked = request.images.get(service.as_str()).map(|text| image(service, text));
        let running = live.and_then(|live| live.content.images.get(service).cloned());
        let missing = || {
            let message =
                format!("service {service} needs an image: {service}=REPOSITORY@sha256:...");
            status::invalid("images", message)
        };
        images.insert(service.clone(), asked.transpose()?.or(running).ok_or_else(missing)?);
    }
    Ok(images)
}

pub(super) fn image(service: &ServiceName, text: &str) -> Result<ImageV1, Status> {
    let invalid = |why: String| status::invalid("images", format!("{service}={text}: {why}"));
    let (repository, digest) = text.split_once('@').ok_or_else(|| {
        invalid("use REPOSITORY@sha256:..., because a tag can be moved".to_owned())
    })?;
    let digest = Digest::parse(digest).map_err(|error| invalid(error.to_string()))?;
    Ok(ImageV1 { repository: repository.to_owned(), digest })
}

pub(super) fn refuse_missing_secrets(content: &Content) -> Result<(), Status> {
    let missing: Vec<String> = Content::secret_names(&content.resolved)
        .into_iter()
        .filter(|name| !content.secrets.contains_key(name))
        .map(|name| name.to_string())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!(
        "these secrets have no value: {}; set them with `slipway secret set`",
        missing.join(", ")
    );
    Err(status::precondition("SECRET_MISSING", message))
}

/// A release with the images of the live one comes from the same commit.
fn origin(principal: &Principal, live: Option<&Release>, content: &Content) -> Origin {
    let same_images = live.filter(|live| live.content.images == content.images);
    let before = same_images.map(|live| &live.origin);
    Origin {
        cause: "manual".to_owned(),
        by: principal.name.clone(),
        author: before.and_then(|origin| origin.author.clone()),
        commit: before.and_then(|origin| origin.commit.clone()),
        git_ref: before.and_then(|origin| origin.git_ref.clone()),
        build: before.and_then(|origin| origin.build),
        change: None,
        reason: None,
        model: before.and_then(|origin| origin.model.clone()),
    }
}

/// The release that was asked for. Who asks is told at once why there is none; nothing is recorded.
pub(super) fn made(created: Created) -> Result<Release, Status> {
    match created {
        Created::New(made) | Created::Same(made) => Ok(made),
        Created::Refused(told) => {
            let failure = told.state.failure().cloned().unwrap_or_default();
            Err(status::precondition(&failure.reason, failure.message))
        }
    }
}

/// Why no release was made, for a client.
pub(super) fn refused(error: TransitionError) -> Status {
    match error {
        TransitionError::Refused(refused) => status::precondition("NOT_NOW", refused.to_string()),
        TransitionError::Lost | TransitionError::Busy => {
            status::conflict("CHANGED_MEANWHILE", "the release changed meanwhile; try again")
        }
        error @ TransitionError::Going(_) => {
            status::precondition("APP_GOING", format!("{error}; try again when it is gone"))
        }
        TransitionError::Write(error) => database(error),
        error @ TransitionError::Event(_) => status::internal(&error),
    }
}
