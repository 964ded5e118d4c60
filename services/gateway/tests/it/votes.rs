//! Links to decide with: from the message to the vote.

use crate::deployer::asking;
use crate::fixture::World;
use crate::notifications::{envelope, policy, shop};
use bus::Bus;
use bytes::Bytes;
use events::payload::ReleaseV1;
use events::{EventType, ReleaseId};
use gateway::Mail;
use proto::v1::release::State;
use proto::v1::{Release, Waiting};
use service::{Clock, Secret};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use testkit::{Http, Loopback, Mailbox, Nats};
use uuid::Uuid;

const NOTIFY: &str = "[{ email: lead@example.com, on: [approval], votes: true }, { email: all@example.com, on: [approval] }]";

/// The release that waits for people for one more hour.
fn waiting() -> Release {
    let until = Clock::system().now() + chrono::TimeDelta::hours(1);
    Release {
        number: 8,
        state: State::AwaitingApproval.into(),
        waiting: Some(Waiting { approvals_wanted: 1, ..Waiting::default() }),
        deadline_time: Some(proto::time::timestamp(until)),
        ..Release::default()
    }
}

/// Two letters about it: whom they are to, and what they say.
async fn letters() -> (World, Arc<Mutex<Vec<String>>>, Vec<(String, String)>) {
    let (deployer, agreed) = asking(waiting()).await;
    let mailbox = Mailbox::start().await;
    let program = PathBuf::from(testkit::variable("SLIPWAY_TEST_NATS_SERVER"));
    let nats = Nats::start(&program, Loopback::unused());
    let mail = Mail::parse(&Secret::new(mailbox.url()), "Slipway <slipway@example.com>");
    let world = World::with(|config| {
        config.nats_url = Secret::new(nats.url());
        config.backends.deployer = deployer;
        config.mail = Some(mail.expect("a mail server"));
        config.public_url = Some("https://slipway.example.com".parse().expect("an address"));
    });
    let world = world.await;
    world.shop().await;
    policy(&world, NOTIFY).await;
    let (app, environment) = shop();
    let payload = ReleaseV1 {
        release: ReleaseId::new(Uuid::new_v4()),
        app: app.clone(),
        environment,
        number: 8,
        state: "awaiting_approval".to_owned(),
        version: 2,
        stable: None,
        reason: None,
        message: Some("1 person must agree".to_owned()),
    };
    let bus = Bus::connect(&nats.url(), "deployer").await.expect("a bus");
    let said = envelope(EventType::ReleaseWaiting, &app, &payload);
    bus.publish(&said).await.expect("it is said");
    let letters = mailbox.until_received(2).await;
    (world, agreed, letters.into_iter().map(|it| (it.to.concat(), it.text)).collect())
}

/// The path of the page that a letter links to.
fn page(text: &str) -> Option<&str> {
    let line = text.lines().find_map(|line| line.strip_prefix("decide: "))?;
    Some(line.trim().strip_prefix("https://slipway.example.com").expect("the address that was set"))
}

#[tokio::test]
async fn who_has_a_link_decides_and_looking_at_it_does_not() {
    let (world, agreed, letters) = letters().await;
    let agreed = || agreed.lock().expect("whole").clone();
    let page_of = |to: &str| letters.iter().find(|(it, _)| it == to).map(|(_, text)| page(text));
    assert_eq!(page_of("all@example.com"), Some(None), "who reads it need not be who decides");
    let path = page_of("lead@example.com").flatten().expect("a link");
    let people = Http::new(world.api, "slipway.example.com");
    for _ in 0..2 {
        let asked = people.get(path).await.expect("a page");
        assert_eq!(asked.status, 200, "{}", asked.text());
        assert!(asked.text().contains("value=\"approve\""), "{}", asked.text());
    }
    assert!(agreed().is_empty(), "a program that opens links has not decided");
    let form = [("content-type", "application/x-www-form-urlencoded".to_owned())];
    let other = if path.ends_with('A') { 'B' } else { 'A' };
    let forged = format!("{}{other}", &path[..path.len() - 1]);
    let answer =
        people.post(&forged, &form, Bytes::from("decision=approve")).await.expect("a page");
    assert_eq!((answer.status, agreed()), (404, Vec::new()));
    let answer = people.post(path, &form, Bytes::from("decision=approve&reason=read")).await;
    assert!(answer.expect("a page").text().contains("You agreed to it."));
    assert_eq!(agreed(), ["email:lead@example.com"]);
}
