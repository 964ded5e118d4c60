//! `PromoteEnvironment`: a person releases in one environment what was proved in another, without a build.

use super::create::{made, refuse_missing_secrets, refused};
use super::name::{self, Place};
use super::policy::away;
use super::read::{database, show};
use super::vote::{named, said, vouch};
use crate::app::App;
use crate::built::{self, BuiltError, Manifests};
use crate::create::{self, Request as Wanted, Soak};
use crate::db::release::{self, Release};
use crate::db::{app_removal, environment, promotion};
use crate::promotion::{Promotion, content, lacking, origin};
use events::EnvironmentName;
use manifest::PromoteFrom;
use proto::v1::{PromoteEnvironmentRequest, PromoteEnvironmentResponse};
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use sqlx::PgConnection;
use tonic::{Request, Status};

/// Makes the release, or says what is lacking.
pub(super) async fn promote(
    app: &App,
    request: Request<PromoteEnvironmentRequest>,
) -> Result<PromoteEnvironmentResponse, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let target = name::environment("name", &request.name)?;
    principal.require(Role::Deployer, Some(&target.0), Some(&target.1))?;
    let from = EnvironmentName::parse(&request.source)
        .map_err(|error| status::invalid("source", error.to_string()))?;
    let vouched = said("override_soak", &request.override_soak)?;
    if !vouched.is_empty() {
        principal.require(Role::Admin, Some(&target.0), Some(&target.1))?;
    }
    let source = source(app, (target.0.clone(), from), request.number).await?;
    let manifests = manifests(app, &source).await?;
    let promote_from = promote_from(&manifests, &source, &target.1)?;
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let before =
        replay::answered(&mut transaction, crate::NAME, &request.request_id, &request).await?;
    if let Some(answer) = before {
        return Ok(answer);
    }
    app_removal::keep_out(&mut transaction, &target.0).await.map_err(database)?;
    environment::lock(&mut transaction, (&target.0, &target.1)).await.map_err(database)?;
    let lacks = soaked(&mut transaction, &source, promote_from, vouched).await?;
    let promotion = Promotion { source: &source, target: &target.1, manifests: &manifests };
    let content = content(&mut transaction, promotion).await.map_err(database)?;
    let content = content.map_err(|error| status::precondition("UNFIT", service::chain(&error)))?;
    refuse_missing_secrets(&content)?;
    let wanted = Wanted {
        content,
        origin: origin(&source, principal.name.clone()),
        restores: None,
        soak: Soak::Met(source.id),
        force: false,
        traceparent: None,
    };
    let created = create::create(app, &mut transaction, wanted).await.map_err(refused)?;
    let release = made(created)?;
    if lacks {
        let by = (&principal.name, vouched);
        vouch(&mut transaction, &release, by).await.map_err(database)?;
    }
    let answer = PromoteEnvironmentResponse { release: Some(named(&release)) };
    replay::record(&mut transaction, crate::NAME, &request.request_id, &request, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.changed();
    Ok(PromoteEnvironmentResponse { release: Some(show(app, &release).await?) })
}

/// The release to promote: by its number, else the one that is live.
async fn source(app: &App, (app_name, from): Place, number: i64) -> Result<Release, Status> {
    let place = (&app_name, &from);
    let found = match number {
        0 => release::live(&app.pool, place).await,
        number => release::by_number(&app.pool, place, number).await,
    };
    let missing = || match number {
        0 => status::precondition("NOTHING_LIVE", format!("nothing is live in {from}")),
        number => status::not_found("release", format!("{number} in {from}")),
    };
    let found = found.map_err(database)?.ok_or_else(missing)?;
    let found = release::get(&app.pool, found).await.map_err(database)?;
    found.ok_or_else(missing)
}

async fn manifests(app: &App, source: &Release) -> Result<Manifests, Status> {
    let Some(build) = source.origin.build else {
        let message = format!(
            "release {} of {} was made of images by hand, and no commit says what it is elsewhere; release them there \
             by hand as well: `slipway deploy --image`",
            source.number, source.environment
        );
        return Err(status::precondition("NOT_BUILT", message));
    };
    built::manifests(app, &source.app, build).await.map_err(|error| match error {
        BuiltError::Ask(asked) => away(&asked),
        error @ BuiltError::Answer { .. } => {
            status::precondition("NO_CONFIGURATION", service::chain(&error))
        }
    })
}

/// What the policy asks of what comes to `target` from there.
fn promote_from<'m>(
    manifests: &'m Manifests,
    source: &Release,
    target: &EnvironmentName,
) -> Result<&'m PromoteFrom, Status> {
    let place = manifests.policy.environments.get(target);
    let asked = place.and_then(|place| place.promote_from.as_ref());
    asked.filter(|from| from.environment == source.environment).ok_or_else(|| {
        let from = &source.environment;
        let message = format!(
            "the manifest on the default branch does not promote from {from} to {target}; it would say \
             `promote_from: {from}` there"
        );
        status::precondition("NOT_PROMOTED", message)
    })
}

/// True when something is lacking and somebody vouches for it; an error when nobody does. The release stays as it is
/// until the caller's transaction ends.
async fn soaked(
    connection: &mut PgConnection,
    source: &Release,
    from: &PromoteFrom,
    vouched: &str,
) -> Result<bool, Status> {
    release::fence(&mut *connection, source).await.map_err(|_| {
        status::conflict("CHANGED_MEANWHILE", "the release changed meanwhile; try again")
    })?;
    let place = (&source.app, &source.environment);
    let lived = promotion::lived(connection, place, Some(source.id)).await.map_err(database)?;
    let Some(lived) = lived.first() else {
        let message = format!("release {} of {} was never live", source.number, source.environment);
        return Err(status::precondition("NEVER_LIVE", message));
    };
    match lacking(from, lived) {
        None => Ok(false),
        Some(failure) if failure.reason == create::PINNED => {
            let (app, environment, number) = (&source.app, &source.environment, source.number);
            let message = format!(
                "{}; `slipway unpin {app} {environment} {number}` allows it again",
                failure.message
            );
            Err(status::precondition(create::PINNED, message))
        }
        Some(_) if !vouched.is_empty() => Ok(true),
        Some(failure) => {
            let message = format!(
                "{}; an administrator may vouch for it with --override-soak REASON",
                failure.message
            );
            Err(status::precondition(&failure.reason, message))
        }
    }
}
