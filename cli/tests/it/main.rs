//! `slipway` as its users run it, with the real Postgres, NATS and registry.

mod follow;
mod machine;

use machine::{Machine, is_alive, kill};

#[test]
fn up_starts_everything_and_down_leaves_nothing() {
    let machine = Machine::new();
    machine.slipway(&["up"]).succeeds().says("the platform runs");
    let pids = machine.pids();
    assert_eq!(pids.len(), 4, "Postgres, NATS, registry and the supervisor");
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    machine.slipway(&["down"]).succeeds().says("none is left");
    assert!(!pids.iter().any(|pid| is_alive(*pid)));
    machine.slipway(&["down"]).succeeds().says("does not run");
}

#[test]
fn up_twice_says_that_it_runs() {
    let machine = Machine::new();
    machine.slipway(&["up"]).succeeds();
    let pids = machine.pids();
    machine.slipway(&["up"]).ends_with(6).complains("runs already");
    assert_eq!(machine.pids(), pids);
}

#[test]
fn a_program_that_dies_is_started_again() {
    let machine = Machine::new();
    machine.slipway(&["up"]).succeeds();
    let first = machine.pid("nats");
    kill(first);
    machine.until(|machine| machine.pid("nats") != first && is_alive(machine.pid("nats")));
    assert_eq!(machine.restarts("nats"), 1);
}

#[test]
fn nothing_outlives_a_supervisor_that_is_killed() {
    let machine = Machine::new();
    machine.slipway(&["up"]).succeeds();
    let (pids, supervisor) = (machine.pids(), machine.supervisor());
    kill(supervisor);
    machine.until(|_| !pids.iter().any(|pid| is_alive(*pid)));
    machine.slipway(&["up"]).succeeds();
}

#[test]
fn data_and_ports_are_the_same_after_a_restart() {
    let machine = Machine::new();
    machine.slipway(&["up"]).succeeds();
    let addresses = machine.addresses();
    machine.sql("gateway", "create table gateway.kept (n int)").succeeds();
    machine.slipway(&["down"]).succeeds();
    machine.slipway(&["up"]).succeeds();
    assert_eq!(machine.addresses(), addresses);
    machine.sql("gateway", "select n from gateway.kept").succeeds();
}

#[test]
fn a_service_reaches_its_own_schema_and_the_shared_one_only() {
    let machine = Machine::new();
    machine.slipway(&["up"]).succeeds();
    machine.sql("deployer", "create table deployer.secret (n int)").succeeds();
    machine.sql("gateway", "select n from deployer.secret").complains("permission denied");
    machine.sql("gateway", "create table deployer.mine (n int)").complains("permission denied");
    let shared = "set role slipway_bus; create table bus.outbox (n int)";
    machine.sql("gateway", shared).succeeds();
    machine.sql("deployer", "insert into bus.outbox values (1)").succeeds();
}

#[test]
fn a_platform_that_is_away_is_told_by_exit_status() {
    let machine = Machine::new();
    let away = ["--server", "http://127.0.0.1:9", "--output", "json", "app", "list"];
    machine.slipway(&away).ends_with(5).complains(r#""exit":5"#).complains("nobody answers");
}

#[test]
fn a_manifest_is_checked_without_a_platform() {
    let machine = Machine::new();
    let file = machine.file("slipway.yaml", "version: 1\napp: shop\nservises: {}\n");
    machine.slipway(&["check", &file]).ends_with(2).says("slipway.yaml:3:1 servises");
    machine.slipway(&["plan", &file]).ends_with(2).says("slipway.yaml:3:1 servises");
    machine.slipway(&["check", "/no/such/file"]).ends_with(2).complains("/no/such/file");
}

#[test]
fn a_file_of_another_platform_is_imported_without_a_platform() {
    let machine = Machine::new();
    let source = "name: shop\nservices: { api: { build: ., ports: ['80:8000'], tty: true } }\n";
    let file = machine.file("compose.yaml", source);
    let to = file.replace("compose.yaml", "slipway.yaml");
    let told = machine.slipway(&["import", &file, "--to", &to]).succeeds();
    told.complains("compose.yaml:2:55 services.api.tty: left out");
    machine.slipway(&["check", &to]).succeeds();
    machine.slipway(&["import", &file, "--to", &to]).ends_with(6).complains("--force");
    let json = ["import", &file, "--to", "-", "--output", "json"];
    machine.slipway(&json).succeeds().says(r#""path": "services.api.tty""#);
}
