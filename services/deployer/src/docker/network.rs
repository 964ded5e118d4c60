//! Private networks, one for each app and environment.

use super::label::{self, Labels};
use super::{Engine, EngineError, error::or_gone};
use bollard::models::{Network, NetworkCreateRequest};
use bollard::query_parameters::ListNetworksOptionsBuilder;
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// A network in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledNetwork {
    /// Docker's id of it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl LabelledNetwork {
    /// Nothing when the engine does not say which it is, or since when: then it is left alone.
    fn of(found: Network) -> Option<Self> {
        Some(Self {
            id: found.id?,
            name: found.name.unwrap_or_default(),
            labels: label::read(found.labels),
            created_at: found.created?,
        })
    }
}

impl Engine {
    /// Makes the network, or finds that it is there.
    pub async fn ensure_network(&self, name: &str, labels: &Labels) -> Result<(), EngineError> {
        if self.owns_network(name, labels).await? {
            return Ok(());
        }
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            labels: Some(label::write(labels)),
            ..NetworkCreateRequest::default()
        };
        let made = self.call("create network", name, self.docker.create_network(request)).await;
        match made {
            Err(error) if error.status() == Some(409) => {
                self.owns_network(name, labels).await.map(|_| ())
            }
            made => made.map(|_| ()),
        }
    }

    /// Removes the network; one that is gone is well. Containers in it are an error.
    pub async fn remove_network(&self, name: &str, labels: &Labels) -> Result<(), EngineError> {
        if !self.owns_network(name, labels).await? {
            return Ok(());
        }
        or_gone(self.call("remove network", name, self.docker.remove_network(name)).await)
    }

    /// Every network with the label of `platform`.
    pub async fn networks(&self, platform: &str) -> Result<Vec<LabelledNetwork>, EngineError> {
        let wanted = vec![format!("{}={platform}", label::PLATFORM)];
        let filters = HashMap::from([("label".to_owned(), wanted)]);
        let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
        let listed = self.docker.list_networks(Some(options));
        let found = self.ask("list", "networks", listed).await?;
        Ok(found.into_iter().filter_map(LabelledNetwork::of).collect())
    }

    /// Removes exactly the network with this id; false when containers are in it. One that is gone is well.
    pub async fn remove_empty_network(&self, id: &str) -> Result<bool, EngineError> {
        let removed = self.call("remove network", id, self.docker.remove_network(id)).await;
        match or_gone(removed) {
            Err(error) if error.status() == Some(403) => Ok(false),
            removed => removed.map(|()| true),
        }
    }

    async fn owns_network(&self, name: &str, labels: &Labels) -> Result<bool, EngineError> {
        match self.ask("inspect network", name, self.docker.inspect_network(name, None)).await {
            Ok(found) => {
                let is_ours = label::is_ours(&label::read(found.labels), labels);
                let taken = || EngineError::NameTaken { kind: "network", name: name.to_owned() };
                is_ours.then_some(true).ok_or_else(taken)
            }
            Err(error) if error.is_missing() => Ok(false),
            Err(error) => Err(error),
        }
    }
}
