//! What becomes of volumes: caches that no release mounts go beyond their budget, and all of them when there is hardly
//! any room. Data and models stay.

use crate::app::App;
use crate::budget::{self, Unused};
use crate::collect::{Item, Kind, keep};
use crate::db::{environment, instance, release};
use crate::docker::LabelledVolume;
use crate::member;
use crate::remains::{self, Known, Verdict};
use events::ReleaseId;
use service::pressure::{Level, level};
use std::collections::BTreeSet;

/// Judges `volumes`, and removes those that go if `really`.
pub(crate) async fn collect(
    app: &App,
    volumes: &[LabelledVolume],
    really: bool,
) -> anyhow::Result<Vec<Item>> {
    let mut known = mounts(app).await?;
    let mut sizes = Vec::with_capacity(volumes.len());
    for volume in volumes {
        sizes.push(volume.size().await);
    }
    let measured = || volumes.iter().zip(sizes.iter().copied());
    let unused = measured().filter(|(volume, size)| remains::volume(volume, *size, &known).goes);
    let unused = unused.map(|(volume, size)| Unused {
        name: volume.name.clone(),
        created_at: volume.created_at,
        size,
    });
    known.kept = budget::kept(unused.collect(), budget(app).await);
    let mut items = Vec::with_capacity(volumes.len());
    for (volume, size) in measured() {
        let mut verdict = remains::volume(volume, size, &known);
        if really && verdict.goes {
            // To remove many takes a while: what is mounted meanwhile stays.
            known = Known { kept: known.kept, ..mounts(app).await? };
            verdict = remains::volume(volume, size, &known);
            remove(app, volume, &mut verdict).await?;
        }
        let name = volume.name.clone();
        items.push(Item { kind: Kind::Volume, id: name.clone(), name, size, verdict });
    }
    Ok(items)
}

/// Bytes that caches may take which no release mounts; none where there is hardly any room.
async fn budget(app: &App) -> u64 {
    let percent = used_percent(app).await.unwrap_or(0);
    if level(percent) >= Level::Brimming { 0 } else { app.cache_budget }
}

/// Percent of the engine's disk that are in use; nothing while that is not known.
pub(crate) async fn used_percent(app: &App) -> Option<u64> {
    app.engine.capacity().await.ok()?.disk_used_percent
}

/// Removes exactly this volume, unless it stays or a container has it.
async fn remove(app: &App, volume: &LabelledVolume, verdict: &mut Verdict) -> anyhow::Result<()> {
    if !verdict.goes {
        return Ok(());
    }
    if app.engine.remove_unused_volume(&volume.name).await? {
        tracing::info!(volume.name, "a cache that no release mounts is gone");
    } else {
        keep(verdict, "a container has it");
    }
    Ok(())
}

/// Which volumes releases mount that run, move or can be gone back to, and where releases move.
async fn mounts(app: &App) -> anyhow::Result<Known> {
    let mut known = Known::default();
    let mut releases: BTreeSet<ReleaseId> =
        instance::owners(&app.pool).await?.into_iter().collect();
    for environment in environment::all(&app.pool).await? {
        let place = (&environment.app, &environment.environment);
        let unfinished = release::unfinished(&app.pool, place).await?;
        if !unfinished.is_empty() {
            let spot = (environment.app.to_string(), environment.environment.to_string());
            known.moving.insert(spot);
        }
        releases.extend(release::live(&app.pool, place).await?);
    }
    for id in releases {
        let Some(release) = release::get(&app.pool, id).await? else { continue };
        let place = member::place(app, &release);
        let volumes = release.content.resolved.services.values().flat_map(|it| &it.volumes);
        known.mounted.extend(volumes.map(|it| (place.volume(&it.name), it.size)));
    }
    Ok(known)
}
