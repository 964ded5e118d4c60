//! Sends in the background, one request after the other, while somebody wants it.

use super::request::{AGENT, Place, Side};
use crate::db::synthetic::Sent;
use crate::probe::{Answer, Question, call};
use manifest::{Synthetic, SyntheticRequest};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::task::AbortOnDropHandle;

/// The router gives up before this, and counts what it gave up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends until it is dropped.
#[derive(Debug)]
pub(crate) struct Sender {
    shared: Arc<Shared>,
    _sending: AbortOnDropHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    is_wanted: AtomicBool,
    candidate: AtomicI64,
    stable: AtomicI64,
}

/// Who answers what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Both, in turn.
    OfEach,
    /// The stable release, and the router asks the candidate for a copy.
    OfStable,
}

impl Whose {
    fn sides(self) -> &'static [Side] {
        match self {
            Self::OfEach => &[Side::Candidate, Side::Stable],
            Self::OfStable => &[Side::Stable],
        }
    }
}

/// Gets ready to send; `before` was sent already, and the router gives a request up after `timeout`.
pub(crate) fn begin(
    place: Place,
    (synthetic, whose): (&Synthetic, Whose),
    timeout: Duration,
    before: Sent,
) -> Sender {
    let shared = Arc::new(Shared {
        is_wanted: AtomicBool::new(false),
        candidate: AtomicI64::new(before.candidate),
        stable: AtomicI64::new(before.stable),
    });
    let wanted = (synthetic.clone(), whose);
    let sending = keep_sending(place, wanted, timeout + PATIENCE, shared.clone());
    Sender { shared, _sending: AbortOnDropHandle::new(tokio::spawn(sending)) }
}

impl Sender {
    /// From now on requests are sent, or not.
    pub(crate) fn want(&self, is_wanted: bool) {
        self.shared.is_wanted.store(is_wanted, Relaxed);
    }

    /// How many were sent by now.
    pub(crate) fn sent(&self) -> Sent {
        let Shared { candidate, stable, .. } = &*self.shared;
        Sent { candidate: candidate.load(Relaxed), stable: stable.load(Relaxed) }
    }
}

async fn keep_sending(
    place: Place,
    (synthetic, whose): (Synthetic, Whose),
    within: Duration,
    shared: Arc<Shared>,
) {
    let mut turns = tokio::time::interval(Duration::from_mins(1) / synthetic.per_minute.max(1));
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for request in synthetic.requests.iter().cycle() {
        for side in whose.sides().iter().copied() {
            turns.tick().await;
            while !shared.is_wanted.load(Relaxed) {
                turns.tick().await;
            }
            let sent = i64::from(send(&place, request, side, within).await);
            if side == Side::Candidate || whose == Whose::OfStable {
                shared.candidate.fetch_add(sent, Relaxed);
            }
            if side == Side::Stable {
                shared.stable.fetch_add(sent, Relaxed);
            }
        }
    }
}

/// Whether the router got it, whatever came of it.
async fn send(place: &Place, request: &SyntheticRequest, side: Side, within: Duration) -> bool {
    let headers = place.headers(request, side);
    let json = request.json.as_ref();
    let (agent, headers) = (AGENT, &headers);
    let question = Question { agent, call: &request.call, json, headers, within };
    let reply = call(place.address(), question).await;
    !matches!(reply, Err(Answer::Refused | Answer::Unreachable(_) | Answer::Unasked(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::http::HeaderMap;
    use manifest::{Call, HostName, RequestPath};
    use testkit::eventually;
    use tokio::net::TcpListener;
    use tokio::sync::mpsc::unbounded_channel;

    const LONG: Duration = Duration::from_mins(1);

    /// Sends until a router heard four requests: whom each was for, and how many count as sent once nothing more is.
    async fn heard(whose: Whose) -> (Vec<&'static str>, Sent) {
        let (says, mut hears) = unbounded_channel();
        let answer = move |headers: HeaderMap| {
            let is_stable = headers.contains_key("slipway-stable");
            says.send(if is_stable { "stable" } else { "candidate" }).expect("somebody listens");
            std::future::ready("heard")
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let place = Place {
            router: listener.local_addr().expect("bound"),
            host: HostName::parse("shop.example").expect("a host"),
            token: "0123456789abcdef".to_owned(),
        };
        let router = Router::new().fallback(answer);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let _serving = AbortOnDropHandle::new(serving);
        let call = Call::Get(RequestPath::parse("/").expect("a path"));
        let request = SyntheticRequest { call, json: None, headers: [].into() };
        let synthetic = Synthetic { requests: vec![request], per_minute: 6_000, methods: vec![] };
        let sender = begin(place, (&synthetic, whose), LONG, Sent::default());
        sender.want(true);
        let mut sides = Vec::new();
        while sides.len() < 4 {
            sides.push(hears.recv().await.expect("it serves"));
        }
        sender.want(false);
        // The last of them may be on its way still.
        let sent = eventually("as many to count for both", LONG, async || {
            let sent = sender.sent();
            (sent.candidate == sent.stable && sent.stable > 0).then_some(sent)
        });
        (sides, sent.await)
    }

    #[tokio::test]
    async fn each_release_is_asked_in_turn() {
        let (sides, sent) = heard(Whose::OfEach).await;
        assert_eq!(sides, ["candidate", "stable", "candidate", "stable"]);
        assert!(sent.stable >= 2, "{sent:?}");
    }

    #[tokio::test]
    async fn of_a_shadow_the_stable_release_is_asked_and_the_copy_counts_too() {
        let (sides, sent) = heard(Whose::OfStable).await;
        assert_eq!(sides, ["stable"; 4]);
        assert!(sent.candidate >= 3, "{sent:?}");
    }
}
