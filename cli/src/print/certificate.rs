//! What users noticed of a switch of traffic.

use proto::v1::{Certificate, SwitchCounts};

/// All of it, in one line.
pub(crate) fn sentence(certificate: &Certificate) -> String {
    let Some(counts) = &certificate.counts else { return without_counts(certificate) };
    let noticed = if is_clean(counts) { "nobody noticed" } else { "users noticed" };
    let SwitchCounts { requests, failed, retried, cut, drained, held } = counts;
    format!(
        "{noticed}: {requests} requests, {failed} failed, {cut} cut; {retried} retried, {held} held, {drained} drained"
    )
}

/// What counts most, for a column.
pub(crate) fn short(certificate: &Certificate) -> String {
    match (&certificate.counts, &certificate.end_time) {
        (Some(counts), _) => {
            let cut = if counts.cut > 0 { format!(", {} cut", counts.cut) } else { String::new() };
            format!("{} of {} failed{cut}", counts.failed, counts.requests)
        }
        (None, Some(_)) => "not known".to_owned(),
        (None, None) => "goes on".to_owned(),
    }
}

fn without_counts(certificate: &Certificate) -> String {
    match certificate.unknown.as_str() {
        "" => short(certificate),
        why => format!("not known: {why}"),
    }
}

fn is_clean(counts: &SwitchCounts) -> bool {
    counts.failed == 0 && counts.cut == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(counts: Option<SwitchCounts>, unknown: &str) -> Certificate {
        let time = prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 };
        Certificate {
            begin_time: Some(time),
            end_time: Some(time),
            counts,
            unknown: unknown.to_owned(),
        }
    }

    #[test]
    fn what_users_noticed_is_told_in_a_line() {
        let clean = SwitchCounts { requests: 4321, retried: 1, drained: 12, ..Default::default() };
        let noticed = SwitchCounts { failed: 3, cut: 1, held: 40, ..clean };
        insta::assert_snapshot!(sentence(&ended(Some(clean), "")), @"nobody noticed: 4321 requests, 0 failed, 0 cut; 1 retried, 0 held, 12 drained");
        insta::assert_snapshot!(sentence(&ended(Some(noticed), "")), @"users noticed: 4321 requests, 3 failed, 1 cut; 1 retried, 40 held, 12 drained");
        assert_eq!(short(&ended(Some(clean), "")), "0 of 4321 failed");
        assert_eq!(short(&ended(Some(noticed), "")), "3 of 4321 failed, 1 cut");
    }

    #[test]
    fn what_is_not_known_is_never_a_zero() {
        let unknown = ended(None, "the router restarted in between and counted anew");
        insta::assert_snapshot!(sentence(&unknown), @"not known: the router restarted in between and counted anew");
        assert_eq!(short(&unknown), "not known");
        assert_eq!(sentence(&Certificate::default()), "goes on");
    }
}
