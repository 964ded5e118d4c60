//! One run: processes, people and faults in one order of events, decided by one number.

use crate::check;
use crate::faults::{self, Fault, QUIET};
use crate::flaw::Flaw;
use crate::hand::Hand;
use crate::people::{self, Wish};
use crate::process::{self, Task};
use crate::tally::Tally;
use crate::world::{Process, World};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Waker};

/// When everything must have ended: longer than the longest that a release may wait.
const LIMIT: u64 = QUIET + 1_500_000;
/// How often people look who waits for them.
const ANSWER_EVERY: u64 = 3_000;
/// So long it is looked whether what has ended stays as it is.
const AFTERWARDS: u64 = 12_000;
/// More steps than this are a driver that runs in a circle.
const MOST_STEPS: u64 = 2_000_000;

#[derive(Debug, Clone, Copy)]
enum Happening {
    Wish(Wish),
    Fault(Fault),
    Return(usize),
    /// What was wrong inside containers is repaired.
    Heal,
}

/// What is to be said of a run.
enum Verdict {
    GoOn,
    Right,
    Wrong(String),
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) tally: Tally,
    /// What must not be.
    pub(crate) wrong: Option<String>,
    pub(crate) trace: Vec<String>,
}

struct Running {
    process: usize,
    wake: u64,
    task: Task,
}

struct Life {
    world: Rc<RefCell<World>>,
    tasks: Vec<Running>,
    agenda: BTreeMap<(u64, u64), Happening>,
    last: u64,
    listener: usize,
    /// When everything had ended for the first time.
    calm_since: Option<u64>,
    /// What was open at the last look.
    open: String,
}

/// Lives the life of `seed`.
pub(crate) fn live(seed: u64, flaws: &'static [Flaw], traced: bool) -> End {
    let mut life = Life::new(World::new(seed, flaws, traced));
    let wrong = life.run();
    drop(life.tasks);
    let mut world = life.world.borrow_mut();
    let trace = world.trace();
    let mut tally = std::mem::take(&mut world.tally);
    tally.runs = 1;
    check::count(&world, &mut tally);
    End { tally, wrong, trace }
}

impl Life {
    fn new(mut world: World) -> Self {
        let deployers = world.rng.pick(&[1, 2, 2, 3]);
        let places = world.store.environments.len();
        let wishes = people::plan(&mut world.rng, places);
        let (faults, planned) = faults::plan(&mut world.rng, deployers);
        world.faults = faults;
        let dead = Process { alive: false, owner: 0, still_until: 0, jump: 0, nudges: 0 };
        world.processes = vec![dead; deployers + 1];
        let world = Rc::new(RefCell::new(world));
        let mut life = Self {
            world,
            tasks: Vec::new(),
            agenda: BTreeMap::new(),
            last: 0,
            listener: deployers,
            calm_since: None,
            open: String::new(),
        };
        (0..=deployers).for_each(|process| life.start(process));
        let wishes = wishes.into_iter().map(|(at, wish)| (at, Happening::Wish(wish)));
        let faults = planned.into_iter().map(|(at, fault)| (at, Happening::Fault(fault)));
        for (at, what) in wishes.chain(faults) {
            life.plan(at, what);
        }
        life.plan(ANSWER_EVERY, Happening::Wish(Wish::Answer));
        life.plan(QUIET, Happening::Heal);
        life
    }

    fn plan(&mut self, at: u64, what: Happening) {
        self.last += 1;
        self.agenda.insert((at, self.last), what);
    }

    fn hand(&self, process: usize) -> Hand {
        Hand { world: self.world.clone(), process, acts: false }
    }

    fn start(&mut self, process: usize) {
        self.last += 1;
        let hand = self.hand(process);
        let wake = hand.with(|world| {
            let it = &mut world.processes[process];
            (it.alive, it.owner, it.still_until) = (true, self.last, 0);
            world.now
        });
        let does = if process == self.listener {
            process::listener(&hand)
        } else {
            process::deployer(&hand)
        };
        self.tasks.extend(does.into_iter().map(|task| Running { process, wake, task }));
    }

