//! Webhooks: what is refused, what is made of what is not.

use crate::fixture::{Answer, Delivery, NOTHING, World, admin, reason};
use http::{StatusCode, header};
use proto::v1::{ListDeliveriesRequest, ReplayDeliveryRequest, RotateWebhookSecretRequest};
use serde_json::json;
use std::sync::Arc;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const C: &str = "cccccccccccccccccccccccccccccccccccccccc";

#[tokio::test]
async fn a_push_is_durable_and_said_before_it_is_answered() {
    let (world, shop) = World::with_shop().await;
    let answer = world.push(&shop.head("main"), A).await;
    assert_eq!(answer.short(), "202 accepted");
    let changes = world.changes().await;
    assert_eq!(changes[0].commit, A);
    assert_eq!((changes[0].cause.as_str(), changes[0].by.as_str()), ("push", "ada"));
    assert_eq!(changes[0].title, "feat: something new");
    assert_eq!(world.said().await, [A]);
}

#[tokio::test]
async fn a_redelivery_is_a_duplicate_of_the_first() {
    let (world, shop) = World::with_shop().await;
    let delivery = Delivery::push("refs/heads/main", &shop.head("main"), A);
    let first = world.deliver(delivery.clone()).await;
    let again = world.deliver(delivery).await;
    assert_eq!(again.short(), "200 duplicate");
    assert_eq!(again.body["id"], first.body["id"]);
    assert_eq!(world.said().await.len(), 1);
}

#[tokio::test]
async fn the_same_delivery_sent_many_times_at_once_makes_one_change() {
    let (world, shop) = World::with_shop().await;
    let world = Arc::new(world);
    let delivery = Delivery::push("refs/heads/main", &shop.head("main"), A);
    let sent: Vec<_> = (0..16)
        .map(|_| {
            let (world, delivery) = (world.clone(), delivery.clone());
            tokio::spawn(async move { world.deliver(delivery).await.short() })
        })
        .collect();
    let mut answers = Vec::new();
    for one in sent {
        answers.push(one.await.expect("answered"));
    }
    answers.sort();
    assert_eq!(answers.iter().filter(|answer| *answer == "202 accepted").count(), 1);
    assert_eq!(answers.iter().filter(|answer| *answer == "200 duplicate").count(), 15);
    assert_eq!(world.said().await, [A]);
}

/// Everything a stranger can see of a refusal.
fn visible(answer: &Answer) -> String {
    let mut headers = answer.headers.clone();
    headers.remove(header::DATE);
    format!("{} {headers:?} {}", answer.status, answer.body)
}

#[tokio::test]
async fn an_unknown_source_looks_like_a_wrong_signature() {
    let (world, _) = World::with_shop().await;
    let push = Delivery::push("refs/heads/main", NOTHING, A);
    let wrong = world.deliver(Delivery { secret: "wrong".into(), ..push.clone() }).await;
    let unknown = world.deliver(Delivery { source: "other".into(), ..push.clone() }).await;
    let no_name = world.deliver(Delivery { source: "Not-A-Name".into(), ..push }).await;
    assert_eq!(wrong.short(), "401 NOT_SIGNED");
    assert_eq!(visible(&wrong), visible(&unknown));
    assert_eq!(visible(&wrong), visible(&no_name));
    assert!(world.said().await.is_empty());
}

#[tokio::test]
async fn what_is_not_a_webhook_is_refused_as_a_problem() {
    let (world, _) = World::with_shop().await;
    let push = Delivery::push("refs/heads/main", NOTHING, A);
    let get = world.deliver(Delivery { method: "GET", ..push.clone() }).await;
    assert_eq!(get.short(), "405 WRONG_METHOD");
    assert_eq!(get.headers[header::ALLOW], "POST");
    let text = world.deliver(Delivery { content_type: "text/plain", ..push.clone() }).await;
    assert_eq!(text.short(), "415 WRONG_CONTENT_TYPE");
    assert_eq!(text.headers[header::CONTENT_TYPE], "application/problem+json");
    let large = world.deliver(Delivery { body: vec![b'x'; (25 << 20) + 1], ..push.clone() }).await;
    assert_eq!(large.short(), "413 TOO_LARGE");
    let no_id = world.deliver(Delivery { id: String::new(), ..push }).await;
    assert_eq!(no_id.short(), "400 BAD_HEADER");
}

