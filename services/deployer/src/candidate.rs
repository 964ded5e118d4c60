//! The instances of a release as Slipway itself asks them, before users do.

use crate::app::App;
use crate::db::instance;
use crate::db::release::Release;
use crate::member;
use events::ServiceName;
use std::net::SocketAddr;

/// An instance that can be asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) service: ServiceName,
    pub(crate) replica: u32,
    pub(crate) container_id: String,
    pub(crate) address: SocketAddr,
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.service, self.replica)
    }
}

/// Those that serve HTTP; each was ready when it was last looked at.
pub(crate) async fn instances(app: &App, release: &Release) -> Result<Vec<Asked>, sqlx::Error> {
    let place = (&release.app, &release.environment);
    let all = instance::of_environment(&app.pool, place).await?;
    let own = member::of_content(&release.content, &all);
    let asked = own.into_iter().filter_map(|instance| {
        let address = instance.address.as_deref().and_then(|address| address.parse().ok())?;
        let container_id = instance.container_id?;
        Some(Asked { service: instance.service, replica: instance.replica, container_id, address })
    });
    Ok(asked.collect())
}
