//! What happens to a connection after both sides switched to another protocol, as WebSocket: bytes go both ways until
//! one side ends. It counts as in flight as long.

use crate::record::Record;
use crate::upstream::http1::Connection;
use crate::worker::Open;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt, copy_bidirectional};

/// Copies once the client has switched; the instance has already.
pub(crate) fn start(
    client: OnUpgrade,
    instance: Box<Connection>,
    mut record: Box<Record>,
    open: Open,
) {
    drop(tokio::task::spawn_local(async move {
        let _open = open;
        match copy(client, *instance).await {
            Ok(bytes) => record.sent(bytes),
            Err(error) => tracing::debug!(error = &*error, "tunnel ended"),
        }
    }));
}

async fn copy(client: OnUpgrade, instance: Connection) -> Result<u64, Box<dyn std::error::Error>> {
    let mut client = TokioIo::new(client.await?);
    let (mut instance, first) = instance.into_socket();
    client.write_all(&first).await?;
    let (_, to_client) = copy_bidirectional(&mut client, &mut instance).await?;
    Ok(to_client + first.len() as u64)
}
