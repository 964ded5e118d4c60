//! The log of a build: secrets hidden, resumable, bounded.

use crate::engine::history;
use crate::world::{MANIFEST, World, outcome};
use builder::engine::build::Builder;
use builder::log::recorder::Recorder;
use builder::log::write::Place;
use events::BuildId;
use proto::v1::build::State;
use proto::v1::{Build, WatchBuildLogRequest};
use service::Clock;
use std::time::Duration;

const TOKEN: &str = "pypi-AgEIcHlwaS5vcmc";

#[tokio::test(flavor = "multi_thread")]
async fn build_secrets_reach_the_step_and_nothing_else() {
    let world = World::start().await;
    world.peers.secrets.lock().insert("PIP_TOKEN".to_owned(), TOKEN.as_bytes().to_vec());
    let manifest = MANIFEST.replace("build: .", "build: { context: ., secrets: [PIP_TOKEN] }");
    // Named after this run, because the engine remembers what it has built.
    let dockerfile = format!(
        "FROM slipway.local/python:3.11\n\
         RUN --mount=type=secret,id=PIP_TOKEN echo {} && test $(wc -c < /run/secrets/PIP_TOKEN) = 20 && \
         cat /run/secrets/PIP_TOKEN && echo && base64 /run/secrets/PIP_TOKEN\n",
        world.app.config.instance
    );
    world.repo.commit(&[("slipway.yaml", &manifest), ("Dockerfile", &dockerfile)]);
    let build = world.push().await;
    let log = world.log(&build).await;
    assert_eq!(outcome(&build), (State::Succeeded, ""), "{log}");
    assert!(log.matches("***").count() >= 2, "{log}");
    let everything = format!("{log}{build:?}{}", history(&build, "api").await);
    assert!(!everything.contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_can_be_read_from_any_line() {
    let world = World::with_app().await;
    let build = world.push().await;
    let whole = world.log(&build).await;
    let request = WatchBuildLogRequest { name: build.name.clone(), offset: 1, follow: false };
    let stream =
        world.builds.clone().watch_build_log(world.request(request)).await.expect("answered");
    let message = stream.into_inner().message().await.expect("a stream").expect("lines");
    assert_eq!(message.offset, 1);
    assert_eq!(message.lines, whole.lines().skip(1).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_bounded_and_says_so() {
    // BuildKit has a bound of its own, and a lower one.
    let world = World::with(|config| config.builder = Builder::Classic).await;
    let dockerfile = "FROM slipway.local/python:3.11\nRUN python3 -c 'for i in range(9000): print(\"x\" * 1500)'\n";
    world.repo.commit(&[("slipway.yaml", MANIFEST), ("Dockerfile", dockerfile)]);
    let build = world.push().await;
    assert_eq!(outcome(&build), (State::Succeeded, ""));
    let log = world.log(&build).await;
    assert!(log.len() < 11 * 1024 * 1024 && log.ends_with("bytes is not kept"), "{}", log.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_bounded_over_all_attempts() {
    let world = World::with_app().await;
    let build = world.push().await;
    for attempt in ["first", "second"] {
        record(&world, &build, Duration::ZERO, |recorder| {
            recorder.line(attempt);
            (0..1500).for_each(|_| recorder.line("x".repeat(4000)));
        })
        .await;
    }
    let log = world.log(&build).await;
    assert!(log.contains("\nsecond\n"), "there was room for the beginning of the second attempt");
    assert!(log.len() < 11 * 1024 * 1024 && log.ends_with("bytes is not kept"), "{}", log.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_wait_for_a_database_that_is_away() {
    let world = World::with_app().await;
    let build = world.push().await;
    world.sql(&refusing("nextval('builder.tries') < 3")).await;
    record(&world, &build, Duration::from_mins(1), |recorder| recorder.line("it came late")).await;
    assert!(world.log(&build).await.ends_with("\nit came late"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_how_many_lines_were_lost() {
    let world = World::with_app().await;
    let build = world.push().await;
    world.sql(&refusing("new.text = 'never'")).await;
    record(&world, &build, Duration::ZERO, |recorder| recorder.line("never")).await;
    let said = "\nlines of the log lost here: 1; the database did not take them";
    let log = world.log(&build).await;
    assert!(log.ends_with(said), "{log}");
}

/// Records what `say` says as a further attempt of `build`.
async fn record(world: &World, build: &Build, patience: Duration, say: impl FnOnce(&Recorder)) {
    let app = &world.app;
    let id = build.name.trim_start_matches("builds/").parse().expect("an id");
    let (pool, bus, hints) = (app.pool.clone(), app.bus.clone(), app.hints.clone());
    let place = Place { pool, bus, hints, patience };
    let started = Recorder::start(BuildId::new(id), place, Clock::system()).await;
    let (recorder, writing) = started.expect("the database answers");
    say(&recorder);
    drop(recorder);
    writing.end().await;
}

/// Makes the database refuse lines of logs while `condition`.
fn refusing(condition: &str) -> String {
    format!(
        "create sequence builder.tries;
         create function builder.refuse() returns trigger language plpgsql as $$
         begin if {condition} then raise 'away'; end if; return new; end $$;
         create trigger refuse before insert on builder.build_log
         for each row execute function builder.refuse();"
    )
}
