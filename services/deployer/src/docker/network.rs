//! Private networks, one for each app and environment.

use super::label::{self, Labels};
use super::{Engine, EngineError, error::or_gone};
use bollard::models::NetworkCreateRequest;

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
