//! Does what a state wants, with the calls that the deployer makes, in their order.

mod ready;
mod stop;

use stop::stop_withdrawn;
pub(crate) use stop::{After, container_of, stop};

use crate::content::{BAKE, Temper};
use crate::flaw::Flaw;
use crate::hand::Hand;
use crate::store::{Instance, Is, Row};
use crate::world::{Trouble, World};
use ready::bring_up;
use release::{Effect, Shift, State, Traffic};
use std::rc::Rc;

/// What came of an effect.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Done,
    /// A share was held, and nothing was shown.
    Undecided,
    /// It cannot be done; with the reason.
    Failed(&'static str),
    /// It cannot be done now; says why.
    Again(&'static str),
}

impl From<Trouble> for Outcome {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Denied => Self::Failed("DENIED"),
            Trouble::Away => Self::Again("nobody answered"),
            Trouble::Lost | Trouble::Busy | Trouble::Refused(_) => Self::Again("it went on"),
        }
    }
}

/// Does `effect` for `release`.
pub(crate) async fn perform(hand: &Hand, release: &Row, effect: Effect) -> Outcome {
    let done = match effect {
        Effect::Prepare => prepare(hand, release).await,
        Effect::RunJobs => run_jobs(hand, release).await,
        Effect::WarmUp => ask(hand, release, &[]).await,
        Effect::Verify => ask(hand, release, &[Temper::FailsVerify]).await,
        Effect::StartCandidate { stop_stable } => start(hand, release, stop_stable).await,
        Effect::Shift { weight } => shift(hand, release, weight).await,
        Effect::Judge { .. } => judge(hand, release).await,
        Effect::Watch => watch(hand, release).await,
        Effect::Settle => settle(hand, release).await,
        Effect::RestoreTraffic => restore(hand, release).await,
        Effect::RemoveCandidate => remove_candidate(hand, release).await,
    };
    done.map_or_else(|stop| stop, |()| Outcome::Done)
}

async fn prepare(hand: &Hand, release: &Row) -> Result<(), Outcome> {
    hand.database(|world| world.store.describe(release)).await?;
    Ok(hand.engine(|_| Ok(())).await?)
}

async fn run_jobs(hand: &Hand, release: &Row) -> Result<(), Outcome> {
    hand.engine(|_| Ok(())).await?;
    let hangs = |service: &crate::content::Service| service.temper == Temper::JobHangs;
    if release.content.services.iter().any(hangs) {
        std::future::pending::<()>().await;
    }
    Ok(())
}

/// Something is asked of the candidate that services of some tempers do not answer.
async fn ask(hand: &Hand, release: &Row, refused_by: &[Temper]) -> Result<(), Outcome> {
    hand.engine(|_| Ok(())).await?;
    let refuses = |service: &crate::content::Service| refused_by.contains(&service.temper);
    if release.content.services.iter().any(refuses) {
        return Err(Outcome::Failed("VERIFY_FAILED"));
    }
    Ok(())
}

async fn start(hand: &Hand, release: &Row, stop_stable: bool) -> Result<(), Outcome> {
    if stop_stable || hand.has(Flaw::StopsFirst) {
        stop_what_cannot_stay(hand, release, stop_stable).await?;
    }
    bring_up(hand, release).await
}

async fn stop_what_cannot_stay(hand: &Hand, release: &Row, hold: bool) -> Result<(), Outcome> {
    let Some(stable) = stable(hand, release).await? else { return Ok(()) };
    let services = release.content.stop_first(&stable.content);
    let mut old = hand.database(|world| Ok(world.store.members(&stable))).await?;
    old.retain(|instance| instance.is != Is::Stopped);
    old.retain(|instance| services.contains(&instance.service) || !hold);
    if old.is_empty() {
        return Ok(());
    }
    let change = if hold { Traffic::holding } else { Traffic::clone };
    set_traffic(hand, release, change, &old).await?;
    stop_withdrawn(hand, release, &old, After::Keep).await
}

async fn shift(hand: &Hand, release: &Row, weight: u32) -> Result<(), Outcome> {
    let change = |before: &Traffic| before.shifted(release.stable, release.id, weight);
    set_traffic(hand, release, change, &[]).await
}

/// The one way in which a release moves traffic and takes what is ready of `withdrawn` out of the table.
async fn set_traffic(
    hand: &Hand,
    release: &Row,
    change: impl FnOnce(&Traffic) -> Traffic,
    withdrawn: &[Instance],
) -> Result<(), Outcome> {
    publish(hand, |world| {
        world.store.fence(release)?;
        let traffic = &mut world.store.environments[release.place].traffic;
        *traffic = change(traffic);
        for instance in withdrawn.iter().filter(|instance| instance.is == Is::Ready) {
            world.store.observe(instance.id, Is::Draining, None)?;
        }
        Ok(())
    })
    .await?;
    Ok(())
}

