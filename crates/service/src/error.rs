//! How errors are said to people.

use std::error::Error;

/// What went wrong and everything below it, outermost first: `reading the row: connection refused`.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_cause_is_said_once() {
        let error = anyhow::anyhow!("refused").context("connecting").context("reading the row");
        assert_eq!(super::chain(error.as_ref()), "reading the row: connecting: refused");
    }
}
