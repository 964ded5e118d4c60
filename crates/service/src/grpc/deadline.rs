//! When the caller stops waiting, by the header `grpc-timeout`.

use http::HeaderMap;
use std::time::Duration;

/// The longest a unary call may take, whatever the caller says.
const LONGEST: Duration = Duration::from_hours(1);

/// How long the caller waits, if it says so.
pub(super) fn of(headers: &HeaderMap) -> Option<Duration> {
    parse(headers.get("grpc-timeout")?.to_str().ok()?)
}

/// At most eight digits and one of `H M S m u n`.
fn parse(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if number.len() > 8 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    let span = match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    };
    Some(span.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_unit_is_understood() {
        assert_eq!(parse("10S"), Some(Duration::from_secs(10)));
        assert_eq!(parse("250m"), Some(Duration::from_millis(250)));
        assert_eq!(parse("10000000u"), Some(Duration::from_secs(10)));
        assert_eq!(parse("99999999H"), Some(LONGEST));
    }

    #[test]
    fn anything_else_is_no_deadline() {
        for bad in ["", "S", "10", "10s", "-1S", "123456789S", "1.5S", "ä", "1ä"] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in ".{0,12}") {
            prop_assert!(parse(&text).is_none_or(|span| span <= LONGEST));
        }
    }
}
