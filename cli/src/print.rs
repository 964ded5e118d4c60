//! What people and programs read: pure functions from messages of the contracts to text.

pub(crate) mod answers;
pub(crate) mod app;
pub(crate) mod build;
pub(crate) mod candidate;
pub(crate) mod certificate;
pub(crate) mod collected;
pub(crate) mod delivery;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod drift_captured;
pub(crate) mod drift_data;
pub(crate) mod drift_page;
pub(crate) mod drift_truth;
pub(crate) mod environment;
pub(crate) mod event;
pub(crate) mod explain;
pub(crate) mod import;
pub(crate) mod json;
pub(crate) mod notify;
pub(crate) mod parked;
pub(crate) mod progress;
pub(crate) mod reading;
pub(crate) mod release;
pub(crate) mod run;
pub(crate) mod secret;
pub(crate) mod shadow;
pub(crate) mod soak;
pub(crate) mod steps;
pub(crate) mod table;
pub(crate) mod time;
pub(crate) mod token;
pub(crate) mod up;
pub(crate) mod waiting;

/// The last part of a resource name: `shop` of `apps/shop`.
pub(crate) fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// A commit or digest as people quote it.
pub(crate) fn short(hash: &str) -> &str {
    let hex = hash.strip_prefix("sha256:").unwrap_or(hash);
    hex.get(..hex.len().min(10)).unwrap_or(hex)
}

/// A ref as people name it: `main` of `refs/heads/main`.
pub(crate) fn git_ref(full: &str) -> &str {
    full.strip_prefix("refs/heads/").or_else(|| full.strip_prefix("refs/tags/")).unwrap_or(full)
}

/// An enum of the contracts in words: `rolled back` of `STATE_ROLLED_BACK`.
pub(crate) fn words(value: &str) -> String {
    let words = value.split_once('_').map_or(value, |(_, words)| words);
    words.to_lowercase().replace('_', " ")
}

/// A number of bytes for people.
pub(crate) fn bytes(size: i64) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let mut unit = 0;
    let mut whole = size;
    let mut tenths = 0;
    while whole >= 1024 && unit + 1 < UNITS.len() {
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        unit += 1;
    }
    if unit == 0 { format!("{whole} B") } else { format!("{whole}.{tenths} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shortened_for_people() {
        assert_eq!(last("apps/shop"), "shop");
        assert_eq!(short("sha256:0123456789abcdef"), "0123456789");
        assert_eq!(git_ref("refs/tags/v1"), "v1");
        assert_eq!(words("STATE_ROLLED_BACK"), "rolled back");
        assert_eq!([bytes(0), bytes(1536), bytes(217_055_232)], ["0 B", "1.5 KiB", "207.0 MiB"]);
    }
}
