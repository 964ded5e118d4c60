//! Images are there: a release for every environment that tracks the ref. The event is a hint; what is
//! released is read from the builder.

use crate::app::App;
use crate::built;
use crate::content::{Content, Origin};
use crate::create::{self, Created, Request, Soak};
use crate::db::app_removal::{self, Refusal};
use crate::db::{environment, model, promotion, release};
use crate::transition::TransitionError;
use ::release::Failure;
use bus::Verdict;
use events::payload::{BuildV1, ImageV1, read};
use events::{
    AppName, BuildId, Digest, Envelope, EnvironmentName, GitRef, PrincipalName, ServiceName,
};
use manifest::{Manifest, Resolved};
use proto::v1::Build;
use std::collections::BTreeMap;

/// Why no release could be made.
#[derive(Debug, thiserror::Error)]
enum HandleError {
    #[error("ask the builder for build {build}")]
    Ask { build: BuildId, source: Box<tonic::Status> },
    #[error("build {build} as the builder tells it: {what}")]
    Answer { build: BuildId, what: String },
    #[error("make a release of build {build}")]
    Create { build: BuildId, source: TransitionError },
}

impl From<HandleError> for Verdict {
    fn from(error: HandleError) -> Self {
        match &error {
            HandleError::Answer { .. } => Self::park(&error),
            HandleError::Ask { source, .. } if source.code() == tonic::Code::NotFound => {
                Self::park(&error)
            }
            HandleError::Ask { .. } | HandleError::Create { .. } => Self::retry(&error),
        }
    }
}

/// Handles `build.succeeded`.
pub(crate) async fn handle(app: &App, envelope: Envelope) -> Verdict {
    let payload: BuildV1 = match read(&envelope) {
        Ok(payload) => payload,
        Err(error) => return error.into(),
    };
    match Box::pin(release_all(app, &envelope, &payload)).await {
        Ok(()) => Verdict::Done,
        Err(error) => error.into(),
    }
}

async fn release_all(app: &App, envelope: &Envelope, payload: &BuildV1) -> Result<(), HandleError> {
    let build = ask(app, payload.build).await?;
    let answer = |what: String| HandleError::Answer { build: payload.build, what };
    let shape = manifest::parse(&build.manifest).map_err(|error| answer(error.to_string()))?;
    let policy = manifest::parse(&build.policy).map_err(|error| answer(error.to_string()))?;
    let images = images(&build).map_err(answer)?;
    let create = |source| HandleError::Create { build: payload.build, source };
    let mut transaction = app.pool.begin().await.map_err(|error| create(error.into()))?;
    let first = pg::inbox::first_time(&mut transaction, crate::NAME, envelope.id).await;
    if !first.map_err(|error| create(error.into()))? {
        return Ok(());
    }
    match refusal(&mut transaction, &build, payload).await.map_err(|error| create(error.into()))? {
        None => {}
        Some(Refusal::Going) => return Err(create(TransitionError::Going(payload.app.clone()))),
        Some(Refusal::Gone) => {
            tracing::info!(build.id = %payload.build, "the app was deleted after the build began");
            return transaction.commit().await.map_err(|error| create(error.into()));
        }
    }
    let origin = made_by(&mut transaction, origin(&build, payload), payload).await;
    let origin = origin.map_err(|error| create(error.into()))?;
    let found = Found { envelope, payload, shape, policy, images, origin };
    for environment in &payload.environments {
        release_to(app, &mut transaction, &found, environment).await.map_err(create)?;
    }
    let looked = promotion::look_at_all(&mut transaction, &payload.app).await;
    looked.map_err(|error| create(error.into()))?;
    transaction.commit().await.map_err(|error| create(error.into()))?;
    app.changed();
    Ok(())
}

/// What was built, and for whom.
struct Found<'a> {
    envelope: &'a Envelope,
    payload: &'a BuildV1,
    shape: Manifest,
    policy: Manifest,
    images: BTreeMap<ServiceName, ImageV1>,
    origin: Origin,
}

/// Makes the release of `environment`, unless something newer is there or it comes by another way.
async fn release_to(
    app: &App,
    connection: &mut sqlx::PgConnection,
    found: &Found<'_>,
    environment: &EnvironmentName,
) -> Result<(), TransitionError> {
    let Found { envelope, payload, shape, policy, images, origin } = found;
    let build = payload.build;
    if is_overtaken(connection, payload, environment).await? {
        tracing::info!(build.id = %build, %environment, "a later change is released already");
        return Ok(());
    }
    if let Some(source) = comes_by_promotion(policy, payload, environment) {
        tracing::info!(build.id = %build, %environment, %source, "it is promoted when it has soaked");
        return Ok(());
    }
    match content(connection, (shape, policy, environment), images).await? {
        Ok(content) => {
            let request = Request {
                content,
                origin: origin.clone(),
                restores: None,
                soak: Soak::Unknown,
                force: false,
                traceparent: envelope.traceparent.clone(),
            };
            tell(payload, &make(app, connection, request).await?);
        }
        Err(what) => {
            tracing::error!(build.id = %build, %environment, what, "the build cannot be released");
        }
    }
    Ok(())
}

