//! What is done by the clock or after an end: what nobody needs goes away, and the router gets its table.

use crate::engine::Container;
use crate::hand::Hand;
use crate::perform::{Outcome, container_of, publish};
use crate::store::{Instance, Is, Row, Store};
use crate::world::Trouble;
use release::Input;
use std::collections::BTreeSet;

/// Releases that are kept to go back to.
pub(crate) const KEEP: usize = 1;
/// Until then a container without an owner may belong to a release whose row is being written.
pub(crate) const GRACE: u64 = 60_000;

/// Releases beyond those that are kept lose their containers.
pub(crate) async fn collect(hand: &Hand, live: &Row) -> Result<(), Outcome> {
    let retained = hand.database(|world| Ok(world.store.retained(live.place))).await?;
    for old in retained.into_iter().skip(KEEP) {
        hand.database(|world| {
            let old = world.store.get(old)?;
            world.store.apply(None, &old, &Input::Collect)
        })
        .await?;
    }
    let unused = hand.database(|world| Ok(unused(&world.store, live.place))).await?;
    for instance in unused {
        let container = container_of(hand, &instance).await?;
        hand.database(|world| {
            let is = world.store.instance(instance.id).map(|row| row.is);
            // The deployer holds the row's lock meanwhile: nobody starts what is stopped.
            if let Some(id) = container.filter(|_| is == Some(Is::Stopped)) {
                world.engine.remove(id);
            }
            if is == Some(Is::Stopped) {
                world.store.gone(instance.id);
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

async fn remove(hand: &Hand, container: Option<u64>) -> Result<(), Trouble> {
    let Some(container) = container else { return Ok(()) };
    hand.engine(|world| {
        world.engine.remove(container);
        Ok(())
    })
    .await
}

/// Stopped instances that no release runs on or goes back to.
fn unused(store: &Store, place: usize) -> Vec<Instance> {
    let live = store.live(place);
    let users = store.retained(place).into_iter().chain(store.unfinished(place)).chain(live);
    let users: Vec<_> = users.filter_map(|id| store.get(id).ok()).collect();
    let stopped = store.instances_of(place).filter(|instance| instance.is == Is::Stopped);
    stopped.filter(|instance| !users.iter().any(|user| instance.is_of(user))).copied().collect()
}

/// The router gets the newest table when it does not have it; orphans go.
pub(crate) async fn run(hand: Hand) {
    let mut swept = hand.now();
    loop {
        if let Err(trouble) = refresh_router(&hand).await {
            hand.with(|world| world.say(|| format!("the router may be behind: {trouble:?}")));
        }
        if let Err(trouble) = clear_wrecks(&hand).await {
            hand.with(|world| world.say(|| format!("wrecks stay for now: {trouble:?}")));
        }
        if hand.now() > swept + 30_000 {
            swept = hand.now();
            if let Err(trouble) = sweep_orphans(&hand).await {
                hand.with(|world| world.say(|| format!("orphans stay for now: {trouble:?}")));
            }
        }
        hand.pause(2_000).await;
    }
}

async fn refresh_router(hand: &Hand) -> Result<(), Trouble> {
    let newest = hand.database(|world| Ok(world.store.generation)).await?;
    let known = hand.router(|world| Ok(world.router.table.generation)).await?;
    if known < newest {
        publish(hand, |_| Ok(())).await?;
    }
    Ok(())
}

/// Those whose time is over go, each with its row after it.
async fn clear_wrecks(hand: &Hand) -> Result<(), Trouble> {
    let due = hand.database(|world| {
        let due = world.store.wrecks.iter().filter(|(_, wreck)| wreck.until <= world.store.now);
        Ok(due.map(|(id, wreck)| (*id, wreck.container)).collect::<Vec<_>>())
    });
    for (id, container) in due.await? {
        remove(hand, Some(container)).await?;
        hand.database(|world| {
            world.store.wrecks.remove(&id);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

async fn sweep_orphans(hand: &Hand) -> Result<(), Trouble> {
    let observed = hand.engine(|world| {
        let seen = world.engine.containers.iter();
        let told =
            |(id, found): (&u64, &Container)| (*id, found.uid, found.release, found.created_at);
        Ok(seen.map(told).collect::<Vec<_>>())
    });
    let observed = observed.await?;
    let owners = hand.database(|world| Ok(owners(&world.store))).await?;
    let wrecks = hand.database(|world| Ok(world.store.wrecks.clone())).await?;
    let now = hand.now();
    for (id, uid, release, created_at) in observed {
        let is_owned = owners.contains(&release) || wrecks.contains_key(&uid);
        if created_at + GRACE < now && !is_owned {
            remove(hand, Some(id)).await?;
        }
    }
    Ok(())
}

/// The releases that containers were made for and still belong to.
pub(crate) fn owners(store: &Store) -> BTreeSet<events::ReleaseId> {
    let kept = store.instances.iter().filter(|instance| instance.is != Is::Gone);
    kept.map(|instance| instance.release).collect()
}
