//! Somebody says that it is well so: how good the live model is by what was true becomes what it is compared with.

use super::accept::{AcceptError, Accepted};
use super::check::{Subject, subject};
use super::graded::{Grade, LEAST};
use super::worse::{self, WEEK};
use crate::app::App;
use crate::db::standard::New;
use crate::place::Place;
use crate::{db, say_data};
use chrono::TimeDelta;
use events::PrincipalName;
use sqlx::PgConnection;

/// Makes the standard of what is known of the live model in the window; `answered` writes down what is answered in the same
/// transaction.
pub(crate) async fn accept_quality<E: From<AcceptError>>(
    app: &App,
    place: &Place,
    window: Option<TimeDelta>,
    said: (&PrincipalName, &str),
    answered: impl AsyncFnOnce(&mut PgConnection, Accepted) -> Result<(), E>,
) -> Result<Accepted, E> {
    let subject = subject(app, place).await.map_err(AcceptError::from)?;
    if subject.data.truth.is_none() {
        return Err(AcceptError::NoTruth(place.clone()).into());
    }
    let mut transaction = app.pool.begin().await.map_err(AcceptError::from)?;
    let accepted = write(app, &mut transaction, &subject, (window.unwrap_or(WEEK), said)).await?;
    answered(&mut transaction, accepted).await?;
    transaction.commit().await.map_err(AcceptError::from)?;
    app.relay.notify_one();
    Ok(accepted)
}

async fn write(
    app: &App,
    connection: &mut PgConnection,
    subject: &Subject,
    (window, (by, reason)): (TimeDelta, (&PrincipalName, &str)),
) -> Result<Accepted, AcceptError> {
    let place = &subject.verdict.place;
    let watched = db::data_watch::lock(&mut *connection, place).await?;
    let grade = worse::grade(&mut *connection, subject, window).await?;
    let told = grade.as_ref().map_or(0, |grade| grade.now.told);
    let Some(grade) = grade.filter(|_| told >= LEAST) else {
        return Err(AcceptError::TooFewTruths { told });
    };
    let Grade { model, counts, window, .. } = &grade;
    let new = New {
        id: service::new_id(),
        model,
        quality: counts,
        window: *window,
        by: by.as_str(),
        reason,
        at: app.clock.now(),
    };
    let version = db::standard::add(&mut *connection, place, &new).await?;
    tracing::info!(%place, version, model, told, "the model is compared with it");
    if watched.is_some_and(|watched| watched.worse_told.is_some()) {
        say_data::as_good(app, &mut *connection, place, subject.release).await?;
    }
    db::data_watch::looked(connection, place, None).await?;
    Ok(Accepted { version, rows: usize::try_from(told).unwrap_or(usize::MAX) })
}
