use crate::instance::Instance;
use crate::retry::nobody;
use crate::table::{TOKEN, route, to};
use crate::world::World;
use hyper::Request;
use std::collections::{HashMap, HashSet};

#[tokio::test]
async fn host_and_path_decide() {
    let (a, b, c) =
        (Instance::start("a").await, Instance::start("b").await, Instance::start("c").await);
    let world = World::start().await;
    world
        .apply([
            route("a").host("a.example.com").target(1, &[&a]),
            route("b").host("a.example.com").path("/b").target(1, &[&b]),
            route("c").host("*.example.com").target(1, &[&c]),
        ])
        .await;
    let host = |host, path| world.ask(Request::get(path).header("host", host));
    assert_eq!(host("A.example.com:80", "/").await.body, "a");
    assert_eq!(host("a.example.com", "/b/x?y=/").await.body, "b");
    assert_eq!(host("z.example.com", "/b").await.body, "c");
    let unknown = host("example.org", "/").await;
    assert_eq!(
        (unknown.status.as_u16(), &unknown.headers["content-type"]),
        (404, &"application/problem+json".parse().expect("a value"))
    );
    assert!(unknown.body.contains("NO_ROUTE"), "{}", unknown.body);
}

#[tokio::test]
async fn a_prefix_is_stripped_when_the_route_says_so() {
    let instance = Instance::start("a").await;
    let world = World::start().await;
    world.apply([to(&[&instance]).path("/app").stripped().dead(nobody())]).await;
    let seen = world.get("/app/headers?x=/app").await.body;
    assert!(seen.starts_with("/headers?x=/app HTTP/1.1\n"), "{seen}");
    assert!(seen.contains("x-forwarded-prefix: /app\n"), "{seen}");
    assert_eq!(world.get("/app").await.body, "a");
    assert_eq!(world.get("/apple").await.status, 404);
}

#[tokio::test]
async fn traffic_follows_the_weights() {
    let (stable, candidate) = (Instance::start("stable").await, Instance::start("candidate").await);
    let world = World::start().await;
    world.apply([route("shop").target(9, &[&stable]).target(1, &[&candidate])]).await;
    let mut seen: HashMap<String, u32> = HashMap::new();
    for _ in 0..1000 {
        *seen.entry(world.get("/").await.body).or_default() += 1;
    }
    // Six standard deviations: by chance it is outside once in five hundred million times.
    assert!((43..=157).contains(&seen["candidate"]), "{seen:?}");
    assert_eq!(seen["candidate"] + seen["stable"], 1000);
}

#[tokio::test]
async fn a_client_that_has_the_candidate_keeps_it_as_its_share_grows() {
    let (stable, candidate) = (Instance::start("stable").await, Instance::start("candidate").await);
    let world = World::start().await;
    let mut had: HashSet<u32> = HashSet::new();
    for (weight, few) in [(10, 1..=50), (50, 55..=145), (100, 200..=200)] {
        let shares = route("shop").target(100 - weight, &[&stable]).target(weight, &[&candidate]);
        world.apply([shares.known_by("x-user")]).await;
        let mut has = HashSet::new();
        for user in 0..200 {
            let answer = world.ask(Request::get("/").header("x-user", user)).await;
            has.extend((answer.body == "candidate").then_some(user));
        }
        assert!(has.is_superset(&had) && few.contains(&has.len()), "{weight} %: {}", has.len());
        had = has;
    }
}

#[tokio::test]
async fn insiders_get_the_candidate_as_long_as_it_has_a_share() {
    let (stable, candidate) = (Instance::start("stable").await, Instance::start("candidate").await);
    let world = World::start().await;
    let shares = |weight| route("shop").target(9999, &[&stable]).target(weight, &[&candidate]);
    let ask = async |value: &str| {
        let mut answers = HashSet::new();
        for _ in 0..20 {
            answers.insert(world.ask(Request::get("/").header("x-beta", value)).await.body);
        }
        answers.into_iter().collect::<String>()
    };
    world.apply([shares(1).known_by("x-user").insiders("x-beta", "yes")]).await;
    assert_eq!(
        (ask("yes").await.as_str(), ask("no").await.contains("stable")),
        ("candidate", true)
    );
    world.apply([shares(0).insiders("x-beta", "yes")]).await;
    assert_eq!(ask("yes").await, "stable", "it got its copies, or was sent back");
}

#[tokio::test]
async fn only_the_right_token_reaches_a_candidate_without_weight() {
    let (stable, candidate) = (Instance::start("stable").await, Instance::start("candidate").await);
    let world = World::start().await;
    world.apply([to(&[&stable]).candidate(&[&candidate])]).await;
    let shown = |token: &str| world.ask(Request::get("/").header("slipway-candidate", token));
    assert_eq!(shown(TOKEN).await.body, "candidate");
    assert_eq!(shown("token-of-somebody").await.body, "stable");
    assert_eq!(world.get("/").await.body, "stable");
    let passed = world.ask(Request::get("/headers").header("slipway-candidate", TOKEN)).await;
    assert!(!passed.body.contains("slipway-candidate"), "{}", passed.body);
}

#[tokio::test]
async fn the_right_token_reaches_the_stable_release_whatever_its_share_is() {
    let (stable, candidate) = (Instance::start("stable").await, Instance::start("candidate").await);
    let world = World::start().await;
    let all_but_nothing = route("shop").target(0, &[&stable]).target(100, &[&candidate]);
    world.apply([all_but_nothing.known_by("x-user")]).await;
    let shown = |token: &str| world.ask(Request::get("/").header("slipway-stable", token));
    assert_eq!(shown(TOKEN).await.body, "stable");
    assert_eq!(shown("token-of-somebody").await.body, "candidate");
    let passed = world.ask(Request::get("/headers").header("slipway-stable", TOKEN)).await;
    assert!(!passed.body.contains("slipway-stable"), "{}", passed.body);
    world.apply([to(&[&candidate])]).await;
    assert_eq!(shown(TOKEN).await.body, "candidate", "there is no other");
}

#[tokio::test]
async fn the_instances_of_a_release_share_the_work() {
    let a = Instance::start("a").await;
    let b = Instance::start("b").await.beside(&a);
    let world = World::start().await;
    world.apply([to(&[&a, &b])]).await;
    for _ in 0..10 {
        world.get("/").await;
    }
    assert_eq!((a.requests(), b.requests()), (5, 5));
}

#[tokio::test]
async fn the_idle_instance_comes_first() {
    let a = Instance::start("a").await;
    let b = Instance::start("b").await.beside(&a);
    let world = World::start().await;
    world.apply([to(&[&a])]).await;
    let held = tokio::join!(world.get("/held"), async {
        a.received(1).await;
        world.apply([to(&[&a, &b])]).await;
        for _ in 0..5 {
            assert_eq!(world.get("/").await.body, "b");
        }
        a.answer_one();
    });
    assert_eq!(held.0.body, "a");
}

#[tokio::test]
async fn a_route_without_instances_says_when_to_come_back() {
    let stable = Instance::start("stable").await;
    let world = World::start().await;
    world.apply([route("shop").target(0, &[&stable])]).await;
    let answer = world.get("/").await;
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["retry-after"]),
        (503, &"5".parse().expect("a value"))
    );
}
