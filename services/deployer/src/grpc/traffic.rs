//! `SetTraffic`: maintenance, pause, and back to serving.

use super::name;
use super::read::{self, database};
use crate::app::App;
use crate::db::environment;
use crate::table::{self, PublishError};
use ::release::{Mode, Traffic};
use proto::v1::{SetTrafficRequest, SetTrafficResponse, set_traffic_request};
use service::grpc::{replay, status};
use service::principal::{Principal, Role};
use tonic::{Request, Status};

/// Tells the router what to do with requests; returns when it acknowledged.
pub(super) async fn set(
    app: &App,
    request: Request<SetTrafficRequest>,
) -> Result<SetTrafficResponse, Status> {
    let principal = Principal::of(&request)?;
    let request = request.into_inner();
    let place = name::environment("name", &request.name)?;
    principal.require(Role::Deployer, Some(&place.0), Some(&place.1))?;
    let mode = match request.mode() {
        set_traffic_request::Mode::Serving => Mode::Serving,
        set_traffic_request::Mode::Maintenance => Mode::Maintenance,
        set_traffic_request::Mode::Paused => Mode::Paused,
        set_traffic_request::Mode::Unspecified => {
            return Err(status::invalid("mode", "use SERVING, MAINTENANCE or PAUSED"));
        }
    };
    let mut environment = read::environment(app, &place).await?;
    mode.as_str().clone_into(&mut environment.traffic);
    let answer = SetTrafficResponse { environment: Some(environment) };
    let mut connection = app.pool.acquire().await.map_err(database)?;
    let id = &request.request_id;
    let before: Option<SetTrafficResponse> =
        replay::answered(&mut connection, crate::NAME, id, &request).await?;
    drop(connection);
    // A request that was written may not have reached the router: it is told the table in any case.
    let done = before.is_some();
    table::publish(app, async |connection: &mut sqlx::PgConnection| {
        if done {
            return Ok(());
        }
        let names = (&place.0, &place.1);
        let traffic = environment::traffic(&mut *connection, names).await?.unwrap_or_default();
        environment::set_traffic(&mut *connection, names, &Traffic { mode, ..traffic }).await?;
        replay::keep(connection, crate::NAME, id, &request, &answer).await
    })
    .await
    .map_err(refused)?;
    Ok(before.unwrap_or(answer))
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn refused(error: PublishError) -> Status {
    match &error {
        PublishError::Compose(error) => replay::refused(error),
        PublishError::Router(_) => status::unavailable("ROUTER_AWAY", service::chain(&error)),
    }
}
