//! Manifests and reports as people read them.

use crate::support::{imported, sample};

/// The manifest and the report of the sample called `name`.
fn told(name: &str) -> String {
    let imported = imported(sample(name));
    let entries: Vec<_> = imported.report.entries.iter().map(ToString::to_string).collect();
    let secrets = imported.report.secrets.join(", ");
    format!("{}\n{}\nsecrets: {secrets}\n", imported.manifest, entries.join("\n"))
}

#[test]
fn a_compose_file_with_everything() {
    insta::assert_snapshot!("compose-hard", told("compose-hard"));
}

#[test]
fn a_deploy_file_with_roles_and_accessories() {
    insta::assert_snapshot!("kamal-hard", told("kamal-hard"));
}

#[test]
fn a_deploy_file_with_one_server() {
    insta::assert_snapshot!("kamal-small", told("kamal-small"));
}

#[test]
fn a_spec_with_every_kind_of_component() {
    insta::assert_snapshot!("app-platform-hard", told("app-platform-hard"));
}

#[test]
fn the_pricing_service_and_its_tracker() {
    insta::assert_snapshot!("car-price", told("car-price"));
}

#[test]
fn the_forecaster_and_its_database() {
    insta::assert_snapshot!("forecaster", told("forecaster"));
}

#[test]
fn the_fraud_detection_of_one_environment() {
    insta::assert_snapshot!("fraud-detection", told("fraud-detection"));
}
