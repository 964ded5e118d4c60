//! The one way a movement of a ref becomes a change, whether a webhook told of it, a look at the remote
//! found it or a person asked: decide by the order of movements, write everything at once.

use crate::app::App;
use crate::db::arrival::{self, Rows};
use crate::db::branch_head;
use crate::db::change::{Change, cause_text};
use crate::db::delivery::{New, Outcome};
use crate::newer;
use crate::order::{Movement, Place, place};
use events::payload::{ChangeCause, SourcePushedV1};
use events::{
    AppName, ChangeId, CommitSha, DeliveryId, Envelope, EnvironmentName, EventId, EventType,
    GitRef, PrincipalName, SourceName,
};
use service::fail_point::reach;
use sqlx::PgConnection;

/// How often a movement is decided anew when somebody else moved the ref meanwhile.
const TRIES: usize = 8;

/// A ref moved, and somebody says so.
#[derive(Debug)]
pub(crate) struct Arrival<'a> {
    pub app: &'a AppName,
    pub git_ref: &'a GitRef,
    pub movement: Movement,
    /// What to make a change of when this is the newest; or why not.
    pub wish: Result<Wish, String>,
    pub delivery: Option<New<'a>>,
    /// The stored delivery that is handled again, if it is that.
    pub replays: Option<DeliveryId>,
    /// Only if the head is still of this version.
    pub only_version: Option<i64>,
}

/// A change that is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub commit: CommitSha,
    pub cause: ChangeCause,
    pub forced: bool,
    pub title: Option<String>,
    pub by: PrincipalName,
    /// Empty means every environment that tracks the ref.
    pub environments: Vec<EnvironmentName>,
}

/// What became of an arrival.
#[derive(Debug)]
pub(crate) enum Accepted {
    /// A change was made.
    Change(Box<Change>),
    /// Nothing follows, because of this.
    Nothing(String),
    /// The delivery was received before, as this one.
    Duplicate(DeliveryId),
}

/// Why an arrival was not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AcceptError {
    #[error("read or write the arrival of {git_ref} of {app}")]
    Database { app: AppName, git_ref: GitRef, source: sqlx::Error },
    #[error("store a delivery of {source_name}")]
    Store {
        source_name: SourceName,
        #[source]
        error: sqlx::Error,
    },
    #[error("write the event of a change of {app}")]
    Encode { app: AppName, source: serde_json::Error },
    #[error("{git_ref} of {app} moves faster than it can be followed")]
    Busy { app: AppName, git_ref: GitRef },
}

/// Decides what `arrival` means and writes it; all of it is durable when this returns, unless
/// `connection` is in a transaction. Once it is durable, call `App::said`.
pub(crate) async fn arrival(
    app: &App,
    connection: &mut PgConnection,
    arrival: &Arrival<'_>,
) -> Result<Accepted, AcceptError> {
    let failed = |source| AcceptError::Database {
        app: arrival.app.clone(),
        git_ref: arrival.git_ref.clone(),
        source,
    };
    let received = arrival.delivery.as_ref().map(|new| (new.source, new.external_id));
    for _ in 0..TRIES {
        let found = branch_head::find(&mut *connection, arrival.app, arrival.git_ref, received);
        let (seen, first) = found.await.map_err(failed)?;
        if let Some(first) = first {
            return Ok(Accepted::Duplicate(first));
        }
        if arrival.only_version.is_some_and(|version| version != seen.version) {
            return Ok(Accepted::Nothing("the ref moved meanwhile".to_owned()));
        }
        let (place, head) = place(&seen.head, &arrival.movement, app.clock.now());
        let wanted = wanted(place, arrival);
        let made = wanted.as_ref().ok().map(|wish| change(app, arrival, wish, seen.newest));
        let outcome = match (&made, wanted) {
            (Some(change), _) => Outcome::Accepted(change.id),
            (None, refused) => Outcome::Ignored(refused.err().unwrap_or_default()),
        };
        let said = made.as_ref().map(|change| envelope(app, change)).transpose()?;
        let rows = Rows {
            app: arrival.app,
            git_ref: arrival.git_ref,
            head: &head,
            version: seen.version,
            delivery: arrival.delivery.as_ref(),
            outcome: &outcome,
            change: made.as_ref().zip(said.as_ref()),
        };
        reach(|| "gateway.delivery.before_effect".to_owned())
            .await
            .map_err(|injected| failed(injected.into()))?;
        match arrival::commit(connection, &rows).await {
            Ok(true) => reach(|| "gateway.delivery.recorded".to_owned())
                .await
                .map_err(|injected| failed(injected.into()))?,
            Ok(false) => continue,
            // The same delivery came twice at once; the next round finds the other.
            Err(error) if pg::error::constraint(&error) == Some("delivery_once") => continue,
            Err(error) => return Err(failed(error)),
        }
        return Ok(accepted(app, made, outcome));
    }
    Err(AcceptError::Busy { app: arrival.app.clone(), git_ref: arrival.git_ref.clone() })
}