#[tokio::test]
async fn a_form_is_understood_like_json() {
    let (world, shop) = World::with_shop().await;
    let mut push = Delivery::push("refs/heads/main", &shop.head("main"), A);
    let encoded = push.body.iter().flat_map(|byte| format!("%{byte:02X}").into_bytes());
    push.body = b"payload=".iter().copied().chain(encoded).collect();
    push.content_type = "application/x-www-form-urlencoded";
    assert_eq!(world.deliver(push).await.short(), "202 accepted");
    assert_eq!(world.said().await, [A]);
}

#[tokio::test]
async fn what_leads_to_nothing_is_kept_with_the_reason() {
    let (world, shop) = World::with_shop().await;
    let ping = world.deliver(Delivery::new("ping", &json!({"zen": "Keep it simple"}))).await;
    assert_eq!((ping.short().as_str(), ping.reason()), ("202 ignored", "the webhook works"));
    let star = world.deliver(Delivery::new("star", &json!({"action": "created"}))).await;
    assert_eq!(star.reason(), "nothing follows from the event star");
    let mut junk = Delivery::new("push", &json!(null));
    junk.body = b"\xff\x00 not json".to_vec();
    assert_eq!(world.deliver(junk).await.short(), "202 ignored");
    let main = shop.head("main");
    let skip = Delivery::push_saying("refs/heads/main", &main, A, "docs [skip deploy]");
    assert_eq!(world.deliver(skip).await.reason(), "the commit message says [skip deploy]");
    let request = admin(ListDeliveriesRequest::default());
    let kept = world.apps().await.list_deliveries(request).await.expect("listed").into_inner();
    assert_eq!(kept.deliveries.len(), 4);
    assert!(world.said().await.is_empty());
}

#[tokio::test]
async fn what_was_there_at_registration_is_built_when_it_is_pushed() {
    let (world, shop) = World::with_shop().await;
    let main = shop.head("main");
    assert_eq!(world.push(NOTHING, &main).await.short(), "202 accepted");
    assert_eq!(world.push(NOTHING, &main).await.short(), "202 ignored");
    assert_eq!(world.said().await, [main]);
}

#[tokio::test]
async fn characters_that_postgres_cannot_store_do_no_harm() {
    let (world, _) = World::with_shop().await;
    let created = Delivery::new("create", &json!({"ref": "v\0 1\u{7}", "ref_type": "tag"}));
    assert_eq!(world.deliver(created).await.short(), "202 ignored");
    let body = json!({
        "ref": "refs/heads/main", "before": NOTHING, "after": A,
        "head_commit": {"id": A, "message": "nul \0 in it"}, "sender": {"login": "a\0da"},
    });
    assert_eq!(world.deliver(Delivery::new("push", &body)).await.short(), "202 accepted");
    let change = world.changes().await.remove(0);
    assert_eq!((change.title.as_str(), change.by.as_str()), ("nul  in it", "ada"));
}

#[tokio::test]
async fn bodies_beyond_the_bound_go_and_redeliveries_are_still_recognised() {
    let (world, shop) = World::with_shop().await;
    let delivery = Delivery::push("refs/heads/main", &shop.head("main"), A);
    let first = world.deliver(delivery.clone()).await;
    let _other = world.beside(|config| config.delivery_bytes = 0).await;
    let name = format!("deliveries/{}", first.body["id"].as_str().expect("an id"));
    world.until_body_is_gone(&name).await;
    let replay = ReplayDeliveryRequest { name, ..Default::default() };
    let refused = world.apps().await.replay_delivery(admin(replay)).await.expect_err("no body");
    assert_eq!(reason(&refused), "FailedPrecondition BODY_GONE");
    assert_eq!(world.deliver(delivery).await.short(), "200 duplicate");
}

