//! The router, asked by gRPC on its control address.

use proto::v1::router_service_client::RouterServiceClient;
use proto::v1::{
    ApplyTableRequest, AwaitDrainedRequest, ClearLocalRollbackRequest, GetStatsRequest,
    GetTableRequest, RouteTable,
};
use proto::v1::{GetStatsResponse, InstanceStats};
use service::internal::Internal;
use std::time::Duration;
use tonic::transport::Channel;

/// The router's control.
#[derive(Debug, Clone)]
pub(crate) struct Router {
    client: RouterServiceClient<Channel>,
    internal: Internal,
}

/// Why the router did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouterError {
    #[error("the router was asked to {call}")]
    Call { call: &'static str, source: Box<tonic::Status> },
    #[error("the router is at generation {}, which is newer", known.generation)]
    Stale { known: Box<RouteTable> },
}

impl Router {
    pub(crate) fn new(url: &str, internal: Internal) -> Result<Self, tonic::transport::Error> {
        let channel = service::internal::channel(url)?;
        Ok(Self { client: RouterServiceClient::new(channel), internal })
    }

    /// Puts the table in force; returns when no new request goes anywhere else.
    pub(crate) async fn apply(&self, table: RouteTable) -> Result<(), RouterError> {
        let request = self.internal.request(ApplyTableRequest { table: Some(table) });
        let Err(refused) = self.client.clone().apply_table(request).await else { return Ok(()) };
        if service::grpc::status::reason(&refused).as_deref() == Some("STALE_GENERATION") {
            let known = Box::new(self.table().await?);
            return Err(RouterError::Stale { known });
        }
        Err(failed("apply a route table")(refused))
    }

    /// The table it was given last, with what was done at the router itself.
    pub(crate) async fn table(&self) -> Result<RouteTable, RouterError> {
        let request = self.internal.request(GetTableRequest {});
        let answer =
            self.client.clone().get_table(request).await.map_err(failed("tell its table"))?;
        Ok(answer.into_inner().table.unwrap_or_default())
    }

    /// The weights of the table count again where this local rollback stood above them.
    pub(crate) async fn clear_local_rollback(&self, uid: &str) -> Result<(), RouterError> {
        let request = self.internal.request(ClearLocalRollbackRequest { uid: uid.to_owned() });
        let cleared = self.client.clone().clear_local_rollback(request).await;
        cleared.map(drop).map_err(failed("clear a local rollback"))
    }

    /// What it measured on `route`.
    pub(crate) async fn stats(&self, route: &str) -> Result<GetStatsResponse, RouterError> {
        let request = self.internal.request(GetStatsRequest { route: route.to_owned() });
        let answer = self.client.clone().get_stats(request).await;
        Ok(answer.map_err(failed("tell what it measured"))?.into_inner())
    }

    /// Waits until `instances`, gone from the table, have nothing in flight; what is left after `timeout`.
    pub(crate) async fn await_drained(
        &self,
        instances: Vec<String>,
        timeout: Duration,
    ) -> Result<Vec<InstanceStats>, RouterError> {
        let timeout_on_wire = Some(proto::time::duration(timeout));
        let mut request =
            self.internal.request(AwaitDrainedRequest { instances, timeout: timeout_on_wire });
        request.set_timeout(timeout + Duration::from_secs(10));
        let answer = self.client.clone().await_drained(request).await;
        Ok(answer.map_err(failed("drain instances"))?.into_inner().remaining)
    }
}

fn failed(call: &'static str) -> impl Fn(tonic::Status) -> RouterError {
    move |status| RouterError::Call { call, source: Box::new(status) }
}