/// The environment that the same build goes to and that `environment` is promoted from: it comes by that way.
fn comes_by_promotion<'p>(
    policy: &'p Manifest,
    payload: &BuildV1,
    environment: &EnvironmentName,
) -> Option<&'p EnvironmentName> {
    let source = &policy.environments.get(environment)?.promote_from.as_ref()?.environment;
    payload.environments.contains(source).then_some(source)
}

/// Makes the release, unless a later version was released before.
async fn make(
    app: &App,
    connection: &mut sqlx::PgConnection,
    request: Request,
) -> Result<Created, TransitionError> {
    let Resolved { app: name, environment, .. } = &request.content.resolved;
    match older(connection, (name, environment), &request.origin).await? {
        Some(failure) => create::refuse(app, connection, &request, failure).await,
        None => create::create(app, connection, request).await,
    }
}

/// Why a tag is not released: another one, of a later version, is live or on its way. However it was found: only
/// who asks for it by hand wants it all the same.
async fn older(
    connection: &mut sqlx::PgConnection,
    (app, environment): (&AppName, &EnvironmentName),
    origin: &Origin,
) -> Result<Option<Failure>, sqlx::Error> {
    let Some(tag @ GitRef::Tag(_)) = &origin.git_ref else { return Ok(None) };
    if origin.cause == "manual" {
        return Ok(None);
    }
    let newest = release::newest_ref(connection, (app, environment)).await?;
    let newer = newest.filter(|newest| manifest::is_older(tag, newest));
    Ok(newer.map(|newer| {
        let (tag, newer) = (tag.name(), newer.name());
        let message = format!(
            "{tag} is older than {newer}, which was released before; `slipway deploy {app} {environment} --ref {tag}` \
             releases it all the same"
        );
        Failure::new("OLDER_VERSION", message)
    }))
}

/// Whether the app was deleted since the build began.
async fn refusal(
    connection: &mut sqlx::PgConnection,
    build: &Build,
    payload: &BuildV1,
) -> Result<Option<Refusal>, sqlx::Error> {
    let began = build.create_time.as_ref().and_then(proto::time::from_timestamp);
    app_removal::keep_out(connection, &payload.app).await?;
    app_removal::refusal(connection, &payload.app, began).await
}

/// Events may come late and in any order; what was built later is not undone by it. The environment is
/// locked, so that nobody else makes a release meanwhile.
async fn is_overtaken(
    connection: &mut sqlx::PgConnection,
    payload: &BuildV1,
    environment: &EnvironmentName,
) -> Result<bool, sqlx::Error> {
    let place = (&payload.app, environment);
    environment::lock(connection, place).await?;
    release::is_overtaken(connection, place, (&payload.git_ref, payload.change)).await
}

fn tell(payload: &BuildV1, created: &Created) {
    let (what, release) = match created {
        Created::New(release) => ("a release was made", release),
        Created::Same(release) => ("the content is released already", release),
        Created::Refused(release) => ("the content is not released", release),
    };
    tracing::info!(build.id = %payload.build, release.id = %release.id, number = release.number, "{what}");
}

async fn ask(app: &App, build: BuildId) -> Result<Build, HandleError> {
    let answer = built::get(app, format!("builds/{build}")).await;
    let answer = answer.map_err(|status| HandleError::Ask { build, source: Box::new(status) })?;
    answer.ok_or_else(|| HandleError::Answer { build, what: "no build in the answer".to_owned() })
}

fn images(build: &Build) -> Result<BTreeMap<ServiceName, ImageV1>, String> {
    let image = |built: &proto::v1::ServiceBuild| {
        let service = ServiceName::parse(&built.service).map_err(|error| error.to_string())?;
        let image = built.image.as_ref().ok_or_else(|| format!("{service} has no image"))?;
        let digest = Digest::parse(&image.digest).map_err(|error| error.to_string())?;
        Ok((service, ImageV1 { repository: image.repository.clone(), digest }))
    };
    build.services.iter().map(image).collect()
}

/// Where the releases of a build come from: what made its change appear, as the builder was told.
fn origin(build: &Build, payload: &BuildV1) -> Origin {
    let told = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Origin {
        // A builder of an earlier version does not say it; what it built was pushed.
        cause: told(&build.cause).unwrap_or_else(|| "push".to_owned()),
        by: told(&build.by).map_or_else(PrincipalName::slipway, |by| PrincipalName::new(&by)),
        commit: Some(payload.commit.clone()),
        git_ref: Some(payload.git_ref.clone()),
        author: None,
        build: Some(payload.build),
        change: Some(payload.change),
        reason: None,
        model: told(&build.model),
    }
}

