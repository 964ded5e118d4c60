//! Takes the declared values out of what was captured and publishes them, many requests in one message; on a thread of
//! its own that yields to all that serves users.

use super::{Counts, Taken};
use crate::table::{Capture, Declared};
use bus::Bus;
use events::sample::{SampleV1, SamplesV1, VERSION};
use service::Secret;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// The first request of a message waits so long for others.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two looks at what came: as many may wait as come meanwhile.
const LOOK: Duration = Duration::from_millis(10);
/// Requests that are read before they are published.
const MOST_ROWS: usize = 1000;
/// Values of one message: with texts of the greatest length it is smaller than the broker takes.
const MOST_VALUES: usize = 4000;
/// How much its thread yields, from 0 to 19: where processors are busy it has a tenth of the time of a worker.
const NICE: i32 = 10;
/// Between two tries to reach the broker.
const AGAIN: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug)]
pub(crate) struct Publisher {
    taken: mpsc::Receiver<Taken>,
    url: Secret,
    counts: Arc<Counts>,
    bus: Option<Bus>,
    tried: Option<Instant>,
}

/// What was captured of one release.
#[derive(Debug)]
struct Batch {
    capture: Arc<Capture>,
    rows: Vec<SampleV1>,
}

impl Publisher {
    /// Of what comes out of `taken`, to the broker at `url`, which is reached when there is something to publish.
    pub(crate) fn new(taken: mpsc::Receiver<Taken>, url: Secret, counts: Arc<Counts>) -> Self {
        Self { taken, url, counts, bus: None, tried: None }
    }

    /// Publishes until `over`, on a thread that is its own and yields from now on.
    pub(crate) async fn run(mut self, over: CancellationToken) -> io::Result<()> {
        if let Err(error) = rustix::process::setpriority_process(None, NICE) {
            tracing::warn!(error = &error as &dyn std::error::Error, "capture does not yield");
        }
        while let Some(first) = over.run_until_cancelled(self.taken.recv()).await.flatten() {
            let mut batches = Vec::new();
            self.read(first, &mut batches);
            self.gather(&mut batches, &over).await;
            let published = async {
                for batch in batches {
                    self.publish(batch).await;
                }
            };
            // A broker that is away holds no router up.
            over.run_until_cancelled(published).await;
        }
        Ok(())
    }

    /// Reads what comes in a moment. It looks from time to time: being woken by every request would cost the requests more
    /// than what is captured of them.
    async fn gather(&mut self, batches: &mut Vec<Batch>, over: &CancellationToken) {
        let until = Instant::now() + PATIENCE;
        let mut rows = 1;
        while rows < MOST_ROWS && Instant::now() < until {
            tokio::select! { () = over.cancelled() => return, () = sleep(LOOK) => {} }
            while rows < MOST_ROWS
                && let Ok(taken) = self.taken.try_recv()
            {
                self.read(taken, batches);
                rows += 1;
            }
        }
    }

    fn read(&self, taken: Taken, batches: &mut Vec<Batch>) {
        let Taken { capture, at, request, answer, id } = taken;
        let id = id.to_str().unwrap_or_default();
        let Ok(Declared { values, key }) = capture.taken(&request, &answer, id) else {
            self.counts.unreadable.fetch_add(1, Relaxed);
            return;
        };
        self.counts.captured(&capture, &values);
        let row = SampleV1 { at, values, key };
        match batches.iter_mut().find(|batch| batch.capture == capture) {
            Some(batch) => batch.rows.push(row),
            None => batches.push(Batch { capture, rows: vec![row] }),
        }
    }

    async fn publish(&mut self, batch: Batch) {
        let Batch { capture, rows } = batch;
        let columns = capture.columns();
        let at_once = (MOST_VALUES / columns.len().max(1)).max(1);
        for rows in rows.chunks(at_once) {
            let samples = SamplesV1 {
                v: VERSION,
                app: capture.app.clone(),
                environment: capture.environment.clone(),
                release: capture.release,
                number: capture.number,
                model: capture.model.clone(),
                columns: columns.clone(),
                rows: rows.to_vec(),
            };
            let is_sent = self.send(&samples).await;
            let count = if is_sent { &self.counts.published } else { &self.counts.lost };
            count.fetch_add(rows.len() as u64, Relaxed);
        }
    }

    /// Whether the broker got it; one that is away is not waited for.
    async fn send(&mut self, samples: &SamplesV1) -> bool {
        let Some(bus) = self.connected().await else { return false };
        match bus.publish_samples(samples).await {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(error = service::chain(&error), "samples are lost");
                false
            }
        }
    }

    async fn connected(&mut self) -> Option<&Bus> {
        let is_soon = self.tried.is_some_and(|at| at.elapsed() < AGAIN);
        if self.bus.is_none() && !is_soon {
            match Bus::connect(self.url.expose(), "router").await {
                Ok(bus) => self.bus = Some(bus),
                Err(error) => {
                    tracing::warn!(error = service::chain(&error), "samples cannot be published");
                }
            }
            self.tried = Some(Instant::now());
        }
        self.bus.as_ref().filter(|bus| bus.is_connected())
    }
}
