//! How the instances of a release answered the requests of its manifest.

use super::words;
use proto::v1::{Answered, Release};

/// A line for each request.
pub(crate) fn lines(release: &Release) -> Vec<String> {
    release.answers.iter().map(line).collect()
}

fn line(one: &Answered) -> String {
    let Answered { step, service, request, sent, good, .. } = one;
    let step = words(step);
    let slowest = one.slowest.as_ref().filter(|_| *good > 0).map(|slowest| {
        let millis = slowest.seconds * 1000 + i64::from(slowest.nanos) / 1_000_000;
        format!(", the slowest after {millis} ms")
    });
    let slowest = slowest.unwrap_or_default();
    let line = format!("{step}: {request} of {service}: {good} of {sent} good{slowest}");
    let told = [&line, &one.compared, &one.wrong].map(String::as_str);
    let told: Vec<&str> = told.into_iter().filter(|told| !told.is_empty()).collect();
    format!("    {}", told.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_how_it_was_answered() {
        let asked = Answered {
            step: "verifying".to_owned(),
            service: "api".to_owned(),
            request: "GET /predict".to_owned(),
            sent: 2,
            good: 2,
            slowest: Some(prost_types::Duration { seconds: 0, nanos: 12_400_000 }),
            compared: "pass: p50: 11 ms, of the stable release 12 ms".to_owned(),
            ..Answered::default()
        };
        let wrong = Answered {
            good: 0,
            compared: String::new(),
            wrong: "the status is 500, not 200".to_owned(),
            ..asked.clone()
        };
        let release = Release { answers: vec![asked, wrong], ..Release::default() };
        insta::assert_snapshot!(lines(&release).join("\n"), @r"
            verifying: GET /predict of api: 2 of 2 good, the slowest after 12 ms; pass: p50: 11 ms, of the stable release 12 ms
            verifying: GET /predict of api: 0 of 2 good; the status is 500, not 200
        ");
    }
}
