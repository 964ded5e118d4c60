//! Makes a release of content: push, tag, manual, promotion and rollback all meet here. The same content twice is one
//! release; content that was rolled back is not deployed again by itself, and what was not proved where it has to be is
//! not deployed at all; the newest makes way for itself.

use crate::admit::make_way;
use crate::app::App;
use crate::approval;
use crate::ci;
use crate::content::{Content, Origin};
use crate::db::release::{NewRelease, Release};
use crate::db::{app_removal, environment, release, secret};
use crate::limits::{holds, limits};
use crate::promotion::gate;
use crate::transition::{TransitionError, announce};
use ::release::{Failure, Plan, State, Strategy};
use events::{AppName, EnvironmentName, EventType, ReleaseId, SecretName};
use manifest::{JobAt, Resolved};
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// Why a release of content that was rolled back before has failed.
pub(crate) const PINNED: &str = "PINNED";

/// What a release is made of.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) content: Content,
    pub(crate) origin: Origin,
    pub(crate) restores: Option<ReleaseId>,
    pub(crate) soak: Soak,
    /// Deploy although it is live already or pinned.
    pub(crate) force: bool,
    pub(crate) traceparent: Option<String>,
}

/// What is known of its images, where only those are released that were proved elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Soak {
    /// Nothing: it is looked up.
    Unknown,
    /// This release proved them, or an administrator vouches for it.
    Met(ReleaseId),
    /// It does not matter: they ran here before, or an administrator put it aside.
    PutAside,
}

/// What became of the request.
#[derive(Debug)]
pub(crate) enum Created {
    /// A new release.
    New(Release),
    /// This release has the content already, and is live or on its way.
    Same(Release),
    /// The content may not be released; this release tells why and has ended.
    Refused(Release),
}

impl Created {
    /// The release, whatever became of the request.
    pub(crate) fn into_release(self) -> Release {
        match self {
            Self::New(release) | Self::Same(release) | Self::Refused(release) => release,
        }
    }
}

/// The content of a release of `resolved` with the secrets as they are now.
pub(crate) async fn content(
    connection: &mut PgConnection,
    resolved: Resolved,
    images: BTreeMap<events::ServiceName, events::payload::ImageV1>,
) -> Result<Content, sqlx::Error> {
    let current = secret::current(connection, &resolved.app, resolved.environment.as_str()).await?;
    let wanted = Content::secret_names(&resolved);
    let version = |name: SecretName| Some((name.clone(), *current.get(name.as_str())?));
    let secrets = wanted.into_iter().filter_map(version).collect();
    Ok(Content { resolved, images, secrets })
}

/// Makes the release, in the caller's transaction.
pub(crate) async fn create(
    app: &App,
    connection: &mut PgConnection,
    request: Request,
) -> Result<Created, TransitionError> {
    let place = (&request.content.resolved.app, &request.content.resolved.environment);
    app_removal::keep_out(connection, place.0).await?;
    if app_removal::refusal(&mut *connection, place.0, None).await?.is_some() {
        return Err(TransitionError::Going(place.0.clone()));
    }
    environment::lock(connection, place).await?;
    let hash = request.content.hash();
    if !request.force
        && let Some(same) = same_content(connection, place, &hash).await?
    {
        return Ok(Created::Same(same));
    }
    let promoted_from = match allowed(connection, place, (&hash, &request)).await? {
        Ok(promoted_from) => promoted_from,
        Err(failure) => return refuse(app, connection, &request, failure).await,
    };
    let new = insert(app, connection, &request, (promoted_from, &State::queued())).await?;
    make_way(connection, &new).await?;
    Ok(Created::New(new))
}

/// The release that proved the images of `request`, where one has to; else why it may not be released.
async fn allowed(
    connection: &mut PgConnection,
    place: (&AppName, &EnvironmentName),
    (hash, request): (&str, &Request),
) -> Result<Result<Option<ReleaseId>, Failure>, sqlx::Error> {
    if !request.force
        && let Some(number) = release::pinned(&mut *connection, place, hash).await?
    {
        return Ok(Err(pinned(place, number)));
    }
    let (resolved, origin) = (&request.content.resolved, &request.origin);
    if request.restores.is_none()
        && let Some(failure) = approval::refused(resolved, origin)
    {
        return Ok(Err(failure));
    }
    promoted_from(connection, request).await
}

