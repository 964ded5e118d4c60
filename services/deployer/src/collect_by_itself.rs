//! Collects without being asked: now and then, and sooner while the engine's disk is full.

use crate::app::App;
use crate::collect::collect;
use crate::volumes::used_percent;
use service::pressure::Collections;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Time between two looks at the disk.
const LOOK: Duration = Duration::from_secs(30);

/// Looks until `cancel`.
pub(crate) async fn run(app: App, cancel: CancellationToken) {
    let mut collections = Collections::default();
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let percent = used_percent(&app).await.unwrap_or(0);
        if !collections.is_due(percent, app.collect_every) {
            continue;
        }
        match Box::pin(collect(&app, true)).await {
            Ok(items) => {
                let gone = items.iter().filter(|item| item.verdict.goes);
                let (items, bytes) =
                    gone.fold((0, 0), |(n, sum), item| (n + 1, sum + item.size.unwrap_or(0)));
                tracing::info!(items, bytes, "what releases left is collected");
            }
            Err(error) => {
                let error = service::chain(&*error);
                tracing::warn!(error, "what releases left is not collected");
            }
        }
    }
}
