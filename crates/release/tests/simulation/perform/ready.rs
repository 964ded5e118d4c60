//! Brings a release up: every instance exists, runs, and was asked whether it is ready.

use super::Outcome;
use crate::flaw::Flaw;
use crate::hand::Hand;
use crate::store::{Instance, Is, Row};
use crate::world::Trouble;

/// A candidate still starting after this has failed.
const GATE: u64 = 15_000;
const CREATE_ATTEMPTS: u32 = 5;

/// What one look at a starting release shows.
enum Sight {
    Ready,
    NotYet,
    Ended,
}

/// Every instance of `release`, ready.
pub(super) async fn bring_up(hand: &Hand, release: &Row) -> Result<(), Outcome> {
    let members = hand.database(|world| world.store.describe(release)).await?;
    let mut containers = Vec::new();
    for member in &members {
        containers.push(launch(hand, member).await?);
    }
    let began = hand.now();
    loop {
        match look(hand, &containers).await? {
            Sight::Ready => break,
            Sight::NotYet if hand.has(Flaw::NoGate) => break,
            Sight::Ended => return Err(Outcome::Failed("CRASHED")),
            Sight::NotYet if hand.now() > began + GATE => return Err(Outcome::Failed("NOT_READY")),
            Sight::NotYet => hand.pause(300).await,
        }
    }
    for (member, container) in members.iter().zip(containers) {
        hand.database(|world| world.store.observe(member.id, Is::Ready, Some(container))).await?;
    }
    Ok(())
}

async fn look(hand: &Hand, containers: &[u64]) -> Result<Sight, Outcome> {
    let seen = hand.engine(|world| {
        let found = containers.iter().map(|id| world.engine.containers.get(id));
        let mut sight = Sight::Ready;
        for container in found {
            match container {
                Some(container) if container.is_ready(world.now) => {}
                Some(container) if container.running => sight = Sight::NotYet,
                Some(_) | None => return Ok(Sight::Ended),
            }
        }
        Ok(sight)
    });
    Ok(seen.await?)
}

/// The container exists and runs.
async fn launch(hand: &Hand, member: &Instance) -> Result<u64, Outcome> {
    let container = create_or_adopt(hand, member).await?;
    if member.is != Is::Ready || member.container != Some(container) {
        let seen = Some(container);
        hand.database(|world| world.store.observe(member.id, Is::Starting, seen)).await?;
    }
    let started = hand.engine(|world| {
        let denials = world.faults.denials;
        if world.now < crate::faults::QUIET && world.rng.chance(denials) {
            world.tally.fault("engine refuses");
            return Err(Trouble::Denied);
        }
        let times = (world.rng.between(200, 3_000), world.rng.between(1_000, 9_000));
        let now = world.now;
        if world.engine.start(container, times, now) { Ok(()) } else { Err(Trouble::Away) }
    });
    started.await?;
    Ok(container)
}

async fn create_or_adopt(hand: &Hand, member: &Instance) -> Result<u64, Outcome> {
    for _ in 0..CREATE_ATTEMPTS {
        let made = hand.engine(|world| {
            let (whose, now) = ((member.id, member.release), world.now);
            Ok(world.engine.create(member.name(), whose, &member.made_of, now).ok())
        });
        if let Some(made) = made.await? {
            return Ok(made);
        }
        let found = hand.engine(|world| {
            Ok(world.engine.find(member.name()).map(|(id, found)| (id, found.uid == member.id)))
        });
        match found.await? {
            Some((id, true)) => return Ok(id),
            Some((id, false)) => {
                hand.engine(|world| {
                    world.engine.remove(id);
                    Ok(())
                })
                .await?;
            }
            None => hand.pause(200).await,
        }
    }
    Err(Outcome::Again("the name is held"))
}