/// Records that something was wanted and why it is not released; once, however often it is delivered.
pub(crate) async fn refuse(
    app: &App,
    connection: &mut PgConnection,
    request: &Request,
    failure: Failure,
) -> Result<Created, TransitionError> {
    let Resolved { app: name, environment, .. } = &request.content.resolved;
    if let Some(newest) = release::newest(&mut *connection, (name, environment)).await?
        && let Some(told) = release::get(&mut *connection, newest).await?
        && tells(&told, request, &failure)
    {
        return Ok(Created::Refused(told));
    }
    let promoted_from = match request.soak {
        Soak::Met(source) => Some(source),
        Soak::Unknown | Soak::PutAside => None,
    };
    let state = State::Failed { failure };
    insert(app, connection, request, (promoted_from, &state)).await.map(Created::Refused)
}

/// The content went back as release `number`.
fn pinned((app, environment): (&AppName, &EnvironmentName), number: i64) -> Failure {
    let message = format!(
        "this content was rolled back before, as release {number}; `slipway unpin {app} {environment} {number}` \
         allows it again, `slipway deploy --force` with its images releases it all the same"
    );
    Failure::new(PINNED, message)
}

/// Whether `told` says the same of the same commit already. Who asks by hand is always told.
fn tells(told: &Release, request: &Request, failure: &Failure) -> bool {
    let (before, now) = (&told.origin, &request.origin);
    told.state.failure().is_some_and(|known| known.reason == failure.reason)
        && told.content_hash == request.content.hash()
        && (&before.commit, &before.git_ref) == (&now.commit, &now.git_ref)
        && now.cause != "manual"
}

/// The release that proved the images, where one has to; else why they may not be released.
async fn promoted_from(
    connection: &mut PgConnection,
    request: &Request,
) -> Result<Result<Option<ReleaseId>, Failure>, sqlx::Error> {
    match request.soak {
        Soak::Met(source) => Ok(Ok(Some(source))),
        Soak::PutAside => Ok(Ok(None)),
        Soak::Unknown => gate(connection, &request.content).await,
    }
}

/// The release that is live or on its way with this content; only the newest counts, so that going back to
/// older content is a new release.
async fn same_content(
    connection: &mut PgConnection,
    place: (&AppName, &EnvironmentName),
    hash: &str,
) -> Result<Option<Release>, sqlx::Error> {
    let newest = match release::unfinished(&mut *connection, place).await?.pop() {
        Some(unfinished) => Some(unfinished),
        None => release::live(&mut *connection, place).await?,
    };
    let Some(newest) = newest else { return Ok(None) };
    let newest = release::get(connection, newest).await?;
    let is_ending = |release: &Release| {
        matches!(release.state, State::RollingBack { .. } | State::Stuck { .. })
    };
    Ok(newest.filter(|release| release.content_hash == hash && !is_ending(release)))
}

async fn insert(
    app: &App,
    connection: &mut PgConnection,
    request: &Request,
    (promoted_from, state): (Option<ReleaseId>, &State),
) -> Result<Release, TransitionError> {
    let resolved = &request.content.resolved;
    let place = (&resolved.app, &resolved.environment);
    let token = hex::encode(rand::random::<[u8; 16]>());
    let number = environment::next_number(connection, place, &token).await?;
    let id = ReleaseId::new(service::new_id());
    let plan = plan(resolved, request.restores.is_some());
    let plan = Plan { ci: ci::is_waited_for(resolved, &request.origin), ..plan };
    let new = NewRelease {
        id,
        app: place.0,
        environment: place.1,
        number,
        content: &request.content,
        plan: &plan,
        origin: &request.origin,
        restores: request.restores,
        promoted_from,
        state,
        traceparent: request.traceparent.clone().or_else(service::telemetry::traceparent),
    };
    release::insert(connection, &new).await?;
    let written = release::get(&mut *connection, id).await?.ok_or(TransitionError::Lost)?;
    let said =
        if state.is_settled() { EventType::ReleaseFailed } else { EventType::ReleaseCreated };
    // The version said is that of the row: nothing changed it yet.
    let first = Release { version: written.version - 1, ..written.clone() };
    announce(app, connection, &first, state, said).await?;
    Ok(written)
}

