//! `DataDriftService`.

use crate::app::App;
use crate::data::accept::{AcceptError, Accepted, accept};
use crate::data::check::{CheckError, on_demand};
use crate::data::standard::accept_quality;
use crate::data::{ColumnVerdict, Verdict, refer};
use crate::db;
use crate::db::data_verdict::DataVerdict;
use crate::grpc_truth;
use crate::place::Place;
use chrono::TimeDelta;
use events::began::BeganV1;
use proto::v1::accept_data_drift_request::Kind;
use proto::v1::data_drift::Verdict as WireVerdict;
use proto::v1::data_drift_service_server::DataDriftService;
use proto::v1::{
    AcceptDataDriftRequest, AcceptDataDriftResponse, CheckDataDriftRequest, CheckDataDriftResponse,
    DataColumn, DataDrift as Wire, DriftBegan, GetQualityRequest, GetQualityResponse,
    ListDataDriftRequest, ListDataDriftResponse, MuteDataDriftRequest, MuteDataDriftResponse,
    TellTruthRequest, TellTruthResponse,
};
use service::grpc::page::Page;
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use sqlx::PgConnection;
use std::sync::Arc;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// The longest window, and the longest time for which nothing is told.
const LONGEST: TimeDelta = TimeDelta::days(62);
/// Letters of the longest reason.
const LONGEST_REASON: usize = 500;

/// Answers about drift of data.
#[derive(Debug)]
pub(crate) struct DataDrift(pub(crate) Arc<App>);

#[tonic::async_trait]
impl DataDriftService for DataDrift {
    async fn check_data_drift(
        &self,
        request: Request<CheckDataDriftRequest>,
    ) -> Result<Response<CheckDataDriftResponse>, Status> {
        // It is kept, and may tell people.
        let (principal, place) = allowed(&request, &request.get_ref().name, Role::Deployer)?;
        let window = window(request.get_ref().window)?;
        self.keep(&place).await;
        let checked = on_demand(&self.0, &place, window, &principal.name).await;
        let checked = checked.map_err(|error| not_checked(&error))?;
        let mute_end_time = checked.muted_until.map(proto::time::timestamp);
        let mut data_drift = shown(checked.verdict);
        for (name, began) in checked.began {
            let column = data_drift.columns.iter_mut().find(|it| it.column == name);
            if let Some(column) = column {
                column.began = Some(since(began));
            }
        }
        let data_drift = Some(data_drift);
        Ok(Response::new(CheckDataDriftResponse { data_drift, mute_end_time }))
    }

    async fn list_data_drift(
        &self,
        request: Request<ListDataDriftRequest>,
    ) -> Result<Response<ListDataDriftResponse>, Status> {
        let (_, place) = allowed(&request, &request.get_ref().name, Role::Viewer)?;
        let request = request.into_inner();
        let page: Page<Uuid> = Page::wanted(request.page_size, &request.page_token, &request.name)?;
        let found = db::data_verdict::of(&self.0.pool, &place, page.after, page.limit()).await;
        let found = found.map_err(|error| status::database(&error))?;
        let (found, next_page_token) = page.cut(found, |verdict| verdict.id);
        let data_drifts = found.into_iter().map(shown).collect();
        Ok(Response::new(ListDataDriftResponse { data_drifts, next_page_token }))
    }

