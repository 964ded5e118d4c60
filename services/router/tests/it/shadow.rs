use crate::instance::Instance;
use crate::table::{Draft, TOKEN, to};
use crate::world::{PATIENCE, World};
use hyper::Request;
use proto::v1::{ShadowCounts, ShadowPlace};
use std::time::Duration;

/// A stable release, a candidate without users, and the router in front of them.
struct Scene {
    stable: Instance,
    candidate: Instance,
    world: World,
}

impl Scene {
    async fn of(shadow: impl FnOnce(Draft) -> Draft) -> Self {
        let stable = Instance::start("stable").await;
        let candidate = Instance::start("candidate").await;
        let world = World::start().await;
        world.apply([shadow(to(&[&stable]).candidate(&[&candidate]))]).await;
        Self { stable, candidate, world }
    }

    /// What came of the copies, as soon as that is `wanted`.
    async fn counts(&self, wanted: impl Fn(&ShadowCounts) -> bool) -> ShadowCounts {
        let look = async || {
            let counts = self.world.stats().await.shadows.remove(0).counts.expect("set");
            Some(counts).filter(|counts| wanted(counts))
        };
        self.world.until("so many copies", look).await
    }
}

#[tokio::test]
async fn the_candidate_is_asked_what_users_ask_and_they_get_none_of_its_answers() {
    let scene = Scene::of(|to| to.shadow(&["GET"], |_| {})).await;
    for _ in 0..20 {
        assert!(scene.world.get("/who").await.body.contains("stable"));
    }
    let counts = scene.counts(|counts| counts.copies == 20).await;
    let place = ShadowPlace { pointer: "/name".to_owned(), answers: 20 };
    assert_eq!((counts.compared, counts.body_different), (20, 20));
    assert_eq!((counts.failed, counts.dropped, counts.places), (0, 0, vec![place]));
    assert_eq!((scene.stable.requests(), scene.candidate.requests()), (20, 20));
    assert_eq!(scene.world.befell().await.requests, 20);
}

#[tokio::test]
async fn who_asks_the_stable_release_by_its_token_is_copied_whatever_the_share_is() {
    let scene = Scene::of(|to| to.shadow(&["GET"], |shadow| shadow.share_basis_points = 1)).await;
    for _ in 0..20 {
        let shown = Request::get("/who").header("slipway-stable", TOKEN);
        assert!(scene.world.ask(shown).await.body.contains("stable"));
        let guessed = Request::get("/who").header("slipway-stable", "token-of-somebody");
        assert!(scene.world.ask(guessed).await.body.contains("stable"));
    }
    let counts = scene.counts(|counts| counts.copies >= 20).await;
    // By chance one that is only guessed is copied, too.
    assert!(counts.copies <= 22 && scene.stable.requests() == 40, "{counts:?}");
}

#[tokio::test]
async fn answers_are_the_same_but_for_what_is_ignored() {
    let ignored = || vec!["/name".to_owned()];
    let scene = Scene::of(|to| to.shadow(&["GET"], |shadow| shadow.ignored_pointers = ignored()));
    let scene = scene.await;
    scene.world.get("/who").await;
    let counts = scene.counts(|counts| counts.copies == 1).await;
    assert_eq!((counts.compared, counts.body_different, counts.places), (1, 0, Vec::new()));
}

#[tokio::test]
async fn answers_that_are_packed_are_unpacked_or_told_to_be_compared_by_status_alone() {
    let scene = Scene::of(|to| to.shadow(&["GET"], |_| {})).await;
    for path in ["/packed", "/sealed", "/sealed"] {
        assert_eq!(scene.world.get(path).await.status, 200);
    }
    let counts = scene.counts(|counts| counts.copies == 3).await;
    assert_eq!((counts.compared, counts.body_different, counts.unread), (3, 1, 2));
    assert_eq!((counts.status_different, counts.unread_status_different), (0, 0));
}

