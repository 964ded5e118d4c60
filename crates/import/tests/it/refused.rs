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
    assert_snapshot!(refused("services:\n  - a: [\n"), @"the file cannot be read: line 3, column 1: not YAML: while parsing a node, did not find expected node content");
    assert_snapshot!(refused("a: !reset 1\n"), @"the file cannot be read: line 1, column 4: the tag !reset is not understood; remove it");
    assert_snapshot!(refused("a: 1\nservices: {}\na: 2\n"), @"line 3: a stands twice; remove one of them");
}

#[test]
fn what_is_too_large_or_expands_is_refused() {
    assert_snapshot!(refused(&"x".repeat(300_000)), @"the file cannot be read: line 1, column 1: the file has 300000 bytes; the limit is 262144 (256 KiB)");
    let level = |n: u8| format!("x{n}: &x{n} [{}]", vec![format!("*x{}", n - 1); 9].join(", "));
    let bomb = (1..12).map(level).collect::<Vec<_>>().join("\n");
    assert_snapshot!(refused(&format!("x0: &x0 [a, b]\n{bomb}\nservices: {{}}\n")), @"the file cannot be read: line 6, column 5: aliases expand to more than 4 MiB");
    assert_snapshot!(refused(&format!("a: {}{}", "[".repeat(40), "]".repeat(40))), @"the file cannot be read: line 1, column 35: nested deeper than 32 levels");
}

#[test]
fn what_it_is_must_be_clear() {
    assert_snapshot!(refused("- 1\n"), @"this is neither an App Platform spec nor a Compose file nor a Kamal deploy.yml: it is no mapping of keys");
    assert_snapshot!(refused("a: 1\n"), @"this is neither an App Platform spec nor a Compose file nor a Kamal deploy.yml: it has no list of components, no mapping of services and no service with servers; say what it is with --from");
    assert_snapshot!(refused("version: 1\napp: x\nservices: {}\nenvironments: {}\n"), @"this is neither an App Platform spec nor a Compose file nor a Kamal deploy.yml: it looks like a slipway.yaml, which needs no import");
    assert_snapshot!(refused("service: a\nimage: b\nservices: { a: { image: b } }\n"), @"this could be a Compose file or a Kamal deploy file; say which with --from");
}

#[test]
fn an_app_needs_a_name_and_something_that_runs() {
    assert_snapshot!(refused("services: { web: { image: nginx } }\n"), @"the file names no app that can be one here (there is none in it); give it a name with --app");
    let options = Options { app: Some("No Name".to_owned()), ..Options::default() };
    assert_snapshot!(asked("services: { web: { image: nginx } }\n", &options), @r#"the file names no app that can be one here (app name "No Name" is not valid: use 1 to 63 lower-case letters, digits and '-', starting with a letter and not ending with '-'); give it a name with --app"#);
    assert_snapshot!(refused("name: a\nservices: { web: { restart: always } }\n"), @r"
    nothing of it can be carried over:
    2:29 services.web.restart: left out: the platform always starts instances again (nothing to do)
    2:13 services.web: left out: services.web does not take it: one of `build`, `image` is missing (write it by hand)
    ");
    assert_snapshot!(refused("name: a\nstatic_sites: [{ name: docs }]\n"), @r"
    nothing of it can be carried over:
    2:16 static_sites[0]: left out: there are no static sites here (serve it from an image with a web server, as a service with `http`)
    ");
}

#[test]
fn what_is_asked_for_is_what_is_read() {
    let options = Options { kind: Some(Kind::Kamal), ..Options::default() };
    let imported = import("service: a\nservices: { a: { image: b } }\n", &options);
    assert_eq!(imported.expect("is read as asked").report.from, Kind::Kamal);
}
