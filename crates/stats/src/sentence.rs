//! Verdicts as sentences for people.

use crate::evidence::{Evidence, Finding, Judgement, Metric, Seen, Stance, Verdict};
use std::fmt;

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
        })
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errors => f.write_str("errors"),
            Self::Differences => f.write_str("differences"),
            Self::Predictions(_) => f.write_str("predictions"),
            Self::Disagreement => f.write_str("disagreement"),
            Self::Latency(quantile) => write!(f, "p{}", digits(quantile.get() * 100.0)),
            Self::Reading(name) => f.write_str(name),
        }
    }
}

/// `pass: errors: ...; p95: ...`. What decided comes first.
impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.verdict)?;
        if self.findings.is_empty() {
            return f.write_str(": nothing is compared");
        }
        let decides = |finding: &&Finding| finding.counts_as() == self.verdict;
        let (first, then): (Vec<_>, Vec<_>) = self.findings.iter().partition(decides);
        for (index, finding) in first.into_iter().chain(then).enumerate() {
            write!(f, "{}{finding}", if index == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Evidence { candidate, stable, .. } = &self.evidence;
        write!(f, "{}: ", self.metric)?;
        let (Some(value), Some(stable_value)) = (candidate.value, stable.value) else {
            let who = if candidate.value.is_none() { "candidate" } else { "stable release" };
            return write!(f, "nothing was seen of the {who}");
        };
        match &self.metric {
            Metric::Errors => {
                let [candidate, stable] = [(candidate, value), (stable, stable_value)]
                    .map(|(seen, value)| share(*seen, value, "requests"));
                write!(f, "{candidate} failed, of the stable release {stable}")?;
            }
            Metric::Differences => {
                let answers = share(*candidate, value, "answers");
                write!(f, "{answers} are not those of the stable release")?;
            }
            Metric::Predictions(which) => {
                let [candidate, stable] = [(candidate, value), (stable, stable_value)]
                    .map(|(seen, value)| share(*seen, value, "predictions"));
                write!(f, "{candidate} are {which}, of the stable release {stable}")?;
            }
            Metric::Disagreement => {
                let others = share(*candidate, value, "predictions");
                write!(f, "{others} are not those of the stable release for the same requests")?;
            }
            Metric::Latency(_) => write!(
                f,
                "{} over {} requests, {} over {} of the stable release",
                time(value),
                candidate.of,
                time(stable_value),
                stable.of
            )?,
            Metric::Reading(_) => write!(
                f,
                "{} on average of {} readings, {} of the stable release",
                digits(value),
                candidate.of,
                digits(stable_value)
            )?,
        }
        f.write_str("; ")?;
        self.conclusion(f)
    }
}

impl Finding {
    /// What is counted of the candidate.
    fn unit(&self) -> &'static str {
        match self.metric {
            Metric::Predictions(_) | Metric::Disagreement => "predictions",
            Metric::Errors | Metric::Differences | Metric::Latency(_) | Metric::Reading(_) => {
                "requests"
            }
        }
    }

    fn conclusion(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed = digits(self.allowed * 100.0);
        let worse = match self.metric {
            Metric::Errors if allowed == "1" => "worse by more than 1 point".to_owned(),
            Metric::Errors => format!("worse by more than {allowed} points"),
            Metric::Differences | Metric::Disagreement => format!("more than {allowed} %"),
            Metric::Predictions(_) => format!("more by over {allowed} points"),
            Metric::Latency(_) => format!("slower by more than {allowed} %"),
            Metric::Reading(_) => format!("worse by more than {allowed} %"),
        };
        match self.verdict {
            Verdict::Fail => {
                write!(f, "that is {worse}")?;
                f.write_str(match self.stance {
                    Stance::Decides => "",
                    Stance::Asks => ", and a person says whether it is meant",
                    Stance::Told => ", and was agreed to",
                })
            }
            Verdict::Pass => write!(f, "{worse} is ruled out"),
            Verdict::Inconclusive => {
                write!(f, "too little to tell whether that is {worse}")?;
                match self.evidence.needed {
                    Some(needed) => write!(f, ", some {needed} {} more may show it", self.unit()),
                    None => Ok(()),
                }
            }
        }
    }
}

/// `41 of 820 requests (5 %)`
fn share(seen: Seen, share: f64, what: &str) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts of requests fit in 52 bits")]
    let of = seen.of as f64;
    format!("{} of {} {what} ({} %)", (share * of).round(), seen.of, digits(share * 100.0))
}

/// `203 ms`, `1.3 s`
fn time(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{} ms", digits(seconds * 1000.0))
    } else {
        format!("{} s", digits(seconds))
    }
}

/// Two digits after the point for small numbers, none for large ones, and no noughts at the end.
fn digits(value: f64) -> String {
    let places = match value.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.places$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests;
