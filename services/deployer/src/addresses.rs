//! Where instances are reached. An engine or machine that started again may give containers other addresses, and
//! an old one may be somebody else's by then: they are compared, and the router is told.

use crate::app::App;
use crate::db::instance::{self, Instance};
use crate::docker::EngineError;
use crate::table::{self, PublishError};
use events::{AppName, EnvironmentName, InstanceId};
use std::net::SocketAddr;

/// An instance that is somewhere else now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) id: InstanceId,
    pub(crate) address: String,
}

/// Which of `instances` have requests and are somewhere else now. One that does not run is where it was.
pub(crate) async fn moved(app: &App, instances: &[Instance]) -> Result<Vec<Moved>, EngineError> {
    let mut moved = Vec::new();
    for instance in instances.iter().filter(|instance| instance.state == "ready") {
        let address = instance.address.as_deref().and_then(|text| text.parse::<SocketAddr>().ok());
        let Some(known) = address else { continue };
        let container = instance.container_id.as_deref().unwrap_or(&instance.container_name);
        let facts = app.engine.find(container).await?.filter(|facts| facts.running);
        let now = facts.and_then(|facts| facts.address).map(|ip| SocketAddr::new(ip, known.port()));
        if let Some(now) = now.filter(|now| *now != known) {
            moved.push(Moved { id: instance.id, address: now.to_string() });
        }
    }
    Ok(moved)
}

/// Writes where instances are, and has the router's word for it; the generation of its table.
pub(crate) async fn publish(app: &App, moved: &[Moved]) -> Result<u64, PublishError> {
    table::publish(app, async |connection: &mut sqlx::PgConnection| {
        for Moved { id, address } in moved {
            instance::moved(&mut *connection, *id, address).await?;
        }
        Ok(())
    })
    .await
}

/// Compares every instance; how many were somewhere else.
pub(crate) async fn refresh(app: &App) -> anyhow::Result<usize> {
    refresh_of(app, &instance::ready(&app.pool).await?).await
}

/// The same in one environment, before a container is made in it: that may get an address which the router has for
/// another one, and would have users before its time.
pub(crate) async fn refresh_in(
    app: &App,
    place: (&AppName, &EnvironmentName),
) -> anyhow::Result<usize> {
    refresh_of(app, &instance::of_environment(&app.pool, place).await?).await
}

async fn refresh_of(app: &App, instances: &[Instance]) -> anyhow::Result<usize> {
    let moved = moved(app, instances).await?;
    if !moved.is_empty() {
        publish(app, &moved).await?;
    }
    Ok(moved.len())
}
