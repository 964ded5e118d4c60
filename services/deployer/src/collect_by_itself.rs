//! Collects without being asked: now and then, and sooner while the engine's disk is full, of which people are told.

use crate::app::App;
use crate::collect::collect;
use crate::disk;
use crate::volumes::used_percent;
use service::metrics::Metrics;
use service::pressure::Collections;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Time between two looks at the disk.
const LOOK: Duration = Duration::from_secs(30);

/// Looks until `cancel`.
pub(crate) async fn run(app: App, metrics: &Metrics, cancel: CancellationToken) {
    let mut collections = Collections::measured(metrics);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let percent = used_percent(&app).await;
        if let Some(percent) = percent
            && let Err(error) = tell(&app, percent).await
        {
            tracing::warn!(%error, "nobody is told how full the disk is");
        }
        if !collections.is_due(percent.unwrap_or(0), app.collect_every) {
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

async fn tell(app: &App, percent: u64) -> Result<(), sqlx::Error> {
    let mut transaction = app.pool.begin().await?;
    let told = disk::tell(&mut transaction, percent, app.clock.now()).await?;
    transaction.commit().await?;
    if told {
        app.outbox.notify_one();
    }
    Ok(())
}
