use super::*;
use proptest::prelude::*;
use proto::v1;

/// A route on the wire, made step by step.
pub(crate) struct RouteDraft(v1::Route);

pub(crate) fn route(name: &str) -> RouteDraft {
    RouteDraft(v1::Route {
        name: name.to_owned(),
        mode: v1::route::Mode::Serving.into(),
        ..v1::Route::default()
    })
}

impl RouteDraft {
    pub(crate) fn host(mut self, host: &str) -> Self {
        self.0.hosts.push(host.to_owned());
        self
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.0.path_prefix);
        self
    }

    pub(crate) fn target(mut self, release: u128, upstreams: &[(u128, &str)]) -> Self {
        let upstreams = upstreams
            .iter()
            .map(|(instance, address)| v1::Upstream {
                instance: uid(*instance),
                address: (*address).to_owned(),
            })
            .collect();
        self.0.targets.push(v1::Target {
            release: uid(release),
            weight: 1,
            upstreams,
            ..v1::Target::default()
        });
        self
    }

    pub(crate) fn made(self) -> v1::Route {
        self.0
    }
}

/// A capture of this prediction of all answers.
pub(crate) fn captured(prediction: &str) -> Capture {
    let wire = v1::Capture {
        environment: "shop/production".to_owned(),
        path_prefix: "/".to_owned(),
        prediction: Some(prediction.to_owned()),
        ..v1::Capture::default()
    };
    let release = ReleaseId::new(uuid::Uuid::nil());
    Capture::parse("capture", release, &wire, &mut parse::Violations::default()).expect("valid")
}

pub(crate) fn uid(n: u128) -> String {
    format!("{n:032x}")
}

pub(crate) fn wire(routes: impl IntoIterator<Item = RouteDraft>) -> v1::RouteTable {
    let routes = routes.into_iter().map(RouteDraft::made).collect();
    v1::RouteTable { generation: 1, routes, local_rollbacks: Vec::new() }
}

pub(crate) fn table(routes: impl IntoIterator<Item = RouteDraft>) -> RouteTable {
    RouteTable::try_from(&wire(routes)).expect("a valid table")
}

fn refused(routes: impl IntoIterator<Item = RouteDraft>) -> String {
    let error = RouteTable::try_from(&wire(routes)).expect_err("an invalid table");
    error.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let mut bad = route("").host("sh op").path("api").target(1, &[(1, "nowhere")]);
    bad.0.mode = 0;
    bad.0.response_timeout = Some(prost_types::Duration { seconds: -1, nanos: 0 });
    bad.0.candidate_token = "short".to_owned();
    bad.0.targets[0].release = "r1".to_owned();
    insta::assert_snapshot!(refused([bad]), @r#"
    routes[0].name: must be 1 to 200 visible characters without quotes
    routes[0].hosts[0]: host "sh op" is not valid: use a name as shop.example.com, *.example.com, or *
    routes[0].path_prefix: path prefix "api" is not valid: start it with / and leave out ? and #
    routes[0].response_timeout: must be more than 0 s and at most 24 h
    routes[0].mode: must be serving, maintenance or paused
    routes[0].candidate_token: must be 16 to 200 visible characters
    routes[0].targets[0].upstreams[0].address: address "nowhere" is not valid: use host:port
    routes[0].targets[0].release: invalid character: found `r` at 0
    "#);
}

#[test]
fn of_two_routes_that_serve_the_same_the_first_by_name_does() {
    let table = table([route("b").host("X.y.").path("/a/"), route("a").host("x.y").path("/a")]);
    assert_eq!(table.candidates("x.y").next(), Some(0));
    assert_eq!(table.shadowed(), [("b", "a", &HostPattern::Exact("x.y".to_owned()))]);
}

#[test]
fn a_name_is_used_once() {
    let twice = refused([route("a").host("x"), route("a").host("y")]);
    insta::assert_snapshot!(twice, @r#"routes: the name "a" is used twice"#);
}

#[test]
fn an_instance_has_one_address_but_may_serve_several_releases() {
    let one = || route("a").host("x").target(1, &[(7, "10.0.0.1:80")]);
    table([one().target(2, &[(7, "10.0.0.1:80")])]);
    let two = refused([one(), route("b").host("y").target(1, &[(7, "10.0.0.2:80")])]);
    insta::assert_snapshot!(two, @"routes: instance 00000000-0000-0000-0000-000000000007 has two addresses");
}

#[test]
fn the_order_on_the_wire_means_nothing() {
    let a = || route("a").host("x").host("y").target(1, &[(1, "h:1"), (2, "h:2")]).target(2, &[]);
    let b = || route("a").host("y").host("x").target(2, &[]).target(1, &[(2, "h:2"), (1, "h:1")]);
    assert_eq!(table([a(), route("z").host("z")]), table([route("z").host("z"), b()]));
}

#[test]
fn hosts_of_requests_are_brought_into_normal_form() {
    for (given, wanted) in [
        ("Shop.Example.com:8080", "shop.example.com"),
        ("shop.example.com.", "shop.example.com"),
        ("[::1]:80", "[::1]"),
        ("[::1]", "[::1]"),
        ("", ""),
    ] {
        assert_eq!(normal_host(given), wanted);
    }
}

#[test]
fn a_token_is_never_shown() {
    let token = CandidateToken("a-long-enough-token".to_owned());
    assert!(token.matches(b"a-long-enough-token") && !token.matches(b"a-long-enough-tokeN"));
    assert_eq!(format!("{token:?}"), "CandidateToken(***)");
}

proptest! {
    #[test]
    fn no_text_breaks_the_parsers(text in "\\PC{0,40}") {
        if let Ok(pattern) = HostPattern::parse(&text) {
            prop_assert!(text.is_ascii(), "{pattern:?}");
        }
        if let Ok(prefix) = PathPrefix::parse(&text) {
            prop_assert!(prefix.covers(&prefix.to_string()));
        }
        if let Ok(address) = Address::parse(&text) {
            prop_assert_eq!(address.as_str(), &text);
        }
        prop_assert!(!normal_host(&text).bytes().any(|b| b.is_ascii_uppercase()));
    }
}
