//! How to ask a candidate by hand.

use super::{release, table};
use proto::v1::GetCandidateResponse;

/// The release with its share, the header line, and a request that has it.
pub(crate) fn show(candidate: &GetCandidateResponse) -> String {
    let shown = candidate.release.clone().unwrap_or_default();
    let header = format!("{}: {}", candidate.header, candidate.token);
    let host = candidate.hosts.first().cloned().unwrap_or_default();
    table::facts(&[
        ("candidate", format!("{}, {}", release::title(&shown), release::content(&shown))),
        ("share", format!("{} % of the traffic", shown.weight_percent)),
        ("hosts", candidate.hosts.join(", ")),
        ("header", header.clone()),
        ("ask it", format!("curl --header '{header}' http://{host}/")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::v1::Release;

    #[test]
    fn a_candidate_is_asked_with_a_line_to_copy() {
        let release = Release {
            app: "shop".to_owned(),
            environment: "production".to_owned(),
            number: 8,
            weight_percent: 10,
            ..Release::default()
        };
        let candidate = GetCandidateResponse {
            release: Some(release),
            header: "slipway-candidate".to_owned(),
            token: "0123456789abcdef".to_owned(),
            hosts: vec!["shop.example.com".to_owned()],
        };
        insta::assert_snapshot!(show(&candidate), @"
        candidate: shop/production #8, images
        share:     10 % of the traffic
        hosts:     shop.example.com
        header:    slipway-candidate: 0123456789abcdef
        ask it:    curl --header 'slipway-candidate: 0123456789abcdef' http://shop.example.com/
        ");
    }
}
