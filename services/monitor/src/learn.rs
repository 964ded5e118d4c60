//! Learns from the deployer what should be running, and remembers it for when the deployer is away.

use crate::app::App;
use crate::db;
use crate::deployer::DeployerError;
use crate::expected::Environment;
use crate::place::Place;
use events::ReleaseId;
use std::collections::BTreeSet;

/// Why it is not known what should run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LearnError {
    /// The deployer did not say it.
    #[error(transparent)]
    Deployer(#[from] DeployerError),
    /// It could not be remembered.
    #[error("remember what should run")]
    Remember(#[from] sqlx::Error),
}

/// Learns about one place, and forgets it when the deployer does not know it.
pub(crate) async fn one(app: &App, place: &Place) -> Result<(), LearnError> {
    match app.deployer.environment(place).await? {
        Some(environment) => remember(app, &environment).await,
        None => Ok(db::verdict::forget(&app.pool, place).await?),
    }
}

/// Learns about every place, and forgets those the deployer does not know.
pub(crate) async fn all(app: &App) -> Result<(), LearnError> {
    let mut known = BTreeSet::new();
    for environment in app.deployer.environments().await? {
        remember(app, &environment).await?;
        known.insert(environment.place);
    }
    for place in places(app).await? {
        if !known.contains(&place) {
            db::verdict::forget(&app.pool, &place).await?;
        }
    }
    Ok(())
}

/// Every place that is remembered.
pub(crate) async fn places(app: &App) -> Result<Vec<Place>, sqlx::Error> {
    let verdicts = db::verdict::all(&app.pool).await?;
    Ok(verdicts.into_iter().map(|verdict| verdict.place).collect())
}

async fn remember(app: &App, environment: &Environment) -> Result<(), LearnError> {
    let live = match environment.live {
        Some(release) => app.deployer.release(release).await?,
        None => None,
    };
    let place = &environment.place;
    let (number, instances) = match &live {
        Some(live) => (Some((live.release, live.number)), live.instances.as_slice()),
        None => (None, [].as_slice()),
    };
    let policy = live.as_ref().map(|live| &live.policy);
    let mut transaction = app.pool.begin().await?;
    let before = db::verdict::lock(&mut transaction, place).await?;
    db::verdict::expect(&mut transaction, place, number, policy, environment.moving).await?;
    db::instance::expect(&mut transaction, place, instances).await?;
    if before
        .as_ref()
        .is_some_and(|before| before.release != live.as_ref().map(|live| live.release))
    {
        db::liveness::forget(&mut *transaction, place).await?;
    }
    transaction.commit().await?;
    if before.and_then(|before| before.release) != live.as_ref().map(|live| live.release) {
        app.another_lives.notify_one();
    }
    match live {
        Some(live) => describe(app, place, live.release).await,
        None => Ok(()),
    }
}

/// What the engine was told to make, for those instances of which it is not known yet.
async fn describe(app: &App, place: &Place, release: ReleaseId) -> Result<(), LearnError> {
    let remembered = db::instance::of(&app.pool, place).await?;
    if remembered.iter().all(|it| it.released.is_some()) {
        return Ok(());
    }
    let described = match app.owner.describe(release, app.fingerprint_key()).await {
        Ok(described) => described,
        Err(error) => {
            // Until then what was first seen counts.
            tracing::debug!(release.id = %release, error = service::chain(&error), "not described");
            return Ok(());
        }
    };
    for (instance, fields) in described {
        db::instance::keep_released(&app.pool, instance, &fields).await?;
    }
    Ok(())
}
