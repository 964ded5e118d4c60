//! Rules for requests that a canary answers whatever its share is.

use super::Rules;
use crate::insider::Insider;

/// Each request is compared with all of them.
const MOST: usize = 16;

pub(super) fn check(rules: &mut Rules<'_>, path: &str, insiders: &[Insider]) {
    if insiders.len() > MOST {
        let message = format!("{} kinds of insiders are too many", insiders.len());
        rules.broken(path, message, format!("use at most {MOST}; each may have many values"));
    }
    for (n, insider) in insiders.iter().enumerate() {
        let (key, is_empty) = match insider {
            Insider::Header(mark) => ("header.is", mark.is.0.is_empty()),
            Insider::Cookie(mark) => ("cookie.is", mark.is.0.is_empty()),
            Insider::Address(networks) => ("address", networks.0.is_empty()),
        };
        if is_empty {
            rules.broken(format!("{path}[{n}].{key}"), "nobody is meant", "name at least one");
        }
    }
}
