//! The engine answers a build with JSON values, one a line, cut anywhere by the network.

use bollard::models::BuildInfo;

/// A line longer than this is not an answer.
const LONGEST: usize = 8 * 1024 * 1024;

/// Puts lines together.
#[derive(Debug, Default)]
pub struct Lines {
    buffer: Vec<u8>,
}

/// A line was too long.
#[derive(Debug, thiserror::Error)]
#[error("the engine sent a line of more than {LONGEST} bytes")]
pub struct TooLong;

impl Lines {
    /// The answers that `bytes` complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<BuildInfo>, TooLong> {
        let before = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            return if self.buffer.len() > LONGEST { Err(TooLong) } else { Ok(Vec::new()) };
        };
        let rest = self.buffer.split_off(before + end + 1);
        let whole = std::mem::replace(&mut self.buffer, rest);
        Ok(whole.split(|byte| *byte == b'\n').filter_map(answer).collect())
    }

    /// The answer that no newline ended.
    pub fn end(self) -> Option<BuildInfo> {
        answer(&self.buffer)
    }
}

/// A line that is no answer we know is shown as it is.
fn answer(line: &[u8]) -> Option<BuildInfo> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return None;
    }
    Some(serde_json::from_slice(line).unwrap_or_else(|_unknown| {
        let text: String = String::from_utf8_lossy(line).chars().take(2000).collect();
        BuildInfo { stream: Some(format!("{text}\n")), ..BuildInfo::default() }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn answers_are_the_same_however_they_are_cut(
            texts in proptest::collection::vec("[a-z]{0,8}", 1..6), cut in 1usize..20,
        ) {
            let sent: String = texts.iter().flat_map(|text| ["{\"stream\":\"", text, "\"}\r\n"]).collect();
            let mut lines = Lines::default();
            let mut found = Vec::new();
            for part in sent.as_bytes().chunks(cut) {
                found.extend(lines.feed(part).expect("short"));
            }
            let found: Vec<_> = found.into_iter().filter_map(|info| info.stream).collect();
            prop_assert_eq!(found, texts);
        }

        #[test]
        fn any_bytes_can_come(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut lines = Lines::default();
            prop_assert!(lines.feed(&bytes).is_ok());
            let _rest: Option<BuildInfo> = lines.end();
        }
    }
}
