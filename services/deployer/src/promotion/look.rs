//! Looks at live releases whether they go on to other environments: when they go live, when they have soaked, and when
//! the policy may be another. What is due is a time in their rows, so that an idle platform asks for one index.

use super::decide::{Next, by_itself};
use super::make::{Promotion, content, origin};
use crate::app::App;
use crate::built::{self, BuiltError};
use crate::create::{self, Created, Request, Soak};
use crate::db::release::{self, Release};
use crate::db::{app_removal, environment, promotion};
use crate::transition::TransitionError;
use ::release::State;
use events::{EnvironmentName, PrincipalName};
use manifest::{PromoteFrom, ResolveError};
use service::fail_point::reach;
use std::collections::BTreeMap;
use std::time::Duration;

/// When it is tried again after something went wrong.
const AGAIN: Duration = Duration::from_secs(15);

/// Why it is not known whether a release goes on.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error("ask what the release was built from")]
    Built(#[from] BuiltError),
    #[error("read what lived")]
    Read(#[from] sqlx::Error),
    #[error("make the release in {environment}")]
    Make { environment: EnvironmentName, source: TransitionError },
}

/// Looks at everything that is due.
pub(crate) async fn look(app: &App) -> Result<(), sqlx::Error> {
    for due in promotion::due(&app.pool).await? {
        let Some(source) = release::get(&app.pool, due.release).await? else { continue };
        let after = match Box::pin(go_on(app, &source)).await {
            Ok(after) => after,
            Err(error) => {
                let error = service::chain(&error);
                tracing::warn!(release.id = %source.id, error, "the release is not promoted yet");
                Some(AGAIN)
            }
        };
        promotion::look_again(&app.pool, &due, after).await?;
    }
    Ok(())
}

/// Promotes `source` to wherever it may go by now, and says when to look again.
async fn go_on(app: &App, source: &Release) -> Result<Option<Duration>, LookError> {
    let Some(build) = source.origin.build.filter(|_| source.state == State::Live) else {
        return Ok(None);
    };
    let manifests = built::manifests(app, &source.app, build).await?;
    let targets: BTreeMap<_, _> = manifests.policy.promoting_from(&source.environment).collect();
    promotion::goes_on_to(&app.pool, source.id, &targets).await?;
    let mut next: Option<Duration> = None;
    for (target, from) in targets {
        let promotion = Promotion { source, target, manifests: &manifests };
        if let Some(after) = promote(app, promotion, from).await? {
            next = Some(next.map_or(after, |next| next.min(after)));
        }
    }
    Ok(next)
}

/// One environment: all in one transaction, in which the release stays as it is.
async fn promote(
    app: &App,
    wanted: Promotion<'_>,
    from: &PromoteFrom,
) -> Result<Option<Duration>, LookError> {
    let Promotion { source, target, .. } = wanted;
    let place = (&source.app, target);
    let mut transaction = app.pool.begin().await?;
    app_removal::keep_out(&mut transaction, &source.app).await?;
    environment::lock(&mut transaction, place).await?;
    release::fence(&mut *transaction, source).await?;
    let here = (&source.app, &source.environment);
    let lived = promotion::lived(&mut *transaction, here, Some(source.id)).await?;
    let Some(lived) = lived.first() else { return Ok(None) };
    match by_itself(from, lived) {
        Next::Now => {}
        Next::After(left) => return Ok(Some(left)),
        Next::Never => return Ok(None),
    }
    if promotion::was_promoted(&mut *transaction, source.id, place).await? {
        return Ok(None);
    }
    cut("before_effect").await?;
    let content = match content(&mut transaction, wanted).await? {
        Ok(content) => content,
        Err(error) => {
            tell_unfit(source, target, &error);
            return Ok(None);
        }
    };
    let request = Request {
        content,
        origin: origin(source, PrincipalName::slipway()),
        restores: None,
        soak: Soak::Met(source.id),
        force: false,
        traceparent: None,
    };
    let created = create::create(app, &mut transaction, request).await;
    let created = match created {
        Ok(created) => created,
        Err(TransitionError::Going(_)) => return Ok(None),
        Err(source) => return Err(LookError::Make { environment: target.clone(), source }),
    };
    cut("effect_done").await?;
    transaction.commit().await?;
    cut("recorded").await?;
    app.changed();
    tell(source, &created);
    Ok(None)
}

/// Where a test can cut whoever promotes.
async fn cut(place: &str) -> Result<(), sqlx::Error> {
    reach(|| format!("deployer.promoting.{place}")).await.map_err(sqlx::Error::from)
}

fn tell(source: &Release, created: &Created) {
    let (what, release) = match created {
        Created::New(release) => ("a release was promoted", release),
        Created::Same(release) => ("what soaked is released already", release),
        Created::Refused(release) => ("what soaked is not released", release),
    };
    tracing::info!(release.id = %release.id, number = release.number, source.id = %source.id, "{what}");
}

fn tell_unfit(source: &Release, target: &EnvironmentName, error: &ResolveError) {
    let error = service::chain(error);
    tracing::error!(release.id = %source.id, %target, error, "what soaked does not fit where it should go");
}
