//! Takes instances away from users, then stops them: out of the table, drained, stopped, and removed, kept or left as a wreck.

use super::{Outcome, set_traffic};
use crate::hand::Hand;
use crate::store::{Instance, Is, Row};
use release::Traffic;

/// What becomes of a container that was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Keep,
    Wreck,
    Remove,
}

/// Takes `instances` out of the table, drains and stops them.
pub(crate) async fn stop(
    hand: &Hand,
    release: &Row,
    instances: Vec<Instance>,
    after: After,
) -> Result<(), Outcome> {
    if instances.iter().any(|instance| instance.is == Is::Ready) {
        set_traffic(hand, release, Traffic::clone, &instances).await?;
    }
    stop_withdrawn(hand, release, &instances, after).await
}

/// Drains and stops what is out of the table.
pub(super) async fn stop_withdrawn(
    hand: &Hand,
    release: &Row,
    instances: &[Instance],
    after: After,
) -> Result<(), Outcome> {
    let mut all = Ok(());
    for instance in instances {
        // Every one is tried, whatever becomes of the others.
        let one = stop_one(hand, release, instance, after).await;
        all = all.and(one);
    }
    all
}

async fn stop_one(
    hand: &Hand,
    release: &Row,
    instance: &Instance,
    after: After,
) -> Result<(), Outcome> {
    let Some(container) = container_of(hand, instance).await? else {
        return gone(hand, instance).await;
    };
    hand.database(|world| world.store.fence(release)).await?;
    if instance.is != Is::Stopped {
        let drain = hand.router(|world| Ok(world.rng.below(1_500))).await?;
        hand.pause(drain).await;
        hand.engine(|world| {
            let process = hand.process;
            world.say(|| format!("process {process}: stops {instance:?}"));
            world.engine.stop(container);
            Ok(())
        })
        .await?;
        let grace = hand.with(|world| world.rng.below(800));
        hand.pause(grace).await;
        hand.database(|world| world.store.observe(instance.id, Is::Stopped, None)).await?;
    }
    if after == After::Wreck {
        hand.engine(|_| Ok(())).await?;
        hand.database(|world| {
            world.store.wreck(release, instance, container);
            Ok(())
        })
        .await?;
    }
    if after == After::Remove {
        hand.engine(|world| {
            world.engine.remove(container);
            Ok(())
        })
        .await?;
        gone(hand, instance).await?;
    }
    Ok(())
}

/// The container of `instance`; one that was never made may have its name taken by another.
pub(crate) async fn container_of(hand: &Hand, instance: &Instance) -> Result<Option<u64>, Outcome> {
    if instance.container.is_some() {
        return Ok(instance.container);
    }
    let found = hand.engine(|world| {
        let found = world.engine.find(instance.name());
        Ok(found.filter(|(_, container)| container.uid == instance.id).map(|(id, _)| id))
    });
    Ok(found.await?)
}

async fn gone(hand: &Hand, instance: &Instance) -> Result<(), Outcome> {
    let gone = hand.database(|world| {
        world.store.gone(instance.id);
        Ok(())
    });
    Ok(gone.await?)
}
