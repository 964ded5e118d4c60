//! What a process can do in the world. Every call has a moment before it is sent and one before its answer
//! comes, and between any two moments its process may die or stand still.

use crate::faults::{Fate, Whom};
use crate::flaw::Flaw;
use crate::world::{Trouble, World};
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

/// A process's hold on the world.
#[derive(Debug, Clone)]
pub(crate) struct Hand {
    pub(crate) world: Rc<RefCell<World>>,
    pub(crate) process: usize,
    /// It changes the world: faults strike between its calls, too.
    pub(crate) acts: bool,
}

/// Which of two came first.
#[derive(Debug)]
pub(crate) enum First<A, B> {
    One(A),
    Other(B),
}

impl Hand {
    /// The same for what changes the world.
    pub(crate) fn acting(&self) -> Self {
        Self { acts: true, ..self.clone() }
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.world.borrow_mut())
    }

    pub(crate) fn now(&self) -> u64 {
        self.with(|world| world.now)
    }

    /// The wall clock of the host, which may be wrong.
    pub(crate) fn wall(&self) -> u64 {
        self.with(|world| world.now.saturating_add_signed(world.processes[self.process].jump))
    }

    pub(crate) fn has(&self, flaw: Flaw) -> bool {
        self.with(|world| world.store.has(flaw))
    }

    pub(crate) async fn pause(&self, span: u64) {
        let at = self.now() + span;
        poll_fn(|_| self.with(|world| ready(world.is_reached(at)))).await;
    }

    /// A pause that ends when something is committed in the process.
    pub(crate) async fn nap(&self, span: u64) {
        let at = self.now() + span;
        let nudges = |world: &World| world.processes[self.process].nudges;
        let before = self.with(|world| nudges(world));
        let woken = |world: &mut World| nudges(world) != before || world.is_reached(at);
        poll_fn(|_| self.with(|world| ready(woken(world)))).await;
    }

    /// Something was committed: whoever waits for it in this process looks at once.
    pub(crate) fn changed(&self) {
        self.with(|world| {
            world.processes[self.process].nudges += 1;
            world.nudged.push(self.process);
        });
    }

    /// Some time passes, mostly little.
    async fn turn(&self) {
        let span = self.with(|world| {
            let most = if world.rng.chance(40) { 500 } else { 8 };
            world.rng.below(most)
        });
        self.pause(span).await;
    }

    /// Calls `whom`. It is done when it is sent, even if whoever sent it does not live until the answer.
    pub(crate) async fn call<T>(
        &self,
        whom: Whom,
        call: impl FnOnce(&mut World) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        self.turn().await;
        if self.acts && self.with(|world| world.strike(self.process)) {
            self.turn().await;
        }
        let (fate, answer) = self.with(|world| {
            let World { faults, rng, tally, now, .. } = world;
            let fate = faults.fate(whom, *now, rng, tally);
            if fate == Fate::Error {
                return (fate, Err(Trouble::Away));
            }
            world.changed = true;
            (fate, call(world))
        });
        self.turn().await;
        if fate == Fate::Unheard { Err(Trouble::Away) } else { answer }
    }

    pub(crate) async fn database<T>(
        &self,
        call: impl FnOnce(&mut World) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        self.call(Whom::Database, call).await
    }

    pub(crate) async fn engine<T>(
        &self,
        call: impl FnOnce(&mut World) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        self.call(Whom::Engine, call).await
    }

    pub(crate) async fn router<T>(
        &self,
        call: impl FnOnce(&mut World) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        self.call(Whom::Router, call).await
    }

    /// Does both until one is done; which of them goes on first is chance.
    pub(crate) async fn race<A, B>(
        &self,
        one: impl Future<Output = A>,
        other: impl Future<Output = B>,
    ) -> First<A, B> {
        let (mut one, mut other) = (pin!(one), pin!(other));
        poll_fn(|cx| {
            let starts = self.with(|world| world.rng.chance(500));
            for turn in [starts, !starts] {
                if turn && let Poll::Ready(came) = one.as_mut().poll(cx) {
                    return Poll::Ready(First::One(came));
                }
                if !turn && let Poll::Ready(came) = other.as_mut().poll(cx) {
                    return Poll::Ready(First::Other(came));
                }
            }
            Poll::Pending
        })
        .await
    }
}

fn ready(is: bool) -> Poll<()> {
    if is { Poll::Ready(()) } else { Poll::Pending }
}