/// Makes a change because a person asked for exactly this, also of a commit seen before; the head moves
/// only when this is the newest. Nothing when no change is wished, because of this. Once it is durable,
/// call `App::said`.
pub(crate) async fn asked(
    app: &App,
    connection: &mut PgConnection,
    arrival: &Arrival<'_>,
) -> Result<Result<Change, String>, AcceptError> {
    // A change of some environments says nothing about the others: for them the ref has not moved.
    let of_every_environment = arrival.wish.as_ref().is_ok_and(|wish| wish.environments.is_empty());
    if (arrival.wish.is_err() || of_every_environment)
        && let Accepted::Change(change) = self::arrival(app, &mut *connection, arrival).await?
    {
        return Ok(Ok(*change));
    }
    match &arrival.wish {
        Ok(wish) => regardless(app, connection, arrival, wish).await.map(Ok),
        Err(reason) => Ok(Err(reason.clone())),
    }
}

async fn regardless(
    app: &App,
    connection: &mut PgConnection,
    arrival: &Arrival<'_>,
    wish: &Wish,
) -> Result<Change, AcceptError> {
    let failed = |source| AcceptError::Database {
        app: arrival.app.clone(),
        git_ref: arrival.git_ref.clone(),
        source,
    };
    let newest = crate::db::change::newest(&mut *connection, arrival.app).await.map_err(failed)?;
    let change = change(app, arrival, wish, newest);
    let envelope = envelope(app, &change)?;
    crate::db::change::insert(connection, &change).await.map_err(failed)?;
    pg::outbox::enqueue(connection, crate::NAME, &envelope).await.map_err(failed)?;
    app.counts.change(cause_text(change.cause));
    Ok(change)
}

fn wanted<'a>(place: Place, arrival: &'a Arrival<'_>) -> Result<&'a Wish, String> {
    let git_ref = arrival.git_ref;
    match (place, &arrival.wish) {
        (_, Err(reason)) => Err(reason.clone()),
        (Place::Newest, Ok(wish)) => Ok(wish),
        (Place::Same, Ok(wish)) => Err(format!("{git_ref} is at {} already", wish.commit.short())),
        (Place::Stale, Ok(_)) => Err(format!("a later push of {git_ref} was seen before this one")),
    }
}

fn accepted(app: &App, made: Option<Change>, outcome: Outcome) -> Accepted {
    match (made, outcome) {
        (Some(change), _) => {
            app.counts.change(cause_text(change.cause));
            Accepted::Change(Box::new(change))
        }
        (None, outcome) => Accepted::Nothing(outcome.reason().to_owned()),
    }
}

fn change(app: &App, arrival: &Arrival<'_>, wish: &Wish, newest: Option<ChangeId>) -> Change {
    Change {
        id: newer::than(newest, ChangeId::new(service::new_id())),
        app: arrival.app.clone(),
        git_ref: arrival.git_ref.clone(),
        commit: wish.commit.clone(),
        cause: wish.cause,
        forced: wish.forced,
        title: wish.title.clone(),
        by: wish.by.clone(),
        delivery: arrival.delivery.as_ref().map(|new| new.id).or(arrival.replays),
        environments: wish.environments.clone(),
        created_at: app.clock.now(),
    }
}

fn envelope(app: &App, change: &Change) -> Result<Envelope, AcceptError> {
    let payload = SourcePushedV1 {
        change: change.id,
        app: change.app.clone(),
        git_ref: change.git_ref.clone(),
        commit: change.commit.clone(),
        cause: change.cause,
        forced: change.forced,
        title: change.title.clone(),
        by: change.by.clone(),
        delivery: change.delivery,
        environments: change.environments.clone(),
    };
    let identity = (EventId::new(service::new_id()), app.clock.now());
    bus::envelope(crate::NAME, EventType::SourcePushed, &change.app, &payload, identity)
        .map_err(|source| AcceptError::Encode { app: change.app.clone(), source })
}

impl AcceptError {
    /// The same may succeed later.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Database { source: error, .. } | Self::Store { error, .. } => {
                pg::error::is_unavailable(error) || pg::error::is_conflict(error)
            }
            Self::Busy { .. } => true,
            Self::Encode { .. } => false,
        }
    }
}
