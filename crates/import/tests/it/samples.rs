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
fn a_compose_file_with_anchors_jobs_that_wait_and_what_only_the_host_may_reach() {
    insta::assert_snapshot!("compose-nasty", told("compose-nasty"));
}

#[test]
fn a_spec_with_many_paths_and_variables_of_builds() {
    insta::assert_snapshot!("app-platform-nasty", told("app-platform-nasty"));
}

#[test]
fn a_deploy_file_with_a_proxy_of_a_role() {
    insta::assert_snapshot!("kamal-nasty", told("kamal-nasty"));
}

#[test]
fn instructions_to_ruby_are_told_and_the_rest_is_read() {
    let source = sample("kamal-small");
    let led = imported(&format!("<% require \"dotenv\"; Dotenv.load(\".env\") %>\n{source}"));
    let entry = led.report.entries.iter().find(|entry| entry.path == "<% %>");
    assert_eq!(led.manifest, imported(source).manifest);
    insta::assert_snapshot!(entry.expect("it is told").to_string(), @"1:1 <% %>: left out: an instruction to Ruby, which is not run (check what stands around it: all of it is read, whatever it decides)");
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
