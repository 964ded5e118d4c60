//! How an instance is asked whether it is well, and how long a candidate may take.

use crate::grammar::{mapping, one_of};
use crate::read::{Reading, default_of};
use crate::value::{Port, RequestPath, Span, Text};

mapping! {
    /// How Slipway finds out that an instance is well. It asks from outside the container, so that no
    /// image needs a client.
    pub struct Health {
        /// Failing, the instance is restarted.
        live: Option<Probe>;
        /// Failing, the instance gets no requests; succeeding, a candidate is ready. Without one, `live`
        /// decides; without either, that the port of `http` accepts connections.
        ready: Option<Probe>;
        /// How long failures of an instance that just started do not count; success counts at once.
        start_period: Span = "0s", "Docker's default";
        /// How long a candidate may take to be ready. Without one: 5m (Railway's default), or what the
        /// probes need at worst, if that is longer.
        gate: Option<Span>;
        /// How long a candidate without any probe must run to count as ready.
        steady: Span = "10s", "Fly.io watches as long for a crash";
    }
}

mapping! {
    /// One question asked again and again.
    pub struct Probe {
        /// What is asked.
        target: ProbeTarget;
        /// The port for `get`, if it is not that of `http`.
        port: Option<Port>;
        /// How long nothing is asked after the start.
        initial_delay: Span = "0s", "DigitalOcean App Platform's default";
        /// The time from one question to the next. A candidate is asked every second.
        period: Span = "10s", "DigitalOcean App Platform's default";
        /// How long an answer may take.
        timeout: Span = "5s", "Render's limit";
        /// How many good answers in a row make it well.
        successes: u32 = "1", "DigitalOcean App Platform's default";
        /// How many bad answers in a row make it ill.
        failures: u32 = "3", "Kubernetes' default";
    }
}

one_of! {
    /// What a probe asks.
    pub enum ProbeTarget {
        /// A path that must answer with 2xx; a redirect is a bad answer.
        "get" => Get(RequestPath),
        /// A port that must accept a connection.
        "tcp" => Tcp(Port),
        /// A command in the container that must end with status 0.
        "exec" => Exec(Vec<Text>),
    }
}

/// How long a candidate may take to be ready when nothing is written (Railway's default).
pub(crate) const DEFAULT_GATE: Span = Span::seconds(300);

/// The longest it can take until `probe` has decided about an instance that just started.
pub(crate) fn worst_case(start_period: Span, probe: &Probe) -> Span {
    let answer = probe.period.plus(probe.timeout);
    decided(start_period.max(probe.initial_delay), answer, probe.successes.max(probe.failures))
}

/// Nothing counts before the start is over; then each answer takes a period and a timeout.
pub(crate) fn decided(start: Span, answer: Span, answers: u32) -> Span {
    start.plus(answer.times(answers))
}

/// A span as people add them up.
pub(crate) fn in_seconds(span: Span) -> String {
    let millis = span.as_millis();
    if millis.is_multiple_of(1000) { format!("{}s", millis / 1000) } else { format!("{millis}ms") }
}

/// [`worst_case`] as a sum for people: `300s + 3 x (30s + 10s) = 420s`.
pub(crate) fn worst_case_sum(start_period: Span, probe: &Probe) -> String {
    format!(
        "{} + {} x ({} + {}) = {}",
        in_seconds(start_period.max(probe.initial_delay)),
        probe.successes.max(probe.failures),
        in_seconds(probe.period),
        in_seconds(probe.timeout),
        in_seconds(worst_case(start_period, probe)),
    )
}

impl Probe {
    /// A probe of `target` with the defaults that [`Probe`]'s keys have.
    pub(crate) fn with_defaults(target: ProbeTarget) -> Self {
        let probe: Self = default_of("{ tcp: 1 }", &mut Reading::default());
        Self { target, ..probe }
    }
}