/// Composes the table of everything with `change` in it, and puts it in force.
pub(crate) async fn publish(
    hand: &Hand,
    change: impl FnOnce(&mut World) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let composed = hand.database(|world| {
        change(world)?;
        world.store.generation += 1;
        Ok(world.store.compose())
    });
    let table = composed.await?;
    let sent = hand.router(|world| {
        let process = hand.process;
        let applied = world.router.apply(table.clone());
        world.say(|| format!("process {process}: router {applied:?} {table:?}"));
        applied
    });
    match sent.await? {
        Ok(()) => Ok(()),
        // A later table, composed after our commit, holds the change too.
        Err(known) => {
            let raised = hand.database(|world| {
                let is_behind = world.store.generation < known;
                world.store.generation = world.store.generation.max(known);
                Ok(is_behind)
            });
            if raised.await? { Err(Trouble::Away) } else { Ok(()) }
        }
    }
}

/// Looks until the bake ends by the host's clock.
async fn watch(hand: &Hand, release: &Row) -> Result<(), Outcome> {
    loop {
        look(hand, release).await?;
        if hand.wall() >= release.entered_at + BAKE {
            return Ok(());
        }
        hand.pause(1_000).await;
    }
}

/// Sometimes too few requests come to tell anything; then only a person ends it.
async fn judge(hand: &Hand, release: &Row) -> Result<(), Outcome> {
    let waits = matches!(release.state, State::Shifting { phase: Shift::Deciding, .. });
    let end = if waits { u64::MAX } else { hand.now() + BAKE / 2 };
    observe(hand, release, end).await?;
    let is_quiet = hand.with(|world| world.rng.chance(200));
    if is_quiet { Err(Outcome::Undecided) } else { Ok(()) }
}

/// Looks until `end`.
async fn observe(hand: &Hand, release: &Row, end: u64) -> Result<(), Outcome> {
    while hand.now() < end {
        look(hand, release).await?;
        hand.pause(700).await;
    }
    Ok(())
}

async fn look(hand: &Hand, release: &Row) -> Result<(), Outcome> {
    let own = hand.database(|world| Ok(world.store.members(release))).await?;
    let well = hand.engine(|world| {
        let is_well = |instance: &Instance| {
            let found = instance.container.and_then(|id| world.engine.containers.get(&id));
            found.is_some_and(|container| container.is_ready(world.now))
        };
        Ok(own.iter().all(is_well))
    });
    if well.await? { Ok(()) } else { Err(Outcome::Failed("UNREADY")) }
}

async fn settle(hand: &Hand, release: &Row) -> Result<(), Outcome> {
    let place = release.place;
    let all = hand.database(|world| Ok(world.store.instances_of(place).copied().collect()));
    let mut replaced: Vec<Instance> = all.await?;
    replaced.retain(|instance| instance.is != Is::Stopped && !instance.is_of(release));
    let change = |before: &Traffic| before.restored(Some(release.id));
    set_traffic(hand, release, change, &replaced).await?;
    stop_withdrawn(hand, release, &replaced, After::Keep).await
}

/// The stable release is up and gets every new request; without one, nobody does.
async fn restore(hand: &Hand, release: &Row) -> Result<(), Outcome> {
    if let Some(stable) = stable(hand, release).await? {
        bring_up(hand, &stable).await.map_err(|outcome| match outcome {
            Outcome::Failed(why) | Outcome::Again(why) => Outcome::Again(why),
            Outcome::Done | Outcome::Undecided => outcome,
        })?;
    }
    set_traffic(hand, release, |before| before.restored(release.stable), &[]).await
}

async fn remove_candidate(hand: &Hand, release: &Row) -> Result<(), Outcome> {
    let mut candidate = hand.database(|world| Ok(world.store.members(release))).await?;
    if let Some(stable) = stable(hand, release).await? {
        candidate.retain(|instance| !instance.is_of(&stable));
    }
    let kept = hand.database(|world| {
        let rows = world.store.retained(release.place);
        rows.into_iter().map(|id| world.store.get(id)).collect::<Result<Vec<_>, _>>()
    });
    let kept = kept.await?;
    let is_kept = |instance: &Instance| kept.iter().any(|row| instance.is_of(row));
    let (keep, remove) = candidate.into_iter().partition(is_kept);
    stop(hand, release, keep, After::Keep).await?;
    let left = if release.state.failure().is_some() { After::Wreck } else { After::Remove };
    stop(hand, release, remove, left).await
}

async fn stable(hand: &Hand, release: &Row) -> Result<Option<Rc<Row>>, Outcome> {
    let Some(stable) = release.stable else { return Ok(None) };
    Ok(Some(hand.database(|world| world.store.get(stable)).await?))
}
