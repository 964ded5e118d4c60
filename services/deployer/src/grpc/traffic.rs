//! `SetTraffic`: maintenance, pause, and back to serving.

use super::name;
use super::read::{self, database};
use crate::app::App;
use crate::db::environment;
use crate::table;
use ::release::{Mode, Traffic};
use proto::v1::{SetTrafficRequest, SetTrafficResponse, set_traffic_request};
use service::grpc::status;
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
    let names = (&place.0, &place.1);
    if environment::traffic(&app.pool, names).await.map_err(database)?.is_none() {
        return Err(status::not_found("environment", &request.name));
    }
    table::publish(app, async |connection: &mut sqlx::PgConnection| {
        let before = environment::traffic(&mut *connection, names).await?.unwrap_or_default();
        environment::set_traffic(connection, names, &Traffic { mode, ..before }).await
    })
    .await
    .map_err(|error| status::unavailable("ROUTER_AWAY", service::chain(&error)))?;
    Ok(SetTrafficResponse { environment: Some(read::environment(app, &place).await?) })
}
