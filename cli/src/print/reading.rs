//! What was read of a release and of the one before it, beside what the router measured.

use proto::v1::Reading;

/// All readings, in one line; nothing without any.
pub(crate) fn sentence(readings: &[Reading]) -> String {
    readings.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn one(reading: &Reading) -> String {
    let Reading { name, pairs, problem, .. } = reading;
    let last = match (reading.candidate, reading.stable) {
        (Some(candidate), Some(stable)) => format!(
            "{name} {} last, of the stable release {}, read {pairs} times",
            digits(candidate),
            digits(stable)
        ),
        (None, _) | (_, None) => format!("{name} never read"),
    };
    if problem.is_empty() { last } else { format!("{last} ({problem})") }
}

/// Three digits after the point at most.
fn digits(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_and_what_was_not_is_told_in_a_line() {
        let queue = Reading {
            name: "queue".to_owned(),
            pairs: 14,
            candidate: Some(20.0),
            stable: Some(11.125),
            problem: String::new(),
        };
        let sales = Reading {
            name: "sales".to_owned(),
            problem: "candidate: the query found nothing".to_owned(),
            ..Reading::default()
        };
        insta::assert_snapshot!(sentence(&[queue, sales]), @"queue 20 last, of the stable release 11.125, read 14 times; sales never read (candidate: the query found nothing)");
        assert_eq!(sentence(&[]), "");
    }
}
