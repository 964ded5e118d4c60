//! Who may depend on whom.

use crate::tree;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::collections::BTreeSet;

/// What deciding crates may not know: tasks, databases, messages, engines.
const IMPURE: [&str; 8] =
    ["tokio", "sqlx", "async-nats", "bollard", "hyper", "tonic", "axum", "tracing"];
/// Too slow to build, or a second TLS stack.
const UNWANTED: [&str; 8] =
    ["octocrab", "polars", "gix", "aws-lc-sys", "openssl-sys", "native-tls", "arrow", "git2"];

fn workspace() -> Metadata {
    let manifest = tree::root().join("Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec()
        .expect("cargo knows the workspace")
}

fn normal(package: &Package) -> impl Iterator<Item = &str> {
    let of_kind = |kind| matches!(kind, DependencyKind::Normal | DependencyKind::Build);
    let dependencies = package.dependencies.iter().filter(move |it| of_kind(it.kind));
    dependencies.map(|dependency| dependency.name.as_str())
}

/// All that `name` needs, through crates of the workspace.
fn reachable(workspace: &Metadata, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        let package = workspace.packages.iter().find(|package| package.name.as_str() == name);
        for dependency in package.into_iter().flat_map(normal) {
            if found.insert(dependency.to_owned()) {
                open.push(dependency.to_owned());
            }
        }
    }
    found
}

#[test]
fn no_service_depends_on_another() {
    let (workspace, services) = (workspace(), tree::services());
    assert_eq!(services.len(), 5, "{services:?}");
    for service in &services {
        let needs = reachable(&workspace, service);
        let others: Vec<_> = services.iter().filter(|other| needs.contains(*other)).collect();
        assert!(
            others.is_empty(),
            "{service} depends on {others:?}; share a contract in proto or events"
        );
    }
}

#[test]
fn what_decides_does_no_input_and_output() {
    let workspace = workspace();
    for name in ["events", "release", "manifest", "import", "stats", "drift"] {
        let needs = reachable(&workspace, name);
        let impure: Vec<_> = IMPURE.into_iter().filter(|crate_| needs.contains(*crate_)).collect();
        assert!(impure.is_empty(), "{name} depends on {impure:?}; effects belong to services");
    }
}

#[test]
fn only_services_with_containers_know_the_engine() {
    let workspace = workspace();
    let users =
        workspace.packages.iter().filter(|package| normal(package).any(|it| it == "bollard"));
    let users: BTreeSet<&str> = users.map(|package| package.name.as_str()).collect();
    assert_eq!(users, BTreeSet::from(["builder", "deployer", "monitor"]));
}

#[test]
fn only_the_bus_knows_the_broker() {
    let workspace = workspace();
    let users =
        workspace.packages.iter().filter(|package| normal(package).any(|it| it == "async-nats"));
    let users: Vec<&str> = users.map(|package| package.name.as_str()).collect();
    assert_eq!(users, ["bus"], "events go through the outbox");
}

#[test]
fn only_tests_and_benchmarks_use_the_testkit() {
    let workspace = workspace();
    for package in &workspace.packages {
        let allowed = ["stories", "bench", "testkit"].contains(&package.name.as_str());
        assert!(allowed || !normal(package).any(|it| it == "testkit"), "{}", package.name);
    }
}

#[test]
fn unwanted_crates_stay_out() {
    let lock = tree::read("Cargo.lock");
    let names: BTreeSet<&str> =
        lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    let found: Vec<_> = UNWANTED.into_iter().filter(|name| names.contains(name)).collect();
    assert!(names.len() > 100 && found.is_empty(), "{found:?}");
}
