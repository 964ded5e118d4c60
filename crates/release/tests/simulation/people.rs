//! What people and their pushes want, decided by the seed: good and bad releases, two at once, approvals,
//! cancels, rollbacks, deletions.

use crate::content::{Content, Gates, Service, Temper, Way};
use crate::faults::QUIET;
use crate::rng::Rng;
use crate::store::{Said, Wanted};
use crate::world::World;
use events::PrincipalName;
use release::{Input, Shift, State, step};

/// Something that somebody wants.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wish {
    /// A change was built.
    Push { place: usize, content: Content },
    /// The newest release is to end.
    Cancel { place: usize },
    /// The stable release is wanted back, or the one so many before.
    Rollback { place: usize, back: u64 },
    /// The app is deleted.
    Delete { place: usize },
    /// Whoever is asked for something answers.
    Answer,
}

/// The contents that one environment may get: equal services are equal in all that they do.
struct Shelf {
    tempers: [[Temper; 3]; 2],
    alone: [bool; 2],
    /// What is pushed again and again.
    often: Vec<Content>,
}

/// Everything that will be wanted, with when.
pub(crate) fn plan(rng: &mut Rng, places: usize) -> Vec<(u64, Wish)> {
    let mut wishes = Vec::new();
    for place in 0..places {
        let shelf = Shelf::new(rng);
        for _ in 0..rng.between(1, 5) {
            let at = rng.below(QUIET);
            wishes.push((at, Wish::Push { place, content: shelf.content(rng) }));
            // Two at once.
            if rng.chance(150) {
                wishes.push((at + 1, Wish::Push { place, content: shelf.content(rng) }));
            }
        }
        for _ in 0..rng.below(3) {
            let at = rng.below(QUIET);
            let wish = match rng.below(8) {
                0..=2 => Wish::Cancel { place },
                3..=6 => Wish::Rollback { place, back: rng.pick(&[0, 0, 1, 2]) },
                _ => {
                    let again = at + rng.between(2_000, 12_000);
                    wishes.push((again, Wish::Push { place, content: shelf.content(rng) }));
                    Wish::Delete { place }
                }
            };
            wishes.push((at, wish));
        }
    }
    wishes
}

impl Shelf {
    fn new(rng: &mut Rng) -> Self {
        let good = Temper::Good;
        let bad = [
            Temper::NeverReady,
            Temper::CrashesAtStart,
            Temper::JobHangs,
            Temper::FailsVerify,
            Temper::TurnsBad,
            Temper::TurnsBad,
        ];
        let mut temper = || if rng.chance(650) { good } else { rng.pick(&bad) };
        let tempers = [0, 1].map(|_| [0, 1, 2].map(|_| temper()));
        let mut shelf = Self { tempers, alone: [false, rng.chance(200)], often: Vec::new() };
        shelf.often = (0..2).map(|_| shelf.new_content(rng)).collect();
        shelf
    }

    fn content(&self, rng: &mut Rng) -> Content {
        let index = usize::try_from(rng.below(5)).expect("small");
        self.often.get(index).copied().unwrap_or_else(|| self.new_content(rng))
    }

    fn new_content(&self, rng: &mut Rng) -> Content {
        let way =
            rng.pick(&[Way::BlueGreen, Way::BlueGreen, Way::Canary, Way::Shadow, Way::Recreate]);
        let mut gate = |per_mille| rng.chance(per_mille);
        let gates = Gates {
            approval: gate(150),
            window: gate(100),
            jobs: gate(200),
            warm: gate(300),
            verify: gate(400),
        };
        let services = [0, 1].map(|service| {
            let hash = rng.below(3);
            let temper = self.tempers[service][usize::try_from(hash).expect("small")];
            Service { hash, replicas: rng.pick(&[1, 1, 2]), temper, alone: self.alone[service] }
        });
        Content { services, way, gates }
    }
}

fn ada() -> PrincipalName {
    PrincipalName::new("ada")
}

/// Somebody wants something: one transaction of the API, or nothing when it is refused.
pub(crate) fn wish(world: &mut World, wish: Wish) {
    if !matches!(wish, Wish::Answer) {
        world.say(|| format!("WISH {wish:?}"));
    }
    world.changed = true;
    match wish {
        Wish::Push { place, content } => {
            let change = world.builds.len() as u64;
            world.builds.push((world.now, content));
            world.store.announce(Said::Build(place, change));
        }
        Wish::Cancel { place } => {
            if let Some(newest) = world.store.unfinished(place).pop() {
                ask(world, newest, Input::Cancel { by: ada() });
            }
        }
        Wish::Rollback { place, back } => rollback(world, place, back),
        Wish::Delete { place } => {
            let now = world.now;
            let environment = &mut world.store.environments[place];
            if !environment.is_going() {
                environment.removal = Some((now, false));
            }
        }
        Wish::Answer => answer(world),
    }
}

/// Said at once when it is too late; else the driver decides, in its order.
fn ask(world: &mut World, release: events::ReleaseId, input: Input) {
    let Ok(row) = world.store.get(release) else { return };
    if step(&row.plan, &row.state, input.clone()).is_ok() {
        world.store.enqueue(release, input);
    }
}

fn rollback(world: &mut World, place: usize, back: u64) {
    if world.store.environments[place].is_going() {
        return;
    }
    let by_operator = Input::Rollback { by: ada(), reason: String::new() };
    for id in world.store.unfinished(place) {
        let Ok(row) = world.store.get(id) else { continue };
        let ends = matches!(row.state, State::RollingBack { .. } | State::Settling);
        if back == 0 && row.state.is_moving() && !ends {
            return world.store.enqueue(id, by_operator);
        }
    }
    let Some(target) = world.store.earlier(place, back) else { return };
    let live = world.store.live(place).and_then(|id| world.store.get(id).ok());
    if live.as_ref().is_some_and(|live| live.content == target.content) {
        return;
    }
    if let Some(live) = live {
        world.store.set_pinned(&live, true);
    }
    world.store.set_pinned(&target, false);
    let wanted = Wanted { place, content: target.content, change: None, restores: Some(target.id) };
    let created = world.store.create(&wanted);
    world.say(|| format!("rollback of {place}: {created:?}"));
}

#[expect(clippy::wildcard_enum_match_arm, reason = "nobody is waited for in other states")]
fn answer(world: &mut World) {
    let rows: Vec<_> = world.store.releases.values().cloned().collect();
    for row in rows {
        let by = ada();
        let input = match &row.state {
            State::AwaitingApproval { .. } if world.rng.chance(100) => {
                Input::Refused { by, reason: "not today".to_owned() }
            }
            State::AwaitingApproval { .. } => {
                if world.rng.chance(700) {
                    world.store.agree(row.id);
                }
                continue;
            }
            State::AwaitingWindow { .. } => {
                if world.rng.chance(100) {
                    world.store.override_freeze(row.id);
                }
                continue;
            }
            State::Stuck { .. } => Input::Cancel { by },
            State::Shifting { step, phase: Shift::Deciding } => Input::Promote { by, step: *step },
            _ => continue,
        };
        if world.rng.chance(700) && !world.store.has_commands(row.id) {
            world.store.enqueue(row.id, input);
        }
    }
}
