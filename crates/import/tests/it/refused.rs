//! What cannot be imported, and what is said about it.

use import::{Kind, Options, import};
use insta::assert_snapshot;

fn refused(source: &str) -> String {
    asked(source, &Options::default())
}

fn asked(source: &str, options: &Options) -> String {
    import(source, options).expect_err("cannot be imported").to_string()
}

#[test]
fn what_is_no_yaml_is_told_with_its_place() {
    assert_snapshot!(refused("services:\n  - a: [\n"), @"");
    assert_snapshot!(refused("a: !reset 1\n"), @"");
    assert_snapshot!(refused("a: 1\nservices: {}\na: 2\n"), @"");
}

#[test]
fn what_is_too_large_or_expands_is_refused() {
    assert_snapshot!(refused(&"x".repeat(300_000)), @"");
    let bomb: String = (1..12)
        .map(|n| format!("x{n}: &x{n} [{}]\n", vec![format!("*x{}", n - 1); 9].join(", ")))
        .collect();
    assert_snapshot!(refused(&format!("x0: &x0 [a, b]\n{bomb}services: {{}}\n")), @"");
    assert_snapshot!(refused(&format!("a: {}{}", "[".repeat(40), "]".repeat(40))), @"");
}

#[test]
fn what_it_is_must_be_clear() {
    assert_snapshot!(refused("- 1\n"), @"");
    assert_snapshot!(refused("a: 1\n"), @"");
    assert_snapshot!(refused("version: 1\napp: x\nservices: {}\nenvironments: {}\n"), @"");
    assert_snapshot!(refused("service: a\nimage: b\nservices: { a: { image: b } }\n"), @"");
}

#[test]
fn an_app_needs_a_name_and_something_that_runs() {
    assert_snapshot!(refused("services: { web: { image: nginx } }\n"), @"");
    let options = Options { app: Some("No Name".to_owned()), ..Options::default() };
    assert_snapshot!(asked("services: { web: { image: nginx } }\n", &options), @"");
    assert_snapshot!(refused("name: a\nservices: { web: { restart: always } }\n"), @"");
    assert_snapshot!(refused("name: a\nstatic_sites: [{ name: docs }]\n"), @"");
}

#[test]
fn what_is_asked_for_is_what_is_read() {
    let options = Options { kind: Some(Kind::Kamal), ..Options::default() };
    let imported = import("service: a\nservices: { a: { image: b } }\n", &options);
    assert_eq!(imported.expect("is read as asked").report.from, Kind::Kamal);
}
