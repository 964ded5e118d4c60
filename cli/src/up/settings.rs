//! What the first start decided and later ones keep: images are named after the registry's port, so it must
//! never change.

use super::ports::{FIRST_OWN, free_from};
use super::{Error, Layout, files};
use serde::{Deserialize, Serialize};

/// What the first start decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Settings {
    /// Told apart from other platforms on the same Docker engine by this.
    pub(super) instance: String,
    /// Where Postgres listens.
    pub(super) postgres_port: u16,
    /// Where NATS listens.
    pub(super) nats_port: u16,
    /// Where the registry listens.
    pub(super) registry_port: u16,
}

impl Settings {
    /// The settings of this directory; made when it is new.
    pub(super) fn load_or_make(layout: &Layout, port_offset: u16) -> Result<Self, Error> {
        let path = layout.settings();
        if path.exists() {
            let bytes = std::fs::read(&path).map_err(Error::file("read", &path))?;
            return serde_json::from_slice(&bytes).map_err(|error| Error::Damaged {
                path: path.display().to_string(),
                why: error.to_string(),
            });
        }
        let postgres_port = free_from(FIRST_OWN.saturating_add(port_offset))?;
        let nats_port = free_from(postgres_port.saturating_add(1))?;
        let registry_port = free_from(nats_port.saturating_add(1))?;
        let instance = hex::encode(rand::random::<[u8; 4]>());
        let made = Self { instance, postgres_port, nats_port, registry_port };
        let bytes = serde_json::to_vec_pretty(&made).map_err(|error| Error::Damaged {
            path: path.display().to_string(),
            why: error.to_string(),
        })?;
        files::replace(&path, &bytes)?;
        Ok(made)
    }
}
