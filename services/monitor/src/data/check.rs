//! One comparison: what was captured of the live release in a window, against its reference, and what is told of it, in
//! one transaction.

use super::began::began;
use super::judged::{Judged, judge};
use super::news::{News, news};
use super::{WINDOW, declared, worse};
use crate::app::App;
use crate::data::counts::Columns;
use crate::db::data_verdict::DataVerdict;
use crate::db::data_watch::Watched;
use crate::db::summary::Which;
use crate::db::verdict::Verdict;
use crate::place::Place;
use crate::{db, say_data};
use chrono::{DateTime, TimeDelta, Utc};
use events::began::BeganV1;
use events::{PrincipalName, ReleaseId};
use manifest::DataDrift;
use sqlx::PgConnection;
use uuid::Uuid;

/// Verdicts in which one looks for when drift began: months of a daily one.
const LOOKED_BACK: i64 = 200;

/// Why nothing is compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// The live release declares nothing, or there is none.
    #[error("the live release of {0} does not declare `drift.data`")]
    NotDeclared(Place),
    #[error("compare captured requests")]
    Database(#[from] sqlx::Error),
}

/// A comparison that was made.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) verdict: DataVerdict,
    /// Of each column that drifted.
    pub(crate) began: Vec<(String, BeganV1)>,
    pub(crate) muted_until: Option<DateTime<Utc>>,
}

/// What is live and declares to be compared.
pub(crate) struct Subject {
    pub(crate) verdict: Verdict,
    pub(crate) release: ReleaseId,
    pub(crate) data: DataDrift,
    pub(crate) watched: Watched,
}

impl Subject {
    /// How far back is compared when who asks does not say it.
    pub(super) fn window(&self) -> TimeDelta {
        let declared = self.data.window.map(|window| TimeDelta::from_std(window.duration()));
        declared.and_then(Result::ok).unwrap_or(WINDOW)
    }
}

/// What is compared at `place`.
pub(crate) async fn subject(app: &App, place: &Place) -> Result<Subject, CheckError> {
    let undeclared = || CheckError::NotDeclared(place.clone());
    let verdict = db::verdict::get(&app.pool, place).await?.ok_or_else(undeclared)?;
    let (Some(release), Some(data)) = (verdict.release, verdict.policy.data.clone()) else {
        return Err(undeclared());
    };
    let watched = db::data_watch::get(&app.pool, place).await?.ok_or_else(undeclared)?;
    Ok(Subject { verdict, release, data, watched })
}

/// Compares what was captured in `window`, for somebody.
pub(crate) async fn on_demand(
    app: &App,
    place: &Place,
    window: Option<TimeDelta>,
    by: &PrincipalName,
) -> Result<Checked, CheckError> {
    let subject = subject(app, place).await?;
    let window = window.unwrap_or_else(|| subject.window());
    let verdict = compare(app, &subject, window, by).await?;
    let mut transaction = app.pool.begin().await?;
    let began = since(&mut transaction, &verdict).await?;
    let muted_until =
        conclude(app, &mut transaction, &subject, (&verdict, began.as_slice()), false).await?;
    transaction.commit().await?;
    app.relay.notify_one();
    Ok(Checked { verdict, began, muted_until })
}

/// Compares because the time `due` has come, once: whoever else does so at once says nothing.
pub(crate) async fn on_schedule(
    app: &App,
    place: &Place,
    due: DateTime<Utc>,
) -> Result<(), CheckError> {
    let subject = subject(app, place).await?;
    let verdict = compare(app, &subject, subject.window(), &PrincipalName::slipway()).await?;
    let mut transaction = app.pool.begin().await?;
    let now = db::data_watch::now(&mut *transaction).await?;
    // Of times that passed while nobody looked this one stands for all.
    let next_at = subject.data.schedule.due_after(now);
    if db::data_watch::go_on(&mut transaction, place, due, next_at).await? {
        let began = since(&mut transaction, &verdict).await?;
        conclude(app, &mut transaction, &subject, (&verdict, began.as_slice()), true).await?;
        transaction.commit().await?;
        app.relay.notify_one();
    }
    Ok(())
}

async fn compare(
    app: &App,
    subject: &Subject,
    window: TimeDelta,
    by: &PrincipalName,
) -> Result<DataVerdict, CheckError> {
    let Subject { verdict, release, data, watched } = subject;
    let now = app.clock.now();
    let from = now - window;
    let reference = match watched.reference {
        Some(id) => db::reference::get(&app.pool, id).await?,
        None => None,
    };
    let id = reference.as_ref().map_or(Uuid::nil(), |reference| reference.id);
    let which = Which { place: &verdict.place, release: *release, reference: id };
    let (counts, rows, model) = db::summary::since(&app.pool, which, from).await?;
    let judged = match &reference {
        Some(reference) => {
            let columns: &Columns = &reference.columns;
            judge(columns, &counts, &declared(&data.capture))
        }
        None => Judged::nothing(nothing_to_compare_with(&watched.problem)),
    };
    Ok(DataVerdict {
        id: service::new_id(),
        place: verdict.place.clone(),
        release: *release,
        release_number: verdict.release_number,
        model,
        reference_version: reference.as_ref().map_or(0, |reference| reference.version),
        reference_source: reference.map(|reference| reference.source).unwrap_or_default(),
        window: (from, now),
        by: by.to_string(),
        rows,
        judged,
        made_at: now,
    })
}

fn nothing_to_compare_with(problem: &str) -> String {
    if problem.is_empty() {
        return "there is no reference yet".to_owned();
    }
    format!("there is no reference: {problem}")
}

/// When drift of each column began that drifted.
async fn since(
    connection: &mut PgConnection,
    verdict: &DataVerdict,
) -> Result<Vec<(String, BeganV1)>, sqlx::Error> {
    if verdict.judged.drifted_columns == 0 {
        return Ok(Vec::new());
    }
    let earlier = db::data_verdict::of(connection, &verdict.place, None, LOOKED_BACK).await?;
    let drifted = verdict.judged.drifted();
    Ok(drifted.map(|it| (it.column.clone(), began(&it.column, verdict, &earlier))).collect())
}

/// Keeps the verdict and tells what is new, and when it `is_due` what is so still; until when nothing is told.
async fn conclude(
    app: &App,
    connection: &mut PgConnection,
    subject: &Subject,
    (verdict, began): (&DataVerdict, &[(String, BeganV1)]),
    is_due: bool,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    let place = &verdict.place;
    db::data_verdict::add(&mut *connection, verdict).await?;
    let watched = db::data_watch::lock(&mut *connection, place).await?;
    let Some(watched) = watched else { return Ok(None) };
    let muted_until = watched.muted_until.filter(|until| *until > verdict.made_at);
    let (news, told) = news(&verdict.judged, &watched.told, muted_until.is_some());
    let service = &subject.data.capture.service;
    let drifted = (verdict, began);
    match news {
        Some(News::Drifted) => {
            say_data::data_drifted(app, &mut *connection, drifted, service, false).await?;
        }
        Some(News::Again) if is_due => {
            say_data::data_drifted(app, &mut *connection, drifted, service, true).await?;
        }
        Some(News::Cleared) => {
            say_data::data_cleared(app, &mut *connection, place, verdict.release).await?;
        }
        Some(News::Again) | None => {}
    }
    if told != watched.told {
        db::data_watch::tell(&mut *connection, place, &told).await?;
    }
    worse::conclude(app, connection, subject, is_due).await?;
    app.metrics.compared(verdict.judged.verdict);
    Ok(muted_until)
}
