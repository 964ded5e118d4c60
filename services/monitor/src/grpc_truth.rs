//! The part of `DataDriftService` that is about what was true.

use crate::app::App;
use crate::data::check::{CheckError, Subject, subject};
use crate::data::{Figures, Grade, GradeVerdict, WEEK, grades_at, tell};
use crate::db;
use crate::db::data_watch::Watched;
use crate::db::standard::Standard;
use crate::grpc_data::{self, not_checked};
use crate::place::Place;
use chrono::TimeDelta;
use events::sample::ScalarV1;
use manifest::Truth;
use proto::v1::model_quality::Verdict as WireVerdict;
use proto::v1::{
    GetQualityResponse, ModelQuality, QualityFigures, TellTruthRequest, TellTruthResponse, truth_of,
};
use service::grpc::{replay, status};
use std::collections::BTreeMap;
use tonic::Status;

/// Truths of one call.
const MOST: usize = 10_000;
/// Letters of the longest key.
const LONGEST: usize = 200;

/// Counts what was true.
pub(crate) async fn told(
    app: &App,
    place: &Place,
    request: TellTruthRequest,
) -> Result<TellTruthResponse, Status> {
    let truth = declared(app, place).await?;
    let truths = truths(&request)?;
    let mut transaction = app.pool.begin().await.map_err(|error| status::database(&error))?;
    let id = &request.request_id;
    let before = replay::answered(&mut transaction, crate::SERVICE, id, &request).await?;
    if let Some(before) = before {
        return Ok(before);
    }
    let told = tell(&mut transaction, place, truth.kind, &truths).await;
    let told = told.map_err(|error| status::database(&error))?;
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let answer =
        TellTruthResponse { known_count: count(told.known), unknown_count: count(told.unknown) };
    replay::record(&mut transaction, crate::SERVICE, id, &request, &answer).await?;
    transaction.commit().await.map_err(|error| status::database(&error))?;
    Ok(answer)
}

/// How good each model was in the window, and before, and the last verdict on captured traffic.
pub(crate) async fn quality(
    app: &App,
    place: &Place,
    window: Option<TimeDelta>,
) -> Result<GetQualityResponse, Status> {
    let subject = subject(app, place).await.map_err(|error| not_checked(&error))?;
    let database = |error: sqlx::Error| status::database(&error);
    let last = db::data_verdict::of(&app.pool, place, None, 1).await.map_err(database)?;
    let mut models = Vec::new();
    if let Some(truth) = &subject.data.truth {
        let mut connection = app.pool.acquire().await.map_err(database)?;
        let span = window.unwrap_or(WEEK);
        let grades = grades_at(&mut connection, place, (span, truth)).await.map_err(database)?;
        models.extend(grades.into_iter().map(shown));
    }
    let Watched { schedule, next_at, muted_until, .. } = subject.watched;
    let muted_until = muted_until.filter(|until| *until > app.clock.now());
    Ok(GetQualityResponse {
        models,
        data_drift: last.into_iter().next().map(grpc_data::shown),
        schedule,
        next_time: next_at.map(proto::time::timestamp),
        mute_end_time: muted_until.map(proto::time::timestamp),
    })
}

async fn declared(app: &App, place: &Place) -> Result<Truth, Status> {
    let undeclared = || {
        let told = format!("the live release of {place} does not declare `drift.data.truth`");
        status::precondition("NO_TRUTH", told)
    };
    match subject(app, place).await {
        Ok(Subject { data, .. }) => data.truth.ok_or_else(undeclared),
        Err(CheckError::NotDeclared(_)) => Err(undeclared()),
        Err(CheckError::Database(error)) => Err(status::database(&error)),
    }
}

fn truths(request: &TellTruthRequest) -> Result<BTreeMap<String, ScalarV1>, Status> {
    if request.truths.is_empty() || request.truths.len() > MOST {
        return Err(status::invalid("truths", "must be 1 to 10000"));
    }
    let mut truths = BTreeMap::new();
    for (at, truth) in request.truths.iter().enumerate() {
        let field = |name: &str| format!("truths[{at}].{name}");
        if truth.key.is_empty() || truth.key.chars().count() > LONGEST {
            return Err(status::invalid(&field("key"), "must have 1 to 200 letters"));
        }
        let is = match &truth.is {
            Some(truth_of::Is::Flag(flag)) => ScalarV1::Flag(*flag),
            Some(truth_of::Is::Number(number)) => ScalarV1::Number(*number),
            Some(truth_of::Is::Text(text)) => ScalarV1::Text(text.clone()),
            None => return Err(status::invalid(&field("is"), "must be set")),
        };
        truths.insert(truth.key.clone(), is);
    }
    Ok(truths)
}

fn shown(grade: Grade) -> ModelQuality {
    let verdict = match grade.verdict {
        GradeVerdict::Worse => WireVerdict::Worse,
        GradeVerdict::AsBefore => WireVerdict::AsBefore,
        GradeVerdict::InsufficientData => WireVerdict::InsufficientData,
    };
    ModelQuality {
        model: grade.model,
        release_numbers: grade.releases,
        now: Some(figures(grade.now)),
        before: Some(figures(grade.before)),
        verdict: verdict.into(),
        because: grade.because,
        against_model: grade.against.unwrap_or_default(),
        standard_version: grade.standard.as_ref().map_or(0, |standard| standard.version),
        standard: grade.standard.as_ref().map(accepted).unwrap_or_default(),
    }
}

/// Who accepted it, when and why.
fn accepted(standard: &Standard) -> String {
    let Standard { by, reason, at, .. } = standard;
    format!("{by}, {}: {reason}", at.format("%Y-%m-%d %H:%MZ"))
}

fn figures(figures: Figures) -> QualityFigures {
    QualityFigures {
        told_count: i64::try_from(figures.told).unwrap_or(i64::MAX),
        accuracy: figures.accuracy,
        precision: figures.precision,
        recall: figures.recall,
        roc_auc: figures.roc_auc,
        mean_absolute_error: figures.mean_absolute_error,
        root_mean_squared_error: figures.root_mean_squared_error,
    }
}
