//! What builds left and nothing needs any more goes: images, mirrors, logs. By reference, item by item; each says
//! why it stays or goes. Once a day, when a disk is full, and when a person asks.

mod build_cache;
mod images;
pub mod keep;
mod logs;
mod mirrors;
mod registry;

use crate::app::App;
use crate::db::needed;
use crate::engine::EngineError;
use keep::Needs;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An image on the engine.
    Image,
    /// An image at the registry.
    RegistryImage,
    /// A copy of a repository.
    Mirror,
    /// The logs of an app's builds.
    Log,
    /// What the engine keeps of builds.
    BuildCache,
}

/// Something that builds left, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// As people know it.
    pub name: String,
    /// By which it is removed.
    pub id: String,
    /// Bytes, with what it shares.
    pub size: i64,
    /// It went, or would.
    pub removed: bool,
    /// Why it stays or goes.
    pub reason: String,
}

/// Why nothing is collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// Who needs what is not known.
    #[error("ask the {service} what is needed")]
    Peer {
        /// Who did not answer.
        service: &'static str,
        /// What it said.
        source: Box<tonic::Status>,
    },
    /// What is being built is not known.
    #[error("read what is built")]
    Rows(#[from] sqlx::Error),
    /// The engine does not say what it has.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Looks at everything that builds left, and removes what nothing needs if `really`.
pub async fn collect(app: &App, really: bool) -> Result<Vec<Item>, CollectError> {
    let mut items = images::collect(app, really).await?;
    items.extend(registry::collect(app, really).await?);
    items.extend(mirrors::collect(app, really).await?);
    items.extend(logs::collect(app, really).await?);
    items.push(build_cache::collect(app).await);
    if really {
        let gone = items.iter().filter(|item| item.removed);
        let (items, bytes) = gone.fold((0, 0), |(n, sum), item| (n + 1, sum + item.size));
        tracing::info!(items, bytes, "what builds left is collected");
    }
    Ok(items)
}

/// What is needed at this moment.
async fn needs(app: &App) -> Result<Needs, CollectError> {
    let released = app.peers.used_images().await;
    let registered = app.peers.apps().await;
    let peer = |service| move |source| CollectError::Peer { service, source: Box::new(source) };
    Ok(Needs {
        released: released.map_err(peer("deployer"))?,
        apps: registered.map_err(peer("gateway"))?.into_keys().collect(),
        building: needed::building(&app.pool).await?,
        fresh: needed::fresh(&app.pool).await?,
    })
}