#[tokio::test]
async fn what_both_predict_for_the_same_requests_is_counted() {
    let scene = Scene::of(|to| to.predicted("/who", "/name").shadow(&["GET"], |_| {})).await;
    for path in ["/who", "/who", "/size"] {
        scene.world.get(path).await;
    }
    scene.counts(|counts| counts.copies == 3).await;
    let shadow = scene.world.stats().await.shadows.remove(0);
    let said = |predictions: Option<proto::v1::Predictions>| {
        let mut values: Vec<_> = predictions.expect("set").values.into_iter().collect();
        values.pop().expect("one")
    };
    assert_eq!(said(shadow.stable_predictions), ("stable".to_owned(), 2));
    assert_eq!(said(shadow.candidate_predictions), ("candidate".to_owned(), 2));
    assert_eq!(said(shadow.distances).1, 2);
}

#[tokio::test]
async fn a_candidate_that_fails_or_does_not_answer_is_seen_and_users_do_not_wait() {
    let soon = Some(proto::time::duration(Duration::from_millis(100)));
    let scene = Scene::of(|to| to.shadow(&["GET"], |shadow| shadow.timeout = soon)).await;
    scene.stable.answer_one();
    for path in ["/fails", "/held"] {
        assert_eq!(scene.world.get(path).await.status, 200);
    }
    let counts = scene.counts(|counts| counts.copies == 2).await;
    assert_eq!((counts.failed, counts.compared), (2, 0));
    let stats = scene.world.stats().await;
    let [shadow] = stats.shadows.as_slice() else { panic!("{stats:?}") };
    let fives = |of: &Option<proto::v1::ReleaseStats>| of.as_ref().map(|of| of.status_5xx);
    assert_eq!((fives(&shadow.stable), fives(&shadow.candidate)), (Some(0), Some(2)));
    assert!(scene.world.drained(&[&scene.candidate], PATIENCE).await.is_empty());
}

#[tokio::test]
async fn only_what_may_be_asked_twice_is() {
    let scene = Scene::of(|to| to.shadow(&["POST"], |_| {})).await;
    scene.world.get("/").await;
    scene.world.ask(Request::post("/").header("slipway-candidate", TOKEN)).await;
    scene.world.post("/size", "0123456789").await;
    let counts = scene.counts(|counts| counts.copies == 1).await;
    assert_eq!((counts.compared, counts.body_different, counts.dropped), (1, 0, 0));
    assert_eq!((scene.stable.requests(), scene.candidate.requests()), (2, 2));
}

#[tokio::test]
async fn what_is_beyond_a_limit_is_passed_on_and_not_copied() {
    let scene = Scene::of(|to| to.shadow(&["GET", "POST"], |shadow| shadow.max_copies = 1)).await;
    assert_eq!(scene.world.post("/size", "x".repeat(1025)).await.body, "{\"bytes\": 1025}");
    scene.stable.answer_one();
    scene.world.get("/held").await;
    scene.candidate.received(1).await;
    // The candidate has one already.
    assert_eq!(scene.world.get("/").await.body, "stable");
    let counts = scene.counts(|counts| counts.dropped == 2).await;
    assert_eq!((counts.copies, scene.candidate.requests()), (0, 1));
    scene.candidate.answer_one();
    scene.counts(|counts| counts.copies == 1).await;
}

#[tokio::test]
async fn without_the_shadow_in_the_table_nothing_is_copied_and_what_was_counted_stays() {
    let scene = Scene::of(|to| to.shadow(&["GET"], |_| {})).await;
    scene.world.get("/").await;
    scene.counts(|counts| counts.copies == 1).await;
    scene.world.apply([to(&[&scene.stable]).candidate(&[&scene.candidate])]).await;
    scene.world.get("/").await;
    assert_eq!(scene.counts(|_| true).await.copies, 1);
    assert_eq!((scene.stable.requests(), scene.candidate.requests()), (2, 1));
}
