//! Takes away what a deleted app ran, as the deployer does: releases end, routes go, instances follow.

use crate::flaw::Flaw;
use crate::hand::Hand;
use crate::perform::{After, Outcome, publish, stop};
use crate::store::{Instance, Store};
use crate::world::Trouble;
use events::PrincipalName;
use release::{Input, Traffic};

/// Takes away what is to go, for ever.
pub(crate) async fn run(hand: Hand) {
    loop {
        let places = hand.with(|world| world.store.environments.len());
        for place in 0..places {
            let asked = hand.database(|world| {
                let environment = &world.store.environments[place];
                Ok(environment.removal.filter(|_| environment.is_going()))
            });
            if let Ok(Some((asked_at, _))) = asked.await
                && let Err(outcome) = remove(&hand, (place, asked_at)).await
            {
                hand.with(|world| world.say(|| format!("{place} is not gone yet: {outcome:?}")));
            }
        }
        hand.nap(4_000).await;
    }
}

/// An environment, and when it was asked to go.
type Removal = (usize, u64);

/// The app is still to go; there may be one of its name again.
fn still(store: &Store, (place, asked_at): Removal) -> Result<(), Trouble> {
    let is_same = store.environments[place].removal == Some((asked_at, false));
    if is_same || store.has(Flaw::RemovesUnread) { Ok(()) } else { Err(Trouble::Away) }
}

async fn remove(hand: &Hand, removal: Removal) -> Result<(), Outcome> {
    if !end_releases(hand, removal).await? {
        return Ok(());
    }
    let place = removal.0;
    publish(hand, |world| {
        still(&world.store, removal)?;
        world.store.environments[place].traffic = Traffic::default();
        Ok(())
    })
    .await?;
    take_instances(hand, removal).await?;
    take_containers(hand, removal).await?;
    hand.database(|world| {
        still(&world.store, removal)?;
        world.store.wrecks.retain(|_, wreck| wreck.place != place);
        let environment = &mut world.store.environments[place];
        environment.removal = Some((removal.1, true));
        world.say(|| format!("{place} is gone"));
        Ok(())
    })
    .await?;
    Ok(())
}

/// What is under way is ended by its driver; then what is live and what is kept. True when all have ended.
async fn end_releases(hand: &Hand, removal: Removal) -> Result<bool, Trouble> {
    let input = Input::Removed { by: PrincipalName::new("ada") };
    let unfinished = hand.database(|world| {
        still(&world.store, removal)?;
        let unfinished = world.store.unfinished(removal.0);
        for id in &unfinished {
            if !world.store.is_asked(*id, &input) {
                world.store.enqueue(*id, input.clone());
            }
        }
        Ok(unfinished)
    });
    if !unfinished.await?.is_empty() {
        hand.changed();
        return Ok(false);
    }
    let ended = hand.database(|world| {
        let live = world.store.live(removal.0);
        Ok(live.into_iter().chain(world.store.retained(removal.0)).collect::<Vec<_>>())
    });
    for id in ended.await? {
        hand.database(|world| {
            still(&world.store, removal)?;
            let release = world.store.get(id)?;
            world.store.apply(None, &release, &input)
        })
        .await?;
    }
    Ok(true)
}

async fn take_instances(hand: &Hand, removal: Removal) -> Result<(), Outcome> {
    let all = hand.database(|world| {
        still(&world.store, removal)?;
        Ok(world.store.instances_of(removal.0).copied().collect())
    });
    let instances: Vec<Instance> = all.await?;
    for instance in instances {
        let release = hand.database(|world| world.store.get(instance.release)).await?;
        stop(hand, &release, vec![instance], After::Remove).await?;
    }
    Ok(())
}

/// What a driver left that was cut off. What was there before it was asked whether the app still goes, goes.
async fn take_containers(hand: &Hand, removal: Removal) -> Result<(), Trouble> {
    let left = hand.engine(|world| {
        let all = world.engine.containers.iter();
        Ok(all.filter(|(_, it)| it.name.0 == removal.0).map(|(id, _)| *id).collect::<Vec<_>>())
    });
    let left = left.await?;
    hand.database(|world| still(&world.store, removal)).await?;
    for id in left {
        hand.engine(|world| {
            world.engine.remove(id);
            Ok(())
        })
        .await?;
    }
    Ok(())
}
