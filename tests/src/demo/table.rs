//! Columns, spans of time and long sentences for a terminal of 100 columns.

use chrono::{DateTime, Utc};
use std::time::Duration;

/// Nothing is wider.
pub(super) const WIDTH: usize = 100;

/// A span of time with its unit.
pub(super) fn span(span: Duration) -> String {
    match span.as_millis() {
        0 => format!("{:.1} ms", span.as_secs_f64() * 1e3),
        1..1000 => format!("{} ms", span.as_millis()),
        _ => format!("{:.2} s", span.as_secs_f64()),
    }
}

/// From one point in time to another; nothing when the clock went backwards.
pub(super) fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
    (to - from).to_std().unwrap_or_default()
}

/// A latency.
pub(super) fn milliseconds(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1e3)
}

/// The line, cut where the terminal ends.
pub(super) fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.trim_end().to_owned();
    }
    let kept: String = line.chars().take(WIDTH - 1).collect();
    format!("{}…", kept.trim_end())
}

/// The sentence over as many lines as it needs, all but the first led by `indent` blanks.
pub(super) fn wrap(sentence: &str, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in sentence.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if indent + line.chars().count() + 1 + word.chars().count() <= WIDTH {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_the_unit_that_fits() {
        let told = [400, 12_000, 999_000, 1_234_000].map(|us| span(Duration::from_micros(us)));
        assert_eq!(told, ["0.4 ms", "12 ms", "999 ms", "1.23 s"]);
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        let long = "word ".repeat(60);
        assert_eq!(cut(&long).chars().count(), WIDTH);
        assert!(cut(&long).ends_with('…'));
        assert!(wrap(&long, 12).lines().all(|line| line.chars().count() <= WIDTH));
    }
}