/// The same; what a run of a job committed is there because somebody wanted it to run.
async fn made_by(
    connection: &mut sqlx::PgConnection,
    origin: Origin,
    payload: &BuildV1,
) -> Result<Origin, sqlx::Error> {
    let maker = model::maker(connection, &payload.app, &payload.commit).await?;
    Ok(match maker {
        Some(by) if origin.cause != "manual" => {
            Origin { cause: "retrain".to_owned(), by, ..origin }
        }
        Some(_) | None => origin,
    })
}

type Manifests<'a> = (&'a Manifest, &'a Manifest, &'a EnvironmentName);

/// The content for one environment, or why the manifests do not allow one.
async fn content(
    connection: &mut sqlx::PgConnection,
    (shape, policy, environment): Manifests<'_>,
    images: &BTreeMap<ServiceName, ImageV1>,
) -> Result<Result<Content, String>, sqlx::Error> {
    match manifest::resolve(shape, policy, environment) {
        Ok(resolved) => create::content(connection, resolved, images.clone()).await.map(Ok),
        Err(error) => Ok(Err(service::chain(&error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{ChangeId, CommitSha};
    use testkit::{Database, variable};

    fn payload() -> BuildV1 {
        BuildV1 {
            build: BuildId::new(uuid::Uuid::nil()),
            change: ChangeId::new(uuid::Uuid::nil()),
            app: AppName::parse("shop").unwrap(),
            git_ref: GitRef::branch("main").unwrap(),
            commit: CommitSha::parse(&"a".repeat(40)).unwrap(),
            environments: Vec::new(),
            images: BTreeMap::new(),
            reason: None,
            message: None,
        }
    }

    fn origin_of(cause: &str, by: &str) -> (String, String) {
        let build = Build { cause: cause.to_owned(), by: by.to_owned(), ..Build::default() };
        let origin = origin(&build, &payload());
        (origin.cause, origin.by.to_string())
    }

    #[test]
    fn a_release_has_the_cause_of_its_change() {
        assert_eq!(origin_of("tag", "ada"), ("tag".to_owned(), "ada".to_owned()));
        assert_eq!(origin_of("manual", "ci"), ("manual".to_owned(), "ci".to_owned()));
    }

    #[test]
    fn a_builder_that_does_not_say_built_a_push() {
        assert_eq!(origin_of("", ""), ("push".to_owned(), "slipway".to_owned()));
    }

    /// A database in which this tag of the shop is live in production.
    async fn live(tag: &str) -> (Database, sqlx::PgPool) {
        let database = Database::create(&variable("SLIPWAY_TEST_DATABASE_URL")).await;
        let pool = pg::connect(&database.url(), crate::NAME, 1).await.unwrap();
        pg::migrate(&pool, crate::NAME, &crate::app::MIGRATOR).await.unwrap();
        let place = "insert into deployer.environment (app, environment, traffic, candidate_token)
                     values ('shop', 'production', '{}', 't')";
        sqlx::query(place).execute(&pool).await.unwrap();
        let release = "insert into deployer.release
                           (id, app, environment, number, content, content_hash, plan, origin, state)
                       values ($1, 'shop', 'production', 1, '{}', '', '{}',
                               jsonb_build_object('git_ref', 'refs/tags/' || $2::text), '{\"state\": \"live\"}')";
        sqlx::query(release).bind(service::new_id()).bind(tag).execute(&pool).await.unwrap();
        (database, pool)
    }

    #[tokio::test]
    async fn an_older_version_is_released_for_who_asks_by_hand_alone() {
        let (_database, pool) = live("v2.0.0").await;
        let mut connection = pool.acquire().await.unwrap();
        let production = EnvironmentName::parse("production").unwrap();
        for (cause, tag, is_refused) in [
            ("tag", "v1.0.1", true),
            ("poll", "v1.0.1", true),
            ("manual", "v1.0.1", false),
            ("poll", "v2.0.1", false),
        ] {
            let git_ref = GitRef::tag(tag).unwrap();
            let build = Build { cause: cause.to_owned(), ..Build::default() };
            let origin = origin(&build, &BuildV1 { git_ref, ..payload() });
            let place = (&payload().app, &production);
            let failure = older(&mut connection, place, &origin).await.unwrap();
            let reason = failure.map(|failure| failure.reason);
            let wanted = is_refused.then_some("OLDER_VERSION");
            assert_eq!(reason.as_deref(), wanted, "{tag} by {cause}");
        }
    }
}
