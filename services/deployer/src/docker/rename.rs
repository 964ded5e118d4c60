//! Another name for a container; what runs in it notices nothing.

use super::{Engine, EngineError};
use bollard::query_parameters::RenameContainerOptionsBuilder;

impl Engine {
    /// Gives the container another name.
    pub(crate) async fn rename(&self, container: &str, name: &str) -> Result<(), EngineError> {
        let options = RenameContainerOptionsBuilder::new().name(name).build();
        let renamed = self.docker.rename_container(container, options);
        self.call("rename container", container, renamed).await
    }
}