    async fn accept_data_drift(
        &self,
        request: Request<AcceptDataDriftRequest>,
    ) -> Result<Response<AcceptDataDriftResponse>, Status> {
        let (principal, place) = allowed(&request, &request.get_ref().name, Role::Deployer)?;
        let request = request.into_inner();
        let window = window(request.window)?;
        let kind = Kind::try_from(request.kind);
        let kind = kind.map_err(|error| status::invalid("kind", error.to_string()))?;
        let why = reason(&request.reason)?;
        let mut transaction = self.0.pool.begin().await.map_err(|e| status::database(&e))?;
        let id = &request.request_id;
        let before = replay::answered(&mut transaction, crate::SERVICE, id, &request).await?;
        drop(transaction);
        if let Some(before) = before {
            return Ok(Response::new(before));
        }
        self.keep(&place).await;
        let said = (&principal.name, why);
        let record = async |connection: &mut PgConnection, accepted: Accepted| {
            let answer = answer(accepted);
            let kept = replay::record(connection, crate::SERVICE, id, &request, &answer).await;
            kept.map_err(NotAccepted::Status)
        };
        let accepted = match kind {
            Kind::Unspecified | Kind::Data => accept(&self.0, &place, window, said, record).await,
            Kind::Quality => accept_quality(&self.0, &place, window, said, record).await,
        };
        match accepted {
            Ok(accepted) => Ok(Response::new(answer(accepted))),
            Err(NotAccepted::Status(status)) => Err(status),
            Err(NotAccepted::Accept(error)) => Err(not_accepted(&error)),
        }
    }

    async fn mute_data_drift(
        &self,
        request: Request<MuteDataDriftRequest>,
    ) -> Result<Response<MuteDataDriftResponse>, Status> {
        let (principal, place) = allowed(&request, &request.get_ref().name, Role::Deployer)?;
        let request = request.into_inner();
        let span = span("duration", request.duration)?.filter(|span| !span.is_zero());
        let why = if span.is_some() { reason(&request.reason)? } else { "" };
        self.keep(&place).await;
        let refused = |error: sqlx::Error| status::database(&error);
        let mut transaction = self.0.pool.begin().await.map_err(refused)?;
        let id = &request.request_id;
        if let Some(before) =
            replay::answered(&mut transaction, crate::SERVICE, id, &request).await?
        {
            return Ok(Response::new(before));
        }
        if db::data_watch::lock(&mut transaction, &place).await.map_err(refused)?.is_none() {
            return Err(not_checked(&CheckError::NotDeclared(place)));
        }
        let until = span.map(|span| self.0.clock.now() + span);
        let by = (principal.name.as_str(), why);
        db::data_watch::mute(&mut transaction, &place, until, by).await.map_err(refused)?;
        let mute_end_time = until.map(proto::time::timestamp);
        let answer = MuteDataDriftResponse { mute_end_time };
        replay::record(&mut transaction, crate::SERVICE, id, &request, &answer).await?;
        transaction.commit().await.map_err(refused)?;
        Ok(Response::new(answer))
    }

    async fn tell_truth(
        &self,
        request: Request<TellTruthRequest>,
    ) -> Result<Response<TellTruthResponse>, Status> {
        let (_, place) = allowed(&request, &request.get_ref().name, Role::Deployer)?;
        let told = grpc_truth::told(&self.0, &place, request.into_inner()).await;
        told.map(Response::new)
    }

    async fn get_quality(
        &self,
        request: Request<GetQualityRequest>,
    ) -> Result<Response<GetQualityResponse>, Status> {
        let (_, place) = allowed(&request, &request.get_ref().name, Role::Viewer)?;
        let window = span("window", request.get_ref().window)?;
        grpc_truth::quality(&self.0, &place, window).await.map(Response::new)
    }
}

impl DataDrift {
    /// What is live may have changed since the clock was looked at.
    async fn keep(&self, place: &Place) {
        if let Err(error) = refer::keep(&self.0, place).await {
            tracing::warn!(%place, error = service::chain(&error), "what is compared with is not known yet");
        }
    }
}

/// Why a window was not accepted.
enum NotAccepted {
    Accept(AcceptError),
    Status(Status),
}

impl From<AcceptError> for NotAccepted {
    fn from(error: AcceptError) -> Self {
        Self::Accept(error)
    }
}

/// Who asks, and of which place, if they may.
fn allowed<T>(request: &Request<T>, name: &str, role: Role) -> Result<(Principal, Place), Status> {
    let place = Place::from_name(name).map_err(|e| status::invalid("name", e.to_string()))?;
    let principal = Principal::of(request)?;
    principal.require(role, Some(&place.app), Some(&place.environment))?;
    Ok((principal, place))
}

