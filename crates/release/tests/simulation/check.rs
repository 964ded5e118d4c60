//! What must hold after every step, and what must hold when everything has ended.

use crate::engine::Container;
use crate::router::{Route, Table};
use crate::store::{Instance, Is, Row};
use crate::sweep::owners;
use crate::tally::Tally;
use crate::world::World;
use release::State;
use std::rc::Rc;

/// What must not be, after any step.
pub(crate) fn always(world: &mut World) -> Option<String> {
    notice_bad(world);
    if let Some(wrong) = world.store.wrong.take() {
        return Some(wrong);
    }
    (0..world.store.environments.len()).find_map(|place| one_each(world, place)).or_else(|| {
        let Table { generation, routes } = &world.router.table;
        if *generation > world.store.generation {
            return Some(format!("the router has table {generation}, which was never composed"));
        }
        if world.router.is_behind() {
            return None;
        }
        routes.iter().find_map(|route| unserved(world, route))
    })
}

/// What the tests see of containers that turned bad while the engine answered.
fn notice_bad(world: &mut World) {
    for instance in &mut world.store.instances {
        let container = instance.container.and_then(|id| world.engine.containers.get(&id));
        let bad = container.filter(|found| found.running && found.bad_at <= world.now);
        instance.bad_since = bad.map(|found| found.bad_at.max(world.faults.engine_back));
    }
}

fn one_each(world: &World, place: usize) -> Option<String> {
    let rows = || world.store.releases.values().filter(|row| row.place == place);
    let live = rows().filter(|row| row.state == State::Live).count();
    let moving = rows().filter(|row| row.state.is_moving()).count();
    (live > 1 || moving > 1).then(|| format!("{live} live and {moving} moving in {place}"))
}

/// Requests of `route` would be lost, or answered by what has ended.
fn unserved(world: &World, route: &Route) -> Option<String> {
    let place = route.place;
    // Of an app that goes, requests are not answered any more.
    if world.store.environments[place].is_going() {
        return None;
    }
    for target in &route.targets {
        let row = world.store.releases.get(&target.release)?;
        let may_answer = row.state.has_traffic() || row.state.is_moving();
        if !may_answer {
            let state = row.state.name();
            return Some(format!("release {} of {place} is {state} and has traffic", row.number));
        }
        if target.percent > 0 && row.plan.is_shadowing(&row.state) {
            return Some(format!("release {} of {place} is a shadow and has users", row.number));
        }
        if route.held || target.percent == 0 {
            continue;
        }
        let well =
            |id: &u64| world.engine.containers.get(id).is_some_and(|it| answers(it, world.now));
        if target.upstreams.is_empty() || !target.upstreams.iter().all(well) {
            return Some(format!(
                "requests of {place} go to release {}, to {:?}: not all of them answer",
                row.number, target.upstreams
            ));
        }
    }
    None
}

/// What turned bad by itself is not lost by the platform.
fn answers(container: &Container, now: u64) -> bool {
    container.running && container.ready_at <= now
}

/// What is still open, if anything is.
pub(crate) fn open(world: &World) -> Option<String> {
    let store = &world.store;
    let unfinished = |row: &&Rc<Row>| row.state.is_waiting() || row.state.is_moving();
    if let Some(row) = store.releases.values().find(unfinished) {
        return Some(format!("release {} of {} is {}", row.number, row.place, row.state.step()));
    }
    let is_going = |place: &usize| store.environments[*place].is_going();
    if let Some(place) = (0..store.environments.len()).find(is_going) {
        return Some(format!("{place} is going"));
    }
    let unheard = |event: &&crate::store::Event| {
        event.published_at.is_none() || !store.inbox.contains(&(event.said.consumer(), event.id))
    };
    if let Some(event) = store.outbox.iter().find(unheard) {
        return Some(format!("{event:?} was not handled"));
    }
    if !world.bus.is_empty() || store.is_driven() {
        return Some("messages or leases are out".to_owned());
    }
    let still = |process: &crate::world::Process| !process.alive || process.still_until > world.now;
    if world.processes.iter().any(still) {
        return Some("a process is away".to_owned());
    }
    if let Some(wreck) = store.wrecks.values().next() {
        return Some(format!("{wreck:?} is left"));
    }
    let owners = owners(store);
    let orphan = world.engine.containers.values().find(|it| !owners.contains(&it.release));
    if let Some(orphan) = orphan {
        return Some(format!("{:?} has no owner", orphan.name));
    }
    let is_behind = world.router.table.generation < store.generation;
    is_behind.then(|| "the router is behind".to_owned())
}

/// What must not be when everything has ended.
pub(crate) fn ended(world: &World) -> Option<String> {
    let store = &world.store;
    let places = 0..store.environments.len();
    if let Some(wrong) = places.clone().find_map(|place| wrong_place(world, place)) {
        return Some(wrong);
    }
    if let Some(wrong) = store.releases.values().find_map(|row| wrong_end(world, row)) {
        return Some(wrong);
    }
    if let Some(event) = store.outbox.iter().find(|event| event.handled != 1) {
        return Some(format!("{event:?} was not handled exactly once"));
    }
    (world.router.table != store.compose()).then(|| {
        format!("the router has {:?}, the truth is {:?}", world.router.table, store.compose())
    })
}

fn wrong_place(world: &World, place: usize) -> Option<String> {
    let store = &world.store;
    let live = store.live(place).and_then(|id| store.get(id).ok());
    if live.is_none() && !store.retained(place).is_empty() {
        return Some(format!("something of {place} is kept and nothing is live"));
    }
    let wanted: Vec<Instance> = live.map(|live| store.members(&live)).unwrap_or_default();
    let is_ready =
        |id: u64| world.engine.containers.get(&id).is_some_and(|it| it.is_ready(world.now));
    let up =
        |instance: &Instance| instance.is == Is::Ready && instance.container.is_some_and(is_ready);
    if let Some(down) = wanted.iter().find(|instance| !up(instance)) {
        return Some(format!("an instance of what is live is not up: {down:?}"));
    }
    for (id, container) in world.engine.containers.iter().filter(|(_, it)| it.name.0 == place) {
        let owner = store.instances_of(place).find(|instance| instance.container == Some(*id));
        if owner.is_none() {
            return Some(format!("nobody knows container {:?}", container.name));
        }
        if container.running && !wanted.iter().any(|instance| instance.container == Some(*id)) {
            return Some(format!("container {:?} runs for nobody", container.name));
        }
    }
    None
}

/// A good release ends badly for a reason from outside only.
fn wrong_end(world: &World, row: &Row) -> Option<String> {
    let failure = row.state.failure().filter(|_| row.content.is_good())?;
    let was_faulty = !world.tally.faults.is_empty();
    let allowed = match failure.reason.as_str() {
        "OPERATOR" | "PINNED" | "APPROVAL_REFUSED" | "CI_FAILED" => true,
        "DENIED" | "INCONCLUSIVE" | "APPROVAL_EXPIRED" => was_faulty,
        // Something else was in its way for so long, or a fault was.
        late => late.ends_with("_TIMEOUT") && (was_faulty || late == "QUEUED_TIMEOUT"),
    };
    (!allowed).then(|| format!("release {} of {} is good and {failure}", row.number, row.place))
}

/// Counts what a run came to.
pub(crate) fn count(world: &World, tally: &mut Tally) {
    for row in world.store.releases.values() {
        tally.end(row.state.name());
    }
    for (_, entry) in &world.store.log {
        tally.reach(entry.state.step());
    }
}
