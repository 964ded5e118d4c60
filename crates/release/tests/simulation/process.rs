//! What runs in a process beside its drivers: the scheduler, the relay of the outbox, the consumer of the bus.

use crate::bus::Bus;
use crate::driver::drive;
use crate::faults::QUIET;
use crate::flaw::Flaw;
use crate::hand::Hand;
use crate::store::{Created, Event, Lease, Said, Wanted};
use crate::world::{Trouble, World};
use std::pin::Pin;

/// Longest pause between two looks for what is due.
const SWEEP: u64 = 5_000;
/// An event that was published so long ago and not handled is published again.
const UNHANDLED: u64 = 20_000;

/// Something that a process does.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()>>>;

/// What a deployer does from its start on.
pub(crate) fn deployer(hand: &Hand) -> Vec<Task> {
    vec![
        Box::pin(schedule(hand.clone())),
        Box::pin(relay(hand.clone())),
        Box::pin(consume(hand.clone(), "deployer")),
        Box::pin(crate::sweep::run(hand.clone())),
        Box::pin(crate::removal::run(hand.acting())),
    ]
}

/// A process that only hears what is said.
pub(crate) fn listener(hand: &Hand) -> Vec<Task> {
    vec![Box::pin(consume(hand.clone(), "gateway"))]
}

pub(crate) fn driver(hand: &Hand, lease: Lease) -> Task {
    Box::pin(drive(hand.acting(), lease))
}

/// Finds releases that are due and drives each in a task of its own.
async fn schedule(hand: Hand) {
    loop {
        let claimed = hand.database(|world| {
            let owner = world.processes[hand.process].owner;
            let (leases, taken_over) = world.store.claim_due(owner);
            world.tally.see("leases taken over", taken_over);
            Ok(leases)
        });
        // Without an answer the leases end by themselves.
        for lease in claimed.await.unwrap_or_default() {
            hand.with(|world| world.claimed.push((hand.process, lease)));
        }
        let due = hand.database(|world| Ok(world.store.next_due())).await.ok().flatten();
        let pause = due.map_or(SWEEP, |at| at.saturating_sub(hand.now()).clamp(20, SWEEP));
        hand.nap(pause).await;
    }
}

/// Publishes what was decided; again, when nobody handled it.
async fn relay(hand: Hand) {
    let mut looked = 0;
    loop {
        let said = say(&hand).await;
        if said != Ok(0) && said.is_ok() {
            continue;
        }
        if hand.now() > looked + 5_000 {
            looked = hand.now();
            let wiped = hand.with(|world| world.bus.is_another());
            let age = if wiped { 0 } else { UNHANDLED };
            let revived = hand.database(|world| Ok(world.store.revive(age))).await.unwrap_or(0);
            hand.with(|world| world.tally.see("events published again", revived));
        }
        hand.nap(2_000).await;
    }
}

/// Publishes one batch; how many events it held. A relay that is cut off says all of it again.
async fn say(hand: &Hand) -> Result<usize, Trouble> {
    let waiting = hand.database(|world| Ok(world.store.unpublished(20))).await?;
    let ids: Vec<u64> = waiting.iter().map(|event| event.id).collect();
    if ids.is_empty() {
        return Ok(0);
    }
    for event in &waiting {
        publish(hand, event).await?;
    }
    hand.database(|world| {
        world.store.mark_published(&ids);
        Ok(())
    })
    .await?;
    Ok(ids.len())
}

async fn publish(hand: &Hand, event: &Event) -> Result<(), Trouble> {
    hand.call(crate::faults::Whom::Bus, |world| {
        let is_faulty = world.faults.errors > 0 && world.now < QUIET;
        let World { bus, rng, now, .. } = world;
        Bus::publish(bus, event.id, event.said.consumer(), *now, rng, is_faulty);
        Ok(())
    })
    .await
}

/// Handles messages one after the other; what was handled before is only acknowledged.
async fn consume(hand: Hand, consumer: &'static str) {
    loop {
        let now = hand.now();
        let whom = crate::faults::Whom::Bus;
        let taken = hand.call(whom, |world| Ok(world.bus.take(consumer, now))).await;
        let Ok(Some(event)) = taken else {
            hand.nap(2_000).await;
            continue;
        };
        let handled = hand.database(|world| handle(world, consumer, event)).await;
        if handled.is_ok() {
            // A lost acknowledgement brings it again.
            let acked = hand.call(whom, |world| {
                world.bus.ack(consumer, event);
                Ok(())
            });
            let acked = acked.await;
            hand.with(|world| world.say(|| format!("{consumer} handled {event}: {acked:?}")));
        }
        hand.changed();
    }
}

fn handle(world: &mut World, consumer: &'static str, event: u64) -> Result<(), Trouble> {
    let said = world.store.event(event).said;
    if let Said::Build(place, _) = said
        && world.store.environments[place].is_going()
    {
        return Err(Trouble::Away);
    }
    let is_first = world.store.first_time(consumer, event);
    if !is_first {
        world.tally.see("duplicates absorbed", 1);
    }
    if !is_first && !world.store.has(Flaw::NoInbox) {
        return Ok(());
    }
    world.store.event(event).handled += 1;
    let Said::Build(place, change) = said else { return Ok(()) };
    let (built_at, content) = world.builds[usize::try_from(change).expect("a known change")];
    let deleted_since = |(asked_at, _)| built_at <= asked_at;
    if world.store.is_overtaken(place, change)
        || world.store.environments[place].removal.is_some_and(deleted_since)
    {
        world.tally.see("changes overtaken", 1);
        return Ok(());
    }
    let wanted = Wanted { place, content, change: Some(change), restores: None };
    let created = world.store.create(&wanted);
    world.say(|| format!("change {change} of {place}: {created:?}"));
    world.tally.see(
        match created {
            Created::New => "releases of changes",
            Created::Same => "the same content again",
            Created::Pinned => "content that was rolled back",
            Created::Going => "apps that go",
        },
        1,
    );
    Ok(())
}
