//! Events that were put aside: listed for who may see them, handed back or forgotten by administrators.

use super::once::Once;
use super::read::{database, last_part, visible};
use crate::app::App;
use pg::parked::{self, Parked, Wished};
use proto::v1::{
    DropParkedEventRequest, DropParkedEventResponse, ListParkedEventsRequest,
    ListParkedEventsResponse, ParkedEvent, RetryParkedEventRequest, RetryParkedEventResponse,
};
use service::grpc::page::Page;
use service::grpc::status;
use service::principal::{Principal, Role};
use tonic::Status;

fn wire(parked: Parked) -> ParkedEvent {
    ParkedEvent {
        name: format!("parkedEvents/{}", parked.id),
        service: parked.consumer,
        subject: parked.subject,
        event_id: parked.event_id.map(|id| id.to_string()).unwrap_or_default(),
        reason: parked.reason,
        size_bytes: parked.size_bytes,
        outgoing: parked.outgoing,
        sequence: u64::try_from(parked.stream_sequence).unwrap_or_default(),
        park_time: Some(proto::time::timestamp(parked.put_aside_at)),
        retry_time: parked.retry_at.map(proto::time::timestamp),
    }
}

fn number(name: &str) -> Result<i64, Status> {
    let number = last_part(name, "parkedEvents/{number}")?;
    number.parse().map_err(|_| status::invalid("name", "use parkedEvents/ and a number"))
}

pub(super) async fn list(
    app: &App,
    principal: &Principal,
    request: &ListParkedEventsRequest,
) -> Result<ListParkedEventsResponse, Status> {
    let page = Page::<i64>::wanted(request.page_size, &request.page_token, "parkedEvents")?;
    let mut connection = app.pool.acquire().await.map_err(database)?;
    let apps = visible(principal);
    let rows = parked::list(&mut connection, apps.as_deref(), page.after, page.limit()).await;
    let (rows, next_page_token) = page.cut(rows.map_err(database)?, |row| row.id);
    let parked_events = rows.into_iter().map(wire).collect();
    Ok(ListParkedEventsResponse { parked_events, next_page_token })
}

pub(super) async fn retry(
    app: &App,
    principal: &Principal,
    request: &RetryParkedEventRequest,
) -> Result<RetryParkedEventResponse, Status> {
    principal.require(Role::Admin, None, None)?;
    let once = Once::new(app, principal, &request.request_id, request)?;
    if let Some(answer) = once.answered().await? {
        return Ok(answer);
    }
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let wished = parked::retry(&mut transaction, number(&request.name)?).await;
    let parked = match wished.map_err(database)? {
        Wished::Again(parked) => parked,
        Wished::Unknown => return Err(status::not_found("parked event", &request.name)),
        Wished::Incomplete => {
            let why = "an earlier version put it aside without its headers; it can only be dropped";
            return Err(status::precondition("PARKED_INCOMPLETE", why));
        }
    };
    let answer = RetryParkedEventResponse { parked_event: Some(wire(parked)) };
    once.record(&mut transaction, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.said();
    tracing::info!(parked = request.name, by = %principal.name, "a parked event is handed back");
    Ok(answer)
}

pub(super) async fn forget(
    app: &App,
    principal: &Principal,
    request: &DropParkedEventRequest,
) -> Result<DropParkedEventResponse, Status> {
    principal.require(Role::Admin, None, None)?;
    let once = Once::new(app, principal, &request.request_id, request)?;
    if let Some(answer) = once.answered().await? {
        return Ok(answer);
    }
    let mut transaction = app.pool.begin().await.map_err(database)?;
    if !parked::forget(&mut transaction, number(&request.name)?).await.map_err(database)? {
        return Err(status::not_found("parked event", &request.name));
    }
    let answer = DropParkedEventResponse {};
    once.record(&mut transaction, &answer).await?;
    transaction.commit().await.map_err(database)?;
    tracing::info!(parked = request.name, by = %principal.name, "a parked event is forgotten");
    Ok(answer)
}
