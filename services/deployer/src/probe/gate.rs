//! The gate of a candidate: all its instances ready in time, or the first that cannot be.

use super::{Answer, Phase, Probe, ProbeState, Transcript, ask};
use crate::docker::listening::Listener;
use crate::docker::{Engine, EngineError, InstanceFacts, Mask};
use chrono::Utc;
use events::{InstanceId, ServiceName};
use futures_util::FutureExt as _;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// From one look at what a silent container listens on to the next.
const LOOK_PERIOD: Duration = Duration::from_secs(1);

/// A started instance that must become ready.
#[derive(Debug, Clone)]
pub struct GateInstance {
    /// The instance.
    pub uid: InstanceId,
    /// The service it is of.
    pub service: ServiceName,
    /// Its container.
    pub container_id: String,
    /// What it is asked.
    pub probe: Probe,
    /// Hides its secrets in what it says.
    pub mask: Mask,
}

/// An instance that became ready. The engine starts it again from now on when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The instance.
    pub uid: InstanceId,
    /// Its container.
    pub container_id: String,
    /// Where it is reached from this machine.
    pub address: Option<IpAddr>,
    /// How long it took since its container started.
    pub took: Duration,
    /// What was asked and answered.
    pub transcript: Transcript,
}

/// Which gate ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// That of the service's health.
    Gate,
    /// The shorter one of a service whose cache is warm.
    WarmGate,
}

/// Why an instance did not become ready.
#[derive(Debug)]
pub enum GateCause {
    /// Its process ended.
    Ended,
    /// It answered wrongly, as often as its probe allows.
    Unready,
    /// It was still starting when the gate ended.
    Expired(Over),
    /// Its container was removed by somebody.
    Gone,
    /// The engine did not do what was needed.
    Engine(EngineError),
}

/// An instance that did not become ready, with the evidence; its container is as it was.
#[derive(Debug)]
pub struct GateFailure {
    /// The instance.
    pub instance: GateInstance,
    /// Why.
    pub cause: GateCause,
    /// Its container when it was given up.
    pub facts: Option<InstanceFacts>,
    /// The last answer.
    pub answer: Option<Answer>,
    /// On which addresses it listened then, if that could be seen.
    pub listening: Option<Vec<Listener>>,
    /// What was asked and answered.
    pub transcript: Transcript,
    /// How long it had since its container started.
    pub after: Duration,
}

/// Asks all instances at the same time until all are ready, in the order given; or until the first cannot
/// be, at the latest when `over` says that their time is. Dropping the future ends the asking.
pub async fn wait_ready(
    engine: &Engine,
    instances: &[GateInstance],
    over: impl Future<Output = Over>,
) -> Result<Vec<Ready>, Box<GateFailure>> {
    let over = over.shared();
    let waits = instances.iter().map(|instance| wait_one(engine, instance, over.clone()));
    futures_util::future::try_join_all(waits).await
}

/// The end of a gate that begins now.
pub async fn after(gate: Duration) -> Over {
    sleep(gate).await;
    Over::Gate
}

/// One instance while it is asked.
struct Asking<'a> {
    engine: &'a Engine,
    instance: &'a GateInstance,
    state: ProbeState,
    started: Instant,
    looked: Instant,
    address: Option<IpAddr>,
    answer: Option<Answer>,
    transcript: Transcript,
}

async fn wait_one(
    engine: &Engine,
    instance: &GateInstance,
    over: impl Future<Output = Over>,
) -> Result<Ready, Box<GateFailure>> {
    let mut asking = Asking::new(engine, instance);
    let facts = match engine.find(&instance.container_id).await {
        Ok(Some(facts)) => facts,
        Ok(None) => return Err(asking.failed(GateCause::Gone).await),
        Err(error) => return Err(asking.failed(GateCause::Engine(error)).await),
    };
    asking.begin(&facts);
    let restarts = facts.restart_count;
    let ended =
        engine.until(&instance.container_id, |now| !now.running || now.restart_count > restarts);
    let cause = tokio::select! {
        biased;
        asked = asking.until_decided() => match asked {
            Phase::Ready => None,
            Phase::Starting | Phase::Unready => Some(GateCause::Unready),
        },
        over = over => Some(GateCause::Expired(over)),
        ended = ended => Some(if ended.is_some() { GateCause::Ended } else { GateCause::Gone }),
    };
    match cause {
        None => asking.ready().await,
        Some(cause) => Err(asking.failed(cause).await),
    }
}

