//! Durations and sizes as Docker and Kamal write them, in the words of the manifest.

use manifest::{Bytes, Span};

/// `1m30s`, `1.5s`, `90` (seconds) as a duration of the manifest.
pub(crate) fn duration(text: &str) -> Option<String> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Span::seconds(seconds).to_string());
    }
    let mut micros: u128 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(unit);
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let scale: u64 = match unit {
            "us" => 1,
            "ms" => 1000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            "d" => 86_400_000_000,
            _ => return None,
        };
        micros = micros.checked_add(scaled(number, scale)?)?;
        rest = after;
    }
    let millis = u64::try_from(micros.div_ceil(1000)).ok()?;
    if text.is_empty() { None } else { Some(Span::millis(millis).to_string()) }
}

/// `512M`, `1.5gb`, `64k`, `1073741824` as a size of the manifest; Docker counts in 1024.
pub(crate) fn bytes(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase().replace('_', "");
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale: u64 = match unit.trim().trim_end_matches("ib").trim_end_matches('b') {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return None,
    };
    let bytes = u64::try_from(scaled(number, scale)?).ok()?;
    Some(Bytes::new(bytes).to_string())
}

/// `1.5` times `scale`, with at most six places after the point.
fn scaled(number: &str, scale: u64) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction: String = fraction.chars().take(6).collect();
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u64>().ok() };
    let whole = u128::from(digits(whole)?).checked_mul(u128::from(scale))?;
    let parts = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    Some(whole + u128::from(digits(&fraction)?) * u128::from(scale) / parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_said_in_our_words() {
        let spans = ["30s", "1m30s", "1.5s", "90", "500us", "1h", "x", "", "5x"].map(duration);
        let words = ["30s", "1m30s", "1s500ms", "1m30s", "1ms", "1h"];
        assert_eq!(spans.iter().flatten().collect::<Vec<_>>(), words);
        let sizes = ["512M", "1.5gb", "64k", "1073741824", "512MiB", "x", "1x", ""].map(bytes);
        let words = ["512MiB", "1536MiB", "64KiB", "1GiB", "512MiB"];
        assert_eq!(sizes.iter().flatten().collect::<Vec<_>>(), words);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9.a-zA-Z]{0,12}|\\PC{0,12}") {
            let spans = duration(&text).is_none_or(|span| span.len() < 60);
            proptest::prop_assert!(spans && bytes(&text).is_none_or(|size| Bytes::parse(&size).is_ok() || size.len() > 18));
        }
    }
}