fn span(field: &str, wire: Option<prost_types::Duration>) -> Result<Option<TimeDelta>, Status> {
    let Some(wire) = wire else { return Ok(None) };
    let span = proto::time::from_duration(&wire).and_then(|span| TimeDelta::from_std(span).ok());
    let span = span.filter(|span| *span <= LONGEST);
    span.map(Some).ok_or_else(|| status::invalid(field, "must be at most 62 days"))
}

/// How far back, if who asks says it.
fn window(wire: Option<prost_types::Duration>) -> Result<Option<TimeDelta>, Status> {
    let window = span("window", wire)?;
    if window.is_some_and(|window| window <= TimeDelta::zero()) {
        return Err(status::invalid("window", "must be more than nothing"));
    }
    Ok(window)
}

fn reason(text: &str) -> Result<&str, Status> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_REASON {
        return Err(status::invalid("reason", "say why, in 1 to 500 letters"));
    }
    Ok(text)
}

fn answer(accepted: Accepted) -> AcceptDataDriftResponse {
    let row_count = i64::try_from(accepted.rows).unwrap_or(i64::MAX);
    AcceptDataDriftResponse { reference_version: accepted.version, row_count }
}

/// Why nothing is compared, on the wire.
pub(crate) fn not_checked(error: &CheckError) -> Status {
    match error {
        CheckError::NotDeclared(_) => status::precondition("NO_CAPTURE", error.to_string()),
        CheckError::Database(error) => status::database(error),
    }
}

fn not_accepted(error: &AcceptError) -> Status {
    match error {
        AcceptError::Check(error) => not_checked(error),
        AcceptError::TooFew { .. } => status::precondition("TOO_FEW_SAMPLES", error.to_string()),
        AcceptError::NoTruth(_) => status::precondition("NO_TRUTH", error.to_string()),
        AcceptError::TooFewTruths { .. } => {
            status::precondition("TOO_FEW_TRUTHS", error.to_string())
        }
        AcceptError::Database(error) => status::database(error),
        AcceptError::Read(_) | AcceptError::Find(_) => status::internal(error),
    }
}

/// A verdict on the wire.
pub(crate) fn shown(verdict: DataVerdict) -> Wire {
    let judged = verdict.judged;
    Wire {
        name: verdict.place.name(),
        verdict: match judged.verdict {
            Verdict::Drift => WireVerdict::Drift,
            Verdict::NoDrift => WireVerdict::NoDrift,
            Verdict::InsufficientData => WireVerdict::InsufficientData,
        }
        .into(),
        because: judged.because,
        release_number: verdict.release_number,
        release_uid: verdict.release.to_string(),
        model: verdict.model,
        reference_version: verdict.reference_version,
        reference: verdict.reference_source,
        window_start_time: Some(proto::time::timestamp(verdict.window.0)),
        window_end_time: Some(proto::time::timestamp(verdict.window.1)),
        by: verdict.by,
        row_count: verdict.rows,
        drifted_columns: judged.drifted_columns,
        judged_columns: judged.compared_columns,
        columns: judged.columns.into_iter().map(column).collect(),
        create_time: Some(proto::time::timestamp(verdict.made_at)),
    }
}

fn column(column: ColumnVerdict) -> DataColumn {
    DataColumn {
        column: column.column,
        kind: column.kind,
        verdict: column.verdict,
        because: column.because,
        effect: column.effect,
        threshold: column.threshold,
        method: column.method,
        reference_count: column.reference_count,
        current_count: column.current_count,
        reference_nulls: column.reference_nulls,
        current_nulls: column.current_nulls,
        mean: column.mean,
        deviation: column.deviation,
        began: None,
    }
}

fn since(began: BeganV1) -> DriftBegan {
    DriftBegan {
        release_number: began.number,
        time: Some(proto::time::timestamp(began.at)),
        after_release_number: began.after.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_more_than_nothing() {
        let of = |seconds: i64| window(Some(prost_types::Duration { seconds, nanos: 0 }));
        assert_eq!(window(None).ok(), Some(None));
        assert_eq!(of(3_600).ok(), Some(Some(TimeDelta::hours(1))));
        assert!(of(0).is_err() && of(-1).is_err());
    }
}
