//! Somebody says that it is well so: how good the live model is by what was true becomes what it is compared with.

use super::accept::{AcceptError, Accepted};
use super::check::{Subject, subject};
use super::graded::{Known, LEAST, Verdict};
use super::quality::{PREDICTIONS, Quality};
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
    let accepted = write(app, &mut transaction, &subject, (window, said)).await?;
    answered(&mut transaction, accepted).await?;
    transaction.commit().await.map_err(AcceptError::from)?;
    app.relay.notify_one();
    Ok(accepted)
}

async fn write(
    app: &App,
    connection: &mut PgConnection,
    subject: &Subject,
    (window, (by, reason)): (Option<TimeDelta>, (&PrincipalName, &str)),
) -> Result<Accepted, AcceptError> {
    let place = &subject.verdict.place;
    let watched = db::data_watch::lock(&mut *connection, place).await?;
    let Some(grade) = worse::grade(&mut *connection, subject, WEEK).await? else {
        return Err(AcceptError::TooFewTruths { told: 0, what: PREDICTIONS });
    };
    let model = &grade.model;
    let hours = db::quality::of(&mut *connection, place).await?;
    let known = Known { hours: &hours, standards: &[] };
    let (counts, window) = match window {
        Some(span) => known.last(model, span),
        // What is told is what is accepted.
        None => (grade.counts, grade.window),
    };
    let told = enough(&counts, &known.of(model, |_| true))?;
    let new = New {
        id: service::new_id(),
        model,
        quality: &counts,
        window,
        by: by.as_str(),
        reason,
        at: app.clock.now(),
    };
    let version = db::standard::add(&mut *connection, place, &new).await?;
    tracing::info!(%place, version, model, told, "the model is compared with it");
    let again = worse::grade(&mut *connection, subject, WEEK).await?;
    if again.is_some_and(|grade| grade.verdict == Verdict::Worse) {
        // What was accepted is of a longer time, in which the model was better.
        worse::conclude(app, connection, subject, false).await?;
    } else {
        if watched.is_some_and(|watched| watched.worse_told.is_some()) {
            say_data::as_good(app, &mut *connection, place, subject.release).await?;
        }
        db::data_watch::looked(connection, place, None).await?;
    }
    Ok(Accepted { version, rows: usize::try_from(told).unwrap_or(usize::MAX) })
}

/// Of how many predictions a standard would be, if what can be compared with all of the model can be compared with that, too.
fn enough(counts: &Quality, past: &Quality) -> Result<u64, AcceptError> {
    let sides = counts.sides();
    let is_little = sides.iter().all(|(told, _)| *told < LEAST);
    for ((told, what), (of_past, _)) in sides.iter().copied().zip(past.sides()) {
        if told < LEAST && (is_little || of_past >= LEAST) {
            return Err(AcceptError::TooFewTruths { told, what });
        }
    }
    Ok(sides.iter().map(|(told, _)| told).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(yes: u64, no: u64) -> Quality {
        Quality::Score { yes: vec![yes], no: vec![no] }
    }

    fn told(counts: &Quality, past: &Quality) -> Result<u64, String> {
        enough(counts, past).map_err(|error| error.to_string())
    }

    #[test]
    fn of_scores_each_truth_must_be_known_as_often_as_it_is_compared() {
        let needed = "a standard needs 100 predictions of what was true; there are 40";
        assert_eq!(told(&scores(40, 900), &scores(100, 9_000)), Err(needed.to_owned()));
        assert_eq!(told(&scores(100, 900), &scores(100, 9_000)), Ok(1_000));
        // What was never known as often was never compared.
        assert_eq!(told(&scores(40, 900), &scores(99, 9_000)), Ok(940));
        // With that nothing would ever be compared.
        assert_eq!(told(&scores(40, 99), &scores(40, 99)), Err(needed.to_owned()));
    }

    #[test]
    fn of_all_else_it_is_the_number_of_predictions() {
        let of = |right: u64| Quality::Class { right, wrong: 9 };
        assert_eq!(told(&of(91), &of(91)), Ok(100));
        let needed = "a standard needs 100 predictions of which it is known what was true";
        assert_eq!(told(&of(90), &of(900)), Err(format!("{needed}; there are 99")));
    }
}
