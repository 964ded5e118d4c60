use super::*;
use proptest::prelude::*;
use tonic::Code;

fn app(name: &str) -> AppName {
    AppName::parse(name).expect("valid")
}

fn environment(name: &str) -> EnvironmentName {
    EnvironmentName::parse(name).expect("valid")
}

/// As `deployer shop/staging`, `viewer shop/*`, `admin */*`.
fn principal(grants: &[&str]) -> Principal {
    let grant = |text: &&str| {
        let (role, place) = text.split_once(' ').expect("a role and a place");
        let (of_app, of_environment) = place.split_once('/').expect("an app and an environment");
        Grant {
            role: role.parse().expect("a role"),
            app: (of_app != "*").then(|| app(of_app)),
            environment: (of_environment != "*").then(|| environment(of_environment)),
        }
    };
    Principal { name: PrincipalName::new("ci"), grants: grants.iter().map(grant).collect() }
}

#[test]
fn a_role_may_do_what_lesser_roles_may() {
    let deployer = principal(&["deployer shop/*"]);
    let (shop, staging) = (app("shop"), environment("staging"));
    assert!(deployer.may(Role::Viewer, Some(&shop), Some(&staging)));
    assert!(deployer.may(Role::Deployer, Some(&shop), None));
    assert!(!deployer.may(Role::Admin, Some(&shop), Some(&staging)));
    assert!(!deployer.may(Role::Viewer, Some(&app("other")), None));
    assert!(!deployer.may(Role::Viewer, None, None));
}

#[test]
fn a_grant_for_one_environment_is_not_one_for_the_app() {
    let deployer = principal(&["deployer shop/staging"]);
    let shop = app("shop");
    assert!(deployer.may(Role::Deployer, Some(&shop), Some(&environment("staging"))));
    assert!(!deployer.may(Role::Deployer, Some(&shop), Some(&environment("production"))));
    assert!(!deployer.may(Role::Deployer, Some(&shop), None));
}

#[test]
fn who_sees_an_environment_knows_of_its_app_and_no_more() {
    let viewer = principal(&["viewer shop/staging"]);
    assert!(viewer.sees(&app("shop"), None));
    assert!(viewer.sees(&app("shop"), Some(&environment("staging"))));
    assert!(!viewer.sees(&app("shop"), Some(&environment("production"))));
    assert!(!viewer.sees(&app("other"), None));
}

#[test]
fn a_refusal_says_what_is_needed() {
    let refusal = principal(&["viewer */*"])
        .require(Role::Deployer, Some(&app("shop")), Some(&environment("production")))
        .expect_err("a viewer");
    assert_eq!(refusal.code(), Code::PermissionDenied);
    assert_eq!(refusal.message(), "ci needs the role deployer in shop/production");
}

#[test]
fn a_call_without_a_principal_is_unauthenticated() {
    let mut request = Request::new(());
    assert_eq!(Principal::of(&request).expect_err("none").code(), Code::Unauthenticated);
    request.metadata_mut().insert_bin(METADATA, MetadataValue::from_bytes(b"{}"));
    assert_eq!(Principal::of(&request).expect_err("empty").code(), Code::Unauthenticated);
}

#[test]
fn a_principal_survives_the_metadata_and_the_header() {
    let known = principal(&["deployer shop/staging", "viewer */*"]);
    let mut request = Request::new(());
    request.metadata_mut().insert_bin(METADATA, known.encode());
    assert_eq!(Principal::of(&request).expect("there"), known);
    let headers =
        http::HeaderMap::from_iter([(http::HeaderName::from_static(METADATA), known.header())]);
    assert_eq!(Principal::decode(&MetadataMap::from_headers(headers)).expect("there"), known);
}

proptest! {
    #[test]
    fn nothing_unreadable_is_a_principal(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut request = Request::new(());
        request.metadata_mut().insert_bin(METADATA, MetadataValue::from_bytes(&bytes));
        prop_assert!(Principal::of(&request).is_err());
    }
}

proptest! {
    #[test]
    fn any_metadata_is_a_principal_or_nobody(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let mut metadata = MetadataMap::new();
        metadata.insert_bin(METADATA, MetadataValue::from_bytes(&bytes));
        if let Ok(principal) = Principal::decode(&metadata) {
            prop_assert!(serde_json::from_slice::<Principal>(&bytes).is_ok_and(|said| said == principal));
        }
    }

    #[test]
    fn json_that_says_less_or_something_else_gives_no_rights(
        name in "[a-z]{1,8}", role in "[a-z]{0,8}", app in "\\PC{0,8}",
    ) {
        let json = serde_json::json!({ "name": name, "grants": [{ "role": role, "app": app, "environment": null }] });
        let mut metadata = MetadataMap::new();
        metadata.insert_bin(METADATA, MetadataValue::from_bytes(json.to_string().as_bytes()));
        let is_good = role.parse::<Role>().is_ok() && AppName::parse(&app).is_ok();
        prop_assert_eq!(Principal::decode(&metadata).is_ok(), is_good);
    }

    #[test]
    fn a_query_is_told_what_is_seen(apps in proptest::collection::vec("shop|blog|", 0..3)) {
        let grants: Vec<String> = apps
            .iter()
            .map(|app| format!("viewer {}/*", if app.is_empty() { "*" } else { app }))
            .collect();
        let principal = principal(&grants.iter().map(String::as_str).collect::<Vec<_>>());
        let (seen, _) = principal.scopes();
        let shop = seen.iter().any(|app| app.is_empty() || app == "shop");
        prop_assert_eq!(shop, principal.sees(&app("shop"), None));
    }
}
