use super::*;
use proptest::prelude::*;

fn map(lines: &[(&str, &str)]) -> HeaderMap {
    let parsed = lines.iter().map(|(name, value)| {
        (name.parse::<HeaderName>().expect("a name"), value.parse().expect("a value"))
    });
    let mut headers = HeaderMap::new();
    parsed.for_each(|(name, value): (_, HeaderValue)| {
        headers.append(name, value);
    });
    headers
}

fn forwarded(trusted: bool, lines: &[(&str, &str)]) -> String {
    let mut headers = map(lines);
    let client = Client { address: HeaderValue::from_static("192.0.2.7"), trusted };
    forward(&mut headers, &client, &HeaderValue::from_static("shop.example.com"));
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
        .collect();
    lines.sort();
    lines.join("\n")
}

const SAID: [(&str, &str); 6] = [
    ("x-forwarded-prefix", "/app"),
    ("x-forwarded-for", "203.0.113.9"),
    ("x-forwarded-for", "10.0.0.1"),
    ("x-forwarded-proto", "https"),
    ("forwarded", "for=203.0.113.9"),
    ("x-real-ip", "203.0.113.9"),
];

#[test]
fn what_a_stranger_says_of_who_asked_is_replaced() {
    insta::assert_snapshot!(forwarded(false, &SAID), @r"
    x-forwarded-for: 192.0.2.7
    x-forwarded-host: shop.example.com
    x-forwarded-proto: http
    ");
}

#[test]
fn the_word_of_a_trusted_proxy_is_continued() {
    insta::assert_snapshot!(forwarded(true, &SAID), @r"
    forwarded: for=203.0.113.9
    x-forwarded-for: 203.0.113.9, 10.0.0.1, 192.0.2.7
    x-forwarded-host: shop.example.com
    x-forwarded-prefix: /app
    x-forwarded-proto: https
    x-real-ip: 203.0.113.9
    ");
}

#[test]
fn what_concerns_two_neighbours_stays_between_them() {
    let mut headers = map(&[
        ("connection", "close, X-Private"),
        ("connection", "host, keep-alive"),
        ("x-private", "1"),
        ("host", "shop"),
        ("keep-alive", "timeout=5"),
        ("te", "gzip"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("proxy-authorization", "Basic x"),
        ("accept", "*/*"),
    ]);
    remove_hop_by_hop(&mut headers);
    let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
    left.sort_unstable();
    assert_eq!(left, ["accept", "host"]);
}

fn host_of(method: &str, uri: &str, lines: &[(&str, &str)]) -> Result<String, &'static str> {
    let method = method.parse().expect("a method");
    let uri = uri.parse().expect("a uri");
    let host = host(&method, &uri, Version::HTTP_11, &map(lines))?;
    Ok(host.to_str().expect("text").to_owned())
}

#[test]
fn a_request_that_can_be_read_in_two_ways_is_refused() {
    assert!(host_of("GET", "/", &[("host", "a"), ("host", "b")]).is_err());
    assert!(host_of("GET", "/", &[]).is_err());
    assert!(host_of("CONNECT", "a:443", &[("host", "a")]).is_err());
}

#[test]
fn the_authority_of_the_target_counts_more_than_the_host_header() {
    assert_eq!(host_of("GET", "/", &[("host", "a:80")]), Ok("a:80".to_owned()));
    assert_eq!(host_of("GET", "http://b/", &[("host", "a")]), Ok("b".to_owned()));
    assert_eq!(host_of("GET", "http://u:p@b:8/", &[("host", "a")]), Ok("b:8".to_owned()));
}

#[test]
fn only_a_usable_request_id_is_kept() {
    assert!(request_id(&map(&[("x-request-id", "01J-abc.1")])).is_some());
    for bad in ["", "a b", "a\"b", &"x".repeat(129)] {
        assert_eq!(request_id(&map(&[("x-request-id", bad)])), None, "{bad}");
    }
}

#[test]
fn nobody_tunnels_requests_past_the_rules() {
    for protocol in ["h2c", "H2C", "websocket, h2c", "h2"] {
        let asked = map(&[("upgrade", protocol), ("connection", "upgrade, http2-settings")]);
        assert_eq!(upgrade(&asked), None, "{protocol}");
    }
}

#[test]
fn an_upgrade_needs_both_headers() {
    assert_eq!(upgrade(&map(&[("upgrade", "websocket")])), None);
    let both = map(&[("upgrade", "websocket"), ("connection", "keep-alive, Upgrade")]);
    assert_eq!(upgrade(&both).expect("both"), "websocket");
}

proptest! {
    #[test]
    fn nothing_named_by_connection_survives(names in prop::collection::vec("[a-z][a-z-]{0,8}", 0..6)) {
        let mut headers = map(&[("connection", &names.join(", "))]);
        for name in &names {
            headers.append(name.parse::<HeaderName>().expect("a name"), HeaderValue::from_static("1"));
        }
        remove_hop_by_hop(&mut headers);
        prop_assert!(headers.keys().all(|name| name == HOST), "{headers:?}");
    }
}
