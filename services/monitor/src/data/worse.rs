//! How good the live model is, looked at whenever data are compared and when it was told what was true; what is told of that.

use super::check::{CheckError, Subject, subject};
use super::graded::{Grade, Known, Verdict, grades};
use super::news::News;
use crate::app::App;
use crate::place::Place;
use crate::{db, say_data};
use chrono::TimeDelta;
use manifest::Truth;
use sqlx::PgConnection;

/// What is looked at when nobody says otherwise; it ends with the last hour of a model of which something is known.
pub(crate) const WEEK: TimeDelta = TimeDelta::weeks(1);

/// Looks where it was told what was true, since one last looked.
pub(super) async fn look(app: &App) {
    let places = match db::data_watch::truths_told(&app.pool).await {
        Ok(places) => places,
        Err(error) => {
            tracing::warn!(%error, "it is not known where it was told what was true");
            return;
        }
    };
    for place in places {
        match told(app, &place).await {
            // What is not declared any more was ended by who noticed.
            Ok(()) | Err(CheckError::NotDeclared(_)) => {}
            Err(error @ CheckError::Database(_)) => {
                tracing::warn!(%place, error = service::chain(&error), "it is looked later how good models are");
            }
        }
    }
}

async fn told(app: &App, place: &Place) -> Result<(), CheckError> {
    let subject = subject(app, place).await?;
    let mut transaction = app.pool.begin().await?;
    conclude(app, &mut transaction, &subject, false).await?;
    transaction.commit().await?;
    app.relay.notify_one();
    Ok(())
}

/// Tells that the live model got worse, or is as good as before, if that is new; when it `is_due` also that it still is worse.
pub(super) async fn conclude(
    app: &App,
    connection: &mut PgConnection,
    subject: &Subject,
    is_due: bool,
) -> Result<(), sqlx::Error> {
    let place = &subject.verdict.place;
    let Some(watched) = db::data_watch::lock(&mut *connection, place).await? else {
        return Ok(());
    };
    let is_muted = watched.muted_until.is_some_and(|until| until > app.clock.now());
    let grade = grade(&mut *connection, subject, WEEK).await?;
    let told = watched.worse_told.as_deref();
    let (news, is_told) = match &subject.data.truth {
        Some(_) => news(grade.as_ref(), told, is_muted),
        None => (told.map(|_| News::Cleared), None),
    };
    match (news, &grade) {
        (Some(News::Drifted), Some(grade)) => {
            say_data::worse(app, &mut *connection, subject, (grade, false)).await?;
        }
        (Some(News::Again), Some(grade)) if is_due => {
            say_data::worse(app, &mut *connection, subject, (grade, true)).await?;
        }
        (Some(News::Cleared), _) => {
            say_data::as_good(app, &mut *connection, place, subject.release).await?;
        }
        (Some(News::Drifted), None) | (Some(News::Again) | None, _) => {}
    }
    db::data_watch::looked(connection, place, is_told.as_deref()).await
}

/// The grade of the model that answers now, by the last `span` of which something is known.
pub(super) async fn grade(
    connection: &mut PgConnection,
    subject: &Subject,
    span: TimeDelta,
) -> Result<Option<Grade>, sqlx::Error> {
    let Some(truth) = &subject.data.truth else { return Ok(None) };
    let mut grades =
        grades_at(connection, &subject.verdict.place, (span, truth)).await?.into_iter();
    let number = subject.verdict.release_number;
    Ok(grades.find(|grade| grade.releases.contains(&number)))
}

/// The grades of all models that answered at `place`, the newest first.
pub(crate) async fn grades_at(
    connection: &mut PgConnection,
    place: &Place,
    (span, truth): (TimeDelta, &Truth),
) -> Result<Vec<Grade>, sqlx::Error> {
    let hours = db::quality::of(&mut *connection, place).await?;
    let standards = db::standard::of(connection, place).await?;
    Ok(grades(Known { hours: &hours, standards: &standards }, span, truth))
}

/// What is told of the live model, and of which model it is told then that it got worse, where it was told of `told`.
fn news(
    grade: Option<&Grade>,
    told: Option<&str>,
    is_muted: bool,
) -> (Option<News>, Option<String>) {
    let as_told = || told.map(str::to_owned);
    let Some(grade) = grade else { return (None, as_told()) };
    match grade.verdict {
        Verdict::InsufficientData => (None, as_told()),
        Verdict::AsBefore => (told.map(|_| News::Cleared), None),
        // What is not told now is told when that is wanted again.
        Verdict::Worse if is_muted => (None, as_told()),
        Verdict::Worse if told == Some(grade.model.as_str()) => (Some(News::Again), as_told()),
        Verdict::Worse => (Some(News::Drifted), Some(grade.model.clone())),
    }
}

/// Nothing is told there any more.
pub(super) async fn end(
    app: &App,
    connection: &mut PgConnection,
    (place, watched): (&Place, &db::data_watch::Watched),
) -> Result<(), sqlx::Error> {
    match (&watched.worse_told, watched.release) {
        (Some(_), Some(release)) => say_data::as_good(app, connection, place, release).await,
        (None, _) | (_, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Figures, Quality};
    use chrono::DateTime;

    fn grade(verdict: Verdict) -> Grade {
        Grade {
            model: "sha256:2".to_owned(),
            releases: vec![7],
            window: (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH),
            now: Figures::default(),
            before: Figures::default(),
            counts: Quality::default(),
            against: None,
            standard: None,
            verdict,
            because: String::new(),
        }
    }

    fn told(
        verdict: Verdict,
        told: Option<&str>,
        is_muted: bool,
    ) -> (Option<News>, Option<String>) {
        news(Some(&grade(verdict)), told, is_muted)
    }

    #[test]
    fn that_a_model_got_worse_is_told_once_and_so_is_that_it_is_good_again() {
        let (this, of_this) = (Some("sha256:2"), Some("sha256:2".to_owned()));
        assert_eq!(told(Verdict::Worse, None, false), (Some(News::Drifted), of_this.clone()));
        assert_eq!(told(Verdict::Worse, this, false), (Some(News::Again), of_this.clone()));
        // Another model that is no better changes what is told.
        let other = Some("sha256:1");
        assert_eq!(told(Verdict::Worse, other, false), (Some(News::Drifted), of_this));
        assert_eq!(told(Verdict::AsBefore, this, false), (Some(News::Cleared), None));
        assert_eq!(told(Verdict::AsBefore, None, false), (None, None));
    }

    #[test]
    fn what_is_muted_or_not_known_is_told_later() {
        assert_eq!(told(Verdict::Worse, None, true), (None, None));
        let (this, of_this) = (Some("sha256:2"), Some("sha256:2".to_owned()));
        assert_eq!(told(Verdict::Worse, this, true), (None, of_this.clone()));
        assert_eq!(told(Verdict::InsufficientData, this, false), (None, of_this.clone()));
        assert_eq!(news(None, this, false), (None, of_this));
    }
}
