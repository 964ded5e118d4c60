//! What releases left on the engine, item by item, with why it stays or goes: for people who ask. The sweep removes
//! containers by itself; it is asked to do so now, and then it is looked at what is left.

use crate::app::App;
use crate::db::{environment, instance, list, release};
use crate::docker::LabelledNetwork;
use crate::leftovers::{self, Looked};
use crate::remains::{self, Known, Verdict};
use crate::sweep::sweep_orphans;
use crate::sweep_orphans::observe;
use crate::{db, finish, restored, volumes, wreck};
use anyhow::Context;
use std::collections::BTreeSet;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Container,
    Network,
    Volume,
}

/// Something that releases left, and what became of it.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) id: String,
    /// Bytes, where they are known.
    pub(crate) size: Option<u64>,
    pub(crate) verdict: Verdict,
}

/// Looks at everything that releases left, and removes what nothing needs if `really`.
pub(crate) async fn collect(app: &App, really: bool) -> anyhow::Result<Vec<Item>> {
    // In this order: a network, volume or container is made for an environment that is there.
    let networks = app.engine.networks(&app.platform).await?;
    let volumes = app.engine.volumes(&app.platform).await?;
    let mut items = containers(app).await?;
    if really && items.iter().any(|item| item.verdict.goes) {
        wreck::clear_all(app).await.context("remove what is left of failed candidates")?;
        sweep_orphans(app).await.context("remove what no release has")?;
        Box::pin(leftovers::stop(app, &mut Looked::default()))
            .await
            .context("remove what is left over")?;
        let left = observe(&app.engine, &app.platform).await?;
        let left: BTreeSet<String> = left.into_iter().map(|found| found.container_id).collect();
        for item in items.iter_mut().filter(|item| left.contains(&item.id)) {
            keep(&mut item.verdict, "it is still there; the next sweep looks again");
        }
    }
    let known = Known { there: there(app).await?, ..Known::default() };
    for network in networks {
        let mut verdict = remains::network(&network, &known, app.clock.now());
        if really && verdict.goes {
            remove(app, &network, &mut verdict).await?;
        }
        let LabelledNetwork { id, name, .. } = network;
        items.push(Item { kind: Kind::Network, name, id, size: None, verdict });
    }
    items.extend(volumes::collect(app, &volumes, really).await?);
    Ok(items)
}

async fn containers(app: &App) -> anyhow::Result<Vec<Item>> {
    let observed = observe(&app.engine, &app.platform).await?;
    let known = known(app).await?;
    let now = app.clock.now();
    let item = |found: crate::docker::Labelled| Item {
        kind: Kind::Container,
        verdict: remains::container(&found, &known, now),
        name: found.name,
        id: found.container_id,
        size: None,
    };
    Ok(observed.into_iter().map(item).collect())
}

async fn known(app: &App) -> anyhow::Result<Known> {
    let serving = restored::named(&app.router.table().await?);
    let owned = instance::owners(&app.pool).await?.into_iter().collect();
    let (mut unused, mut moving) = (BTreeSet::new(), BTreeSet::new());
    for environment in environment::all(&app.pool).await? {
        let place = (&environment.app, &environment.environment);
        if !release::unfinished(&app.pool, place).await?.is_empty() {
            moving.insert((environment.app.to_string(), environment.environment.to_string()));
        }
        let Some(live) = release::live(&app.pool, place).await? else { continue };
        let Some(live) = release::get(&app.pool, live).await? else { continue };
        unused.extend(finish::unused(app, &live).await?.into_iter().map(|instance| instance.id));
    }
    let wrecks = db::wreck::ids(&app.pool).await?;
    Ok(Known { owned, unused, serving, wrecks, moving, ..Known::default() })
}

async fn there(app: &App) -> Result<BTreeSet<remains::Spot>, sqlx::Error> {
    Ok(list::environments_there(&app.pool).await?.into_iter().collect())
}

/// Removes exactly this network, unless somebody is in it.
async fn remove(app: &App, network: &LabelledNetwork, verdict: &mut Verdict) -> anyhow::Result<()> {
    if app.engine.remove_empty_network(&network.id).await? {
        tracing::info!(network.id, network.name, "a network without an environment is gone");
    } else {
        keep(verdict, "containers are in it");
    }
    Ok(())
}

pub(crate) fn keep(verdict: &mut Verdict, reason: &str) {
    if verdict.goes {
        *verdict = Verdict { goes: false, reason: reason.to_owned() };
    }
}
