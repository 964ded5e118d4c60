//! Deliveries: listed, read, handled again.

use super::once::Once;
use super::read::{database, last_part, must_see, not_accepted, visible};
use crate::app::App;
use crate::db::delivery::{self, Delivery, Outcome};
use crate::hooks;
use events::{AppName, DeliveryId, SourceName};
use proto::v1::{
    self, GetDeliveryRequest, GetDeliveryResponse, ListDeliveriesRequest, ListDeliveriesResponse,
    ReplayDeliveryRequest, ReplayDeliveryResponse,
};
use service::grpc::page::Page;
use service::grpc::status;
use service::principal::{Principal, Role};
use tonic::Status;
use uuid::Uuid;

fn wire(delivery: Delivery) -> v1::Delivery {
    let outcome = match &delivery.outcome {
        Outcome::Accepted(_) => v1::delivery::Outcome::Accepted,
        Outcome::Ignored(_) => v1::delivery::Outcome::Ignored,
    };
    let change = delivery.outcome.change();
    v1::Delivery {
        name: format!("deliveries/{}", delivery.id),
        source: delivery.source.into(),
        external_id: delivery.external_id,
        event: delivery.event,
        outcome: outcome.into(),
        reason: delivery.outcome.reason().to_owned(),
        change: change.map(|change| format!("changes/{change}")).unwrap_or_default(),
        size_bytes: delivery.size_bytes,
        receive_time: Some(proto::time::timestamp(delivery.received_at)),
        body: Vec::new(),
    }
}

/// A source has the name of its app, so who sees the app sees the source.
fn app_of(source: &SourceName) -> Result<AppName, Status> {
    AppName::parse(source.as_str()).map_err(|error| status::invalid("source", error.to_string()))
}

pub(super) async fn list(
    app: &App,
    principal: &Principal,
    request: ListDeliveriesRequest,
) -> Result<ListDeliveriesResponse, Status> {
    let sources = if request.source.is_empty() {
        visible(principal)
    } else {
        let source = SourceName::parse(&request.source)
            .map_err(|error| status::invalid("source", error.to_string()))?;
        must_see(principal, &app_of(&source)?)?;
        Some(vec![source.into()])
    };
    let page = Page::<Uuid>::wanted(request.page_size, &request.page_token, &request.source)?;
    let rows = delivery::list(&app.pool, sources.as_deref(), page.after, page.limit()).await;
    let (rows, next_page_token) = page.cut(rows.map_err(database)?, |row| row.id.uuid());
    Ok(ListDeliveriesResponse { deliveries: rows.into_iter().map(wire).collect(), next_page_token })
}

type Stored = (Delivery, serde_json::Value, Option<Vec<u8>>);

/// A delivery of an app that `allowed` accepts.
async fn find(
    app: &App,
    name: &str,
    allowed: impl Fn(&AppName) -> Result<(), Status>,
) -> Result<Stored, Status> {
    let id: DeliveryId = last_part(name, "deliveries/{delivery}")?
        .parse()
        .map_err(|_| status::invalid("name", "use deliveries/ and the id of a delivery"))?;
    let found = delivery::find(&app.pool, id).await.map_err(database)?;
    let found = found.ok_or_else(|| status::not_found("delivery", name))?;
    allowed(&app_of(&found.0.source)?)?;
    Ok(found)
}

pub(super) async fn get(
    app: &App,
    principal: &Principal,
    request: GetDeliveryRequest,
) -> Result<GetDeliveryResponse, Status> {
    let (found, _, body) = find(app, &request.name, |app| must_see(principal, app)).await?;
    let delivery = v1::Delivery { body: body.unwrap_or_default(), ..wire(found) };
    Ok(GetDeliveryResponse { delivery: Some(delivery) })
}

pub(super) async fn replay(
    app: &App,
    principal: &Principal,
    request: ReplayDeliveryRequest,
) -> Result<ReplayDeliveryResponse, Status> {
    let allowed = |app: &AppName| principal.require(Role::Deployer, Some(app), None);
    let (found, headers, body) = find(app, &request.name, allowed).await?;
    let once = Once::new(app, principal, &request.request_id, &request)?;
    if let Some(answer) = once.answered().await? {
        return Ok(answer);
    }
    let body = body.ok_or_else(|| {
        status::precondition("BODY_GONE", "the body of the delivery was dropped to save space")
    })?;
    let source = app.sources.find(found.source.as_str()).await.map_err(database)?;
    let source = source.ok_or_else(|| {
        status::precondition("SOURCE_GONE", format!("there is no source {} any more", found.source))
    })?;
    let mut transaction = app.pool.begin().await.map_err(database)?;
    let outcome = hooks::replay(app, &mut transaction, &source, &found, &headers, &body).await;
    let outcome = outcome.map_err(not_accepted)?;
    let row =
        delivery::set_outcome(&mut transaction, found.id, &outcome).await.map_err(database)?;
    let answer = ReplayDeliveryResponse { delivery: Some(wire(row)) };
    once.record(&mut transaction, &answer).await?;
    transaction.commit().await.map_err(database)?;
    app.said();
    Ok(answer)
}