/// How a release of `resolved` will go. What it replaces is known when it begins.
fn plan(resolved: &Resolved, restores: bool) -> Plan {
    let strategy = match &resolved.strategy {
        manifest::Strategy::Recreate => Strategy::Recreate,
        manifest::Strategy::BlueGreen => Strategy::BlueGreen,
        // Without a route there is no traffic to take a share of, or to copy.
        manifest::Strategy::Canary(_) | manifest::Strategy::Shadow(_)
            if resolved.routes.is_empty() =>
        {
            Strategy::BlueGreen
        }
        manifest::Strategy::Shadow(_) => Strategy::Shadow,
        manifest::Strategy::Canary(canary) => Strategy::Canary {
            steps: canary.steps.iter().map(|step| step.weight.basis_points() / 100).collect(),
            holds: holds(canary),
        },
    };
    Plan {
        strategy: if restores { Strategy::BlueGreen } else { strategy },
        limits: limits(resolved),
        ci: false,
        approval: !restores && resolved.approval.is_some(),
        window: !restores && !resolved.freeze.is_empty(),
        // What was proven before goes back at once.
        jobs: !restores && resolved.jobs.values().any(|job| runs_before(job.at)),
        warm: !restores && resolved.services.values().any(|service| !service.warmup.is_nothing()),
        verify: !restores && is_verified(resolved),
        bake: !restores,
        has_stable: false,
        irreversible: !restores && resolved.irreversible_jobs().next().is_some(),
    }
}

/// Whether a candidate is asked or tried before it has users.
fn is_verified(resolved: &Resolved) -> bool {
    !resolved.verify.is_empty() || resolved.verifying_jobs().next().is_some()
}

/// Whether a job runs before the instances of a release.
pub(crate) fn runs_before(at: JobAt) -> bool {
    matches!(at, JobAt::BeforeRelease | JobAt::FirstRelease)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const GUARDED: &str = "app: shop\nservices: { web: { build: . } }\nenvironments: { production: { track: { branch: main }, \
        approval: { count: 2, expires: 1h }, freeze: [{ deny: \"0 17 * * FRI\", for: 60h }] } }";

    fn resolved(text: &str) -> Resolved {
        let manifest = manifest::parse(text).expect("a manifest");
        let environment = EnvironmentName::parse("production").expect("a name");
        manifest::resolve(&manifest, &manifest, &environment).expect("it resolves")
    }

    #[test]
    fn what_was_proven_before_waits_for_nobody_and_no_window() {
        let resolved = resolved(GUARDED);
        let gates = |restores| {
            let plan = plan(&resolved, restores);
            (plan.approval, plan.window)
        };
        assert_eq!((gates(false), gates(true)), ((true, true), (false, false)));
        assert_eq!(plan(&resolved, false).limits.approval, Duration::from_hours(1));
    }

    #[test]
    fn each_step_of_a_canary_is_held_as_long_as_it_says() {
        let holds = |steps: &str| {
            let text = format!(
                "app: shop\nservices: {{ web: {{ build: ., http: 80 }} }}\nenvironments: {{ production: {{ \
                 track: {{ branch: main }}, strategy: {{ canary: {{ steps: {steps}, hold: 5m }} }} }} }}"
            );
            let plan = Plan { has_stable: true, ..plan(&resolved(&text), false) };
            assert_eq!(plan.weights(), [10, 50, 100]);
            [0, 1].map(|step| plan.hold(step).saturating_sub(crate::limits::UNSEEN).as_secs())
        };
        assert_eq!(holds("[10, 50, 100]"), [300, 300]);
        assert_eq!(holds("[{ weight: 10, hold: 10m }, 50, 100]"), [600, 300]);
    }
}
