//! Where webhooks may come from, with opened secrets, all in memory: a request of an unknown source costs
//! the same as one of a known source, and none costs a query.

use crate::db;
use crate::provider::{Provider, Secrets};
use crate::repository::{LocalRoots, Repository};
use arc_swap::ArcSwap;
use events::{AppName, SourceName};
use pg::sealed::{Key, SealError};
use sqlx::PgPool;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

/// A change made by another copy of the gateway is seen this much later.
const FRESH: Duration = Duration::from_secs(5);

/// Where webhooks come from.
#[derive(Debug)]
pub(crate) struct Source {
    pub name: SourceName,
    pub app: AppName,
    pub provider: Provider,
    pub secrets: Secrets,
    /// Nothing when the address of the app is not valid any more.
    pub repository: Option<Repository>,
}

#[derive(Debug, Default)]
struct Snapshot {
    sources: HashMap<String, Arc<Source>>,
    loaded: Option<(Instant, u64)>,
}

/// All sources.
#[derive(Debug)]
pub(crate) struct Sources {
    pool: PgPool,
    key: Key,
    local: LocalRoots,
    snapshot: ArcSwap<Snapshot>,
    generation: AtomicU64,
    loading: Mutex<()>,
    /// Checked against when there is no such source.
    nobody: Secrets,
}

impl Sources {
    pub(crate) fn new(pool: PgPool, key: Key, local: LocalRoots) -> Self {
        let nobody = Secrets::new(Zeroizing::new(rand::random::<[u8; 32]>().to_vec()), None);
        Self {
            pool,
            key,
            local,
            snapshot: ArcSwap::default(),
            generation: AtomicU64::new(0),
            loading: Mutex::new(()),
            nobody,
        }
    }

    /// The source called `name`.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<Arc<Source>>, sqlx::Error> {
        if !self.is_fresh() {
            let _one_at_a_time = self.loading.lock().await;
            if !self.is_fresh() {
                self.load().await?;
            }
        }
        Ok(self.snapshot.load().sources.get(name).cloned())
    }

    /// Secrets that nobody knows.
    pub(crate) fn nobody(&self) -> &Secrets {
        &self.nobody
    }

    /// Reads the rows again before the next answer; call it after a change is committed.
    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// `secret`, sealed for the row of `name`.
    pub(crate) fn seal(&self, name: &str, secret: &[u8]) -> Vec<u8> {
        self.key.seal(&context(name), secret)
    }

    fn is_fresh(&self) -> bool {
        let current = self.generation.load(Ordering::Acquire);
        let loaded = self.snapshot.load().loaded;
        loaded.is_some_and(|(at, generation)| generation == current && at.elapsed() < FRESH)
    }

    async fn load(&self) -> Result<(), sqlx::Error> {
        let generation = self.generation.load(Ordering::Acquire);
        let started = Instant::now();
        let rows = db::source::all(&self.pool).await?;
        let mut sources = HashMap::with_capacity(rows.len());
        for row in rows {
            let name = row.name.clone();
            match self.open(&row) {
                Ok(source) => drop(sources.insert(name, Arc::new(source))),
                Err(why) => tracing::error!(slipway.source = name, why, "source cannot be used"),
            }
        }
        self.snapshot.store(Arc::new(Snapshot { sources, loaded: Some((started, generation)) }));
        Ok(())
    }

    fn open(&self, row: &db::source::Row) -> Result<Source, String> {
        let unsealed = |error: SealError| service::chain(&error);
        let secret = self.key.open(&context(&row.name), &row.secret).map_err(unsealed)?;
        let previous = row.previous_secret.as_ref();
        let previous = previous.map(|sealed| self.key.open(&context(&row.name), sealed));
        let previous = previous.transpose().map_err(unsealed)?;
        let provider = Provider::parse(&row.provider)
            .ok_or_else(|| format!("provider {} is not known to this program", row.provider))?;
        Ok(Source {
            name: row.name.parse().map_err(|error| format!("{error}"))?,
            app: row.app.parse().map_err(|error| format!("{error}"))?,
            provider,
            secrets: Secrets::new(secret, previous),
            repository: Repository::parse(&row.repository, &self.local).ok(),
        })
    }
}

fn context(name: &str) -> String {
    format!("source/{name}")
}
