//! The router, asked for its table.

use proto::v1::router_service_client::RouterServiceClient;
use proto::v1::{GetTableRequest, RouteTable};
use service::internal::Internal;
use tonic::transport::Channel;

/// The router's control, only read.
#[derive(Debug, Clone)]
pub(crate) struct Router {
    client: RouterServiceClient<Channel>,
    internal: Internal,
}

impl Router {
    /// The router at the end of `channel`.
    pub(crate) fn new(channel: Channel, internal: Internal) -> Self {
        Self { client: RouterServiceClient::new(channel), internal }
    }

    /// The table in force; nothing while the router is away, which says nothing about its table.
    pub(crate) async fn table(&self) -> Option<RouteTable> {
        let request = self.internal.request(GetTableRequest {});
        match self.client.clone().get_table(request).await {
            Ok(answer) => answer.into_inner().table,
            Err(status) => {
                tracing::debug!(error = %status, "the router does not tell its table");
                None
            }
        }
    }
}
