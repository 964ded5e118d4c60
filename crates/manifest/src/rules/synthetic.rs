//! Rules for requests that Slipway sends itself.

use super::Rules;
use crate::shadow::Method;
use crate::synthetic::{Synthetic, SyntheticRequest};

/// Twenty a second: more is load, and no sign of life.
const MOST: u32 = 1200;

pub(super) fn check(rules: &mut Rules<'_>, path: &str, synthetic: &Synthetic) {
    rules.between(&format!("{path}.per_minute"), synthetic.per_minute, 1, MOST);
    if synthetic.requests.is_empty() {
        let help = "name requests, like [{ get: / }], or leave out `synthetic`";
        rules.broken(format!("{path}.requests"), "nothing is sent", help);
    }
    for (n, request) in synthetic.requests.iter().enumerate() {
        let path = format!("{path}.requests[{n}]");
        let method = request.call.method();
        if synthetic.methods.iter().all(|allowed| allowed.as_str() != method) {
            let help = format!("add {method} to `methods` if it may be sent again and again");
            rules.broken(&path, format!("{method} is not among `methods`"), help);
        }
        headers(rules, &path, request);
    }
}

/// Of a shadow only these `methods` are copied.
pub(super) fn copied(rules: &mut Rules<'_>, path: &str, (own, methods): (&Synthetic, &[Method])) {
    for (n, request) in own.requests.iter().enumerate() {
        let method = request.call.method();
        if methods.iter().all(|copied| copied.as_str() != method) {
            let help = format!("add {method} to the shadow's `methods`, or send something else");
            rules.broken(format!("{path}.requests[{n}]"), format!("{method} is not copied"), help);
        }
    }
}

fn headers(rules: &mut Rules<'_>, path: &str, request: &SyntheticRequest) {
    for name in request.headers.keys() {
        let plain = name.as_str().to_ascii_lowercase();
        if matches!(plain.as_str(), "host" | "user-agent") || plain.starts_with("slipway-") {
            let message = "Slipway says this itself";
            rules.broken(format!("{path}.headers.{name}"), message, "leave it out");
        }
    }
}