impl<'a> Asking<'a> {
    fn new(engine: &'a Engine, instance: &'a GateInstance) -> Self {
        Self {
            engine,
            instance,
            state: ProbeState::new(instance.probe.thresholds),
            started: Instant::now(),
            looked: Instant::now(),
            address: None,
            answer: None,
            transcript: Transcript::default(),
        }
    }

    /// Time counts from the start of the container, also when it was started by an earlier attempt.
    #[expect(
        clippy::disallowed_methods,
        reason = "compared with what the same machine's engine wrote"
    )]
    fn begin(&mut self, facts: &InstanceFacts) {
        let age = facts.started_at.and_then(|started| (Utc::now() - started).to_std().ok());
        let now = Instant::now();
        self.started = age.and_then(|age| now.checked_sub(age)).unwrap_or(now);
        self.address = facts.address;
    }

    fn at(&self) -> Duration {
        self.started.elapsed()
    }

    async fn until_decided(&mut self) -> Phase {
        tokio::time::sleep_until(self.started + self.instance.probe.thresholds.initial_delay).await;
        loop {
            match self.ask_once().await {
                Phase::Starting => sleep(self.state.pause(self.at())).await,
                decided @ (Phase::Ready | Phase::Unready) => return decided,
            }
        }
    }

    async fn ask_once(&mut self) -> Phase {
        let GateInstance { probe, container_id, mask, .. } = self.instance;
        let answer = ask(self.engine, container_id, self.address, probe, Some(mask)).await;
        let at = self.at();
        self.transcript.note(at, &probe.target, &answer);
        let is_there = answer.is_from_instance() || self.listens_to_itself().await;
        let phase = self.state.record(at, answer.is_good(), is_there);
        self.answer = Some(answer);
        phase
    }

    /// It listens at the port, but nobody outside can reach it: that does not change with time.
    async fn listens_to_itself(&mut self) -> bool {
        if self.looked.elapsed() < LOOK_PERIOD {
            return false;
        }
        self.looked = Instant::now();
        let port = self.instance.probe.target.port();
        let at_port = |listener: &&Listener| Some(listener.port) == port;
        let listening = self.look().await.1.unwrap_or_default();
        let mut here = listening.iter().filter(at_port).peekable();
        here.peek().is_some() && here.all(Listener::is_loopback)
    }

    async fn look(&self) -> (Option<InstanceFacts>, Option<Vec<Listener>>) {
        let facts = self.engine.find(&self.instance.container_id).await.ok().flatten();
        let listening = match &facts {
            Some(facts) => self.engine.listening(facts).await,
            None => None,
        };
        (facts, listening)
    }

    async fn ready(self) -> Result<Ready, Box<GateFailure>> {
        let took = self.at();
        if let Err(error) = self.engine.activate(&self.instance.container_id).await {
            return Err(self.failed(GateCause::Engine(error)).await);
        }
        Ok(Ready {
            uid: self.instance.uid,
            container_id: self.instance.container_id.clone(),
            address: self.address,
            took,
            transcript: self.transcript,
        })
    }

    async fn failed(mut self, mut cause: GateCause) -> Box<GateFailure> {
        let after = self.at();
        let (facts, listening) = self.look().await;
        if let Some(code) = facts.as_ref().and_then(|facts| facts.exit_code) {
            self.transcript.add(after, format!("process ended with exit code {code}"));
            // Its last answers were of a process that was ending.
            if matches!(cause, GateCause::Unready | GateCause::Expired(_)) {
                cause = GateCause::Ended;
            }
        }
        Box::new(GateFailure {
            instance: self.instance.clone(),
            cause,
            facts,
            answer: self.answer,
            listening,
            transcript: self.transcript,
            after,
        })
    }
}
