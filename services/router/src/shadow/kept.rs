//! A body that is looked at after it has passed, up to a limit.

/// See the module. What is larger is not kept at all.
#[derive(Debug)]
pub(crate) struct Kept {
    bytes: Option<Vec<u8>>,
    limit: usize,
    complete: bool,
}

impl Kept {
    pub(crate) fn up_to(limit: usize) -> Self {
        Self { bytes: Some(Vec::new()), limit, complete: false }
    }

    /// A part has passed.
    pub(crate) fn part(&mut self, part: &[u8]) {
        self.bytes = self.bytes.take().filter(|bytes| bytes.len() + part.len() <= self.limit);
        if let Some(bytes) = &mut self.bytes {
            bytes.extend_from_slice(part);
        }
    }

    /// There will be no more parts.
    pub(crate) fn completed(&mut self) {
        self.complete = true;
    }

    /// All of the body, if it has ended and is within the limit.
    pub(crate) fn whole(&mut self) -> Option<Vec<u8>> {
        self.bytes.take().filter(|_| self.complete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(parts: &[&str]) -> Kept {
        let mut kept = Kept::up_to(4);
        for part in parts {
            kept.part(part.as_bytes());
        }
        kept
    }

    #[test]
    fn all_of_a_small_body_is_kept_and_nothing_of_a_large_one() {
        let whole = |parts: &[&str]| {
            let mut kept = kept(parts);
            kept.completed();
            kept.whole()
        };
        assert_eq!(whole(&["ab", "cd"]), Some(b"abcd".to_vec()));
        assert_eq!(whole(&[]), Some(Vec::new()));
        assert_eq!(whole(&["abc", "de", "f"]), None);
        assert_eq!(kept(&["a"]).whole(), None, "it has not ended");
    }
}
