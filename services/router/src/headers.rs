//! Rules for the headers that pass through: pure functions on header maps.

use http::header::{CONNECTION, COOKIE, HOST, HeaderName, HeaderValue, TE, UPGRADE};
use http::{HeaderMap, Method, Uri, Version};

/// Shows the token that addresses a candidate; never passed on.
pub(crate) const CANDIDATE: HeaderName = HeaderName::from_static("slipway-candidate");
/// Shows the same token, and addresses the release that the candidate is to replace; never passed on.
pub(crate) const STABLE: HeaderName = HeaderName::from_static("slipway-stable");
/// Tells a candidate that a request is a copy, whose answer nobody gets.
pub(crate) const SHADOW: HeaderName = HeaderName::from_static("slipway-shadow");
/// Identity of a request from the outermost proxy to the last log line.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// The part of the path that the instance does not see.
pub(crate) const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Headers between two neighbours (RFC 9110, 7.6.1), besides those that `Connection` names; and `Expect`, to which
/// the router answers itself.
fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "expect"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// Headers by which a proxy says who asked.
fn is_word_of_a_proxy(name: &str) -> bool {
    matches!(name, "forwarded" | "x-real-ip" | "x-forwarded-prefix")
}

/// Who sends requests over a connection.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) address: HeaderValue,
    /// It is a proxy whose word on who asked is taken.
    pub(crate) trusted: bool,
}

/// The host a request is for, or why it cannot be passed on: what two parsers could read in two ways is refused.
pub(crate) fn host(
    method: &Method,
    uri: &Uri,
    version: Version,
    headers: &HeaderMap,
) -> Result<HeaderValue, &'static str> {
    if *method == Method::CONNECT {
        return Err("CONNECT is not served");
    }
    let mut named = headers.get_all(HOST).iter();
    let host = named.next();
    if named.next().is_some() {
        return Err("a request has one Host");
    }
    if let Some(authority) = uri.authority() {
        let without_user = authority.as_str().rsplit('@').next().unwrap_or_default();
        return HeaderValue::from_str(without_user).map_err(|_| "the host is not valid");
    }
    match host {
        Some(host) if host.to_str().is_ok() => Ok(host.clone()),
        None if version == Version::HTTP_10 => Ok(HeaderValue::from_static("")),
        Some(_) | None => Err("a request names its Host"),
    }
}

/// The protocol a request asks to switch to, or an answer switches to. Never HTTP itself: requests within a tunnel would
/// pass by every rule of the router.
pub(crate) fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let upgrade = headers.get(UPGRADE)?;
    let to_http = |name: &str| name.trim().get(..2).is_some_and(|h2| h2.eq_ignore_ascii_case("h2"));
    if upgrade.to_str().ok()?.split(',').any(to_http) {
        return None;
    }
    connection_options(headers)
        .any(|name| name.eq_ignore_ascii_case("upgrade"))
        .then(|| upgrade.clone())
}

/// Whether the client takes trailers, which gRPC wants said on every hop.
pub(crate) fn takes_trailers(headers: &HeaderMap) -> bool {
    headers.get(TE).is_some_and(|te| te.as_bytes().eq_ignore_ascii_case(b"trailers"))
}

/// Removes what concerns only two neighbours.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let names_others = |options: &HeaderValue| {
        !["keep-alive", "close"]
            .iter()
            .any(|one| options.as_bytes().eq_ignore_ascii_case(one.as_bytes()))
    };
    if headers.get(CONNECTION).is_some_and(names_others) {
        let named: Vec<HeaderName> = connection_options(headers)
            .filter_map(|name| name.parse().ok())
            .filter(|name| *name != HOST)
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    remove(headers, is_hop_by_hop);
}

/// Looks at each name once: most heads have nothing to remove.
fn remove(headers: &mut HeaderMap, unwanted: fn(&str) -> bool) {
    let found: Vec<HeaderName> =
        headers.keys().filter(|name| unwanted(name.as_str())).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

fn connection_options(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|name| !name.is_empty())
}

/// Says to the instance who asked and for what: a trusted proxy's word is continued, anyone else's replaced.
pub(crate) fn forward(headers: &mut HeaderMap, client: &Client, host: &HeaderValue) {
    let said = if client.trusted { forwarded_for(headers) } else { None };
    let chain = said.and_then(|said| {
        let own = client.address.as_bytes();
        HeaderValue::from_bytes(&[said.as_slice(), b", ", own].concat()).ok()
    });
    headers.insert(FORWARDED_FOR, chain.unwrap_or_else(|| client.address.clone()));
    if !client.trusted {
        remove(headers, is_word_of_a_proxy);
    }
    if !client.trusted || !headers.contains_key(FORWARDED_HOST) {
        headers.insert(FORWARDED_HOST, host.clone());
    }
    if !client.trusted || !headers.contains_key(FORWARDED_PROTO) {
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
    }
}

fn forwarded_for(headers: &HeaderMap) -> Option<Vec<u8>> {
    let said: Vec<&[u8]> =
        headers.get_all(FORWARDED_FOR).iter().map(HeaderValue::as_bytes).collect();
    (!said.is_empty()).then(|| said.join(&b", "[..]))
}

/// Asks a neighbour to switch, or tells it that we do.
pub(crate) fn ask_upgrade(headers: &mut HeaderMap, upgrade: HeaderValue) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, upgrade);
}

/// HTTP/2 may send cookies one by one, HTTP/1.1 sends one line (RFC 9113, 8.2.3).
pub(crate) fn join_cookies(headers: &mut HeaderMap) {
    let cookies: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if cookies.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
    {
        headers.insert(COOKIE, joined);
    }
}

/// The identity of a request when it brings a usable one.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&HeaderValue> {
    let usable = |id: &[u8]| {
        (1..=128).contains(&id.len())
            && id.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.:/+=".contains(b))
    };
    headers.get(REQUEST_ID).filter(|id| usable(id.as_bytes()))
}

#[cfg(test)]
mod tests;
