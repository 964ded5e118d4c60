//! Keeps a bounded sample of captured requests as files.

use super::count::hour;
use super::file::Sampled;
use super::reservoir::Reservoir;
use crate::place::Place;
use chrono::TimeDelta;
use dataset::WriteError;
use events::sample::SamplesV1;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Samples of hours that may still grow.
#[derive(Debug)]
pub(super) struct Keeper {
    folder: PathBuf,
    writer: Uuid,
    random: SmallRng,
    open: BTreeMap<(Place, Sampled), Reservoir>,
}

/// How long an hour is kept in mind: what was captured late is of the hour before.
const OPEN: TimeDelta = TimeDelta::hours(2);

impl Keeper {
    /// One that writes below `folder`.
    pub(super) fn new(folder: PathBuf) -> Self {
        let random = SmallRng::from_rng(&mut rand::rng());
        Self { folder, writer: service::new_id(), random, open: BTreeMap::new() }
    }

    /// Offers requests, and writes the files of those hours anew.
    pub(super) async fn keep(&mut self, batches: Vec<SamplesV1>) {
        let mut changed = Vec::new();
        for batch in batches {
            let place = Place { app: batch.app.clone(), environment: batch.environment.clone() };
            for row in &batch.rows {
                let (hour, number, writer) = (hour(row.at), batch.number, self.writer);
                let key = (place.clone(), Sampled { hour, number, writer });
                let reservoir = self.open.entry(key.clone());
                let reservoir = reservoir.or_insert_with(|| Reservoir::new(&batch.columns));
                reservoir.offer(row, &mut self.random);
                if !changed.contains(&key) {
                    changed.push(key);
                }
            }
        }
        let files = changed.into_iter().filter_map(|key| {
            let reservoir = self.open.get(&key)?.clone();
            Some((key.1.path(&self.folder, &key.0), reservoir))
        });
        let files: Vec<_> = files.collect();
        let written = tokio::task::spawn_blocking(move || {
            files.iter().try_for_each(|(path, reservoir)| write(path, reservoir))
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = service::chain(&error), "captured requests are not kept");
            }
            Err(_) => tracing::warn!("captured requests are not kept"),
        }
        self.close();
    }

    /// Lets go the hours that are over; they are in their files.
    fn close(&mut self) {
        let newest = self.open.keys().map(|(_, file)| file.hour).max();
        self.open.retain(|(_, file), _| newest.is_none_or(|newest| newest - file.hour <= OPEN));
    }
}

fn write(path: &Path, reservoir: &Reservoir) -> Result<(), WriteError> {
    if let Some(folder) = path.parent() {
        let make = |source| WriteError::Make { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(make)?;
    }
    dataset::write(path, &reservoir.table())
}
