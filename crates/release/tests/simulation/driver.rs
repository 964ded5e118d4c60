//! Drives one release as the deployer does: load, take commands, beat, do what the state wants, apply what
//! came of it. Its row, lease and version are the simulation's; machine, plan and effects are the real ones.

use crate::flaw::Flaw;
use crate::hand::{First, Hand};
use crate::perform::{Outcome, perform};
use crate::store::{LEASE, Lease, Row};
use crate::world::Trouble;
use release::{Effect, Failure, Input, State};
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

const BEAT: u64 = 1_000;
const AGAIN: (u64, u64) = (250, 10_000);
const QUEUED: u64 = 5_000;
/// A bake or a settling that is late because its driver stood still is done for so long.
const LAST_TRY: u64 = 60_000;

enum Interrupt {
    Command,
    Late,
    Lost,
}

/// Drives until the release waits for somebody, ends, or is another driver's.
pub(crate) async fn drive(hand: Hand, lease: Lease) {
    if let Err(trouble) = drive_on(&hand, lease).await {
        hand.with(|world| {
            world.say(|| format!("driver {} lets go of {lease:?}: {trouble:?}", hand.process));
            if trouble == Trouble::Busy {
                world.store.accuse(|| "a release ran into the one that moves".to_owned());
            }
        });
    }
    hand.changed();
}

async fn drive_on(hand: &Hand, lease: Lease) -> Result<(), Trouble> {
    loop {
        let release = hand.database(|world| world.store.get(lease.release)).await?;
        let taken = hand.database(|world| world.store.take_command(lease, &release)).await?;
        if taken {
            hand.changed();
            continue;
        }
        let sent = Cell::new(0);
        let beat = beat(hand, lease, &sent).await?.ok_or(Trouble::Lost)?;
        let is_tried = matches!(release.state, State::Baking | State::Settling);
        if beat.is_late && (!is_tried || hand.has(Flaw::LateUntried)) {
            apply(hand, lease, &release, late("")).await?;
            continue;
        }
        match release.plan.effect(&release.state) {
            Some(effect) => act(hand, lease, &release, effect, sent).await?,
            None if matches!(release.state, State::Queued { .. }) => {
                if !hand.database(|world| world.store.admit(lease, &release)).await? {
                    return let_go(hand, lease, Some(QUEUED)).await;
                }
                hand.changed();
            }
            None if matches!(release.state, State::AwaitingCi { .. }) => {
                let pending = hand.database(|world| world.store.look_at_ci(lease, &release));
                if let pending @ Some(_) = pending.await? {
                    return let_go(hand, lease, pending).await;
                }
                hand.changed();
            }
            None if matches!(release.state, State::AwaitingWindow { .. }) => {
                let closed = hand.database(|world| world.store.look_at_window(lease, &release));
                if let closed @ Some(_) = closed.await? {
                    return let_go(hand, lease, closed).await;
                }
                hand.changed();
            }
            None => {
                if release.state == State::Live
                    && let Err(trouble) = crate::sweep::collect(hand, &release).await
                {
                    hand.with(|world| world.say(|| format!("old releases stay: {trouble:?}")));
                }
                return let_go(hand, lease, None).await;
            }
        }
    }
}

/// Says that the driver is alive; `sent` is when it last did with success.
async fn beat(
    hand: &Hand,
    lease: Lease,
    sent: &Cell<u64>,
) -> Result<Option<crate::store::Beat>, Trouble> {
    let now = hand.now();
    let beat = hand.database(|world| Ok(world.store.beat(lease))).await?;
    if beat.is_some() {
        sent.set(now);
    }
    Ok(beat)
}

async fn let_go(hand: &Hand, lease: Lease, pause: Option<u64>) -> Result<(), Trouble> {
    hand.database(|world| {
        world.store.give_back(lease, pause);
        Ok(())
    })
    .await
}

fn late(last: &str) -> Input {
    Input::DeadlinePassed { last: last.to_owned() }
}

async fn apply(hand: &Hand, lease: Lease, release: &Row, input: Input) -> Result<(), Trouble> {
    hand.database(|world| {
        let (process, number, name) = (hand.process, release.number, input.name());
        let from = release.state.step();
        let applied = world.store.apply(Some(lease), release, &input);
        world.say(|| format!("driver {process}: {number} {from} {name}: {applied:?}"));
        applied
    })
    .await?;
    hand.changed();
    Ok(())
}

/// Does the state's effect until it is done, cannot be done, or something interrupts it.
async fn act(
    hand: &Hand,
    lease: Lease,
    release: &Row,
    effect: Effect,
    sent: Cell<u64>,
) -> Result<(), Trouble> {
    let is_tried = matches!(effect, Effect::Watch | Effect::Settle);
    let is_tried = is_tried && !hand.has(Flaw::LateUntried);
    let tried_until = hand.now() + if is_tried { LAST_TRY } else { 0 };
    let mut last = String::new();
    let mut pause = AGAIN.0;
    loop {
        let doing = within(hand, &sent, perform(hand, release, effect));
        let interrupt = match hand.race(doing, watch(hand, lease, &sent, tried_until)).await {
            First::One(None) => return Err(Trouble::Lost),
            First::One(Some(Outcome::Done)) => {
                let done = Input::Done { detail: String::new() };
                return apply(hand, lease, release, done).await;
            }
            First::One(Some(Outcome::Undecided)) => {
                let undecided = Input::Undecided { detail: String::new() };
                return apply(hand, lease, release, undecided).await;
            }
            First::One(Some(Outcome::Failed(reason))) => {
                let failure = Failure::new(reason, "in the simulation");
                return apply(hand, lease, release, Input::Failed { failure }).await;
            }
            First::One(Some(Outcome::Again(why))) => {
                why.clone_into(&mut last);
                match hand.race(hand.pause(pause), watch(hand, lease, &sent, tried_until)).await {
                    First::One(()) => None,
                    First::Other(interrupt) => Some(interrupt),
                }
            }
            First::Other(interrupt) => Some(interrupt),
        };
        pause = (pause * 2).min(AGAIN.1);
        match interrupt {
            None => {}
            Some(Interrupt::Command) => return Ok(()),
            Some(Interrupt::Late) => return apply(hand, lease, release, late(&last)).await,
            Some(Interrupt::Lost) => return Err(Trouble::Lost),
        }
    }
}

/// What `doing` comes to, as long as the lease is surely held; nothing is sent afterwards.
async fn within<T>(hand: &Hand, sent: &Cell<u64>, doing: impl Future<Output = T>) -> Option<T> {
    let mut doing = pin!(doing);
    poll_fn(|cx| {
        if hand.now() >= sent.get() + LEASE && !hand.has(Flaw::NoTenure) {
            return Poll::Ready(None);
        }
        doing.as_mut().poll(cx).map(Some)
    })
    .await
}

/// Keeps the lease while an effect runs; returns when something interrupts it.
async fn watch(hand: &Hand, lease: Lease, sent: &Cell<u64>, tried_until: u64) -> Interrupt {
    let mut answered = hand.now();
    loop {
        match beat(hand, lease, sent).await {
            Ok(None) => return Interrupt::Lost,
            Ok(Some(beat)) if beat.has_commands => return Interrupt::Command,
            Ok(Some(beat)) if beat.is_late && hand.now() >= tried_until => return Interrupt::Late,
            Ok(Some(_)) => answered = hand.now(),
            Err(_) if hand.now() > answered + LEASE => return Interrupt::Lost,
            Err(_) => {}
        }
        hand.nap(BEAT).await;
    }
}