#[tokio::test]
async fn skip_ci_does_not_skip_a_deploy() {
    let (world, shop) = World::with_shop().await;
    let main = shop.head("main");
    let push = Delivery::push_saying("refs/heads/main", &main, A, "chore: model [skip ci]");
    assert_eq!(world.deliver(push).await.short(), "202 accepted");
}

#[tokio::test]
async fn pushes_out_of_order_end_at_the_newest() {
    let (world, shop) = World::with_shop().await;
    let main = shop.head("main");
    assert_eq!(world.push(A, B).await.short(), "202 accepted");
    let late = world.push(&main, A).await;
    assert_eq!(late.reason(), "a later push of refs/heads/main was seen before this one");
    assert_eq!(world.push(B, C).await.short(), "202 accepted");
    assert_eq!(world.said().await, [B, C]);
}

#[tokio::test]
async fn a_force_push_back_is_a_change_and_the_same_push_is_not() {
    let (world, shop) = World::with_shop().await;
    let main = shop.head("main");
    for (before, after) in [(main.as_str(), A), (A, B), (B, A)] {
        assert_eq!(world.push(before, after).await.short(), "202 accepted");
    }
    let same = world.push(B, A).await;
    assert_eq!(same.reason(), "refs/heads/main is at aaaaaaaaaaaa already");
    assert_eq!(world.said().await, [A, B, A]);
}

#[tokio::test]
async fn tags_are_changes_and_deletions_are_not() {
    let (world, _) = World::with_shop().await;
    let tag = Delivery::push("refs/tags/v1", NOTHING, A);
    assert_eq!(world.deliver(tag).await.short(), "202 accepted");
    assert_eq!(world.changes().await[0].cause, "tag");
    let gone = world.deliver(Delivery::push("refs/tags/v1", A, NOTHING)).await;
    assert_eq!(gone.reason(), "refs/tags/v1 was deleted");
    let back = world.deliver(Delivery::push("refs/tags/v1", NOTHING, A)).await;
    assert_eq!(back.short(), "202 accepted");
}

#[tokio::test]
async fn two_secrets_are_valid_after_a_rotation_and_the_oldest_goes_with_the_next() {
    let (world, shop) = World::with_shop().await;
    let mut apps = world.apps().await;
    let request = RotateWebhookSecretRequest { name: "apps/shop".into(), ..Default::default() };
    let rotated = apps.rotate_webhook_secret(admin(request.clone())).await.expect("rotated");
    let second = rotated.into_inner().webhook_secret;
    let main = shop.head("main");
    assert_eq!(world.push(&main, A).await.short(), "202 accepted");
    let push = Delivery::push("refs/heads/main", A, B);
    let with_second = world.deliver(Delivery { secret: second, ..push }).await;
    assert_eq!(with_second.short(), "202 accepted");
    apps.rotate_webhook_secret(admin(request)).await.expect("rotated again");
    assert_eq!(world.push(B, C).await.short(), "401 NOT_SIGNED");
}

#[tokio::test]
async fn without_postgres_the_forge_is_asked_to_try_again() {
    let (world, shop) = World::with_shop().await;
    world.break_database().await;
    let answer = world.push(&shop.head("main"), A).await;
    assert_eq!(answer.short(), "503 NOT_DURABLE");
    assert_eq!(answer.headers[header::RETRY_AFTER], "5");
}

#[tokio::test]
async fn the_listener_for_hooks_answers_nothing_else() {
    let (world, _) = World::with_shop().await;
    let elsewhere = Delivery { source: "../metrics".into(), ..Delivery::new("ping", &json!({})) };
    assert_eq!(world.deliver(elsewhere).await.status, StatusCode::NOT_FOUND);
}