    /// Goes on until everything has ended; what must not be, if it is.
    fn run(&mut self) -> Option<String> {
        loop {
            let next = self.next_task();
            let happens = self.agenda.first_key_value().map_or(u64::MAX, |((at, _), _)| *at);
            let task_at = next.map_or(u64::MAX, |(at, _)| at);
            self.turn_to(happens.min(task_at));
            if happens <= task_at {
                let (_, what) = self.agenda.pop_first().expect("the first is there");
                match self.happen(what) {
                    Verdict::GoOn => {}
                    Verdict::Right => return None,
                    Verdict::Wrong(what) => return Some(what),
                }
            } else if let Some((_, index)) = next {
                self.poll(index);
            }
            let mut world = self.world.borrow_mut();
            world.tally.steps += 1;
            if world.tally.steps > MOST_STEPS {
                return Some("it runs in a circle".to_owned());
            }
            if std::mem::take(&mut world.changed)
                && let Some(wrong) = check::always(&mut world)
            {
                return Some(wrong);
            }
        }
    }

    fn next_task(&self) -> Option<(u64, usize)> {
        let world = self.world.borrow();
        let due =
            |running: &Running| running.wake.max(world.processes[running.process].still_until);
        self.tasks.iter().enumerate().map(|(index, running)| (due(running), index)).min()
    }

    fn turn_to(&self, now: u64) {
        let mut world = self.world.borrow_mut();
        world.now = world.now.max(now);
        world.store.now = world.now;
    }

    fn poll(&mut self, index: usize) {
        let running = &mut self.tasks[index];
        self.world.borrow_mut().wake = u64::MAX;
        let polled = running.task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        running.wake = self.world.borrow().wake;
        if polled.is_ready() {
            drop(self.tasks.swap_remove(index));
        }
        let (claimed, nudged, struck, now) = {
            let mut world = self.world.borrow_mut();
            let World { claimed, nudged, struck, now, .. } = &mut *world;
            (std::mem::take(claimed), std::mem::take(nudged), std::mem::take(struck), *now)
        };
        for (process, lease) in claimed {
            let task = process::driver(&self.hand(process), lease);
            self.tasks.push(Running { process, wake: now, task });
        }
        for running in self.tasks.iter_mut().filter(|running| nudged.contains(&running.process)) {
            running.wake = running.wake.min(now);
        }
        for fault in struck {
            self.suffer(fault, now);
        }
    }

    /// Lets it happen, and says whether that was the end.
    fn happen(&mut self, what: Happening) -> Verdict {
        let now = self.world.borrow().now;
        match what {
            Happening::Wish(Wish::Answer) => {
                let verdict = self.verdict();
                if !matches!(verdict, Verdict::GoOn) {
                    return verdict;
                }
                people::wish(&mut self.world.borrow_mut(), Wish::Answer);
                self.plan(now + ANSWER_EVERY, what);
            }
            Happening::Wish(wish) => people::wish(&mut self.world.borrow_mut(), wish),
            Happening::Return(process) => {
                if !self.world.borrow().processes[process].alive {
                    self.start(process);
                }
            }
            Happening::Heal => self.world.borrow_mut().engine.heal(),
            Happening::Fault(fault) => self.suffer(fault, now),
        }
        Verdict::GoOn
    }

    fn suffer(&mut self, fault: Fault, now: u64) {
        if let Fault::Kill { process, away } | Fault::Restart { process, away } = fault {
            if !self.world.borrow().processes[process].alive {
                return;
            }
            // What is dropped sends nothing any more; what it sent is done.
            self.tasks.retain(|running| running.process != process);
            self.plan(now + away, Happening::Return(process));
        }
        let mut world = self.world.borrow_mut();
        if let Fault::Restart { process, .. } = fault {
            let owner = world.processes[process].owner;
            world.store.give_back_all(owner);
        }
        world.suffer(fault);
    }

    /// Whether everything has ended and stayed so, and as it must, or its time is over.
    fn verdict(&mut self) -> Verdict {
        let mut world = self.world.borrow_mut();
        let now = world.now;
        if now < QUIET {
            return Verdict::GoOn;
        }
        if let Some(open) = check::open(&world) {
            if now > LIMIT {
                return Verdict::Wrong(format!("it does not end: {open}"));
            }
            if self.open != open {
                world.say(|| format!("open: {open}"));
                self.open = open;
            }
            self.calm_since = None;
            return Verdict::GoOn;
        }
        let since = *self.calm_since.get_or_insert(now);
        if now < since + AFTERWARDS {
            return Verdict::GoOn;
        }
        world.tally.slowest = since - QUIET;
        check::ended(&world).map_or(Verdict::Right, Verdict::Wrong)
    }
}
