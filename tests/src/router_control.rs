//! The router's control, as the deployer and an operator on the host use it.

use crate::World;
use crate::world::INTERNAL_TOKEN;
use proto::v1::router_service_client::RouterServiceClient;
use proto::v1::{ApplyTableRequest, GetTableRequest, RouteTable};
use service::internal::Internal;
use std::time::Duration;
use testkit::eventually;
use tonic::transport::Channel;

impl World {
    fn router(&self) -> (RouterServiceClient<Channel>, Internal) {
        let channel = service::internal::channel(&self.router_control()).expect("an address");
        let internal = Internal::new(&service::Secret::new(INTERNAL_TOKEN)).expect("a token");
        (RouterServiceClient::new(channel), internal)
    }

    async fn table(&self) -> RouteTable {
        let (mut router, internal) = self.router();
        let asked = router.get_table(internal.request(GetTableRequest {})).await;
        asked.expect("the router answers").into_inner().table.unwrap_or_default()
    }

    /// Gives the router a table that is not the deployer's: newer than its own, and empty.
    pub async fn forge_empty_table(&self) {
        let generation = self.table().await.generation + 1;
        let table = Some(RouteTable { generation, ..RouteTable::default() });
        let (mut router, internal) = self.router();
        let request = internal.request(ApplyTableRequest { table });
        router.apply_table(request).await.expect("the router takes it");
    }

    /// Waits until no local rollback stands above the table's weights.
    pub async fn nothing_stands_above_the_table(&self) {
        eventually("local rollbacks to be on record", Duration::from_mins(5), async || {
            self.table().await.local_rollbacks.is_empty().then_some(())
        })
        .await;
    }
}
